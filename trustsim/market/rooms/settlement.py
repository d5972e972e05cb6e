"""Settlement: is the lot accepted, and does the buyer pay as agreed?

A delivered lot enters, passed or rejected; it leaves accepted and paid, paid late, or not paid at
all. Overdue invoices of earlier rounds are chased here as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import SECOND, four, four_more, number_of
from trustsim.market.ledger import (
    clear_sums,
    enter_costs,
    micro,
    pay,
    post,
    spend,
    spent,
    supplier_work,
    work,
)
from trustsim.market.rooms.delivery import do_without
from trustsim.market.rooms.disputes import (
    REMOTE_DEBTOR,
    buyer_complains,
    quarrel,
    supplier_complains,
)
from trustsim.market.rooms.learning import age_bucket
from trustsim.market.rooms.production import conduct, future, gravity
from trustsim.schema.accounts import (
    BAD_DEBT,
    BANKS,
    BUYERS,
    COURTS,
    DELAY,
    DISPUTE,
    FAILURE,
    MICRO,
    OUTSIDE,
    PAYMENT,
    PRICE,
    SUPPLIERS,
)

SETTLEMENT = number_of("settlement")
ARREARS = number_of("arrears")
DISPUTED = number_of("dispute")
UNPAID = number_of("supplier dispute")
HAS_PAID, NOT_RECEIVED, OTHER_SCOPE = 1, 2, 3


@compiled
def make_good(
    market: Any,
    b: int,
    supplier: Any,
    policy: Any,
    theirs: Any,
    ours: Any,
    order: Any,
    deed: Any,
    admitted: float,
) -> None:
    """Deal with a fault that the buyer knows of: a rejected lot or a traced failure.

    A supplier that admits its fault, or that is not paid before the lot is in order, makes good;
    otherwise the buyer bears the loss and complains.
    """
    worth = order.lots * market.lot_cost
    order.grievance = 1
    if order.rejected == 1:
        stake = market.rework_cost * worth
        spend(deed, DELAY, OUTSIDE, market.late_cost * worth)
        order.buyer_accused = 1 - deed.defective
        if admitted < theirs.admission or order.after + order.held * order.advance >= 0.5:
            pay(deed, SUPPLIERS, OUTSIDE, micro(stake))
            return
        spend(deed, FAILURE, OUTSIDE, stake)
        buyer_complains(market, b, supplier, DISPUTED, policy, ours, order, deed, stake, FAILURE)
    elif deed.traced == 1:
        stake = market.warranty * market.failure_cost * worth
        if admitted < theirs.admission:
            units = micro(stake)
            pay(deed, SUPPLIERS, BUYERS, units)
            deed.cost[FAILURE] -= units
            return
        buyer_complains(market, b, supplier, DISPUTED, policy, ours, order, deed, stake, FAILURE)


@compiled
def weigh_lateness(order: Any, tie: Any, due: float, market: Any) -> None:
    """Weigh what a buyer gains by paying late against interest, the relation and scruples."""
    rounds = 1.0 / max(market.arrears_hazard, 0.01)
    years = rounds / market.rounds_per_year
    tie.gain = market.late_gain * due * market.buyer_interest * years
    owed = (1.0 - market.late_interest_waived) * due * market.arrears_interest * years
    chased = rounds * market.chase_hours * market.hour_cost
    harm = due * market.supplier_interest * years + chased
    tie.loss = owed + chased + market.late_damage * relation_value(order, tie, market)
    tie.loss += market.scruple * (1.0 - tie.opportunism) * harm
    tie.exposure = due


@compiled
def evidence_against(claim: int, order: Any, tie: Any, market: Any) -> float:
    """Give the evidence against a buyer's false claim.

    Banks know whether it has paid, carriers whether it has received the goods. What was agreed is
    on record as far as the order was documented and the talk stayed on the platform: an
    opportunist moves it elsewhere.
    """
    if claim == HAS_PAID:
        return market.payment_record
    if claim == NOT_RECEIVED:
        return market.delivery_record
    return order.evidence * (1.0 - market.off_platform * tie.opportunism)


@compiled
def weigh_false_claim(order: Any, tie: Any, record: float, due: float, market: Any) -> None:
    """Weigh what a buyer gains by denying its debt against the law, the relation and scruples."""
    unsecured = due * (1.0 - order.secured)
    lost = 0.5 * (1.0 + record)
    tie.gain = unsecured
    tie.loss = lost * (unsecured + market.claim_penalty * due)
    tie.loss += market.dispute_hours * market.hour_cost + relation_value(order, tie, market)
    tie.loss += market.scruple * (1.0 - tie.opportunism) * due
    tie.exposure = due


@compiled
def relation_value(order: Any, tie: Any, market: Any) -> float:
    """Give what the relation is worth to the buyer: shared savings to come and cost of leaving."""
    saving = market.gain_sharing * market.knowhow_gain * tie.knowhow * order.lots
    leaving = market.switching_cost + market.asset_lock * tie.assets
    value = future(saving, tie.retained, market.discount) + leaving * order.lots * tie.retained
    return value * market.lot_cost


@inlined
def pay_invoice(
    market: Any,
    b: int,
    buyer: Any,
    tie: Any,
    policy: Any,
    theirs: Any,
    ours: Any,
    theirs_seen: Any,
    order: Any,
    deed: Any,
    due: int,
    strained: float,
) -> None:
    """Pay what is due after acceptance.

    On time, late for want of money, late on purpose, or not at all, denying the debt.
    """
    late, deny, kind, wait = four_more(market, SETTLEMENT, b, SECOND)
    amount = due / MICRO
    claim = 1 + int(3.0 * kind)
    record = evidence_against(claim, order, ours, market)
    weigh_false_claim(order, ours, record, amount, market)
    tempted = market.false_claims == 1 and ours.gain > 0.0
    if tempted and deny < conduct(order, ours, policy, market) * gravity(policy):
        deed.false_claim = claim
        covered = micro(order.secured * amount)
        pay(deed, BANKS, SUPPLIERS, covered)
        paid = micro(
            supplier_complains(
                market,
                b,
                UNPAID,
                theirs,
                theirs_seen,
                record,
                order.remoteness,
                order,
                deed,
                (due - covered) / MICRO,
            )
        )
        pay(deed, BUYERS, SUPPLIERS, paid)
        pay(deed, BUYERS, BANKS, covered)
        deed.cost[PRICE] -= due - paid - covered
        if paid > 0:
            spend(deed, DISPUTE, SUPPLIERS, market.claim_penalty * amount)
        return
    weigh_lateness(order, ours, amount, market)
    if market.late_on_purpose == 1 and late < max(
        policy.lateness, conduct(order, ours, policy, market)
    ):
        deed.delayed_payment = 1
        order.paid_late = 1
        if tie.owed == 0:
            buyer.debts += 1
        tie.arrears = int(tie.arrears * tie.owed / (tie.owed + due) + 0.5)
        tie.owed += due
        deed.receivable += due
        return
    if strained < market.strain:
        order.paid_late = 1
        days = -np.log(wait) * market.strain_days
        deed.arrears_days += days
        pay(deed, SUPPLIERS, BANKS, micro(amount * market.supplier_interest * days / 365.0))
        spend(deed, PAYMENT, BANKS, -amount * market.buyer_interest * days / 365.0)
    pay(deed, BUYERS, SUPPLIERS, due)


@inlined
def settle(
    market: Any,
    b: int,
    buyer: Any,
    tie: Any,
    supplier: Any,
    instrument: Any,
    policy: Any,
    theirs: Any,
    ours: Any,
    theirs_seen: Any,
    order: Any,
    deed: Any,
) -> None:
    """Accept and pay the order, or deal with a lot that never came."""
    admitted, strained, collected, known = four(market, SETTLEMENT, b)
    amount = order.price * order.lots
    if order.delivered == 0:
        do_without(market, order, deed)
        taken = order.advance * (1.0 - order.held) * amount
        if deed.absconded == 1:
            order.grievance = 1
            spend(deed, BAD_DEBT, SUPPLIERS, taken)
            buyer_complains(
                market, b, supplier, DISPUTED, policy, ours, order, deed, taken, BAD_DEBT
            )
        return
    if order.rejected == 1 or deed.traced == 1:
        make_good(market, b, supplier, policy, theirs, ours, order, deed, admitted)
    elif deed.leaked == 1 and known < market.failure_traced:
        order.grievance = 1
    order.accepted = 1
    total = micro(amount)
    due = micro(order.after * amount)
    if collected < instrument.collection_failure * order.remoteness:
        due += micro(order.on_delivery * amount)
    due = min(due, total)
    deed.cost[PRICE] += total
    pay(deed, BUYERS, SUPPLIERS, total - due)
    if due > 0:
        pay_invoice(
            market, b, buyer, tie, policy, theirs, ours, theirs_seen, order, deed, due, strained
        )


@compiled
def chase(world: Any, desk: Any, b: int, deed: Any) -> None:
    """Chase the buyer's overdue invoices: paid with interest, taken to law, or still open.

    While an invoice is open the supplier finances it and the buyer saves interest. What is owed to
    a firm that is gone is paid to its successor. Costs and days are entered at the age of the
    relation that owes, not with the buyer's order of the round.
    """
    market = world.market[0]
    buyer = world.buyers[b]
    for k in range(world.ties.shape[1]):
        tie = world.ties[b, k]
        if tie.owed == 0:
            continue
        paid, right, found, _ = four_more(market, ARREARS, b, k)
        tie.arrears = min(tie.arrears + 1, 255)
        deed.arrears_days = 365.0 / market.rounds_per_year
        work(deed, market, DISPUTE, market.chase_hours)
        supplier_work(deed, market, market.chase_hours)
        waiting = tie.owed / MICRO / market.rounds_per_year
        pay(deed, SUPPLIERS, BANKS, micro(waiting * market.supplier_interest))
        spend(deed, PAYMENT, BANKS, -waiting * market.buyer_interest * market.late_gain)
        gone = world.suppliers[tie.supplier].generation != tie.generation
        if paid < market.arrears_hazard or gone:
            _discharge(market, tie, deed, tie.owed)
            buyer.debts -= 1
        elif tie.arrears >= market.law_age:
            won = right < 0.5 * (1.0 + market.evidence)
            reachable = market.locatable * (1.0 - REMOTE_DEBTOR * buyer.remoteness)
            share = market.enforcement if won and found < reachable else 0.0
            quarrel(deed, market)
            if won:
                spend(deed, DISPUTE, COURTS, market.court_fee * market.lot_cost)
            else:
                pay(deed, SUPPLIERS, COURTS, micro(market.court_fee * market.lot_cost))
            _discharge(market, tie, deed, micro(share * tie.owed / MICRO))
            buyer.debts -= 1
        _enter_chased(world, desk, b, tie, deed)


@compiled
def close_out(world: Any, desk: Any, b: int, k: int, deed: Any) -> None:
    """Pay what is still owed to a supplier with whom the relation ends."""
    tie = world.ties[b, k]
    _discharge(world.market[0], tie, deed, tie.owed)
    world.buyers[b].debts -= 1
    _enter_chased(world, desk, b, tie, deed)


@compiled
def _enter_chased(world: Any, desk: Any, b: int, tie: Any, deed: Any) -> None:
    """Post and enter what an earlier invoice has brought about, and wipe it from the desk."""
    buyer = world.buyers[b]
    post(buyer, desk, deed, tie.supplier)
    desk.suppliers[tie.supplier].dealing -= deed.profit + deed.receivable
    deed.earlier += spent(deed)
    enter_costs(desk.rounds[world.market[0].round, buyer.policy], deed)
    enter_costs(desk.ages[age_bucket(max(tie.orders - 1, 0))], deed)
    clear_sums(deed)


@compiled
def _discharge(market: Any, tie: Any, deed: Any, units: int) -> None:
    """Close an overdue invoice: so much is paid, with interest for its age; the rest is lost."""
    pay(deed, BUYERS, SUPPLIERS, units)
    rate = (1.0 - market.late_interest_waived) * market.arrears_interest
    interest = micro(rate * units / MICRO * tie.arrears / market.rounds_per_year)
    pay(deed, BUYERS, SUPPLIERS, interest)
    deed.cost[PAYMENT] += interest
    deed.cost[PRICE] -= tie.owed - units
    deed.receivable -= tie.owed
    tie.owed = 0
    tie.arrears = 0
