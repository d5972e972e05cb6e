"""Distributions between two bounds, by which parameters of a design vary."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trustsim.errors import ConfigError, nearest

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

Refuse = Callable[[str, str], ConfigError]


def quantile(
    name: str, shape: tuple[float, ...], low: float, high: float, u: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Give the inverse distribution function, cut off at both ends.

    Parameters
    ----------
    name : str
        One of `DISTRIBUTIONS`.
    shape : tuple of float
        Its numbers, in their order.
    low, high : float
        Bounds.
    u : ndarray of float, shape (n,)
        From 0 to 1.

    Returns
    -------
    ndarray of float, shape (n,)
    """
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


def read_shape(
    name: str, table: Mapping[str, Any], low: float, high: float, refuse: Refuse
) -> tuple[float, ...]:
    """Read the numbers of a distribution.

    Parameters
    ----------
    name : str
        The distribution.
    table : mapping
        Where they stand.
    low, high : float
        Bounds.
    refuse : callable
        Makes an error of a key and what is wrong with it.

    Raises
    ------
    ConfigError
        If one is missing, too many or out of bounds, or nearly nothing lies between the bounds.
    """
    needed = DISTRIBUTIONS[name]
    for word in WORDS:
        if word in table and word not in needed:
            raise refuse(word, f"a {name} distribution has none{nearest(word, needed)}")
    shape = []
    for word in needed:
        value = table.get(word)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refuse(word, f"a {name} distribution needs a number here")
        if (word in POSITIVE and value <= 0) or not math.isfinite(value):
            raise refuse(word, "must be above 0" if word in POSITIVE else "must be finite")
        if word == "mode" and not low <= value <= high:
            raise refuse(word, "must lie between low and high")
        shape.append(float(value))
    if name in ("normal", "lognormal") and _mass(name, shape, low, high) < SMALLEST_MASS:
        raise refuse(
            needed[0], f"next to nothing of the {name} distribution lies between low and high"
        )
    return tuple(shape)


def _mass(name: str, shape: list[float], low: float, high: float) -> float:
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
