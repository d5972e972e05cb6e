"""How what buyers pay a lot is spread: the share of buyers that pay at most so much, by arm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import PER_LOT

LEVELS = np.linspace(0.0, 1.0, 101)
"""Shares of buyers at which curves are drawn."""


def spread_over_buyers(
    buyers: pd.DataFrame,
    ax: Axes | None = None,
    *,
    arms: Sequence[str] | None = None,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw the share of buyers whose total cost a lot is at most so much.

    A curve is the mean over runs of the quantiles of a run; its band the middle nine tenths of
    runs.

    Parameters
    ----------
    buyers : DataFrame
        `trustsim.analysis.spread.buyers_of` the orders: ``arm``, ``total_cost`` and, of several
        runs, ``replicate``.
    ax : Axes, optional
        Where to draw.
    arms : sequence of str, optional
        Which arms; all if not given.
    width : float
        Inches.
    """
    if "total_cost" not in buyers:
        raise ConfigError("the table has no column total_cost; buyers_of(orders) makes it")
    shown, ours = style.arms_of(buyers, arms), ax is None
    width = style.available_width(ax, width)
    room = 0.2 + style.arm_legend_height(shown, width)
    axes = style.panels(ax, 1, 1, width, 2.6, room)
    looks, axis = style.arm_styles(shown), axes[0]
    for arm in shown:
        curves = quantiles_by_run(buyers[buyers["arm"] == arm])
        if not len(curves):
            continue
        look, mean = looks[arm], curves.mean(axis=0)
        low, high = np.quantile(curves, [0.05, 0.95], axis=0)
        axis.fill_betweenx(LEVELS, low, high, color=look.color, alpha=0.2, linewidth=0)
        axis.plot(
            mean, LEVELS, color=look.color, linestyle=look.line, linewidth=1.4,
            marker=look.marker, markersize=3.6, markevery=12,
        )  # fmt: skip
    style.dress(axis, "", f"total cost of a buyer\n({PER_LOT})", "share of buyers", "both")
    axis.set_ylim(0.0, 1.0)
    style.arm_legend(axes, ours, shown, width)
    return axes


def quantiles_by_run(buyers: pd.DataFrame) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Give the cost a lot at `LEVELS` of the buyers of each run, shape (runs, levels)."""
    keys = [name for name in ("point", "replicate") if name in buyers]
    costs = buyers.dropna(subset=["total_cost"])
    groups = [own for _, own in costs.groupby(keys)] if keys else [costs]
    return np.array([np.quantile(own["total_cost"], LEVELS) for own in groups if len(own)])
