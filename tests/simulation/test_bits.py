"""The same seed gives the same bits, whoever walks; other luck and other arms differ."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.quiet_market import needs_of

import trustsim
from trustsim.config.scenario import Scenario
from trustsim.schema.measures import AGE_FROM
from trustsim.simulation.building import build
from trustsim.simulation.run import simulate

SOURCES = Path(trustsim.__file__).parents[1]
LIVELY: dict[str, Any] = {
    "buyers": 90,
    "rounds": 25,
    "turn_rate": 0.05,
    "imitation_rate": 0.1,
    "mutation": 0.1,
    "delisting_rating": 0.5,
    "overhead": 0.12,
}
"""A market in which firms fail, are delisted, change owners and imitate."""
MIX = {"high_trust": 0.3, "adversarial": 0.4, "price_only": 0.3}


def bits(outcome: Any) -> list[bytes]:
    """Everything that a run leaves."""
    sums = [getattr(outcome.sums, name) for name in ("rounds", "ages", "balances", "temptations")]
    return [array.tobytes() for array in (*sums, *outcome.world)]


def digest(scenario: Scenario, replicate: int) -> dict[str, str]:
    """Write the measures of a run exactly."""
    return {name: number.hex() for name, number in simulate(scenario, replicate).measures.items()}


@pytest.fixture(scope="module")
def lively() -> Scenario:
    return Scenario(MIX, **LIVELY)


def test_the_lively_market_is_lively(lively: Scenario) -> None:
    outcome = simulate(lively, 3)
    assert outcome.world.suppliers["generation"].max() > 1
    policies = build(lively, 3).buyers["policy"]
    assert (policies != outcome.world.buyers["policy"]).any()
    assert outcome.measures["dispute_rate"] > 0.0
    assert outcome.measures["arrears_days"] > 0.0


@pytest.mark.parametrize("threads", [2, 3, 5, 16])
def test_threads_do_not_matter(
    lively: Scenario, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = bits(simulate(lively, 3))
    monkeypatch.setattr(sys.modules["trustsim.simulation.run"], "SMALLEST_SHARE", 7)
    assert bits(simulate(lively, 3, threads=threads)) == alone


def test_a_large_market_takes_several_workers_by_itself() -> None:
    large = Scenario("adversarial", buyers=4_001, suppliers=50, rounds=3)
    assert bits(simulate(large, threads=2)) == bits(simulate(large, threads=1))


def test_the_order_of_runs_does_not_matter(lively: Scenario) -> None:
    other = Scenario("trust_but_verify", buyers=30, rounds=10)
    forth = [bits(simulate(s, r)) for s in (lively, other) for r in (0, 1, 2)]
    back = [bits(simulate(s, r)) for s in (other, lively) for r in (2, 1, 0)]
    assert forth == back[::-1]


def test_keeping_orders_changes_nothing(lively: Scenario) -> None:
    assert bits(simulate(lively, 1, orders=True)) == bits(simulate(lively, 1))


PROGRAM = """
import json, sys
from trustsim.config.scenario import Scenario
from trustsim.simulation.run import simulate

