"""Beliefs: what one side expects of another, as Beta counts for and against.

News of orders enters; a mean between 0 and 1 leaves. A stranger is judged by generalised trust,
public reputation and acquaintance.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled


@compiled
def updated(count: float, prior: float, forgetting: float, news: float) -> float:
    """Discount a Beta count towards its prior and add the news.

    With ``forgetting`` 1 the mean is the posterior (r + 1)/(r + s + 2) of Josang & Ismail (2002)
    for a prior of 1; below 1 news fades geometrically.
    """
    return prior + forgetting * (count - prior) + news


@compiled
def posterior(good: float, bad: float) -> float:
    """Give the public reputation: mean of the Beta posterior (Josang & Ismail 2002, eq. 5)."""
    return (good + 1.0) / (good + bad + 2.0)


@compiled
def lifted(mean: float, goodwill: float, market: Any) -> float:
    """Lift a mean belief by goodwill, towards 1."""
    return mean + market.goodwill_bonus * goodwill * (1.0 - mean)


@compiled
def on_record(rating: float, market: Any) -> Any:
    """Give the counts for and against that a public rating is worth."""
    return market.reputation_weight * rating, market.reputation_weight * (1.0 - rating)


@compiled
def stranger(
    policy: Any,
    general_good: float,
    general_bad: float,
    public: Any,
    acquainted: bool,
    market: Any,
) -> Any:
    """Give the counts for and against a stranger: evidence of all kinds, added up.

    The own prior, what experience with all partners counts for, and what is on public record for
    and against it; acquaintance moves a part of what speaks against it.
    """
    general = general_good / (general_good + general_bad)
    good = policy.prior_good + market.general_weight * general + public[0]
    bad = policy.prior_bad + market.general_weight * (1.0 - general) + public[1]
    if acquainted:
        good += market.acquaintance_bonus * bad
        bad -= market.acquaintance_bonus * bad
    return good, bad
