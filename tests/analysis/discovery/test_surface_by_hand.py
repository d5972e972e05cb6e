"""The smooth surface against weighted least squares, solved afresh at every place."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from trustsim.analysis.discovery.surface import BANDWIDTHS, FEWEST, Surface, fit_surface
from trustsim.errors import ConfigError


def points(count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(6)
    places = random.random((count, 2))
    values = np.sin(4 * places[:, 0]) + places[:, 1] + 0.1 * random.standard_normal(count)
    return places, values


def weights_at(place: np.ndarray, points: np.ndarray, widths: tuple[float, float]) -> np.ndarray:
    """Weights of the values in the height of a plane fitted at a place.

    Gaussian kernels with a floor of 1e-12 on either axis; a ridge on the slopes of 1e-6 squared
    bandwidths, per unit of weight.
    """
    away = points - place
    kernel = np.prod(np.exp(-0.5 * (away / widths) ** 2) + 1e-12, axis=1)
    design = np.column_stack([np.ones(len(points)), away])
    normal = design.T @ (kernel[:, None] * design)
    normal += kernel.sum() * 1e-6 * np.diag([0.0, widths[0] ** 2, widths[1] ** 2])
    return np.linalg.solve(normal, design.T * kernel)[0]


@pytest.mark.parametrize("widths", [(0.2, 0.7), (0.7, 0.2), (0.05, 2.0)])
def test_estimate_and_error_are_those_of_weighted_least_squares(
    widths: tuple[float, float],
) -> None:
    places, values = points()
    residuals = np.random.default_rng(7).standard_normal(len(values))
    surface = Surface(places, values, widths, residuals, 0.0)
    asked = np.vstack([np.random.default_rng(8).random((10, 2)), [[0.0, 0.0], [1.0, 1.0]]])
    estimate, error = surface.at(asked)
    for place, mine, off in zip(asked, estimate, error, strict=True):
        weights = weights_at(place, places, widths)
        assert mine == pytest.approx(weights @ values, rel=1e-6)
        squared = (weights**2) @ residuals**2 + (weights @ residuals) ** 2
        assert off == pytest.approx(np.sqrt(squared), rel=1e-6)


def test_far_from_all_points_every_one_of_them_counts_a_little() -> None:
    # at eight bandwidths a kernel is 1e-14 and its floor 1e-12: that is what weighs
    places, values = points()
    surface = Surface(places * 0.1, values, (0.05, 0.05), np.zeros(len(values)), 0.0)
    estimate, _ = surface.at(np.array([[0.9, 0.9]]))
    expected = weights_at(np.array([0.9, 0.9]), places * 0.1, (0.05, 0.05)) @ values
    assert estimate[0] == pytest.approx(expected, rel=1e-3)


def test_the_bandwidths_are_those_that_foretell_points_left_out_best() -> None:
    places, values = points()
    surface = fit_surface(places, values)
    off = {}
    for widths in product(BANDWIDTHS, BANDWIDTHS):
        own = np.array([weights_at(place, places, widths) for place in places])
        plain = values - own @ values
        off[widths] = plain / np.maximum(1 - np.diag(own), 1e-6)
    best = min(off, key=lambda widths: (off[widths] ** 2).sum())
    assert surface.bandwidths == best
    np.testing.assert_allclose(surface.residuals, off[best], rtol=1e-5, atol=1e-8)
    about_mean = ((values - values.mean()) ** 2).sum()
    assert surface.explained == pytest.approx(1 - (off[best] ** 2).sum() / about_mean, rel=1e-6)
    assert BANDWIDTHS == (0.05, 0.08, 0.125, 0.2, 0.35, 0.7, 2.0)


def test_values_that_never_differ_have_nothing_to_explain() -> None:
    places, values = points()
    surface = fit_surface(places, np.full_like(values, 3.0))
    assert surface.explained == 0.0
    assert surface.at(places)[0] == pytest.approx(3.0)


def test_twenty_points_make_a_surface_and_nineteen_do_not() -> None:
    places, values = points(20)
    assert FEWEST == 20
    assert len(fit_surface(places, values).residuals) == 20
    with pytest.raises(ConfigError, match="19 points; a surface needs 20 or more"):
        fit_surface(places[1:], values[1:])
