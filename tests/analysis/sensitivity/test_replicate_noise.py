"""Indices of stochastic models: what shared luck keeps at zero, and what finite replicates add."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from SALib.sample import sobol as sobol_sample
from support.designed_runs import design_of, runs_of, shared_luck

from trustsim.analysis.sensitivity.drivers import sensitivity
from trustsim.analysis.sensitivity.indices import morris_indices, sobol_indices
from trustsim.analysis.sensitivity.replicate_noise import replicate_noise
from trustsim.config.experiment import load_experiment
from trustsim.experiment.plan import Plan, scenario_of, unit_sample
from trustsim.simulation.run import simulate

PROBLEM = {"num_vars": 3, "names": list("abc"), "bounds": [[0.0, 1.0]] * 3}


def noisy(unit, luck):
    """Two variables that matter, luck that meets them, luck that meets all alike; a third idle."""
    return unit[:, :1] + 0.5 * unit[:, 1:2] + 2 * luck * (0.1 + unit[:, :1] * unit[:, 1:2])


def test_with_shared_luck_an_idle_parameter_is_exactly_zero():
    for method, lead in (("sobol", "ST"), ("morris", "mu_star")):
        design = design_of(method, 256, 3)
        luck = 0.2 * shared_luck(4)
        both = runs_of(
            design,
            ("a", lambda u, luck=luck: noisy(u, luck)),
            ("b", lambda u, luck=luck: luck * np.ones((len(u), 1))),
        )
        found = sensitivity(both, design, "a", "b", resamples=100)
        idle = found.indices.iloc[2]
        assert idle["verdict"] == "idle"
        names = [lead, f"{lead}_low", f"{lead}_high", f"{lead}_less_noise", f"{lead}_half_points"]
        assert (idle[names].astype(float) == 0).all()
        assert (found.indices["verdict"].iloc[:2] == "matters").all()


def test_with_luck_of_its_own_for_every_point_it_is_not():
    # each cell has luck of its own: an idle parameter's total index is the share of noise
    design, replicates, sd = design_of("sobol", 1024, 3), 4, 0.5
    luck = np.random.default_rng(2).normal(size=(1024 * 5, replicates))
    runs = runs_of(design, ("a", lambda u: u[:, :1] + 0.5 * u[:, 1:2] + sd * luck))
    found = sensitivity(runs, design, "a", resamples=100)
    idle = found.indices.iloc[2]
    signal, noise = (1 + 0.25) / 12, sd**2 / replicates
    assert idle["ST"] == pytest.approx(noise / (signal + noise), abs=0.03)  # .375
    assert idle["ST"] - idle["ST_half_points"] > 0.3  # an interval over points alone is sure of it
    assert idle["ST_less_noise"] == pytest.approx(0, abs=0.05)
    assert idle["ST_low"] <= 0
    assert idle["verdict"] == "cannot be told"
    assert found.noise.share == pytest.approx(noise / (signal + noise), abs=0.03)
    assert found.noise.share_if_independent == pytest.approx(found.noise.share, abs=0.01)


def test_less_noise_the_total_index_is_that_of_the_expectation():
    # luck of its own in every cell leaves .0225 beside a signal of .104; the truth is .8, .2 and 0
    estimates = []
    for seed in range(25):
        unit = sobol_sample.sample(
            PROBLEM, 128, calc_second_order=False, seed=np.random.default_rng(seed)
        )
        luck = np.random.default_rng(seed + 100).normal(size=(len(unit), 4))
        values = unit[:, :1] + 0.5 * unit[:, 1:2] + 0.3 * luck
        found = sobol_indices(values.reshape(128, 5, 4), resamples=2)
        estimates.append([found["ST"].value, found["ST"].less_noise, found["S1"].less_noise])
    raw, total, first = np.mean(estimates, axis=0)
    np.testing.assert_allclose(total, [0.8, 0.2, 0.0], atol=0.02)
    np.testing.assert_allclose(first, [0.8, 0.2, 0.0], atol=0.03)
    assert raw[2] > 0.15


def test_noise_that_all_points_share_in_proportion_is_taken_off_both_indices():
    # x (1 + w) + z/2: shared luck w meets the first variable; what it adds to the slope's square
    # is the square of its mean's standard error
    unit = sobol_sample.sample(
        PROBLEM, 1024, calc_second_order=False, seed=np.random.default_rng(6)
    )
    w = shared_luck(4)
    values = unit[:, :1] * (1 + w) + 0.5 * unit[:, 1:2]
    found = sobol_indices(values.reshape(1024, 5, 4), resamples=2)
    raw = (1 + w.mean()) ** 2
    less = raw - w.var(ddof=1) / 4
    for name in ("S1", "ST"):
        known = np.array([raw, 0.25, 0.0]) / (raw + 0.25)
        np.testing.assert_allclose(found[name].value, known, atol=0.01)
        known = np.array([less, 0.25, 0.0]) / (less + 0.25)
        np.testing.assert_allclose(found[name].less_noise, known, atol=0.01)
    assert abs(less - raw) > 0.05


def test_intervals_over_points_and_replicates_hold_the_truth_where_those_over_points_do_not():
    # luck w of the replicate meets the first variable, v the second, both with mean zero
    both, points = [], []
    truth = np.array([0.8, 0.2])
    for seed in range(40):
        unit = sobol_sample.sample(
            PROBLEM, 64, calc_second_order=False, seed=np.random.default_rng(seed)
        )
        w, v = np.random.default_rng(seed + 1000).normal(size=(2, 8))
        values = unit[:, :1] * (1 + w) + unit[:, 1:2] * (0.5 + v)
        total = sobol_indices(values.reshape(64, 5, 8), resamples=100, seed=seed)["ST"]
        both.append((total.low[:2] <= truth) & (truth <= total.high[:2]))
        points.append(np.abs(total.value[:2] - truth) <= total.half_points[:2])
    assert np.mean(both) > 0.85  # asked for .95; eight replicates are few
    assert np.mean(points) < 0.65


def test_noise_of_effects_is_bounded_by_what_is_taken_off():
    design = design_of("morris", 600, 3)
    unit = unit_sample(design, 0)
    luck = np.random.default_rng(4).normal(size=(len(unit), 4))
    values = (unit[:, :1] + 0.6 * luck).reshape(600, 4, 4)
    found = morris_indices(values, unit.reshape(600, 4, 3), 4, resamples=50)
    # an effect's standard error: two points of sd .6/2 over a step of 2/3
    error = np.sqrt(2) * 0.3 * 1.5
    star, sigma = found["mu_star"], found["sigma"]
    np.testing.assert_allclose(star.value[1:], np.sqrt(2 / np.pi) * error, rtol=0.1)
    np.testing.assert_allclose(star.less_noise[1:], 0, atol=0.06)
    assert (star.low[1:] <= 0).all()
    assert star.less_noise[0] <= 1 <= star.value[0]
    np.testing.assert_allclose(sigma.value, error, rtol=0.1)
    np.testing.assert_allclose(sigma.less_noise, 0, atol=0.3 * error)


def test_variance_components_by_hand():
    # rows 1 3 / 5 11: point means 2 and 8, replicate means 3 and 7, mean 5, rest +-1
    found = replicate_noise(np.array([[1.0, 3.0], [5.0, 11.0]]))
    assert found.interaction == pytest.approx(4.0)
    assert found.points == pytest.approx(18 - 2)  # variance of 2 and 8 less interaction over two
    assert found.replicates == pytest.approx(8 - 2)
    assert found.share == pytest.approx(2 / 18)
    assert found.share_if_independent == pytest.approx(5 / (16 + 5))
    assert found.replications_for(2 / 18) == 2
    assert found.replications_for(1 / 20) == 5  # 4/5 over 16 + 4/5 is under a twentieth
    assert found.replications_for(0.06) == 4


def test_variance_components_of_a_large_table():
    rng = np.random.default_rng(8)
    values = (
        rng.normal(size=(4000, 1))
        + 2 * rng.normal(size=(1, 60))
        + 0.5 * rng.normal(size=(4000, 60))
    )
    found = replicate_noise(values)
    assert found.points == pytest.approx(1.0, rel=0.08)
    assert found.replicates == pytest.approx(4.0, rel=0.4)  # of sixty draws only
    assert found.interaction == pytest.approx(0.25, rel=0.02)


@given(
    seed=st.integers(0, 1000),
    points=st.integers(2, 6),
    replicates=st.integers(2, 5),
    scale=st.floats(0.01, 100),
)
@settings(max_examples=40, deadline=None)
def test_luck_that_all_points_share_is_no_noise(seed, points, replicates, scale):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(points, replicates))
    shared = scale * rng.normal(size=replicates)
    one, other = replicate_noise(values), replicate_noise(values + shared)
    assert other.share == pytest.approx(one.share, abs=1e-6)
    assert 0 <= other.share <= 1
    alone = replicate_noise(np.outer(rng.normal(size=points), np.ones(replicates)) + shared)
    assert alone.share == pytest.approx(0, abs=1e-9)


def test_one_replicate_cannot_tell():
    design = design_of("sobol", 16, 2)
    found = sensitivity(runs_of(design, ("a", lambda u: u[:, 0])), design, "a", resamples=10)
    assert np.isnan(found.noise.share)
    np.testing.assert_array_equal(found.indices["ST"], found.indices["ST_less_noise"])


SMALL_MARKET = """
name = "small"
seed = 3
rounds = 12
replications = 2
baseline = "adversarial"
keep = ["runs"]
[market]
based_on = "components"
buyers = 6
suppliers = 4
[arms.high_trust]
buyer_mix = { high_trust = 1.0 }
[arms.adversarial]
buyer_mix = { adversarial = 1.0 }
[design]
method = "METHOD"
points = 8
[design.parameters]
market.gain_sharing = { low = 0.0, high = 1.0 }
market.item_cost = { low = 0.0001, high = 0.0004 }
policies.buyers.adversarial.trust_power = { low = 0.5, high = 4.0 }
"""


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_in_the_market_what_no_rule_reads_is_idle_only_with_shared_luck(tmp_path, method):
    # nobody samples lots here, and adversarial buyers inspect at a fixed rate whatever their trust
    file = tmp_path / "small.toml"
    file.write_text(SMALL_MARKET.replace("METHOD", method), encoding="utf-8")
    config = load_experiment(file)
    plan = Plan(config)

    def runs(luck_of):
        rows = []
        for place in range(len(plan)):
            run = plan.run(place)
            cost = simulate(scenario_of(config, run), luck_of(run)).measures["total_cost"]
            rows.append((run.arm, run.point, run.replicate, cost))
        frame = pd.DataFrame(rows, columns=["arm", "point", "replicate", "total_cost"])
        return frame.join(plan.table, on="point")

    def found(luck_of):
        arms = ("high_trust", "adversarial")
        table = runs(luck_of)
        return sensitivity(table, config.design, *arms, seed=config.seed, resamples=50).indices

    lead = "ST" if method == "sobol" else "mu_star"
    shared = found(lambda run: run.replicate)
    assert list(shared["verdict"].iloc[1:]) == ["idle", "idle"]
    assert (shared.loc[1:, [lead, f"{lead}_low", f"{lead}_high"]] == 0).all(axis=None)
    assert shared[lead].iloc[0] > 0
    apart = found(lambda run: 1000 + 2 * run.point + run.replicate)
    assert (apart[lead].iloc[1:] > 0.1 * apart[lead].iloc[0]).all()
