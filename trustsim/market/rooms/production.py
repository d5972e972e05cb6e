"""Production and opportunism: does the supplier make what it promised?

The order enters with its terms; the supplier weighs what it could gain by shading quality, or by
keeping a prepayment and delivering nothing, against what it would lose. It leaves made, honestly
or not, or not at all.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import draw, number_of
from trustsim.market.conduct import CALCULATIVE, conduct, future, gravity, weighs
from trustsim.market.ledger import micro, pay
from trustsim.market.rooms.disputes import NEAR, award_of, reachable, recovery, slow, wait_of
from trustsim.market.rooms.reputation import delisting_risk
from trustsim.market.temptations import ABSCOND, SHADE, expect
from trustsim.schema.accounts import OUTSIDE, SUPPLIERS

PRODUCTION = number_of("production")
MADE_GOOD_FIRST = 0.5
"""Part of the price from which, unpaid, a supplier reworks a rejected lot without a dispute
(assumption: half)."""


@compiled
def made_good(stake: float, admitted: float, order: Any, listed: int, market: Any) -> float:
    """Give what a fault that is known is expected to cost the supplier, per lot.

    All of it if it is admitted; else what a third party awards, with fee, fine and hours.
    """
    penalty = (market.platform_fee + market.fine * listed) * market.lot_cost / order.lots
    effort = market.dispute_hours * market.hour_cost / order.lots
    disputed = award_of(order.evidence) * (stake + penalty) + effort
    return admitted * stake + (1.0 - admitted) * disputed


@compiled
def firm_value(margin: float, market: Any) -> float:
    """Give what a firm loses that is delisted: its usual margins, for good or for a round."""
    gone = (1.0 - market.new_identity) * market.discount / (1.0 - market.discount)
    return max(margin, 0.0) * market.usual_sales * (1.0 + gone)


@compiled
def weigh_shading(
    order: Any, view: Any, supplier: Any, policy: Any, cost: float, market: Any
) -> None:
    """Weigh what shading saves against detection, the relation's future and scruples, per lot.

    A fault found on arrival costs rework, one traced after a failure costs the warranty, at once
    if it is admitted or has to be made good before it is paid for, else as a third party decides.
    Either may cost a place on the platform, and turn the buyer away.
    """
    scale = market.lot_cost
    worse = max(market.defect_bad - market.defect_good, 0.0)
    result = worse * view.watched * market.sensitivity
    traced = (worse - result) * market.failure_traced
    margin = order.price - cost
    stake = view.left * future(margin, view.retained, market.discount)
    stake += market.rating_rate * delisting_risk(supplier, market) * firm_value(margin, market)
    damages = market.warranty * market.failure_cost * scale
    unpaid = order.after + order.held * order.advance
    admitted = 1.0 if unpaid >= MADE_GOOD_FIRST else policy.admission
    view.gain = market.shading_saving * cost
    view.detected = result + traced
    view.damages = result * made_good(
        market.rework_cost * scale, admitted, order, supplier.listed, market
    )
    view.damages += traced * made_good(damages, policy.admission, order, supplier.listed, market)
    view.loss = view.damages + (result + traced) * stake
    view.loss += market.scruple * (1.0 - view.opportunism) * worse * market.failure_cost * scale
    view.exposure = order.after + order.held * order.advance


@compiled
def weigh_absconding(order: Any, view: Any, supplier: Any, cost: float, market: Any) -> None:
    """Weigh keeping the prepayment and delivering nothing, per lot.

    The platform takes what it awards from a supplier that it lists; else the law must.
    """
    scale = market.lot_cost
    taken = order.advance * (1.0 - order.held) * order.price
    margin = order.price - cost
    stake = view.left * future(margin, view.retained, market.discount)
    stake += market.rating_rate * delisting_risk(supplier, market) * firm_value(margin, market)
    proof = award_of(order.evidence)
    collected = 1.0 if supplier.listed == 1 else recovery(market, NEAR, order.acquainted)
    penalty = market.platform_fee + market.fine * supplier.listed
    effort = market.dispute_hours * market.hour_cost / order.lots
    view.gain = taken - max(margin, 0.0)
    view.detected = proof * collected
    view.damages = proof * (collected * taken + penalty * scale / order.lots) + effort
    if supplier.listed == 0 and slow(market):
        months = wait_of(market, reachable(market, NEAR, order.acquainted), order.evidence)
        view.damages -= proof * collected * taken * market.supplier_interest * months / 12.0
    view.loss = view.damages + stake
    view.loss += market.scruple * (1.0 - view.opportunism) * taken
    view.exposure = taken / max(order.price, 1.0e-9)


@compiled
def worth_of(order: Any, view: Any, facts: Any, market: Any) -> float:
    """Give what the relation is worth to the supplier: margins to come like that of this order."""
    margin = order.price - facts.unit_cost
    return order.lots * future(margin, view.retained, market.discount)


@inlined
def produce(world: Any, workspace: Any, b: int) -> None:
    """Make the lot, honestly, shaded or not at all; leave what was done and its cost.

    The unit cost includes freight, which is paid at delivery. An honest lot is defective with
    probability ``defect_good``, less with know-how and outgoing inspection; a shaded one with
    ``defect_bad``.
    """
    market = world.market[0]
    order, facts = workspace.order[0], workspace.facts[0]
    supplier = world.suppliers[order.supplier]
    policy = world.supplier_policies[supplier.policy]
    view = workspace.supplier_view[0]
    knowhow = world.ties[b, order.contact].knowhow
    run, shade, fail, check = draw(market, PRODUCTION, b)
    if order.advance * (1.0 - order.held) > 0.0:
        if weighs(policy):
            weigh_absconding(order, view, supplier, facts.unit_cost, market)
        temptation = conduct(order, view, policy, market) * gravity(policy)
        if run < temptation:
            facts.absconded = 1
            if policy.conduct == CALCULATIVE:
                lots = order.lots
                found = view.detected
                worth = worth_of(order, view, facts, market)
                facts.supplier_stake = worth
                gain, lost = view.gain * lots, view.damages * lots
                expect(workspace.temptations, ABSCOND, gain, found, lost, view.left * worth)
            return
    if weighs(policy):
        weigh_shading(order, view, supplier, policy, facts.unit_cost, market)
    cost = facts.unit_cost
    extra = 0.0
    if shade < conduct(order, view, policy, market):
        facts.shaded = 1
        if policy.conduct == CALCULATIVE:
            known = market.defect_bad / max(market.defect_bad - market.defect_good, 1.0e-9)
            lost = known * view.damages * order.lots
            found = known * view.detected
            worth = worth_of(order, view, facts, market)
            facts.supplier_stake = worth
            gain = view.gain * order.lots
            expect(workspace.temptations, SHADE, gain, found, lost, found * view.left * worth)
        cost *= 1.0 - market.shading_saving
        facts.defective = 1 if fail < market.defect_bad else 0
    else:
        chance = market.defect_good * (1.0 - market.knowhow_quality * knowhow)
        facts.defective = 1 if fail < chance else 0
        if check < policy.outgoing_inspection:
            extra = market.inspection_cost * market.lot_cost
            if facts.defective == 1 and check < policy.outgoing_inspection * market.sensitivity:
                facts.defective = 0
                extra += market.rework_cost * market.lot_cost
    freight = market.freight * (1.0 + order.remoteness) * market.lot_cost
    facts.outlay = micro(cost * order.lots)
    made = micro((max(cost - freight, 0.0) + extra) * order.lots)
    pay(workspace.books[0], SUPPLIERS, OUTSIDE, made)
