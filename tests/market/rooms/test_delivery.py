"""Delivery: lateness, lots and papers lost on the way, care and freight."""

from __future__ import annotations

import numpy as np
import pytest
from support.quiet_market import needs_of, orders_of, quiet
from support.troubles import SIZES

from trustsim.simulation.run import simulate


@pytest.mark.parametrize(("capacity", "late"), [(1_000.0, 0.2), (1.0, 0.4), (0.5, 0.6)])
def test_congested_suppliers_are_late(capacity: float, late: float) -> None:
    # at its mean load a supplier with the capacity 1 is late twice as often
    orders = orders_of(late_rate=0.2, late_cost=0.0, capacity=capacity, **SIZES)
    assert orders["late"].mean() == pytest.approx(late, abs=0.026)  # 4 sd


@pytest.mark.parametrize(("loss", "expected"), [(0.0, 0.0), (0.2, 0.2)])
def test_carriers_pay_for_lots_lost_on_the_way(loss: float, expected: float) -> None:
    outcome = simulate(quiet(transit_loss=loss, shortage_cost=0.3, **SIZES), orders=True)
    orders = needs_of(outcome)
    lost = orders["delivered"] == 0
    assert lost.mean() == pytest.approx(expected, abs=0.021 if expected else 0.0)
    assert (orders.loc[lost, "cost_delay"] == 0.3).all()
    assert (orders.loc[lost, "cost_price"] == 0).all()
    assert outcome.rounds["balance_carriers"].iloc[-1] == -round(lost.sum() * 1.15e6)


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
    spent = without["profit"] - with_care["profit"]
    np.testing.assert_allclose(spent, 0.5 * 0.04, atol=2e-6)


def test_remote_sites_pay_their_freight() -> None:
    # freight to a near site is part of every cost
    outcome = simulate(quiet(buyers=50, remoteness=0.5, freight=0.1, rounds=4), orders=True)
    orders = needs_of(outcome)
    assert orders["remoteness"].max() > 0.9
    near = float(outcome.world.suppliers["cost"][0])
    np.testing.assert_allclose(orders["price"], 1.15 + 0.1 * orders["remoteness"], atol=1e-6)
    np.testing.assert_allclose(orders["unit_cost"], near + 0.1 * orders["remoteness"], atol=1e-6)
    np.testing.assert_allclose(orders["profit"], 1.15 - near, atol=3e-6)
    carried = (0.1 * (1.0 + orders["remoteness"]) * orders["lots"]).sum()
    assert outcome.rounds["balance_carriers"].iloc[-1] / 1e6 == pytest.approx(carried, abs=1e-3)


@pytest.mark.parametrize("progress", [1.0, 0.8, 0.5])
def test_records_of_the_customer_make_care_cheaper_with_each_doubling(progress: float) -> None:
    # the learning curve: the n-th order costs n^(log2 progress) of the first
    orders = orders_of({}, {"care": 1.0}, care_cost=0.01, courier_cost=0.0, care_learning=progress)
    expected = 0.01 * np.arange(1.0, len(orders) + 1) ** np.log2(progress)
    assert orders["care"].to_numpy() == pytest.approx(expected, abs=1e-6)
    assert orders["care"].iloc[1] == pytest.approx(0.01 * progress, abs=1e-6)


@pytest.mark.parametrize(("courier", "pays"), [(0.006, 1), (0.03, -1)])
def test_a_second_mailing_pays_from_the_loss_of_courier_over_demurrage(
    courier: float, pays: int
) -> None:
    # .05 lost at a demurrage of .3 are .015 a lot
    market = {"document_loss": 0.05, "demurrage": 0.3, "courier_cost": courier, "care_cost": 0.0}
    none, all_of_it = (
        simulate(quiet({}, {"care": share}, **market, **SIZES)).measures["joint_surplus"]
        for share in (0.0, 1.0)
    )
    saved = 0.05 * 0.3 - courier
    assert saved * pays > 0.0
    assert all_of_it - none == pytest.approx(saved, abs=0.0043)  # 4 sd
