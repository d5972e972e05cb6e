"""Experiments with a design: every arm at every point, and nothing computed twice."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.small_designs import HEAD, Make, cube, grid
from support.small_experiment import SIMULATION

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment import estimate as estimating
from trustsim.experiment import run as running
from trustsim.experiment.estimate import duration, estimate, plan_lines
from trustsim.experiment.execution.executors import Attempt, ThreadExecutor
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import run_missing
from trustsim.experiment.stopping import decide
from trustsim.simulation.run import simulate


class Counting(ThreadExecutor):
    """Threads that count what they compute."""

    computed = 0

    def attempts(self, runs: Any, config: ExperimentConfig) -> Iterator[Attempt]:
        for attempt in super().attempts(runs, config):
            self.computed += 1
            yield attempt


def run(config: ExperimentConfig, folder: Path) -> tuple[dict[str, Any], pd.DataFrame, int]:
    """Run what is missing; give the manifest, the runs and how many were computed now."""
    executor = Counting(2)
    manifest = run_missing(config, folder, executor=executor)
    return manifest, pd.read_parquet(folder / "runs.parquet"), executor.computed


class TestExtending:
    def test_rows_are_those_of_simulate(self, make: Make, tmp_path: Path) -> None:
        config = make(cube("latin_hypercube", 3))
        manifest, runs, computed = run(config, tmp_path / "out")
        assert (computed, manifest["points"], manifest["runs_done"]) == (12, 3, 12)
        row = runs[(runs["arm"] == "high") & (runs["point"] == 2) & (runs["replicate"] == 1)].iloc[
            0
        ]
        paths = ["market.demand_volatility", "market.supplier_mix.opportunist"]
        values = {path: row[path] for path in paths}
        inspection = "policies.buyers.high_trust.inspection"
        outcome = simulate(config.at("high", {**values, inspection: row[inspection]}), 1)
        for name, value in outcome.measures.items():
            assert row[name] == value or (np.isnan(value) and np.isnan(row[name]))
        assert not (tmp_path / "out" / "rounds.parquet").exists()

    @pytest.mark.parametrize(("method", "more"), [("sobol_sequence", 8), ("latin_hypercube", 6)])
    def test_more_points(self, make: Make, tmp_path: Path, method: str, more: int) -> None:
        _, before, _ = run(make(cube(method, 4)), tmp_path / "out")
        manifest, after, computed = run(make(cube(method, more)), tmp_path / "out")
        assert computed == 4 * (more - 4)
        assert manifest["points"] == more
        kept = after[after["point"] < 4].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept[before.columns], before)
        # The folder's own file says all that is needed to make it again.
        again = run_missing(load_experiment(tmp_path / "out" / "experiment.toml"), tmp_path / "new")
        assert again["digest"] == manifest["digest"]
        assert run(make(cube(method, 4)), tmp_path / "out")[0]["digest"] == manifest["digest"]

    def test_more_replications_and_fewer(self, make: Make, tmp_path: Path) -> None:
        config = make(cube("morris", 2))
        run(config, tmp_path / "out")
        more = config.replace(replications=3)
        manifest, runs, computed = run(more, tmp_path / "out")
        assert computed == 2 * 8
        assert manifest["digest"] == run(more, tmp_path / "fresh")[0]["digest"]
        assert len(run(config, tmp_path / "out")[1]) == len(runs)

    def test_a_grid_in_which_values_are_put_between(self, make: Make, tmp_path: Path) -> None:
        run(make(grid(1.0, 3.0)), tmp_path / "out")
        manifest, runs, computed = run(make(grid(1.0, 2.0, 3.0)), tmp_path / "out")
        assert computed == 4
        assert runs.groupby("point")["market.lot_cost"].first().tolist() == [1.0, 2.0, 3.0]
        fresh = run(make(grid(1.0, 2.0, 3.0)), tmp_path / "fresh")[0]
        assert manifest["digest"] == fresh["digest"]

    @pytest.mark.parametrize(
        "other", [grid(1.0, 4.0), "", grid(1.0, 3.0).replace("lot_cost", "value")]
    )
    def test_another_design_is_refused(self, make: Make, tmp_path: Path, other: str) -> None:
        manifest, _, _ = run(make(grid(1.0, 3.0)), tmp_path / "out")
        with pytest.raises(ConfigError, match=r"holds the results of another experiment: design"):
            run(make(other), tmp_path / "out")
        assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == manifest

    def test_tables_that_were_not_kept_are_refused(self, make: Make, tmp_path: Path) -> None:
        config = make(grid(1.0))
        run(config, tmp_path / "out")
        with pytest.raises(ConfigError, match="keep"):
            run(dataclasses.replace(config, keep=("runs", "rounds")), tmp_path / "out")

    def test_points_of_tables_by_round(self, make: Make, tmp_path: Path) -> None:
        config = dataclasses.replace(
            make(grid(1.0, 2.0)), keep=("runs", "policies", "rounds", "ages", "temptations")
        )
        run(config, tmp_path / "out")
        rounds = pd.read_parquet(tmp_path / "out" / "rounds.parquet")
        assert rounds.groupby(["arm", "point", "replicate"]).size().tolist() == [4] * 8
        assert "point" in pd.read_parquet(tmp_path / "out" / "ages.parquet")


class TestPrecision:
    RULE = "precision = { half_width = WIDTH, relative = true, start = 4, max = 24 }"

    def with_width(self, make: Make, width: float, design: str = "") -> ExperimentConfig:
        return make(design, self.RULE.replace("WIDTH", str(width)))

    def test_the_first_look_may_be_enough(self, make: Make, tmp_path: Path) -> None:
        config = make("", self.RULE.replace("WIDTH", "1.0").replace("start = 4", "start = 12"))
        manifest, runs, computed = run(config, tmp_path / "out")
        assert (computed, manifest["replications"], len(runs)) == (24, 12, 24)

    def test_what_cannot_be_reached_ends_at_the_maximum(self, make: Make, tmp_path: Path) -> None:
        manifest, runs, _ = run(self.with_width(make, 1e-9), tmp_path / "out")
        assert manifest["replications"] == 24
        assert len(runs) == 48

    def test_between_the_two_it_stops_when_it_is_enough(self, make: Make, tmp_path: Path) -> None:
        config = self.with_width(make, 0.08)
        manifest, runs, _ = run(config, tmp_path / "out")
        n = manifest["replications"]
        assert 4 < n < 24
        assert config.precision is not None
        last = decide(runs, "low", ["high"], config.precision, n)
        assert last.reached[0].met
        wide = runs[runs["replicate"] < 4]
        assert not decide(wide, "low", ["high"], config.precision, 4).reached[0].met
        # Fewer at first, interrupted, or all at once: the same runs in the end.
        run(config.replace(replications=3), tmp_path / "slow")
        assert run(config, tmp_path / "slow")[0]["digest"] == manifest["digest"]
        assert run(config, tmp_path / "out")[2] == 0

    def test_what_has_failed_is_tried_once_however_often_somebody_looks(
        self, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, tried = SIMULATION.simulate, []

        def fails(scenario: Any, replicate: int, **options: Any) -> Any:
            tried.append((scenario.name, replicate))
            if scenario.name == "high" and replicate in (1, 5):
                raise ValueError("the river rose")
            return real(scenario, replicate, **options)

        looked: list[int] = []
        judge = running.decide

        def decide(*arguments: Any) -> Any:
            looked.append(arguments[-1])
            return judge(*arguments)

        monkeypatch.setattr(SIMULATION, "simulate", fails)
        monkeypatch.setattr(running, "decide", decide)
        config = self.with_width(make, 1e-9)
        manifest = run_missing(config, tmp_path / "out", jobs=1)
        assert looked[0] == 4
        assert looked[-1] == 24
        assert len(looked) >= 3
        assert sorted(tried) == sorted((arm, r) for arm in ("high", "low") for r in range(24))
        assert (manifest["runs_done"], manifest["runs_failed"]) == (46, 2)
        failures = pd.read_parquet(tmp_path / "out" / "failures.parquet")
        assert failures["replicate"].tolist() == [1, 5]
        # The next command tries them again, once.
        tried.clear()
        run_missing(config, tmp_path / "out", jobs=1)
        assert sorted(tried) == [("high", 1), ("high", 5)]

    def test_with_a_design_the_mean_over_its_points_counts(
        self, make: Make, tmp_path: Path
    ) -> None:
        manifest, runs, _ = run(self.with_width(make, 0.06, grid(1.0, 2.0)), tmp_path / "out")
        counts = runs.groupby(["arm", "point"])["replicate"].nunique()
        assert set(counts) == {manifest["replications"]}

    def test_a_second_arm_is_needed(self, make: Make) -> None:
        config = self.with_width(make, 0.1)
        with pytest.raises(ConfigError, match="needs a second arm"):
            dataclasses.replace(config, arms={"low": config.arms["low"]})

    def test_shares_of_instruments_are_measures(self, make: Make) -> None:
        rule = 'precision = { half_width = 0.1, measure = "instrument_share_escrow" }'
        assert make("", rule).precision is not None

    def test_a_fixed_number_puts_the_rule_aside(self, make: Make) -> None:
        assert self.with_width(make, 1e-9).replace(replications=7).precision is None


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ('market.suplier_mix.opportunist = [0.1]', "no parameter can be called"),
        ('market.supplier_mix.oportunist = [0.1]', '(did you mean "opportunist"?)'),
        ('market.buyer_mix.adversarial = [0.1]',
         "'adversarial' is not in use in 'high', so that nothing would change there; allowed: hi"),
        ('policies.buyers.price_only.bidders = [2]',
         "'price_only' is not in use in 'high' and 'low', so that nothing would change there"),
        ('policies.buyers.high_trus.bidders = [2]', '(did you mean "high_trust"?)'),
        ('instruments.escro.fee_share = [0.1]', '(did you mean "escrow"?)'),
        ('arms.hihg.market.lot_cost = [1.0]', 'no such arm (did you mean "high"?)'),
        ('market.suppliers = { low = 8, high = 3, levels = 2 }', "must be below high = 3"),
        ('market.cost_low = [0.9, 1.3]', "design: point 1 (market.cost_low = 1.3): "),
    ],
)  # fmt: skip
def test_what_the_scenario_lacks_cannot_vary(
    make: Make, tmp_path: Path, design: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        run(make(f'[design]\nmethod = "grid"\n[design.parameters]\n{design}'), tmp_path / "out")
    assert said in str(caught.value)
    assert not (tmp_path / "out" / "runs.parquet").exists()


def test_a_point_that_was_not_checked_is_a_failure_and_the_rest_goes_on(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trustsim.experiment.run.MOST_CHECKED", 1)
    config = make(grid(0.9, 1.3, 1.0).replace("lot_cost", "cost_low"))
    manifest, runs, _ = run(config, tmp_path / "out")
    assert (manifest["runs_done"], manifest["runs_failed"]) == (8, 4)
    assert set(runs["market.cost_low"]) == {0.9, 1.0}
    failures = pd.read_parquet(tmp_path / "out" / "failures.parquet")
    assert set(failures["market.cost_low"]) == {1.3}
    assert set(failures["error"]) == {"ConfigError"}
    assert failures["message"].str.contains("must not exceed cost_high").all()


def test_a_parameter_that_an_arm_sets_cannot_vary_for_all(make: Make) -> None:
    text = "[arms.third]\nbuyer_mix = { high_trust = 1.0 }\nmarket = { lot_cost = 3.0 }\n"
    with pytest.raises(ConfigError, match=r"arm 'third' sets it to 3\.0"):
        make(text + grid(1.0, 2.0))


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("keep = []", "keep = \\[\\]: must be a list of tables"),
        ('keep = ["run"]', 'no such table \\(did you mean "runs"\\?\\)'),
        ("run_timeout = 0", "run_timeout = 0: allowed: a number above 0"),
        ("smallest_difference = -1", "smallest_difference = -1: allowed"),
        ("precision = { half_with = 1 }", 'did you mean "half_width"'),
        ("precison = 3", 'unknown key \\(did you mean "precision"'),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, top: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(HEAD.replace('keep = ["runs"]', top), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_experiment(path)


def test_all_settings_survive_the_resolved_file(make: Make, tmp_path: Path) -> None:
    top = "run_timeout = 5\nsmallest_difference = 0.02\nprecision = { half_width = 0.5, max = 30 }"
    config = make(cube("sobol", 4), top)
    path = tmp_path / "resolved.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    there = load_experiment(path)
    for key in ("precision", "run_timeout", "keep", "smallest_difference", "replications"):
        assert getattr(there, key) == getattr(config, key)
    assert (Plan(there).ids == Plan(config).ids).all()
    assert there.to_toml() == config.to_toml()


def test_an_estimate_counts_what_will_be_run(make: Make) -> None:
    config = make(cube("sobol", 4))
    found = estimate(config, cores=2)
    assert (found.points, found.runs) == (4 * 5, 2 * 20 * 2)
    rate = config.market.demand_rate
    assert found.orders == pytest.approx(80 * 6 * 4 * rate)
    lines = list(plan_lines(config, found))
    assert "  world: 20 points (4 base points of sobol) over 3 parameters" in lines
    assert "  runs: 80" in lines
    ten = estimate(dataclasses.replace(config, replications=20), cores=2)
    assert ten.seconds == pytest.approx(10 * found.seconds)
    assert ten.bytes == pytest.approx(10 * found.bytes)
    kept = estimate(dataclasses.replace(config, keep=("runs", "orders")), cores=2)
    assert kept.bytes > found.bytes + 100 * found.orders
    assert kept.seconds > 2 * found.seconds
    assert found.report < ten.report < found.seconds + ten.seconds + 2 * found.report
    (told,) = [line for line in lines if line.startswith("  time: ")]
    assert f"; then at most {duration(found.report)} for the report (estimated;" in told


def test_the_report_is_counted_in_with_its_arms_and_rows() -> None:
    arms = {name: Scenario("high_trust", rounds=120, buyers=100) for name in "abc"}
    few = estimate(ExperimentConfig("x", arms, "a", replications=4), cores=2)
    many = estimate(ExperimentConfig("x", arms, "a", replications=200), cores=2)
    two = dict(list(arms.items())[:2])
    # On a server of 2025 the reports of the first two took 13.0 and 13.8 s of one core.
    assert 13 < few.report < 26
    assert few.report < many.report < 26
    assert estimate(ExperimentConfig("x", two, "a", replications=4), cores=2).report < few.report


def test_the_time_of_a_report_is_a_sum_of_its_parts(make: Make) -> None:
    config = make(grid(1.0, 2.0))
    plan = Plan(config)
    challengers = len(plan.arms) - 1
    assert estimate(config, cores=1).report == pytest.approx(
        estimating.REPORT_SECONDS
        + len(plan.arms) * estimating.REPORT_SECONDS_PER_ARM
        + len(plan) * estimating.REPORT_SECONDS_PER_ROW
        + challengers * plan.points * estimating.REPORT_SECONDS_PER_POINT
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (61, "1 min 01 s"),
        (3599, "59 min 59 s"), (3600, "1 h 00 min"), (7325, "2 h 02 min"),
    ],
)  # fmt: skip
def test_times_are_written_for_people(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 B"), (20, "20 B"), (1000, "1 kB"), (1.5e6, "1.5 MB"), (2e9, "2 GB"), (3e12, "3000 GB")],
)
def test_sizes_are_written_for_people(size: float, said: str) -> None:
    assert estimating._size(size) == said
