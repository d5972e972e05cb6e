"""Learning: what each side makes of an order, and how relations grow.

Both sides of a tie keep Beta counts for and against the partner. Orders leave this room last, with
their lesson.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import SECOND, THIRD, draw, draw_slot, number_of
from trustsim.market.answers import note_wronged
from trustsim.market.beliefs import updated
from trustsim.market.conduct import CHEATED, FAIR
from trustsim.market.dealings import dealing_of
from trustsim.market.ledger import spent, supplier_work, work_together
from trustsim.market.records import MAX_ORDERS
from trustsim.market.relations import ATTENTION, ENDED
from trustsim.market.temptations import (
    ABSCOND,
    DENY,
    PAY_LATE,
    SHADE,
    WRONG_A_SUPPLIER,
    expect,
    happen,
    lose_relation,
)
from trustsim.schema.accounts import MICRO, SERVICE, SOURCING

LEARNING = number_of("learning")
MINOR = 0.3
"""Weight of a mishap that is blamed, against a betrayal (assumption: a third)."""
UPKEEP = 0.1
"""Gap of goodwill that full upkeep, or full care, closes in an order (assumption: a tenth)."""


@compiled
def bad_news(order: Any, blamed: float, policy: Any, market: Any) -> float:
    """Give the weight of the bad news that an order is to its buyer; 0 for none.

    A fault that is made good at once weighs less (Smith, Bolton & Wagner 1999).
    """
    if order.grievance == 1:
        return market.betrayal_weight * (1.0 - market.redress * order.redressed)
    if blamed < policy.blame:
        return MINOR * market.betrayal_weight
    return 0.0


@inlined
def goes_and_asks(dealing: Any, b: int) -> bool:
    """Tell whether a supplier that has heard nothing of an order goes and asks, for its hours.

    It cannot know who is dissatisfied, and asks the content as well (Fornell & Wernerfelt 1987:
    complaints that are invited keep customers). Who has run away with the money does not ask.
    """
    market = dealing.market
    asks, _, _, _ = draw_slot(market, LEARNING, b, THIRD)
    asked = dealing.facts.absconded == 0 and asks < dealing.supplier_policy.outreach
    if asked:
        supplier_work(dealing.books, market, market.outreach_hours)
    return asked


@compiled
def served(goodwill: float, redressed: int) -> float:
    """Give the goodwill that is left by how a grievance was dealt with.

    A fault made good at once makes some, as care does; one that was not makes an end of half
    (service recovery: Smith, Bolton & Wagner 1999).
    """
    if redressed == 1:
        return goodwill + UPKEEP * (1.0 - goodwill)
    return 0.5 * goodwill


@inlined
def learn_as_buyer(dealing: Any, b: int) -> bool:
    """Let the buyer draw the lesson of an order, and tell whether it ends the relation.

    Bad news weighs ``betrayal_weight`` times good news. A dissatisfied buyer speaks, which repairs
    part of the disappointment, or goes silent and turns away; after a grievance it may end the
    relation (exit, voice, and loyalty: Hirschman 1970). Who says nothing may be asked, and speaks
    then. To be suspected without a cause is as bad as a grievance.
    """
    market, order, tie = dealing.market, dealing.order, dealing.tie
    buyer, policy = dealing.buyer, dealing.buyer_policy
    bad = 0.0
    leaves = 1.0
    disappointed = False
    heard = False
    repair = market.voice_repair
    ends = False
    offended = dealing.facts.offended
    if order.grievance + order.late + order.misunderstood + offended > 0:
        voiced, blamed, leaves, _ = draw(market, LEARNING, b)
        bad = bad_news(order, blamed, policy, market)
        bad = max(bad, market.betrayal_weight * offended)
        disappointed = bad > 0.0
        heard = disappointed and voiced < policy.voice
    if dealing.supplier_policy.outreach > 0.0 and not heard:
        heard = goes_and_asks(dealing, b)
        repair = market.outreach_repair
    if disappointed and heard:
        bad *= 1.0 - repair
        work_together(dealing.books, market, SOURCING, market.upkeep_hours)
    elif disappointed:
        tie.attraction = 0.5 * tie.attraction
        left = policy.exit * (1.0 - market.redress * order.redressed)
        ends = order.grievance + offended > 0 and leaves < left
    good = 0.0 if disappointed else 1.0
    if market.disconfirmation > 0.0:
        good *= 1.0 - order.shortfall
        bad += market.disconfirmation * order.shortfall
    kept = market.trust_forgetting
    tie.supplier_good = updated(tie.supplier_good, policy.prior_good, kept, good)
    tie.supplier_bad = updated(tie.supplier_bad, policy.prior_bad, kept, bad)
    buyer.general_good = updated(buyer.general_good, 1.0, kept, good)
    buyer.general_bad = updated(buyer.general_bad, 1.0, kept, bad)
    tie.supplier_conduct = CHEATED if order.grievance == 1 else FAIR
    tie.clean = tie.clean + 1 if not disappointed else 0
    return ends


@inlined
def learn_as_supplier(dealing: Any, tally: Any, b: int) -> bool:
    """Let the supplier draw the lesson of an order, and tell whether it ends the relation.

    A false claim or accusation may make it leave, late payment on purpose seldom.
    """
    market, order, facts, tie = dealing.market, dealing.order, dealing.facts, dealing.tie
    policy = dealing.supplier_policy
    lied = facts.false_claim + facts.false_fault
    wrong = lied + facts.delayed_payment + order.buyer_accused
    good = 1.0 if wrong == 0 else 0.0
    bad = market.betrayal_weight if wrong > 0 else 0.0
    kept = market.trust_forgetting
    tie.buyer_good = updated(tie.buyer_good, policy.prior_good, kept, good)
    tie.buyer_bad = updated(tie.buyer_bad, policy.prior_bad, kept, bad)
    tally.known_good += 1 if wrong == 0 else 0
    tally.known_bad += 1 if wrong > 0 else 0
    tie.buyer_conduct = CHEATED if lied + facts.delayed_payment > 0 else FAIR
    if order.fresh == 1:
        tally.delivered += order.delivered
        tally.inspected += order.inspected
    watched = dealing.supplier_view.watched
    tie.watched = watched + ATTENTION * (order.inspected - watched)
    if wrong == 0:
        return False
    betrayed = lied + order.buyer_accused > 0
    ends = False
    if policy.exit > 0.0:
        leaves, _, _, _ = draw_slot(market, LEARNING, b, SECOND)
        ends = leaves < policy.exit * (1.0 if betrayed else market.late_damage)
    if betrayed:
        kinds = dealing.temptations
        expect(kinds, WRONG_A_SUPPLIER, 0.0, dealing.buyer_view.left, 0.0, 0.0)
        happen(kinds, WRONG_A_SUPPLIER, 0, 1 if ends else 0, 0)
        tally.walked_out += 1 if ends else 0
        tally.put_up += 0 if ends else 1
    if ends and facts.buyer_stake > 0.0:
        kind = DENY if facts.false_claim > 0 else PAY_LATE
        lose_relation(dealing.temptations, kind, facts.buyer_stake, 1.0)
    return ends


@inlined
def learn(world: Any, workspace: Any, b: int) -> None:
    """Draw the lesson of an order on both sides of the tie; upkeep and care make goodwill."""
    dealing = dealing_of(world, workspace, b)
    market, order, tie = dealing.market, dealing.order, dealing.tie
    tally = dealing.tally
    left = learn_as_buyer(dealing, b)
    buyer, facts = dealing.buyer, dealing.facts
    buyer.at_stake = facts.supplier_stake * order.grievance
    buyer.tempted = ABSCOND if facts.absconded == 1 else SHADE
    thrown_over = learn_as_supplier(dealing, tally, b)
    if left and order.grievance == 1:
        tally.wronged_left += 1
        note_wronged(world, workspace, b, 0)
    if left or thrown_over:
        tie.supplier_conduct = ENDED
    upkeep = dealing.buyer_policy.upkeep
    if world.bonds.shape[0] > 0:
        bond = world.bonds[b, order.contact]
        tended = UPKEEP * (upkeep + dealing.supplier_policy.care)
        bond.goodwill = bond.goodwill + tended * (1.0 - bond.goodwill)
        if dealing.buyer_policy.service_weight > 0.0 and order.grievance == 1:
            bond.goodwill = served(bond.goodwill, order.redressed)
    work_together(dealing.books, market, SOURCING, market.upkeep_hours * upkeep)
    if tie.orders < MAX_ORDERS:
        tie.orders += 1
    tie.last_round = market.round


@inlined
def attract(tie: Any, order: Any, books: Any, market: Any) -> None:
    """Add the order's profit to the attraction of its supplier.

    ``J <- (1 - gamma) J + profit`` (Weisbuch, Kirman & Herreiner 2000); the forgetting is done
    when the tie fades.
    """
    worth = order.lots * market.lot_cost
    units = spent(books) - books.cost[SERVICE]  # which is due to what others have sold, too
    gained = market.value * order.accepted - units / (MICRO * worth)
    tie.attraction = tie.attraction + max(gained, 0.0)
