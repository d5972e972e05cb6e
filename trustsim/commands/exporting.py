"""Commands for papers: export tables, a comparison and figures; say how to cite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from trustsim.commands.options import Confidence, Folder, expanded
from trustsim.commands.screen import say


def export(
    folder: Folder,
    *,
    kind: Annotated[
        str, typer.Option("--format", help="One of csv, xlsx, dta, tex, bib, pdf, eps, tiff.")
    ] = "csv",
    tables: Annotated[
        str | None,
        typer.Option(help="Tables, with commas between.", show_default="all that are kept"),
    ] = None,
    figures: Annotated[
        str | None, typer.Option(help="Figures, with commas between.", show_default="all")
    ] = None,
    arms: Annotated[
        str | None,
        typer.Option(help="The arms that are compared, A,B.", show_default="each, baseline"),
    ] = None,
    measures: Annotated[
        str | None, typer.Option(help="Measures, with commas between.", show_default="all")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Columns of the comparison.", show_default="means, difference, interval"),
    ] = None,
    width: Annotated[float, typer.Option(help="Width of a figure, inches.")] = 7.0,
    points: Annotated[float, typer.Option(help="Size of the type in a figure, points.")] = 8.0,
    confidence: Confidence = 0.95,
    out: Annotated[
        Path | None,
        typer.Option(help="Where the files go.", show_default="DIR/export", callback=expanded),
    ] = None,
) -> None:
    """Write tables, a comparison, figures or a citation of results for a paper."""
    from trustsim.commands.analyses import results_in
    from trustsim.export.writing import FIGURES, TEXTS, write

    options: dict[str, Any] = {}
    names = tables
    if kind in FIGURES:
        names, options = figures, {"width": width, "points": points}
    elif kind == "tex":
        names, options = measures, {"arms": _split(arms), "columns": _split(columns)}
        options["confidence"] = confidence
    elif kind in TEXTS:
        names = None
    results = results_in(folder)
    paths = write(
        results, folder / "export" if out is None else out, kind, _split(names), **options
    )
    say(*(f"wrote {path}" for path in paths))


def cite(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Results folder.", show_default=False, callback=expanded),
    ] = None,
    bibtex: Annotated[bool, typer.Option("--bibtex", help="As an entry of BibTeX.")] = False,
) -> None:
    """Say how to cite trustsim, and the results of a folder with their digest."""
    from trustsim.export import citing

    manifest = None
    if folder is not None:
        from trustsim.commands.analyses import results_in

        manifest = results_in(folder).manifest
    said = citing.bibtex(manifest) if bibtex else citing.sentence(manifest)
    say(*said.splitlines())


def _split(names: str | None) -> tuple[str, ...]:
    return tuple(each.strip() for each in (names or "").split(",") if each.strip())
