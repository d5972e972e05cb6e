"""Acceptance, payment and arrears of single orders, each with its own luck, in plain numbers."""

from __future__ import annotations

from math import log
from typing import Any

import pytest
from support.one_order import PLACES, Books, dealing_for, order_for, units, world_of
from support.settling import MARKET

from trustsim.engine.luck import draw, draw_slot, number_of
from trustsim.market.rooms.settlement import (
    deny,
    evidence_against,
    settle,
)
from trustsim.schema.accounts import (
    BAD_DEBT,
    BANKS,
    BUYERS,
    DELAY,
    DISPUTE,
    FAILURE,
    OUTSIDE,
    PAYMENT,
    PLATFORM,
    PRICE,
    SUPPLIERS,
)

WRITES_OFF = {"escalation": "write_off"}


def kind_of(b: int) -> str:
    return ("good", "rejected", "traced", "leaked", "gone", "lost")[b % 6]


@pytest.mark.parametrize("on_time", [True, False])
def test_every_order_is_accepted_and_paid_or_made_good_or_done_without(on_time: bool) -> None:
    lateness = {} if on_time else {"lateness": 1.0}
    world, workspace = world_of({**WRITES_OFF, **lateness}, {"admission": 0.5}, **MARKET)
    market, seen = world.market[0], set()
    for b in PLACES:
        kind = kind_of(b)
        terms = {"advance": 0.3, "on_delivery": 0.2, "after": 0.5 if b % 2 else 0.25,
                 "held": float(b % 4 == 1), "instrument": 0}  # fmt: skip
        delivered = kind not in ("gone", "lost")
        order = order_for(
            world, workspace, b, delivered=delivered, rejected=kind == "rejected", **terms
        )
        facts = workspace.facts[0]
        facts["absconded"], facts["traced"] = kind == "gone", kind == "traced"
        facts["leaked"], facts["defective"] = kind == "leaked", b % 3 == 0
        expected, worth = Books(), order["lots"] * 1.5
        amount = order["price"] * order["lots"]
        event = number_of("settlement")
        admitted, strained, collected, known = draw(market, event, b)
        _, _, _, wait = draw_slot(market, event, b, 1)
        grievance = disputed = paid_late = 0
        owed = days = 0.0
        if not delivered:
            expected.spend(DELAY, OUTSIDE, 0.3 * worth)
            if kind == "gone":
                grievance = disputed = 1
                expected.spend(BAD_DEBT, SUPPLIERS, 0.3 * (1 - terms["held"]) * amount)
        else:
            if kind == "rejected":
                grievance = 1
                stake = 0.2 * worth
                expected.spend(DELAY, OUTSIDE, 0.1 * worth)
                safe = terms["after"] + terms["held"] * 0.3 >= 0.5
                if admitted < 0.5 or safe:
                    expected.pay(SUPPLIERS, OUTSIDE, stake)
                else:
                    expected.spend(FAILURE, OUTSIDE, stake)
                    disputed = 1
            elif kind == "traced":
                grievance = 1
                if admitted < 0.5:
                    expected.pay(SUPPLIERS, BUYERS, 0.5 * 0.8 * worth)
                    expected.cost[FAILURE] -= units(0.5 * 0.8 * worth)
                else:
                    disputed = 1
            elif kind == "leaked":
                grievance = int(known < 0.6)
            due = terms["after"] * amount
            if collected < 0.6 * order["remoteness"]:
                due += 0.2 * amount
            expected.cost[PRICE] += units(amount)
            expected.pay(BUYERS, SUPPLIERS, amount - due)
            if not on_time:
                paid_late, owed = 1, due
            else:
                if strained < 0.4:
                    paid_late, days = 1, -log(wait) * 20
                    expected.pay(SUPPLIERS, BANKS, due * 0.4 * days / 365)
                    expected.spend(PAYMENT, BANKS, -due * 0.3 * days / 365)
                expected.pay(BUYERS, SUPPLIERS, due)
        before = world.ties["owed"][b, b % 3]
        settle(world, workspace, b)
        books = workspace.books[0]
        expected.held_against(books)
        assert order["accepted"] == delivered
        assert (order["grievance"], order["disputed"]) == (grievance, disputed)
        assert order["paid_late"] == paid_late
        assert order["buyer_accused"] == (kind == "rejected" and b % 3 != 0)
        assert facts["delayed_payment"] == (owed > 0)
        assert books["arrears_days"] == pytest.approx(days)
        assert world.ties["owed"][b, b % 3] - before == pytest.approx(units(owed), abs=2)
        assert books["receivable"] == pytest.approx(units(owed), abs=2)
        tally = workspace.suppliers[order["supplier"]]
        assert tally["late_invoices"] == (owed > 0)
        mended = kind in ("rejected", "traced") and not disputed
        assert order["redressed"] == mended
        seen.add((kind, disputed, paid_late))
    assert len(seen) >= 7


