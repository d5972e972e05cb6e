"""Who wins over two parameters: the mean difference as a surface, and where its sign is clear.

Comes in: what `trustsim.analysis.discovery.losses` found. Goes out: the two parameters to look at,
and the surface of the paired difference over them, averaged over all others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.discovery.surface import Floats, Surface, fit_surface
from trustsim.config.dimensions import Dimension
from trustsim.errors import ConfigError, suggestion

FEW = 20
"""Whole numbers up to which each is drawn as a column of its own, half a unit to either side."""


@dataclass(frozen=True)
class Axis:
    """One axis of a map: a parameter and its range, in the parameter's unit.

    Attributes
    ----------
    dimension : Dimension
        The parameter; a number or an integer.
    low, high : float
        Ends of the axis; half a unit beyond the first and the last of few whole numbers.
    log : bool
        Whether it is logarithmic.
    """

    dimension: Dimension
    low: float
    high: float
    log: bool

    @property
    def columns(self) -> bool:
        """Whether its values are few whole numbers, each with a column of its own."""
        whole = self.dimension.kind == "integer" and not self.log
        return whole and self.high - self.low <= FEW + 1

    def share(self, values: Floats) -> Floats:
        """Places of values along the axis, 0 at its low end and 1 at its high end."""
        low, high, at = self.low, self.high, np.asarray(values, float)
        if self.log:
            low, high, at = math.log(low), math.log(high), np.log(at)
        return np.asarray((at - low) / (high - low))

    def values(self, shares: Floats) -> Floats:
        """Values at places along the axis."""
        if self.log:
            return np.asarray(self.low * (self.high / self.low) ** shares)
        return np.asarray(self.low + shares * (self.high - self.low))


@dataclass(frozen=True)
class WhoWins:
    """The mean paired difference over two parameters.

    Attributes
    ----------
    x, y : Axis
    surface : Surface
        Over the unit square of both axes.
    threshold, confidence : float
        As of the discovery.
    """

    x: Axis
    y: Axis
    surface: Surface
    threshold: float
    confidence: float

    def grid(self, size: int = 61) -> tuple[Floats, Floats, Floats, Floats]:
        """Surface on a grid.

        Returns
        -------
        x, y : ndarray, shape (size,)
            Values of the parameters.
        difference, half_width : ndarray, shape (size, size)
            Rows are y. The half-width is that of the interval of the mean difference there.
        """
        shares = np.linspace(0.0, 1.0, size)
        places = np.stack(np.meshgrid(shares, shares), axis=-1).reshape(-1, 2)
        estimate, error = self.surface.at(places)
        wide = float(stats.norm.ppf((1 + self.confidence) / 2)) * error
        square = (size, size)
        return (
            self.x.values(shares),
            self.y.values(shares),
            estimate.reshape(square),
            wide.reshape(square),
        )

    def shares(self) -> tuple[float, float, float]:
        """Shares of the map where the challenger clearly wins, clearly loses, and neither."""
        _, _, difference, half = self.grid()
        above = difference - self.threshold
        wins, loses = float((above < -half).mean()), float((above > half).mean())
        return wins, loses, 1 - wins - loses


def who_wins(result: Discovery, x: str | None = None, y: str | None = None) -> WhoWins:
    """Fit the mean difference over two parameters.

    Parameters
    ----------
    found : Discovery
        What was found.
    x, y : str, optional
        The parameters, by path or by the last word of it. If not given, those that the boxes
        restrict most, and after them those with which the difference goes most (by rank).

    Raises
    ------
    ConfigError
        If a parameter is unknown or a choice, both are the same, or fewer than two are numbers.
    """
    asked = asked_axes(result, x, y)
    others = iter([d for d in leading(result) if d not in asked])
    chosen = [next(others, None) if dimension is None else dimension for dimension in asked]
    if chosen[0] is None or chosen[1] is None:
        raise ConfigError("the design has fewer than two parameters that are numbers; no map")
    axes = [_axis(dimension, result) for dimension in chosen if dimension is not None]
    table = result.points
    places = [axis.share(table[axis.dimension.path].to_numpy(float)) for axis in axes]
    surface = fit_surface(np.stack(places, axis=1), table["difference"].to_numpy(float))
    return WhoWins(axes[0], axes[1], surface, result.threshold, result.confidence)


def asked_axes(result: Discovery, x: str | None, y: str | None) -> list[Dimension | None]:
    """The parameters asked for by name, None where none is.

    Raises
    ------
    ConfigError
        If a parameter is unknown or a choice, or both are the same.
    """
    asked = [None if name is None else dimension_named(result, name) for name in (x, y)]
    for dimension in asked:
        if dimension is not None and dimension.kind == "choice":
            raise ConfigError(f'"{dimension.path}" is a choice; a map has numbers on its axes')
    if asked[0] is not None and asked[0] == asked[1]:
        raise ConfigError(f'a map needs two different parameters; both are "{asked[0].path}"')
    return asked


def leading(result: Discovery) -> list[Dimension]:
    """Parameters that are numbers, the most telling first.

    First those that the boxes restrict, in the order of the boxes; then the others by the size of
    their rank correlation with the difference.
    """
    named = [r.dimension for box in result.boxes for r in box.restrictions]
    ranks = result.points["difference"].rank()

    def together(dimension: Dimension) -> float:
        values = result.points[dimension.path].astype(float)
        return 0.0 if values.nunique() < 2 else abs(float(values.rank().corr(ranks)))

    numbers = [d for d in result.dimensions if d.kind != "choice"]
    rest = sorted(numbers, key=together, reverse=True)
    return [d for d in dict.fromkeys([*named, *rest]) if d in numbers]


def dimension_named(result: Discovery, name: str) -> Dimension:
    """The parameter of a path, or of the last word of a path.

    Raises
    ------
    ConfigError
        If the design has no such parameter, with the nearest.
    """
    for dimension in result.dimensions:
        if name == dimension.path:
            return dimension
    last = [d for d in result.dimensions if d.path.rpartition(".")[2] == name]
    if len(last) == 1:
        return last[0]
    paths = [d.path for d in result.dimensions]
    raise ConfigError(f'the design has no parameter "{name}"{suggestion(name, paths)}')


def _axis(dimension: Dimension, result: Discovery) -> Axis:
    values = result.points[dimension.path].to_numpy(float)
    low = dimension.low if math.isfinite(dimension.low) else float(values.min())
    high = dimension.high if math.isfinite(dimension.high) else float(values.max())
    if low == high:
        raise ConfigError(f'"{dimension.path}" has one value only; a map needs several')
    if dimension.kind == "integer" and dimension.scale != "log" and high - low <= FEW:
        low, high = low - 0.5, high + 0.5
    return Axis(dimension, low, high, dimension.scale == "log" and low > 0)
