"""Inspection: which lots does the buyer check, and what does it find?

A delivered lot enters; it leaves passed or rejected. What slips through fails in use.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import OWN_RULE, compiled, inlined, own_rule
from trustsim.engine.luck import draw, number_of
from trustsim.market.ledger import spend
from trustsim.schema.accounts import FAILURE, INSPECTION, OUTSIDE
from trustsim.schema.policy import choice_number

INSPECT = number_of("inspection")
NONE = choice_number("inspection", "none")
ALL = choice_number("inspection", "all")
FIXED = choice_number("inspection", "fixed")
BY_TRUST = choice_number("inspection", "by_trust")
DEMING = choice_number("inspection", "deming")
EQUILIBRIUM = choice_number("inspection", "equilibrium")
SAMPLING = choice_number("inspection", "sampling")
EVEN = 0.5
"""Distrust at which the rule by_trust inspects at its full rate: of a partner as likely bad as good
(assumption: who knows nothing inspects all)."""
SKIP_AFTER = 10
SKIP_RATE = 0.25
TIGHT_UNTIL = 5


@compiled
def by_trust(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Inspect at the full rate where a fault is as likely as none, and less as trust grows.

    Rate times (distrust over even odds)^power, at most the rate.
    """
    relative = min((1.0 - view.trust) / EVEN, 1.0)
    return policy.inspection_rate * relative**policy.trust_power


@compiled
def deming(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Inspect all or none: all iff the expected defect rate exceeds k1/k2 (Deming 1986).

    The buyer expects a defect as often as it distrusts a lot times what a shaded lot would show.
    """
    rate = market.defect_good + (market.defect_bad - market.defect_good) * (1.0 - view.trust)
    return 1.0 if rate > break_even(market) else 0.0


@compiled
def break_even(market: Any) -> float:
    """Give the defect rate above which inspecting pays: cost of a look over cost of a failure."""
    if market.failure_cost <= 0.0:
        return 1.0
    return market.inspection_cost / market.failure_cost


@compiled
def equilibrium(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Inspect at the rate that leaves the supplier indifferent: P(inspect) = c/(w + f).

    Mixed equilibrium of the inspection game: c is what shading saves, w + f what a fault found
    costs the supplier (rework and fine), weighted by the chance that a look finds it.
    """
    result = market.sensitivity * max(market.defect_bad - market.defect_good, 0.0)
    stake = result * (market.rework_cost + market.fine) * market.lot_cost
    saving = market.shading_saving * order.price
    return 1.0 if saving >= stake else saving / stake


@compiled
def sampling(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Sample every lot; after ten clean ones only each fourth (skip-lot, as in ISO 2859)."""
    return SKIP_RATE if view.clean >= SKIP_AFTER else 1.0


@compiled
def rate(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Give the probability of inspecting by the policy's rule."""
    rule = policy.inspection
    if rule > OWN_RULE:
        return own_rule(rule, order, view, policy, market)
    if rule == NONE:
        return 0.0
    if rule == ALL:
        return 1.0
    if rule == FIXED:
        return policy.inspection_rate
    if rule == BY_TRUST:
        return by_trust(order, view, policy, market)
    if rule == DEMING:
        return deming(order, view, policy, market)
    if rule == EQUILIBRIUM:
        return equilibrium(order, view, policy, market)
    return sampling(order, view, policy, market)


@compiled
def acceptance(items: int, allowed: int, fraction: float) -> float:
    """Give the probability that a sample has at most so many defective items (binomial)."""
    if fraction <= 0.0:
        return 1.0
    if fraction >= 1.0:
        return 1.0 if allowed >= items else 0.0
    term = (1.0 - fraction) ** items
    total = term
    for result in range(1, min(allowed, items) + 1):
        term *= (items - result + 1) / result * fraction / (1.0 - fraction)
        total += term
    return min(total, 1.0)


@compiled
def powers(view: Any, policy: Any, market: Any) -> Any:
    """Give the chances to reject a defective and a good lot, and the cost of a look.

    Acceptance sampling is tightened by one item until five lots in a row were clean after a bad
    one (switching rules, simplified from ISO 2859).
    """
    if policy.inspection != SAMPLING:
        return market.sensitivity, 1.0 - market.specificity, market.inspection_cost
    allowed = policy.acceptance_number
    if view.orders > 0 and view.clean < min(TIGHT_UNTIL, view.orders):
        allowed = max(allowed - 1, 0)
    items = policy.sample_size
    find = 1.0 - acceptance(items, allowed, market.lot_bad_fraction)
    alarm = 1.0 - acceptance(items, allowed, market.lot_good_fraction)
    return find, alarm, market.item_cost * items


@inlined
def inspect(world: Any, workspace: Any, b: int) -> None:
    """Check the lot or not; a defect that escapes fails in use, and may be traced."""
    market = world.market[0]
    order, facts, books = workspace.order[0], workspace.facts[0], workspace.books[0]
    policy = world.buyer_policies[world.buyers[b].policy]
    view = workspace.buyer_views[order.contact]
    worth = order.lots * market.lot_cost
    look, find, trace, _ = draw(market, INSPECT, b)
    if look < rate(order, view, policy, market):
        order.inspected = 1
        sensitivity, alarm, cost = powers(view, policy, market)
        spend(books, INSPECTION, OUTSIDE, cost * worth)
        if find < (sensitivity if facts.defective == 1 else alarm):
            order.rejected = 1
            return
    if facts.defective == 1:
        facts.escaped = 1
        spend(books, FAILURE, OUTSIDE, market.failure_cost * worth)
        facts.traced = 1 if trace < market.failure_traced else 0
