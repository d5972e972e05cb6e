"""Service: what does it cost to set up, keep running and mend what was bought?

A buyer enters with all that it has bought and still uses, its installed base; it leaves with what
that costs it since its last need. An accepted lot is set up and joins the base.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.market.ledger import micro, pay
from trustsim.schema.accounts import BUYERS, OUTSIDE, SERVICE


@compiled
def buy_service(books: Any, amount: float) -> Any:
    """Let the buyer pay for service, and give what it pays in micro-units."""
    units = micro(amount)
    pay(books, BUYERS, OUTSIDE, units)
    books.cost[SERVICE] += units
    return units


@compiled
def in_use(market: Any) -> bool:
    """Tell whether what is in use costs anything."""
    return market.support_cost + market.maintenance_cost + market.repair_cost > 0.0


@compiled
def adopt(buyer: Any, facts: Any, books: Any, market: Any) -> None:
    """Find service, once, for lots in use whose makers have failed since the last need."""
    worth = buyer.orphaned * market.lot_cost
    facts.orphaned = buy_service(books, market.orphan_cost * worth)
    buyer.orphaned = 0.0


@compiled
def wear_out(bond: Any, market: Any) -> None:
    """Let what a supplier has supplied retire by a round."""
    bond.supplied = bond.supplied * (1.0 - 1.0 / market.service_life)


@compiled
def orphan(buyer: Any, bond: Any) -> None:
    """Leave a buyer with what a firm that is gone has supplied."""
    buyer.orphaned = buyer.orphaned + bond.supplied


@compiled
def supply(bond: Any, order: Any) -> None:
    """Note of an accepted lot who has supplied it."""
    if order.accepted == 1:
        bond.supplied = bond.supplied + order.lots


@inlined
def serve(world: Any, workspace: Any, b: int) -> None:
    """Book what the installed base has cost since the buyer's last need, and let it retire.

    Costs after the purchase are part of what a purchase costs (Ellram 1995). A lot in use retires
    with a chance of one in ``service_life`` a round.
    """
    market = world.market[0]
    if in_use(market):
        buyer, facts, books = world.buyers[b], workspace.facts[0], workspace.books[0]
        rounds = market.round - buyer.serviced
        buyer.serviced = market.round
        worth = rounds * market.lot_cost
        facts.support = buy_service(books, market.support_cost * buyer.installed * worth)
        facts.maintenance = buy_service(books, market.maintenance_cost * buyer.installed * worth)
        facts.repair = buy_service(books, market.repair_cost * buyer.faulty * worth)
        left = (1.0 - 1.0 / market.service_life) ** rounds
        buyer.installed = left * buyer.installed
        buyer.faulty = left * buyer.faulty
    if market.orphan_cost > 0.0:
        adopt(world.buyers[b], workspace.facts[0], workspace.books[0], market)


@inlined
def install(buyer: Any, order: Any, facts: Any, books: Any, market: Any) -> None:
    """Set up a lot that was accepted; a defect that nobody has found is in use with it."""
    if order.accepted == 1 and (market.installation_cost > 0.0 or in_use(market)):
        worth = order.lots * market.lot_cost
        facts.installation = buy_service(books, market.installation_cost * worth)
        buyer.installed = buyer.installed + order.lots
        buyer.faulty = buyer.faulty + order.lots * facts.escaped


@compiled
def later_cost(trust: float, market: Any) -> float:
    """Give what a lot is expected to cost in repairs, per lot: as bad as its supplier, for life."""
    bad = market.defect_bad * (1.0 - trust)
    return market.repair_cost * market.service_life * bad * market.lot_cost
