"""What bidders know: how often they win with a buyer, and what the buyer has cost them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.quiet_market import needs_of, quiet

from trustsim.market.rooms.negotiation import equilibrium_bid
from trustsim.schema import MARKET as ROWS
from trustsim.simulation.run import simulate

MARKET = {row.name: row.default for row in ROWS}
LOW, HIGH, RIVALS = (MARKET[name] for name in ("cost_low", "cost_high", "rivals"))
FAITHFUL = {
    "bidders": 2, "award": "logit", "price_weight": 0.0, "attraction_weight": 1.0,
    "intensity": 1000.0, "memory": 0.0,
}  # fmt: skip
"""A buyer that calls for two bids, and orders where it always did."""


def tenders(**market: Any) -> pd.DataFrame:
    """Tenders of thirty faithful buyers after the bidders have had time to learn."""
    sizes = {"buyers": 30, "suppliers": 30, "contacts": 2, "rounds": 150}
    scenario = quiet(FAITHFUL, **{**sizes, "value": 3.0, **market})
    orders = needs_of(simulate(scenario, orders=True))
    return orders[orders["round"] >= 120]


def test_an_incumbent_that_cannot_lose_asks_what_a_lone_supplier_asks() -> None:
    known, unknown = (tenders(known_odds=on, bid_entry=0) for on in (1, 0))
    assert known.groupby("buyer")["supplier"].nunique().max() == 1
    costs = unknown["unit_cost"].to_numpy()
    equal = np.array([equilibrium_bid(cost, HIGH, 2) for cost in costs])
    assert unknown["price"].to_numpy() == pytest.approx(equal, rel=1e-6)
    option = LOW + 2.0 * (HIGH - LOW) / (RIVALS + 1)
    lone = np.array([max(option, equilibrium_bid(cost, HIGH, RIVALS)) for cost in costs])
    # a cost above the mean explains less than half of the wins: nothing else can be lost
    dear = costs > 0.5 * (LOW + HIGH)
    assert 0.2 < dear.mean() < 0.8
    assert known["price"].to_numpy()[dear] == pytest.approx(lone[dear], abs=2e-3)


@pytest.mark.parametrize("entry", [0, 1])
def test_who_has_no_chance_to_win_does_not_pay_for_a_bid(entry: int) -> None:
    orders = tenders(known_odds=1, bid_entry=entry, hour_cost=0.01, bid_hours=1.0)
    if entry == 0:
        assert (orders["bidders"] == 2).all()
    else:
        assert orders["bidders"].mean() < 1.5
    assert orders["bids"].to_numpy() == pytest.approx(0.01 * orders["bidders"].to_numpy())


@pytest.mark.parametrize("known", [0.0, 0.5, 1.0])
def test_a_dear_customer_pays_as_far_as_its_suppliers_know_it(known: float) -> None:
    sizes = {"buyers": 60, "suppliers": 10, "contacts": 4, "rounds": 80}
    more = {"hour_cost": 0.01, "bid_hours": 0.0, "pass_on": 1.0, "value": 3.0}
    many = {"bidders": 4, "attraction_weight": 0.0}
    scenario = quiet(many, cost_to_serve=known, bid_entry=0, **{**sizes, **more}).replace(
        buyer_mix={"easy": 0.5, "dear": 0.5},
        policies={
            "buyers": {
                "easy": {"based_on": "buyer"},
                "dear": {"based_on": "buyer", "haggling": "fixed", "haggling_hours": 10.0},
            }
        },
    )
    orders = needs_of(simulate(scenario, orders=True))
    prices = orders[orders["round"] >= 40].groupby("buyer_policy", observed=True)["price"].mean()
    gap = prices["dear"] - prices["easy"]
    # ten hours of haggling cost a tenth of a lot; one of four bidders passes on three quarters
    assert gap == pytest.approx(0.075 * known, abs=0.015)
