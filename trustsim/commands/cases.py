"""The command that holds practitioners' claims against the model: cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trustsim.commands.options import Jobs, Quiet, expanded
from trustsim.commands.screen import say, tell
from trustsim.commands.stopping import Stopped

if TYPE_CHECKING:
    from trustsim.cases.file import Case
    from trustsim.cases.judging import Judged

OUT = Path("results/cases")


def cases(
    *,
    only: Annotated[
        str | None,
        typer.Option(metavar="IDS", help="Only these, as in V5,A12.", show_default="all"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of all cases.", show_default=str(OUT), callback=expanded),
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option(
            "--cases",
            help="Folder of the files of cases.",
            show_default="configs/cases",
            callback=expanded,
        ),
    ] = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Hold the claims of practitioners against the model, and write the gallery."""
    from trustsim.report.cases_page import lines, write_gallery

    folder = out or OUT
    rows, ids = judged_cases(only, folder, files, jobs=jobs, quiet=quiet)
    say(*lines(rows))
    say(f"page: {write_gallery(folder, rows, ids)}")


def judged_cases(
    only: str | None,
    out: Path = OUT,
    files: Path | None = None,
    *,
    jobs: int | None = None,
    quiet: bool = False,
) -> tuple[list[Judged], list[str]]:
    """Run what is missing of cases, and judge them.

    Returns
    -------
    list of Judged
    list of str
        Ids of all cases that have a file.
    """
    from trustsim.cases.file import FOLDER, find_cases, load_case
    from trustsim.cases.judging import judged
    from trustsim.cases.run import run_cases
    from trustsim.config.shipped import shipped_folder

    where = files or (FOLDER if FOLDER.is_dir() else shipped_folder("configs") / "cases")
    asked = only.split(",") if only is not None else []
    chosen = [load_case(path) for path in find_cases(where, asked)]
    ids = [path.stem.upper() for path in find_cases(where)]
    try:
        found = run_cases(chosen, out, jobs=jobs, progress=None if quiet else _Telling(len(chosen)))
    except KeyboardInterrupt:
        raise Stopped(
            f"stopped: what is done is kept in {out}; the same command goes on from there"
        ) from None
    return judged(found), ids


class _Telling:
    """Tells which case is run: a line for each."""

    def __init__(self, cases: int) -> None:
        self.cases = cases
        self.begun = 0

    def __call__(self, case: Case) -> Callable[[Any], None] | None:
        self.begun += 1
        tell(f"{case.id}: {self.begun} of {self.cases} cases")
        return None
