"""The command line: run, rerun, list, new, and its version and help."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.command_line import CONFIG, Call, listing, refused
from support.places import ROOT
from support.small_experiment import reseal

from trustsim.config.experiment import load_experiment
from trustsim.config.library import KINDS, built_in_markets, library
from trustsim.schema.checking import BUYERS, SUPPLIERS
from trustsim.schema.mechanisms import MECHANISMS
from trustsim.study import Results

# The module; the package shows the function under this name.
SIMULATION = import_module("trustsim.simulation.run")


class TestRun:
    def test_answers_and_says_where_the_results_are(self, call: Call) -> None:
        said = call("run", "mine.toml")
        assert said.code == 0
        assert "adversarial" not in said.err
        assert re.search(r"[Hh]igh .*[Ll]ow", said.out)
        assert "results: results/mine" in said.out
        assert "report: results/mine/report.html" in said.out
        assert Path("results/mine/report.html").stat().st_size > 1000
        assert "4 of 4 runs" in said.err

    def test_quiet_and_without_report(self, call: Call) -> None:
        said = call("run", "mine.toml", "--quiet", "--no-report", "--out", "out")
        assert (said.code, said.err) == (0, "")
        assert not Path("out/report.html").exists()
        assert call("report", "out").out.strip() == "report: out/report.html"
        assert Path("out/report.html").exists()

    def test_options_change_the_experiment(self, call: Call) -> None:
        said = call(
            "run", "mine.toml", "-q", "--no-report", "--out", "out", "--seed", "5",
            "--replications", "3", "--set", "market.buyers=4", "--set", "rounds=3", "--jobs", "1",
        )  # fmt: skip
        assert said.code == 0
        config = load_experiment("out/experiment.toml")
        assert (config.seed, config.replications, config.rounds) == (5, 3, 3)
        assert config.market.buyers == 4
        assert len(pd.read_parquet("out/runs.parquet")) == 6

    def test_failed_runs(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        real = SIMULATION.simulate

        def fails(scenario: Any, replicate: int, **options: Any) -> Any:
            if scenario.name == "high" and replicate == 1:
                raise ValueError("the river rose")
            return real(scenario, replicate, **options)

        monkeypatch.setattr(SIMULATION, "simulate", fails)
        said = call("run", "mine.toml", "--out", "out")
        assert said.code == 1
        assert "1 of 4 runs failed" in said.err
        assert "arm 'high', replicate 1: ValueError: the river rose" in said.err
        assert Path("out/report.html").exists()

    def test_nothing_but_failures(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(SIMULATION, "simulate", lambda *a, **k: 1 / 0)
        said = call("run", "mine.toml", "--out", "out")
        assert (said.code, said.out) == (1, "")
        assert "4 of 4 runs failed" in said.err

    def test_one_arm(self, call: Call) -> None:
        text = CONFIG.replace('baseline = "low"\n', "").partition("[arms.low]")[0]
        Path("mine.toml").write_text(text, encoding="utf-8")
        assert call("run", "mine.toml", "--out", "out").code == 0


class TestRerun:
    def test_same_and_other(self, call: Call) -> None:
        call("run", "mine.toml", "--out", "out", "-q", "--no-report")
        runs = pd.read_parquet("out/runs.parquet")
        run_id = runs["run_id"][2]
        said = call("rerun", "out", run_id)
        assert said.code == 0
        assert (
            said.out == f"run {run_id} (arm 'low', replicate 0) comes out the same, bit for bit\n"
        )
        runs.loc[2, "total_cost"] += 1
        runs.to_parquet("out/runs.parquet", index=False)
        said = call("rerun", "out", run_id)
        assert said.code == 2
        assert said.err.startswith("out/runs.parquet: is damaged, or was changed: its SHA-256")
        reseal(Path("out"))
        said = call("rerun", "out", run_id)
        assert (said.code, said.err) == (1, "")
        assert "comes out differently: runs.total_cost" in said.out
        refused(call("rerun", "out", run_id[:-1]), ["out: has no run", run_id])


class TestList:
    def test_all_that_is_built_in(self, call: Call) -> None:
        Path("configs/field").mkdir(parents=True)
        Path("configs/field/case.toml").write_text("")
        said = call("list")
        assert said.code == 0
        for names in (*(library().rows(kind) for kind in KINDS), built_in_markets()):
            assert names
            for name in names:
                assert f"  {name} " in said.out
        for kind in (BUYERS, SUPPLIERS):
            for row in kind.rows.values():
                assert all(choice in said.out for choice in row.choices)
        assert "configs/field/case.toml" in said.out

    def test_mechanisms_stand_under_their_rooms(self, call: Call) -> None:
        lines = call("list").out.partition("mechanisms by room")[2].splitlines()
        room = ""
        homes = {}
        for line in lines[1:]:
            if line.startswith("    "):
                homes[line.split()[0]] = room
            elif line.startswith("  "):
                room = line.strip().replace(" ", "_")
            else:
                break
        assert homes == {name: row.room for name, row in MECHANISMS.items()}
        text = " ".join(" ".join(lines).split())
        assert "tiers " in text
        assert "Needs ratings. Absent when tier_bonus = 0." in text
        assert "Absent when search is not referral." in text


class TestNew:
    def test_files_run(self, call: Call, tmp_path: Path) -> None:
        said = call("new", "first-study")
        assert said.code == 0
        small = ("--set", "rounds=2", "--set", "market.buyers=4", "--replications", "2")
        assert call("run", "first-study.toml", *small, "--no-report").code == 0
        assert call("describe", "first-study.toml").code == 0

    def test_script_runs(self, call: Call, tmp_path: Path) -> None:
        call("new", "tiny")
        text = Path("tiny.toml").read_text()
        text = text.replace("rounds = 120", "rounds = 2").replace("buyers = 100", "buyers = 4")
        Path("tiny.toml").write_text(text.replace("replications = 20", "replications = 2"))
        done = subprocess.run(
            [sys.executable, "tiny.py"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "total_cost" in done.stdout

    def test_it_shows_what_the_front_page_says(self, call: Call, tmp_path: Path) -> None:
        call("new", "first")
        assert call("run", "first.toml", "--no-report", "--quiet", "--out", "found").code == 0
        (row,) = (
            Results.open("found")
            .compare("high_trust", "adversarial", ["total_cost"])
            .to_dict("records")
        )
        assert row["high"] < 0.0  # clearly less, as in the headline

    def test_nothing_is_overwritten(self, call: Call, tmp_path: Path) -> None:
        Path("mine.py").write_text("precious")
        before = listing(tmp_path)
        refused(call("new", "mine"), ["mine.toml: exists already"])
        Path("mine.toml").unlink()
        refused(call("new", "mine"), ["mine.py: exists already"])
        before.pop("mine.toml")
        assert listing(tmp_path) == before

    @pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "1x", "ü", "a/b", ".x", "x" * 65])
    def test_odd_names(self, call: Call, tmp_path: Path, name: str) -> None:
        before = listing(tmp_path)
        refused(call("new", "--", name), ["allowed: up to 64 letters"])
        assert listing(tmp_path) == before


def test_version_and_help(call: Call) -> None:
    assert re.fullmatch(r"trustsim \d+\.\d+\.\d+\n", call("--version").out)
    said = call("--help")
    for verb in ("run", "plan", "report", "rerun", "check", "describe", "list", "new"):
        assert re.search(rf"^  {verb} ", said.out, flags=re.M)
    assert call("runn", "x").code == 2
