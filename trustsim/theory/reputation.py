"""Reputation mechanisms of marketplaces: Dellarocas (2005)."""

from __future__ import annotations


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
