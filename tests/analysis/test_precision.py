"""How an interval shrank, and what the shared luck was worth: known answers and coverage."""

import math

import numpy as np
import pandas as pd
import pytest

from trustsim.analysis.pairs import mean_interval
from trustsim.analysis.precision import FEWEST_PAIRS, how_precise, pairing, shrinking
from trustsim.config.precision import Precision
from trustsim.errors import ConfigError
from trustsim.experiment.stopping import half_width, replicate_means


def correlated(n: int, correlation: float, seed: int = 1) -> pd.DataFrame:
    """Give pairs with variance 1 each: independent seeds need 1 / (1 - correlation) times more."""
    shared, own = np.random.default_rng(seed).normal(size=(2, n))
    arm = correlation * shared + math.sqrt(1 - correlation**2) * own
    return pd.DataFrame({"arm": arm, "baseline": shared})


def runs_of(pairs: pd.DataFrame, arm: str = "kind") -> pd.DataFrame:
    sides = {arm: pairs["arm"], "usual": pairs["baseline"]}
    return pd.concat(
        pd.DataFrame({"arm": name, "replicate": values.index, "total_cost": values})
        for name, values in sides.items()
    )


def test_the_gain_is_variances_over_variance_of_the_difference() -> None:
    pairs = pd.DataFrame({"arm": [1.0, 2.0, 3.0, 6.0], "baseline": [1.0, 3.0, 3.0, 5.0]})
    # Sums of squares: 14 and 8; the differences 0, -1, 0, 1 have 2.
    assert pairing(pairs).ratio == pytest.approx(22 / 2)
    assert pairing(pairs).n == 4


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.9])
def test_the_gain_of_a_known_correlation(correlation: float) -> None:
    found = pairing(correlated(4000, correlation))
    assert found.ratio == pytest.approx(1 / (1 - correlation), rel=0.1)
    assert found.low < 1 / (1 - correlation) < found.high
    assert found.high < 1.3 * found.low


def test_the_gains_interval_holds_it_nearly_as_often_as_it_says() -> None:
    """A bootstrap of 40 pairs: some 93 of 100 in place of 95; 4 standard errors are 10."""
    held = 0
    for seed in range(100):
        found = pairing(correlated(40, 0.8, seed), resamples=300)
        held += found.low <= 5 <= found.high
    assert 0.83 < held / 100 <= 1
    narrow = pairing(correlated(40, 0.8, 1), 0.5)
    wide = pairing(correlated(40, 0.8, 1), 0.99)
    assert wide.low < narrow.low < narrow.ratio < narrow.high < wide.high


def test_the_gain_is_what_unpairing_the_runs_costs() -> None:
    """Runs of different replicates have independent seeds: their differences vary that much."""
    pairs = correlated(3000, 0.8, 7)
    apart = pairs["arm"].to_numpy() - np.roll(pairs["baseline"].to_numpy(), 1)
    paired = pairs["arm"] - pairs["baseline"]
    assert pairing(pairs).ratio == pytest.approx(apart.var() / paired.var(), rel=0.05)


def test_pairs_that_all_differ_by_the_same_leave_no_noise() -> None:
    luck = np.linspace(0, 1, 30)
    found = pairing(pd.DataFrame({"arm": luck + 0.1, "baseline": luck}))
    assert (found.ratio, found.low, found.high) == (math.inf, math.inf, math.inf)
    nothing = pairing(pd.DataFrame({"arm": [1.0] * 5, "baseline": [2.0] * 5}))
    assert math.isnan(nothing.ratio)


def test_the_last_row_is_the_interval_of_all_pairs() -> None:
    pairs = correlated(150, 0.6).add([7.0, 1e6], axis=1)
    last = shrinking(pairs, 0.9).iloc[-1]
    values = pairs["arm"] - pairs["baseline"]
    mean, half, _ = mean_interval(values, 0.9)
    assert (last["replications"], last["n"]) == (150, 150)
    assert last["mean"] == pytest.approx(mean)
    assert last["student"] == pytest.approx(half)
    assert last["sequence"] == pytest.approx(half_width(values, 0.9))
    assert last["ratio"] == pytest.approx(pairing(pairs).ratio)


def test_every_row_is_the_last_row_of_fewer_replicates() -> None:
    pairs = correlated(90, 0.6).drop(index=[3, 4, 50])
    path = shrinking(pairs, also=[33, 71, 500])
    assert {33, 71} <= set(path["replications"])
    assert path["replications"].max() == 90
    for number in (10, 33, 71):
        row = path[path["replications"] == number].iloc[0]
        alone = shrinking(pairs[pairs.index < number]).iloc[-1]
        assert row["n"] == (pairs.index < number).sum()
        for column in ("mean", "student", "sequence", "ratio"):
            assert row[column] == pytest.approx(alone[column]), column


