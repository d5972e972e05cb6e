"""Delivery: does the lot arrive, on time, with its papers?

The lot enters at the supplier's gate and leaves at the buyer's, late or not; one that is lost on
the way is paid by the carrier and missed by the buyer.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import four, number_of
from trustsim.market.ledger import micro, pay, spend
from trustsim.schema.accounts import CARRIERS, DELAY, OUTSIDE, SUPPLIERS

DELIVERY = number_of("delivery")


@compiled
def lateness(supplier: Any, knowhow: float, market: Any) -> float:
    """Give the probability of a late delivery: less with know-how, more with the load."""
    chance = market.late_rate * (1.0 - market.knowhow_punctuality * knowhow)
    return min(chance * (1.0 + supplier.load / market.capacity), 1.0)


@inlined
def deliver(
    market: Any, b: int, supplier: Any, knowhow: float, theirs: Any, order: Any, deed: Any
) -> None:
    """Bring the lot to the buyer.

    Visible care sends a second set of documents: lost papers then cost nothing, otherwise
    demurrage.
    """
    worth = order.lots * market.lot_cost
    late, lost, papers, second = four(market, DELIVERY, b)
    freight = market.freight * (1.0 + order.remoteness) * worth
    pay(deed, SUPPLIERS, CARRIERS, micro(freight))
    care = (market.care_cost + market.courier_cost) * theirs.care * worth
    pay(deed, SUPPLIERS, OUTSIDE, micro(care))
    if lost < market.transit_loss * (1.0 + order.remoteness):
        deed.defective = 0
        pay(deed, CARRIERS, SUPPLIERS, micro(order.price * order.lots))
        return
    order.delivered = 1
    if late < lateness(supplier, knowhow, market):
        order.late = 1
        spend(deed, DELAY, OUTSIDE, market.late_cost * worth)
    if papers < market.document_loss and second >= theirs.care:
        spend(deed, DELAY, CARRIERS, market.demurrage * worth)


@compiled
def do_without(market: Any, order: Any, deed: Any) -> None:
    """Bridge a need that no lot has met: the buyer pays the cost of a shortage."""
    spend(deed, DELAY, OUTSIDE, market.shortage_cost * order.lots * market.lot_cost)
