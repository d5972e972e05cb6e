"""The table of policies: a row per policy of buyers, which add up to the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustsim.config.scenario import Scenario
from trustsim.schema.accounts import CATEGORIES
from trustsim.schema.measures import MEASURES
from trustsim.simulation.outcome import added_up, policy_columns
from trustsim.simulation.run import Rounds, simulate

SMALL: dict[str, Any] = {"buyers": 15, "suppliers": 5, "contacts": 3, "rounds": 12}
POLICIES = ("high_trust", "adversarial", "trust_but_verify")

mixes = st.lists(st.integers(1, 20), min_size=2, max_size=3).map(
    lambda parts: {n: p / sum(parts) for n, p in zip(POLICIES, parts, strict=False)}
)


def test_the_row_of_the_only_policy_is_the_run() -> None:
    outcome = simulate(Scenario("high_trust", **SMALL))
    (row,) = outcome.policies.to_dict("records")
    assert row.pop("policy") == "high_trust"
    assert [row.pop(name) for name in [*row] if name.startswith("share_")] == [1.0] * 4
    assert list(row) == list(outcome.measures)
    assert list(row.values()) == pytest.approx(list(outcome.measures.values()), abs=0, nan_ok=True)


@settings(max_examples=20)
@given(mix=mixes, imitation=st.sampled_from([0.0, 0.2]), replicate=st.integers(0, 99))
def test_parts_add_up_to_the_run(mix: dict[str, float], imitation: float, replicate: int) -> None:
    scenario = Scenario(mix, imitation_rate=imitation, mutation=imitation, **SMALL)
    outcome = simulate(scenario, replicate)
    parts, run = outcome.policies, outcome.measures
    assert list(parts["policy"]) == list(mix)
    assert parts["orders"].sum() == run["orders"]
    assert parts["accepted"].sum() == pytest.approx(run["accepted"], abs=1e-6)
    lots = parts["accepted"] / run["accepted"]
    for name in ("total_cost", "supplier_profit", *(f"cost_{part}" for part in CATEGORIES)):
        assert (lots * parts[name]).sum() == pytest.approx(run[name], abs=1e-9), name
    for name in ("dispute_rate", "knowhow", "arrears_days"):
        assert (parts["share_of_orders"] * parts[name]).sum() == pytest.approx(run[name]), name
    shares = [name for name in parts if name.startswith("share_")]
    assert parts[shares].sum().to_numpy() == pytest.approx(np.ones(len(shares)))


@settings(max_examples=10)
@given(mix=mixes, replicate=st.integers(0, 99))
def test_shares_are_those_of_the_rounds(mix: dict[str, float], replicate: int) -> None:
    outcome = simulate(Scenario(mix, imitation_rate=0.3, **SMALL), replicate)
    buyers = outcome.rounds.pivot_table(index="round", columns="policy", values="buyers")
    assert (buyers["all"] == SMALL["buyers"]).all()
    assert (buyers[list(mix)].sum(axis=1) == buyers["all"]).all()
    parts = outcome.policies.set_index("policy")
    for name in mix:
        path = buyers[name] / SMALL["buyers"]
        assert parts["share_of_buyers"][name] == pytest.approx(path.mean())
        assert parts["share_at_start"][name] == pytest.approx(path.iloc[0])
        assert parts["share_at_end"][name] == pytest.approx(path.iloc[-1])
    last = outcome.rounds["round"] == outcome.rounds["round"].max()
    assert last.sum() == len(mix) + 1


def test_a_buyer_is_counted_in_every_round_whether_it_orders_or_not() -> None:
    outcome = simulate(Scenario("adversarial", **{**SMALL, "demand_rate": 0.1}))
    assert (outcome.rounds["buyers"] == SMALL["buyers"]).all()
    assert outcome.measures["orders"] < 0.5 * SMALL["buyers"] * SMALL["rounds"]


def test_a_policy_without_a_buyer_has_no_measures() -> None:
    outcome = simulate(Scenario({"high_trust": 0.0, "adversarial": 1.0}, **SMALL))
    nobody, everybody = outcome.policies.to_dict("records")
    assert nobody["share_of_buyers"] == nobody["share_at_start"] == nobody["orders"] == 0.0
    counts = ("orders", "accepted")
    assert all(np.isnan(nobody[name]) for name in MEASURES if name not in counts)
    assert {name: everybody[name] for name in outcome.measures} == pytest.approx(
        outcome.measures, abs=0, nan_ok=True
    )


def test_policies_do_not_need_the_rounds() -> None:
    sums = simulate(Scenario({"high_trust": 0.5, "adversarial": 0.5}, **SMALL)).sums
    whole, little = (
        policy_columns([each]) for each in (sums, added_up(sums, rounds=False, ages=False))
    )
    for name, column in whole.items():
        assert np.array_equal(column, little[name], equal_nan=name != "policy"), name


def test_workers_count_buyers_together() -> None:
    scenario = Scenario(
        {"high_trust": 0.5, "adversarial": 0.5}, buyers=4_100, suppliers=9, rounds=2
    )
    one, two = (simulate(scenario, threads=threads) for threads in (1, 2))
    assert one.policies.equals(two.policies)
    assert one.rounds["buyers"].equals(two.rounds["buyers"])


def test_a_market_that_has_not_begun_has_no_shares() -> None:
    policies = Rounds(Scenario("high_trust", **SMALL), 0).outcome().policies
    assert policies["share_at_start"].isna().all()
    assert policies["share_of_buyers"].isna().all()
