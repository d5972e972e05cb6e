"""Designs: what may vary, how the space is sampled, and what every point becomes."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trustsim.config.design import METHODS, SAMPLED, read_design
from trustsim.config.dimensions import Dimensions
from trustsim.errors import ConfigError
from trustsim.experiment.plan import points_table, unit_sample
from trustsim.schema.translation import read

read_dimensions = partial(read, Dimensions)

VOLATILITY = "market.demand_volatility"
COST = "market.lot_cost"


def dimension(specification: object, path: str = COST) -> Any:
    return read_dimensions({path: specification}, "design.parameters")[0]


def design(method: str, points: object = None, **parameters: object) -> Any:
    table: dict[str, Any] = {"method": method}
    if points is not None:
        table["points"] = points
    table["parameters"] = parameters or {
        VOLATILITY: {"low": 0.0, "high": 0.6},
        COST: {"low": 0.5, "high": 5.0, "scale": "log"},
        "market.suppliers": {"low": 5, "high": 8},
    }
    return read_design(table)


class TestDimensions:
    def test_a_line_and_a_log_scale(self) -> None:
        assert dimension({"low": 1, "high": 3}).of([0, 0.25, 1]).tolist() == [1.0, 1.5, 3.0]
        logs = dimension({"low": 0.5, "high": 8, "scale": "log"}).of([0, 0.25, 0.5, 1])
        np.testing.assert_allclose(logs, [0.5, 1.0, 2.0, 8.0], rtol=1e-12)

    def test_whole_numbers_are_equally_often(self) -> None:
        whole = dimension({"low": 3, "high": 6}, "market.suppliers")
        values = whole.of((np.arange(400) + 0.5) / 400)
        assert values.dtype == np.int64
        assert np.unique(values, return_counts=True)[1].tolist() == [100] * 4
        assert whole.of([0.0, 1.0]).tolist() == [3, 6]

    def test_whole_numbers_on_a_log_scale_reach_both_ends(self) -> None:
        whole = dimension({"low": 1, "high": 100, "scale": "log"}, "market.suppliers")
        values = whole.of(np.linspace(0, 1, 2001))
        assert (values.min(), values.max()) == (1, 100)
        # As many between 1 and 9 as between 10 and 100, but for the rounding at the ends.
        assert abs(np.mean(values < 10) - 0.5) < 0.02

    def test_choices_are_equally_often(self) -> None:
        names = ["none", "all", "deming"]
        choice = dimension({"choices": names}, "policies.buyers.high_trust.inspection")
        assert choice.kind == "choice"
        assert choice.of([0.0, 0.34, 0.99, 1.0]).tolist() == ["none", "all", "deming", "deming"]

    @pytest.mark.parametrize(
        ("specification", "expected"),
        [
            (
                {"distribution": "triangular", "mode": 1.5},
                stats.triang((1.5 - 1) / 2, loc=1, scale=2),
            ),
            ({"distribution": "normal", "mean": 2, "sd": 0.4}, stats.truncnorm(-2.5, 2.5, 2, 0.4)),
            ({"distribution": "beta", "a": 2, "b": 5}, stats.beta(2, 5, loc=1, scale=2)),
        ],
    )
    def test_distributions_are_those_of_scipy(self, specification: Any, expected: Any) -> None:
        found = dimension({"low": 1, "high": 3, **specification}).of(np.linspace(0.01, 0.99, 99))
        np.testing.assert_allclose(
            found, expected.ppf(np.linspace(0.01, 0.99, 99)), rtol=1e-9, atol=1e-12
        )

    def test_far_tails_are_exact(self) -> None:
        tail = {"low": 1.0, "high": 2.0, "distribution": "normal", "mean": 0.0, "sd": 0.25}
        unit = np.array([1e-9, *np.linspace(0.1, 0.9, 9), 1 - 1e-9])
        found, expected = dimension(tail).of(unit), stats.truncnorm(4.0, 8.0, 0.0, 0.25).ppf(unit)
        np.testing.assert_allclose(found, expected, rtol=1e-9)

    def test_a_lognormal_has_its_median_in_the_middle(self) -> None:
        wide = {"low": 0.01, "high": 100, "distribution": "lognormal", "median": 1.0, "sigma": 0.5}
        assert dimension(wide).of([0.5])[0] == pytest.approx(1.0, rel=1e-6)

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.sampled_from(["linear", "log"]))
    def test_values_stay_within_and_rise(self, unit: list[float], scale: str) -> None:
        found = dimension({"low": 0.3, "high": 7.0, "scale": scale}).of(sorted(unit))
        assert np.all((found >= 0.3) & (found <= 7.0))
        assert np.all(np.diff(found) >= 0)

    def test_what_is_written_reads_back_as_the_same(self) -> None:
        parameters: dict[str, Any] = {
            COST: {"low": 0.5, "high": 2.0, "distribution": "triangular", "mode": 1.0},
            "market": {"suppliers": {"low": 5, "high": 40, "scale": "log"}},
            "market.supplier_mix.opportunist": [0.0, 0.25],
            "policies.buyers.high_trust.inspection": {"choices": ["none", "all"]},
        }
        read = read_dimensions(parameters, "x")
        assert read_dimensions({d.path: d.table() for d in read}, "x") == read

    def test_a_policy_may_be_called_like_a_number_of_a_distribution(self) -> None:
        nested = {"market": {"supplier_mix": {"a": [0.1, 0.2], "sd": {"low": 0.0, "high": 0.3}}}}
        paths = [d.path for d in read_dimensions(nested, "x")]
        assert paths == ["market.supplier_mix.a", "market.supplier_mix.sd"]


class TestMethods:
    def test_a_latin_hypercube_has_one_point_in_every_part(self) -> None:
        sample = unit_sample(design("latin_hypercube", 50), 3)
        parts = np.sort((sample * 50).astype(int), axis=0)
        assert (parts == np.arange(50)[:, None]).all()

    @pytest.mark.parametrize("method", ["sobol_sequence", "sobol", "morris"])
    def test_a_longer_sample_begins_with_the_shorter_one(self, method: str) -> None:
        short, long = (unit_sample(design(method, n), 0) for n in (8, 32))
        assert (long[: len(short)] == short).all()
        assert len(long) == 4 * len(short)

    @pytest.mark.parametrize(
        ("method", "points", "rows"),
        [
            ("latin_hypercube", 10, 10),
            ("sobol_sequence", 8, 8),
            ("sobol", 8, 40),
            ("morris", 6, 24),
        ],
    )
    def test_number_of_points(self, method: str, points: int, rows: int) -> None:
        assert len(points_table(design(method, points), 1)) == rows

    @pytest.mark.parametrize("method", SAMPLED)
    def test_seeds_tell_samples_apart_and_zero_is_one(self, method: str) -> None:
        one, same, other = (unit_sample(design(method, 8), seed) for seed in (0, 0, 1))
        assert (one == same).all()
        assert not (one == other).all()

    def test_sobol_hybrids_change_one_parameter_of_the_base(self) -> None:
        blocks = unit_sample(design("sobol", 4), 5).reshape(4, 5, 3)
        for block in blocks:
            for k in range(3):
                hybrid = block[1 + k]
                assert hybrid[k] == block[-1][k]
                others = [i for i in range(3) if i != k]
                assert (hybrid[others] == block[0][others]).all()

    def test_morris_changes_one_parameter_at_a_time(self) -> None:
        for trajectory in unit_sample(design("morris", 5), 5).reshape(5, 4, 3):
            steps = np.diff(trajectory, axis=0) != 0
            assert (steps.sum(axis=1) == 1).all()
            assert (steps.sum(axis=0) == 1).all()

    def test_powers_of_two_are_asked_for_and_rounded_up(self) -> None:
        rounded = design("sobol", 100)
        assert rounded.points == (128,)
        assert (
            "design.points = 100: a sobol sample is balanced only with a power of two"
            in (rounded.notices[0])
        )
        assert design("sobol", 128).notices == ()
        assert design("latin_hypercube", 100).notices == ()

    def test_grid(self) -> None:
        found = points_table(
            design("grid", **{COST: [1.0, 2.0], VOLATILITY: {"low": 0, "high": 1, "levels": 3}}), 0
        )
        assert found.to_numpy().tolist() == [
            [1.0, 0.0], [1.0, 0.5], [1.0, 1.0], [2.0, 0.0], [2.0, 0.5], [2.0, 1.0],
        ]  # fmt: skip

    def test_zip_and_list(self) -> None:
        zipped = design("zip", **{COST: [1.0, 2.0], VOLATILITY: [0.1, 0.3]})
        rows = [{COST: 1.0, VOLATILITY: 0.1}, {"market": {"lot_cost": 2, "demand_volatility": 0.3}}]
        listed = read_design({"method": "list", "rows": rows})
        for each in (zipped, listed):
            found = points_table(each, 0)
            assert found.to_dict("records") == [
                {COST: 1.0, VOLATILITY: 0.1},
                {COST: 2.0, VOLATILITY: 0.3},
            ]
            assert read_design(each.table(7)) == each

    def test_a_latin_hypercube_grows_by_blocks(self) -> None:
        small = design("latin_hypercube", 10)
        grown = design("latin_hypercube", 16).extending(small)
        assert grown.points == (10, 6)
        assert (unit_sample(grown, 1)[:10] == unit_sample(small, 1)).all()
        assert design("latin_hypercube", 4).extending(small) == small
        assert read_design(grown.table(1)).points == (10, 6)

    @settings(max_examples=30, deadline=None)
    @given(st.sampled_from(SAMPLED), st.integers(1, 40), st.integers(0, 2**63 - 1))
    def test_samples_lie_in_the_unit_cube(self, method: str, points: int, seed: int) -> None:
        sample = unit_sample(design(method, points), seed)
        assert sample.shape[1] == 3
        assert np.all((sample >= 0) & (sample <= 1))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (3, "design = 3: must be a table"),
        ({"metod": "grid"}, 'design.metod = \'grid\': unknown key (did you mean "method"?)'),
        ({"method": "gird"}, '(did you mean "grid"?)'),
        ({}, "design.method: a design needs one"),
        ({"method": "grid"}, "design.parameters: must be a table of parameters"),
        ({"method": "grid", "points": 3}, "design.points = 3: the method grid has none"),
        ({"method": "latin_hypercube", "parameters": {COST: {"low": 1, "high": 2}}},
         "design.points: allowed: a whole number from 1"),
        ({"method": "sobol", "points": 2.5, "parameters": {COST: {"low": 1, "high": 2}}},
         "design.points = 2.5: allowed: a whole number"),
        ({"method": "sobol", "points": [3, 4], "parameters": {COST: {"low": 1, "high": 2}}},
         "design.points = [3, 4]: only a latin_hypercube has blocks; give one number"),
        ({"method": "list", "rows": [{"market": {}}]}, "this one differs in nothing"),
        ({"method": "morris", "points": 2, "levels": 3,
          "parameters": {COST: {"low": 1, "high": 2}}},
         "design.levels = 3: allowed: an even number"),
        ({"method": "zip", "parameters": {COST: [1.0], VOLATILITY: [0.1, 0.2]}},
         f"zip needs lists of the same length; {COST} has 1, {VOLATILITY} has 2"),
        ({"method": "grid", "parameters": {COST: {"low": 1, "high": 2}}},
         "needs a list of values, or a range with levels"),
        ({"method": "latin_hypercube", "points": 4,
          "parameters": {COST: {"low": 1, "high": 2, "levels": 3}}},
         "levels = 3: only a grid has levels of single parameters"),
        ({"method": "list", "rows": [{COST: 1.0}, {VOLATILITY: 0.1}]},
         "design.rows[1]: all rows must give the same parameters"),
        ({"method": "list", "rows": [{COST: "x"}]},
         f"design.rows[0].{COST} = 'x': allowed: a number"),
    ],
)  # fmt: skip
def test_designs_that_cannot_be_used(table: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_design(table, "")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("path", "specification", "said"),
    [
        (COST, {"low": 2, "high": 1}, "must be below high = 1; the range is empty"),
        (COST, {"low": 2, "high": 2}, "must be below high = 2; the range is empty"),
        (COST, {"low": 2}, "high: allowed: a number from 0.001 to 1000"),
        (COST, {"low": 0.5, "high": 5e9}, "high = 5000000000.0: allowed: a number from"),
        (COST, {"low": True, "high": 2}, "low = True: allowed: a number"),
        (COST, {"low": 1, "high": 2, "hihg": 3},
         'hihg = 3: unknown key of a uniform range (did you mean "high"?)'),
        (COST, [], "must be a list of values, not empty"),
        (COST, [1.0, 1.0], "a value stands there twice"),
        (COST, 3, "must be a list of values, not empty, or else a range"),
        (COST, {"values": [1.0], "low": 1}, "must be a list of values, not empty, or else a range"),
        (COST, {"low": 1, "high": 2, "scale": "lgo"}, 'unknown scale (did you mean "log"?)'),
        (VOLATILITY, {"low": 0, "high": 1, "scale": "log"}, "must be above 0 on a log scale"),
        (COST, {"low": 1, "high": 2, "distribution": "normal"},
         "mean: allowed: a finite number"),
        (COST, {"low": 1, "high": 2, "distribution": "normal", "mean": 1, "sd": 0},
         "sd = 0: allowed: a number above 0"),
        (COST, {"low": 1, "high": 2, "distribution": "triangular", "mode": 3},
         "mode = 3: next to nothing of the triangular distribution lies between low and high"),
        (COST, {"low": 1, "high": 2.5, "distribution": "normal", "mean": 200, "sd": 0.01},
         "mean = 200: next to nothing of the normal distribution lies between low and high"),
        (COST, {"low": 1, "high": 2.5, "distribution": "lognormal", "median": 1e-9, "sigma": 0.1},
         "median = 1e-09: next to nothing of the lognormal distribution lies between low and high"),
        (COST, {"values": [1.0], "choices": [2.0]},
         "must be a list of values, not empty, or else a range"),
        (COST, {"low": 1, "high": 2, "row": 1}, "row = 1: unknown key of a uniform range"),
        ("market.suppliers", {"low": 5.0, "high": 8}, "low = 5.0: allowed: a whole number"),
        (COST, {"low": 1, "high": 2, "distribution": "nromal", "mean": 1, "sd": 1},
         "distribution = 'nromal': unknown distribution (did you mean \"normal\"?)"),
        (COST, {"low": 1, "high": 2, "distribution": "beta", "a": 1, "b": 1, "scale": "log"},
         "scale = 'log': only a uniform distribution has a scale"),
        (COST, {"low": 1, "high": 2, "sd": 1},
         "sd = 1: unknown key of a uniform range; allowed: low, high, scale, "),
        ("market.suppliers", {"low": 1.5, "high": 3}, "low = 1.5: allowed: a whole number"),
        ("policies.buyers.high_trust.inspection", {"low": 0, "high": 3},
         "a choice has no range; allowed: choices = [...] of none, all"),
        ("policies.buyers.high_trust.inspection", ["al"], '(did you mean "all"?)'),
        ("market.lot_cots", [1.0], 'unknown market parameter (did you mean "lot_cost"?)'),
        ("markt.lot_cost", [1.0],
         'no parameter can be called \'markt.lot_cost\' (did you mean "market"?)'),
        ("market.supplier_mix.opportunist", {"low": 0, "high": 1.5},
         "high = 1.5: allowed: a number from 0 to 1"),
        ("seed", [1, 2], "no parameter can be called 'seed'"),
    ],
)  # fmt: skip
def test_parameters_that_cannot_vary_so(path: str, specification: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_dimensions({path: specification}, "design.parameters", "my.toml")
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"my.toml: design.parameters.{path}")


def test_every_method_is_explained() -> None:
    assert set(SAMPLED) < set(METHODS)
    assert all(len(text) > 20 for text in METHODS.values())
    assert math.isnan(dimension([1.0]).low)


def test_missing_salib_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name.startswith("SALib"):
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"pip install trustsim\[sensitivity\]"):
        unit_sample(design("sobol", 4), 1)
