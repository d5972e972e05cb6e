"""The round: the printable schedule of the rooms that every order walks through."""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import entry, inlined
from trustsim.engine.luck import four_more, number_of
from trustsim.market import ledger as accounts
from trustsim.market import population
from trustsim.market.rooms import (
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
    settlement,
    sourcing,
)

CONTINUATION = number_of("continuation")
SCHEDULE = (
    demand,
    sourcing,
    negotiation,
    payment_terms,
    information_sharing,
    production,
    delivery,
    inspection,
    settlement,
    disputes,
    reputation,
    learning,
    accounts,
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
def fade(world: Any, desk: Any, b: int, policy: Any, deed: Any) -> None:
    """Let all ties of a buyer fade by a round; strangers take the place of firms that are gone."""
    market = world.market[0]
    for k in range(world.ties.shape[1]):
        tie = world.ties[b, k]
        learning.erode(tie, policy, market)
        if tie.last_round < market.round - 1:
            learning.idle(tie, policy, market)
        supplier = world.suppliers[tie.supplier]
        if supplier.generation != tie.generation:
            if world.buyers[b].partner == tie.supplier:
                world.buyers[b].partner = sourcing.GONE
            learning.meet(world, b, k, tie.supplier)
        if market.break_rate > 0.0:
            ends, whom, _, _ = four_more(market, CONTINUATION, b, k)
            if ends < market.break_rate:
                if tie.owed > 0:
                    settlement.close_out(world, desk, b, k, deed)
                sourcing.part(world, b, k, whom)


@inlined
def find_partner(world: Any, desk: Any, b: int, policy: Any, order: Any, deed: Any) -> bool:
    """Walk the rooms before the order is agreed; give False when no agreement is reached."""
    market = world.market[0]
    sourcing.loyalty(world, b, deed)
    newcomer = sourcing.explore(world, b, policy)
    if sourcing.ask(world, desk, b, policy, newcomer, order) == 0:
        order.lost_for_terms = 1
        return False
    negotiation.collect_bids(world, desk, b, order, deed)
    contact = sourcing.award(world, desk, b, policy, order, deed)
    sourcing.choose(world, b, contact, order)
    ours = desk.buyer_sight[contact]
    theirs_seen = desk.supplier_sight[0]
    supplier = world.suppliers[order.supplier]
    tie = world.ties[b, contact]
    learning.see_buyer(theirs_seen, tie, world.buyers[b], supplier, market)
    negotiation.agree(market, tie, supplier, policy, ours, order, deed)
    return payment_terms.settle_on(world, policy, ours, theirs_seen, order, deed)


@inlined
def carry_out(world: Any, desk: Any, b: int, policy: Any, order: Any, deed: Any) -> None:
    """Walk the rooms of an agreed order, from information sharing to learning."""
    market = world.market[0]
    buyer = world.buyers[b]
    tie = world.ties[b, order.contact]
    supplier = world.suppliers[order.supplier]
    theirs = world.supplier_policies[supplier.policy]
    instrument = world.instruments[order.instrument]
    tally = desk.suppliers[order.supplier]
    ours = desk.buyer_sight[order.contact]
    seen = desk.supplier_sight[0]
    deed.trust_in_supplier = ours.trust
    deed.trust_in_buyer = seen.trust
    deed.knowhow = ours.knowhow
    sourcing.place(world, b, order, deed)
    payment_terms.charge(market, instrument, order, deed)
    information_sharing.share(market, b, tie, supplier, policy, theirs, ours, seen, order, deed)
    production.produce(market, b, supplier, tie.knowhow, theirs, seen, order, deed)
    if deed.absconded == 0:
        delivery.deliver(market, b, supplier, tie.knowhow, theirs, order, deed)
    if order.delivered == 1:
        inspection.inspect(market, b, policy, ours, order, deed)
    settlement.settle(
        market, b, buyer, tie, supplier, instrument, policy, theirs, ours, seen, order, deed
    )
    reputation.speak(market, b, buyer, supplier, tally, order, deed)
    learning.learn(market, b, buyer, tie, policy, theirs, tally, order, deed)
    if order.accepted == 1 and order.grievance == 0:
        desk.familiar[order.instrument] += 1


@inlined
def walk(world: Any, desk: Any, b: int) -> None:
    """Walk one buyer's order of a round through all rooms."""
    market = world.market[0]
    buyer = world.buyers[b]
    policy = world.buyer_policies[buyer.policy]
    order = desk.order[0]
    deed = desk.deed[0]
    accounts.clear(order, deed)
    order.round = market.round
    order.buyer = b
    order.remoteness = buyer.remoteness
    if buyer.debts > 0:
        settlement.chase(world, desk, b, deed)
    fade(world, desk, b, policy, deed)
    tally = desk.rounds[market.round, buyer.policy]
    if demand.need(market, buyer, b, order):
        if find_partner(world, desk, b, policy, order, deed):
            carry_out(world, desk, b, policy, order, deed)
        else:
            delivery.do_without(market, order, deed)
            if order.contact >= 0:
                learning.turn_away(world.ties[b, order.contact])
        accounts.post(buyer, desk, deed, order.supplier)
        accounts.enter(tally, order, deed, market)
        if order.ordered == 1:
            learning.attract(market, world.ties[b, order.contact], order, deed)
            accounts.burden(desk, order, deed)
            accounts.enter(desk.ages[learning.age_bucket(order.age)], order, deed, market)
        sourcing.recommend(world, b)
    accounts.settle_payoff(buyer, order, deed, market)


@entry
def walk_buyers(world: Any, desk: Any, first: int, last: int) -> None:
    """Walk the orders of the buyers from first up to (not with) last."""
    for b in range(first, last):
        walk(world, desk, b)


@entry
def walk_recorded(world: Any, desk: Any, first: int, last: int, orders: Any, deeds: Any) -> None:
    """Walk as `walk_buyers` does and keep every order and deed."""
    for b in range(first, last):
        walk(world, desk, b)
        orders[b] = desk.order[0]
        deeds[b] = desk.deed[0]


@entry
def merge(desk: Any, other: Any) -> None:
    """Add another worker's sums of the round to a worker's, and empty them."""
    for s in range(desk.suppliers.shape[0]):
        into, tally = desk.suppliers[s], other.suppliers[s]
        into.orders += tally.orders
        into.good += tally.good
        into.bad += tally.bad
        into.faults += tally.faults
        into.known_good += tally.known_good
        into.known_bad += tally.known_bad
        into.cash += tally.cash
        into.lots += tally.lots
        into.dealing += tally.dealing
        tally.orders = 0
        tally.good = 0
        tally.bad = 0
        tally.faults = 0
        tally.known_good = 0
        tally.known_bad = 0
        tally.cash = 0
        tally.lots = 0
        tally.dealing = 0
    for i in range(desk.familiar.shape[0]):
        desk.familiar[i] += other.familiar[i]
        other.familiar[i] = 0


@entry
def many_rounds(
    world: Any, desk: Any, first: int, last: int, buyer_mix: Any, supplier_mix: Any
) -> None:
    """Walk the rounds from first up to (not with) last on one core, without coming back."""
    buyers = world.buyers.shape[0]
    for r in range(first, last):
        population.open_round(world, r)
        walk_buyers(world, desk, 0, buyers)
        population.close_round(
            world, desk.suppliers, desk.balances, desk.familiar, buyer_mix, supplier_mix
        )
