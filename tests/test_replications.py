"""Published results: their configs are the markets that are validated, their scripts run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import ROOT

from trustsim.config.experiment import load_experiment
from trustsim.config.scenario import Scenario
from trustsim.validation.published import p1, p4, p8
from trustsim.validation.published.file import published

CONFIGS = ROOT / "configs" / "replications"
NO_MARKET = {"P3"}
"""Sources that are no experiment of the market."""

SCRIPTS = ROOT / "experiments" / "replications"


def without_name(scenario: Scenario) -> list[object]:
    return json.loads(scenario.canonical)[1:]


def test_every_source_is_there_to_be_run() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.py")} == set(published()) == set(CHECKS)
    assert {path.stem for path in CONFIGS.glob("*.toml")} == set(published()) - NO_MARKET
    for path in CONFIGS.glob("*.toml"):
        assert load_experiment(path).name == path.stem


def test_the_ways_to_buy_are_those_that_are_validated() -> None:
    arms = load_experiment(CONFIGS / "P1.toml").arms
    assert list(arms) == list(p1.POLICIES)
    for policy, arm in arms.items():
        assert without_name(arm) == without_name(p1.market_of(policy))


def test_the_ten_sellers_are_those_that_are_validated() -> None:
    (fitted,) = published()["P4"].fitted
    arm = load_experiment(CONFIGS / "P4.toml").arms["ten_sellers"]
    assert without_name(arm) == without_name(p4.ten_sellers(fitted.value))


def test_the_terms_are_those_that_are_validated() -> None:
    arms = load_experiment(CONFIGS / "P8.toml").arms
    by_name = {figure.id: figure.at for figure in published()["P8"].figure}
    (fitted,) = published()["P8"].fitted
    assert by_name["age_little_fear"]["market"]["advance_loss"] == fitted.value
    for arm, figure in (
        ("little_fear", "age_little_fear"),
        ("default_fear", "age_default_fear"),
    ):
        assert without_name(arms[arm]) == without_name(p8.market_of(by_name[figure]))


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_a_script_runs_and_says_what_it_should(script: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    numbers = [float(each) for each in re.findall(r"(?<![\w.])\d*\.\d+", done.stdout)]
    CHECKS[script.stem](numbers)


def one(said: list[float]) -> None:
    assert said[0] == pytest.approx(said[1], abs=0.03)
    assert said[2] == pytest.approx(2.0, abs=0.2)
    assert said[3] > 5.0


def three(said: list[float]) -> None:
    assert said[0] == pytest.approx(said[1], rel=0.1)
    assert said[2] == pytest.approx(said[3], rel=0.01)


def four(said: list[float]) -> None:
    loyalty = said[1::2]
    assert loyalty == sorted(loyalty)
    assert loyalty[0] < 0.2 < 0.6 < loyalty[2] < 0.95 < loyalty[3]


def eight(said: list[float]) -> None:
    (_, weak, _), (_, middling, _), _ = (said[i : i + 3] for i in (0, 3, 6))
    assert weak > middling > said[7]


def nine(said: list[float]) -> None:
    assert said[::2] == said[1::2]


CHECKS = {"P1": one, "P3": three, "P4": four, "P8": eight, "P9": nine}
