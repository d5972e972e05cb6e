"""Looks at single lots, each with its own luck, and sampling plans by the binomial law."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats
from support.one_order import PLACES, Books, order_for, world_of
from support.single_records import buyer, market, order, view

from trustsim.engine.luck import draw, number_of
from trustsim.market.rooms.inspection import (
    acceptance,
    break_even,
    by_trust,
    deming,
    equilibrium,
    inspect,
    powers,
    sampling,
)
from trustsim.schema.accounts import FAILURE, INSPECTION, OUTSIDE

MARKET = {
    "sensitivity": 0.7, "specificity": 0.6, "inspection_cost": 0.04, "failure_cost": 0.9,
    "failure_traced": 0.5, "lot_cost": 1.5, "lot_bad_fraction": 0.1, "lot_good_fraction": 0.03,
    "item_cost": 0.002,
}  # fmt: skip


@pytest.mark.parametrize("rule", ["none", "fixed", "sampling"])
def test_every_lot_is_looked_at_or_not_and_fails_or_not(rule: str) -> None:
    policy = {"inspection": rule, "inspection_rate": 0.6, "sample_size": 20, "acceptance_number": 1}
    world, workspace = world_of(policy, None, **MARKET)
    seen = set()
    for b in PLACES:
        made, bad = order_for(world, workspace, b), b % 2
        workspace.facts["defective"] = bad
        seen_clean = 12 if b % 3 == 0 else 4
        workspace.buyer_views["clean"], workspace.buyer_views["orders"] = seen_clean, 15
        look, find, trace, _ = draw(world.market[0], number_of("inspection"), b)
        chance = {"none": 0.0, "fixed": 0.6, "sampling": 0.25 if seen_clean >= 10 else 1.0}[rule]
        find_bad, alarm, cost = 0.7, 0.4, 0.04
        if rule == "sampling":
            allowed = 1 if seen_clean >= 5 else 0
            find_bad = stats.binom.sf(allowed, 20, 0.1)
            alarm, cost = stats.binom.sf(allowed, 20, 0.03), 0.04
        worth, expected = made["lots"] * 1.5, Books()
        looked = look < chance
        rejected = looked and find < (find_bad if bad else alarm)
        escaped = bad and not rejected
        if looked:
            expected.spend(INSPECTION, OUTSIDE, cost * worth)
        if escaped:
            expected.spend(FAILURE, OUTSIDE, 0.9 * worth)
        inspect(world, workspace, b)
        facts = workspace.facts[0]
        expected.held_against(workspace.books[0])
        assert (made["inspected"], made["rejected"]) == (looked, rejected)
        assert (facts["escaped"], facts["traced"]) == (escaped, escaped and trace < 0.5)
        seen.add((looked, rejected, bool(escaped), trace < 0.5))
    assert len(seen) >= 4


@pytest.mark.parametrize("fraction", [0.02, 0.3, 0.9])
@pytest.mark.parametrize(("items", "allowed"), [(1, 0), (5, 0), (20, 3), (20, 20), (7, 9)])
def test_acceptance_is_the_binomial_law(items: int, allowed: int, fraction: float) -> None:
    expected = stats.binom.cdf(allowed, items, fraction)
    assert acceptance(items, allowed, fraction) == pytest.approx(expected, rel=1e-9)
    assert acceptance(items, allowed, fraction) <= 1.0


def test_acceptance_of_lots_all_good_or_all_bad() -> None:
    assert [acceptance(5, 4, f) for f in (0.0, 1.0)] == [1.0, 0.0]
    assert acceptance(5, 5, 1.0) == 1.0


@pytest.mark.parametrize(
    ("orders", "clean", "allowed"),
    [(0, 0, 3), (1, 0, 2), (1, 1, 3), (4, 3, 2), (4, 4, 3), (9, 4, 2), (9, 5, 3)],
)
def test_plans_are_tightened_until_five_are_clean(orders: int, clean: int, allowed: int) -> None:
    policy = buyer(inspection="sampling", sample_size=30, acceptance_number=3)
    world = market(lot_bad_fraction=0.2, lot_good_fraction=0.05, item_cost=0.001)
    find, alarm, cost = powers(view(orders=orders, clean=clean), policy, world)
    assert find == pytest.approx(stats.binom.sf(allowed, 30, 0.2))
    assert alarm == pytest.approx(stats.binom.sf(allowed, 30, 0.05))
    assert cost == pytest.approx(0.03)
    none = buyer(inspection="sampling", sample_size=30, acceptance_number=0)
    assert powers(view(orders=9, clean=0), none, world)[0] == pytest.approx(1 - 0.8**30)


def test_rates_of_rules_by_hand() -> None:
    # all up to even odds, whatever the buyer's own prior is; then by distrust over one half
    for prior in ({}, {"prior_good": 8.0, "prior_bad": 1.0}):
        careful: Any = buyer(inspection_rate=0.8, trust_power=3.0, **prior)
        trusts = (0.0, 0.5, 0.75, 0.9, 1.0)
        rates = [by_trust(order(), view(trust=t), careful, market()) for t in trusts]
        assert rates == pytest.approx([0.8, 0.8, 0.8 * 0.5**3, 0.8 * 0.2**3, 0.0])
    world = market(defect_good=0.25, defect_bad=0.75, inspection_cost=0.25, failure_cost=0.5)
    assert break_even(world) == 0.5
    # .25 + .5 x distrust against .5: at the break-even it is not worth it
    assert [deming(order(), view(trust=t), careful, world) for t in (0.4, 0.5, 0.6)] == [1, 0, 0]
    free = market(failure_cost=0.0)
    assert break_even(free) == 1.0
    assert [sampling(order(), view(clean=c), careful, market()) for c in (9, 10)] == [1.0, 0.25]


@pytest.mark.parametrize(("saving", "rate"), [(0.1, 0.25), (0.4, 1.0), (0.5, 1.0)])
def test_the_rate_that_leaves_the_supplier_indifferent(saving: float, rate: float) -> None:
    # a fault is found with .5 x .5 and costs (.6 + .2) x 2 = 1.6 then
    world = market(
        sensitivity=0.5, defect_good=0.25, defect_bad=0.75, rework_cost=0.6, fine=0.2, lot_cost=2.0
    )
    world["shading_saving"] = saving
    found = equilibrium(order(price=1.0), view(), buyer(), world)
    assert found == pytest.approx(rate)
    world["defect_bad"] = 0.1  # shading makes no lot worse: nothing would be found
    assert equilibrium(order(price=1.0), view(), buyer(), world) == 1.0
