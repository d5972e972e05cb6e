"""The command line, called in a folder that holds one small experiment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CONFIG, Call, Said

from trustsim.commands import cli


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Return the command line, called in a folder that holds `mine.toml`."""
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(CONFIG, encoding="utf-8")

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["trustsim", *arguments])
        capsys.readouterr()
        code: Any = 0
        try:
            cli.main()
        except SystemExit as exit_:
            code = exit_.code or 0
        found = capsys.readouterr()
        return Said(int(code), found.out, found.err)

    return run
