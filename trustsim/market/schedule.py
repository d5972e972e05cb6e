"""The round: the printable schedule of the rooms that every order walks through."""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import add, blank, entry, inlined, spliced
from trustsim.engine.luck import draw_slot, number_of
from trustsim.market import ledger, population, relations, views
from trustsim.market.rooms import (
    arrears,
    channels,
    delivery,
    demand,
    disputes,
    information_sharing,
    inspection,
    learning,
    negotiation,
    payment_terms,
    production,
    reputation,
    search,
    service,
    settlement,
    sourcing,
)
from trustsim.schema.events import ORDER

CONTINUATION = number_of("continuation")
NOBODY = relations.NOBODY
SCHEDULE = (
    arrears,
    demand,
    search,
    channels,
    sourcing,
    negotiation,
    payment_terms,
    information_sharing,
    production,
    delivery,
    inspection,
    settlement,
    service,
    disputes,
    reputation,
    learning,
    ledger,
    population,
)
"""The rooms in the order of the walk; population comes between rounds."""


def schedule() -> str:
    """Print the rooms in the order of the walk, each with the first sentence of its purpose.

    Returns
    -------
    str
        A line a room.
    """
    lines = []
    for place, room in enumerate(SCHEDULE, 1):
        purpose = (room.__doc__ or "").strip().splitlines()[0]
        lines.append(f"{place:2d}. {purpose}")
    return "\n".join(lines)


@inlined
def fade(world: Any, workspace: Any, b: int) -> None:
    """Let all ties of a buyer fade by a round; strangers take the place of firms that are gone."""
    market = world.market[0]
    policy = world.buyer_policies[world.buyers[b].policy]
    for k in range(world.ties.shape[1]):
        tie = world.ties[b, k]
        relations.erode(tie, policy, market)
        if world.bonds.shape[0] > 0:
            relations.erode_goodwill(world.bonds[b, k], market)
            if market.orphan_cost > 0.0:
                service.wear_out(world.bonds[b, k], market)
        if tie.last_round < market.round - 1:
            relations.idle(tie, policy, market)
        if world.suppliers[tie.supplier].generation != tie.generation:
            if world.buyers[b].partner == tie.supplier:
                world.buyers[b].partner = relations.GONE
                world.buyers[b].bereft = 1
            if market.orphan_cost > 0.0:
                service.orphan(world.buyers[b], world.bonds[b, k])
            relations.meet(world, b, k, tie.supplier)
        ended = tie.supplier_conduct == relations.ENDED
        if ended or market.break_rate > 0.0:
            ends, whom, _, _ = draw_slot(market, CONTINUATION, b, k)
            if ended or ends < market.break_rate:
                if tie.owed > 0:
                    arrears.close_out(world, workspace, b, k)
                relations.part(world, b, k, whom)


@inlined
def open_order(order: Any, buyer: Any, b: int, market: Any) -> None:
    """Take a blank order, with nobody to deal with yet."""
    blank(order)
    order.supplier = order.contact = order.instrument = NOBODY
    order.round = market.round
    order.buyer = b
    order.remoteness = buyer.remoteness


@inlined
def find_partner(world: Any, workspace: Any, b: int) -> bool:
    """Walk the rooms before the order is agreed; give False when no agreement is reached."""
    sourcing.note_loyalty(world.ties, workspace.facts[0], b)
    newcomer = search.explore(world, b)
    if sourcing.ask(world, workspace, b, newcomer) == 0:
        workspace.order[0].lost_for_terms = 1
        return False
    negotiation.collect_bids(world, workspace, b)
    tries = 1 + world.market[0].next_bidders
    agreed = False
    while tries > 0 and not agreed:
        sourcing.award(world, workspace, b)
        views.see_buyer(world, b, workspace.order[0].contact, workspace.supplier_view[0])
        negotiation.agree(world, workspace, b)
        agreed = payment_terms.agree_on_terms(world, workspace, b)
        tries -= 1
        if tries > 0 and not agreed:
            left = sourcing.pass_over(world, workspace, b)
            tries = tries if left else 0
    if world.market[0].known_odds == 1:
        sourcing.note_odds(world, workspace, b)
    return agreed


