"""Peeling, pasting and freeing against the same told in plain loops, and rules at their edges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from trustsim.analysis.discovery.prim import (
    FEWEST,
    FURTHER,
    NEGLIGIBLE,
    STRIDES,
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
    without,
)

KINDS: Any = ["number", "integer", "choice"]
OPEN = (-math.inf, math.inf)


def points(seed: int, count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Points of a number, a whole number and a choice; hits are likelier in a corner."""
    random = np.random.default_rng(seed)
    table = np.column_stack(
        [random.random(count), random.integers(0, 6, count), random.integers(0, 3, count)]
    ).astype(float)
    corner = (table[:, 0] < 0.6) & (table[:, 1] >= 2) & (table[:, 2] != 1)
    return table, random.random(count) < np.where(corner, 0.8, 0.2)


Told = list[Any]
"""A box in plain words: (low, high) of a number, the set of choices of a choice."""


def told(box: tuple[Bounds, ...]) -> Told:
    everything = frozenset({0, 1, 2})
    return [
        (each.kept if each.kept is not None else everything)
        if kind == "choice"
        else (each.low, each.high)
        for kind, each in zip(KINDS, box, strict=True)
    ]


def holds(box: Told, row: np.ndarray) -> bool:
    return all(
        value in asked if isinstance(asked, frozenset) else asked[0] <= value <= asked[1]
        for value, asked in zip(row, box, strict=True)
    )


def counted(box: Told, table: np.ndarray, hit: np.ndarray) -> tuple[int, int]:
    held = [bool(h) for row, h in zip(table, hit, strict=True) if holds(box, row)]
    return len(held), sum(held)


def peeled(table: np.ndarray, hit: np.ndarray, alpha: float, fewest: int) -> list[Told]:
    """Peel as it is told: each way to take a slice away, the best gain per point removed."""
    box: Told = [OPEN, OPEN, frozenset({0, 1, 2})]
    path = [box]
    while True:
        there = [row for row in table if holds(box, row)]
        count, hits = counted(box, table, hit)
        if hits == count:
            return path
        slice_size = max(1, int(alpha * count))
        ways = []
        for column, kind in enumerate(KINDS):
            values = sorted(row[column] for row in there)
            if kind == "choice":
                distinct = sorted(set(values))
                ways += [(column, box[column] - {int(v)}) for v in distinct if len(distinct) > 1]
                continue
            low, high = box[column]
            inner = [v for v in values if v > values[slice_size - 1]]
            if inner:
                near = values[slice_size - 1]
                edge = inner[0] if kind == "integer" else (near + inner[0]) / 2
                ways.append((column, (edge, high)))
            inner = [v for v in values if v < values[-slice_size]]
            if inner:
                near = values[-slice_size]
                edge = inner[-1] if kind == "integer" else (near + inner[-1]) / 2
                ways.append((column, (low, edge)))
        best, gain = None, -math.inf
        for column, asked in ways:
            smaller = [asked if i == column else each for i, each in enumerate(box)]
            left, left_hits = counted(smaller, table, hit)
            if left < fewest:
                continue
            mine = (left_hits / left - hits / count) / (count - left)
            if mine > gain:
                best, gain = smaller, mine
        if best is None:
            return path
        box = best
        path.append(box)


@pytest.mark.parametrize("alpha", [0.03, 0.1, 0.3])
@pytest.mark.parametrize("seed", range(4))
def test_peeling_takes_the_best_slice_each_time(seed: int, alpha: float) -> None:
    table, hit = points(seed)
    found = peel(table, hit, KINDS, alpha, fewest=12)
    expected = peeled(table, hit, alpha, fewest=12)
    assert [told(step.box) for step in found] == expected
    assert [(s.points, s.hits) for s in found] == [counted(b, table, hit) for b in expected]


def test_peeling_stops_at_the_fewest_points_and_not_before() -> None:
    table, hit = np.arange(20.0)[:, None], np.arange(20) % 2 == 0
    assert peel(table, hit, ["number"], 0.05, fewest=10)[-1].points == 10
    assert peel(table, hit, ["number"], 0.05, fewest=20)[-1].points == 20


