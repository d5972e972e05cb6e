"""Boxes in the parameters' units, and what halves say of them, in spaces worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trustsim.analysis.discovery.boxes import Half, Space, both_halves, held_out
from trustsim.analysis.discovery.prim import Bounds, Box, BoxSearch, Found, Step, cover, inside
from trustsim.config.dimensions import Dimensions
from trustsim.schema.translation import read

DIMENSIONS = read(
    Dimensions,
    {
        "market.late_gain": {"low": 1.0, "high": 3.0},
        "market.lot_cost": {"low": 0.5, "high": 50.0, "scale": "log"},
        "market.rivals": {"low": 1, "high": 8},
        "policies.buyers.high_trust.inspection": {"choices": ["none", "all", "fixed"]},
    },
    "design.parameters",
)
FREE = Bounds()


def space(count: int = 400, seed: int = 2) -> Space:
    random = np.random.default_rng(seed)
    table = pd.DataFrame({d.path: d.of(random.random(count)) for d in DIMENSIONS})
    return Space(DIMENSIONS, table)


def found(box: Box, space: Space, lost: np.ndarray, dense: bool = True) -> Found:
    held = inside(box, space.coded)
    return Found(Step(box, int(held.sum()), int(lost[held].sum())), (), dense)


def half(box: Box | None, space: Space, others: np.ndarray | None = None) -> Half:
    boxes = [] if box is None else [box]
    rest = np.zeros(len(space.coded), bool) if others is None else others
    return Half(boxes, [inside(each, space.coded) for each in boxes], rest)


def test_points_are_coded_and_limits_told_in_the_parameters_units() -> None:
    table = pd.DataFrame(
        {
            "market.late_gain": [1.0, 2.5],
            "market.lot_cost": [1.0, math.e],
            "market.rivals": [3, 8],
            "policies.buyers.high_trust.inspection": ["none", "all"],
        }
    )
    small = Space(DIMENSIONS, table)
    # choices are numbered by name: all, none
    assert small.coded.tolist() == [[1.0, 0.0, 3.0, 1.0], [2.5, 1.0, 8.0, 0.0]]
    assert small.names == [[], [], [], ["all", "none"]]
    assert small.logs == [False, True, False, False]
    assert (small.edge(0, 2.0), small.edge(1, 2.0)) == (2.0, pytest.approx(math.e**2))
    assert (small.edge(1, math.inf), small.edge(1, -math.inf)) == (math.inf, -math.inf)


def test_a_point_belongs_to_the_first_box_that_holds_it() -> None:
    mine = space()
    one, two = (Bounds(high=2.0), FREE, FREE, FREE), (Bounds(low=1.5), FREE, Bounds(low=5), FREE)
    lost = np.zeros(400, bool)
    late, rivals = mine.coded[:, 0], mine.coded[:, 2]
    expected = np.where(late <= 2.0, 1, np.where(rivals >= 5, 2, 0))
    assert mine.numbers([found(one, mine, lost), found(two, mine, lost)]).tolist() == (
        expected.tolist()
    )


def test_the_nearest_box_of_a_half_shares_most_of_its_points() -> None:
    held = np.array([1, 1, 1, 0, 0, 0], bool)
    boxes: list[Any] = [("wide",), ("close",), ("far",)]
    mine = [
        np.ones(6, bool),
        np.array([0, 1, 1, 0, 0, 0], bool),
        np.array([0, 0, 0, 1, 1, 1], bool),
    ]
    # 3 of 6, 2 of 3, none
    assert Half(boxes, mine, ~held).nearest(held) == ("close",)
    assert Half(boxes[2:], mine[2:], ~held).nearest(held) is None
    assert Half([], [], ~held).nearest(held) is None
    # 2 of 5 in common beats 1 of 3, though it holds more
    wide = np.array([0, 1, 1, 1, 1, 0], bool)
    thin = np.array([1, 0, 0, 0, 0, 0], bool)
    assert Half(boxes[:2], [thin, wide], ~held).nearest(held) == ("close",)


def test_a_box_with_its_shares_chances_and_what_the_halves_say() -> None:
    mine = space()
    late, cost = mine.coded[:, 0], mine.coded[:, 1]
    random = np.random.default_rng(4)
    corner = (late < 1.8) & (cost < math.log(5.0)) & (mine.coded[:, 3] != 1)
    lost = np.where(corner, random.random(400) < 0.95, random.random(400) < 0.1)
    box = (Bounds(high=1.8), Bounds(high=math.log(5.0)), FREE, Bounds(kept=frozenset({0, 2})))
    halves = [
        half((Bounds(high=1.7), Bounds(high=math.log(4.0)), FREE, box[3]), mine),
        half((Bounds(high=1.9), FREE, FREE, Bounds(kept=frozenset({0}))), mine),
        half((Bounds(low=1.1), Bounds(high=math.log(6.0)), FREE, box[3]), mine),
        half(None, mine),
    ]
    told = mine.box(found(box, mine, lost), [], lost, halves)
    held = inside(box, mine.coded)
    assert (told.points, told.losing) == (held.sum(), lost[held].sum())
    assert told.coverage == pytest.approx(lost[held].sum() / lost.sum())
    assert told.density == pytest.approx(lost[held].mean())
    assert told.mass == pytest.approx(held.mean())
    assert told.dense
    limits = {each.dimension.path.rpartition(".")[2]: each for each in told.restrictions}
    assert (limits["late_gain"].low, limits["late_gain"].high) == (-math.inf, 1.8)
    assert limits["lot_cost"].high == pytest.approx(5.0)
    assert limits["inspection"].kept == ("all", "none")
    # of four halves two share late gain's side, two lot cost's, two the same choices
    assert [limits[k].stability for k in ("late_gain", "lot_cost", "inspection")] == [0.5] * 3
    ends = {"late_gain": [1.7, 1.9], "lot_cost": [4.0, 6.0]}
    for name, values in ends.items():
        assert limits[name].spread == pytest.approx(np.quantile(values, [0.1, 0.9]))
    assert np.isnan(limits["inspection"].spread).all()
    # without one limit each: how dense, and could the box be that dense by chance?
    density = {}
    for column, name in ((0, "late_gain"), (1, "lot_cost"), (3, "inspection")):
        opened = inside((*box[:column], FREE, *box[column + 1 :]), mine.coded)
        density[name] = lost[opened].mean()
        tail = stats.binomtest(int(lost[held].sum()), int(held.sum()), density[name], "greater")
        assert limits[name].chance == pytest.approx(tail.pvalue, rel=1e-9)
    assert list(limits) == sorted(density, key=lambda name: density[name])


def test_a_second_box_is_counted_among_what_the_first_leaves() -> None:
    mine = space()
    late = mine.coded[:, 0]
    lost = (late < 1.5) | (late > 2.5)
    one, two = (Bounds(high=1.6), FREE, FREE, FREE), (Bounds(low=1.4), FREE, Bounds(low=5), FREE)
    first = found(one, mine, lost)
    left = late > 1.6
    held = inside(two, mine.coded) & left
    second = Found(Step(two, int(held.sum()), int(lost[held].sum())), (), False)
    told = mine.box(second, [first], lost, [])
    (rivals,) = [r for r in told.restrictions if r.dimension.label == "rivals"]
    density = lost[left & (late >= 1.4)].mean()
    tail = stats.binomtest(int(lost[held].sum()), int(held.sum()), density, "greater")
    assert rivals.chance == pytest.approx(tail.pvalue, rel=1e-9)
    assert rivals.stability == 0.0  # no half says anything
    assert not told.dense


def test_limits_that_fewer_than_half_of_the_halves_share_go() -> None:
    mine = space()
    late, cost = mine.coded[:, 0], mine.coded[:, 1]
    lost = (late < 1.8) & (cost < math.log(5.0))
    box = (Bounds(high=1.8), Bounds(high=math.log(5.0)), Bounds(high=7), FREE)
    both = (box[0], box[1], FREE, FREE)
    alone = (box[0], FREE, FREE, FREE)
    two_of_four = [half(each, mine) for each in (both, both, alone, alone)]
    (kept,) = mine.steady([found(box, mine, lost)], lost, two_of_four, 0.8)
    assert kept.step.box == both  # half of them are enough
    held = inside(both, mine.coded)
    assert (kept.step.points, kept.step.hits) == (held.sum(), lost[held].sum())
    assert kept.dense
    one_of_four = [half(each, mine) for each in (both, alone, alone, alone)]
    (kept,) = mine.steady([found(box, mine, lost)], lost, one_of_four, 0.8)
    assert kept.step.box == alone
    assert not kept.dense
    assert mine.steady([found(box, mine, lost)], lost, [half(None, mine)] * 4, 0.8) == []


@pytest.mark.parametrize(
    ("losing", "points", "asked", "stands"),
    [(5, 5, 0.9, True), (4, 4, 0.9, False), (9, 10, 0.9, True), (9, 10, 0.91, False)],
)
def test_a_further_box_must_still_be_dense_and_add_a_twentieth(
    losing: int, points: int, asked: float, stands: bool
) -> None:
    # 1,000 points in a row, 100 of them lost: most at the start, and so many among a few far on
    table = pd.DataFrame({d.path: d.of(np.linspace(0, 1, 1000)) for d in DIMENSIONS})
    mine = Space(DIMENSIONS, table)
    rank, late = np.arange(1000), mine.coded[:, 0]
    lost = (rank < 100 - losing) | ((rank >= 800) & (rank < 800 + losing))
    one = (Bounds(high=float(late[99 - losing])), FREE, FREE, FREE)
    two = (Bounds(float(late[800]), float(late[799 + points])), FREE, FREE, FREE)
    # half of the halves agree with each
    halves = [half(one, mine), half(two, mine)]
    kept = mine.steady([found(one, mine, lost), found(two, mine, lost)], lost, halves, asked)
    assert len(kept) == 1 + stands


def test_halves_are_complements_and_their_boxes_found_on_their_own_points() -> None:
    mine = space(120)
    lost = mine.coded[:, 0] < 1.9
    search = BoxSearch(density=0.9)
    halves = both_halves(mine, lost, search, 3, seed=5)
    assert len(halves) == 6
    for first, second in zip(halves[::2], halves[1::2], strict=True):
        assert (first.others == ~second.others).all()
        assert first.others.sum() == 60
    random = np.random.default_rng(5)
    for each in halves[::2]:
        chosen = np.zeros(120, bool)
        chosen[random.permutation(120)[:60]] = True
        assert (each.others == ~chosen).all()
    for each in halves:
        own = ~each.others
        result = cover(mine.coded[own], lost[own], mine.kinds, search)
        assert each.boxes == [one.step.box for one in result]
        for box, held in zip(each.boxes, each.held, strict=True):
            assert (held == inside(box, mine.coded)).all()
    assert len(both_halves(space(121), np.r_[lost, True], search, 1, 5)) == 2


def test_held_out_figures_of_two_splits_are_means_and_their_sample_is_one_split() -> None:
    lost = np.array([1, 1, 1, 0, 0, 0, 1, 0, 0, 0], bool)
    first = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], bool)
    one = np.array([1, 0, 1, 0, 1, 0, 1, 0, 0, 0], bool)
    two = np.array([0, 1, 1, 0, 0, 0, 0, 1, 0, 0], bool)
    halves = [Half([(FREE,)] * 2, [one, two], others) for others in (~first, first, first, ~first)]
    # first boxes: 6 (lost) of ~first; 0, 2, 4 (two lost) of first; both twice
    judged = held_out(halves, lost, 1)
    assert (judged.coverage, judged.density, judged.mass) == (6 / 8, 6 / 8, 8 / 20)
    assert judged.chance == pytest.approx(stats.binom.sf(2, 4, 8 / 20))
    assert judged.halves == 4
    # with the second: 6 and 7 of ~first; 0, 1, 2, 4 (three lost) of first
    judged = held_out(halves, lost, 2)
    assert (judged.coverage, judged.density, judged.mass) == (8 / 8, 8 / 12, 12 / 20)
    assert judged.chance == pytest.approx(stats.binom.sf(3, 6, 8 / 20))
