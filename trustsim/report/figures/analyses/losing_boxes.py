"""Where one arm loses: the boxes along the parameters' ranges, and how they were come by."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from trustsim.analysis.discovery.boxes import Restriction
from trustsim.analysis.discovery.losses import Discovery
from trustsim.config.dimensions import Dimension
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.boxes import restriction_words
from trustsim.report.words.labels import in_figure, number, plain

BOX_LOOKS = ((style.MORE, "////"), ("#E69F00", "...."), ("#8C510A", "\\\\\\\\"))
PERCENT = FuncFormatter(lambda share, _: f"{number(100 * share, 0)}\N{NO-BREAK SPACE}%")


def losing_boxes(
    result: Discovery, ax: Axes | None = None, *, width: float = style.WIDE
) -> list[Axes]:
    """Draw what each box asks of each parameter, and coverage against density of the peeling.

    Left (or above): a bar is the part of a parameter's range within the box, the thin line the
    whole range of the design, the whisker how far the limit moves between halves of the points.
    Right (or below): every box on the way from all points to the densest few; a circle is the box
    chosen, a cross the same on points that it was not found on. Returns the axes.

    Raises
    ------
    ConfigError
        If there are no boxes.
    """
    if not result.boxes:
        raise ConfigError(f'no box was found; the verdict is "{result.verdict}"')
    width = style.available_width(ax, width)
    narrow = width < style.NARROW
    rows = [
        (place, restriction)
        for place, box in enumerate(result.boxes)
        for restriction in box.restrictions
    ]
    height = max(2.2, 0.9 + 0.36 * len(rows))
    axes = style.panels(ax, 2, 1 if narrow else 2, width, height, 0.3)
    _ranges(axes[0], rows, len(result.boxes), 16 if narrow else 18)
    _path(axes[1], result)
    return axes


def _ranges(ax: Axes, rows: Sequence[tuple[int, Restriction]], boxes: int, wrap: int) -> None:
    for row, (place, restriction) in enumerate(rows):
        dimension = restriction.dimension
        color, hatch = BOX_LOOKS[place % len(BOX_LOOKS)]
        ax.plot([0, 1], [row, row], color=style.FAINT, linewidth=0.8, zorder=1)
        for left, right in _parts(restriction):
            ax.barh(
                row, right - left, left=left, height=0.42, color=color, hatch=hatch,
                edgecolor="white", linewidth=0.3, zorder=2,
            )  # fmt: skip
        spread = [_share(dimension, end) for end in restriction.spread]
        if all(math.isfinite(end) for end in spread):
            ax.plot(
                spread, [row, row], color=style.INK, linewidth=1.4, marker="|", markersize=6,
                zorder=3,
            )  # fmt: skip
        words = restriction_words(restriction).removeprefix(plain(dimension.label)).strip()
        ax.annotate(
            in_figure(words), (0.5, row - 0.27), ha="center", va="bottom", fontsize=6.5,
            color=style.INK,
        )  # fmt: skip
    labels = [
        (f"{place + 1}: " if boxes > 1 else "") + plain(r.dimension.label) for place, r in rows
    ]
    ax.set_yticks(range(len(rows)), [in_figure(label, wrap) for label in labels])
    style.dress(ax, "What the boxes ask", "range of the design", grid="x")
    ax.set_ylim(len(rows) - 0.4, -0.75)
    ax.set_xlim(-0.02, 1.02)
    ax.set_xticks([0, 1], ["lowest", "highest"])


def _parts(restriction: Restriction) -> list[tuple[float, float]]:
    """Parts of the unit interval that a restriction leaves."""
    dimension = restriction.dimension
    if restriction.kept:
        names = [str(value) for value in dimension.values]
        places = [names.index(kept) for kept in restriction.kept]
        return [(place / len(names), (place + 1) / len(names)) for place in places]
    low, high = (_share(dimension, end) for end in (restriction.low, restriction.high))
    low, high = max(0.0, low), min(1.0, high)
    thin = 0.02 if high - low < 0.02 else 0.0
    return [(max(0.0, low - thin), min(1.0, high + thin))]


def _share(dimension: Dimension, value: float) -> float:
    """Place of a value within its parameter's range, 0 to 1."""
    low, high = dimension.low, dimension.high
    if dimension.kind != "choice" and not math.isfinite(low + high):
        low, high = (float(end(dimension.values)) for end in (min, max))
    if math.isinf(value):
        return 0.0 if value < 0 else 1.0
    if dimension.scale == "log" and low > 0:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return (value - low) / (high - low)


def _path(ax: Axes, result: Discovery) -> None:
    path, first, held_out = result.path, result.boxes[0], result.held_out[0]
    ax.plot(
        path["coverage"], path["density"], color=style.LESS, linewidth=1.0, marker="o",
        markersize=2.2, zorder=2,
    )  # fmt: skip
    ax.axhline(result.asked, color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    ax.axhline(result.share, color=style.FAINT, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1)
    for value, words in ((result.asked, "asked for"), (result.share, "all points")):
        ax.annotate(
            words, (0.0, value), xytext=(2, 2), textcoords="offset points", fontsize=6.5,
            color=style.INK,
        )  # fmt: skip
    shown = [(first.coverage, first.density, "box 1", "o", "none")]
    if np.isfinite(held_out.density):
        shown.append((held_out.coverage, held_out.density, "held out", "x", style.MORE))
    for coverage, density, words, marker, face in shown:
        chosen = marker == "o"
        ax.plot(
            coverage, density, marker=marker, color=style.MORE, markersize=7, zorder=4,
            markerfacecolor=face, markeredgewidth=1.5,
        )  # fmt: skip
        ax.annotate(
            words, (coverage, density), xytext=(6, 5) if chosen else (-6, -9),
            textcoords="offset points", ha="left" if chosen else "right", fontsize=6.5,
            color=style.INK, zorder=5,
        )  # fmt: skip
    style.dress(
        ax, "How box 1 was found", "coverage: share of the losing points within",
        "density: share\nthat is losing", grid="both",
    )  # fmt: skip
    ax.set_xlim(-0.02, 1.12)
    ax.set_ylim(0, 1.05)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    for which in (ax.xaxis, ax.yaxis):
        which.set_major_formatter(PERCENT)
