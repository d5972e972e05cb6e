"""What the targets say about each parameter: which values fit as well as the best ones.

The profile of a parameter is the least loss that can be had with it at a given value, the others
being free (profile likelihood: Raue et al. 2009). Where to look for it is told by the model of the
responses; what is found there is simulated, so that a bad model makes a profile too high, and a
range of good values too narrow, but never invents a good value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from trustsim.calibration.response import Response, from_unit, to_unit
from trustsim.calibration.targets import Trial, best_of
from trustsim.config.dimensions import Dimension

AS_WELL = 1.0
"""Rise of the loss up to which values fit as well: no target moves by more than its tolerance."""
LOOK = 4.0
"""Rise of the loss, by the model, up to which a profile is looked at closely."""
POINTS = 9
"""Values of a parameter at which its profile is simulated, besides the ends of its range."""
FLAT = 1.0 / 3.0
"""Share of the range searched from which on a parameter is not identified."""
STRONG = 0.9
"""Correlation from which on two parameters make up for each other."""
END = 1e-9
"""How near to an end of the unit interval is at it."""


@dataclass(frozen=True)
class Spread:
    """Values of one parameter that fit as well as the best.

    Attributes
    ----------
    path, label, unit : str
        The parameter.
    best : number or str
        Its value in the best trial.
    low, high : float
        Lowest and highest value that fits as well; missing for a choice.
    share : float
        Share of the range searched that lies between them, on the scale of the search; of a
        choice, the share of its values that fit as well.
    open_below, open_above : bool
        Whether the end of the range searched fits as well, so that values beyond it may too.
    as_well : tuple
        Of a choice: the values that fit as well.
    """

    path: str
    label: str
    unit: str
    best: Any
    low: float
    high: float
    share: float
    open_below: bool = False
    open_above: bool = False
    as_well: tuple[Any, ...] = ()

    @property
    def identified(self) -> bool:
        """Whether the targets tell its value: good values end within the range, and are few."""
        if self.as_well:
            return len(self.as_well) == 1
        return self.share < FLAT and not (self.open_below or self.open_above)


def profile_values(
    dimensions: Sequence[Dimension], response: Response | None, best: Trial
) -> list[tuple[str, dict[str, Any]]]:
    """Give the values to simulate for all profiles, as pairs of parameter and values."""
    result: list[tuple[str, dict[str, Any]]] = []
    numbers = [d for d in dimensions if not d.values]
    for which, dimension in enumerate(numbers):
        units = np.linspace(0.0, 1.0, POINTS + 2)[:, np.newaxis]
        rows = [{**best.values, dimension.path: from_unit(dimension, u)} for u in units[:, 0]]
        if response is not None:
            rows = [response.values(unit) for unit in _along(response, which)]
        seen: list[Mapping[str, Any]] = []
        for row in rows:
            if row not in seen:
                seen.append(row)
                result.append((dimension.path, row))
    for dimension in dimensions:
        for value in dimension.values:
            result.append((dimension.path, {**best.values, dimension.path: value}))
    return result


def spreads(
    dimensions: Sequence[Dimension],
    trials: Sequence[Trial],
    profile: Sequence[tuple[str, Trial]],
) -> list[Spread]:
    """Find the values of each parameter that fit as well as the best.

    Parameters
    ----------
    dimensions : sequence of Dimension
        The free parameters.
    trials : sequence of Trial
        The trials of the search.
    profile : sequence of (str, Trial)
        What was simulated for the profile of each parameter.
    """
    best = best_of(trials)
    everything = [*trials, *(trial for _, trial in profile)]
    good = [trial for trial in everything if trial.loss <= best.loss + AS_WELL]
    result = []
    for dimension in dimensions:
        value = best.values[dimension.path]
        if dimension.values:
            result.append(_choice(dimension, value, good))
        else:
            own = [trial for path, trial in profile if path == dimension.path]
            result.append(_range(dimension, value, good, own, best.loss))
    return result


def trade_offs(response: Response | None) -> list[tuple[Dimension, Dimension, float]]:
    """Pairs of parameters that make up for each other, with their correlation."""
    if response is None:
        return []
    correlations = response.correlations()
    return [
        (response.numbers[i], response.numbers[j], float(correlations[i, j]))
        for i, j in combinations(range(len(response.numbers)), 2)
        if abs(correlations[i, j]) >= STRONG
    ]


def _choice(dimension: Dimension, best: Any, good: Sequence[Trial]) -> Spread:
    path, unit = dimension.path, dimension.unit
    as_well = tuple(v for v in dimension.values if any(t.values[path] == v for t in good))
    share = len(as_well) / len(dimension.values)
    return Spread(path, dimension.label, unit, best, math.nan, math.nan, share, as_well=as_well)


def _range(
    dimension: Dimension,
    best: Any,
    good: Sequence[Trial],
    profile: Sequence[Trial],
    least: float,
) -> Spread:
    low, high = _ends(dimension, good, profile, least)
    return Spread(
        dimension.path,
        dimension.label,
        dimension.unit,
        best,
        _value(dimension, low),
        _value(dimension, high),
        high - low,
        low <= END,
        high >= 1.0 - END,
    )


def _along(response: Response, which: int) -> list[Any]:
    """Points on the path of a profile: close together where the model says that they may fit."""
    path = response.path(which)
    loss = np.array([float((response.misfits(unit) ** 2).sum()) for unit in path])
    near = path[loss <= loss.min() + LOOK, which]
    places = np.unique([0.0, *np.linspace(near.min(), near.max(), POINTS), 1.0])
    columns = [np.interp(places, path[:, which], path[:, i]) for i in range(path.shape[1])]
    return list(np.column_stack(columns))


def _ends(
    dimension: Dimension, good: Sequence[Trial], profile: Sequence[Trial], least: float
) -> tuple[float, float]:
    """Ends of the good values in unit coordinates.

    Between the outermost good value and the next one of the profile the root of the loss is taken
    to be straight, as it is where the loss is a parabola.
    """
    places: dict[float, float] = {}
    for trial in good:
        place = float(to_unit([dimension], trial.values)[0])
        places[place] = min(trial.loss, places.get(place, math.inf))
    around = sorted((float(to_unit([dimension], t.values)[0]), t.loss) for t in profile)

    def end(at: float, outside: list[tuple[float, float]]) -> float:
        if not outside or not math.isfinite(outside[0][1]):
            return at
        beyond, loss = outside[0]
        here = math.sqrt(max(places[at] - least, 0.0))
        there = math.sqrt(max(loss - least, AS_WELL))
        return at if there <= here else at + (beyond - at) * (1.0 - here) / (there - here)

    low, high = min(places), max(places)
    below = [(u, loss) for u, loss in reversed(around) if u < low]
    above = [(u, loss) for u, loss in around if u > high]
    return end(low, below), end(high, above)


def _value(dimension: Dimension, unit: float) -> float:
    low, high = dimension.low, dimension.high
    if dimension.scale == "log":
        return float(low * (high / low) ** unit)
    return float(low + unit * (high - low))
