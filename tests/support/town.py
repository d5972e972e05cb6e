"""A town of buyers and suppliers for tests of single choices: standing, streaks, contacts."""

from __future__ import annotations

from typing import Any

from support.one_order import PLACES, world_of

MARKET: dict[str, Any] = {
    "suppliers": 9, "contacts": 6, "tier_threshold": 0.7, "tier_bonus": 0.2, "streak_threshold": 4,
    "streak_bonus": 0.1, "hour_cost": 0.01, "order_hours": 1.0, "tender_hours": 2.5,
    "coordination_hours": 2.0, "qualification_hours": 7.0, "knowhow_ease": 0.4,
    "asset_saving": 0.5, "asset_lock": 0.3, "switching_cost": 0.2, "lot_cost": 1.5,
    "defect_bad": 0.4, "failure_cost": 0.6, "goodwill_bonus": 0.3,
}  # fmt: skip


def town(policy: Any = None, **market: Any) -> tuple[Any, Any]:
    world, workspace = world_of(policy, None, **{**MARKET, **market})
    world.suppliers["listed"] = [1, 1, 0, 1, 1, 1, 0, 1, 1]
    world.suppliers["rating"] = [0.1, 0.9, 0.95, 0.6, 0.5, 0.72, 0.8, 0.3, 0.65]
    world.suppliers["streak"] = [5, 0, 9, 4, 3, 8, 2, 1, 6]
    world.buyers["recommends"] = [b % 11 - 1 if b % 11 < 10 else -1 for b in PLACES]
    return world, workspace


def shown(world: Any, s: int) -> float:
    rating, streak = float(world.suppliers["rating"][s]), int(world.suppliers["streak"][s])
    return rating + 0.2 * (rating >= 0.7) + 0.1 * (streak >= 4)
