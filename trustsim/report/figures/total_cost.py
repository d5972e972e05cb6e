"""Total cost of ownership per arm, stacked by category; beside it the same without the price."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from trustsim.analysis.means import OTHER_LUCK, Reading, means_over
from trustsim.analysis.pairs import arm_runs
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import COST_PARTS, PER_LOT, decimals, number


def cost_parts_of(table: pd.DataFrame) -> list[str]:
    """The categories of cost that a table has, in their order; without those that cost nothing.

    Raises
    ------
    ConfigError
        If it has none.
    """
    parts = [name for name in COST_PARTS if name in table]
    if not parts:
        raise ConfigError("the table has no column cost_<category>")
    return [name for name in parts if (table[name].fillna(0.0) != 0.0).any()] or parts


def total_cost_by_category(
    runs: pd.DataFrame,
    ax: Axes | None = None,
    *,
    arms: Sequence[str] | None = None,
    confidence: float = 0.95,
    reading: Reading = OTHER_LUCK,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw a stacked bar per arm, with the interval of its mean over runs on the total.

    The price is the bulk of the cost, so a second panel shows the other categories on a scale of
    their own. With several design points, `reading` says what the interval is over. Returns both
    axes.
    """
    parts, ours = cost_parts_of(runs), ax is None
    shown = style.arms_of(runs, arms)
    width = style.available_width(ax, width)
    narrow = width < style.NARROW
    others = [p for p in parts if p != "cost_price"]
    stacks = [parts, others] if others and len(others) < len(parts) else [parts]
    columns = 1 if narrow else len(stacks)
    legend_rows = -(-len(parts) // (2 if narrow else 4))
    axes = style.panels(
        ax, len(stacks), columns, width, 0.55 + 0.36 * len(shown), 0.25 + 0.16 * legend_rows
    )
    names = style.arm_names(shown, 14)
    titles = ("Total cost", "Without the price")
    for axis, stack, title in zip(axes, stacks, titles, strict=False):
        for row, arm in enumerate(shown):
            _stack_bar(axis, row, arm_runs(runs, arm)[stack], parts, confidence, reading)
        first = axis is axes[0] or columns == 1
        axis.set_yticks(range(len(shown)), [names[a] for a in shown] if first else [])
        axis.set_ylim(len(shown) - 0.5, -0.5)
        axis.margins(x=0.22)
        style.dress(axis, title, PER_LOT, grid="x")
        style.few_ticks(axis, "x", 4 if narrow else 5)
    handles = [Patch(facecolor=c, hatch=h, edgecolor="white") for c, h in _looks(parts)]
    for handle in handles:
        handle.set_linewidth(0.0)
    style.legend(axes, ours, handles, [COST_PARTS[p] for p in parts], 2 if narrow else 4)
    return axes


def _looks(parts: Sequence[str]) -> list[tuple[str, str]]:
    places = [list(COST_PARTS).index(part) for part in parts]
    return [(style.PART_COLORS[i], style.PART_HATCHES[i]) for i in places]


def _stack_bar(
    axis: Axes,
    row: int,
    costs: pd.DataFrame,
    parts: Sequence[str],
    confidence: float,
    reading: Reading,
) -> None:
    """Stack the means; negative parts go to the left of zero."""
    looks = dict(zip(parts, _looks(parts), strict=True))
    ends = {True: 0.0, False: 0.0}
    for part in costs.columns:
        mean = float(costs[part].astype(float).mean())
        if not np.isfinite(mean):
            continue
        color, hatch = looks[part]
        axis.barh(
            row, mean, left=ends[mean >= 0], height=0.62, color=color, hatch=hatch,
            edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        ends[mean >= 0] += mean
    totals = costs.astype(float).sum(axis=1).to_frame()
    total, half = means_over(totals, confidence, **reading).iloc[0][["mean", "half_width"]]
    axis.errorbar(
        total, row, xerr=np.nan_to_num(half), color=style.INK, capsize=3, elinewidth=1.2, zorder=5
    )
    places = min(3, decimals(float(half), float(total)))
    axis.annotate(
        number(float(total), places), (ends[True] + np.nan_to_num(half), row), xytext=(5, 0),
        textcoords="offset points", va="center", fontsize=style.SMALL, color=style.INK,
    )  # fmt: skip
