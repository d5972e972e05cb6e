"""Distributions between two bounds, by which parameters of a design vary.

Names and numbers come in, as an author gives them; checked numbers and quantiles go out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trustsim.errors import nearest
from trustsim.schema.translation import HIDDEN, Refusal

DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "uniform": (),
    "triangular": ("mode",),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "sigma"),
    "beta": ("a", "b"),
}
"""Distributions, with the numbers that each needs."""

WORDS = tuple(dict.fromkeys(word for words in DISTRIBUTIONS.values() for word in words))
POSITIVE = ("sd", "sigma", "median", "a", "b")
SMALLEST_MASS = 1e-6
"""Share of a distribution that must lie between the bounds, or its inverse is mere rounding."""


def quantile(
    name: str, shape: tuple[float, ...], low: float, high: float, u: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Give the inverse distribution function at numbers from 0 to 1, cut off at both ends."""
    if name == "uniform":
        return np.asarray(low + u * (high - low))
    from scipy import stats

    if name == "triangular":
        (mode,) = shape
        share = (mode - low) / (high - low)
        return np.asarray(stats.triang.ppf(u, share, loc=low, scale=high - low))
    if name == "beta":
        return np.asarray(stats.beta.ppf(u, *shape, loc=low, scale=high - low))
    if name == "normal":
        mean, sd = shape
        ends = (low - mean) / sd, (high - mean) / sd
        return np.asarray(stats.truncnorm.ppf(u, *ends, loc=mean, scale=sd))
    median, sigma = shape
    ends = _in_sigmas(low, median, sigma), _in_sigmas(high, median, sigma)
    return np.asarray(median * np.exp(sigma * stats.truncnorm.ppf(u, *ends)))


def shape_of(name: str, numbers: Mapping[str, Any], low: float, high: float) -> tuple[float, ...]:
    """Check the numbers of a distribution between two bounds, and give them in their order."""
    needed = DISTRIBUTIONS[name]
    for word in numbers:
        if word not in needed:
            text = f"a {name} distribution has none{nearest(word, needed)}"
            raise Refusal(text, word, value=numbers[word])
    for word in needed:
        value = numbers.get(word, HIDDEN)
        if isinstance(value, bool) or not isinstance(value, int | float):
            text = f"a {name} distribution needs a number here"
        elif (word in POSITIVE and value <= 0) or not math.isfinite(value):
            text = "must be above 0" if word in POSITIVE else "must be finite"
        elif word == "mode" and not low <= value <= high:
            text = "must lie between low and high"
        else:
            continue
        raise Refusal(text, word, value=value)
    shape = tuple(float(numbers[word]) for word in needed)
    if name in ("normal", "lognormal") and _mass(name, shape, low, high) < SMALLEST_MASS:
        text = f"next to nothing of the {name} distribution lies between low and high"
        raise Refusal(text, needed[0], value=shape[0])
    return shape


def _mass(name: str, shape: tuple[float, ...], low: float, high: float) -> float:
    """Share of a distribution between two bounds."""
    middle, width = shape
    if name == "lognormal":
        ends = [_in_sigmas(end, middle, width) for end in (low, high)]
    else:
        ends = [(end - middle) / width for end in (low, high)]
    if ends[0] > 0:  # by the other tail, where small shares are exact
        ends = [-ends[1], -ends[0]]
    below, above = (0.5 * math.erfc(-end / math.sqrt(2.0)) for end in ends)
    return above - below


def _in_sigmas(end: float, median: float, sigma: float) -> float:
    return math.log(end / median) / sigma if end > 0 else -math.inf
