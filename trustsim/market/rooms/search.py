"""Search: how does a buyer find a supplier that it does not know yet, and whom would it name?

A buyer that explores enters; a stranger takes the place of its weakest contact.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import draw, number_of
from trustsim.market.relations import ENDED, NOBODY, knows, meet
from trustsim.market.rooms.reputation import standing
from trustsim.schema import found
from trustsim.schema.policy import choice_number

SEARCH = number_of("search")
REFERRAL = number_of("referral")
BY_RATING = choice_number("search", "rating")
BY_REFERRAL = choice_number("search", "referral")


@compiled
def find(world: Any, b: int, rule: int) -> int:
    """Find a supplier that the buyer does not know yet, or nobody.

    By chance; by public standing (the best of three found by chance); or by referral (the supplier
    that another buyer, found by chance, would recommend).
    """
    market = world.market[0]
    suppliers = world.suppliers.shape[0]
    first, second, third, other = draw(market, SEARCH, b)
    if rule == BY_REFERRAL:
        peer = int(other * world.buyers.shape[0])
        named = world.buyers[peer].recommends
        if named >= 0 and world.suppliers[named].listed == 1 and not knows(world.ties, b, named):
            return named
    best = NOBODY
    highest = 0.0
    for chance in (first, second, third):
        s = int(chance * suppliers)
        if world.suppliers[s].listed == 1 and not knows(world.ties, b, s):
            if rule != BY_RATING:
                return s
            shown = standing(world.suppliers[s], market)
            if best == NOBODY or shown > highest:
                best = s
                highest = shown
    return best


@compiled
def how_found(world: Any, b: int, rule: int, s: int) -> int:
    """Tell how the buyer has found a supplier by this rule, which may fall back on chance."""
    if rule == BY_REFERRAL:
        _, _, _, other = draw(world.market[0], SEARCH, b)
        named = world.buyers[int(other * world.buyers.shape[0])].recommends
        return found.BY_REFERRAL if named == s else found.BY_CHANCE
    return found.BY_RATING if rule == BY_RATING else found.BY_CHANCE


@inlined
def explore(world: Any, b: int) -> int:
    """Replace the weakest contact by a newcomer with probability ``exploration``.

    Returns the newcomer's place among the contacts, or `NOBODY`.
    """
    policy = world.buyer_policies[world.buyers[b].policy]
    chance, _, _, _ = draw(world.market[0], REFERRAL, b)
    if chance >= policy.exploration:
        return NOBODY
    newcomer = find(world, b, policy.search)
    if newcomer == NOBODY:
        return NOBODY
    weakest = NOBODY
    for k in range(world.ties.shape[1]):
        tie = world.ties[b, k]
        if (
            tie.owed == 0
            and tie.supplier != world.buyers[b].partner
            and (weakest == NOBODY or tie.retained < world.ties[b, weakest].retained)
        ):
            weakest = k
    if weakest != NOBODY:
        meet(world, b, weakest, newcomer)
        if world.bonds.shape[0] > 0:
            world.bonds[b, weakest].found_by = how_found(world, b, policy.search, newcomer)
    return weakest


@inlined
def recommend(buyer: Any, ties: Any, b: int) -> None:
    """Note which supplier the buyer would name to another: the most trusted that it has tried."""
    best = NOBODY
    most = 0.5
    for k in range(ties.shape[1]):
        tie = ties[b, k]
        total = tie.supplier_good + tie.supplier_bad
        if tie.orders > 0 and tie.supplier_conduct != ENDED and tie.supplier_good > most * total:
            best = tie.supplier
            most = tie.supplier_good / total
    buyer.prefers = best
