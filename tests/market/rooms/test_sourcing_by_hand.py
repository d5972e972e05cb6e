"""Choices of single buyers, each with its own luck, worked out in plain numbers."""

from __future__ import annotations

from math import log

import pytest
from support.one_order import PLACES, Books, order_for
from support.single_records import buyer as buyer_policy
from support.town import shown, town

from trustsim.engine.luck import draw, draw_slot, number_of
from trustsim.market.rooms.sourcing import (
    add_noise,
    ask,
    award,
    leaving_cost,
    logit,
    lowest_bid,
    most_noise,
    noise_of,
    note_loyalty,
    note_odds,
    pass_over,
    place,
    total_cost,
)
from trustsim.market.temptations import WRONG_A_BUYER
from trustsim.schema.accounts import OUTSIDE, SOURCING, SUPPLIERS, SWITCHING


def noise(luck: float, intensity: float = 2.0) -> float:
    return -log(-log(luck)) / (intensity + 1e-9)


WEIGHTS = {"attraction_weight": 0.5, "trust_weight": 1.5, "rating_weight": 0.8}


@pytest.mark.parametrize(
    "weights", [WEIGHTS, dict.fromkeys(WEIGHTS, 0.0), {**WEIGHTS, "trust_weight": 0.0}]
)
@pytest.mark.parametrize(("bidders", "tested"), [(1, 0.0), (1, 0.5), (3, 0.9), (6, 0.0)])
@pytest.mark.parametrize("award_rule", ["lowest_bid", "logit"])
def test_whom_a_buyer_asks(
    weights: dict[str, float], bidders: int, tested: float, award_rule: str
) -> None:
    policy = {
        **weights, "bidders": bidders, "market_test": tested, "intensity": 2.0,
        "award": award_rule, "price_weight": 1.5,
    }  # fmt: skip
    world, workspace = town(policy, cost_low=0.8, cost_high=1.4)
    market, numbers = world.market[0], set()
    for b in PLACES:
        order_for(world, workspace, b)
        ties = world.ties[b]
        if b % 5 == 0:
            ties["generation"][b % 6] = 1  # that firm is gone
        newcomer = b % 6 if b % 3 == 0 else -1
        known = b % 7 % 6 if b % 4 else None  # whom it has ordered from last
        world.buyers["partner"][b] = -1 if known is None else ties["supplier"][known]
        slots = [*draw_slot(market, number_of("asking"), b, 0),
                 *draw_slot(market, number_of("asking"), b, 1)]  # fmt: skip
        utility: dict[int, float] = {}
        for k in range(6):
            s = int(ties["supplier"][k])
            if world.suppliers["listed"][s] == 0 or ties["generation"][k] == 1:
                continue
            good, bad = float(ties["supplier_good"][k]), float(ties["supplier_bad"][k])
            mean = good / (good + bad)
            trust = mean + 0.3 * float(world.bonds["goodwill"][b, k]) * (1 - mean)
            value = weights["attraction_weight"] * float(ties["attraction"][k])
            value += weights["trust_weight"] * trust + weights["rating_weight"] * shown(world, s)
            if any(weights.values()) and known not in (None, k):
                # the switch and what was built, against a price of 1.1 a lot
                value -= 1.5 * (0.2 + 0.3 * float(world.bonds["assets"][b, known])) / 1.1
            utility[k] = value + noise(slots[k])
        wanted = bidders
        extra = draw(market, number_of("market test"), b)[0]
        if bidders == 1 and extra < tested:
            wanted = 2
        asked = [newcomer] if newcomer in utility else []
        wanted = max(wanted, 2) if asked else wanted
        for k in sorted(utility, key=lambda k: -utility[k]):
            if len(asked) < wanted and k not in asked:
                asked.append(k)
        assert ask(world, workspace, b, newcomer) == len(asked)
        assert workspace.order["bidders"][0] == len(asked)
        hours = 1.0 + 2.5 * (len(asked) - 1)  # whether they bid or not
        assert workspace.books["transaction_hours"][0] == pytest.approx(hours)
        work_done = Books()
        work_done.work(SOURCING, hours, 0.01)
        work_done.held_against(workspace.books[0])
        views = workspace.buyer_views
        assert [k for k in range(6) if views["asked"][k] == 1.0] == sorted(asked)
        for k in asked:
            differ = any(weights.values())
            expected = utility[k] if differ or award_rule == "logit" else 0.0
            # of a lone favourite the others' noise need not be known
            if len(asked) > 1 and wanted > 1:
                assert workspace.candidates["score"][k] == pytest.approx(expected, rel=1e-5)
        numbers.add(len(asked))
    assert max(numbers) <= 6


