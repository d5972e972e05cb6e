"""Disputes: what happens to a grievance?

A grievance enters with who is wronged and how much is at stake; it leaves settled between
partners, decided by a platform, enforced at law, or written off.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trustsim.engine.compiling import OWN_RULE, bounded, compiled, own_rule
from trustsim.engine.luck import draw, number_of
from trustsim.market.ledger import micro, pay, spend, supplier_work, work, work_together
from trustsim.market.relations import acquainted
from trustsim.schema.accounts import BANKS, BUYERS, COURTS, DISPUTE, PLATFORM, SUPPLIERS
from trustsim.schema.policy import choice_number

BUYER_COMPLAINS = number_of("dispute")
SUPPLIER_COMPLAINS = number_of("supplier dispute")
NEAR = 0.0
"""Remoteness of suppliers, which are found where they make things."""
STRANGER = 0.0
"""In place of acquaintance, where it makes no difference."""
LIE: Any = np.bool_(True)
"""A complaint over a denied debt is justified (of NumPy: a plain one would compile a copy)."""
NO_FINE: Any = np.uint8(0)
"""A supplier that complains over a denied debt is not fined if it loses."""
REMOTE_DEBTOR = 0.5
"""Part of the debtors at fully remote sites that cannot be found (assumption: half)."""
JOINT, BY_PLATFORM, BY_COURT, WRITTEN_OFF = 0, 1, 2, 3
"""Routes of a grievance, as a rule of escalation answers them."""
JOINT_FIRST = choice_number("escalation", "joint_first")
PLATFORM_RULE = choice_number("escalation", "platform")
COURT_RULE = choice_number("escalation", "court")
WRITE_OFF = choice_number("escalation", "write_off")


@compiled
def joint_first(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Solve it together when trust is high, else ask the platform."""
    if view.trust >= market.dispute_trust_threshold:
        return 0.0
    return 1.0


