"""Buckets of relationship age: their order, their labels, and measures averaged over runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustsim.analysis.pairs import mean_interval
from trustsim.errors import ConfigError

AGE = "earlier orders with the supplier"

ENDLESS = 10_000
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
    """Mean of a measure over the runs of an arm per age bucket: ``mean, half_width, n``.

    Ages that fewer than half of the arm's runs reach are left out: the few that do are no sample
    of them all.
    """
    mine = ages[ages["arm"] == arm]
    runs = mine["run_id"] if "run_id" in mine else mine["replicate"]
    table = mine[measure].astype(float).groupby([runs, mine["age_from"].astype(float)]).mean()
    wide = table.unstack("age_from")
    mean, half, n = mean_interval(wide.to_numpy(), confidence)
    rows = pd.DataFrame({"mean": mean, "half_width": half, "n": n}, index=wide.columns)
    return rows[2 * rows["n"] >= max(1, len(wide))]


def age_ticks(axis: Axes, labels: Mapping[float, str], width: float) -> None:
    """Label the buckets on the horizontal axis, aslant where they would touch.

    Parameters
    ----------
    axis : Axes
        Axes whose buckets stand at 0, 1, 2, ...
    labels : mapping
        From `bucket_labels`.
    width : float
        Width of the panel in inches.
    """
    letters = sum(len(label) + 1.5 for label in labels.values())
    crowded = 0.065 * letters > width - 0.7
    places = range(len(labels))
    if crowded:
        axis.set_xticks(
            places, list(labels.values()), rotation=60, ha="right", rotation_mode="anchor"
        )
    else:
        axis.set_xticks(places, list(labels.values()))
