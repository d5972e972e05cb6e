"""What is told of points and of the search, number by number, and options at their edges."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trustsim.analysis.discovery.losses import (
    CHANCE,
    FEWEST_POINTS,
    Discovery,
    discover,
    point_differences,
)
from trustsim.analysis.discovery.prim import BoxSearch, peel
from trustsim.config.dimensions import Dimensions
from trustsim.errors import ConfigError
from trustsim.schema.translation import read

SPACE = read(
    Dimensions,
    {
        "market.late_gain": {"low": 1.0, "high": 3.0},
        "market.rivals": {"low": 1, "high": 8},
    },
    "design.parameters",
)


def runs(gaps: list[list[float]] | np.ndarray) -> pd.DataFrame:
    """Runs of two arms with these differences: a row per point, a column per replicate."""
    gaps = np.asarray(gaps, float)
    random = np.random.default_rng(1)
    table = pd.DataFrame({d.path: d.of(random.random(len(gaps))) for d in SPACE})
    return pd.concat(
        table.assign(
            arm=arm, point=range(len(gaps)), replicate=r, total_cost=2.0 + r + side * gaps[:, r]
        )
        for r in range(gaps.shape[1])
        for side, arm in ((1, "one"), (0, "two"))
    )


def planted(count: int = 200) -> pd.DataFrame:
    late = runs(np.zeros((count, 1)))[lambda t: t["arm"] == "one"]["market.late_gain"].to_numpy()
    noise = 0.01 * np.random.default_rng(2).standard_normal((count, 2))
    return runs(np.where(late < 1.6, 0.1, -0.1)[:, None] + noise)


def test_every_column_of_the_points() -> None:
    gaps = [[0.5, 0.25, 0.75], [0.5, 0.5, 0.5], [-0.25, 0.25, 1.5], [0.5, 1.0, 1.0]]
    table = point_differences(runs(gaps), SPACE, "one", "two", threshold=0.5, confidence=0.9)
    assert list(table.columns) == [
        *[d.path for d in SPACE],
        "difference",
        "half_width",
        "replicates",
        "loses",
        "undecided",
    ]
    assert table.index.tolist() == [0, 1, 2, 3]
    for row, line in zip(table.itertuples(index=False), gaps, strict=True):
        half = stats.t.ppf(0.95, 2) * np.std(line, ddof=1) / np.sqrt(3)
        assert row.difference == pytest.approx(np.mean(line))
        assert row.half_width == pytest.approx(half)
        assert row.replicates == 3
    # at the threshold is not beyond it; an interval of no width holds what it is
    assert table["loses"].tolist() == [False, False, False, True]
    assert table["undecided"].tolist() == [True, True, True, True]
    clear = point_differences(runs(gaps), SPACE, "one", "two", threshold=2.5)
    assert clear["undecided"].tolist() == [False, False, True, False]
    lone = point_differences(runs([[0.1], [0.2]]), SPACE, "one", "two")
    assert lone["half_width"].isna().all()
    assert lone["replicates"].tolist() == [1, 1]


def test_the_account_of_points_and_runs() -> None:
    table = planted()
    nothing = table["point"].isin([3, 4, 5])
    table["total_cost"] = table["total_cost"].where(~nothing)
    once = (table["point"] == 9) & (table["replicate"] == 1)
    table["total_cost"] = table["total_cost"].where(~once)
    found = discover(table, SPACE, "one", "two", planned=210, hybrids=7, splits=2)
    assert (len(found.points), found.unmeasured, found.hybrids) == (197, 13, 7)
    assert found.runs == 2 * (196 * 2 + 1)
    assert found.undecided == found.points["undecided"].sum()
    assert discover(table, SPACE, "one", "two", splits=2).unmeasured == 3
    assert (found.challenger, found.baseline, found.measure) == ("one", "two", "total_cost")
    assert (found.threshold, found.confidence, found.dimensions) == (0.0, 0.95, SPACE)


def test_the_path_is_that_of_peeling_in_shares() -> None:
    search = BoxSearch(alpha=0.3, density=0.9)  # only one thickness of slices is below one half
    found = discover(planted(), SPACE, "one", "two", search=search, splits=2)
    coded = found.points[[d.path for d in SPACE]].to_numpy(float)
    lost = found.points["loses"].to_numpy(bool)
    steps = peel(coded, lost, ["number", "integer"], 0.3, 10)
    assert list(found.path.columns) == ["points", "mass", "coverage", "density", "parameters"]
    assert len(found.path) == len(steps) > 2
    for row, step in zip(found.path.itertuples(index=False), steps, strict=True):
        assert (row.points, row.mass) == (step.points, pytest.approx(step.points / 200))
        assert row.coverage == pytest.approx(step.hits / lost.sum())
        assert row.density == pytest.approx(step.hits / step.points)
        assert row.parameters == sum(limits.restricts for limits in step.box)
    assert found.verdict == "boxes"
    assert len(found.held_out) == len(found.boxes) == 1


@pytest.mark.parametrize(("density", "asked"), [(0.5, None), (0.95, 0.95)])
def test_a_box_must_be_denser_than_the_middle_between_the_base_rate_and_one(
    density: float, asked: float | None
) -> None:
    search = BoxSearch(density=density)
    found = discover(planted(), SPACE, "one", "two", search=search, splits=1)
    base = found.points["loses"].mean()
    assert found.share == base
    assert found.asked == pytest.approx(asked or (1 + base) / 2)
    assert found.held_out[0].halves == 2


def test_sixty_points_are_enough_and_the_verdict_is_held_to_one_in_a_hundred() -> None:
    assert (FEWEST_POINTS, CHANCE) == (60, 0.01)
    assert len(discover(planted(60), SPACE, "one", "two", splits=1).points) == 60
    told = "59 design points with a measured total_cost; boxes are sought among 60 or more"
    with pytest.raises(ConfigError, match=told):
        discover(planted(59), SPACE, "one", "two", splits=1)


def test_where_nothing_or_everything_is_lost_no_box_is_sought() -> None:
    for threshold, verdict in ((1.0, "never loses"), (-1.0, "always loses")):
        found = discover(planted(), SPACE, "one", "two", threshold=threshold, splits=1)
        assert (found.verdict, found.boxes, found.held_out) == (verdict, (), ())
        assert len(found.path) == 0
        assert (found.points["box"] == 0).all()


def test_the_splits_and_their_seed_are_those_asked_for() -> None:
    def held(**asked: Any) -> Any:
        return discover(planted(), SPACE, "one", "two", **asked).held_out

    assert [held(splits=n)[0].halves for n in (1, 3)] == [2, 6]
    assert held(splits=2) == held(splits=2, seed=0)
    assert held(splits=2) != held(splits=2, seed=1)


@pytest.mark.parametrize(
    ("change", "good", "bad", "words"),
    [
        ("alpha", [1e-6, 0.49], [0.0, 0.5], "above 0 and below 0.5"),
        ("density", [1e-6, 1.0], [0.0, 1.01], "above 0, at most 1"),
        ("smallest", [1e-6, 0.49], [0.0, 0.5], "above 0 and below 0.5"),
        ("boxes", [1], [0], "1 or more"),
    ],
)
def test_options_of_the_search_at_their_edges(
    change: str, good: list[float], bad: list[float], words: str
) -> None:
    def call(value: float) -> Discovery:
        search = replace(BoxSearch(), **{change: value})
        return discover(planted(60), SPACE, "one", "two", search=search, splits=1)

    for value in good:
        call(value)
    for value in bad:
        with pytest.raises(ConfigError, match=re.escape(f"{change} = {value}: allowed: {words}")):
            call(value)


def test_a_threshold_is_a_finite_number() -> None:
    with pytest.raises(ConfigError, match="threshold = inf: allowed: a finite number"):
        discover(planted(60), SPACE, "one", "two", threshold=np.inf)
    with pytest.raises(ConfigError, match="splits = 0: allowed: 1 or more"):
        discover(planted(60), SPACE, "one", "two", splits=0)


def test_runs_without_their_points_are_refused() -> None:
    for column in ("point", SPACE[1].path):
        with pytest.raises(ConfigError, match=f'no column "{column}"'):
            discover(planted(60).drop(columns=column), SPACE, "one", "two")
