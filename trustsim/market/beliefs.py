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
def stranger(
    general_good: float,
    general_bad: float,
    rating: float,
    prior: float,
    acquainted: bool,
    market: Any,
) -> float:
    """Give trust in a stranger: own disposition, generalised trust, reputation, acquaintance."""
    general = general_good / (general_good + general_bad)
    own = 1.0 - market.general_weight - market.reputation_weight
    if own < 0.0:
        own = 0.0
    total = own + market.general_weight + market.reputation_weight
    mean = own * prior + market.general_weight * general + market.reputation_weight * rating
    mean = mean / total
    if acquainted:
        mean += market.acquaintance_bonus * (1.0 - mean)
    return mean
