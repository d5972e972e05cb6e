"""Boxes in which something happens: the patient rule induction method.

Comes in: a table of points, and for each point whether it is one of those looked for. Goes out:
boxes, each a few limits on a few columns, that hold many of these points and little else.

A box starts as the whole space and is made smaller a thin slice at a time (*peeling*); one of the
boxes on the way is chosen by a stated rule, widened where that costs nothing (*pasting*), and freed
of limits that it does not need. Its points are then set aside, and the next box is sought among
the others (*covering*). Peeling, pasting and covering are those of Friedman & Fisher 1999;
coverage, density and quasi-p-values those of scenario discovery (Bryant & Lempert 2010).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Kind = Literal["number", "integer", "choice"]

FEWEST = 10
"""Points that a box holds at least, whatever the share asked for: fewer tell no density."""

STRIDES = (1, 2, 4, 8)
"""Slices tried, in units of `BoxSearch.alpha`: thin ones are patient, but do not see past a stretch
that looks like its surroundings, such as the gap between two boxes side by side."""

NEGLIGIBLE = 0.05
"""Quasi-p-value above which a limit is dropped (Bryant & Lempert 2010 look at the same level)."""

FURTHER = 0.05
"""Share of all points looked for that a second or third box must add to be worth a sentence."""


@dataclass(frozen=True)
class Bounds:
    """What a box asks of one column: a range, or some of its choices; at first nothing.

    Attributes
    ----------
    low, high : float
        Both ends belong to the range; infinite where it is open.
    kept : frozenset of int, optional
        Numbers of the choices that are in the box; all if not given.
    """

    low: float = -math.inf
    high: float = math.inf
    kept: frozenset[int] | None = None

    @property
    def restricts(self) -> bool:
        """Whether anything is asked at all."""
        return self.kept is not None or self.low > -math.inf or self.high < math.inf

    def hold(self, column: Floats) -> Flags:
        """Which values of a column are within the limits."""
        if self.kept is not None:
            return np.isin(column, list(self.kept))
        return (column >= self.low) & (column <= self.high)


Box = tuple[Bounds, ...]


@dataclass(frozen=True)
class Step:
    """A box on the way from all points to few.

    Attributes
    ----------
    box : tuple of Bounds
        One entry per column.
    points, hits : int
        Points in it, and how many of them are of those looked for.
    """

    box: Box
    points: int
    hits: int

    @property
    def density(self) -> float:
        """Share of the box's points that are looked for."""
        return self.hits / self.points


@dataclass(frozen=True)
class Found:
    """A box that was chosen, counted on the points that no earlier box holds.

    Attributes
    ----------
    step : Step
        The box with its counts.
    path : tuple of Step
        The boxes that peeling went through, the largest first.
    dense : bool
        Whether it is as dense as asked; if not, it is the box that tells the points apart best.
    """

    step: Step
    path: tuple[Step, ...]
    dense: bool


@dataclass(frozen=True)
class BoxSearch:
    """How boxes are sought.

    Attributes
    ----------
    alpha : float
        Share of a box's points that one peeling removes, between 0 and .5; small is patient. Twice,
        four and eight times as much (below .5) is tried as well, each on a path of its own.
    density : float
        Density that a box must reach, between 0 and 1.
    smallest : float
        Share of all points that a box must hold, between 0 and 1.
    boxes : int
        Most boxes.
    """

    alpha: float = 0.05
    density: float = 0.8
    smallest: float = 0.03
    boxes: int = 3


def inside(box: Box, table: Floats) -> Flags:
    """Which rows of a table, shape (points, columns), lie in a box; shape (points,)."""
    held = np.ones(len(table), dtype=bool)
    for column, limits in enumerate(box):
        if limits.restricts:
            held &= limits.hold(table[:, column])
    return held


