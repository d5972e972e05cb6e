"""Boxes in the parameters' own units, and how they do on points that they were not found on.

Comes in: design points, where something is lost, and boxes of coded columns (`prim`).
Goes out: boxes as a reader needs them, each limit with its chance and stability, and how boxes
found on one half of the points do on the other half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from trustsim.analysis.discovery.prim import (
    FURTHER,
    Bounds,
    Box,
    BoxSearch,
    Flags,
    Floats,
    Found,
    Kind,
    Step,
    by_chance,
    cover,
    inside,
    without,
)
from trustsim.config.dimensions import Dimension

STEADY = 0.5
"""Share of the halves that must share a limit (stability selection takes .6 to .9 and more; a box
can stand on one of two parameters that go together, hence the low end)."""


@dataclass(frozen=True)
class Restriction:
    """What a box asks of one parameter.

    Attributes
    ----------
    dimension : Dimension
        The parameter.
    low, high : float
        In the parameter's unit, both within; infinite where nothing is asked.
    kept : tuple of str
        The choices within, if the parameter is a choice.
    chance : float
        Quasi-p-value: could the points within be so dense by chance? (Bryant & Lempert 2010)
    stability : float
        Share of the half-samples whose most similar box restricts this parameter from the same
        side, or drops the same choices.
    spread : tuple of float
        Tenth and ninetieth percentile of the limit over these half-samples (of the upper one if
        there are two); missing (NaN) for a choice. About as wide as the limit's own 80 % interval,
        since a half differs from the whole as much as the whole from another sample of its size.
    """

    dimension: Dimension
    low: float
    high: float
    kept: tuple[str, ...]
    chance: float
    stability: float
    spread: tuple[float, float]


@dataclass(frozen=True)
class LosingBox:
    """A box of the parameter space in which the challenger loses.

    Attributes
    ----------
    restrictions : tuple of Restriction
        What it asks, the most telling parameter first; parameters not named are free.
    points, losing : int
        Points in it that no earlier box holds, and at how many of them the challenger loses.
    coverage : float
        Share of all losing points that it holds.
    density : float
        Share of its points that are losing.
    mass : float
        Share of all points that it holds.
    dense : bool
        Whether it is as dense as was asked for.
    """

    restrictions: tuple[Restriction, ...]
    points: int
    losing: int
    coverage: float
    density: float
    mass: float
    dense: bool


@dataclass(frozen=True)
class HeldOut:
    """How boxes do on the half of the points that they were not found on; means over halves.

    Attributes
    ----------
    coverage, density, mass : float
        As of `LosingBox`, of all boxes together; density is missing (NaN) if no half had a box.
    chance : float
        Probability of such a density or a higher one among points drawn without regard to boxes.
    halves : int
        Number of halves on which boxes were sought.
    """

    coverage: float
    density: float
    mass: float
    chance: float
    halves: int


@dataclass(frozen=True)
class Half:
    """Boxes found on one half of the points.

    Attributes
    ----------
    boxes : list of tuple of Bounds
        The boxes.
    held : list of ndarray of bool, shape (points,)
        Which of all points each holds.
    others : ndarray of bool, shape (points,)
        The half that they were not found on.
    """

    boxes: list[Box]
    held: list[Flags]
    others: Flags

    def nearest(self, held: Flags) -> Box | None:
        """The box that shares most of its points with those given, if any shares some."""
        shared = [(held & mine).sum() / (held | mine).sum() for mine in self.held]
        best = int(np.argmax(shared)) if shared else -1
        return self.boxes[best] if shared and shared[best] > 0 else None


class Space:
    """The points of a design as a table of numbers, and the way back to the parameters' units."""

    def __init__(self, dimensions: tuple[Dimension, ...], points: pd.DataFrame) -> None:
        self.dimensions = dimensions
        self.kinds: list[Kind] = [d.kind for d in dimensions]
        self.logs = [d.scale == "log" and d.kind == "number" for d in dimensions]
        self.names: list[list[str]] = []
        columns = []
        for dimension, log in zip(dimensions, self.logs, strict=True):
            values = points[dimension.path]
            codes = pd.Categorical(values.astype(str)) if dimension.kind == "choice" else None
            self.names.append([] if codes is None else [str(c) for c in codes.categories])
            column = values.to_numpy(float) if codes is None else codes.codes.astype(float)
            columns.append(np.log(column) if log else column)
        self.coded: Floats = np.column_stack(columns)

    def edge(self, column: int, value: float) -> float:
        """A limit in the unit of its parameter."""
        return math.exp(value) if self.logs[column] and math.isfinite(value) else value

    def numbers(self, result: Sequence[Found]) -> npt.NDArray[np.int64]:
        """Number of the box that holds each point, from 1; 0 for none."""
        number = np.zeros(len(self.coded), dtype=int)
        for k, each in enumerate(result, start=1):
            number[inside(each.step.box, self.coded) & (number == 0)] = k
        return number

    def steady(
        self, result: Sequence[Found], lost: Flags, halves: Sequence[Half], density: float
    ) -> list[Found]:
        """Boxes without the limits that fewer than half of the halves share, counted again.

        A further box that is not dense or adds little without them ends the list.
        """
        kept: list[Found] = []
        for each in result:
            left = self.numbers(kept) == 0
            step = each.step
            for column, limits in enumerate(each.step.box):
                if limits.restricts and _share(self._alike(each.step, column, halves)) < STEADY:
                    step = without(step, column, self.coded[left], lost[left])
            restricts = any(limits.restricts for limits in step.box)
            enough = not kept or (step.density >= density and step.hits >= FURTHER * lost.sum())
            if not restricts or not enough:
                break
            held = inside(step.box, self.coded[left])
            step = Step(step.box, int(held.sum()), int(lost[left][held].sum()))
            kept.append(Found(step, each.path, step.density >= density))
        return kept

    def box(
        self, result: Found, earlier: Sequence[Found], lost: Flags, halves: Sequence[Half]
    ) -> LosingBox:
        """A box in the parameters' units, with what the halves say of it."""
        left = self.numbers(earlier) == 0
        step = result.step
        order = sorted(
            (column for column, limits in enumerate(step.box) if limits.restricts),
            key=lambda column: without(step, column, self.coded[left], lost[left]).density,
        )
        return LosingBox(
            restrictions=tuple(
                self._restriction(step, column, self.coded[left], lost[left], halves)
                for column in order
            ),
            points=step.points,
            losing=step.hits,
            coverage=step.hits / int(lost.sum()),
            density=step.density,
            mass=step.points / len(lost),
            dense=result.dense,
        )

    def _restriction(
        self, step: Step, column: int, table: Floats, lost: Flags, halves: Sequence[Half]
    ) -> Restriction:
        limits = step.box[column]
        low, high = self.edge(column, limits.low), self.edge(column, limits.high)
        alike = self._alike(step, column, halves)
        ends = [self.edge(column, end) for end in alike if end is not None and math.isfinite(end)]
        named = self.names[column]
        return Restriction(
            dimension=self.dimensions[column],
            low=low,
            high=high,
            kept=tuple(named[code] for code in sorted(limits.kept or ())),
            chance=by_chance(step, without(step, column, table, lost)),
            stability=_share(alike),
            spread=(float(np.quantile(ends, 0.1)), float(np.quantile(ends, 0.9)))
            if ends
            else (math.nan, math.nan),
        )

    def _alike(self, step: Step, column: int, halves: Sequence[Half]) -> list[float | None]:
        """What the most similar box of each half asks from the same side of a column."""
        held = inside(step.box, self.coded)
        return [_limit_alike(step.box[column], column, half.nearest(held)) for half in halves]


