"""How the interval of a difference shrank with the replications, with and without shared luck."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import in_figure, measure_unit, number

PAIRED = "shared luck (as run)"
APART = "independent seeds"
WANTED = "asked for"
LOOKED = "looks"
DASHED: style.Dashes = (0, (4, 2))
DOTTED: style.Dashes = (0, (1, 1))


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
    """Draw the half-width of the interval of each difference as replications are added.

    Both scales are logarithmic, so that the distance to the right from one line to the other tells
    how many times as many replications independent seeds take.

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
        Replications at which somebody looked, to be marked; if there are several, what was before
        the first one is not drawn.
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
    columns = 1 if width < style.NARROW else min(2, len(challengers))
    goals = {} if targets is None else {a: t for a, t in targets.items() if math.isfinite(t)}
    handles, labels = _entries(bool(goals), bool(looks))
    beside = 2 if width < style.NARROW else len(labels)
    room = 0.25 + 0.16 * math.ceil(len(labels) / beside)
    axes = style.panels(ax, len(challengers), columns, width, 2.1, room)
    colors = style.arm_styles([baseline, *challengers] if arms is None else arms)
    names = style.arm_names([baseline, *challengers], 40)
    since = looks[0] if len(looks) > 1 else 0
    unit = in_figure(measure_unit(measure))
    scale = f"half-width\n({unit})" if unit else "half-width"
    for place, (axis, arm) in enumerate(zip(axes, challengers, strict=True)):
        path = paths[(paths["arm"] == arm) & (paths["replications"] >= since)]
        path = path[np.isfinite(path[interval]) & (path[interval] > 0)]
        axis.set(xscale="log", yscale="log")
        if len(path):
            _draw(axis, path, interval, colors[arm], goals.get(arm), looks)
        lowest = place >= len(challengers) - columns
        style.dress(
            axis,
            f"{names[arm]}\nminus {names[baseline]}",
            "replications" if lowest else "",
            scale if place % columns == 0 else "",
        )
        _logarithmic(axis)
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
    x, half = path["replications"].to_numpy(float), path[interval].to_numpy(float)
    gain = path["ratio"].to_numpy(float)
    apart = half * np.sqrt(np.where(np.isfinite(gain), gain, 1.0))
    axis.fill_between(x, half, apart, color=look.color, alpha=0.15, linewidth=0)
    axis.plot(x, apart, color=look.color, linewidth=1.3, linestyle=DASHED)
    axis.plot(x, half, color=look.color, linewidth=1.8, zorder=3)
    if goal:
        axis.axhline(goal, color=style.INK, linewidth=1.3, linestyle=DOTTED)
    seen = path[path["replications"].isin(looks)]
    if len(seen):
        axis.plot(
            seen["replications"], seen[interval], "D", color=style.INK, markersize=4, zorder=5,
            linestyle="none", clip_on=False,
        )  # fmt: skip
    axis.set_xlim(float(x[0]), max(float(x[-1]), float(x[0]) + 1) * 1.03)


def _logarithmic(axis: Axes) -> None:
    """Put both axes on logarithmic scales with plain numbers."""
    for side, (low, high) in ((axis.xaxis, axis.get_xlim()), (axis.yaxis, axis.get_ylim())):
        wide = high > 8 * low
        side.set_major_locator(LogLocator(subs=(1, 2, 5) if wide else (1, 2, 3, 4, 6, 8)))
        side.set_minor_formatter(NullFormatter())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 0)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.tick_params(which="minor", color=style.FAINT)


def _entries(target: bool, looks: bool) -> tuple[list[Artist], list[str]]:
    shown: list[tuple[str, dict[str, Any]]] = [
        (PAIRED, {"linewidth": 1.8}),
        (APART, {"linewidth": 1.3, "linestyle": DASHED}),
    ]
    if target:
        shown.append((WANTED, {"linewidth": 1.3, "linestyle": DOTTED}))
    if looks:
        shown.append((LOOKED, {"linestyle": "none", "marker": "D", "markersize": 4}))
    handles: list[Artist] = [Line2D([], [], color=style.INK, **kinds) for _, kinds in shown]
    labels = [label for label, _ in shown]
    return handles, labels
