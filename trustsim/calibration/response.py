"""A model of the responses: every target's simulated mean as a quadratic in the free parameters.

With fixed luck the means are nearly smooth in the parameters, so that a quadratic through the
trials near the best one tells where the loss is least, along which path it rises slowest, and which
parameters make up for each other (response surface methodology: Box & Wilson 1951).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustsim.analysis.pairs import Floats
from trustsim.calibration.targets import Target, Trial, best_of
from trustsim.config.dimensions import Dimension

SPREAD = 1.0 / 12.0
"""Variance of an even spread over the unit interval: what is known of a parameter before a fit."""
GRID = 41
"""Values of a parameter at which a profile of the model is worked out."""


@dataclass(frozen=True)
class Response:
    """Quadratic responses of the fitted targets, in unit coordinates of the range searched.

    Attributes
    ----------
    dimensions : tuple of Dimension
        All free parameters.
    free : tuple of int
        Places of those that are numbers; the others stay at their best value.
    targets : tuple of Target
        The fitted targets.
    best : Trial
        The best trial.
    coefficients : ndarray, shape (terms, targets)
        Constant, linear, then quadratic terms (or no quadratic ones, with few trials).
    quadratic : bool
        Whether there are quadratic terms.
    """

    dimensions: tuple[Dimension, ...]
    free: tuple[int, ...]
    targets: tuple[Target, ...]
    best: Trial
    coefficients: Floats
    quadratic: bool

    @classmethod
    def of(
        cls, dimensions: Sequence[Dimension], targets: Sequence[Target], trials: Sequence[Trial]
    ) -> Response | None:
        """Fit the model to trials; better ones weigh more. None if there are too few of them."""
        fitted = tuple(target for target in targets if target.fitted)
        seen = [trial for trial in trials if np.isfinite(trial.loss)]
        free = tuple(i for i, d in enumerate(dimensions) if not d.values)
        if not seen or not free:
            return None
        best = best_of(seen)
        listed = [d.path for d in dimensions if d.values]
        same = [t for t in seen if all(t.values[path] == best.values[path] for path in listed)]
        units = np.array([to_unit([dimensions[i] for i in free], t.values) for t in same])
        quadratic = len(same) > _terms(units[:1], True).shape[1]
        basis = _terms(units, quadratic)
        if len(same) <= basis.shape[1]:
            return None
        weight = np.sqrt(1.0 / (1.0 + np.array([t.loss for t in same])))[:, np.newaxis]
        means = np.array([[t.simulated[target.name] for target in fitted] for t in same])
        coefficients = np.linalg.lstsq(basis * weight, means * weight, rcond=1e-8)[0]
        return cls(tuple(dimensions), free, fitted, best, coefficients, quadratic)

    @property
    def numbers(self) -> list[Dimension]:
        """The free parameters that are numbers, in the order of the unit coordinates."""
        return [self.dimensions[i] for i in self.free]

    def misfits(self, unit: Floats) -> Floats:
        """Misfit of every fitted target at a point of the unit cube, in tolerances."""
        means = (_terms(unit[np.newaxis], self.quadratic) @ self.coefficients)[0]
        return np.array([t.misfit(m) for t, m in zip(self.targets, means, strict=True)])

    def least(self) -> dict[str, Any]:
        """Give the values at which the model has its least loss."""
        return self.values(self._least({}, to_unit(self.numbers, self.best.values)))

    def path(self, which: int) -> Floats:
        """Give the path along which the loss of the model rises slowest as one parameter moves.

        Parameters
        ----------
        which : int
            Place of the parameter among the numbers.

        Returns
        -------
        ndarray, shape (41, numbers)
            Unit coordinates; the parameter runs evenly from 0 to 1.
        """
        grid = np.linspace(0.0, 1.0, GRID)
        middle = to_unit(self.numbers, self.best.values)
        nearest = int(np.argmin(np.abs(grid - middle[which])))
        result = np.empty((GRID, len(middle)))
        for places in (range(nearest, GRID), range(nearest - 1, -1, -1)):
            at = middle
            for place in places:  # outwards from the best, each from where the last one ended
                at = self._least({which: grid[place]}, at)
                result[place] = at
        return result

    def values(self, unit: Floats) -> dict[str, Any]:
        """Turn unit coordinates into values of all free parameters."""
        result = dict(self.best.values)
        for dimension, u in zip(self.numbers, unit, strict=True):
            result[dimension.path] = from_unit(dimension, float(u))
        return result

    def correlations(self) -> Floats:
        """Correlations of the parameters around the best trial.

        Of the covariance of a Gauss-Newton step, with an even spread over the range for what the
        targets say nothing about: near 1 or -1, two parameters make up for each other.
        """
        at = to_unit(self.numbers, self.best.values)
        step = 1e-4
        slopes = np.array(
            [
                (self._raw(at + step * side) - self._raw(at - step * side)) / (2 * step)
                for side in np.eye(len(at))
            ]
        )
        slopes = np.where(self._counts(at), slopes, 0.0)
        covariance = np.linalg.inv(slopes @ slopes.T + np.eye(len(at)) / SPREAD)
        deviation = np.sqrt(np.diag(covariance))
        return np.asarray(covariance / np.outer(deviation, deviation))

    def _raw(self, unit: Floats) -> Floats:
        """Simulated means over tolerances."""
        tolerance = np.array([target.tolerance for target in self.targets])
        means = (_terms(unit[np.newaxis], self.quadratic) @ self.coefficients)[0]
        return np.asarray(means / tolerance)

    def _counts(self, unit: Floats) -> Any:
        """Which targets say something at a point: bounds that are kept do not."""
        one_sided = np.array([target.side != "value" for target in self.targets])
        return ~(one_sided & (self.misfits(unit) == 0.0))

    def _least(self, fixed: Mapping[int, float], start: Floats) -> Floats:
        """Find the least loss of the model with some coordinates fixed."""
        from scipy.optimize import least_squares

        whole = np.array(start, float)
        for place, value in fixed.items():
            whole[place] = value
        moving = [i for i in range(len(whole)) if i not in fixed]
        if not moving:
            return whole

        def misfits(moved: Floats) -> Floats:
            whole[moving] = moved
            return self.misfits(whole)

        begin = np.clip(whole[moving], 1e-6, 1 - 1e-6)
        whole[moving] = least_squares(misfits, begin, bounds=(0.0, 1.0), max_nfev=60).x
        return whole


def to_unit(dimensions: Sequence[Dimension], values: Mapping[str, Any]) -> Floats:
    """Place of values within the ranges searched, 0 to 1, on the scale of each."""
    result = []
    for d in dimensions:
        value, low, high = float(values[d.path]), d.low, d.high
        if d.scale == "log":
            value, low, high = np.log(value), np.log(low), np.log(high)
        result.append((value - low) / (high - low))
    return np.array(result)


def from_unit(dimension: Dimension, unit: float) -> float | int:
    """Value at a place within the range searched; the nearest whole one for an integer."""
    low, high = dimension.low, dimension.high
    value = low * (high / low) ** unit if dimension.scale == "log" else low + unit * (high - low)
    value = min(max(value, low), high)
    return round(value) if dimension.kind == "integer" else float(value)


def _terms(units: Floats, quadratic: bool) -> Floats:
    """Terms of the model at points of the unit cube, shape (points, terms)."""
    columns = [np.ones(len(units)), *units.T]
    if quadratic:
        count = units.shape[1]
        columns += [units[:, i] * units[:, j] for i in range(count) for j in range(i, count)]
    return np.column_stack(columns)
