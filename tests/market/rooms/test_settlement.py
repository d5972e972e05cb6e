"""Settlement: what paying late or not at all is worth, how often it is done, and arrears."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from support.quiet_market import needs_of, orders_of, quiet
from support.single_records import buyer
from support.troubles import ALL_BAD, NO_RISK, OPEN, PREPAID, SIZES

from trustsim.engine.compiling import records
from trustsim.market.records import (
    Market,
    Order,
    View,
)
from trustsim.market.rooms.settlement import (
    evidence_against,
    relation_value,
    weigh_false_claim,
    weigh_lateness,
)
from trustsim.simulation.run import simulate

HAS_PAID, NOT_RECEIVED, OTHER_SCOPE = 1, 2, 3


def records_of(**market: float) -> tuple[Any, Any, Any]:
    order, view, world = (records(kind, 1)[0] for kind in (Order, View, Market))
    for name, value in {"lot_cost": 1.0, "rounds_per_year": 12, **market}.items():
        world[name] = value
    order["lots"] = 2.0
    return order, view, world


def test_a_relation_is_worth_its_savings_to_come_and_the_cost_of_leaving() -> None:
    order, view, market = records_of(
        gain_sharing=0.5, knowhow_gain=0.2, discount=0.9, switching_cost=0.1, asset_lock=0.2
    )
    view["knowhow"], view["retained"], view["assets"] = 0.5, 0.8, 0.25
    saving = 0.5 * 0.2 * 0.5 * 2.0
    kept = 0.9 * 0.8
    expected = saving * kept / (1.0 - kept) + (0.1 + 0.2 * 0.25) * 2.0 * 0.8
    silent = buyer(disclosure=0.0)
    assert relation_value(order, view, silent, market) == pytest.approx(expected, rel=1e-9)
    market["lot_cost"] = 3.0
    assert relation_value(order, view, silent, market) == pytest.approx(3.0 * expected, rel=1e-9)


def test_a_buyer_that_tells_and_trusts_expects_knowhow_to_grow() -> None:
    # it tells with .8 and expects .5 of its partner: the gap of .7 closes by .3 x .4 a round
    order, view, market = records_of(
        gain_sharing=0.5, knowhow_gain=0.2, discount=0.9, knowhow_rate=0.3
    )
    view["knowhow"], view["retained"], view["trust"] = 0.3, 0.75, 0.5
    rounds = np.arange(1, 400)
    knowhow = 1.0 - 0.7 * (1.0 - 0.12) ** rounds
    expected = 0.5 * 0.2 * 2.0 * (knowhow * (0.9 * 0.75) ** rounds).sum()
    found = relation_value(order, view, buyer(disclosure=0.8), market)
    assert found == pytest.approx(expected, rel=1e-9)
    view["trust"] = 0.0  # whom it does not trust it expects to tell nothing
    stale = 0.5 * 0.2 * 2.0 * (0.3 * (0.9 * 0.75) ** rounds).sum()
    found = relation_value(order, view, buyer(disclosure=0.8), market)
    assert found == pytest.approx(stale, rel=1e-9)


LATE = {
    "late_gain": 2.0,
    "buyer_interest": 0.06,
    "supplier_interest": 0.12,
    "arrears_interest": 0.09,
    "late_interest_waived": 0.5,
    "chase_hours": 1.5,
    "hour_cost": 0.01,
    "late_damage": 0.1,
    "scruple": 0.4,
    "switching_cost": 0.2,
    "dispute_hours": 2.0,
    "court_fee": 0.3,
    "evidence": 0.5,
}


def test_paying_late_weighs_interest_saved_against_interest_chasing_and_scruples() -> None:
    # four rounds of a month until the invoice, chased three times, is at an end; one in ten goes to
    # law, which costs two hours and, if lost, a fee; .02 is never paid
    order, view, market = records_of(**LATE)
    market["late_rounds"], market["late_chases"], market["late_lost"] = 4.0, 3.0, 0.02
    market["late_suits"] = 0.1
    view["opportunism"], view["retained"], view["left"] = 0.25, 0.5, 0.75
    weigh_lateness(view, relation_value(order, view, buyer(), market), 3.0, market)
    relation = 0.2 * 2.0 * 0.5
    chased = 3.0 * 1.5 * 0.01
    harm = 3.0 * 0.12 / 3.0 + chased
    assert view["gain"] == pytest.approx(3.0 * (2.0 * 0.06 / 3.0 + 0.02), rel=1e-9)
    suits = 0.1 * (2.0 * 0.01 + 0.75 * 0.3)
    paid = 0.5 * 3.0 * 0.09 / 3.0 + chased + suits
    assert view["damages"] == pytest.approx(paid, rel=1e-9)
    loss = paid + 0.1 * 0.75 * relation + 0.4 * 0.75 * harm
    assert view["loss"] == pytest.approx(loss, rel=1e-9)
    assert view["exposure"] == 3.0


@pytest.mark.parametrize(("enforcement", "locatable"), [(1.0, 1.0), (0.5, 0.8), (0.0, 1.0)])
def test_denying_a_debt_weighs_evidence_law_penalty_relation_and_scruples(
    enforcement: float, locatable: float
) -> None:
    order, view, market = records_of(
        claim_penalty=0.5,
        dispute_hours=10.0,
        hour_cost=0.01,
        scruple=0.4,
        switching_cost=0.2,
        platform_fee=0.05,
        enforcement=enforcement,
        locatable=locatable,
    )
    order["secured"], order["remoteness"] = 0.25, 0.5
    view["opportunism"], view["retained"], view["left"] = 0.25, 0.5, 0.7
    known = relation_value(order, view, buyer(), market)
    weigh_false_claim(order, view, known, 0.6, 3.0, market)
    unsecured = 0.75 * 3.0
    # a quarter of the debtors half remote cannot be found
    law = enforcement * locatable * 0.75 * unsecured
    paid = 0.8 * (law + 0.05 + 0.5 * 3.0) + 0.1
    loss = paid + 0.7 * 0.2 * 2.0 * 0.5 + 0.4 * 0.75 * 3.0
    assert view["gain"] == pytest.approx(unsecured, rel=1e-9)
    assert view["damages"] == pytest.approx(paid, rel=1e-9)
    assert view["loss"] == pytest.approx(loss, rel=1e-9)


def test_evidence_against_each_claim() -> None:
    order, view, market = records_of(payment_record=0.9, delivery_record=0.7, off_platform=0.5)
    order["evidence"], view["opportunism"] = 0.8, 0.5
    found = [
        evidence_against(claim, order, view, market)
        for claim in (HAS_PAID, NOT_RECEIVED, OTHER_SCOPE)
    ]
    assert found == pytest.approx([0.9, 0.7, 0.8 * 0.75])


SHARP = {"conduct": "calculative", "documentation": 1.0}


FREE: dict[str, Any] = {"credit_loss": 0.0, "value": 3.0, "rounds": 20, "buyers": 20}


@pytest.mark.parametrize(("interest", "late"), [(0.05, 1.0), (0.07, 0.0)])
def test_a_sharp_buyer_pays_late_if_and_only_if_arrears_are_cheap_credit(
    interest: float, late: float
) -> None:
    # it borrows at 6 %; nobody is chased at a cost, and a lie would be found out
    certain = {"payment_record": 1.0, "delivery_record": 1.0, "off_platform": 0.0, "evidence": 1.0}
    arrears = {"late_interest_waived": 0.0, "buyer_interest": 0.06, "chase_hours": 0.0}
    arrears.update(dispute_hours=0.0, court_fee=0.0)
    arrears.update(late_gain=1.0, enforcement=1.0, locatable=1.0, remoteness=0.0)
    found = simulate(
        quiet(
            SHARP,
            instruments=OPEN,
            arrears_interest=interest,
            buyer_noise=1e-4,
            **certain,
            **arrears,
            **FREE,
        )
    ).measures
    assert found["buyer_opportunism_rate"] == late
    assert found["dispute_rate"] == 0.0
    assert (found["arrears_days"] > 0.0) == (late > 0.0)


@pytest.mark.parametrize(
    ("enforcement", "penalty", "denied"),
    [(1.0, 0.3, 1.0), (1.0, 0.37, 0.0), (0.5, 0.8, 1.0), (0.5, 0.87, 0.0), (0.0, 1.3, 1.0)],
)
def test_a_sharp_buyer_denies_its_debt_if_and_only_if_that_pays_in_the_mean(
    enforcement: float, penalty: float, denied: float
) -> None:
    # found out with (1 + .5)/2: all is kept with 1/4, else what the law enforces and the penalty
    # are due; gain 1 against loss .75 (enforcement + penalty): worth it up to a sum of 4/3
    records = {"payment_record": 0.5, "delivery_record": 0.5, "off_platform": 0.0, "evidence": 0.5}
    market = {"claim_penalty": penalty, "arrears_interest": 1.0, "chase_hours": 0.0}
    market |= {"enforcement": enforcement, "locatable": 1.0, "platform_fee": 0.0}
    market |= {"buyer_noise": 1e-4}
    found = simulate(
        quiet(
            {**SHARP, "documentation": 0.0},
            {"escalation": "platform"},
            OPEN,
            **records,
            **market,
            **FREE,
        )
    ).measures
    assert found["buyer_opportunism_rate"] == denied
    assert found["dispute_rate"] == denied
    paid = found["cost_price"] + found["cost_dispute"]
    expected = 0.75 * (enforcement + penalty) * 1.15 if denied else 1.15
    assert paid == pytest.approx(expected, abs=0.13 if denied else 1e-6)  # 4 sd of 400 orders


@pytest.mark.parametrize("strain", [0.0, 0.3])
def test_strained_buyers_pay_late_without_ill_will(strain: float) -> None:
    days = {"strain": strain, "strain_days": 20.0}
    outcome = simulate(quiet(instruments=OPEN, **days, **SIZES), orders=True)
    orders = needs_of(outcome)
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
    records |= {"enforcement": 1.0, "locatable": 1.0}
    orders = orders_of(DENYING, CLAIMING, OPEN, **records, **NO_RISK, **ALL_BAD, **SIZES)
    paid = orders["cost_price"] / (orders["price"] * orders["lots"])
    won = paid.groupby(orders["false_claim"]).mean()
    assert won[1] == pytest.approx(1.0, abs=1e-6)  # has paid: the bank knows
    assert won[2] == pytest.approx(0.7, abs=0.045)  # not received: (1 + .4)/2
    assert won[3] == pytest.approx(scope, abs=0.045)


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
