"""Indices of functions whose indices are known."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.designed_runs import STAND_INS, design_of, runs_of

from trustsim.analysis.sensitivity.drivers import labels, sensitivity, verdict
from trustsim.analysis.sensitivity.indices import elementary_effects, morris_indices, sobol_indices
from trustsim.config.design import read_design
from trustsim.errors import ConfigError
from trustsim.experiment.plan import unit_sample


def ishigami(unit):
    """Ishigami & Homma 1990 with a = 7, b = .1, on the cube from -pi to pi."""
    x = np.pi * (2 * unit - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


G = np.array([0.0, 1.0, 4.5, 9.0])


def sobol_g(unit):
    """Sobol' 1993: the product of (|4 x - 2| + a)/(1 + a)."""
    return np.prod((np.abs(4 * unit - 2) + G) / (1 + G), axis=1)


def test_ishigami_within_two_points_of_a_hundred_and_inside_its_intervals():
    design = design_of("sobol", 2048, 3)
    found = sensitivity(runs_of(design, ("a", ishigami)), design, "a")
    first, total = [0.3139, 0.4424, 0.0], [0.5576, 0.4424, 0.2437]
    rows = found.indices
    assert list(rows["path"]) == [f"market.{name}" for name in STAND_INS[:3]]
    for name, known in (("S1", first), ("ST", total)):
        np.testing.assert_allclose(rows[name], known, atol=0.02)
        assert (rows[f"{name}_low"] < known).all()
        assert (known < rows[f"{name}_high"]).all()
    assert list(rows["verdict"]) == ["matters"] * 3
    assert found.blocks == 2048
    assert found.points == 2048 * 5
    assert found.mean == pytest.approx(3.5, abs=0.05)


def test_the_g_function_within_two_points_of_a_hundred():
    design = design_of("sobol", 1024, 4)
    rows = sensitivity(runs_of(design, ("a", sobol_g)), design, "a").indices
    parts = 1 / (3 * (1 + G) ** 2)
    whole = np.prod(1 + parts) - 1
    np.testing.assert_allclose(rows["S1"], parts / whole, atol=0.02)
    total = parts * np.prod(1 + parts) / (1 + parts) / whole
    np.testing.assert_allclose(rows["ST"], total, atol=0.02)
    assert list(rows["verdict"]) == ["matters", "matters", "hardly matters", "hardly matters"]


def test_a_linear_function_has_its_slopes_for_effects_exactly():
    design = design_of("morris", 10, 4)
    slopes = np.array([3.0, -2.0, 0.5, 0.0])
    found = sensitivity(runs_of(design, ("a", lambda u: 1 + u @ slopes)), design, "a")
    rows = found.indices
    np.testing.assert_allclose(rows["mu"], slopes, atol=1e-12)
    np.testing.assert_allclose(rows["mu_star"], np.abs(slopes), atol=1e-12)
    np.testing.assert_allclose(rows["sigma"], 0, atol=1e-12)
    np.testing.assert_allclose(rows["mu_star_high"] - rows["mu_star_low"], 0, atol=1e-12)
    assert list(rows["verdict"]) == ["matters", "matters", "matters", "idle"]
    assert found.settled
    output = 1 + unit_sample(design, 0) @ slopes
    assert (found.mean, found.blocks, found.points) == (pytest.approx(output.mean()), 10, 50)
    assert found.lowest == pytest.approx(np.quantile(output, 0.05))
    assert found.highest == pytest.approx(np.quantile(output, 0.95))


def test_an_effect_that_turns_has_a_mean_size_and_no_mean():
    design = design_of("morris", 40, 2, levels=4)
    found = sensitivity(
        runs_of(design, ("a", lambda u: (u[:, 0] > 0.5) * (2 * u[:, 1] - 1))), design, "a"
    )
    turning = found.indices.iloc[0]
    # a step of 2/3 from low to high changes the output by 2 u - 1, that is 1 or 1/3 in size
    sizes = np.abs(2 * np.array([0, 1 / 3, 2 / 3, 1]) - 1) * 1.5
    assert turning["mu_star"] == pytest.approx(sizes.mean(), abs=0.1)
    assert turning["mu_low"] < 0 < turning["mu_high"]
    assert turning["sigma"] > turning["mu_star"]


