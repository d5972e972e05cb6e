"""How well a difference is known: how its interval shrank, and what the shared luck was worth.

The unit is the replicate, as in `trustsim.experiment.stopping`: with several design points, the
mean over the points is one observation.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from trustsim.analysis.pairs import Floats, refuse_confidence
from trustsim.config.precision import Precision
from trustsim.experiment.stopping import (
    Look,
    expected_half_width,
    looks,
    replicate_means,
    squared_quantile,
    target,
)

FIRST = 10
"""Replications from which on an interval is shown, if there are as many."""

FEWEST_PAIRS = 8
"""Pairs from which on the gain of pairing has an interval.

An assumption: in 4,000 simulated experiments with normal costs of correlation 0.8, the 95 %
interval of the bootstrap held the true gain in 66 % with 3 pairs (with 2 it has no width), and in
some 91 % with 4 to 12. But its upper end was typically 160 times its lower with 4 pairs, 13 times
with 8 and 4.5 times with 20: below 8 it tells next to nothing.
"""

PATH_POINTS = 60
ROUND_NUMBERS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
"""Replications that are always among those of a path."""

MOST_DRAWS = 20_000_000
FEWEST_RESAMPLES = 200
MOST_PAIRS = 10**9
ROUNDING = 1e-12
"""A standard deviation that is this small a share of those of the arms is one of rounding."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pairing:
    """What it is worth that two arms share their luck.

    Attributes
    ----------
    n : int
        Paired replicates.
    ratio : float
        Variance of the difference of two runs with independent seeds, over that of a pair: how
        many times as many replications independent seeds would need for the same interval. Below
        1 where sharing luck does harm; infinite where pairs all differ by the same; missing where
        nothing varies or there are fewer than two pairs.
    low, high : float
        Bootstrap percentile interval of `ratio` over replicates; missing with fewer than
        `FEWEST_PAIRS`, of which a bootstrap says next to nothing.
    confidence : float
        Its level.
    """

    n: int
    ratio: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class Known:
    """How well the difference of one challenger from the baseline is known.

    Attributes
    ----------
    arm : str
        The challenger.
    path : DataFrame
        How it came to be known, from `shrinking`; the last row is the present state.
    target : float
        Half-width that was asked for, in the measure's unit; missing without a rule.
    needed : int or None
        Replications at which the half-width is expected to be the target; None without a rule, or
        if there are not enough in the world.
    pairing : Pairing
        What the shared luck was worth.
    """

    arm: str
    path: pd.DataFrame
    target: float
    needed: int | None
    pairing: Pairing


@dataclass(frozen=True)
class Precise:
    """How well all differences from the baseline are known.

    Attributes
    ----------
    measure, baseline : str
        What is compared, and with which arm.
    rule : Precision or None
        The precision that the experiment asked for.
    looks : tuple of Look
        The looks by which it was judged; empty without a rule.
    challengers : tuple of Known
        The arms that have two pairs at least.
    """

    measure: str
    baseline: str
    rule: Precision | None
    looks: tuple[Look, ...]
    challengers: tuple[Known, ...]


def how_precise(
    runs: pd.DataFrame,
    baseline: str,
    challengers: Sequence[str],
    rule: Precision | None = None,
    confidence: float = 0.95,
) -> Precise:
    """Find out how well differences from the baseline are known.

    Parameters
    ----------
    runs : DataFrame
        One row per run: arm, replicate, [point, status], measures.
    baseline, challengers : str and sequence of str
        Arms.
    rule : Precision, optional
        The precision that was asked for; its measure and confidence are used then, otherwise
        ``total_cost`` and `confidence`.
    confidence : float
        Level of the interval of the pairing, and of all intervals without a rule.

    Raises
    ------
    ConfigError
        If the table lacks the measure, or the confidence is out of bounds.
    """
    refuse_confidence(confidence)
    measure = rule.measure if rule else "total_cost"
    result = looks(runs, baseline, challengers, rule) if rule else ()
    known = []
    for arm in challengers:
        pairs = replicate_means(runs, arm, baseline, measure)
        if len(pairs) < 2:
            continue
        level = rule.confidence if rule else confidence
        path = shrinking(pairs, level, [look.replications for look in result])
        wanted = target(pairs["baseline"].to_numpy(), rule) if rule else math.nan
        needed = _needed(pairs, wanted, rule) if rule else None
        known.append(Known(arm, path, wanted, needed, pairing(pairs, confidence)))
    return Precise(measure, baseline, rule, result, tuple(known))


