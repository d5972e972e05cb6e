"""Production: when shading or absconding pays, what it saves, and outgoing inspection."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of, orders_of, quiet
from support.single_records import situation
from support.troubles import ALL_BAD, HELD, NO_RISK, PREPAID, SIZES

from trustsim.market.rooms.production import weigh_absconding, weigh_shading
from trustsim.simulation.run import simulate


def test_shading_weighs_rework_damages_relation_and_scruples() -> None:
    # by hand, per lot: defects .3 more likely; found .3 * .5 * .8 = .12, traced (.3 - .12) * .5
    order, view, _, supplier, world = situation(
        shading_saving=0.15,
        defect_good=0.05,
        defect_bad=0.35,
        sensitivity=0.8,
        failure_traced=0.5,
        failure_cost=2.0,
        warranty=0.5,
        rework_cost=0.2,
        fine=0.05,
        discount=0.9,
        scruple=0.4,
    )
    order["price"] = 1.2
    view["watched"], view["retained"], view["opportunism"] = 0.5, 0.5, 0.25
    weigh_shading(order, view, supplier, 1.0, world)
    relation = 0.2 * 0.45 / (1.0 - 0.45)
    loss = 0.12 * 0.2 + 0.09 * (0.5 * 2.0 + 0.05) + 0.21 * relation + 0.4 * 0.75 * 0.3 * 2.0
    assert view["gain"] == pytest.approx(0.15, abs=1e-12)
    assert view["loss"] == pytest.approx(loss, abs=1e-12)
    supplier["listed"] = 0  # nobody fines who is not on the platform
    weigh_shading(order, view, supplier, 1.0, world)
    assert view["loss"] == pytest.approx(loss - 0.09 * 0.05, abs=1e-12)


def test_absconding_weighs_the_law_the_relation_and_scruples() -> None:
    # by hand, per lot: 60 % of 1.2 in advance, .2 of margin forgone by not delivering
    order, view, _, _, world = situation(
        enforcement=0.8, locatable=0.5, court_fee=0.1, fine=0.05, discount=0.9, scruple=0.4
    )
    order["price"], order["advance"], order["evidence"] = 1.2, 0.6, 0.5
    view["retained"], view["opportunism"] = 0.5, 0.25
    weigh_absconding(order, view, 1.0, world)
    proof = 0.75 * 0.8 * 0.5
    loss = proof * (0.72 + 0.1) + 0.2 * 0.45 / 0.55 + 0.05 + 0.4 * 0.75 * 0.72
    assert view["gain"] == pytest.approx(0.72 - 0.2, abs=1e-12)
    assert view["loss"] == pytest.approx(loss, abs=1e-12)


def test_shading_saves_the_supplier_its_share_of_the_cost() -> None:
    fair, shading = (
        orders_of({}, {"conduct": conduct}, shading_saving=0.2) for conduct in ("never", "always")
    )
    saved = shading["profit"] - fair["profit"]
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
    orders = needs_of(outcome)
    gone = orders["absconded"] == 1
    assert gone.mean() == pytest.approx(expected, abs=0.021 if expected else 0.0)  # 4 sd
    taken = (orders["price"] * orders["lots"])[gone]
    np.testing.assert_allclose(orders["cost_bad_debt"][gone], taken, atol=1e-6)
    assert orders["cost_bad_debt"][~gone].sum() == 0
    assert (outcome.measures["cost_bad_debt"] > 0.0) == (expected > 0.0)


@pytest.mark.parametrize(("rate", "left"), [(0.0, 0.2), (0.5, 0.12), (1.0, 0.04)])
def test_outgoing_inspection_keeps_defects_in_the_house(rate: float, left: float) -> None:
    faults = {"defect_good": 0.2, "defect_bad": 0.2, "knowhow_quality": 0.0, "sensitivity": 0.8}
    costs = {"inspection_cost": 0.05, "rework_cost": 0.3, "failure_traced": 0.0}
    orders = orders_of({}, {"outgoing_inspection": rate}, **faults, **costs, **SIZES)
    assert orders["defective"].mean() == pytest.approx(left, abs=0.021)
    margin = orders["price"] - orders["unit_cost"]
    spent = (margin - orders["profit"]).mean()
    assert spent == pytest.approx(rate * 0.05 + rate * 0.8 * 0.2 * 0.3, abs=0.006)
