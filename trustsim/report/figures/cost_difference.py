"""From the baseline's total cost to a challenger's: paired differences as a waterfall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustsim.analysis.compare import compare
from trustsim.analysis.means import OTHER_LUCK, Reading
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.figures.total_cost import cost_parts_of
from trustsim.report.words.labels import COST_PARTS, PER_LOT, decimals, number

OTHER = "not in a category"


def waterfall_steps(
    runs: pd.DataFrame,
    arm_a: str,
    arm_b: str,
    confidence: float = 0.95,
    reading: Reading = OTHER_LUCK,
) -> pd.DataFrame:
    """Steps that lead from the total cost of `arm_b` to that of `arm_a`.

    Returns
    -------
    DataFrame
        One row per category: ``part, label, difference, start, end, half_width``, all in money per
        accepted lot. The first start is b's total, the last end is a's; what the categories leave
        unexplained is a step of its own, so that nothing is hidden.
    """
    parts = cost_parts_of(runs)
    if "total_cost" not in runs:
        raise ConfigError("the table has no column total_cost")
    rows = compare(
        runs, arm_a, arm_b, [*parts, "total_cost"], confidence, unpaired="drop", **reading
    )
    total = rows.iloc[-1].to_dict()
    steps = pd.DataFrame(
        {
            "part": parts,
            "label": [COST_PARTS[p] for p in parts],
            "difference": rows["difference"].to_numpy()[:-1],
            "half_width": rows["half_width"].to_numpy()[:-1],
        }
    ).fillna({"difference": 0.0})
    rest = total["difference"] - steps["difference"].sum()
    if abs(rest) > 1e-9:
        steps.loc[len(steps)] = ["rest", OTHER, rest, np.nan]
    steps["end"] = total["mean_b"] + steps["difference"].cumsum()
    steps["start"] = steps["end"] - steps["difference"]
    return steps


def cost_difference_by_category(
    runs: pd.DataFrame,
    ax: Axes | None = None,
    *,
    baseline: str,
    arms: Sequence[str] | None = None,
    confidence: float = 0.95,
    reading: Reading = OTHER_LUCK,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw one waterfall per challenger, from the baseline's total at the top to its own below.

    A bar is the paired difference of a category, its whisker the interval. With several design
    points, `reading` says what the interval is over. Returns the axes, one per challenger.
    """
    challengers = [a for a in style.arms_of(runs, arms) if a != baseline]
    if not challengers:
        raise ConfigError(f'there is no arm to compare with "{baseline}"')
    width = style.available_width(ax, width)
    steps = {a: waterfall_steps(runs, a, baseline, confidence, reading) for a in challengers}
    rows = max(len(s) for s in steps.values()) + 2
    columns = 1 if width < style.NARROW else 2
    axes = style.panels(ax, len(challengers), columns, width, 0.5 + 0.19 * rows, 0.25)
    names = style.arm_names([baseline, *challengers], 60 if columns == 1 else 40)
    for i, (axis, arm) in enumerate(zip(axes, challengers, strict=True)):
        _waterfall(axis, steps[arm], names[baseline], names[arm], labelled=i % columns == 0)
        style.few_ticks(axis, "x", 4)
    limits = np.array([axis.get_xlim() for axis in axes])
    for axis in axes:  # one scale, so that challengers can be compared by eye
        axis.set_xlim(limits[:, 0].min(), limits[:, 1].max())
    return axes


def _waterfall(axis: Axes, steps: pd.DataFrame, before: str, after: str, labelled: bool) -> None:
    last = len(steps) + 1
    for row, (_, step) in enumerate(steps.iterrows(), start=1):
        saving = step["difference"] < 0
        axis.barh(
            row, step["difference"], left=step["start"], height=0.66,
            color=style.LESS if saving else style.MORE, hatch="" if saving else "////",
            edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        axis.errorbar(
            step["end"], row, xerr=np.nan_to_num(step["half_width"]), color=style.INK, capsize=2,
            elinewidth=0.9, zorder=5,
        )  # fmt: skip
        axis.plot([step["end"]] * 2, [row, row + 1], color=style.FAINT, linewidth=0.6, zorder=1)
    ends = [float(steps["start"].iloc[0]), float(steps["end"].iloc[-1])]
    axis.plot([ends[0]] * 2, [0, 1], color=style.FAINT, linewidth=0.6, zorder=1)
    reach = float(np.ptp(steps[["start", "end"]].to_numpy())) or 1.0
    for row, total in zip((0, last), ends, strict=True):
        axis.plot(total, row, "D", color=style.INK, markersize=5, zorder=6)
        left = total > np.mean(axis.get_xlim())
        axis.annotate(
            number(total, min(3, decimals(reach / 20, total))), (total, row),
            xytext=(-7 if left else 7, 0), textcoords="offset points", va="center",
            ha="right" if left else "left", fontsize=style.SMALL, color=style.INK,
        )  # fmt: skip
    labels = ["Total of the baseline", *steps["label"], "Total of the challenger"]
    axis.set_yticks(range(last + 1), labels if labelled else [])
    axis.set_ylim(last + 0.6, -0.6)
    axis.use_sticky_edges = False  # bars end where totals are marked, and the marks need room
    axis.margins(x=0.12)
    style.dress(axis, f"{after}\nagainst {before}", PER_LOT, grid="x")
    for place, label in enumerate(axis.get_yticklabels()):
        if place in (0, last):
            label.set_fontweight("bold")
