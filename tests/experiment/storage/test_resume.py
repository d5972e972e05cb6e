"""Real processes, really killed: what is done stays done, and the end is the same."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.places import ROOT
from support.processes import hear_interrupts

from trustsim.config.experiment import load_experiment
from trustsim.experiment.check import check
from trustsim.experiment.run import run_missing

CONFIG = """
name = "to be killed"
rounds = 4
replications = 20
[market]
buyers = 6
suppliers = 4
[arms.high]
buyer_mix = { high_trust = 1.0 }
[arms.low]
buyer_mix = { adversarial = 1.0 }
"""
PLANNED = 40

# Runs the command line with small chunks and, so that there is time to kill it, in slow motion. It
# tells of every run that it takes in and of every window of rows that it merges.
SLOWLY = """
import sys, time
from trustsim.commands import cli
from trustsim.experiment import run
from trustsim.experiment.storage import merging
from trustsim.experiment.execution.executors import ThreadExecutor

run.RUNS_PER_CHUNK, run.SECONDS_PER_CHUNK = 3, 1e9
merging.ROWS_AT_A_TIME = 30

def slowly(what, real):
    def each(*arguments):
        for one in real(*arguments):
            print(what, flush=True)
            time.sleep(PACE)
            yield one
    return each

ThreadExecutor.attempts = slowly("run", ThreadExecutor.attempts)
merging.Merging.windows = slowly("window", merging.Merging.windows)
sys.argv[0] = "trustsim"
cli.main()
"""
KILLS_WHILE_RUNNING, KILLS_WHILE_MERGING = 6, 4
WINDOWS = 35


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "killed.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def start(config: Path, out: Path, pace: float = 0.05) -> subprocess.Popen[str]:
    script = SLOWLY.replace("PACE", str(pace))
    return subprocess.Popen(
        [sys.executable, "-c", script, "run", str(config), "--out", str(out), "--no-report"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )


def wait_for_chunks(process: subprocess.Popen[str], out: Path, number: int) -> None:
    until = time.monotonic() + 120
    while len(list((out / "chunks").glob("*.arrow"))) < number:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "no chunk within two minutes"
        time.sleep(0.01)


def manifest(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "manifest.json").read_text())
    return found


def kill_at(process: subprocess.Popen[str], what: str, number: int, delay: float) -> None:
    """Kill a process a moment after it has told of something so many times."""
    assert process.stdout is not None
    while number:
        line = process.stdout.readline()
        assert line, process.communicate()
        number -= line.strip() == what
    time.sleep(delay)
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    process.communicate()


def test_killed_ten_times_at_random_moments_and_run_again_gives_the_same_digest(
    config: Path, tmp_path: Path
) -> None:
    undisturbed = run_missing(load_experiment(config), tmp_path / "undisturbed", jobs=1)
    out = tmp_path / "out"
    moments = random.Random(24)
    kept = 0
    for _ in range(KILLS_WHILE_RUNNING):
        process = start(config, out, pace=0.02)
        kill_at(process, "run", moments.randint(1, 10), moments.uniform(0, 0.02))
        assert manifest(out)["runs_planned"] == PLANNED
        before, kept = kept, len(list((out / "chunks").glob("*.arrow")))
        assert kept >= before
    assert kept
    halfway = set()
    for _ in range(KILLS_WHILE_MERGING):
        process = start(config, out, pace=0.02)
        kill_at(process, "window", moments.randint(1, WINDOWS), moments.uniform(0, 0.02))
        assert (out / "chunks").is_dir()
        halfway |= {path.name for path in out.glob(".*.new")}
    assert len(halfway) > 1
    told = []
    found = run_missing(load_experiment(config), out, jobs=2, progress=told.append)
    assert told[0].done == PLANNED
    assert found["digest"] == undisturbed["digest"]
    assert found["runs_done"] == PLANNED
    assert not (out / "chunks").exists()
    assert not list(out.glob(".*.new"))
    assert check(out).sound


def test_interrupt_leaves_a_valid_folder_and_says_how_to_go_on(
    config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = start(config, out)
    wait_for_chunks(process, out, 2)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    found = manifest(out)
    assert 6 <= int(str(found["runs_done"])) < PLANNED
    assert f"stopped: {found['runs_done']} of {PLANNED} runs are kept in {out}" in stderr
    undisturbed = run_missing(load_experiment(config), tmp_path / "undisturbed", jobs=2)
    assert found["digest"] != undisturbed["digest"]
    assert run_missing(load_experiment(config), out, jobs=2)["digest"] == undisturbed["digest"]


def test_a_second_process_is_refused_while_the_first_works(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = start(config, out, pace=1.0)
    wait_for_chunks(first, out, 1)
    second = start(config, out)
    _, stderr = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"{out}: another process (number {first.pid}) is working in it" in stderr
    assert first.poll() is None
    first.kill()
    first.communicate()
    assert run_missing(load_experiment(config), out, jobs=2)["runs_done"] == PLANNED
