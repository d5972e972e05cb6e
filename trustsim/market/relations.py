"""Relations: how a tie between a buyer and a supplier is opened, fades and ends.

Two firms enter as strangers and form their first beliefs of each other; ties that nobody tends
fade; a tie that ends leaves its place to a stranger.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import blank, compiled
from trustsim.market.beliefs import on_record, stranger, updated
from trustsim.schema.measures import AGE_FROM

ATTENTION = 0.15
"""Weight of the latest order in what a supplier believes of the buyer's loyalty and inspections
(assumption: the last half-dozen orders count)."""

ENDED = 3
"""In place of the last conduct of a side: it, or its partner, has ended the relation."""

UNRATED = (0.0, 0.0)
"""Counts for and against a buyer on public record, since nobody rates buyers."""
NOBODY = -1
GONE = -2
"""Partner of a buyer whose supplier is gone: the next order is a switch."""


@compiled
def contact_of(ties: Any, b: int, s: int) -> int:
    """Give the place of a supplier among a buyer's contacts, or `NOBODY`."""
    for k in range(ties.shape[1]):
        if ties[b, k].supplier == s:
            return k
    return NOBODY


@compiled
def knows(ties: Any, b: int, s: int) -> bool:
    """Tell whether a supplier is already a contact of a buyer."""
    return contact_of(ties, b, s) != NOBODY


@compiled
def acquainted(buyer: Any, supplier: Any, market: Any) -> bool:
    """Tell whether two firms are of one community, where that counts."""
    return market.acquaintance_bonus > 0.0 and buyer.community == supplier.community


@compiled
def meet(world: Any, b: int, k: int, s: int) -> None:
    """Open a tie: two strangers form their first beliefs of each other."""
    market = world.market[0]
    buyer = world.buyers[b]
    supplier = world.suppliers[s]
    tie = world.ties[b, k]
    buyer_policy = world.buyer_policies[buyer.policy]
    supplier_policy = world.supplier_policies[supplier.policy]
    neighbours = acquainted(buyer, supplier, market)
    blank(tie)
    if world.bonds.shape[0] > 0:
        blank(world.bonds[b, k])
    good, bad = stranger(
        buyer_policy,
        buyer.general_good,
        buyer.general_bad,
        on_record(supplier.rating, market),
        neighbours,
        market,
    )
    tie.supplier = s
    tie.generation = supplier.generation
    tie.supplier_good = good
    tie.supplier_bad = bad
    good, bad = stranger(
        supplier_policy,
        supplier.general_good,
        supplier.general_bad,
        UNRATED,
        neighbours,
        market,
    )
    tie.buyer_good = good
    tie.buyer_bad = bad
    tie.last_round = market.round
    tie.served = supplier.burden


@compiled
def part(world: Any, b: int, k: int, whom: float) -> None:
    """End a relation: a stranger takes its place, another firm if the buyer knows not all."""
    suppliers = world.suppliers.shape[0]
    s = int(whom * suppliers)
    tried = 0
    while tried < suppliers and knows(world.ties, b, s):
        s = s + 1 if s + 1 < suppliers else 0
        tried += 1
    if tried == suppliers:
        s = world.ties[b, k].supplier
    if world.buyers[b].partner == world.ties[b, k].supplier:
        world.buyers[b].partner = GONE
    meet(world, b, k, s)


@compiled
def goodwill_of(bonds: Any, b: int, k: int) -> float:
    """Give the goodwill of a tie; 0 where neither it nor specific assets are at work."""
    if bonds.shape[0] == 0:
        return 0.0
    return bonds[b, k].goodwill


@compiled
def assets_of(bonds: Any, b: int, k: int) -> float:
    """Give the specific assets of a tie; 0 where neither they nor goodwill are at work."""
    if bonds.shape[0] == 0:
        return 0.0
    return bonds[b, k].assets


@compiled
def found_by_of(bonds: Any, b: int, k: int) -> int:
    """Tell how the buyer has found a contact; 0 where it has always known it."""
    if bonds.shape[0] == 0:
        return 0
    return bonds[b, k].found_by


@compiled
def erode(tie: Any, policy: Any, market: Any) -> None:
    """Let a tie fade by a round: attraction, and know-how after a change of technology."""
    tie.attraction = tie.attraction * (1.0 - policy.memory)
    tie.knowhow = tie.knowhow * market.technology_left


@compiled
def erode_goodwill(bond: Any, market: Any) -> None:
    """Let the goodwill of a tie fade by a round."""
    bond.goodwill = bond.goodwill * (1.0 - market.goodwill_erosion)


@compiled
def idle(tie: Any, policy: Any, market: Any) -> None:
    """Let a tie without an order this round fade further: counts, know-how, retention."""
    kept = market.idle_forgetting
    tie.supplier_good = updated(tie.supplier_good, policy.prior_good, kept, 0.0)
    tie.supplier_bad = updated(tie.supplier_bad, policy.prior_bad, kept, 0.0)
    tie.knowhow = tie.knowhow * (1.0 - market.knowhow_erosion)
    tie.retained = tie.retained * (1.0 - ATTENTION)


@compiled
def turn_away(tie: Any) -> None:
    """Let a tie lose attraction when no terms were found."""
    tie.attraction = 0.5 * tie.attraction


@compiled
def age_bucket(orders: int) -> int:
    """Give the bucket of a relationship age (orders completed together)."""
    bucket = len(AGE_FROM) - 1
    while orders < AGE_FROM[bucket]:
        bucket -= 1
    return bucket