def test_noise_where_only_the_best_counts_leaves_the_best_as_it_is() -> None:
    world, workspace = town({"intensity": 2.0})
    policy, market = world.buyer_policies[0], world.market[0]
    hopeless = 0
    for b in PLACES:
        lucks = [*draw_slot(market, 9999, b, 0), *draw_slot(market, 9999, b, 1)][:6]
        scores = [(-1.0e300 if (b + k) % 7 == 0 else 0.7 * k % 3 + 0.1 * b) for k in range(6)]
        for alone in (True, False):
            workspace.candidates["score"], workspace.candidates["luck"] = scores, lucks
            add_noise(workspace.candidates, policy, alone)
            there = [k for k in range(6) if scores[k] > -1e300]
            whole = {k: scores[k] + noise(lucks[k]) for k in there}
            mine = workspace.candidates["score"].tolist()
            best = max(there, key=lambda k: whole[k])
            assert max(range(6), key=lambda k: mine[k]) == best
            assert mine[best] == pytest.approx(whole[best])
            for k in range(6):
                if k not in there:
                    assert mine[k] == -1.0e300
                elif alone and mine[k] == -1.0e200:
                    hopeless += 1
                else:
                    assert mine[k] == pytest.approx(whole[k])
    assert hopeless > 10


@pytest.mark.parametrize("luck", [1e-9, 0.3, 0.8999, 0.9, 0.9899, 0.99, 1 - 2**-33])
def test_noise_has_a_bound_that_is_close(luck: float) -> None:
    policy = buyer_policy(intensity=2.0)
    assert noise_of(luck, policy) == pytest.approx(noise(luck))
    bound = {True: 2.26, False: 4.61}[luck < 0.9] if luck < 0.99 else 24.0
    assert most_noise(luck, policy) == pytest.approx(bound / 2.0)
    assert noise_of(luck, policy) <= most_noise(luck, policy)
    blind = buyer_policy(intensity=0.0)
    assert noise_of(0.5, blind) == pytest.approx(-log(log(2)) * 1e9)
    assert most_noise(luck, blind) == pytest.approx(bound * 1e9)


def test_scores_of_bids_by_hand() -> None:
    world, workspace = town()
    order = order_for(world, workspace, 0, reference_price=2.0)
    view, policy = workspace.buyer_views[0], buyer_policy(price_weight=3.0)
    view["bid"], view["trust"], view["score"], view["orders"] = 2.5, 0.75, 0.4, 0
    market = world.market[0]
    risk = 0.4 * 0.6 * 0.25 * 1.5
    strange = 7.0 * 0.01 / 0.5  # hours of qualification, on half a lot
    for leaving in (0.0, 0.3):
        view["leaving"], view["orders"] = leaving, 0
        assert lowest_bid(order, view, policy, market) == pytest.approx(-(2.5 + leaving))
        whole = 2.5 + leaving + risk
        assert total_cost(order, view, policy, market) == pytest.approx(-(whole + strange))
        view["orders"] = 1
        assert total_cost(order, view, policy, market) == pytest.approx(-whole)
    # where no weight tells contacts apart, the score is noise, and leaving is part of the price
    view["leaving"] = 0.5
    for weights, price in (((0, 0, 0), 3.0), ((0, 0.1, 0), 2.5), ((0.1, 0, 0), 2.5)):
        for name, weight in zip(("attraction", "trust", "rating"), weights, strict=True):
            policy[f"{name}_weight"] = weight
        assert logit(order, view, policy, market) == pytest.approx(0.4 - 3.0 * (price / 2.0 - 1.0))


