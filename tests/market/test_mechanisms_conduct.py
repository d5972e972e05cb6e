"""Opportunism, faults and what is done about them can be switched on and off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.quiet_market import quiet

from trustsim.simulation.run import build, simulate

SIZES: dict[str, Any] = {"buyers": 100, "rounds": 60}
OPEN: dict[str, Any] = {"open": {"credit_days": 30.0}}
PREPAID: dict[str, Any] = {"prepaid": {"advance": 1.0}}
HELD: dict[str, Any] = {"held": {"advance": 1.0, "held": 1}}
ALL_BAD: dict[str, Any] = {"opportunism_mean": 1.0, "buyer_opportunism_mean": 1.0}
ALL_BAD |= {"opportunism_spread": 0.0, "value": 3.0}
NO_RISK: dict[str, Any] = {"advance_loss": 0.0, "credit_loss": 0.0}
"""Nobody minds how it is paid."""


def orders_of(*policies: dict[str, Any], **market: Any) -> pd.DataFrame:
    orders = simulate(quiet(*policies, **market), orders=True).orders
    assert orders is not None
    return orders


def test_a_quiet_market_has_no_trouble_at_all() -> None:
    found = simulate(quiet(instruments=OPEN, **SIZES)).measures
    zero = [
        *("supplier_opportunism_rate", "buyer_opportunism_rate", "dispute_rate", "arrears_days"),
        *("no_terms_rate", "cost_failure", "cost_delay", "cost_dispute", "cost_bad_debt"),
        *("cost_leakage", "cost_switching", "cost_inspection", "transaction_cost"),
    ]
    assert {name: found[name] for name in zero} == dict.fromkeys(zero, 0.0)
    assert np.isnan(found["defect_escape_rate"])
    assert found["total_cost"] == pytest.approx(found["cost_price"])


@pytest.mark.parametrize(
    ("conduct", "trait", "expected"),
    [("never", 1.0, 0.0), ("propensity", 0.0, 0.0), ("propensity", 0.5, 0.3), ("always", 0.0, 1.0)],
)
def test_suppliers_shade_as_often_as_their_conduct_says(
    conduct: str, trait: float, expected: float
) -> None:
    supplier = {"conduct": conduct, "propensity": 0.6}
    character = {"opportunism_mean": trait, "opportunism_spread": 0.0, "suppliers": 50}
    orders = orders_of({}, supplier, defect_bad=0.4, **character, **SIZES)
    assert orders["shaded"].mean() == pytest.approx(expected, abs=0.03 if 0 < expected < 1 else 0.0)
    if expected == 0.3:
        shaded = orders[orders["shaded"] == 1]
        assert shaded["defective"].mean() == pytest.approx(0.4, abs=0.05)
        assert orders.loc[orders["shaded"] == 0, "defective"].sum() == 0


def test_shading_saves_the_supplier_its_share_of_the_cost() -> None:
    fair, shading = (
        orders_of({}, {"conduct": conduct}, shading_saving=0.2) for conduct in ("never", "always")
    )
    saved = (shading["profit"] - fair["profit"]) / 1e6
    np.testing.assert_allclose(saved, 0.2 * fair["unit_cost"], atol=2e-6)


@pytest.mark.parametrize(
    ("instruments", "worst", "expected"),
    [(PREPAID, 0.0, 0.0), (PREPAID, 0.25, 0.2), (HELD, 0.25, 0)],
)
def test_a_prepayment_can_be_taken_unless_it_is_held(
    instruments: dict[str, Any], worst: float, expected: float
) -> None:
    supplier = {"conduct": "propensity", "propensity": 0.8, "worst": worst}
    outcome = simulate(
        quiet({"escalation": "write_off"}, supplier, instruments, **NO_RISK, **ALL_BAD, **SIZES),
        orders=True,
    )
    orders = outcome.orders
    assert orders is not None
    gone = orders["absconded"] == 1
    assert gone.mean() == pytest.approx(expected, abs=0.021 if expected else 0.0)  # 4 sd
    taken = (orders["price"] * orders["lots"])[gone]
    np.testing.assert_allclose(orders["cost_bad_debt"][gone] / 1e6, taken, atol=1e-6)
    assert orders["cost_bad_debt"][~gone].sum() == 0
    assert (outcome.measures["cost_bad_debt"] > 0.0) == (expected > 0.0)


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
    orders = outcome.orders
    assert orders is not None
    assert orders["absconded"].all()
    lost = orders["cost_bad_debt"] / (orders["price"] * orders["lots"]) / 1e6
    denied = lost > 1e-5
    assert denied.mean() == pytest.approx(0.5 if share < 1.0 else 0.0, abs=0.026)  # 4 sd
    assert lost[denied].to_numpy() == pytest.approx(1.0 - share, abs=1e-5)
    # the platform takes from the supplier what it pays out
    assert (outcome.rounds["balance_platform"] == 0).all()


@pytest.mark.parametrize("lateness", [0.0, 0.1, 0.4])
def test_paying_late_as_a_policy_makes_arrears(lateness: float) -> None:
    market = {"arrears_hazard": 0.5, "law_age": 200, "rounds": 200, "buyers": 100}
    measures = simulate(quiet({"lateness": lateness}, instruments=OPEN, **market)).measures
    assert measures["buyer_opportunism_rate"] == pytest.approx(lateness, abs=0.015)
    # something is overdue in a round: old and not yet paid, or new
    overdue = lateness / (1.0 - (1.0 - lateness) * 0.5)
    assert measures["arrears_days"] == pytest.approx(overdue * 365.0 / 12.0, rel=0.05)


@pytest.mark.parametrize("waived", [0.0, 0.6])
def test_arrears_bear_interest_for_their_age(waived: float) -> None:
    # orders so rare that each is paid, late, before the next
    outcome = simulate(
        quiet(
            {"lateness": 1.0},
            instruments=OPEN,
            demand_rate=0.0002,
            rounds=3_000,
            buyers=40,
            arrears_hazard=0.2,
            arrears_interest=0.6,
            late_interest_waived=waived,
            law_age=200,
        ),
        orders=True,
    )
    orders = outcome.orders
    assert orders is not None
    assert 8 < len(orders) < 60
    assert outcome.world.ties["owed"].sum() == 0
    rounds_overdue = outcome.sums.rounds["arrears_days"].sum() / 1e6 / (365.0 / 12.0)
    owed = orders["price"].iloc[0]
    assert orders["lots"].eq(1.0).all()
    interest = outcome.sums.rounds["cost"][..., 3].sum() / 1e6
    assert interest == pytest.approx((1.0 - waived) * 0.6 * owed * rounds_overdue / 12.0, rel=1e-4)


def test_old_arrears_go_to_law_and_may_be_lost() -> None:
    late: dict[str, Any] = {"instruments": OPEN, "arrears_hazard": 0.0, "law_age": 4, "rounds": 40}
    certain = {"evidence": 1.0, "locatable": 1.0, "enforcement": 1.0}
    lost = {**certain, "enforcement": 0.0}
    paid, unpaid = (
        simulate(quiet({"lateness": 1.0, "documentation": 1.0}, buyers=20, **late, **law)).measures
        for law in (certain, lost)
    )
    assert paid["cost_price"] == pytest.approx(1.15, abs=1e-6)
    assert unpaid["cost_price"] < 0.3  # but for the invoices of the last rounds
    assert unpaid["supplier_profit"] < paid["supplier_profit"] - 0.8


@pytest.mark.parametrize("strain", [0.0, 0.3])
def test_strained_buyers_pay_late_without_ill_will(strain: float) -> None:
    days = {"strain": strain, "strain_days": 20.0}
    outcome = simulate(quiet(instruments=OPEN, **days, **SIZES), orders=True)
    orders = outcome.orders
    assert orders is not None
    assert orders["paid_late"].mean() == pytest.approx(strain, abs=0.025 if strain else 0.0)
    assert outcome.measures["arrears_days"] == pytest.approx(20.0 * strain, rel=0.1)
    assert outcome.measures["buyer_opportunism_rate"] == 0.0
    assert outcome.world.ties["owed"].sum() == 0
    if strain:
        late = orders.loc[orders["paid_late"] == 1, "arrears_days"]
        assert stats.kstest(late, "expon", args=(0.0, 20.0)).pvalue > 1e-3


# A buyer that always denies its debt; the supplier always goes to the platform.
DENYING = {"conduct": "always", "worst": 1.0, "documentation": 1.0}
CLAIMING = {"escalation": "platform"}


def test_false_claims_are_made_and_can_be_switched_off() -> None:
    for conduct, worst, expected in (
        ("never", 1.0, 0.0),
        ("always", 0.0, 0.0),
        ("always", 1.0, 1.0),
    ):
        buyer = {"conduct": conduct, "worst": worst}
        orders = orders_of(buyer, CLAIMING, OPEN, **NO_RISK, **ALL_BAD, **SIZES)
        assert (orders["false_claim"] > 0).mean() == expected
    # who has paid before cannot deny
    orders = orders_of(DENYING, CLAIMING, PREPAID, **NO_RISK, **ALL_BAD, **SIZES)
    assert (orders["false_claim"] > 0).sum() == 0


@pytest.mark.parametrize(("off", "scope"), [(0.0, 1.0), (0.5, 0.75), (1.0, 0.5)])
def test_talk_off_the_platform_weakens_the_evidence_of_the_scope(off: float, scope: float) -> None:
    records = {"payment_record": 1.0, "delivery_record": 0.4, "off_platform": off}
    orders = orders_of(DENYING, CLAIMING, OPEN, **records, **NO_RISK, **ALL_BAD, **SIZES)
    paid = orders["cost_price"] / (orders["price"] * orders["lots"]) / 1e6
    won = paid.groupby(orders["false_claim"]).mean()
    assert won[1] == pytest.approx(1.0, abs=1e-6)  # has paid: the bank knows
    assert won[2] == pytest.approx(0.7, abs=0.045)  # not received: (1 + .4)/2
    assert won[3] == pytest.approx(scope, abs=0.045)


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
    for route, (left, platform, court) in expected.items():
        outcome = failures(route, **fees)
        orders, books = outcome.orders, outcome.rounds.iloc[-1]
        assert orders["disputed"].all()
        assert outcome.measures["cost_failure"] == pytest.approx(left, abs=1e-5), route
        assert books["balance_platform"] / 1e6 / len(orders) == pytest.approx(platform, abs=1e-6)
        assert books["balance_courts"] / 1e6 / len(orders) == pytest.approx(court, abs=1e-6)
    together = failures("joint_first", dispute_trust_threshold=0.0, joint_success=0.75, **fees)
    assert together.measures["cost_failure"] == pytest.approx(1.0 - 0.4 * 0.75, abs=0.01)
    assert together.rounds["balance_platform"].iloc[-1] == 0
    assert together.measures["dispute_rate"] == 1.0


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


@pytest.mark.parametrize(("rate", "left"), [(0.0, 0.2), (0.5, 0.12), (1.0, 0.04)])
def test_outgoing_inspection_keeps_defects_in_the_house(rate: float, left: float) -> None:
    faults = {"defect_good": 0.2, "defect_bad": 0.2, "knowhow_quality": 0.0, "sensitivity": 0.8}
    costs = {"inspection_cost": 0.05, "rework_cost": 0.3, "failure_traced": 0.0}
    orders = orders_of({}, {"outgoing_inspection": rate}, **faults, **costs, **SIZES)
    assert orders["defective"].mean() == pytest.approx(left, abs=0.021)
    margin = orders["price"] - orders["unit_cost"]
    spent = (margin - orders["profit"] / 1e6).mean()
    assert spent == pytest.approx(rate * 0.05 + rate * 0.8 * 0.2 * 0.3, abs=0.006)


@pytest.mark.parametrize(("specificity", "alarms"), [(1.0, 0.0), (0.9, 0.1)])
def test_false_alarms_accuse_honest_suppliers(specificity: float, alarms: float) -> None:
    outcome = simulate(
        quiet({"inspection": "all"}, specificity=specificity, rework_cost=0.0, **SIZES), orders=True
    )
    orders = outcome.orders
    assert orders is not None
    assert orders["rejected"].mean() == pytest.approx(alarms, abs=0.016)
    assert (orders["buyer_accused"] == orders["rejected"]).all()
    lowered = outcome.world.ties["buyer_bad"] > 1.001
    assert lowered.any() == (alarms > 0.0)  # the accused trust the accuser less


@pytest.mark.parametrize(
    ("lost", "care", "expected"),
    [(0.0, 0.0, 0.0), (0.3, 0.0, 0.3), (0.3, 1.0, 0.0), (0.3, 0.5, 0.15)],
)
def test_lost_documents_cost_demurrage_unless_there_are_duplicates(
    lost: float, care: float, expected: float
) -> None:
    market = {"document_loss": lost, "demurrage": 0.4}
    found = simulate(quiet({}, {"care": care}, **market, **SIZES)).measures["cost_delay"] / 0.4
    assert found == pytest.approx(expected, abs=0.024 if expected else 0.0)  # 4 sd


def test_care_costs_the_supplier_its_duplicates_and_attentions() -> None:
    costs = {"courier_cost": 0.01, "care_cost": 0.03}
    without, with_care = (orders_of({}, {"care": care}, **costs) for care in (0.0, 0.5))
    spent = (without["profit"] - with_care["profit"]) / 1e6
    np.testing.assert_allclose(spent, 0.5 * 0.04, atol=2e-6)


@pytest.mark.parametrize(("capacity", "late"), [(1_000.0, 0.2), (1.0, 0.4), (0.5, 0.6)])
def test_congested_suppliers_are_late(capacity: float, late: float) -> None:
    # at its mean load a supplier with the capacity 1 is late twice as often
    orders = orders_of(late_rate=0.2, late_cost=0.0, capacity=capacity, **SIZES)
    assert orders["late"].mean() == pytest.approx(late, abs=0.026)  # 4 sd


@pytest.mark.parametrize(("loss", "expected"), [(0.0, 0.0), (0.2, 0.2)])
def test_carriers_pay_for_lots_lost_on_the_way(loss: float, expected: float) -> None:
    outcome = simulate(quiet(transit_loss=loss, shortage_cost=0.3, **SIZES), orders=True)
    orders = outcome.orders
    assert orders is not None
    lost = orders["delivered"] == 0
    assert lost.mean() == pytest.approx(expected, abs=0.021 if expected else 0.0)
    assert (orders.loc[lost, "cost_delay"] == 300_000).all()
    assert (orders.loc[lost, "cost_price"] == 0).all()
    assert outcome.rounds["balance_carriers"].iloc[-1] == -round(lost.sum() * 1.15e6)


@pytest.mark.parametrize("mean", [0.0, 0.3, 0.8, 1.0])
def test_remoteness_is_uniform_around_its_mean(mean: float) -> None:
    remote = build(quiet(buyers=4_000, remoteness=mean), 0).buyers["remoteness"]
    width = min(mean, 1.0 - mean)
    assert remote.mean() == pytest.approx(mean, abs=0.02)
    assert remote.min() == pytest.approx(mean - width, abs=0.01)
    assert remote.max() == pytest.approx(mean + width, abs=0.01)


def test_remote_sites_pay_their_freight() -> None:
    # freight to a near site is part of every cost
    outcome = simulate(quiet(buyers=50, remoteness=0.5, freight=0.1, rounds=4), orders=True)
    orders = outcome.orders
    assert orders is not None
    assert orders["remoteness"].max() > 0.9
    near = float(outcome.world.suppliers["cost"][0])
    np.testing.assert_allclose(orders["price"], 1.15 + 0.1 * orders["remoteness"], atol=1e-6)
    np.testing.assert_allclose(orders["unit_cost"], near + 0.1 * orders["remoteness"], atol=1e-6)
    np.testing.assert_allclose(orders["profit"] / 1e6, 1.15 - near, atol=3e-6)
    carried = (0.1 * (1.0 + orders["remoteness"]) * orders["lots"]).sum()
    assert outcome.rounds["balance_carriers"].iloc[-1] / 1e6 == pytest.approx(carried, abs=1e-3)


@pytest.mark.parametrize(
    ("failure", "remoteness", "late"), [(0.0, 1.0, 0), (0.5, 0.0, 0), (0.5, 1.0, 1)]
)
def test_cash_is_not_always_collected_at_remote_sites(
    failure: float, remoteness: float, late: int
) -> None:
    # what the driver did not get is an open invoice, which these buyers pay late
    means = {"driver": {"on_delivery": 1.0, "collection_failure": failure}}
    market = {"remoteness": remoteness, "credit_loss": 0.0, "unseen_exposure": 0.0}
    orders = orders_of({"lateness": 1.0}, instruments=means, **market, **SIZES)
    assert orders["paid_late"].mean() == pytest.approx(0.5 * late, abs=0.026 if late else 0.0)
