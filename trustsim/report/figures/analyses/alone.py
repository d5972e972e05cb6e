"""Cost of two policies against the share of buyers that have one, and where imitation leads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from trustsim.analysis.alone import LOSES, WHOLE, Shared
from trustsim.report.figures import style
from trustsim.report.words.labels import PER_LOT, in_figure, plain

STABLE, UNSTABLE, LEFT, RIGHT = "stable", "unstable", "lost", "gained"
FOOT = 0.035
"""Height of the marks of imitation above the foot, as a share of the panel."""


def cost_by_share(
    still: Shared | None,
    moving: Shared | None = None,
    ax: Axes | None = None,
    *,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw what each policy costs by the share of buyers that have the first of them.

    Parameters
    ----------
    still : Shared or None
        Markets in which shares stay; those of `moving` are drawn if not given.
    moving : Shared, optional
        Markets in which buyers imitate: where their shares go is marked at the foot, and drawn in
        a panel of its own.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    width : float
        Width of a new figure in inches.

    Returns
    -------
    list of Axes
        The costs and, with `moving`, the shares at the end.
    """
    drawn = still if still is not None else moving
    assert drawn is not None
    ours = ax is None
    width = style.available_width(ax, width)
    count = 1 if moving is None else 2
    columns = 1 if width < style.NARROW else 2
    handles, names = _entries(drawn, moving)
    fit = max(1, int(width / (0.062 * max(map(len, names)) + 0.55)))
    room = 0.35 + 0.15 * -(-len(names) // fit)
    axes = style.panels(ax, count, columns, width, 2.6, room)
    share = f"share of {plain(drawn.a)} among buyers, %"
    _costs(axes[0], drawn)
    style.dress(axes[0], "Cost of each kind", in_figure(share), PER_LOT)
    if moving is not None:
        _marks(axes[0], moving)
        _ends(axes[1], moving)
        style.dress(
            axes[1], "Where imitation leads", in_figure(f"{share}, first round"),
            in_figure(f"{share}, last round", 30),
        )  # fmt: skip
    style.legend(axes, ours, handles, names, fit)
    return axes


def _costs(axis: Axes, drawn: Shared) -> None:
    looks = style.arm_styles([drawn.a, drawn.b])
    for which, name, end in (("a", drawn.a, 1.0), ("b", drawn.b, 0.0)):
        rows = drawn.markets[drawn.markets[f"n_{which}"] > 0]
        look, mean, half = looks[name], f"cost_{which}", f"half_{which}"
        axis.errorbar(
            100 * rows["share"].to_numpy(), rows[mean].to_numpy(),
            yerr=np.nan_to_num(rows[half].to_numpy()), color=look.color,
            linestyle=look.line, marker=look.marker, markersize=3.6, linewidth=1.3,
            elinewidth=0.9, capsize=1.8,
        )  # fmt: skip
        apart = rows[(rows["share"] - end).abs() < 1.0 - WHOLE]
        axis.plot(
            100 * apart["share"], apart[mean], linestyle="none", marker=look.marker, markersize=8,
            markerfacecolor="none", markeredgecolor=look.color, markeredgewidth=1.3, zorder=4,
        )  # fmt: skip
    axis.set_xlim(-4, 104)


def _marks(axis: Axes, moving: Shared) -> None:
    """Mark at the foot where shares go, and where that comes to rest."""
    low, high = axis.get_ylim()
    axis.set_ylim(low - 0.12 * (high - low), high)
    foot = axis.get_xaxis_transform()
    shown = moving.mixed[moving.mixed["goes"] != 0]
    for goes, rows in shown.groupby("goes"):
        axis.plot(
            100 * rows["share"], [FOOT] * len(rows), transform=foot, linestyle="none",
            marker=_arrow(goes == LOSES), color=style.INK, markersize=5,
        )  # fmt: skip
    for kind, left, right in moving.resting_points():
        axis.plot(
            [50 * (left + right)], [FOOT], transform=foot, clip_on=False, zorder=5,
            **_rest(kind),
        )  # fmt: skip


def _ends(axis: Axes, moving: Shared) -> None:
    """Draw the share in the last round against that in the first."""
    rows: pd.DataFrame = moving.mixed
    look = style.arm_styles([moving.a, moving.b])[moving.a]
    axis.plot([0, 100], [0, 100], color=style.FAINT, linewidth=0.9, linestyle=(0, (1, 1.5)))
    axis.errorbar(
        100 * rows["share"].to_numpy(), 100 * rows["end"].to_numpy(),
        yerr=np.nan_to_num(100 * rows["end_half"].to_numpy()),
        color=look.color, linestyle=look.line, marker=look.marker, markersize=3.6, linewidth=1.3,
        elinewidth=0.9, capsize=1.8,
    )  # fmt: skip
    for kind, left, right in moving.resting_points():
        middle = 50 * (left + right)
        axis.plot([middle], [middle], clip_on=False, zorder=5, **_rest(kind))
    axis.set_xlim(-4, 104)
    axis.set_ylim(-4, 104)


def _arrow(left: bool) -> str:
    return "$\\leftarrow$" if left else "$\\rightarrow$"


def _rest(kind: str) -> dict[str, Any]:
    """Look of a point of rest: full if shares go there, open if they go away."""
    face = style.INK if kind == STABLE else "white"
    return {
        "linestyle": "none", "marker": "o", "markersize": 7, "markerfacecolor": face,
        "markeredgecolor": style.INK, "markeredgewidth": 1.2,
    }  # fmt: skip


def _entries(drawn: Shared, moving: Shared | None) -> tuple[list[Artist], list[str]]:
    looks = style.arm_styles([drawn.a, drawn.b])
    handles: list[Artist] = [*style.arm_handles([drawn.a, drawn.b])]
    names = [in_figure(plain(drawn.a, 30)), in_figure(plain(drawn.b, 30))]
    alone = drawn.markets["share"]
    if ((alone <= 0) | (alone >= WHOLE)).any():
        look = looks[drawn.a]
        handles.append(
            Line2D(
                [], [], linestyle="none", marker="o", markersize=7, markerfacecolor="none",
                markeredgecolor=look.color, markeredgewidth=1.3,
            )
        )  # fmt: skip
        names.append("all have it: a separate market")
    if moving is not None:
        shown = set(moving.mixed["goes"])
        for goes, text in ((-1, LEFT), (1, RIGHT)):
            if goes in shown:
                marker = _arrow(goes == LOSES)
                handles.append(
                    Line2D([], [], linestyle="none", marker=marker, color=style.INK, markersize=6)
                )
                names.append(in_figure(f"share {text} by imitation"))
        for kind in dict.fromkeys(kind for kind, *_ in moving.resting_points()):
            handles.append(Line2D([], [], **_rest(kind)))
            names.append(f"{kind} under imitation")
    return handles, names
