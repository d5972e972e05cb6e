"""The Mesa face: the same bits as simulate, agents as views, collectors and agent sets."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesa.batchrunner import batch_run
from support.places import ROOT

from trustsim import Scenario, TrustModel, simulate
from trustsim.simulation.mesa_model import Buyer, Supplier

PARAMETERS = {"buyers": 30, "suppliers": 8, "rounds": 10, "seed": 5}
MIX = {"high_trust": 0.5, "adversarial": 0.5}


@pytest.fixture
def walked() -> TrustModel:
    model = TrustModel(MIX, **PARAMETERS)
    while model.running:
        model.step()
    return model


def test_stepping_is_simulating_bit_for_bit(walked: TrustModel) -> None:
    outcome = simulate(Scenario(MIX, **PARAMETERS))
    stepped = walked.outcome()
    assert np.array_equal(stepped.sums.rounds, outcome.sums.rounds)
    assert np.array_equal(stepped.sums.ages, outcome.sums.ages)
    assert np.array_equal(stepped.balances, outcome.balances)
    for ours, theirs in zip(stepped.world, outcome.world, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_a_step_does_not_depend_on_who_looks() -> None:
    watched, alone = TrustModel(MIX, **PARAMETERS), TrustModel(MIX, **PARAMETERS)
    for _ in range(4):
        watched.step()
        watched.agents.shuffle(inplace=True).get("cash")
        alone.step()
    assert np.array_equal(watched.outcome().sums.rounds, alone.outcome().sums.rounds)


def test_agents_are_views_of_records(walked: TrustModel) -> None:
    buyer = walked.agents_by_type[Buyer][3]
    assert buyer.cash == walked.world.buyers[3]["cash"]
    buyer.opportunism = 0.25
    assert walked.world.buyers[3]["opportunism"] == 0.25
    walked.world.suppliers[2]["rating"] = 0.125
    assert walked.agents_by_type[Supplier][2].rating == 0.125
    with pytest.raises(AttributeError):
        _ = buyer.mood


def test_agent_sets_select_group_and_add_up(walked: TrustModel) -> None:
    buyers = walked.agents_by_type[Buyer]
    assert len(buyers) == 30
    assert len(walked.agents) == 38
    groups = buyers.groupby("policy").count()
    assert set(groups) == set(MIX)
    assert sum(groups.values()) == 30
    assert sum(buyers.get("cash")) == walked.outcome().balances[-1][0]
    rich = walked.agents_by_type[Supplier].select(lambda s: s.cash > 0)
    assert all(s.cash > 0 for s in rich)
    assert buyers.agg("payoff", np.mean) == np.mean(walked.world.buyers["payoff"])
    trusted = [trust for trust in buyers.get("trust") if trust == trust]
    assert trusted
    assert all(0 < trust < 1 for trust in trusted)


def test_collected_measures_are_those_of_the_rounds(walked: TrustModel) -> None:
    collected = walked.datacollector.get_model_vars_dataframe()
    rounds = walked.outcome().rounds
    rounds = rounds[rounds["policy"] == "all"].reset_index(drop=True)
    assert len(collected) == 10
    for name in ("total_cost", "inspection_rate", "trust_in_suppliers", "orders"):
        np.testing.assert_array_equal(collected[name].to_numpy(), rounds[name].to_numpy())
    agents = walked.datacollector.get_agenttype_vars_dataframe(Buyer)
    assert set(agents.columns) == {"policy", "cash", "payoff", "trust"}
    assert len(agents) == 300


def test_the_last_round_is_the_last(walked: TrustModel) -> None:
    assert walked.steps == 10
    assert not walked.running
    with pytest.raises(ValueError, match="all its 10 rounds"):
        walked.step()


def test_a_ready_scenario_and_another_replicate() -> None:
    scenario = Scenario("high_trust", buyers=20, suppliers=5, rounds=3)
    model = TrustModel(scenario=scenario, replicate=4)
    for _ in range(3):
        model.step()
    outcome = simulate(scenario, 4)
    assert np.array_equal(model.outcome().sums.rounds, outcome.sums.rounds)
    assert model.outcome().measures == pytest.approx(outcome.measures, nan_ok=True)


OTHERWISE = {
    "copied": copy.deepcopy,
    "pickled": lambda model: pickle.loads(pickle.dumps(model)),
}


@pytest.mark.parametrize("way", OTHERWISE)
def test_a_copy_goes_on_by_itself(way: str) -> None:
    model = TrustModel(MIX, **PARAMETERS)
    for _ in range(4):
        model.step()
    other = OTHERWISE[way](model)
    before = model.world.buyers.tobytes()
    while other.running:
        other.step()
    assert model.world.buyers.tobytes() == before
    assert model.steps == 4
    while model.running:
        model.step()
    assert np.array_equal(other.outcome().sums.rounds, model.outcome().sums.rounds)
    assert other.datacollector.model_vars.keys() == model.datacollector.model_vars.keys()
    np.testing.assert_array_equal(
        other.datacollector.get_model_vars_dataframe(),
        model.datacollector.get_model_vars_dataframe(),
    )
    other.agents_by_type[Buyer][3].opportunism = 0.25
    assert other.world.buyers[3]["opportunism"] == 0.25
    assert other.agents_by_type[Buyer][3].model is other
    assert len(other.agents_by_type[Supplier]) == 8


RULE = """
def always(order, view, policy):
    return 1.0
"""
GOES_ON = """
import pickle, sys
model = pickle.load(open(sys.argv[1], "rb"))
while model.running:
    model.step()
print(model.outcome().sums.rounds.tobytes().hex())
"""


def test_a_rule_of_the_users_is_found_again_in_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_rule.py").write_text(RULE)
    monkeypatch.syspath_prepend(tmp_path)
    import my_rule  # type: ignore[import-not-found]

    policies: Any = {"buyers": {"mine": {"based_on": "high_trust", "inspection": my_rule.always}}}
    model = TrustModel("mine", policies=policies, **PARAMETERS)
    model.step()
    (tmp_path / "model").write_bytes(pickle.dumps(model))
    done = subprocess.run(
        [sys.executable, "-c", GOES_ON, str(tmp_path / "model")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    while model.running:
        model.step()
    assert done.stdout.strip() == model.outcome().sums.rounds.tobytes().hex()


def test_mesas_batches_run_arms_and_replicates() -> None:
    parameters = {
        "buyer_mix": ["high_trust", MIX],
        "replicate": range(2),
        **PARAMETERS,
    }
    rows = batch_run(TrustModel, parameters, display_progress=False)
    assert len(rows) == 4
    for row in rows:
        outcome = simulate(Scenario(row["buyer_mix"], **PARAMETERS), row["replicate"])
        last = outcome.rounds.query("round == round.max()").set_index("policy")["total_cost"]
        assert row["total_cost"] == last.get("all", last.iloc[0])
        assert row["Step"] == 9
    again = batch_run(
        TrustModel, {**parameters, "buyer_mix": "high_trust", "replicate": 1}, iterations=2,
        display_progress=False, data_collection_period=1,
    )  # fmt: skip
    costs = np.array([row["total_cost"] for row in again]).reshape(2, 10)
    np.testing.assert_array_equal(costs[0], costs[1])  # iterations are no other luck


def test_who_asks_for_details_is_not_told_of_every_step_of_the_compiler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    import numba

    caplog.set_level(logging.DEBUG)
    numba.njit(lambda number: number + 1)(1)
    assert not [record for record in caplog.records if record.name.startswith("numba")]