@pytest.mark.parametrize("claim", [1, 2, 3])
def test_every_debt_that_is_denied(claim: int) -> None:
    world, workspace = world_of(None, {"escalation": "platform"}, **MARKET)
    seen = set()
    for b in PLACES:
        order, expected = order_for(world, workspace, b, secured=0.25), Books()
        view = workspace.buyer_views[b % 3]
        view["opportunism"] = 0.4
        record = {1: 0.7, 2: 0.3, 3: order["evidence"] * (1 - 0.5 * 0.4)}[claim]
        assert evidence_against(claim, order, view, world.market[0]) == pytest.approx(record)
        _, right, result, _ = draw(world.market[0], number_of("supplier dispute"), b)
        won, due = right < (1 + record) / 2, 0.8 + 0.01 * b
        caught = won and result < 0.8 * (1 - float(order["remoteness"]) / 2)
        back = 0.6 * 0.75 * due if caught else 0.0
        expected.pay(BANKS, SUPPLIERS, 0.25 * due)
        expected.pay(BUYERS, BANKS, 0.25 * due)
        expected.work(DISPUTE, 3.0, 0.01)
        expected.supplier_work(3.0, 0.01)
        expected.pay(BUYERS, SUPPLIERS, back)
        expected.cost[PRICE] -= units(0.75 * due - back)
        if won:  # found out: its standing is gone, whatever the law then finds
            expected.spend(DISPUTE, PLATFORM, 0.03 * 1.5)
            expected.spend(DISPUTE, OUTSIDE, 0.25 * due)
        else:
            expected.pay(SUPPLIERS, PLATFORM, 0.03 * 1.5)
        dealing = dealing_for(world, workspace, b)
        deny(dealing, b, claim, units(due))
        expected.held_against(workspace.books[0])
        assert workspace.facts["false_claim"][0] == claim
        assert workspace.facts["found_out"][0] == won
        assert order["disputed"] == 1
        seen.add((bool(won), bool(caught)))
    assert len(seen) == 3


def test_a_debt_is_denied_by_chance_of_conduct_and_only_where_there_is_something_to_gain() -> None:
    liar = {"conduct": "propensity", "propensity": 0.8, "worst": 0.6}
    world, workspace = world_of(liar, {"escalation": "write_off"}, **MARKET)
    market, seen = world.market[0], set()
    for b in PLACES:
        secured = float(b % 4 == 0)
        order = order_for(
            world, workspace, b, delivered=1, after=1.0, instrument=2, secured=secured
        )
        workspace.buyer_views["opportunism"] = 0.9
        late, denied, wish, _ = draw_slot(market, number_of("settlement"), b, 1)
        lies = denied < 0.8 * 0.9 * 0.6 and secured < 1
        waits = not lies and late < 0.8 * 0.9
        settle(world, workspace, b)
        facts = workspace.facts[0]
        assert facts["false_claim"] == (1 + int(3 * wish) if lies else 0)
        assert facts["delayed_payment"] == waits
        assert order["paid_late"] >= waits
        seen.add((bool(lies), bool(waits), int(facts["false_claim"])))
    assert len(seen) >= 3
    for switch in ("false_claims", "late_on_purpose"):
        market[switch] = 0
    for b in PLACES:
        order_for(world, workspace, b, delivered=1, after=1.0, instrument=2)
        workspace.buyer_views["opportunism"] = 0.9
        settle(world, workspace, b)
        facts = workspace.facts[0]
        assert (facts["false_claim"], facts["delayed_payment"]) == (0, 0)


LATE: dict[str, Any] = {
    "arrears_hazard": 0.3, "law_age": 4, "chase_hours": 2.0, "arrears_interest": 0.24,
    "late_interest_waived": 0.25, "late_gain": 0.8, "court_fee": 0.08, "enforcement": 0.75,
    "locatable": 0.9, "evidence": 0.4,
}  # fmt: skip


def interest(paid: float, age: int) -> float:
    return 0.75 * 0.24 * paid * age / 12
