"""Worth to one, to all, and what others do: known answers, and parts that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.shared_markets import shared

from trustsim.analysis.alone import Shared, families, share_markets

SHARES = (0.0, 0.01, 0.5, 0.99, 1.0)
slopes = st.floats(-0.2, 0.2)


def compared(policies: pd.DataFrame) -> Shared:
    markets = [("mixed", int(point)) for point in policies["point"].unique()]
    found = share_markets(policies, markets, "warm", "cold")
    assert found is not None
    return found


@settings(max_examples=30)
@given(level=slopes, warm=slopes, cold=slopes)
def test_the_worth_to_one_and_to_all_are_what_they_were_made(
    level: float, warm: float, cold: float
) -> None:
    policies = shared(
        {"warm": lambda s: 1.2 + level + warm * s, "cold": lambda s: 1.2 + cold * s},
        SHARES,
        noise=0.001,
    )
    steps = compared(policies).steps["mean"]
    near = {"abs": 0.003}
    assert steps["one"] == pytest.approx(level + 0.01 * warm, **near)
    assert steps["all"] == pytest.approx(level + warm, **near)
    assert steps["others_a"] == pytest.approx(0.99 * warm, **near)
    assert steps["others_b"] == pytest.approx(0.99 * cold, **near)
    assert steps["last"] == pytest.approx(level + warm - 0.99 * cold, **near)
    # With the same runs in all markets the parts add up exactly.
    assert steps["all"] == pytest.approx(steps["one"] + steps["others_a"], abs=1e-12)
    assert steps["all"] == pytest.approx(steps["others_b"] + steps["last"], abs=1e-12)


def test_intervals_are_those_of_paired_differences() -> None:
    policies = shared({"warm": lambda s: 1.1, "cold": lambda s: 1.2}, SHARES)
    found = compared(policies)
    wide = policies.pivot(index="replicate", columns=["point", "policy"], values="total_cost")
    gaps = wide[1, "warm"] - wide[0, "cold"]
    assert found.steps.loc["one", "mean"] == pytest.approx(gaps.mean())
    assert found.steps.loc["one", "half"] == pytest.approx(
        2.0930240544 * gaps.std(ddof=1) / np.sqrt(20)
    )
    # Runs share their luck: unpaired, an interval would be wider than that of either mean.
    assert found.steps["half"].max() < 0.6 * found.markets["half_a"].min()
    row = found.markets[found.markets["share"] == 0.5].iloc[0]
    apart = wide[2, "cold"] - wide[0, "cold"]
    assert row["apart_b"] == pytest.approx(apart.mean())


def test_shares_that_stay_have_no_points_of_rest() -> None:
    found = compared(shared({"warm": lambda s: 1.1, "cold": lambda s: 1.2}, SHARES))
    assert not found.moves
    assert found.resting_points() == []
    assert list(found.mixed["share"]) == [0.01, 0.5, 0.99]


@pytest.mark.parametrize(
    ("end", "rests"),
    [
        (lambda s: s / 2, [("stable", 0, 0), ("unstable", 1, 1)]),
        (lambda s: (1 + s) / 2, [("unstable", 0, 0), ("stable", 1, 1)]),
        (lambda s: 0.0 if s < 0.5 else 1.0, [("stable", 0, 0), ("unstable", 0.4, 0.6),
                                             ("stable", 1, 1)]),
        (lambda s: 0.5 * s + 0.25, [("unstable", 0, 0), ("stable", 0.4, 0.6),
                                    ("unstable", 1, 1)]),
    ],
)  # fmt: skip
def test_where_imitation_rests(end: object, rests: list[tuple[str, float, float]]) -> None:
    costs = {"warm": lambda s: 1.1, "cold": lambda s: 1.2}
    policies = shared(costs, (0.0, 0.1, 0.4, 0.6, 0.9, 1.0), end=end)  # type: ignore[arg-type]
    found = compared(policies)
    assert found.moves
    assert found.resting_points() == rests


def test_a_share_of_which_nothing_is_shown_decides_nothing() -> None:
    costs = {"warm": lambda s: 1.1, "cold": lambda s: 1.2}
    policies = shared(costs, (0.2, 0.5, 0.8), end=lambda s: s / 2 if s == 0.2 else s)
    middle = policies["point"] == 1
    swing = np.where(policies["replicate"] % 2 == 0, 0.1, -0.1)
    warm = policies["policy"] == "warm"
    policies["share_at_end"] += np.where(middle, np.where(warm, swing, -swing), 0.0)
    # nothing is shown of the market next to the end at 1 either, so that nothing is said of it
    assert compared(policies).resting_points() == [("stable", 0, 0)]


def test_runs_without_one_of_the_two_do_not_count_for_imitation() -> None:
    policies = shared({"warm": lambda s: 1.1, "cold": lambda s: 1.2}, (0.1, 0.5), end=lambda s: 0.0)
    lonely = (policies["point"] == 0) & (policies["replicate"] < 5)
    policies.loc[lonely, "share_at_start"] = (policies["policy"] == "cold").astype(float)
    policies.loc[lonely & (policies["policy"] == "warm"), "total_cost"] = np.nan
    row = compared(policies).markets.iloc[0]
    assert (row["runs"], row["n"], row["gone"]) == (15, 15, 1.0)


def test_a_policy_that_nobody_has_has_no_share() -> None:
    policies = shared({"warm": lambda s: 1.1, "cold": lambda s: 1.2}, (0.0, 0.5))
    nobody = (policies["share_at_start"] == 0.0) & (policies["policy"] == "warm")
    assert nobody.sum() == (policies["point"] == 0).sum() / 2 > 0
    assert list(compared(policies[~nobody]).markets["share"]) == [0.0, 0.5]


def test_a_market_with_a_third_policy_is_not_one_of_two() -> None:
    policies = shared({"warm": lambda s: 1.1, "cold": lambda s: 1.2}, (0.5,))
    third = policies[policies["policy"] == "cold"].assign(policy="tepid", share_at_start=0.1)
    policies.loc[policies["policy"] == "cold", "share_at_start"] = 0.4
    both = pd.concat([policies, third], ignore_index=True)
    assert share_markets(both, [("mixed", 0)], "warm", "cold") is None


def test_separate_markets_alone_share_nothing() -> None:
    policies = shared({"warm": lambda s: 1.1, "cold": lambda s: 1.2}, (0.0, 1.0))
    assert share_markets(policies, [("mixed", 0), ("mixed", 1)], "warm", "cold") is None


def test_arms_are_markets_as_points_are() -> None:
    costs = {"warm": lambda s: 1.1 - 0.1 * s, "cold": lambda s: 1.2}
    parts = [
        shared(costs, (share,), arm=arm, noise=0.0)
        for arm, share in (("all_warm", 1.0), ("both", 0.5), ("all_cold", 0.0))
    ]
    policies = pd.concat(parts, ignore_index=True)
    (markets,) = families(policies, {})
    found = share_markets(policies, markets, "warm", "cold")
    assert found is not None
    assert found.steps.loc["all", "mean"] == pytest.approx(-0.2)
    assert found.steps.loc["others_a", "mean"] == pytest.approx(-0.05)


def test_markets_that_differ_in_more_than_shares_are_apart() -> None:
    costs = {"warm": lambda s: 1.1, "cold": lambda s: 1.2}
    policies = pd.concat([shared(costs, (0.2, 0.8), arm=arm) for arm in ("x", "y", "z")])
    found = families(policies, {"x": "1", "y": "2", "z": "1"})
    assert found == [[("x", 0), ("x", 1), ("z", 0), ("z", 1)], [("y", 0), ("y", 1)]]
