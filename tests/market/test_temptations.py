"""Who calculates is right on average: what temptations were expected to bring, and what came."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from support.places import ROOT

from trustsim.simulation.run import simulate
from trustsim.study import Experiment

HEADLINE = ROOT / "configs" / "high_trust_vs_adversarial.toml"
ARMS = ("high_trust", "adversarial", "hard_but_fair", "trust_but_verify")
ROUNDS, RUNS = 480, 12
"""Forty years of months, since means of a long run are asked for."""
ENOUGH = 100
"""Fewer cases say nothing: a mean of so many chances of a half has a standard error of .05."""
WITHIN = 0.2


@cache
def met(policy: str) -> pd.DataFrame:
    """Means a time of each temptation in the runs of an arm of the headline."""
    scenario = Experiment.load(HEADLINE, rounds=ROUNDS).config.arms[policy]
    runs = [simulate(scenario, r).temptations.set_index("temptation") for r in range(RUNS)]
    times = sum(run["times"] for run in runs)
    sums = sum(run.drop(columns="times").fillna(0.0).mul(run["times"], axis=0) for run in runs)
    return sums.div(times.where(times > 0), axis=0).assign(times=times)


@pytest.mark.parametrize("kind", ["shade", "abscond", "pay_late", "deny"])
@pytest.mark.parametrize("policy", ARMS)
def test_what_was_expected_of_giving_in_is_what_happened(policy: str, kind: str) -> None:
    row = met(policy).loc[kind]
    if row["times"] < ENOUGH:
        assert (policy, kind) in RARE
        return
    for what in ("gain", "found", "loss"):
        expected, happened = row[f"{what}_expected"], row[f"{what}_happened"]
        assert abs(expected - happened) <= WITHIN * max(expected, happened), what


@pytest.mark.parametrize("kind", ["shade", "abscond", "pay_late", "deny"])
@pytest.mark.parametrize("policy", ARMS)
def test_what_was_expected_to_be_lost_of_relations_was_lost(policy: str, kind: str) -> None:
    row = met(policy).loc[kind]
    if row["times"] < ENOUGH or (policy, kind) in APART:
        return
    expected, happened = row["relation_expected"], row["relation_happened"]
    assert expected > 0.0
    assert abs(expected - happened) <= WITHIN * max(expected, happened)


def test_relations_are_lost_to_no_temptation_where_the_wronged_never_leave() -> None:
    scenario = Experiment.load(HEADLINE, rounds=60).config.arms["adversarial"]
    found = simulate(scenario.replace(without=["exit"])).temptations.set_index("temptation")
    assert found.loc["deny", "times"] > 0
    assert found.loc["deny", "relation_happened"] == 0.0
    assert found.loc["pay_late", "relation_happened"] == 0.0


APART = {
    ("high_trust", "shade"),
    ("high_trust", "abscond"),
    ("high_trust", "pay_late"),
    ("trust_but_verify", "pay_late"),
}
"""Where what is lost of relations differs by more: buyers of high trust are so seldom wronged that
what the trade knows of it goes back to what a new market believes between two grievances, which is
more than leave; and more relations that are worth keeping end after late payment than are thought
to. Both are told in the findings."""

RARE = {
    ("hard_but_fair", "pay_late"),
    ("hard_but_fair", "deny"),
    ("adversarial", "abscond"),
    ("hard_but_fair", "abscond"),
    ("trust_but_verify", "abscond"),
}
"""Temptations that hardly arise: a fair buyer is not tempted, nobody pays an adversary's supplier
before it delivers, nor often one that is verified."""


@pytest.mark.parametrize("policy", ARMS)
def test_how_often_the_wronged_leave_is_known(policy: str) -> None:
    found = met(policy)
    for kind in ("wrong_a_buyer", "wrong_a_supplier"):
        row = found.loc[kind]
        assert row["times"] >= ENOUGH
        assert row["found_expected"] == pytest.approx(row["found_happened"], abs=0.08)


def test_calculators_gain_by_what_they_give_in_to() -> None:
    # where the partner does not leave, who gives in has gained; so the loss of a denied debt is
    # weighed with the standing that it costs
    late = met("adversarial").loc["pay_late"]
    assert late["gain_happened"] > late["loss_happened"]
