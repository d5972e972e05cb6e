"""What all figures share: sizes, colours that survive greyscale, panels, legends, saving.

Colours are those of Okabe & Ito (2008), told apart by the common forms of colour blindness; each
goes with a line style, a marker and a hatch of its own, so that a greyscale print reads as well.
Nothing here touches Matplotlib's global state but `our_style`, which holds a lock while it does.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import GridSpecBase
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from trustsim.config.paths import path_of
from trustsim.errors import ConfigError
from trustsim.report.words.labels import in_figure, plain_arms

WIDE, COLUMN = 7.0, 3.5
"""Widths in inches: across the page, and one column (also for a phone)."""

NARROW = 5.0
"""Below this width panels are stacked."""

TEXT, SMALL = 8.0, 7.0
"""Font sizes in points."""

INK, FAINT = "#222222", "#8a8a8a"
LESS, MORE = "#0072B2", "#D55E00"
"""Colours of a saving and of an extra cost."""

Dashes = Literal["-"] | tuple[float, tuple[float, ...]]


@dataclass(frozen=True)
class ArmStyle:
    """How one arm looks in all figures."""

    color: str
    line: Dashes
    marker: str
    hatch: str


ARM_STYLES = (
    ArmStyle("#0072B2", "-", "o", ""),
    ArmStyle("#D55E00", (0, (5, 2)), "s", "////"),
    ArmStyle("#009E73", (0, (5, 1.5, 1, 1.5)), "^", "...."),
    ArmStyle("#CC79A7", (0, (1.2, 1.2)), "D", "\\\\\\\\"),
    ArmStyle("#E69F00", (0, (8, 2)), "v", "xxxx"),
    ArmStyle("#56B4E9", (0, (3, 1, 1, 1, 1, 1)), "P", "||||"),
    ArmStyle("#000000", (0, (2, 1)), "X", "----"),
    ArmStyle("#8C510A", (0, (8, 2, 2, 2)), "<", "oooo"),
    ArmStyle("#7F7F7F", "-", ">", "++++"),
    ArmStyle("#5E3C99", (0, (1, 2.5)), "*", "**"),
)

PART_COLORS = (
    "#dddddd", "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00",
    "#56B4E9", "#F0E442", "#555555", "#b2df8a", "#b39ddb", "#fbb4ae",
)  # fmt: skip
PART_HATCHES = ("", "", "////", "....", "\\\\\\\\", "", "xxxx", "----", "", "||||", "oo", "++++")
"""Looks of the parts of a stack, in order."""

FIXED: dict[Any, str | float] = {
    "svg.hashsalt": "trustsim",
    "svg.fonttype": "path",
    "hatch.linewidth": 0.5,
}
"""What differs from Matplotlib's own style wherever our figures are drawn."""

WINDOWS = ("backend", "backend_fallback", "interactive", "toolbar")
"""What Matplotlib does about windows, of which we open none; that stays the user's."""

DRAWING = threading.RLock()


def arm_styles(arms: Sequence[str]) -> dict[str, ArmStyle]:
    """Style of each arm by its place in the experiment; after ten arms styles repeat."""
    return {arm: ARM_STYLES[i % len(ARM_STYLES)] for i, arm in enumerate(arms)}


def arm_names(arms: Sequence[str], wrap: int) -> dict[str, str]:
    """Name of each arm as drawn: words, wrapped."""
    return {a: in_figure(label, wrap) for a, label in plain_arms(arms, 54).items()}


class Panels(list[Axes]):
    """The panels of a figure; a notebook shows the figure."""

    def _repr_png_(self) -> bytes:
        figure = self[0].figure.get_figure(root=True)
        assert figure is not None
        with our_style(), io.BytesIO() as file:
            figure.savefig(file, format="png", dpi=110)
            return file.getvalue()

    def __repr__(self) -> str:
        titles = ", ".join(ax.get_title(loc="left") or ax.get_title() or "untitled" for ax in self)
        return f"Panels({len(self)}: {titles})"


