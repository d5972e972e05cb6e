"""Sourcing: whom does the buyer ask, and who gets the order?

A buyer enters with a need and a short list of contacts, now and then replaces the weakest one by a
newcomer, asks some of them for bids and awards the order. It leaves with one supplier.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import OWN_RULE, compiled, inlined, own_rule
from trustsim.engine.luck import four, four_more, gumbel, number_of
from trustsim.market.ledger import spend, work, work_together
from trustsim.market.rooms.learning import ATTENTION, meet, see_supplier
from trustsim.market.rooms.reputation import standing
from trustsim.schema.accounts import OUTSIDE, SOURCING, SWITCHING

SEARCH = number_of("search")
REFERRAL = number_of("referral")
ASKING = number_of("asking")
TEST = number_of("market test")
RANDOM, RATING, REFERRED = 0, 1, 2
LOWEST_BID, TOTAL_COST, LOGIT = 0, 1, 2
NOBODY = -1
GONE = -2
"""Partner of a buyer whose supplier is gone: the next order is a switch."""
FAR = -1.0e300
HOPELESS = -1.0e200
"""Score of a contact that no luck can make the best."""


@compiled
def knows(world: Any, b: int, s: int) -> bool:
    """Tell whether a supplier is already a contact of a buyer."""
    for k in range(world.ties.shape[1]):
        if world.ties[b, k].supplier == s:
            return True
    return False


@compiled
def find(world: Any, b: int, rule: int) -> int:
    """Find a supplier that the buyer does not know yet, or nobody.

    By chance; by public standing (the best of three found by chance); or by referral (the supplier
    that another buyer, found by chance, would recommend).
    """
    market = world.market[0]
    suppliers = world.suppliers.shape[0]
    first, second, third, other = four(market, SEARCH, b)
    if rule == REFERRED:
        peer = int(other * world.buyers.shape[0])
        found = world.buyers[peer].recommends
        if found >= 0 and world.suppliers[found].listed == 1 and not knows(world, b, found):
            return found
    best = NOBODY
    highest = 0.0
    for draw in (first, second, third):
        s = int(draw * suppliers)
        if world.suppliers[s].listed == 1 and not knows(world, b, s):
            if rule != RATING:
                return s
            seen = standing(world.suppliers[s], market)
            if best == NOBODY or seen > highest:
                best = s
                highest = seen
    return best


@inlined
def explore(world: Any, b: int, policy: Any) -> int:
    """Replace the weakest contact by a newcomer with probability ``exploration``.

    Returns the newcomer's place among the contacts, or `NOBODY`.
    """
    chance, _, _, _ = four(world.market[0], REFERRAL, b)
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
    return weakest


@compiled
def part(world: Any, b: int, k: int, whom: float) -> None:
    """End a relation: a stranger takes its place, another firm if the buyer knows not all."""
    s = int(whom * world.suppliers.shape[0])
    if knows(world, b, s):
        s = world.ties[b, k].supplier
    if world.buyers[b].partner == world.ties[b, k].supplier:
        world.buyers[b].partner = GONE
    meet(world, b, k, s)


@inlined
def loyalty(world: Any, b: int, deed: Any) -> None:
    """Note how concentrated the buyer's orders are: Herfindahl index and largest share."""
    total = 0.0
    squares = 0.0
    top = 0.0
    for k in range(world.ties.shape[1]):
        share = world.ties[b, k].retained
        total += share
        squares += share * share
        top = max(top, share)
    deed.loyalty = squares / (total * total) if total > 0.0 else 0.0
    deed.top_share = top / total if total > 0.0 else 0.0


