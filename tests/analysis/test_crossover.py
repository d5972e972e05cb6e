"""Crossovers: paths and rounds worked out by hand, intervals against resampling in plain loops."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from trustsim.analysis.crossover import cost_paths, crossover, market_rounds
from trustsim.errors import ConfigError


def rounds_of(
    costs: dict[str, np.ndarray], first: int = 0, accepted: float | np.ndarray | None = None
) -> pd.DataFrame:
    """Give a row per arm, replicate and round."""
    rows = [
        {"arm": arm, "replicate": r, "round": first + t, "total_cost": cost}
        for arm, table in costs.items()
        for r, line in enumerate(table)
        for t, cost in enumerate(line)
    ]
    table = pd.DataFrame(rows)
    return table if accepted is None else table.assign(accepted=accepted)


def crossing(gap: np.ndarray, first: int) -> float:
    for t in range(len(gap)):
        if all(each < 0 for each in gap[t:]):
            return float(first + t)
    return math.inf


@pytest.mark.parametrize("confidence", [0.95, 0.6])
@pytest.mark.parametrize("first", [0, 3])
def test_all_numbers_of_a_crossover(first: int, confidence: float) -> None:
    random = np.random.default_rng(2)
    n, horizon, resamples = 9, 30, 500
    slope = random.uniform(0.07, 0.2, (n, 1))
    a = 3.0 - slope * np.arange(horizon) + 0.1 * random.standard_normal((n, horizon))
    a[0] = 1.0  # below from the start
    a[1] = 5.0  # never
    table = rounds_of({"a": a, "b": np.full((n, horizon), 2.2)}, first)
    found = crossover(table, "a", "b", confidence=confidence, resamples=resamples, seed=4)
    gap = np.cumsum(a - 2.2, axis=1)
    crossed = np.array([crossing(line, first) for line in gap])
    draws = np.random.default_rng(4).integers(0, n, size=(resamples, n))
    medians = np.array([sorted(crossed[draw])[(n - 1) // 2] for draw in draws])
    means = np.array([crossing(gap[draw].mean(axis=0), first) for draw in draws])
    tails = [(1 - confidence) / 2, 1 - (1 - confidence) / 2]
    low, high = np.quantile(medians, tails, method="inverted_cdf")
    mean_low, mean_high = np.quantile(means, tails, method="inverted_cdf")
    assert (found.round, found.low, found.high) == (sorted(crossed)[4], low, high)
    assert (found.mean_low, found.mean_high) == (mean_low, mean_high)
    assert found.mean_round == crossing(gap.mean(axis=0), first)
    assert found.share_crossed == pytest.approx(np.isfinite(crossed).mean())
    assert found.share_from_start == pytest.approx(1 / 9)
    assert (found.n, found.horizon, found.confidence) == (9, 30, confidence)
    assert found.low < found.round < found.high
    assert crossover(table, "a", "b").share_crossed == found.share_crossed


def test_a_mean_path_leaves_out_what_a_run_has_not() -> None:
    # the first run buys nothing in round 0: there the mean path is that of the second
    nan = math.nan
    costs = {"a": np.array([[nan, 1.0, 1.0], [1.0, 4.0, 1.0]]), "b": np.full((2, 3), 2.0)}
    table = rounds_of(costs)
    # gaps of cumulative cost: missing, -1, -1; -1, .5, 0
    found = crossover(table, "a", "b", resamples=10)
    assert found.mean_round == 0  # -1, -.25, -.5
    assert found.round == 1  # of 1 and never, the lower middle one
    assert (found.share_crossed, found.share_from_start) == (0.5, 0.0)


def test_paths_of_cost_by_hand() -> None:
    table = rounds_of({"a": np.array([[2.0, math.nan, 4.0, 3.0]])})
    plain = cost_paths(table, "a")
    assert plain.to_numpy()[0] == pytest.approx([2.0, 2.0, 3.0, 3.0])
    assert plain.index.tolist() == [(0, 0)]
    assert plain.columns.tolist() == [0, 1, 2, 3]
    weighed = table.assign(accepted=[1.0, 5.0, 3.0, math.nan])
    # a round without a price or without lots adds neither lots nor money
    assert cost_paths(weighed, "a").to_numpy()[0] == pytest.approx([2.0, 2.0, 3.5, 3.5])
    year = cost_paths(weighed, "a", cost="yearly", rounds_per_year=2).to_numpy()[0]
    assert year == pytest.approx([2.0, 2.0, 4.0, 4.0])
    short = cost_paths(weighed, "a", cost="yearly", rounds_per_year=1).to_numpy()[0]
    assert short[[0, 2]] == pytest.approx([2.0, 4.0])
    assert np.isnan(short[[1, 3]]).all()
    late = cost_paths(table.assign(accepted=[0.0, 0.0, 2.0, 1.0]), "a").to_numpy()[0]
    assert np.isnan(late[:2]).all()
    assert late[2:] == pytest.approx([4.0, 11 / 3])


def test_points_are_paths_of_their_own() -> None:
    one = rounds_of({"a": np.array([[3.0, 1.0, 1.0, 1.0]]), "b": np.full((1, 4), 2.0)})
    other = rounds_of({"a": np.full((1, 4), 1.0), "b": np.full((1, 4), 2.0)})
    both = pd.concat([one.assign(point=0), other.assign(point=1)])
    found = crossover(both, "a", "b")
    assert (found.n, found.round, found.share_from_start) == (2, 0, 0.5)
    assert cost_paths(both, "a").index.tolist() == [(0, 0), (1, 0)]


def test_rows_of_the_whole_market_are_taken_where_there_are_some() -> None:
    table = rounds_of({"a": np.array([[1.0, 2.0]]), "b": np.array([[3.0, 4.0]])})
    assert market_rounds(table) is table
    mixed = pd.concat([table.assign(policy=p) for p in ("all", "kind", "hard")])
    single = mixed[(mixed["arm"] == "a") | (mixed["policy"] == "kind")]
    kept = market_rounds(single)
    assert kept[kept["arm"] == "a"]["policy"].tolist() == ["all", "all"]
    assert kept[kept["arm"] == "b"]["policy"].tolist() == ["kind", "kind"]


def test_tables_that_are_none_of_rounds_are_refused() -> None:
    table = rounds_of({"a": np.ones((1, 2)), "b": np.ones((1, 2))})
    with pytest.raises(ConfigError, match=r"the table of rounds lacks arm, round$"):
        cost_paths(table.drop(columns=["round", "arm"]), "a")
    with pytest.raises(ConfigError, match=r'unknown arm "c"; the rounds have: a, b$'):
        cost_paths(table, "c")
    with pytest.raises(ConfigError, match="unknown measure 'accepted'"):
        cost_paths(table, "a", "accepted")
    twice = pd.concat([table, table[table["round"] == 1]])
    with pytest.raises(
        ConfigError, match=r'arm "a" has two rows for point 0, replicate 0, round 1'
    ):
        cost_paths(twice, "a")
