"""Scenarios: what is resolved, what is refused and in which words, and what identifies a run."""

from __future__ import annotations

import dataclasses
import math
import operator
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.scenario_words import always, message

import trustsim.config.scenario
from trustsim.config.drafts import SIDES
from trustsim.config.library import built_in_markets, library
from trustsim.config.models import values_of
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.schema.checking import (
    BUYERS,
    MARKETS,
    complete,
)
from trustsim.schema.row import MAX_INSTRUMENTS


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
        row = built_in_markets()["components"].market
        changed = {k: v for k, v in values_of(row).items() if v != MARKETS.rows[k].default}
        scenario = Scenario("high_trust")
        assert {k: getattr(scenario.market, k) for k in changed} == changed
        own = values_of(library().rows(SIDES["buyer"])["high_trust"])
        assert {k: getattr(scenario.buyer_policies["high_trust"], k) for k in own} == own

    def test_is_made_once(self) -> None:
        scenario = Scenario("high_trust", rounds=9)
        before = scenario.id()
        with pytest.raises(TypeError, match="is frozen"):
            scenario.__init__("adversarial", rounds=8)  # type: ignore[misc]
        assert (scenario.rounds, scenario.name) == (9, "high_trust")
        assert scenario.id() == before == Scenario("high_trust", rounds=9).id()

    def test_frozen(self) -> None:
        with pytest.raises(AttributeError):
            Scenario("high_trust").seed = 3  # type: ignore[misc]

    @pytest.mark.parametrize(
        "field", ["buyer_mix", "supplier_mix", "buyer_policies", "supplier_policies", "instruments"]
    )
    def test_what_it_holds_is_frozen_too(self, field: str) -> None:
        scenario = Scenario("high_trust")
        held, before = getattr(scenario, field), scenario.id()
        name = next(iter(held))
        changes: list[Any] = [
            lambda: held.__setitem__(name, 0.5),
            lambda: held.__delitem__(name),
            lambda: held.update({name: 0.5}),
            lambda: held.pop(name),
            lambda: held.popitem(),
            lambda: held.clear(),
            lambda: held.setdefault("new", 0.5),
            lambda: operator.ior(held, {name: 0.5}),
        ]
        for change in changes:
            with pytest.raises(TypeError, match="it is frozen"):
                change()
        assert dataclasses.replace(scenario.draft) == scenario.draft
        assert (scenario.id(), Scenario("high_trust")) == (before, scenario)
        assert dict(held) | {name: 0.5} != held

    def test_what_it_was_made_from_may_change(self) -> None:
        mix = {"high_trust": 0.5, "adversarial": 0.5}
        sold, ways = {"cooperative": 1.0}, ["escrow", "open_account"]
        scenario = Scenario(mix, supplier_mix=sold, instruments=ways, rounds=6)
        mix["high_trust"], mix["adversarial"] = 0.9, 0.1
        sold["cooperative"] = 0.5
        ways.append("prepayment")
        for changed in (
            scenario.replace(seed=2),
            scenario.at({"market.buyers": 5}),
            scenario.with_policy("high_trust", exploration=0.01),
        ):
            assert changed.buyer_mix == {"high_trust": 0.5, "adversarial": 0.5}
            assert changed.supplier_mix == {"cooperative": 1.0}
            assert list(changed.instruments) == ["escrow", "open_account"]

    @pytest.mark.parametrize("values", [None, [1], {5: 3}, "market.buyers", {"market": None}])
    def test_what_are_no_values_by_paths(self, values: Any) -> None:
        with pytest.raises(ConfigError, match=r"values by paths|is a table"):
            Scenario("high_trust").at(values)

    def test_a_market_may_be_given_as_a_path(self, tmp_path: Path) -> None:
        (tmp_path / "m.toml").write_text("[market]\nbuyers = 7\n", encoding="utf-8")
        assert Scenario(market=tmp_path / "m.toml").market.buyers == 7

    def test_a_policy_with_no_share_is_followed_by_nobody(self) -> None:
        scenario = Scenario({"high_trust": 1.0, "adversarial": 0.0})
        with pytest.warns(UserWarning, match="nobody follows 'adversarial'.*follow high_trust$"):
            scenario.with_policy("adversarial", exploration=0.3)

    def test_equal_scenarios_are_one_key(self) -> None:
        keys = {Scenario("high_trust"): 1, Scenario("high_trust"): 2, Scenario("adversarial"): 3}
        assert list(keys.values()) == [2, 3]
        assert hash(pickle.loads(pickle.dumps(Scenario("high_trust")))) in map(hash, keys)

    def test_a_negative_zero_is_a_zero(self) -> None:
        assert Scenario("high_trust", hold_up=-0.0).id() == Scenario("high_trust", hold_up=0.0).id()
        mixes = ({"high_trust": 1.0, "adversarial": zero} for zero in (0.0, -0.0))
        assert len({Scenario(mix).id() for mix in mixes}) == 1

    @pytest.mark.parametrize("name", ["a.b", "x." + "y" * 300])
    def test_names_with_dots_are_refused(self, name: str) -> None:
        assert "cannot name a buyer policy" in message(policies={"buyers": {name: {}}})

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
            twice.with_policy("high_trust", worst=0.5)

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
            ({"market": 3}, ["market = 3", "unknown market"]),
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
        with pytest.warns(UserWarning, match=r"nobody follows 'adversarial'.*follow high_trust"):
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

    def test_numbers_of_numpy_are_numbers(self) -> None:
        scenario = Scenario(
            "high_trust", seed=np.int64(3), buyers=np.int32(9), hold_up=np.float32(0)
        )
        assert scenario.id(np.int64(2)) == Scenario("high_trust", seed=3, buyers=9, hold_up=0).id(2)

    @pytest.mark.parametrize("replicate", [-1, 2**32, 1.0, True, "1"])
    def test_bad_replicates(self, replicate: Any) -> None:
        with pytest.raises(ConfigError, match="replicate"):
            Scenario("high_trust").id(replicate)