def cover(table: Floats, hit: Flags, kinds: Sequence[Kind], search: BoxSearch) -> list[Found]:
    """Find boxes that between them hold the points looked for, the best one first.

    Parameters
    ----------
    table : ndarray, shape (points, columns)
        Numbers as they are (a column on a log scale as logarithms), choices as whole numbers.
    hit : ndarray of bool, shape (points,)
        The points looked for.
    kinds : sequence of {"number", "integer", "choice"}
        What each column holds.
    search : Search
        How boxes are sought.

    Returns
    -------
    list of Found
        A second and a third box must reach the density and add a twentieth of all hits; the first
        need not. Empty if there is nothing to tell apart: no hits, only hits, or too few points.
    """
    fewest = max(FEWEST, math.ceil(search.smallest * len(table)))
    left = np.ones(len(table), dtype=bool)
    result: list[Found] = []
    while len(result) < search.boxes:
        rows, hits = table[left], hit[left]
        if len(rows) < 2 * fewest or not hits.any() or hits.all():
            break
        slices = [search.alpha * times for times in STRIDES if search.alpha * times < 0.5]
        paths = [peel(rows, hits, kinds, alpha, fewest) for alpha in slices]
        chosen = choose([step for path in paths for step in path], search.density)
        path = next(path for path in paths if chosen in path)
        for improve in (paste, simplify):
            chosen = improve(chosen, rows, hits, kinds, search)
        dense = chosen.density >= search.density
        if not any(limits.restricts for limits in chosen.box):
            break
        if result and not (dense and chosen.hits >= FURTHER * hit.sum()):
            break
        result.append(Found(chosen, tuple(path), dense))
        left &= ~inside(chosen.box, table)
    return result


def peel(table: Floats, hit: Flags, kinds: Sequence[Kind], alpha: float, fewest: int) -> list[Step]:
    """Peel the space from all points down to `fewest`, the best slice at a time.

    A slice is the lowest or the highest `alpha` of a column's values in the box (all that share a
    value go together), or one of its choices. The slice is removed that raises the density most
    per point removed, so that a choice which takes away half of the points must earn it.

    Returns
    -------
    list of Step
        The first is the whole space; each of the others lies within the one before it. It ends
        where nothing but hits is left, or where the next slice would leave fewer than `fewest`.
    """
    box: Box = tuple(Bounds() for _ in kinds)
    path = [Step(box, len(table), int(hit.sum()))]
    whole = [frozenset(np.unique(column).astype(int).tolist()) for column in table.T]
    while path[-1].hits < path[-1].points:
        here = path[-1]
        best, best_gain, best_kept = None, -math.inf, None
        for column, limits, kept in _slices(here.box, table, kinds, whole, alpha):
            points = np.count_nonzero(kept)
            if points < fewest:
                continue
            density = np.count_nonzero(hit & kept) / points
            gain = (density - here.density) / (here.points - points)
            if gain > best_gain:
                best, best_gain, best_kept = (column, limits), gain, kept
        if best is None or best_kept is None:
            break
        table, hit = table[best_kept], hit[best_kept]
        path.append(Step(_with(here.box, *best), len(table), int(hit.sum())))
    return path


def choose(path: Sequence[Step], density: float) -> Step:
    """Choose a box of peeling paths: the one of greatest coverage among those dense enough.

    If none is, the one that tells hits from others best: the greatest difference between the
    shares of hits and of others that it holds (Youden 1950).
    """
    enough = [step for step in path if step.density >= density]
    if enough:
        return max(enough, key=lambda step: (step.hits, -step.points))
    whole = path[0]
    others = whole.points - whole.hits

    def told_apart(step: Step) -> float:
        return step.hits / whole.hits - (step.points - step.hits) / others

    return max(path, key=told_apart)


def paste(step: Step, table: Floats, hit: Flags, kinds: Sequence[Kind], search: BoxSearch) -> Step:
    """Widen a box, a slice at a time, as long as its density does not fall."""
    while True:
        wider = [
            Step(box, int(held.sum()), int(hit[held].sum()))
            for box, held in _widened(step, table, kinds, search.alpha)
        ]
        wider = [each for each in wider if each.density >= step.density]
        if not wider:
            return step
        step = max(wider, key=lambda each: (each.density, each.points))


def simplify(
    step: Step, table: Floats, hit: Flags, kinds: Sequence[Kind], search: BoxSearch
) -> Step:
    """Drop limits that a box does not need.

    A limit goes if the box is dense enough without it, since the rule asks for the greatest
    coverage; or else if all that has been dropped so far could be chance, by its quasi-p-value.
    """
    chosen = step
    while True:
        opened = [
            Step(box, int(held.sum()), int(hit[held].sum()))
            for box in _opened(step.box)
            for held in [inside(box, table)]
        ]
        dense = [each for each in opened if each.density >= search.density]
        idle = [each for each in opened if by_chance(chosen, each) > NEGLIGIBLE]
        if dense and step.density >= search.density:
            step = max(dense, key=lambda each: (each.hits, each.density))
        elif idle:
            step = max(idle, key=lambda each: each.density)
        else:
            return step


