"""Where one arm loses: a map of who wins over two parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from trustsim.analysis.discovery.boxes import LosingBox
from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.discovery.who_wins import Axis, WhoWins, who_wins
from trustsim.analysis.pairs import Floats
from trustsim.config.dimensions import Dimension
from trustsim.report.figures import style
from trustsim.report.words.boxes import joined, restriction_words
from trustsim.report.words.labels import in_figure, measure_label, measure_unit, number, plain

TINTS = LinearSegmentedColormap.from_list(
    "who wins",
    [
        (0.0, "#3f8fc4"), (0.25, "#94c3e2"), (0.5, "#e3f0f8"),
        (0.5, "#fdecdf"), (0.75, "#f3bd94"), (1.0, "#e08a4f"),
    ],
)  # fmt: skip
"""From the challenger's saving to its extra cost, with a step where the sign turns; light, so that
points and numbers on it can be read."""

BOX_DASHES: tuple[style.Dashes, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.2)))
MOST_LEVELS = 7


def who_wins_map(
    result: Discovery,
    ax: Axes | None = None,
    *,
    surface: WhoWins | None = None,
    x: str | None = None,
    y: str | None = None,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw the mean difference over two parameters, with the line where the sign turns.

    Parameters
    ----------
    found : Discovery
        What was found.
    ax : Axes, optional
        Where to draw.
    surface : WhoWins, optional
        The surface, if it has been fitted already.
    x, y : str, optional
        Parameters of the axes; see `trustsim.analysis.discovery.who_wins.who_wins`.
    width : float
        Inches.

    Returns
    -------
    list of Axes
        One. Points underneath are design points with all other parameters as they come, hatched is
        where the challenger clearly loses, dotted where the sign is not clear, and the outlines
        are the boxes that restrict one of the two parameters.
    """
    fitted = who_wins(result, x, y) if surface is None else surface
    width = style.available_width(ax, width)
    narrow = width < style.NARROW
    axes = style.panels(ax, 1, 1, width, 3.1 if narrow else 4.3, 1.15 if narrow else 0.75)
    axis = axes[0]
    _surface(axis, fitted)
    _points(axis, result, fitted, 2.5 if narrow else 5.0)
    outlined = [
        place for place, box in enumerate(result.boxes) if _outline(axis, fitted, box, place)
    ]
    label = measure_label(result.measure)
    unit = measure_unit(result.measure)
    title = f"{plain(result.challenger)} minus {plain(result.baseline)}: {label.lower()}"
    style.dress(
        axis,
        in_figure(title + (f" ({unit})" if unit else ""), int((width - 0.7) * 13)),
        axis_words(fitted.x.dimension, width - 0.9),
        axis_words(fitted.y.dimension, 2.8 if narrow else 4.0),
        grid="both",
    )
    axis.grid(visible=False)
    for which, side in ((fitted.x, "x"), (fitted.y, "y")):
        scale_axis(axis, side, which)
    _legend(axes, ax is None, result, fitted, outlined, narrow)
    return axes


def axis_words(dimension: Dimension, width: float) -> str:
    """Label of an axis: the parameter and its unit, wrapped at a width in inches."""
    label = plain(dimension.label)
    unit = "share" if "_mix." in dimension.path else dimension.unit
    return in_figure(label if unit == "share" else f"{label} ({unit})", int(width * 16))


def scale_axis(ax: Axes, side: str, axis: Axis) -> None:
    """Give one side of a figure the range, scale and ticks of a parameter."""
    which = ax.xaxis if side == "x" else ax.yaxis
    if axis.log:
        (ax.set_xscale if side == "x" else ax.set_yscale)("log")
        decades = math.log10(axis.high / axis.low)
        which.set_major_locator(
            LogLocator(subs=(1.0, 2.0, 5.0) if decades < 3 else (1.0,), numticks=20)
        )
        which.set_minor_locator(NullLocator())
        which.set_major_formatter(
            FuncFormatter(lambda value, _: number(value, max(0, -math.floor(math.log10(value)))))
        )
    elif axis.columns and axis.high - axis.low <= 10:
        which.set_major_locator(FixedLocator(list(np.arange(axis.low + 0.5, axis.high))))
    else:
        which.set_major_locator(MaxNLocator(6, integer=axis.dimension.kind == "integer"))
    (ax.set_xlim if side == "x" else ax.set_ylim)(axis.low, axis.high)


def _surface(ax: Axes, fitted: WhoWins) -> None:
    x, y, difference, half = fitted.grid()
    above = difference - fitted.threshold
    reach = float(np.abs(above).max()) or 1.0
    ax.contourf(x, y, above, levels=list(np.linspace(-reach, reach, 41)), cmap=TINTS, zorder=0)
    _hatched(ax, x, y, above > half, "////")
    _hatched(ax, x, y, np.abs(above) <= half, "....")
    levels = MaxNLocator(MOST_LEVELS).tick_values(difference.min(), difference.max())
    others = [v for v in levels if abs(v - fitted.threshold) > 1e-12]
    lines = ax.contour(
        x, y, difference, levels=others, colors=style.INK, linewidths=0.5, linestyles="solid",
        zorder=3,
    )  # fmt: skip
    turn = ax.contour(
        x, y, difference, levels=[fitted.threshold], colors="black", linewidths=2.0,
        linestyles="solid", zorder=4,
    )  # fmt: skip
    places = max(0, -math.floor(math.log10(levels[1] - levels[0]) + 1e-9))
    for drawn in (lines, turn):
        texts = ax.clabel(
            drawn, fontsize=6, inline=True, inline_spacing=2, fmt=lambda v: number(v, places)
        )
        for text in texts:
            text.set_zorder(6)


