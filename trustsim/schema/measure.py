"""What a measure is: a row, and the ratios that most of them are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustsim.schema.accounts import MICRO

Numbers = NDArray[np.float64]
COST = "money per accepted lot"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: what it is called, what it means, and how it is worked out.

    Attributes
    ----------
    name, label : str
        Column name, and a label for people.
    unit : str
    text : str
        Definition.
    of : callable
        From an array of `trustsim.market.records.Tally` of any shape (and the cost of an hour, one
        for all or an array of this shape) to an array of the same shape; NaN where there is
        nothing to measure.
    """

    name: str
    label: str
    unit: str
    text: str
    of: Callable[[Any, Any], Numbers]


def ratio(above: Any, below: Any) -> Numbers:
    """Give a ratio of sums; NaN where there is nothing below."""
    above, below = np.asarray(above, float), np.asarray(below, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)


def per(name: str, below: str, micro: bool = False) -> Callable[[Any, Any], Numbers]:
    """Give the formula of a ratio of two sums of a tally, the upper one in millionths if said."""
    scale = MICRO if micro else 1
    return lambda tally, hour: ratio(tally[name] / scale, tally[below])
