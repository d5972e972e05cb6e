"""Beliefs: how counts of experience add up and fade, and how strangers are judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.quiet_market import ROUNDS, needs_of, orders_of, quiet
from support.single_records import buyer as buyer_policy
from support.single_records import market as market_of
from support.troubles import CHEAT, CHEATING, FAULTY

from trustsim.market.beliefs import on_record, posterior, stranger, updated
from trustsim.simulation.run import simulate


@pytest.mark.parametrize(("good", "bad"), [(0, 0), (8, 0), (0, 3), (5, 2), (2.5, 0.75)])
def test_reputation_is_the_mean_of_the_beta_posterior(good: float, bad: float) -> None:
    assert posterior(good, bad) == pytest.approx((good + 1.0) / (good + bad + 2.0), abs=1e-12)


def test_counts_are_weighted_geometrically() -> None:
    news = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    count = 1.0
    for each in news:
        count = updated(count, 1.0, 0.9, each)
    assert count == pytest.approx(1.0 + (news * 0.9 ** np.arange(5, -1, -1)).sum(), abs=1e-12)


@pytest.mark.parametrize(("forgetting", "betrayal"), [(1.0, 1.0), (0.9, 1.0), (0.9, 3.0)])
def test_trust_follows_the_orders_of_a_tie(forgetting: float, betrayal: float) -> None:
    # (r + 1)/(r + s + 2) at betrayal weight 1, news fading by a factor an order
    memory = {"trust_forgetting": forgetting, "idle_forgetting": 1.0, "betrayal_weight": betrayal}
    market: dict[str, Any] = {"buyers": 30, "suppliers": 6, "contacts": 3, "rounds": 30}
    outcome = simulate(
        quiet({"voice": 0.0, "attraction_weight": 0.0}, CHEAT, **CHEATING, **market, **memory),
        orders=True,
    )
    orders = needs_of(outcome)
    compared = 0
    for (buyer, contact), dealt in orders.groupby(["buyer", "contact"]):
        bad = dealt["grievance"].to_numpy()
        weight = forgetting ** np.arange(len(bad) - 1, -1, -1)
        r, s = (weight * (1 - bad)).sum(), betrayal * (weight * bad).sum()
        tie = outcome.world.ties[buyer, contact]
        assert tie["orders"] == len(bad)
        trust = tie["supplier_good"] / (tie["supplier_good"] + tie["supplier_bad"])
        assert trust == pytest.approx((r + 1.0) / (r + s + 2.0), abs=1e-5)
        # the supplier has nothing to complain about
        assert tie["buyer_good"] == pytest.approx(1.0 + weight.sum(), rel=1e-5)
        assert tie["buyer_bad"] == pytest.approx(1.0, abs=1e-6)
        compared += bool(bad.any())
    assert compared > 30
    # generalised trust is the same of all orders of the buyer
    for buyer, dealt in orders.groupby("buyer"):
        bad = dealt["grievance"].to_numpy()
        weight = forgetting ** np.arange(len(bad) - 1, -1, -1)
        found = outcome.world.buyers[buyer]
        assert found["general_good"] == pytest.approx(1 + (weight * (1 - bad)).sum(), rel=1e-5)
        assert found["general_bad"] == pytest.approx(1 + betrayal * (weight * bad).sum(), rel=1e-5)


@pytest.mark.parametrize("bonus", [0.0, 0.5])
def test_goodwill_grows_with_upkeep_and_lifts_trust(bonus: float) -> None:
    market = {"goodwill_bonus": bonus, "goodwill_erosion": 0.2, "trust_forgetting": 1.0}
    orders = orders_of({"upkeep": 1.0}, {"care": 0.0}, **market)
    goodwill = [0.0]
    for _ in ROUNDS[1:]:
        goodwill.append((goodwill[-1] + 0.1 * (1.0 - goodwill[-1])) * 0.8)
    belief = (ROUNDS + 1) / (ROUNDS + 2)
    expected = belief + bonus * np.array(goodwill) * (1.0 - belief)
    np.testing.assert_allclose(orders["trust_in_supplier"], expected, atol=1e-6)
    np.testing.assert_allclose(orders["trust_in_buyer"], expected, atol=1e-6)
    neglected = simulate(quiet({"upkeep": 0.0}, {"care": 0.0}, **market)).world
    assert neglected.bonds["goodwill"].sum() == 0.0
    assert neglected.bonds.shape == (int(bonus > 0.0), 1)


def test_strangers_are_judged_by_acquaintance_reputation_and_general_trust() -> None:
    def first_trust(**market: Any) -> pd.Series:
        sizes = {"buyers": 300, "rounds": 1, "suppliers": 30}
        return orders_of({"prior_good": 3.0, "prior_bad": 1.0}, **sizes, **market)[
            "trust_in_supplier"
        ]

    assert first_trust().to_numpy() == pytest.approx(0.75)
    everybody = first_trust(acquaintance_bonus=0.4, communities=1)
    assert everybody.to_numpy() == pytest.approx(0.75 + 0.4 * 0.25)
    some = first_trust(acquaintance_bonus=0.4, communities=4)
    assert set(some.round(6)) == {0.75, 0.85}
    assert (some > 0.8).mean() == pytest.approx(0.25, abs=0.1)
    # nothing is known yet: reputation and general trust are .5, and add so many orders to 3 and 1
    for weight in ("general_weight", "reputation_weight"):
        for orders in (0.4, 1.0, 100.0):
            found = first_trust(**{weight: orders}).to_numpy()
            assert found == pytest.approx((3.0 + 0.5 * orders) / (4.0 + orders))


@pytest.mark.parametrize("acquainted", [True, False])
def test_evidence_of_a_stranger_is_added_up(acquainted: bool) -> None:
    # 3 for and 1 against, two orders of which 6 in 8 went well, and 9 in 10 of half an order
    world = market_of(general_weight=2.0, reputation_weight=0.5, acquaintance_bonus=0.2)
    policy = buyer_policy(prior_good=3.0, prior_bad=1.0)
    good, bad = stranger(policy, 6.0, 2.0, on_record(0.9, world), acquainted, world)
    against = 1.0 + 2.0 * 0.25 + 0.5 * 0.1
    moved = 0.2 * against if acquainted else 0.0
    assert good == pytest.approx(3.0 + 2.0 * 0.75 + 0.5 * 0.9 + moved)
    assert bad == pytest.approx(against - moved)
    # all that is known weighs the same in the end, whoever is trusted more at first
    world["general_weight"] = world["reputation_weight"] = 0.0
    alone = stranger(policy, 6.0, 2.0, on_record(0.9, world), False, world)
    assert alone == pytest.approx((3.0, 1.0))


@pytest.mark.parametrize("weight", [0.0, 50.0])
def test_there_is_no_public_record_of_buyers(weight: float) -> None:
    # after n fair orders a supplier counts n besides its prior, however much ratings count
    orders = orders_of(reputation_weight=weight, trust_forgetting=1.0)
    expected = (ROUNDS + 1.0) / (ROUNDS + 2.0)
    np.testing.assert_allclose(orders["trust_in_buyer"], expected, atol=1e-6)
    assert (orders["trust_in_supplier"].iloc[-1] > 0.9) == (weight == 0.0)


def test_bad_experience_with_others_lowers_trust_in_strangers() -> None:
    sizes = {"buyers": 20, "suppliers": 30, "contacts": 1, "break_rate": 1.0, "rounds": 20}
    kept = {"trust_forgetting": 1.0, "betrayal_weight": 1.0, "failure_cost": 0.0}
    good = orders_of({"voice": 0.0}, general_weight=1.0, **sizes, **kept)
    bad = orders_of(
        {"voice": 0.0},
        {"admission": 1.0},
        general_weight=1.0,
        knowhow_quality=0.0,
        **sizes,
        **kept,
        **FAULTY,
    )
    # one order of general experience besides a prior of one for and one against
    n = good["round"]
    np.testing.assert_allclose(good["trust_in_supplier"], (1 + (n + 1) / (n + 2)) / 3, atol=1e-5)
    np.testing.assert_allclose(bad["trust_in_supplier"], (1 + 1 / (n + 2)) / 3, atol=1e-5)


def test_suppliers_judge_strangers_by_what_all_buyers_did() -> None:
    # every buyer is new in every round and denies its debt; the supplier remembers them all
    outcome = simulate(
        quiet(
            {"conduct": "always", "worst": 1.0},
            instruments={"open": {"credit_days": 30.0}},
            buyers=10,
            rounds=2,
            break_rate=1.0,
            general_weight=1.0,
            betrayal_weight=3.0,
            trust_forgetting=0.5,
            claim_penalty=0.0,
            credit_loss=0.0,
        ),
        orders=True,
    )
    orders = needs_of(outcome)
    assert (orders["false_claim"] > 0).all()
    assert orders.loc[orders["round"] == 0, "trust_in_buyer"].to_numpy() == pytest.approx(0.5)
    after = (1.0 + 1.0 / (1.0 + 1.0 + 3.0 * 10.0)) / 3.0
    assert orders.loc[orders["round"] == 1, "trust_in_buyer"].to_numpy() == pytest.approx(after)