def test_the_indices_are_those_of_salib():
    from SALib.analyze import morris, sobol

    rng = np.random.default_rng(3)
    design = design_of("sobol", 64, 3)
    values = ishigami(unit_sample(design, 0)).reshape(64, 5, 1) + rng.normal(size=(64, 5, 4))
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[0, 1]] * 3}
    theirs = sobol.analyze(problem, values.mean(axis=2).ravel(), calc_second_order=False)
    ours = sobol_indices(values, resamples=20)
    for name in ("S1", "ST"):
        np.testing.assert_allclose(ours[name].value, theirs[name], rtol=1e-12)
    design = design_of("morris", 12, 3)
    unit = unit_sample(design, 0)
    values = ishigami(unit).reshape(12, 4, 1) + rng.normal(size=(12, 4, 2))
    theirs = morris.analyze(problem, unit, values.mean(axis=2).ravel())
    ours = morris_indices(values, unit.reshape(12, 4, 3), 4, resamples=20)
    for name in ("mu_star", "mu", "sigma"):
        np.testing.assert_allclose(ours[name].value, np.asarray(theirs[name], float), rtol=1e-12)
    effects = elementary_effects(values, unit.reshape(12, 4, 3), 4)
    np.testing.assert_allclose(effects.mean(axis=(0, 2)), ours["mu"].value, rtol=1e-12)


def test_luck_is_taken_out_of_effects_as_its_error_asks():
    rng = np.random.default_rng(4)
    unit = unit_sample(design_of("morris", 12, 3), 0).reshape(12, 4, 3)
    values = (unit @ [3.0, -2.0, 1.0])[:, :, None] + 0.2 * rng.normal(size=(12, 4, 5))
    effects = np.empty((12, 3, 5))
    for block in range(12):
        for before, after in itertools.pairwise(range(4)):
            step = unit[block, after] - unit[block, before]
            (moved,) = np.flatnonzero(step)
            effects[block, moved] = (values[block, after] - values[block, before]) / step[moved]
    # A mean of five is off by a normal error, whose size is sqrt(2/pi) of its sd on average.
    errors = effects.std(axis=2, ddof=1) / math.sqrt(5)
    means = effects.mean(axis=2)
    size = np.abs(means).mean(axis=0) - math.sqrt(2 / math.pi) * errors.mean(axis=0)
    spread = means.var(axis=0, ddof=1) - (errors**2).mean(axis=0)
    found = morris_indices(values, unit, 4, resamples=20)
    np.testing.assert_allclose(found["mu_star"].less_noise, size, rtol=1e-9)
    np.testing.assert_allclose(
        found["sigma"].less_noise, np.sqrt(np.maximum(0.0, spread)), rtol=1e-9
    )


def test_a_seed_of_zero_is_a_seed():
    values = np.random.default_rng(0).normal(size=(16, 4, 3))
    once, again = (sobol_indices(values, resamples=50, seed=0) for _ in range(2))
    for name in ("S1", "ST"):
        np.testing.assert_array_equal(once[name].low, again[name].low)
        np.testing.assert_array_equal(once[name].half_points, again[name].half_points)
    other = sobol_indices(values, resamples=50, seed=1)
    assert (once["ST"].low != other["ST"].low).all()


def test_the_output_is_the_paired_difference():
    design = design_of("sobol", 32, 3)
    both = runs_of(
        design,
        ("a", lambda u: 10 * u[:, 1] + ishigami(u)),
        ("b", lambda u: 10 * u[:, 1]),
    )
    alone = runs_of(design, ("a", ishigami))
    paired = sensitivity(both, design, "a", "b", resamples=20)
    single = sensitivity(alone, design, "a", resamples=20)
    np.testing.assert_allclose(paired.indices["ST"], single.indices["ST"], rtol=1e-9)
    assert paired.baseline == "b"
    assert single.baseline is None
    assert paired.mean == pytest.approx(single.mean)
    ends = np.r_[unit_sample(design, 0)[0::5], unit_sample(design, 0)[4::5]]
    assert paired.share_below == pytest.approx((ishigami(ends) < 0).mean())


def test_convergence_holds_prefixes_of_the_design():
    design = design_of("sobol", 64, 3)
    runs = runs_of(design, ("a", ishigami))
    found = sensitivity(runs, design, "a", resamples=50)
    assert sorted(found.convergence["blocks"].unique()) == [8, 16, 32, 64]
    quarter = found.convergence.query("blocks == 16 and index == 'ST'")["value"]
    unit = unit_sample(design, 0)[: 16 * 5]
    known = sobol_indices(ishigami(unit).reshape(16, 5, 1), resamples=2)["ST"].value
    np.testing.assert_allclose(quarter, known, rtol=1e-12)
    last = found.convergence.query("blocks == 64 and index == 'ST'")
    half = found.convergence.query("blocks == 32 and index == 'ST'")
    assert found.moved == pytest.approx(
        np.abs(last["value"].to_numpy() - half["value"].to_numpy()).max()
    )
    np.testing.assert_array_equal(last["value"], found.indices["ST"])
    np.testing.assert_array_equal(last["high"], found.indices["ST_high"])
    assert not found.settled  # 64 base points are far too few for this function
    assert found.widest == pytest.approx(
        ((found.indices["ST_high"] - found.indices["ST_low"]) / 2).max()
    )


