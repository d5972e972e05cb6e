"""Arrears without the compiler, with every number worked out another way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.one_order import PLACES, Books, order_for, units, world_of
from support.settling import MARKET

from trustsim.engine.compiling import PLAIN
from trustsim.engine.luck import draw_slot, number_of
from trustsim.market.relations import age_bucket
from trustsim.market.rooms.arrears import (
    chase,
    close_out,
    owe,
)
from trustsim.schema.accounts import (
    BANKS,
    BUYERS,
    COURTS,
    DISPUTE,
    PAYMENT,
    PRICE,
    SUPPLIERS,
)
from trustsim.schema.events import CHASE, FINAL_PAYMENT, LATE_PAYMENT, SUIT, WRITE_OFF

LATE: dict[str, Any] = {
    "arrears_hazard": 0.3, "law_age": 4, "chase_hours": 2.0, "arrears_interest": 0.24,
    "late_interest_waived": 0.25, "late_gain": 0.8, "court_fee": 0.08, "enforcement": 0.75,
    "locatable": 0.9, "evidence": 0.4,
}  # fmt: skip


def interest(paid: float, age: int) -> float:
    return 0.75 * 0.24 * paid * age / 12


@pytest.mark.parametrize(("lots", "owed", "age"), [(0, 0, 0), (4_000_000, 3, 2), (1_000_000, 7, 6)])
def test_invoices_on_one_tie_share_their_mean_age(lots: int, owed: int, age: int) -> None:
    world, workspace = world_of(None, None, **MARKET)
    order_for(world, workspace, 0)
    tie, buyer = world.ties[0, 0], world.buyers[0]
    tie["owed"], tie["arrears"], buyer["debts"] = lots, owed, 5
    owe(buyer, tie, workspace.books[0], 1_000_000)
    mean = int(owed * lots / (lots + 1_000_000) + 0.5)
    assert (tie["owed"], tie["arrears"]) == (lots + 1_000_000, mean)
    assert abs(mean - age) <= 2
    assert buyer["debts"] == (6 if lots == 0 else 5)
    assert workspace.books["receivable"][0] == 1_000_000


def test_every_overdue_invoice_is_paid_taken_to_law_or_still_open() -> None:
    world, workspace = world_of(None, None, **{**MARKET, **LATE})
    market, seen = world.market[0], set()
    world.buyers["debts"] = 1
    for b in PLACES:
        order_for(world, workspace, b)
        k, age, owed = b % 3, b % 6, 0.5 + 0.02 * b
        world.ties["owed"][b] = 0
        tie, buyer = world.ties[b, k], world.buyers[b]
        tie["owed"], tie["arrears"], tie["orders"] = units(owed), age, 1 + b % 30
        gone = b % 8 == 7
        if gone:
            tie["generation"] += 1
        paid, right, result, _ = draw_slot(market, number_of("arrears"), b, k)
        age, expected, still = age + 1, Books(), False
        expected.work(DISPUTE, 2.0, 0.01)
        expected.supplier_work(2.0, 0.01)
        expected.pay(SUPPLIERS, BANKS, owed / 12 * 0.4)
        expected.spend(PAYMENT, BANKS, -owed / 12 * 0.3 * 0.8)
        if paid < 0.3 or gone:
            expected.pay(BUYERS, SUPPLIERS, owed)
            expected.spend(PAYMENT, SUPPLIERS, interest(owed, age))
            end = "paid"
        elif age >= 4:
            won = right < 0.7
            caught = won and result < 0.9 * (1 - float(buyer["remoteness"]) / 2)
            got = 0.75 * owed if caught else 0.0
            expected.work(DISPUTE, 3.0, 0.01)
            expected.supplier_work(3.0, 0.01)
            if won:
                expected.spend(DISPUTE, COURTS, 0.08 * 1.5)
            else:
                expected.pay(SUPPLIERS, COURTS, 0.08 * 1.5)
            expected.pay(BUYERS, SUPPLIERS, got)
            expected.spend(PAYMENT, SUPPLIERS, interest(got, age))
            expected.cost[PRICE] -= units(owed) - units(got)
            end = f"law {won} {caught}"
        else:
            still, end = True, "open"
        cash, supplier = int(buyer["cash"]), int(tie["supplier"])
        served = float(tie["served"])
        chase(world, workspace, b)
        assert buyer["debts"] == (1 if still else 0)
        assert (tie["owed"], tie["arrears"]) == ((units(owed), age) if still else (0, 0))
        np.testing.assert_allclose(workspace.balances[2], expected.flow, atol=3)
        assert int(buyer["cash"]) - cash == pytest.approx(expected.flow[BUYERS], abs=3)
        tally = workspace.suppliers[supplier]
        assert tally["cash"] == pytest.approx(expected.flow[SUPPLIERS], abs=3)
        profit = expected.flow[SUPPLIERS] - (0 if still else units(owed))
        assert tally["dealing"] == pytest.approx(-profit, abs=3)
        # a lot of the last half-dozen at a worth of 1.5
        assert float(tie["served"]) == pytest.approx(served - 0.15 * profit / 1.5e6, abs=1e-5)
        lost = units(owed) - units(got) if end.startswith("law") else 0
        told = [int(tally[name]) for name in ("chased", "suits", "ended", "waited")]
        ended = 0 if still else units(owed)
        assert told == [1, end.startswith("law"), ended, ended * age]
        assert tally["written_off"] == pytest.approx(lost, abs=1)
        entered = workspace.rounds[2, buyer["policy"]]
        np.testing.assert_allclose(entered["cost"], expected.cost, atol=3)
        assert entered["supplier_profit"] == pytest.approx(profit, abs=3)
        assert entered["arrears_days"] == pytest.approx(365e6 / 12, abs=1)
        assert workspace.facts["earlier"][0] == pytest.approx(sum(expected.cost), abs=3)
        bucket = age_bucket(max(int(tie["orders"]) - 1, 0))
        assert workspace.ages["cost"][bucket].tolist() == entered["cost"].tolist()
        assert np.flatnonzero(workspace.ages["cost"].any(axis=1)).tolist() == [bucket]
        assert not workspace.books["flow"].any()
        world.buyers["debts"][b] = 1
        seen.add(end)
    assert len(seen) >= 5


def test_overdue_invoices_that_are_kept_stand_at_their_places() -> None:
    world, workspace = world_of(None, None, **{**MARKET, **LATE})
    rows = workspace.books.dtype, workspace.order.dtype
    roomy = workspace._replace(
        books=np.zeros(7, rows[0]).view(type(workspace.books)),
        order=np.zeros(7, rows[1]).view(type(workspace.order)),
    )
    market = world.market[0]
    events = set()
    for b in PLACES:
        order_for(world, roomy, b)
        roomy.order["buyer"][0] = b
        world.buyers["debts"][b] = 3
        for k in range(3):
            tie = world.ties[b, k]
            tie["owed"], tie["arrears"], tie["orders"] = 400_000, (1, 3, 9)[k], k + 1
        chase(world, roomy, b)
        for k in range(3):
            paid, right, result, _ = draw_slot(market, number_of("arrears"), b, k)
            place = 2 * k + 1
            far = float(world.buyers["remoteness"][b])
            law = (2, 4, 10)[k] >= 4
            event = CHASE
            if paid < 0.3:
                event = LATE_PAYMENT
            elif law:
                caught = right < 0.7 and result < 0.9 * (1 - far / 2)
                event = SUIT if caught else WRITE_OFF
            assert roomy.books["event"][place] == event
            told = roomy.order[place]
            assert (told["round"], told["buyer"], told["contact"]) == (2, b, k)
            assert told["supplier"] == world.ties["supplier"][b, k]
            assert told["age"] == k
            events.add(int(event))
        assert not roomy.books["flow"][[0, 2, 4, 6]].any()
    assert len(events) == 4


def test_what_is_owed_at_the_end_of_a_relation_is_paid() -> None:
    world, workspace = world_of(None, None, **{**MARKET, **LATE})
    roomy = workspace._replace(
        books=np.zeros(7, workspace.books.dtype).view(type(workspace.books)),
        order=np.zeros(7, workspace.order.dtype).view(type(workspace.order)),
    )
    order_for(world, roomy, 1)
    tie = world.ties[1, 2]
    tie["owed"], tie["arrears"], tie["orders"] = 900_000, 6, 5
    world.buyers["debts"][1] = 2
    close_out(world, roomy, 1, 2)
    owed = units(interest(0.9, 6))
    kept = roomy.books[6]
    assert kept["event"] == FINAL_PAYMENT
    assert kept["flow"].tolist()[:2] == [-900_000 - owed, 900_000 + owed]
    assert kept["cost"][PAYMENT] == owed
    assert kept["cost"][PRICE] == 0
    assert kept["receivable"] == -900_000
    assert (roomy.order["contact"][6], roomy.order["age"][6]) == (2, 4)
    assert (tie["owed"], tie["arrears"], world.buyers["debts"][1]) == (0, 0, 1)


def test_arrears_are_no_older_than_a_byte_can_tell() -> None:
    world, workspace = world_of(
        None, None, **{**MARKET, **LATE, "arrears_hazard": 0.0, "law_age": 200}
    )
    world.market["law_age"] = 300
    # a byte that is one too large is one of 255 when compiled, and of nothing in plain NumPy
    for before, after in ((253, 254), (254, 255), *(() if PLAIN else ((255, 255),))):
        order_for(world, workspace, 0)
        world.ties["owed"][0] = [100_000, 0, 0]
        world.ties["arrears"][0, 0] = before
        chase(world, workspace, 0)
        assert world.ties["arrears"][0, 0] == after
