"""Processes that tests start and interrupt."""

from __future__ import annotations

import signal


def hear_interrupts() -> None:
    """Let a process that is about to start hear Ctrl-C.

    A shell makes what it starts in the background deaf to it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
