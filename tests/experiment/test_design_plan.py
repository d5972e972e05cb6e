"""Plans of designs: which runs stand where, and how values reach the scenario."""

from __future__ import annotations

import numpy as np
import pytest
from support.small_designs import Make, cube, grid

from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment.plan import Plan
from trustsim.simulation.run import simulate


class TestPlan:
    def test_every_arm_runs_at_every_point_with_the_same_replicates(self, make: Make) -> None:
        plan = Plan(make(cube("latin_hypercube", 5)))
        runs = [plan.run(place) for place in range(len(plan))]
        assert len(runs) == 2 * 5 * 2
        assert len({r.run_id for r in runs}) == len(runs)
        assert {(r.arm, r.point, r.replicate) for r in runs} == {
            (arm, point, replicate)
            for arm in ("high", "low")
            for point in range(5)
            for replicate in range(2)
        }

    def test_pairs_and_points_are_computed_together(self, make: Make) -> None:
        plan = Plan(make(cube("latin_hypercube", 3)))
        order = [plan.run(place) for place in plan.order(0, 2)]
        assert [(r.point, r.replicate, r.arm) for r in order[:5]] == [
            (0, 0, "high"), (0, 0, "low"), (0, 1, "high"), (0, 1, "low"), (1, 0, "high"),
        ]  # fmt: skip
        assert sorted(plan.order(1, 2)) == [p for p in range(len(plan)) if p % 2 == 1]

    def test_equal_points_have_runs_of_their_own(self, make: Make) -> None:
        rows = (
            '[design]\nmethod = "list"\nrows = [{ market.lot_cost = 2 }, { market.lot_cost = 2 }]'
        )
        plan = Plan(make(rows))
        assert len(set(plan.ids.tolist())) == len(plan) == 8

    def test_without_a_design_a_run_is_its_scenario(self, make: Make) -> None:
        config = make("")
        plan = Plan(config)
        assert [plan.run(p).run_id for p in range(2)] == [config.arms["high"].id(n) for n in (0, 1)]

    def test_columns_say_which_run_stands_where(self, make: Make) -> None:
        plan = Plan(make(grid(1.0, 2.0, 3.0)))
        places = np.array([11, 0, 5])
        columns = {name: array.to_pylist() for name, array in plan.columns(places).items()}
        assert columns == {
            "arm": ["low", "high", "high"],
            "point": [2, 0, 2],
            "replicate": [1, 0, 1],
            "market.lot_cost": [3.0, 1.0, 3.0],
        }

    def test_a_run_is_found_by_its_id(self, make: Make) -> None:
        plan = Plan(make(grid(1.0, 2.0)))
        assert plan.place_of(plan.run(5).run_id) == 5
        assert plan.place_of(plan.run(5).run_id + "0") is None


class TestScenarios:
    def test_values_reach_the_scenario(self, make: Make) -> None:
        config = make(cube("latin_hypercube", 2))
        values = {
            "market.demand_volatility": 0.4,
            "market.supplier_mix.opportunist": 0.25,
            "policies.buyers.high_trust.inspection": "all",
            "instruments.escrow.fee_share": 0.011,
            "rounds": 7,
        }
        found = config.at("high", values)
        assert found.market.demand_volatility == 0.4
        assert found.supplier_mix["opportunist"] == 0.25
        assert found.buyer_policies["high_trust"].inspection == "all"
        assert found.instruments["escrow"].fee_share == 0.011
        assert found.rounds == 7
        assert found.market.buyers == 6
        others = {n: s for n, s in config.arms["high"].supplier_mix.items() if n != "opportunist"}
        rest = {n: s for n, s in found.supplier_mix.items() if n != "opportunist"}
        for name, share in others.items():
            assert rest[name] == pytest.approx(0.75 * share / sum(others.values()), rel=1e-12)
        assert sum(found.supplier_mix.values()) == pytest.approx(1.0, abs=1e-12)

    def test_a_value_of_one_arm_leaves_the_others_alone(self, make: Make) -> None:
        config = make("")
        values = {"arms.high.market.lot_cost": 2.0, "arms.low.supplier_mix.opportunist": 0.0}
        assert config.at("high", values).market.lot_cost == 2.0
        assert config.at("low", values).market.lot_cost == 1.0
        assert config.at("low", values).supplier_mix["opportunist"] == 0.0
        assert config.at("high", values).supplier_mix == config.arms["high"].supplier_mix

    def test_values_as_they_are_change_no_bit(self, make: Make) -> None:
        config = make("")
        there = config.arms["high"]
        same = config.at("high", {"market.lot_cost": 1.0, "rounds": 4})
        assert same.id(3) == there.id(3)
        assert simulate(same, 1).measures == pytest.approx(simulate(there, 1).measures, nan_ok=True)

    def test_several_values_of_one_policy(self) -> None:
        scenario = Scenario("high_trust", policies={"buyers": {"high_trust": {"bidders": 3}}})
        path = "policies.buyers.high_trust"
        found = scenario.at({f"{path}.exploration": 0.2, f"{path}.inspection": "none"})
        policy = found.buyer_policies["high_trust"]
        assert (policy.bidders, policy.exploration, policy.inspection) == (3, 0.2, "none")

    def test_shares_that_cannot_add_up(self) -> None:
        scenario = Scenario("high_trust", supplier_mix={"cooperative": 0.5, "opportunist": 0.5})
        path = "market.supplier_mix"
        with pytest.raises(ConfigError, match="cannot be made to add up to 1"):
            scenario.at({f"{path}.cooperative": 0.7, f"{path}.opportunist": 0.7})
        with pytest.raises(ConfigError, match="the mix has no such policy"):
            scenario.at({f"{path}.calculative": 0.1})
