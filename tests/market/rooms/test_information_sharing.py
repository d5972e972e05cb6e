"""Information sharing: who discloses, what leaks, and what grows from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import ROUNDS, needs_of, orders_of, quiet
from support.single_records import buyer, market, order, supplier, view
from support.troubles import TELL

from trustsim.market.rooms.information_sharing import disclosure, weigh_disclosure
from trustsim.simulation.run import simulate


def test_disclosure_rules() -> None:
    partner = (1, 0, 0, 1)
    trusts = (0.4, 0.5, 0.6, 0.7, 0.8)
    expected = {
        "never": [0.0] * 5,
        "always": [0.5] * 5,
        "by_trust": [0.2, 0.25, 0.3, 0.35, 0.4],
        "reciprocal": [0.2, 0.5, 0.0, 0.0, 0.5],  # by trust at first, then as the partner did
    }
    for name, chances in expected.items():
        for side in (buyer, supplier):
            policy = side(disclosure_rule=name, disclosure=0.5)
            found = [
                disclosure(
                    order(),
                    view(trust=trust, orders=done, partner_shared=partner[done - 1] if done else 0),
                    policy,
                    market(),
                )
                for done, trust in enumerate(trusts)
            ]
            assert found == pytest.approx(chances), name


def test_telling_weighs_what_comes_of_it_against_hours_and_leaks() -> None:
    # half of the growth is one side's doing: .5 x .2 of a gap of .6, kept with .9 x .8 a round
    world = market(
        knowhow_rate=0.2, knowhow_gain=0.3, lot_cost=2.0, discount=0.9, disclosure_hours=1.5,
        hour_cost=0.01,
    )  # fmt: skip
    seen = view(knowhow=0.4, retained=0.8)
    weigh_disclosure(order(), seen, 0.75, 0.05, 0.03, world)
    rounds = np.arange(1, 500)
    saved = 0.75 * 0.3 * 2.0 * (0.06 * (0.9 * 0.8) ** rounds).sum()
    assert seen["gain"] == pytest.approx(0.05 + saved, rel=1e-9)
    assert seen["loss"] == pytest.approx(0.015 + 0.03, rel=1e-9)
    policy = supplier(disclosure_rule="calculative", disclosure=0.6)
    assert disclosure(order(), seen, policy, world) == pytest.approx(0.6)
    seen["gain"] = 0.04
    assert disclosure(order(), seen, policy, world) == pytest.approx(0.0)


@pytest.mark.parametrize(("part", "tells"), [(0.0, (0, 1)), (0.5, (1, 1)), (1.0, (1, 0))])
def test_who_gains_by_sharing_shares(part: float, tells: tuple[int, int]) -> None:
    told = {"disclosure_rule": "calculative", "disclosure": 1.0}
    costs = {"disclosure_hours": 1.0, "hour_cost": 1e-4, "lead_time": 0, "discount": 0.97}
    orders = orders_of(
        told,
        told,
        knowhow_rate=0.1,
        knowhow_gain=0.3,
        gain_sharing=part,
        bid_entry=0,
        **costs,
    )
    later = orders[
        orders["round"] > 0
    ]  # at first a supplier does not expect to see the buyer again
    assert (later["buyer_disclosed"] == tells[0]).all()
    assert (later["supplier_disclosed"] == tells[1]).all()


def test_reciprocal_disclosure_answers_the_partners_last_word() -> None:
    # the supplier tells when it was told; the buyer tells at even orders only
    def tells_at_even_orders(order, view, policy):
        return 1.0 if order.age % 2 == 0 else 0.0

    scenario = quiet(
        {"disclosure_rule": tells_at_even_orders},
        {
            "disclosure_rule": "reciprocal",
            "disclosure": 1.0,
            "prior_good": 1000.0,
            "prior_bad": 0.01,
        },
        rounds=8,
    )
    orders = needs_of(simulate(scenario, orders=True))
    assert list(orders["buyer_disclosed"]) == [1, 0] * 4
    assert list(orders["supplier_disclosed"]) == [1, 1, 0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("buyer", "supplier", "growth"),
    [({}, {}, 0.0), (TELL, {}, 0.1), ({}, TELL, 0.1), (TELL, TELL, 0.2)],
)
def test_knowhow_grows_as_far_as_sides_disclose(
    buyer: dict[str, Any], supplier: dict[str, Any], growth: float
) -> None:
    orders = orders_of(buyer, supplier, knowhow_rate=0.2, knowhow_gain=0.3, gain_sharing=0.25)
    knowhow = 1.0 - (1.0 - growth) ** ROUNDS
    np.testing.assert_allclose(orders["knowhow"], knowhow, atol=1e-6)
    assert (orders["buyer_disclosed"] == bool(buyer)).all()
    assert (orders["supplier_disclosed"] == bool(supplier)).all()
    # it lowers the cost, and the buyer's price by its part of that
    saved = orders["unit_cost"].iloc[0] * 0.3 * knowhow
    np.testing.assert_allclose(orders["unit_cost"].iloc[0] - orders["unit_cost"], saved, atol=1e-6)
    np.testing.assert_allclose(orders["price"], 1.15 - 0.25 * saved, atol=1e-6)


def test_knowhow_saves_defects_lateness_misunderstandings_and_hours() -> None:
    faults: dict[str, Any] = {
        "defect_good": 0.3,
        "defect_bad": 0.3,
        "late_rate": 0.3,
        "capacity": 1000.0,
        "misunderstanding": 0.3,
        "coordination_hours": 2.0,
        "knowhow_ease": 0.5,
    }
    expert = {"knowhow_rate": 1.0, "knowhow_quality": 0.8, "knowhow_punctuality": 0.6}
    sizes = {"buyers": 200, "rounds": 20, "qualification_hours": 0.0, "disclosure_hours": 0.0}
    sizes |= {"upkeep_hours": 0.0, "joint_hours": 0.0}
    ignorant = orders_of(**faults, **sizes)
    skilled = orders_of(TELL, TELL, **faults, **expert, **sizes)
    skilled = skilled[skilled["age"] > 0]  # know-how is complete after the first order
    for field, off, on in (
        ("defective", 0.3, 0.3 * 0.2),
        ("late", 0.3, 0.3 * 0.4),
        ("misunderstood", 0.3, 0.3 * 0.5 * 0.5),
    ):
        assert ignorant[field].mean() == pytest.approx(off, abs=0.03), field
        assert skilled[field].mean() == pytest.approx(on, abs=0.02), field
    np.testing.assert_allclose(ignorant["productive_hours"], 2.0, atol=1e-6)
    np.testing.assert_allclose(skilled["productive_hours"], 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("rate", "trait", "tells", "expected"),
    [(0.0, 1.0, TELL, 0.0), (0.3, 0.0, TELL, 0.0), (0.3, 1.0, {}, 0.0), (0.3, 1.0, TELL, 0.3)],
)
def test_what_is_disclosed_leaks_at_opportunists(
    rate: float, trait: float, tells: dict[str, Any], expected: float
) -> None:
    character = {"opportunism_mean": trait, "opportunism_spread": 0.0}
    loss = {"leak_rate": rate, "leak_loss": 0.2, "buyers": 100, "rounds": 50}
    tempted = {"conduct": "propensity", "propensity": 0.0}
    found = simulate(quiet(tells, tempted, **loss, **character)).measures["cost_leakage"] / 0.2
    assert found == pytest.approx(expected, abs=0.026 if expected else 0.0)  # 4 sd
    fair = {"conduct": "never"}
    assert simulate(quiet(tells, fair, **loss, **character)).measures["cost_leakage"] == 0.0


@pytest.mark.parametrize("traced", [0.0, 0.6, 1.0])
def test_a_leak_that_is_traced_is_a_grievance(traced: float) -> None:
    orders = orders_of(
        TELL,
        {"conduct": "propensity", "propensity": 0.0},
        leak_rate=1.0,
        failure_traced=traced,
        opportunism_mean=1.0,
        opportunism_spread=0.0,
        buyers=100,
        rounds=40,
    )
    assert orders["leaked"].all()
    error = 0.031 if 0.0 < traced < 1.0 else 0.0  # 4 sd
    assert orders["grievance"].mean() == pytest.approx(traced, abs=error)


@pytest.mark.parametrize("rate", [0.0, 0.2])
def test_specific_assets_are_built_on_trust_save_hours_and_lock_in(rate: float) -> None:
    hours = {"coordination_hours": 2.0, "asset_saving": 0.5, "qualification_hours": 0.0}
    outcome = simulate(
        quiet(
            {"upkeep": 0.0},
            {"asset_rate": rate},
            trust_forgetting=1.0,
            asset_cost=0.1,
            asset_lock=0.4,
            hold_up=0.5,
            value=3.0,
            **hours,
        ),
        orders=True,
    )
    orders = needs_of(outcome)
    assets = [0.0]
    for n in range(12):
        trust = (n + 1) / (n + 2)
        assets.append(assets[-1] + rate * trust * (1.0 - assets[-1]))
    before = np.array(assets[:-1])
    assert outcome.world.bonds["assets"].sum() == pytest.approx(assets[-1], abs=1e-6)
    np.testing.assert_allclose(orders["productive_hours"], 2.0 * (1.0 - 0.5 * before), atol=1e-6)
    np.testing.assert_allclose(orders["price"], 1.15 + 0.5 * 0.4 * before, atol=1e-6)
    paid = (orders["price"] - orders["unit_cost"]).sum() - orders["profit"].sum()
    assert paid == pytest.approx(0.1 * assets[-1], abs=1e-4)


@pytest.mark.parametrize(("rate", "fading"), [(1.0, 0.0), (0.5, 0.0), (0.5, 0.2)])
def test_market_news_raises_the_sales_of_a_buyer(rate: float, fading: float) -> None:
    told = {"disclosure_rule": "always", "disclosure": 1.0}
    orders = orders_of({}, told, news_gain=0.5, news_rate=rate, news_fading=fading)
    news, lots = 0.0, []
    for _ in range(len(orders)):
        lots.append(1.0 + 0.5 * news)
        news *= 1.0 - fading
        news += rate * (1.0 - news)
    assert orders["lots"].to_numpy() == pytest.approx(np.array(lots), rel=1e-6)
    silent = orders_of({}, {"disclosure_rule": "never"}, news_gain=0.5, news_rate=rate)
    assert (silent["lots"] == 1.0).all()


def test_talking_an_order_over_clears_up_what_could_be_misunderstood() -> None:
    never = {"disclosure_rule": "never"}
    sizes = {"buyers": 200, "rounds": 40, "misunderstanding": 0.8, "briefing_rate": 0.5}
    for hours in (0.0, 1.0, 4.0):
        orders = orders_of({**never, "briefing_hours": hours}, never, **sizes, hour_cost=0.001)
        expected = 0.8 * np.exp(-0.5 * hours)
        assert orders["misunderstood"].mean() == pytest.approx(expected, abs=0.02)
        idle = orders_of(never, never, **sizes, hour_cost=0.001)
        worked = orders["cost_sourcing"].to_numpy() - idle["cost_sourcing"].to_numpy()
        assert worked == pytest.approx(0.001 * hours, abs=1e-6)
