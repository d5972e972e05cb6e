"""Talk off the platform, debtors whom the law must find, and buyers whom a platform protects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of, orders_of, quiet
from support.troubles import ALL_BAD, NO_RISK, OPEN, SIZES

from trustsim.config.scenario import Scenario
from trustsim.market.rooms.disputes import wait_of
from trustsim.market.rooms.production import weigh_absconding
from trustsim.market.rooms.settlement import OTHER_SCOPE, weigh_false_claim
from trustsim.market.rooms.sourcing import total_cost
from trustsim.simulation.run import simulate
from trustsim.validation.single_records import buyer, market, order, situation, view

LIAR = {"conduct": "always", "worst": 1.0, "documentation": 1.0}
CLAIMING = {"escalation": "platform"}
KNOWN: dict[str, Any] = {"payment_record": 1.0, "delivery_record": 1.0, "claim_penalty": 0.0}
KNOWN |= {"platform_fee": 0.0, "locatable": 1.0, "enforcement": 1.0, "bankruptcy": 0}
LURED: dict[str, Any] = {**KNOWN, **NO_RISK, **ALL_BAD, **SIZES, "off_platform": 1.0}


@pytest.mark.parametrize(("luring", "stays", "lured"), [(0.6, 0.0, 0.6), (0.6, 0.5, 0.3)])
def test_an_opportunist_lures_and_a_supplier_may_decline(
    luring: float, stays: float, lured: float
) -> None:
    orders = orders_of(LIAR, {**CLAIMING, "stays_on_platform": stays}, OPEN, luring=luring, **LURED)
    assert orders["lured"].mean() == pytest.approx(lured, abs=0.026)  # 4 sd of 6,000
    scope = orders[orders["false_claim"] == OTHER_SCOPE]
    paid = scope["cost_price"] / scope["price"]
    # what was said elsewhere is decided by a coin, what is on record rightly
    assert paid[scope["lured"] == 1].mean() == pytest.approx(0.5, abs=0.07)
    assert paid[scope["lured"] == 0].to_numpy() == pytest.approx(1.0, abs=1e-5)


def test_the_honest_do_not_lure_and_nobody_does_where_it_is_off() -> None:
    measures = [
        simulate(quiet({"conduct": conduct}, CLAIMING, luring=luring, **LURED)).measures
        for conduct, luring in (("never", 1.0), ("always", 0.0), ("always", 1.0))
    ]
    assert [found["lured_rate"] for found in measures] == [0.0, 0.0, 1.0]


def test_a_debtor_is_searched_for_until_it_is_found() -> None:
    world = market(tracing_months=2.0, proof_months=6.0)
    assert wait_of(world, 1.0, 1.0) == pytest.approx(2.0)
    assert wait_of(world, 0.25, 1.0) == pytest.approx(8.0)
    assert wait_of(world, 0.5, 0.5) == pytest.approx(4.0 + 3.0)
    assert wait_of(world, 0.0, 0.0) == 0.0


def test_both_sides_feel_the_wait_for_what_the_law_enforces() -> None:
    interest = {"supplier_interest": 0.12, "buyer_interest": 0.06, "off_platform": 0.0}
    at_once, later = (
        orders_of(LIAR, CLAIMING, OPEN, tracing_months=months, **{**LURED, **interest})
        for months in (0.0, 9.0)
    )
    due = at_once["price"] * at_once["lots"]
    assert (at_once["false_claim"] > 0).all()
    waited = at_once["profit"] - later["profit"]
    np.testing.assert_allclose(waited, due * 0.12 * 0.75, atol=3e-6)
    saved = at_once["cost_dispute"] - later["cost_dispute"]
    np.testing.assert_allclose(saved, due * 0.06 * 0.75, atol=3e-6)
    np.testing.assert_allclose(later["waited"] / later["enforced"], 9.0, rtol=1e-4)


def test_recovery_takes_longer_the_less_a_debtor_can_be_found() -> None:
    months = [
        simulate(
            quiet(LIAR, CLAIMING, OPEN, tracing_months=3.0, **{**LURED, "locatable": found})
        ).measures["recovery_months"]
        for found in (1.0, 0.5)
    ]
    assert months == pytest.approx([3.0, 6.0], rel=1e-5)
    court = simulate(quiet(LIAR, {"escalation": "court"}, OPEN, court_delay=6.0, **LURED))
    assert court.measures["recovery_months"] == pytest.approx(6.0, rel=1e-5)


def test_debtors_count_on_the_wait() -> None:
    slow = {"tracing_months": 6.0, "locatable": 1.0, "enforcement": 1.0}
    certain = {"evidence": 1.0, "remoteness": 0.0, "secured": 0.0}
    losses = []
    for months in (0.0, 6.0):
        world, seen = market(**{**slow, "tracing_months": months}, buyer_interest=0.1), view()
        weigh_false_claim(order(**certain), seen, 0.0, 1.0, 2.0, world)
        losses.append(float(seen["damages"]))
    assert losses[0] - losses[1] == pytest.approx(2.0 * 0.1 * 0.5)
    losses = []
    for months in (0.0, 6.0):
        law = {**slow, "tracing_months": months, "supplier_interest": 0.1}
        taken, seen, _, unlisted, world = situation(**law)
        taken["lots"], taken["advance"], taken["price"], taken["evidence"] = 1.0, 1.0, 2.0, 1.0
        unlisted["listed"] = 0
        weigh_absconding(taken, seen, unlisted, 1.0, world)
        losses.append(float(seen["damages"]))
    assert losses[0] - losses[1] == pytest.approx(2.0 * 0.1 * 0.5)


def test_who_is_protected_weighs_distrust_less() -> None:
    sizes = {"defect_bad": 0.5, "failure_cost": 1.0, "advance_compensation": 0.8}
    scores = [
        float(
            total_cost(
                order(lots=1.0), view(trust=trust, orders=1.0), buyer(),
                market(**sizes, protection_reliance=relied),
            )
        )
        for trust in (1.0, 0.0)
        for relied in (0.0, 0.5, 1.0)
    ]  # fmt: skip
    base = scores[0]
    assert scores[:3] == pytest.approx([base] * 3)
    assert scores[3:] == pytest.approx([base - 0.5, base - 0.3, base - 0.1])


def test_protected_buyers_order_more_of_new_sellers() -> None:
    guided = Scenario(
        "reputation_guided", buyers=60, suppliers=12, rounds=60, advance_compensation=1.0
    )
    shares = [
        np.mean([
            simulate(guided.replace(protection_reliance=relied), r).measures["newcomer_share"]
            for r in range(6)
        ])
        for relied in (0.0, 1.0)
    ]  # fmt: skip
    assert shares[1] > shares[0] + 0.005


def test_new_sellers_are_those_of_few_ratings() -> None:
    outcome = simulate(quiet(rating_rate=1.0, rounds=12), orders=True)
    orders = needs_of(outcome)
    assert orders["newcomer"].tolist() == [1] * 10 + [0] * 2
    assert outcome.measures["newcomer_share"] == pytest.approx(10.0 / 12.0)
