"""Ctrl-C, at any moment: one sentence, exit code 130, and folders that stay valid.

The first Ctrl-C is a `KeyboardInterrupt`, so that runs are put into their tables; the second one
ends the process at once. What is on disk is written as a whole or not at all, so that costs no run.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from trustsim.commands.options import INTERRUPTED

STOPPED = "stopped; what a results folder holds is kept"
SHOW_CURSOR = "\x1b[?25h"


class Stopped(Exception):
    """A command was interrupted, and has something to say about it."""


class Interrupts:
    """What to do about Ctrl-C.

    Attributes
    ----------
    asked : bool
        Whether the user wants to stop. What goes wrong from then on is a consequence.
    said : bool
        Whether the user was told.
    """

    def __init__(self) -> None:
        self.asked = self.said = False

    def __call__(self, *_: object) -> None:
        """Stop in order, or at once if that was asked for already."""
        if self.asked:
            self.leave()
        self.asked = True
        raise KeyboardInterrupt

    def leave(self) -> NoReturn:
        """End the process at once."""
        if not self.said:
            cursor = SHOW_CURSOR if os.isatty(2) else ""
            os.write(2, f"{cursor}{STOPPED}\n".encode())
        os._exit(INTERRUPTED)

    def lost(self, what: Any) -> None:
        """Stop at once if an interrupt came where Python only reports it and goes on."""
        if what.exc_type is KeyboardInterrupt:
            self.leave()
        sys.__unraisablehook__(what)


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Listen for Ctrl-C, unless whoever started the process lets it be ignored."""
    result = Interrupts()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is signal.SIG_IGN:
        yield result
        return
    hook = sys.unraisablehook
    signal.signal(signal.SIGINT, result)
    sys.unraisablehook = result.lost
    try:
        yield result
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = hook
