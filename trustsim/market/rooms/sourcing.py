"""Sourcing: whom does the buyer ask, and who gets the order?

A buyer enters with a need and a short list of contacts, now and then replaces the weakest one by a
newcomer that its search has found, asks some of them for bids and awards the order. It leaves with
one supplier.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import OWN_RULE, compiled, inlined, own_rule
from trustsim.engine.luck import draw, draw_slot, gumbel, number_of
from trustsim.market.answers import note_return
from trustsim.market.beliefs import lifted
from trustsim.market.health import default_risk, worry
from trustsim.market.ledger import micro, pay, spend, supplier_expense, work, work_together
from trustsim.market.relations import (
    ATTENTION,
    NOBODY,
    assets_of,
    contact_of,
    found_by_of,
    goodwill_of,
    turn_away,
)
from trustsim.market.rooms.channels import hidden, show_prices
from trustsim.market.rooms.reputation import standing
from trustsim.market.rooms.service import later_cost
from trustsim.schema.accounts import OUTSIDE, SOURCING, SUPPLIERS, SWITCHING
from trustsim.schema.policy import choice_number

ASKING = number_of("asking")
TEST = number_of("market test")
LOWEST_BID = choice_number("award", "lowest_bid")
TOTAL_COST = choice_number("award", "total_cost")
LOGIT = choice_number("award", "logit")
FAVOUR_MEMORY = 0.04
"""Weight of the latest tender in what a supplier knows of a buyer's preference (assumption: the
last two dozen count, so that luck and cost positions average out)."""
FEW_RATINGS = 10
"""Ratings below which a seller is new (assumption: a platform asks for as many to delist it)."""
FAR = -1.0e300
"""Score of a contact that cannot be asked."""
PASSED_OVER = -1.0
"""In place of being asked: was awarded the order, and found no terms."""
HOPELESS = -1.0e200
"""Score of a contact that no luck can make the best."""


@inlined
def note_loyalty(ties: Any, facts: Any, b: int) -> None:
    """Note how concentrated the buyer's orders are: Herfindahl index and largest share."""
    total = 0.0
    squares = 0.0
    top = 0.0
    for k in range(ties.shape[1]):
        share = ties[b, k].retained
        total += share
        squares += share * share
        top = max(top, share)
    facts.loyalty = squares / (total * total) if total > 0.0 else 0.0
    facts.top_share = top / total if total > 0.0 else 0.0


