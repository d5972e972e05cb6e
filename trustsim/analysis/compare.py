"""Arms are compared here, by paired differences over replications and design points.

When one arm overtakes another is told by `crossover`, which is at home in
`trustsim.analysis.crossover`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from trustsim.analysis.crossover import Crossover, crossover
from trustsim.analysis.means import Over, means_over
from trustsim.analysis.pairs import (
    Unpaired,
    arm_runs,
    common_pairs,
    mean_interval,
    refuse_confidence,
    refuse_unknown,
)
from trustsim.analysis.verdicts import (
    Correction,
    difference_p,
    equivalence_p,
    refuse_smallest,
    with_verdicts,
)
from trustsim.analysis.within import refuse_absent, refuse_left_out, runs_by_policy
from trustsim.schema.measures import MEASURES

__all__ = [
    "Crossover",
    "compare",
    "crossover",
    "differences_by_point",
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
    over: Over = "replicates",
    block: int = 1,
    smallest: Mapping[str, float] | None = None,
    correction: Correction = "holm",
    within: str | None = None,
) -> pd.DataFrame:
    """Compare two arms by paired differences over (point, replicate).

    With `within` it is two policies of buyers in the same market that are compared: the table is
    that of policies, and every run of the arm gives one difference.

    The interval of a difference is Student's t. Without a design it is over the paired runs. With
    several design points, all of which count alike, `over` says what else could have been drawn.
    The default takes the points as they are and asks what other luck would have given, which is
    right for points somebody has chosen (grid, list, zip); for a statement about markets drawn
    from a random design, ask for ``over="both"``.

    Parameters
    ----------
    runs : DataFrame
        One row per run: arm, replicate, [point, status], measures.
    arm_a, arm_b : str
        The arms; differences are a - b. With `within`, policies of buyers.
    measures : sequence of str, optional
        Which measures; all that the table holds if not given, but those that count orders and lots
        within an arm.
    confidence : float
        Level of the intervals and verdicts, between 0 and 1.
    unpaired : {"refuse", "drop"}
        What to do with a run whose partner is missing: refuse the comparison, or leave it out.
    over, block
        What the intervals are over; see `trustsim.analysis.means.means_over`.
    smallest : mapping of str to float, optional
        Smallest difference of interest of single measures, above 0, in the measure's unit. Only
        against such a difference can two arms be shown to be equivalent.
    correction : {"holm", "benjamini_hochberg", "none"}
        How p values are adjusted for the number of measures; see
        `trustsim.analysis.verdicts.adjusted`.
    within : str, optional
        Arm in which two policies of buyers are compared; `runs` is then a table of policies.

    Returns
    -------
    DataFrame
        One row per measure: ``measure, mean_a, mean_b, difference, low, high, half_width,
        relative, effect_size, n``, then ``points, replicates, df, p_value, smallest_difference,
        p_equivalence, p_adjusted, verdict, verdict_adjusted``. A pair counts for a measure if both
        runs have it (a missing measure means that there was no order to measure it on), and the
        means are over these ``n`` pairs. ``relative`` is the difference over the size of mean_b;
        ``effect_size`` is the paired Cohen's d_z (mean over standard deviation of the differences
        between runs; Cohen 1988), missing for a single pair and infinite if all pairs differ by
        exactly the same. ``p_value`` is that of the paired t test. The rest is explained in
        `trustsim.analysis.verdicts`.

    Raises
    ------
    ConfigError
        For an unknown arm, policy or measure, a policy that no buyer has, a number out of bounds,
        or runs without a partner.
    """
    if within is not None:
        refuse_left_out(measures or ())
        policies, runs = runs, runs_by_policy(runs, within)
        refuse_absent(policies, within, (arm_a, arm_b))
    a, b = _paired_runs(runs, arm_a, arm_b, measures, unpaired)
    smallest = smallest or {}
    refuse_smallest(smallest, a)
    both = a.notna() & b.notna()
    a, b = a.where(both), b.where(both)
    result = means_over(a - b, confidence, over=over, block=block)
    mean_a, mean_b = (means_over(each, confidence, over=over)["mean"].to_numpy() for each in (a, b))
    difference, half, error, df = (
        result[name].to_numpy() for name in ("mean", "half_width", "error", "df")
    )
    bounds = np.array([smallest.get(name, np.nan) for name in a.columns])
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(mean_b == 0, np.nan, difference / np.abs(mean_b))
        effect = difference / (a - b).std(ddof=1).to_numpy()
    rows = pd.DataFrame(
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
            **{name: result[name].to_numpy() for name in ("n", "points", "replicates")},
            "df": df,
            "p_value": difference_p(difference, error, df),
            "smallest_difference": bounds,
            "p_equivalence": equivalence_p(difference, error, df, bounds),
        }
    )
    return with_verdicts(rows, confidence, correction)


def differences_by_point(
    runs: pd.DataFrame,
    arm_a: str,
    arm_b: str,
    measure: str = "total_cost",
    confidence: float = 0.95,
    *,
    unpaired: Unpaired = "refuse",
) -> pd.DataFrame:
    """Mean paired difference a - b at every design point: who wins where.

    Returns
    -------
    DataFrame
        A row per point, which is the index: ``difference, half_width, n``, with Student's interval
        over the replicates of that point alone; missing for a single replicate.

    Raises
    ------
    ConfigError
        See `compare`.
    """
    refuse_confidence(confidence)
    gaps = paired_differences(runs, arm_a, arm_b, [measure], unpaired=unpaired)[measure].unstack()
    difference, half, n = mean_interval(gaps.to_numpy().T, confidence)
    result = pd.DataFrame({"difference": difference, "half_width": half, "n": n}, index=gaps.index)
    return result[result["n"] > 0]


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
    asked = [measures] if isinstance(measures, str) else measures
    names = measure_columns(runs) if asked is None else list(asked)
    refuse_unknown(names, runs)
    a, b = arm_runs(runs, arm_a), arm_runs(runs, arm_b)
    pairs = common_pairs(a, b, arm_a, arm_b, unpaired)
    return a.loc[pairs, names].astype(float), b.loc[pairs, names].astype(float)
