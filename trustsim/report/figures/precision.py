"""How the interval of a difference shrank with the replications, with and without shared luck."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.labels import in_figure, measure_label, measure_unit, number

PAIRED = "shared luck (as run)"
APART = "independent seeds"
WANTED = "wanted: the interval fits in"
LOOKED = "looks"
CLOSEST = 5.0
"""Half-widths with independent seeds, at the end of the path, that the axis shows at least."""


def interval_by_replications(
    paths: pd.DataFrame,
    ax: Axes | None = None,
    *,
    baseline: str,
    arms: Sequence[str] | None = None,
    measure: str = "total_cost",
    interval: str = "student",
    targets: Mapping[str, float] | None = None,
    looks: Sequence[int] = (),
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw the mean paired difference and its interval as replications are added.

    Parameters
    ----------
    paths : DataFrame
        Rows of `trustsim.analysis.precision.shrinking` with a column ``arm`` more.
    ax : Axes, optional
        Place to use; a new figure if not given.
    baseline : str
        The arm that the others are compared with.
    arms : sequence of str, optional
        All arms in their order, which decides their colours; those of the table if not given.
    measure : str
        What is compared.
    interval : {"student", "sequence"}
        Which half-width is drawn.
    targets : mapping, optional
        Half-width wanted by arm, in the measure's unit.
    looks : sequence of int
        Replications at which somebody looked, to be marked.
    width : float
        Inches of a new figure.

    Returns
    -------
    list of Axes
        One per challenger, each with a scale of its own.
    """
    challengers = style.arms_of(paths, arms)
    if not challengers:
        raise ConfigError(f'there is no arm to compare with "{baseline}"')
    ours = ax is None
    width = style.available_width(ax, width)
    columns = 1 if width < style.NARROW else 2
    goals = {} if targets is None else {a: t for a, t in targets.items() if math.isfinite(t)}
    handles, labels = _entries(bool(goals), bool(looks))
    beside = 2 if columns == 1 else len(labels)
    room = 0.25 + 0.16 * math.ceil(len(labels) / beside)
    axes = style.panels(ax, len(challengers), columns, width, 2.0, room)
    colors = style.arm_styles([baseline, *challengers] if arms is None else arms)
    names = style.arm_names([baseline, *challengers], 60 if columns == 1 else 40)
    unit = measure_unit(measure)
    scale = in_figure(measure_label(measure), 32) + (f"\n({in_figure(unit)})" if unit else "")
    for place, (axis, arm) in enumerate(zip(axes, challengers, strict=True)):
        path = paths[(paths["arm"] == arm) & np.isfinite(paths[interval])]
        if len(path):
            _draw(axis, path, interval, colors[arm], goals.get(arm), looks)
        lowest = place >= len(challengers) - columns
        style.dress(
            axis,
            f"{names[arm]} minus {names[baseline]}",
            "replications" if lowest else "",
            scale if place % columns == 0 else "",
        )
        style.few_ticks(axis, "y", 5)
        _replications(axis, path["replications"])
    style.legend(axes, ours, handles, labels, beside)
    return axes


def _draw(
    axis: Axes,
    path: pd.DataFrame,
    interval: str,
    look: style.ArmStyle,
    goal: float | None,
    looks: Sequence[int],
) -> None:
    x, mean = path["replications"].to_numpy(float), path["mean"].to_numpy(float)
    half = path[interval].to_numpy(float)
    gain = path["ratio"].to_numpy(float)
    apart = half * np.sqrt(np.where(np.isfinite(gain), gain, 1.0))
    end = float(mean[-1])
    axis.fill_between(
        x, mean - half, mean + half, color=look.color, alpha=0.3, linewidth=0, zorder=2
    )
    for side in (-1, 1):
        axis.plot(x, mean + side * apart, color=style.INK, linewidth=1.0, linestyle=(0, (3, 2)))
    axis.plot(x, mean, color=look.color, linewidth=1.5, zorder=4)
    seen = path[path["replications"].isin(looks)]
    axis.plot(
        seen["replications"], seen["mean"], "D", color=style.INK, markersize=3.6, zorder=5,
        linestyle="none",
    )  # fmt: skip
    widest = CLOSEST * max(float(apart[-1]), float(half[-1]), goal or 0.0)
    reach = min(1.05 * float(np.max(np.maximum(apart, half))), widest)
    if goal is not None:
        for side in (-1, 1):
            axis.axhline(end + side * goal, color=style.INK, linewidth=1.2, linestyle=(0, (1, 1)))
        reach = max(reach, 1.5 * goal)
    if reach > 0:
        axis.set_ylim(end - reach, end + reach)
    if abs(end) < reach:
        axis.axhline(0, color=style.FAINT, linewidth=0.8, zorder=1)


def _replications(axis: Axes, numbers: pd.Series) -> None:
    """Put replications on a logarithmic axis with plain numbers."""
    axis.set_xscale("log")
    if len(numbers) and numbers.iloc[0] < numbers.iloc[-1]:
        axis.set_xlim(float(numbers.iloc[0]), float(numbers.iloc[-1]) * 1.02)
    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 0)))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.tick_params(which="minor", color=style.FAINT)


def _entries(target: bool, looks: bool) -> tuple[list[Artist], list[str]]:
    handles: list[Artist] = [
        Patch(color=style.FAINT, alpha=0.5, linewidth=0),
        Line2D([], [], color=style.INK, linewidth=1.0, linestyle=(0, (3, 2))),
    ]
    labels = [PAIRED, APART]
    if target:
        handles.append(Line2D([], [], color=style.INK, linewidth=1.2, linestyle=(0, (1, 1))))
        labels.append(WANTED)
    if looks:
        handles.append(
            Line2D([], [], color=style.INK, marker="D", markersize=3.6, linestyle="none")
        )
        labels.append(LOOKED)
    return handles, labels
