"""Policies within one market are compared run by run, and what cannot be compared is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.shared_markets import shared

from trustsim import compare
from trustsim.analysis.within import runs_by_policy
from trustsim.errors import ConfigError
from trustsim.study import Results

TRUE = {"warm": lambda share: 1.2 - 0.1 * share, "cold": lambda share: 1.25 - 0.05 * share}


@pytest.fixture
def policies() -> pd.DataFrame:
    return shared(TRUE, (0.25, 0.75))


def test_each_run_gives_one_difference(policies: pd.DataFrame) -> None:
    (row,) = compare(policies, "warm", "cold", within="mixed").to_dict("records")
    wide = policies.pivot(index=["point", "replicate"], columns="policy", values="total_cost")
    gaps = (wide["warm"] - wide["cold"]).groupby("replicate").mean()
    assert row["difference"] == pytest.approx(gaps.mean())
    assert row["n"] == 40
    assert (row["points"], row["replicates"]) == (2, 20)
    # The luck that both share is gone from the difference, and the truth is in the interval.
    assert row["half_width"] < 0.01 < 0.05
    assert row["low"] < -0.075 < row["high"]


def test_without_points_the_run_is_the_unit(policies: pd.DataFrame) -> None:
    one = policies[policies["point"] == 0].drop(columns="point")
    (row,) = compare(one, "cold", "warm", within="mixed").to_dict("records")
    assert row["n"] == 20
    assert row["low"] < 0.0625 < row["high"]


def test_a_run_in_which_nobody_has_a_policy_is_left_out(policies: pd.DataFrame) -> None:
    lonely = (policies["replicate"] < 3) & (policies["policy"] == "warm")
    policies.loc[lonely, "total_cost"] = np.nan
    assert compare(policies, "warm", "cold", within="mixed")["n"][0] == 34


def test_counts_are_no_measures_of_a_policy(policies: pd.DataFrame) -> None:
    assert list(compare(policies, "warm", "cold", within="mixed")["measure"]) == ["total_cost"]
    assert not set(runs_by_policy(policies, "mixed")) & {"orders", "share_at_end", "policy"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("warm", "cold", "mixde"), 'unknown arm "mixde" (did you mean "mixed"?)'),
        (("wram", "cold", "mixed"), "no policy of buyers 'wram' (did you mean \"warm\"?)"),
        (("warm", "tepid", "mixed"), "has no policy of buyers 'tepid'; allowed: warm, cold"),
    ],
)
def test_what_is_not_there_is_refused(
    policies: pd.DataFrame, arguments: tuple[str, str, str], said: str
) -> None:
    a, b, arm = arguments
    with pytest.raises(ConfigError) as caught:
        compare(policies, a, b, within=arm)
    assert said in str(caught.value)


def test_a_policy_that_nobody_has_is_refused() -> None:
    policies = shared(TRUE, (0.0,))
    with pytest.raises(ConfigError, match="'warm' of arm 'mixed' has no buyer that orders in any"):
        compare(policies, "warm", "cold", within="mixed")


@pytest.mark.parametrize("measure", ["orders", "accepted", "bank_loss", "share_at_end"])
def test_what_tells_nothing_of_a_policy_is_refused_and_not_called_unknown(
    policies: pd.DataFrame, measure: str
) -> None:
    with pytest.raises(ConfigError, match=f"'{measure}' is not compared between policies of one"):
        compare(policies.assign(**{measure: 1.0}), "warm", "cold", [measure], within="mixed")
    with pytest.raises(ConfigError, match="unknown measure 'oders'"):
        compare(policies, "warm", "cold", ["oders"], within="mixed")


def test_another_table_is_refused(finished: Path) -> None:
    results = Results(finished)
    for table in (results.runs, results.rounds):
        with pytest.raises(ConfigError, match="are compared in the table of policies"):
            compare(table, "adversarial", "high_trust", within="low")


def test_a_folder_compares_policies_within_an_arm(finished: Path) -> None:
    results = Results(finished)
    found = results.compare("adversarial", "high_trust", ["total_cost"], within="low")
    again = compare(results.policies, "adversarial", "high_trust", ["total_cost"], within="low")
    pd.testing.assert_frame_equal(found, again)
    assert found["n"][0] == 4
    with pytest.raises(ConfigError, match="arm 'high' has no policy of buyers 'adversarial'"):
        results.compare("adversarial", "high_trust", within="high")


def test_the_row_of_a_run_of_one_policy_is_its_run(finished: Path) -> None:
    results = Results(finished)
    pure = results.policies[results.policies["arm"] == "high"].reset_index(drop=True)
    runs = results.runs[results.runs["arm"] == "high"].reset_index(drop=True)
    common: Any = [name for name in runs if name in pure]
    pd.testing.assert_frame_equal(pure[common], runs[common], check_exact=True)
    assert len(results.policies) == 4 + 2 * 4 + 4