def _share(alike: Sequence[float | None]) -> float:
    return sum(end is not None for end in alike) / max(1, len(alike))


def _limit_alike(limits: Bounds, column: int, box: Box | None) -> float | None:
    """Limit of a box that restricts a column from the same side, if it does.

    A choice has no limit to speak of: infinite if the same choices are dropped.
    """
    other = Bounds() if box is None else box[column]
    if limits.kept is not None:
        return math.inf if other.kept == limits.kept else None
    if limits.high < math.inf:
        return other.high if other.high < math.inf else None
    return other.low if other.low > -math.inf else None


def both_halves(space: Space, lost: Flags, search: BoxSearch, splits: int, seed: int) -> list[Half]:
    """Boxes of both halves of random splits (complementary pairs: Shah & Samworth 2013)."""
    random = np.random.default_rng(seed)
    halves = []
    for _ in range(splits):
        first = np.zeros(len(lost), dtype=bool)
        first[random.permutation(len(lost))[: len(lost) // 2]] = True
        for mine in (first, ~first):
            result = cover(space.coded[mine], lost[mine], space.kinds, search)
            boxes = [each.step.box for each in result]
            halves.append(Half(boxes, [inside(box, space.coded) for box in boxes], ~mine))
    return halves


def held_out(halves: Sequence[Half], lost: Flags, count: int) -> HeldOut:
    """How the first `count` boxes of each half do on the other half."""
    points, hits, others, losing = 0, 0, 0, 0
    for half in halves:
        held = np.zeros(len(lost), dtype=bool)
        for each in half.held[:count]:
            held |= each & half.others
        points, hits = points + int(held.sum()), hits + int(lost[held].sum())
        others, losing = others + int(half.others.sum()), losing + int(lost[half.others].sum())
    pairs = max(1, len(halves) / 2)
    if not points:
        return HeldOut(0.0, math.nan, 0.0, 1.0, len(halves))
    # Every point is held out once per split: points per split, not their sum, are the sample.
    tail = stats.binom.sf(round(hits / pairs) - 1, max(1, round(points / pairs)), losing / others)
    return HeldOut(hits / losing, hits / points, points / others, float(tail), len(halves))


def standing(judged: Sequence[HeldOut]) -> int:
    """How many boxes stand: a further one must do better than chance on held-out points, too."""
    count = 1
    for before, now in pairwise(judged):
        if now.coverage - before.coverage <= now.mass - before.mass:
            break
        count += 1
    return count
