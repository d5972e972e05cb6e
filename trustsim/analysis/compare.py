"""Arms are compared here, by paired differences over replications.

When one arm overtakes another is told by `crossover`, which is at home in
`trustsim.analysis.crossover`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from trustsim.analysis.crossover import Crossover, crossover
from trustsim.analysis.pairs import (
    Unpaired,
    arm_runs,
    common_pairs,
    mean_interval,
    refuse_confidence,
    refuse_unknown,
)
from trustsim.measures import MEASURES

__all__ = [
    "Crossover",
    "compare",
    "crossover",
    "measure_columns",
    "paired_differences",
    "replications_needed",
]

SHARE_PREFIX = "instrument_share_"


def measure_columns(frame: pd.DataFrame) -> list[str]:
    """Names of the measures that a table holds, in the order of the registry.

    Measures with missing values only and the counts that mere bookkeeping needs stay in: a table
    says what was measured. Columns of the design (parameters, run ids) are left out.
    """
    known = [name for name in MEASURES if name in frame]
    shares = [c for c in frame if str(c).startswith(SHARE_PREFIX) and c not in known]
    return known + [str(c) for c in shares]


def paired_differences(
    runs: pd.DataFrame,
    arm_a: str,
    arm_b: str,
    measures: Sequence[str] | None = None,
    *,
    unpaired: Unpaired = "refuse",
) -> pd.DataFrame:
    """Differences a - b of every pair of runs; columns are measures, rows (point, replicate).

    Raises
    ------
    ConfigError
        For an unknown arm or measure, and for runs without a partner (see `compare`).
    """
    a, b = _paired_runs(runs, arm_a, arm_b, measures, unpaired)
    return a - b


def compare(
    runs: pd.DataFrame,
    arm_a: str,
    arm_b: str,
    measures: Sequence[str] | None = None,
    confidence: float = 0.95,
    *,
    unpaired: Unpaired = "refuse",
) -> pd.DataFrame:
    """Compare two arms by paired differences over (point, replicate).

    The interval of a difference is Student's t over the paired differences. Replicates of several
    design points count as pairs of their own; to look at one point, pass its rows only.

    Parameters
    ----------
    runs : DataFrame
        One row per run: arm, replicate, [point, status], measures.
    arm_a, arm_b : str
        The arms; differences are a - b.
    measures : sequence of str, optional
        Which measures; all that the table holds if not given.
    confidence : float
        Level of the intervals, between 0 and 1.
    unpaired : {"refuse", "drop"}
        What to do with a run whose partner is missing: refuse the comparison, or leave it out.

    Returns
    -------
    DataFrame
        One row per measure: ``measure, mean_a, mean_b, difference, low, high, half_width,
        relative, effect_size, n``. A pair counts for a measure if both runs have it (a missing
        measure means that there was no order to measure it on), and the means are over these
        pairs. ``relative`` is the difference over the size of mean_b; ``effect_size`` is the
        paired Cohen's d_z (mean over standard deviation of the differences; Cohen 1988), missing
        for a single pair and infinite if all pairs differ by exactly the same.

    Raises
    ------
    ConfigError
        For an unknown arm or measure, a confidence out of bounds, or runs without a partner.
    """
    refuse_confidence(confidence)
    a, b = _paired_runs(runs, arm_a, arm_b, measures, unpaired)
    both = a.notna() & b.notna()
    a, b = a.where(both), b.where(both)
    difference, half, n = mean_interval((a - b).to_numpy(), confidence)
    mean_a, mean_b = a.mean().to_numpy(), b.mean().to_numpy()
    sd = (a - b).std(ddof=1).to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(mean_b == 0, np.nan, difference / np.abs(mean_b))
        effect = difference / sd
    return pd.DataFrame(
        {
            "measure": list(a.columns),
            "mean_a": mean_a,
            "mean_b": mean_b,
            "difference": difference,
            "low": difference - half,
            "high": difference + half,
            "half_width": half,
            "relative": relative,
            "effect_size": effect,
            "n": n,
        }
    )


def replications_needed(half_width: float, difference: float, n: int, precision: float) -> float:
    """Paired replications at which the half-width would be `precision` of the difference.

    A half-width shrinks with the square root of the number of pairs. That Student's quantile
    shrinks a little as well is left out, which errs on the safe side.
    """
    if not math.isfinite(half_width) or difference == 0:
        return math.inf
    return max(2, math.ceil(n * (half_width / (precision * abs(difference))) ** 2 - 1e-9))


def _paired_runs(
    runs: pd.DataFrame,
    arm_a: str,
    arm_b: str,
    measures: Sequence[str] | None,
    unpaired: Unpaired,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = measure_columns(runs) if measures is None else list(measures)
    refuse_unknown(names, runs)
    a, b = arm_runs(runs, arm_a), arm_runs(runs, arm_b)
    pairs = common_pairs(a, b, arm_a, arm_b, unpaired)
    return a.loc[pairs, names].astype(float), b.loc[pairs, names].astype(float)
