"""Grievances of single orders through every route, worked out in plain numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.one_order import PLACES, Books, dealing_for, order_for, world_of
from support.single_records import buyer, market, order, view

from trustsim.engine.luck import draw, number_of
from trustsim.market.rooms.disputes import (
    NO_FINE,
    buyer_complains,
    charge_loser,
    cheapest,
    decide,
    joint_first,
    reachable,
    supplier_complains,
)
from trustsim.schema.accounts import (
    BANKS,
    BUYERS,
    COURTS,
    DISPUTE,
    FAILURE,
    PLATFORM,
    SUPPLIERS,
)

MARKET: dict[str, Any] = {
    "joint_success": 0.6, "joint_hours": 2.0, "dispute_hours": 3.0, "hour_cost": 0.01,
    "platform_fee": 0.03, "court_fee": 0.08, "fine": 0.05, "enforcement": 0.75, "locatable": 0.7,
    "court_delay": 8.0, "buyer_interest": 0.3, "supplier_interest": 0.4, "lot_cost": 1.5,
    "advance_compensation": 0.5, "dispute_trust_threshold": 0.0,
}  # fmt: skip
ROUTES = {"joint_first": 0, "platform": 1, "court": 2, "write_off": 3}


def share_of(path: int, evidence: float, far: float, justified: bool, chances: Any) -> float:
    solved, right, result, _ = chances
    third_party_is_right = right < (1 + evidence) / 2
    if path == 0:
        return float(justified and solved < 0.6)
    if path == 3:
        return 0.0
    won = third_party_is_right if justified else not third_party_is_right
    if path == 1:
        return float(won)
    return 0.75 if won and result < 0.7 * (1 - far / 2) else 0.0


def hours(expected: Books, path: int) -> None:
    if path != 3:
        spent = 2.0 if path == 0 else 3.0
        expected.work(DISPUTE, spent, 0.01)
        expected.supplier_work(spent, 0.01)


@pytest.mark.parametrize("escalation", ROUTES)
def test_every_grievance_of_a_buyer(escalation: str) -> None:
    world, workspace = world_of({"escalation": escalation}, None, **MARKET)
    seen = set()
    for b in PLACES:
        order_, expected = order_for(world, workspace, b), Books()
        facts = workspace.facts[0]
        facts["absconded"], facts["defective"] = b % 4 == 3, b % 4 in (1, 2)
        justified, path = b % 4 > 0, ROUTES[escalation]
        if path == 0 and b % 4 == 3:
            path = 1  # nobody sits down with a thief
        stake, listed = 0.2 + 0.01 * b, int(world.suppliers["listed"][order_["supplier"]])
        hours(expected, path)
        chances = draw(world.market[0], number_of("dispute"), b)
        # without a deposit, what the platform awards must be enforced by law
        law = 2 if path == 1 and not listed else path
        share = share_of(law, order_["evidence"], 0.0, justified, chances)
        won = (chances[1] < (1 + order_["evidence"]) / 2) == justified
        got = share * stake
        if path in (1, 2):
            court = PLATFORM if path == 1 else COURTS
            fee = 0.03 if path == 1 else 0.08
            if won:
                expected.pay(SUPPLIERS, court, (fee + (0.05 * listed if path == 1 else 0)) * 1.5)
            else:
                expected.spend(DISPUTE, court, fee * 1.5)
        advanced = 0.5 * (stake - got)
        compensated = path == 1 and justified and listed and advanced > 0
        if compensated:
            expected.pay(PLATFORM, BUYERS, advanced)
            expected.pay(SUPPLIERS, PLATFORM, advanced)
            expected.cost[FAILURE] -= round(advanced * 1e6)
        expected.pay(SUPPLIERS, BUYERS, got)
        expected.cost[FAILURE] -= round(got * 1e6)
        if path == 2:
            expected.spend(DISPUTE, BANKS, got * 0.3 * 8 / 12)
        dealing = dealing_for(world, workspace, b)
        buyer_complains(dealing, b, stake, FAILURE, np.bool_(justified))
        expected.held_against(workspace.books[0])
        assert order_["disputed"] == 1
        assert workspace.buyer_views["exposure"][b % 3] == pytest.approx(stake)
        seen.add((path, share, bool(won), bool(compensated)))
    # who wins at law and does not find the debtor pays no fee either
    assert ((2, 0.0, True, False) in seen) == (escalation == "court")
    assert len(seen) >= 2


@pytest.mark.parametrize("escalation", ROUTES)
def test_every_grievance_of_a_supplier(escalation: str) -> None:
    world, workspace = world_of(None, {"escalation": escalation}, **MARKET)
    path = max(1, ROUTES[escalation])  # partners do not sit down over a lie
    seen = set()
    for b in PLACES:
        order_, expected = order_for(world, workspace, b), Books()
        stake, evidence = 0.2 + 0.01 * b, (b % 7) / 7
        hours(expected, path)
        chances = draw(world.market[0], number_of("supplier dispute"), b)
        # nobody has a buyer's deposit: the law must find it, whoever has decided
        law = 2 if path == 1 else path
        share = share_of(law, evidence, order_["remoteness"], True, chances)
        won = path != 3 and chances[1] < (1 + evidence) / 2
        if path in (1, 2):
            court = PLATFORM if path == 1 else COURTS
            fee = (0.03 if path == 1 else 0.08) * 1.5
            if won:
                expected.spend(DISPUTE, court, fee)
            else:
                expected.pay(SUPPLIERS, court, fee)
        if path == 2:
            expected.pay(SUPPLIERS, BANKS, share * stake * 0.4 * 8 / 12)
        dealing = dealing_for(world, workspace, b)
        assert supplier_complains(dealing, b, evidence, stake) == pytest.approx(share * stake)
        expected.held_against(workspace.books[0])
        assert order_["disputed"] == 1
        assert workspace.supplier_view["exposure"][0] == pytest.approx(stake)
        assert workspace.facts["found_out"][0] == won
        seen.add((share, bool(won)))
    # lost, won in vain, won and enforced
    assert len(seen) == (1 if escalation == "write_off" else 3)


@pytest.mark.parametrize("path", [0, 1, 2, 3])
@pytest.mark.parametrize("justified", [True, False])
def test_what_is_decided_at_the_edges_of_chance(path: int, justified: bool) -> None:
    world = market(joint_success=0.6, enforcement=0.75, locatable=0.7)
    for solved in (0.59, 0.61):
        for right in (0.69, 0.71):
            for result in (0.55, 0.57):
                chances = (solved, right, result, 0.5)
                found = decide(world, path, 0.4, reachable(world, 0.4, 0.0), justified, chances)
                assert found == share_of(path, 0.4, 0.4, justified, chances)
    assert reachable(world, 0.4, 0.0) == pytest.approx(0.7 * 0.8)


def test_losers_pay_by_route() -> None:
    world, workspace = world_of(None, None, **MARKET)
    for path, supplier_pays, payer, court, amount in (
        (1, True, SUPPLIERS, PLATFORM, 0.08 * 1.5), (1, False, BUYERS, PLATFORM, 0.03 * 1.5),
        (2, True, SUPPLIERS, COURTS, 0.08 * 1.5), (2, False, BUYERS, COURTS, 0.08 * 1.5),
    ):  # fmt: skip
        order_for(world, workspace, 0)
        books, expected = workspace.books[0], Books()
        charge_loser(books, world.market[0], path, supplier_pays, np.uint8(1))
        expected.pay(payer, court, amount)
        np.testing.assert_allclose(books["flow"], expected.flow, atol=1)
        assert books["cost"][DISPUTE] == (0 if supplier_pays else round(amount * 1e6))
    for path in (0, 3):
        order_for(world, workspace, 0)
        charge_loser(workspace.books[0], world.market[0], path, True, NO_FINE)
        assert workspace.books["flow"][0].tolist() == [0] * 7
    assert NO_FINE == 0


def test_routes_at_their_edges() -> None:
    world = market(dispute_trust_threshold=0.5)
    trusts = (0.5, 0.499)
    assert [joint_first(order(), view(trust=t), buyer(), world) for t in trusts] == [0.0, 1.0]
    # nothing costs anything, and everything is worth the same: together, then the platform
    free = market(hour_cost=0.0, platform_fee=0.0, court_fee=0.0, joint_success=1.0)
    all_of_it = {"platform_collects": 1.0, "law_collects": 1.0}
    sure, policy = order(evidence=1.0), buyer()
    assert cheapest(sure, view(trust=1.0, exposure=1.0, **all_of_it), policy, free) == 0.0
    assert cheapest(sure, view(trust=0.99, exposure=1.0, **all_of_it), policy, free) == 1.0
    free["platform_fee"] = 0.1
    unsure = order(evidence=0.5)
    assert cheapest(unsure, view(trust=0.0, exposure=1.0, **all_of_it), policy, free) == 2.0
    # what is worth nothing is written off
    assert cheapest(sure, view(trust=1.0, exposure=0.0, **all_of_it), policy, free) == 3.0


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize(
    ("stake", "trust"), [(s, t) for s in (0.05, 0.3, 1.0, 3.0) for t in (0.0, 0.3, 0.6, 0.9)]
)
def test_the_cheapest_route_by_its_sums(stake: float, trust: float, listed: bool) -> None:
    # nobody but the law collects from a buyer, or a supplier that is not listed
    for evidence in (0.0, 0.5, 0.9):
        for fee in (0.03, 0.6):
            values = {**MARKET, "platform_fee": fee, "court_fee": 0.1}
            del values["advance_compensation"]
            world = market(**values)
            right = (1 + evidence) / 2
            effort, law = 3.0 * 0.01, 0.75 * 0.7
            worth = {
                0: 0.6 * trust * stake - 2.0 * 0.01,
                1: right * (1.0 if listed else law) * stake - effort - (1 - right) * fee * 1.5,
                2: right * law * stake - effort - (1 - right) * 0.1 * 1.5,
                3: 0.0,
            }
            best = max(worth, key=lambda route: (worth[route], -route))
            collects = {"platform_collects": 1.0 if listed else law, "law_collects": law}
            seen = view(exposure=stake, trust=trust, **collects)
            found = cheapest(order(evidence=evidence), seen, buyer(), world)
            assert found == best
