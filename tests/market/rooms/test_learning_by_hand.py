"""Lessons of single orders on both sides of a tie, worked out in plain numbers."""

from __future__ import annotations

import pytest
from support.one_order import PLACES, Books, order_for, world_of

from trustsim.engine.luck import draw, number_of
from trustsim.market.records import MAX_ORDERS
from trustsim.market.rooms.learning import attract, learn
from trustsim.schema.accounts import SOURCING

MARKET = {
    "betrayal_weight": 2.0, "voice_repair": 0.4, "trust_forgetting": 0.9, "upkeep_hours": 2.0,
    "hour_cost": 0.01, "lot_cost": 1.5, "value": 1.6,
}  # fmt: skip
BUYER = {"blame": 0.5, "voice": 0.5, "upkeep": 0.7, "prior_good": 2.0, "prior_bad": 1.5}
SUPPLIER = {"care": 0.6, "prior_good": 3.0, "prior_bad": 0.5}
TROUBLES = ({}, {"late": 1}, {"misunderstood": 1}, {"grievance": 1}, {"grievance": 1, "late": 1})
WRONGS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (3, 1, 1))


def test_every_lesson_of_an_order() -> None:
    world, workspace = world_of(BUYER, SUPPLIER, **MARKET)
    seen = set()
    for b in PLACES:
        trouble, wrong = TROUBLES[b % 5], WRONGS[b // 5 % 5]
        claim, delayed, accused = wrong
        order = order_for(world, workspace, b, buyer_accused=accused, inspected=b % 2, **trouble)
        workspace.facts["false_claim"], workspace.facts["delayed_payment"] = claim, delayed
        tie, bond, buyer = world.ties[b, b % 3], world.bonds[b, b % 3], world.buyers[b]
        before = {name: float(tie[name]) for name in tie.dtype.names}
        general = float(buyer["general_good"]), float(buyer["general_bad"])
        goodwill = float(bond["goodwill"])
        voiced, blamed, _, _ = draw(world.market[0], number_of("learning"), b)
        bad = 0.0
        if "grievance" in trouble:
            bad = 2.0
        elif trouble and blamed < 0.5:
            bad = 0.3 * 2.0
        hurt, expected, attraction = bad > 0, Books(), before["attraction"]
        if hurt and voiced < 0.5:
            bad *= 0.6
            expected.work(SOURCING, 2.0, 0.01)
        elif hurt:
            attraction *= 0.5
        expected.work(SOURCING, 2.0 * 0.7, 0.01)
        learn(world, workspace, b)
        good = 0.0 if hurt else 1.0
        found = {
            "attraction": attraction,
            "supplier_good": 2.0 + 0.9 * (before["supplier_good"] - 2.0) + good,
            "supplier_bad": 1.5 + 0.9 * (before["supplier_bad"] - 1.5) + bad,
            "buyer_good": 3.0 + 0.9 * (before["buyer_good"] - 3.0) + (not any(wrong)),
            "buyer_bad": 0.5 + 0.9 * (before["buyer_bad"] - 0.5) + 2.0 * any(wrong),
            "supplier_conduct": 2 if "grievance" in trouble else 1,
            "buyer_conduct": 2 if claim + delayed > 0 else 1,
            "clean": 0 if hurt else before["clean"] + 1,
            "watched": before["watched"] + 0.15 * (b % 2 - before["watched"]),
            "orders": before["orders"] + 1,
            "last_round": 2,
        }
        for name, value in found.items():
            assert float(tie[name]) == pytest.approx(value, rel=1e-5), name
        assert float(buyer["general_good"]) == pytest.approx(
            1 + 0.9 * (general[0] - 1) + good, rel=1e-5
        )
        assert float(buyer["general_bad"]) == pytest.approx(
            1 + 0.9 * (general[1] - 1) + bad, rel=1e-5
        )
        tended = 0.1 * (0.7 + 0.6)
        assert float(bond["goodwill"]) == pytest.approx(
            goodwill + tended * (1 - goodwill), rel=1e-5
        )
        tally = workspace.suppliers[order["supplier"]]
        assert (tally["known_good"], tally["known_bad"]) == (not any(wrong), any(wrong))
        expected.held_against(workspace.books[0])
        assert workspace.books["productive_hours"][0] == pytest.approx(
            1.4 + 2.0 * (hurt and voiced < 0.5)
        )
        seen.add((bool(trouble), hurt, voiced < 0.5))
    assert len(seen) >= 5


def test_a_tie_counts_no_further_than_it_can() -> None:
    world, workspace = world_of(BUYER, SUPPLIER, **MARKET)
    for before in (MAX_ORDERS - 1, MAX_ORDERS):
        order_for(world, workspace, 0)
        world.ties["orders"][0, 0] = before
        learn(world, workspace, 0)
        assert world.ties["orders"][0, 0] == MAX_ORDERS == 65_000


def test_attraction_grows_with_what_an_order_earned_a_lot() -> None:
    world, workspace = world_of(BUYER, SUPPLIER, **MARKET)
    for spent, accepted, gained in ((3.0, 1, 0.6), (3.0, 0, 0.0), (5.0, 1, 0.0)):
        order = order_for(world, workspace, 1, lots=2.0, accepted=accepted)
        tie, books = world.ties[1, 1], workspace.books[0]
        before = float(tie["attraction"])
        books["cost"][0], books["cost"][7] = spent * 1e6 - 1000, 1000
        attract(tie, order, books, world.market[0])
        assert float(tie["attraction"]) == pytest.approx(before + gained, rel=1e-5)
