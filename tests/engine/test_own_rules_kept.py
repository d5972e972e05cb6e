"""What a rule of the user's stands for: its id, its compiled code, its folder, its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trustsim import ConfigError, Experiment, Scenario, TrustModel, rule, simulate
from trustsim.schema.decisions import REGISTERED

SMALL: dict[str, Any] = {"rounds": 6, "buyers": 10, "suppliers": 5}
LEVEL = 1.0
TABLE = np.array([1.0])
NAMES = ["a", "list"]


def by_level(order, view, policy):
    return LEVEL


def by_table(order, view, policy):
    return TABLE[0]


def by_names(order, view, policy):
    return 1.0 if len(NAMES) > 1 else 0.0


def asserts(order, view, policy):
    assert view.clean < 1
    return 1.0


def gambles(order, view, policy):
    return np.random.random()  # noqa: NPY002


def says_yes_or_no(order, view, policy):
    return view.clean < 2


def cheapest(order, view, policy):
    return -(order.price + view.leaving)


def with_rule(function: Any, decision: str = "inspection") -> Scenario:
    return Scenario("adversarial", **SMALL).with_policy("adversarial", **{decision: function})


@pytest.mark.parametrize(
    ("function", "name", "other"), [(by_level, "LEVEL", 0.0), (by_table, "TABLE", np.array([0.0]))]
)
def test_what_a_rule_takes_from_around_it_is_part_of_it(
    monkeypatch: pytest.MonkeyPatch, function: Any, name: str, other: Any
) -> None:
    before = with_rule(function)
    first = before.id(), simulate(before).measures["inspection_rate"]
    monkeypatch.setitem(globals(), name, other)
    after = with_rule(function)
    second = after.id(), simulate(after).measures["inspection_rate"]
    assert first[1] == 1.0
    assert second[1] == 0.0
    assert first[0] != second[0]


def test_what_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(ConfigError, match="takes 'NAMES', a list"):
        with_rule(by_names).id()


def test_a_scenario_keeps_the_rule_that_a_name_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REGISTERED, "mine", (by_level, "inspection"))
    scenario = with_rule("mine")
    before = simulate(scenario).measures

    @rule("inspection")
    def mine(order, view, policy):
        return 0.0

    assert simulate(scenario).measures == before
    assert simulate(with_rule("mine")).measures["inspection_rate"] == 0.0


@pytest.mark.parametrize(("function", "word"), [(asserts, "raises"), (gambles, "random")])
def test_errors_and_luck_of_its_own_are_refused(function: Any, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        simulate(with_rule(function))


def test_yes_and_no_are_one_and_zero() -> None:
    assert 0.0 < simulate(with_rule(says_yes_or_no)).measures["inspection_rate"] < 1.0


def test_an_award_rule_sees_the_price_bid() -> None:
    own, built_in = (simulate(with_rule(r, "award")).measures for r in (cheapest, "lowest_bid"))
    assert own == pytest.approx(built_in, nan_ok=True)


def test_a_config_beside_the_results_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '# mine\nname = "x"\n[arms.a]\nbuyer_mix = { high_trust = 1.0 }\n'
    (tmp_path / "experiment.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="no results folder"):
        Experiment.load(tmp_path / "experiment.toml", replications=1).run(tmp_path, report=False)
    assert (tmp_path / "experiment.toml").read_text(encoding="utf-8") == text


def test_a_model_takes_a_scenario_or_parameters() -> None:
    with pytest.raises(ConfigError, match="a scenario and buyers are given"):
        TrustModel(scenario=Scenario("high_trust", **SMALL), buyers=3)


def test_a_misspelt_instrument_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "x.toml"
    config.write_text(
        'name = "x"\n[arms.a]\nbuyer_mix = { high_trust = 1.0 }\n[instruments.prepaymnt]\n'
        "advance = 1.0\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="prepayment"):
        Experiment.load(config)


@pytest.mark.parametrize("path", ["#=5", "[market]#=5"])
def test_a_comment_is_no_path(tmp_path: Path, path: str) -> None:
    config = tmp_path / "x.toml"
    config.write_text('name = "x"\n[arms.a]\nbuyer_mix = { high_trust = 1.0 }\n', encoding="utf-8")
    with pytest.raises(ConfigError):
        Experiment.load(config, [path])
