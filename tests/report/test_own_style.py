"""Figures of the report are drawn in our own style, whatever Matplotlib is told elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
import pytest
from support.places import ROOT
from support.synthetic_results import write_folder

from trustsim.report.figures.style import FIXED, our_style
from trustsim.report.results import read_results
from trustsim.report.sections.gallery import pictures
from trustsim.report.writing import show_all

HOSTILE = {
    "axes.facecolor": "yellow",
    "figure.facecolor": "red",
    "savefig.facecolor": "green",
    "font.size": 30,
    "font.family": "monospace",
    "lines.linewidth": 9,
    "lines.antialiased": False,
    "axes.grid": True,
    "axes.axisbelow": False,
    "xtick.direction": "in",
    "savefig.bbox": "tight",
    "savefig.dpi": 20,
    "svg.fonttype": "none",
    "svg.hashsalt": "other",
    "axes.unicode_minus": False,
    "patch.force_edgecolor": True,
    "hatch.color": "blue",
    "hatch.linewidth": 5,
    "path.sketch": (5, 20, 2),
}
CHOSEN = ("total_cost_by_category", "cost_over_time", "difference_distribution")

PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from report.test_own_style import drawn
drawn(Path(sys.argv[1]))
"""


def drawn(folder: Path) -> dict[str, bytes]:
    """Draw some figures of a folder; give their files."""
    results = read_results(folder)
    chosen = [each for each in pictures(results, 0.95) if each.name in CHOSEN]
    assert len(chosen) == len(CHOSEN)
    show_all(results, chosen, 0.95)
    return {path.name: path.read_bytes() for path in sorted((folder / "figures").iterdir())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("style")
    write_folder(path, replicates=4, rounds=12)
    return path


@pytest.fixture(scope="module")
def usual(folder: Path) -> dict[str, bytes]:
    with mpl.rc_context(mpl.rcParamsDefault):
        return drawn(folder)


def test_settings_of_the_program_change_no_byte(folder: Path, usual: dict[str, bytes]) -> None:
    with mpl.rc_context(HOSTILE):
        assert drawn(folder) == usual
        assert mpl.rcParams["axes.facecolor"] == "yellow"
    assert len(usual) == 4 * len(CHOSEN)


def test_a_matplotlibrc_and_a_backend_change_no_byte(
    folder: Path, usual: dict[str, bytes], tmp_path: Path
) -> None:
    lines = [f"{key}: {value}" for key, value in HOSTILE.items() if key != "path.sketch"]
    (tmp_path / "matplotlibrc").write_text("\n".join([*lines, "backend: TkAgg"]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MATPLOTLIBRC": str(tmp_path),
            "MPLBACKEND": "TkAgg",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = {path.name: path.read_bytes() for path in sorted((folder / "figures").iterdir())}
    assert found == usual


def test_what_the_user_had_is_there_again() -> None:
    with mpl.rc_context({"font.size": 31}), warnings.catch_warnings():
        warnings.simplefilter("error")
        before = dict(mpl.rcParams.copy())
        with our_style():
            assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]
            assert mpl.rcParams["svg.hashsalt"] == FIXED["svg.hashsalt"]
        assert dict(mpl.rcParams.copy()) == before
