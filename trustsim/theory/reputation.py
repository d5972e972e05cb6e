"""Reputation: counts that fade (Josang & Ismail 2002), and delisting (Dellarocas 2005)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def beta_reputation(bad: npt.ArrayLike, forgetting: float = 1.0) -> float:
    """Give the mean (r + 1)/(r + s + 2) of experience that fades geometrically.

    Josang & Ismail (2002): ``bad`` says of each experience, in order, whether it was bad; one that
    was followed by k others weighs ``forgetting**k``.
    """
    news = np.asarray(bad, float)
    weight = forgetting ** np.arange(len(news) - 1.0, -1.0, -1.0)
    return float(((weight * (1.0 - news)).sum() + 1.0) / (weight.sum() + 2.0))


def delisting_equilibrium(
    value: float, cost: float, alpha: float, beta: float, discount: float
) -> tuple[float, float]:
    """Give the best a listed seller can earn, and the delisting probability that achieves it.

    Dellarocas (2005): a seller's effort costs ``cost`` and is worth ``value`` to buyers; a
    negative rating comes with probability ``alpha`` after effort and ``beta`` after cheating. If
    ``value/cost`` is below ``(beta + (1 - discount)/discount)/(beta - alpha)`` there is no trade.
    """
    ratio = value / cost
    patience = (1.0 - discount) / discount
    if ratio < (beta + patience) / (beta - alpha):
        return 0.0, 0.0
    worth = (value - cost - alpha * cost / (beta - alpha)) / (1.0 - discount)
    return worth, (1.0 - discount) / (discount * (ratio * (beta - alpha) - beta))
