"""What a command shows on the screen while an experiment runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trustsim.commands.screen import tell
from trustsim.experiment.watching import words

if TYPE_CHECKING:
    from trustsim.experiment.run import Progress

SECONDS_PER_LINE = 5.0
TENTHS = 10


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show how far a run is: a bar on a terminal, else a line now and then."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with bar() as shown:
            yield shown
    else:
        yield Lines()


@contextmanager
def bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TextColumn("{task.description}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as lines:
        task = lines.add_task("starting")

        def show(progress: Progress) -> None:
            lines.update(
                task,
                total=progress.planned,
                completed=progress.done + progress.failed,
                description=words(progress),
            )

        yield show


class Lines:
    """Plain lines: one for every tenth of the runs, and one every few seconds."""

    def __init__(self) -> None:
        self.tenth = -1
        self.last = 0.0

    def __call__(self, progress: Progress) -> None:
        """Print a line, if there is something to say."""
        tried = progress.done + progress.failed
        tenth = tried * TENTHS // max(1, progress.planned)
        if tenth > self.tenth or time.monotonic() - self.last > SECONDS_PER_LINE:
            self.tenth, self.last = tenth, time.monotonic()
            tell(words(progress))


def trial_lines(done: int, asked: int, least: float) -> None:
    """Print how far a calibration is, at every tenth of its trials."""
    if done % max(1, asked // TENTHS) == 0 or done == asked:
        loss = f", least loss {least:.3g}" if least < float("inf") else ""
        tell(f"{done} of {asked} trials{loss}")


def part_lines(what: str, done: int, asked: int) -> None:
    """Print how far a part of a validation is, at every tenth of it."""
    if done * TENTHS // asked > (done - 1) * TENTHS // asked:
        tell(f"{done} of {asked} {what}")