def test_an_easy_function_settles():
    design = design_of("sobol", 2048, 2)
    found = sensitivity(runs_of(design, ("a", lambda u: u[:, 0])), design, "a", resamples=100)
    assert found.settled
    assert list(found.indices["verdict"]) == ["matters", "idle"]


def test_an_index_that_still_moves_has_not_settled():
    # both slopes are 1 along the first half of the trajectories, and 1.4 along the others
    design = design_of("morris", 400, 2)

    def late(unit):
        slope = np.where(np.arange(len(unit)) < 200 * 3, 1.0, 1.4)
        return unit @ np.array([1.0, 1.0]) * slope

    found = sensitivity(runs_of(design, ("a", late)), design, "a", resamples=50)
    assert found.widest < 0.05
    assert found.moved == pytest.approx(0.2 / 1.2)
    assert not found.settled


def test_parameters_that_would_share_a_label_keep_their_paths():
    market = {"remoteness": {"low": 0.0, "high": 1.0}}
    table = {arm: {"market": market} for arm in ("a", "b")}
    parameters = {"arms": table, "market": {"scruple": {"low": 0.0, "high": 1.0}}}
    design = read_design({"method": "sobol", "points": 8, "parameters": parameters})
    assert labels(design) == ["arms.a.market.remoteness", "arms.b.market.remoteness", "scruple"]


def test_an_output_that_never_changes_has_no_drivers():
    for method, points in (("sobol", 8), ("morris", 8)):
        design = design_of(method, points, 3)
        found = sensitivity(
            runs_of(design, ("a", lambda u: np.full((len(u), 2), 4.0))), design, "a", resamples=10
        )
        assert list(found.indices["verdict"]) == ["idle"] * 3
        assert found.noise.share == 0


@given(shift=st.floats(-5, 5), scale=st.floats(1e-5, 1e5))
@settings(max_examples=20, deadline=None)
def test_shares_do_not_depend_on_the_unit_of_the_output(shift, scale):
    values = np.random.default_rng(4).normal(size=(32, 4, 3))
    values[:, 1] += values[:, 0]
    one = sobol_indices(values, resamples=10)
    other = sobol_indices(shift * scale + scale * values, resamples=10)
    for name in ("S1", "ST"):
        for part in ("value", "less_noise", "low", "high"):
            np.testing.assert_allclose(
                getattr(other[name], part), getattr(one[name], part), atol=1e-6
            )


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0, 0.0, "idle"),
        (-0.01, 0.04, "idle"),
        (0.01, 0.04, "hardly matters"),
        (-0.01, 0.2, "cannot be told"),
        (0.01, 0.2, "matters"),
    ],
)
def test_verdicts(low, high, said):
    assert verdict(low, high) == said
    assert verdict(10 * low, 10 * high, scale=10.0) == said


def test_a_rule_that_is_chosen_is_a_parameter_like_others() -> None:
    parameters = {
        "market.late_gain": {"low": 0.0, "high": 1.0},
        "policies.buyers.high_trust.inspection": {"choices": ["none", "by_trust"]},
    }
    design = read_design({"method": "sobol", "points": 64, "seed": 5, "parameters": parameters})
    runs = runs_of(
        design, ("a", lambda unit: unit[:, 0] + (unit[:, 1] < 0.5)), ("b", lambda u: 0 * u[:, 0])
    )
    found = sensitivity(runs, design, "a", "b", resamples=50)
    total = found.indices.set_index("path")["ST"]
    # Variances of a uniform number and of a coin: 1/12 and 1/4
    assert total["policies.buyers.high_trust.inspection"] == pytest.approx(3 / 4, abs=0.1)
    other = runs["policies.buyers.high_trust.inspection"].replace("none", "all")
    with pytest.raises(ConfigError, match="inspection = 'all', the design says 'none'"):
        sensitivity(
            runs.assign(**{"policies.buyers.high_trust.inspection": other}), design, "a", "b"
        )
