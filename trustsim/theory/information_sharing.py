"""What a forecast is worth in a chain of two: Lee, So & Tang (2000)."""

from __future__ import annotations

import numpy as np
from scipy import stats


def supply_cost(
    persistence: float, volatility: float, lead_time: int, costs: tuple[float, float], told: bool
) -> float:
    """Give the cost of a round of a supplier that orders up to what it expects and a safety stock.

    The retailer's demand is AR(1), and it orders what it sold and the change of what it expects.
    An order Y follows from the one before as ``p Y - p e + (1 + p) e'``, from the last shock e and
    the new one. What the supplier cannot know of the orders of ``lead_time + 1`` rounds is a sum of
    shocks, each by its response in those orders: the shocks to come, and e unless it is told.

    Parameters
    ----------
    persistence, volatility : float
        First-order autocorrelation, and standard deviation of a shock.
    lead_time : int
        Rounds.
    costs : (float, float)
        Of a lot that is held and of one that is missing, for a round.
    told : bool
        Whether the retailer tells the last shock.
    """
    holding, shortage = costs
    rounds = np.arange(lead_time + 2)
    level = persistence ** rounds.astype(float)
    response = level * (1.0 + persistence)
    response[1:] -= persistence * level[:-1]
    unknown = np.cumsum(response)[: lead_time + 1] ** 2
    last = persistence * level[: lead_time + 1].sum()
    variance = unknown.sum() + (0.0 if told else last**2)
    safety = stats.norm.ppf(shortage / (holding + shortage))
    loss = (holding + shortage) * stats.norm.pdf(safety)
    return float(volatility * np.sqrt(variance) * loss)
