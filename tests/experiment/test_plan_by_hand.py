"""Plans: places, ids and orders of runs by hand, and samples as their libraries give them."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import numpy as np
import pytest
from scipy.stats import qmc
from support.small_designs import Make, cube, grid

from trustsim import __version__
from trustsim.config.design import read_design
from trustsim.experiment.plan import Plan, Run, points_table, scenario_of, unit_sample


def test_places_count_arms_then_points_then_replicates(make: Make) -> None:
    plan = Plan(make(grid(1.0, 2.0, 3.0)))
    assert (plan.arms, plan.points, plan.replications, len(plan)) == (("high", "low"), 3, 2, 12)
    seen = [(run.arm, run.point, run.replicate) for run in (plan.run(place) for place in range(12))]
    assert seen == [(a, p, r) for a in ("high", "low") for p in range(3) for r in range(2)]
    runs = plan.runs(np.array([7, 0]))
    assert len(runs) == 2
    assert [run.run_id for run in runs] == [plan.run(7).run_id, plan.run(0).run_id]


def test_runs_are_computed_point_by_point_and_replicate_by_replicate(make: Make) -> None:
    plan = Plan(dataclasses.replace(make(grid(1.0, 2.0)), replications=3))
    # place = (arm 2 + point) 3 + replicate
    assert plan.order(0, 3).tolist() == [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]
    assert plan.order(1, 3).tolist() == [1, 7, 2, 8, 4, 10, 5, 11]
    assert plan.order(2, 2).tolist() == []


def test_an_id_is_a_hash_of_scenario_values_occurrence_replicate_and_version(make: Make) -> None:
    rows = '[design]\nmethod = "list"\nrows = [{market.lot_cost = 2}, {market.lot_cost = 2}]'
    config = make(rows)
    plan = Plan(config)
    for place in range(len(plan)):
        run = plan.run(place)
        values = json.dumps([["market.lot_cost", 2.0]])
        text = f"\n{values}\n{run.point + 1}\n{run.replicate}\n{__version__}"
        whole = config.arms[run.arm].canonical.encode() + text.encode()
        assert run.run_id == hashlib.sha256(whole).hexdigest()[: len(run.run_id)]
    assert len(plan.run(0).run_id) == 16


def test_a_run_is_found_by_its_whole_id_only(make: Make) -> None:
    plan = Plan(make(grid(1.0, 2.0)))
    for place in (0, 5, 7):
        assert plan.place_of(plan.run(place).run_id) == place
    assert plan.place_of(plan.run(0).run_id[:-1]) is None
    assert plan.place_of(plan.run(0).run_id + "0") is None
    assert plan.place_of("") is None


def test_runs_asked_for_are_the_first_and_the_pairs_of_those_that_are_there(make: Make) -> None:
    plan = Plan(dataclasses.replace(make(grid(1.0, 2.0)), replications=4))
    assert plan.asked(1, np.array([], "S16")) == 2 * 2
    there = plan.ids[[2, 3, 13]]  # high: point 0, replicates 2 and 3; low: point 1, replicate 1
    assert plan.asked(1, there) == 2 * (2 + 3)
    assert plan.asked(2, there) == 2 * (4 + 2)
    assert plan.asked(4, there) == 16


def test_a_plan_holds_another_if_it_has_all_its_points(make: Make) -> None:
    wide, small, other = (
        Plan(make(grid(*values))) for values in ((1.0, 2.0, 3.0), (3.0, 1.0), (4.0,))
    )
    assert wide.holds(small)
    assert wide.holds(wide)
    assert not small.holds(wide)
    assert not wide.holds(other)


def test_points_of_grids_and_lists(make: Make) -> None:
    config = make(
        '[design]\nmethod = "grid"\n[design.parameters]\nmarket.lot_cost = [1.0, 2.0]\n'
        "market.rivals = { low = 1, high = 3, levels = 3 }"
    )
    table = points_table(config.design, 1)
    assert table["market.lot_cost"].tolist() == [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    assert table["market.rivals"].tolist() == [1, 2, 3, 1, 2, 3]
    assert points_table(None, 1).shape == (1, 0)
    zipped = make(
        '[design]\nmethod = "zip"\n[design.parameters]\nmarket.lot_cost = [1.0, 2.0]\n'
        "market.rivals = [4, 2]"
    )
    assert points_table(zipped.design, 1).to_numpy().tolist() == [[1.0, 4.0], [2.0, 2.0]]


PARAMETERS = {
    "market": {"late_gain": {"low": 1.0, "high": 3.0}, "scruple": {"low": 0.0, "high": 1.0}}
}


@pytest.mark.parametrize("own", [None, 7])
def test_samples_are_those_of_their_libraries(own: int | None) -> None:
    from SALib.sample import morris, sobol

    seed = 5 if own is None else own

    def design(method: str, **more: object):  # type: ignore[no-untyped-def]
        given = {} if own is None else {"seed": own}
        return read_design(
            {"method": method, "points": 8, "parameters": PARAMETERS, **given, **more}
        )

    hypercube = qmc.LatinHypercube(2, rng=np.random.default_rng([seed, 0])).random(8)
    np.testing.assert_array_equal(unit_sample(design("latin_hypercube"), 5), hypercube)
    table = points_table(design("latin_hypercube"), 5)
    np.testing.assert_allclose(table["market.late_gain"], 1.0 + 2.0 * hypercube[:, 0])
    np.testing.assert_allclose(table["market.scruple"], hypercube[:, 1])
    sequence = qmc.Sobol(2, rng=np.random.default_rng(seed)).random(8)
    np.testing.assert_array_equal(unit_sample(design("sobol_sequence"), 5), sequence)
    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0.0, 1.0]] * 2}
    saltelli = sobol.sample(problem, 8, calc_second_order=False, seed=np.random.default_rng(seed))
    np.testing.assert_array_equal(unit_sample(design("sobol"), 5), saltelli)
    paths = morris.sample(problem, 8, num_levels=6, seed=np.random.default_rng(seed))
    np.testing.assert_array_equal(unit_sample(design("morris", levels=6), 5), paths)


def test_a_hypercube_that_was_extended_is_one_beside_the_other() -> None:
    given = {"method": "latin_hypercube", "points": [8, 4], "seed": 3, "parameters": PARAMETERS}
    sample = unit_sample(read_design(given), 0)
    for place, (start, stop) in enumerate(((0, 8), (8, 12))):
        block = qmc.LatinHypercube(2, rng=np.random.default_rng([3, place])).random(stop - start)
        np.testing.assert_array_equal(sample[start:stop], block)


def test_the_scenario_of_a_run_has_the_values_of_its_point(make: Make) -> None:
    config = make(grid(1.0, 2.5))
    found = scenario_of(config, Run("high", 1, 0, ""))
    assert found.market.lot_cost == 2.5
    assert scenario_of(config, Run("high", 1, 1, "")) is found
    assert scenario_of(config, Run("low", 0, 0, "")).market.lot_cost == 1.0
    again = scenario_of(dataclasses.replace(config, replications=9), Run("high", 1, 0, ""))
    assert again is found  # the very same arms and design
    assert scenario_of(make(grid(1.0, 3.5)), Run("high", 1, 0, "")).market.lot_cost == 3.5
    plain = make("")
    assert scenario_of(plain, Run("low", 0, 0, "")) is plain.arms["low"]


def test_columns_of_runs_without_a_design(make: Make) -> None:
    columns = Plan(make("")).columns(np.array([3, 0]))
    assert {name: column.to_pylist() for name, column in columns.items()} == {
        "arm": ["low", "high"], "point": [0, 0], "replicate": [1, 0],
    }  # fmt: skip
    rows = Plan(make(cube("morris", 2)))
    assert list(rows.columns(np.array([0])))[3:] == list(rows.table)
