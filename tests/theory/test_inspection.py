"""Closed forms of inspection: the inspection game, its logit equilibrium and a sampling plan."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq

from trustsim.market.rooms.inspection import acceptance
from trustsim.theory.inspection import (
    inspection_game,
    operating_characteristic,
    quantal_inspection_game,
)
from trustsim.theory.published import PLAN

# Inspection game: cost of a look h, saving of the worker c, stake w, fine f.
GAMES = [(8.0, 15.0, 20.0, 0.0), (8.0, 15.0, 20.0, 20.0), (1.0, 2.0, 10.0, 5.0)]


@pytest.mark.parametrize("game", GAMES)
def test_mixed_equilibrium_leaves_both_indifferent(game: tuple[float, ...]) -> None:
    cost, saving, stake, fine = game
    shirk, look = inspection_game(*game)
    assert shirk == pytest.approx(cost / (stake + fine))
    assert look == pytest.approx(saving / (stake + fine))
    assert shirk * (stake + fine) - cost == pytest.approx(0.0, abs=1e-12)
    assert saving - look * (stake + fine) == pytest.approx(0.0, abs=1e-12)


def test_probabilities_of_the_inspection_game_stay_within_1() -> None:
    assert inspection_game(30.0, 40.0, 20.0, 0.0) == (1.0, 1.0)


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("noise", [5.0, 1.0, 0.3])
def test_logit_equilibrium_of_the_inspection_game(game: tuple[float, ...], noise: float) -> None:
    cost, saving, stake, fine = game

    def logistic(x: float) -> float:
        return float(1.0 / (1.0 + np.exp(-x / noise)))

    def excess(shirk: float) -> float:
        look = logistic(shirk * (stake + fine) - cost)
        return logistic(saving - look * (stake + fine)) - shirk

    shirk, look = quantal_inspection_game(*game, noise)
    assert shirk == pytest.approx(brentq(excess, 0.0, 1.0), abs=1e-9)
    assert look == pytest.approx(logistic(shirk * (stake + fine) - cost), abs=1e-6)


@pytest.mark.parametrize("game", GAMES)
def test_logit_equilibrium_becomes_the_mixed_one_as_noise_goes(game: tuple[float, ...]) -> None:
    target = np.array(inspection_game(*game))
    away = [
        np.abs(np.array(quantal_inspection_game(*game, noise)) - target).max()
        for noise in (1.0, 0.1, 0.01, 0.001)
    ]
    assert away == sorted(away, reverse=True)
    assert away[-1] < 1e-3


@pytest.mark.parametrize("fraction", PLAN)
def test_operating_characteristic(fraction: float) -> None:
    exact = operating_characteristic(80, 2, fraction)
    assert exact == pytest.approx(PLAN[fraction], abs=0.0006)
    assert exact == pytest.approx(stats.binom.cdf(2, 80, fraction), abs=1e-12)
    assert acceptance(80, 2, fraction) == pytest.approx(exact, abs=1e-12)
