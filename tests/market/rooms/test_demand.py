"""Demand: its process, the shocks common to all, and what its mismatch costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of, orders_of, quiet

from trustsim.market.rooms.demand import mismatch
from trustsim.simulation.run import simulate


def test_demand_follows_the_process_of_the_closed_form() -> None:
    demand: dict[str, Any] = {"demand_volatility": 0.4, "demand_persistence": 0.7}
    outcome = simulate(quiet(rounds=200, buyers=100, **demand), orders=True)
    lots = needs_of(outcome)["lots"].to_numpy().reshape(200, 100)
    level = np.log(lots)
    assert lots.mean() == pytest.approx(1.0, abs=0.04)
    spread = 0.4 / np.sqrt(1.0 - 0.49)  # from the first round on
    assert level.std() == pytest.approx(spread, rel=0.03)
    assert level[0].std() == pytest.approx(spread, rel=0.3)
    earlier, later = level[:-1].ravel(), level[1:].ravel()
    assert np.corrcoef(earlier, later)[0, 1] == pytest.approx(0.7, abs=0.02)
    assert (later - 0.7 * earlier).std() == pytest.approx(0.4, rel=0.02)


@pytest.mark.parametrize("volatility", [0.0, 0.3])
def test_a_common_shock_hits_all_buyers_alike(volatility: float) -> None:
    orders = needs_of(
        simulate(quiet(buyers=10, rounds=400, common_volatility=volatility), orders=True)
    )
    lots = orders["lots"].to_numpy().reshape(400, 10)
    assert (lots == lots[:, :1]).all()
    assert np.log(lots[:, 0]).std() == pytest.approx(volatility, rel=0.12)


# Lee, So & Tang 2000: persistence, lead time, holding cost, shortage cost
CHAINS = [(0.0, 1, 1.0, 9.0), (0.5, 0, 1.0, 4.0), (0.6, 1, 1.0, 25.0), (0.9, 3, 2.0, 30.0)]


SHOCK = 0.3


def cost_of_supply(
    persistence: float, lead_time: int, holding: float, shortage: float, shared: bool
) -> float:
    """Simulate a buyer and its supplier under AR(1) demand; give the supplier's cost per round.

    The buyer follows an order-up-to policy with a lead time of zero. The supplier orders up to the
    mean of the buyer's orders over lead time + 1 rounds, as far as it can know it, and a safety
    stock; what is left of that when those rounds are over is held, what is missing is owed.
    """
    rounds = 200_000
    shocks = np.random.default_rng(12).normal(0.0, SHOCK, rounds)
    demand = np.empty(rounds)
    demand[0] = shocks[0]
    for t in range(1, rounds):
        demand[t] = persistence * demand[t - 1] + shocks[t]
    # the buyer's order: what it sold, and the change of what it expects to sell next
    orders = demand.copy()
    orders[1:] += persistence * (demand[1:] - demand[:-1])
    # the mean of the orders to come: Y' = rho Y + (1 + rho) e' - rho e
    last = persistence * shocks if shared else np.zeros(rounds)
    mean = np.zeros(rounds)
    expected = orders
    for ahead in range(lead_time + 1):
        expected = persistence * expected - (last if ahead == 0 else 0.0)
        mean += expected
    over_lead_time = np.convolve(orders, np.ones(lead_time + 1), "valid")[1:]
    surprise = over_lead_time - mean[: len(over_lead_time)]
    safety = np.quantile(surprise, shortage / (holding + shortage))
    left = safety - surprise
    return float(np.mean(np.where(left > 0.0, holding * left, -shortage * left)))


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("shared", [True, False])
def test_value_of_a_shared_forecast(chain: tuple[float, int, float, float], shared: bool) -> None:
    persistence, lead_time, holding, shortage = chain
    found = cost_of_supply(persistence, lead_time, holding, shortage, shared)
    formula = mismatch(persistence, SHOCK, lead_time, holding, shortage, shared)
    assert formula == pytest.approx(found, rel=0.015)


def test_sharing_is_worth_nothing_without_autocorrelation_and_more_with_more_of_it() -> None:
    def saved(persistence: float) -> float:
        alone, told = (mismatch(persistence, SHOCK, 1, 1.0, 9.0, s) for s in (False, True))
        return 1.0 - told / alone

    worth = [saved(persistence) for persistence in (0.0, 0.3, 0.6, 0.9)]
    assert worth[0] == 0.0
    assert worth == sorted(worth)
    assert worth[-1] > 0.08


def test_no_cost_of_mismatch_without_volatility_or_without_costs() -> None:
    for volatility, holding, shortage in ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)):
        assert mismatch(0.6, volatility, 1, holding, shortage, False) == 0.0


@pytest.mark.parametrize("costs", [(8.9e-71, 0.25), (0.25, 8.9e-71), (1e-300, 1e300)])
def test_a_cost_that_vanishes_beside_the_other_is_none(costs: tuple[float, float]) -> None:
    assert mismatch(0.6, 0.2, 1, *costs, False) == pytest.approx(0.0, abs=1e-60)


@pytest.mark.parametrize("shared", [True, False])
def test_the_market_charges_the_closed_form_per_lot(shared: bool) -> None:
    demand: dict[str, Any] = {"demand_volatility": SHOCK, "demand_persistence": 0.6, "lead_time": 2}
    costs: dict[str, Any] = {"holding_cost": 0.05, "shortage_cost": 0.4}
    buyer = {"disclosure_rule": "always" if shared else "never", "disclosure": 1.0}
    measures = simulate(quiet(buyer, rounds=300, buyers=20, **demand, **costs)).measures
    expected = mismatch(0.6, SHOCK, 2, 0.05, 0.4, shared)
    assert measures["accepted"] == pytest.approx(6_000, rel=0.1)
    assert measures["cost_delay"] == pytest.approx(expected, abs=2e-6)
    assert measures["total_cost"] == pytest.approx(1.15 + expected, abs=2e-6)


@pytest.mark.parametrize("spread", [0.0, 0.25, 0.8])
def test_orders_differ_in_size_by_the_spread(spread: float) -> None:
    # log-normal, of mean 1 lot whatever the spread
    lots = orders_of(lot_spread=spread, buyers=200, rounds=50)["lots"].to_numpy()
    assert len(lots) == 10_000
    logarithms = np.log(lots)
    assert logarithms.std() == pytest.approx(spread, abs=4 * spread / np.sqrt(2 * 10_000))
    error = np.sqrt((np.exp(spread**2) - 1) / 10_000)
    assert lots.mean() == pytest.approx(1.0, abs=4 * error + 1e-9)
