"""Intervals of means over runs, what is a pair, and what is said of runs that are missing."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trustsim.analysis.pairs import (
    arm_runs,
    common_pairs,
    holes,
    mean_interval,
    refuse_confidence,
    refuse_holes,
    refuse_unknown,
)
from trustsim.errors import ConfigError


def runs(**columns: object) -> pd.DataFrame:
    """Runs of two arms at two points with three replicates; the last one first."""
    rows = [
        {"arm": arm, "point": point, "replicate": replicate, "total_cost": 1.0}
        for arm in ("one", "two")
        for point in range(2)
        for replicate in range(3)
    ]
    return pd.DataFrame(rows[::-1]).assign(**columns)


def test_each_column_has_the_interval_of_the_values_that_it_has() -> None:
    nan = np.nan
    table = [[1.0, nan, 2.0, nan], [3.0, 5.0, 4.0, nan], [nan, nan, 9.0, nan]]
    mean, half, n = mean_interval(table, 0.9)
    assert n.tolist() == [2, 1, 3, 0]
    assert mean[:3] == pytest.approx([2.0, 5.0, 5.0])
    # spreads: sqrt 2 over sqrt 2, none, sqrt 13 over sqrt 3
    assert half[0] == pytest.approx(stats.t.ppf(0.95, 1))
    assert half[2] == pytest.approx(stats.t.ppf(0.95, 2) * np.sqrt(13 / 3))
    assert np.isnan([half[1], half[3], mean[3]]).all()
    alone = mean_interval([7.0, 7.0, 7.0, 11.0])
    assert alone[0] == 8.0
    assert alone[1] == pytest.approx(stats.t.ppf(0.975, 3) * 1.0)
    assert alone[2] == 4


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 1.1])
def test_a_level_lies_between_nothing_and_all(level: float) -> None:
    with pytest.raises(ConfigError, match=f"confidence is {level}; it must lie between 0 and 1"):
        refuse_confidence(level)
    refuse_confidence(0.001)
    refuse_confidence(0.999)


def test_what_is_no_measure_is_refused_with_the_nearest() -> None:
    table = runs(status="done", run_id="x", rule="none", loyalty=0.5)
    refuse_unknown(["total_cost", "loyalty"], table)
    for name in ("rule", "status", "run_id", "arm", "point", "replicate", "round", "age",
                 "policy", "seconds"):  # fmt: skip
        with pytest.raises(ConfigError, match=f"unknown measure '{name}'"):
            refuse_unknown(["total_cost", name], table.assign(**{"round": 1, "seconds": 2.0}))


def test_runs_of_an_arm_stand_in_order_and_only_the_finished() -> None:
    mine = arm_runs(runs(status=["failed", *["done"] * 11]), "two")
    assert mine.index.tolist() == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert mine.index.names == ["point", "replicate"]
    without = arm_runs(runs()[lambda t: t["point"] == 1].drop(columns="point"), "one")
    assert without.index.tolist() == [(0, 0), (0, 1), (0, 2)]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (runs().drop(columns="arm"), 'needs the columns "arm" and "replicate"'),
        (runs().drop(columns="replicate"), 'needs the columns "arm" and "replicate"'),
        (runs(status="failed"), 'arm "one" has no finished run'),
        (runs(arm="two"), 'unknown arm "one"; the runs have: two'),
        (runs(arm="ones"), 'unknown arm "one" (did you mean "ones"?); the runs have: ones'),
        (runs(replicate=[0, 1, 2, 3, 4, 5, 0, 1, 2, 5, 5, 0]),
         'arm "one" has two runs of point 0, replicate 5'),
    ],
)  # fmt: skip
def test_what_are_no_runs_of_an_arm_is_told(table: pd.DataFrame, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        arm_runs(table, "one")


def test_pairs_are_those_that_both_have_and_the_first_odd_one_is_told() -> None:
    whole = arm_runs(runs(), "one")
    part = whole.drop(index=[(0, 1), (1, 2)])
    assert common_pairs(whole, part, "one", "two", "drop").tolist() == part.index.tolist()
    told = (
        'arms "one" and "two" are not paired: 2 runs have no partner, the first is point 0, '
        'replicate 1 of "one", which "two" lacks; run what is missing again, or leave it out with '
        "--allow-missing (unpaired='drop')"
    )
    with pytest.raises(ConfigError, match=re.escape(told)):
        common_pairs(whole, part, "one", "two", "refuse")
    with pytest.raises(ConfigError, match='replicate 1 of "two", which "one" lacks'):
        common_pairs(part, whole, "one", "two", "refuse")
    with pytest.raises(ConfigError, match=r"1 run has no partner.*which"):
        common_pairs(whole, whole.drop(index=[(1, 1)]), "one", "two", "refuse")
    apart = whole.loc[[(0, 0)]], whole.loc[[(0, 1)]]
    with pytest.raises(ConfigError, match=r"lacks; run what is missing again$"):
        common_pairs(*apart, "one", "two", "drop")


def test_holes_are_the_planned_runs_that_are_not_there() -> None:
    table = runs(status="done")
    table.loc[table.index[0], "status"] = "failed"  # the last of arm two
    lacking = table.drop(index=[5, 9])  # two (1, 0)... from the end: index 5 is two (0, 0)
    expected = [[0, 0, 2], [1, 0, 0], [1, 1, 2]]
    assert holes(lacking, ["one", "two"], 2, 3).tolist() == expected
    more = holes(table, ["two", "three"], 3, 4).tolist()
    assert [each for each in more if each[0] == 1] == [
        [1, p, r] for p in range(3) for r in range(4)
    ]
    assert [each for each in more if each[0] == 0] == [
        [0, 0, 3], [0, 1, 2], [0, 1, 3], *[[0, 2, r] for r in range(4)],
    ]  # fmt: skip
    # what was not planned is no matter
    assert holes(table, ["one"], 1, 2).tolist() == []
    with pytest.raises(ConfigError) as told:
        refuse_holes(lacking, ["one", "two"], 2, 3)
    assert str(told.value) == (
        "the design has holes: of 12 planned runs, 3 runs have not been finished; the first is "
        'point 0, replicate 2 of "one"; run what is missing again, or leave it out with '
        "--allow-missing (unpaired='drop')"
    )
