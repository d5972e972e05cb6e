"""Means over runs of a design, each number of the table against least squares done otherwise."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trustsim.analysis.means import OTHER_LUCK, means_over
from trustsim.errors import ConfigError


def table(points: int = 6, replicates: int = 5, lost: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(9)
    index = pd.MultiIndex.from_product(
        [range(points), range(replicates)], names=["point", "replicate"]
    )
    place, luck = 3 * random.random((points, 1)), random.random((1, replicates))
    values = (5 + place + luck + 0.3 * random.random((points, replicates))).ravel()
    values[random.permutation(len(values))[:lost]] = np.nan
    return pd.DataFrame({"cost": values, "other": 2.0}, index=index)


def effects(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Effects of points, with the mean in them, and of replicates, around zero."""
    seen = column.dropna()
    point = np.array([p for p, _ in seen.index])
    replicate = np.array([r for _, r in seen.index])
    (p, r) = len(np.unique(point)), len(np.unique(replicate))
    design = np.zeros((len(seen) + 1, p + r))
    design[np.arange(len(seen)), np.unique(point, return_inverse=True)[1]] = 1
    design[np.arange(len(seen)), p + np.unique(replicate, return_inverse=True)[1]] = 1
    design[-1, p:] = 1  # luck around zero
    solved = np.linalg.lstsq(design, np.r_[seen.to_numpy(), 0.0], rcond=None)[0]
    return solved[:p], solved[p:]


@pytest.mark.parametrize("lost", [0, 1, 6])
@pytest.mark.parametrize("over", ["replicates", "points", "both"])
def test_every_number_is_that_of_least_squares(over: str, lost: int) -> None:
    runs = table(lost=lost)
    place, luck = effects(runs["cost"])
    variance = {"points": place.var(ddof=1) / 6, "replicates": luck.var(ddof=1) / 5}
    freedom = {"points": 5.0, "replicates": 4.0}
    units = ["points", "replicates"] if over == "both" else [over]
    error = math.sqrt(sum(variance[unit] for unit in units))
    df = error**4 / sum(variance[unit] ** 2 / freedom[unit] for unit in units)
    found = means_over(runs, 0.9, over=over)  # type: ignore[arg-type]
    assert list(found.columns) == [
        "mean", "error", "df", "half_width", "n", "points", "replicates",
    ]  # fmt: skip
    assert list(found.index) == ["cost", "other"]
    row = found.loc["cost"]
    assert row["mean"] == pytest.approx(place.mean() + luck.mean(), rel=1e-9)
    assert row["error"] == pytest.approx(error, rel=1e-9)
    assert row["df"] == pytest.approx(df, rel=1e-9)
    assert row["half_width"] == pytest.approx(stats.t.ppf(0.95, df) * error, rel=1e-9)
    assert (row["n"], row["points"], row["replicates"]) == (30 - lost, 6, 5)
    # what never differs is known exactly, at the fewest degrees of freedom
    still = found.loc["other"]
    assert (still["mean"], still["error"], still["half_width"]) == (2.0, 0.0, 0.0)
    assert still["df"] == (5 if over == "points" else 4)


def test_points_in_blocks_are_one_unit_each() -> None:
    runs = table()
    place, _ = effects(runs["cost"])
    units = place.reshape(2, 3).mean(axis=1)
    row = means_over(runs, over="points", block=3).loc["cost"]
    assert row["error"] == pytest.approx(units.std(ddof=1) / math.sqrt(2))
    assert row["df"] == 1
    # a block of which a point is missing still counts as one
    rest = runs.drop(index=[(4, r) for r in range(5)])
    units = [np.mean(effects(rest["cost"])[0][:3]), np.mean(effects(rest["cost"])[0][3:])]
    row = means_over(rest, over="points", block=3).loc["cost"]
    assert row["error"] == pytest.approx(np.std(units, ddof=1) / math.sqrt(2))
    assert row["mean"] == pytest.approx(effects(rest["cost"])[0].mean())


def test_one_unit_or_none_has_no_interval() -> None:
    one = means_over(table(1, 5), over="points").loc["cost"]
    assert np.isnan([one["error"], one["df"], one["half_width"]]).all()
    assert one["mean"] == pytest.approx(table(1, 5)["cost"].mean())
    lone = means_over(table(1, 1)).loc["cost"]
    assert (lone["n"], lone["points"], lone["replicates"]) == (1, 1, 1)
    assert math.isnan(lone["half_width"])
    none = means_over(table() * np.nan).loc["cost"]
    assert (none["n"], none["points"], none["replicates"]) == (0, 0, 0)
    assert np.isnan([none["mean"], none["error"], none["df"], none["half_width"]]).all()


def test_one_point_is_student_over_its_runs_for_both_readings() -> None:
    runs = table(1, 5)
    values = runs["cost"].to_numpy()
    for over in ("replicates", "both"):
        row = means_over(runs, over=over).loc["cost"]  # type: ignore[arg-type]
        assert row["error"] == pytest.approx(values.std(ddof=1) / math.sqrt(5))
        assert row["df"] == 4


def test_the_default_reading_is_other_luck() -> None:
    pd.testing.assert_frame_equal(means_over(table()), means_over(table(), **OTHER_LUCK))
    blocks = means_over(table(), over="points")
    pd.testing.assert_frame_equal(blocks, means_over(table(), over="points", block=1))
    for block in (0, -1):
        with pytest.raises(ConfigError, match=f"block is {block}; it must be a whole number"):
            means_over(table(), block=block)