made = json.loads(sys.stdin.read())
outcome = simulate(Scenario(made["mix"], **made["market"]), made["replicate"], orders=True)
print(outcome.orders.to_json(orient="split", double_precision=15))
print(json.dumps({name: number.hex() for name, number in outcome.measures.items()}))
"""


def in_a_new_process(
    mix: Any, replicate: int, market: dict[str, Any], **environment: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Run a scenario in a fresh interpreter; give its orders and its exact measures."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps({"mix": mix, "market": market, "replicate": replicate}),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES), **environment},
    )
    assert done.returncode == 0, done.stderr
    orders, measures = done.stdout.splitlines()
    table = json.loads(orders)
    return pd.DataFrame(table["data"], columns=table["columns"]), json.loads(measures)


def test_a_fresh_process_gives_the_same_bits(lively: Scenario) -> None:
    _, measures = in_a_new_process(MIX, 3, LIVELY, PYTHONHASHSEED="77")
    assert measures == digest(lively, 3)


def test_with_the_compiler_off_the_same_orders_are_made() -> None:
    market = {**LIVELY, "buyers": 16, "suppliers": 8, "rounds": 10}
    plain, plain_measures = in_a_new_process(MIX, 5, market, NUMBA_DISABLE_JIT="1")
    outcome = simulate(Scenario(MIX, **market), 5, orders=True)
    compiled = outcome.orders
    assert compiled is not None
    assert len(compiled) > 100
    assert list(plain) == list(compiled)
    money = ("cost_", "flow_", "profit", "receivable", "bids", "outlay", "value")
    for name in compiled:
        if name.startswith(money):  # whole micro-units
            assert (plain[name] - compiled[name]).abs().max() <= 5.5e-6, name
        elif compiled[name].dtype.kind == "f":
            # with the compiler off, single precision times a number stays in single precision
            np.testing.assert_allclose(
                plain[name].astype(float), compiled[name], rtol=1e-6, atol=1e-6, err_msg=name
            )
        else:
            same = plain[name].fillna("") == compiled[name].astype(object).fillna("")
            assert same.all(), name
    for name, number in outcome.measures.items():
        assert float.fromhex(plain_measures[name]) == pytest.approx(number, rel=1e-6, nan_ok=True)


def test_another_replicate_or_seed_is_other_luck() -> None:
    scenario = Scenario("high_trust", buyers=20, rounds=10)
    found = [
        *(digest(scenario, replicate)["total_cost"] for replicate in range(5)),
        digest(scenario, 2**32 - 1)["total_cost"],
        digest(scenario.replace(seed=2), 0)["total_cost"],
        digest(scenario.replace(seed=1 + 2**32), 0)["total_cost"],
        digest(scenario.replace(seed=2**63 - 1), 0)["total_cost"],
    ]
    assert len(set(found)) == len(found)


def test_replicates_are_independent() -> None:
    scenario = Scenario("adversarial", buyers=10, rounds=6)
    costs = np.array(
        [simulate(scenario, replicate).measures["total_cost"] for replicate in range(400)]
    )
    assert abs(np.corrcoef(costs[:-1], costs[1:])[0, 1]) < 4.0 / np.sqrt(len(costs))
    assert abs(np.corrcoef(costs[:200], costs[200:])[0, 1]) < 4.0 / np.sqrt(200)


ARMS = ("high_trust", "adversarial", "trust_but_verify", "price_only", "reputation_guided")


def test_arms_face_the_same_market_and_the_same_needs() -> None:
    worlds = {arm: build(Scenario(arm, buyers=25), 4) for arm in ARMS}
    first = worlds[ARMS[0]]
    for world in worlds.values():
        for name in ("community", "remoteness", "opportunism"):
            np.testing.assert_array_equal(world.buyers[name], first.buyers[name])
        for name in ("policy", "community", "opportunism", "cost"):
            np.testing.assert_array_equal(world.suppliers[name], first.suppliers[name])
        np.testing.assert_array_equal(world.ties["supplier"], first.ties["supplier"])
    records = {
        arm: simulate(Scenario(arm, buyers=25, rounds=20), 4, orders=True).recorded[0]
        for arm in ARMS
    }
    base = records[ARMS[0]]
    assert base is not None
    for record in records.values():
        assert record is not None
        np.testing.assert_array_equal(record["lots"], base["lots"])
        np.testing.assert_array_equal(record["buyer"], base["buyer"])
    needs = {
        tuple(simulate(Scenario(arm, buyers=25, rounds=20), 4).sums.rounds["needs"].sum(axis=1))
        for arm in ARMS
    }
    assert len(needs) == 1


def test_costs_of_two_arms_move_together() -> None:
    # common random numbers: what makes a market dear makes it so for both
    arms = [Scenario(arm, buyers=50, rounds=40) for arm in ("high_trust", "trust_but_verify")]
    pairs = np.array(
        [[simulate(arm, r).measures["total_cost"] for arm in arms] for r in range(600)]
    )
    found = stats.pearsonr(pairs[:, 0], pairs[:, 1])
    assert found.confidence_interval(0.99).low > 0.3
    paired = (pairs[:, 0] - pairs[:, 1]).std()
    alone = np.hypot(*pairs.std(axis=0))
    assert paired < 0.85 * alone


def test_ages_of_the_table_are_the_ages_of_the_orders(lively: Scenario) -> None:
    outcome = simulate(lively, 2, orders=True)
    orders = needs_of(outcome)
    agreed = orders[orders["ordered"] == 1]
    counted = np.histogram(agreed["age"], bins=[*AGE_FROM, 10**6])[0]
    np.testing.assert_array_equal(outcome.ages["orders"], counted)
