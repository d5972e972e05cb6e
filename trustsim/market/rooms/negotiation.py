"""Negotiation: what does the order cost, and how long does it take to agree on it?

Bidders enter with their private costs and leave with bids; the chosen one haggles with the buyer
and both write as much of a contract as they think they need.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from trustsim.engine.compiling import OWN_RULE, bounded, compiled, inlined, own_rule
from trustsim.engine.luck import draw, number_of
from trustsim.market.beliefs import lifted
from trustsim.market.conduct import NEVER as NEVER_CHEATS
from trustsim.market.ledger import micro, supplier_expense, supplier_work, work
from trustsim.market.rooms.channels import effort_cost
from trustsim.market.rooms.disputes import neighbours
from trustsim.market.rooms.sourcing import reference_price
from trustsim.market.views import see_supplier
from trustsim.schema.accounts import NEGOTIATION
from trustsim.schema.policy import choice_number

LURING = number_of("luring")
RETRY = 0.02
"""Part of what keeps a supplier from bidding that it forgets when it is asked again (assumption: it
tries again after a year or two)."""
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
    made = supplier.cost * market.cost_level * (1.0 - saved) + market.freight * remoteness
    return made + effort_cost(supplier, market)


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
    one rival, the ceiling of costs. Suppliers elsewhere bear what buyers cost them, too.
    """
    spread = market.cost_high - market.cost_low
    price = market.cost_low + 2.0 * spread / (market.rivals + 1)
    return price * market.cost_level + market.pass_on * max(market.burden, 0.0)


@compiled
def burden_of(market: Any, supplier: Any, tie: Any) -> float:
    """Give what a supplier expects dealing with a buyer to cost, per lot, as far as it bids it.

    It knows what this buyer has cost it to the degree ``cost_to_serve``; the rest is what buyers
    cost it on average (Niraj, Gupta & Narasimhan 2001).
    """
    known = market.cost_to_serve
    burden = (1.0 - known) * supplier.burden + known * tie.served
    return market.pass_on * max(burden, 0.0)


@compiled
def enters(market: Any, tie: Any, chance: float, margin: float, cost: float) -> bool:
    """Tell whether a bid pays for itself: the chance to win times the margin, against its cost.

    Levin & Smith (1994); a bidder knows its cost (Samuelson 1985). Who does not bid forgets a
    little of what kept it away.
    """
    if market.bid_entry == 0 or chance * margin * market.lot_cost >= cost:
        return True
    tie.favour *= 1.0 - RETRY
    return False


@compiled
def known_chance(market: Any, tie: Any, equal: float) -> float:
    """Give a bidder's chance to win as it knows it: that of its cost, and its odds so far."""
    if market.known_odds == 0:
        return equal
    return min(max(equal + tie.favour, 0.0), 1.0)


@compiled
def security(market: Any, tie: Any, bidders: int) -> float:
    """Give how far a bidder is from a tender among equals: 0 there, 1 if it cannot lose.

    Who wins more often than its cost explains asks more, who wins less often less, down to its
    cost (a preference for the incumbent softens competition: McAfee & McMillan 1989).
    """
    if bidders == 1:
        return 1.0
    if market.known_odds == 0:
        return 0.0
    return min(tie.favour / (1.0 - 1.0 / bidders), 1.0)


@compiled
def lone_bid(market: Any, base: float, ceiling: float, elsewhere: float, leaving: float) -> float:
    """Give the bid of a lone supplier: its buyer's outside option and part of the cost of leaving.

    Klein, Crawford & Alchian (1978) on hold-up; or what it would bid in the tender that the buyer
    would call, if that is more.
    """
    option = elsewhere + market.hold_up * leaving
    return max(option, equilibrium_bid(base, ceiling, market.rivals))


@compiled
def equal_chance(market: Any, base: float, ceiling: float, bidders: int) -> float:
    """Give the chance that a bidder of this cost wins a tender among equals.

    Who is asked alone is favoured as if it had won against one other.
    """
    spread = (market.cost_high - market.cost_low) * market.cost_level
    if spread <= 0.0:
        return 1.0 / max(bidders, 2)
    dearer = min(max((ceiling - base) / spread, 0.0), 1.0)
    return dearer if bidders <= 2 else dearer ** (bidders - 1)


@compiled
def ceiling_of(market: Any) -> float:
    """Give the highest cost that a bidder expects of another, dealing with buyers included."""
    return market.cost_high * market.cost_level + market.pass_on * max(market.burden, 0.0)


