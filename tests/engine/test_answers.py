"""An answer of a user's rule is a number within its decision's range, or there is no run."""

from __future__ import annotations

import inspect
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pandas as pd
import pytest

from trustsim import ConfigError, Scenario, TrustModel, rule, simulate
from trustsim.config.experiment import ExperimentConfig
from trustsim.engine.answers import ROUNDING, RuleAnswerError
from trustsim.experiment.run import run_missing
from trustsim.schema.decisions import DECISIONS

BUYER = Scenario("trust_but_verify", buyers=30, rounds=15)
SUPPLIER = BUYER.replace(supplier_mix="calculative")
TABLE = np.array([0.1, 0.2])


def with_rule(decision: str, side: str, function: Any) -> Scenario:
    base, policy = (BUYER, "trust_but_verify") if side == "buyer" else (SUPPLIER, "calculative")
    return base.with_policy(policy, **{DECISIONS[decision].parameter: function})


def answering(answer: float) -> Any:
    def answers(order, view, policy):
        return answer

    return answers


ODD = {
    "award": (-math.inf,),
    "haggling": (100.5,),
    "terms": (math.nan,),
    "disclosure": (-0.1,),
    "conduct": (1.1,),
    "inspection": (math.nan, math.inf, 20),
    "escalation": (4, 1.5),
}
CASES = [
    (name, side, answer)
    for name, decision in DECISIONS.items()
    for side in decision.sides
    for answer in ODD[name]
]


@pytest.mark.parametrize(("decision", "side", "answer"), CASES)
def test_an_answer_outside_the_range_fails_the_run(decision: str, side: str, answer: float) -> None:
    with pytest.raises(RuleAnswerError) as caught:
        simulate(with_rule(decision, side, answering(answer)))
    policy = "trust_but_verify" if side == "buyer" else "calculative"
    message = str(caught.value)
    said = f"rule answers of policy '{policy}' answered {answer:g} for the decision {decision}; "
    assert message.startswith(f"{said}allowed: ")
    assert DECISIONS[decision].returns in message
    assert ("any finite number" in message) == (decision in ("award", "terms"))
    assert "\n" not in message


@pytest.mark.parametrize(
    ("decision", "answer"),
    [
        ("inspection", 0),
        ("inspection", True),
        ("haggling", 100.0),
        ("escalation", 3),
        ("award", -1e9),
    ],
)
def test_an_answer_at_the_end_of_the_range_is_one(decision: str, answer: float) -> None:
    assert simulate(with_rule(decision, "buyer", answering(answer))).measures["orders"] > 100


def test_what_is_beyond_by_rounding_counts_as_the_bound() -> None:
    outcome = simulate(with_rule("inspection", "buyer", answering(1.0 + 0.5 * ROUNDING)))
    assert outcome.measures["inspection_rate"] == 1.0


def late(order, view, policy):
    return 2.0 if order.round == 14 else 0.5


def test_it_is_told_from_every_way_to_run() -> None:
    scenario = with_rule("inspection", "buyer", late)
    with pytest.raises(RuleAnswerError, match="rule late"):
        simulate(scenario, orders=True)
    model = TrustModel(scenario=scenario)
    for _ in range(14):
        model.step()
    with pytest.raises(RuleAnswerError, match="rule late"):
        model.step()


def test_such_a_run_is_a_failed_run_and_the_others_are_done(tmp_path: Path) -> None:
    mine = {"based_on": "adversarial", "inspection": rule("inspection")(late)}
    odd = BUYER.replace(buyer_mix="mine", policies={"buyers": {"mine": mine}})
    arms = {"usual": BUYER, "odd": odd}
    config = ExperimentConfig("x", arms, "usual", replications=2, keep=("runs",))
    found = run_missing(config, tmp_path / "out", jobs=1)
    assert (found["runs_done"], found["runs_failed"]) == (2, 2)
    failures = pd.read_parquet(tmp_path / "out" / "failures.parquet")
    assert set(failures["arm"]) == {"odd"}
    assert set(failures["error"]) == {"RuleAnswerError"}
    assert failures["message"].str.startswith("rule late of policy").all()


@numba.njit
def looked_up(place):
    return TABLE[place]


def reads_beyond_by_a_helper(order, view, policy):
    return looked_up(int(view.orders) + 70_000_000)


def reads_before_by_a_helper(order, view, policy):
    return looked_up(-70_000_000)