@inlined
def weigh_contacts(world: Any, desk: Any, b: int, policy: Any) -> bool:
    """Note each contact's utility before price, and its luck; tell whether utilities differ.

    Where no weight tells contacts apart their luck stands for the score: its order is that of the
    noise.
    """
    market = world.market[0]
    scores, luck = desk.asking[0], desk.asking[1]
    noise = (0.0, 0.0, 0.0, 0.0)
    weights = policy.attraction_weight + policy.trust_weight + policy.rating_weight
    for k in range(world.ties.shape[1]):
        if k % 4 == 0:
            noise = four_more(market, ASKING, b, k // 4)
        luck[k] = noise[k % 4]
        desk.buyer_sight[k].asked = 0.0
        tie = world.ties[b, k]
        supplier = world.suppliers[tie.supplier]
        if supplier.listed == 0 or supplier.generation != tie.generation:
            scores[k] = FAR
        elif weights == 0.0:
            scores[k] = luck[k]
        else:
            mean = tie.supplier_good / (tie.supplier_good + tie.supplier_bad)
            utility = policy.attraction_weight * tie.attraction
            utility += policy.trust_weight * (
                mean + market.goodwill_bonus * tie.goodwill * (1.0 - mean)
            )
            utility += policy.rating_weight * standing(supplier, market)
            scores[k] = utility
    return weights > 0.0


@compiled
def noise_of(luck: float, policy: Any) -> float:
    """Give a contact's noise: Gumbel, less of it the greater the intensity of choice."""
    return gumbel(luck) / (policy.intensity + 1.0e-9)


@compiled
def most_noise(luck: float, policy: Any) -> float:
    """Give a bound of `noise_of` without its logarithms."""
    if luck < 0.9:
        return 2.26 / (policy.intensity + 1.0e-9)
    if luck < 0.99:
        return 4.61 / (policy.intensity + 1.0e-9)
    return 24.0 / (policy.intensity + 1.0e-9)


@inlined
def add_noise(desk: Any, contacts: int, policy: Any, alone: bool) -> None:
    """Add noise to the utilities; if only the best counts, not where it cannot help."""
    scores, luck = desk.asking[0], desk.asking[1]
    best = NOBODY
    if alone:
        for k in range(contacts):
            if scores[k] > FAR and (best == NOBODY or scores[k] > scores[best]):
                best = k
        if best != NOBODY:
            scores[best] += noise_of(luck[best], policy)
    for k in range(contacts):
        if k == best or scores[k] == FAR:
            continue
        if best != NOBODY and scores[k] + most_noise(luck[k], policy) < scores[best]:
            scores[k] = HOPELESS
        else:
            scores[k] += noise_of(luck[k], policy)


@inlined
def ask(world: Any, desk: Any, b: int, policy: Any, newcomer: int, order: Any) -> int:
    """Choose whom to ask for a bid: the contacts of greatest noisy utility, and the newcomer.

    Utility before price is ``w_J J + w_tau tau + w_R rep`` plus Gumbel noise of intensity
    ``beta``, so that asking one contact is the logit choice of Weisbuch, Kirman & Herreiner
    (2000). Those asked have ``asked`` 1 in their sight, and their score.

    Returns the number of bidders.
    """
    market = world.market[0]
    buyer = world.buyers[b]
    contacts = world.ties.shape[1]
    scores, luck = desk.asking[0], desk.asking[1]
    wanted = policy.bidders
    if wanted == 1 and policy.market_test > 0.0:
        extra, _, _, _ = four(market, TEST, b)
        if extra < policy.market_test:
            wanted = 2
    differ = weigh_contacts(world, desk, b, policy)
    bidders = 0
    if newcomer != NOBODY and scores[newcomer] > FAR:
        desk.buyer_sight[newcomer].asked = 1.0
        bidders = 1
        wanted = max(wanted, 2)
    if differ:
        add_noise(desk, contacts, policy, wanted == 1)
    while bidders < wanted:
        best = NOBODY
        for k in range(contacts):
            if (
                scores[k] > FAR
                and (best == NOBODY or scores[k] > scores[best])
                and desk.buyer_sight[k].asked == 0.0
            ):
                best = k
        if best == NOBODY:
            break
        desk.buyer_sight[best].asked = 1.0
        bidders += 1
    for k in range(contacts):
        sight = desk.buyer_sight[k]
        if sight.asked == 1.0:
            tie = world.ties[b, k]
            see_supplier(sight, tie, buyer, world.suppliers[tie.supplier], market)
            sight.score = scores[k]
            if not differ:
                sight.score = noise_of(luck[k], policy) if policy.award >= LOGIT else 0.0
    order.bidders = bidders
    return bidders


@compiled
def lowest_bid(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Score by the bid alone: the cheapest gets the order."""
    return -tie.bid


@compiled
def total_cost(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Score by the bid and what distrust is expected to cost: total cost of ownership.

    Ellram (1995). An untrusted lot is as good as shaded; a stranger costs the switch.
    """
    risk = market.defect_bad * market.failure_cost * (1.0 - tie.trust)
    change = market.switching_cost if tie.orders == 0 else 0.0
    return -(tie.bid + (risk + change) * market.lot_cost)


@compiled
def logit(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Score by noisy utility less the weighted relative price.

    Logit choice of Weisbuch, Kirman & Herreiner (2000).
    """
    relative = tie.bid / order.reference_price - 1.0
    return tie.score - policy.price_weight * relative


@compiled
def award_score(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Score a bidder by the policy's award rule."""
    rule = policy.award
    if rule > OWN_RULE:
        return own_rule(rule, order, tie, policy, market)
    if rule == LOWEST_BID:
        return lowest_bid(order, tie, policy, market)
    if rule == TOTAL_COST:
        return total_cost(order, tie, policy, market)
    return logit(order, tie, policy, market)


@inlined
def award(world: Any, desk: Any, b: int, policy: Any, order: Any, deed: Any) -> int:
    """Award the order to the bidder of greatest score; give its place among the contacts."""
    market = world.market[0]
    best = NOBODY
    highest = 0.0
    for k in range(world.ties.shape[1]):
        sight = desk.buyer_sight[k]
        if sight.asked == 1.0:
            order.ask = sight.bid
            order.price = sight.bid
            score = award_score(order, sight, policy, market)
            if best == NOBODY or score > highest:
                best = k
                highest = score
    hours = market.order_hours + market.tender_hours * (order.bidders - 1)
    work(deed, market, SOURCING, hours)
    return best


@compiled
def choose(world: Any, b: int, k: int, order: Any) -> None:
    """Note on the order whom the buyer means to buy from."""
    tie = world.ties[b, k]
    order.supplier = tie.supplier
    order.contact = k
    order.age = tie.orders
    order.fresh = 1 if tie.orders == 0 else 0


@compiled
def assets_with(world: Any, b: int, s: int) -> float:
    """Give the specific assets that a buyer has with a supplier; 0 if it is no contact."""
    for k in range(world.ties.shape[1]):
        if world.ties[b, k].supplier == s:
            return world.ties[b, k].assets
    return 0.0


@inlined
def place(world: Any, b: int, order: Any, deed: Any) -> None:
    """Place the order that is agreed: work of ordering, qualification of a stranger, switching.

    Who leaves a supplier must build again what was made for the relation.
    """
    market = world.market[0]
    buyer = world.buyers[b]
    tie = world.ties[b, order.contact]
    order.ordered = 1
    saved = market.asset_saving * tie.assets
    eased = market.knowhow_ease * tie.knowhow
    hours = market.coordination_hours * (1.0 - eased) * (1.0 - saved)
    if order.fresh == 1:
        hours += market.qualification_hours
    work_together(deed, market, SOURCING, hours)
    if buyer.partner != NOBODY and buyer.partner != tie.supplier:
        lost = market.asset_lock * assets_with(world, b, buyer.partner)
        cost = (market.switching_cost + lost) * order.lots * market.lot_cost
        spend(deed, SWITCHING, OUTSIDE, cost)
    buyer.partner = tie.supplier
    tie.retained = tie.retained + ATTENTION * (1.0 - tie.retained)


@inlined
def recommend(world: Any, b: int) -> None:
    """Note which supplier the buyer would name to another: the most trusted that it has tried."""
    best = NOBODY
    most = 0.5
    for k in range(world.ties.shape[1]):
        tie = world.ties[b, k]
        total = tie.supplier_good + tie.supplier_bad
        if tie.orders > 0 and tie.supplier_good > most * total:
            best = tie.supplier
            most = tie.supplier_good / total
    world.buyers[b].prefers = best
