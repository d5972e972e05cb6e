"""Disputes: which route is taken, what it recovers, and what it costs whom."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of, orders_of, quiet
from support.single_records import buyer, market, order, supplier, view
from support.troubles import ALL_BAD, NO_RISK, OPEN, PREPAID, SIZES

from trustsim.engine.compiling import records
from trustsim.engine.luck import draw, number_of
from trustsim.market.records import Books
from trustsim.market.rooms.disputes import (
    BY_PLATFORM,
    charge_loser,
    decide,
    reachable,
    recovery,
    route,
)
from trustsim.schema.accounts import BUYERS, PLATFORM, SUPPLIERS
from trustsim.simulation.run import simulate


def test_escalation_routes() -> None:
    world = market(dispute_trust_threshold=0.6)
    for name, low, high in (
        ("joint_first", 1, 0),
        ("platform", 1, 1),
        ("court", 2, 2),
        ("write_off", 3, 3),
    ):
        for side in (buyer, supplier):
            policy = side(escalation=name)
            assert route(order(), view(trust=0.59), policy, world) == low
            assert route(order(), view(trust=0.61), policy, world) == high


def test_cheapest_takes_the_route_of_greatest_expected_gain() -> None:
    # with evidence of .6 a third party is right with .8; hours cost .01
    costs = {"hour_cost": 0.01, "dispute_hours": 10.0, "joint_hours": 2.0, "joint_success": 0.9}
    fees = {"platform_fee": 0.05, "court_fee": 0.2, "enforcement": 0.5, "locatable": 1.0}
    policy, what = buyer(escalation="cheapest"), order(evidence=0.6)

    def chosen(stake: float, trust: float, **other: float) -> int:
        world = market(**{**costs, **fees, **other})
        law = world["enforcement"] * world["locatable"]
        seen = view(exposure=stake, trust=trust, platform_collects=1.0, law_collects=law)
        return int(route(what, seen, policy, world))

    assert chosen(1.0, 0.9) == 0  # .79 together, .69 platform, .26 court
    assert chosen(1.0, 0.7) == 1  # .61, .69, .26
    assert chosen(1.0, 0.7, platform_fee=3.0, enforcement=1.0) == 2  # .61, .10, .66
    # who may not be found is worth less at law
    assert chosen(1.0, 0.7, platform_fee=3.0, enforcement=1.0, locatable=0.9) == 0  # court .58
    assert chosen(1.0, 0.0, platform_fee=3.0, enforcement=1.0, locatable=0.4) == 2  # .10, .18
    assert chosen(1.0, 0.0, platform_fee=3.0, enforcement=1.0, locatable=0.2) == 1  # .10, .02
    assert chosen(1.0, 0.0, platform_fee=9.0, enforcement=1.0, locatable=0.17) == 3  # -.004
    assert chosen(0.02, 0.1) == 3  # nothing is worth the hours


@pytest.mark.parametrize("evidence", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("justified", [True, False])
def test_what_each_route_recovers(evidence: float, justified: bool) -> None:
    event, trials = number_of("dispute"), 3_000
    world = market(joint_success=0.9, locatable=0.8, enforcement=0.7)
    right = 0.5 * (1.0 + evidence) if justified else 0.5 * (1.0 - evidence)
    # half of the debtors at fully remote sites cannot be found
    together = 0.9 if justified else 0.0
    found_there = reachable(world, 0.5, 0.0)
    expected = {0: together, 1: right, 2: right * 0.8 * 0.75 * 0.7, 3: 0.0}
    for path, mean in expected.items():
        found = [
            decide(world, path, evidence, found_there, justified, draw(world, event, b))
            for b in range(trials)
        ]
        assert np.mean(found) == pytest.approx(mean, abs=0.037)  # 4 sd


def test_a_debtor_of_ones_own_community_is_found() -> None:
    world = market(locatable=0.8, enforcement=0.7, community_finds=0.5)
    # of the two in five that cannot be found at a remote site half are, by word of neighbours
    assert reachable(world, 1.0, 0.0) == pytest.approx(0.4)
    assert reachable(world, 1.0, 1.0) == pytest.approx(0.4 + 0.5 * 0.6)
    assert recovery(world, 1.0, 1.0) == pytest.approx(0.7 * 0.7)
    # who can be found by neighbours is given credit, and denies less
    sizes = {"rounds": 60, "communities": 1, "locatable": 0.0, "credit_loss": 0.4}
    held = {"held": {"advance": 1.0, "held": 1, "fee_share": 0.12}}
    given = [
        simulate(
            quiet(
                acquaintance_bonus=0.01,
                community_finds=finds,
                instruments={**OPEN, **held},
                **sizes,
            )
        ).measures
        for finds in (0.0, 1.0)
    ]
    credit = [measures["instrument_share_open"] for measures in given]
    assert credit[1] > credit[0]


FAILING: dict[str, Any] = {"defect_good": 1.0, "defect_bad": 1.0, "knowhow_quality": 0.0}
FAILING |= {"failure_traced": 1.0, "failure_cost": 1.0, "warranty": 0.4, "value": 3.0}


STUBBORN = {"admission": 0.0}


def failures(escalation: str, **market: Any) -> Any:
    """Run a market in which every lot fails, is traced and denied; give the outcome."""
    settled = {**FAILING, "evidence": 1.0, "locatable": 1.0, **market}
    return simulate(quiet({"escalation": escalation}, STUBBORN, **settled, **SIZES), orders=True)


def test_disputes_take_their_route_and_its_fees() -> None:
    fees = {"platform_fee": 0.02, "court_fee": 0.07, "fine": 0.05, "enforcement": 0.5}
    expected = {
        # what is left of the failure, what platform and court earn an order
        "platform": (1.0 - 0.4, 0.07, 0.0),
        "court": (1.0 - 0.4 * 0.5, 0.0, 0.07),
        "write_off": (1.0, 0.0, 0.0),
    }
    for way, (left, platform, court) in expected.items():
        outcome = failures(way, **fees)
        orders, books = needs_of(outcome), outcome.rounds.iloc[-1]
        assert orders["disputed"].all()
        assert outcome.measures["cost_failure"] == pytest.approx(left, abs=1e-5), way
        assert books["balance_platform"] / 1e6 / len(orders) == pytest.approx(platform, abs=1e-6)
        assert books["balance_courts"] / 1e6 / len(orders) == pytest.approx(court, abs=1e-6)
    together = failures("joint_first", dispute_trust_threshold=0.0, joint_success=0.75, **fees)
    assert together.measures["cost_failure"] == pytest.approx(1.0 - 0.4 * 0.75, abs=0.01)
    assert together.rounds["balance_platform"].iloc[-1] == 0
    assert together.measures["dispute_rate"] == 1.0


@pytest.mark.parametrize(("listed", "owed"), [(1, 0.07), (0, 0.02)])
def test_only_a_listed_supplier_is_fined(listed: int, owed: float) -> None:
    books, world = records(Books, 1)[0], market(platform_fee=0.02, fine=0.05, lot_cost=1.0)
    charge_loser(books, world, BY_PLATFORM, True, np.uint8(listed))
    assert books["flow"][[SUPPLIERS, PLATFORM]].tolist() == [-owed * 1e6, owed * 1e6]
    charge_loser(books, world, BY_PLATFORM, False, np.uint8(listed))
    assert books["flow"][BUYERS] == -0.02 * 1e6


@pytest.mark.parametrize("months", [0.0, 6.0, 18.0])
def test_money_won_in_court_is_waited_for_at_interest(months: float) -> None:
    # half of a warranty of .4 a lot is enforced, and credit costs the buyer 12 % a year
    free = {"court_fee": 0.0, "hour_cost": 0.0, "buyer_interest": 0.12, "enforcement": 0.5}
    found = failures("court", court_delay=months, **free).measures
    assert found["cost_failure"] == pytest.approx(0.8, abs=1e-5)
    assert found["cost_dispute"] == pytest.approx(0.2 * 0.12 * months / 12.0, abs=2e-6)


def test_a_supplier_waits_for_its_money_at_interest_as_well() -> None:
    certain = {"payment_record": 1.0, "delivery_record": 1.0, "evidence": 1.0, "off_platform": 0.0}
    law = {"locatable": 1.0, "enforcement": 0.5, "court_fee": 0.0, "supplier_interest": 0.12}
    denying = {"conduct": "always", "worst": 1.0, "documentation": 1.0}
    at_once, later = (
        orders_of(
            denying, {"escalation": "court"}, OPEN, court_delay=months, claim_penalty=0.0,
            bankruptcy=0, **certain, **law, **NO_RISK, **ALL_BAD, **SIZES,
        )
        for months in (0.0, 9.0)
    )  # fmt: skip
    assert (at_once["false_claim"] > 0).all()
    due = at_once["price"] * at_once["lots"]
    waited = at_once["profit"] - later["profit"]
    np.testing.assert_allclose(waited, 0.5 * due * 0.12 * 9.0 / 12.0, atol=2e-6)


def test_disputes_cost_hours() -> None:
    hours = {"hour_cost": 0.01, "dispute_hours": 7.0, "joint_hours": 3.0, "fine": 0.0}
    rest = {"platform_fee": 0.0, "court_fee": 0.0}
    quarrel, law, talk, silence = (
        failures(route, dispute_trust_threshold=0.0, **hours, **rest).measures["cost_dispute"]
        for route in ("platform", "court", "joint_first", "write_off")
    )
    assert quarrel == pytest.approx(0.07, abs=1e-6)
    assert law == pytest.approx(0.07, abs=1e-6)
    assert talk == pytest.approx(0.03, abs=1e-6)
    assert silence == 0.0


def test_who_admits_a_fault_makes_good_without_a_dispute() -> None:
    outcome = simulate(quiet({}, {"admission": 1.0}, **FAILING, **SIZES))
    assert outcome.measures["dispute_rate"] == 0.0
    assert outcome.measures["cost_failure"] == pytest.approx(1.0 - 0.4, abs=1e-6)
    untraced = simulate(quiet({}, {"admission": 1.0}, **{**FAILING, "failure_traced": 0.0}))
    assert untraced.measures["cost_failure"] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_advance_compensation_makes_up_its_share_of_what_the_platform_denies(share: float) -> None:
    # without evidence the platform denies every second claim of those who got nothing
    outcome = simulate(
        quiet(
            {"escalation": "platform", "documentation": 0.0},
            {"conduct": "always", "worst": 1.0},
            PREPAID,
            advance_compensation=share,
            evidence=0.0,
            platform_fee=0.0,
            fine=0.0,
            **NO_RISK,
            **ALL_BAD,
            **SIZES,
        ),
        orders=True,
    )
    orders = needs_of(outcome)
    assert orders["absconded"].all()
    lost = orders["cost_bad_debt"] / (orders["price"] * orders["lots"])
    denied = lost > 1e-5
    assert denied.mean() == pytest.approx(0.5 if share < 1.0 else 0.0, abs=0.026)  # 4 sd
    assert lost[denied].to_numpy() == pytest.approx(1.0 - share, abs=1e-5)
    # the platform takes from the supplier what it pays out
    assert (outcome.rounds["balance_platform"] == 0).all()
