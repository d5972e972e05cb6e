"""The command that holds the market against what is known: validate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trustsim.commands.options import FAILED, Jobs, Quiet, expanded
from trustsim.commands.screen import say


def validate(
    *,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="PART,...",
            help="Of known, signs, published, or single published results, as in P3,P4.",
            show_default="all",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Published results with many runs, not with few.")
    ] = False,
    jobs: Jobs = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the page.", show_default="results/validate", callback=expanded
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Hold the model against known answers, the signs of theory, and published results."""
    from trustsim.commands.progress import part_lines
    from trustsim.report.validation_page import lines, refuse_results, write_validation
    from trustsim.validation.validate import validate as validated

    folder = refuse_results(out or Path("results/validate"))
    found = validated(only, jobs, full=full, progress=None if quiet else part_lines)
    say(*lines(found))
    say(f"page: {write_validation(folder, found)}")
    if not found.sound:
        raise typer.Exit(FAILED)
