"""What calculating agents expected of giving in, beside what then happened, over runs.

The table of temptations of a folder enters; a row per arm and temptation leaves. Means are a time,
over all runs of an arm together, so that a run in which much happens counts for more.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from trustsim.analysis.pairs import refuse_confidence

WHAT = ("gain", "found", "loss", "relation")
"""What is expected of giving in: gain, chance to be found out, loss, part of the relation lost."""


def expected_and_happened(temptations: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Give means a time of what was expected of each temptation, and of what came.

    Parameters
    ----------
    temptations : DataFrame
        A row per run and temptation: arm, run_id, temptation, times, and ``<what>_expected`` and
        ``<what>_happened`` for each of `WHAT`, means a time.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        A row per arm and temptation, in their order: ``arm, temptation, runs, times`` (a run), and
        for each of `WHAT` ``<what>_expected``, ``<what>_happened`` and
        ``<what>_half_width``: half of the interval of what happened less what was expected, by the
        variance of a ratio of sums over runs (Cochran 1977); missing below two runs.
    """
    refuse_confidence(confidence)
    keys = ["arm", "temptation"]
    rows = [
        {"arm": arm, "temptation": kind, **_row(group, confidence)}
        for (arm, kind), group in temptations.groupby(keys, sort=False)
    ]
    return pd.DataFrame(rows)


def _row(group: pd.DataFrame, confidence: float) -> dict[str, float]:
    times = group["times"].to_numpy(float)
    runs, all_times = len(times), times.sum()
    row = {"runs": runs, "times": all_times / runs}
    spread = stats.t.ppf((1 + confidence) / 2, runs - 1) if runs > 1 and all_times > 0 else np.nan
    for what in WHAT:
        expected, happened = (
            np.nan_to_num(group[f"{what}_{side}"].to_numpy(float)) * times
            for side in ("expected", "happened")
        )
        gap = happened - expected
        with np.errstate(invalid="ignore"):
            mean = gap.sum() / all_times
            left = gap - mean * times
            error = np.sqrt(runs / max(runs - 1, 1) * (left**2).sum()) / all_times
            row[f"{what}_expected"] = expected.sum() / all_times
            row[f"{what}_happened"] = happened.sum() / all_times
        row[f"{what}_half_width"] = spread * error
    return row
