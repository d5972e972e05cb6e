"""Information sharing: does each side tell the other its plans and ideas?

The pair enters with an agreed order; it leaves with what was disclosed, what was misunderstood,
what leaked, with know-how grown or faded, and with assets made for each other.
"""

from __future__ import annotations

from math import exp
from typing import Any

from trustsim.engine.compiling import OWN_RULE, compiled, inlined, own_rule
from trustsim.engine.luck import draw, number_of
from trustsim.market.conduct import NEVER as NEVER_CHEATS
from trustsim.market.conduct import calculative, future
from trustsim.market.ledger import micro, pay, spend, supplier_work, work_together
from trustsim.schema.accounts import DELAY, LEAKAGE, OUTSIDE, SOURCING, SUPPLIERS
from trustsim.schema.policy import choice_number

DISCLOSURE = number_of("disclosure")
NEVER = choice_number("disclosure_rule", "never")
ALWAYS = choice_number("disclosure_rule", "always")
BY_TRUST = choice_number("disclosure_rule", "by_trust")
CALCULATIVE = choice_number("disclosure_rule", "calculative")


@compiled
def by_trust(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Disclose in proportion to trust (Dyer & Chu 2003: each causes the other)."""
    return policy.disclosure * view.trust


@compiled
def reciprocal(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Disclose if the partner did last time; by trust in the first order."""
    if view.orders == 0:
        return by_trust(order, view, policy, market)
    return policy.disclosure * view.partner_shared


@compiled
def disclosure(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Give the probability of disclosing by the policy's rule."""
    rule = policy.disclosure_rule
    if rule > OWN_RULE:
        return own_rule(rule, order, view, policy, market)
    if rule == NEVER:
        return 0.0
    if rule == ALWAYS:
        return policy.disclosure
    if rule == BY_TRUST:
        return by_trust(order, view, policy, market)
    if rule == CALCULATIVE:
        return policy.disclosure * calculative(order, view, policy, market)
    return reciprocal(order, view, policy, market)


@compiled
def weigh_disclosure(
    order: Any, view: Any, kept: float, told: float, risk: float, market: Any
) -> None:
    """Weigh what telling brings, the kept part of what it saves, against hours and leaks.

    ``told`` is what the partner's planning saves at once; half the growth of know-how is one
    side's doing, and pays as long as the relation lasts.
    """
    grown = 0.5 * market.knowhow_rate * (1.0 - view.knowhow)
    view.gain = told + kept * market.knowhow_gain * market.lot_cost * future(
        grown, view.retained, market.discount
    )
    view.loss = market.disclosure_hours * market.hour_cost + risk


@inlined
def learn_ideas(market: Any, tie: Any, disclosed: float) -> None:
    """Let know-how grow with what was disclosed, by both (1), by one (0.5), or erode (0)."""
    if disclosed > 0.0:
        tie.knowhow = tie.knowhow + market.knowhow_rate * disclosed * (1.0 - tie.knowhow)
    else:
        tie.knowhow = tie.knowhow * (1.0 - market.knowhow_erosion)


@inlined
def build_assets(bond: Any, view: Any, policy: Any, books: Any, market: Any) -> None:
    """Let the supplier invest in assets that serve this buyer only, as far as it trusts it."""
    built = policy.asset_rate * view.trust * (1.0 - bond.assets)
    bond.assets = bond.assets + built
    pay(books, SUPPLIERS, OUTSIDE, micro(market.asset_cost * built * market.lot_cost))


@compiled
def brief(hours: float, books: Any, market: Any) -> float:
    """Let both sides talk the order over before it is made; give what is left unclear."""
    work_together(books, market, SOURCING, hours)
    supplier_work(books, market, hours)
    return exp(-market.briefing_rate * hours)


@inlined
def share(world: Any, workspace: Any, b: int) -> None:
    """Let both sides disclose or not, and book what follows from it.

    Know-how closes ``knowhow_rate`` of its gap to 1 when both disclose, half when one does, and
    erodes when neither does. Supply planned on a shared forecast costs less (Lee, So & Tang 2000).
    """
    market = world.market[0]
    order, facts, books = workspace.order[0], workspace.facts[0], workspace.books[0]
    tie = world.ties[b, order.contact]
    supplier = world.suppliers[order.supplier]
    buyer_policy = world.buyer_policies[world.buyers[b].policy]
    supplier_policy = world.supplier_policies[supplier.policy]
    buyer_view = workspace.buyer_views[order.contact]
    first, second, muddle, leak = draw(market, DISCLOSURE, b)
    worth = order.lots * market.lot_cost
    if buyer_policy.disclosure_rule == CALCULATIVE:
        spared = (market.mismatch_unshared - market.mismatch_shared) * worth
        risk = market.leak_rate * (1.0 - buyer_view.trust) * market.leak_loss * worth
        weigh_disclosure(order, buyer_view, market.gain_sharing, spared, risk, market)
    buyer_tells = 1.0 if first < disclosure(order, buyer_view, buyer_policy, market) else 0.0
    supplier_view = workspace.supplier_view[0]
    if supplier_policy.disclosure_rule == CALCULATIVE:
        weigh_disclosure(order, supplier_view, 1.0 - market.gain_sharing, 0.0, 0.0, market)
    chance = disclosure(order, supplier_view, supplier_policy, market)
    supplier_tells = 1.0 if second < chance else 0.0
    order.buyer_disclosed = buyer_tells
    order.supplier_disclosed = supplier_tells
    both = 0.5 * (buyer_tells + supplier_tells)
    work_together(books, market, SOURCING, market.disclosure_hours * buyer_tells)
    supplier_work(books, market, market.disclosure_hours * supplier_tells)
    planned = market.mismatch_shared if buyer_tells == 1.0 else market.mismatch_unshared
    spend(books, DELAY, OUTSIDE, planned * worth)
    clear = (1.0 - 0.5 * both) * (1.0 - 0.5 * tie.knowhow)
    if buyer_policy.briefing_hours > 0.0:
        clear *= brief(buyer_policy.briefing_hours, books, market)
    if muddle < market.misunderstanding * clear:
        order.misunderstood = 1
        spend(books, DELAY, OUTSIDE, market.misunderstanding_cost * worth)
    leaky = 0.0 if supplier_policy.conduct == NEVER_CHEATS else supplier.opportunism
    if buyer_tells == 1.0 and leak < market.leak_rate * leaky:
        facts.leaked = 1
        spend(books, LEAKAGE, OUTSIDE, market.leak_loss * worth)
    learn_ideas(market, tie, both)
    if market.news_gain > 0.0:
        buyer = world.buyers[b]
        buyer.news = buyer.news + market.news_rate * supplier_tells * (1.0 - buyer.news)
    tie.buyer_shared = int(buyer_tells)
    tie.supplier_shared = int(supplier_tells)
    if world.bonds.shape[0] > 0:
        bond = world.bonds[b, order.contact]
        build_assets(bond, supplier_view, supplier_policy, books, market)
