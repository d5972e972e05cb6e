"""Experiments: failures, rerunning a single row, executors, progress, and a study end to end."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.small_experiment import SIMULATION, all_runs, manifest, reseal

from trustsim.config.experiment import ExperimentConfig
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment.execution.executors import LARGE_MARKET, Failure, ThreadExecutor
from trustsim.experiment.run import Progress, cores_to_use, rerun, run_missing
from trustsim.study import Experiment, Results, default_folder


class TestFailures:
    @pytest.fixture
    def failing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = SIMULATION.simulate

        def fails(scenario: Scenario, replicate: int, **options: Any) -> Any:
            if scenario.name == "low" and replicate in (1, 3):
                raise ZeroDivisionError(f"in replicate {replicate}")
            return real(scenario, replicate, **options)

        monkeypatch.setattr(SIMULATION, "simulate", fails)

    @pytest.mark.usefixtures("failing")
    def test_a_failing_run_is_a_row_and_the_rest_goes_on(
        self, small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "out"
        found = run_missing(small, out, jobs=2)
        assert (found["runs_done"], found["runs_failed"]) == (10, 2)
        failures = pd.read_parquet(out / "failures.parquet")
        assert list(failures["replicate"]) == [1, 3]
        assert list(failures.columns) == [
            "run_id", "arm", "point", "replicate", "seed", "error", "message", "traceback"
        ]  # fmt: skip
        assert set(failures["arm"]) == {"low"}
        assert set(failures["seed"]) == {3}
        assert list(failures["error"]) == ["ZeroDivisionError"] * 2
        assert list(failures["message"]) == ["in replicate 1", "in replicate 3"]
        assert failures["traceback"].str.contains("raise ZeroDivisionError").all()
        assert failures["run_id"][0] == small.arms["low"].id(1)
        runs = pd.read_parquet(out / "runs.parquet")
        assert len(runs) == 10
        assert not set(runs["run_id"]) & set(failures["run_id"])
        with pytest.raises(ConfigError, match="planned but not done"):
            rerun(out, failures["run_id"][0])

    def test_failed_runs_are_tried_again(
        self, small: ExperimentConfig, tmp_path: Path, finished: Path, monkeypatch: Any
    ) -> None:
        out = tmp_path / "out"
        real = SIMULATION.simulate
        with monkeypatch.context() as context:

            def fails(scenario: Scenario, replicate: int, **options: Any) -> Any:
                if replicate == 2:
                    raise MemoryError
                return real(scenario, replicate, **options)

            context.setattr(SIMULATION, "simulate", fails)
            assert run_missing(small, out)["runs_failed"] == 3
        found = run_missing(small, out)
        assert found["runs_failed"] == 0
        assert not (out / "failures.parquet").exists()
        assert found["digest"] == manifest(finished)["digest"]

    def test_nothing_but_failures(
        self, small: ExperimentConfig, tmp_path: Path, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(SIMULATION, "simulate", lambda *a, **k: 1 / 0)
        found = run_missing(small, tmp_path / "out")
        assert (found["runs_done"], found["runs_failed"]) == (0, 12)
        assert not (tmp_path / "out" / "runs.parquet").exists()

    def test_an_error_of_the_config_ends_it_all(
        self, small: ExperimentConfig, tmp_path: Path, monkeypatch: Any
    ) -> None:
        def refuse(*args: Any, **options: Any) -> None:
            raise ConfigError("rule x does not compile")

        monkeypatch.setattr(SIMULATION, "simulate", refuse)
        with pytest.raises(ConfigError, match="does not compile"):
            run_missing(small, tmp_path / "out", jobs=2)


class TestRerun:
    def test_bit_for_bit(self, folder: Path, small: ExperimentConfig) -> None:
        run, differs = rerun(folder, small.arms["low"].id(3))
        assert (run.arm, run.replicate, differs) == ("low", 3, [])

    def test_one_bit_is_seen(self, folder: Path, small: ExperimentConfig) -> None:
        runs = pd.read_parquet(folder / "runs.parquet")
        place = int(np.flatnonzero(runs["run_id"] == small.arms["low"].id(3))[0])
        runs.loc[place, "total_cost"] = np.nextafter(runs["total_cost"][place], 9.0)
        runs.to_parquet(folder / "runs.parquet", index=False)
        reseal(folder)
        assert rerun(folder, small.arms["low"].id(3))[1] == ["runs.total_cost"]
        assert rerun(folder, small.arms["low"].id(2))[1] == []

    def test_unknown_run(self, folder: Path, small: ExperimentConfig) -> None:
        known = small.arms["low"].id(3)
        with pytest.raises(ConfigError, match=f'has no run .*did you mean "{known}"'):
            rerun(folder, known[:-1])

    def test_no_results_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="there is no such folder"):
            rerun(tmp_path / "nowhere", "x")
        with pytest.raises(ConfigError, match="no results folder"):
            rerun(tmp_path, "x")


class TestExecutors:
    @pytest.mark.parametrize(
        ("buyers", "runs", "jobs", "expected"),
        [(10, 9, 3, (3, 1)), (10, 1, 4, (1, 4)), (LARGE_MARKET, 9, 4, (1, 4))],
    )
    def test_cores_go_to_runs_or_into_runs(
        self, buyers: int, runs: int, jobs: int, expected: tuple[int, int], monkeypatch: Any
    ) -> None:
        gate = threading.Barrier(expected[0], timeout=10)

        def simulate(scenario: Scenario, replicate: int, *, threads: int, **rest: Any) -> Any:
            seen.append((threading.current_thread().ident, threads))
            gate.wait()
            raise ValueError

        seen: list[tuple[int | None, int]] = []
        monkeypatch.setattr(SIMULATION, "simulate", simulate)
        arms = {"a": Scenario("high_trust", buyers=buyers, rounds=1)}
        small = ExperimentConfig("x", arms, "a", replications=runs)
        attempts = list(ThreadExecutor(jobs).attempts(all_runs(small), small))
        workers = {worker for worker, _ in seen}
        threads = {number for _, number in seen}
        assert len(attempts) == runs
        assert (len(workers), threads) == (expected[0], {expected[1]})

    def test_failure_says_what_happened(self, small: ExperimentConfig, monkeypatch: Any) -> None:
        monkeypatch.setattr(SIMULATION, "simulate", lambda *a, **k: 1 / 0)
        attempt = next(ThreadExecutor(1).attempts(all_runs(small)[:1], small))
        assert isinstance(attempt.failure, Failure)
        assert attempt.failure.error == "ZeroDivisionError"

    @pytest.mark.parametrize("jobs", [0, -1, 1.5, True, 99_999_999_999_999, "2"])
    def test_bad_jobs(self, small: ExperimentConfig, tmp_path: Path, jobs: Any) -> None:
        with pytest.raises(ConfigError, match=f"^jobs = {jobs!r}: .* from 1 to "):
            run_missing(small, tmp_path / "out", jobs=jobs)
        assert not (tmp_path / "out").exists()

    def test_jobs_may_be_a_number_of_numpy(self) -> None:
        found = cores_to_use(np.int64(2))
        assert (found, type(found)) == (2, int)


class TestProgress:
    def test_is_told_after_every_run(self, small: ExperimentConfig, tmp_path: Path) -> None:
        told: list[Progress] = []
        run_missing(small, tmp_path / "out", progress=told.append)
        assert [each.done for each in told] == list(range(13))
        assert {each.planned for each in told} == {12}
        assert told[-1].seconds_left == 0

    def test_time_left(self) -> None:
        assert Progress(10, 30, 5, rate=3.0).seconds_left == 5.0
        assert Progress(0, 30, 0).seconds_left == float("inf")


class TestStudy:
    def test_from_file_to_answer(
        self, small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        results = Experiment.load("small.toml", ["market.buyers=5"], replications=3).run(
            report=False
        )
        assert results.folder == Path("results/small")
        assert len(results.runs) == 9
        assert results.manifest["replications"] == 3
        table = results.compare("high", "low").set_index("measure")
        assert table.loc["total_cost", "n"] == 3
        assert len(results.answer()) == 2
        assert results.failures.empty
        again = Results.open("results/small")
        assert len(again.rounds) == 3 * 3 * 5
        assert set(again.ages["arm"]) == {"high", "low", "paid_before"}
        assert again.config.arms["high"].market.buyers == 5

    def test_folder_names(self) -> None:
        arms = {"a": Scenario("high_trust")}

        def folder(name: str) -> str:
            return str(default_folder(ExperimentConfig(name, arms, "a")))

        assert folder("../../etc/x y") == "results/etc_x_y"
        assert folder("when adversarial wins") == "results/when_adversarial_wins"
        with pytest.raises(ConfigError, match="--out"):
            folder("..")