def pasted(box: Told, table: np.ndarray, hit: np.ndarray, alpha: float) -> Told:
    """Paste as it is told: each way to widen, the densest and then the largest."""
    while True:
        count, hits = counted(box, table, hit)
        slice_size = max(1, int(alpha * count))
        ways: list[Told] = []
        for column, kind in enumerate(KINDS):
            free = [OPEN if kind != "choice" else frozenset({0, 1, 2})]
            opened = [*box[:column], *free, *box[column + 1 :]]
            if opened == box:
                continue
            near = sorted(r[column] for r in table if holds(opened, r) and not holds(box, r))
            if kind == "choice":
                asks = [box[column] | {int(v)} for v in sorted(set(near))]
            else:
                asks = []
                low, high = box[column]
                below, above = [v for v in near if v < low][::-1], [v for v in near if v > high]
                for beyond, widen in (
                    (below, lambda edge, high=high: (edge, high)),
                    (above, lambda edge, low=low: (low, edge)),
                ):
                    if not beyond:
                        continue
                    last = beyond[min(slice_size, len(beyond)) - 1]
                    rest = [v for v in beyond if abs(v - beyond[0]) > abs(last - beyond[0])]
                    if not rest:
                        asks.append(widen(-math.inf if beyond is below else math.inf))
                    else:
                        asks.append(widen(last if kind == "integer" else (last + rest[0]) / 2))
            ways += [[*box[:column], asked, *box[column + 1 :]] for asked in asks]
        sizes = [(counted(way, table, hit), way) for way in ways]
        good = [((h / n, n), way) for (n, h), way in sizes if h / n >= hits / count]
        if not good:
            return box
        best = max(key for key, _ in good)
        box = next(way for key, way in good if key == best)


@pytest.mark.parametrize("alpha", [0.03, 0.1, 0.3])
@pytest.mark.parametrize("seed", range(6))
def test_pasting_widens_to_the_densest_each_time(seed: int, alpha: float) -> None:
    table, hit = points(seed, 160)
    box = (Bounds(0.3, 0.5), Bounds(2, 3), Bounds(kept=frozenset({0})))
    start = Step(box, *counted(told(box), table, hit))
    found = paste(start, table, hit, KINDS, BoxSearch(alpha=alpha))
    expected = pasted(told(box), table, hit, alpha)
    for mine, theirs in zip(told(found.box), expected, strict=True):
        if isinstance(theirs, frozenset):
            assert mine == theirs
        else:
            assert mine == pytest.approx(theirs, abs=1e-12)
    assert (found.points, found.hits) == counted(expected, table, hit)
    assert found.density >= start.density


def freed(box: Told, table: np.ndarray, hit: np.ndarray, density: float) -> Told:
    """Free a box of limits as it is told: what is dense enough anyway, then what may be chance."""
    start = Step((), *counted(box, table, hit))
    while True:
        here = Step((), *counted(box, table, hit))
        ways: list[Told] = []
        for column, asked in enumerate(box):
            if isinstance(asked, frozenset):
                fewer = [] if asked == {0, 1, 2} else [frozenset({0, 1, 2})]
            else:
                fewer = [(-math.inf, asked[1])] if asked[0] > -math.inf else []
                fewer += [(asked[0], math.inf)] if asked[1] < math.inf else []
            ways += [[*box[:column], free, *box[column + 1 :]] for free in fewer]
        opened = [(Step((), *counted(way, table, hit)), way) for way in ways]
        dense = [each for each in opened if each[0].density >= density]
        idle = [each for each in opened if by_chance(start, each[0]) > 0.05]
        if dense and here.density >= density:
            box = max(dense, key=lambda each: (each[0].hits, each[0].density))[1]
        elif idle:
            box = max(idle, key=lambda each: each[0].density)[1]
        else:
            return box


