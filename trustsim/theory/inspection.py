"""The inspection game, and the operating characteristic of acceptance sampling."""

from __future__ import annotations

from math import comb

import numpy as np


def inspection_game(cost: float, saving: float, stake: float, fine: float) -> tuple[float, float]:
    """Give the mixed equilibrium of the inspection game: P(shirk) and P(inspect).

    P(shirk) = h/(w + f) leaves the inspector indifferent, P(inspect) = c/(w + f) the worker. Both
    are at most 1 (Nosenzo, Offerman, Sefton & van der Veen 2014).
    """
    total = stake + fine
    return min(cost / total, 1.0), min(saving / total, 1.0)


def quantal_inspection_game(
    cost: float, saving: float, stake: float, fine: float, noise: float
) -> tuple[float, float]:
    """Solve the logit equilibrium of the inspection game numerically: P(shirk) and P(inspect).

    McKelvey & Palfrey (1995): each side shirks or inspects with logit probability of its payoff
    difference over the noise. As the noise goes to zero the answer is `inspection_game`.
    """
    total = stake + fine
    low, high = 0.0, 1.0
    for _ in range(200):
        shirk = 0.5 * (low + high)
        inspect_chance = 1.0 / (1.0 + np.exp(-np.clip((shirk * total - cost) / noise, -700, 700)))
        gain = np.clip((saving - inspect_chance * total) / noise, -700, 700)
        if 1.0 / (1.0 + np.exp(-gain)) > shirk:
            low = shirk
        else:
            high = shirk
    return shirk, float(inspect_chance)


def operating_characteristic(items: int, allowed: int, fraction: float) -> float:
    """Give the probability of accepting a lot by a single sample, exactly (binomial sum)."""
    return float(
        sum(
            comb(items, result) * fraction**result * (1.0 - fraction) ** (items - result)
            for result in range(allowed + 1)
        )
    )


def inspects_all(defects: float, look: float, failure: float) -> bool:
    """Say whether all lots are to be inspected, or none: all iff p > k1/k2 (Deming 1986)."""
    return defects > look / failure
