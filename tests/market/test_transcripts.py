"""Repeated dealings of one pair, order by order, as the whole walk plays them."""

from __future__ import annotations

from typing import Any

import pytest
from support.quiet_market import quiet

from trustsim.simulation.run import simulate

# Every shaded lot fails and is traced; every unpaid invoice is a denial that the supplier sees.
PLAIN: dict[str, Any] = {"defect_bad": 1.0, "failure_traced": 1.0, "failure_cost": 0.0}
PLAIN |= {"scruple": 0.0, "value": 3.0, "credit_loss": 0.0, "rounds": 10}
OPEN = {"open": {"credit_days": 30.0}}
NAMES = (
    "first_move",
    "after_both_fair",
    "after_partner_cheated",
    "after_own_cheating",
    "after_both_cheated",
)


def strategy(*chances: float) -> dict[str, Any]:
    """Give a memory-one strategy; whoever cheats does it to the full."""
    return {"conduct": "reciprocal", "worst": 1.0, **dict(zip(NAMES, chances, strict=True))}


TIT_FOR_TAT = strategy(0.0, 0.0, 1.0, 0.0, 1.0)
WIN_STAY_LOSE_SHIFT = strategy(0.0, 0.0, 1.0, 1.0, 0.0)
GRIM = strategy(0.0, 0.0, 1.0, 1.0, 1.0)
NASTY_START = {"first_move": 1.0}


def cheats_at_2_3_and_6(order, tie, policy):
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
    orders = simulate(scenario, orders=True).orders
    assert orders is not None
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
    orders = simulate(scenario, orders=True).orders
    assert orders is not None
    moves = "".join("D" if cheats else "C" for cheats in orders["shaded"] == 1)
    assert moves == ("D" * 10 if rate else "D" + "C" * 9)


def test_reciprocal_disclosure_answers_the_partners_last_word() -> None:
    # the supplier tells when it was told; the buyer tells at even orders only
    def tells_at_even_orders(order, tie, policy):
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
    orders = simulate(scenario, orders=True).orders
    assert orders is not None
    assert list(orders["buyer_disclosed"]) == [1, 0] * 4
    assert list(orders["supplier_disclosed"]) == [1, 1, 0, 1, 0, 1, 0, 1]
