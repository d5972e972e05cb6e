"""Indices against their formulas in plain loops, and their intervals against resampling by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from trustsim.analysis.sensitivity.indices import (
    RESAMPLES_AT_A_TIME,
    elementary_effects,
    morris_indices,
    sobol_indices,
)
from trustsim.analysis.sensitivity.replicate_noise import ReplicateNoise, replicate_noise


def outputs(blocks: int = 20, width: int = 4, replicates: int = 3) -> np.ndarray:
    random = np.random.default_rng(5)
    values = random.normal(size=(blocks, width, replicates))
    values[:, [0, -1]] += 3 * random.normal(size=(blocks, 2, 1))
    values[:, 1:-1] += values[:, :1]
    values[:, 1:3] += values[:, -1:]
    return values + 10.0


def drawn_again(values: np.ndarray, resamples: int, seed: int) -> list[np.ndarray]:
    """Give the means over replicates of blocks and replicates drawn again, fifty at a time."""
    assert RESAMPLES_AT_A_TIME == 50
    random = np.random.default_rng(seed)
    blocks, _, replicates = values.shape
    result = []
    for start in range(0, resamples, RESAMPLES_AT_A_TIME):
        count = min(RESAMPLES_AT_A_TIME, resamples - start)
        weights = random.multinomial(replicates, [1 / replicates] * replicates, size=count)
        rows = random.integers(blocks, size=(blocks, count))
        for k in range(count):
            result.append(np.average(values[rows[:, k]], axis=2, weights=weights[k]))
    return result


def first_and_total(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimators (b) and (f) of table 2 of Saltelli et al. 2010."""
    means = means - means.mean()
    a, b, mixed = means[:, 0], means[:, -1], means[:, 1:-1].T
    variance = np.var(np.r_[a, b])
    first = np.array([np.mean(b * (m - a)) / variance for m in mixed])
    total = np.array([0.5 * np.mean((a - m) ** 2) / variance for m in mixed])
    return first, total


@pytest.mark.parametrize("confidence", [0.95, 0.6])
def test_intervals_of_shares_are_those_of_blocks_and_replicates_drawn_again(
    confidence: float,
) -> None:
    values = outputs()
    found = sobol_indices(values, confidence, resamples=70, seed=3)
    draws = [first_and_total(means) for means in drawn_again(values, 70, 3)]
    wide = stats.norm.ppf((1 + confidence) / 2)
    for place, name in enumerate(("S1", "ST")):
        half = wide * np.std([draw[place] for draw in draws], axis=0, ddof=1)
        index = found[name]
        both = np.stack([index.value, index.less_noise])
        assert index.low == pytest.approx(both.min(axis=0) - half, rel=1e-6)
        assert index.high == pytest.approx(both.max(axis=0) + half, rel=1e-6)
        assert np.isfinite(index.half_points).all()


def test_what_finite_replicates_add_to_shares_cell_by_cell() -> None:
    values = outputs()
    blocks, _, r = values.shape
    found = sobol_indices(values, resamples=2)
    first, total = first_and_total(values.mean(axis=2))
    ends = np.concatenate([values[:, 0], values[:, -1]])
    variance = np.var(ends.mean(axis=1))
    own = replicate_noise(ends).interaction / r
    for j in range(2):
        step = values[:, j + 1] - values[:, 0]
        pairs = [np.cov(values[i, -1], step[i])[0, 1] / r for i in range(blocks)]
        spreads = [np.var(step[i], ddof=1) / r for i in range(blocks)]
        less_first = (first[j] * variance - np.mean(pairs)) / (variance - own)
        less_total = (total[j] * variance - 0.5 * np.mean(spreads)) / (variance - own)
        assert found["S1"].value[j] == pytest.approx(first[j])
        assert found["ST"].value[j] == pytest.approx(total[j])
        assert found["S1"].less_noise[j] == pytest.approx(less_first, rel=1e-9)
        assert found["ST"].less_noise[j] == pytest.approx(less_total, rel=1e-9)


def test_one_replicate_has_nothing_taken_off() -> None:
    values = outputs(replicates=1)
    for index in sobol_indices(values, resamples=2).values():
        np.testing.assert_array_equal(index.less_noise, index.value)


def test_where_all_is_noise_nothing_is_left() -> None:
    # luck of each point's own, and means that hardly differ: what is left of the variance is less
    # than nothing
    values = np.zeros((6, 4, 2))
    values[..., 0], values[..., 1] = 1.0, -1.0
    values[::2] *= -1
    values[0, 0, 0] += 0.01
    for index in sobol_indices(values, resamples=2).values():
        assert (index.less_noise == 0).all()


