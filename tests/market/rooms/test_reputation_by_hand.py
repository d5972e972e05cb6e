"""Ratings of single orders, each with its own luck."""

from __future__ import annotations

import pytest
from support.one_order import PLACES, Books, order_for, world_of

from trustsim.engine.luck import draw, number_of
from trustsim.market.rooms.reputation import rate_order, sales_at_risk, standing
from trustsim.schema.accounts import BUYERS, DISPUTE, SUPPLIERS

MARKET = {
    "rating_rate": 0.6, "rating_error": 0.3, "ransom_rate": 0.9, "ransom": 0.1, "lot_cost": 1.5,
    "rating_forgetting": 0.8, "demand_rate": 0.5,
}  # fmt: skip


def test_every_order_is_rated_or_not_truly_or_not_or_for_money() -> None:
    world, workspace = world_of(None, None, **MARKET)
    world.suppliers["rating_good"] = [0.0, 5.0, 20.0, 1.0, 9.0]
    seen = set()
    for b in PLACES:
        fault = b % 2
        order = order_for(world, workspace, b, grievance=fault, price=1.5)
        workspace.facts["unit_cost"] = 1.2
        supplier = world.suppliers[order["supplier"]]
        speaks, slip, demand, _ = draw(world.market[0], number_of("rating"), b)
        expected, asked = Books(), demand < 0.9 * float(world.buyers["opportunism"][b])
        weight = 1 / (supplier["rating_good"] + supplier["rating_bad"] + 2)
        at_risk = 0.3 * supplier["load"] * 0.5 * 36 / 5 * weight / (1 - 0.8 + 1e-3)
        assert sales_at_risk(supplier, 0.3, world.market[0]) == pytest.approx(at_risk)
        paid = asked and at_risk > 0.1 * 1.5
        rated = asked or speaks < 0.6
        bad = (asked or fault == 1) != (slip < 0.3)
        if paid:
            expected.pay(SUPPLIERS, BUYERS, 0.15)
            expected.cost[DISPUTE] -= 150_000
        rate_order(world, workspace, b)
        expected.held_against(workspace.books[0])
        tally = workspace.suppliers[order["supplier"]]
        assert (tally["orders"], tally["faults"]) == (1, fault)
        given = rated and not paid
        assert (tally["bad"], tally["good"]) == (given and bad, given and not bad)
        seen.add((paid, given, bad))
    assert len(seen) >= 5


@pytest.mark.parametrize(
    ("rating", "streak", "shown"),
    [(0.9, 5, 1.15), (0.9, 4, 1.1), (0.8999, 5, 0.9499), (0.8999, 4, 0.8999)],
)
def test_tiers_and_streaks_begin_at_their_thresholds(
    rating: float, streak: int, shown: float
) -> None:
    world, _ = world_of(
        None, None, tier_threshold=0.9, tier_bonus=0.2, streak_threshold=5, streak_bonus=0.05
    )
    supplier = world.suppliers[0]
    supplier["rating"], supplier["streak"] = rating, streak
    assert standing(supplier, world.market[0]) == pytest.approx(shown)
