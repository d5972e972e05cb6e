"""The smooth surface of who wins: exact on planes, honest about its error and what it explains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustsim.analysis.discovery.surface import BANDWIDTHS, Surface, fit_surface
from trustsim.errors import ConfigError

NOISE = 0.1


def hill(places: np.ndarray) -> np.ndarray:
    return np.sin(3 * places[:, 0]) - places[:, 1] ** 2


def sample(seed: int, points: int = 300) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    places = random.random((points, 2))
    return places, hill(places) + NOISE * random.standard_normal(points)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5),
    st.sampled_from(BANDWIDTHS[2:]), st.sampled_from(BANDWIDTHS[2:]),
)  # fmt: skip
def test_a_plane_is_fitted_exactly_whatever_the_bandwidth(
    height: float, along: float, up: float, wide: float, tall: float
) -> None:
    random = np.random.default_rng(1)
    places, asked = random.random((120, 2)), random.random((30, 2))
    values = height + places @ [along, up]
    surface = Surface(places, values, (wide, tall), np.zeros(120), 1.0)
    estimate, error = surface.at(asked)
    # The ridge takes some 5e-5 off the slopes at the widest bandwidths, over up to half a unit
    assert np.allclose(estimate, height + asked @ [along, up], atol=5e-4)
    assert (error == 0).all()


def test_residuals_are_those_of_points_left_out() -> None:
    places, values = sample(2, points=60)
    surface = fit_surface(places, values)
    for left in (0, 17, 59):
        others = np.arange(60) != left
        without = Surface(
            places[others], values[others], surface.bandwidths, surface.residuals[others], 0.0
        )
        foretold, _ = without.at(places[[left]])
        assert surface.residuals[left] == pytest.approx(values[left] - foretold[0], abs=1e-4)
    assert surface.explained == pytest.approx(
        1 - (surface.residuals**2).sum() / ((values - values.mean()) ** 2).sum()
    )


def test_a_known_surface_is_recovered_within_its_error() -> None:
    # Smoothing costs a little bias, which the error leaves out: of intervals of two standard
    # errors nine in ten should hold the truth, and none may be far off.
    asked = np.random.default_rng(3).random((200, 2))
    held, off = [], []
    for seed in range(8):
        estimate, error = fit_surface(*sample(seed)).at(asked)
        held.append(np.mean(np.abs(estimate - hill(asked)) < 2 * error))
        off.append(np.abs(estimate - hill(asked)).mean())
    assert np.mean(held) > 0.85
    assert np.mean(off) < 0.3 * NOISE


def test_what_is_explained_is_what_the_two_parameters_explain() -> None:
    places, values = sample(4, points=600)
    signal = hill(places).var()
    surface = fit_surface(places, values)
    assert surface.explained == pytest.approx(signal / (signal + NOISE**2), abs=0.03)
    idle = np.random.default_rng(5).standard_normal(600)
    assert fit_surface(places, idle).explained == pytest.approx(0, abs=0.03)


def test_a_parameter_without_effect_gets_a_wide_bandwidth() -> None:
    random = np.random.default_rng(6)
    places = random.random((400, 2))
    values = np.sin(6 * places[:, 1]) + NOISE * random.standard_normal(400)
    wide, narrow = fit_surface(places, values).bandwidths
    assert wide >= 0.7 > 0.2 >= narrow


def test_pieces_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    places, values = sample(7, points=80)
    whole = fit_surface(places, values)
    monkeypatch.setattr("trustsim.analysis.discovery.surface.AT_ONCE", 500)
    pieces = fit_surface(places, values)
    assert pieces.bandwidths == whole.bandwidths
    assert np.allclose(pieces.at(places), whole.at(places))


def test_too_few_points_and_points_on_a_line_are_refused() -> None:
    places, values = sample(8, points=19)
    with pytest.raises(ConfigError, match="19 points"):
        fit_surface(places, values)
    places, values = sample(8, points=50)
    for slope, height in ((1.0, 0.0), (0.2, 0.3), (0.0, 0.5)):  # through the corner and not
        places[:, 1] = height + slope * places[:, 0]
        with pytest.raises(ConfigError, match="on a line"):
            fit_surface(places, values)


def test_the_error_is_that_of_a_weighted_sum_and_of_what_smoothing_takes_away() -> None:
    # The estimate is linear in the values, so unit values give the weights.
    places, values = sample(3, 25)
    surface = fit_surface(places, values)
    asked = np.random.default_rng(4).random((6, 2))
    units = np.eye(len(values))
    weights = np.array([replace(surface, values=unit).at(asked)[0] for unit in units]).T
    estimate, error = surface.at(asked)
    np.testing.assert_allclose(estimate, weights @ values, atol=1e-9)
    expected = weights**2 @ surface.residuals**2 + (weights @ surface.residuals) ** 2
    np.testing.assert_allclose(error, np.sqrt(expected), rtol=1e-7)
