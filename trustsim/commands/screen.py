"""The only place where text goes out: standard output and standard error.

Whatever a config, a name or a path holds, no letter of it steers the terminal; what the encoding
of a stream lacks comes out as its code. A stream that is closed or full ends no command: the runs
go on and the report is written.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from trustsim.errors import escaped

CONTINUED = "\n  "
"""How a message goes on in a line of its own, such as the line of a rule that is at fault."""


def say(*lines: object) -> None:
    """Write lines to standard output; a line break within a line is written as its code."""
    _write(sys.stdout, (escaped(str(line)) for line in lines))


def tell(*lines: object) -> None:
    """Write lines to standard error; a line may be continued in indented ones."""
    parts = (str(line).split(CONTINUED) for line in lines)
    _write(sys.stderr, (CONTINUED.join(map(escaped, line)) for line in parts))


def _write(stream: TextIO, lines: Iterable[str]) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more
        stream.write("".join(f"{line}\n" for line in lines))
        stream.flush()


class _Enduring(io.RawIOBase):
    """A file that remembers why it could not be written, and from then on swallows all."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.fault: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.number

    def write(self, content: Any) -> int:
        if self.fault is None:
            try:
                return os.write(self.number, content)
            except OSError as error:
                self.fault = error
        return len(content)


@contextmanager
def enduring_streams() -> Iterator[list[str]]:
    """Let nothing that is written fail; give what to say in the end about standard output.

    A stream that somebody has put in the place of the process's own is left alone.
    """
    faults: list[str] = []
    before = (sys.stdout, sys.stderr)
    _fill_what_is_closed()
    raw = [_endure(name) for name in ("stdout", "stderr")]
    try:
        yield faults
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        out = raw[0].fault if raw[0] is not None else None
        if out is not None and out.errno != errno.EPIPE:
            faults.append(f"standard output: cannot be written: {out.strerror}")
            tell(*faults)
        sys.stdout, sys.stderr = before


def _fill_what_is_closed() -> None:
    """Let no file that is opened later pass for a standard stream that was closed."""
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))


def _endure(name: str) -> _Enduring | None:
    stream = getattr(sys, name)
    if stream is not getattr(sys, f"__{name}__"):
        return None
    stream.reconfigure(errors="backslashreplace")
    if stream.isatty():
        return None
    raw = _Enduring(stream.fileno())
    text = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=True,
    )
    setattr(sys, name, text)
    return raw
