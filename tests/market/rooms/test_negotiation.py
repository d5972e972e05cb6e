"""Negotiation: bids and tenders, what moves a lone bid, haggling and contracts."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from support.quiet_market import ROUNDS, needs_of, orders_of, quiet
from support.single_records import buyer, market, order, view

from trustsim.market.rooms.negotiation import contract_hours, equilibrium_bid, haggling_hours
from trustsim.simulation.run import Rounds, simulate
from trustsim.validation.known.trade import COSTS, prices_of_tenders


@pytest.mark.parametrize("bidders", [2, 4, 8])
def test_prices_have_the_distribution_of_the_lowest_bid(bidders: int) -> None:
    # lowest cost lo + (hi - lo)(1 - (1 - q)^(1/n)) at quantile q, bid up by (hi - c)/n
    prices = np.sort(prices_of_tenders(bidders, 8_000))
    assert np.isfinite(prices).all()  # no order was lost
    for quantile in (0.1, 0.5, 0.9):
        cost = 0.7 + 0.6 * (1.0 - (1.0 - quantile) ** (1.0 / bidders))
        expected = cost + (1.3 - cost) / bidders
        found = prices[int(quantile * len(prices))]
        assert found == pytest.approx(expected, abs=0.02)


def test_bids_are_a_mutual_best_answer() -> None:
    # nobody gains by bidding as if its cost were another one, against rivals who bid as they do
    for bidders, cost in itertools.product((2, 3, 6), (0.7, 0.9, 1.1)):
        as_if = np.linspace(0.7, 1.3, 601)
        bids = np.array([equilibrium_bid(c, 1.3, bidders) for c in as_if])
        winning = ((1.3 - as_if) / 0.6) ** (bidders - 1)
        best = as_if[np.argmax((bids - cost) * winning)]
        assert best == pytest.approx(cost, abs=0.002)


def test_an_incumbent_that_always_wins_comes_to_ask_the_lone_price() -> None:
    # two of the same cost of 1, of whom the buyer trusts one: the tender is a sham, and both know
    # it better from order to order; a lone supplier would ask what the dearest costs
    loyal = {"bidders": 2, "award": "logit", "trust_weight": 100.0, "intensity": 100.0}
    prices: dict[str, Any] = {"cost_low": 0.8, "cost_high": 1.2, "value": 3.0, "known_odds": 1}
    run = Rounds(
        quiet({"attraction_weight": 0.0, **loyal}, rounds=60, suppliers=2, contacts=2, **prices), 0
    )
    run.world.suppliers["cost"] = 1.0
    run.world.ties["supplier_good"][0] = [50.0, 1.0]
    for _ in range(60):
        run.step(keep=True)
    found = needs_of(run.outcome())
    assert found["contact"].nunique() == 1
    assert (found["bidders"] == 2).all()
    known = 1.0 - 0.96 ** np.arange(60)
    np.testing.assert_allclose(found["price"], 1.1 + 0.1 * known, atol=1e-6)


def test_where_nobody_is_preferred_odds_change_no_price() -> None:
    blind, known = (prices_of_tenders(3, 4_000, known_odds=odds).mean() for odds in (0, 1))
    # 2/(n + 1) of the way from .7 to 1.3; the odds of two dozen tenders are a little luck
    assert blind == pytest.approx(1.0, abs=0.01)
    assert known == pytest.approx(blind, abs=0.02)


def test_haggling_wears_the_margin_down_exponentially() -> None:
    # a lone supplier asks the ceiling; h hours leave the cost and exp(-eta h) of the margin
    hours = {"haggling": "fixed", "haggling_hours": 5.0}
    sizes: dict[str, Any] = {"rounds": 400, "cost_churn": 1.0, **COSTS}
    calm = simulate(quiet(**sizes)).measures
    haggled = simulate(quiet(hours, haggle_rate=0.2, **sizes)).measures
    margin, left = (m["supplier_profit"] for m in (calm, haggled))
    assert calm["cost_price"] == pytest.approx(1.3, abs=1e-6)
    assert left / margin == pytest.approx(np.exp(-1.0), abs=1e-4)
    assert haggled["cost_price"] == pytest.approx(1.3 - margin + left, abs=1e-6)


def test_haggling_rules() -> None:
    world = market(haggle_rate=0.1, hour_cost=0.01, cost_low=0.8)
    asked = order(ask=1.2, lots=2.0)
    expected = {
        ("none", 0.3): 0.0,
        ("fixed", 0.3): 4.0,
        ("fixed", 0.9): 4.0,
        ("by_distrust", 0.3): 2.8,
        ("by_distrust", 0.9): 0.4,
    }
    for (name, trust), hours in expected.items():
        policy = buyer(haggling=name, haggling_hours=4.0)
        assert haggling_hours(asked, view(trust=trust), policy, world) == pytest.approx(hours)


@pytest.mark.parametrize("ask", [0.82, 0.9, 1.2, 2.0])
def test_marginal_haggling_is_the_best_length(ask: float) -> None:
    world = market(haggle_rate=0.1, hour_cost=0.01, cost_low=0.8)
    hours = np.linspace(0.0, 60.0, 60_001)
    gained = (ask - 0.8) * 2.0 * (1.0 - np.exp(-0.1 * hours)) - 0.01 * hours
    found = haggling_hours(order(ask=ask, lots=2.0), view(), buyer(haggling="marginal"), world)
    assert found == pytest.approx(hours[np.argmax(gained)], abs=0.002)


def test_contracts_shorten_with_trust_history_and_assets() -> None:
    world = market(contract_hours=10.0, contract_learning=0.5, asset_saving=0.4)
    policy = buyer(contracting=0.8, contract_trust=0.5)
    hours = [
        contract_hours(view(trust=trust, orders=done, assets=assets), policy, world)
        for trust, done, assets in ((0.0, 0, 0.0), (1.0, 0, 0.0), (0.0, 2, 0.0), (0.0, 0, 1.0))
    ]
    assert hours == pytest.approx([8.0, 4.0, 8.0 * np.exp(-1.0), 4.8])


def test_dear_times_are_passed_on_in_prices() -> None:
    calm, stormy = (
        simulate(quiet(rounds=300, shock_rate=rate, shock_size=0.05)).rounds["cost_price"]
        for rate in (0.0, 0.2)
    )
    assert calm.nunique() == 1
    assert stormy.nunique() > 250


@pytest.mark.parametrize("hold_up", [0.0, 0.5, 1.0])
def test_a_lone_supplier_asks_for_its_part_of_the_cost_of_leaving(hold_up: float) -> None:
    orders = orders_of(hold_up=hold_up, switching_cost=0.3, value=3.0)
    known = orders["age"] > 0  # nothing ties a buyer to a stranger
    np.testing.assert_allclose(orders["price"], 1.15 + hold_up * 0.3 * known, atol=1e-9)
    tender = orders_of(
        {"bidders": 2}, hold_up=hold_up, switching_cost=0.3, suppliers=2, contacts=2, value=3.0
    )
    assert (tender["price"] <= 1.15).all()  # two bidders hold nobody up


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_relational_price_forgoes_margin_as_trust_grows(share: float) -> None:
    orders = orders_of({}, {"relational_price": share}, trust_forgetting=1.0, value=3.0)
    cost = orders["unit_cost"].iloc[0]
    competitive = cost + (1.15 - cost) / 4.0
    trust = (ROUNDS + 1) / (ROUNDS + 2)
    expected = 1.15 - share * trust * (1.15 - competitive)
    np.testing.assert_allclose(orders["price"], expected, atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_burdens_of_dealing_are_passed_on_in_bids(share: float) -> None:
    # a bid costs the supplier 5 hours of .01
    orders = orders_of(bid_hours=5.0, hour_cost=0.01, pass_on=share, value=3.0, rounds=60)
    burden = 0.05 * (1.0 - 0.9 ** np.arange(60))
    np.testing.assert_allclose(orders["price"], 1.15 + share * burden, atol=1e-4)


def test_what_either_side_writes_down_is_on_record() -> None:
    paper = {"document_hours": 2.0, "hour_cost": 0.01, "evidence": 0.4}
    for ours, theirs in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.25)):
        orders = orders_of({"documentation": ours}, {"documentation": theirs}, **paper)
        missing = 0.6 * (1.0 - ours) * (1.0 - theirs)
        assert orders["evidence"].to_numpy() == pytest.approx(1.0 - missing)
        blank = orders_of({"documentation": 0.0}, {}, **paper)
        more = orders["cost_negotiation"] - blank["cost_negotiation"]
        assert more.to_numpy() == pytest.approx(0.02 * ours, abs=1e-6)
        less = blank["profit"] - orders["profit"]
        assert less.to_numpy() == pytest.approx(0.02 * theirs, abs=1e-6)
