"""Negotiation: what does the order cost, and how long does it take to agree on it?

Bidders enter with their private costs and leave with bids; the chosen one haggles with the buyer
and both write as much of a contract as they think they need.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from trustsim.engine.compiling import OWN_RULE, bounded, compiled, inlined, own_rule
from trustsim.market.beliefs import lifted
from trustsim.market.ledger import micro, supplier_expense, supplier_work, work
from trustsim.schema.accounts import NEGOTIATION
from trustsim.schema.policy import choice_number

COMPETITION = 4
"""Bidders whose price counts as competitive when a supplier forgoes margin (assumption: a usual
tender)."""
NONE = choice_number("haggling", "none")
FIXED = choice_number("haggling", "fixed")
MARGINAL = choice_number("haggling", "marginal")
MOST_HOURS = 100.0
"""Most hours of haggling over an order that a rule of the user's can ask for."""


@compiled
def unit_cost(supplier: Any, tie: Any, remoteness: float, market: Any) -> float:
    """Give the supplier's cost of a lot for this buyer, after know-how, freight included.

    Freight to a near site is part of every cost; a remote site costs more.
    """
    saved = market.knowhow_gain * tie.knowhow
    return supplier.cost * market.cost_level * (1.0 - saved) + market.freight * remoteness


@compiled
def equilibrium_bid(cost: float, ceiling: float, bidders: int) -> float:
    """Give the bid of a first-price procurement auction with costs uniform up to the ceiling.

    ``b = c + (c_hi - c)/n`` (Vickrey 1961, mirrored for buying); with one bidder, the ceiling.
    """
    return cost + max(ceiling - cost, 0.0) / bidders


@compiled
def outside_option(market: Any) -> float:
    """Give what the buyer of a lone supplier would expect to pay elsewhere.

    The mean price of a tender among ``rivals`` bidders, ``c_lo + 2 (c_hi - c_lo)/(n + 1)``; with
    one rival, the ceiling of costs.
    """
    spread = market.cost_high - market.cost_low
    price = market.cost_low + 2.0 * spread / (market.rivals + 1)
    return price * market.cost_level


@compiled
def lone_bid(market: Any, base: float, ceiling: float, leaving: float) -> float:
    """Give the bid of a lone supplier: its buyer's outside option and part of the cost of leaving.

    Klein, Crawford & Alchian (1978) on hold-up; or what it would bid in the tender that the buyer
    would call, if that is more.
    """
    option = outside_option(market) + market.hold_up * leaving
    return max(option, equilibrium_bid(base, ceiling, market.rivals))


@inlined
def collect_bids(world: Any, workspace: Any, b: int) -> None:
    """Let every supplier asked name its price for a nominal lot.

    The know-how saving is split by ``gain_sharing``. A lone supplier asks what `lone_bid` says;
    one with a relational price forgoes part of its margin above the competitive one for a buyer
    that it trusts. Nobody bids below cost.
    """
    market = world.market[0]
    order = workspace.order[0]
    scale = market.lot_cost
    order.reference_price = 0.5 * (market.cost_low + market.cost_high) * market.cost_level * scale
    ceiling = market.cost_high * market.cost_level
    for k in range(world.ties.shape[1]):
        view = workspace.buyer_views[k]
        if view.asked == 0.0:
            continue
        tie = world.ties[b, k]
        supplier = world.suppliers[tie.supplier]
        base = supplier.cost * market.cost_level
        bid = equilibrium_bid(base, ceiling, order.bidders)
        if order.bidders == 1:
            leaving = 0.0
            if tie.orders > 0:
                leaving = market.switching_cost + market.asset_lock * view.assets
            bid = lone_bid(market, base, ceiling, leaving)
        policy = world.supplier_policies[supplier.policy]
        trust = lifted(tie.buyer_good / (tie.buyer_good + tie.buyer_bad), view.goodwill, market)
        competitive = equilibrium_bid(base, ceiling, COMPETITION)
        if bid > competitive:
            bid -= policy.relational_price * trust * (bid - competitive)
        cost = unit_cost(supplier, tie, order.remoteness, market)
        bid += market.pass_on * max(supplier.burden, 0.0)
        saved = market.knowhow_gain * tie.knowhow * base
        bid += market.freight * order.remoteness - market.gain_sharing * saved
        view.bid = max(bid, cost) * scale
        supplier_expense(workspace, tie.supplier, micro(market.bid_hours * market.hour_cost))


@compiled
def fixed(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Haggle for a fixed time."""
    return policy.haggling_hours


@compiled
def marginal(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Haggle until an hour gains what it costs, on a margin guessed from the lowest cost."""
    margin = (order.ask - market.cost_low * market.lot_cost) * order.lots
    gain = market.haggle_rate * margin
    if gain <= market.hour_cost or market.haggle_rate <= 0.0:
        return 0.0
    if market.hour_cost <= 0.0:
        return policy.haggling_hours
    return log(gain / market.hour_cost) / market.haggle_rate


@compiled
def by_distrust(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Haggle the fixed time, less with trust."""
    return policy.haggling_hours * (1.0 - view.trust)


@compiled
def haggling_hours(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Give the hours of haggling by the policy's rule."""
    rule = policy.haggling
    if rule > OWN_RULE:
        return bounded(own_rule(rule, order, view, policy, market), 0.0, MOST_HOURS)
    if rule == NONE:
        return 0.0
    if rule == FIXED:
        return fixed(order, view, policy, market)
    if rule == MARGINAL:
        return marginal(order, view, policy, market)
    return by_distrust(order, view, policy, market)


@compiled
def contract_hours(view: Any, policy: Any, market: Any) -> float:
    """Give the hours of contract writing: fewer with trust, contract history and assets."""
    needed = policy.contracting * (1.0 - policy.contract_trust * view.trust)
    learned = exp(-market.contract_learning * view.orders)
    saved = 1.0 - market.asset_saving * view.assets
    return market.contract_hours * needed * learned * saved


@inlined
def agree(world: Any, workspace: Any, b: int) -> None:
    """Haggle and write the contract; leave the price per lot and the evidence on the order.

    Haggling for h hours leaves the cost plus the margin times ``exp(-eta h)``.
    """
    market = world.market[0]
    order, books = workspace.order[0], workspace.books[0]
    policy = world.buyer_policies[world.buyers[b].policy]
    buyer_view = workspace.buyer_views[order.contact]
    supplier = world.suppliers[order.supplier]
    tie = world.ties[b, order.contact]
    cost = unit_cost(supplier, tie, order.remoteness, market) * market.lot_cost
    order.ask = buyer_view.bid
    hours = haggling_hours(order, buyer_view, policy, market)
    order.price = cost + (order.ask - cost) * exp(-market.haggle_rate * hours)
    workspace.facts[0].unit_cost = cost
    paper = market.document_hours * policy.documentation
    writing = contract_hours(buyer_view, policy, market)
    work(books, market, NEGOTIATION, hours + writing + paper)
    supplier_work(books, market, hours)
    order.evidence = market.evidence + (1.0 - market.evidence) * policy.documentation
