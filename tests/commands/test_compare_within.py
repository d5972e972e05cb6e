"""Comparing policies side by side on the command line, and what is said of a shared market."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import CONFIG, Call

MIXED = (
    CONFIG
    + """
[arms.both]
buyer_mix = { high_trust = 0.4, adversarial = 0.6 }
"""
)


@pytest.fixture
def ran(call: Call) -> str:
    Path("mine.toml").write_text(MIXED, encoding="utf-8")
    said = call("run", "mine.toml", "-q", "--no-report", "--out", "out")
    assert said.code == 0, said.err
    return said.out


def test_what_a_policy_is_worth_side_by_side_is_printed(call: Call, ran: str) -> None:
    (line,) = [text for text in ran.splitlines() if text.startswith("Side by side in one market")]
    assert "of buyers have high trust), high trust costs" in line
    assert "in markets of their own" in line
    for command in ("compare", "report"):
        said = call(command, "out")
        assert said.code == 0
        assert line in said.out.splitlines()


def test_policies_within_an_arm(call: Call, ran: str) -> None:
    said = call("compare", "out", "--within", "both", "--measure", "total_cost")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Policies of buyers side by side in the market of the arm 'both'.\n")
    assert "high trust minus adversarial" in said.out
    assert "Side by side in one market" not in said.out
    turned = call("compare", "out", "--within", "both", "--policy", "adversarial", "--policy",
                  "high_trust", "--measure", "total_cost")  # fmt: skip
    assert "adversarial minus high trust" in turned.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--within", "bath"], 'unknown arm "bath" (did you mean "both"?)'),
        (["--within", "high"], "arm 'high': only 'high_trust' has buyers that order; a comparison"),
        (["--within", "both", "--policy", "high_trust", "--policy", "adversary"],
         "arm 'both' has no policy of buyers 'adversary'"),
        (["--within", "both", "--arm", "low"], "--arm = 'low': does not go with --within"),
        (["--policy", "high_trust"], "--policy = 'high_trust': goes with --within ARM"),
        (["--within", "both", "--policy", "high_trust"], "only 'high_trust' is named; a compari"),
        (["--within", "both", "--measure", "orders"], "'orders' is not compared between policies"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_one_sentence(
    call: Call, ran: str, options: list[str], said: str
) -> None:
    refused = call("compare", "out", *options)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert said in refused.err


def test_a_folder_without_the_table_says_what_to_do(call: Call) -> None:
    Path("mine.toml").write_text('keep = ["runs"]\n' + MIXED, encoding="utf-8")
    assert call("run", "mine.toml", "-q", "--no-report", "--out", "out").code == 0
    refused = call("compare", "out", "--within", "both")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "policies.parquet: the experiment keeps no table of policies, which a" in refused.err
