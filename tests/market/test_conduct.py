"""Rules of conduct, by hand, at their limits and order by order as the walk plays them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of, orders_of, quiet
from support.single_records import market, order, situation, supplier, view
from support.troubles import OPEN, SIZES

from trustsim.market.conduct import conduct, future, knowhow_to_come
from trustsim.simulation.run import simulate
from trustsim.testing import transcript

# Conduct: C is fair, D is cheating; the rule finds them as 1 and 2, 0 before.
STRATEGIES = {
    # first move, after both fair, after the partner, the agent, both cheated
    "tit for tat": ((0, 0, 1, 0, 1), "CCDDCDCC"),
    "win-stay lose-shift": ((0, 0, 1, 1, 0), "CCDCCDDD"),
    "grim": ((0, 0, 1, 1, 1), "CCDDDDDD"),
    "suspicious tit for tat": ((1, 0, 1, 0, 1), "DCDDCDCC"),
    "always fair": ((0, 0, 0, 0, 0), "CCCCCCCC"),
    "always cheating": ((1, 1, 1, 1, 1), "DDDDDDDD"),
}


PARTNER = "CDDCDCCC"


NAMES = (
    "first_move",
    "after_both_fair",
    "after_partner_cheated",
    "after_own_cheating",
    "after_both_cheated",
)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("side", ["buyer", "supplier"])
def test_reciprocal_plays_memory_one_strategies(name: str, side: str) -> None:
    chances, expected = STRATEGIES[name]
    moves = dict(zip(NAMES, map(float, chances), strict=True))
    assert transcript({"conduct": "reciprocal", **moves}, PARTNER, side=side) == expected


def test_generous_tit_for_tat_forgives_with_its_probability() -> None:
    policy = supplier(conduct="reciprocal", after_partner_cheated=0.7)
    cheated = view(own_conduct=1, partner_conduct=2)
    assert conduct(order(), cheated, policy, market()) == 0.7


@pytest.mark.parametrize("trait", [0.0, 0.25, 1.0])
def test_conduct_never_always_and_by_propensity(trait: float) -> None:
    tempted = view(gain=1.0, opportunism=trait)
    for name, expected in (("never", 0.0), ("always", 1.0), ("propensity", 0.6 * trait)):
        policy = supplier(conduct=name, propensity=0.6)
        assert conduct(order(), tempted, policy, market()) == pytest.approx(expected)


def test_a_sharp_response_cheats_if_and_only_if_gain_exceeds_loss() -> None:
    order, view, policy, _, world = situation()
    for loss in (0.01, 1.0, 40.0):
        for gain in loss * np.array([0.0, 0.5, 0.99, 0.999, 1.001, 1.01, 2.0, 100.0]):
            view["gain"], view["loss"] = gain, loss
            chance = conduct(order, view, policy, world)
            assert chance == pytest.approx(1.0 if gain > loss else 0.0, abs=0.01)
        view["gain"] = loss
        assert conduct(order, view, policy, world) == 0.5
    view["gain"] = view["loss"] = 0.0
    assert conduct(order, view, policy, world) == 0.0


def test_a_noisy_response_is_logistic_in_the_relative_difference() -> None:
    # McKelvey & Palfrey 1995, with noise in proportion to gain plus loss
    order, view, policy, _, world = situation()
    view["noise"] = 0.2
    view["gain"], view["loss"] = 3.0, 2.0
    expected = 1.0 / (1.0 + np.exp(-(3.0 - 2.0) / (0.2 * 5.0)))
    assert conduct(order, view, policy, world) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("retained", [0.0, 0.3, 0.95])
def test_future_is_the_discounted_margin_as_long_as_the_buyer_stays(retained: float) -> None:
    rounds = np.arange(1, 5_000)
    expected = (0.1 * (0.97 * retained) ** rounds).sum()
    assert future(0.1, retained, 0.97) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert future(-0.1, retained, 0.97) == 0.0


@pytest.mark.parametrize(("knowhow", "rate"), [(0.0, 0.0), (0.4, 0.0), (0.4, 0.3), (0.0, 1.0)])
@pytest.mark.parametrize("retained", [0.0, 0.6, 1.0])
def test_knowhow_to_come_is_summed_while_the_relation_lasts(
    knowhow: float, rate: float, retained: float
) -> None:
    rounds = np.arange(1, 5_000)
    kept = 0.95 * min(retained, 0.999)
    level = 1.0 - (1.0 - knowhow) * (1.0 - rate) ** rounds
    expected = (level * kept**rounds).sum()
    found = knowhow_to_come(view(knowhow=knowhow, retained=retained), rate, 0.95)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    if rate == 0.0:  # nothing is added: the saving of today, for ever
        assert found == pytest.approx(future(knowhow, retained, 0.95), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("conduct", "trait", "expected"),
    [("never", 1.0, 0.0), ("propensity", 0.0, 0.0), ("propensity", 0.5, 0.3), ("always", 0.0, 1.0)],
)
def test_suppliers_shade_as_often_as_their_conduct_says(
    conduct: str, trait: float, expected: float
) -> None:
    supplier = {"conduct": conduct, "propensity": 0.6}
    character = {"opportunism_mean": trait, "opportunism_spread": 0.0, "suppliers": 50}
    orders = orders_of({}, supplier, defect_bad=0.4, **character, **SIZES)
    assert orders["shaded"].mean() == pytest.approx(expected, abs=0.03 if 0 < expected < 1 else 0.0)
    if expected == 0.3:
        shaded = orders[orders["shaded"] == 1]
        assert shaded["defective"].mean() == pytest.approx(0.4, abs=0.05)
        assert orders.loc[orders["shaded"] == 0, "defective"].sum() == 0


# Every shaded lot fails and is traced; every unpaid invoice is a denial that the supplier sees.
PLAIN: dict[str, Any] = {"defect_bad": 1.0, "failure_traced": 1.0, "failure_cost": 0.0}
PLAIN |= {"scruple": 0.0, "value": 3.0, "credit_loss": 0.0, "rounds": 10}


def strategy(*chances: float) -> dict[str, Any]:
    """Give a memory-one strategy; whoever cheats does it to the full."""
    return {"conduct": "reciprocal", "worst": 1.0, **dict(zip(NAMES, chances, strict=True))}


TIT_FOR_TAT = strategy(0.0, 0.0, 1.0, 0.0, 1.0)


WIN_STAY_LOSE_SHIFT = strategy(0.0, 0.0, 1.0, 1.0, 0.0)


GRIM = strategy(0.0, 0.0, 1.0, 1.0, 1.0)


NASTY_START = {"first_move": 1.0}


def cheats_at_2_3_and_6(order, view, policy):
    return 1.0 if order.age == 2 or order.age == 3 or order.age == 6 else 0.0


SCRIPTED = {"conduct": cheats_at_2_3_and_6}


def played(buyer: dict[str, Any], supplier: dict[str, Any], **market: Any) -> tuple[str, str]:
    """Let a pair deal; give the moves of buyer and supplier, C for fair and D for cheating."""
    scenario = quiet(
        {"escalation": "write_off", **buyer},
        {"escalation": "write_off", "admission": 0.0, **supplier},
        OPEN,
        **{**PLAIN, **market},
    )
    orders = needs_of(simulate(scenario, orders=True))
    assert list(orders["age"]) == list(range(10))
    moves = orders["false_claim"] > 0, orders["shaded"] == 1
    first, second = ("".join("D" if cheats else "C" for cheats in side) for side in moves)
    return first, second


def test_a_supplier_answers_its_buyer_tit_for_tat() -> None:
    assert played(SCRIPTED, TIT_FOR_TAT) == ("CCDDCCDCCC", "CCCDDCCDCC")


def test_a_buyer_answers_its_supplier_tit_for_tat() -> None:
    assert played(TIT_FOR_TAT, SCRIPTED) == ("CCCDDCCDCC", "CCDDCCDCCC")


def test_grim_partners_never_come_back() -> None:
    assert played(SCRIPTED, GRIM)[1] == "CCCDDDDDDD"
    assert played(GRIM, GRIM) == ("C" * 10, "C" * 10)
    assert played(GRIM, {**GRIM, **NASTY_START}) == ("C" + "D" * 9, "D" * 10)


def test_win_stay_lose_shift_mends_a_slip() -> None:
    slip = {**WIN_STAY_LOSE_SHIFT, **NASTY_START}
    assert played(WIN_STAY_LOSE_SHIFT, slip) == ("CDCCCCCCCC", "DDCCCCCCCC")


def test_tit_for_tat_echoes_a_slip_for_ever() -> None:
    slip = {**TIT_FOR_TAT, **NASTY_START}
    assert played(TIT_FOR_TAT, slip) == ("CD" * 5, "DC" * 5)


def test_what_is_not_found_out_is_not_answered() -> None:
    # a failure that is not traced to the supplier is no cheating in the buyer's eyes
    assert played(TIT_FOR_TAT, SCRIPTED, failure_traced=0.0)[0] == "C" * 10


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_new_relation_starts_from_the_first_move(rate: float) -> None:
    scenario = quiet(
        {"escalation": "write_off"},
        {**TIT_FOR_TAT, **NASTY_START},
        OPEN,
        break_rate=rate,
        suppliers=2,
        **PLAIN,
    )
    orders = needs_of(simulate(scenario, orders=True))
    moves = "".join("D" if cheats else "C" for cheats in orders["shaded"] == 1)
    assert moves == ("D" * 10 if rate else "D" + "C" * 9)