def reads_beyond(order, view, policy):
    return TABLE[int(view.orders) + 7]


@pytest.mark.parametrize(
    "function", [reads_beyond_by_a_helper, reads_before_by_a_helper, reads_beyond]
)
def test_reading_beyond_an_array_fails_the_run_and_not_the_process(function: Any) -> None:
    with pytest.raises(RuleAnswerError, match=r"gave no answer \(it reads beyond an array"):
        simulate(with_rule("inspection", "buyer", function))


def says_nothing(order, view, policy):
    view.trust > 0.5  # noqa: B015


def says_nothing_in_a_branch(order, view, policy):
    if view.trust > 0.5:
        return 1.0


def says_nothing_at_last(order, view, policy):
    for k in range(3):
        if view.orders == k:
            return 0.1 * k


def says_none(order, view, policy):
    return None if view.trust > 0.5 else 1.0


def says_a_text(order, view, policy):
    return "20 %"


def says_two(order, view, policy):
    return 0.5, 0.6


def says_a_table(order, view, policy):
    return TABLE


def says_a_record(order, view, policy):
    return view


def says_a_complex_number(order, view, policy):
    return 1j * view.trust


@numba.njit
def has_no_value(view):
    if view.trust > 0.5:
        share = 0.5
    return share


def says_what_a_helper_gives(order, view, policy):
    return has_no_value(view)


def says_what_has_no_value(order, view, policy):
    if view.trust > 0.5:
        share = 0.5
    return share


NO_NUMBERS = {
    says_nothing: ("does not return a number in every branch", "view.trust > 0.5"),
    says_nothing_in_a_branch: ("does not return a number in every branch", "if view.trust > 0.5"),
    says_nothing_at_last: ("does not return a number in every branch", "for k in range(3)"),
    says_none: ("returns a number in some branches and nothing in others", "return None if"),
    says_a_text: ("returns a text", 'return "20 %"'),
    says_two: ("returns a tuple", "return 0.5, 0.6"),
    says_a_table: ("returns an array", "return TABLE"),
    says_a_record: ("returns a record", "return view"),
    says_a_complex_number: ("returns a complex number", "return 1j * view.trust"),
    says_what_has_no_value: ('"share" has no value in some branch', "return share"),
}


@pytest.mark.parametrize("function", NO_NUMBERS)
def test_what_is_no_number_is_refused_before_anything_runs(function: Any) -> None:
    why, shown = NO_NUMBERS[function]
    with pytest.raises(ConfigError) as caught:
        simulate(with_rule("inspection", "buyer", function))
    message = str(caught.value)
    source, first = inspect.getsourcelines(function)
    line = next(first + place for place, text in enumerate(source) if shown in text)
    assert f'rule {function.__name__}, file "{__file__}", line {line}: ' in message
    assert why in message


def test_a_helper_gives_a_value_in_every_branch_too() -> None:
    with pytest.raises(ConfigError, match='"share" has no value in some branch') as caught:
        simulate(with_rule("inspection", "buyer", says_what_a_helper_gives))
    assert "helper has_no_value" in str(caught.value)


def uses_what_numba_has_of_its_own(order, view, policy):
    return np.median(TABLE) + 0.0 * np.linalg.norm(TABLE)


def test_functions_of_numpy_are_not_looked_into() -> None:
    assert simulate(with_rule("inspection", "buyer", uses_what_numba_has_of_its_own))


PLAIN = """
import sys
sys.path.insert(0, sys.argv[1])
from test_answers import answering, reads_beyond, says_a_text, says_nothing
from trustsim import ConfigError, Scenario, simulate
from trustsim.engine.answers import RuleAnswerError

for rule in (answering(20), answering(float("nan")), reads_beyond, says_a_text, says_nothing):
    base = Scenario("trust_but_verify", rounds=2, buyers=2, suppliers=2)
    try:
        simulate(base.with_policy("trust_but_verify", inspection=rule))
    except (ConfigError, RuleAnswerError) as error:
        print(type(error).__name__, rule.__name__)
"""


def test_the_same_holds_with_the_compiler_off() -> None:
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(here)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        "RuleAnswerError answers",
        "RuleAnswerError answers",
        "RuleAnswerError reads_beyond",
        "RuleAnswerError says_a_text",
        "ConfigError says_nothing",
    ], done.stderr
