"""A supplier's health: what can be seen of whether it will last, and what that is worth."""

from __future__ import annotations

from math import erfc, sqrt
from typing import Any

from trustsim.engine.compiling import compiled
from trustsim.engine.luck import draw_slot, normal, number_of
from trustsim.schema.accounts import MICRO

HEALTH = number_of("health")


@compiled
def chance_to_fail(cushion: float, market: Any) -> float:
    """Give the chance that a supplier uses up its credit line within a year.

    Its cash is a random walk without drift, and fails where it first passes the line (Black & Cox
    1976). The ``cushion`` is cash and credit, in rounds of usual sales.
    """
    spread = market.cash_volatility * sqrt(2.0 * market.rounds_per_year)
    return erfc(max(cushion, 0.0) / spread)


@compiled
def default_risk(supplier: Any, market: Any, b: int, k: int) -> float:
    """Give the chance to fail of a contact as the buyer reads it off its accounts, with noise."""
    first, second, _, _ = draw_slot(market, HEALTH, b, k)
    sales = MICRO * market.usual_sales * market.lot_cost
    cushion = (supplier.cash + market.credit) / sales
    return chance_to_fail(cushion + market.health_noise * normal(first, second), market)


@compiled
def worry(risk: float, policy: Any, market: Any) -> float:
    """Give what a buyer would pay for a lot not to depend on a supplier that may fail.

    Default risk is weighed against price (Babich, Burnetas & Ritchken 2007).
    """
    return policy.health_weight * risk * market.lot_cost
