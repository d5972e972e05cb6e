"""The confidence sequence: its formula against integration, its properties, and its coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from trustsim.experiment.stopping import MIXTURE, half_width, squared_quantile

RUNS, MOST = 2000, 300


def bayes_factor(values: NDArray[np.float64], mean: float) -> float:
    """Integrate the likelihoods over the effect size and the scale, by brute force."""
    gaps = values - mean
    middle = math.log(gaps.std())
    log_scale = np.linspace(middle - 2, middle + 3, 800)
    effect = np.linspace(-2.5, 2.5, 801)[:, None]
    scale = np.exp(log_scale)
    squares = (
        (gaps**2).sum() - 2 * effect * scale * gaps.sum() + len(values) * (effect * scale) ** 2
    )
    likelihood = np.exp(len(values) * (middle + 0.5 - log_scale) - squares / (2 * scale**2))
    over_scales = integrate.trapezoid(likelihood, log_scale, axis=1)
    weights = stats.norm.pdf(effect[:, 0], scale=MIXTURE**-0.5)
    nothing = over_scales[len(effect) // 2]  # the effect size is 0 there
    return float(integrate.trapezoid(over_scales * weights, effect[:, 0]) / nothing)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_at_the_ends_the_bayes_factor_is_what_the_confidence_asks(confidence: float) -> None:
    values = np.random.default_rng(1).normal(0.3, 1.7, 25)
    width = half_width(values, confidence)
    for end in (values.mean() - width, values.mean() + width):
        assert bayes_factor(values, end) == pytest.approx(1 / (1 - confidence), rel=1e-5)


def test_known_widths() -> None:
    """Worked out by hand: n = 40, k = 10/50, A = (20 sqrt(5))^(1/20)."""
    level = (20 * math.sqrt(5)) ** (1 / 20)
    squared = 39 * (level - 1) / (1 - level / 5)
    assert squared_quantile(40, 0.95) == pytest.approx(squared, rel=1e-12)
    values = np.resize([-1.0, 1.0], 40)
    expected = math.sqrt(40 / 39) * math.sqrt(squared / 40)
    assert half_width(values, 0.95) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_looking_at_any_time_makes_the_interval_wider(confidence: float) -> None:
    """The price that the docs name: 1.4 to 2 times Student's width, for 30 to 2,000 pairs."""
    for n in (30, 100, 500, 2000):
        student = stats.t.ppf((1 + confidence) / 2, n - 1)
        assert 1.4 < math.sqrt(squared_quantile(n, confidence)) / student < 2


def test_the_mixture_is_within_8_percent_of_the_best_one() -> None:
    for n in (30, 50, 100, 200, 500, 1000):
        best = min(squared_quantile(n, 0.95, float(c)) for c in np.geomspace(0.5, 500, 300))
        assert squared_quantile(n, 0.95) <= 1.08**2 * best


@pytest.mark.parametrize("values", [[], [1.0], [math.nan, 2.0], [1.0, 2.0], [3.0] * 8])
def test_too_few_values_exclude_nothing(values: list[float]) -> None:
    assert half_width(values) == math.inf


def test_equal_values_leave_no_doubt_once_they_are_many() -> None:
    """As many as make the odds of equality 20: ((n + 10) / 10)^((n - 1) / 2) from n = 10 on."""
    assert half_width([0.1] * 49) == 0
    finite = [n for n in range(2, 30) if math.isfinite(half_width([0.1] * n))]
    assert finite == [n for n in range(2, 30) if ((n + 10) / 10) ** ((n - 1) / 2) > 20]


def test_missing_values_are_left_out() -> None:
    values = list(np.random.default_rng(2).normal(size=30))
    assert half_width([*values[:7], math.nan, *values[7:], math.inf]) == half_width(values)


samples = st.lists(st.floats(-100, 100), min_size=15, max_size=60).filter(
    lambda values: np.std(values) > 1e-3
)


