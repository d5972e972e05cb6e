"""A small experiment that many tests use, the command line, and how properties are tried."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support.command_line import CONFIG, Call, Said

from trustsim.commands import cli
from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.experiment.run import run_missing
from trustsim.schema.decisions import REGISTERED

# How long an example takes depends on what else the machine does.
settings.register_profile("no duration", deadline=None)
settings.load_profile("no duration")

SMALL = """
name = "small"
seed = 3
rounds = 3
replications = 4
baseline = "low"
[market]
buyers = 6
suppliers = 4
[arms.high]
buyer_mix = { high_trust = 1.0 }
[arms.low]
buyer_mix = { adversarial = 0.5, high_trust = 0.5 }
[arms.paid_before]
buyer_mix = { high_trust = 1.0 }
market = { contacts = 2 }
"""


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Registered rules are forgotten after each test, whoever registered them."""
    before = dict(REGISTERED)
    yield
    REGISTERED.clear()
    REGISTERED.update(before)


@pytest.fixture
def small(tmp_path: Path) -> ExperimentConfig:
    """Three arms and four replications of a very small market, as `small.toml`."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return load_experiment(path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all runs of the small experiment; not to be changed."""
    home = tmp_path_factory.mktemp("finished")
    (home / "small.toml").write_text(SMALL, encoding="utf-8")
    run_missing(load_experiment(home / "small.toml"), home / "out", jobs=1)
    return home / "out"


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished folder, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


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
