"""Production: when shading or absconding pays, what it saves, and outgoing inspection."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of, orders_of, quiet
from support.single_records import situation
from support.troubles import ALL_BAD, HELD, NO_RISK, PREPAID, SIZES

from trustsim.market.rooms.production import firm_value, weigh_absconding, weigh_shading
from trustsim.market.rooms.reputation import delisting_risk
from trustsim.simulation.run import simulate

FAULTS: dict[str, float] = {
    "shading_saving": 0.15,
    "defect_good": 0.05,
    "defect_bad": 0.35,
    "sensitivity": 0.8,
    "failure_traced": 0.5,
    "failure_cost": 2.0,
    "warranty": 0.5,
    "rework_cost": 0.2,
    "fine": 0.05,
    "platform_fee": 0.03,
    "dispute_hours": 2.0,
    "hour_cost": 0.01,
    "discount": 0.9,
    "scruple": 0.4,
}


def shaded_lot(**market: float) -> tuple[Any, Any, Any, Any, Any]:
    """Make the records of a lot of two at 1.2 a piece, of a supplier that admits 2 in 5 faults."""
    order, view, policy, supplier, world = situation(**{**FAULTS, **market})
    order["price"], order["lots"], order["evidence"] = 1.2, 2.0, 0.5
    view["watched"], view["retained"], view["opportunism"] = 0.5, 0.5, 0.25
    view["left"], policy["admission"] = 0.6, 0.4
    return order, view, policy, supplier, world


@pytest.mark.parametrize(("after", "listed"), [(0.4, 1), (0.5, 1), (0.4, 0)])
def test_shading_weighs_rework_damages_relation_and_scruples(after: float, listed: int) -> None:
    # by hand, per lot: defects .3 more likely; found .3 * .5 * .8 = .12, traced (.3 - .12) * .5
    order, view, policy, supplier, world = shaded_lot()
    order["after"], supplier["listed"] = after, listed  # nobody fines who is not on the platform
    weigh_shading(order, view, supplier, policy, 1.0, world)
    charges = (0.03 + 0.05 * listed) / 2.0

    def known(stake: float, admitted: float) -> float:
        # denied faults go to a third party, right with .75, and take both sides' hours
        return admitted * stake + (1 - admitted) * (0.75 * (stake + charges) + 0.02 / 2.0)

    # half of the price is not paid before a lot on arrival is in order
    paid = 0.12 * known(0.2, 1.0 if after == 0.5 else 0.4) + 0.09 * known(0.5 * 2.0, 0.4)
    relation = 0.6 * 0.2 * 0.45 / (1.0 - 0.45)
    assert view["gain"] == pytest.approx(0.15, abs=1e-12)
    assert view["detected"] == pytest.approx(0.21, abs=1e-12)
    assert view["damages"] == pytest.approx(paid, abs=1e-12)
    loss = paid + 0.21 * relation + 0.4 * 0.75 * 0.3 * 2.0
    assert view["loss"] == pytest.approx(loss, abs=1e-12)


def test_a_lie_about_a_fault_that_cannot_be_proved_costs_the_hours() -> None:
    # without evidence a third party is wrong as often as right; without any fault, nothing is lost
    order, view, policy, supplier, world = shaded_lot(platform_fee=0.0, fine=0.0, scruple=0.0)
    order["evidence"], policy["admission"], view["left"] = 0.0, 0.0, 0.0
    weigh_shading(order, view, supplier, policy, 1.0, world)
    assert view["loss"] == pytest.approx(0.5 * (0.12 * 0.2 + 0.09 * 1.0) + 0.21 * 0.01, abs=1e-12)
    world["defect_bad"] = 0.05
    weigh_shading(order, view, supplier, policy, 1.0, world)
    assert view["loss"] == 0.0


def test_what_the_platform_takes_away_deters() -> None:
    # a firm of 5 lots a round, of which every fault that is known is rated
    place = {"rating_rate": 0.8, "delisting_rating": 0.5, "delisting_orders": 4, "usual_sales": 5.0}
    order, view, policy, supplier, world = shaded_lot(**place, new_identity=0.25, scruple=0.0)
    order["advance"], order["evidence"], view["left"] = 0.6, 0.0, 0.0
    losses = {}
    for kind in ("shading", "absconding"):
        for rated, good, bad, risk in (
            (9, 3.0, 0.0, 0.2**2),  # three bad ratings from the threshold
            (9, 3.0, 3.0, 1.0),  # the next one
            (2, 3.0, 3.0, 0.5),  # the next but one, since so few are not judged
            (9, 3.0, 3.0, 0.0),  # not on the platform
        ):
            supplier["rating_good"], supplier["rating_bad"], supplier["rated"] = good, bad, rated
            supplier["rating"] = (good + 1.0) / (good + bad + 2.0)
            supplier["listed"] = 1 if risk > 0.0 else 0
            assert delisting_risk(supplier, world) == pytest.approx(risk, rel=1e-12)
            # .2 of margin on 5 lots: for a round, and three times in four for good
            firm = 0.2 * 5.0 * (1.0 + 0.75 * 0.9 / 0.1)
            assert firm_value(0.2, world) == pytest.approx(firm, rel=1e-12)
            found = []
            for rate in (0.0, 0.8):
                world["rating_rate"] = rate
                if kind == "shading":
                    weigh_shading(order, view, supplier, policy, 1.0, world)
                else:
                    weigh_absconding(order, view, supplier, 1.0, world)
                found.append(float(view["loss"]))
            seen = 0.21 if kind == "shading" else 1.0
            assert found[1] - found[0] == pytest.approx(seen * 0.8 * risk * firm, abs=1e-12)
            losses[kind, risk] = found
    # what is gained by either is less than the loss only where all goes with the next rating
    for kind, gain in (("shading", 0.15), ("absconding", 0.6 * 1.2 - 0.2)):
        assert losses[kind, 1.0][0] < gain < losses[kind, 1.0][1]
    world["new_identity"] = 1.0  # who comes back under a new name loses a round
    assert firm_value(0.2, world) == pytest.approx(1.0, rel=1e-12)
    assert firm_value(-0.2, world) == 0.0


@pytest.mark.parametrize("listed", [1, 0])
def test_absconding_weighs_the_law_the_relation_and_scruples(listed: int) -> None:
    # by hand, per lot: 60 % of 1.2 in advance, .2 of margin forgone by not delivering
    order, view, _, supplier, world = situation(
        enforcement=0.8, locatable=0.5, fine=0.05, platform_fee=0.03, discount=0.9,
        scruple=0.4, dispute_hours=2.0, hour_cost=0.01,
    )  # fmt: skip
    order["price"], order["advance"], order["evidence"], order["lots"] = 1.2, 0.6, 0.5, 2.0
    view["retained"], view["opportunism"], view["left"] = 0.5, 0.25, 0.6
    supplier["listed"] = listed
    weigh_absconding(order, view, supplier, 1.0, world)
    # the platform has the deposit of who is listed; the law must find and take from others
    # who is found at fault pays the fee in any case, and the fine if it is listed
    collected, charges = (1.0, 0.08) if listed else (0.8 * 0.5, 0.03)
    paid = 0.75 * (collected * 0.72 + charges / 2.0) + 0.02 / 2.0
    loss = paid + 0.6 * 0.2 * 0.45 / 0.55 + 0.4 * 0.75 * 0.72
    assert view["gain"] == pytest.approx(0.72 - 0.2, abs=1e-12)
    assert view["detected"] == pytest.approx(0.75 * collected, abs=1e-12)
    assert view["damages"] == pytest.approx(paid, abs=1e-12)
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
