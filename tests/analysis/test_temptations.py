"""Means a time over runs of what temptations were expected to bring, and of what they brought."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trustsim.analysis.temptations import WHAT, expected_and_happened
from trustsim.errors import ConfigError


def table(times: list[int], expected: list[float], happened: list[float]) -> pd.DataFrame:
    """One arm and temptation, of which gain, found and loss are alike."""
    columns = {f"{what}_expected": expected for what in WHAT}
    columns |= {f"{what}_happened": happened for what in WHAT}
    return pd.DataFrame({"arm": "a", "temptation": "shade", "times": times, **columns})


def test_means_are_a_time_over_all_runs_together() -> None:
    # (1 * 0.1 + 3 * 0.5)/4 = 0.4, and (1 * 0.5 + 3 * 0.3)/4 = 0.35
    (row,) = expected_and_happened(table([1, 3], [0.1, 0.5], [0.5, 0.3])).to_dict("records")
    assert (row["arm"], row["temptation"], row["runs"], row["times"]) == ("a", "shade", 2, 2.0)
    for what in WHAT:
        assert row[f"{what}_expected"] == pytest.approx(0.4)
        assert row[f"{what}_happened"] == pytest.approx(0.35)
        # gaps .4 and -.6, less -.05 a time: .45 and -.45; sqrt(2 * 2 * .45^2)/4 * 12.706
        assert row[f"{what}_half_width"] == pytest.approx(12.706 * 0.9 / 4, rel=1e-4)


def test_runs_in_which_nobody_gave_in_say_nothing() -> None:
    nan = float("nan")
    (row,) = expected_and_happened(table([0, 4], [nan, 0.2], [nan, 0.3])).to_dict("records")
    assert row["times"] == 2.0
    assert row["gain_expected"] == pytest.approx(0.2)
    assert row["gain_happened"] == pytest.approx(0.3)
    (row,) = expected_and_happened(table([0, 0], [nan, nan], [nan, nan])).to_dict("records")
    assert row["times"] == 0.0
    assert np.isnan(row["loss_happened"])


def test_one_run_has_no_interval() -> None:
    (row,) = expected_and_happened(table([5], [0.1], [0.2])).to_dict("records")
    assert row["found_happened"] == 0.2
    assert np.isnan(row["found_half_width"])


def test_intervals_hold_what_is_true_as_often_as_they_say() -> None:
    # what happens is expected: 1,000 experiments of 12 runs with some 20 draws of a chance of .3
    random, hits = np.random.default_rng(5), 0
    for _ in range(1_000):
        times = random.poisson(20, 12)
        came = random.binomial(times, 0.3) / np.maximum(times, 1)
        found = expected_and_happened(table(list(times), [0.3] * 12, list(came))).iloc[0]
        hits += abs(found["found_happened"] - 0.3) <= found["found_half_width"]
    assert 925 <= hits <= 975  # 3.6 standard deviations of 6.9 about 950


def test_a_level_out_of_bounds_is_refused() -> None:
    with pytest.raises(ConfigError, match="confidence"):
        expected_and_happened(table([1], [0.1], [0.1]), 1.5)
