"""What a comparison shows: less, more, as good as equal, or nothing yet; for one and for many.

A difference that is not shown is not shown to be absent. Absence is shown by two tests of its own,
against the smallest difference that would matter; and of many tests a few reject by chance, which
is what adjusted p values are for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from trustsim.analysis.pairs import Floats, refuse_confidence, refuse_unknown
from trustsim.errors import ConfigError, nearest

Verdict = Literal["less", "more", "equivalent", "undecided"]
Correction = Literal["holm", "benjamini_hochberg", "none"]

CORRECTIONS: dict[Correction, str] = {
    "holm": "the chance of any false verdict among them (Holm 1979)",
    "benjamini_hochberg": "the share of false verdicts expected among those made "
    "(Benjamini & Hochberg 1995)",
    "none": "each by itself",
}
"""What is held at the level, by the name of the correction."""


def difference_p(difference: npt.ArrayLike, error: npt.ArrayLike, df: npt.ArrayLike) -> Floats:
    """Two-sided p value of Student's t test that a difference is zero.

    Parameters
    ----------
    difference, error, df : array_like
        Mean differences, their standard errors and degrees of freedom, of one shape. An error of
        zero means that all differences are the same.

    Returns
    -------
    ndarray
        From 0 to 1; missing where the error is.
    """
    return np.asarray(
        2 * stats.t.sf(np.abs(_t(difference, error)), np.asarray(df, float)), dtype=float
    )


def equivalence_p(
    difference: npt.ArrayLike, error: npt.ArrayLike, df: npt.ArrayLike, smallest: npt.ArrayLike
) -> Floats:
    """P value of the two one-sided tests that a difference is as large as matters.

    It is small if the difference lies surely between ``-smallest`` and ``smallest``: the larger of
    the p values of the tests of ``difference <= -smallest`` and ``difference >= smallest``
    (Schuirmann 1987; Lakens 2017). At level ``a`` it rejects when the interval of confidence
    ``1 - 2 a`` lies within these bounds.

    Parameters
    ----------
    difference, error, df : array_like
        See `difference_p`.
    smallest : array_like
        Smallest difference of interest, above zero, in the unit of the difference; missing where
        none is stated.

    Returns
    -------
    ndarray
        From 0 to 1; missing where the error or the smallest difference is.
    """
    bound = np.asarray(smallest, dtype=float)
    size, freedom = np.asarray(difference, float), np.asarray(df, float)
    above = stats.t.sf(_t(size + bound, error), freedom)
    below = stats.t.cdf(_t(size - bound, error), freedom)
    return np.asarray(np.maximum(above, below), dtype=float)


def adjusted(p: npt.ArrayLike, correction: Correction = "holm") -> Floats:
    """P values adjusted for their number.

    An adjusted value at or below ``a`` is a rejection while ``a`` bounds, over the whole family,
    the chance of one false rejection (Holm 1979) or the expected share of false ones among the
    rejections (Benjamini & Hochberg 1995, for tests that are independent or positively dependent).

    Parameters
    ----------
    p : array_like, shape (tests,)
        P values from 0 to 1. Missing ones are no tests and do not count.
    correction : {"holm", "benjamini_hochberg", "none"}
        The method.

    Raises
    ------
    ConfigError
        For an unknown correction.
    """
    if correction not in CORRECTIONS:
        raise ConfigError(
            f'correction = "{correction}"{nearest(correction, CORRECTIONS)}; allowed: '
            f"{', '.join(CORRECTIONS)}"
        )
    values = np.asarray(p, dtype=float)
    result = values.copy()
    tests = np.isfinite(values)
    if correction == "none" or not tests.any():
        return result
    if correction == "benjamini_hochberg":
        result[tests] = stats.false_discovery_control(values[tests], method="bh")
        return result
    order = np.argsort(values[tests], kind="stable")
    steps = values[tests][order] * np.arange(len(order), 0, -1)
    stepped = np.empty_like(steps)
    stepped[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    result[tests] = stepped
    return result


def with_verdicts(
    rows: pd.DataFrame, confidence: float = 0.95, correction: Correction = "holm"
) -> pd.DataFrame:
    """Adjust the p values of a family of comparisons, and say what each comparison shows.

    Parameters
    ----------
    rows : DataFrame
        The family, one comparison a row: ``difference, p_value, p_equivalence``. Rows of several
        calls of `trustsim.compare` can be put together.
    confidence : float
        Level of a verdict, between 0 and 1.
    correction : {"holm", "benjamini_hochberg", "none"}
        See `adjusted`. Tests of a difference are one family, those of equivalence another.

    Returns
    -------
    DataFrame
        The rows with ``p_adjusted, verdict, verdict_adjusted``. A verdict is "equivalent" if the
        difference is shown to be smaller than what matters, even if it is shown not to be zero;
        otherwise "less" or "more" if it is shown not to be zero; otherwise "undecided".
        ``verdict`` takes each row by itself, ``verdict_adjusted`` all of them together.
    """
    refuse_confidence(confidence)
    level = 1 - confidence
    p, equal = (rows[name].to_numpy(float) for name in ("p_value", "p_equivalence"))
    difference = rows["difference"].to_numpy(float)
    together = adjusted(p, correction)
    return rows.assign(
        p_adjusted=together,
        verdict=_verdicts(difference, p, equal, level),
        verdict_adjusted=_verdicts(difference, together, adjusted(equal, correction), level),
    )


def refuse_smallest(smallest: Mapping[str, float], table: pd.DataFrame) -> None:
    """Refuse smallest differences of unknown measures, and those not above zero."""
    refuse_unknown(smallest, table)
    for name, value in smallest.items():
        if not (math.isfinite(value) and value > 0):
            raise ConfigError(
                f"the smallest difference of interest in {name} is {value}; it must be above 0"
            )


def _verdicts(difference: Floats, p: Floats, equal: Floats, level: float) -> list[Verdict]:
    result: list[Verdict] = []
    for size, different, same in zip(difference, p, equal, strict=True):
        if same <= level:
            result.append("equivalent")
        elif different <= level:
            result.append("less" if size < 0 else "more")
        else:
            result.append("undecided")
    return result


def _t(difference: npt.ArrayLike, error: npt.ArrayLike) -> Floats:
    """Student's t, infinite for a difference without any variation, and 0 for none."""
    size, spread = np.asarray(difference, float), np.asarray(error, float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((size == 0) & (spread == 0), 0.0, size / spread)
