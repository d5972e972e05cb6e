"""An answer that is known, and how it is looked up in the market."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Known:
    """A point of a limiting case.

    Attributes
    ----------
    name : str
        Name of the case and of the point.
    what : str
        What is looked up.
    source : str
        Where the answer is from.
    answer : float
        What the closed form gives.
    within : float
        By how much the market may be off: luck, and rounding.
    market : callable
        Looks it up in the compiled market.
    """

    name: str
    what: str
    source: str
    answer: float
    within: float
    market: Callable[[], float]


@dataclass(frozen=True)
class Found:
    """What the market gave.

    Attributes
    ----------
    known : Known
    value : float
    """

    known: Known
    value: float

    @property
    def verdict(self) -> Literal["right", "wrong"]:
        """Whether it is the known answer."""
        return "right" if abs(self.value - self.known.answer) <= self.known.within else "wrong"
