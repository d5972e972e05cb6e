"""Arguments and options that several commands share, and the exit codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from trustsim.commands.screen import tell
from trustsim.config.paths import path_of

FAILED, WRONG, INTERRUPTED = 1, 2, 130


def expanded(path: Path | None) -> Path | None:
    """Give the path of an argument or an option as it is meant."""
    return None if path is None else path_of(path)


def experiment(path: Path | None) -> Path | None:
    """Give the path of an experiment file, or of the shipped experiment of a name."""
    from trustsim.config.shipped import experiment_path

    return None if path is None else experiment_path(path)


def _cores(jobs: int | None) -> int | None:
    if jobs is None:
        return None
    from trustsim.schema.checking import check_cores

    return check_cores(jobs, "--jobs")


Config = Annotated[
    Path,
    typer.Argument(
        help="Experiment file (TOML), or the name of a shipped one.",
        show_default=False,
        callback=experiment,
    ),
]
Folder = Annotated[
    Path, typer.Argument(help="Results folder.", show_default=False, callback=expanded)
]
Jobs = Annotated[
    int | None, typer.Option(help="Cores to use.", show_default="all", callback=_cores)
]
Out = Annotated[
    Path | None,
    typer.Option(help="Results folder.", show_default="results/<name>", callback=expanded),
]
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


def tell_notes(notices: Iterable[str]) -> None:
    """Tell what should be known, beside the answer."""
    tell(*(f"note: {notice}" for notice in notices))


def refuse_gaps(folder: Path, manifest: Mapping[str, Any]) -> None:
    """End with an exit code that says so if runs are missing that were planned and did not fail."""
    planned, done, failed = (
        manifest.get(f"runs_{key}", 0) for key in ("planned", "done", "failed")
    )
    if done + failed < planned:
        tell(
            f"{folder}: {planned - done - failed:,} of {planned:,} planned runs are missing, and "
            "what is said here is said without them; run the experiment again with all its "
            "replications, which computes no more than these"
        )
        raise typer.Exit(FAILED)
