"""Information sharing: does each side tell the other its plans and ideas?

The pair enters with an agreed order; it leaves with what was disclosed, what was misunderstood,
what leaked, with know-how grown or faded, and with assets made for each other.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import OWN_RULE, compiled, inlined, own_rule
from trustsim.engine.luck import four, number_of
from trustsim.market.ledger import micro, pay, spend, supplier_work, work_together
from trustsim.schema.accounts import DELAY, LEAKAGE, OUTSIDE, SOURCING, SUPPLIERS

DISCLOSURE = number_of("disclosure")
NEVER, ALWAYS, BY_TRUST, RECIPROCAL = 0, 1, 2, 3


@compiled
def by_trust(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Disclose in proportion to trust (Dyer & Chu 2003: each causes the other)."""
    return policy.disclosure * tie.trust


@compiled
def reciprocal(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Disclose if the partner did last time; by trust in the first order."""
    if tie.orders == 0:
        return by_trust(order, tie, policy, market)
    return policy.disclosure * tie.partner_shared


@compiled
def disclosure(order: Any, tie: Any, policy: Any, market: Any) -> float:
    """Give the probability of disclosing by the policy's rule."""
    rule = policy.disclosure_rule
    if rule > OWN_RULE:
        return own_rule(rule, order, tie, policy, market)
    if rule == NEVER:
        return 0.0
    if rule == ALWAYS:
        return policy.disclosure
    if rule == BY_TRUST:
        return by_trust(order, tie, policy, market)
    return reciprocal(order, tie, policy, market)


@inlined
def share(
    market: Any,
    b: int,
    tie: Any,
    supplier: Any,
    policy: Any,
    theirs: Any,
    ours_seen: Any,
    theirs_seen: Any,
    order: Any,
    deed: Any,
) -> None:
    """Let both sides disclose or not, and book what follows from it.

    Know-how closes ``knowhow_rate`` of its gap to 1 when both disclose, half when one does, and
    erodes when neither does. Supply planned on a shared forecast costs less (Lee, So & Tang 2000).
    """
    first, second, muddle, leak = four(market, DISCLOSURE, b)
    told = 1.0 if first < disclosure(order, ours_seen, policy, market) else 0.0
    heard = 1.0 if second < disclosure(order, theirs_seen, theirs, market) else 0.0
    order.buyer_disclosed = told
    order.supplier_disclosed = heard
    both = 0.5 * (told + heard)
    work_together(deed, market, SOURCING, market.disclosure_hours * told)
    supplier_work(deed, market, market.disclosure_hours * heard)
    worth = order.lots * market.lot_cost
    planned = market.mismatch_shared if told == 1.0 else market.mismatch_unshared
    spend(deed, DELAY, OUTSIDE, planned * worth)
    clear = (1.0 - 0.5 * both) * (1.0 - 0.5 * tie.knowhow)
    if muddle < market.misunderstanding * clear:
        order.misunderstood = 1
        spend(deed, DELAY, OUTSIDE, market.misunderstanding_cost * worth)
    leaky = 0.0 if theirs.conduct == NEVER else supplier.opportunism
    if told == 1.0 and leak < market.leak_rate * leaky:
        deed.leaked = 1
        spend(deed, LEAKAGE, OUTSIDE, market.leak_loss * worth)
    if both > 0.0:
        tie.knowhow = tie.knowhow + market.knowhow_rate * both * (1.0 - tie.knowhow)
    else:
        tie.knowhow = tie.knowhow * (1.0 - market.knowhow_erosion)
    tie.buyer_shared = int(told)
    tie.supplier_shared = int(heard)
    built = theirs.asset_rate * theirs_seen.trust * (1.0 - tie.assets)
    tie.assets = tie.assets + built
    pay(deed, SUPPLIERS, OUTSIDE, micro(market.asset_cost * built * market.lot_cost))
