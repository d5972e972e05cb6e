"""A published figure beside what came out here, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from trustsim.analysis.pairs import mean_interval
from trustsim.validation.published.file import Figure, Published

Verdict = Literal["right", "wrong", "undecided", "explained"]


class Effort(NamedTuple):
    """How much is done: a quick look or all of it, on so many cores (all if None)."""

    full: bool = False
    jobs: int | None = None

    def of(self, quick: int, full: int) -> int:
        """Take the number for a quick look, or that for all of it."""
        return full if self.full else quick


class Reproduced(NamedTuple):
    """What came out for a figure, with its 95 % interval; the interval of what is exact is a point.

    Attributes
    ----------
    figure : str
        Its id.
    value, low, high : float
    """

    figure: str
    value: float
    low: float
    high: float

    @classmethod
    def mean(cls, figure: str, values: npt.ArrayLike) -> Reproduced:
        """Take the mean of independent values, shape (n,), with its Student t interval."""
        value, half, _ = mean_interval(np.asarray(values, float))
        return cls(figure, float(value), float(value - half), float(value + half))

    @classmethod
    def exact(cls, figure: str, value: float) -> Reproduced:
        """Take a value that no luck is in."""
        return cls(figure, value, value, value)


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes
    ----------
    source : Published
    figure : Figure
    found : Reproduced
    """

    source: Published
    figure: Figure
    found: Reproduced

    @property
    def name(self) -> str:
        """Name of the row: the source and the figure."""
        return f"{self.source.id} {self.figure.id}"

    @property
    def verdict(self) -> Verdict:
        """Whether it came out.

        A sign is right if the whole interval has it; a figure if the value lies in its band. What
        misses is undecided as long as the interval reaches the band (of a sign: zero), else wrong;
        explained if the file says why.
        """
        found = self.found
        if not np.isfinite(found.value):
            return "undecided"
        low, high = self.figure.band
        if self.figure.sign is not None:
            right = found.low > low and found.high < high
        else:
            right = low <= found.value <= high
        if right:
            return "right"
        if np.isfinite([found.low, found.high]).all() and (found.high >= low and found.low <= high):
            return "explained" if self.figure.explanation else "undecided"
        return "explained" if self.figure.explanation else "wrong"
