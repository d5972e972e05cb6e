"""When there are replications enough: looks at the paired differences, as often as one likes.

Whoever runs an experiment with a precision looks after some replications, and goes on until a look
is the last::

    n = precision.start
    while True:
        ...  # run all arms, at all points, for every replicate below n
        look = decide(runs, baseline, challengers, precision, n)
        if look.last:
            break
        n = look.next

`decide` reads the rows of replicates below `n` only and is a pure function of them, so that the
number of replications depends neither on cores nor on interruptions; `looks` replays all looks of
a table. The interval is a *confidence sequence*: it holds the true mean at all looks at once with
the stated confidence, so that looking often costs nothing and every way of stopping is allowed.

The unit is the replicate. All points of a design share the luck of a replicate, so that their
differences are not independent of each other; their mean over the points is one observation.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from trustsim.config.precision import Precision
from trustsim.errors import ConfigError, at, nearest

Floats = npt.NDArray[np.float64]

MIXTURE = 10.0
"""Pairs that the prior on the effect size is worth: its precision.

The interval is narrowest for about nine times as many pairs; from 30 to 1,000 it is at most 8 %
wider than the best choice for that number would make it (at 95 %). A number fixed beforehand is
the price of looking at any time.
"""

SMALLEST_STEP, LARGEST_STEP = 1.1, 2.0
"""Bounds of the factor from one look to the next."""


@dataclass(frozen=True)
class Reached:
    """How well the difference of one challenger from the baseline is known.

    Attributes
    ----------
    arm : str
        The challenger.
    n : int
        Replicates with a pair.
    difference, half_width : float
        Mean paired difference and half-width of its confidence sequence, in the measure's unit.
    target : float
        Half-width that is narrow enough, in the same unit.
    met : bool
        Whether it is.
    """

    arm: str
    n: int
    difference: float
    half_width: float
    target: float
    met: bool


@dataclass(frozen=True)
class Look:
    """One look at an experiment.

    Attributes
    ----------
    replications : int
        Replicates looked at: all below this number.
    reached : tuple of Reached
        One per challenger.
    next : int
        Replications at the next look; the same number if this is the last.
    """

    replications: int
    reached: tuple[Reached, ...]
    next: int

    @property
    def met(self) -> bool:
        """Whether every challenger's difference is known well enough."""
        return all(one.met for one in self.reached)

    @property
    def last(self) -> bool:
        """Whether there is nothing more to run: the precision or the maximum is reached."""
        return self.next == self.replications


def half_width(differences: npt.ArrayLike, confidence: float = 0.95) -> float:
    """Half-width of a confidence sequence for the mean of independent values of unknown spread.

    With n values of standard deviation s, the interval of half-width ``s * sqrt(T / n)`` around
    their mean holds the true mean for **all** n at once with the stated confidence, if the values
    are normal, and asymptotically if not. See `squared_quantile` for T.

    Parameters
    ----------
    differences : array_like, shape (n,)
        Missing values are left out.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    float
        Infinite if there are too few values to exclude anything; 0 for enough equal values.
    """
    values = np.asarray(differences, dtype=float)
    values = values[np.isfinite(values)]
    return expected_half_width(_spread(values), len(values), confidence)


def squared_quantile(n: float, confidence: float = 0.95, mixture: float = MIXTURE) -> float:
    r"""Square of the t statistic that a true mean exceeds at no number of values.

    Let normal values have an unknown mean, and let its distance from m, in standard deviations,
    be normal with variance 1 / `mixture`. With the right Haar prior on the scale, the Bayes
    factor of that against the mean m is

    .. math:: \sqrt{k} \left(\frac{1 + t^2 / (n - 1)}{1 + k t^2 / (n - 1)}\right)^{n / 2},
              \qquad k = \frac{c}{n + c}, \quad c = \text{mixture}.

    Under a true m it is a martingale that starts at 1 in what the standardised values tell, so
    that it ever reaches 1 / (1 - confidence) with probability 1 - confidence at most (Ville 1939).
    Solved for the square of t, with :math:`A = ((1 - confidence) \sqrt{k})^{-2 / n}`, that is
    :math:`T = (n - 1)(A - 1) / (1 - A k)`, and infinite unless A k < 1.

    Sources: Lai 1976, Annals of Statistics 4, On confidence sequences; Perez-Ortiz, Lardy, de
    Heide & Grünwald 2024, Annals of Statistics 52, E-statistics, group invariance and
    anytime-valid testing; Wang & Ramdas 2025, Sequential Analysis 44, Anytime-valid t-tests and
    confidence sequences for Gaussian means with unknown variance.
    """
    if n < 2:
        return math.inf
    share = mixture / (n + mixture)
    level = math.exp(-2 / n * (math.log1p(-confidence) + math.log(share) / 2))
    if level * share >= 1:
        return math.inf
    return (n - 1) * (level - 1) / (1 - level * share)


