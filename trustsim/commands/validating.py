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
        typer.Option(help="Only known answers or only signs.", show_default="known and signs"),
    ] = None,
    jobs: Jobs = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the page.", show_default="results/validate", callback=expanded
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Hold the market against known answers and against the signs that theory gives."""
    from trustsim.commands.progress import part_lines
    from trustsim.report.validation_page import lines, write_validation
    from trustsim.validation.validate import validate as validated

    found = validated(only, jobs, progress=None if quiet else part_lines)
    say(*lines(found))
    say(f"page: {write_validation(out or Path('results/validate'), found)}")
    if not found.sound:
        raise typer.Exit(FAILED)