@inlined
def draw_lucks(candidates: Any, market: Any, b: int) -> None:
    """Note each contact's luck; one draw serves four of them."""
    contacts = candidates.shape[0]
    for k in range(0, contacts, 4):
        first, second, third, fourth = draw_slot(market, ASKING, b, k // 4)
        candidates[k].luck = first
        if k + 1 < contacts:
            candidates[k + 1].luck = second
        if k + 2 < contacts:
            candidates[k + 2].luck = third
        if k + 3 < contacts:
            candidates[k + 3].luck = fourth


@compiled
def unprotected(market: Any) -> float:
    """Give the care of buyers that a platform compensates: the less (Peltzman 1975)."""
    return 1.0 - market.protection_reliance * market.advance_compensation


@compiled
def weights_of(policy: Any) -> float:
    """Add up the weights that tell contacts apart before price."""
    weights = policy.attraction_weight + policy.trust_weight + policy.rating_weight
    return weights + policy.service_weight


@inlined
def weigh_contacts(world: Any, workspace: Any, b: int) -> bool:
    """Note each contact's utility before price, and its luck; tell whether utilities differ.

    Where no weight tells contacts apart their luck stands for the score: its order is that of the
    noise.
    """
    market = world.market[0]
    policy = world.buyer_policies[world.buyers[b].policy]
    candidates = workspace.candidates
    weights = weights_of(policy)
    partner = world.buyers[b].partner
    leaving = 0.0
    if weights > 0.0 and partner != NOBODY:
        leaving = policy.price_weight * leaving_cost(world, b) / reference_price(market)
    draw_lucks(candidates, market, b)
    care = unprotected(market)
    for k in range(world.ties.shape[1]):
        candidate = candidates[k]
        workspace.buyer_views[k].asked = 0.0
        tie = world.ties[b, k]
        supplier = world.suppliers[tie.supplier]
        gone = supplier.listed == 0 or supplier.generation != tie.generation
        if gone or hidden(world, b, supplier):
            candidate.score = FAR
        elif weights == 0.0:
            candidate.score = candidate.luck
        else:
            mean = tie.supplier_good / (tie.supplier_good + tie.supplier_bad)
            utility = policy.attraction_weight * tie.attraction
            trust = lifted(mean, goodwill_of(world.bonds, b, k), market)
            utility += policy.trust_weight * trust * care
            utility += policy.rating_weight * standing(supplier, market) * care
            utility += policy.service_weight * goodwill_of(world.bonds, b, k)
            if tie.supplier != partner:
                utility -= leaving
            if policy.health_weight > 0.0:
                risk = default_risk(supplier, market, b, k)
                worse = worry(risk, policy, market) / reference_price(market)
                utility -= policy.price_weight * worse
            candidate.score = utility
    return weights > 0.0


@compiled
def noise_of(luck: float, policy: Any) -> float:
    """Give a contact's noise: Gumbel, less of it the greater the intensity of choice."""
    return gumbel(luck) / (policy.intensity + 1.0e-9)


@compiled
def most_noise(luck: float, policy: Any) -> float:
    """Give a bound of `noise_of` without its logarithms."""
    most = 2.26 if luck < 0.9 else 4.61
    most = most if luck < 0.99 else 24.0
    return most / (policy.intensity + 1.0e-9)


@inlined
def add_noise(candidates: Any, policy: Any, alone: bool) -> None:
    """Add noise to the utilities; if only the best counts, not where it cannot help."""
    best = NOBODY
    if alone:
        for k in range(candidates.shape[0]):
            score = candidates[k].score
            if score > FAR and (best == NOBODY or score > candidates[best].score):
                best = k
        if best != NOBODY:
            candidates[best].score += noise_of(candidates[best].luck, policy)
    for k in range(candidates.shape[0]):
        candidate = candidates[k]
        if k == best or candidate.score == FAR:
            continue
        reach = candidate.score + most_noise(candidate.luck, policy)
        if best != NOBODY and reach < candidates[best].score:
            candidate.score = HOPELESS
        else:
            candidate.score += noise_of(candidate.luck, policy)


@inlined
def ask(world: Any, workspace: Any, b: int, newcomer: int) -> int:
    """Choose whom to ask for a bid: the contacts of greatest noisy utility, and the newcomer.

    Utility before price is ``w_J J + w_tau tau + w_R rep``, less what leaving the present supplier
    costs, plus Gumbel noise of intensity ``beta``, so that asking one contact is the logit choice
    of Weisbuch, Kirman & Herreiner (2000). Those asked have ``asked`` 1 in their view, and keep
    their score. Asking takes hours, whether a bid comes or not.

    Returns the number of those asked.
    """
    market = world.market[0]
    policy = world.buyer_policies[world.buyers[b].policy]
    candidates, views = workspace.candidates, workspace.buyer_views
    contacts = candidates.shape[0]
    wanted = policy.bidders
    if wanted == 1 and policy.market_test > 0.0:
        extra, _, _, _ = draw(market, TEST, b)
        if extra < policy.market_test:
            wanted = 2
    differ = weigh_contacts(world, workspace, b)
    bidders = 0
    if newcomer != NOBODY and candidates[newcomer].score > FAR:
        views[newcomer].asked = 1.0
        bidders = 1
        wanted = max(wanted, 2)
    if differ:
        add_noise(candidates, policy, wanted == 1)
    for k in range(contacts):
        candidates[k].open = candidates[k].score if views[k].asked == 0.0 else FAR
    while bidders < wanted:
        best = NOBODY
        highest = FAR
        for k in range(contacts):  # without branches, which luck would make hard to foresee
            score = candidates[k].open
            best = k if score > highest else best
            highest = score if score > highest else highest
        if best == NOBODY:
            break
        views[best].asked = 1.0
        candidates[best].open = FAR
        bidders += 1
    invited = bidders
    bidders += show_prices(world, workspace, b)
    for k in range(contacts):
        if views[k].asked == 1.0 and not differ:
            noise = noise_of(candidates[k].luck, policy)
            candidates[k].score = noise if policy.award >= LOGIT else 0.0
    if bidders > 0:
        hours = market.order_hours + market.tender_hours * max(invited - 1, 0)
        work(workspace.books[0], market, SOURCING, hours)
    workspace.order[0].bidders = bidders
    return bidders


@compiled
def lowest_bid(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Score by the bid and what leaving the present supplier costs: the lowest evaluated bid."""
    return -(view.bid + view.leaving + worry(view.default_risk, policy, market))


@compiled
def total_cost(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Score by all that an award is expected to cost: total cost of ownership.

    Ellram (1995). An untrusted lot is as good as shaded; a stranger must be qualified.
    """
    risk = market.defect_bad * market.failure_cost * (1.0 - view.trust) * market.lot_cost
    risk *= unprotected(market)
    qualifying = 0.0
    if view.orders == 0:
        qualifying = market.qualification_hours * market.hour_cost / order.lots
    later = later_cost(view.trust, market) + worry(view.default_risk, policy, market)
    return -(view.bid + view.leaving + risk + qualifying + later)


@compiled
def reference_price(market: Any) -> float:
    """Give the mid-range cost of the round, against which prices are judged."""
    return 0.5 * (market.cost_low + market.cost_high) * market.cost_level * market.lot_cost


@compiled
def logit(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Score by noisy utility less the weighted relative price.

    Logit choice of Weisbuch, Kirman & Herreiner (2000). What leaving the present supplier costs is
    part of the utility of those whom weights tell apart, and of the price where there are none; so
    is what the chance that it fails is worth.
    """
    apart = weights_of(policy) > 0.0
    leaving = 0.0 if apart else view.leaving + worry(view.default_risk, policy, market)
    relative = (view.bid + leaving) / order.reference_price - 1.0
    return view.score - policy.price_weight * relative


@compiled
def award_score(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Score a bidder by the policy's award rule."""
    rule = policy.award
    if rule > OWN_RULE:
        return own_rule(rule, order, view, policy, market)
    if rule == LOWEST_BID:
        return lowest_bid(order, view, policy, market)
    if rule == TOTAL_COST:
        return total_cost(order, view, policy, market)
    return logit(order, view, policy, market)


@compiled
def leaving_cost(world: Any, b: int) -> float:
    """Give what it costs a buyer, for a lot, to place its order with another supplier.

    The switch (Klemperer 1995), and what was built for the present supplier.
    """
    market = world.market[0]
    k = contact_of(world.ties, b, world.buyers[b].partner)
    assets = assets_of(world.bonds, b, k) if k != NOBODY else 0.0
    return (market.switching_cost + market.asset_lock * assets) * market.lot_cost


@compiled
def learn_odds(tie: Any, won: float, chance: float) -> None:
    """Let a bidder learn from a tender how much more often it wins than its cost explains."""
    tie.favour += FAVOUR_MEMORY * (won - chance - tie.favour)


@compiled
def note_odds(world: Any, workspace: Any, b: int) -> None:
    """Let every bidder learn from a tender, once, whether it won: the last to whom it was awarded.

    Who was passed over for want of terms has not.
    """
    for k in range(world.ties.shape[1]):
        if workspace.buyer_views[k].asked != 0.0:
            won = 1.0 if k == workspace.order[0].contact else 0.0
            learn_odds(world.ties[b, k], won, workspace.candidates[k].chance)


@compiled
def pass_over(world: Any, workspace: Any, b: int) -> bool:
    """Take the bidder with whom no terms were found out of the tender, if another one is left.

    It bears what the talks have cost it, and loses attraction.
    """
    views, order, books = workspace.buyer_views, workspace.order[0], workspace.books[0]
    left = False
    for k in range(views.shape[0]):
        left = left or (views[k].asked == 1.0 and k != order.contact)
    if left:
        spent = -books.flow[SUPPLIERS]
        pay(books, OUTSIDE, SUPPLIERS, spent)
        supplier_expense(workspace, order.supplier, spent)
        turn_away(world.ties[b, order.contact])
        views[order.contact].asked = PASSED_OVER
    return left


@inlined
def award(world: Any, workspace: Any, b: int) -> None:
    """Award the order to the bidder of greatest score, and note on the order who that is."""
    market = world.market[0]
    policy = world.buyer_policies[world.buyers[b].policy]
    order = workspace.order[0]
    partner = world.buyers[b].partner
    leaving = leaving_cost(world, b) if partner != NOBODY else 0.0
    best = NOBODY
    highest = 0.0
    for k in range(world.ties.shape[1]):
        view = workspace.buyer_views[k]
        if view.asked == 1.0:
            view.leaving = leaving if world.ties[b, k].supplier != partner else 0.0
            if policy.health_weight > 0.0:
                supplier = world.suppliers[world.ties[b, k].supplier]
                view.default_risk = default_risk(supplier, market, b, k)
            order.ask = view.bid
            order.price = view.bid
            score = award_score(order, view, policy, market)
            if best == NOBODY or score > highest:
                best = k
                highest = score
    tie = world.ties[b, best]
    order.supplier = tie.supplier
    order.contact = best
    order.age = tie.orders
    order.fresh = 1 if tie.orders == 0 else 0
    order.found_by = found_by_of(world.bonds, b, best)
    order.newcomer = 1 if world.suppliers[tie.supplier].rated < FEW_RATINGS else 0


@compiled
def note_succession(world: Any, workspace: Any, b: int) -> None:
    """Note what it costs to put another in the place of a supplier that has failed."""
    market = world.market[0]
    order = workspace.order[0]
    cost = leaving_cost(world, b) * order.lots
    if order.fresh == 1:
        cost += market.qualification_hours * market.hour_cost
    workspace.facts[0].succession = micro(cost)
    world.buyers[b].bereft = 0


@inlined
def place(world: Any, workspace: Any, b: int) -> None:
    """Place the order that is agreed: work of ordering, qualification of a stranger, switching.

    Who leaves a supplier must build again what was made for the relation.
    """
    market = world.market[0]
    buyer = world.buyers[b]
    order, books = workspace.order[0], workspace.books[0]
    tie = world.ties[b, order.contact]
    order.ordered = 1
    order.online = world.suppliers[order.supplier].online
    saved = market.asset_saving * assets_of(world.bonds, b, order.contact)
    eased = market.knowhow_ease * tie.knowhow
    hours = market.coordination_hours * (1.0 - eased) * (1.0 - saved)
    if order.fresh == 1:
        hours += market.qualification_hours
    work_together(books, market, SOURCING, hours)
    if buyer.partner != NOBODY and buyer.partner != tie.supplier:
        spend(books, SWITCHING, OUTSIDE, leaving_cost(world, b) * order.lots)
    if buyer.bereft == 1:
        note_succession(world, workspace, b)
    note_return(world, workspace, b, tie.supplier)
    buyer.partner = tie.supplier
    tie.retained = tie.retained + ATTENTION * (1.0 - tie.retained)
