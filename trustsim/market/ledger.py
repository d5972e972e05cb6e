"""The ledger: every payment has a payer and a payee, every cost a category, every sum is exact.

An order comes in with empty books. Rooms move integer micro-units between its accounts; at the end
the order's flows are posted to the buyer, the supplier and the institutions. The sum over all
accounts is zero after every payment, hence after every round.
"""

from __future__ import annotations

from math import floor
from typing import Any

from trustsim.engine.compiling import blank, compiled, inlined
from trustsim.schema.accounts import BUYERS, MICRO, OUTSIDE, SUPPLIERS
from trustsim.schema.found import BY_CHANCE, BY_RATING, BY_REFERRAL

PAYOFF_MEMORY = 0.1
"""Weight of the latest round in an agent's payoff (assumption: about a year of months)."""

SERVICE_MEMORY = 0.15
"""Weight of the latest lot in what a supplier knows this buyer to cost (assumption: the last
half-dozen count)."""

MOST_LOTS = 1.0 / SERVICE_MEMORY
"""Lots from which an order is all that a supplier knows of a buyer's cost."""

LOYAL = 0.95
"""Share of its orders above which a buyer counts as loyal to one supplier."""


@compiled
def micro(amount: float) -> Any:
    """Round an amount to whole micro-units, half up."""
    return floor(amount * MICRO + 0.5)


@compiled
def pay(books: Any, payer: int, payee: int, units: int) -> None:
    """Move micro-units from one account of the order to another."""
    books.flow[payer] -= units
    books.flow[payee] += units


@compiled
def spend(books: Any, category: int, payee: int, amount: float) -> None:
    """Let the buyer spend money, to be counted under a category of its total cost."""
    units = micro(amount)
    pay(books, BUYERS, payee, units)
    books.cost[category] += units


@compiled
def work(books: Any, market: Any, category: int, hours: float) -> None:
    """Let the buyer's staff work on the transaction itself: tender, contract, blame."""
    spend(books, category, OUTSIDE, hours * market.hour_cost)
    books.transaction_hours += hours


@compiled
def work_together(books: Any, market: Any, category: int, hours: float) -> None:
    """Let the buyer's staff do productive work with a supplier."""
    spend(books, category, OUTSIDE, hours * market.hour_cost)
    books.productive_hours += hours


@compiled
def supplier_work(books: Any, market: Any, hours: float) -> None:
    """Let the supplier's staff work."""
    pay(books, SUPPLIERS, OUTSIDE, micro(hours * market.hour_cost))


@compiled
def supplier_expense(workspace: Any, s: int, units: int) -> None:
    """Let a supplier pay for its bid, whether or not it wins the order."""
    balances = workspace.balances[workspace.order[0].round]
    workspace.suppliers[s].cash -= units
    workspace.suppliers[s].dealing += units
    workspace.books[0].bids += units
    balances[SUPPLIERS] -= units
    balances[OUTSIDE] += units


@compiled
def post(buyer: Any, workspace: Any, s: int) -> None:
    """Post an order's flows to the two sides and the institutions, once."""
    books = workspace.books[0]
    buyer.cash += books.flow[BUYERS]
    if s >= 0:
        workspace.suppliers[s].cash += books.flow[SUPPLIERS]
        books.profit += books.flow[SUPPLIERS]
    balances = workspace.balances[workspace.order[0].round]
    for account in range(balances.shape[0]):
        balances[account] += books.flow[account]


@compiled
def enter_costs(entry: Any, books: Any) -> None:
    """Enter a round's costs, hours and supplier's profit.

    Profit counts invoices when they are due: cash received plus what is still owed.
    """
    blank(entry)
    entry.supplier_profit = books.profit + books.receivable - books.bids
    for category in range(books.cost.shape[0]):
        entry.cost[category] = books.cost[category]
    entry.transaction_hours = micro(books.transaction_hours)
    entry.productive_hours = micro(books.productive_hours)
    entry.arrears_days = micro(books.arrears_days)
    entry.unpaid = books.unpaid


