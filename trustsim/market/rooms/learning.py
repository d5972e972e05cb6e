"""Learning: what each side believes of the other, and how relations grow and erode.

Both sides of a tie keep Beta counts for and against the partner. A stranger is judged by
generalised trust, public reputation and acquaintance. Ties that nobody tends fade. Orders leave
this room last, with their lesson.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import four, number_of
from trustsim.market.ledger import spent, work_together
from trustsim.market.records import MAX_ORDERS
from trustsim.schema.accounts import MICRO, SOURCING
from trustsim.schema.measures import AGE_FROM

LEARNING = number_of("learning")
MINOR = 0.3
"""Weight of a mishap that is blamed, against a betrayal (assumption: a third)."""
UPKEEP = 0.1
"""Gap of goodwill that full upkeep, or full care, closes in an order (assumption: a tenth)."""
FAIR, CHEATED = 1, 2
ATTENTION = 0.15
"""Weight of the latest order in what a supplier believes of the buyer's loyalty and inspections
(assumption: the last half-dozen orders count)."""


@compiled
def updated(count: float, prior: float, forgetting: float, news: float) -> float:
    """Discount a Beta count towards its prior and add the news.

    With ``forgetting`` 1 the mean is the posterior (r + 1)/(r + s + 2) of Josang & Ismail (2002)
    for a prior of 1; below 1 news fades geometrically.
    """
    return prior + forgetting * (count - prior) + news


@compiled
def lifted(mean: float, goodwill: float, market: Any) -> float:
    """Lift a mean belief by goodwill, towards 1."""
    return mean + market.goodwill_bonus * goodwill * (1.0 - mean)


@compiled
def stranger(
    general_good: float,
    general_bad: float,
    rating: float,
    prior: float,
    acquainted: bool,
    market: Any,
) -> float:
    """Give trust in a stranger: own disposition, generalised trust, reputation, acquaintance."""
    general = general_good / (general_good + general_bad)
    own = 1.0 - market.general_weight - market.reputation_weight
    if own < 0.0:
        own = 0.0
    total = own + market.general_weight + market.reputation_weight
    mean = own * prior + market.general_weight * general + market.reputation_weight * rating
    mean = mean / total
    if acquainted:
        mean += market.acquaintance_bonus * (1.0 - mean)
    return mean


@compiled
def meet(world: Any, b: int, k: int, s: int) -> None:
    """Open a tie: two strangers form their first beliefs of each other."""
    market = world.market[0]
    buyer = world.buyers[b]
    supplier = world.suppliers[s]
    tie = world.ties[b, k]
    theirs = world.supplier_policies[supplier.policy]
    ours = world.buyer_policies[buyer.policy]
    acquainted = buyer.community == supplier.community
    weight = ours.prior_good + ours.prior_bad
    mean = stranger(
        buyer.general_good,
        buyer.general_bad,
        supplier.rating,
        ours.prior_good / weight,
        acquainted,
        market,
    )
    tie.supplier = s
    tie.generation = supplier.generation
    tie.supplier_good = mean * weight
    tie.supplier_bad = (1.0 - mean) * weight
    weight = theirs.prior_good + theirs.prior_bad
    mean = stranger(
        supplier.general_good,
        supplier.general_bad,
        theirs.prior_good / weight,
        theirs.prior_good / weight,
        acquainted,
        market,
    )
    tie.buyer_good = mean * weight
    tie.buyer_bad = (1.0 - mean) * weight
    tie.last_round = market.round
    tie.orders = 0
    tie.clean = 0
    tie.supplier_deed = 0
    tie.buyer_deed = 0
    tie.supplier_shared = 0
    tie.buyer_shared = 0
    tie.attraction = 0.0
    tie.knowhow = 0.0
    tie.goodwill = 0.0
    tie.assets = 0.0
    tie.watched = 0.5
    tie.retained = 0.0
    tie.owed = 0
    tie.arrears = 0


@compiled
def erode(tie: Any, policy: Any, market: Any) -> None:
    """Let a tie fade by a round: attraction, goodwill, know-how after a change of technology."""
    tie.attraction = tie.attraction * (1.0 - policy.memory)
    tie.goodwill = tie.goodwill * (1.0 - market.goodwill_erosion)
    tie.knowhow = tie.knowhow * market.technology_left


@compiled
def idle(tie: Any, policy: Any, market: Any) -> None:
    """Let a tie without an order this round fade further: counts, know-how, retention."""
    kept = market.idle_forgetting
    tie.supplier_good = updated(tie.supplier_good, policy.prior_good, kept, 0.0)
    tie.supplier_bad = updated(tie.supplier_bad, policy.prior_bad, kept, 0.0)
    tie.knowhow = tie.knowhow * (1.0 - market.knowhow_erosion)
    tie.retained = tie.retained * (1.0 - ATTENTION)


@inlined
def see_supplier(sight: Any, tie: Any, buyer: Any, supplier: Any, market: Any) -> None:
    """Fill in the relation as the buyer sees it."""
    mean = tie.supplier_good / (tie.supplier_good + tie.supplier_bad)
    sight.good = tie.supplier_good
    sight.bad = tie.supplier_bad
    sight.trust = lifted(mean, tie.goodwill, market)
    sight.rating = supplier.rating
    visible = market.streak_bonus > 0.0 and supplier.streak >= market.streak_threshold
    sight.streak = 1.0 if visible else 0.0
    sight.partner_shared = tie.supplier_shared
    sight.partner_deed = tie.supplier_deed
    sight.own_deed = tie.buyer_deed
    sight.opportunism = buyer.opportunism
    sight.watched = 0.0
    _see_both(sight, tie, buyer, supplier, market)


@inlined
def see_buyer(sight: Any, tie: Any, buyer: Any, supplier: Any, market: Any) -> None:
    """Fill in the relation as the supplier sees it."""
    mean = tie.buyer_good / (tie.buyer_good + tie.buyer_bad)
    sight.good = tie.buyer_good
    sight.bad = tie.buyer_bad
    sight.trust = lifted(mean, tie.goodwill, market)
    sight.rating = 0.5
    sight.streak = 0.0
    sight.partner_shared = tie.buyer_shared
    sight.partner_deed = tie.buyer_deed
    sight.own_deed = tie.supplier_deed
    sight.opportunism = supplier.opportunism
    sight.watched = tie.watched
    _see_both(sight, tie, buyer, supplier, market)


@compiled
def _see_both(sight: Any, tie: Any, buyer: Any, supplier: Any, market: Any) -> None:
    sight.knowhow = tie.knowhow
    sight.goodwill = tie.goodwill
    sight.assets = tie.assets
    sight.attraction = tie.attraction
    sight.retained = tie.retained
    sight.acquainted = 1.0 if buyer.community == supplier.community else 0.0
    sight.orders = tie.orders
    sight.clean = tie.clean
    sight.idle = market.round - tie.last_round
    sight.gain = 0.0
    sight.loss = 0.0
    sight.bid = 0.0
    sight.exposure = 0.0
    sight.partner_cost = 0.0


@inlined
def learn(
    market: Any,
    b: int,
    buyer: Any,
    tie: Any,
    ours: Any,
    theirs: Any,
    tally: Any,
    order: Any,
    deed: Any,
) -> None:
    """Draw the lesson of an order on both sides of the tie.

    Bad news weighs ``betrayal_weight`` times good news. A dissatisfied buyer speaks, which repairs
    part of the disappointment, or goes silent and turns away (Hirschman 1970).
    """
    bad = 0.0
    disappointed = False
    if order.grievance + order.late + order.misunderstood > 0:
        voiced, blamed, _, _ = four(market, LEARNING, b)
        if order.grievance == 1:
            bad = market.betrayal_weight
        elif blamed < ours.blame:
            bad = MINOR * market.betrayal_weight
        disappointed = bad > 0.0
        if disappointed and voiced < ours.voice:
            bad *= 1.0 - market.voice_repair
            work_together(deed, market, SOURCING, market.upkeep_hours)
        elif disappointed:
            tie.attraction = 0.5 * tie.attraction
    good = 0.0 if disappointed else 1.0
    kept = market.trust_forgetting
    tie.supplier_good = updated(tie.supplier_good, ours.prior_good, kept, good)
    tie.supplier_bad = updated(tie.supplier_bad, ours.prior_bad, kept, bad)
    buyer.general_good = updated(buyer.general_good, 1.0, kept, good)
    buyer.general_bad = updated(buyer.general_bad, 1.0, kept, bad)
    wrong = deed.false_claim + deed.delayed_payment + order.buyer_accused
    good = 1.0 if wrong == 0 else 0.0
    bad = market.betrayal_weight if wrong > 0 else 0.0
    tie.buyer_good = updated(tie.buyer_good, theirs.prior_good, kept, good)
    tie.buyer_bad = updated(tie.buyer_bad, theirs.prior_bad, kept, bad)
    tally.known_good += 1 if wrong == 0 else 0
    tally.known_bad += 1 if wrong > 0 else 0
    tie.supplier_deed = CHEATED if order.grievance == 1 else FAIR
    tie.buyer_deed = CHEATED if deed.false_claim + deed.delayed_payment > 0 else FAIR
    tie.clean = tie.clean + 1 if not disappointed else 0
    tie.goodwill = tie.goodwill + UPKEEP * (ours.upkeep + theirs.care) * (1.0 - tie.goodwill)
    work_together(deed, market, SOURCING, market.upkeep_hours * ours.upkeep)
    tie.watched = tie.watched + ATTENTION * (order.inspected - tie.watched)
    if tie.orders < MAX_ORDERS:
        tie.orders += 1
    tie.last_round = market.round


@inlined
def attract(market: Any, tie: Any, order: Any, deed: Any) -> None:
    """Add the order's profit to the attraction of its supplier.

    ``J <- (1 - gamma) J + profit`` (Weisbuch, Kirman & Herreiner 2000); the forgetting is done
    when the tie fades.
    """
    worth = order.lots * market.lot_cost
    gained = market.value * order.accepted - spent(deed) / (MICRO * worth)
    tie.attraction = tie.attraction + max(gained, 0.0)


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
