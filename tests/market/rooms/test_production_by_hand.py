"""Production of single lots, each with its own luck, worked out in plain numbers."""

from __future__ import annotations

from typing import Any

import pytest
from support.one_order import PLACES, Books, order_for, units, world_of

from trustsim.engine.luck import draw, number_of
from trustsim.market.rooms.production import produce, weigh_absconding, weigh_shading
from trustsim.schema.accounts import OUTSIDE, SUPPLIERS

MARKET: dict[str, Any] = {
    "defect_good": 0.5, "defect_bad": 0.7, "knowhow_quality": 0.6, "shading_saving": 0.2,
    "inspection_cost": 0.03, "rework_cost": 0.25, "sensitivity": 0.7, "freight": 0.05,
    "lot_cost": 1.5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("conduct", "worst", "terms"),
    [
        ("never", 0.0, {}),
        ("always", 0.0, {"advance": 0.6}),
        ("propensity", 0.5, {"advance": 0.6}),
        ("propensity", 1.0, {"advance": 0.6, "held": 1.0}),
        ("propensity", 1.0, {"advance": 0.6, "held": 0.5}),
    ],
)
def test_every_lot_is_made_shaded_or_not_at_all(
    conduct: str, worst: float, terms: dict[str, float]
) -> None:
    policy = {"conduct": conduct, "propensity": 0.6, "worst": worst, "outgoing_inspection": 0.6}
    world, workspace = world_of(None, policy, **MARKET)
    cheats = {"never": 0.0, "always": 1.0, "propensity": 0.6 * 0.9}[conduct]
    seen = set()
    for b in PLACES:
        order = order_for(world, workspace, b, **terms)
        cost = 0.8 + 0.01 * b
        workspace.facts["unit_cost"] = cost
        workspace.supplier_view["opportunism"] = 0.9
        run, shade, fail, check = draw(world.market[0], number_of("production"), b)
        exposed = order["advance"] * (1 - order["held"]) > 0
        gone = exposed and run < cheats * worst
        shaded = not gone and shade < cheats
        expected = Books()
        made, extra, defective = cost, 0.0, False
        if shaded:
            made, defective = 0.8 * cost, fail < 0.7
        elif not gone:
            knowhow = float(world.ties["knowhow"][b, b % 3])
            defective = fail < 0.5 * (1 - 0.6 * knowhow)
            if check < 0.6:
                extra = 0.03 * 1.5
                if defective and check < 0.6 * 0.7:
                    defective, extra = False, extra + 0.25 * 1.5
        if not gone:
            carried = 0.05 * (1 + order["remoteness"]) * 1.5
            expected.pay(SUPPLIERS, OUTSIDE, (made - carried + extra) * order["lots"])
        produce(world, workspace, b)
        facts = workspace.facts[0]
        expected.held_against(workspace.books[0])
        assert (facts["absconded"], facts["shaded"], facts["defective"]) == (
            gone,
            shaded,
            defective,
        )
        assert facts["outlay"] == pytest.approx(0 if gone else units(made * order["lots"]), abs=1)
        seen.add((gone, shaded, defective, extra > 0.1))
    assert len(seen) >= (1 if conduct == "always" else 2)


def test_a_lot_that_costs_less_than_its_freight_costs_nothing_to_make() -> None:
    world, workspace = world_of(None, {"conduct": "never"}, **{**MARKET, "freight": 1.0})
    order_for(world, workspace, 1)
    workspace.facts["unit_cost"] = 1.2  # of 1.5 at least are freight
    produce(world, workspace, 1)
    assert workspace.books["flow"][0].tolist() == [0] * 7


def test_shading_where_it_makes_no_lot_worse() -> None:
    # worse only ever counts upwards; what is exposed is what comes later or is held
    world, workspace = world_of(
        None, None, **{**MARKET, "defect_bad": 0.5, "failure_cost": 1.0, "scruple": 1.0}
    )
    world.market["defect_bad"] = 0.3
    order = order_for(world, workspace, 0, after=0.3, held=0.5, advance=0.4)
    view = workspace.supplier_view[0]
    weigh_shading(order, view, world.suppliers[0], world.supplier_policies[0], 1.1, world.market[0])
    assert view["gain"] == pytest.approx(0.2 * 1.1)
    assert view["loss"] == 0.0
    assert view["exposure"] == pytest.approx(0.3 + 0.5 * 0.4)


def test_absconding_gives_up_no_margin_where_there_is_none() -> None:
    world, workspace = world_of(
        None,
        None,
        platform_fee=0.04,
        fine=0.1,
        lot_cost=1.5,
        scruple=0.0,
    )
    order = order_for(world, workspace, 0, advance=0.8, held=0.25, price=1.0, evidence=0.4)
    view = workspace.supplier_view[0]
    supplier = world.suppliers[0]
    weigh_absconding(order, view, supplier, 1.2, world.market[0])
    taken = 0.8 * 0.75
    assert view["gain"] == pytest.approx(taken)
    # fee and fine of half a lot, a lot
    assert view["loss"] == pytest.approx(0.7 * (taken + (0.04 + 0.1) * 1.5 / 0.5))
    assert view["exposure"] == pytest.approx(taken)
    order["price"] = 2.0
    weigh_absconding(order, view, supplier, 1.2, world.market[0])
    assert view["gain"] == pytest.approx(2 * taken - 0.8)
    assert view["exposure"] == pytest.approx(taken)
