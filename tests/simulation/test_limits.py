"""Numbers at the edge: money that would not fit, orders without end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of

from trustsim import ConfigError, Scenario, TrustModel, simulate


def test_more_money_than_fits_is_refused() -> None:
    scenario = Scenario("high_trust", buyers=10_000_000, rounds=30_000, lot_cost=1000.0)
    with pytest.raises(ConfigError, match="smaller lot_cost"):
        simulate(scenario)


@pytest.mark.parametrize("number", [1.5, "1", True, None, -1, 2**32, 10**400, float("nan")])
def test_numbers_of_a_run_are_checked(number: Any) -> None:
    scenario = Scenario("high_trust", buyers=3, rounds=2)
    with pytest.raises(ConfigError, match=r"^replicate = .*: allowed: a whole number from 0 to"):
        simulate(scenario, number)
    with pytest.raises(ConfigError, match=r"^replicate = .*: allowed: a whole number from 0 to"):
        TrustModel(scenario=scenario, replicate=number)
    with pytest.raises(ConfigError, match=r"^threads = .*: allowed: a whole number from 1 to"):
        simulate(scenario, threads=number)


def test_other_arguments_of_a_run_are_checked() -> None:
    scenario: Any = "high_trust"
    with pytest.raises(ConfigError, match="scenario = 'high_trust': allowed: a Scenario"):
        simulate(scenario)
    for flag in ("no", 1, None):
        wrong: Any = flag
        with pytest.raises(ConfigError, match=r"^orders = .*: allowed: True or False"):
            simulate(Scenario("high_trust", buyers=3, rounds=2), orders=wrong)


def test_a_replicate_of_numpy_is_a_number() -> None:
    scenario = Scenario("high_trust", buyers=3, rounds=2)
    other, own = simulate(scenario, np.int64(1)), simulate(scenario, 1)
    assert (other.balances == own.balances).all()
    assert other.replicate == own.replicate == 1


def test_wild_demand_stays_countable() -> None:
    wild = Scenario(
        "high_trust", buyers=4000, suppliers=5, rounds=60, lot_spread=2.0,
        demand_volatility=2.0, demand_persistence=0.0,
    )  # fmt: skip
    outcome = simulate(wild, orders=True)
    assert needs_of(outcome)["lots"].max() == 1000.0
    assert (outcome.balances.sum(axis=1) == 0).all()


def test_runs_go_on_when_nobody_listens(tmp_path: Path) -> None:
    config = tmp_path / "x.toml"
    config.write_text(
        'name = "x"\nrounds = 3\nreplications = 20\n[market]\nbuyers = 5\nsuppliers = 3\n'
        "[arms.a]\nbuyer_mix = { high_trust = 1.0 }\n",
        encoding="utf-8",
    )
    heard, said = os.pipe()
    os.close(heard)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "trustsim.commands.cli",
            "run",
            str(config),
            "--no-report",
            "--out",
            "out",
        ],
        cwd=tmp_path,
        stderr=said,
        stdout=subprocess.DEVNULL,
    )
    os.close(said)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["runs_done"] == 20
    assert done.returncode == 0
