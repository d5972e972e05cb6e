"""Sobol' indices and elementary effects of a stochastic model, with what luck adds to them.

SALib computes the indices from the means over replicates. Around them stand two things that a
deterministic model does not need: what finite replicates add to an index, and intervals that draw
the replicates again as well as the points of the design.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from trustsim.analysis.pairs import Floats
from trustsim.errors import ConfigError

RESAMPLES_AT_A_TIME = 50

Problem = dict[str, Any]


@dataclass(frozen=True)
class Index:
    """One index of all parameters.

    Attributes
    ----------
    value : ndarray, shape (parameters,)
        The estimate from the means over replicates, as SALib gives it.
    less_noise : ndarray, shape (parameters,)
        The estimate less what finite replicates add to it; `value` if there is one replicate.
    low, high : ndarray, shape (parameters,)
        Interval that holds both estimates, and beyond them the half-width of a bootstrap over
        points and replicates.
    half_points : ndarray, shape (parameters,)
        SALib's half-width, over the points of the design only; NaN where it gives none.
    """

    value: Floats
    less_noise: Floats
    low: Floats
    high: Floats
    half_points: Floats


def sobol_indices(
    values: Floats, confidence: float = 0.95, resamples: int = 500, seed: int = 0
) -> dict[str, Index]:
    """First-order and total Sobol' indices of the expectation over luck.

    Estimators of Saltelli et al. (2010), table 2 (b) and (f), on the means over replicates. Luck
    that is a point's own adds to their numerators and to the variance below; the sums over pairs
    of points tell how much, since every pair has seen the same replicates:

    - total: half the mean over base points of var_r(y_A - y_AB)/R,
    - first order: the mean over base points of cov_r(y_B, y_AB - y_A)/R,
    - variance: the interaction of points and replicates over R (`replicate_noise`).

    Taking these off is the estimator by analysis of variance of Sun, Apley & Staum (2011).

    Parameters
    ----------
    values : ndarray, shape (base points, parameters + 2, replicates)
        Output at A, at A with one parameter from B each, and at B, for every replicate.
    confidence : float
        Level of the intervals.
    resamples : int
        Bootstrap resamples.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``S1`` and ``ST``; shares of the variance. All zero if the output never differs.
    """
    salib = _salib("sobol")
    _, width, replications = values.shape
    d = width - 2
    means = values.mean(axis=2)
    problem = _problem(d)
    if np.ptp(means) == 0:
        nothing = np.zeros(d)
        return {name: Index(*[nothing] * 5) for name in ("S1", "ST")}
    result = salib.analyze(
        problem,
        means.ravel(),
        calc_second_order=False,
        num_resamples=resamples,
        conf_level=confidence,
        seed=np.random.default_rng(seed),  # a number 0 would be taken for none
    )
    value = np.array([result["S1"], result["ST"]])
    ends = np.concatenate([values[:, 0], values[:, -1]])
    variance = float(np.var(ends.mean(axis=1)))
    less = value
    if replications > 1 and variance > 0:
        step = values[:, 1:-1] - values[:, :1]
        own = step - step.mean(axis=2, keepdims=True)
        far = values[:, -1:] - values[:, -1:].mean(axis=2, keepdims=True)
        scale = (replications - 1) * replications
        added = np.array(
            [
                (far * own).sum(axis=2).mean(axis=0) / scale,
                0.5 * (own**2).sum(axis=2).mean(axis=0) / scale,
            ]
        )
        rest = ends - ends.mean(axis=1, keepdims=True) - ends.mean(axis=0) + ends.mean()
        left = variance - float((rest**2).sum() / (len(ends) - 1) / scale)
        less = (value * variance - added) / left if left > 0 else np.zeros_like(value)

    def estimate(drawn: Floats) -> Floats:
        centred = drawn - drawn.mean(axis=(0, 1))
        a, b = centred[:, 0], centred[:, -1]
        mixed = [centred[:, j + 1] for j in range(d)]
        return np.array(
            [
                [salib.first_order(a, m, b) for m in mixed],
                [salib.total_order(a, m, b) for m in mixed],
            ]
        )

    unit = values / means.std()  # the estimators take a very small variance for none
    half = _half_widths(unit, estimate, confidence, resamples, seed)
    points = np.array([result["S1_conf"], result["ST_conf"]])
    return _indices(("S1", "ST"), value, less, half, points)


def elementary_effects(values: Floats, sample: Floats, levels: int) -> Floats:
    """Elementary effects of every parameter along every trajectory, with every replicate.

    Parameters
    ----------
    values : ndarray, shape (trajectories, parameters + 1, replicates)
    sample : ndarray, shape (trajectories, parameters + 1, parameters)
        The trajectories in the unit cube; each step changes one parameter.
    levels : int
        Levels of the grid; a step is ``levels / (2 (levels - 1))`` long.

    Returns
    -------
    ndarray, shape (trajectories, parameters, replicates)
        Change of the output over the whole range of the parameter, at the slope of the step.
    """
    moves = np.diff(sample, axis=1)
    which = np.abs(moves).argmax(axis=2)
    sign = np.sign(np.take_along_axis(moves, which[:, :, None], axis=2))
    effects = np.empty_like(values[:, 1:])
    rows = np.arange(len(values))[:, None]
    effects[rows, which] = np.diff(values, axis=1) * sign * (2 * (levels - 1) / levels)
    return effects


def morris_indices(
    values: Floats,
    sample: Floats,
    levels: int,
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> dict[str, Index]:
    """Mean, mean size and spread of elementary effects of the expectation over luck.

    Morris (1991); mu* is that of Campolongo, Cariboni & Saltelli (2007). Luck of an effect's own,
    with standard error e, adds at most its mean size, sqrt(2/pi) e if normal, to mu* (by the
    triangle inequality) and e**2 to the square of sigma; mu it only blurs.

    Parameters
    ----------
    values, sample, levels
        See `elementary_effects`.
    confidence, resamples, seed
        See `sobol_indices`.

    Returns
    -------
    dict
        ``mu_star``, ``sigma`` and ``mu``, in the unit of the output over the parameter's range.
    """
    salib = _salib("morris")
    _, width, replications = values.shape
    d = width - 1
    result = salib.analyze(
        _problem(d),
        np.ascontiguousarray(sample.reshape(-1, d), dtype=float),
        values.mean(axis=2).ravel(),
        num_resamples=resamples,
        conf_level=confidence,
        num_levels=levels,
        seed=np.random.default_rng(seed),
    )
    value = np.array([np.asarray(result[name], float) for name in ("mu_star", "sigma", "mu")])
    effects = elementary_effects(values, sample, levels)
    less = value.copy()
    if replications > 1:
        errors = effects.std(axis=2, ddof=1) / np.sqrt(replications)
        less[0] = np.maximum(0.0, value[0] - np.sqrt(2 / np.pi) * errors.mean(axis=0))
        less[1] = np.sqrt(np.maximum(0.0, value[1] ** 2 - (errors**2).mean(axis=0)))

    def estimate(drawn: Floats) -> Floats:
        size = np.abs(drawn).mean(axis=0)
        return np.array([size, drawn.std(axis=0, ddof=1), drawn.mean(axis=0)])

    half = _half_widths(effects, estimate, confidence, resamples, seed)
    points = np.full_like(value, np.nan)
    points[0] = np.asarray(result["mu_star_conf"], float)
    return _indices(("mu_star", "sigma", "mu"), value, less, half, points)


def _half_widths(
    values: Floats,
    estimate: Callable[[Floats], Floats],
    confidence: float,
    resamples: int,
    seed: int,
) -> Floats:
    """Half-widths from drawing blocks of the design and replicates again, independently.

    The bootstrap of crossed factors of McCullagh (2000) and Owen (2007), which errs mildly on the
    wide side (Owen & Eckles 2012). `estimate` takes an array of shape (blocks, width, resamples)
    and gives one of shape (indices, parameters, resamples).
    """
    rng = np.random.default_rng(seed)
    blocks, _, replications = values.shape
    drawn = []
    for start in range(0, resamples, RESAMPLES_AT_A_TIME):
        count = min(RESAMPLES_AT_A_TIME, resamples - start)
        weights = rng.multinomial(replications, [1 / replications] * replications, size=count)
        rows = rng.integers(blocks, size=(blocks, count))
        means = values @ (weights.T / replications)
        picked = means[rows, :, np.arange(count)]  # (blocks, resamples, width)
        drawn.append(estimate(np.moveaxis(picked, 1, 2)))
    spread = np.concatenate(drawn, axis=2).std(axis=2, ddof=1)
    return np.asarray(stats.norm.ppf((1 + confidence) / 2) * spread)


def _indices(
    names: tuple[str, ...], value: Floats, less: Floats, half: Floats, points: Floats
) -> dict[str, Index]:
    low, high = np.minimum(value, less) - half, np.maximum(value, less) + half
    rows = zip(names, value, less, low, high, points, strict=True)
    return {name: Index(*row) for name, *row in rows}


def _problem(parameters: int) -> Problem:
    """Problem of SALib on the unit cube; distributions are applied when points are made."""
    names = [f"x{j}" for j in range(parameters)]
    return {"num_vars": parameters, "names": names, "bounds": [[0.0, 1.0]] * parameters}


def _salib(method: str) -> Any:
    try:
        from importlib import import_module

        return import_module(f"SALib.analyze.{method}")
    except ImportError:
        raise ConfigError(
            "sensitivity needs the library SALib: pip install 'trustsim[sensitivity]'"
        ) from None
