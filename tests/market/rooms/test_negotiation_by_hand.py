"""Bids and bargains of single orders, worked out in plain numbers."""

from __future__ import annotations

from math import exp
from typing import Any

import pytest
from support.one_order import PLACES, Books, order_for, units, world_of

from trustsim.market.rooms.negotiation import (
    MOST_HOURS,
    agree,
    collect_bids,
    contract_hours,
    equilibrium_bid,
    lone_bid,
    marginal,
    outside_option,
    unit_cost,
)
from trustsim.schema.accounts import NEGOTIATION, OUTSIDE, SUPPLIERS

MARKET: dict[str, Any] = {
    "cost_low": 0.8, "cost_high": 1.2, "rivals": 3, "hold_up": 0.4, "switching_cost": 0.3,
    "asset_lock": 0.5, "knowhow_gain": 0.3, "gain_sharing": 0.4, "freight": 0.1, "pass_on": 0.6,
    "bid_hours": 3.0, "hour_cost": 0.01, "lot_cost": 1.5, "haggle_rate": 0.2,
    "contract_hours": 6.0, "contract_learning": 0.1, "asset_saving": 0.5, "document_hours": 4.0,
    "evidence": 0.2, "value": 3.0, "goodwill_bonus": 0.3,
}  # fmt: skip


@pytest.mark.parametrize("bidders", [1, 2, 3])
def test_every_bid(bidders: int) -> None:
    world, workspace = world_of(None, {"relational_price": 0.5}, **MARKET)
    world.market["cost_level"] = 1.1
    world.suppliers["burden"] = [0.02, -0.03, 0.0, 0.05, 0.01]
    world.suppliers["cost"] = [0.85, 0.95, 1.05, 1.15, 1.19]
    for b in PLACES:
        order = order_for(world, workspace, b, bidders=bidders)
        asked = [k for k in range(3) if (b + k) % 3 < bidders]
        for k in range(3):
            workspace.buyer_views["asked"][k] = float(k in asked)
            workspace.buyer_views["assets"][k] = 0.1 * k
            workspace.buyer_views["goodwill"][k] = 0.3 * k
        collect_bids(world, workspace, b)
        assert order["reference_price"] == pytest.approx(1.1 * 1.5)
        ceiling, far, flow = 1.2 * 1.1, order["remoteness"], [0] * 5
        for k in range(3):
            tie = world.ties[b, k]
            s, known = int(tie["supplier"]), float(tie["knowhow"])
            bid = workspace.buyer_views["bid"][k]
            if k not in asked:
                assert bid == 0.0
                continue
            base = float(world.suppliers["cost"][s]) * 1.1
            expected = base + (ceiling - base) / bidders
            if bidders == 1:
                leaving = (0.3 + 0.5 * 0.1 * k) if tie["orders"] > 0 else 0.0
                outside = (0.8 + 2 * 0.4 / 4) * 1.1 + 0.4 * leaving
                expected = max(outside, base + (ceiling - base) / 3)
            mean = float(tie["buyer_good"]) / float(tie["buyer_good"] + tie["buyer_bad"])
            trust = mean + 0.3 * 0.3 * k * (1 - mean)
            fair = base + (ceiling - base) / 4
            if expected > fair:
                expected -= 0.5 * trust * (expected - fair)
            cost = base * (1 - 0.3 * known) + 0.1 * far
            expected += 0.6 * max(float(world.suppliers["burden"][s]), 0.0) + 0.1 * far
            expected -= 0.4 * 0.3 * known * base
            assert bid == pytest.approx(max(expected, cost) * 1.5, rel=1e-6)
            flow[s] -= units(3.0 * 0.01)
        assert workspace.suppliers["cash"].tolist() == flow
        balances = workspace.balances[2]
        assert (balances[SUPPLIERS], balances[OUTSIDE]) == (sum(flow), -sum(flow))


def test_nobody_bids_below_cost() -> None:
    world, workspace = world_of(None, None, **{**MARKET, "gain_sharing": 1.0})
    world.suppliers["cost"] = 1.2
    world.ties["knowhow"] = 0.0
    order_for(world, workspace, 0, bidders=3, remoteness=0.0)
    workspace.buyer_views["asked"] = 1.0
    collect_bids(world, workspace, 0)
    assert workspace.buyer_views["bid"].tolist() == pytest.approx([1.2 * 1.5] * 3)


