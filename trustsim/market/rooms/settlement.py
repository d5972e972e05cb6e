"""Settlement: is the lot accepted, and does the buyer pay as agreed?

A delivered lot enters, passed or rejected; it leaves accepted and paid, paid late, or not paid at
all. What becomes of an invoice that is overdue is told by `arrears`.
"""

from __future__ import annotations

from math import log
from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import SECOND, THIRD, draw, draw_slot, number_of
from trustsim.market.conduct import CALCULATIVE, conduct, gravity, knowhow_to_come, weighs
from trustsim.market.dealings import dealing_of
from trustsim.market.ledger import (
    micro,
    pay,
    spend,
)
from trustsim.market.rooms.arrears import owe
from trustsim.market.rooms.delivery import do_without
from trustsim.market.rooms.disputes import (
    award_of,
    buyer_complains,
    reachable,
    recovery,
    slow,
    supplier_complains,
    wait_of,
)
from trustsim.market.rooms.information_sharing import NEVER
from trustsim.market.rooms.production import MADE_GOOD_FIRST
from trustsim.market.temptations import ABSCOND, DENY, PAY_LATE, SHADE, expect, happen
from trustsim.schema.accounts import (
    BAD_DEBT,
    BANKS,
    BUYERS,
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
HAS_PAID, NOT_RECEIVED, OTHER_SCOPE = 1, 2, 3
"""Claims by which a buyer denies a debt."""


@compiled
def send_back(dealing: Any, b: int, worth: float) -> bool:
    """Let a rejected lot go back, for the money or for another; tell whether it does.

    The supplier pays for the way back and sells what it gets for a part of what it has cost.
    """
    market, order, books = dealing.market, dealing.order, dealing.books
    _, _, _, mended = draw_slot(market, SETTLEMENT, b, THIRD)
    if mended >= market.refund_share + market.exchange_share:
        return False
    order.refunded = 1 if mended < market.refund_share else 0
    order.exchanged = 1 - order.refunded
    pay(books, SUPPLIERS, OUTSIDE, micro(market.return_cost * worth))
    sold = micro(market.salvage * dealing.facts.outlay / MICRO)
    again = dealing.facts.outlay * order.exchanged
    pay(books, SUPPLIERS, OUTSIDE, again - sold)
    return True


@inlined
def make_good(dealing: Any, b: int, admitted: float) -> None:
    """Deal with a fault that the buyer knows of: a rejected lot or a traced failure.

    A supplier that admits its fault, or that is not paid before the lot is in order, makes good;
    otherwise the buyer bears the loss and complains.
    """
    market, order, books = dealing.market, dealing.order, dealing.books
    policy = dealing.supplier_policy
    worth = order.lots * market.lot_cost
    order.grievance = 1
    if order.rejected == 1:
        stake = market.rework_cost * worth
        spend(books, DELAY, OUTSIDE, market.late_cost * worth)
        unpaid = order.after + order.held * order.advance
        if admitted < policy.admission or unpaid >= MADE_GOOD_FIRST:
            order.redressed = 1
            if market.refund_share + market.exchange_share > 0.0:
                if send_back(dealing, b, worth):
                    return
            pay(books, SUPPLIERS, OUTSIDE, micro(stake))
            return
        spend(books, FAILURE, OUTSIDE, stake)
    else:
        stake = market.warranty * market.failure_cost * worth
        if admitted < policy.admission:
            units = micro(stake)
            pay(books, SUPPLIERS, BUYERS, units)
            books.cost[FAILURE] -= units
            order.redressed = 1 if units > 0 else 0
            return
    buyer_complains(dealing, b, stake, FAILURE, dealing.facts.defective == 1)


@compiled
def weigh_lateness(view: Any, relation: float, due: float, market: Any) -> None:
    """Weigh what a buyer gains by paying late against interest, the relation and scruples.

    How long it takes, how often one is chased and what is never paid is known to the trade;
    ``relation`` is what `relation_value` says.
    """
    years = market.late_rounds / market.rounds_per_year
    view.gain = due * (market.late_gain * market.buyer_interest * years + market.late_lost)
    interest = (1.0 - market.late_interest_waived) * due * market.arrears_interest * years
    chased = market.late_chases * market.chase_hours * market.hour_cost
    harm = due * market.supplier_interest * years + chased
    suit = market.dispute_hours * market.hour_cost
    suit += award_of(market.evidence) * market.court_fee * market.lot_cost
    view.damages = interest + chased + market.late_suits * suit
    view.loss = view.damages + market.late_damage * view.left * relation
    view.loss += market.scruple * (1.0 - view.opportunism) * harm
    view.exposure = due


@compiled
def evidence_against(claim: int, order: Any, view: Any, market: Any) -> float:
    """Give the evidence against a buyer's false claim.

    Banks know whether it has paid, carriers whether it has received the goods. What was agreed is
    on record as far as the order was documented and the talk stayed on the platform: an
    opportunist moves it elsewhere. Where it must first lure its supplier there (`lure`), what
    counts is whether it did.
    """
    if claim == HAS_PAID:
        return market.payment_record
    if claim == NOT_RECEIVED:
        return market.delivery_record
    moved = float(order.lured) if market.luring > 0.0 else view.opportunism
    return order.evidence * (1.0 - market.off_platform * moved)


@compiled
def weigh_false_claim(
    order: Any, view: Any, relation: float, record: float, due: float, market: Any
) -> None:
    """Weigh what a buyer gains by denying its debt against the law, the relation and scruples.

    Who is found out loses its standing; the law takes what it finds and can enforce; the supplier
    may leave, and with it goes what `relation_value` says of the ``relation``. What must be paid in
    the end earns interest until the law has found the debtor and decided.
    """
    unsecured = due * (1.0 - order.secured)
    lost = award_of(record)
    charges = market.platform_fee * market.lot_cost + market.claim_penalty * due
    view.gain = unsecured
    view.detected = lost
    view.damages = lost * (
        recovery(market, order.remoteness, order.acquainted) * unsecured + charges
    )
    view.damages += market.dispute_hours * market.hour_cost
    if slow(market):
        found = reachable(market, order.remoteness, order.acquainted)
        months = wait_of(market, found, record)
        won = lost * recovery(market, order.remoteness, order.acquainted) * unsecured
        view.damages -= won * market.buyer_interest * months / 12.0
    view.loss = view.damages + view.left * relation
    view.loss += market.scruple * (1.0 - view.opportunism) * due
    view.exposure = due


@compiled
def relation_value(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Give what the relation is worth to the buyer: shared savings to come and cost of leaving.

    Know-how is expected to grow as the buyer discloses, and trusts its partner to disclose.
    """
    shared = 0.0 if policy.disclosure_rule == NEVER else policy.disclosure * view.trust
    saving = market.gain_sharing * market.knowhow_gain * order.lots
    value = saving * knowhow_to_come(view, market.knowhow_rate * shared, market.discount)
    leaving = market.switching_cost + market.asset_lock * view.assets
    return (value + leaving * order.lots * view.retained) * market.lot_cost


@inlined
def deny(dealing: Any, b: int, claim: int, due: int) -> None:
    """Deny a debt: the supplier complains, or its bank has secured it, or it is lost."""
    market, order, books = dealing.market, dealing.order, dealing.books
    amount = due / MICRO
    record = evidence_against(claim, order, dealing.buyer_view, market)
    dealing.facts.false_claim = claim
    covered = micro(order.secured * amount)
    pay(books, BANKS, SUPPLIERS, covered)
    paid = micro(supplier_complains(dealing, b, record, (due - covered) / MICRO))
    pay(books, BUYERS, SUPPLIERS, paid)
    pay(books, BUYERS, BANKS, covered)
    books.cost[PRICE] -= due - paid - covered
    books.unpaid += due - paid - covered
    if dealing.facts.found_out == 1:
        spend(books, DISPUTE, OUTSIDE, market.claim_penalty * amount)


@compiled
def quarrel_over_scope(dealing: Any, b: int) -> None:
    """Let a misunderstanding end in a dispute over a part of the order; either may be right."""
    market, order = dealing.market, dealing.order
    quarrels, right, _, _ = draw_slot(market, SETTLEMENT, b, THIRD)
    if quarrels < market.scope_dispute:
        stake = market.scope_part * order.price * order.lots
        buyer_complains(dealing, b, stake, PRICE, right < 0.5)


@compiled
def weigh_false_fault(order: Any, view: Any, relation: float, stake: float, market: Any) -> None:
    """Weigh what a buyer gains by finding fault with a good lot: an award by mistake, or at once.

    What a platform pays in advance it does not ask back of the buyer.
    """
    lost = award_of(order.evidence)
    charges = market.platform_fee * market.lot_cost + market.claim_penalty * stake
    view.gain = stake * (1.0 - lost + lost * market.advance_compensation)
    view.detected = lost
    view.damages = lost * charges + market.dispute_hours * market.hour_cost
    view.loss = view.damages + view.left * relation
    view.loss += market.scruple * (1.0 - view.opportunism) * stake
    view.exposure = stake


@compiled
def find_fault(dealing: Any, b: int) -> None:
    """Let an opportunist claim the warranty of a good lot, to be paid for it."""
    market, order, view = dealing.market, dealing.order, dealing.buyer_view
    policy = dealing.buyer_policy
    stake = market.warranty * market.failure_cost * order.lots * market.lot_cost
    _, _, lies, _ = draw_slot(market, SETTLEMENT, b, THIRD)
    if weighs(policy):
        relation = relation_value(order, view, policy, market)
        weigh_false_fault(order, view, relation, stake, market)
    if lies < conduct(order, view, policy, market) * gravity(policy):
        dealing.facts.false_fault = 1
        buyer_complains(dealing, b, stake, FAILURE, False)
        if dealing.facts.found_out == 1:
            spend(dealing.books, DISPUTE, OUTSIDE, market.claim_penalty * stake)


@inlined
def pay_invoice(dealing: Any, b: int, due: int, strained: float) -> None:
    """Pay what is due after acceptance.

    On time, late for want of money, late on purpose, or not at all, denying the debt.
    """
    market, order, books = dealing.market, dealing.order, dealing.books
    policy, view = dealing.buyer_policy, dealing.buyer_view
    late, denied, kind, wait = draw_slot(market, SETTLEMENT, b, SECOND)
    amount = due / MICRO
    claim = 1 + int(3.0 * kind)
    denial = due
    if claim == OTHER_SCOPE:
        denial = micro(market.denied_part * amount)
    at_issue = denial / MICRO
    calculating = weighs(policy)
    relation = relation_value(order, view, policy, market) if calculating else 0.0
    tempted = market.false_claims == 1 and order.secured < 1.0
    if tempted and calculating:
        record = evidence_against(claim, order, view, market)
        weigh_false_claim(order, view, relation, record, at_issue, market)
    if tempted and denied < conduct(order, view, policy, market) * gravity(policy):
        before = books.flow[BUYERS]
        deny(dealing, b, claim, denial)
        if policy.conduct == CALCULATIVE:
            kinds = dealing.temptations
            dealing.facts.buyer_stake = relation
            expect(kinds, DENY, view.gain, view.detected, view.damages, view.left * relation)
            unsecured = micro(at_issue * (1.0 - order.secured))
            lost = before - books.flow[BUYERS] - (denial - unsecured)
            happen(kinds, DENY, unsecured, dealing.facts.found_out, lost)
        pay(books, BUYERS, SUPPLIERS, due - denial)
        return
    if calculating and market.late_on_purpose == 1:
        weigh_lateness(view, relation, amount, market)
    if market.late_on_purpose == 1 and late < max(
        policy.lateness, conduct(order, view, policy, market)
    ):
        dealing.facts.delayed_payment = 1
        order.paid_late = 1
        if policy.conduct == CALCULATIVE:
            dealing.facts.buyer_stake = relation
            harm = market.late_damage * view.left * relation
            expect(dealing.temptations, PAY_LATE, view.gain, 1.0, view.damages, harm)
            happen(dealing.temptations, PAY_LATE, 0, 1, 0)
        owe(dealing.buyer, dealing.tie, books, due)
        dealing.tally.late_invoices += 1
        return
    if strained < market.strain:
        order.paid_late = 1
        days = -log(wait) * market.strain_days
        books.arrears_days += days
        pay(books, SUPPLIERS, BANKS, micro(amount * market.supplier_interest * days / 365.0))
        spend(books, PAYMENT, BANKS, -amount * market.buyer_interest * days / 365.0)
    pay(books, BUYERS, SUPPLIERS, due)


@inlined
def dispute_later(dealing: Any, b: int) -> None:
    """Let an accepted order be disputed yet: its scope, or a fault that it does not have."""
    market, order, facts = dealing.market, dealing.order, dealing.facts
    if order.disputed + order.grievance + facts.false_claim > 0:
        return
    if market.scope_dispute > 0.0 and order.misunderstood == 1:
        quarrel_over_scope(dealing, b)
    elif market.false_faults == 1 and facts.defective == 0:
        find_fault(dealing, b)


@inlined
def settle(world: Any, workspace: Any, b: int) -> None:
    """Accept and pay the order, or deal with a lot that never came."""
    dealing = dealing_of(world, workspace, b)
    market, order, facts, books = dealing.market, dealing.order, dealing.facts, dealing.books
    instrument = world.instruments[order.instrument]
    admitted, strained, collected, heard = draw(market, SETTLEMENT, b)
    amount = order.price * order.lots
    calculates = dealing.supplier_policy.conduct == CALCULATIVE
    if order.delivered == 0:
        do_without(market, order, books)
        taken = order.advance * (1.0 - order.held) * amount
        if facts.absconded == 1:
            order.grievance = 1
            spend(books, BAD_DEBT, SUPPLIERS, taken)
            before = books.flow[SUPPLIERS]
            buyer_complains(dealing, b, taken, BAD_DEBT, True)
            if calculates:
                kept = micro(taken - max(amount - facts.unit_cost * order.lots, 0.0))
                lost = before - books.flow[SUPPLIERS]
                happen(dealing.temptations, ABSCOND, kept, 1 if lost > kept else 0, lost)
        return
    before = books.flow[SUPPLIERS]
    known = order.rejected == 1 or facts.traced == 1
    if facts.shaded == 1 and calculates:
        saved = micro(facts.unit_cost * order.lots * market.shading_saving)
        happen(dealing.temptations, SHADE, saved, 1 if known else 0, 0)
    if known:
        make_good(dealing, b, admitted)
        if facts.shaded == 1 and calculates:
            happen(dealing.temptations, SHADE, 0, 0, before - books.flow[SUPPLIERS])
    elif facts.leaked == 1 and heard < market.failure_traced:
        order.grievance = 1
    if order.refunded == 1:
        do_without(market, order, books)
        order.buyer_accused = 1 - facts.defective
        return
    order.accepted = 1
    total = micro(amount)
    due = micro(order.after * amount)
    if collected < instrument.collection_failure * order.remoteness:
        due += micro(order.on_delivery * amount)
    due = min(due, total)
    books.cost[PRICE] += total
    pay(books, BUYERS, SUPPLIERS, total - due)
    if due > 0:
        pay_invoice(dealing, b, due, strained)
    dispute_later(dealing, b)
    # known to the supplier only: noted when no rule of the buyer's is asked any more
    order.buyer_accused = order.rejected * (1 - facts.defective)
