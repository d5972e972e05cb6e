"""How the command line tells of runs that are under way."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from trustsim.commands import progress as screen
from trustsim.experiment.run import Progress


class TestProgress:
    def test_lines_are_few(self, capsys: pytest.CaptureFixture[str]) -> None:
        show = screen.Lines()
        for done in range(1001):
            show(Progress(done, 1000, 0, rate=10.0))
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 11
        assert lines[3] == "300 of 1000 runs, 10 per second, 1 min 10 s left"

    def test_failed_runs_are_progress_as_well(self, capsys: pytest.CaptureFixture[str]) -> None:
        show = screen.Lines()
        for failed in range(1001):
            show(Progress(0, 1000, failed, rate=10.0))
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 11
        assert lines[3].startswith("0 of 1000 runs, 300 failed")

    def test_words(self) -> None:
        assert screen.words(Progress(0, 10, 0)).startswith("0 of 10 runs, starting")
        assert screen.words(Progress(2, 8, 1, 0.001)) == (
            "2 of 8 runs, 1 failed, 0.001 per second, 1 h 23 min left"
        )

    def test_bar(self, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        with screen.progress(quiet=False) as show:
            assert show is not None
            show(Progress(5, 10, 0, 2.0))
