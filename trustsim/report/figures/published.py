"""A published result in one picture: every figure as reported, and what came out beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec

from trustsim.report.figures import style
from trustsim.report.words.labels import in_figure
from trustsim.validation.published.row import Row

REPORTED, FOUND = "reported (bar: what counts as reproduced)", "reproduced, with its 95 % interval"
ROW_HEIGHT, PANEL_HEIGHT = 0.34, 0.62
"""Inches of a row, and of a panel beside its rows."""


def published_figure(
    rows: Sequence[Row], ax: Axes | None = None, *, width: float = style.WIDE
) -> list[Axes]:
    """Draw what was reported and what came out, a panel for each unit.

    Parameters
    ----------
    rows : sequence of Row
        Of one source.
    ax : Axes, optional
        Where to draw if all rows have one unit; a figure of its own if not given.
    width : float
        Width of a figure of its own, inches.

    Returns
    -------
    list of Axes
    """
    width, ours = style.available_width(ax, width), ax is None
    units = list(dict.fromkeys(row.figure.unit for row in rows))
    groups = [[row for row in rows if row.figure.unit == unit] for unit in units]
    wrap = int(6.5 * width)
    lines = [
        sum(1 + in_figure(row.figure.what, wrap).count("\n") for row in group) for group in groups
    ]
    heights = [PANEL_HEIGHT + ROW_HEIGHT * count for count in lines]
    mean = sum(heights) / len(heights)
    names = [REPORTED, FOUND]
    axes = style.panels(ax, len(groups), 1, width, mean, style.arm_legend_height(names, width))
    spec = axes[0].get_subplotspec()
    if ours and spec is not None and isinstance(grid := spec.get_gridspec(), GridSpec):
        grid.set_height_ratios(heights)
    for axis, group, unit in zip(axes, groups, units, strict=True):
        _panel(axis, group, unit, wrap)
    style.arm_legend(axes, ours, names, width)
    return axes


def _panel(axis: Axes, rows: Sequence[Row], unit: str, wrap: int) -> None:
    reported, found = style.arm_styles([REPORTED, FOUND]).values()
    low, high = _limits(rows)
    for place, row in enumerate(rows):
        ends = np.clip(row.figure.band, low, high)
        axis.plot(ends, [place, place], color=reported.color, alpha=0.3, linewidth=7,
                  solid_capstyle="butt", zorder=1)  # fmt: skip
        if row.figure.reported is not None:
            axis.plot(
                row.figure.reported,
                place,
                reported.marker,
                color=reported.color,
                markersize=8,
                markerfacecolor="none",
                zorder=4,
            )
        value = row.found.value
        if np.isfinite(value):
            reach = np.nan_to_num([[value - row.found.low], [row.found.high - value]])
            axis.errorbar(value, place, xerr=np.maximum(reach, 0.0), color=found.color,
                          marker=found.marker, markersize=4, capsize=2.5, elinewidth=0.9,
                          zorder=3)  # fmt: skip
    axis.set_yticks(range(len(rows)), [in_figure(row.figure.what, wrap) for row in rows])
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(low, high)
    style.dress(axis, "", unit, grid="x")
    style.few_ticks(axis, "x", 5)
    axis.xaxis.get_offset_text().set_fontsize(style.SMALL)
    if low < 0.0 < high:
        axis.axvline(0.0, color=style.FAINT, linewidth=0.8, zorder=0)


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Give the ends of a panel: all that is drawn, and a bit of what has no end."""
    ends = [each for row in rows for each in (*row.figure.band, *row.found[1:])]
    known = [float(each) for each in ends if np.isfinite(each)]
    low, high = min(known), max(known)
    room = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room
