"""Pairs of runs, and the interval of a mean over runs.

The run is the unit, never the agent or the order. Two runs are a pair when they share the design
point and the replicate: they then face the same luck, and their difference is due to the arms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_numeric_dtype
from scipy import stats

from trustsim.errors import ConfigError, nearest, shown

Floats = npt.NDArray[np.float64]
Unpaired = Literal["refuse", "drop"]

PAIR = ["point", "replicate"]

WAY_OUT = "run what is missing again, or leave it out with --allow-missing (unpaired='drop')"


def mean_interval(values: npt.ArrayLike, confidence: float = 0.95) -> tuple[Any, Any, Any]:
    """Mean over the first axis with its Student-t half-width, leaving out missing values.

    Parameters
    ----------
    values : array_like, shape (replications, ...)
        One row per independent run.
    confidence : float
        Level of the interval, between 0 and 1.

    Returns
    -------
    mean, half_width, n : ndarray or scalar, shape (...)
        `half_width` is missing (NaN) where fewer than two values are there.
    """
    table = np.asarray(values, dtype=float)
    seen = np.isfinite(table)
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(seen, table, 0.0).sum(axis=0) / n
        squares = np.where(seen, (table - mean) ** 2, 0.0).sum(axis=0)
        error = np.sqrt(squares / (n - 1) / n)
    half = stats.t.ppf((1 + confidence) / 2, np.maximum(n - 1, 1)) * error
    return mean, np.where(n > 1, half, np.nan)[()], n


KEYS = {"run_id", "arm", "point", "replicate", "round", "age", "policy", "status", "seconds"}
"""Columns of tables that say which row it is, and are no measures."""


def refuse_unknown(names: Iterable[str], frame: pd.DataFrame) -> None:
    """Refuse what is no measure of the table, each with the nearest name."""
    measures = [str(c) for c in frame.columns if c not in KEYS and is_numeric_dtype(frame[c])]
    for name in names:
        if name not in measures:
            raise ConfigError(f"unknown measure {shown(name)}{nearest(name, measures)}")


def refuse_confidence(confidence: float) -> None:
    """Refuse a level of confidence that is not between 0 and 1."""
    if not 0 < confidence < 1:
        raise ConfigError(f"confidence is {confidence}; it must lie between 0 and 1")


def arm_runs(runs: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Finished runs of one arm, indexed by (point, replicate).

    Raises
    ------
    ConfigError
        If the arm is unknown, has no finished run, or has two runs of the same replicate.
    """
    if "arm" not in runs or "replicate" not in runs:
        raise ConfigError('the table of runs needs the columns "arm" and "replicate"')
    arms = [str(name) for name in runs["arm"].unique()]
    if arm not in arms:
        raise ConfigError(
            f'unknown arm "{arm}"{nearest(arm, arms)}; the runs have: {", ".join(arms)}'
        )
    mine = runs[runs["arm"] == arm]
    if "status" in mine:
        mine = mine[mine["status"] == "done"]
    if mine.empty:
        raise ConfigError(f'arm "{arm}" has no finished run')
    if "point" not in mine:
        mine = mine.assign(point=0)
    mine = mine.set_index(PAIR).sort_index()
    if mine.index.has_duplicates:
        point, replicate = mine.index[mine.index.duplicated()][0]
        raise ConfigError(f'arm "{arm}" has two runs of point {point}, replicate {replicate}')
    return mine


def common_pairs(
    a: pd.DataFrame, b: pd.DataFrame, arm_a: str, arm_b: str, unpaired: Unpaired
) -> pd.Index:
    """Pairs (point, replicate) that both arms have; see `compare` for `unpaired`."""
    shared = a.index.intersection(b.index).sort_values()
    odd = a.index.symmetric_difference(b.index)
    if len(odd) and (unpaired == "refuse" or shared.empty):
        point, replicate = odd[0]
        missing, there = (arm_b, arm_a) if odd[0] in a.index else (arm_a, arm_b)
        raise ConfigError(
            f'arms "{arm_a}" and "{arm_b}" are not paired: {_runs(len(odd))} no partner, the '
            f'first is point {point}, replicate {replicate} of "{there}", which "{missing}" lacks; '
            f"{WAY_OUT if len(shared) else 'run what is missing again'}"
        )
    return shared


def holes(
    runs: pd.DataFrame, arms: Sequence[str], points: int, replications: int
) -> npt.NDArray[np.intp]:
    """Planned runs that a table lacks; the parameters are those of `refuse_holes`.

    Returns
    -------
    ndarray of int, shape (missing, 3)
        Place of the arm in `arms`, point and replicate of each, in the order of the plan.
    """
    lacking = np.ones((len(arms), points, replications), dtype=bool)
    done = runs[runs["status"] == "done"] if "status" in runs else runs
    arm = pd.Index(arms).get_indexer(pd.Index(done["arm"]))
    point = done["point"].to_numpy(int) if "point" in done else np.zeros(len(done), int)
    replicate = done["replicate"].to_numpy(int)
    planned = (arm >= 0) & (point < points) & (replicate < replications)
    lacking[arm[planned], point[planned], replicate[planned]] = False
    return np.argwhere(lacking)


def refuse_holes(runs: pd.DataFrame, arms: Sequence[str], points: int, replications: int) -> None:
    """Refuse a table that lacks planned runs while it has others.

    Parameters
    ----------
    runs : DataFrame
        A row per run: arm, replicate, [point, status]; failed runs are no runs.
    arms : sequence of str
        Arms of the plan.
    points, replications : int
        Every arm was to run at points ``0 ... points - 1``, with replicates
        ``0 ... replications - 1`` at each.

    Raises
    ------
    ConfigError
        That says how many runs are missing, which is the first of them, and what to do.
    """
    missing = holes(runs, arms, points, replications)
    if not len(missing):
        return
    arm, point, replicate = (int(number) for number in missing[0])
    raise ConfigError(
        f"the design has holes: of {len(arms) * points * replications} planned runs, "
        f"{_runs(len(missing))} not been finished; the first is point {point}, replicate "
        f'{replicate} of "{arms[arm]}"; {WAY_OUT}'
    )


def _runs(count: int) -> str:
    return "1 run has" if count == 1 else f"{count} runs have"
