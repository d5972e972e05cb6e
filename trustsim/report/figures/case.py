"""A claim in one picture: a measure along what it is against, with its mechanism and without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustsim.report.figures import style
from trustsim.report.words.labels import in_figure, measure_label, measure_unit, plain
from trustsim.schema.mechanisms import NOTHING, WITHOUT

FEW_PLACES = 6
"""Up to so many places every interval is drawn as a whisker; more of them make a band."""


def case_figure(
    curve: pd.DataFrame,
    ax: Axes | None = None,
    *,
    measure: str,
    mechanism: str,
    along: str,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw a measure with its intervals.

    One arm: both lines in one panel. Two arms: a panel with the mechanism beside one without it, on
    one scale, with a line for each arm.

    Parameters
    ----------
    curve : DataFrame
        ``arm, without, place, mean, half_width``; see `trustsim.cases.effect.curve`.
    ax : Axes, optional
        Where to draw; a figure of its own if not given.
    measure, mechanism : str
        What is measured, and what is switched off in the second half of the rows.
    along : str
        What the places are, in words.
    width : float
        Width of a figure of its own, inches.

    Returns
    -------
    list of Axes
    """
    width, ours = style.available_width(ax, width), ax is None
    arms = style.arms_of(curve, None)
    name = plain(mechanism)
    ways = {NOTHING: f"with {name}", mechanism: f"without {name}"}
    labels = list(ways.values()) if len(arms) == 1 else arms
    panels = [""] if len(arms) == 1 else list(ways)
    columns = 1 if width < style.NARROW else 2
    room = 0.25 + style.arm_legend_height(labels, width)
    axes = style.panels(ax, len(panels), columns, width, 2.2, room)
    looks = list(style.arm_styles(labels).values())
    for axis, panel in zip(axes, panels, strict=True):
        if panel:
            lines = [(arm, panel) for arm in arms]
        else:
            lines = [(arms[0], off) for off in ways]
        for (arm, off), look in zip(lines, looks, strict=True):
            mine = curve[(curve["arm"] == arm) & (curve[WITHOUT] == off)]
            _line(axis, mine, look)
        title = ways[panel] if panel else ""
        style.dress(axis, in_figure(title, 40), along, measure_unit(measure))
    limits = np.array([axis.get_ylim() for axis in axes])
    for axis in axes:
        axis.set_ylim(limits[:, 0].min(), limits[:, 1].max())
    if ours and len(panels) == 1:
        axes[0].set_title(
            measure_label(measure), fontsize=style.TEXT, fontweight="bold", loc="left"
        )
    elif ours:
        axes[0].figure.suptitle(measure_label(measure), fontsize=style.TEXT, x=0.99, ha="right")
    style.arm_legend(axes, ours, labels, width)
    return axes


def _line(axis: Axes, rows: pd.DataFrame, look: style.ArmStyle) -> None:
    """Draw one line; words as places stand at equal distances."""
    places: Sequence[Any] = list(rows["place"])
    words = any(isinstance(place, str) for place in places)
    x = np.arange(len(places), dtype=float) if words else np.array(places, dtype=float)
    mean, half = rows["mean"].to_numpy(float), rows["half_width"].to_numpy(float)
    if len(places) > FEW_PLACES:
        style.band(axis, x, mean, half, look)
    else:
        axis.errorbar(
            x, mean, yerr=np.nan_to_num(half), color=look.color, linestyle=look.line,
            marker=look.marker, markersize=4, linewidth=1.4, capsize=2.5, elinewidth=0.9,
        )  # fmt: skip
    if words:
        axis.set_xticks(x, [plain(place) for place in places])
        axis.margins(x=0.15)
    else:
        style.few_ticks(axis, "x", 6)
