"""Looks at an experiment: what is enough, when to look again, and that nothing else decides it."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustsim.config.precision import Precision
from trustsim.errors import ConfigError
from trustsim.experiment.stopping import (
    Look,
    decide,
    half_width,
    looks,
    next_look,
    replicate_means,
    target,
)


def table(differences: dict[str, list[float]], base: float = 2.0) -> pd.DataFrame:
    """One row per run; the baseline costs `base` plus a little luck that all arms share."""
    n = len(next(iter(differences.values())))
    luck = base + 0.1 * np.sin(np.arange(n))
    parts = [pd.DataFrame({"arm": "usual", "replicate": range(n), "total_cost": luck})]
    for arm, values in differences.items():
        costs = luck + np.asarray(values)
        parts.append(pd.DataFrame({"arm": arm, "replicate": range(n), "total_cost": costs}))
    return pd.concat(parts, ignore_index=True)


def normal(n: int, spread: float = 1.0, seed: int = 3) -> list[float]:
    return list(np.random.default_rng(seed).normal(0.3, spread, n))


def differences(runs: pd.DataFrame, arm: str = "kind") -> list[float]:
    pairs = replicate_means(runs, arm, "usual", "total_cost")
    return list(pairs["arm"] - pairs["baseline"])


def test_relative_means_a_share_of_the_baselines_mean() -> None:
    costs = [3.0, 5.0] * 50  # mean 4
    assert target(costs, Precision(0.01, relative=True)) == pytest.approx(0.04)
    assert target([-c for c in costs], Precision(0.01, relative=True)) == pytest.approx(0.04)
    assert target(costs, Precision(0.01)) == 0.01


def test_enough_is_a_half_width_of_the_target_and_not_of_the_difference() -> None:
    runs = table({"kind": normal(100)})
    width, costs = half_width(differences(runs)), runs["total_cost"][:100]
    for share, met in ((1.0001, True), (0.9999, False)):
        absolute = Precision(share * width)
        relative = Precision(share * width / costs.mean(), relative=True)
        for precision in (absolute, relative):
            assert decide(runs, "usual", ["kind"], precision, 100).met == met


def test_no_share_of_nothing_is_wide_enough() -> None:
    assert target([math.nan], Precision(0.5, relative=True)) == 0
    assert target([0.0] * 100, Precision(0.5, relative=True)) == 0


@given(
    st.integers(2, 400),
    st.floats(1e-3, 1e3),
    st.floats(1e-4, 10),
    st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None)
def test_the_next_look_is_never_far_and_never_near(
    n: int, spread: float, wanted: float, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(0, spread, n)
    found = next_look(n, values, np.ones(n), Precision(wanted, max=500))
    assert min(500, math.ceil(1.1 * n), n + 1) <= found <= min(500, max(2 * n, n + 1))
    assert found >= min(500, math.ceil(1.1 * n))


def test_the_next_look_is_where_the_precision_is_expected() -> None:
    values = normal(100)
    spread = float(np.std(values, ddof=1))
    for goal in (112, 130, 150, 199):
        # The same spread over `goal` values would have this half-width.
        scaled = np.resize([-1.0, 1.0], goal)
        wanted = half_width(scaled) / np.std(scaled, ddof=1) * spread
        precision = Precision(wanted * (1 + 1e-9))
        assert next_look(100, values, np.ones(100), precision) == goal


def test_missing_pairs_are_expected_to_go_on_missing() -> None:
    values = np.array(normal(100))
    wanted = half_width(values) / math.sqrt(1.6)
    whole = next_look(100, values, np.ones(100), Precision(wanted))
    holes = np.where(np.arange(200) % 2 == 0, np.repeat(values, 2), np.nan)
    halved = next_look(200, holes, np.ones(200), Precision(wanted))
    assert halved == pytest.approx(2 * whole, abs=2)


def test_an_experiment_stops_at_the_first_look_that_is_enough() -> None:
    values = normal(400, spread=0.05)
    runs = table({"kind": values})
    precision = Precision(0.005, relative=True, max=400)
    found = looks(runs, "usual", ["kind"], precision)
    assert [look.met for look in found] == [False] * (len(found) - 1) + [True]
    assert [look.last for look in found] == [look.met for look in found]
    assert 20 == found[0].replications < found[-1].replications < 400
    for look, later in zip(found, [*found[1:], found[-1]], strict=True):
        assert look.next == later.replications
        one = look.reached[0]
        paired = differences(runs)[: look.replications]
        assert one.half_width == pytest.approx(half_width(paired))
        assert one.met == (one.half_width <= one.target) == look.met
        assert one.target == pytest.approx(0.01, rel=0.02)
        assert one.difference == pytest.approx(np.mean(values[: look.replications]))


def test_the_loop_of_the_docstring_ends_where_the_looks_of_its_table_end() -> None:
    values = normal(600, spread=0.07, seed=9)
    precision = Precision(0.012, max=600)
    n, made = precision.start, []
    while True:
        runs = table({"kind": values[:n]})
        look = decide(runs, "usual", ["kind"], precision, n)
        made.append(look)
        if look.last:
            break
        n = look.next
    assert look.met
    assert tuple(made) == looks(runs, "usual", ["kind"], precision)


def test_rows_of_later_replicates_and_the_order_of_rows_change_nothing() -> None:
    precision = Precision(0.012, max=600)
    runs = table({"kind": normal(600, 0.07), "harsh": normal(600, 0.05, 8)})
    shuffled = runs.sample(frac=1, random_state=1)
    for n in (20, 40, 77):
        few = runs[runs["replicate"] < n]
        look = decide(few, "usual", ["kind", "harsh"], precision, n)
        assert decide(runs, "usual", ["kind", "harsh"], precision, n) == look
        assert decide(shuffled, "usual", ["kind", "harsh"], precision, n) == look


def test_every_challenger_must_be_known_well_enough() -> None:
    runs = table({"calm": normal(200, 0.01), "wild": normal(200, 0.2)})
    precision = Precision(0.02, max=200)
    look = decide(runs, "usual", ["calm", "wild"], precision, 40)
    assert [one.met for one in look.reached] == [True, False]
    assert not look.met
    assert look.next == 80
    assert decide(runs, "usual", ["calm"], precision, 40) == Look(40, look.reached[:1], 40)


def test_what_cannot_be_reached_ends_at_the_maximum() -> None:
    runs = table({"wild": normal(100, 5)})
    found = looks(runs, "usual", ["wild"], Precision(0.01, max=70))
    assert [look.replications for look in found] == [20, 40, 70]
    assert found[-1].last
    assert not found[-1].met


def test_looks_end_with_the_table() -> None:
    runs = table({"wild": normal(50, 5)})
    assert [k.replications for k in looks(runs, "usual", ["wild"], Precision(0.01))] == [20, 40]
    assert looks(runs.iloc[:0], "usual", ["wild"], Precision(0.01)) == ()


def test_points_are_averaged_because_they_share_their_luck() -> None:
    values = np.array(normal(60, 0.05))
    one = table({"kind": list(values)})
    shifts = {0: -0.5, 1: 0.2, 2: 0.6}  # what the difference is at each point beside the luck
    parts = []
    for point, shift in shifts.items():
        part = one.assign(point=point)
        part.loc[part["arm"] == "kind", "total_cost"] += shift
        parts.append(part)
    many = pd.concat(parts, ignore_index=True)
    averaged = differences(many)
    assert averaged == pytest.approx(values + 0.1)
    # Three points with the same luck tell no more of it than one does.
    assert half_width(averaged) == pytest.approx(half_width(values))


def test_a_point_with_one_run_missing_is_left_out_of_that_replicate() -> None:
    rows = [
        ("kind", 0, 0, "done", 1.0), ("usual", 0, 0, "done", 3.0),
        ("kind", 0, 1, "done", 5.0), ("usual", 0, 1, "done", 4.0),
        ("kind", 1, 0, "done", 1.0), ("usual", 1, 0, "failed", 9.0),
        ("kind", 1, 1, "done", 7.0), ("usual", 1, 1, "done", 4.0),
        ("kind", 2, 0, "done", math.nan), ("usual", 2, 0, "done", 4.0),
        ("usual", 2, 1, "done", 4.0),
        ("kind", 3, 1, "done", 4.5), ("usual", 3, 1, "done", 4.0),
    ]  # fmt: skip
    runs = pd.DataFrame(rows, columns=["arm", "replicate", "point", "status", "total_cost"])
    found = replicate_means(runs, "kind", "usual", "total_cost")
    assert found.index.tolist() == [0, 1, 3]
    assert found["arm"].tolist() == [3.0, 7.0, 4.5]
    assert found["baseline"].tolist() == [3.5, 4.0, 4.0]
    assert differences(runs) == [-0.5, 3.0, 0.5]


def test_no_pair_at_all_is_not_enough() -> None:
    runs = table({"kind": normal(30)}).query("arm == 'usual'")
    look = decide(runs, "usual", ["kind"], Precision(10.0, max=100), 20)
    assert look.reached[0].n == 0
    assert math.isnan(look.reached[0].difference)
    assert not look.met
    assert look.next == 40


def test_a_measure_that_the_runs_lack_is_named() -> None:
    runs = table({"kind": normal(30)})
    with pytest.raises(ConfigError, match=r"dispute_rate.*no such measure"):
        decide(runs, "usual", ["kind"], Precision(1.0, measure="dispute_rate"), 20)


def test_equal_differences_are_known_once_there_are_enough_of_them() -> None:
    runs = table({"kind": [0.25] * 40}, base=0.0)
    look = decide(runs, "usual", ["kind"], Precision(0.001), 20)
    assert look.met
    assert look.reached[0].half_width < 1e-15
    early = decide(runs, "usual", ["kind"], Precision(0.001, start=5), 5)
    assert early.reached[0].half_width == math.inf
    assert early.next == 10
