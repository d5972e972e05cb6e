"""Known answers of opportunism and inspection, met by the market and its rules at the limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from support.quiet_market import quiet

from trustsim.engine.compiling import records
from trustsim.market.records import Market, Order, Sight, Supplier, SupplierPolicy
from trustsim.market.rooms.inspection import acceptance
from trustsim.market.rooms.production import conduct, future, weigh_absconding, weigh_shading
from trustsim.simulation.run import build, simulate
from trustsim.theory.inspection import (
    inspection_game,
    operating_characteristic,
    quantal_inspection_game,
)

CALCULATIVE = 3
LOYAL = 0.999
"""Most that a supplier believes to be retained (`future`)."""


# A cheat is always found out and ends, as the supplier sees it, the relation and nothing else.
TRACED: dict[str, Any] = {
    "defect_bad": 1.0,
    "failure_traced": 1.0,
    "failure_cost": 0.0,
    "warranty": 0.0,
    "fine": 0.0,
    "sensitivity": 0.0,
}


PRICES: dict[str, Any] = {"cost_low": 0.85, "cost_high": 1.15, "value": 5.0}


def only_supplier() -> tuple[float, float]:
    """Give the cost and the margin of the only supplier, which asks the ceiling of costs."""
    cost = float(build(quiet(**PRICES), 0).suppliers["cost"][0])
    return cost, 1.15 - cost


def share_shaded(saved: float, discount: float) -> float:
    """Let a sharply calculating supplier serve its only buyer; give the share it shades at last.

    So much is saved by shading a lot.
    """
    cost, margin = only_supplier()
    outcome = simulate(
        quiet(
            supplier={"conduct": "calculative", "noise": 1e-4},
            rounds=120,
            shading_saving=saved / cost,
            discount=discount,
            **PRICES,
            **TRACED,
        )
    )
    assert outcome.measures["cost_price"] == pytest.approx(cost + margin, abs=1e-6)
    old = outcome.rounds["supplier_opportunism_rate"].to_numpy()[60:]
    return float(old.mean())


@pytest.mark.parametrize("discount", [0.3, 0.5, 0.7, 0.8])
def test_quality_assuring_premium(discount: float) -> None:
    # Klein & Leffler 1981: the premium must be the interest on what cheating saves
    _, margin = only_supplier()
    kept = discount * LOYAL
    interest = (1.0 - kept) / kept
    assert share_shaded(1.03 * margin / interest, discount) == 1.0
    assert share_shaded(0.97 * margin / interest, discount) == 0.0


@pytest.mark.parametrize(("t", "r", "p"), [(50.0, 40.0, 25.0), (50.0, 32.0, 25.0), (7.0, 6.0, 1.0)])
def test_two_grim_players_cooperate_if_they_are_patient_enough(
    t: float, r: float, p: float
) -> None:
    # Temptation T - R is what shading saves, R - P the margin that the relation earns a round and
    # that is gone when it is over; a grim partner never comes back. Cooperation is sustainable
    # iff delta >= (T - R)/(T - P).
    threshold = (t - r) / (t - p)
    _, margin = only_supplier()
    saved = margin * (t - r) / (r - p)
    assert share_shaded(saved, (threshold - 0.01) / LOYAL) == 1.0
    assert share_shaded(saved, (threshold + 0.01) / LOYAL) == 0.0
    # the same from the game itself, played out
    for delta in (threshold - 0.01, threshold + 0.01):
        weights = delta ** np.arange(5_000)
        fair = (r * weights).sum()
        cheating = t + p * weights[1:].sum()
        assert (cheating > fair) == (delta < threshold)


@pytest.mark.parametrize("retained", [0.0, 0.3, 0.95])
def test_future_is_the_discounted_margin_as_long_as_the_buyer_stays(retained: float) -> None:
    rounds = np.arange(1, 5_000)
    expected = (0.1 * (0.97 * retained) ** rounds).sum()
    assert future(0.1, retained, 0.97) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert future(-0.1, retained, 0.97) == 0.0


def situation(**market: float) -> tuple[Any, Any, Any, Any, Any]:
    """Make the records of one decision of a supplier: order, sight, policy, supplier, market."""
    order, sight, policy, supplier, world = (
        records(kind, 1)[0] for kind in (Order, Sight, SupplierPolicy, Supplier, Market)
    )
    policy["conduct"], policy["noise"] = CALCULATIVE, 1e-4
    supplier["listed"] = 1
    world["lot_cost"] = world["sensitivity"] = world["defect_bad"] = 1.0
    for name, value in market.items():
        world[name] = value
    return order, sight, policy, supplier, world


def test_a_sharp_response_cheats_if_and_only_if_gain_exceeds_loss() -> None:
    order, sight, policy, _, world = situation()
    for loss in (0.01, 1.0, 40.0):
        for gain in loss * np.array([0.0, 0.5, 0.99, 0.999, 1.001, 1.01, 2.0, 100.0]):
            sight["gain"], sight["loss"] = gain, loss
            chance = conduct(order, sight, policy, world)
            assert chance == pytest.approx(1.0 if gain > loss else 0.0, abs=0.01)
        sight["gain"] = loss
        assert conduct(order, sight, policy, world) == 0.5
    sight["gain"] = sight["loss"] = 0.0
    assert conduct(order, sight, policy, world) == 0.0


def test_a_noisy_response_is_logistic_in_the_relative_difference() -> None:
    # McKelvey & Palfrey 1995, with noise in proportion to gain plus loss
    order, sight, policy, _, world = situation()
    policy["noise"] = 0.2
    sight["gain"], sight["loss"] = 3.0, 2.0
    expected = 1.0 / (1.0 + np.exp(-(3.0 - 2.0) / (0.2 * 5.0)))
    assert conduct(order, sight, policy, world) == pytest.approx(expected, abs=1e-12)


def test_shading_weighs_rework_damages_relation_and_scruples() -> None:
    # by hand, per lot: defects .3 more likely; found .3 * .5 * .8 = .12, traced (.3 - .12) * .5
    order, sight, _, supplier, world = situation(
        shading_saving=0.15,
        defect_good=0.05,
        defect_bad=0.35,
        sensitivity=0.8,
        failure_traced=0.5,
        failure_cost=2.0,
        warranty=0.5,
        rework_cost=0.2,
        fine=0.05,
        discount=0.9,
        scruple=0.4,
    )
    order["price"] = 1.2
    sight["watched"], sight["retained"], sight["opportunism"] = 0.5, 0.5, 0.25
    weigh_shading(order, sight, supplier, 1.0, world)
    relation = 0.2 * 0.45 / (1.0 - 0.45)
    loss = 0.12 * 0.2 + 0.09 * (0.5 * 2.0 + 0.05) + 0.21 * relation + 0.4 * 0.75 * 0.3 * 2.0
    assert sight["gain"] == pytest.approx(0.15, abs=1e-12)
    assert sight["loss"] == pytest.approx(loss, abs=1e-12)


def test_absconding_weighs_the_law_the_relation_and_scruples() -> None:
    # by hand, per lot: 60 % of 1.2 in advance, .2 of margin forgone by not delivering
    order, sight, _, _, world = situation(
        enforcement=0.8, locatable=0.5, court_fee=0.1, fine=0.05, discount=0.9, scruple=0.4
    )
    order["price"], order["advance"], order["evidence"] = 1.2, 0.6, 0.5
    sight["retained"], sight["opportunism"] = 0.5, 0.25
    weigh_absconding(order, sight, 1.0, world)
    proof = 0.75 * 0.8 * 0.5
    loss = proof * (0.72 + 0.1) + 0.2 * 0.45 / 0.55 + 0.05 + 0.4 * 0.75 * 0.72
    assert sight["gain"] == pytest.approx(0.72 - 0.2, abs=1e-12)
    assert sight["loss"] == pytest.approx(loss, abs=1e-12)


# Inspection game: cost of a look h, saving of the worker c, stake w, fine f.
GAMES = [(8.0, 15.0, 20.0, 0.0), (8.0, 15.0, 20.0, 20.0), (1.0, 2.0, 10.0, 5.0)]


@pytest.mark.parametrize("game", GAMES)
def test_mixed_equilibrium_leaves_both_indifferent(game: tuple[float, ...]) -> None:
    cost, saving, stake, fine = game
    shirk, look = inspection_game(*game)
    assert shirk == pytest.approx(cost / (stake + fine))
    assert look == pytest.approx(saving / (stake + fine))
    assert shirk * (stake + fine) - cost == pytest.approx(0.0, abs=1e-12)
    assert saving - look * (stake + fine) == pytest.approx(0.0, abs=1e-12)


def test_probabilities_of_the_inspection_game_stay_within_1() -> None:
    assert inspection_game(30.0, 40.0, 20.0, 0.0) == (1.0, 1.0)


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("noise", [5.0, 1.0, 0.3])
def test_logit_equilibrium_of_the_inspection_game(game: tuple[float, ...], noise: float) -> None:
    cost, saving, stake, fine = game

    def logistic(x: float) -> float:
        return float(1.0 / (1.0 + np.exp(-x / noise)))

    def excess(shirk: float) -> float:
        look = logistic(shirk * (stake + fine) - cost)
        return logistic(saving - look * (stake + fine)) - shirk

    shirk, look = quantal_inspection_game(*game, noise)
    assert shirk == pytest.approx(brentq(excess, 0.0, 1.0), abs=1e-9)
    assert look == pytest.approx(logistic(shirk * (stake + fine) - cost), abs=1e-6)


@pytest.mark.parametrize("game", GAMES)
def test_logit_equilibrium_becomes_the_mixed_one_as_noise_goes(game: tuple[float, ...]) -> None:
    target = np.array(inspection_game(*game))
    away = [
        np.abs(np.array(quantal_inspection_game(*game, noise)) - target).max()
        for noise in (1.0, 0.1, 0.01, 0.001)
    ]
    assert away == sorted(away, reverse=True)
    assert away[-1] < 1e-3


def test_rule_equilibrium_inspects_at_the_mixed_rate_and_leaves_the_supplier_indifferent() -> None:
    # c = .2 of a price of 1, w = rework .5, every fault is seen: P(inspect) = .4
    game: dict[str, Any] = {"shading_saving": 0.2, "rework_cost": 0.5, "fine": 0.0}
    game |= {"sensitivity": 1.0, "defect_bad": 1.0, "inspection_cost": 0.0}
    prices = {"cost_low": 0.9, "cost_high": 1.0}
    outcome = simulate(
        quiet({"inspection": "equilibrium"}, buyers=50, rounds=400, **game, **prices)
    )
    expected = inspection_game(0.0, 0.2, 0.5, 0.0)[1]
    assert expected == pytest.approx(0.4)
    assert outcome.measures["inspection_rate"] == pytest.approx(expected, abs=0.014)  # 4 sd
    order, sight, policy, supplier, world = situation(**game)
    order["price"] = 1.0
    for watched, cheats in ((0.39, 1.0), (0.4, 0.5), (0.41, 0.0)):
        sight["watched"] = watched
        weigh_shading(order, sight, supplier, 1.0, world)
        assert conduct(order, sight, policy, world) == pytest.approx(cheats, abs=1e-6)


@pytest.mark.parametrize("rate", [0.02, 0.0495, 0.0505, 0.1])
def test_deming_inspects_all_or_none_whichever_is_cheaper(rate: float) -> None:
    # k1 = .05 to inspect, k2 = 1 per escaped defective; rejected lots are made good for nothing
    costs: dict[str, Any] = {"inspection_cost": 0.05, "failure_cost": 1.0, "failure_traced": 0.0}
    costs |= {"sensitivity": 1.0, "specificity": 1.0, "late_cost": 0.0}
    found = {
        rule: simulate(
            quiet(
                {"inspection": rule},
                {"admission": 1.0},
                buyers=50,
                rounds=400,
                defect_good=rate,
                defect_bad=rate,
                **costs,
            )
        ).measures
        for rule in ("none", "all", "deming")
    }
    cost = {rule: m["cost_inspection"] + m["cost_failure"] for rule, m in found.items()}
    assert cost["all"] == pytest.approx(0.05, abs=1e-6)
    assert cost["none"] == pytest.approx(rate, abs=0.009)  # 4 sd of 20,000 lots
    best = "all" if rate > 0.05 / 1.0 else "none"
    assert found["deming"]["inspection_rate"] == (1.0 if best == "all" else 0.0)
    assert cost["deming"] == cost[best]
    if abs(rate - 0.05) > 0.01:  # closer, luck decides which was the cheaper one
        assert cost["deming"] == min(cost.values())


PLAN = {0.01: 0.953, 0.025: 0.677, 0.04: 0.375, 0.065: 0.101}
"""Single sampling n = 80, c = 2: share of defective items, probability of accepting the lot."""


@pytest.mark.parametrize("fraction", PLAN)
def test_operating_characteristic(fraction: float) -> None:
    exact = operating_characteristic(80, 2, fraction)
    assert exact == pytest.approx(PLAN[fraction], abs=0.0006)
    assert exact == pytest.approx(stats.binom.cdf(2, 80, fraction), abs=1e-12)
    assert acceptance(80, 2, fraction) == pytest.approx(exact, abs=1e-12)


def test_acceptance_at_the_edges() -> None:
    assert acceptance(80, 2, 0.0) == 1.0
    assert acceptance(80, 2, 1.0) == 0.0
    assert acceptance(5, 5, 1.0) == 1.0
    assert acceptance(5, 9, 0.4) == pytest.approx(1.0)


@pytest.mark.parametrize("fraction", PLAN)
@pytest.mark.parametrize("defective", [False, True])
def test_sampled_lots_are_accepted_as_the_plan_says(fraction: float, defective: bool) -> None:
    # every dealing is the first one, so that the plan is neither tightened nor skipped
    lots = {"lot_bad_fraction" if defective else "lot_good_fraction": fraction}
    rate = 1.0 if defective else 0.0
    outcome = simulate(
        quiet(
            {"inspection": "sampling", "sample_size": 80, "acceptance_number": 2},
            buyers=100,
            rounds=200,
            break_rate=1.0,
            defect_good=rate,
            defect_bad=rate,
            knowhow_quality=0.0,
            **lots,
        ),
        orders=True,
    )
    orders = outcome.orders
    assert orders is not None
    assert orders["inspected"].all()
    assert (orders["defective"] == rate).all()
    assert 1.0 - orders["rejected"].mean() == pytest.approx(PLAN[fraction], abs=0.0145)  # 4 sd
