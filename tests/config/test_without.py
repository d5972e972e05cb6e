"""Mechanisms that are switched off: in a file, in Python, along a design, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from trustsim.config.design import read_design
from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment.plan import points_table
from trustsim.schema.mechanisms import MECHANISMS, OWNERS, off_without

ARM = '[arms.a]\nbuyer_mix = "high_trust"\n'
OTHER = '[arms.b]\nbuyer_mix = "reputation_guided"\n'


def load(folder: Path, text: str, *changes: str) -> ExperimentConfig:
    path = folder / "x.toml"
    path.write_text(text, encoding="utf-8")
    return load_experiment(path, changes)


def again(config: ExperimentConfig, folder: Path) -> ExperimentConfig:
    (folder / "again.toml").write_text(config.to_toml(), encoding="utf-8")
    return load_experiment(folder / "again.toml")


def anything(order: Any, view: Any, policy: Any) -> float:
    return 1.0


def records(scenario: Scenario) -> list[Any]:
    return [
        scenario.market,
        *scenario.buyer_policies.values(),
        *scenario.supplier_policies.values(),
        *scenario.instruments.values(),
    ]


class TestScenario:
    @pytest.mark.parametrize("name", MECHANISMS)
    def test_every_mechanism_is_absent_from_all_records(self, name: str) -> None:
        scenario = Scenario(without=[name])
        for off in off_without([name]):
            for parameter, absent in MECHANISMS[off].absent.items():
                values = [getattr(r, parameter) for r in records(scenario) if hasattr(r, parameter)]
                assert values
                if isinstance(absent, str | float | int):
                    assert set(values) == {absent}
                else:
                    assert not set(values) & set(absent)

    def test_nothing_else_changes(self) -> None:
        full, lean = Scenario("high_trust"), Scenario("high_trust", without=["hold_up"])
        assert full.market.hold_up > 0
        assert lean.market.model_copy(update={"hold_up": full.market.hold_up}) == full.market
        assert lean.buyer_policies == full.buyer_policies
        assert lean.id() == Scenario("high_trust", hold_up=0.0).id()

    def test_names_are_kept_in_order_and_once(self) -> None:
        scenario = Scenario(without=["imitation", "ransom", "hold_up", "ransom"])
        assert scenario.without == ("hold_up", "ransom", "imitation")
        assert Scenario().without == ()

    def test_only_the_choice_of_the_mechanism_is_replaced(self) -> None:
        search = {n: p.search for n, p in Scenario(without=["referrals"]).buyer_policies.items()}
        assert search["high_trust"] == "random"
        assert search["reputation_guided"] == "rating"

    def test_a_rule_of_the_users_is_replaced(self) -> None:
        own = {"buyers": {"high_trust": {"disclosure_rule": anything}}}
        scenario = Scenario("high_trust", policies=own).replace(without=["information_sharing"])
        assert scenario.buyer_policies["high_trust"].disclosure_rule == "never"

    def test_replace_takes_another_list(self) -> None:
        scenario = Scenario(ransom_rate=0.25).replace(without=["ransom"])
        assert (scenario.market.ransom_rate, scenario.without) == (0.0, ("ransom",))
        back = scenario.replace(without=["hold_up"])
        assert (back.market.ransom_rate, back.market.hold_up) == (0.25, 0.0)
        assert scenario.replace(contacts=3).without == ("ransom",)

    def test_at_switches_off_in_addition(self) -> None:
        scenario = Scenario(ransom_rate=0.25, without=["hold_up"])
        assert scenario.at({"without": "nothing"}) == scenario
        lean = scenario.at({"without": "ransom", "market.ransom_rate": 0.5})
        assert (lean.without, lean.market.ransom_rate) == (("hold_up", "ransom"), 0.0)

    @pytest.mark.parametrize(
        ("keywords", "said"),
        [
            ({"without": ["ransum"]}, "without = 'ransum': unknown mechanism (did you mean"),
            ({"without": "ransom"}, "without = 'ransom': must be a list of mechanisms"),
            ({"without": [3]}, "without = 3: unknown mechanism"),
            (
                {"without": ["ransom"], "ransom_rate": 0.1},
                "market.ransom_rate = 0.1: the mechanism 'ransom' is off; take ransom_rate out",
            ),
            (
                {"without": ["ratings"], "new_identity": 0.1},
                "'new_identities' is off because it needs 'ratings'",
            ),
            (
                {"without": ["referrals"],
                 "policies": {"buyers": {"high_trust": {"search": "referral"}}}},
                "policies.buyers.high_trust.search = 'referral': the mechanism 'referrals' is off",
            ),
            (
                {"without": ["information_sharing"],
                 "policies": {"suppliers": {"cooperative": {"disclosure_rule": anything}}}},
                "the mechanism 'information_sharing' is off",
            ),
            (
                {"without": ["familiarity"], "instruments": {"x": {"novel": 1}}},
                "instruments.x.novel = 1: the mechanism 'familiarity' is off",
            ),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, keywords: dict[str, Any], said: str) -> None:
        with pytest.raises(ConfigError) as caught:
            Scenario(**keywords)
        assert said in str(caught.value)

    def test_other_choices_may_be_set(self) -> None:
        own = {"buyers": {"high_trust": {"search": "rating"}}}
        scenario = Scenario(without=["referrals"], policies=own)
        assert scenario.buyer_policies["high_trust"].search == "rating"

    def test_changes_are_held_against_the_list(self) -> None:
        scenario = Scenario("high_trust", without=["ransom", "information_sharing"])
        with pytest.raises(ConfigError, match=r"market\.ransom = 1\.0: the mechanism 'ransom'"):
            scenario.replace(ransom=1.0)
        with pytest.raises(ConfigError, match=r"high_trust\.disclosure = 0\.5: the mechanism"):
            scenario.with_policy("high_trust", disclosure=0.5)
        assert scenario.replace(ransom_rate=0.5, without=[]).market.ransom_rate == 0.5


class TestFile:
    def test_market_arm_and_market_of_the_arm_add_up(self, tmp_path: Path) -> None:
        text = (
            '[market]\nwithout = ["ransom"]\n[arms.a]\nwithout = ["hold_up"]\n'
            'market = { without = ["blame"] }\n[arms.b]\nbuyer_mix = "adversarial"\n'
        )
        config = load(tmp_path, text)
        assert config.arms["a"].without == ("hold_up", "ransom", "blame")
        assert config.arms["b"].without == ("ransom",)
        assert config.without == ("ransom",)
        assert config.market.ransom_rate == 0.0
        assert config.market.hold_up > 0.0

    def test_an_arm_is_the_same_market_without(self, tmp_path: Path) -> None:
        text = f'[market]\nransom_rate = 0.25\n{ARM}without = ["ransom"]\n{OTHER}'
        config = load(tmp_path, text)
        assert config.arms["a"].market.ransom_rate == 0.0
        assert config.arms["b"].market.ransom_rate == 0.25

    @pytest.mark.parametrize(
        "text",
        [
            f'[market]\nwithout = ["ratings", "information_sharing"]\n{ARM}{OTHER}',
            f'[market]\nransom_rate = 0.25\n{ARM}without = ["ransom"]\n{OTHER}',
            f'{ARM}without = ["ratings", "information_sharing"]\n{OTHER}without = ["ratings"]\n',
            f'{ARM}[market]\nwithout = ["hold_up"]\n[design]\nmethod = "ablation"\n',
        ],
    )
    def test_what_is_written_loads_back_as_the_same(self, tmp_path: Path, text: str) -> None:
        config = load(tmp_path, text)
        back = again(config, tmp_path)
        assert back == config
        assert back.to_toml() == config.to_toml()
        assert [a.id() for a in back.arms.values()] == [a.id() for a in config.arms.values()]

    def test_idle_parameters_are_not_written(self, tmp_path: Path) -> None:
        text = load(tmp_path, f'[market]\nwithout = ["ransom"]\n{ARM}').to_toml()
        assert 'without = [\n    "ransom",\n]' in text
        assert not [name for name in OWNERS if OWNERS[name] == "ransom" and f"{name} = " in text]

    def test_arms_made_in_python_are_written_too(self, tmp_path: Path) -> None:
        full = Scenario("high_trust", ransom_rate=0.25)
        lean = full.replace(without=["ransom", "information_sharing"])
        for arms in ({"full": full, "lean": lean}, {"lean": lean, "full": full}):
            config = ExperimentConfig("x", arms, baseline="full")
            back = again(config, tmp_path)
            assert back.arms == config.arms
            assert [a.id() for a in back.arms.values()] == [a.id() for a in config.arms.values()]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (f'[market]\nwithout = ["ransum"]\n{ARM}',
             "market.without = 'ransum': unknown mechanism (did you mean \"ransom\"?)"),
            (f'{ARM}without = ["x"]\n', "arms.a.without = 'x': unknown mechanism"),
            (f'{ARM}market = {{ without = 3 }}\n', "arms.a.market.without = 3: must be a list"),
            (f'[market]\nwithout = ["ransom"]\nransom = 1.0\n{ARM}',
             "market.ransom = 1.0: the mechanism 'ransom' is off"),
            (f'[market]\nwithout = ["ratings"]\ntier_bonus = 0.5\n{ARM}',
             "('tiers' is off because it needs 'ratings')"),
            (f'[market]\nwithout = ["ransom"]\n{ARM}market = {{ ransom = 1.0 }}\n',
             "arms.a.market.ransom = 1.0: the mechanism 'ransom' is off"),
            (f'{ARM}without = ["ransom"]\nmarket = {{ ransom = 1.0 }}\n',
             "arms.a.market.ransom = 1.0: the mechanism 'ransom' is off"),
            (f'[market]\nwithout = ["referrals"]\n{ARM}[policies.buyers.high_trust]\n'
             'search = "referral"\n',
             "policies.buyers.high_trust.search = 'referral': the mechanism 'referrals' is off"),
            (f'[market]\nwithout = ["familiarity"]\n{ARM}[instruments.escrow]\nnovel = 1\n',
             "instruments.escrow.novel = 1: the mechanism 'familiarity' is off"),
            (f'[market]\nwithout = ["hold_up"]\n{ARM}[design]\nmethod = "grid"\n'
             "parameters.market.hold_up = [0.1, 0.2]\n",
             "design.parameters.market.hold_up: its mechanism 'hold_up' is off"),
        ],
    )  # fmt: skip
    def test_what_is_refused(self, tmp_path: Path, text: str, said: str) -> None:
        with pytest.raises(ConfigError) as caught:
            load(tmp_path, text)
        assert said in str(caught.value)
        assert str(caught.value).startswith(str(tmp_path / "x.toml"))

    def test_set_takes_a_list(self, tmp_path: Path) -> None:
        config = load(tmp_path, ARM, 'market.without=["ransom"]', 'arms.a.without=["blame"]')
        assert config.arms["a"].without == ("ransom", "blame")


class TestDesign:
    def test_a_grid_over_mechanisms(self, tmp_path: Path) -> None:
        text = (
            f'{ARM}{OTHER}[design]\nmethod = "grid"\n'
            'parameters.without = ["nothing", "ransom", "hold_up"]\n'
        )
        config = load(tmp_path, text)
        assert list(points_table(config.design, 0)["without"]) == ["nothing", "ransom", "hold_up"]
        for arm in config.arms:
            assert config.at(arm, {"without": "nothing"}) == config.arms[arm]
            assert config.at(arm, {"without": "hold_up"}).market.hold_up == 0.0
        assert again(config, tmp_path) == config

    def test_an_ablation_of_all_that_is_at_work(self, tmp_path: Path) -> None:
        text = f'{ARM}[market]\nwithout = ["hold_up"]\n[design]\nmethod = "ablation"\n'
        config = load(tmp_path, text)
        assert config.design is not None
        names = config.design.mechanisms
        # Nobody imitates, and nobody sells under new owners, unless it is studied.
        assert not {"hold_up", "imitation", "new_owners"} & set(names)
        assert {"ransom", "referrals", "ratings", "blame"} <= set(names)
        for name in names:
            assert config.at("a", {"without": name}).id() != config.arms["a"].id()
        table = points_table(config.design, 0)
        assert list(table["without"]) == ["nothing", *names]
        assert read_design(config.design.table(0)) == config.design

    def test_what_is_at_work_in_one_arm_is_enough(self, tmp_path: Path) -> None:
        lean = '[arms.b]\nbuyer_mix = "adversarial"\nwithout = ["hold_up"]\n'
        config = load(tmp_path, f'{ARM}{lean}[design]\nmethod = "ablation"\n')
        assert config.design is not None
        assert {"hold_up", "referrals"} <= set(config.design.mechanisms)

    def test_named_mechanisms(self, tmp_path: Path) -> None:
        design = '[design]\nmethod = "ablation"\nmechanisms = ["ransom", "hold_up"]\n'
        config = load(tmp_path, ARM + design)
        assert config.design is not None
        assert config.design.mechanisms == ("hold_up", "ransom")
        assert config.design.table(1) == {
            "method": "ablation", "mechanisms": ["hold_up", "ransom"],
        }  # fmt: skip
        assert again(config, tmp_path) == config

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ('mechanisms = ["ransum"]', "design.mechanisms = 'ransum': unknown mechanism"),
            ("mechanisms = []", "design.mechanisms = []: must name a mechanism"),
            ('mechanisms = ["imitation"]', "'imitation': is not at work in any arm"),
            ('mechanisms = ["blame"]', "'blame': is not at work in any arm"),
            ("points = 3", "design.points = 3: the method ablation has none"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, line: str, said: str) -> None:
        text = f'[market]\nwithout = ["blame"]\n{ARM}[design]\nmethod = "ablation"\n{line}\n'
        with pytest.raises(ConfigError) as caught:
            load(tmp_path, text)
        assert said in str(caught.value)
        assert str(caught.value).startswith(str(tmp_path / "x.toml"))

    def test_a_dimension_knows_its_mechanisms(self, tmp_path: Path) -> None:
        text = f'{ARM}[design]\nmethod = "grid"\nparameters.without = ["ransum"]\n'
        with pytest.raises(
            ConfigError, match=r"design\.parameters\.without = 'ransum'.*\"ransom\""
        ):
            load(tmp_path, text)

    def test_runs_say_what_was_off(self, tmp_path: Path) -> None:
        from trustsim.study import Experiment

        small = "rounds = 2\nreplications = 1\nkeep = ['runs']\n"
        design = '[design]\nmethod = "ablation"\nmechanisms = ["ransom", "hold_up"]\n'
        config = load(tmp_path, f"{small}[market]\nbuyers = 4\nsuppliers = 3\n{ARM}{design}")
        Experiment(config).run(tmp_path / "out", jobs=1, report=False)
        runs = pd.read_parquet(tmp_path / "out" / "runs.parquet")
        assert list(runs["without"]) == ["nothing", "hold_up", "ransom"]
        assert load_experiment(tmp_path / "out" / "experiment.toml") == config