def _hatched(ax: Axes, x: Floats, y: Floats, where: np.ndarray, hatch: str) -> None:
    """Hatch the part of the map where something holds, without filling it."""
    if where.any():
        drawn = ax.contourf(
            x, y, where.astype(float), levels=[0.5, 1.5], colors="none", hatches=[hatch], zorder=1
        )
        drawn.set_edgecolor("#9a9a9a")
        drawn.set_linewidth(0.0)


def _points(ax: Axes, result: Discovery, fitted: WhoWins, size: float) -> None:
    table = result.points
    x, y = (
        _apart(table[axis.dimension.path].to_numpy(float), axis, seed)
        for seed, axis in enumerate((fitted.x, fitted.y))
    )
    loses = table["loses"].to_numpy(bool)
    ax.scatter(
        x[~loses], y[~loses], s=size, facecolors="white", edgecolors="#0b4a75",
        linewidths=0.35, zorder=2, rasterized=True,
    )  # fmt: skip
    ax.scatter(
        x[loses], y[loses], s=size, facecolors="#5c2a00", linewidths=0, marker="s",
        zorder=2, rasterized=True,
    )  # fmt: skip


def _apart(values: Floats, axis: Axis, seed: int) -> Floats:
    """Whole numbers spread over their column, so that points do not hide each other."""
    if not axis.columns:
        return values
    return values + np.random.default_rng(seed).uniform(-0.35, 0.35, len(values))


def _outline(ax: Axes, fitted: WhoWins, box: LosingBox, place: int) -> bool:
    """Draw a box on the map, if it restricts one of the two parameters."""
    limits = {r.dimension.path: r for r in box.restrictions}
    if not {fitted.x.dimension.path, fitted.y.dimension.path} & set(limits):
        return False
    ends = []
    for axis in (fitted.x, fitted.y):
        mine = limits.get(axis.dimension.path)
        aside = 0.5 if axis.columns else 0.0
        low = axis.low if mine is None or mine.low == -math.inf else mine.low - aside
        high = axis.high if mine is None or mine.high == math.inf else mine.high + aside
        ends.append((low, high))
    (left, right), (bottom, top) = ends
    ax.add_patch(
        Rectangle(
            (left, bottom), right - left, top - bottom, fill=False, edgecolor="black",
            linewidth=1.3, linestyle=BOX_DASHES[place % len(BOX_DASHES)], zorder=5, clip_on=False,
        )
    )  # fmt: skip
    return True


def _legend(
    axes: Sequence[Axes],
    ours: bool,
    result: Discovery,
    fitted: WhoWins,
    outlined: Sequence[int],
    narrow: bool,
) -> None:
    name = in_figure(plain(result.challenger, 20))
    costs = result.measure == "total_cost" or result.measure.startswith("cost_")
    less, more = ("cheaper", "dearer") if costs else ("lower", "higher")
    handles: list[Artist] = [
        Patch(facecolor="#94c3e2", edgecolor="#9a9a9a", linewidth=0.3),
        Patch(facecolor="#f3bd94", edgecolor="#9a9a9a", hatch="////", linewidth=0.3),
        Patch(facecolor="white", edgecolor="#9a9a9a", hatch="....", linewidth=0.3),
        Line2D([], [], color="black", linewidth=2.0),
        Line2D(
            [], [], marker="o", color="none", markerfacecolor="white", markeredgecolor="#0b4a75",
            markersize=3.5, markeredgewidth=0.5,
        ),
        Line2D(
            [], [], marker="s", color="none", markerfacecolor="#5c2a00", markersize=3,
            markeredgewidth=0,
        ),
    ]  # fmt: skip
    texts = [
        f"{name} {less}",
        f"{name} {more}",
        "not clear which",
        "no difference" if result.threshold == 0 else "the threshold",
        f"a market: {less}",
        f"a market: {more}",
    ]
    for place in outlined:
        handles.append(
            Line2D([], [], color="black", linewidth=1.3, linestyle=BOX_DASHES[place % 3])
        )
        texts.append(_box_label(result.boxes[place], place, fitted, 20 if narrow else 34))
    style.legend(axes, ours, handles, texts, 2 if narrow else 3)


def _box_label(box: LosingBox, place: int, fitted: WhoWins, wrap: int) -> str:
    """Number of a box, and what it asks of parameters that are not on the map."""
    drawn = {fitted.x.dimension.path, fitted.y.dimension.path}
    others = [restriction_words(r) for r in box.restrictions if r.dimension.path not in drawn]
    label = f"box {place + 1}" + (f", if {joined(others)}" if others else "")
    return in_figure(label, wrap)
