"""Who waits at a screen is told how far long work is; pipes and short work hear nothing."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from trustsim.engine import waiting
from trustsim.experiment import watching
from trustsim.experiment.run import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


def test_only_who_waits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert watching.watcher(None) is None
    assert isinstance(watching.watcher(True), watching.Patient)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(watching.watcher(None), watching.Patient)
    assert watching.watcher(False) is None
    assert watching.watcher(print) is print


def test_short_work_needs_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_a_terminal(monkeypatch)
    show = watching.Patient()
    for done in range(11):
        show(Progress(done, 10, 0))
    assert terminal.getvalue() == ""


def test_long_work_is_one_line_that_is_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_a_terminal(monkeypatch)
    monkeypatch.setattr(watching, "SILENT", 0.0)
    monkeypatch.setattr(watching, "BETWEEN", -1.0)
    show = watching.Patient()
    show(Progress(1, 2, 0, 0.5))
    assert terminal.getvalue() == "\r1 of 2 runs, 0.5 per second, 2 s left"
    show(Progress(2, 2, 0, 0.5))
    assert terminal.getvalue().endswith("\r" + " " * 37 + "\r")


def test_compiling_says_why_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)

    monkeypatch.setattr(waiting, "_first", threading.Event())
    monkeypatch.setattr(waiting, "AFTER", 0.0)
    said = threading.Event()
    monkeypatch.setattr(waiting, "print", lambda *a, **k: said.set(), raising=False)
    with waiting.told_what_takes_long():
        assert said.wait(10.0)
    said.clear()
    with waiting.told_what_takes_long():  # once a process
        assert not said.wait(0.05)
