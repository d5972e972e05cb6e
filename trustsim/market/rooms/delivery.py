"""Delivery: does the lot arrive, on time, with its papers?

The lot enters at the supplier's gate and leaves at the buyer's, late or not; one that is lost on
the way is paid by the carrier and missed by the buyer.
"""

from __future__ import annotations

from math import log2
from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import draw, number_of
from trustsim.market.ledger import micro, pay, spend, supplier_work
from trustsim.schema.accounts import CARRIERS, DELAY, OUTSIDE, SUPPLIERS

DELIVERY = number_of("delivery")


@compiled
def lateness(supplier: Any, knowhow: float, market: Any) -> float:
    """Give the probability of a late delivery: less with know-how, more with the load."""
    chance = market.late_rate * (1.0 - market.knowhow_punctuality * knowhow)
    return min(chance * (1.0 + supplier.load / market.capacity), 1.0)


@compiled
def learned(orders: int, progress: float) -> float:
    """Give what care costs after so many orders of a customer, as a share of the first.

    The cost falls to ``progress`` with each doubling: n^(log2 progress) for the n-th order, the
    learning curve of Argote & Epple (1990).
    """
    return (1.0 + orders) ** log2(progress)


@inlined
def deliver(world: Any, workspace: Any, b: int) -> None:
    """Bring the lot to the buyer.

    Visible care sends a second set of documents: lost papers then cost nothing, otherwise
    demurrage.
    """
    market = world.market[0]
    order, facts, books = workspace.order[0], workspace.facts[0], workspace.books[0]
    supplier = world.suppliers[order.supplier]
    policy = world.supplier_policies[supplier.policy]
    knowhow = world.ties[b, order.contact].knowhow
    worth = order.lots * market.lot_cost
    late, lost, papers, second = draw(market, DELIVERY, b)
    freight = market.freight * (1.0 + order.remoteness) * worth
    pay(books, SUPPLIERS, CARRIERS, micro(freight))
    care = (market.care_cost + market.courier_cost) * policy.care * worth
    if market.care_learning < 1.0:
        care *= learned(world.ties[b, order.contact].orders, market.care_learning)
    facts.care = micro(care)
    pay(books, SUPPLIERS, OUTSIDE, facts.care)
    if lost < market.transit_loss * (1.0 + order.remoteness):
        facts.defective = 0
        pay(books, CARRIERS, SUPPLIERS, micro(order.price * order.lots))
        return
    order.delivered = 1
    if market.disconfirmation > 0.0:
        order.shortfall = policy.promise_inflation * (1.0 - policy.account_owner)
        supplier_work(books, market, market.owner_hours * policy.account_owner)
    if late < lateness(supplier, knowhow, market):
        order.late = 1
        spend(books, DELAY, OUTSIDE, market.late_cost * worth)
    if papers < market.document_loss and second >= policy.care:
        spend(books, DELAY, CARRIERS, market.demurrage * worth)


@compiled
def do_without(market: Any, order: Any, books: Any) -> None:
    """Bridge a need that no lot has met: the buyer pays the cost of a shortage."""
    spend(books, DELAY, OUTSIDE, market.shortage_cost * order.lots * market.lot_cost)
