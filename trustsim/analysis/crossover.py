"""When one arm overtakes another: the paths of cost over time and the round where they cross."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from trustsim.analysis.pairs import (
    PAIR,
    Floats,
    Unpaired,
    common_pairs,
    refuse_confidence,
    refuse_unknown,
)
from trustsim.errors import ConfigError, nearest

Cost = Literal["cumulative", "yearly"]

WHOLE_MARKET = "all"


@dataclass(frozen=True)
class Crossover:
    """When the cost of one arm falls below that of another and stays there.

    Attributes
    ----------
    round : float
        Median over replications: the first round by which at least half of them have crossed;
        0-based; infinite if fewer than half cross within the horizon. This is the one to quote.
    low, high : float
        Bootstrap percentile interval of `round` over replications; ``high`` is infinite when the
        interval reaches beyond the horizon.
    share_crossed : float
        Share of replications in which the arm is below from some round to the last one.
    share_from_start : float
        Share of replications in which it is below from the first round: nothing to overtake.
    n : int
        Paired replications.
    mean_round, mean_low, mean_high : float
        The same for the mean path over replications.
    horizon : int
        Number of rounds seen.
    confidence : float
        Level of both intervals.
    """

    round: float
    low: float
    high: float
    share_crossed: float
    share_from_start: float
    n: int
    mean_round: float
    mean_low: float
    mean_high: float
    horizon: int
    confidence: float


def market_rounds(rounds: pd.DataFrame) -> pd.DataFrame:
    """Rows of the whole market: one per run and round.

    In a market of several buyer policies these are the rows of policy "all"; a run of a single
    policy has that policy's rows only.
    """
    if "policy" not in rounds:
        return rounds
    whole = rounds["policy"] == WHOLE_MARKET
    run = [c for c in ("run_id", "arm", *PAIR) if c in rounds]
    has_whole = whole.groupby([rounds[c] for c in run]).transform("any")
    return rounds[whole | ~has_whole]


def cost_paths(
    rounds: pd.DataFrame,
    arm: str,
    measure: str = "total_cost",
    *,
    cost: Cost = "cumulative",
    rounds_per_year: int = 12,
) -> pd.DataFrame:
    """A cost per accepted lot along each run of an arm.

    Parameters
    ----------
    rounds : DataFrame
        One row per run and round: arm, replicate, round, [point, policy, accepted], measures.
    arm : str
        The arm.
    measure : str
        A cost per accepted lot.
    cost : {"cumulative", "yearly"}
        All that was paid up to a round over all lots accepted up to it, or the same over the last
        `rounds_per_year` rounds.
    rounds_per_year : int
        Rounds in a year, at least 1.

    Returns
    -------
    DataFrame
        Rows (point, replicate), columns the rounds. Missing as long as no lot has been accepted.
        Without a column ``accepted`` all rounds weigh the same.

    Raises
    ------
    ConfigError
        For an unknown arm or measure, or two rows of the same run and round.
    """
    cells = _round_cells(rounds, arm, measure)
    lots = cells["lots"].unstack("round").fillna(0.0)
    paid = cells["paid"].unstack("round").fillna(0.0)
    total_lots, total_paid = lots.cumsum(axis=1), paid.cumsum(axis=1)
    if cost == "yearly":
        total_lots = lots.T.rolling(rounds_per_year, min_periods=1).sum().T
        total_paid = paid.T.rolling(rounds_per_year, min_periods=1).sum().T
    return total_paid / total_lots.where(total_lots > 0)


def crossover(
    rounds: pd.DataFrame,
    arm_a: str,
    arm_b: str,
    measure: str = "total_cost",
    confidence: float = 0.95,
    *,
    cost: Cost = "cumulative",
    rounds_per_year: int = 12,
    unpaired: Unpaired = "refuse",
    resamples: int = 2000,
    seed: int = 0,
) -> Crossover:
    """First round from which `arm_a` costs less than `arm_b` and stays below to the end.

    Quoted in the answer is the median over replications of the crossover of *cumulative* cost per
    accepted lot (``round, low, high`` with the default `cost`). Cumulative, because a buyer who
    changes regime asks when the change has paid for itself: what was lost early counts, and
    ``cost="yearly"`` (the last year's cost only) comes earlier because it forgets it. Per
    replication, because each run is one history that a buyer could live through: a run that never
    crosses counts as one that never crosses, while it can vanish in the mean path. The crossover
    of the mean paths stands beside it (``mean_round, mean_low, mean_high``): it tells when the
    *expected* cost has been overtaken, and is where the lines of the figure cross.

    Parameters
    ----------
    rounds : DataFrame
        See `cost_paths`.
    arm_a, arm_b : str
        Does a overtake b?
    measure : str
        A cost per accepted lot; lower is better.
    confidence : float
        Level of the percentile intervals (Efron 1979), between 0 and 1.
    cost, rounds_per_year
        See `cost_paths`.
    unpaired : {"refuse", "drop"}
        See `compare`.
    resamples : int
        Bootstrap resamples of the replications, with a fixed `seed`.

    Raises
    ------
    ConfigError
        For an unknown arm or measure, a confidence out of bounds, or runs without a partner.
    """
    refuse_confidence(confidence)
    a, b = (
        cost_paths(rounds, arm, measure, cost=cost, rounds_per_year=rounds_per_year)
        for arm in (arm_a, arm_b)
    )
    pairs = common_pairs(a, b, arm_a, arm_b, unpaired)
    labels = a.columns.union(b.columns)
    gap = (a.reindex(pairs, columns=labels) - b.reindex(pairs, columns=labels)).to_numpy(float)
    labels_seen = labels.to_numpy(float)
    crossed = stays_below(gap, labels_seen)
    draw = np.random.default_rng(seed).integers(0, len(pairs), size=(resamples, len(pairs)))
    medians = _quantile(crossed[draw], 0.5, axis=1)
    weights = np.stack([np.bincount(row, minlength=len(pairs)) for row in draw]).astype(float)
    mean_rounds = stays_below(_mean_paths(weights, gap), labels_seen)
    tail = (1 - confidence) / 2
    return Crossover(
        round=float(_quantile(crossed, 0.5)),
        low=float(_quantile(medians, tail)),
        high=float(_quantile(medians, 1 - tail)),
        share_crossed=float(np.isfinite(crossed).mean()),
        share_from_start=float((crossed == labels_seen[0]).mean()),
        n=len(pairs),
        mean_round=float(stays_below(_mean_paths(np.ones((1, len(pairs))), gap), labels_seen)[0]),
        mean_low=float(_quantile(mean_rounds, tail)),
        mean_high=float(_quantile(mean_rounds, 1 - tail)),
        horizon=len(labels),
        confidence=confidence,
    )


def stays_below(gap: Floats, rounds: Floats) -> Floats:
    """First round from which a path stays below zero to its end, per row; infinite if none does.

    Parameters
    ----------
    gap : ndarray, shape (paths, rounds)
        A missing value counts as not below.
    rounds : ndarray, shape (rounds,)
        The rounds' numbers.
    """
    above = ~(gap < 0)
    last_above = gap.shape[1] - 1 - np.argmax(above[:, ::-1], axis=1)
    first = np.where(above.any(axis=1), last_above + 1, 0)
    return np.append(rounds, math.inf)[first]


def _quantile(values: Floats, q: float, axis: int | None = None) -> Floats:
    """Quantile that is one of the values, so that infinity needs no arithmetic."""
    return np.asarray(np.quantile(values, q, axis=axis, method="inverted_cdf"), dtype=float)


def _mean_paths(weights: Floats, gap: Floats) -> Floats:
    """Weighted mean paths, shape (weightings, rounds), leaving out missing values."""
    seen = np.isfinite(gap)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Floats = (weights @ np.where(seen, gap, 0.0)) / (weights @ seen.astype(float))
    return means


def _round_cells(rounds: pd.DataFrame, arm: str, measure: str) -> pd.DataFrame:
    """Lots and money of each (point, replicate, round) of an arm."""
    if missing := {"arm", "replicate", "round"}.difference(rounds):
        raise ConfigError(f"the table of rounds lacks {', '.join(sorted(missing))}")
    refuse_unknown([measure], rounds)
    arms = [str(name) for name in rounds["arm"].unique()]
    if arm not in arms:
        raise ConfigError(
            f'unknown arm "{arm}"{nearest(arm, arms)}; the rounds have: {", ".join(arms)}'
        )
    mine = market_rounds(rounds[rounds["arm"] == arm])
    price = mine[measure].astype(float)
    lots = mine["accepted"].astype(float) if "accepted" in mine else price * 0 + 1.0
    lots = lots.where(price.notna(), 0.0).fillna(0.0)
    keys = [mine["point"] if "point" in mine else pd.Series(0, mine.index, name="point")]
    keys += [mine["replicate"], mine["round"]]
    cells = pd.DataFrame({"lots": lots, "paid": (lots * price).fillna(0.0)})
    cells.index = pd.MultiIndex.from_arrays(keys, names=[*PAIR, "round"])
    if cells.index.has_duplicates:
        point, replicate, number = cells.index[cells.index.duplicated()][0]
        raise ConfigError(
            f'arm "{arm}" has two rows for point {point}, replicate {replicate}, round {number}; '
            'rows of single policies need one of policy "all" beside them'
        )
    return cells
