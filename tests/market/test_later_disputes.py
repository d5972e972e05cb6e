"""What follows when a lot is there: what goes back, disputes over its scope, faults it has not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.quiet_market import needs_of, orders_of, quiet
from support.troubles import ALL_BAD, NO_RISK, OPEN, PREPAID, SIZES

from trustsim.market.rooms.settlement import OTHER_SCOPE, weigh_false_fault
from trustsim.simulation.run import simulate
from trustsim.validation.single_records import market, order, view

REJECTED: dict[str, Any] = {
    "defect_good": 1.0,
    "defect_bad": 1.0,
    "knowhow_quality": 0.0,
    "value": 3.0,
}
REJECTED |= {"sensitivity": 1.0, "rework_cost": 0.2, "return_cost": 0.05, "salvage": 0.4}


def rejected(**shares: float) -> pd.DataFrame:
    """Orders of a market in which every lot is bad, found to be so and made good."""
    return orders_of({"inspection": "all"}, {"admission": 1.0}, **REJECTED, **shares)


def test_what_goes_back_is_paid_by_its_supplier() -> None:
    mended, refunded, exchanged = (
        rejected(refund_share=refund, exchange_share=exchange)
        for refund, exchange in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    cost = mended["unit_cost"]
    assert (mended["profit"] - (mended["price"] - cost - 0.2)).abs().max() < 1e-5
    # two fifths of what the lot has cost is got for it; the way back is paid
    back = 0.4 * cost - 0.05
    assert (refunded["profit"] - (back - cost)).abs().max() < 1e-5
    assert refunded["refunded"].all()
    assert not refunded[["accepted", "exchanged", "cost_price"]].any(axis=None)
    again = exchanged["price"] - 2.0 * cost + back
    assert (exchanged["profit"] - again).abs().max() < 1e-5
    assert exchanged[["exchanged", "accepted"]].all(axis=None)


def test_lots_go_back_by_their_shares() -> None:
    outcome = simulate(
        quiet(
            {"inspection": "all"}, {"admission": 1.0},
            **REJECTED, **SIZES, refund_share=0.3, exchange_share=0.2,
        ),
        orders=True,
    )  # fmt: skip
    orders = needs_of(outcome)
    assert orders["refunded"].mean() == pytest.approx(0.3, abs=0.024)  # 4 sd of 6,000
    assert orders["exchanged"].mean() == pytest.approx(0.2, abs=0.021)
    assert outcome.measures["return_rate"] == pytest.approx(0.5, abs=0.026)


def test_misunderstood_orders_end_in_disputes_over_their_scope() -> None:
    muddled = {"misunderstanding": 1.0, "disclosure_hours": 0.0, "misunderstanding_cost": 0.0}
    never = {"disclosure_rule": "never"}
    sizes = {**SIZES, **muddled, "evidence": 1.0, "scope_part": 0.4, "platform_fee": 0.0}
    orders = orders_of(
        {**never, "escalation": "platform"}, never, **sizes, scope_dispute=0.5, value=3.0
    )
    assert orders["disputed"].mean() == pytest.approx(0.5, abs=0.026)
    # who is right wins, either side as often, and gets two fifths of the price
    won = orders[orders["cost_price"] < 0.99 * orders["price"]]
    assert len(won) / len(orders) == pytest.approx(0.25, abs=0.023)
    assert (won["cost_price"] / won["price"]).to_numpy() == pytest.approx(0.6, abs=1e-5)
    assert not orders_of(never, never, **sizes)["disputed"].any()


def test_opportunists_claim_the_warranty_of_good_lots() -> None:
    sizes = {**SIZES, **ALL_BAD, "false_faults": 1, "warranty": 0.5, "failure_cost": 0.4}
    liar = {"conduct": "propensity", "propensity": 0.5, "worst": 0.4, "escalation": "platform"}
    told = {"evidence": 1.0, "claim_penalty": 0.7, "platform_fee": 0.01, "instruments": PREPAID}
    orders = orders_of({**liar, "documentation": 1.0}, {"conduct": "never"}, **sizes, **told)
    assert orders["false_fault"].mean() == pytest.approx(0.2, abs=0.021)  # .5 x .4
    lies = orders[orders["false_fault"] == 1]
    assert lies["found_out"].all()
    # who is found out pays the platform, and with its standing
    assert lies["cost_dispute"].to_numpy() == pytest.approx(0.01 + 0.7 * 0.5 * 0.4, abs=1e-5)
    honest = orders_of({"conduct": "never"}, {"conduct": "never"}, **sizes, **told)
    assert not honest["false_fault"].any()
    # without evidence every second lie is believed
    blind = {**told, "evidence": 0.0}
    orders = orders_of({**liar, "documentation": 0.0}, {"conduct": "never"}, **sizes, **blind)
    lies = orders[orders["false_fault"] == 1]
    assert lies["found_out"].mean() == pytest.approx(0.5, abs=0.06)
    paid = lies.loc[lies["found_out"] == 0, "cost_failure"].to_numpy()
    assert paid == pytest.approx(-0.5 * 0.4, abs=1e-5)


def test_advance_compensation_tempts_to_find_fault() -> None:
    gains = []
    for advanced in (0.0, 0.5, 1.0):
        world, seen = market(advance_compensation=advanced), view()
        weigh_false_fault(order(evidence=0.5), seen, 0.0, 0.2, world)
        gains.append(float(seen["gain"]))
    assert gains == pytest.approx([0.2 * 0.25, 0.2 * 0.625, 0.2])


def test_another_scope_is_claimed_of_a_part_of_the_debt() -> None:
    liar = {"conduct": "always", "worst": 1.0, "documentation": 0.0}
    sizes = {**SIZES, **ALL_BAD, **NO_RISK, "instruments": OPEN, "false_claims": 1}
    sure = {"payment_record": 1.0, "delivery_record": 1.0, "evidence": 1.0, "off_platform": 0.0}
    weak = {"enforcement": 0.0, "denied_part": 0.3}
    orders = orders_of(liar, {}, **sizes, **sure, **weak)
    denied = orders.loc[orders["false_claim"] > 0]
    part = np.where(denied["false_claim"] == OTHER_SCOPE, 0.3, 1.0)
    owed = (denied["price"] * part).to_numpy()
    assert set(denied["false_claim"]) == {1, 2, 3}
    assert denied["unpaid"].to_numpy() == pytest.approx(owed, abs=2e-6)
