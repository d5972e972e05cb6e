"""Cost over time per arm: the last year's cost and the cumulative cost, with the crossover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustsim.analysis.crossover import Cost, cost_paths, crossover
from trustsim.analysis.pairs import mean_interval
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import PER_LOT

PANELS: tuple[tuple[Cost, str], ...] = (
    ("yearly", "Cost of the last year"),
    ("cumulative", "Cumulative cost"),
)


def cost_over_time(
    rounds: pd.DataFrame,
    ax: Axes | None = None,
    *,
    arms: Sequence[str] | None = None,
    baseline: str | None = None,
    rounds_per_year: int = 12,
    confidence: float = 0.95,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw mean cost per accepted lot over the years with its interval over runs.

    With a `baseline`, the round at which each challenger's mean falls below it for good (the mean
    paths of `trustsim.analysis.crossover`) is marked with its interval at the foot of the panel.
    Returns the axes of the last year's and of the cumulative cost.
    """
    if "total_cost" not in rounds:
        raise ConfigError("the table has no column total_cost")
    shown, ours = style.arms_of(rounds, arms), ax is None
    width = style.available_width(ax, width)
    columns = 1 if width < style.NARROW else 2
    room = 0.2 + style.arm_legend_height(shown, width)
    axes = style.panels(ax, 2, columns, width, 2.3, room)
    looks = style.arm_styles(shown)
    for axis, (cost, title) in zip(axes, PANELS, strict=True):
        for arm in shown:
            paths = cost_paths(rounds, arm, cost=cost, rounds_per_year=rounds_per_year)
            mean, half, _ = mean_interval(paths.to_numpy(), confidence)
            years = (paths.columns.to_numpy(float) + 1) / rounds_per_year
            style.band(axis, years, mean, half, looks[arm])
        style.dress(axis, title, "years", PER_LOT)
        axis.set_xlim(left=0)
        if baseline in shown:
            _mark_crossovers(
                axis, rounds, shown, str(baseline),
                cost=cost, rounds_per_year=rounds_per_year, confidence=confidence,
            )  # fmt: skip
    style.arm_legend(axes, ours, shown, width)
    return axes


def _mark_crossovers(
    axis: Axes,
    rounds: pd.DataFrame,
    arms: Sequence[str],
    baseline: str,
    *,
    cost: Cost,
    rounds_per_year: int,
    confidence: float,
) -> None:
    """Mark crossovers on lanes of their own below the lines, one per challenger."""
    low, high = axis.get_ylim()
    lane = (high - low) * 0.07
    horizon, lanes = axis.get_xlim()[1], 0
    for arm, look in style.arm_styles(arms).items():
        if arm == baseline:
            continue
        try:
            result = crossover(
                rounds, arm, baseline, confidence=confidence, cost=cost,
                rounds_per_year=rounds_per_year, unpaired="drop",
            )  # fmt: skip
        except ConfigError:  # no pair in common: nothing to mark
            continue
        if not np.isfinite(result.mean_round) or result.share_from_start == 1:
            continue
        lanes += 1
        height = low - lanes * lane
        year = (result.mean_round + 1) / rounds_per_year
        start = (result.mean_low + 1) / rounds_per_year
        end = min((result.mean_high + 1) / rounds_per_year, horizon)
        axis.hlines(height, start, end, color=look.color, linewidth=3.5, alpha=0.45)
        axis.plot(year, height, look.marker, color=look.color, markersize=5, zorder=6)
        axis.vlines(year, height, high, color=look.color, linewidth=0.9, linestyle=":")
        crowded = max(end, year) > 0.8 * horizon
        axis.annotate(
            f"year {year:.1f}", (min(start, year) if crowded else max(end, year), height),
            xytext=(-5 if crowded else 5, 0), ha="right" if crowded else "left", va="center",
            textcoords="offset points", fontsize=style.SMALL, color=style.INK,
        )  # fmt: skip
    axis.set_ylim(low - (lanes + 0.6 * bool(lanes)) * lane, high)
