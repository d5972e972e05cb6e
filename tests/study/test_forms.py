"""What a prompt and a notebook show: short, what differs from the default, and escaped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.places import ROOT

from trustsim import Experiment, Results, Scenario, rule, simulate
from trustsim.config.experiment import load_experiment
from trustsim.schema.forms import LONGEST, html_table, value_text

TINY: dict[str, Any] = {"buyers": 8, "suppliers": 4, "rounds": 6}
FILES = sorted([*(ROOT / "configs").glob("*.toml"), *(ROOT / "configs" / "cases").glob("*.toml")])


def again(scenario: Scenario) -> Scenario:
    return eval(repr(scenario))  # type: ignore[no-any-return]


def test_a_scenario_shows_what_differs_from_what_is_built_in() -> None:
    assert repr(Scenario()) == "Scenario()"
    assert repr(Scenario("high_trust", buyers=50)) == "Scenario('high_trust', buyers=50)"
    shown = repr(Scenario("adversarial", without=["ransom"], rounds=24))
    assert shown == "Scenario('adversarial', rounds=24, without=['ransom'])"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_arms_of_shipped_files_are_made_again_by_what_they_show(file: Any) -> None:
    for arm in load_experiment(file).arms.values():
        assert again(arm).id() == arm.id()


@settings(max_examples=30)
@given(
    buyers=st.integers(2, 500),
    seed=st.integers(0, 99),
    rate=st.floats(0.0, 1.0),
    name=st.sampled_from([None, "own"]),
    mix=st.sampled_from(["high_trust", {"high_trust": 0.25, "adversarial": 0.75}, None]),
)
def test_what_a_scenario_shows_makes_it_again(
    buyers: int, seed: int, rate: float, name: str | None, mix: Any
) -> None:
    own = {"buyers": {"high_trust": {"inspection_rate": rate}}}
    made = Scenario(mix, buyers=buyers, seed=seed, name=name, policies=own)
    assert again(made) == made
    assert again(made).id(3) == made.id(3)


def test_an_own_rule_is_shown_by_its_name() -> None:
    @rule("inspection")
    def shown_by_name(order, view, policy):  # type: ignore[no-untyped-def]
        return 0.5

    made = Scenario("high_trust").with_policy("high_trust", inspection=shown_by_name)
    assert "'inspection': shown_by_name" in repr(made)
    assert "shown_by_name" in made._repr_html_()


def test_an_outcome_is_a_line_and_a_small_table() -> None:
    outcome = simulate(Scenario("high_trust", **TINY), 3)
    orders = round(outcome.measures["orders"])
    assert repr(outcome).startswith(f"Outcome('high_trust', run 3, 6 rounds: orders {orders}, ")
    assert len(repr(outcome)) < 200
    page = outcome._repr_html_()
    assert f"{outcome.measures['total_cost']:.4g}" in page
    assert len(page) < 10_000


def test_an_experiment_and_its_results_are_a_line(tmp_path: Any) -> None:
    path = tmp_path / "<b>.toml"
    path.write_text(
        'name = "<b>"\nrounds = 6\nreplications = 2\nmarket = { buyers = 8, suppliers = 4 }\n'
        'baseline = "x"\n[arms."<i>"]\nbuyer_mix = "high_trust"\n[arms.x]\n'
    )
    experiment = Experiment.load(path)
    said = "2 arms (<i>, x), baseline x; 2 replications, 6 rounds, seed 1"
    assert repr(experiment) == f"Experiment('<b>': {said})"
    assert "<i>" not in experiment._repr_html_()
    assert "&lt;i&gt;" in experiment._repr_html_()
    results = experiment.run(tmp_path / "out", report=False)
    assert repr(results) == (
        f"Results({str(tmp_path / 'out')!r}: 4 runs done, digest {results.manifest['digest'][:12]})"
    )
    assert "<b>" not in results._repr_html_()
    assert results.manifest["digest"] in Results.open(tmp_path / "out")._repr_html_()


def test_values_are_written_short() -> None:
    assert value_text(0.123456) == "0.1235"
    assert value_text(1234567) == "1,234,567"
    assert value_text(True) == "True"
    assert value_text({"a": 0.5, "b": ["x", 2]}) == "a 0.5, b x, 2"
    assert value_text(len) == "len"
    assert len(value_text("x" * 500)) == LONGEST
    assert "&lt;script&gt;" in html_table("<script>", [("<script>", 1.0)])
    assert "<script>" not in html_table("<script>", [("<script>", 1.0)], ("<script>",))