def test_every_award_and_what_asking_costs() -> None:
    world, workspace = town({"award": "lowest_bid"})
    world.market["known_odds"] = 1
    kept: list[tuple[bool, bool]] = []
    for b in PLACES:
        number = 1 + b % 6
        order, expected = order_for(world, workspace, b, bidders=number), Books()
        bids = [1.0 + (b * 7 + k * 5) % 11 / 10 for k in range(6)]
        asked = [(b + k) % 6 for k in range(number)]
        workspace.buyer_views["bid"] = bids
        workspace.buyer_views["asked"] = [float(k in asked) for k in range(6)]
        world.ties["orders"][b] = [0, 3, 0, 4, 5, 0]
        present = (b + 2) % 6 if b % 4 else None
        world.buyers["partner"][b] = -1 if present is None else world.ties["supplier"][b, present]
        workspace.candidates["chance"] = [0.1 * k for k in range(6)]
        favour = [0.2 * k - 0.5 for k in range(6)]
        world.ties["favour"][b] = favour
        award(world, workspace, b)
        if world.market["known_odds"][0] == 1:
            note_odds(world, workspace, b)
        leaving = 0.0
        if present is not None:
            leaving = (0.2 + 0.3 * float(world.bonds["assets"][b, present])) * 1.5
        best = min(asked, key=lambda k: (bids[k] + (leaving if k != present else 0.0), k))
        cheapest = min(asked, key=lambda k: (bids[k], k))
        kept.append((best == present, cheapest == present))
        for k in range(6):
            news = (k == best) - 0.1 * k - favour[k] if k in asked else 0.0
            found = float(world.ties["favour"][b, k])
            assert found == pytest.approx(favour[k] + 0.04 * news, rel=1e-5)
        expected.held_against(workspace.books[0])
        done = int(world.ties["orders"][b, best])
        told = (order["contact"], order["supplier"], order["age"], order["fresh"])
        assert told == (best, world.ties["supplier"][b, best], done, done == 0)
    # the present supplier keeps some orders for which another one asks less, and loses some
    assert {(True, True), (True, False), (False, False)} == set(kept)


HABITS = ("wronged_left", "wronged_stayed", "content_left", "content_stayed")


