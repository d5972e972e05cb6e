"""The scripts in experiments/ run as a student would run them, and say what they should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import ROOT

SCRIPTS = sorted(path.name for path in (ROOT / "experiments").glob("*.py"))


def run(script: str, folder: Path) -> str:
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "experiments" / script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_script_is_tried_here() -> None:
    assert set(SCRIPTS) == {
        "crossover.py",
        "first_look.py",
        "tail_of_trust.py",
        "turn_a_knob.py",
        "write_your_own_rule.py",
    }


def test_first_look_is_short_and_plots(tmp_path: Path) -> None:
    lines = (ROOT / "experiments" / "first_look.py").read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 15
    run("first_look.py", tmp_path)
    assert (tmp_path / "first_look.png").stat().st_size > 10_000


def test_more_to_learn_makes_trust_cheaper(tmp_path: Path) -> None:
    lines = run("turn_a_knob.py", tmp_path).splitlines()
    differences = [float(line.split(":")[1].split("+-")[0]) for line in lines]
    assert len(differences) == 5
    assert differences == sorted(differences, reverse=True)
    assert (tmp_path / "turn_a_knob.png").exists()


def test_adversarial_purchasing_is_cheaper_first_and_dearer_in_the_end(tmp_path: Path) -> None:
    *years, last_year, _ = run("crossover.py", tmp_path).splitlines()
    gaps = {line.split(":")[0]: float(line.split()[4]) for line in years}
    assert len(gaps) == 10
    assert all(gap < 0.0 for name, gap in gaps.items() if name.startswith("cost_price"))
    assert gaps["total_cost, year 1"] < 0.0 < gaps["total_cost, year 10"]
    assert 12 < int(last_year.split(" month ")[1].split()[0]) < 60


def test_who_relies_on_a_partner_loses_more_when_it_turns(tmp_path: Path) -> None:
    lines = run("tail_of_trust.py", tmp_path).splitlines()
    assert len(lines) == 6
    assert all(float(line.split("worst 5 % ")[1].split()[0]) > 0.0 for line in lines)
    turned = [float(line.split("after a turn ")[1].split()[0]) for line in (lines[2], lines[5])]
    assert turned[1] > turned[0]
    assert "after a turn" not in lines[0] + lines[3]  # nobody turns


def test_own_rule_inspects_more_than_the_built_in_one(tmp_path: Path) -> None:
    output = run("write_your_own_rule.py", tmp_path)
    rates = [float(line.split()[-1]) for line in output.splitlines() if "inspection_rate" in line]
    assert rates[1] > 1.2 * rates[0]
    assert "same bits: True" in output


def test_alone_or_all_says_what_it_is_for(tmp_path: Path) -> None:
    small = ["--replications", "3", "--set", "rounds=12", "--set", "market.buyers=60"]
    config = str(ROOT / "configs" / "alone_or_all.toml")
    done = subprocess.run(
        [sys.executable, "-m", "trustsim.commands.cli", "run", config, "--out", "out", *small],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    worth, leads = done.stdout.splitlines()[2:4]
    assert worth.startswith("A buyer that turns to high trust while the others stay with adversari")
    assert leads.startswith("Where buyers imitate whoever fares better (imitating), high trust ")
    assert "have the policy 'high_trust' (share 0.01)" in done.stderr
    assert (tmp_path / "out" / "figures" / "alone_or_all.png").stat().st_size > 10_000
    assert '<section id="alone">' in (tmp_path / "out" / "report.html").read_text("utf-8")


@pytest.mark.parametrize("config", sorted((ROOT / "configs").glob("*.toml"), key=str))
def test_configs_are_described(config: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trustsim.commands.cli", "describe", str(config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert config.stem in done.stdout
