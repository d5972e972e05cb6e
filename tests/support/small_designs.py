"""Texts of a small experiment and of the designs that are put under it."""

from __future__ import annotations

from collections.abc import Callable

from trustsim.config.experiment import ExperimentConfig

HEAD = """
name = "small"
rounds = 4
replications = 2
baseline = "low"
keep = ["runs"]
[market]
buyers = 6
suppliers = 4
[arms.high]
buyer_mix = { high_trust = 1.0 }
[arms.low]
buyer_mix = { adversarial = 1.0 }
"""

CUBE = """
[design]
method = "METHOD"
points = POINTS
[design.parameters]
market.demand_volatility = { low = 0.0, high = 0.6 }
market.supplier_mix.opportunist = { low = 0.0, high = 0.5 }
policies.buyers.high_trust.inspection = { choices = ["none", "all"] }
"""

GRID = """
[design]
method = "grid"
[design.parameters]
market.lot_cost = VALUES
"""

Make = Callable[..., ExperimentConfig]


def cube(method: str, points: int) -> str:
    return CUBE.replace("METHOD", method).replace("POINTS", str(points))


def grid(*values: float) -> str:
    return GRID.replace("VALUES", str(list(values)))
