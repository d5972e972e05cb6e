"""First orders against old relations: inspection, disputes, arrears and opportunism by age."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.figures.by_age import AGE, age_ticks, bucket_labels, mean_by_age
from trustsim.report.words.labels import measure_label, measure_unit

PANELS = ("inspection_rate", "dispute_rate", "arrears_days", "supplier_opportunism_rate")


def conduct_by_age(
    ages: pd.DataFrame,
    ax: Axes | None = None,
    *,
    arms: Sequence[str] | None = None,
    confidence: float = 0.95,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw the mean over runs of each measure by age of the relation, with its interval.

    Measures that the table lacks are left out. Returns the axes, one per measure.
    """
    labels = bucket_labels(ages)
    there = [name for name in PANELS if name in ages]
    if not there:
        raise ConfigError(f"the table has none of the columns {', '.join(PANELS)}")
    shown, ours = style.arms_of(ages, arms), ax is None
    width = style.available_width(ax, width)
    columns = 1 if width < style.NARROW else 2
    room = 0.2 + style.arm_legend_height(shown, width)
    axes = style.panels(ax, len(there), columns, width, 1.8, room)
    looks = style.arm_styles(shown)
    shifts = (np.arange(len(shown)) - (len(shown) - 1) / 2) * min(0.12, 0.6 / len(shown))
    for place, (axis, measure) in enumerate(zip(axes, there, strict=True)):
        for shift, arm in zip(shifts, shown, strict=True):
            rows, look = mean_by_age(ages, arm, measure, confidence), looks[arm]
            axis.errorbar(
                [list(labels).index(float(a)) + shift for a in rows.index], rows["mean"],
                yerr=np.nan_to_num(rows["half_width"]), color=look.color, linestyle=look.line,
                marker=look.marker, markersize=4, linewidth=1.2, elinewidth=1.0, capsize=1.5,
            )  # fmt: skip
        lowest = place >= len(there) - columns
        style.dress(axis, measure_label(measure), AGE if lowest else "", measure_unit(measure))
        age_ticks(axis, labels, width / columns)
        axis.set_ylim(bottom=0)  # none of these can be negative, only their whiskers
    style.arm_legend(axes, ours, shown, width)
    return axes
