"""Every column of a comparison, and of the differences by point, against the tests of SciPy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trustsim.analysis.compare import (
    compare,
    differences_by_point,
    measure_columns,
    paired_differences,
    replications_needed,
)
from trustsim.analysis.verdicts import with_verdicts

COSTS = {
    "total_cost": ([1.3, 1.1, 1.6, 1.2, 1.7], [1.4, 1.5, 1.6, 1.8, 1.8]),
    "supplier_profit": ([-0.5, -0.1, -0.6, -0.3, -0.2], [-0.3, -0.2, -0.1, -0.3, -0.2]),
    "dispute_rate": ([0.2, 0.1, 0.3, 0.1, 0.2], [0.0, 0.0, 0.0, 0.0, 0.0]),
}


def runs() -> pd.DataFrame:
    rows = [
        {"arm": arm, "replicate": r, **{name: pair[side][r] for name, pair in COSTS.items()}}
        for side, arm in enumerate(("one", "two"))
        for r in range(5)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("confidence", [0.95, 0.7])
def test_every_column_of_a_comparison(confidence: float) -> None:
    smallest = {"total_cost": 0.1, "supplier_profit": 0.5}
    found = compare(runs(), "one", "two", confidence=confidence, smallest=smallest)
    assert list(found.columns) == [
        "measure", "mean_a", "mean_b", "difference", "low", "high", "half_width", "relative",
        "effect_size", "n", "points", "replicates", "df", "p_value", "smallest_difference",
        "p_equivalence", "p_adjusted", "verdict", "verdict_adjusted",
    ]  # fmt: skip
    rows = found.set_index("measure")
    assert set(rows.index) == set(COSTS)
    p = []
    for name, (a, b) in COSTS.items():
        row, gap = rows.loc[name], np.array(a) - np.array(b)
        test = stats.ttest_rel(a, b)
        interval = test.confidence_interval(confidence)
        p.append(test.pvalue)
        assert (row["mean_a"], row["mean_b"]) == (
            pytest.approx(np.mean(a)), pytest.approx(np.mean(b)),
        )  # fmt: skip
        assert row["difference"] == pytest.approx(gap.mean())
        assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
        assert row["half_width"] == pytest.approx((interval.high - interval.low) / 2)
        assert row["effect_size"] == pytest.approx(gap.mean() / gap.std(ddof=1))
        assert (row["n"], row["points"], row["replicates"], row["df"]) == (5, 1, 5, 4)
        assert row["p_value"] == pytest.approx(test.pvalue)
        if name in smallest:
            bound = smallest[name]
            lower = stats.ttest_1samp(gap, -bound, alternative="greater").pvalue
            upper = stats.ttest_1samp(gap, bound, alternative="less").pvalue
            assert row["p_equivalence"] == pytest.approx(max(lower, upper))
            assert row["smallest_difference"] == bound
        else:
            assert np.isnan([row["p_equivalence"], row["smallest_difference"]]).all()
    # a share of the size of what it is compared with, whatever its sign; of nothing there is none
    assert rows.loc["supplier_profit", "relative"] == pytest.approx(-0.12 / 0.22)
    assert rows.loc["total_cost", "relative"] == pytest.approx(-0.24 / 1.62)
    assert math.isnan(rows.loc["dispute_rate", "relative"])
    holm = np.empty(3)
    ranks = np.argsort(p)
    holm[ranks] = np.minimum(np.maximum.accumulate(np.array(p)[ranks] * [3, 2, 1]), 1)
    assert rows["p_adjusted"].loc[list(COSTS)].to_numpy() == pytest.approx(holm)


def test_points_have_their_own_numbers_of_pairs() -> None:
    table = pd.concat([runs().assign(point=0), runs().assign(point=3)])
    lost = (table["point"] == 3) & (table["replicate"] > 2)
    table.loc[lost & (table["arm"] == "one"), "total_cost"] = np.nan
    nothing = runs().assign(point=1, total_cost=np.nan)
    found = differences_by_point(pd.concat([table, nothing]), "one", "two")
    assert list(found.columns) == ["difference", "half_width", "n"]
    assert found.index.tolist() == [0, 3]  # at point 1 nothing was measured
    assert found["n"].tolist() == [5, 3]
    a, b = (np.array(side[:3]) for side in COSTS["total_cost"])
    interval = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert found.loc[3, "difference"] == pytest.approx((a - b).mean())
    assert found.loc[3, "half_width"] == pytest.approx((interval.high - interval.low) / 2)
    lone = differences_by_point(table[table["replicate"] == 0], "one", "two")
    assert lone["n"].tolist() == [1, 1]
    assert lone["half_width"].isna().all()


def test_measures_stand_in_the_order_of_the_registry_and_shares_after_them() -> None:
    table = runs().assign(instrument_share_open=0.1, instrument_share_cash=0.2, remoteness=0.3)
    turned = table[table.columns[::-1]]
    assert measure_columns(turned) == [
        *measure_columns(runs()), "instrument_share_cash", "instrument_share_open",
    ]  # fmt: skip
    assert measure_columns(runs())[0] == "total_cost"
    found = paired_differences(turned, "one", "two", ["dispute_rate", "total_cost"])
    assert list(found.columns) == ["dispute_rate", "total_cost"]
    assert found.index.tolist() == [(0, r) for r in range(5)]


def test_replications_are_two_at_least_and_whole() -> None:
    assert replications_needed(0.001, 1.0, 40, 0.5) == 2
    assert replications_needed(0.03, -2.0, 10, 0.01) == 23  # 10 x 2.25, rounded up
    assert replications_needed(0.02, 1.0, 50, 0.02) == 50
    assert replications_needed(math.inf, 1.0, 50, 0.02) == math.inf


@pytest.mark.parametrize(
    ("p", "equal", "size", "verdict"),
    [
        (0.25, math.nan, -1.0, "less"),  # at the level is shown
        (0.25, math.nan, 1.0, "more"),
        (0.2500001, math.nan, 1.0, "undecided"),
        (0.9, 0.25, 1.0, "equivalent"),
        (0.1, 0.25, 1.0, "equivalent"),
        (0.9, 0.2500001, 1.0, "undecided"),
    ],
)
def test_verdicts_at_the_level(p: float, equal: float, size: float, verdict: str) -> None:
    rows = pd.DataFrame({"difference": [size], "p_value": [p], "p_equivalence": [equal]})
    found = with_verdicts(rows, 0.75).iloc[0]
    assert (found["verdict"], found["verdict_adjusted"], found["p_adjusted"]) == (
        verdict, verdict, p,
    )  # fmt: skip
