"""Numbers at the edge: money that would not fit, orders without end."""

from __future__ import annotations

import pytest

from trustsim import ConfigError, Scenario, simulate


def test_more_money_than_fits_is_refused() -> None:
    scenario = Scenario("high_trust", buyers=10_000_000, rounds=30_000, lot_cost=1000.0)
    with pytest.raises(ConfigError, match="smaller lot_cost"):
        simulate(scenario)


def test_wild_demand_stays_countable() -> None:
    wild = Scenario(
        "high_trust", buyers=4000, suppliers=5, rounds=60, lot_spread=2.0,
        demand_volatility=2.0, demand_persistence=0.0,
    )  # fmt: skip
    outcome = simulate(wild, orders=True)
    assert outcome.orders is not None
    assert outcome.orders["lots"].max() == 1000.0
    assert (outcome.balances.sum(axis=1) == 0).all()
