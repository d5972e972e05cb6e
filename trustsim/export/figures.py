"""Figures as journals take them: PDF, EPS or TIFF at a width and a size of type that are stated.

Fonts are embedded as outlines (type 42). EPS knows no transparency: what lets something shine
through is mixed with white before. The same results give the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import matplotlib as mpl
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text
from pydantic import Field

from trustsim.errors import clear_errors, known
from trustsim.experiment.storage.files import written
from trustsim.report.figures import style
from trustsim.report.results import Reported
from trustsim.report.sections.gallery import pictures
from trustsim.schema.translation import allowing, read

KINDS = ("pdf", "eps", "tiff")
DOTS = 600
"""Dots an inch of a TIFF: what journals ask of line art with type."""

Width = Annotated[float, Field(ge=1.0, le=12.0), allowing("a width from 1 to 12 inches")]
Points = Annotated[float, Field(ge=4.0, le=24.0), allowing("a size from 4 to 24 points")]


def write_figures(
    results: Reported,
    out: Path,
    kind: str,
    *,
    names: Collection[str] = (),
    width: float = style.WIDE,
    points: float = style.TEXT,
) -> list[Path]:
    """Write figures of the report into files for a paper.

    Parameters
    ----------
    results : Reported
        The results folder.
    out : Path
        Where the files go; made if it is not there.
    kind : {"pdf", "eps", "tiff"}
    names : collection of str
        Some of the figures, by the names of their files; all if empty.
    width : float
        Inches, 1 to 12; a column of most journals has 3.5.
    points : float
        Size of the type of titles and axes, 4 to 24.

    Raises
    ------
    ConfigError
        For an unknown kind or figure, a number out of bounds, or a figure that needs a table that
        is not there.
    """
    known(kind, KINDS, f"--format '{kind}': no such format of figures")
    width, points = read(Width, width, "--width"), read(Points, points, "--points")
    there = {picture.name: picture for picture in pictures(results)}
    for name in names:
        known(name, there, f"--figures '{name}': no such figure of these results")
    paths = []
    with clear_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        for name in names or there:
            with style.our_style(), mpl.rc_context({"pdf.fonttype": 42, "ps.fonttype": 42}):
                axes = there[name].draw(width)
                figure = axes[0].figure.get_figure(root=True)
                assert isinstance(figure, Figure)
                paths.append(save(figure, out / f"{name}.{kind}", points / style.TEXT))
    return paths


def save(figure: Figure, path: Path, larger: float = 1.0) -> Path:
    """Save a figure in the format of its path's ending, with type that is so much larger."""
    for text in figure.findobj(Text):
        if isinstance(text, Text):
            text.set_fontsize(float(text.get_fontsize()) * larger)
    kind = path.suffix.removeprefix(".")
    if kind == "eps":
        for artist in figure.findobj():
            _make_opaque(artist)
            if isinstance(artist, Text) and (box := artist.get_bbox_patch()) is not None:
                _make_opaque(box)
    style.settle(figure)
    buffer = io.BytesIO()
    options: dict[str, Any] = {"pdf": {"metadata": {"CreationDate": None}}}.get(kind, {})
    if kind == "tiff":
        options = {"dpi": DOTS, "pil_kwargs": {"compression": "tiff_lzw"}}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(buffer, format=kind, **options)
    content = buffer.getvalue()
    if kind == "eps":
        content = re.sub(rb"(?m)^%%(CreationDate|Title):.*\n", b"", content)
    with written(path) as file:
        file.write(content)
    return path


def _make_opaque(artist: Any) -> None:
    """Mix the colours of an artist that lets something shine through with white."""
    alpha = artist.get_alpha()
    share = 1.0 if alpha is None else float(alpha)
    for what in ("facecolor", "edgecolor", "color", "markerfacecolor"):
        ask, put = (getattr(artist, f"{verb}_{what}", None) for verb in ("get", "set"))
        if ask is None or put is None or (what == "color" and hasattr(artist, "get_facecolor")):
            continue
        given = ask()
        several = getattr(given, "ndim", 1) == 2
        colours = [to_rgba(each) for each in (given if several else [given])]
        mixed = [_over_white(each, share if alpha is not None else each[3]) for each in colours]
        if any(each[3] == 0.0 for each in colours):  # nothing is drawn there
            continue
        if mixed != colours:
            artist.set_alpha(None)
            put(mixed if several else mixed[0])


def _over_white(colour: tuple[float, ...], share: float) -> tuple[float, ...]:
    return (*(1.0 - share * (1.0 - part) for part in colour[:3]), 1.0)
