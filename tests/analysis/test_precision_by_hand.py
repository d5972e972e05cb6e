"""Paths, gains and needs of precision, each number against a plain way to it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from trustsim.analysis import precision
from trustsim.analysis.pairs import mean_interval
from trustsim.analysis.precision import ROUND_NUMBERS, how_precise, pairing, shrinking
from trustsim.config.precision import Precision
from trustsim.experiment.stopping import expected_half_width


def pairs(n: int, seed: int = 3, correlation: float = 0.6) -> pd.DataFrame:
    shared, own = np.random.default_rng(seed).normal(size=(2, n))
    arm = 2.0 + correlation * shared + math.sqrt(1 - correlation**2) * own
    return pd.DataFrame({"arm": arm, "baseline": 5.0 + shared})


def runs_of(table: pd.DataFrame) -> pd.DataFrame:
    sides = {"kind": table["arm"], "usual": table["baseline"]}
    return pd.concat(
        pd.DataFrame({"arm": name, "replicate": values.index, "total_cost": values})
        for name, values in sides.items()
    )


@pytest.mark.parametrize("every", [20, 21, 600, 25_000])
def test_a_path_has_sixty_steps_of_one_ratio_and_the_round_numbers(every: int) -> None:
    steps = [round(10 * (every / 10) ** (k / 59)) for k in range(60)]
    known = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
    expected = sorted({*steps, *(k for k in known if k <= every)})
    assert shrinking(pairs(every))["replications"].tolist() == expected
    assert known == ROUND_NUMBERS


def test_what_else_must_be_shown_is_shown_from_the_first_to_the_last() -> None:
    shown = shrinking(pairs(600), also=[9, 10, 11, 333, 600, 601])["replications"].tolist()
    assert {10, 11, 333, 600} <= set(shown)
    assert not {9, 601} & set(shown)


def test_rows_of_a_path_with_gaps() -> None:
    table = pairs(40).drop(index=[0, 1, 2, 5, 12])
    path = shrinking(table, 0.8, also=[13])
    for row in path.itertuples():
        seen = table[table.index < row.replications]
        gap = seen["arm"] - seen["baseline"]
        mean, half, _ = mean_interval(gap, 0.8)
        assert row.n == len(seen)
        assert (row.mean, row.student) == (pytest.approx(mean), pytest.approx(half))
        apart = seen["arm"].var() + seen["baseline"].var()
        assert row.ratio == pytest.approx(apart / gap.var())
    # replicates below a number of which fewer than two are left make no row
    late = pairs(12).drop(index=range(9))
    assert shrinking(late)["replications"].tolist()[0] == 11
    assert shrinking(late)["n"].tolist()[0] == 2


@pytest.mark.parametrize("confidence", [0.95, 0.6])
def test_the_gains_interval_is_a_bootstrap_of_whole_pairs(confidence: float) -> None:
    table = pairs(12)
    found = pairing(table, confidence, resamples=300, seed=8)
    random = np.random.default_rng(8)
    gains = []
    for _ in range(300):
        drawn = table.iloc[random.integers(0, 12, size=12)]
        gap = drawn["arm"] - drawn["baseline"]
        gains.append((drawn["arm"].var() + drawn["baseline"].var()) / gap.var())
    tail = (1 - confidence) / 2
    low, high = np.quantile(gains, [tail, 1 - tail], method="inverted_cdf")
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert (found.n, found.confidence) == (12, confidence)


def test_all_resamples_are_drawn_below_ten_thousand_pairs_and_fewer_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    random = np.random.default_rng(1)

    class Counting:
        def integers(self, *bounds: int, size: int) -> np.ndarray:
            drawn.append(size)
            return random.integers(*bounds, size=size)

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Counting())
    table = pd.DataFrame({"arm": np.sin(np.arange(30)), "baseline": np.cos(np.arange(30))})
    for most, fewest, count in ((30 * 900, 50, 900), (30 * 40, 50, 50), (30 * 5000, 50, 2000)):
        monkeypatch.setattr("trustsim.analysis.precision.MOST_DRAWS", most)
        monkeypatch.setattr("trustsim.analysis.precision.FEWEST_RESAMPLES", fewest)
        drawn.clear()
        pairing(table)
        assert drawn == [30] * count


def test_replications_still_needed_allow_for_pairs_that_are_lost() -> None:
    # every fourth replicate has lost its partner: of n replications three quarters are pairs
    table = pairs(40).drop(index=range(2, 39, 4))
    rule = Precision(0.2, confidence=0.9, max=60)
    known = how_precise(runs_of(table), "usual", ["kind"], rule).challengers[0]
    spread = (table["arm"] - table["baseline"]).std()
    assert known.target == 0.2
    expected = next(n for n in range(2, 10**6) if expected_half_width(spread, n * 0.75, 0.9) <= 0.2)
    assert known.needed == expected
    wide = Precision(100.0, confidence=0.9, max=60)
    few = how_precise(runs_of(table), "usual", ["kind"], wide).challengers[0].needed
    assert few is not None
    assert expected_half_width(spread, few * 0.75, 0.9) <= 100.0
    assert few == 2 or expected_half_width(spread, (few - 1) * 0.75, 0.9) > 100.0


def test_levels_are_those_of_the_rule_and_of_the_call() -> None:
    table = pairs(30)
    rule = Precision(0.2, confidence=0.9, max=60)
    found = how_precise(runs_of(table), "usual", ["kind"], rule, 0.7)
    (known,) = found.challengers
    assert (found.measure, found.baseline, found.rule) == ("total_cost", "usual", rule)
    pd.testing.assert_frame_equal(
        known.path, shrinking(table, 0.9, [look.replications for look in found.looks])
    )
    assert known.pairing == pairing(table, 0.7)
    assert known.arm == "kind"
    two = how_precise(runs_of(pairs(2)), "usual", ["kind"]).challengers
    assert [each.arm for each in two] == ["kind"]
    assert two[0].pairing.n == 2


@pytest.mark.parametrize("apart", [1e-8, 1.0, 1e8])
def test_what_rounding_leaves_is_measured_against_the_arms(apart: float) -> None:
    # a variance of 1e-24 of that of the arms is none, whatever the unit of money
    assert precision._ratio(np.array(apart), np.array(0.9e-24 * apart)) == np.inf
    assert precision._ratio(np.array(apart), np.array(1e-20 * apart)) == pytest.approx(1e20)
