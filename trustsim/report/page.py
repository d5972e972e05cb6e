"""A page of one section, for what is not the results of an experiment: a calibration.

It looks like the report, from whose template it takes style and tables, and like the report it
holds all that it shows and refers to nothing outside itself.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2

from trustsim import __version__
from trustsim.errors import ConfigError
from trustsim.experiment.files import clear_errors, written
from trustsim.report.figures.style import COLUMN, WIDE, footer, save
from trustsim.report.gallery import Picture
from trustsim.report.labels import plain
from trustsim.report.report import TEMPLATE, Embedded, Shown
from trustsim.report.sections import Section
from trustsim.report.tables import Table

PAGE = Path(__file__).with_name("page.html")


def write_page(
    folder: Path,
    name: str,
    question: str,
    section: Section,
    *,
    line: str,
    provenance: Mapping[str, str],
    parameters: Sequence[Table] = (),
) -> Path:
    """Write ``report.html`` and ``figures/`` into a folder.

    Parameters
    ----------
    folder : Path
        The folder.
    name, question : str
        Heading, and the question that the author put; the latter may be empty.
    section : Section
        What was found; its sentences are the answer.
    line : str
        Foot of every figure.
    provenance : mapping of str
        What the results are from; goes into the page and into every figure's file.
    parameters : sequence of Table
        Tables of parameters.

    Returns
    -------
    Path
        The page.
    """
    with clear_errors(folder / "figures"):
        (folder / "figures").mkdir(exist_ok=True)
        shown = [_shown(folder, name, picture, line, provenance) for picture in section.pictures]
    macros, _, report = TEMPLATE.read_text(encoding="utf-8").partition("<!doctype html>")
    style = report.partition("<style>")[2].partition("</style>")[0]
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(macros + PAGE.read_text(encoding="utf-8")).render(
        title=plain(name),
        question=question,
        section=section,
        shown=shown,
        style=style,
        parameters=parameters,
        provenance=Table("Provenance", ("what", "value"), tuple(provenance.items())),
        version=__version__,
    )
    path = folder / "report.html"
    with written(path) as file:
        file.write(page.encode("utf-8"))
    return path


def _shown(
    folder: Path, name: str, picture: Picture, line: str, provenance: Mapping[str, str]
) -> Shown:
    """Draw and save a figure at both widths."""
    metadata = {
        "Title": f"{plain(name)}: {picture.title}",
        "Creator": f"trustsim {provenance['model version']}",
        "Source": plain(name),
        "Identifier": f"digest {provenance['digest']}",
        "Description": "; ".join(f"{key} {value}" for key, value in provenance.items()),
    }
    drawn = {}
    for width, ending in ((WIDE, ""), (COLUMN, "_column")):
        try:
            axes = picture.draw(width)
        except ConfigError as error:
            return Shown(picture, reason=str(error))
        footer(axes[0], line)
        png, _ = save(axes[0], folder / "figures" / f"{picture.name}{ending}", metadata)
        drawn[width] = _embedded(png)
    return Shown(picture, drawn[WIDE], drawn[COLUMN])


def _embedded(png: Path) -> Embedded:
    content = png.read_bytes()
    width, height = struct.unpack(">II", content[16:24])  # the header of every PNG
    return Embedded(base64.b64encode(content).decode("ascii"), width, height)
