"""A smooth surface through scattered points, with its error: who wins, over two parameters.

Comes in: points of the unit square with a value each, which varies with all that the square does
not show. Goes out: the mean value over the square, by local linear regression, and how far off it
may be. Local linear regression follows Fan & Gijbels 1996 and Cleveland & Devlin 1988; its
bandwidths are chosen by leaving out each point in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from trustsim.errors import ConfigError

Floats = npt.NDArray[np.float64]

BANDWIDTHS = (0.05, 0.08, 0.125, 0.2, 0.35, 0.7, 2.0)
"""Bandwidths tried on either axis, as shares of its range; the widest is nearly a plane."""

FEWEST = 20
"""Points below which no surface is drawn."""

FAR = 1e-12
"""Weight of a point that is far away, so that every place has some."""

RIDGE = 1e-6
"""Ridge on the slopes, in units of the squared bandwidth."""

AT_ONCE = 4_000_000
"""Weights held in memory at a time."""


@dataclass(frozen=True)
class Surface:
    """A fitted surface over the unit square.

    Attributes
    ----------
    points : ndarray, shape (n, 2)
        Where values are known.
    values : ndarray, shape (n,)
        Those values.
    bandwidths : tuple of float
        Standard deviations of the Gaussian weights on both axes.
    residuals : ndarray, shape (n,)
        Value less what the other points foretell at its place.
    explained : float
        Share of the variance of the values that the surface foretells at points left out, at most
        1; below 0 if it foretells worse than the mean.
    """

    points: Floats
    values: Floats
    bandwidths: tuple[float, float]
    residuals: Floats
    explained: float

    def at(self, places: Floats) -> tuple[Floats, Floats]:
        """Estimate the mean value at some places.

        Parameters
        ----------
        places : ndarray, shape (m, 2)

        Returns
        -------
        estimate, error : ndarray, shape (m,)
            The error has two parts, added as squares: the standard error of the estimate, which
            is a weighted sum of values that are each off by their residual (robust to unequal
            variances: White 1980); and what smoothing took away, as the same smoothing of the
            residuals shows it (Tukey's twicing, 1977).
        """
        estimate, error = np.empty(len(places)), np.empty(len(places))
        powers = _powers(self.points)
        squares = self.residuals[:, None] ** 2 * powers
        for rows in _pieces(len(places), len(self.points)):
            kernel = np.ones((1, 1))
            for axis, width in enumerate(self.bandwidths):
                kernel = kernel * _kernel(self.points[:, axis], places[rows, axis], width)
            plane, _ = _planes(kernel @ powers, places[rows], self.bandwidths)
            estimate[rows] = _estimate(plane, kernel, powers, self.values)
            one, x, y = plane.T
            product = np.stack([one**2, 2 * one * x, 2 * one * y, x**2, 2 * x * y, y**2], axis=1)
            variance = (product * (kernel**2 @ squares)).sum(axis=1)
            smoothed_away = _estimate(plane, kernel, powers, self.residuals)
            error[rows] = np.sqrt(np.maximum(variance, 0.0) + smoothed_away**2)
        return estimate, error


def fit_surface(points: npt.ArrayLike, values: npt.ArrayLike) -> Surface:
    """Fit a surface; the bandwidths are those that foretell points best that are left out.

    Parameters
    ----------
    points : array_like, shape (n, 2)
        Places in the unit square.
    values : array_like, shape (n,)
        Finite values.

    Raises
    ------
    ConfigError
        For fewer than `FEWEST` points, or points on a line.
    """
    places, known = np.asarray(points, float), np.asarray(values, float)
    if len(places) < FEWEST:
        raise ConfigError(f"{len(places)} points; a surface needs {FEWEST} or more")
    if np.linalg.matrix_rank(places - places.mean(axis=0), tol=1e-9) < 2:
        raise ConfigError("all points lie on a line; a surface needs two parameters that vary")
    widths = list(product(BANDWIDTHS, BANDWIDTHS))
    residuals = _left_out(places, known, widths)
    best = int(np.argmin((residuals**2).sum(axis=1)))
    about_mean = float(np.sum((known - known.mean()) ** 2))
    unexplained = float(np.sum(residuals[best] ** 2))
    explained = 1 - unexplained / about_mean if about_mean > 0 else 0.0
    return Surface(places, known, widths[best], residuals[best], explained)


def _left_out(points: Floats, values: Floats, widths: Sequence[tuple[float, float]]) -> Floats:
    """Residual of each point from the surface through the others, shape (bandwidths, n).

    For an estimate that is linear in the values, it is the plain residual over one less the
    weight that a point has in its own estimate.
    """
    residuals = np.empty((len(widths), len(points)))
    powers = _powers(points)
    for rows in _pieces(len(points), len(points) * 2 * len(BANDWIDTHS)):
        places = points[rows]
        kernels = [
            {width: _kernel(points[:, axis], places[:, axis], width) for width in BANDWIDTHS}
            for axis in (0, 1)
        ]
        for i, pair in enumerate(widths):
            kernel = kernels[0][pair[0]] * kernels[1][pair[1]]
            plane, own = _planes(kernel @ powers, places, pair)
            plain = values[rows] - _estimate(plane, kernel, powers, values)
            residuals[i, rows] = plain / np.maximum(1 - own, 1e-6)
    return residuals


def _kernel(known: Floats, places: Floats, width: float) -> Floats:
    """Gaussian weights of points (columns) at places (rows) by their distance on one axis."""
    away = (known[None, :] - places[:, None]) / width
    weights: Floats = np.exp(-0.5 * away**2) + FAR
    return weights


def _powers(points: Floats) -> Floats:
    """Products up to the second degree of the points' coordinates, shape (n, 6)."""
    x, y = points.T
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _planes(sums: Floats, places: Floats, widths: tuple[float, float]) -> tuple[Floats, Floats]:
    """What turns the kernel into weights of the local linear estimate.

    At each place a plane is fitted by weighted least squares; its height there is a sum of the
    values, each weighed by the kernel times a linear function of the point's coordinates. A tiny
    ridge holds the slopes where few distinct points are near.

    Parameters
    ----------
    sums : ndarray, shape (m, 6)
        `_powers` summed with the kernel at each place.
    places : ndarray, shape (m, 2)
    widths : tuple of float

    Returns
    -------
    plane : ndarray, shape (m, 3)
        The linear function: constant, and factors of both coordinates.
    own : ndarray, shape (m,)
        Weight of a point at the place itself.
    """
    whole, x, y, xx, xy, yy = sums.T
    u, v = places.T
    first_x, first_y = x / whole - u, y / whole - v
    second_xx = xx / whole - 2 * u * x / whole + u**2 + RIDGE * widths[0] ** 2
    second_yy = yy / whole - 2 * v * y / whole + v**2 + RIDGE * widths[1] ** 2
    second_xy = xy / whole - u * y / whole - v * x / whole + u * v
    determinant = second_xx * second_yy - second_xy**2
    slope_x = (second_yy * first_x - second_xy * first_y) / determinant
    slope_y = (second_xx * first_y - second_xy * first_x) / determinant
    own = 1 / ((1 - slope_x * first_x - slope_y * first_y) * whole)
    return np.stack([own * (1 + slope_x * u + slope_y * v), -own * slope_x, -own * slope_y], 1), own


def _estimate(plane: Floats, kernel: Floats, powers: Floats, values: Floats) -> Floats:
    estimate: Floats = (plane * (kernel @ (values[:, None] * powers[:, :3]))).sum(axis=1)
    return estimate


def _pieces(rows: int, columns: int) -> Iterator[slice]:
    """Divide rows so that a piece's weights fit into memory."""
    size = max(1, AT_ONCE // max(1, columns))
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))
