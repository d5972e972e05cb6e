"""Bids and bargains of single orders, worked out in plain numbers."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import pytest
from support.one_order import PLACES, Books, order_for, units, world_of

from trustsim.market.rooms.negotiation import (
    MOST_HOURS,
    agree,
    collect_bids,
    contract_hours,
    equal_chance,
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


def bidding(**market: float) -> tuple[Any, Any]:
    """Make a market of known odds; five suppliers of different costs and histories."""
    values = {**MARKET, "known_odds": 1, "cost_to_serve": 0.3, "bid_hours": 0.5, **market}
    world, workspace = world_of(None, {"relational_price": 0.5}, **values)
    world.market["cost_level"] = 1.1
    world.suppliers["burden"] = [0.02, -0.03, 0.0, 0.05, 0.01]
    world.suppliers["cost"] = [0.85, 0.95, 1.05, 1.15, 1.19]
    random = np.random.default_rng(5)
    world.ties["favour"] = random.uniform(-0.4, 0.9, world.ties.shape)
    world.ties["served"] = random.uniform(-0.05, 0.1, world.ties.shape)
    return world, workspace


@pytest.mark.parametrize("bidders", [1, 2, 3])
@pytest.mark.parametrize("odds", [0, 1])
@pytest.mark.parametrize("common", [0.04, -0.04])
def test_every_bid(bidders: int, odds: int, common: float) -> None:
    world, workspace = bidding(known_odds=odds)
    world.market["burden"] = common
    ceiling, seen = 1.2 * 1.1 + 0.6 * max(common, 0.0), set()
    for b in PLACES:
        order = order_for(world, workspace, b, bidders=bidders)
        asked = [k for k in range(3) if (b + k) % 3 < bidders]
        for k in range(3):
            workspace.buyer_views["asked"][k] = float(k in asked)
            world.bonds["assets"][b, k], world.bonds["goodwill"][b, k] = 0.1 * k, 0.3 * k
            workspace.candidates["score"][k] = 0.5 + k
        bases, burdens, chances, before = {}, {}, {}, {}
        for k in asked:
            tie = world.ties[b, k]
            s = int(tie["supplier"])
            known = 0.7 * float(world.suppliers["burden"][s]) + 0.3 * float(tie["served"])
            burdens[k] = 0.6 * max(known, 0.0)
            bases[k] = float(world.suppliers["cost"][s]) * 1.1 + burdens[k]
            dearer = min(max((ceiling - bases[k]) / (0.4 * 1.1), 0.0), 1.0)
            chances[k] = dearer ** max(bidders - 1, 1)
            before[k] = float(tie["favour"])
        wins = {k: min(max(chances[k] + odds * before[k], 0.0), 1.0) for k in asked}
        bids = [
            k for k in asked
            if bidders == 1 or wins[k] * max(ceiling - bases[k], 0.0) / bidders * 1.5 >= 0.005
        ]  # fmt: skip
        kept_away = set(asked) - set(bids)
        bids = bids or [max(asked, key=lambda k: chances[k])]
        collect_bids(world, workspace, b)
        assert order["bidders"] == len(bids)
        assert order["reference_price"] == pytest.approx(1.1 * 1.5)
        far, flow = order["remoteness"], [0] * 5
        for k in range(3):
            tie = world.ties[b, k]
            s, known = int(tie["supplier"]), float(tie["knowhow"])
            bid = workspace.buyer_views["bid"][k]
            if k in asked:
                assert workspace.candidates["chance"][k] == pytest.approx(chances[k], rel=1e-5)
                kept = before[k] * (0.98 if k in kept_away else 1.0)
                assert float(tie["favour"]) == pytest.approx(kept, rel=1e-5)
            if k not in bids:
                assert bid == 0.0
                continue
            # the buyer looks at who bids, and keeps its score
            view = workspace.buyer_views[k]
            assert (view["asked"], view["score"], view["orders"]) == (1.0, 0.5 + k, tie["orders"])
            base, margin = bases[k], max(ceiling - bases[k], 0.0)
            expected = base + margin / bidders
            leaving = (0.3 + 0.5 * 0.1 * k) if tie["orders"] > 0 else 0.0
            outside = (0.8 + 2 * 0.4 / 4) * 1.1 + 0.6 * max(common, 0.0) + 0.4 * leaving
            lone = max(outside, base + margin / 3)
            if bidders == 1:
                expected = lone
            elif odds:  # all of the way where it wins 1 - 1/n more often than its cost explains
                sure = min(kept * bidders / (bidders - 1), 1.0)
                expected += sure * (lone - expected)
                seen.add(sure == 1.0)
            mean = float(tie["buyer_good"]) / float(tie["buyer_good"] + tie["buyer_bad"])
            trust = mean + 0.3 * 0.3 * k * (1 - mean)
            fair = base + margin / 4
            if expected > fair:
                expected -= 0.5 * trust * (expected - fair)
            own = base - burdens[k]
            cost = own * (1 - 0.3 * known) + 0.1 * far + burdens[k]
            expected += 0.1 * far - 0.4 * 0.3 * known * own
            assert bid == pytest.approx(max(expected, cost) * 1.5, rel=1e-6)
            flow[s] -= units(0.5 * 0.01)
        assert workspace.suppliers["cash"].tolist() == flow
        balances = workspace.balances[2]
        assert (balances[SUPPLIERS], balances[OUTSIDE]) == (sum(flow), -sum(flow))
        seen.add(("bids", len(bids)))
    assert {("bids", n) for n in range(1, bidders + 1)} <= seen
    assert (bidders == 1 or not odds) or {True, False} <= seen


PLAIN: dict[str, Any] = {
    "knowhow_gain": 0.0, "freight": 0.0, "hold_up": 0.0, "pass_on": 1.0, "lot_cost": 1.0,
    "goodwill_bonus": 0.0, "asset_saving": 0.0, "asset_lock": 0.0, "bid_hours": 0.0,
}  # fmt: skip


def plain_bids(asked: int, favour: float, burdens: tuple[float, ...], **market: float) -> Any:
    """Give the bids of three suppliers at costs of .9, 1 and 1.1, of all that are asked."""
    world, workspace = world_of(None, None, **{**MARKET, **PLAIN, "known_odds": 1, **market})
    common, pooled, served = burdens
    world.market["burden"], world.suppliers["burden"] = common, pooled
    world.ties["favour"], world.ties["served"] = favour, served
    for k in range(3):
        world.suppliers["cost"][world.ties["supplier"][0, k]] = 0.9 + 0.1 * k
    order_for(world, workspace, 0, bidders=asked, remoteness=0.0)
    workspace.buyer_views["asked"] = 1.0
    collect_bids(world, workspace, 0)
    assert workspace.order["bidders"][0] == asked
    return workspace.buyer_views["bid"]


AUCTION = {n: [c + (1.2 - c) / n for c in (0.9, 1.0, 1.1)] for n in (2, 3, 8)}
LONE = [max(0.8 + 2 * 0.4 / 4, c + (1.2 - c) / 3) for c in (0.9, 1.0, 1.1)]


@pytest.mark.parametrize("bidders", [2, 3, 8])
def test_odds_move_a_bid_between_the_auction_and_the_lone_price(bidders: int) -> None:
    none = (0.0, 0.0, 0.0)
    # among equals the auction's; who wins always though it should in one of n: the lone price
    assert plain_bids(bidders, 0.0, none) == pytest.approx(AUCTION[bidders])
    sure = 1.0 - 1.0 / bidders
    assert plain_bids(bidders, sure, none) == pytest.approx(LONE, rel=1e-5)
    assert plain_bids(bidders, 5.0, none) == pytest.approx(LONE)
    halfway = [(a + b) / 2 for a, b in zip(AUCTION[bidders], LONE, strict=True)]
    assert plain_bids(bidders, sure / 2, none) == pytest.approx(halfway, rel=1e-5)
    # who does not know its odds bids as in an auction, whatever they are
    assert plain_bids(bidders, 5.0, none, known_odds=0) == pytest.approx(AUCTION[bidders])


@pytest.mark.parametrize(("known", "met"), [(0.0, 0.02), (1.0, 0.06), (0.25, 0.03)])
def test_common_burdens_are_passed_on_in_full_and_own_ones_as_rivals_let_it(
    known: float, met: float
) -> None:
    # the supplier's burden is .02 a lot, this buyer's .06
    for n in (2, 3):
        plain = np.array(AUCTION[n])
        alone = plain_bids(n, 0.0, (0.0, 0.02, 0.06), cost_to_serve=known)
        np.testing.assert_allclose(alone, plain + met * (1 - 1 / n), rtol=1e-6)
        # what all bear raises the dearest cost that is thought of as well
        shared = plain_bids(n, 0.0, (met, 0.02, 0.06), cost_to_serve=known)
        np.testing.assert_allclose(shared, plain + met, rtol=1e-6)
        kept = plain_bids(n, 0.0, (met, 0.02, 0.06), cost_to_serve=known, pass_on=0.0)
        np.testing.assert_allclose(kept, plain, rtol=1e-6)
    lone = plain_bids(1, 0.0, (met, 0.02, 0.06), cost_to_serve=known)
    np.testing.assert_allclose(lone, np.array(LONE) + met, rtol=1e-6)
    # a relief is none
    relief = plain_bids(2, 0.0, (-0.05, -0.02, -0.06), cost_to_serve=known)
    np.testing.assert_allclose(relief, AUCTION[2], rtol=1e-6)


@pytest.mark.parametrize(
    ("hours", "favour", "bids"),
    [
        (0.0, -0.9, [0, 1, 2]),  # a bid is free
        # a chance of (3/4)^2, (1/2)^2, (1/4)^2 at margins of .1, .067, .033
        (0.2, 0.0, [0, 1, 2]), (0.3, 0.0, [0, 1]), (1.6, 0.0, [0, 1]), (1.7, 0.0, [0]),
        (5.6, 0.0, [0]),
        (5.7, 0.0, [0]),  # it pays for nobody; the one of greatest chance bids
        (1.7, 0.1, [0, 1]), (0.2, -0.3, [0]), (5.7, -0.9, [0]),  # by odds that are known
    ],
)  # fmt: skip
def test_who_has_no_chance_that_pays_does_not_bid(
    hours: float, favour: float, bids: list[int]
) -> None:
    for entry in (1, 0):
        world, workspace = world_of(
            None, None, **{**MARKET, **PLAIN, "bid_hours": hours, "bid_entry": entry}
        )
        world.ties["favour"], world.market["known_odds"] = favour, 1
        for k in range(3):
            world.suppliers["cost"][world.ties["supplier"][0, k]] = 0.9 + 0.1 * k
        order_for(world, workspace, 0, bidders=3, remoteness=0.0)
        workspace.buyer_views["asked"] = 1.0
        collect_bids(world, workspace, 0)
        expected = bids if entry else [0, 1, 2]
        assert np.flatnonzero(workspace.buyer_views["asked"]).tolist() == expected
        assert workspace.order["bidders"][0] == len(expected)
        # they know how many are asked, not how many bid
        found = workspace.buyer_views["bid"][expected]
        if favour == 0.0:
            np.testing.assert_allclose(found, np.array(AUCTION[3])[expected], rtol=1e-6)
        # who does not know its odds judges by its cost alone
        world.market["known_odds"] = 0
        order_for(world, workspace, 0, bidders=3, remoteness=0.0)
        workspace.buyer_views["asked"] = 1.0
        collect_bids(world, workspace, 0)
        worth = [(1.0 - 0.25 * (k + 1)) ** 2 * (0.3 - 0.1 * k) / 3 for k in range(3)]
        there = [k for k in range(3) if worth[k] >= 0.01 * hours or not entry] or [0]
        assert np.flatnonzero(workspace.buyer_views["asked"]).tolist() == there


def test_the_chance_of_a_cost_among_equals() -> None:
    world, _ = world_of(None, None, **MARKET)
    market = world.market[0]
    market["cost_level"] = 2.0
    for cost, part in ((1.6, 1.0), (1.8, 0.75), (2.4, 0.0), (2.5, 0.0), (1.4, 1.0)):
        chances = [equal_chance(market, cost, 2.4, n) for n in (1, 2, 4)]
        # who is asked alone is favoured as if it had won against one other
        assert chances == pytest.approx([part, part, part**3])
    market["cost_low"] = market["cost_high"]
    assert [equal_chance(market, 2.4, 2.4, n) for n in (1, 2, 4)] == [0.5, 0.5, 0.25]


def test_nobody_bids_below_cost() -> None:
    world, workspace = world_of(None, None, **{**MARKET, "gain_sharing": 1.0, "bid_hours": 0.0})
    world.suppliers["cost"] = 1.2
    world.ties["knowhow"] = 0.0
    order_for(world, workspace, 0, bidders=3, remoteness=0.0)
    workspace.buyer_views["asked"] = 1.0
    collect_bids(world, workspace, 0)
    assert workspace.buyer_views["bid"].tolist() == pytest.approx([1.2 * 1.5] * 3)
    # not even who never wins
    assert plain_bids(8, -1.0, (0.0, 0.0, 0.0)) == pytest.approx([0.9, 1.0, 1.1])


def test_prices_outside_and_of_lone_suppliers() -> None:
    world, _ = world_of(None, None, **MARKET)
    market = world.market[0]
    market["cost_level"] = 2.0
    outside = (0.8 + 2 * 0.4 / 4) * 2.0
    assert outside_option(market) == pytest.approx(outside)
    assert lone_bid(market, 1.7, 2.4, outside, 0.5) == pytest.approx(outside + 0.4 * 0.5)
    assert lone_bid(market, 2.3, 2.4, outside, 0.0) == pytest.approx(2.3 + 0.1 / 3)
    market["burden"] = 0.05  # the rivals outside bear it, too
    assert outside_option(market) == pytest.approx(outside + 0.6 * 0.05)
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