def by_chance(step: Step, opened: Step) -> float:
    """Quasi-p-value of a limit: could the density within it come from drawing points at random?

    Probability of at least as many hits among the box's points if each were one with the density
    of the box without that limit (binomial; Bryant & Lempert 2010). *Quasi*, since the limit was
    found by looking for a small value.
    """
    return float(stats.binom.sf(step.hits - 1, step.points, opened.density))


def without(step: Step, column: int, table: Floats, hit: Flags) -> Step:
    """A box without its limits on one column."""
    box = _with(step.box, column, Bounds())
    held = inside(box, table)
    return Step(box, int(held.sum()), int(hit[held].sum()))


def _with(box: Box, column: int, limits: Bounds) -> Box:
    return (*box[:column], limits, *box[column + 1 :])


def _slices(
    box: Box, table: Floats, kinds: Sequence[Kind], whole: Sequence[frozenset[int]], alpha: float
) -> Iterator[tuple[int, Bounds, Flags]]:
    """Every way to peel: the column, its new limits, and which of the box's points stay."""
    count = max(1, int(alpha * len(table)))
    for column, kind in enumerate(kinds):
        values, limits = table[:, column], box[column]
        if kind == "choice":
            there = np.unique(values)
            for choice in there if len(there) > 1 else ():
                rest = (limits.kept or whole[column]) - {int(choice)}
                yield column, Bounds(kept=rest), values != choice
            continue
        ranked = np.partition(values, (count - 1, len(values) - count))
        low, high = ranked[count - 1], ranked[len(values) - count]
        above, below = values > low, values < high
        if above.any():
            edge = _between(kind, low, values[above].min(), values[above].min())
            yield column, _moved(limits, "low", edge), above
        if below.any():
            edge = _between(kind, values[below].max(), high, values[below].max())
            yield column, _moved(limits, "high", edge), below


def _widened(
    step: Step, table: Floats, kinds: Sequence[Kind], alpha: float
) -> Iterator[tuple[Box, Flags]]:
    """Every way to paste: the wider box, and the points in it."""
    count = max(1, int(alpha * step.points))
    held = inside(step.box, table)
    for column, kind in enumerate(kinds):
        limits = step.box[column]
        if not limits.restricts:
            continue
        near = inside(_with(step.box, column, Bounds()), table) & ~held
        values = table[near, column]
        if limits.kept is not None:
            for choice in np.unique(values):
                kept = frozenset({*limits.kept, int(choice)})
                box = _with(step.box, column, Bounds(kept=kept))
                yield box, inside(box, table)
            continue
        for side, sign in (("low", -1.0), ("high", 1.0)):
            edge = limits.low if side == "low" else limits.high
            away = np.sort(sign * (values - edge))
            away = away[away > 0]
            if not len(away):
                continue
            last = away[min(count, len(away)) - 1]
            farther = away[away > last]
            reach = math.inf if not len(farther) else _between(kind, last, farther[0], last)
            box = _with(step.box, column, _moved(limits, side, edge + sign * reach))
            yield box, inside(box, table)


def _between(kind: Kind, one: float, other: float, whole: float) -> float:
    """An edge between two neighbouring values; for whole numbers, the one that stays inside."""
    return float(whole) if kind == "integer" else float(one + other) / 2


def _moved(limits: Bounds, side: str, edge: float) -> Bounds:
    return replace(limits, low=edge) if side == "low" else replace(limits, high=edge)


def _opened(box: Box) -> Iterator[Box]:
    """The box without one side of one of its limits, each in turn."""
    for column, limits in enumerate(box):
        if limits.kept is not None:
            yield _with(box, column, Bounds())
            continue
        if limits.low > -math.inf:
            yield _with(box, column, _moved(limits, "low", -math.inf))
        if limits.high < math.inf:
            yield _with(box, column, _moved(limits, "high", math.inf))
