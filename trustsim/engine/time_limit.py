"""The time that a run may take, and what happens when it is up."""

from __future__ import annotations

import time
from dataclasses import dataclass


class RunTimeout(Exception):
    """A run takes longer than it may."""


@dataclass
class TimeLimit:
    """The time that a run may take; compiled rounds cannot be stopped from outside.

    Attributes
    ----------
    seconds : float
        What it may take, once its market is made.
    started : float or None
        When the first round began, on the monotonic clock; None before.
    """

    seconds: float
    started: float | None = None

    @property
    def used(self) -> float:
        """Seconds since the first round began; 0 before."""
        return 0.0 if self.started is None else time.monotonic() - self.started

    def start(self) -> None:
        """Let the time begin."""
        self.started = time.monotonic()

    def look(self) -> None:
        """Look at the clock.

        Raises
        ------
        RunTimeout
            If the time is up.
        """
        if self.used > self.seconds:
            raise RunTimeout(f"the run takes longer than run_timeout = {self.seconds:g} s")
