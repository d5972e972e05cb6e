"""Every number of an ablation, worked out from its paired differences one by one."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from trustsim.analysis.ablation import ablation
from trustsim.errors import ConfigError

GAPS = {
    "nothing": [0.30, 0.34, 0.25, 0.36, 0.31],
    "ransom": [0.11, 0.12, 0.07, 0.13, 0.10],
    "voice": [0.42, 0.41, 0.36, 0.44, 0.40],
    "tiers": [0.31, 0.33, 0.26, 0.35, 0.32],
    "hold_up": [-0.20, -0.15, -0.26, -0.14, -0.22],
}
"""Differences of the arms in five replicates, in the full market and with a mechanism off."""


def runs(gaps: dict[str, list[float]] = GAPS, **columns: object) -> pd.DataFrame:
    rows = [
        {"arm": arm, "point": point, "replicate": r, "without": name, "total_cost": cost}
        for point, (name, line) in enumerate(gaps.items())
        for r, gap in enumerate(line)
        for arm, cost in (("high", 1 + 0.5 * r + gap), ("low", 1 + 0.5 * r))
    ]
    return pd.DataFrame(rows).assign(**columns)


def student(values: np.ndarray, level: float) -> tuple[float, float, float]:
    """Give the mean, its half-width, and the p value of no difference."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * error
    return values.mean(), half, stats.ttest_1samp(values, 0).pvalue


@pytest.mark.parametrize("correction", ["holm", "benjamini_hochberg", "none"])
@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_every_number_of_an_ablation(correction: str, confidence: float) -> None:
    found = ablation(
        runs(),
        "high",
        "low",
        confidence=confidence,
        correction=correction,  # type: ignore[arg-type]
    )
    full = np.array(GAPS["nothing"])
    mean, half, _ = student(full, confidence)
    assert (found.arm, found.baseline, found.measure) == ("high", "low", "total_cost")
    assert (found.difference, found.half_width) == (pytest.approx(mean), pytest.approx(half))
    assert (found.replicates, found.confidence, found.dropped) == (5, confidence, 0)
    together = 1 - (1 - confidence) / 4
    told = {}
    for name in ("ransom", "voice", "tiers", "hold_up"):
        off = np.array(GAPS[name])
        told[name] = (*student(off, together)[:2], *student(full - off, together))
    raw = [each[4] for each in told.values()]
    ranks = np.argsort(raw)
    p = np.array(raw)
    if correction == "holm":
        p[ranks] = np.minimum(np.maximum.accumulate(p[ranks] * [4, 3, 2, 1]), 1)
    elif correction == "benjamini_hochberg":
        p = stats.false_discovery_control(raw)
    rows = found.rows.set_index("mechanism")
    assert list(rows.columns) == [
        "without", "without_half_width", "carries", "half_width", "replicates", "p", "share",
        "verdict",
    ]  # fmt: skip
    assert list(rows.index) == ["hold_up", "ransom", "voice", "tiers"]
    for at, (name, (without, wide, carries, half, _)) in enumerate(told.items()):
        row = rows.loc[name]
        assert row["without"] == pytest.approx(without)
        assert row["without_half_width"] == pytest.approx(wide)
        assert row["carries"] == pytest.approx(carries)
        assert row["half_width"] == pytest.approx(half)
        assert row["p"] == pytest.approx(p[at], rel=1e-6)
        assert row["share"] == pytest.approx(carries / mean)
        assert row["replicates"] == 5
    verdicts = {"hold_up": "widens", "ransom": "widens", "voice": "narrows", "tiers": "not shown"}
    assert rows["verdict"].to_dict() == verdicts
    assert found.clear
    assert found.turning == ["hold_up"]


def test_a_difference_that_is_below_zero_is_told_the_same_way_round() -> None:
    turned = {name: [-gap for gap in line] for name, line in GAPS.items()}
    found = ablation(runs(turned), "high", "low")
    rows = found.rows.set_index("mechanism")
    assert found.difference == pytest.approx(-0.312)
    assert rows["verdict"].to_dict() == {
        "hold_up": "widens", "ransom": "widens", "voice": "narrows", "tiers": "not shown",
    }  # fmt: skip
    assert rows.loc["ransom", "carries"] == pytest.approx(-0.206)
    assert found.turning == ["hold_up"]


def test_what_moves_a_difference_that_is_not_clear() -> None:
    gaps = {
        "nothing": [0.2, -0.2, 0.1, -0.1, 0.01],
        "ransom": [0.1, -0.3, 0.01, -0.2, -0.1],
        "voice": [0.3, -0.1, 0.19, 0.0, 0.1],
    }
    found = ablation(runs(gaps), "high", "low")
    assert not found.clear
    assert set(found.rows["verdict"]) == {"moves"}
    assert found.rows["share"].isna().all()
    assert found.turning == []


def test_two_replicates_are_enough_and_one_is_not() -> None:
    two = {name: line[:2] for name, line in GAPS.items()}
    rows = ablation(runs(two), "high", "low").rows
    assert (rows["replicates"] == 2).all()
    few = runs()[lambda t: (t["without"] != "voice") | (t["replicate"] < 1)]
    dropped = ablation(few, "high", "low", unpaired="drop")
    row = dropped.rows.set_index("mechanism").loc["voice"]
    assert (row["verdict"], row["replicates"]) == ("too few runs", 1)
    numbers = ["without", "without_half_width", "carries", "half_width", "p", "share"]
    assert row[numbers].isna().all()
    assert dropped.dropped == 4
    both = runs()[lambda t: t["replicate"] < 1]
    with pytest.raises(ConfigError, match="the full market has fewer than two pairs of runs"):
        ablation(both, "high", "low")
    # paired in full, but the mechanism's two replicates are others
    other = runs()[
        lambda t: (
            ((t["without"] == "voice") & (t["replicate"] >= 4))
            | ((t["without"] == "nothing") & (t["replicate"] < 5))
        )
    ]
    with pytest.raises(ConfigError, match="without voice: replicate 0 has no partner"):
        ablation(other, "high", "low")


def test_failed_runs_are_left_out_where_some_may_be_missing() -> None:
    table = runs(status="done")
    voice = (table["without"] == "voice") & (table["replicate"] == 3) & (table["arm"] == "low")
    table.loc[voice, "status"] = "failed"
    found = ablation(table, "high", "low", unpaired="drop")
    assert found.rows.set_index("mechanism").loc["voice", "replicates"] == 4
    assert found.dropped == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (runs({"nothing": GAPS["nothing"]}), "the runs are of the points nothing; an ablation"),
        (runs({"voice": [0.1], "ransom": [0.1]}),
         'the runs are of the points voice, ransom; an ablation needs the full market ("nothing") '
         "and a mechanism that is off"),
        (runs().drop(columns="without"), 'the runs have no column "without"; an ablation has one'),
    ],
)  # fmt: skip
def test_a_table_of_no_ablation_says_what_it_is(table: pd.DataFrame, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        ablation(table, "high", "low")