@given(samples, st.floats(0.5, 0.99), st.floats(0.5, 0.99))
@settings(max_examples=100, deadline=None)
def test_less_confidence_is_a_narrower_interval(
    values: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert half_width(values, low) <= half_width(values, high)


@given(samples, st.floats(0.01, 1000), st.floats(-1000, 1000))
@settings(max_examples=100, deadline=None)
def test_the_width_scales_with_the_values_and_does_not_shift(
    values: list[float], factor: float, shift: float
) -> None:
    moved = factor * np.array(values) + shift
    assert half_width(moved) == pytest.approx(factor * half_width(values), rel=1e-6)


def paths(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Running means and standard deviations of every row, after each value but the first."""
    n = np.arange(1, values.shape[1] + 1)
    mean = values.cumsum(axis=1) / n
    squares = (values**2).cumsum(axis=1) - n * mean**2
    return mean[:, 1:], np.sqrt(np.maximum(squares[:, 1:], 0) / (n[1:] - 1))


def widths(confidence: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Widths per unit of spread, after 2 to MOST values: the sequence's and Student's."""
    n = np.arange(2, MOST + 1)
    ours = np.array([math.sqrt(squared_quantile(int(k), confidence) / k) for k in n])
    return ours, stats.t.ppf((1 + confidence) / 2, n - 1) / np.sqrt(n)


def drawn(kind: str, seed: int) -> NDArray[np.float64]:
    """Values of mean 0 and variance 1."""
    random = np.random.default_rng(seed)
    if kind == "normal":
        return random.normal(size=(RUNS, MOST))
    shape = {"slightly skewed": 0.25, "skewed": 0.5}[kind]  # skewness 0.8 and 1.75
    mean, variance = math.exp(shape**2 / 2), math.expm1(shape**2) * math.exp(shape**2)
    return (random.lognormal(0, shape, (RUNS, MOST)) - mean) / math.sqrt(variance)


def above(share: float, tolerance: float = 4.0) -> float:
    """Share of RUNS that is below a true one by chance less than once in 30,000 tests."""
    return share - tolerance * math.sqrt(share * (1 - share) / RUNS)


def final_coverage(values: NDArray[np.float64], factors: NDArray[np.float64], goal: float) -> float:
    """Share of rows whose interval holds 0 when it has become as narrow as the goal.

    There is a look after every value but the first.
    """
    mean, spread = paths(values)
    width = spread * factors
    done = width <= goal
    done[:, -1] = True
    rows, when = np.arange(RUNS), done.argmax(axis=1)
    return float((np.abs(mean[rows, when]) <= width[rows, when]).mean())


@pytest.mark.parametrize("goal", [0.25, 0.4, 0.8])
@pytest.mark.parametrize(
    ("kind", "share"), [("normal", 0.95), ("slightly skewed", 0.95), ("skewed", 0.95)]
)
def test_the_interval_at_which_an_experiment_stops_holds_the_mean(
    kind: str, share: float, goal: float
) -> None:
    assert final_coverage(drawn(kind, 11), widths()[0], goal) >= above(share)


def ever_missed(values: NDArray[np.float64], factors: NDArray[np.float64]) -> float:
    """Share of rows whose interval misses 0 at any look from the fifth value on."""
    mean, spread = paths(values)
    return float((np.abs(mean) > spread * factors)[:, 3:].any(axis=1).mean())


def test_the_interval_holds_the_mean_at_all_looks_at_once() -> None:
    assert ever_missed(drawn("normal", 12), widths()[0]) <= 1 - above(0.95)
    assert ever_missed(drawn("slightly skewed", 12), widths()[0]) <= 0.06
    assert ever_missed(drawn("skewed", 12), widths()[0]) <= 0.08


def test_a_fixed_numbers_interval_does_not_stand_looking() -> None:
    """Student's misses the mean at some look in a third of all experiments and more."""
    assert ever_missed(drawn("normal", 12), widths()[1]) > 0.3


def test_a_fixed_numbers_interval_stops_too_early() -> None:
    """Student's is narrow when the spread was underestimated: the tests above would not pass."""
    assert final_coverage(drawn("normal", 11), widths()[1], 0.6) < above(0.95, 10)
    assert final_coverage(drawn("skewed", 11), widths()[1], 0.4) < above(0.95, 10)


def test_the_sequence_is_not_wider_than_it_must_be() -> None:
    """With looks for ever it would miss in 5 of 100; in 300 values it uses a good part of that."""
    assert ever_missed(drawn("normal", 12), widths()[0]) > 0.01
