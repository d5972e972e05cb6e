"""What a user tests rules with finds what breaks the contract, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from trustsim import ConfigError, rule
from trustsim.engine.compiling import PLAIN
from trustsim.testing import RuleBroken, check_rule, transcript

COUNT = {"asked": 0}


def steady(order: Any, view: Any, policy: Any) -> float:
    return 1.0 if view.clean < 5 else 0.1


def with_market(order: Any, view: Any, policy: Any, market: Any) -> float:
    return min(market.failure_cost / (market.failure_cost + view.trust + 1.0), 1.0)


@rule("escalation")
def law_at_once(order: Any, view: Any, policy: Any) -> int:
    return 2 if view.exposure > 0.5 else 3


@pytest.mark.parametrize("function", [steady, with_market])
def test_a_rule_that_keeps_the_contract_passes(function: Any) -> None:
    check_rule(function, "inspection")


def test_a_registered_rule_knows_its_decision() -> None:
    check_rule(law_at_once)
    check_rule("law_at_once", side="supplier", questions=20)


def above(order: Any, view: Any, policy: Any) -> float:
    return 1.0 + view.trust


def now_and_then(order: Any, view: Any, policy: Any) -> float:
    return 2.0 if view.orders > 50.0 else 0.5


def half(order: Any, view: Any, policy: Any) -> float:
    return 1.5


@pytest.mark.parametrize(
    ("function", "decision", "said"),
    [
        (above, "inspection", "allowed: probability of inspecting the lot, 0 to 1"),
        (now_and_then, "inspection", "answers 2.0"),
        (half, "escalation", "answers 1.5; allowed: 0 joint problem solving"),
    ],
)
def test_what_breaks_the_contract_is_told(function: Any, decision: str, said: str) -> None:
    with pytest.raises(RuleBroken) as broken:
        check_rule(function, decision)
    assert said in str(broken.value)
    assert "view.trust = " in str(broken.value)


def writes(order: Any, view: Any, policy: Any) -> float:
    view.trust = 0.5
    return 0.5


def remembers(order: Any, view: Any, policy: Any) -> float:
    COUNT["asked"] += 1
    return 1.0 / COUNT["asked"]


def reads_secrets(order: Any, view: Any, policy: Any) -> float:
    return float(view.partner_opportunism)


@pytest.mark.parametrize("function", [writes, remembers, reads_secrets])
def test_what_is_no_rule_is_refused(function: Any) -> None:
    with pytest.raises((ConfigError, RuleBroken)):
        check_rule(function, "inspection")


def halved(order: Any, view: Any, policy: Any) -> float:
    return 0.5 * steady(order, view, policy)


@pytest.mark.skipif(PLAIN, reason="there is no compiler to differ from")
def test_plain_and_compiled_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    from trustsim.testing import contract

    monkeypatch.setattr(contract, "plain", lambda function: halved)
    with pytest.raises(RuleBroken, match="as plain Python and"):
        check_rule(steady, "inspection")


def test_calls_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="is not registered; say which decision"):
        check_rule(steady)
    with pytest.raises(ConfigError, match="there is no such decision"):
        check_rule(steady, "inspektion")
    with pytest.raises(ConfigError, match="does not take it"):
        check_rule(steady, "inspection", side="supplier")
    with pytest.raises(ConfigError, match="none of this name is registered"):
        check_rule("nobody_knows")


def test_transcripts_are_those_of_the_tournament() -> None:
    assert transcript({"conduct": "reciprocal"}, "CDDCDCCC") == "CCDDCDCC"
    grim = {"after_partner_cheated": 1.0, "after_own_cheating": 1.0, "after_both_cheated": 1.0}
    assert transcript({"conduct": "reciprocal", **grim}, "CDDCDCCC", side="buyer") == "CCDDDDDD"
    assert transcript({"conduct": "never"}, "DDD") == "CCC"
    assert transcript({"conduct": "calculative"}, "CCC", gain=1.0, loss=2.0) == "CCC"
    assert transcript({"conduct": "calculative"}, "CCC", gain=2.0, loss=1.0) == "DDD"


def test_a_rule_of_ones_own_plays_and_sees_what_the_partner_did() -> None:
    def never_again(order: Any, view: Any, policy: Any) -> float:
        return 1.0 if view.bad > 1.0 else 0.0

    assert transcript(never_again, "CCDC") == "CCCD"
    with pytest.raises(ConfigError, match="allowed: a text of C and D"):
        transcript(never_again, "CCX")
    with pytest.raises(ConfigError, match="no such parameter"):
        transcript({"conducts": "never"}, "C")