def test_an_output_that_never_differs_has_shares_of_nothing() -> None:
    for index in sobol_indices(np.full((8, 5, 2), 3.0)).values():
        for part in (index.value, index.less_noise, index.low, index.high, index.half_points):
            assert part.tolist() == [0.0, 0.0, 0.0]


def trajectories(blocks: int = 10, d: int = 3, levels: int = 6) -> np.ndarray:
    """Steps of half the grid and a bit, one parameter at a time, up or down."""
    random = np.random.default_rng(1)
    step = levels / (2 * (levels - 1))
    sample = np.empty((blocks, d + 1, d))
    for block in range(blocks):
        up = random.integers(0, 2, d)
        sample[block, 0] = np.where(up, 0.0, 1.0)
        for place, j in enumerate(random.permutation(d)):
            sample[block, place + 1] = sample[block, place]
            sample[block, place + 1, j] += step if up[j] else -step
    return sample


@pytest.mark.parametrize("confidence", [0.95, 0.6])
def test_intervals_of_effects_are_those_of_trajectories_and_replicates_drawn_again(
    confidence: float,
) -> None:
    sample = trajectories()
    values = (
        np.random.default_rng(2).normal(size=(10, 4, 3)) + (sample @ [3.0, -2.0, 0.5])[..., None]
    )
    effects = elementary_effects(values, sample, 6)
    found = morris_indices(values, sample, 6, confidence, resamples=70, seed=3)
    draws = drawn_again(effects, 70, 3)
    wide = stats.norm.ppf((1 + confidence) / 2)
    of = {
        "mu_star": lambda e: np.abs(e).mean(axis=0),
        "sigma": lambda e: e.std(axis=0, ddof=1),
        "mu": lambda e: e.mean(axis=0),
    }
    assert list(found) == list(of)
    for name, estimate in of.items():
        index = found[name]
        half = wide * np.std([estimate(draw) for draw in draws], axis=0, ddof=1)
        both = np.stack([index.value, index.less_noise])
        assert index.value == pytest.approx(estimate(effects.mean(axis=2)))
        assert index.low == pytest.approx(both.min(axis=0) - half, rel=1e-9)
        assert index.high == pytest.approx(both.max(axis=0) + half, rel=1e-9)
        assert np.isfinite(index.half_points).all() == (name == "mu_star")
    np.testing.assert_array_equal(found["mu"].less_noise, found["mu"].value)


def test_an_effect_is_the_change_over_the_whole_range_whichever_way_the_step_went() -> None:
    sample = trajectories()
    values = (sample @ [3.0, -2.0, 0.5])[..., None] * np.array([1.0, 2.0])
    effects = elementary_effects(values, sample, 6)
    assert effects[..., 0] == pytest.approx(np.tile([3.0, -2.0, 0.5], (10, 1)))
    assert effects[..., 1] == pytest.approx(np.tile([6.0, -4.0, 1.0], (10, 1)))


def test_components_of_variance_at_their_edges() -> None:
    one = replicate_noise(np.array([[1.0], [3.0]]))
    assert (one.points, one.replications) == (2.0, 1)
    rest = (one.replicates, one.interaction, one.share, one.share_if_independent)
    assert np.isnan(rest).all()
    # points that are alike to the last bit, and luck that all share
    shared = replicate_noise(np.array([[1.0, 3.0], [1.0, 3.0]]))
    assert shared == ReplicateNoise(0.0, 2.0, 0.0, 2, 0.0, 0.0)
    assert shared.replications_for(0.1) == math.inf
    # no luck at all: nothing to take a share of
    still = replicate_noise(np.array([[1.0, 1.0], [3.0, 3.0], [5.0, 5.0]]))
    assert still == ReplicateNoise(4.0, 0.0, 0.0, 2, 0.0, 0.0)
    assert still.replications_for(0.1) == 1.0
    # points differ less than their own luck would make them: all of it is noise
    noise = replicate_noise(np.array([[1.0, -1.0], [-1.0, 1.1]]))
    assert (noise.points, noise.share) == (0.0, 1.0)
    assert noise.replicates == 0.0
    assert noise.share_if_independent == 1.0
    even = ReplicateNoise(1.0, 0.0, 3.0, 4, 0.0, 0.0)
    assert even.replications_for(0.25) == 9.0  # 3 x .75 / .25
    assert even.replications_for(0.9) == 1.0
