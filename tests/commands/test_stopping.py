"""Ctrl-C at any moment, with real signals: one sentence, exit code 130, a folder that is valid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import CONFIG
from support.places import ROOT
from support.processes import hear_interrupts

from trustsim.commands import stopping
from trustsim.experiment.run import collect
from trustsim.experiment.storage.files import read_manifest, read_table
from trustsim.study import Results

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals")

LONG = CONFIG.replace("replications = 2", "replications = 3000").replace(
    "rounds = 2", "rounds = 99"
)
WITHIN = 120.0

DRIVER = """
import os, sys

moment, times, *arguments = sys.argv[1:]

class Press:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == moment:
            sys.meta_path.remove(Press)
            for _ in range(int(times)):
                os.kill(os.getpid(), 2)

sys.meta_path.insert(0, Press)
from trustsim.__main__ import main

sys.argv = ["trustsim", *arguments]
main()
"""
"""Presses Ctrl-C when a module is about to be loaded, wherever that happens."""


def started(
    folder: Path, *arguments: str, program: tuple[str, ...] = ("-m", "trustsim")
) -> subprocess.Popen[str]:
    """Start the command in a group of its own, as a terminal does."""
    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )


def press(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)


def until(process: subprocess.Popen[str], seen: Callable[[], object]) -> None:
    """Wait until something is to be seen of a process that works."""
    last = time.monotonic() + WITHIN
    while not seen():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < last
        time.sleep(0.005)


def stopped(process: subprocess.Popen[str]) -> str:
    """Give the one sentence that an interrupted command says."""
    out, err = process.communicate(timeout=WITHIN)
    said = [line for line in err.splitlines() if " runs, " not in line and " runs" != line[-5:]]
    assert process.returncode == 130, (process.returncode, err)
    assert len(said) == 1, err
    assert said[0].startswith("stopped")
    assert "report: " not in out
    return said[0]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a long experiment and a short one."""
    (tmp_path / "long.toml").write_text(LONG, encoding="utf-8")
    (tmp_path / "short.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("moment", "times"),
    [
        ("signal", "1"),
        ("trustsim.commands.cli", "1"),
        ("typer", "2"),
        ("trustsim.commands.running", "1"),
        ("numpy", "1"),
        ("numba", "2"),
        ("trustsim.market.schedule", "1"),
        ("trustsim.report.writing", "2"),
    ],
)
def test_while_something_is_loaded(place: Path, moment: str, times: str) -> None:
    program = ("-c", DRIVER, moment, times)
    stopped(started(place, "run", "short.toml", "--out", "out", "-q", program=program))
    if (place / "out" / "experiment.toml").exists():
        collect(place / "out")


def test_nothing_is_loaded_before_it_is_heard() -> None:
    text = "import os, sys; there = {*sys.modules}; import trustsim; print({*sys.modules} - there)"
    found = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "{'trustsim'}"


@pytest.mark.parametrize("times", [1, 2])
def test_while_runs_are_computed(place: Path, times: int) -> None:
    process = started(place, "run", "long.toml", "--out", "out")
    until(process, lambda: list(place.glob("out/chunks/*.arrow")))
    for _ in range(times):
        press(process)
        time.sleep(0.01)
    said = stopped(process)
    collect(place / "out")
    manifest, rows = read_manifest(place / "out"), read_table(place / "out", "runs").num_rows
    assert rows < manifest["runs_planned"] == 6000
    if times == 1:
        assert 0 < rows == manifest["runs_done"]
        assert said.startswith(f"stopped: {manifest['runs_done']} of 6000 runs are kept in out;")


def test_while_the_report_is_written(place: Path) -> None:
    process = started(place, "run", "short.toml", "--out", "out", "-q")
    until(process, lambda: list(place.glob("out/figures/*.png")))
    press(process)
    stopped(process)
    assert json.loads((place / "out" / "manifest.json").read_text())["runs_done"] == 4
    assert Results.open(place / "out").report().stat().st_size > 1000


@pytest.mark.parametrize(("terminal", "said"), [(2, False), (1, False), (2, True)])
def test_who_is_in_a_hurry_gets_the_cursor_back(
    monkeypatch: pytest.MonkeyPatch, terminal: int, said: bool
) -> None:
    written: list[tuple[int, bytes]] = []
    monkeypatch.setattr(stopping.os, "isatty", lambda stream: stream == terminal)
    monkeypatch.setattr(stopping.os, "write", lambda stream, text: written.append((stream, text)))
    monkeypatch.setattr(stopping.os, "_exit", sys.exit)
    pressed = stopping.Interrupts()
    pressed.said = said
    with pytest.raises(KeyboardInterrupt):
        pressed()
    assert pressed.asked
    with pytest.raises(SystemExit) as ended:
        pressed()
    assert ended.value.code == 130
    cursor = stopping.SHOW_CURSOR if terminal == 2 else ""
    assert written == ([] if said else [(2, f"{cursor}{stopping.STOPPED}\n".encode())])


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs to see processes")
def test_while_dask_starts(place: Path) -> None:
    pytest.importorskip("distributed")
    process = started(
        place, "run", "long.toml", "--out", "out", "--executor", "dask", "--jobs", "2", "-q"
    )

    def children() -> list[str]:
        lists = Path(f"/proc/{process.pid}/task").glob("*/children")
        return [child for each in lists for child in each.read_text().split()]

    until(process, lambda: len(children()) > 2)
    press(process)
    stopped(process)
    collect(place / "out")
    assert read_manifest(place / "out").get("runs_done", 0) < 6000


def test_who_is_not_to_hear_of_it_does_not(place: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "trustsim", "run", "short.toml", "--out", "out", "--no-report"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    until(process, lambda: (place / "out").exists())
    press(process)
    process.communicate(timeout=WITHIN)
    assert process.returncode == 0
