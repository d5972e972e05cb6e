"""The mean of runs, and how far it may be off: over other luck, over other points, or over both.

Without a design the run is the unit. With one, every replicate brings the same luck to all points,
and every point the same market to all replicates, so that runs at the same point, and runs with the
same replicate, have something in common. They are no independent observations; whole replicates
are, and so are whole points of a random design.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from trustsim.analysis.pairs import Floats, refuse_confidence
from trustsim.errors import ConfigError, nearest

Over = Literal["replicates", "points", "both"]

OVER: dict[Over, str] = {
    "replicates": "these points under other luck",
    "points": "other points drawn alike, under the luck of these replicates",
    "both": "other points drawn alike, under other luck",
}
"""What a mean over runs is an estimate for, by what its interval is over."""


class Reading(TypedDict):
    """What an interval is over; see `means_over`."""

    over: Over
    block: int


OTHER_LUCK: Reading = {"over": "replicates", "block": 1}
"""The points as they are, under other luck; without a design the only reading."""

SWEEPS = 100
SETTLED = 1e-12


def means_over(
    table: pd.DataFrame, confidence: float = 0.95, *, over: Over = "replicates", block: int = 1
) -> pd.DataFrame:
    """Mean of each column over runs, with its standard error and interval.

    All points count alike, and so do all replicates. What differs is what the interval allows to
    have come out otherwise:

    ``replicates``
        The luck. The unit is the replicate, with its mean over the points: the answer is about
        exactly these points. With one point this is Student's interval over runs.
    ``points``
        The points, for which they must be drawn at random. The unit is the point, with its mean
        over the replicates, whose luck is taken as given.
    ``both``
        The points and the luck, as in "a market drawn from this design". The variances of the two
        readings are added, with degrees of freedom by Satterthwaite (1946). Points and replicates
        are crossed random effects, and the sum counts what is left between them twice, which errs
        a little on the safe side (as Owen & Eckles 2012 find of resampling both). With one point,
        or with one replicate, it is the reading that remains.

    Where runs are missing, effects of points and of replicates are parted by least squares, so
    that a run missing at a dear point does not make its replicate look cheap.

    Parameters
    ----------
    table : DataFrame
        A row per run, indexed by (point, replicate); missing values are left out.
    confidence : float
        Level of the interval, between 0 and 1.
    over : {"replicates", "points", "both"}
        What the interval is over.
    block : int
        Consecutive points that were not drawn independently of one another and are one unit:
        ``d + 2`` for a Saltelli sample of `d` parameters, ``d + 1`` for Morris trajectories.

    Returns
    -------
    DataFrame
        A row per column of `table`: ``mean, error, df, half_width, n, points, replicates``: the
        mean, its standard error, degrees of freedom of its interval, half-width, and the numbers of
        runs, points and replicates. Error, degrees of freedom and half-width are missing where
        there are fewer than two units.

    Raises
    ------
    ConfigError
        For an unknown `over`, a `block` below 1, or a confidence out of bounds.
    """
    refuse_confidence(confidence)
    if over not in OVER:
        raise ConfigError(f'over = "{over}"{nearest(over, OVER)}; allowed: {", ".join(OVER)}')
    if block < 1:
        raise ConfigError(f"block is {block}; it must be a whole number from 1 on")
    point = table.index.get_level_values("point").to_numpy()
    replicate = table.index.get_level_values("replicate").to_numpy()
    rows = [_mean_of(table[name].to_numpy(float), point, replicate, over, block) for name in table]
    columns = ("mean", "error", "df", "n", "points", "replicates")
    result = pd.DataFrame(rows, index=list(table.columns), columns=list(columns))
    quantile = stats.t.ppf((1 + confidence) / 2, result["df"])
    result.insert(3, "half_width", np.where(result["error"] == 0, 0.0, quantile * result["error"]))
    return result.astype({"n": int, "points": int, "replicates": int})


def _mean_of(
    values: Floats, point: npt.NDArray[Any], replicate: npt.NDArray[Any], over: Over, block: int
) -> tuple[float, float, float, int, int, int]:
    """Mean, standard error, degrees of freedom; numbers of runs, points and replicates."""
    seen = np.isfinite(values)
    values = values[seen]
    points, at_point = np.unique(point[seen], return_inverse=True)
    replicates, in_replicate = np.unique(replicate[seen], return_inverse=True)
    counts = len(values), len(points), len(replicates)
    if not counts[0]:
        return np.nan, np.nan, np.nan, *counts
    if counts[1] == 1:
        luck, place = values, np.zeros(1)
    else:
        place, luck = _parted(values, at_point, in_replicate)
    mean = float(luck.mean() + place.mean())
    _, group = np.unique(points // block, return_inverse=True)
    blocks = np.bincount(group, place) / np.bincount(group)
    parts = {"replicates": [luck], "points": [blocks], "both": [luck, blocks]}[over]
    error, df = _error([unit for unit in parts if len(unit) > 1])
    return mean, error, df, *counts


def _parted(
    values: Floats, at_point: npt.NDArray[np.intp], in_replicate: npt.NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Effects of the points, with the mean in them, and of the replicates, around zero."""
    runs_at, runs_in = np.bincount(at_point), np.bincount(in_replicate)
    complete = len(values) == len(runs_at) * len(runs_in)
    luck = np.zeros(len(runs_in))
    scale = float(np.abs(values).max())
    for _ in range(1 if complete else SWEEPS):
        place = np.bincount(at_point, values - luck[in_replicate]) / runs_at
        before, luck = luck, np.bincount(in_replicate, values - place[at_point]) / runs_in
        luck -= luck.mean()
        if np.abs(luck - before).max() <= SETTLED * scale:
            break
    return place, luck


def _error(units: list[Floats]) -> tuple[float, float]:
    """Standard error of a mean and its degrees of freedom, from one kind of unit or from two."""
    if not units:
        return np.nan, np.nan
    variances = np.array([float(np.var(unit, ddof=1)) / len(unit) for unit in units])
    freedoms = np.array([len(unit) - 1.0 for unit in units])
    total = float(variances.sum())
    if total == 0:
        return 0.0, float(freedoms.min())
    shares = variances / total
    return float(np.sqrt(total)), float(1 / (shares**2 / freedoms).sum())
