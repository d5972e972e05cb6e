"""Files of experiments: how arms are resolved, written and overridden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.scenario_words import always

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.library import built_in_markets
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.schema.checking import (
    BUYERS,
    MARKETS,
)
from trustsim.schema.decisions import REGISTERED, registered_rules, rule

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
worst = 0.5

[instruments.own]
based_on = "escrow"
fee_share = 0.5
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "two.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


class TestExperimentFile:
    def test_arms_are_resolved(self, config: Path) -> None:
        loaded = load_experiment(config)
        high, low = loaded.arms["high_trust"], loaded.arms["adversarial"]
        assert (loaded.seed, loaded.rounds, loaded.replications) == (7, 3, 2)
        assert (loaded.baseline, loaded.question) == ("adversarial", "Which one?")
        assert (high.market.buyers, high.market.hold_up, high.market.contacts) == (6, 0.4, 8)
        assert low.market.contacts == 3
        assert low.supplier_mix == {"calculative": 1.0}
        assert high.supplier_mix == built_in_markets()["components"].market["supplier_mix"].value
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
                "policies.suppliers.calculative.worst=1e-3",
                "instruments.escrow.fee_share = 0.25",
                "arms.high_trust.buyer_mix=mine",
                'name="x = y"',
            ],
        )
        high = loaded.arms["high_trust"]
        assert (high.market.buyers, high.market.hold_up) == (11, 0.5)
        assert loaded.arms["adversarial"].market.hold_up == 0.4
        assert high.buyer_policies["mine"].inspection == "all"
        assert high.supplier_policies["calculative"].worst == 1e-3
        assert high.instruments["escrow"].fee_share == 0.25
        assert high.buyer_mix == {"mine": 1.0}
        assert loaded.name == "x = y"

    def test_every_parameter_of_the_market_can_be_set(self, config: Path) -> None:
        for row in MARKETS.rows.values():
            assert load_experiment(config, [f"market.{row.name}={row.default}"])

    @pytest.mark.parametrize("table", ["arms=3", "policies.buyers=3", "instruments=true"])
    def test_an_override_into_what_is_no_table_is_refused(self, config: Path, table: str) -> None:
        path = table.partition("=")[0]
        with pytest.raises(ConfigError, match=rf"^--set {path}\.x\.y=1: .* has no {path}\.x"):
            load_experiment(config, [table, f"{path}.x.y=1"])

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

    @pytest.mark.parametrize(
        "other", ["high trust", "High_Trust", "high  trust", "\uff48igh_trust"]
    )
    def test_arms_that_read_alike_are_refused(self, other: str, tmp_path: Path) -> None:
        base = Scenario("high_trust", rounds=2)
        said = "reads like the arm 'high_trust'; give one of them another name"
        with pytest.raises(ConfigError, match=said):
            ExperimentConfig("x", {"high_trust": base, other: base}, baseline=other)
        path = tmp_path / "x.toml"
        path.write_text(f'[arms.high_trust]\n[arms."{other}"]\n', encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            load_experiment(path)

    @pytest.mark.parametrize("change", [5, None, ("name",), (1, 2), b"name=x"])
    def test_what_is_no_change(self, config: Path, change: Any) -> None:
        with pytest.raises(ConfigError, match="is no change; give path=value"):
            load_experiment(config, [change])

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (f"market.buyers={2**64}", r"^--set market\.buyers=.*whole numbers of 64 bits"),
            (f"{'a.' * 21}b=1", "nested too deeply"),
            ("sources.name=3", r"sources\.name = 3: allowed: text in quotes"),
        ],
    )
    def test_changes_that_cannot_be_used(self, config: Path, change: str, said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            load_experiment(config, [change])

    @pytest.mark.parametrize("path", [5, None, b"x.toml", ["x.toml"]])
    def test_what_is_no_path(self, path: Any) -> None:
        with pytest.raises(ConfigError, match="is no path"):
            load_experiment(path)

    @pytest.mark.parametrize("name", ["a.b", "", "all", "x" * 81])
    def test_arms_of_python_are_named_as_those_of_a_file(self, name: str) -> None:
        with pytest.raises(ConfigError, match=r"arms.*cannot name an arm"):
            ExperimentConfig("x", {name: Scenario(rounds=2)}, baseline=name)

    def test_text_of_python_stays_as_it_is(self, config: Path) -> None:
        text = 'Größer "or" \\ smaller\n🙂 = ?'
        loaded = load_experiment(config, [("question", text), ("market.buyers", np.int64(5))])
        assert loaded.question == text
        assert loaded.market.buyers == 5

    def test_a_byte_order_mark_is_no_fault(self, config: Path) -> None:
        before = load_experiment(config)
        config.write_bytes(b"\xef\xbb\xbf" + config.read_bytes())
        assert load_experiment(config) == before

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
        rule("inspection")(always)
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
