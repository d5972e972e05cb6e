"""Arguments and options that several commands share, and the exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FAILED, WRONG, INTERRUPTED = 1, 2, 130

Config = Annotated[Path, typer.Argument(help="Experiment file (TOML).", show_default=False)]
Folder = Annotated[Path, typer.Argument(help="Results folder.", show_default=False)]
Jobs = Annotated[int | None, typer.Option(help="Cores to use.", show_default="all")]
Out = Annotated[Path | None, typer.Option(help="Results folder.", show_default="results/<name>")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value; can be repeated."),
]
Replications = Annotated[
    int | None, typer.Option(help="Runs of every arm.", show_default="as in CONFIG")
]
Seed = Annotated[int | None, typer.Option(help="Seed.", show_default="as in CONFIG")]
NoReport = Annotated[bool, typer.Option("--no-report", help="Write no report.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Measure = Annotated[str, typer.Option(help="Measure.")]
Confidence = Annotated[float, typer.Option(help="Level of intervals and verdicts.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Leave out what is missing of the plan.")
]