def target(baseline: npt.ArrayLike, precision: Precision) -> float:
    """Half-width that is narrow enough, in the measure's unit; 0 if nothing is known of a mean.

    A relative one is a share of the size of the baseline's mean, which is taken as it is found,
    without an interval of its own.
    """
    if not precision.relative:
        return precision.half_width
    mean = _mean(np.asarray(baseline, dtype=float))
    return precision.half_width * abs(mean) if math.isfinite(mean) else 0.0


def next_look(
    n: int, differences: npt.ArrayLike, baseline: npt.ArrayLike, precision: Precision
) -> int:
    """Replications after which to look again.

    As many as the spread found so far makes one expect to be enough; but at least a tenth more
    than now, at most twice as many, and never beyond the maximum.
    """
    values = np.asarray(differences, dtype=float)
    values = values[np.isfinite(values)]
    spread, wanted = _spread(values), target(baseline, precision)
    low, high = math.ceil(SMALLEST_STEP * n), math.floor(LARGEST_STEP * n)

    def narrow(replications: int) -> bool:
        pairs = replications * len(values) / n
        return expected_half_width(spread, pairs, precision.confidence) <= wanted

    result = low + bisect_left(range(low, high), True, key=narrow)
    return min(result, precision.max)


def expected_half_width(spread: float, pairs: float, confidence: float = 0.95) -> float:
    """Half-width after a number of pairs, if their standard deviation is `spread` then.

    It shrinks with every pair. A spread that is unknown (infinite) gives an infinite width.
    """
    squared = squared_quantile(pairs, confidence)
    return math.inf if math.isinf(squared) else spread * math.sqrt(squared / pairs)


def decide(
    runs: pd.DataFrame,
    baseline: str,
    challengers: Sequence[str],
    precision: Precision,
    n: int,
) -> Look:
    """Look at the replicates below `n`.

    Parameters
    ----------
    runs : DataFrame
        One row per run: arm, replicate, [point, status], the measure. Rows of further replicates
        are not looked at.
    baseline, challengers : str and sequence of str
        Every challenger's difference from the baseline must be known well enough.
    precision : Precision
        What is well enough.
    n : int
        Replications, at most the maximum.

    Raises
    ------
    ConfigError
        If the table lacks the measure.
    """
    seen = runs[runs["replicate"] < n]
    reached, steps = [], []
    for arm in challengers:
        pairs = replicate_means(seen, arm, baseline, precision.measure)
        differences = (pairs["arm"] - pairs["baseline"]).to_numpy()
        result = pairs["baseline"].to_numpy()
        width, wanted = half_width(differences, precision.confidence), target(result, precision)
        met = width <= wanted
        reached.append(Reached(arm, len(pairs), _mean(differences), width, wanted, met))
        if not met:
            steps.append(next_look(n, differences, result, precision))
    return Look(n, tuple(reached), max(steps, default=n))


def looks(
    runs: pd.DataFrame, baseline: str, challengers: Sequence[str], precision: Precision
) -> tuple[Look, ...]:
    """All looks at a table, from the first to the last for which it has the replicates."""
    there = 1 + int(runs["replicate"].max()) if len(runs) else 0
    result: list[Look] = []
    n = precision.start
    while n <= there and not (result and result[-1].last):
        result.append(decide(runs, baseline, challengers, precision, n))
        n = result[-1].next
    return tuple(result)


def replicate_means(runs: pd.DataFrame, arm: str, baseline: str, measure: str) -> pd.DataFrame:
    """Mean of a measure over the points at which both arms have it, replicate by replicate.

    A point at which one of the two runs failed, or had nothing to measure, is left out of that
    replicate for both; the points that a replicate misses thus widen the interval, as they should.
    A replicate without any pair is left out.

    Parameters
    ----------
    runs : DataFrame
        One row per run: arm, replicate, [point, status], the measure; in any order.
    arm, baseline : str
        The arms.
    measure : str
        A measure.

    Returns
    -------
    DataFrame
        Columns ``arm`` and ``baseline``, a row per replicate in order.

    Raises
    ------
    ConfigError
        If the table lacks the measure.
    """
    if measure not in runs:
        names = [str(name) for name in runs.columns]
        raise ConfigError(
            at("", "precision.measure", measure, given=True)
            + f"the runs have no such measure{nearest(measure, names)}"
        )
    done = runs[runs["status"] == "done"] if "status" in runs else runs
    keys = ["replicate", "point"] if "point" in done else ["replicate"]
    sides = [
        done[done["arm"] == name].set_index(keys)[measure].astype(float).dropna().rename(side)
        for side, name in (("arm", arm), ("baseline", baseline))
    ]
    pairs = pd.concat(sides, axis=1, join="inner").sort_index()
    return pairs.groupby(level="replicate").mean()


def _mean(values: Floats) -> float:
    """Mean of what is there, rounded once, so that it is the same in any order and anywhere."""
    there = values[np.isfinite(values)]
    return math.fsum(there) / len(there) if len(there) else math.nan


def _spread(values: Floats) -> float:
    """Standard deviation; exactly 0 for equal values; infinite for fewer than two."""
    if len(values) < 2:
        return math.inf
    if values.min() == values.max():
        return 0.0
    return math.sqrt(math.fsum((values - _mean(values)) ** 2) / (len(values) - 1))
