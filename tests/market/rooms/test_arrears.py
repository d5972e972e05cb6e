"""Arrears: interest for their age, and the law for the old ones."""

from __future__ import annotations

from typing import Any

import pytest
from support.quiet_market import needs_of, quiet
from support.troubles import OPEN

from trustsim.simulation.run import simulate


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
    orders = needs_of(outcome)
    assert 8 < len(orders) < 60
    assert outcome.world.ties["owed"].sum() == 0
    rounds_overdue = outcome.sums.rounds["arrears_days"].sum() / 1e6 / (365.0 / 12.0)
    owed = orders["price"].iloc[0]
    assert orders["lots"].eq(1.0).all()
    interest = outcome.sums.rounds["cost"][..., 3].sum() / 1e6
    assert interest == pytest.approx((1.0 - waived) * 0.6 * owed * rounds_overdue / 12.0, rel=1e-4)


def test_old_arrears_go_to_law_and_may_be_lost() -> None:
    late: dict[str, Any] = {"instruments": OPEN, "arrears_hazard": 0.0, "law_age": 4, "rounds": 40}
    late["credit_loss"] = 0.0  # or nobody would sell on credit without a law
    certain = {"evidence": 1.0, "locatable": 1.0, "enforcement": 1.0}
    lost = {**certain, "enforcement": 0.0}
    paid, unpaid = (
        simulate(quiet({"lateness": 1.0, "documentation": 1.0}, buyers=20, **late, **law)).measures
        for law in (certain, lost)
    )
    assert paid["cost_price"] == pytest.approx(1.15, abs=1e-6)
    assert unpaid["cost_price"] < 0.3  # but for the invoices of the last rounds
    assert unpaid["supplier_profit"] < paid["supplier_profit"] - 0.8
