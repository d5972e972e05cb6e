"""The Mesa face: the same bits as simulate, agents as views, collectors and agent sets."""

from __future__ import annotations

import numpy as np
import pytest

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
