"""Other machines, other habits: the digest of an experiment is the same everywhere.

With the compiler off: `tests/simulation/test_bits.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import CONFIG
from support.places import ROOT

from trustsim.config.experiment import load_experiment
from trustsim.experiment.run import run_missing

LIVELY = CONFIG.replace("rounds = 2", "rounds = 20").replace("buyers = 5", "buyers = 30") + (
    "market = { turn_rate = 0.05, imitation_rate = 0.1, mutation = 0.1 }\n"
    'supplier_mix = "reciprocal"\n'
)

HABITS = {
    "plain text, far away, one core": {
        "LC_ALL": "C",
        "LANG": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "TZ": "Asia/Kathmandu",
        "PYTHONHASHSEED": "77",
        "OMP_NUM_THREADS": "1",
        "jobs": "1",
    },
    # Compiles once for each state of the sources: code is kept for each kind of processor.
    "another processor, three cores": {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "LC_ALL": "tr_TR.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONOPTIMIZE": "1",
        "TZ": "Pacific/Apia",
        "jobs": "3",
    },
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The experiment, and its digest on this machine as it is."""
    home = tmp_path_factory.mktemp("here")
    (home / "mine.toml").write_text(LIVELY, encoding="utf-8")
    manifest = run_missing(load_experiment(home / "mine.toml"), home / "out", jobs=2)
    assert manifest["runs_done"] == 4
    return home / "mine.toml", manifest["digest"]


@pytest.mark.parametrize("habits", HABITS)
def test_the_digest_is_that_of_every_machine(
    here: tuple[Path, str], habits: str, tmp_path: Path
) -> None:
    config, digest = here
    environment = {key: value for key, value in HABITS[habits].items() if key != "jobs"}
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        [
            sys.executable, "-m", "trustsim", "run", str(config), "--out", str(tmp_path / "out"),
            "--no-report", "-q", "--jobs", HABITS[habits]["jobs"],
        ],
        cwd=tmp_path / "elsewhere",
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["digest"] == digest
    assert not list((tmp_path / "elsewhere").iterdir())