@pytest.mark.parametrize("density", [0.5, 0.65, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_limits_are_dropped_as_the_rules_say(seed: int, density: float) -> None:
    table, hit = points(seed, 160)
    box = (Bounds(0.02, 0.55), Bounds(1, 4), Bounds(kept=frozenset({0, 2})))
    step = Step(box, *counted(told(box), table, hit))
    found = simplify(step, table, hit, KINDS, BoxSearch(density=density))
    expected = freed(told(box), table, hit, density)
    assert told(found.box) == expected
    assert (found.points, found.hits) == counted(expected, table, hit)


def test_a_box_without_one_column_is_counted_again() -> None:
    table, hit = points(1)
    box = (Bounds(0.2, 0.6), Bounds(1, 4), Bounds(kept=frozenset({0, 2})))
    found = without(Step(box, 0, 0), 1, table, hit)
    assert found.box == (box[0], Bounds(), box[2])
    assert (found.points, found.hits) == counted(told(found.box), table, hit)


def test_both_ends_belong_to_a_box() -> None:
    table = np.array([[1.0], [2.0], [3.0], [4.0]])
    assert inside((Bounds(2.0, 3.0),), table).tolist() == [False, True, True, False]
    assert inside((Bounds(low=3.0),), table).tolist() == [False, False, True, True]
    assert inside((Bounds(high=1.0),), table).tolist() == [True, False, False, False]
    assert inside((Bounds(kept=frozenset({1, 4})),), table).tolist() == [True, False, False, True]
    assert [b.restricts for b in (Bounds(), Bounds(low=0), Bounds(high=0))] == [False, True, True]
    assert Bounds(kept=frozenset({1})).restricts


def test_the_choice_among_boxes_at_its_edges() -> None:
    whole = Step((), 100, 40)
    wide, tight, thin = Step((), 50, 40), Step((), 45, 36), Step((), 44, 36)
    assert choose([whole, wide, tight], 0.8) == wide  # .8 is dense enough, and holds more
    assert choose([whole, tight, thin], 0.8) == thin  # as many hits among fewer points
    # none reaches .95; of hits and of others: 1 - 10/60, .9 - 9/60, .9 - 8/60
    assert choose([whole, tight, thin, wide], 0.95) == wide
    # .5 - 0 against .6 - 20/60: what tells apart is the difference
    half, more = Step((), 21, 20), Step((), 44, 24)
    assert choose([whole, half, more], 0.99) == half


def test_boxes_are_sought_among_twice_the_fewest_points() -> None:
    table = np.arange(20.0)[:, None]
    hit = table[:, 0] < 10
    (found,) = cover(table, hit, ["number"], BoxSearch())
    assert (found.step.points, found.step.hits, found.step.box[0].high) == (10, 10, 9.5)
    assert cover(table[1:], hit[1:], ["number"], BoxSearch()) == []


def test_a_box_holds_the_share_of_points_asked_for() -> None:
    table = np.arange(100.0)[:, None]
    hit = table[:, 0] < 11
    for smallest, fewest in ((0.03, 10), (0.15, 15), (0.201, 21)):
        path = cover(table, hit, ["number"], BoxSearch(alpha=0.01, smallest=smallest))[0].path
        assert min(step.points for step in path) == max(fewest, 11)


def test_a_further_box_must_be_dense_and_add_a_twentieth() -> None:
    table = np.arange(1000.0)[:, None]

    def found(second: int, density: float = 0.9) -> int:
        """So many hits at the far end beside 300 in a row at the near one."""
        hit = (table[:, 0] < 300) | (table[:, 0] >= 1000 - second)
        search = BoxSearch(alpha=0.02, density=density, smallest=0.01)
        return len(cover(table, hit, ["number"], search))

    assert found(60) == 2
    assert found(12) == 1  # 12 of 312 are fewer than a twentieth
    assert found(17) == 2  # 17 of 317 are not


def test_not_more_boxes_than_asked_for() -> None:
    table = np.arange(1000.0)[:, None]
    hit = (table[:, 0] // 100) % 3 == 0
    for most in (1, 2, 3):
        assert len(cover(table, hit, ["number"], BoxSearch(density=0.9, boxes=most))) == most


def test_thick_slices_are_tried_only_below_one_half() -> None:
    table, hit = np.arange(200.0)[:, None], np.arange(200) < 60
    (found,) = cover(table, hit, ["number"], BoxSearch(alpha=0.3))
    by_one_slice = peel(table, hit, ["number"], 0.3, 10)
    assert list(found.path) == by_one_slice


def test_the_numbers_of_the_search_are_as_documented() -> None:
    assert (FEWEST, STRIDES, NEGLIGIBLE, FURTHER) == (10, (1, 2, 4, 8), 0.05, 0.05)
    assert BoxSearch() == BoxSearch(alpha=0.05, density=0.8, smallest=0.03, boxes=3)
