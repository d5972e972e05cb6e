"""Demand: does the buyer need something this round, and how much of it?

A buyer enters with its own level of demand, which follows an AR(1) process around a common one; it
leaves with an order of so many lots, or with nothing to do. The room also knows what it costs when
supply is planned without the buyer's forecast.
"""

from __future__ import annotations

from math import exp, sqrt
from statistics import NormalDist
from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.engine.luck import WORLD, draw, normal, number_of, two_normals

DEMAND = number_of("demand")
COMMON = number_of("common demand")
MOST_LOTS = 1000.0
"""Largest order, lots (assumption: no plant orders more than some years' need at once)."""


@inlined
def need(world: Any, workspace: Any, b: int) -> bool:
    """Draw whether the buyer orders and how many lots (mean 1 over time).

    Lots are lognormal with spread ``lot_spread`` times the level of demand, which is lognormal
    AR(1) with innovation ``demand_volatility`` and autocorrelation ``demand_persistence``.
    """
    market = world.market[0]
    buyer = world.buyers[b]
    order = workspace.order[0]
    wish, first, second, _ = draw(market, DEMAND, b)
    size, shock = two_normals(first, second)
    persistence = market.demand_persistence
    volatility = market.demand_volatility
    buyer.demand = persistence * buyer.demand + volatility * shock
    spread = market.lot_spread
    variance = volatility * volatility / (1.0 - persistence * persistence)
    lots = exp(spread * size - 0.5 * spread * spread)
    level = exp(buyer.demand - 0.5 * variance) * market.common_demand
    if market.news_gain > 0.0:
        level *= 1.0 + market.news_gain * buyer.news
        buyer.news = (1.0 - market.news_fading) * buyer.news
    order.lots = min(lots * level, MOST_LOTS)
    return wish < market.demand_rate


@compiled
def common(market: Any) -> None:
    """Draw the demand shock that all buyers share in a round (mean 1)."""
    first, second, _, _ = draw(market, COMMON, WORLD)
    spread = market.common_volatility
    market.common_demand = exp(spread * normal(first, second) - 0.5 * spread * spread)


def mismatch(
    persistence: float,
    volatility: float,
    lead_time: int,
    holding: float,
    shortage: float,
    shared: bool,
) -> float:
    """Give the cost per round of meeting AR(1) demand with or without the buyer's forecast.

    Lee, So & Tang (2000), *The value of information sharing in a two-level supply chain*: the
    supplier follows an order-up-to policy over its lead time and sees the buyer's orders; with
    sharing it also sees the last demand shock. The buyer's own lead time is zero.

    Parameters
    ----------
    persistence : float
        Autocorrelation of demand, 0 to below 1.
    volatility : float
        Standard deviation of the demand shock, lots.
    lead_time : int
        Supplier's lead time, rounds.
    holding, shortage : float
        Costs per lot and round of stock and of backlog.
    shared : bool
        Whether the supplier sees the shock.

    Returns
    -------
    float
        Cost per round, in the unit of ``holding`` times lots.
    """
    served = shortage / (holding + shortage) if shortage > 0.0 else 0.0
    if not 0.0 < served < 1.0 or volatility <= 0.0:
        return 0.0  # the side that costs nothing, next to the other, carries it all
    left = 1.0 - persistence
    periods = range(1, lead_time + 2)
    variance = sum(((1.0 - persistence ** (lead_time + 3 - i)) / left) ** 2 for i in periods)
    if not shared:
        variance += (persistence * (1.0 - persistence ** (lead_time + 1)) / left) ** 2
    safety = NormalDist().inv_cdf(served)
    return volatility * sqrt(variance) * (holding + shortage) * NormalDist().pdf(safety)
