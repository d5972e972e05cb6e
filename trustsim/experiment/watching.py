"""How far an experiment is, in words, and for who waits at a prompt or in a notebook."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from trustsim.engine.waiting import somebody_waits

if TYPE_CHECKING:
    from trustsim.experiment.run import Progress, Watcher

SILENT = 2.0
"""Seconds for which nothing is said: short work needs no word."""

BETWEEN = 0.5
"""Seconds between two words."""


def words(progress: Progress) -> str:
    """Say how far an experiment is, how fast it goes, and how long it will take."""
    from trustsim.experiment.estimate import duration

    parts = [f"{progress.done} of {progress.planned} runs"]
    if progress.done + progress.failed == 0:
        parts.append("starting (the first time, compiling takes half a minute)")
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.rate:
        parts += [f"{progress.rate:.3g} per second", f"{duration(progress.seconds_left)} left"]
    return ", ".join(parts)


class Patient:
    """Says on one line of the screen how far work is that takes long, and wipes it at the end."""

    def __init__(self) -> None:
        self.last = time.monotonic() + SILENT - BETWEEN
        self.width = 0

    def __call__(self, progress: Progress) -> None:
        """Say how far it is, if it is time to."""
        over = progress.done + progress.failed >= progress.planned
        if over and self.width:
            sys.stderr.write(f"\r{' ' * self.width}\r")
            self.width = 0
        elif not over and time.monotonic() - self.last > BETWEEN:
            self.last = time.monotonic()
            said = words(progress)
            sys.stderr.write(f"\r{said:<{self.width}}")
            self.width = max(self.width, len(said))
        sys.stderr.flush()


def watcher(asked: Watcher | bool | None) -> Watcher | None:
    """Give who is told of progress: who was asked for, or whoever waits at the screen.

    Parameters
    ----------
    asked : callable, bool or None
        A watcher of one's own; True or False for words on the screen or none; None for words if
        somebody waits at a terminal or in a notebook.
    """
    if callable(asked):
        return asked
    return Patient() if asked or (asked is None and somebody_waits()) else None
