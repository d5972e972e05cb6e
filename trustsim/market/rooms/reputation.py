"""Reputation: what does the public hear of the supplier?

An order enters when it is over; it leaves as a rating, sometimes a wrong one, sometimes one that a
buyer offered for sale.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import draw, number_of
from trustsim.market.ledger import micro, pay
from trustsim.schema.accounts import BUYERS, DISPUTE, SUPPLIERS

RATE = number_of("rating")


@compiled
def standing(supplier: Any, market: Any) -> float:
    """Give what buyers see of a supplier at a glance: rating, top tier, streak of clean orders."""
    shown = supplier.rating
    shown += market.tier_bonus if shown >= market.tier_threshold else 0.0
    shown += market.streak_bonus if supplier.streak >= market.streak_threshold else 0.0
    return shown


@compiled
def sales_at_risk(supplier: Any, margin: float, market: Any) -> float:
    """Give what one bad rating costs in sales: margin times usual orders times its weight."""
    orders = supplier.load * market.usual_sales
    weight = 1.0 / (supplier.rating_good + supplier.rating_bad + 2.0)
    return max(margin, 0.0) * orders * weight / (1.0 - market.rating_forgetting + 1.0e-3)


@compiled
def delisting_risk(supplier: Any, market: Any) -> float:
    """Give the chance that one more bad rating brings a supplier to be delisted.

    That all the ratings which then still miss for a mean below the threshold are bad, too, each
    with the chance that the present rating tells (Dellarocas 2005 on why that deters).
    """
    if market.delisting_rating <= 0.0 or supplier.listed == 0:
        return 0.0
    good = supplier.rating_good + 1.0
    missing = good / market.delisting_rating - good - 1.0 - supplier.rating_bad
    missing = max(missing, market.delisting_orders - supplier.rated, 1.0)
    return (1.0 - supplier.rating) ** (missing - 1.0)


@inlined
def rate_order(world: Any, workspace: Any, b: int) -> None:
    """Let the buyer rate the order, truly, by mistake, or after a demand for money was refused.

    A supplier pays the ransom if the sales that it would lose are worth more.
    """
    market = world.market[0]
    order, facts, books = workspace.order[0], workspace.facts[0], workspace.books[0]
    supplier = world.suppliers[order.supplier]
    tally = workspace.suppliers[order.supplier]
    speaks, slip, demand, _ = draw(market, RATE, b)
    tally.orders += 1
    tally.faults += order.grievance
    bad = order.grievance == 1
    if demand < market.ransom_rate * world.buyers[b].opportunism:
        ransom = market.ransom * market.lot_cost
        margin = order.price - facts.unit_cost
        if sales_at_risk(supplier, margin, market) > ransom:
            units = micro(ransom)
            pay(books, SUPPLIERS, BUYERS, units)
            books.cost[DISPUTE] -= units
            facts.ransom = units
            facts.hushed = order.grievance
            return
        bad = True
        facts.invented = 1 - order.grievance
    elif speaks >= market.rating_rate:
        return
    if slip < market.rating_error:
        bad = not bad
    if bad:
        tally.bad += 1
    else:
        tally.good += 1
