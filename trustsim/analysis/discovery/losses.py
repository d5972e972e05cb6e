"""Where does one arm lose against another? Boxes of design points, in the parameters' own units.

Comes in: the runs of two arms over a design that fills a space of parameters. Goes out: the paired
difference at each point, the boxes in which the challenger loses, and how well boxes that were
found on one half of the points foretell the other half. The search is
`trustsim.analysis.discovery.prim`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from trustsim.analysis.compare import paired_differences
from trustsim.analysis.discovery.boxes import (
    HeldOut,
    LosingBox,
    Space,
    both_halves,
    held_out,
    standing,
)
from trustsim.analysis.discovery.prim import BoxSearch, Found, cover
from trustsim.analysis.pairs import Unpaired, mean_interval, refuse_confidence
from trustsim.config.dimensions import Dimension
from trustsim.errors import ConfigError, nearest

Verdict = Literal["boxes", "no box", "never loses", "always loses"]

FEWEST_POINTS = 60
"""Points below which no boxes are sought: halves of thirty say nothing of a box's density."""

CHANCE = 0.01
"""The boxes stand if points that they were not found on exceed the base rate at this level."""


@dataclass(frozen=True)
class Discovery:
    """Where a challenger loses against a baseline.

    Attributes
    ----------
    challenger, baseline, measure : str
        It loses where ``challenger - baseline`` in `measure` exceeds `threshold`.
    threshold : float
        In the unit of the measure.
    dimensions : tuple of Dimension
        The parameters of the design.
    points : DataFrame
        A row per design point: a column per path, ``difference`` (mean over replicates),
        ``half_width`` (missing with a single replicate), ``replicates``, ``loses``, ``undecided``
        (its own interval holds the threshold) and ``box`` (number of its box from 1, 0 for none).
    unmeasured : int
        Points left out because they have no run, or the measure is missing in all their runs.
    hybrids : int
        Points of the design left out because they only mix the values of the others.
    runs : int
        Runs that went into it, of both arms.
    boxes : tuple of LosingBox
        Empty unless the verdict is "boxes".
    path : DataFrame
        The peeling that led to the first box: ``points, mass, coverage, density, parameters``
        (number of them that are restricted). Empty if no box was sought.
    held_out : tuple of HeldOut
        Of the first box alone, of the first two, and so on; one entry at least if boxes were
        sought.
    verdict : {"boxes", "no box", "never loses", "always loses"}
        "no box": what was found does no better on held-out points than chance.
    asked : float
        Density that was asked for.
    confidence : float
        Level of the points' intervals.
    """

    challenger: str
    baseline: str
    measure: str
    threshold: float
    dimensions: tuple[Dimension, ...]
    points: pd.DataFrame
    unmeasured: int
    hybrids: int
    runs: int
    boxes: tuple[LosingBox, ...]
    path: pd.DataFrame
    held_out: tuple[HeldOut, ...]
    verdict: Verdict
    asked: float
    confidence: float

    @property
    def share(self) -> float:
        """Share of the points at which the challenger loses."""
        return float(self.points["loses"].mean())

    @property
    def undecided(self) -> int:
        """Number of points that are too close to call."""
        return int(self.points["undecided"].sum())


def point_differences(
    runs: pd.DataFrame,
    dimensions: Sequence[Dimension],
    challenger: str,
    baseline: str,
    measure: str = "total_cost",
    threshold: float = 0.0,
    *,
    confidence: float = 0.95,
    unpaired: Unpaired = "refuse",
) -> pd.DataFrame:
    """Mean paired difference at each design point, with its interval over replicates.

    Parameters
    ----------
    runs : DataFrame
        One row per run: arm, point, replicate, a column per path of the design, measures.
    dimensions : sequence of Dimension
        The parameters of the design.
    challenger, baseline, measure, threshold
        Differences are challenger - baseline.
    confidence : float
        Level of the intervals (Student's t over replicates), between 0 and 1.
    unpaired : {"refuse", "drop"}
        What to do with a run whose partner is missing.

    Returns
    -------
    DataFrame
        Indexed by point: a column per path, ``difference, half_width, replicates, loses,
        undecided``. Points without any measured pair have a missing difference.

    Raises
    ------
    ConfigError
        For unknown arms or measures, for runs without a partner, and for a table of runs that
        lacks a column of the design.
    """
    refuse_confidence(confidence)
    lacking = [d.path for d in dimensions if d.path not in runs]
    if lacking or "point" not in runs:
        known = [str(name) for name in runs]
        name = lacking[0] if lacking else "point"
        raise ConfigError(f'the table of runs has no column "{name}"{nearest(name, known)}')
    pairs = paired_differences(runs, challenger, baseline, [measure], unpaired=unpaired)
    result = pairs[measure].unstack("replicate")
    mean, half, count = mean_interval(result.to_numpy().T, confidence)
    places = [d.path for d in dimensions]
    table = runs.drop_duplicates("point").set_index("point")[places].loc[result.index]
    mean, half = np.atleast_1d(mean), np.atleast_1d(half)
    return table.assign(
        difference=mean,
        half_width=half,
        replicates=np.atleast_1d(count),
        loses=mean > threshold,
        undecided=np.abs(mean - threshold) <= half,
    )


