"""Production and opportunism: does the supplier make what it promised?

The order enters with its terms; the supplier weighs what it could gain by shading quality, or by
keeping a prepayment and delivering nothing, against what it would lose. The conduct rules live
here and serve the buyer's settlement as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trustsim.engine.compiling import OWN_RULE, compiled, inlined, own_rule
from trustsim.engine.luck import four, number_of
from trustsim.market.ledger import micro, pay
from trustsim.schema.accounts import OUTSIDE, SUPPLIERS

PRODUCTION = number_of("production")
NEVER, ALWAYS, PROPENSITY, CALCULATIVE, RECIPROCAL = 0, 1, 2, 3, 4
FIRST_CHEAT = 2


@compiled
def propensity(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Cheat with a fixed probability in proportion to the trait of opportunism."""
    return policy.propensity * tie.opportunism


@compiled
def calculative(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Cheat if it pays: logistic in gain less perceived loss.

    Klein & Leffler (1981) for the calculus, McKelvey & Palfrey (1995) for the quantal response;
    the noise is in proportion to what is at stake, so that small and large temptations are judged
    alike.
    """
    stake = abs(tie.gain) + abs(tie.loss)
    if stake <= 0.0:
        return 0.0
    excess = (tie.gain - tie.loss) / (policy.noise * stake)
    if excess > 500.0:
        return 1.0
    if excess < -500.0:
        return 0.0
    return 1.0 / (1.0 + np.exp(-excess))


@compiled
def reciprocal(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Answer the last order by a memory-one strategy.

    Tit-for-tat, win-stay-lose-shift, always and never are points of this family.
    """
    if tie.partner_deed == 0.0:
        return policy.first_move
    if tie.own_deed == FIRST_CHEAT:
        if tie.partner_deed == FIRST_CHEAT:
            return policy.after_both_cheated
        return policy.after_own_cheating
    if tie.partner_deed == FIRST_CHEAT:
        return policy.after_partner_cheated
    return policy.after_both_fair


@compiled
def conduct(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Give the probability of opportunism by the policy's rule.

    The rule finds what opportunism would bring and cost in ``tie.gain`` and ``tie.loss``.
    """
    rule = policy.conduct
    if rule > OWN_RULE:
        return own_rule(rule, order, tie, policy, market)
    if rule == NEVER:
        return 0.0
    if rule == ALWAYS:
        return 1.0
    if rule == PROPENSITY:
        return propensity(order, tie, policy, market)
    if rule == CALCULATIVE:
        return calculative(order, tie, policy, market)
    return reciprocal(order, tie, policy, market)


@compiled
def gravity(policy: Any) -> float:
    """Give the part of temptations that a policy carries to the worst.

    Who calculates has weighed the case; who cheats by propensity, in return or always takes the
    money, or denies the debt, in this part of the cases only.
    """
    if policy.conduct == CALCULATIVE or policy.conduct > OWN_RULE:
        return 1.0
    return policy.worst


@compiled
def future(margin: float, retained: float, discount: float) -> float:
    """Give the discounted value of going on: margin a round, kept with probability retained."""
    kept = discount * min(retained, 0.999)
    return max(margin, 0.0) * kept / (1.0 - kept)


@compiled
def weigh_shading(order: Any, tie: Any, supplier: Any, cost: float, market: Any) -> None:
    """Weigh what shading saves against detection, the relation's future and scruples, per lot.

    A fault found on arrival costs rework, one traced after a failure costs the warranty; either
    ends, as the supplier sees it, the relation with its future margins.
    """
    scale = market.lot_cost
    worse = max(market.defect_bad - market.defect_good, 0.0)
    found = worse * tie.watched * market.sensitivity
    traced = (worse - found) * market.failure_traced
    stake = future(order.price - cost, tie.retained, market.discount)
    damages = market.warranty * market.failure_cost * scale
    penalty = market.fine * supplier.listed * scale
    tie.gain = market.shading_saving * cost
    tie.loss = found * market.rework_cost * scale + traced * (damages + penalty)
    tie.loss += (found + traced) * stake
    tie.loss += market.scruple * (1.0 - tie.opportunism) * worse * market.failure_cost * scale
    tie.exposure = order.after + order.held * order.advance


@compiled
def weigh_absconding(order: Any, tie: Any, cost: float, market: Any) -> None:
    """Weigh keeping the prepayment and delivering nothing, per lot."""
    scale = market.lot_cost
    taken = order.advance * (1.0 - order.held) * order.price
    margin = order.price - cost
    stake = future(margin, tie.retained, market.discount)
    proof = 0.5 * (1.0 + order.evidence) * market.enforcement * market.locatable
    tie.gain = taken - max(margin, 0.0)
    tie.loss = proof * (taken + market.court_fee * scale) + stake + market.fine * scale
    tie.loss += market.scruple * (1.0 - tie.opportunism) * taken
    tie.exposure = taken / max(order.price, 1.0e-9)


@inlined
def produce(
    market: Any, b: int, supplier: Any, knowhow: float, theirs: Any, tie: Any, order: Any, deed: Any
) -> None:
    """Make the lot, honestly, shaded or not at all; leave the deed and its cost.

    The unit cost includes freight, which is paid at delivery. An honest lot is defective with
    probability ``defect_good``, less with know-how and outgoing inspection; a shaded one with
    ``defect_bad``.
    """
    run, shade, fail, check = four(market, PRODUCTION, b)
    if order.advance * (1.0 - order.held) > 0.0:
        weigh_absconding(order, tie, deed.unit_cost, market)
        temptation = conduct(order, tie, theirs, market) * gravity(theirs)
        if run < temptation:
            deed.absconded = 1
            return
    weigh_shading(order, tie, supplier, deed.unit_cost, market)
    cost = deed.unit_cost
    extra = 0.0
    if shade < conduct(order, tie, theirs, market):
        deed.shaded = 1
        cost *= 1.0 - market.shading_saving
        deed.defective = 1 if fail < market.defect_bad else 0
    else:
        chance = market.defect_good * (1.0 - market.knowhow_quality * knowhow)
        deed.defective = 1 if fail < chance else 0
        if check < theirs.outgoing_inspection:
            extra = market.inspection_cost * market.lot_cost
            if deed.defective == 1 and check < theirs.outgoing_inspection * market.sensitivity:
                deed.defective = 0
                extra += market.rework_cost * market.lot_cost
    freight = market.freight * (1.0 + order.remoteness) * market.lot_cost
    deed.outlay = micro(cost * order.lots)
    pay(deed, SUPPLIERS, OUTSIDE, micro((max(cost - freight, 0.0) + extra) * order.lots))