def shrinking(
    pairs: pd.DataFrame, confidence: float = 0.95, also: Sequence[int] = ()
) -> pd.DataFrame:
    """Intervals of the mean paired difference as replications are added.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``arm`` and ``baseline`` by replicate, from
        `trustsim.experiment.stopping.replicate_means`; two rows at least.
    confidence : float
        Level of both intervals.
    also : sequence of int
        Replications that must be among the rows, beside round numbers and some sixty from 10 to
        all of them (from 8, if there are fewer than 20; only the last, if there are fewer than 8).

    Returns
    -------
    DataFrame
        ``replications, n, mean, sequence, student, ratio``: replicates below this number, those of
        them with a pair, their mean difference, the half-widths of the confidence sequence, which
        holds at all numbers at once, and of Student's interval, which holds at one number fixed
        beforehand, and the variance ratio of the pairing (see `Pairing`), all with the first
        replicates only.
    """
    numbers = pairs.index.to_numpy()
    every = int(numbers[-1]) + 1
    first = FIRST if every >= 2 * FIRST else min(FEWEST_PAIRS, every)
    grid = np.unique(np.geomspace(first, every, PATH_POINTS).round())
    replications = np.union1d(grid, [k for k in (*also, *ROUND_NUMBERS) if first <= k <= every])
    replications = replications.astype(int)
    count: Counts = np.searchsorted(numbers, replications).astype(np.int64)
    replications, count = replications[count >= 2], count[count >= 2]
    mean, spread = _running(pairs["arm"] - pairs["baseline"], count)
    apart = [_running(pairs[side], count)[1] ** 2 for side in ("arm", "baseline")]
    squared = np.array([squared_quantile(int(k), confidence) for k in count])
    sequence = np.full(len(count), math.inf)
    there = np.isfinite(squared)
    sequence[there] = spread[there] * np.sqrt(squared[there] / count[there])
    return pd.DataFrame(
        {
            "replications": replications,
            "n": count,
            "mean": mean,
            "sequence": sequence,
            "student": stats.t.ppf((1 + confidence) / 2, count - 1) * spread / np.sqrt(count),
            "ratio": _ratio(apart[0] + apart[1], spread**2),
        }
    )


def pairing(
    pairs: pd.DataFrame, confidence: float = 0.95, *, resamples: int = 2000, seed: int = 0
) -> Pairing:
    """Work out what the shared luck of two arms is worth.

    With independent seeds the variances of the arms add up (Law 2015, section 11.2); a pair has
    twice their covariance less. The interval is a percentile bootstrap over replicates, whole
    pairs being drawn again (Efron & Tibshirani 1993, chapter 13).

    Parameters
    ----------
    pairs : DataFrame
        Columns ``arm`` and ``baseline`` by replicate.
    confidence : float
        Level of the interval.
    resamples : int
        Bootstrap resamples; fewer beyond 10,000 pairs, where the interval is narrow anyway.
    seed : int
        Seed of the resamples.
    """
    table = (pairs - pairs.mean()).to_numpy(float)
    n = len(table)
    columns = np.stack([*table.T, table[:, 0] - table[:, 1]])

    def ratio_of(rows: Floats) -> float:
        arm, baseline, difference = rows.var(axis=1)
        return float(_ratio(arm + baseline, difference))

    ratio = ratio_of(columns)
    if not math.isfinite(ratio):
        return Pairing(n, ratio, ratio, ratio, confidence)
    if n < FEWEST_PAIRS:
        return Pairing(n, ratio, math.nan, math.nan, confidence)
    random = np.random.default_rng(seed)
    resamples = min(resamples, max(FEWEST_RESAMPLES, MOST_DRAWS // n))
    ratios = np.array(
        [ratio_of(columns[:, random.integers(0, n, size=n)]) for _ in range(resamples)]
    )
    tail = (1 - confidence) / 2
    low, high = np.quantile(ratios[~np.isnan(ratios)], [tail, 1 - tail], method="inverted_cdf")
    return Pairing(n, ratio, float(low), float(high), confidence)


def _ratio(apart: Floats, paired: Floats) -> Floats:
    """Ratio of variances; what is left of a difference by rounding alone is no variance."""
    paired = np.where(paired <= ROUNDING**2 * apart, 0.0, paired)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(apart / paired, dtype=float)


def _needed(pairs: pd.DataFrame, wanted: float, rule: Precision) -> int | None:
    """Replications at which the spread found makes one expect the half-width that is wanted."""
    spread = float((pairs["arm"] - pairs["baseline"]).std(ddof=1))
    share = len(pairs) / (int(pairs.index[-1]) + 1)

    def narrow(replications: int) -> bool:
        return expected_half_width(spread, replications * share, rule.confidence) <= wanted

    result = 2 + bisect_left(range(2, MOST_PAIRS), True, key=narrow)
    return result if result < MOST_PAIRS else None


def _running(values: pd.Series, count: Counts) -> tuple[Floats, Floats]:
    """Means and standard deviations of the first `count` values."""
    middle = float(values.mean())
    gaps = values.to_numpy(float) - middle
    sums, squares = gaps.cumsum()[count - 1], (gaps**2).cumsum()[count - 1]
    variance = np.maximum(squares - sums**2 / count, 0) / (count - 1)
    return middle + sums / count, np.sqrt(variance)
