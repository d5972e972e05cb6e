"""The ledger: every payment has a payer and a payee, every cost a category, every sum is exact.

An order comes in with an empty purse for each account. Rooms move integer micro-units between
them; at the end the order's flows are posted to the buyer, the supplier and the institutions. The
sum over all accounts is zero after every payment, hence after every round.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trustsim.engine.compiling import compiled, inlined
from trustsim.schema.accounts import BUYERS, MICRO, OUTSIDE, SUPPLIERS

PAYOFF_MEMORY = 0.1
"""Weight of the latest round in an agent's payoff (assumption: about a year of months)."""


@compiled
def micro(amount: float) -> Any:
    """Round an amount to whole micro-units, half up."""
    return np.int64(np.floor(amount * MICRO + 0.5))


@compiled
def pay(deed: Any, payer: int, payee: int, units: int) -> None:
    """Move micro-units from one account of the order to another."""
    deed.books[payer] -= units
    deed.books[payee] += units


@compiled
def spend(deed: Any, category: int, payee: int, amount: float) -> None:
    """Let the buyer spend money, to be counted under a category of its total cost."""
    units = micro(amount)
    pay(deed, BUYERS, payee, units)
    deed.cost[category] += units


@compiled
def work(deed: Any, market: Any, category: int, hours: float) -> None:
    """Let the buyer's staff work on the transaction itself: tender, contract, blame."""
    spend(deed, category, OUTSIDE, hours * market.hour_cost)
    deed.transaction_hours += hours


@compiled
def work_together(deed: Any, market: Any, category: int, hours: float) -> None:
    """Let the buyer's staff do productive work with a supplier."""
    spend(deed, category, OUTSIDE, hours * market.hour_cost)
    deed.productive_hours += hours


@compiled
def supplier_work(deed: Any, market: Any, hours: float) -> None:
    """Let the supplier's staff work."""
    pay(deed, SUPPLIERS, OUTSIDE, micro(hours * market.hour_cost))


@compiled
def supplier_expense(desk: Any, deed: Any, s: int, units: int) -> None:
    """Let a supplier pay for its bid, whether or not it wins the order."""
    balances = desk.balances[desk.order[0].round]
    desk.suppliers[s].cash -= units
    desk.suppliers[s].dealing += units
    deed.bids += units
    balances[SUPPLIERS] -= units
    balances[OUTSIDE] += units


@compiled
def post(buyer: Any, desk: Any, deed: Any, s: int) -> None:
    """Post an order's flows to the two sides and the institutions, and empty its purse."""
    buyer.cash += deed.books[BUYERS]
    if s >= 0:
        desk.suppliers[s].cash += deed.books[SUPPLIERS]
        deed.profit += deed.books[SUPPLIERS]
    balances = desk.balances[desk.order[0].round]
    for account in range(balances.shape[0]):
        balances[account] += deed.books[account]
        deed.books[account] = 0


@compiled
def enter_costs(tally: Any, deed: Any) -> None:
    """Add a round's costs, hours and supplier's profit to a tally.

    Profit counts invoices when they are due: cash received plus what is still owed.
    """
    tally.supplier_profit += deed.profit + deed.receivable - deed.bids
    for category in range(deed.cost.shape[0]):
        tally.cost[category] += deed.cost[category]
    tally.transaction_hours += micro(deed.transaction_hours)
    tally.productive_hours += micro(deed.productive_hours)
    tally.arrears_days += micro(deed.arrears_days)


@compiled
def enter(tally: Any, order: Any, deed: Any, market: Any) -> None:
    """Add one order, from need to acceptance, to a tally."""
    enter_costs(tally, deed)
    tally.needs += 1
    tally.no_terms += order.lost_for_terms
    if order.ordered == 0:
        return
    tally.orders += 1
    tally.instrument[order.instrument] += 1
    tally.delivered += order.delivered
    tally.inspected += order.inspected
    tally.shaded += 1 if deed.shaded + deed.absconded > 0 else 0
    tally.buyer_cheated += 1 if deed.false_claim + deed.delayed_payment > 0 else 0
    tally.defective += deed.defective
    tally.escaped += deed.escaped
    tally.disputed += order.disputed
    tally.trust_in_suppliers += micro(deed.trust_in_supplier)
    tally.trust_in_buyers += micro(deed.trust_in_buyer)
    tally.knowhow += micro(deed.knowhow)
    tally.loyalty += micro(deed.loyalty)
    tally.loyal += 1 if deed.top_share > 0.95 else 0
    if order.accepted == 1:
        tally.accepted_lots += micro(order.lots)
        tally.value += micro(order.lots * market.value * market.lot_cost)


@inlined
def clear(order: Any, deed: Any) -> None:
    """Wipe the desk for the next order."""
    order.supplier = -1
    order.contact = -1
    order.instrument = -1
    order.bidders = 0
    order.age = 0
    order.fresh = 0
    order.ordered = 0
    order.inspected = 0
    order.rejected = 0
    order.delivered = 0
    order.late = 0
    order.misunderstood = 0
    order.accepted = 0
    order.paid_late = 0
    order.buyer_accused = 0
    order.disputed = 0
    order.lost_for_terms = 0
    order.grievance = 0
    order.price = 0.0
    order.ask = 0.0
    order.reference_price = 0.0
    order.advance = 0.0
    order.on_delivery = 0.0
    order.after = 0.0
    order.held = 0.0
    order.secured = 0.0
    order.credit_days = 0.0
    order.evidence = 0.0
    order.buyer_disclosed = 0.0
    order.supplier_disclosed = 0.0
    deed.trust_in_supplier = 0.0
    deed.trust_in_buyer = 0.0
    deed.shaded = 0
    deed.absconded = 0
    deed.defective = 0
    deed.false_claim = 0
    deed.delayed_payment = 0
    deed.escaped = 0
    deed.traced = 0
    deed.leaked = 0
    deed.unit_cost = 0.0
    deed.outlay = 0
    deed.earlier = 0
    clear_sums(deed)


@compiled
def clear_sums(deed: Any) -> None:
    """Wipe what an order adds up: costs, hours, profit."""
    deed.profit = 0
    deed.bids = 0
    deed.receivable = 0
    deed.transaction_hours = 0.0
    deed.productive_hours = 0.0
    deed.arrears_days = 0.0
    for category in range(deed.cost.shape[0]):
        deed.cost[category] = 0


@inlined
def burden(desk: Any, order: Any, deed: Any) -> None:
    """Note what dealing with the buyer has cost the supplier.

    That is the margin of a lot that was due to be paid, over what it cost to make it, less the
    profit that came of it. What shading saved is no burden and no relief.
    """
    if deed.absconded == 1:
        return
    tally = desk.suppliers[order.supplier]
    owing = order.accepted
    if order.delivered == 0:
        owing = 1
    margin = micro(order.price * order.lots * owing) - deed.outlay
    tally.lots += micro(order.lots)
    tally.dealing += margin - deed.profit - deed.receivable


@compiled
def spent(deed: Any) -> int:
    """Add up an order's costs."""
    total = 0
    for category in range(deed.cost.shape[0]):
        total += deed.cost[category]
    return total


@inlined
def settle_payoff(buyer: Any, order: Any, deed: Any, market: Any) -> None:
    """Add the round's surplus, in lots, to the buyer's smoothed payoff."""
    units = spent(deed) + deed.earlier
    gained = market.value * order.accepted * order.lots - units / (MICRO * market.lot_cost)
    buyer.payoff += PAYOFF_MEMORY * (gained - buyer.payoff)
