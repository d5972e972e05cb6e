"""What is drawn or written, read back from Matplotlib's artists and from words; and intervals."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from scipy import stats

Floats = npt.NDArray[np.float64]


def student(values: Any, confidence: float) -> tuple[float, float]:
    """Ends of Student's interval of a mean."""
    there = np.asarray(values, float)
    low, high = stats.t.interval(
        confidence, len(there) - 1, loc=there.mean(), scale=stats.sem(there)
    )
    return float(low), float(high)


def numbers(text: str) -> list[float]:
    """All numbers in a text."""
    plain = text.replace("\N{MINUS SIGN}", "-").replace("\N{NARROW NO-BREAK SPACE}", "")
    return [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", plain)]


def last_digit(text: str) -> float:
    """Half a unit of the last decimal that is shown in a text."""
    decimals = re.search(r"\.(\d+)", text)
    return 0.5 * 10.0 ** -(len(decimals[1]) if decimals else 0) * 1.001


def whiskers(axis: Axes, along: str = "x") -> list[tuple[float, float, float]]:
    """Place, low and high end of every whisker, in the order in which they were drawn."""
    found = []
    for container in axis.containers:
        if not isinstance(container, ErrorbarContainer):
            continue
        which = 0 if along == "x" else 1
        bars = list(container.lines[2])
        for ends in bars[0 if len(bars) == 1 else which].get_segments():
            found.append((ends[0][1 - which], *sorted(ends[:, which])))
    return found


def bands(axis: Axes) -> list[dict[float, tuple[float, float]]]:
    """Low and high end at every x of each filled band, in the order in which they were drawn."""
    found = []
    for drawn in axis.collections:
        if not isinstance(drawn, PolyCollection):
            continue
        (path,) = drawn.get_paths()
        ends: dict[float, list[float]] = {}
        for x, y in np.asarray(path.vertices):
            ends.setdefault(float(x), []).append(float(y))
        found.append({x: (min(y), max(y)) for x, y in ends.items()})
    return found


def hatched(axis: Axes, hatch: str, places: Floats) -> npt.NDArray[np.bool_]:
    """Whether each place (x, y) lies in what is hatched so; holes are holes."""
    (drawn,) = (
        each
        for each in axis.collections
        if isinstance(each, QuadContourSet) and each.hatches == [hatch]
    )
    within = np.zeros(len(places), dtype=bool)
    for path in drawn.get_paths():
        for ring in path.to_polygons(closed_only=False):
            within ^= _inside(np.asarray(ring), places)
    return within


def _inside(ring: Floats, places: Floats) -> npt.NDArray[np.bool_]:
    """Whether places lie within a ring, by counting its crossings to the right of each."""
    x, y = places[:, :1], places[:, 1:]
    (x0, y0), (x1, y1) = ring.T, np.roll(ring, -1, axis=0).T
    spans = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    return np.asarray((spans & (x < crossing)).sum(axis=1) % 2 == 1)


def bars(axis: Axes) -> list[tuple[float, float, float, str, str]]:
    """Middle across, start and length of every horizontal bar, its colour and hatch, in order."""
    return [
        (
            each.get_y() + each.get_height() / 2, each.get_x(), each.get_width(),
            to_hex(each.get_facecolor()), each.get_hatch() or "",
        )
        for each in axis.patches
        if isinstance(each, Rectangle)
    ]  # fmt: skip


def legend_of(axis: Axes) -> dict[str, Artist]:
    """Return the handles of the legend of a figure of our own, by what they say."""
    (found,) = axis.figure.get_figure(root=True).legends  # type: ignore[union-attr]
    texts = [each.get_text() for each in found.get_texts()]
    return dict(zip(texts, found.legend_handles, strict=True))  # type: ignore[arg-type]


def look(artist: Artist) -> tuple[str, ...]:
    """Tell what a legend and a panel must have in common: colours, hatch, dashes, marker."""
    if isinstance(artist, Line2D):
        face = artist.get_markerfacecolor()
        dashes = str(artist._unscaled_dash_pattern) if artist.get_linestyle() != "None" else "none"  # type: ignore[attr-defined]
        marker = str(artist.get_marker())
        inner = to_hex(face) if marker in "osvD^P" and face != "none" else ""
        return (to_hex(artist.get_color()), dashes, marker, inner)  # type: ignore[arg-type]
    assert isinstance(artist, Patch)
    return (to_hex(artist.get_facecolor()), artist.get_hatch() or "")


def is_vertical(line: Line2D) -> bool:
    """Whether a line goes over the whole height at one place."""
    x, y = (np.asarray(each, float) for each in line.get_data())
    return len(x) == 2 and x[0] == x[1] and y.tolist() == [0, 1]
