"""How the paired differences in total cost spread over runs, or over points: does it always pay?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustsim.analysis.compare import paired_differences
from trustsim.analysis.means import OTHER_LUCK, Reading, means_over
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import PER_LOT, percent

BINS = 24


def difference_distribution(
    runs: pd.DataFrame,
    ax: Axes | None = None,
    *,
    baseline: str,
    arms: Sequence[str] | None = None,
    confidence: float = 0.95,
    reading: Reading = OTHER_LUCK,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw a histogram of the paired differences in total cost per challenger, on one scale.

    The band is the interval of the mean; left of zero the challenger was cheaper. With several
    design points, each counts once, with its mean difference over replicates, and `reading` says
    what the interval is over. Returns the axes, one per challenger.
    """
    challengers = [a for a in style.arms_of(runs, arms) if a != baseline]
    if not challengers:
        raise ConfigError(f'there is no arm to compare with "{baseline}"')
    if "total_cost" not in runs:
        raise ConfigError("the table has no column total_cost")
    gaps = {
        arm: paired_differences(runs, arm, baseline, ["total_cost"], unpaired="drop").dropna()
        for arm in challengers
    }
    means = {a: means_over(gap, confidence, **reading).iloc[0] for a, gap in gaps.items()}
    several = max(result["points"] for result in means.values()) > 1
    unit = "points" if several else "runs"
    differences = {
        arm: (gap.groupby("point").mean() if several else gap)["total_cost"].to_numpy()
        for arm, gap in gaps.items()
    }
    ends = [
        result["mean"] + side * np.nan_to_num(result["half_width"])
        for result in means.values()
        for side in (-1, 1)
    ]
    everything = np.concatenate([*differences.values(), [0.0], np.nan_to_num(ends)])
    margin = 0.03 * float(np.ptp(everything)) or 0.01
    edges = np.linspace(everything.min() - margin, everything.max() + margin, BINS * 2)
    width = style.available_width(ax, width)
    axes = style.panels(ax, len(challengers), 1, width, 1.15, 0.45)
    names = style.arm_names([baseline, *challengers], 60)
    for axis, arm in zip(axes, challengers, strict=True):
        look = style.arm_styles(style.arms_of(runs, arms))[arm]
        values = differences[arm]
        axis.hist(values, bins=edges.tolist(), color=look.color, alpha=0.75, edgecolor="white")
        mean = float(means[arm]["mean"])
        half = float(np.nan_to_num(means[arm]["half_width"]))
        axis.axvspan(mean - half, mean + half, color=style.INK, alpha=0.25)
        axis.axvline(mean, color=style.INK, linewidth=1.3)
        axis.axvline(0, color=style.INK, linewidth=1.0, linestyle=(0, (4, 2)))
        cheaper = percent(float((values < 0).mean())) if len(values) else "–"
        place = "at" if several else "in"
        style.dress(axis, f"{names[arm]}: cheaper {place} {cheaper} of {unit}", "", unit)
        axis.set_xlim(edges[0], edges[-1])
        style.few_ticks(axis, "y", 3, whole=True)
        style.few_ticks(axis, "x", 5)
        if axis is not axes[-1]:
            axis.tick_params(labelbottom=False)
    axes[-1].set_xlabel(
        f"difference in total cost to {names[baseline]}\n({PER_LOT}; dashed: none)",
        fontsize=style.TEXT, color=style.INK,
    )  # fmt: skip
    return axes