def test_prices_outside_and_of_lone_suppliers() -> None:
    world, _ = world_of(None, None, **MARKET)
    market = world.market[0]
    market["cost_level"] = 2.0
    outside = (0.8 + 2 * 0.4 / 4) * 2.0
    assert outside_option(market) == pytest.approx(outside)
    assert lone_bid(market, 1.7, 2.4, 0.5) == pytest.approx(outside + 0.4 * 0.5)
    assert lone_bid(market, 2.3, 2.4, 0.0) == pytest.approx(2.3 + 0.1 / 3)
    assert equilibrium_bid(2.6, 2.4, 3) == 2.6


def test_cost_of_a_lot() -> None:
    world, _ = world_of(None, None, **MARKET)
    supplier, tie, market = world.suppliers[0], world.ties[0, 0], world.market[0]
    supplier["cost"], tie["knowhow"], market["cost_level"] = 0.9, 0.5, 1.1
    assert unit_cost(supplier, tie, 0.6, market) == pytest.approx(0.9 * 1.1 * 0.85 + 0.06)


@pytest.mark.parametrize("haggling", ["none", "fixed", "by_distrust", "marginal"])
def test_every_bargain(haggling: str) -> None:
    policy = {
        "haggling": haggling, "haggling_hours": 4.0, "documentation": 0.25, "contracting": 0.6,
        "contract_trust": 0.7,
    }  # fmt: skip
    world, workspace = world_of(policy, None, **MARKET)
    for b in PLACES:
        order, expected = order_for(world, workspace, b), Books()
        view = workspace.buyer_views[b % 3]
        trust, done = b / 40, b % 4
        view["bid"], view["trust"], view["orders"], view["assets"] = 2.5, trust, done, 0.2
        tie = world.ties[b, b % 3]
        supplier = world.suppliers[order["supplier"]]
        cost = float(supplier["cost"]) * (1 - 0.3 * float(tie["knowhow"]))
        cost = (cost + 0.1 * order["remoteness"]) * 1.5
        agree(world, workspace, b)
        hours = {"none": 0.0, "fixed": 4.0, "by_distrust": 4.0 * (1 - trust)}.get(
            haggling, marginal(order, view, world.buyer_policies[0], world.market[0])
        )
        assert order["ask"] == 2.5
        assert order["price"] == pytest.approx(cost + (2.5 - cost) * exp(-0.2 * hours), rel=1e-6)
        assert workspace.facts["unit_cost"][0] == pytest.approx(cost, rel=1e-6)
        writing = 6.0 * 0.6 * (1 - 0.7 * trust) * exp(-0.1 * done) * (1 - 0.5 * 0.2)
        assert contract_hours(view, world.buyer_policies[0], world.market[0]) == pytest.approx(
            6.0 * (0.6 * (1 - 0.7 * trust)) * exp(-0.1 * done) * 0.9
        )
        expected.work(NEGOTIATION, hours + writing + 4.0 * 0.25, 0.01)
        expected.supplier_work(hours, 0.01)
        expected.held_against(workspace.books[0])
        assert workspace.books["transaction_hours"][0] == pytest.approx(hours + writing + 1.0)
        assert order["evidence"] == pytest.approx(0.2 + 0.8 * 0.25)


@pytest.mark.parametrize(
    ("rate", "wage", "hours"),
    [
        (0.0, 0.01, 0.0),
        (0.2, 0.0, 4.0),  # hours are free: as long as the policy says
        (0.2, 1.0, 0.0),  # an hour gains no more than it costs
        (0.2, 0.5, 0.0),
    ],
)
def test_haggling_until_it_does_not_pay_at_its_edges(
    rate: float, wage: float, hours: float
) -> None:
    world, workspace = world_of({"haggling_hours": 4.0}, None, **MARKET)
    market = world.market[0]
    market["haggle_rate"], market["hour_cost"], market["cost_low"] = rate, wage, 0.0
    order = order_for(world, workspace, 0, ask=1.25, lots=2.0)  # of a margin of 2.5 a fifth
    assert marginal(order, workspace.buyer_views[0], world.buyer_policies[0], market) == hours
    assert MOST_HOURS == 100.0