def discover(
    runs: pd.DataFrame,
    dimensions: Sequence[Dimension],
    challenger: str,
    baseline: str,
    measure: str = "total_cost",
    threshold: float = 0.0,
    *,
    search: BoxSearch | None = None,
    confidence: float = 0.95,
    unpaired: Unpaired = "refuse",
    planned: int = 0,
    hybrids: int = 0,
    splits: int = 10,
    seed: int = 0,
) -> Discovery:
    """Find where the challenger loses, by boxes of the parameter space.

    A point counts by the mean over its replicates. Of the boxes on the peeling path the one of
    greatest coverage is taken whose density reaches ``search.density``, or the middle between the
    base rate and 1 if that is higher (so that a box must always tell something); if none does,
    the one that tells losing points from others best. Every search is repeated on both halves of
    `splits` random splits of the points, and judged on the other half; that makes up the held-out
    figures, the stability of each limit, and the verdict. Bounds that fewer than half of the
    halves share are dropped. Since half of the points find a
    coarser box than all of them, the held-out figures are a little too low rather than too high.

    Parameters
    ----------
    runs, dimensions, challenger, baseline, measure, threshold, confidence, unpaired
        See `point_differences`. It loses where the difference exceeds `threshold`; for a measure
        of which more is better, swap the arms.
    search : Search, optional
        How boxes are sought; the defaults if not given.
    planned : int
        Points that the design has, to count those without any run; not needed if all are there.
    hybrids : int
        Points of the design that `runs` leaves out since they only mix the values of the others
        (Saltelli's design); for the account alone.
    splits : int
        Random splits into halves, at least 1, with a fixed `seed`.

    Raises
    ------
    ConfigError
        See `point_differences`; if fewer than `FEWEST_POINTS` points are measured; and for a
        threshold or an option of the search that is out of bounds.
    """
    search = BoxSearch() if search is None else search
    _refuse_options(threshold, search, splits)
    table = point_differences(
        runs, dimensions, challenger, baseline, measure, threshold,
        confidence=confidence, unpaired=unpaired,
    )  # fmt: skip
    measured = table[table["difference"].notna()]
    if len(measured) < FEWEST_POINTS:
        raise ConfigError(
            f"{len(measured)} design points with a measured {measure}; boxes are sought among "
            f"{FEWEST_POINTS} or more, better a thousand"
        )
    space = Space(tuple(dimensions), measured)
    lost = measured["loses"].to_numpy(bool)
    base = float(lost.mean())
    asked = max(search.density, (1 + base) / 2)
    sought = replace(search, density=asked)
    halves = both_halves(space, lost, sought, splits, seed) if 0 < base < 1 else []
    result = space.steady(cover(space.coded, lost, space.kinds, sought), lost, halves, asked)
    judged = [held_out(halves, lost, k) for k in range(1, max(1, len(result)) + 1)]
    verdict = _verdict(base, result, judged)
    kept = result[: standing(judged)] if verdict == "boxes" else []
    return Discovery(
        challenger=challenger,
        baseline=baseline,
        measure=measure,
        threshold=threshold,
        dimensions=space.dimensions,
        points=measured.assign(box=space.numbers(kept)),
        unmeasured=max(planned, len(table)) - len(measured),
        hybrids=hybrids,
        runs=2 * int(measured["replicates"].sum()),
        boxes=tuple(space.box(each, kept[:i], lost, halves) for i, each in enumerate(kept)),
        path=_path(result, int(lost.sum())),
        held_out=tuple(judged[: max(1, len(kept))]) if halves else (),
        verdict=verdict,
        asked=asked,
        confidence=confidence,
    )


def _verdict(base: float, result: Sequence[Found], judged: Sequence[HeldOut]) -> Verdict:
    if base == 0:
        return "never loses"
    if base == 1:
        return "always loses"
    return "boxes" if result and judged[0].chance < CHANCE else "no box"


def _path(result: Sequence[Found], losing: int) -> pd.DataFrame:
    columns = ["points", "mass", "coverage", "density", "parameters"]
    path = result[0].path if result else ()
    rows = [
        (
            step.points,
            step.points / path[0].points,
            step.hits / losing,
            step.density,
            sum(limits.restricts for limits in step.box),
        )
        for step in path
    ]
    return pd.DataFrame(rows, columns=columns)


def _refuse_options(threshold: float, search: BoxSearch, splits: int) -> None:
    checks = {
        "threshold": (threshold, math.isfinite(threshold), "a finite number"),
        "alpha": (search.alpha, 0 < search.alpha < 0.5, "above 0 and below 0.5"),
        "density": (search.density, 0 < search.density <= 1, "above 0, at most 1"),
        "smallest": (search.smallest, 0 < search.smallest < 0.5, "above 0 and below 0.5"),
        "boxes": (search.boxes, search.boxes >= 1, "1 or more"),
        "splits": (splits, splits >= 1, "1 or more"),
    }
    for name, (value, good, allowed) in checks.items():
        if not good:
            raise ConfigError(f"{name} = {value}: allowed: {allowed}")