@pytest.mark.parametrize(
    ("replicates", "shown"),
    [(2, [2]), (7, [7]), (8, [8]), (11, [8, 9, 10, 11]), (19, [*range(8, 20)])],
)
def test_few_replicates_are_shown_from_the_eighth(replicates: int, shown: list[int]) -> None:
    path = shrinking(correlated(replicates, 0.5))
    assert path["replications"].tolist() == shown
    assert np.isinf(path["sequence"][path["n"] < 10]).all()
    assert np.isfinite(path["student"]).all()


@pytest.mark.parametrize("replicates", range(2, FEWEST_PAIRS))
def test_few_pairs_leave_the_gain_without_an_interval(replicates: int) -> None:
    found = pairing(correlated(replicates, 0.8))
    assert found.ratio > 0
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_from_the_fewest_pairs_on_the_gains_interval_is_worth_showing() -> None:
    """Some 90 of 100 hold the truth; 4 standard errors are 12. With three it is two in three."""
    held = 0
    for seed in range(100):
        found = pairing(correlated(FEWEST_PAIRS, 0.8, seed), resamples=300)
        held += found.low <= 5 <= found.high
    assert 0.78 < held / 100 <= 1


def test_points_are_averaged_before_anything_is_worked_out() -> None:
    """At each of two points pairs have a gain of their own; their means have that of the means."""
    one, other = correlated(80, 0.9, 1), correlated(80, 0.0, 2)
    runs = pd.concat([runs_of(one).assign(point=0), runs_of(other).assign(point=1)])
    found = how_precise(runs, "usual", ["kind"]).challengers[0]
    assert found.pairing == pairing((one + other) / 2)
    assert found.path["n"].iloc[-1] == 80


def test_with_a_rule_its_looks_its_target_and_what_is_still_needed_are_told() -> None:
    pairs = correlated(60, 0.6) + 10
    rule = Precision(0.03, relative=True, confidence=0.9, max=60)
    found = how_precise(runs_of(pairs), "usual", ["kind"], rule)
    known = found.challengers[0]
    assert [look.replications for look in found.looks] == [20, 36, 60]
    assert set(known.path["replications"]) >= {20, 36, 60}
    assert known.target == pytest.approx(0.03 * pairs["baseline"].mean())
    assert known.path["sequence"].iloc[-1] == found.looks[-1].reached[0].half_width
    spread = (pairs["arm"] - pairs["baseline"]).std()
    assert known.needed is not None
    for number, enough in ((known.needed, True), (known.needed - 1, False)):
        values = np.resize([-1.0, 1.0], number)
        values *= spread / values.std(ddof=1)
        assert (half_width(values, 0.9) <= known.target) == enough


def test_without_a_rule_total_cost_is_looked_at_and_nothing_is_needed() -> None:
    found = how_precise(runs_of(correlated(30, 0.6)), "usual", ["kind"], confidence=0.8)
    assert (found.measure, found.rule, found.looks) == ("total_cost", None, ())
    known = found.challengers[0]
    assert math.isnan(known.target)
    assert known.needed is None
    pairs = replicate_means(runs_of(correlated(30, 0.6)), "kind", "usual", "total_cost")
    assert known.path["student"].iloc[-1] == pytest.approx(
        float(mean_interval(pairs["arm"] - pairs["baseline"], 0.8)[1])
    )


def test_what_can_never_be_reached_needs_no_number() -> None:
    rule = Precision(0.5, relative=True, max=60)
    pairs = correlated(60, 0.6).assign(baseline=lambda table: table["baseline"] * 0)
    assert how_precise(runs_of(pairs), "usual", ["kind"], rule).challengers[0].needed is None


def test_an_arm_without_two_pairs_is_left_out() -> None:
    runs = pd.concat([runs_of(correlated(30, 0.6)), runs_of(correlated(1, 0.6), "rare").iloc[:1]])
    found = how_precise(runs, "usual", ["kind", "rare"])
    assert [known.arm for known in found.challengers] == ["kind"]


def test_a_missing_measure_and_a_wrong_confidence_are_refused() -> None:
    runs = runs_of(correlated(30, 0.6))
    with pytest.raises(ConfigError, match="confidence is 95"):
        how_precise(runs, "usual", ["kind"], confidence=95)
    with pytest.raises(ConfigError, match="no such measure"):
        how_precise(runs, "usual", ["kind"], Precision(0.1, measure="dispute_rate"))
