"""What mechanisms carry: planted carriers are found, idle ones are exactly idle, intervals hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trustsim.analysis.ablation import (
    EXACT,
    NARROWS,
    TOO_FEW,
    UNDECIDED,
    WIDENS,
    ablation,
    alone,
)
from trustsim.errors import ConfigError

PLANTED = {"ransom": -0.03, "voice": 0.01, "tiers": 0.0, "blame": 0.0}
"""What each mechanism is made to carry; ``blame`` changes nothing, to the last bit."""


def planted(
    replications: int = 60, noise: float = 0.004, seed: int = 1, whole: float = -0.05
) -> pd.DataFrame:
    """Make runs of an ablation: luck that all points share, and noise of each point's own."""
    rng = np.random.default_rng(seed)
    luck = rng.normal(0.0, 0.2, replications)
    base = rng.normal(0.0, noise, replications)
    rows = []
    for point, (name, carries) in enumerate({"nothing": 0.0, **PLANTED}.items()):
        own = rng.normal(0.0, noise, replications) if name not in ("nothing", "blame") else 0.0
        gap = whole - carries + base + own
        for arm, cost in (("high", 1.0 + luck + gap), ("low", 1.0 + luck)):
            rows.append(
                pd.DataFrame(
                    {
                        "arm": arm,
                        "point": point,
                        "replicate": np.arange(replications),
                        "status": "done",
                        "without": name,
                        "total_cost": cost,
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


def test_planted_carriers_are_found_and_idle_ones_are_not() -> None:
    found = ablation(planted(), "high", "low")
    rows = found.rows.set_index("mechanism")
    for name, carries in PLANTED.items():
        # the noise of a difference of differences, four standard errors
        assert rows.loc[name, "carries"] == pytest.approx(carries, abs=4 * 0.004 / np.sqrt(60))
        without = rows.loc[name, "without"]
        assert without == pytest.approx(found.difference - rows.loc[name, "carries"], abs=1e-12)
    assert rows["verdict"].to_dict() == {
        "ransom": WIDENS, "voice": NARROWS, "tiers": UNDECIDED, "blame": EXACT,
    }  # fmt: skip
    assert list(found.rows["mechanism"][:2]) == ["ransom", "voice"]
    assert rows.loc["ransom", "share"] == pytest.approx(0.6, abs=0.05)
    assert rows.loc["blame", ["carries", "half_width"]].tolist() == [0.0, 0.0]
    assert rows.loc["blame", "p"] == 1.0


def test_a_mechanism_that_turns_the_sign_is_named() -> None:
    assert ablation(planted(whole=-0.02), "high", "low").turning == ["ransom"]
    assert ablation(planted(whole=-0.05), "high", "low").turning == []


def test_a_difference_that_is_not_clear_has_no_shares() -> None:
    found = ablation(planted(whole=0.0, noise=0.01), "high", "low")
    assert not found.clear
    assert found.rows["share"].isna().all()
    assert found.turning == []
    assert "moves" in set(found.rows["verdict"])


def test_all_intervals_hold_together() -> None:
    # 400 ablations of three noisy mechanisms at 90 %: at least one interval misses in 10 % at most
    # (Bonferroni), 10 % and three standard errors of .015
    missed = 0
    for seed in range(400):
        rows = ablation(planted(12, seed=seed), "high", "low", confidence=0.9).rows
        truth = rows["mechanism"].map(PLANTED)
        missed += bool(((rows["carries"] - truth).abs() > rows["half_width"]).any())
    assert missed / 400 < 0.1 + 3 * 0.015


def test_the_order_of_rows_changes_nothing() -> None:
    runs = planted()
    mixed = runs.sample(frac=1.0, random_state=3)
    left, right = ablation(runs, "high", "low").rows, ablation(mixed, "high", "low").rows
    key = ["mechanism"]
    pd.testing.assert_frame_equal(
        left.sort_values(key).reset_index(drop=True), right.sort_values(key).reset_index(drop=True)
    )


def test_a_missing_run_is_refused_or_takes_its_partners_along() -> None:
    runs = planted()
    hole = (runs["without"] == "voice") & (runs["arm"] == "high") & (runs["replicate"] == 7)
    lacking = runs[~hole]
    with pytest.raises(ConfigError, match="not paired"):
        ablation(lacking, "high", "low")
    rows = ablation(lacking, "high", "low", unpaired="drop").rows.set_index("mechanism")
    assert rows["replicates"].to_dict() == {"ransom": 60, "voice": 59, "tiers": 60, "blame": 60}
    both = runs[~((runs["without"] == "voice") & (runs["replicate"] == 7))]
    with pytest.raises(ConfigError, match="without voice: replicate 7 has no partner"):
        ablation(both, "high", "low")
    assert ablation(both, "high", "low", unpaired="drop").dropped == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda runs: runs.drop(columns="without"), 'no column "without"'),
        (lambda runs: runs[runs["without"] != "nothing"], "needs the full market"),
        (lambda runs: runs[runs["without"] == "nothing"], "a mechanism that is off"),
        (lambda runs: runs[runs["replicate"] == 0], "fewer than two"),
        (lambda runs: runs[runs["arm"] == "high"], 'unknown arm "low"'),
    ],
)
def test_what_is_no_ablation_is_refused(change, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=message):
        ablation(change(planted()), "high", "low")


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'total_csot'.*did you mean .total_cost"):
        ablation(planted(), "high", "low", "total_csot")


