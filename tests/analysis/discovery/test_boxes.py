"""Patient rule induction: planted boxes are found, noise is not, peeling only shrinks."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trustsim.analysis.discovery.boxes import _limit_alike
from trustsim.analysis.discovery.prim import (
    Bounds,
    BoxSearch,
    Step,
    by_chance,
    choose,
    cover,
    inside,
    paste,
    peel,
    simplify,
)

NUMBERS = ["number"] * 8


def cube(seed: int, points: int = 1000, columns: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).random((points, columns))


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_box_in_eight_dimensions_is_recovered(seed: int) -> None:
    # Within .05 of each planted edge: some fifty of a thousand points lie that far beyond one.
    table = cube(seed)
    hit = (table[:, 0] < 0.4) & (table[:, 3] > 0.5) & (abs(table[:, 5] - 0.5) < 0.3)
    (found,) = cover(table, hit, NUMBERS, BoxSearch(density=0.95))
    box = found.step.box
    assert [i for i, limits in enumerate(box) if limits.restricts] == [0, 3, 5]
    edges = [box[0].high, box[3].low, box[5].low, box[5].high]
    assert np.allclose(edges, [0.4, 0.5, 0.2, 0.8], atol=0.05)
    assert (box[0].low, box[3].high) == (-np.inf, np.inf)
    assert found.step.density >= 0.95
    assert found.step.hits >= 0.95 * hit.sum()


def test_two_planted_boxes_are_found_one_after_the_other() -> None:
    table = cube(1, points=2000)
    first, second = (table[:, 0] < 0.5) & (table[:, 1] < 0.6), table[:, 0] > 0.8
    hit = first | (second & (table[:, 2] > 0.5))
    found = cover(table, hit, NUMBERS, BoxSearch(density=0.9))
    assert len(found) == 2
    big, small = (each.step.box for each in found)
    assert (big[0].high, big[1].high) == pytest.approx((0.5, 0.6), abs=0.05)
    assert (small[0].low, small[2].low) == pytest.approx((0.8, 0.5), abs=0.05)
    assert sum(each.step.hits for each in found) > 0.95 * hit.sum()


def test_a_planted_choice_is_recovered_by_dropping_the_others() -> None:
    table = cube(2)
    table[:, 4] = np.random.default_rng(3).integers(0, 5, len(table))
    kinds = [*NUMBERS[:4], "choice", *NUMBERS[5:]]
    hit = np.isin(table[:, 4], [1, 3]) & (table[:, 0] < 0.5)
    (found,) = cover(table, hit, kinds, BoxSearch(density=0.95))
    assert found.step.box[4].kept == frozenset({1, 3})
    assert found.step.box[0].high == pytest.approx(0.5, abs=0.05)
    assert sum(limits.restricts for limits in found.step.box) == 2


def test_limits_of_whole_numbers_are_values_within_the_box() -> None:
    table = cube(4)
    table[:, 1] = np.random.default_rng(5).integers(1, 11, len(table))
    hit = (table[:, 1] >= 4) & (table[:, 1] <= 7)
    (found,) = cover(table, hit, ["number", "integer", *NUMBERS[2:]], BoxSearch(density=1.0))
    assert (found.step.box[1].low, found.step.box[1].high) == (4, 7)
    assert (found.step.density, found.step.hits) == (1, hit.sum())


def test_nothing_is_found_where_there_is_nothing_to_tell_apart() -> None:
    table = cube(6)
    for hit in (np.zeros(1000, bool), np.ones(1000, bool)):
        assert cover(table, hit, NUMBERS, BoxSearch()) == []
    assert cover(table[:15], table[:15, 0] < 0.5, NUMBERS, BoxSearch()) == []


def test_the_rule_takes_the_greatest_coverage_among_dense_boxes() -> None:
    path = [Step((), 100, 30), Step((), 50, 28), Step((), 30, 25), Step((), 20, 18)]
    assert choose(path, 0.8) == path[2]  # .83 of 30 before .9 of 20
    # None reaches .95: .93 - .31, .83 - .07, .6 - .03 of hits and of others
    assert choose(path, 0.95) == path[2]


def test_quasi_p_value_is_the_binomial_tail() -> None:
    within, opened = Step((), 20, 18), Step((), 100, 50)
    assert by_chance(within, opened) == pytest.approx(
        stats.binomtest(18, 20, 0.5, "greater").pvalue
    )
    assert by_chance(Step((), 20, 10), opened) > 0.5


def test_pasting_widens_a_box_that_was_peeled_too_far() -> None:
    table = cube(7, columns=2)
    hit = table[:, 0] < 0.5
    small = (Bounds(0.1, 0.4), Bounds())
    held = inside(small, table)
    step = Step(small, int(held.sum()), int(hit[held].sum()))
    wide = paste(step, table, hit, ["number", "number"], BoxSearch())
    assert wide.box[0].low == -np.inf
    assert wide.box[0].high == pytest.approx(0.5, abs=0.01)
    assert wide.density == 1


def test_pasting_brings_back_a_choice() -> None:
    table = np.array([[0.0], [1.0], [2.0]] * 30)
    hit = table[:, 0] < 2
    step = Step((Bounds(kept=frozenset({0})),), 30, 30)
    assert paste(step, table, hit, ["choice"], BoxSearch()).box[0].kept == frozenset({0, 1})


def test_a_limit_that_could_be_chance_is_dropped() -> None:
    table = cube(8, columns=2)
    hit = (table[:, 0] < 0.5) & (np.random.default_rng(9).random(1000) < 0.5)
    box = (Bounds(high=0.5), Bounds(low=0.1))
    held = inside(box, table)
    step = Step(box, int(held.sum()), int(hit[held].sum()))
    kept = simplify(step, table, hit, ["number", "number"], BoxSearch(density=0.9))
    assert kept.box == (Bounds(high=0.5), Bounds())


tables = st.tuples(
    st.integers(0, 10_000), st.integers(30, 200), st.integers(1, 4), st.floats(0.05, 0.95)
)


@settings(max_examples=60, deadline=None)
@given(tables, st.floats(0.02, 0.3))
def test_peeling_never_enlarges(shape: tuple[int, int, int, float], alpha: float) -> None:
    seed, points, columns, rate = shape
    random = np.random.default_rng(seed)
    kinds = [["number", "integer", "choice"][i % 3] for i in range(columns)]
    table = random.random((points, columns))
    for i, kind in enumerate(kinds):
        if kind != "number":
            table[:, i] = random.integers(0, 4, points)
    hit = random.random(points) < rate
    path = peel(table, hit, kinds, alpha, fewest=10)
    held = np.ones(points, dtype=bool)
    for step in path:
        now = inside(step.box, table)
        assert not (now & ~held).any()
        assert (step.points, step.hits) == (now.sum(), hit[now].sum())
        assert step.points >= 10
        held = now
    sizes = [step.points for step in path]
    assert all(after < before for before, after in pairwise(sizes))


@settings(max_examples=40, deadline=None)
@given(tables, st.floats(0.3, 1.0))
def test_boxes_are_apart_and_their_counts_are_right(
    shape: tuple[int, int, int, float], density: float
) -> None:
    seed, points, columns, rate = shape
    random = np.random.default_rng(seed)
    table = random.random((points, columns))
    hit = (table[:, 0] < rate) ^ (random.random(points) < 0.1)
    left = np.ones(points, dtype=bool)
    for found in cover(table, hit, ["number"] * columns, BoxSearch(density=density)):
        now = inside(found.step.box, table) & left
        assert (found.step.points, found.step.hits) == (now.sum(), hit[now].sum())
        assert found.dense == (found.step.density >= density)
        left &= ~now


def test_where_all_that_is_hit_lies_together_there_is_a_box() -> None:
    random = np.random.default_rng(1)
    table = random.random((200, 2))
    hit = table[:, 0] < 0.4
    found = cover(table, hit, ["number"] * 2, BoxSearch(density=0.8))
    assert found
    assert found[0].step.hits > 0.9 * hit.sum()


@pytest.mark.parametrize(
    ("limits", "other", "alike"),
    [
        (Bounds(high=0.5), (Bounds(high=0.6),), 0.6),
        (Bounds(high=0.5), (Bounds(low=0.1),), None),  # it restricts the other side
        (Bounds(high=0.5), (Bounds(),), None),
        (Bounds(low=0.5), (Bounds(low=0.4),), 0.4),
        (Bounds(low=0.5), (Bounds(high=0.9),), None),
        (Bounds(low=0.5), None, None),
        (Bounds(kept=frozenset({1})), (Bounds(kept=frozenset({1})),), math.inf),
        (Bounds(kept=frozenset({1})), (Bounds(kept=frozenset({2})),), None),
    ],
)
def test_a_half_agrees_if_it_restricts_the_same_side(
    limits: Bounds, other: tuple[Bounds] | None, alike: float | None
) -> None:
    assert _limit_alike(limits, 0, other) == alike
