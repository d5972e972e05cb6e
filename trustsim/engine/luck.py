"""Named luck: every chance event is a pure function of who, when and what.

A draw is ``Philox4x32-10`` (Salmon, Moraes, Dror & Shaw 2011, *Parallel random numbers: as easy as
1, 2, 3*) of the counter (agent, round, event and slot, replicate) under the key (seed). There is
no generator state and no order of drawing: two arms face the same luck, and the bits are the same
on any number of threads. Different events, agents, rounds or replicates never share a draw because
their counters differ.
"""

from __future__ import annotations

import hashlib
from math import cos, log, pi, sin, sqrt
from typing import Any

import numpy as np

from trustsim.engine.compiling import compiled

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
WORLD: Any = np.int64(0)
"""Whose luck it is when it is nobody's: the common events of a round."""

FIRST_SLOT: Any = np.int64(0)
SECOND: Any = np.int64(1)
"""Slot of the second draw of an event."""

THIRD: Any = np.int64(2)
"""Slot of the third draw of an event."""

SLOTS = 256
"""Draws of four numbers that one event can make for one agent in one round."""

EVENTS = (
    "demand",
    "search",
    "referral",
    "asking",
    "market test",
    "disclosure",
    "production",
    "delivery",
    "inspection",
    "settlement",
    "arrears",
    "dispute",
    "supplier dispute",
    "rating",
    "learning",
    "cost",
    "character",
    "common demand",
    "shock",
    "identity",
    "buyer imitation",
    "supplier imitation",
    "buyer birth",
    "supplier birth",
    "first contacts",
    "continuation",
    "health",
    "screening",
    "luring",
)
"""All chance events by name."""


def number_of(event: str) -> Any:
    """Give the number of an event: a stable hash of its name that leaves room for the slots.

    It is a NumPy integer: Numba would compile a copy of the draw for each plain literal.

    Parameters
    ----------
    event : str
        One of `EVENTS`.

    Raises
    ------
    KeyError
        If no event has this name.
    """
    if event not in EVENTS:
        raise KeyError(event)
    digest = hashlib.blake2b(event.encode(), digest_size=3).digest()
    return np.int64(int.from_bytes(digest, "big") * SLOTS)


@compiled
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Philox4x32-10: four counter words and two key words (uint64 below 2**32) to four words."""
    for _ in range(10):
        product_0 = MULTIPLIER_0 * c0
        product_1 = MULTIPLIER_1 * c2
        c0 = (product_1 >> HALF) ^ c1 ^ k0
        c1 = product_1 & LOW
        c2 = (product_0 >> HALF) ^ c3 ^ k1
        c3 = product_0 & LOW
        k0 = (k0 + WEYL_0) & LOW
        k1 = (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@compiled
def chance(word: Any) -> float:
    """Turn a 32-bit word into a number strictly between 0 and 1."""
    return (np.float64(word) + 0.5) * 2.3283064365386963e-10


@compiled
def draw_slot(market: Any, event: int, agent: int, slot: int) -> Any:
    """Draw four independent uniform numbers between 0 and 1 for an event.

    Parameters
    ----------
    market : Market
        Gives seed, replicate and round.
    event : int
        From `number_of`.
    agent : int
        Buyer or supplier whose luck it is, below 2**32.
    slot : int
        From 0 to `SLOTS` - 1, for events that need more than four numbers.
    """
    seed = np.uint64(market.seed)
    words = philox(
        np.uint64(agent),
        np.uint64(market.round),
        np.uint64(event + slot),
        np.uint64(market.replicate),
        seed & LOW,
        seed >> HALF,
    )
    return chance(words[0]), chance(words[1]), chance(words[2]), chance(words[3])


@compiled
def draw(market: Any, event: int, agent: int) -> Any:
    """Draw four independent uniform numbers between 0 and 1 for an event; see `draw_slot`."""
    return draw_slot(market, event, agent, FIRST_SLOT)


@compiled
def normal(first: float, second: float) -> float:
    """Turn two uniform numbers into a standard normal one (Box & Muller 1958)."""
    return sqrt(-2.0 * log(first)) * cos(2.0 * pi * second)


@compiled
def two_normals(first: float, second: float) -> Any:
    """Turn two uniform numbers into two independent standard normal ones (Box & Muller 1958)."""
    radius = sqrt(-2.0 * log(first))
    angle = 2.0 * pi * second
    return radius * cos(angle), radius * sin(angle)


@compiled
def gumbel(uniform: float) -> float:
    """Turn a uniform number into a standard Gumbel one.

    The best of utilities with such noise is the logit choice.
    """
    return -log(-log(uniform))