@compiled
def enter(entry: Any, order: Any, facts: Any, books: Any, market: Any) -> None:
    """Enter one order, from need to acceptance, as it is added to tallies."""
    enter_costs(entry, books)
    entry.needs = 1
    entry.no_terms = order.lost_for_terms
    entry.support = facts.support
    entry.maintenance = facts.maintenance
    entry.repair = facts.repair
    entry.orphaned = facts.orphaned
    entry.succession = facts.succession
    if order.ordered == 0:
        return
    entry.orders = 1
    entry.instrument[order.instrument] = 1
    entry.delivered = order.delivered
    entry.inspected = order.inspected
    entry.shaded = 1 if facts.shaded + facts.absconded > 0 else 0
    lied = facts.false_claim + facts.false_fault
    entry.buyer_cheated = 1 if lied + facts.delayed_payment > 0 else 0
    entry.defective = facts.defective
    entry.escaped = facts.escaped
    entry.disputed = order.disputed
    entry.care = facts.care
    entry.online = order.online
    entry.by_chance = 1 if order.found_by == BY_CHANCE else 0
    entry.by_rating = 1 if order.found_by == BY_RATING else 0
    entry.by_referral = 1 if order.found_by == BY_REFERRAL else 0
    entry.newcomers = order.newcomer
    entry.lured = order.lured
    entry.enforced = facts.enforced
    entry.enforced_wait = facts.waited
    entry.ransom = facts.ransom
    entry.hushed = facts.hushed
    entry.invented = facts.invented
    entry.sent_back = order.refunded + order.exchanged
    price = order.price / market.lot_cost
    entry.price_sum = micro(price)
    entry.price_squares = micro(price * price)
    entry.installation = facts.installation
    entry.trust_in_suppliers = micro(facts.trust_in_supplier)
    entry.trust_in_buyers = micro(facts.trust_in_buyer)
    entry.knowhow = micro(facts.knowhow)
    entry.loyalty = micro(facts.loyalty)
    entry.loyal = 1 if facts.top_share > LOYAL else 0
    if order.accepted == 1:
        entry.accepted_lots = micro(order.lots)
        entry.value = micro(order.lots * market.value * market.lot_cost)


@compiled
def note_service(tie: Any, cost: float, lots: float) -> None:
    """Note what an order of so many lots has cost its supplier besides the goods.

    Each lot counts alike, in a large order or a small one.
    """
    tie.served += SERVICE_MEMORY * min(lots, MOST_LOTS) * (cost / lots - tie.served)


@inlined
def note_burden(tie: Any, workspace: Any, market: Any) -> None:
    """Note what dealing with the buyer has cost the supplier.

    That is the margin of a lot that was due to be paid, over what it cost to make it, less the
    profit that came of it. What shading saved is no burden and no relief.
    """
    order, facts, books = workspace.order[0], workspace.facts[0], workspace.books[0]
    if facts.absconded == 1:
        return
    tally = workspace.suppliers[order.supplier]
    owing = order.accepted
    if order.delivered == 0:
        owing = 1
    margin = micro(order.price * order.lots * owing) - facts.outlay
    tally.lots += micro(order.lots)
    dealing = margin - books.profit - books.receivable
    tally.dealing += dealing
    bids = order.bidders * market.bid_hours * market.hour_cost
    note_service(tie, (dealing / MICRO + bids) / market.lot_cost, order.lots)


@compiled
def spent(books: Any) -> int:
    """Add up an order's costs."""
    total = 0
    for category in range(books.cost.shape[0]):
        total += books.cost[category]
    return total


@inlined
def smooth_payoff(buyer: Any, workspace: Any, market: Any) -> None:
    """Add the round's surplus, in lots, to the buyer's smoothed payoff."""
    order, facts = workspace.order[0], workspace.facts[0]
    units = spent(workspace.books[0]) + facts.earlier
    gained = market.value * order.accepted * order.lots - units / (MICRO * market.lot_cost)
    buyer.payoff += PAYOFF_MEMORY * (gained - buyer.payoff)
