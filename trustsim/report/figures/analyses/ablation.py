"""The figure of an ablation: what each mechanism carries of a difference, with its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from trustsim.analysis.ablation import EXACT, TOO_FEW, UNDECIDED
from trustsim.report.figures import style
from trustsim.report.words.labels import in_figure

ROW = 0.19
"""Inches that a mechanism takes."""

NAMED = 8
"""Mechanisms that have a row of their own even if they are not shown to carry anything."""

BAND = "#d9d9d9"


def what_carries(
    rows: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    unit: str = "",
    difference: float = np.nan,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw what each mechanism carries of a difference, those that carry most first.

    Mechanisms that are shown to carry something are full points; those of which it is not shown
    are hollow while rows are few, and otherwise share one row: a band over all their intervals.
    Mechanisms that change nothing, exactly, or have too few runs, are left out.

    Parameters
    ----------
    rows : DataFrame
        ``label, carries, half_width, verdict``, as in `trustsim.analysis.ablation.Ablation`.
    ax : Axes, optional
        Where to draw.
    title, unit : str
        What is compared, and the unit of the difference.
    difference : float
        The whole difference, for a line of its own; none if missing.
    width : float
        Inches.

    Returns
    -------
    list of Axes
    """
    width = style.available_width(ax, width)
    shown, others = rows_drawn(rows)
    names = [str(label) for label in shown["label"]]
    names += [f"{len(others)} others, unclear"] if len(others) else []
    axes = style.panels(ax, 1, 1, width, max(1.6, ROW * len(names) + 0.4), 0.75)
    axis = axes[0]
    axis.axvline(0, color=style.INK, linewidth=0.8, zorder=1)
    if np.isfinite(difference):
        axis.axvline(difference, color=style.FAINT, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1)
    for place, row in enumerate(shown.to_dict("records")):
        sure = row["verdict"] != UNDECIDED
        color = style.LESS if row["carries"] < 0 else style.MORE
        axis.errorbar(
            row["carries"], place, xerr=row["half_width"], fmt="none", ecolor=color,
            elinewidth=1.4 if sure else 0.9, capsize=2.5, zorder=2, alpha=1.0 if sure else 0.7,
        )  # fmt: skip
        axis.plot(
            row["carries"], place, "o" if row["carries"] < 0 else "s", color=color, zorder=3,
            markersize=3.6, markerfacecolor=color if sure else "white",
        )  # fmt: skip
    if len(others):
        low = float((others["carries"] - others["half_width"]).min())
        high = float((others["carries"] + others["half_width"]).max())
        axis.barh(
            len(shown), high - low, left=low, height=0.5, color=BAND, edgecolor=style.FAINT,
            linewidth=0.6, zorder=2,
        )  # fmt: skip
    axis.set_yticks(range(len(names)), [in_figure(name) for name in names])
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.margins(x=0.06)
    style.dress(
        axis,
        in_figure(title, int((width - 1.2) * 12)),
        in_figure(f"carries of the difference{f' ({unit})' if unit else ''}", int(width * 10)),
        grid="x",
    )
    style.few_ticks(axis, "x", 4 if width < style.NARROW else 7)
    looks = [
        (style.LESS, "o", "lowers the difference"),
        (style.MORE, "s", "raises the difference"),
    ]
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=color, marker=marker, linestyle="none", markersize=4.5)
        for color, marker, _ in looks
    ]
    texts = [text for _, _, text in looks]
    if (shown["verdict"] == UNDECIDED).any():
        hollow = Line2D(
            [], [], color=style.INK, marker="o", linestyle="none", markersize=4.5,
            markerfacecolor="white",
        )  # fmt: skip
        handles.append(hollow)
        texts.append("not shown to be other than zero")
    if len(others):
        handles.append(Patch(facecolor=BAND, edgecolor=style.FAINT, linewidth=0.6))
        texts.append("all intervals of the others")
    if np.isfinite(difference):
        handles.append(Line2D([], [], color=style.FAINT, linestyle=(0, (4, 2)), linewidth=1.1))
        texts.append("the whole difference")
    style.legend(axes, ax is None, handles, texts, 1 if width < style.NARROW else 2)
    return axes


def rows_drawn(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the rows of the mechanisms that have one of their own, and those that share one."""
    undecided = rows["verdict"] == UNDECIDED
    sure = ~undecided & ~rows["verdict"].isin([EXACT, TOO_FEW])
    room = max(0, NAMED - int(sure.sum()))
    largest = rows["carries"].abs()[undecided].nlargest(room).index
    if int(undecided.sum()) == len(largest) + 1:  # to share a row alone would save nothing
        largest = rows.index[undecided]
    own = sure | rows.index.isin(largest)
    return rows[own].reset_index(drop=True), rows[undecided & ~own]
