"""Looks, spreads and next looks at their edges, each number by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from trustsim.config.precision import Precision
from trustsim.experiment.stopping import (
    Look,
    Reached,
    decide,
    expected_half_width,
    half_width,
    looks,
    next_look,
    replicate_means,
    squared_quantile,
    target,
)


@pytest.mark.parametrize(("n", "confidence"), [(12, 0.8), (40, 0.95), (1000, 0.99), (77.5, 0.9)])
def test_the_squared_quantile_by_its_formula(n: float, confidence: float) -> None:
    k = 10 / (n + 10)
    a = ((1 - confidence) * math.sqrt(k)) ** (-2 / n)
    assert squared_quantile(n, confidence) == pytest.approx((n - 1) * (a - 1) / (1 - a * k))
    other = 30 / (n + 30)
    a = ((1 - confidence) * math.sqrt(other)) ** (-2 / n)
    expected = (n - 1) * (a - 1) / (1 - a * other)
    assert squared_quantile(n, confidence, 30.0) == pytest.approx(expected)
    width = expected_half_width(2.0, n, confidence)
    assert width == pytest.approx(2.0 * math.sqrt(squared_quantile(n, confidence) / n))


def test_few_values_exclude_nothing() -> None:
    assert squared_quantile(1.999) == math.inf
    assert math.isinf(squared_quantile(2, 0.95))
    assert math.isfinite(squared_quantile(2, 0.01))
    # at 95 % the first number that excludes anything is that at which A k is below 1
    first = next(
        n for n in range(2, 50) if (0.05**-2 * (n + 10) / 10) ** (1 / n) * 10 / (n + 10) < 1
    )
    assert math.isinf(squared_quantile(first - 1))
    assert math.isfinite(squared_quantile(first))
    assert expected_half_width(1.0, first - 1) == math.inf
    assert expected_half_width(math.inf, 100) == math.inf


def test_spreads_are_those_of_samples_and_missing_values_are_none() -> None:
    values = [1.0, 4.0, math.nan, 2.0, 9.0] * 8
    there = [v for v in values if not math.isnan(v)]
    expected = np.std(there, ddof=1) * math.sqrt(squared_quantile(32) / 32)
    assert half_width(values) == pytest.approx(expected)
    assert half_width([3.0] * 40) == 0.0
    assert half_width([3.0]) == math.inf
    assert half_width([]) == math.inf


def test_targets_by_hand() -> None:
    assert target([1.0, math.nan, 3.0], Precision(0.1, relative=True)) == pytest.approx(0.2)
    assert target([], Precision(0.1, relative=True)) == 0.0
    assert target([], Precision(0.1)) == 0.1


@pytest.mark.parametrize(
    ("n", "wanted", "following"),
    [
        (20, 1e9, 22),  # a tenth more
        (21, 1e9, 24),  # rounded up
        (20, 1e-9, 40),  # twice as many
        (3, 1e9, 6),  # of so few nothing is expected yet
        (12, 1e9, 14),
        (300, 1e-9, 500),  # the maximum
    ],
)
def test_the_next_look_at_its_bounds(n: int, wanted: float, following: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    assert next_look(n, values, np.ones(n), Precision(wanted, max=500)) == following


def runs_of(gaps: dict[str, list[float]], base: float = 4.0) -> pd.DataFrame:
    n = len(next(iter(gaps.values())))
    parts = [pd.DataFrame({"arm": "usual", "replicate": range(n), "total_cost": base})]
    for arm, line in gaps.items():
        costs = base + np.asarray(line)
        parts.append(pd.DataFrame({"arm": arm, "replicate": range(n), "total_cost": costs}))
    return pd.concat(parts)


def test_everything_that_a_look_tells() -> None:
    line = list(np.resize([0.1, 0.3, 0.2, 0.5], 30))
    rule = Precision(0.01, relative=True, confidence=0.9, start=24, max=90)
    look = decide(runs_of({"kind": line}), "usual", ["kind"], rule, 24)
    (one,) = look.reached
    seen = np.array(line[:24])
    assert (one.arm, one.n, one.met) == ("kind", 24, False)
    assert one.difference == pytest.approx(seen.mean())
    assert one.half_width == pytest.approx(half_width(seen, 0.9))
    assert one.target == pytest.approx(0.04)
    assert look.replications == 24
    assert look.next == next_look(24, seen, np.full(24, 4.0), rule)
    assert not look.last
    assert [
        each.replications for each in looks(runs_of({"kind": line}), "usual", ["kind"], rule)
    ] == [24]


def test_the_most_demanding_arm_says_when_to_look_again() -> None:
    calm, wild = [0.1, 0.2] * 20, [1.0, -1.0] * 20
    table, rule = runs_of({"calm": calm, "wild": wild}), Precision(0.02, max=1000)
    both = decide(table, "usual", ["calm", "wild"], rule, 40)
    single = [decide(table, "usual", [arm], rule, 40).next for arm in ("calm", "wild")]
    assert single[0] < single[1]
    assert both.next == single[1]


def test_a_look_is_the_last_if_the_next_one_is_itself() -> None:
    good = Reached("a", 9, 0.1, 0.1, 0.1, True)
    bad = Reached("b", 9, 0.1, 0.2, 0.1, False)
    assert Look(20, (good,), 20).last
    assert Look(20, (good,), 20).met
    assert not Look(20, (good, bad), 22).last
    assert not Look(20, (good, bad), 22).met
    # a width that is as wanted is narrow enough
    rule = Precision(half_width([0.0, 1.0] * 20), max=100)
    assert decide(runs_of({"kind": [0.0, 1.0] * 20}, 0.0), "usual", ["kind"], rule, 40).met


def test_looks_stop_with_the_last_replicate_of_the_table() -> None:
    wild = [5.0, -5.0] * 20
    for start, seen in ((40, [40]), (41, []), (20, [20, 40])):
        rule = Precision(0.01, start=start, max=1000)
        found = looks(runs_of({"wild": wild}), "usual", ["wild"], rule)
        assert [look.replications for look in found] == seen


def test_means_of_replicates_come_in_order_whatever_the_order_of_rows() -> None:
    table = runs_of({"kind": [0.5, 0.25, 1.0]}).iloc[::-1]
    found = replicate_means(table, "kind", "usual", "total_cost")
    assert found.index.tolist() == [0, 1, 2]
    assert list(found.columns) == ["arm", "baseline"]
    assert found["arm"].tolist() == [4.5, 4.25, 5.0]
    assert found["baseline"].tolist() == [4.0] * 3
