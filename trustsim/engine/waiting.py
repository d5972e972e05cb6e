"""A word for who waits: compiling takes half a minute the first time, and says nothing itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

COMPILING = "trustsim compiles its market; this takes half a minute, once"
AFTER = 3.0
"""Seconds of waiting after which one is told why."""

_first = threading.Event()


def somebody_waits() -> bool:
    """Say whether what goes to the screen is seen as it comes: at a terminal, in a notebook."""
    stream = sys.stderr
    notebook = type(stream).__module__.startswith("ipykernel")
    return notebook or (stream is not None and stream.isatty())


@contextmanager
def told_what_takes_long() -> Iterator[None]:
    """Say why, if the first call of a process takes long and somebody waits."""
    if _first.is_set() or not somebody_waits():
        yield
        return
    _first.set()
    timer = threading.Timer(AFTER, lambda: print(COMPILING, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
