"""Commands are killed at random moments; called again, they end as if nothing had happened.

``TRUSTSIM_KILLS`` is the number of kills of each kind.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command_line import CONFIG
from support.hostile import COUNTS
from support.places import ROOT

KILLS = int(os.environ.get("TRUSTSIM_KILLS", "1"))
TIMEOUT = 300.0

EXPERIMENT = (
    CONFIG.replace("rounds = 2", "rounds = 12")
    .replace("replications = 2", "replications = 60")
    .replace("buyers = 5", "buyers = 20")
)
CALIBRATION = """
[calibrate]
trials = 12
fresh = 4
[calibrate.parameters]
market.tender_hours = { low = 0.5, high = 5.0 }
[targets.arrears]
arm = "low"
measure = "arrears_days"
value = 0.4
tolerance = 0.1
source = "assumption: any figure"
"""
RUN = ("run", "x.toml", "--out", "out", "--quiet", "--no-report", "--jobs", "2")
COMMANDS = {
    "threads": RUN,
    "dask": (*RUN, "--executor", "dask"),
    "report": ("report", "out"),
    "calibrate": ("calibrate", "x.toml", "--out", "out", "--quiet"),
}
LEFT = {"report": "report.html", "calibrate": "calibrated.toml"}
"""What is compared byte by byte; of the others, the digest of the tables."""


def start(home: Path, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "trustsim.commands.cli", *command],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and whatever it has started."""
    process.kill()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate(timeout=TIMEOUT)


def finished(home: Path, command: tuple[str, ...]) -> None:
    process = start(home, command)
    said, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, said.decode()
    assert b"Traceback" not in said


def result(home: Path, kind: str) -> bytes:
    out = home / "out"
    if kind in LEFT:
        return (out / LEFT[kind]).read_bytes()
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["runs_done"] == manifest["runs_planned"] == 120
    return str(manifest["digest"]).encode()


@pytest.mark.parametrize("kind", COMMANDS)
def test_killed_at_a_random_moment(tmp_path: Path, kind: str) -> None:
    text = EXPERIMENT + (CALIBRATION if kind == "calibrate" else "")
    first = tmp_path / "first"
    first.mkdir()
    (first / "x.toml").write_text(text, encoding="utf-8")
    if kind == "report":
        finished(first, RUN)
    start_of_all = tmp_path / "start"
    shutil.copytree(first, start_of_all)
    began = time.monotonic()
    finished(first, COMMANDS[kind])
    seconds = time.monotonic() - began
    expected = result(first, kind)
    luck = random.Random(kind)
    for number in range(KILLS):
        home = tmp_path / str(number)
        shutil.copytree(start_of_all, home)
        process = start(home, COMMANDS[kind])
        try:
            process.wait(timeout=luck.uniform(0.2, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            pass
        end(process)
        finished(home, COMMANDS[kind])
        assert result(home, kind) == expected
        COUNTS[f"kills of {kind}"] += 1
