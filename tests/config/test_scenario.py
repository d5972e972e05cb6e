"""Scenarios: what is resolved, what is refused and in which words, and what identifies a run."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.places import ROOT

import trustsim.config.scenario
from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.library import library
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.schema.checking import (
    BUYERS,
    EXPERIMENTS,
    INSTRUMENTS,
    MARKETS,
    SUPPLIERS,
    check,
    complete,
)
from trustsim.schema.decisions import registered_rules
from trustsim.schema.row import MAX_INSTRUMENTS, Parameter

KINDS = {kind.name: kind for kind in (MARKETS, BUYERS, SUPPLIERS, INSTRUMENTS, EXPERIMENTS)}
ROWS = [pytest.param(kind, row, id=f"{name}-{row.name}")
        for name, kind in KINDS.items() for row in kind.rows.values()]  # fmt: skip
NUMBERS = [each for each in ROWS if not each.values[1].choices]
RULES = [each for each in ROWS if each.values[1].choices]

CONFIG = """
name = "two_arms"
question = "Which one?"
seed = 7
rounds = 3
replications = 2
baseline = "adversarial"

[market]
based_on = "components"
buyers = 6
hold_up = { value = 0.4, source = "a study of ours" }

[arms.high_trust]
buyer_mix = { high_trust = 1.0 }

[arms.adversarial]
buyer_mix = { adversarial = 0.5, mine = 0.5 }
supplier_mix = "calculative"
market = { contacts = 3 }

[policies.buyers.mine]
based_on = "high_trust"
inspection_rate = 0.25

[policies.buyers.high_trust]
bidders = 3

[policies.suppliers.spare]
based_on = "cooperative"
noise = 0.5

[instruments.own]
based_on = "escrow"
fee_share = 0.5
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "two.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def message(*args: Any, **keywords: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        Scenario(*args, **keywords)
    return str(caught.value)


def always(order: Any, tie: Any, policy: Any) -> float:
    return 1.0


