"""Views: a relation as one of its sides sees it, which is all that a rule is given of it.

A tie enters; a view leaves, the buyer's or the supplier's, without the partner's hidden traits.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import blank, compiled, inlined
from trustsim.market.beliefs import lifted
from trustsim.market.relations import acquainted, assets_of, goodwill_of

UNKNOWN_RATING = 0.5
"""Public rating of a buyer, since nobody rates buyers: as likely good as bad."""


@inlined
def see_supplier(world: Any, b: int, k: int, view: Any) -> None:
    """Fill in the relation to a contact as the buyer sees it."""
    market = world.market[0]
    tie = world.ties[b, k]
    supplier = world.suppliers[tie.supplier]
    blank(view)
    view.goodwill = goodwill_of(world.bonds, b, k)
    view.assets = assets_of(world.bonds, b, k)
    _see_both(tie, world.buyers[b], supplier, view, market)
    view.good = tie.supplier_good
    view.bad = tie.supplier_bad
    view.trust = lifted(
        tie.supplier_good / (tie.supplier_good + tie.supplier_bad), view.goodwill, market
    )
    if market.disconfirmation > 0.0 and tie.orders == 0:
        # a promise is believed until the first order
        promise = world.supplier_policies[supplier.policy].promise_inflation
        view.trust = view.trust + promise * (1.0 - view.trust)
    view.rating = supplier.rating
    visible = market.streak_bonus > 0.0 and supplier.streak >= market.streak_threshold
    view.streak = 1.0 if visible else 0.0
    view.retained = world.buyers[b].stays
    view.left = market.supplier_leaves
    view.partner_shared = tie.supplier_shared
    view.partner_conduct = tie.supplier_conduct
    view.own_conduct = tie.buyer_conduct
    view.opportunism = world.buyers[b].opportunism
    view.noise = market.buyer_noise


@inlined
def see_buyer(world: Any, b: int, k: int, view: Any) -> None:
    """Fill in the relation to a buyer as its contact, the supplier, sees it."""
    market = world.market[0]
    tie = world.ties[b, k]
    supplier = world.suppliers[tie.supplier]
    blank(view)
    view.goodwill = goodwill_of(world.bonds, b, k)
    view.assets = assets_of(world.bonds, b, k)
    _see_both(tie, world.buyers[b], supplier, view, market)
    view.good = tie.buyer_good
    view.bad = tie.buyer_bad
    view.trust = lifted(tie.buyer_good / (tie.buyer_good + tie.buyer_bad), view.goodwill, market)
    view.rating = UNKNOWN_RATING
    view.partner_shared = tie.buyer_shared
    view.partner_conduct = tie.buyer_conduct
    view.own_conduct = tie.supplier_conduct
    view.opportunism = supplier.opportunism
    view.noise = market.supplier_noise
    view.watched = tie.watched if tie.orders > 0 else market.watched
    view.left = market.buyer_leaves


@compiled
def _share(some: float, others: float) -> float:
    return some / (some + others)


@compiled
def leaves_wronged(market: Any) -> float:
    """Give the share of wronged buyers that are known to order elsewhere next."""
    return _share(market.wronged_left, market.wronged_stayed)


@compiled
def leaves_content(market: Any) -> float:
    """Give the share of buyers without a grievance that are known to order elsewhere next."""
    return _share(market.content_left, market.content_stayed)


@compiled
def walks_out(market: Any) -> float:
    """Give the share of wronged suppliers that are known to leave."""
    return _share(market.walked_out, market.put_up)


@compiled
def turned_away(market: Any) -> float:
    """Give the share of relations that a grievance ends of those that would go on without one.

    As the trade knows it: how much more often buyers leave after a grievance.
    """
    wronged = leaves_wronged(market)
    content = leaves_content(market)
    return max(wronged - content, 0.0) / (1.0 - content)


@compiled
def _see_both(tie: Any, buyer: Any, supplier: Any, view: Any, market: Any) -> None:
    view.knowhow = tie.knowhow
    view.attraction = tie.attraction
    view.retained = tie.retained
    view.acquainted = 1.0 if acquainted(buyer, supplier, market) else 0.0
    view.orders = tie.orders
    view.clean = tie.clean
    view.idle = market.round - tie.last_round
