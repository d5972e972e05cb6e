"""Whiskers and bands of the figures are the intervals that they are said to be.

What is drawn is read from the figure, and worked out here from the tables: Student's interval over
runs, at a level that is nobody's default as well.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.drawn import bands, student, whiskers
from support.synthetic_design import design_runs
from support.synthetic_results import ARMS, PARTS, frames

from trustsim.analysis.crossover import crossover
from trustsim.analysis.means import OTHER_LUCK, Reading
from trustsim.report import figures

LEVELS = [0.95, 0.8]
BASELINE = "adversarial"
CHALLENGERS = [arm for arm in ARMS if arm != BASELINE]
COSTS = [f"cost_{part}" for part in PARTS if part != "service"]  # which costs nothing here


@pytest.fixture(scope="module")
def tables():
    return frames(replicates=6, rounds=60)


def by_replicate(runs: pd.DataFrame, arm: str, names: list[str]) -> pd.DataFrame:
    return runs[runs["arm"] == arm].set_index("replicate").sort_index()[names]


def last_year(rounds: pd.DataFrame, arm: str, since_start: bool, year: int) -> dict:
    """Cost per accepted lot of each run by round: of a year, or of all rounds so far."""
    found: dict[int, list[float]] = {}
    for _, run in rounds[rounds["arm"] == arm].groupby("replicate"):
        run = run.sort_values("round")
        lots = run["accepted"].to_numpy(float)
        paid = run["total_cost"].to_numpy(float) * lots
        for t in range(len(run)):
            first = 0 if since_start else max(0, t + 1 - year)
            found.setdefault(t, []).append(paid[first : t + 1].sum() / lots[first : t + 1].sum())
    return found


@pytest.mark.parametrize("confidence", LEVELS)
def test_total_cost_by_category(tables, confidence):
    runs = tables[0]
    axes = figures.total_cost_by_category(runs, confidence=confidence)
    for axis, parts in zip(axes, (COSTS, COSTS[1:]), strict=True):
        drawn = whiskers(axis)
        assert [row for row, _, _ in drawn] == [0, 1, 2]
        for arm, (_, low, high) in zip(ARMS, drawn, strict=True):
            total = by_replicate(runs, arm, parts).sum(axis=1)
            assert (low, high) == pytest.approx(student(total, confidence), rel=1e-9)


@pytest.mark.parametrize("confidence", LEVELS)
def test_steps_of_the_waterfall(tables, confidence):
    runs = tables[0]
    axes = figures.cost_difference_by_category(runs, baseline=BASELINE, confidence=confidence)
    theirs = by_replicate(runs, BASELINE, [*COSTS, "total_cost"])
    for axis, arm in zip(axes, CHALLENGERS, strict=True):
        gaps = by_replicate(runs, arm, [*COSTS, "total_cost"]) - theirs
        drawn = whiskers(axis)
        assert len(drawn) == len(COSTS)
        end = theirs["total_cost"].mean()
        for part, (_, low, high) in zip(COSTS, drawn, strict=True):
            before, end = end, end + gaps[part].mean()
            ends = [before + each for each in student(gaps[part], confidence)]
            assert [low, high] == pytest.approx(ends, rel=1e-9)


@pytest.mark.parametrize(("confidence", "year"), [(0.95, 12), (0.8, 4)])
def test_cost_over_time(tables, confidence, year):
    rounds = tables[1]
    axes = figures.cost_over_time(rounds, confidence=confidence, rounds_per_year=year)
    for axis, since_start in zip(axes, (False, True), strict=True):
        drawn = bands(axis)
        assert len(drawn) == len(axis.lines) == len(ARMS)
        for arm, band in zip(ARMS, drawn, strict=True):
            known = last_year(rounds, arm, since_start, year)
            assert len(band) == len(known) == 60
            for t, costs in known.items():
                ends = student(costs, confidence)
                assert band[(t + 1) / year] == pytest.approx(ends, rel=1e-9), (arm, t)


def test_the_year_is_twelve_rounds_if_nothing_else_is_said(tables):
    axis = figures.cost_over_time(tables[1])[0]
    known = last_year(tables[1], ARMS[0], since_start=False, year=12)
    line = axis.lines[0]
    assert np.asarray(line.get_xdata()) == pytest.approx((np.arange(60) + 1) / 12)
    assert np.asarray(line.get_ydata()) == pytest.approx(
        [float(np.mean(costs)) for costs in known.values()], rel=1e-9
    )


@pytest.mark.parametrize("confidence", LEVELS)
def test_the_interval_of_the_crossover(tables, confidence):
    rounds = tables[1]
    axis = figures.cost_over_time(rounds, baseline=BASELINE, confidence=confidence)[1]
    found = crossover(rounds, "high_trust", BASELINE, confidence=confidence)
    assert found.mean_low < found.mean_high < np.inf
    wide = [each for each in axis.collections if each.get_linewidth().tolist() == [3.5]]
    (ends,) = wide[0].get_segments()
    known = [(found.mean_low + 1) / 12, (found.mean_high + 1) / 12]
    assert ends[:, 0].tolist() == pytest.approx(known)


@pytest.mark.parametrize("confidence", LEVELS)
def test_development(tables, confidence):
    rounds = tables[1]
    measures = ["cost_price", "trust_in_suppliers", "trust_in_buyers", "knowhow"]
    axes = figures.development(rounds, confidence=confidence)
    for axis, measure in zip(axes, measures, strict=True):
        drawn = bands(axis)
        assert len(drawn) == len(ARMS)
        for arm, band in zip(ARMS, drawn, strict=True):
            mine = rounds[rounds["arm"] == arm].groupby("round")[measure]
            assert mine.ngroups == len(band)
            for t, values in mine:
                ends = student(values, confidence)
                assert band[(t + 1) / 12] == pytest.approx(ends, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("confidence", LEVELS)
def test_conduct_by_age(tables, confidence):
    ages = tables[2]
    measures = ["inspection_rate", "dispute_rate", "arrears_days", "supplier_opportunism_rate"]
    buckets = sorted(ages["age_from"].unique())
    axes = figures.conduct_by_age(ages, confidence=confidence)
    for axis, measure in zip(axes, measures, strict=True):
        drawn = [(low, high) for _, low, high in whiskers(axis, "y")]
        known = [
            student(mine.loc[mine["age_from"] == age, measure], confidence)
            for arm in ARMS
            for mine in (ages[ages["arm"] == arm],)
            for age in buckets
        ]
        assert len(drawn) == len(known)
        assert np.array(drawn) == pytest.approx(np.array(known), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("confidence", LEVELS)
def test_hours(tables, confidence):
    runs = tables[0]
    split, goods = figures.hours_split(runs, confidence=confidence)
    share, best = (
        by_replicate(runs, arm, [name])[name]
        for arm, name in ((BASELINE, "transaction_time_share"), ("high_trust", "goods_per_hour"))
    )
    drawn = dict(zip(ARMS, whiskers(split), strict=True))
    assert drawn[BASELINE][1:] == pytest.approx(student(share, confidence), rel=1e-9)
    drawn = dict(zip(ARMS, whiskers(goods), strict=True))
    assert drawn["high_trust"][1:] == (1.0, 1.0)
    for arm in ("adversarial", "trust_but_verify"):
        ratio = by_replicate(runs, arm, ["goods_per_hour"])["goods_per_hour"] / best
        assert drawn[arm][1:] == pytest.approx(student(ratio, confidence), rel=1e-9)


def span(axis):
    """Ends of the band over the whole height."""
    (band,) = (patch for patch in axis.patches if patch.get_alpha() == 0.25)
    return band.get_x(), band.get_x() + band.get_width()


@pytest.mark.parametrize("confidence", LEVELS)
def test_distribution_of_differences(tables, confidence):
    runs = tables[0]
    axes = figures.difference_distribution(runs, baseline=BASELINE, confidence=confidence)
    theirs = by_replicate(runs, BASELINE, ["total_cost"])
    for axis, arm in zip(axes, CHALLENGERS, strict=True):
        gaps = (by_replicate(runs, arm, ["total_cost"]) - theirs)["total_cost"]
        assert span(axis) == pytest.approx(student(gaps, confidence), rel=1e-9)


def test_over_points_the_intervals_are_for_what_they_are_said_to_be():
    runs = design_runs(points=12, replicates=4)
    wide = runs.pivot_table(index=["point", "replicate"], columns="arm", values="total_cost")
    gaps = (wide["high_trust"] - wide["adversarial"]).unstack()
    points: Reading = {"over": "points", "block": 1}
    for reading, units in ((OTHER_LUCK, gaps.mean(axis=0)), (points, gaps.mean(axis=1))):
        (axis,) = figures.difference_distribution(runs, baseline=BASELINE, reading=reading)
        assert span(axis) == pytest.approx(student(units, 0.95), rel=1e-9)
        (axis,) = figures.cost_difference_by_category(runs, baseline=BASELINE, reading=reading)
        price = runs.pivot_table(index=["point", "replicate"], columns="arm", values="cost_price")
        apart = (price["high_trust"] - price["adversarial"]).unstack()
        low, high = student(apart.mean(axis=0 if reading is OTHER_LUCK else 1), 0.95)
        start = wide["adversarial"].mean()
        assert whiskers(axis)[0][1:] == pytest.approx((start + low, start + high), rel=1e-9)
        mine = wide["adversarial"].unstack().mean(axis=0 if reading is OTHER_LUCK else 1)
        axis = figures.total_cost_by_category(runs, reading=reading)[0]
        assert whiskers(axis)[1][1:] == pytest.approx(student(mine, 0.95), rel=1e-9)
