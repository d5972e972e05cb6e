"""Known answers of settlement: what paying late or not at all is worth to a buyer, by hand."""

from __future__ import annotations

from typing import Any

import pytest
from support.quiet_market import quiet

from trustsim.engine.compiling import records
from trustsim.market.records import Market, Order, Sight
from trustsim.market.rooms.settlement import (
    evidence_against,
    relation_value,
    weigh_false_claim,
    weigh_lateness,
)
from trustsim.simulation.run import simulate

HAS_PAID, NOT_RECEIVED, OTHER_SCOPE = 1, 2, 3


def records_of(**market: float) -> tuple[Any, Any, Any]:
    order, tie, world = (records(kind, 1)[0] for kind in (Order, Sight, Market))
    for name, value in {"lot_cost": 1.0, "rounds_per_year": 12, **market}.items():
        world[name] = value
    order["lots"] = 2.0
    return order, tie, world


def test_a_relation_is_worth_its_savings_to_come_and_the_cost_of_leaving() -> None:
    order, tie, market = records_of(
        gain_sharing=0.5, knowhow_gain=0.2, discount=0.9, switching_cost=0.1, asset_lock=0.2
    )
    tie["knowhow"], tie["retained"], tie["assets"] = 0.5, 0.8, 0.25
    saving = 0.5 * 0.2 * 0.5 * 2.0
    kept = 0.9 * 0.8
    expected = saving * kept / (1.0 - kept) + (0.1 + 0.2 * 0.25) * 2.0 * 0.8
    assert relation_value(order, tie, market) == pytest.approx(expected, rel=1e-9)
    market["lot_cost"] = 3.0
    assert relation_value(order, tie, market) == pytest.approx(3.0 * expected, rel=1e-9)


def test_paying_late_weighs_interest_saved_against_interest_chasing_and_scruples() -> None:
    # four rounds of a month until the chased invoice is paid: a third of a year
    order, tie, market = records_of(
        arrears_hazard=0.25,
        late_gain=2.0,
        buyer_interest=0.06,
        supplier_interest=0.12,
        arrears_interest=0.09,
        late_interest_waived=0.5,
        chase_hours=1.5,
        hour_cost=0.01,
        late_damage=0.1,
        scruple=0.4,
        switching_cost=0.2,
    )
    tie["opportunism"], tie["retained"] = 0.25, 0.5
    weigh_lateness(order, tie, 3.0, market)
    relation = 0.2 * 2.0 * 0.5
    chased = 4.0 * 1.5 * 0.01
    harm = 3.0 * 0.12 / 3.0 + chased
    assert tie["gain"] == pytest.approx(2.0 * 3.0 * 0.06 / 3.0, rel=1e-9)
    loss = 0.5 * 3.0 * 0.09 / 3.0 + chased + 0.1 * relation + 0.4 * 0.75 * harm
    assert tie["loss"] == pytest.approx(loss, rel=1e-9)
    assert tie["exposure"] == 3.0


def test_denying_a_debt_weighs_evidence_penalty_relation_and_scruples() -> None:
    order, tie, market = records_of(
        claim_penalty=0.5, dispute_hours=10.0, hour_cost=0.01, scruple=0.4, switching_cost=0.2
    )
    order["secured"] = 0.25
    tie["opportunism"], tie["retained"] = 0.25, 0.5
    weigh_false_claim(order, tie, 0.6, 3.0, market)
    unsecured = 0.75 * 3.0
    loss = 0.8 * (unsecured + 0.5 * 3.0) + 0.1 + 0.2 * 2.0 * 0.5 + 0.4 * 0.75 * 3.0
    assert tie["gain"] == pytest.approx(unsecured, rel=1e-9)
    assert tie["loss"] == pytest.approx(loss, rel=1e-9)


def test_evidence_against_each_claim() -> None:
    order, tie, market = records_of(payment_record=0.9, delivery_record=0.7, off_platform=0.5)
    order["evidence"], tie["opportunism"] = 0.8, 0.5
    found = [
        evidence_against(claim, order, tie, market)
        for claim in (HAS_PAID, NOT_RECEIVED, OTHER_SCOPE)
    ]
    assert found == pytest.approx([0.9, 0.7, 0.8 * 0.75])


SHARP = {"conduct": "calculative", "noise": 1e-4, "documentation": 1.0}
OPEN: dict[str, Any] = {"open": {"credit_days": 30.0}}
FREE: dict[str, Any] = {"credit_loss": 0.0, "value": 3.0, "rounds": 20, "buyers": 20}


@pytest.mark.parametrize(("interest", "late"), [(0.05, 1.0), (0.07, 0.0)])
def test_a_sharp_buyer_pays_late_if_and_only_if_arrears_are_cheap_credit(
    interest: float, late: float
) -> None:
    # it borrows at 6 %; nobody is chased at a cost, and a lie would be found out
    certain = {"payment_record": 1.0, "delivery_record": 1.0, "off_platform": 0.0, "evidence": 1.0}
    arrears = {"late_interest_waived": 0.0, "buyer_interest": 0.06, "chase_hours": 0.0}
    arrears["late_gain"] = 1.0
    found = simulate(
        quiet(SHARP, instruments=OPEN, arrears_interest=interest, **certain, **arrears, **FREE)
    ).measures
    assert found["buyer_opportunism_rate"] == late
    assert found["dispute_rate"] == 0.0
    assert (found["arrears_days"] > 0.0) == (late > 0.0)


@pytest.mark.parametrize(("penalty", "denied"), [(0.3, 1.0), (0.37, 0.0)])
def test_a_sharp_buyer_denies_its_debt_if_and_only_if_that_pays_in_the_mean(
    penalty: float, denied: float
) -> None:
    # found out with (1 + .5)/2: all is kept with 1/4, else the debt and the penalty are due;
    # gain 1 against loss .75 (1 + penalty): worth it up to a penalty of 1/3
    records = {"payment_record": 0.5, "delivery_record": 0.5, "off_platform": 0.0, "evidence": 0.5}
    market = {"claim_penalty": penalty, "arrears_interest": 1.0, "chase_hours": 0.0}
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
    paid = found["cost_price"] + found["cost_dispute"] - 0.01 * 0.25 * denied
    expected = 0.75 * (1.0 + penalty) * 1.15 if denied else 1.15
    assert paid == pytest.approx(expected, abs=0.11 if denied else 1e-6)  # 4 sd of 400 orders
