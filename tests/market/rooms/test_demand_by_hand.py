"""Needs of single buyers, each with its own luck, and the cost of mismatch by its formula."""

from __future__ import annotations

from math import cos, exp, log, pi, sin, sqrt

import pytest
from scipy import stats
from support.one_order import PLACES, order_for, world_of

from trustsim.engine.luck import draw, number_of
from trustsim.market.rooms.demand import common, mismatch, need


def test_every_need() -> None:
    world, workspace = world_of(
        None, None, demand_rate=0.6, demand_persistence=0.7, demand_volatility=0.4, lot_spread=0.5
    )
    world.market["common_demand"] = 1.3
    seen = set()
    for b in PLACES:
        order = order_for(world, workspace, b)
        before = 0.1 * b - 1.0
        world.buyers["demand"][b] = before
        wish, first, second, _ = draw(world.market[0], number_of("demand"), b)
        radius = sqrt(-2 * log(first))
        size, shock = radius * cos(2 * pi * second), radius * sin(2 * pi * second)
        level = 0.7 * before + 0.4 * shock
        variance = 0.16 / (1 - 0.49)
        lots = exp(0.5 * size - 0.125) * exp(level - variance / 2) * 1.3
        assert bool(need(world, workspace, b)) == (wish < 0.6)
        assert float(world.buyers["demand"][b]) == pytest.approx(level)
        assert order["lots"] == pytest.approx(lots)
        seen.add(wish < 0.6)
    assert len(seen) == 2


def test_no_order_is_larger_than_a_thousand_lots() -> None:
    world, workspace = world_of(None, None)
    world.market["common_demand"] = 1e9
    order = order_for(world, workspace, 0)
    need(world, workspace, 0)
    assert order["lots"] == 1000.0


@pytest.mark.parametrize("number", range(4))
def test_the_shock_that_all_share(number: int) -> None:
    world, _ = world_of(None, None, common_volatility=0.3)
    market = world.market[0]
    market["round"] = number
    first, second, _, _ = draw(market, number_of("common demand"), 0)
    drawn = sqrt(-2 * log(first)) * cos(2 * pi * second)
    common(market)
    assert market["common_demand"] == pytest.approx(exp(0.3 * drawn - 0.045))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(("rho", "lead"), [(0.0, 0), (0.6, 0), (0.6, 2), (0.9, 4)])
def test_the_cost_of_mismatch_by_its_formula(rho: float, lead: int, shared: bool) -> None:
    # Lee, So & Tang 2000: variance of demand over the lead time and a round
    powers = [sum(rho**j for j in range(k)) for k in range(1, lead + 3)]
    variance = sum(power**2 for power in powers[1:])
    if not shared:
        variance += (rho * powers[lead]) ** 2
    quantile = stats.norm.ppf(9 / 11)
    expected = 0.3 * sqrt(variance) * (2 + 9) * stats.norm.pdf(quantile)
    assert mismatch(rho, 0.3, lead, 2.0, 9.0, shared) == pytest.approx(expected)
