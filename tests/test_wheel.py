"""A wheel in an empty folder is enough: list, run by name, copy, read."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.places import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which the wheel lies unpacked, as an installer leaves it."""
    folder = tmp_path_factory.mktemp("wheel")
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def call(installed: Path, where: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-m", "trustsim", *words],
        cwd=where, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_lists_copies_and_says_where_the_pages_are(installed: Path, tmp_path: Path) -> None:
    listed = call(installed, tmp_path, "list")
    assert "  high_trust_vs_adversarial  What does" in listed
    assert "  V5 " in listed
    call(installed, tmp_path, "new", "mine", "--from", "V5")
    text = (tmp_path / "mine.toml").read_text()
    assert 'name = "mine"' in text
    assert 'id = "V5"' in text
    page = call(installed, tmp_path, "docs", "--no-browser")
    assert str(installed / "trustsim" / "shipped" / "docs") in page
    assert (installed / "trustsim" / "shipped" / "docs" / "odd.md").exists()


def test_it_runs_a_shipped_experiment_by_its_name(installed: Path, tmp_path: Path) -> None:
    few = ("--replications", "2", "--set", "rounds=12", "--quiet", "--no-report")
    said = call(installed, tmp_path, "run", "high_trust_vs_adversarial", *few)
    assert "High trust" in said
    assert (tmp_path / "results" / "high_trust_vs_adversarial" / "runs.parquet").exists()
