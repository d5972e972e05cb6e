"""Alone or all in words: what is said is what the table of policies has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.shared_markets import COSTS, SHARES, reported, shared
from support.synthetic_results import write_folder

from trustsim.report.results import read_results
from trustsim.report.words.alone import find, sentences


def numbers_in(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"\d+\.\d+", text)]


def test_the_worth_to_one_and_to_all_is_said() -> None:
    (said,) = sentences(find(reported(shared(COSTS, SHARES, noise=0.002))))
    assert said.startswith(
        "A buyer that turns to warm while the others stay with cold (1\N{NO-BREAK SPACE}% of "
        "buyers have it) pays 0.0"
    )
    one, low, high, total, *rest = numbers_in(said)
    assert low < one < high
    assert one == pytest.approx(0.049, abs=0.004)
    assert total == pytest.approx(0.05, abs=0.004)
    assert rest[2] == pytest.approx(0.099, abs=0.004)
    assert rest[5] == pytest.approx(0.0792, abs=0.004)
    assert "pays 0.0" in said.partition("if all turn, each ")[2]
    assert said.count(" more (") == 1
    assert said.count(" less (") == 3


def test_nothing_is_said_twice() -> None:
    # as in two families of markets, in one of which imitation has moved no share
    found = find(reported(shared(COSTS, SHARES, noise=0.002)))
    assert sentences([*found, *found]) == sentences(found)


def test_what_is_not_shown_is_not_said() -> None:
    same = {"warm": lambda s: 1.2, "cold": lambda s: 1.2}
    (said,) = sentences(find(reported(shared(same, SHARES, noise=0.02, seed=8))))
    assert said.count("neither more nor less that could be shown (95") == 4


def test_one_shared_market_beside_two_separate_ones() -> None:
    parts = [
        shared(COSTS, (share,), arm=arm, noise=0.001)
        for arm, share in (("both", 0.5), ("warm", 1.0), ("cold", 0.0))
    ]
    results = reported(
        pd.concat(parts, ignore_index=True),
        {"arms": {"both": {"buyer_mix": {"warm": 0.5, "cold": 0.5}},
                  "warm": {"buyer_mix": {"warm": 1.0}}, "cold": {"buyer_mix": {"cold": 1.0}}},
         "baseline": "cold"},
    )  # fmt: skip
    (said,) = sentences(find(results))
    assert said.startswith("Side by side in one market (50\N{NO-BREAK SPACE}% of buyers have warm)")
    assert numbers_in(said)[0] == pytest.approx(0.04, abs=0.002)
    assert "; in markets of their own 0.0" in said
    assert "a buyer with cold pays 0.0" in said


def test_without_separate_markets_only_the_shared_one_is_told() -> None:
    (said,) = sentences(find(reported(shared(COSTS, (0.3, 0.6)))))
    assert said.startswith("Side by side in one market (30\N{NO-BREAK SPACE}%")
    assert "of their own" not in said


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (lambda s: s / 4, ["loses buyers from a share of 1\N{NO-BREAK SPACE}% to 99",
                           "comes to rest at 0\N{NO-BREAK SPACE}%", "goes away from 100"]),
        (lambda s: 0.0 if s < 0.3 else 1.0, ["loses buyers from a share of 1\N{NO-BREAK SPACE}% at",
                                             "gains buyers from a share of 50",
                                             "goes away from somewhere between 1"]),
    ],
)  # fmt: skip
def test_where_imitation_leads(end: Any, says: list[str]) -> None:
    still = shared(COSTS, SHARES, arm="still")
    moving = shared(COSTS, SHARES, arm="moving", end=end)
    tables = {"still": {"market": {}}, "moving": {"market": {"imitation_rate": 0.1}}}
    found = find(reported(pd.concat([still, moving], ignore_index=True), {"arms": tables}))
    assert len(found) == 1
    said = sentences(found)
    assert len(said) == 2
    assert said[1].startswith("Where buyers imitate whoever fares better (moving), warm ")
    for words in says:
        assert words in said[1]


def test_three_policies_are_compared_two_by_two_within_their_arm() -> None:
    policies = shared(COSTS, (0.5,), noise=0.001)
    third = policies[policies["policy"] == "cold"].assign(policy="tepid", share_at_start=0.2)
    third["total_cost"] += 0.3
    policies = policies.assign(share_at_start=0.4)
    both = pd.concat([policies, third], ignore_index=True)
    said = sentences(find(reported(both)))
    assert [text.partition(" costs ")[0] for text in said] == [
        "Side by side in the market of mixed, warm",
        "Side by side in the market of mixed, cold",
    ]
    assert [numbers_in(text)[0] for text in said] == pytest.approx([0.26, 0.3], abs=0.002)


def test_where_markets_differ_in_more_than_shares_they_are_not_drawn_together() -> None:
    policies = shared(COSTS, (0.5, 0.6))
    design = {"method": "grid", "parameters": {"market.hour_cost": [0.1, 0.2]}}
    results = reported(policies, {"design": design})
    results.runs["market.hour_cost"] = 0.1 * (1 + results.runs["point"])
    (one,) = find(results)
    assert one.still is one.moving is None
    assert one.rows is not None
    assert one.rows["points"].tolist() == [2]


@pytest.mark.parametrize("shares", [(0.5,), (0.0, 0.5, 1.0)])
def test_what_no_lot_tells_is_not_told(shares: tuple[float, ...]) -> None:
    nothing = {"warm": lambda s: np.nan, "cold": lambda s: np.nan}
    assert sentences(find(reported(shared(nothing, shares)))) == [
        "What warm costs beside cold cannot be told: no run has accepted lots of both."
    ]


def test_nothing_is_said_where_nobody_shares_a_market(tmp_path: Path) -> None:
    results = read_results(write_folder(tmp_path, replicates=3, rounds=13))
    assert results.policies is not None
    assert find(results) == []
    (tmp_path / "policies.parquet").unlink()
    assert find(read_results(tmp_path)) == []