def test_every_order_that_is_placed() -> None:
    world, workspace = town()
    seen = set()
    for b in PLACES:
        contact, before = b % 6, (b + b % 2) % 6
        supplier = world.ties["supplier"][b, contact]
        fresh = b % 3 == 0
        order = order_for(world, workspace, b, contact=contact, supplier=supplier, fresh=fresh)
        partner = int(world.ties["supplier"][b, before]) if b % 5 else -1
        partner = -2 if b % 7 == 6 else partner
        world.buyers["partner"][b] = partner
        world.ties["supplier_conduct"][b] = 2 if b % 3 == 1 else 1
        wronged, stays = b % 3 == 1 and partner >= 0, float(world.buyers["stays"][b])
        tie, assets = world.ties[b, contact], world.bonds["assets"][b]
        knowhow, retained, expected = float(tie["knowhow"]), float(tie["retained"]), Books()
        hours = 2.0 * (1 - 0.4 * knowhow) * (1 - 0.5 * float(assets[contact])) + 7.0 * fresh
        expected.work(SOURCING, hours, 0.01)
        switched = partner not in (-1, int(supplier))
        if switched:
            lost = float(assets[before]) if partner >= 0 else 0.0
            expected.spend(SWITCHING, OUTSIDE, (0.2 + 0.3 * lost) * order["lots"] * 1.5)
        place(world, workspace, b)
        expected.held_against(workspace.books[0])
        assert order["ordered"] == 1
        assert world.buyers["partner"][b] == supplier
        assert float(tie["retained"]) == pytest.approx(retained + 0.15 * (1 - retained), rel=1e-5)
        assert workspace.books["productive_hours"][0] == pytest.approx(hours)
        stayed = partner == supplier
        if partner != -1:
            stays += 0.15 * (stayed - stays)
        assert float(world.buyers["stays"][b]) == pytest.approx(stays, rel=1e-5)
        told = [int(workspace.suppliers[name].sum()) for name in HABITS]
        assert told == [
            wronged and not stayed, wronged and stayed,
            partner >= 0 and not wronged and not stayed, partner >= 0 and not wronged and stayed,
        ]  # fmt: skip
        if partner >= 0:
            mine = [int(workspace.suppliers[name][partner]) for name in HABITS]
            assert mine == told
        tally = workspace.rounds[2, 0]
        assert (tally["wronged"], tally["returned"]) == (wronged, wronged and stayed)
        learnt = workspace.temptations[WRONG_A_BUYER]
        assert (learnt["times"], learnt["found_happened"]) == (wronged, wronged and not stayed)
        # one in three is thought to leave in a new market
        assert learnt["found_expected"] == (333_333 if wronged else 0)
        seen.add((partner >= 0, wronged, stayed))
    assert len(seen) == 5
    world.buyers["partner"][0] = -2  # its supplier is gone: nothing that was built is left behind
    market = world.market[0]
    assert leaving_cost(world, 0) == float(market["switching_cost"] * market["lot_cost"])


def test_loyalty_is_concentration() -> None:
    world, workspace = town()
    facts = workspace.facts[0]
    world.ties["retained"][0] = [0.5, 0.25, 0.25, 0.0, 0.0, 0.0]
    note_loyalty(world.ties, facts, 0)
    assert (facts["loyalty"], facts["top_share"]) == (0.375, 0.5)
    world.ties["retained"][0] *= 0.5  # shares, not sizes
    note_loyalty(world.ties, facts, 0)
    assert (facts["loyalty"], facts["top_share"]) == (0.375, 0.5)
    world.ties["retained"][0] = 0.0
    note_loyalty(world.ties, facts, 0)
    assert (facts["loyalty"], facts["top_share"]) == (0.0, 0.0)


def test_bidders_learn_once_from_a_tender_and_who_was_passed_over_has_not_won() -> None:
    world, workspace = town()
    asked = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    books = workspace.books[0]
    for k, each in enumerate(asked):
        workspace.buyer_views[k]["asked"] = each
        workspace.candidates[k]["chance"] = 0.1 * (k + 1)
    before = world.ties["favour"][0].copy()
    talks = 3_000
    liked, refused = world.ties["attraction"][0].copy(), int(world.ties["supplier"][0, 1])
    workspace.order["contact"][0], workspace.order["supplier"][0] = 1, refused
    books["flow"][SUPPLIERS], books["flow"][OUTSIDE] = -talks, talks
    assert pass_over(world, workspace, 0)
    # who was refused bears its own talks: they are no longer in the books of the order
    assert (books["flow"] == 0).all()
    assert int(workspace.suppliers["cash"][refused]) == -talks
    assert float(world.ties["attraction"][0, 1]) == pytest.approx(0.5 * liked[1])
    workspace.order["contact"][0] = 2
    note_odds(world, workspace, 0)
    for k, won in enumerate([0.0, 0.0, 1.0]):
        expected = before[k] + 0.04 * (won - 0.1 * (k + 1) - before[k])
        assert float(world.ties["favour"][0, k]) == pytest.approx(expected, abs=1e-6)
    assert (world.ties["favour"][0, 3:] == before[3:]).all()
    assert pass_over(world, workspace, 0)
    workspace.order["contact"][0] = 0
    assert not pass_over(world, workspace, 0)  # nobody else is left
    assert workspace.buyer_views[0]["asked"] == 1.0
