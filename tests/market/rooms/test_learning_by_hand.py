"""Lessons of single orders on both sides of a tie, worked out in plain numbers."""

from __future__ import annotations

import pytest
from support.one_order import PLACES, Books, order_for, world_of

from trustsim.engine.luck import draw, draw_slot, number_of
from trustsim.market.records import MAX_ORDERS
from trustsim.market.rooms.learning import attract, learn
from trustsim.market.temptations import WRONG_A_BUYER, WRONG_A_SUPPLIER
from trustsim.schema.accounts import SOURCING

MARKET = {
    "betrayal_weight": 2.0, "voice_repair": 0.4, "trust_forgetting": 0.9, "upkeep_hours": 2.0,
    "hour_cost": 0.01, "lot_cost": 1.5, "value": 1.6, "redress": 0.25, "late_damage": 0.3,
}  # fmt: skip
BUYER = {
    "blame": 0.5,
    "voice": 0.5,
    "upkeep": 0.7,
    "prior_good": 2.0,
    "prior_bad": 1.5,
    "exit": 0.7,
}
SUPPLIER = {"care": 0.6, "exit": 0.6, "prior_good": 3.0, "prior_bad": 0.5}
TROUBLES = (
    {}, {"late": 1}, {"misunderstood": 1}, {"grievance": 1, "redressed": 1},
    {"grievance": 1, "late": 1},
)  # fmt: skip
WRONGS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (3, 1, 1))


def test_every_lesson_of_an_order() -> None:
    world, workspace = world_of(BUYER, SUPPLIER, **MARKET)
    seen, ends = set(), set()
    for b in PLACES:
        trouble, wrong = TROUBLES[b % 5], WRONGS[b // 5 % 5]
        claim, delayed, accused = wrong
        seen_first = {"fresh": b % 3 == 0, "delivered": b % 4 > 0, "inspected": b % 2}
        order = order_for(world, workspace, b, buyer_accused=accused, **seen_first, **trouble)
        workspace.buyer_views["left"] = 0.4
        watched = workspace.supplier_view["watched"] = 0.3
        workspace.facts["false_claim"], workspace.facts["delayed_payment"] = claim, delayed
        tie, bond, buyer = world.ties[b, b % 3], world.bonds[b, b % 3], world.buyers[b]
        before = {name: float(tie[name]) for name in tie.dtype.names}
        general = float(buyer["general_good"]), float(buyer["general_bad"])
        goodwill = float(bond["goodwill"])
        voiced, blamed, leaves, _ = draw(world.market[0], number_of("learning"), b)
        walks = draw_slot(world.market[0], number_of("learning"), b, 1)[0]
        # what is made good at once weighs a quarter less, and makes leaving that much rarer
        mended = 1.0 - 0.25 * trouble.get("redressed", 0)
        bad = 0.0
        if "grievance" in trouble:
            bad = 2.0 * mended
        elif trouble and blamed < 0.5:
            bad = 0.3 * 2.0
        hurt, expected, attraction = bad > 0, Books(), before["attraction"]
        if hurt and voiced < 0.5:
            bad *= 0.6
            expected.work(SOURCING, 2.0, 0.01)
        elif hurt:
            attraction *= 0.5
        expected.work(SOURCING, 2.0 * 0.7, 0.01)
        exits = "grievance" in trouble and voiced >= 0.5 and leaves < 0.7 * mended
        betrayed = claim + accused > 0
        throws = any(wrong) and walks < 0.6 * (1.0 if betrayed else 0.3)
        learn(world, workspace, b)
        good = 0.0 if hurt else 1.0
        found = {
            "attraction": attraction,
            "supplier_good": 2.0 + 0.9 * (before["supplier_good"] - 2.0) + good,
            "supplier_bad": 1.5 + 0.9 * (before["supplier_bad"] - 1.5) + bad,
            "buyer_good": 3.0 + 0.9 * (before["buyer_good"] - 3.0) + (not any(wrong)),
            "buyer_bad": 0.5 + 0.9 * (before["buyer_bad"] - 0.5) + 2.0 * any(wrong),
            "supplier_conduct": 3 if exits or throws else 2 if "grievance" in trouble else 1,
            "buyer_conduct": 2 if claim + delayed > 0 else 1,
            "clean": 0 if hurt else before["clean"] + 1,
            "watched": watched + 0.15 * (b % 2 - watched),
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
        told = [int(tally[name]) for name in ("delivered", "inspected")]
        assert told == ([b % 4 > 0, b % 2] if b % 3 == 0 else [0, 0])
        told = [int(tally[name]) for name in ("walked_out", "put_up", "wronged_left")]
        assert told == [betrayed and throws, betrayed and not throws, exits]
        of_round = workspace.rounds[2, 0]
        assert (of_round["wronged"], of_round["returned"]) == (exits, 0)
        kinds = workspace.temptations
        suppliers, buyers = kinds[WRONG_A_SUPPLIER], kinds[WRONG_A_BUYER]
        assert (suppliers["times"], suppliers["found_happened"]) == (betrayed, betrayed and throws)
        assert suppliers["found_expected"] == (400_000 if betrayed else 0)
        assert (buyers["times"], buyers["found_happened"]) == (exits, exits)
        expected.held_against(workspace.books[0])
        assert workspace.books["productive_hours"][0] == pytest.approx(
            1.4 + 2.0 * (hurt and voiced < 0.5)
        )
        seen.add((bool(trouble), hurt, voiced < 0.5))
        ends.add((bool(exits), bool(throws), bool(betrayed)))
    assert len(seen) >= 5
    assert {(True, False), (False, True), (False, False)} <= {each[:2] for each in ends}
    assert {(True, True), (False, True), (False, False)} <= {each[1:] for each in ends}


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
