"""A page of one section, for what is no experiment's results: a calibration, a validation.

It looks like the report, with which it shares style, tables and figures, and like the report it
holds all that it shows and refers to nothing outside itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from trustsim import __version__
from trustsim.config.paths import path_of
from trustsim.errors import clear_errors
from trustsim.experiment.storage.files import written
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table
from trustsim.report.words.labels import plain
from trustsim.report.writing import PAGES, show


def write_page(
    folder: Path,
    name: str,
    question: str,
    section: Section,
    *,
    line: str,
    provenance: Mapping[str, str],
    parameters: Sequence[Table] = (),
    page_name: str = "report.html",
) -> Path:
    """Write the page, and ``figures/`` if there are any, into a folder.

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
    page_name : str
        Name of the page in the folder.

    Returns
    -------
    Path
        The page.
    """
    folder = path_of(folder)
    metadata = {
        "Creator": f"trustsim {provenance['model version']}",
        "Source": plain(name),
        "Identifier": f"digest {provenance['digest']}",
        "Description": "; ".join(f"{key} {value}" for key, value in provenance.items()),
    }
    with clear_errors(folder / "figures"):
        shown = [
            show(folder, each, line, {"Title": f"{plain(name)}: {each.title}", **metadata})
            for each in section.pictures
        ]
    page = PAGES.get_template("page.html").render(
        title=plain(name),
        question=question,
        section=section,
        shown=shown,
        parameters=parameters,
        provenance=Table("Provenance", ("what", "value"), tuple(provenance.items())),
        version=__version__,
    )
    path = folder / page_name
    with written(path) as file:
        file.write(page.encode("utf-8"))
    return path
