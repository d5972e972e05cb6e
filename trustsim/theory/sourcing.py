"""Loyalty of buyers to sellers: the fixed point of Weisbuch, Kirman & Herreiner (2000)."""

from __future__ import annotations

import numpy as np


def logit_shares(intensity: float, memory: float, profit: float, rounds: int = 20_000) -> float:
    """Give the larger share of orders at the fixed point of two equal sellers.

    Mean-field dynamics of Weisbuch, Kirman & Herreiner (2000): attraction
    ``J <- (1 - memory) J + P profit`` with logit shares ``P``.
    """
    first, second = 1e-3 * profit / memory, 0.0
    share = 0.5
    for _ in range(rounds):
        share = 1.0 / (1.0 + float(np.exp(-intensity * (first - second))))
        first += memory * (share * profit / memory - first)
        second += memory * ((1.0 - share) * profit / memory - second)
    return share