@inlined
def fulfil(world: Any, workspace: Any, b: int) -> None:
    """Walk the rooms of an agreed order, from information sharing to learning."""
    market = world.market[0]
    order, facts = workspace.order[0], workspace.facts[0]
    buyer_view = workspace.buyer_views[order.contact]
    facts.trust_in_supplier = buyer_view.trust
    facts.trust_in_buyer = workspace.supplier_view[0].trust
    facts.knowhow = buyer_view.knowhow
    sourcing.place(world, workspace, b)
    payment_terms.charge(world, workspace, b)
    information_sharing.share(world, workspace, b)
    production.produce(world, workspace, b)
    if facts.absconded == 0:
        delivery.deliver(world, workspace, b)
    if order.delivered == 1:
        inspection.inspect(world, workspace, b)
    settlement.settle(world, workspace, b)
    if order.delivered == 1:
        channels.go_without_service(
            order, world.suppliers[order.supplier], workspace.books[0], market
        )
    service.install(world.buyers[b], order, facts, workspace.books[0], market)
    if market.orphan_cost > 0.0:
        service.supply(world.bonds[b, order.contact], order)
    reputation.rate_order(world, workspace, b)
    learning.learn(world, workspace, b)
    if order.accepted == 1 and order.grievance == 0:
        workspace.used_well[order.instrument] += 1


@spliced
def walk(world: Any, workspace: Any, b: int) -> None:
    """Walk one buyer's order of a round through all rooms."""
    market = world.market[0]
    buyer = world.buyers[b]
    order, facts, books = workspace.order[0], workspace.facts[0], workspace.books[0]
    workspace.rounds[market.round, buyer.policy].buyers += 1
    open_order(order, buyer, b, market)
    blank(facts)
    blank(books)
    if buyer.debts > 0:
        arrears.chase(world, workspace, b)
    fade(world, workspace, b)
    if demand.need(world, workspace, b):
        service.serve(world, workspace, b)
        if find_partner(world, workspace, b):
            fulfil(world, workspace, b)
        else:
            delivery.do_without(market, order, books)
            if order.contact != NOBODY:
                relations.turn_away(world.ties[b, order.contact])
        ledger.post(buyer, workspace, order.supplier)
        entered = workspace.entry[0]
        ledger.enter(entered, order, facts, books, market)
        add(workspace.rounds[market.round, buyer.policy], entered)
        if order.ordered == 1:
            learning.attract(world.ties[b, order.contact], order, books, market)
            ledger.note_burden(world.ties[b, order.contact], workspace, market)
        if order.contact != NOBODY:
            bucket = relations.age_bucket(order.age)
            add(workspace.ages[bucket], entered)
        search.recommend(buyer, world.ties, b)
    ledger.smooth_payoff(buyer, workspace, market)


@entry
def walk_buyers(world: Any, workspace: Any, first: int, last: int) -> None:
    """Walk the orders of the buyers from first up to (not with) last."""
    for b in range(first, last):
        walk(world, workspace, b)


@entry
def walk_recorded(world: Any, workspace: Any, orders: Any, facts: Any, books: Any) -> int:
    """Walk the orders of all buyers and keep every order, its facts and its books.

    What becomes of earlier invoices is kept behind the orders; gives the number of all that is
    kept.
    """
    buyers = world.buyers.shape[0]
    kept = buyers
    for b in range(buyers):
        walk(world, workspace, b)
        orders[b] = workspace.order[0]
        facts[b] = workspace.facts[0]
        books[b] = workspace.books[0]
        for place in range(1, workspace.books.shape[0]):
            later = workspace.books[place]
            if later.event != ORDER:
                orders[kept] = workspace.order[place]
                books[kept] = later
                later.event = ORDER
                kept += 1
    return kept


@entry
def many_rounds(
    world: Any, workspace: Any, first: int, last: int, buyer_mix: Any, supplier_mix: Any
) -> None:
    """Walk the rounds from first up to (not with) last on one core, without coming back."""
    buyers = world.buyers.shape[0]
    for r in range(first, last):
        population.open_round(world, r)
        walk_buyers(world, workspace, 0, buyers)
        population.close_round(world, workspace, buyer_mix, supplier_mix)
