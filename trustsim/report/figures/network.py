"""Who buys from whom: a line for every pair that dealt, as thick as its orders, dark with trust."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize

from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import in_figure, plain

TRUST = LinearSegmentedColormap.from_list("trust", ["#f2c14e", "#3f8f8c", "#10273f"])
"""From distrust to trust: light to dark, so that it reads in greyscale."""

MOST_BUYERS = 200
"""Buyers of an arm that are drawn; lines of more would cover each other."""


def network(
    pairs: pd.DataFrame,
    ax: Axes | None = None,
    *,
    arms: Sequence[str] | None = None,
    replicate: int = 0,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw who buys from whom in one run of each arm.

    Buyers stand on the left, by their main supplier; suppliers on the right, by what they sell. A
    line is as thick as the orders of the pair, and as dark as the buyer's trust.

    Parameters
    ----------
    pairs : DataFrame
        `trustsim.analysis.spread.pairs_of` the orders: ``arm``, ``buyer``, ``supplier``,
        ``orders``, ``trust_in_supplier``.
    ax : Axes, optional
        Where to draw.
    arms : sequence of str, optional
        Which arms; all if not given.
    replicate : int
        The run that is drawn, one of several.
    width : float
        Inches.
    """
    for name in ("buyer", "supplier", "orders", "trust_in_supplier"):
        if name not in pairs:
            raise ConfigError(f"the table has no column {name}; pairs_of(orders) makes it")
    shown = style.arms_of(pairs, arms)
    width = style.available_width(ax, width)
    columns = 1 if width < style.NARROW else 2
    axes = style.panels(ax, len(shown), columns, width, 2.6, 0.3)
    for axis, arm in zip(axes, shown, strict=True):
        mine = pairs[pairs["arm"] == arm]
        if "replicate" in mine:
            mine = mine[mine["replicate"] == replicate]
        if "point" in mine:
            mine = mine[mine["point"] == mine["point"].min()]
        _draw(axis, mine[mine["buyer"] < MOST_BUYERS], arm)
    scale = ScalarMappable(Normalize(0.0, 1.0), TRUST)
    bar = axes[0].figure.colorbar(scale, ax=axes, fraction=0.03, pad=0.02)
    bar.set_label("trust of the buyer", fontsize=style.TEXT)
    bar.ax.tick_params(labelsize=style.SMALL)
    return axes


def _draw(axis: Axes, pairs: pd.DataFrame, arm: str) -> None:
    style.dress(axis, in_figure(plain(arm), 40), "", "")
    axis.set_axis_off()
    if pairs.empty:
        return
    sold = pairs.groupby("supplier")["orders"].sum().sort_values(ascending=False)
    rank = {supplier: place for place, supplier in enumerate(sold.index)}
    main = pairs.sort_values("orders").groupby("buyer")["supplier"].last()
    order = sorted(main.index, key=lambda buyer: (rank[main[buyer]], buyer))
    heights = {buyer: 1.0 - (place + 0.5) / len(order) for place, buyer in enumerate(order)}
    places = {supplier: 1.0 - (place + 0.5) / len(rank) for supplier, place in rank.items()}
    rows = pairs.sort_values("orders").to_dict("records")
    lines = [[(0.0, heights[r["buyer"]]), (1.0, places[r["supplier"]])] for r in rows]
    shares = np.array([r["orders"] for r in rows], float) / float(pairs["orders"].max())
    colors = TRUST(np.array([r["trust_in_supplier"] for r in rows], float))
    axis.add_collection(LineCollection(lines, linewidths=0.3 + 2.2 * shares, colors=colors))
    axis.plot([0.0] * len(order), list(heights.values()), "o", markersize=2.5, color=style.INK)
    sizes = 12.0 + 90.0 * sold / sold.max()
    axis.scatter([1.0] * len(rank), list(places.values()), s=sizes, color=style.INK, zorder=3)
    for x, text in ((0.0, f"{len(order)} buyers"), (1.0, f"{len(rank)} suppliers")):
        axis.annotate(
            text, (x, 0.0), xytext=(0, -8), textcoords="offset points", va="top",
            ha="left" if x == 0.0 else "right", fontsize=style.SMALL, color=style.INK,
        )  # fmt: skip
    axis.set_xlim(-0.05, 1.1)
    axis.set_ylim(-0.08, 1.05)