def arms_of(table: Any, arms: Sequence[str] | None) -> list[str]:
    """The arms to draw: those asked for that the table has, else all in order of appearance.

    Raises
    ------
    ConfigError
        If the table does not say of which arm its rows are.
    """
    if "arm" not in table:
        advice = 'add it, as in frame.assign(arm="high_trust"), or draw with outcome.plot()'
        raise ConfigError(f"the table has no column arm, which says whose rows are whose; {advice}")
    there = [str(a) for a in dict.fromkeys(table["arm"])]
    return there if arms is None else [a for a in arms if a in there]


def available_width(ax: Axes | None, width: float) -> float:
    """Width in inches of the place that a figure may use."""
    if ax is None:
        return width
    figure = ax.figure
    return float(ax.get_position().width * figure.get_figure(root=True).get_figwidth())


def panels(
    ax: Axes | None, count: int, columns: int, width: float, row_height: float, extra: float
) -> Panels:
    """Make `count` panels in rows of `columns`, in a new figure or in the place of `ax`.

    Parameters
    ----------
    ax : Axes or None
        Axes whose place is used and divided; a new figure if not given.
    count, columns : int
        Number of panels, and how many beside each other.
    width, row_height, extra : float
        Inches: width of a new figure, height of a row, height for legend and footer.
    """
    columns = max(1, min(columns, count))
    rows = -(-count // columns)
    if ax is None:
        figure = Figure(
            figsize=(width, rows * row_height + extra),
            layout=ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.06),
        )
        grid: GridSpecBase = figure.add_gridspec(rows, columns)
        owner: Figure | SubFigure = figure
    else:
        if count == 1:
            return Panels([ax])
        owner, spec, box = ax.figure, ax.get_subplotspec(), ax.get_position()
        ax.remove()
        grid = (
            spec.subgridspec(rows, columns)
            if spec is not None
            else owner.add_gridspec(
                rows, columns, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1
            )
        )
    places = (grid[i // columns, i % columns] for i in range(count))
    return Panels(owner.add_subplot(place) for place in places)


def dress(ax: Axes, title: str = "", xlabel: str = "", ylabel: str = "", grid: str = "y") -> None:
    """Give axes the common look: small type, light grid, no box."""
    ax.set_title(title, fontsize=TEXT, fontweight="bold", loc="left", color=INK)
    ax.set_xlabel(xlabel, fontsize=TEXT, color=INK)
    ax.set_ylabel(ylabel, fontsize=TEXT, color=INK)
    ax.tick_params(labelsize=SMALL, color=FAINT, labelcolor=INK)
    ax.grid(visible=True, axis=grid, color="#e3e3e3", linewidth=0.6)  # type: ignore[arg-type]
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(FAINT)


def few_ticks(ax: Axes, axis: str, most: int, whole: bool = False) -> None:
    """Limit the number of ticks so that labels do not touch; `whole` for counts."""
    which = ax.xaxis if axis == "x" else ax.yaxis
    which.set_major_locator(MaxNLocator(most, integer=whole))


def legend(
    axes: Sequence[Axes], ours: bool, handles: Sequence[Artist], labels: Sequence[str], columns: int
) -> None:
    """Put a legend above all panels of our own figure, or into the first panel of a user's."""
    looks: dict[str, Any] = {
        "fontsize": SMALL, "frameon": False, "handlelength": 2.6, "columnspacing": 1.2,
        "labelspacing": 0.35,
    }  # fmt: skip
    if ours:
        axes[0].figure.legend(
            handles, labels, loc="outside upper left", ncols=max(1, columns), **looks
        )
    else:
        axes[0].legend(handles, labels, **looks)


def arm_handles(arms: Sequence[str]) -> list[Artist]:
    """Legend entries of arms drawn as lines."""
    return [
        Line2D(
            [], [], color=s.color, linestyle=s.line, marker=s.marker, markersize=4, linewidth=1.5
        )
        for s in arm_styles(arms).values()
    ]


def arm_entries(arms: Sequence[str], width: float) -> tuple[list[str], int]:
    """Names of the arms in a legend, and in how many columns they fit into a width in inches."""
    names = list(arm_names(arms, 40).values())
    longest = max(len(line) for name in names for line in name.split("\n"))
    return names, max(1, min(len(arms), int(width / (0.062 * longest + 0.55))))


def arm_legend_height(arms: Sequence[str], width: float) -> float:
    """Inches that `arm_legend` takes."""
    names, columns = arm_entries(arms, width)
    rows = -(-len(names) // columns)
    stacks = [names[i : i + rows] for i in range(0, len(names), rows)]
    return 0.15 + 0.15 * max(sum(name.count("\n") + 1 for name in stack) for stack in stacks)


def arm_legend(axes: Sequence[Axes], ours: bool, arms: Sequence[str], width: float) -> None:
    """Put a legend of the arms, with as many columns as the names leave room for."""
    names, columns = arm_entries(arms, width)
    legend(axes, ours, arm_handles(arms), names, columns)


def band(ax: Axes, x: Iterable[float], mean: Any, half: Any, style: ArmStyle) -> None:
    """Draw a line with its interval as a band and a few markers on it."""
    positions = np.asarray(list(x), dtype=float)
    mean, half = np.asarray(mean, float), np.nan_to_num(np.asarray(half, float))
    ax.fill_between(
        positions, mean - half, mean + half, color=style.color, alpha=0.2, linewidth=0, zorder=2
    )
    ax.plot(
        positions, mean, color=style.color, linestyle=style.line, linewidth=1.4, zorder=3,
        marker=style.marker, markersize=3.6, markevery=max(1, len(positions) // 8),
    )  # fmt: skip


def footer(ax: Axes, text: str) -> None:
    """Write a line of provenance at the bottom of our own figure, below everything else."""
    figure = ax.figure.get_figure(root=True)
    assert figure is not None
    lines = in_figure(text, int(figure.get_figwidth() * 23))
    room = (0.11 * (lines.count("\n") + 1) + 0.04) / figure.get_figheight()
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0.0, room, 1.0, 1.0 - room))
    figure.text(
        0.012, 0.03 / figure.get_figheight(), lines, fontsize=5.5, color="#555555", va="bottom"
    )


def settle(figure: Figure) -> None:
    """Lay out the panels once and for all.

    The solver behind the layout leaves its last bits to chance (the order of addresses in
    memory), so places are rounded; a millionth of the figure is far below a pixel.
    """
    engine = figure.get_layout_engine()
    if engine is None:
        return
    engine.execute(figure)
    figure.set_layout_engine("none")
    for axis in figure.axes:
        axis.set_position([round(float(v), 6) for v in axis.get_position().bounds])  # type: ignore[arg-type]


@contextmanager
def our_style() -> Iterator[None]:
    """Draw and save as Matplotlib does by itself, whatever the user's ``matplotlibrc`` says."""
    usual = {key: mpl.rcParamsDefault[key] for key in mpl.rcParamsDefault if key not in WINDOWS}
    with DRAWING, mpl.rc_context({**usual, **FIXED}):
        yield


def save(ax: Axes, stem: Path, metadata: Mapping[str, str]) -> list[Path]:
    """Save the figure of `ax` as PNG and SVG with its provenance inside; same bytes every time.

    Parameters
    ----------
    ax : Axes
        Any axes of the figure.
    stem : Path
        Path without the ending.
    metadata : mapping
        Dublin Core names (Title, Creator, Source, Identifier, Description) to texts.
    """
    figure = ax.figure.get_figure(root=True)
    assert figure is not None
    stem = path_of(stem)
    png, svg = stem.with_suffix(".png"), stem.with_suffix(".svg")
    with our_style(), warnings.catch_warnings():
        # Names may be in scripts that the font lacks; the page shows them all the same.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.dpi = 200
        settle(figure)
        FigureCanvasAgg(figure).print_png(png, metadata=dict(metadata))  # type: ignore[no-untyped-call]
        figure.dpi = 72
        FigureCanvasSVG(figure).print_svg(  # type: ignore[no-untyped-call]
            svg, metadata={**metadata, "Date": None}
        )
    return [png, svg]
