"""Results folders: what is in them, what is reused, what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.small_experiment import (
    SIMULATION,
    all_runs,
    attempts_of,
    content,
    counted,
    manifest,
    reseal,
)

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.errors import ConfigError
from trustsim.experiment.execution.executors import Attempt, Failure
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import rerun, run_missing
from trustsim.experiment.storage.store import opened


class TestFolder:
    def test_tables(self, finished: Path) -> None:
        runs, rounds = (pd.read_parquet(finished / f"{t}.parquet") for t in ("runs", "rounds"))
        ages = pd.read_parquet(finished / "ages.parquet")
        assert list(runs.columns[:6]) == [
            "run_id", "arm", "point", "replicate", "status", "total_cost"
        ]  # fmt: skip
        assert list(rounds.columns[:5]) == ["run_id", "arm", "replicate", "round", "policy"]
        assert list(ages.columns[:5]) == ["run_id", "arm", "replicate", "age_from", "age_to"]
        assert list(runs["arm"]) == ["high"] * 4 + ["low"] * 4 + ["paid_before"] * 4
        assert list(runs["replicate"]) == [0, 1, 2, 3] * 3
        assert set(runs["status"]) == {"done"}
        assert len(rounds) == 4 * 3 * (1 + 3 + 1)
        mixed = rounds[rounds["arm"] == "low"]
        assert list(mixed["policy"][:3]) == ["all", "adversarial", "high_trust"]
        assert list(mixed["round"][:6]) == [0, 0, 0, 1, 1, 1]
        balances = rounds.filter(like="balance_")
        assert (balances.sum(axis=1) == 0).all()
        assert set(balances.dtypes) == {np.dtype("int64")}

    def test_rows_are_the_outcomes(self, finished: Path, small: ExperimentConfig) -> None:
        runs = pd.read_parquet(finished / "runs.parquet").set_index("run_id")
        outcome = SIMULATION.simulate(small.arms["low"], 2)
        row = runs.loc[small.arms["low"].id(2)]
        for name, value in outcome.measures.items():
            assert np.array_equal(row[name], value, equal_nan=True), name

    def test_manifest(self, finished: Path, small: ExperimentConfig) -> None:
        found = manifest(finished)
        assert set(found) >= {
            "name", "model_version", "versions", "seed", "git", "platform", "runs_planned",
            "runs_done", "runs_failed", "orders", "seconds", "digest",
        }  # fmt: skip
        assert (found["runs_planned"], found["runs_done"], found["runs_failed"]) == (12, 12, 0)
        assert found["seed"] == 3
        runs = pd.read_parquet(finished / "runs.parquet")
        assert found["orders"] == int(runs["orders"].sum()) > 0
        assert load_experiment(finished / "experiment.toml") == small
        assert not (finished / "chunks").exists()
        assert not (finished / "failures.parquet").exists()

    def test_jobs_change_nothing(
        self, finished: Path, small: ExperimentConfig, tmp_path: Path
    ) -> None:
        for jobs in (2, 3):
            found = run_missing(small, tmp_path / str(jobs), jobs=jobs)
            assert found["digest"] == manifest(finished)["digest"]

    def test_again_runs_nothing_and_writes_no_table(
        self, folder: Path, small: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = content(folder)
        monkeypatch.setattr(SIMULATION, "simulate", None)
        run_missing(small, folder)
        after = content(folder)
        before.pop("manifest.json")
        assert {name: after[name] for name in before} == before

    def test_more_replications_reuse_what_is_there(
        self, folder: Path, small: ExperimentConfig, tmp_path: Path, monkeypatch: Any
    ) -> None:
        fresh = run_missing(small.replace(replications=6), tmp_path / "fresh")
        seen = []
        monkeypatch.setattr(SIMULATION, "simulate", counted(seen))
        found = run_missing(small.replace(replications=6), folder)
        assert sorted(seen) == [4, 4, 4, 5, 5, 5]
        assert found["digest"] == fresh["digest"]
        assert found["runs_done"] == 18

    def test_fewer_replications_lose_nothing(self, folder: Path, small: ExperimentConfig) -> None:
        before = manifest(folder)
        found = run_missing(small.replace(replications=2), folder)
        assert found["digest"] == before["digest"]
        assert load_experiment(folder / "experiment.toml").replications == 4

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"seed": 4}, "seed is 3 there and 4 in the config"),
            ({"rounds": 4}, "rounds is 3 there and 4"),
            ({"buyers": 7}, "market.buyers is 6 there and 7"),
        ],
    )
    def test_another_experiment_is_refused(
        self, folder: Path, small: ExperimentConfig, change: dict[str, int], words: str
    ) -> None:
        before = content(folder)
        arms = {name: arm.replace(**change) for name, arm in small.arms.items()}
        with pytest.raises(ConfigError, match=words):
            run_missing(ExperimentConfig("small", arms, baseline="low"), folder)
        assert content(folder) == before

    def test_what_one_of_the_two_does_not_say_is_not_set(
        self, tmp_path: Path, small: ExperimentConfig
    ) -> None:
        run_missing(dataclasses.replace(small, keep=("runs", "ages")), tmp_path / "out")
        with pytest.raises(ConfigError, match=r"keep is .* there and not set in the config"):
            run_missing(small, tmp_path / "out")

    def test_other_arms_are_refused(self, folder: Path, small: ExperimentConfig) -> None:
        arms = dict(list(small.arms.items())[:2])
        with pytest.raises(ConfigError, match=r"arms\.paid_before is only there"):
            run_missing(ExperimentConfig("small", arms, baseline="low"), folder)

    def test_another_question_is_the_same_experiment(
        self, folder: Path, small: ExperimentConfig
    ) -> None:
        other = ExperimentConfig("renamed", small.arms, "high", 4, "Why?", small.market)
        assert run_missing(other, folder)["name"] == "renamed"
        assert load_experiment(folder / "experiment.toml").question == "Why?"

    def test_another_version_is_refused(self, folder: Path, small: ExperimentConfig) -> None:
        reseal(folder, model_version="0.0.1")
        before = content(folder)
        for use in (lambda: run_missing(small, folder), lambda: rerun(folder, "x")):
            with pytest.raises(ConfigError, match=r"trustsim 0\.0\.1"):
                use()
        assert content(folder) == before

    def test_folder_with_other_files_is_refused(
        self, small: ExperimentConfig, tmp_path: Path
    ) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "runs.parquet").write_text("precious")
        with pytest.raises(ConfigError, match=r"mine: is not empty and holds no experiment\.toml"):
            run_missing(small, tmp_path / "mine")
        assert (tmp_path / "mine" / "runs.parquet").read_text() == "precious"

    def test_file_in_place_of_the_folder(self, small: ExperimentConfig, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("precious")
        for place in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(ConfigError, match=r"cannot be written|is a file, not a folder"):
                run_missing(small, place)
        assert (tmp_path / "file").read_text() == "precious"

    def test_one_process_at_a_time(self, folder: Path, small: ExperimentConfig) -> None:
        before = content(folder)
        with opened(folder), pytest.raises(ConfigError, match=r"another process \(number \d+\)"):
            run_missing(small.replace(replications=9), folder)
        assert content(folder) == before
        run_missing(small, folder)

    def test_chunks_without_a_table_that_is_to_be_kept_now(
        self, small: ExperimentConfig, tmp_path: Path
    ) -> None:
        with opened(tmp_path / "out") as store:
            store.add(attempts_of(small, all_runs(small)[:1]), ["runs", "policies", "ages"])
            assert len(store.done(["runs", "ages"])) == len(store.done(["runs"])) == 1
            with pytest.raises(ConfigError, match="leave 'rounds' out of keep"):
                store.done()

    def test_a_table_that_is_not_to_be_kept_any_more(self, folder: Path) -> None:
        with (
            opened(folder) as store,
            pytest.raises(ConfigError, match=r"rounds\.parquet: is there, .*add 'rounds' to keep"),
        ):
            store.done(["runs", "policies", "ages"])

    def test_failures_of_a_design(self, small: ExperimentConfig, tmp_path: Path) -> None:
        path = tmp_path / "designed.toml"
        design = '[design]\nmethod = "grid"\n[design.parameters]\nmarket.hour_cost = [0.1, 0.2]\n'
        path.write_text((tmp_path / "small.toml").read_text() + design)
        plan = Plan(load_experiment(path))
        failed = [
            Attempt(plan.run(place), failure=Failure("ValueError", f"no {place}", ""))
            for place in (9, 3, 5)
        ]
        with opened(tmp_path / "out") as store:
            store.write_failures(failed, plan)
        found = pd.read_parquet(tmp_path / "out" / "failures.parquet")
        assert list(found.columns) == [
            "run_id", "arm", "point", "replicate", "seed", "market.hour_cost",
            "error", "message", "traceback",
        ]  # fmt: skip
        assert list(found["message"]) == ["no 3", "no 5", "no 9"]
        assert list(found["market.hour_cost"]) == [0.1, 0.2, 0.1]
        assert list(found["run_id"]) == [plan.run(place).run_id for place in (3, 5, 9)]

    def test_a_damaged_table_is_said(self, folder: Path, small: ExperimentConfig) -> None:
        path = folder / "rounds.parquet"
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(ConfigError, match=r"rounds\.parquet: is damaged"):
            run_missing(small, folder)