def test_what_cancels_out_in_the_mean_is_not_said_to_change_nothing() -> None:
    runs = planted(4)
    off, high = runs["without"] == "blame", runs["arm"] == "high"
    full = runs[(runs["without"] == "nothing") & high]
    exact = np.round(full["total_cost"].to_numpy() * 64) / 64  # sums of these are without rounding
    runs.loc[(runs["without"] == "nothing") & high, "total_cost"] = exact
    runs.loc[off & high, "total_cost"] = exact + np.array([0.25, -0.25, 0.25, -0.25])
    runs.loc[~high, "total_cost"] = 1.0
    row = ablation(runs, "high", "low").rows.set_index("mechanism").loc["blame"]
    assert (row["carries"], row["verdict"]) == (0.0, UNDECIDED)
    assert row["half_width"] > 0.2


@pytest.mark.parametrize("lost", ["one arm", "all but one replicate", "all runs of an arm failed"])
def test_a_mechanism_of_which_too_few_runs_are_left_does_not_silence_the_others(lost: str) -> None:
    runs = planted()
    voice = runs["without"] == "voice"
    if lost == "all runs of an arm failed":
        runs.loc[voice & (runs["arm"] == "low"), "status"] = "failed"
    else:
        runs = runs[~(voice & ((runs["arm"] == "low") | (lost != "one arm")))
                    | (voice & (runs["replicate"] == 0) & (lost != "one arm"))]  # fmt: skip
    whole = ablation(planted(), "high", "low").rows.set_index("mechanism")
    rows = ablation(runs, "high", "low", unpaired="drop").rows.set_index("mechanism")
    assert rows.loc["voice", "verdict"] == TOO_FEW
    assert np.isnan(rows.loc["voice", "carries"])
    for name in ("ransom", "tiers", "blame"):
        assert rows.loc[name, "carries"] == whole.loc[name, "carries"]
        assert rows.loc[name, "half_width"] == whole.loc[name, "half_width"]
    with pytest.raises(ConfigError):
        ablation(runs, "high", "low")


def test_what_stands_on_another_mechanism_is_not_added_up_with_it() -> None:
    asked = ["information_sharing", "ideas", "technology_shocks", "ransom", "my_own"]
    assert alone(asked) == ["information_sharing", "ransom", "my_own"]
    assert alone(["technology_shocks", "ideas"]) == ["ideas"]


def test_a_mechanism_without_any_run_still_counts_among_the_many() -> None:
    runs = planted()
    some = runs[runs["without"].isin(["nothing", "ransom", "voice"])]
    asked = ablation(some, "high", "low", mechanisms=list(PLANTED), unpaired="drop")
    rows = asked.rows.set_index("mechanism")
    assert rows.loc["tiers", "verdict"] == "too few runs"
    whole = ablation(runs, "high", "low").rows.set_index("mechanism")
    for name in ("ransom", "voice"):
        assert rows.loc[name, "half_width"] == pytest.approx(whole.loc[name, "half_width"])
        assert rows.loc[name, "p"] == pytest.approx(whole.loc[name, "p"], rel=1.01, abs=1e-6)
    assert asked.dropped == 2 * 60
    with pytest.raises(ConfigError, match="without tiers: there is no run"):
        ablation(some, "high", "low", mechanisms=list(PLANTED))
