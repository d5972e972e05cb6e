"""Delivery of single lots, each with its own luck, worked out in plain numbers."""

from __future__ import annotations

import pytest
from support.one_order import PLACES, Books, order_for, world_of

from trustsim.engine.luck import draw, number_of
from trustsim.market.rooms.delivery import deliver, do_without, lateness
from trustsim.schema.accounts import CARRIERS, DELAY, OUTSIDE, SUPPLIERS

MARKET = {
    "late_rate": 0.3, "knowhow_punctuality": 0.5, "capacity": 1.6, "freight": 0.07,
    "care_cost": 0.02, "courier_cost": 0.05, "transit_loss": 0.15, "late_cost": 0.11,
    "document_loss": 0.6, "demurrage": 0.13, "lot_cost": 1.5,
}  # fmt: skip


def test_every_lot_arrives_late_lost_or_well_and_costs_what_it_should() -> None:
    world, workspace = world_of(None, {"care": 0.4}, **MARKET)
    seen = set()
    for b in PLACES:
        order = order_for(world, workspace, b)
        workspace.facts["defective"] = 1
        expected = Books()
        late, lost, papers, second = draw(world.market[0], number_of("delivery"), b)
        worth, far = order["lots"] * 1.5, order["remoteness"]
        expected.pay(SUPPLIERS, CARRIERS, 0.07 * (1 + far) * worth)
        expected.pay(SUPPLIERS, OUTSIDE, 0.4 * (0.02 + 0.05) * worth)
        is_lost = lost < 0.15 * (1 + far)
        knowhow = float(world.ties["knowhow"][b, b % 3])
        load = float(world.suppliers["load"][order["supplier"]])
        chance = min(0.3 * (1 - 0.5 * knowhow) * (1 + load / 1.6), 1.0)
        is_late = not is_lost and late < chance
        waits = not is_lost and papers < 0.6 and second >= 0.4
        if is_lost:
            expected.pay(CARRIERS, SUPPLIERS, order["price"] * order["lots"])
        if is_late:
            expected.spend(DELAY, OUTSIDE, 0.11 * worth)
        if waits:
            expected.spend(DELAY, CARRIERS, 0.13 * worth)
        deliver(world, workspace, b)
        expected.held_against(workspace.books[0])
        assert (order["delivered"], order["late"]) == (not is_lost, is_late)
        assert workspace.facts["defective"][0] == (not is_lost)
        seen.add((is_lost, is_late, waits))
    assert len(seen) >= 4


def test_lateness_is_certain_at_most() -> None:
    world, _ = world_of(None, None, **MARKET)
    supplier, market = world.suppliers[0], world.market[0]
    supplier["load"] = 0.8
    assert lateness(supplier, 0.5, market) == pytest.approx(0.3 * 0.75 * 1.5)
    supplier["load"] = 100.0
    assert lateness(supplier, 0.5, market) == 1.0


def test_a_need_that_no_lot_meets_costs_a_shortage() -> None:
    world, workspace = world_of(None, None, shortage_cost=0.4, lot_cost=1.5)
    order, expected = order_for(world, workspace, 3), Books()
    do_without(world.market[0], order, workspace.books[0])
    expected.spend(DELAY, OUTSIDE, 0.4 * order["lots"] * 1.5)
    expected.held_against(workspace.books[0])
