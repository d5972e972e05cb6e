"""Channels: who sells online without service, who sees the prices there, and who serves?

Suppliers sell online, at visible prices and without service, or as distributors of a region, who
serve at a cost. A buyer that is informed sees all prices of the online sellers that it knows; one
that is not deals with distributors only (informed and uninformed consumers: Varian 1980).
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.market.ledger import spend
from trustsim.schema.accounts import DELAY, OUTSIDE


@compiled
def sells_online(s: int, suppliers: int, market: Any) -> int:
    """Tell whether a supplier sells online: the first ``online_share`` of all do."""
    return 1 if s < market.online_share * suppliers else 0


@compiled
def is_informed(b: int, buyers: int, market: Any) -> bool:
    """Tell whether a buyer sees the prices online: the first ``informed`` of all do."""
    return b < market.informed * buyers


@compiled
def effort_cost(supplier: Any, market: Any) -> float:
    """Give what its service costs a distributor, per lot; nothing online, or without channels."""
    if market.online_share == 0.0 or supplier.online == 1:
        return 0.0
    return market.effort_cost * market.effort


@compiled
def retaliate(market: Any, tallies: Any) -> None:
    """Let distributors cut their service by what online sellers have taken of the orders."""
    taken = 0
    orders = 0
    suppliers = tallies.shape[0]
    for s in range(suppliers):
        orders += tallies[s].orders
        taken += tallies[s].orders * sells_online(s, suppliers, market)
    if orders > 0:
        market.effort = 1.0 - market.retaliation * taken / orders


@inlined
def show_prices(world: Any, workspace: Any, b: int) -> int:
    """Have online sellers that an informed buyer knows make visible bids; give how many.

    They cost the buyer no hours of tendering.
    """
    market = world.market[0]
    more = 0
    if market.online_share > 0.0 and is_informed(b, world.buyers.shape[0], market):
        for k in range(world.ties.shape[1]):
            supplier = world.suppliers[world.ties[b, k].supplier]
            listed = supplier.listed == 1 and supplier.generation == world.ties[b, k].generation
            if supplier.online == 1 and listed and workspace.buyer_views[k].asked == 0.0:
                workspace.buyer_views[k].asked = 1.0
                more += 1
    return more


@compiled
def hidden(world: Any, b: int, supplier: Any) -> bool:
    """Tell whether a buyer cannot find a supplier, which sells where it does not look."""
    market = world.market[0]
    if market.online_share == 0.0 or supplier.online == 0:
        return False
    return not is_informed(b, world.buyers.shape[0], market)


@inlined
def go_without_service(order: Any, supplier: Any, books: Any, market: Any) -> None:
    """Let the buyer bear what a distributor's full service would have saved it."""
    if market.online_share > 0.0:
        lacking = 1.0 - market.effort * (1.0 - supplier.online)
        worth = order.lots * market.lot_cost
        spend(books, DELAY, OUTSIDE, market.service_saving * lacking * worth)
