"""Arrears: what becomes of an invoice that is overdue?

It is chased, paid with interest, taken to law, or written off; when the relation ends it is paid.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import add, blank, compiled, inlined
from trustsim.engine.luck import draw_slot, number_of
from trustsim.market.conduct import CALCULATIVE
from trustsim.market.ledger import (
    SERVICE_MEMORY,
    enter_costs,
    micro,
    pay,
    post,
    spend,
    spent,
    supplier_work,
    work,
)
from trustsim.market.relations import age_bucket
from trustsim.market.rooms.disputes import neighbours, quarrel, reachable
from trustsim.market.temptations import PAY_LATE, happen
from trustsim.schema.accounts import (
    BANKS,
    BUYERS,
    COURTS,
    DISPUTE,
    MICRO,
    PAYMENT,
    PRICE,
    SUPPLIERS,
)
from trustsim.schema.events import CHASE, FINAL_PAYMENT, LATE_PAYMENT, SUIT, WRITE_OFF

ARREARS = number_of("arrears")


@inlined
def owe(buyer: Any, tie: Any, books: Any, due: int) -> None:
    """Let an invoice become overdue; several on one tie share their mean age."""
    if tie.owed == 0:
        buyer.debts += 1
    tie.arrears = int(tie.arrears * tie.owed / (tie.owed + due) + 0.5)
    tie.owed += due
    books.receivable += due


@inlined
def chase(world: Any, workspace: Any, b: int) -> None:
    """Chase the buyer's overdue invoices: paid with interest, taken to law, or still open.

    While an invoice is open the supplier finances it and the buyer saves interest. What is owed to
    a firm that is gone is paid to its successor. Costs and days are entered at the age of the
    relation that owes, not with the buyer's order of the round.
    """
    market = world.market[0]
    buyer = world.buyers[b]
    books = workspace.books[0]
    for k in range(world.ties.shape[1]):
        tie = world.ties[b, k]
        if tie.owed == 0:
            continue
        paid, right, result, _ = draw_slot(market, ARREARS, b, k)
        tie.arrears = min(tie.arrears + 1, 255)
        books.event = CHASE
        books.arrears_days = 365.0 / market.rounds_per_year
        work(books, market, DISPUTE, market.chase_hours)
        supplier_work(books, market, market.chase_hours)
        waiting = tie.owed / MICRO / market.rounds_per_year
        pay(books, SUPPLIERS, BANKS, micro(waiting * market.supplier_interest))
        spared = micro(waiting * market.buyer_interest * market.late_gain)
        spend(books, PAYMENT, BANKS, -waiting * market.buyer_interest * market.late_gain)
        owed = tie.owed
        written = 0
        tally = workspace.suppliers[tie.supplier]
        tally.chased += 1
        gone = world.suppliers[tie.supplier].generation != tie.generation
        if paid < market.arrears_hazard or gone:
            books.event = LATE_PAYMENT
            _discharge(market, tie, books, tally, tie.owed)
            buyer.debts -= 1
        elif tie.arrears >= market.law_age:
            won = right < 0.5 * (1.0 + market.evidence)
            known = neighbours(buyer, world.suppliers[tie.supplier], market)
            caught = won and result < reachable(market, buyer.remoteness, known)
            share = market.enforcement if caught else 0.0
            books.event = SUIT if share > 0.0 else WRITE_OFF
            tally.suits += 1
            quarrel(books, market)
            if won:
                spend(books, DISPUTE, COURTS, market.court_fee * market.lot_cost)
            else:
                pay(books, SUPPLIERS, COURTS, micro(market.court_fee * market.lot_cost))
            paid_back = micro(share * tie.owed / MICRO)
            written = owed - paid_back
            _discharge(market, tie, books, tally, paid_back)
            buyer.debts -= 1
        if world.buyer_policies[buyer.policy].conduct == CALCULATIVE:
            lost = spared - books.flow[BUYERS] - (owed - tie.owed - written)
            happen(workspace.temptations, PAY_LATE, spared + written, 0, lost)
        _enter_chased(buyer, tie, workspace, market, 2 * k + 1)


@compiled
def close_out(world: Any, workspace: Any, b: int, k: int) -> None:
    """Pay what is still owed to a supplier with whom the relation ends."""
    tie = world.ties[b, k]
    workspace.books[0].event = FINAL_PAYMENT
    books = workspace.books[0]
    owed = tie.owed
    _discharge(world.market[0], tie, books, workspace.suppliers[tie.supplier], owed)
    if world.buyer_policies[world.buyers[b].policy].conduct == CALCULATIVE:
        happen(workspace.temptations, PAY_LATE, 0, 0, -books.flow[BUYERS] - owed)
    world.buyers[b].debts -= 1
    _enter_chased(world.buyers[b], tie, workspace, world.market[0], 2 * k + 2)


@compiled
def _enter_chased(buyer: Any, tie: Any, workspace: Any, market: Any, place: int) -> None:
    """Post and enter what an earlier invoice has brought about, and wipe it from the books.

    A workspace that keeps orders keeps it at its place.
    """
    books = workspace.books[0]
    post(buyer, workspace, tie.supplier)
    workspace.suppliers[tie.supplier].dealing -= books.profit + books.receivable
    worth = MICRO * market.lot_cost
    tie.served -= SERVICE_MEMORY * (books.profit + books.receivable) / worth
    workspace.facts[0].earlier += spent(books)
    age = max(tie.orders - 1, 0)
    enter_costs(workspace.entry[0], books)
    add(workspace.rounds[market.round, buyer.policy], workspace.entry[0])
    add(workspace.ages[age_bucket(age)], workspace.entry[0])
    if place < workspace.books.shape[0]:
        workspace.books[place] = books
        order = workspace.order[place]
        order.round = market.round
        order.buyer = workspace.order[0].buyer
        order.supplier = tie.supplier
        order.contact = (place - 1) // 2
        order.age = age
    blank(books)


@compiled
def _discharge(market: Any, tie: Any, books: Any, tally: Any, units: int) -> None:
    """Close an overdue invoice: so much is paid, with interest for its age; the rest is lost."""
    pay(books, BUYERS, SUPPLIERS, units)
    rate = (1.0 - market.late_interest_waived) * market.arrears_interest
    interest = micro(rate * units / MICRO * tie.arrears / market.rounds_per_year)
    pay(books, BUYERS, SUPPLIERS, interest)
    books.cost[PAYMENT] += interest
    books.cost[PRICE] -= tie.owed - units
    books.receivable -= tie.owed
    books.unpaid += tie.owed - units
    tally.ended += tie.owed
    tally.waited += tie.owed * tie.arrears
    tally.written_off += tie.owed - units
    tie.owed = 0
    tie.arrears = 0
