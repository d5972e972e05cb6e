"""A claim in one picture: a measure along what it is against, with its mechanism and without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustsim.report.figures import style
from trustsim.report.words.labels import in_figure, plain
from trustsim.schema.mechanisms import NOTHING, WITHOUT

FEW_PLACES = 6
"""Up to so many places every interval is drawn as a whisker; more of them make a band."""


def case_figure(
    curve: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str,
    unit: str,
    mechanism: str,
    along: str,
    difference: bool = False,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw a measure with its intervals: a line with the mechanism and one without it.

    Parameters
    ----------
    curve : DataFrame
        ``without, place, mean, half_width``; see `trustsim.cases.effect.curve`.
    ax : Axes, optional
        Where to draw; a figure of its own if not given.
    title, unit : str
        What is measured, in words, and its unit.
    mechanism : str
        What is switched off in the second line.
    along : str
        What the places are, in words.
    difference : bool
        Whether it is a difference of arms, so that zero is worth a line.
    width : float
        Width of a figure of its own, inches.

    Returns
    -------
    list of Axes
    """
    width, ours = style.available_width(ax, width), ax is None
    name = plain(mechanism)
    ways = {NOTHING: f"with {name}", mechanism: f"without {name}"}
    room = 0.25 + style.arm_legend_height(list(ways.values()), width)
    axes = style.panels(ax, 1, 1, width, 2.2, room)
    (axis,) = axes
    if difference:
        axis.axhline(0.0, color=style.FAINT, linewidth=0.8, zorder=1)
    for off, look in zip(ways, style.arm_styles(list(ways)).values(), strict=True):
        _line(axis, curve[curve[WITHOUT] == off], look)
    wrapped = in_figure(title, int(12 * width))
    style.dress(axis, wrapped, along, unit)
    style.arm_legend(axes, ours, list(ways.values()), width)
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