class TestTables:
    """The checks made from the tables of parameters."""

    @pytest.mark.parametrize(("kind", "row"), ROWS)
    def test_default_is_allowed(self, kind: Any, row: Parameter) -> None:
        assert check(kind, {row.name: row.default}, "") == {row.name: row.default}

    @pytest.mark.parametrize(("kind", "row"), NUMBERS)
    def test_bounds_are_allowed_and_nothing_beyond(self, kind: Any, row: Parameter) -> None:
        for bound in (row.kind(row.low), row.kind(row.high)):
            assert check(kind, {row.name: bound}, "") == {row.name: bound}
        step = 1 if row.kind is int else 1e-6
        for beyond in (row.kind(row.low) - step, row.kind(row.high) * 2 + 1):
            with pytest.raises(ConfigError, match=row.name):
                check(kind, {row.name: beyond}, "")

    @pytest.mark.parametrize(("kind", "row"), NUMBERS)
    def test_only_numbers_are_numbers(self, kind: Any, row: Parameter) -> None:
        for value in (True, "1", None, math.nan, math.inf, [1], {}, 1j):
            with pytest.raises(ConfigError, match=r"allowed: a (whole )?number from"):
                check(kind, {row.name: value}, "")

    @pytest.mark.parametrize(("kind", "row"), RULES)
    def test_rules_are_chosen_by_name(self, kind: Any, row: Parameter) -> None:
        for choice in row.choices:
            assert check(kind, {row.name: choice}, "") == {row.name: choice}
        with pytest.raises(ConfigError) as caught:
            check(kind, {row.name: row.choices[0] + "x"}, "")
        assert f'did you mean "{row.choices[0]}"?' in str(caught.value)

    def test_whole_numbers_become_floats_and_numpy_scalars_numbers(self) -> None:
        found = check(MARKETS, {"hold_up": 1, "buyers": np.int64(5), "value": np.float32(2)}, "")
        assert found == {"hold_up": 1.0, "buyers": 5, "value": 2.0}
        assert {name: type(value) for name, value in found.items()} == {
            "hold_up": float,
            "buyers": int,
            "value": float,
        }

    def test_whole_number_is_no_float(self) -> None:
        assert "a whole number from 1" in message(buyers=5.0)

    def test_all_problems_of_a_table_are_said_at_once(self) -> None:
        said = message(buyers=0, byers=3, hold_up=2.0).splitlines()
        assert [line.split(" = ")[0] for line in said] == [
            "market.buyers", "market.hold_up", "market.byers"
        ]  # fmt: skip

    def test_records_are_frozen(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            complete(MARKETS, {}).buyers = 3  # type: ignore[attr-defined]


class TestScenario:
    def test_a_name_means_all_of_it(self) -> None:
        scenario = Scenario("high_trust")
        assert scenario.buyer_mix == {"high_trust": 1.0}
        assert scenario.name == "high_trust"
        assert scenario == Scenario({"high_trust": 1.0}, market="components", rounds=120, seed=1)

    def test_everything_is_an_attribute(self) -> None:
        scenario = Scenario("adversarial", buyers=7, hold_up=1)
        assert scenario.market.buyers == 7
        assert scenario.market.hold_up == 1.0
        assert set(scenario.supplier_mix) <= set(scenario.supplier_policies)
        for row in BUYERS.rows:
            assert hasattr(scenario.buyer_policies["adversarial"], row)

    def test_library_values_stand_between_defaults_and_own(self) -> None:
        entry = library().markets["components"].entry
        changed = {k: v for k, v in entry.values.items() if v != MARKETS.rows[k].default}
        scenario = Scenario("high_trust")
        assert {k: getattr(scenario.market, k) for k in changed} == changed
        own = library().buyers["high_trust"].values
        assert {k: getattr(scenario.buyer_policies["high_trust"], k) for k in own} == own

    def test_frozen(self) -> None:
        with pytest.raises(AttributeError):
            Scenario("high_trust").seed = 3  # type: ignore[misc]

    def test_own_policies(self) -> None:
        scenario = Scenario(
            "mine",
            policies={
                "buyers": {
                    "mine": {"based_on": "yours", "bidders": 5},
                    "yours": {"based_on": "adversarial", "exploration": 0.77},
                    "plain": {"award": "total_cost"},
                    "high_trust": {"exploration": 0.01},
                }
            },
        )
        policies = scenario.buyer_policies
        assert policies["mine"].bidders == 5
        assert policies["mine"].exploration == 0.77
        assert policies["mine"].award == policies["adversarial"].award
        assert policies["plain"] == complete(BUYERS, {"award": "total_cost"})
        built_in = Scenario("mine", policies={"buyers": {"mine": {}}}).buyer_policies["high_trust"]
        assert policies["high_trust"].exploration == 0.01
        assert policies["high_trust"].bidders == built_in.bidders

    def test_own_instruments_come_after_those_of_the_market(self) -> None:
        usual = list(Scenario("high_trust").instruments)
        scenario = Scenario("high_trust", instruments={"own": {"based_on": "escrow", "held": 0}})
        assert list(scenario.instruments) == [*usual, "own"]
        assert scenario.instruments["own"].held == 0
        chosen = Scenario("high_trust", instruments=["open_account", "escrow"])
        assert list(chosen.instruments) == ["open_account", "escrow"]

    def test_replace_keeps_the_rest(self) -> None:
        scenario = Scenario("high_trust", buyers=9, policies={"buyers": {"mine": {"bidders": 4}}})
        changed = scenario.replace(buyer_mix="mine", contacts=2, seed=5, name="other")
        assert (changed.market.buyers, changed.market.contacts) == (9, 2)
        assert (changed.buyer_policies["mine"].bidders, changed.seed) == (4, 5)
        assert changed.name == "other"
        assert changed.rounds == scenario.rounds
        assert scenario.replace() == scenario

    def test_with_policy(self) -> None:
        scenario = Scenario("high_trust").with_policy("high_trust", bidders=7, inspection=always)
        assert scenario.buyer_policies["high_trust"].bidders == 7
        assert scenario.buyer_policies["high_trust"].inspection is always
        again = scenario.with_policy("high_trust", exploration=0.5)
        assert again.buyer_policies["high_trust"].bidders == 7
        with pytest.raises(ConfigError, match='did you mean "high_trust"'):
            scenario.with_policy("hightrust", bidders=7)
        twice = scenario.replace(policies={"suppliers": {"high_trust": {}}})
        with pytest.raises(ConfigError, match="a policy of buyers and one of suppliers"):
            twice.with_policy("high_trust", noise=0.5)

    def test_scenarios_can_be_sent_to_another_process(self) -> None:
        scenario = Scenario("high_trust", buyers=9)
        there = pickle.loads(pickle.dumps(scenario))
        assert there == scenario
        assert there.id(3) == scenario.id(3)

    @pytest.mark.parametrize(
        ("keywords", "words"),
        [
            ({"buyer_mix": "hightrust"}, ["buyer_mix.hightrust", 'did you mean "high_trust"']),
            ({"buyer_mix": {}}, ["buyer_mix = {}", "allowed: ", "high_trust"]),
            ({"buyer_mix": 3}, ["buyer_mix = 3", "must be shares"]),
            ({"buyer_mix": {"high_trust": 0.5, "adversarial": 0.4}}, ["add up to 0.9", "to 1"]),
            ({"buyer_mix": {"high_trust": 1.5, "adversarial": -0.5}}, ["1.5", "from 0 to 1"]),
            ({"buyer_mix": {"high_trust": math.nan}}, ["buyer_mix.high_trust = nan"]),
            ({"buyer_mix": {"high_trust": True}}, ["buyer_mix.high_trust = True"]),
            ({"supplier_mix": "cooperativ"}, ["supplier_mix", 'did you mean "cooperative"']),
            ({"market": "component"}, ["market = 'component'", 'did you mean "components"']),
            ({"market": ["components"]}, ["unknown market"]),
            ({"rounds": 30_001}, ["rounds = 30001", "from 1 to 30000"]),
            ({"seed": 2**63}, ["seed", "from 0 to 9223372036854775807"]),
            ({"cost_low": 2.0}, ["market.cost_low = 2.0", "must not exceed cost_high = 1.15"]),
            ({"defect_good": 0.9}, ["market.defect_good = 0.9", "defect_bad"]),
            ({"policies": {"buyer": {}}}, ["policies.buyer", 'did you mean "buyers"']),
            ({"policies": {"buyers": {"x": {"bider": 3}}}}, ["buyers.x.bider", '"bidders"']),
            ({"policies": {"buyers": {"x": 3}}}, ["policies.buyers.x = 3", "must be a table"]),
            ({"policies": {"buyers": {"all": {}}}}, ["'all' cannot name"]),
            ({"policies": {"buyers": {"": {}}}}, ["'' cannot name"]),
            (
                {"policies": {"buyers": {"x": {"based_on": "adversary"}}}},
                ["x.based_on = 'adversary'", 'did you mean "adversarial"'],
            ),
            (
                {"policies": {"buyers": {"x": {"based_on": "y"}, "y": {"based_on": "x"}}}},
                ["based on itself", "x -> y -> x"],
            ),
            ({"policies": {"buyers": {"x": {"search": always}}}}, ["x.search", "random, rating"]),
            ({"instruments": ["escow"]}, ["instruments", 'did you mean "escrow"']),
            ({"instruments": []}, ["0 names", "1 to 16"]),
            ({"instruments": [["escrow"]]}, ["unknown instrument"]),
            ({"instruments": ["escrow", "escrow"]}, ["different"]),
            (
                {"instruments": {"x": {"advance": 0.8, "on_delivery": 0.4}}},
                ["instruments.x.advance = 0.8", "on_delivery = 0.4"],
            ),
            ({"instruments": {f"i{n}": {} for n in range(MAX_INSTRUMENTS + 1)}}, ["1 to 16"]),
            ({"name": ""}, ["'' cannot name a scenario"]),
        ],
    )
    def test_bad_input(self, keywords: dict[str, Any], words: list[str]) -> None:
        said = message(**keywords)
        assert [word for word in words if word not in said] == []

    def test_shares_add_up_within_rounding(self) -> None:
        tenths = {f"p{n}": 0.1 for n in range(10)}
        policies = {"buyers": {name: {} for name in tenths}}
        assert len(Scenario(tenths, policies=policies).buyer_mix) == 10
        with pytest.raises(ConfigError):
            Scenario({"high_trust": 0.5, "adversarial": 0.5 + 1e-8})


class TestRunId:
    def test_is_stable_and_short(self) -> None:
        scenario = Scenario("high_trust")
        assert scenario.id(3) == Scenario("high_trust").id(3)
        assert len(scenario.id(3)) == 16
        assert int(scenario.id(3), 16) >= 0

    def test_changes_with_all_that_matters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scenario = Scenario("high_trust")
        ids = {
            "base": scenario.id(0),
            "replicate": scenario.id(1),
            "seed": scenario.replace(seed=2).id(0),
            "rounds": scenario.replace(rounds=2).id(0),
            "market": scenario.replace(buyers=99).id(0),
            "mix": scenario.replace(buyer_mix="adversarial", name="high_trust").id(0),
            "policy": scenario.with_policy("high_trust", bidders=9).id(0),
            "instruments": scenario.replace(instruments=["escrow"]).id(0),
            "name": scenario.replace(name="x").id(0),
        }
        monkeypatch.setattr(trustsim.config.scenario, "__version__", "99.0")
        ids["version"] = scenario.id(0)
        assert len(set(ids.values())) == len(ids)

    def test_does_not_change_with_what_nobody_uses(self) -> None:
        scenario = Scenario("high_trust")
        assert scenario.with_policy("adversarial", bidders=3).id() == scenario.id()
        assert scenario.replace(policies={"buyers": {"spare": {}}}).id() == scenario.id()

    def test_whole_numbers_and_floats_are_the_same_number(self) -> None:
        assert Scenario("high_trust", hold_up=1).id() == Scenario("high_trust", hold_up=1.0).id()

    def test_order_of_a_mix_counts(self) -> None:
        one, other = (
            {"high_trust": 0.5, "adversarial": 0.5},
            {"adversarial": 0.5, "high_trust": 0.5},
        )
        assert Scenario(one).id() != Scenario(other).id()

    def test_a_rule_is_known_by_what_it_does(self) -> None:
        def after(limit: float) -> Any:
            return lambda order, tie, policy: tie.clean > limit

        def ids(*rules: Any) -> set[str]:
            base = Scenario("high_trust")
            return {base.with_policy("high_trust", inspection=rule).id() for rule in rules}

        assert len(ids(after(1), after(1))) == 1
        assert len(ids(after(1), after(2), always, "all")) == 4

    @pytest.mark.parametrize("replicate", [-1, 2**32, 1.0, True, "1"])
    def test_bad_replicates(self, replicate: Any) -> None:
        with pytest.raises(ConfigError, match="replicate"):
            Scenario("high_trust").id(replicate)


class TestExperimentFile:
    def test_arms_are_resolved(self, config: Path) -> None:
        loaded = load_experiment(config)
        high, low = loaded.arms["high_trust"], loaded.arms["adversarial"]
        assert (loaded.seed, loaded.rounds, loaded.replications) == (7, 3, 2)
        assert (loaded.baseline, loaded.question) == ("adversarial", "Which one?")
        assert (high.market.buyers, high.market.hold_up, high.market.contacts) == (6, 0.4, 8)
        assert low.market.contacts == 3
        assert low.supplier_mix == {"calculative": 1.0}
        assert high.supplier_mix == library().markets["components"].supplier_mix
        assert high.buyer_policies["high_trust"].bidders == 3
        assert low.buyer_policies["mine"].bidders == 3
        assert low.buyer_policies["mine"].inspection_rate == 0.25
        assert "own" in high.instruments
        assert loaded.sources["market", "hold_up"] == "a study of ours"
        assert Scenario.load(config, "high_trust") == high

    def test_resolved_file_loads_back_as_the_same(self, config: Path, tmp_path: Path) -> None:
        loaded = load_experiment(config)
        written = tmp_path / "again.toml"
        written.write_text(loaded.to_toml(), encoding="utf-8")
        again = load_experiment(written)
        assert again == loaded
        assert again.to_toml() == loaded.to_toml()
        assert [a.id(1) for a in again.arms.values()] == [a.id(1) for a in loaded.arms.values()]

    def test_resolved_file_is_complete(self, config: Path) -> None:
        import tomllib

        tables = tomllib.loads(load_experiment(config).to_toml())
        assert set(tables["market"]) >= set(MARKETS.rows)
        assert set(tables["policies"]["buyers"]) == {"high_trust", "adversarial", "mine"}
        for policy in tables["policies"]["buyers"].values():
            assert set(policy) >= set(BUYERS.rows)
        assert set(tables["instruments"]) == set(tables["market"]["instruments"])
        assert tables["sources"]["market"]["hold_up"] == "a study of ours"

    def test_overrides(self, config: Path) -> None:
        loaded = load_experiment(
            config,
            [
                "market.buyers=11",
                "arms.high_trust.market.hold_up=.5",
                "policies.buyers.mine.inspection=all",
                "policies.suppliers.calculative.noise=1e-3",
                "instruments.escrow.fee_share = 0.25",
                "arms.high_trust.buyer_mix=mine",
                'name="x = y"',
            ],
        )
        high = loaded.arms["high_trust"]
        assert (high.market.buyers, high.market.hold_up) == (11, 0.5)
        assert loaded.arms["adversarial"].market.hold_up == 0.4
        assert high.buyer_policies["mine"].inspection == "all"
        assert high.supplier_policies["calculative"].noise == 1e-3
        assert high.instruments["escrow"].fee_share == 0.25
        assert high.buyer_mix == {"mine": 1.0}
        assert loaded.name == "x = y"

    def test_every_parameter_of_the_market_can_be_set(self, config: Path) -> None:
        for row in MARKETS.rows.values():
            assert load_experiment(config, [f"market.{row.name}={row.default}"])

    def test_a_misspelt_override_of_a_policy_is_found(self, tmp_path: Path) -> None:
        path = tmp_path / "x.toml"
        path.write_text(
            "[arms.a]\nbuyer_mix = 'high_trust'\n[policies.buyers.hightrust]\nbidders = 2\n"
        )
        with pytest.raises(ConfigError, match=r'buyers\.hightrust.*did you mean "high_trust"'):
            load_experiment(path)

    def test_arms_made_in_python(self) -> None:
        arms = {"a": Scenario("high_trust", rounds=2), "b": Scenario("adversarial", rounds=2)}
        made = ExperimentConfig("x", arms, baseline="b", replications=3)
        assert made.arms["a"].name == "a"
        assert made.replace(seed=4).arms["b"].seed == 4
        with pytest.raises(ConfigError, match="baseline = 'c'"):
            ExperimentConfig("x", arms, baseline="c")
        with pytest.raises(ConfigError, match="needs at least one"):
            ExperimentConfig("x", {}, baseline="c")
        with pytest.raises(ConfigError, match="replications = 0"):
            ExperimentConfig("x", arms, baseline="a", replications=0)

    def test_what_one_file_cannot_say(self) -> None:
        base = Scenario("high_trust", rounds=2)
        for other, words in (
            (base.replace(rounds=3), "same rounds"),
            (base.with_policy("high_trust", bidders=9), "different policies of this name"),
            (base.with_policy("high_trust", inspection=always), "different|@rule"),
        ):
            made = ExperimentConfig("x", {"a": base, "b": other}, baseline="a")
            with pytest.raises(ConfigError, match=words):
                made.to_toml()

    def test_a_registered_rule_goes_into_a_file_by_name(self, tmp_path: Path) -> None:
        from trustsim.schema.decisions import REGISTERED, rule

        rule("inspection")(always)
        try:
            assert registered_rules("inspection") == ["always"]
            scenario = Scenario("high_trust").with_policy("high_trust", inspection=always)
            path = tmp_path / "own.toml"
            path.write_text(ExperimentConfig("x", {"a": scenario}, baseline="a").to_toml())
            again = load_experiment(path).arms["a"]
            assert again.buyer_policies["high_trust"].inspection is always
            with pytest.raises(ConfigError, match="award"):
                scenario.with_policy("high_trust", award="always")
            by_name = again.id()
            REGISTERED["always"] = (lambda order, tie, policy: 0.5, "inspection")
            assert again.replace().id() == by_name  # a scenario keeps the rule that it has
            assert load_experiment(path).arms["a"].id() != by_name
        finally:
            REGISTERED.pop("always", None)


def test_reference_is_up_to_date() -> None:
    from trustsim.commands.describe import reference

    page = ROOT / "docs" / "parameters.md"
    assert page.read_text(encoding="utf-8") == reference(), (
        "run: python -m trustsim.commands.describe > docs/parameters.md"
    )


def test_every_parameter_has_unit_meaning_source_and_room() -> None:
    for kind in KINDS.values():
        for row in kind.rows.values():
            assert all((row.unit, row.text, row.source)), row.name
            assert row.room or kind is EXPERIMENTS, row.name
            assert row.default in row.choices if row.choices else row.low <= row.default <= row.high
