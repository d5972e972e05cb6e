"""Channels: the uninformed stay with distributors, the informed see prices, service falls."""

from __future__ import annotations

import pytest

from trustsim.config.scenario import Scenario
from trustsim.simulation.run import simulate

SIZES = {"buyers": 60, "suppliers": 12, "rounds": 30}
TWO = {"online_share": 0.5, "service_saving": 0.04, "effort_cost": 0.02}


def found(**market: float) -> dict[str, float]:
    return simulate(Scenario("hard_but_fair", **{**SIZES, **market})).measures


def test_who_is_not_informed_never_buys_online() -> None:
    assert found(**TWO, informed=0.0)["online_rate"] == 0.0


def test_the_more_are_informed_the_more_is_bought_online() -> None:
    rates = [found(**TWO, informed=share)["online_rate"] for share in (0.25, 0.5, 1.0)]
    assert rates == sorted(rates)
    assert rates[2] > 2 * rates[0] > 0.0


def test_without_channels_it_is_the_same_who_is_informed() -> None:
    uninformed, informed = (found(informed=share) for share in (0.0, 1.0))
    assert informed["online_rate"] == 0.0
    assert informed["price_dispersion"] == uninformed["price_dispersion"] > 0.0


def test_online_a_buyer_goes_without_service() -> None:
    plain = {"service_saving": 0.0, "online_share": 1.0, "informed": 1.0}
    without, at_cost = (found(**{**plain, "service_saving": s}) for s in (0.0, 0.04))
    assert at_cost["cost_delay"] - without["cost_delay"] == pytest.approx(0.04, rel=0.02)


def test_distributors_serve_until_orders_go_online() -> None:
    # nobody is informed: full service, which saves all of the cost of going without
    kept = found(**TWO, informed=0.0, retaliation=1.0)
    assert kept["cost_delay"] == pytest.approx(
        found(**{**TWO, "service_saving": 0.0}, informed=0.0)["cost_delay"], abs=1e-9
    )
    some = {**TWO, "informed": 0.5}
    mild, hard = (found(**some, retaliation=share)["cost_delay"] for share in (0.0, 1.0))
    assert hard > mild + 0.002


def test_the_free_show_of_prices_costs_no_hours_of_tendering() -> None:
    # nothing else is worked on, so that ordering and tendering are all of sourcing
    lone = {"based_on": "hard_but_fair", "bidders": 1, "exploration": 0.0, "market_test": 0.0}
    one = {"policies": {"buyers": {"one": lone}}}
    hours = {"order_hours": 1.0, "tender_hours": 10.0, "hour_cost": 0.01}
    idle = ("qualification_hours", "coordination_hours", "disclosure_hours", "upkeep_hours")
    seen, not_seen = (
        simulate(
            Scenario("one", **one, **SIZES, **hours, **dict.fromkeys(idle, 0.0),
                     online_share=share, informed=1.0),
            orders=True,
        ).orders
        for share in (0.5, 0.0)
    )  # fmt: skip
    alone, free = not_seen[not_seen["bidders"] == 1], seen[seen["bidders"] > 2]
    assert len(alone) > 100
    assert len(free) > 100
    assert alone["cost_sourcing"].to_numpy() == pytest.approx(0.01, abs=1e-6)
    assert free["cost_sourcing"].min() == pytest.approx(0.01, abs=1e-6)
