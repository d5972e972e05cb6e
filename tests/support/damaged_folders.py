"""Small results folders of every kind, the commands that read them, and ways to damage a file."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from support.calibration_problems import SHARE, config_of, evaluated, text_of, told
from support.command_line import Call, Said
from support.small_experiment import SIMULATION, leave_chunks

from trustsim.calibration.fit import calibrate
from trustsim.config.experiment import load_experiment
from trustsim.experiment.run import run_missing
from trustsim.report.sections.gallery import Picture
from trustsim.report.writing import Shown

HEAD = """
name = "small"
rounds = 3
replications = 2
baseline = "low"
[market]
buyers = 6
suppliers = 4
[arms.high]
buyer_mix = { high_trust = 1.0 }
[arms.low]
buyer_mix = { adversarial = 1.0 }
"""
SOBOL = """
[design]
method = "sobol"
points = 32
[design.parameters]
market.demand_volatility = { low = 0.0, high = 0.6 }
market.lot_cost = { low = 0.2, high = 0.6 }
"""
ABLATION = '[design]\nmethod = "ablation"\nmechanisms = ["ideas", "hold_up"]\n'

CHECK, DESCRIBE, REPORT = (
    ("check", "FOLDER", "--sample", "1"),
    ("describe", "FOLDER"),
    ("report", "FOLDER"),
)
COMPARE = ("compare", "FOLDER", "--measure", "total_cost")
RERUN, RUN = ("rerun", "FOLDER", "RUN_ID"), ("run", "FILE", "--out", "FOLDER", "-q", "--no-report")
COMMANDS = {
    "plain": (COMPARE, REPORT, CHECK, DESCRIBE, RERUN, RUN),
    "sobol": (COMPARE, ("sensitivity", "FOLDER"), ("discover", "FOLDER"), REPORT),
    "ablation": (("ablate", "FOLDER"), REPORT, COMPARE),
    "failed": (REPORT, CHECK, (*COMPARE, "--allow-missing")),
    "stopped": (COMPARE, REPORT, CHECK),
    "calibration": (REPORT,),
}  # fmt: skip
"""What reads a folder of each kind."""
WAYS: tuple[str, ...] = ("flip", "cut", "emptied", "deleted", "folder", "loop", "broken link")
WAYS += ("pipe",) if hasattr(os, "mkfifo") else ()
UNREAD = ("report.html", "calibrated.toml", ".lock")
"""Files that no command reads."""


def make(kind: str, home: Path) -> None:
    """Make a folder ``out`` of a kind, from ``small.toml``."""
    path, out = home / "small.toml", home / "out"
    if kind == "calibration":
        calibrate(config_of(home, text_of(SHARE, trials=8)), out, evaluate=evaluated(told))
        return
    head = HEAD.replace("replications = 2", "replications = 1") if kind == "sobol" else HEAD
    path.write_text(head + {"sobol": SOBOL, "ablation": ABLATION}.get(kind, ""), encoding="utf-8")
    config = load_experiment(path)
    if kind == "stopped":
        leave_chunks(config, out, runs=4, per_chunk=2)
        return
    with pytest.MonkeyPatch.context() as patch:
        if kind == "failed":
            real = SIMULATION.simulate
            patch.setattr(
                SIMULATION, "simulate",
                lambda scenario, replicate, **more: real(scenario, replicate, **more)
                if (scenario.name, replicate) != ("high", 1) else 1 / 0,
            )  # fmt: skip
        run_missing(config, out, jobs=1)
    first = pd.read_parquet(out / "runs.parquet")["run_id"][0]
    (home / "run_id").write_text(str(first))


def ask(call: Call, words: tuple[str, ...], folder: Path) -> tuple[Said, str]:
    """Ask a folder; give what was said and, without its place, what was answered."""
    names = {"FOLDER": str(folder), "FILE": str(folder.parent / "small.toml")}
    if "RUN_ID" in words:
        names["RUN_ID"] = (folder.parent / "run_id").read_text()
    page = folder / "report.html"
    if words[0] == "report" and page.is_file():
        page.unlink()
    said = call(*(names.get(word, word) for word in words))
    answer = said.out
    if words[0] == "report" and page.is_file():
        answer += page.read_text(encoding="utf-8")
    return said, answer.replace(str(folder), "FOLDER")


def files_of(folder: Path) -> list[str]:
    """Files of a folder that some command reads."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name not in UNREAD
    )


def damage(path: Path, way: str, luck: random.Random) -> None:
    """Damage a file in one of the `WAYS`."""
    content = bytearray(path.read_bytes())
    if way == "flip":
        content[luck.randrange(len(content))] ^= 1 << luck.randrange(8)
        path.write_bytes(content)
    elif way == "cut":
        path.write_bytes(content[: luck.randrange(len(content))])
    elif way == "emptied":
        path.write_bytes(b"")
    else:
        path.unlink()
    if way == "folder":
        path.mkdir()
    elif way == "loop":
        path.symlink_to(path.name)
    elif way == "broken link":
        path.symlink_to("nowhere")
    elif way == "pipe":
        os.mkfifo(path)


def undrawn(folder: Path, picture: Picture, line: str, metadata: Mapping[str, str]) -> Shown:
    """In place of a figure, which would take long, the words that it comes with."""
    return Shown(picture, reason=f"{picture.alt} {line} {sorted(metadata.items())}")