@compiled
def cheapest(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Take the route of greatest expected recovery less cost (``view.exposure`` is at stake).

    The view tells which share of an award a platform collects, and which the law does.
    """
    right = award_of(order.evidence)
    effort = market.dispute_hours * market.hour_cost
    stake = view.exposure
    platform = (
        right * view.platform_collects * stake
        - effort
        - (1.0 - right) * market.platform_fee * market.lot_cost
    )
    court = right * view.law_collects * stake - effort
    court -= (1.0 - right) * market.court_fee * market.lot_cost
    together = market.joint_success * view.trust * stake - market.joint_hours * market.hour_cost
    if together > 0.0 and together >= platform and together >= court:
        return 0.0
    if platform > 0.0 and platform >= court:
        return 1.0
    return 2.0 if court > 0.0 else 3.0


@compiled
def route(order: Any, view: Any, policy: Any, market: Any) -> int:
    """Choose the route of a grievance by the policy's rule."""
    rule = policy.escalation
    if rule > OWN_RULE:
        chosen = own_rule(rule, order, view, policy, market)
    elif rule == JOINT_FIRST:
        chosen = joint_first(order, view, policy, market)
    elif rule == PLATFORM_RULE:
        chosen = 1.0
    elif rule == COURT_RULE:
        chosen = 2.0
    elif rule == WRITE_OFF:
        chosen = 3.0
    else:
        chosen = cheapest(order, view, policy, market)
    return int(bounded(chosen, 0.0, 3.0) + 0.5)


@compiled
def quarrel(books: Any, market: Any) -> None:
    """Let both sides spend hours on a dispute before a third party."""
    work(books, market, DISPUTE, market.dispute_hours)
    supplier_work(books, market, market.dispute_hours)


@compiled
def spend_hours(books: Any, market: Any, path: int) -> None:
    """Let both sides spend the hours of a route: on the problem, on the quarrel, or none."""
    if path == JOINT:
        work_together(books, market, DISPUTE, market.joint_hours)
        supplier_work(books, market, market.joint_hours)
    elif path != WRITTEN_OFF:
        quarrel(books, market)


@compiled
def neighbours(buyer: Any, supplier: Any, market: Any) -> float:
    """Tell (1 or 0) whether a community helps the two against each other."""
    return 1.0 if market.community_finds > 0.0 and acquainted(buyer, supplier, market) else 0.0


@compiled
def reachable(market: Any, remoteness: float, acquainted: float) -> float:
    """Give the chance that a debtor is found: less at remote sites, more in one's own community.

    Who knows a debtor's neighbours learns where it is (Greif 1993).
    """
    found = market.locatable * (1.0 - REMOTE_DEBTOR * remoteness)
    return found + market.community_finds * acquainted * (1.0 - found)


@compiled
def award_of(evidence: float) -> float:
    """Give the chance that a third party finds for the side that is right."""
    return 0.5 * (1.0 + evidence)


@compiled
def recovery(market: Any, remoteness: float, acquainted: float) -> float:
    """Give the share of an award that its holder can expect to be paid by law."""
    return market.enforcement * reachable(market, remoteness, acquainted)


@compiled
def slow(market: Any) -> bool:
    """Tell whether an award that the law must enforce is waited for beside the court's time."""
    return market.tracing_months + market.proof_months > 0.0


@compiled
def wait_of(market: Any, found: float, evidence: float) -> float:
    """Give the months until what is awarded is found and paid, beside the court's time.

    A search takes ``tracing_months`` and is repeated until the debtor is found, with chance
    ``found`` each time; a third party decides the later the less is on record.
    """
    if found <= 0.0:
        return 0.0
    return market.tracing_months / found + market.proof_months * (1.0 - evidence)


@compiled
def note_award(facts: Any, market: Any, path: int, awarded: float, months: float) -> None:
    """Note what the law makes a debtor pay, and how long that takes."""
    waited = months + (market.court_delay if path == BY_COURT else 0.0)
    facts.enforced += micro(awarded)
    facts.waited += micro(awarded * waited)


@compiled
def upheld(evidence: float, justified: bool, chances: Any) -> bool:
    """Tell whether a third party finds for the complaining side, whatever can be enforced."""
    return (chances[1] < award_of(evidence)) == justified


@compiled
def decide(
    market: Any, path: int, evidence: float, found: float, justified: bool, chances: Any
) -> float:
    """Give the share of the stake that the complaining side gets.

    Partners settle a justified complaint as it should be settled. A platform is right with
    probability (1 + evidence)/2, for or against the complaint as it is justified or not, and takes
    what it awards from the deposit of a firm that it lists; a court is right as often, but the
    debtor must be found, with chance ``found``, and only part is enforced.
    """
    solved, _, result, _ = chances
    if path == JOINT:
        return 1.0 if justified and solved < market.joint_success else 0.0
    if path == WRITTEN_OFF:
        return 0.0
    won = upheld(evidence, justified, chances)
    if path == BY_PLATFORM:
        return 1.0 if won else 0.0
    return market.enforcement if won and result < found else 0.0


@compiled
def charge_loser(books: Any, market: Any, path: int, supplier_pays: bool, listed: int) -> None:
    """Let the loser pay the platform or the court; a listed supplier at fault is fined."""
    scale = market.lot_cost
    if path == BY_PLATFORM:
        if supplier_pays:
            units = micro((market.platform_fee + market.fine * listed) * scale)
            pay(books, SUPPLIERS, PLATFORM, units)
        else:
            spend(books, DISPUTE, PLATFORM, market.platform_fee * scale)
    elif path == BY_COURT:
        if supplier_pays:
            pay(books, SUPPLIERS, COURTS, micro(market.court_fee * scale))
        else:
            spend(books, DISPUTE, COURTS, market.court_fee * scale)


@compiled
def buyer_complains(dealing: Any, b: int, stake: float, category: int, justified: bool) -> None:
    """Take a buyer's grievance through its route.

    Who took the money and delivered nothing, or finds fault with a good lot, does not sit down to
    solve problems: that goes to the platform.

    What is recovered lowers the cost in the category where the loss was booked. With advance
    compensation the platform makes up its share of what is lost and takes it from the supplier.
    """
    market, order, books = dealing.market, dealing.order, dealing.books
    facts, view, supplier = dealing.facts, dealing.buyer_view, dealing.supplier
    view.exposure = stake
    found = reachable(market, NEAR, order.acquainted)
    view.law_collects = recovery(market, NEAR, order.acquainted)
    view.platform_collects = 1.0 if supplier.listed == 1 else view.law_collects
    path = route(order, view, dealing.buyer_policy, market)
    if path == JOINT and facts.absconded + facts.false_fault > 0:
        path = BY_PLATFORM
    order.disputed = 1
    spend_hours(books, market, path)
    chances = draw(market, BUYER_COMPLAINS, b)
    enforced = BY_COURT if path == BY_PLATFORM and supplier.listed == 0 else path
    share = decide(market, enforced, order.evidence, found, justified, chances)
    recovered = share * stake
    won = upheld(order.evidence, justified, chances)
    facts.found_out = 1 if facts.false_fault == 1 and not won else 0
    charge_loser(books, market, path, won, supplier.listed)
    advanced = market.advance_compensation * (stake - recovered)
    claimed = justified or facts.false_fault == 1
    if claimed and path == BY_PLATFORM and advanced > 0.0 and supplier.listed == 1:
        units = micro(advanced)
        pay(books, PLATFORM, BUYERS, units)
        pay(books, SUPPLIERS, PLATFORM, units)
        books.cost[category] -= units
    units = micro(recovered)
    pay(books, SUPPLIERS, BUYERS, units)
    books.cost[category] -= units
    if path == BY_COURT:
        wait = recovered * market.buyer_interest * market.court_delay / 12.0
        spend(books, DISPUTE, BANKS, wait)
    if enforced == BY_COURT and recovered > 0.0:
        months = wait_of(market, found, order.evidence)
        note_award(facts, market, path, recovered, months)
        years = months / 12.0
        spend(books, DISPUTE, BANKS, recovered * market.buyer_interest * years)
        pay(books, BANKS, SUPPLIERS, micro(recovered * market.supplier_interest * years))


@compiled
def supplier_complains(dealing: Any, b: int, evidence: float, stake: float) -> float:
    """Take a supplier's grievance over a denied debt through its route; give what is paid.

    Partners do not sit down over a lie: the platform takes the place of joint problem solving.
    Nobody has a buyer's deposit, so that what is awarded must be enforced by law.
    """
    market, order, books = dealing.market, dealing.order, dealing.books
    view = dealing.supplier_view
    view.exposure = stake
    found = reachable(market, order.remoteness, order.acquainted)
    view.law_collects = recovery(market, order.remoteness, order.acquainted)
    view.platform_collects = view.law_collects
    path = route(order, view, dealing.supplier_policy, market)
    if path == JOINT:
        path = BY_PLATFORM
    order.disputed = 1
    spend_hours(books, market, path)
    chances = draw(market, SUPPLIER_COMPLAINS, b)
    enforced = BY_COURT if path == BY_PLATFORM else path
    share = decide(market, enforced, evidence, found, LIE, chances)
    won = path != WRITTEN_OFF and upheld(evidence, LIE, chances)
    dealing.facts.found_out = 1 if won else 0
    charge_loser(books, market, path, not won, NO_FINE)
    if path == BY_COURT:
        wait = share * stake * market.supplier_interest * market.court_delay / 12.0
        pay(books, SUPPLIERS, BANKS, micro(wait))
    if share > 0.0:
        months = wait_of(market, found, evidence)
        note_award(dealing.facts, market, path, share * stake, months)
        years = months / 12.0
        pay(books, SUPPLIERS, BANKS, micro(share * stake * market.supplier_interest * years))
        spend(books, DISPUTE, BANKS, -share * stake * market.buyer_interest * years)
    return share * stake
