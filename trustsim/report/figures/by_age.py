"""Buckets of relationship age: their order, their labels, and measures averaged over runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from trustsim.analysis.pairs import mean_interval
from trustsim.errors import ConfigError

AGE = "earlier orders with the supplier"

ENDLESS = 100_000
"""From here on an upper end of a bucket means "and more"."""


def bucket_labels(ages: pd.DataFrame) -> dict[float, str]:
    """Lower ends of the age buckets in order, with labels such as "0", "2–3" and "64+"."""
    if not {"arm", "age_from"} <= set(ages.columns):
        raise ConfigError('the table of ages needs the columns "arm" and "age_from"')
    ends = ages.assign(age_to=ages["age_to"] if "age_to" in ages else np.nan)
    upper = ends.groupby("age_from")["age_to"].max()
    labels: dict[float, str] = {}
    for low, high in upper.items():
        start = float(low)  # type: ignore[arg-type]
        if not np.isfinite(high) or high < start or high >= ENDLESS:
            labels[start] = f"{start:g}+"
        else:
            labels[start] = f"{start:g}" if high == start else f"{start:g}–{high:g}"
    return labels


def mean_by_age(
    ages: pd.DataFrame, arm: str, measure: str, confidence: float = 0.95
) -> pd.DataFrame:
    """Mean of a measure over the runs of an arm per age bucket: ``mean, half_width, n``."""
    mine = ages[ages["arm"] == arm]
    runs = mine["run_id"] if "run_id" in mine else mine["replicate"]
    table = mine[measure].astype(float).groupby([runs, mine["age_from"].astype(float)]).mean()
    wide = table.unstack("age_from")
    mean, half, n = mean_interval(wide.to_numpy(), confidence)
    return pd.DataFrame({"mean": mean, "half_width": half, "n": n}, index=wide.columns)
