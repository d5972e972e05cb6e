"""Conduct: whether to be opportunistic when there is something to gain.

A side enters with what opportunism would bring and cost it, in its view; it leaves with a
probability. The same rules serve the supplier in production and the buyer in settlement.
"""

from __future__ import annotations

from math import exp
from typing import Any

from trustsim.engine.compiling import OWN_RULE, compiled, own_rule
from trustsim.schema.policy import choice_number

NEVER = choice_number("conduct", "never")
ALWAYS = choice_number("conduct", "always")
PROPENSITY = choice_number("conduct", "propensity")
CALCULATIVE = choice_number("conduct", "calculative")

FAIR, CHEATED = 1, 2
"""Last conduct of a side as a tie remembers it; 0 before the first order."""


@compiled
def propensity(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Cheat with a fixed probability in proportion to the trait of opportunism."""
    return policy.propensity * view.opportunism


@compiled
def calculative(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Cheat if it pays: logistic in gain less perceived loss.

    Klein & Leffler (1981) for the calculus, McKelvey & Palfrey (1995) for the quantal response;
    the noise is in proportion to what is at stake, so that small and large temptations are judged
    alike.
    """
    stake = abs(view.gain) + abs(view.loss)
    if stake <= 0.0:
        return 0.0
    excess = (view.gain - view.loss) / (view.noise * stake)
    if excess > 500.0:
        return 1.0
    if excess < -500.0:
        return 0.0
    return 1.0 / (1.0 + exp(-excess))


@compiled
def reciprocal(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Answer the last order by a memory-one strategy.

    Tit-for-tat, win-stay-lose-shift, always and never are points of this family.
    """
    if view.partner_conduct == 0.0:
        return policy.first_move
    if view.own_conduct == CHEATED:
        if view.partner_conduct == CHEATED:
            return policy.after_both_cheated
        return policy.after_own_cheating
    if view.partner_conduct == CHEATED:
        return policy.after_partner_cheated
    return policy.after_both_fair


@compiled
def conduct(order: Any, view: Any, policy: Any, market: Any) -> float:
    """Give the probability of opportunism by the policy's rule.

    The rule finds what opportunism would bring and cost in ``view.gain`` and ``view.loss``.
    """
    rule = policy.conduct
    if rule > OWN_RULE:
        return own_rule(rule, order, view, policy, market)
    if rule == NEVER:
        return 0.0
    if rule == ALWAYS:
        return 1.0
    if rule == PROPENSITY:
        return propensity(order, view, policy, market)
    if rule == CALCULATIVE:
        return calculative(order, view, policy, market)
    return reciprocal(order, view, policy, market)


@compiled
def weighs(policy: Any) -> bool:
    """Tell whether a policy asks what opportunism would bring and cost."""
    return policy.conduct == CALCULATIVE or policy.conduct > OWN_RULE


@compiled
def gravity(policy: Any) -> float:
    """Give the part of temptations that a policy carries to the worst.

    Who calculates has weighed the case; who cheats by propensity, in return or always takes the
    money, or denies the debt, in this part of the cases only.
    """
    return 1.0 if weighs(policy) else policy.worst


@compiled
def knowhow_to_come(view: Any, rate: float, discount: float) -> float:
    """Give the discounted sum of the know-how of rounds to come, while the relation lasts.

    Know-how closes ``rate`` of its gap to 1 a round: the sum over t from 1 of
    ``k^t (1 - (1 - knowhow) (1 - rate)^t)`` with k, discount times retention.
    """
    kept = discount * min(view.retained, 0.999)
    left = kept * (1.0 - rate)
    return kept / (1.0 - kept) - (1.0 - view.knowhow) * left / (1.0 - left)


@compiled
def future(margin: float, retained: float, discount: float) -> float:
    """Give the discounted value of going on: margin a round, kept with probability retained."""
    kept = discount * min(retained, 0.999)
    return max(margin, 0.0) * kept / (1.0 - kept)