@inlined
def invite(world: Any, workspace: Any, b: int) -> None:
    """Let the suppliers that are asked decide whether to bid; one bids in any case.

    They know how many are asked, not how many bid. If a bid pays for none of them, the one of
    greatest chance bids.
    """
    market = world.market[0]
    order = workspace.order[0]
    views, candidates = workspace.buyer_views, workspace.candidates
    ceiling = ceiling_of(market)
    cost = market.bid_hours * market.hour_cost
    asked = order.bidders
    best = -1
    for k in range(world.ties.shape[1]):
        if views[k].asked == 0.0:
            continue
        tie = world.ties[b, k]
        supplier = world.suppliers[tie.supplier]
        burden = burden_of(market, supplier, tie)
        base = supplier.cost * market.cost_level + burden
        equal = equal_chance(market, base, ceiling, asked)
        candidates[k].burden = burden
        candidates[k].base = base
        candidates[k].chance = equal
        if best < 0 or equal > candidates[best].chance:
            best = k
        chance = known_chance(market, tie, equal)
        margin = max(ceiling - base, 0.0) / asked
        if asked > 1 and not enters(market, tie, chance, margin, cost):
            views[k].asked = 0.0
            order.bidders -= 1
    if order.bidders == 0:
        views[best].asked = 1.0
        order.bidders = 1


@inlined
def collect_bids(world: Any, workspace: Any, b: int) -> None:
    """Let every supplier that bids name its price for a nominal lot, and the buyer look at it.

    What dealing with the buyer costs is a cost like any other: what all suppliers bear is passed
    on in full, what one alone bears as far as its rivals let it (Weyl & Fabinger 2013). A supplier
    that cannot lose asks what `lone_bid` says; one with a relational price forgoes part of its
    margin above the competitive one for a buyer that it trusts. The know-how saving is split by
    ``gain_sharing``. Nobody bids below cost.
    """
    market = world.market[0]
    order = workspace.order[0]
    asked = order.bidders
    invite(world, workspace, b)
    scale = market.lot_cost
    order.reference_price = reference_price(market)
    ceiling = ceiling_of(market)
    elsewhere = outside_option(market)
    spent = micro(market.bid_hours * market.hour_cost)
    for k in range(world.ties.shape[1]):
        view = workspace.buyer_views[k]
        if view.asked == 0.0:
            continue
        see_supplier(world, b, k, view)
        view.asked = 1.0
        view.score = workspace.candidates[k].score
        tie = world.ties[b, k]
        supplier = world.suppliers[tie.supplier]
        own = supplier.cost * market.cost_level
        burden = workspace.candidates[k].burden
        base = workspace.candidates[k].base
        bid = equilibrium_bid(base, ceiling, asked)
        secure = security(market, tie, asked)
        if secure != 0.0:
            leaving = 0.0
            if tie.orders > 0:
                leaving = market.switching_cost + market.asset_lock * view.assets
            bid += secure * (lone_bid(market, base, ceiling, elsewhere, leaving) - bid)
        policy = world.supplier_policies[supplier.policy]
        trust = lifted(tie.buyer_good / (tie.buyer_good + tie.buyer_bad), view.goodwill, market)
        competitive = equilibrium_bid(base, ceiling, COMPETITION)
        if bid > competitive:
            bid -= policy.relational_price * trust * (bid - competitive)
        cost = unit_cost(supplier, tie, order.remoteness, market) + burden
        saved = market.knowhow_gain * tie.knowhow * own
        bid += market.freight * order.remoteness - market.gain_sharing * saved
        bid += effort_cost(supplier, market)
        view.bid = max(bid, cost) * scale
        supplier_expense(workspace, tie.supplier, spent)


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


@compiled
def lure(buyer: Any, buyer_policy: Any, supplier_policy: Any, market: Any, b: int) -> int:
    """Tell (1 or 0) whether an opportunist gets its supplier to talk off the platform.

    What is said elsewhere is on no record. The supplier may decline.
    """
    if buyer_policy.conduct == NEVER_CHEATS:
        return 0
    asks, declines, _, _ = draw(market, LURING, b)
    lured = asks < market.luring * buyer.opportunism
    return 1 if lured and declines >= supplier_policy.stays_on_platform else 0


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
    theirs = world.supplier_policies[supplier.policy].documentation
    supplier_work(books, market, market.document_hours * theirs)
    # what either side writes down is on record
    documented = policy.documentation + theirs * (1.0 - policy.documentation)
    order.evidence = market.evidence + (1.0 - market.evidence) * documented
    order.acquainted = neighbours(world.buyers[b], supplier, market)
    if market.luring > 0.0:
        others = world.supplier_policies[supplier.policy]
        order.lured = lure(world.buyers[b], policy, others, market, b)
