"""Options of the commands and rules of the user's that nobody means: a word, and sound books."""

from __future__ import annotations

import importlib.util
import string
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command_line import Call
from support.hostile import ATTACKS, COUNTS, TEXTS, hostile

from trustsim import ConfigError, Scenario, simulate
from trustsim.commands import cli
from trustsim.engine.answers import RuleAnswerError
from trustsim.schema.checking import BUYERS
from trustsim.schema.decisions import DECISIONS

COMMANDS: dict[str, Any] = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
READING = ("compare", "sensitivity", "discover", "describe", "plan", "check", "rerun", "report")
OPTIONS = [
    (name, option, bool(getattr(parameter, "is_flag", False)))
    for name in READING
    for parameter in COMMANDS[name].params
    for option in parameter.opts
    if option.startswith("-")
]
WORDS = st.one_of(
    TEXTS, st.integers().map(str), st.floats().map(str), st.sampled_from(["-1", "--"])
)


@hostile
@given(asked=st.sampled_from(OPTIONS), word=WORDS, further=st.lists(WORDS, max_size=1))
def test_options(
    call: Call, finished: Path, asked: tuple[str, str, bool], word: str, further: list[str]
) -> None:
    name, option, flag = asked
    words = [option, *([] if flag else [word]), *further]
    if any("\x00" in each or any("\ud800" <= c <= "\udfff" for c in each) for each in words):
        return  # no shell passes these
    place = "mine.toml" if name == "plan" else str(finished)
    said = call(name, place, *words)
    COUNTS["calls with options"] += 1
    assert "Traceback" not in said.err
    assert said.code in (0, 1, 2), said
    assert said.code == 0 or said.err.strip() or said.out.strip()


FIELDS = ("order.price", "order.lots", "order.ask", "view.trust", "view.orders", "policy.bidders",
          "view.nothing", "order", "1 // 0", "float('nan')", "1e308 * 10", "None", "'x'", "(1, 2)",
          "True", "-1", "0", "0.5", "20", "[1]", "x", "len(str(order))")  # fmt: skip
EXPRESSIONS = st.recursive(
    st.sampled_from(FIELDS),
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format, inner, st.sampled_from(["+", "*", "/", "**", "%", "<"]), inner
        ),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds(
            "{}({})".format, st.sampled_from(["abs", "float", "math.log", "max", "h"]), inner
        ),
    ),
    max_leaves=4,
)
BODIES = st.one_of(
    st.builds("return {}".format, EXPRESSIONS),
    st.builds("if {}:\n        return {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("x = {}\n    return x".format, EXPRESSIONS),
    st.builds("order.price = {}\n    return 0.5".format, EXPRESSIONS),
    st.sampled_from(["pass", "raise ValueError", "import random\n    return random.random()"]),
)
RULE = """import math
LIMIT = 0.5
def h(x):
    return x * LIMIT
def rule(order, view, policy):
    {}
"""


def made(folder: Path, body: str, number: int) -> FunctionType:
    """Import a rule from a file of its own."""
    name = f"fuzzed_{number}_{''.join(c for c in body if c in string.ascii_letters)[:20]}"
    path = folder / f"{name}.py"
    path.write_text(RULE.format(body), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rule: FunctionType = module.rule
    return rule


@settings(parent=hostile, max_examples=max(4, ATTACKS // 30))
@given(decision=st.sampled_from(sorted(DECISIONS)), body=BODIES)
def test_rules(tmp_path_factory: pytest.TempPathFactory, decision: str, body: str) -> None:
    parameter = DECISIONS[decision].parameter
    COUNTS["rules"] += 1
    rule = made(tmp_path_factory.mktemp("rules"), body, COUNTS["rules"])
    side, name = (
        ("buyers", "high_trust") if parameter in BUYERS.rows else ("suppliers", "calculative")
    )
    scenario = Scenario("high_trust", supplier_mix="calculative", buyers=3, suppliers=2, rounds=3)
    try:
        changed = scenario.replace(policies={side: {name: {parameter: rule}}})
        assert changed.id() == changed.id() != scenario.id()
        outcome = simulate(changed)
    except (ConfigError, RuleAnswerError):
        return
    COUNTS["rules that could be used"] += 1
    assert (outcome.balances.sum(axis=1) == 0).all()
    assert (simulate(changed).balances == outcome.balances).all()
