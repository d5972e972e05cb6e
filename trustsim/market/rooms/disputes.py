"""Disputes: what happens to a grievance?

A grievance enters with who is wronged and how much is at stake; it leaves settled between
partners, decided by a platform, enforced at law, or written off.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import OWN_RULE, bounded, compiled, own_rule
from trustsim.engine.luck import four
from trustsim.market.ledger import micro, pay, spend, supplier_work, work, work_together
from trustsim.schema.accounts import BANKS, BUYERS, COURTS, DISPUTE, PLATFORM, SUPPLIERS

NEAR = 0.0
"""Remoteness of suppliers, which are found where they make things."""
REMOTE_DEBTOR = 0.5
"""Part of the debtors at fully remote sites that cannot be found (assumption: half)."""
JOINT, BY_PLATFORM, BY_COURT, WRITTEN_OFF = 0, 1, 2, 3
JOINT_FIRST, PLATFORM_RULE, COURT_RULE, WRITE_OFF, CHEAPEST = 0, 1, 2, 3, 4


@compiled
def joint_first(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Solve it together when trust is high, else ask the platform."""
    if tie.trust >= market.dispute_trust_threshold:
        return 0.0
    return 1.0


@compiled
def cheapest(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Take the route of greatest expected recovery less cost (``tie.exposure`` is at stake)."""
    right = 0.5 * (1.0 + order.evidence)
    effort = market.dispute_hours * market.hour_cost
    stake = tie.exposure
    platform = right * stake - effort - (1.0 - right) * market.platform_fee * market.lot_cost
    court = right * market.enforcement * market.locatable * stake - effort
    court -= (1.0 - right) * market.court_fee * market.lot_cost
    together = market.joint_success * tie.trust * stake - market.joint_hours * market.hour_cost
    if together > 0.0 and together >= platform and together >= court:
        return 0.0
    if platform > 0.0 and platform >= court:
        return 1.0
    return 2.0 if court > 0.0 else 3.0


@compiled
def route(order: Any, tie: Any, policy: Any, market: Any) -> int:
    """Choose the route of a grievance by the policy's rule."""
    rule = policy.escalation
    if rule > OWN_RULE:
        chosen = own_rule(rule, order, tie, policy, market)
    elif rule == JOINT_FIRST:
        chosen = joint_first(order, tie, policy, market)
    elif rule == PLATFORM_RULE:
        chosen = 1.0
    elif rule == COURT_RULE:
        chosen = 2.0
    elif rule == WRITE_OFF:
        chosen = 3.0
    else:
        chosen = cheapest(order, tie, policy, market)
    return int(bounded(chosen, 0.0, 3.0) + 0.5)


@compiled
def quarrel(deed: Any, market: Any) -> None:
    """Let both sides spend hours on a dispute before a third party."""
    work(deed, market, DISPUTE, market.dispute_hours)
    supplier_work(deed, market, market.dispute_hours)


@compiled
def decide(
    market: Any,
    event: int,
    b: int,
    path: int,
    evidence: float,
    remoteness: float,
    justified: bool,
    deed: Any,
) -> float:
    """Give the share of the stake that the complaining side gets, and book the hours.

    A platform is right with probability (1 + evidence)/2, for or against the complaint as it is
    justified or not; a court as well, but the debtor must be found (less likely at remote sites)
    and only part is enforced.
    """
    solved, right, found, _ = four(market, event, b)
    if path == JOINT:
        work_together(deed, market, DISPUTE, market.joint_hours)
        supplier_work(deed, market, market.joint_hours)
        return 1.0 if justified and solved < market.joint_success else 0.0
    if path == WRITTEN_OFF:
        return 0.0
    quarrel(deed, market)
    won = (right < 0.5 * (1.0 + evidence)) == justified
    if path == BY_PLATFORM:
        return 1.0 if won else 0.0
    reachable = market.locatable * (1.0 - REMOTE_DEBTOR * remoteness)
    return market.enforcement if won and found < reachable else 0.0


@compiled
def fees(market: Any, path: int, supplier_pays: bool, listed: int, deed: Any) -> None:
    """Let the loser pay the platform or the court; a listed supplier at fault is fined."""
    scale = market.lot_cost
    if path == BY_PLATFORM:
        if supplier_pays:
            units = micro((market.platform_fee + market.fine * listed) * scale)
            pay(deed, SUPPLIERS, PLATFORM, units)
        else:
            spend(deed, DISPUTE, PLATFORM, market.platform_fee * scale)
    elif path == BY_COURT:
        if supplier_pays:
            pay(deed, SUPPLIERS, COURTS, micro(market.court_fee * scale))
        else:
            spend(deed, DISPUTE, COURTS, market.court_fee * scale)


@compiled
def buyer_complains(
    market: Any,
    b: int,
    supplier: Any,
    event: int,
    policy: Any,
    ours: Any,
    order: Any,
    deed: Any,
    stake: float,
    category: int,
) -> float:
    """Take a buyer's grievance through its route; give the money recovered.

    Who took the money and delivered nothing does not sit down to solve problems: that goes to the
    platform.

    What is recovered lowers the cost in the category where the loss was booked. With advance
    compensation the platform makes up its share of what is lost and takes it from the supplier.
    """
    ours.exposure = stake
    path = route(order, ours, policy, market)
    if path == JOINT and deed.absconded == 1:
        path = BY_PLATFORM
    justified = deed.absconded + deed.defective > 0
    order.disputed = 1
    share = decide(market, event, b, path, order.evidence, NEAR, justified, deed)
    recovered = share * stake
    fees(market, path, share > 0.0, supplier.listed, deed)
    advanced = market.advance_compensation * (stake - recovered)
    if justified and path == BY_PLATFORM and advanced > 0.0 and supplier.listed == 1:
        units = micro(advanced)
        pay(deed, PLATFORM, BUYERS, units)
        pay(deed, SUPPLIERS, PLATFORM, units)
        deed.cost[category] -= units
    units = micro(recovered)
    pay(deed, SUPPLIERS, BUYERS, units)
    deed.cost[category] -= units
    if path == BY_COURT:
        wait = recovered * market.buyer_interest * market.court_delay / 12.0
        spend(deed, DISPUTE, BANKS, wait)
    return recovered


@compiled
def supplier_complains(
    market: Any,
    b: int,
    event: int,
    policy: Any,
    theirs: Any,
    evidence: float,
    remoteness: float,
    order: Any,
    deed: Any,
    stake: float,
) -> float:
    """Take a supplier's grievance over a denied debt through its route; give what is paid.

    Partners do not sit down over a lie: the platform takes the place of joint problem solving.
    """
    theirs.exposure = stake
    path = route(order, theirs, policy, market)
    if path == JOINT:
        path = BY_PLATFORM
    order.disputed = 1
    share = decide(market, event, b, path, evidence, remoteness, True, deed)
    fees(market, path, share == 0.0, 0, deed)
    if path == BY_COURT:
        wait = share * stake * market.supplier_interest * market.court_delay / 12.0
        pay(deed, SUPPLIERS, BANKS, micro(wait))
    return share * stake
