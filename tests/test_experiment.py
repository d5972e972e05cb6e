"""Experiments: tables, folders, failures, extension, digests, and rerunning a single row."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from trustsim.errors import ConfigError
from trustsim.experiment import run as running
from trustsim.experiment.design import Run, design
from trustsim.experiment.executors import LARGE_MARKET, Attempt, Failure, ThreadExecutor
from trustsim.experiment.plan import missing
from trustsim.experiment.run import Progress, collect, rerun, run_missing
from trustsim.experiment.store import opened, read_table
from trustsim.experiment.tables import NAMES, differences, digest, merge, tables_of
from trustsim.scenario import ExperimentConfig, Scenario, load_experiment
from trustsim.study import Experiment, Results, default_folder

# The module; the package shows the function under this name.
SIMULATION = import_module("trustsim.simulate")

CONFIG = """
name = "small"
seed = 3
rounds = 3
replications = 4
baseline = "low"
[market]
buyers = 6
suppliers = 4
[arms.high]
buyer_mix = { high_trust = 1.0 }
[arms.low]
buyer_mix = { adversarial = 0.5, high_trust = 0.5 }
[arms.paid_before]
buyer_mix = { high_trust = 1.0 }
market = { contacts = 2 }
"""


@pytest.fixture
def config(tmp_path: Path) -> ExperimentConfig:
    path = tmp_path / "small.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return load_experiment(path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all runs of the experiment; tests copy it before they change it."""
    home = tmp_path_factory.mktemp("finished")
    (home / "small.toml").write_text(CONFIG, encoding="utf-8")
    run_missing(load_experiment(home / "small.toml"), home / "out", jobs=1)
    return home / "out"


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name[0] != "."}


class Stops:
    """An executor that gives some attempts and then raises."""

    def __init__(self, after: int, error: BaseException) -> None:
        self.after, self.error = after, error

    def attempts(self, runs: Sequence[Run], config: ExperimentConfig) -> Iterator[Attempt]:
        given = ThreadExecutor(1).attempts(runs, config)
        for _ in range(self.after):
            yield next(given)
        given.close()  # type: ignore[attr-defined]
        raise self.error


class TestPlan:
    def test_every_arm_has_every_replicate(self, config: ExperimentConfig) -> None:
        runs = design(config)
        assert [(r.arm, r.point, r.replicate) for r in runs] == [
            (arm, 0, n) for arm in ("high", "low", "paid_before") for n in range(4)
        ]
        assert len({run.run_id for run in runs}) == len(runs)
        assert runs[5].run_id == config.arms["low"].id(1)

    def test_missing_runs_come_in_pairs(self, config: ExperimentConfig) -> None:
        runs = design(config)
        left = missing(runs, {runs[0].run_id, runs[4].run_id})
        assert [(run.arm, run.replicate) for run in left[:4]] == [
            ("paid_before", 0), ("high", 1), ("low", 1), ("paid_before", 1)
        ]  # fmt: skip
        assert len(left) == 10


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

    def test_rows_are_the_outcomes(self, finished: Path, config: ExperimentConfig) -> None:
        runs = pd.read_parquet(finished / "runs.parquet").set_index("run_id")
        outcome = SIMULATION.simulate(config.arms["low"], 2)
        row = runs.loc[config.arms["low"].id(2)]
        for name, value in outcome.measures.items():
            assert np.array_equal(row[name], value, equal_nan=True), name

    def test_manifest(self, finished: Path, config: ExperimentConfig) -> None:
        found = manifest(finished)
        assert set(found) >= {
            "name", "model_version", "versions", "seed", "git", "platform", "runs_planned",
            "runs_done", "runs_failed", "orders", "seconds", "digest",
        }  # fmt: skip
        assert (found["runs_planned"], found["runs_done"], found["runs_failed"]) == (12, 12, 0)
        assert found["seed"] == 3
        runs = pd.read_parquet(finished / "runs.parquet")
        assert found["orders"] == int(runs["orders"].sum()) > 0
        assert load_experiment(finished / "experiment.toml") == config
        assert not (finished / "chunks").exists()
        assert not (finished / "failures.parquet").exists()

    def test_jobs_change_nothing(
        self, finished: Path, config: ExperimentConfig, tmp_path: Path
    ) -> None:
        for jobs in (2, 3):
            found = run_missing(config, tmp_path / str(jobs), jobs=jobs)
            assert found["digest"] == manifest(finished)["digest"]

    def test_again_runs_nothing_and_writes_no_table(
        self, folder: Path, config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = content(folder)
        monkeypatch.setattr(SIMULATION, "simulate", None)
        run_missing(config, folder)
        after = content(folder)
        before.pop("manifest.json")
        assert {name: after[name] for name in before} == before

    def test_more_replications_reuse_what_is_there(
        self, folder: Path, config: ExperimentConfig, tmp_path: Path, monkeypatch: Any
    ) -> None:
        fresh = run_missing(config.replace(replications=6), tmp_path / "fresh")
        seen = []
        monkeypatch.setattr(SIMULATION, "simulate", _counted(seen))
        found = run_missing(config.replace(replications=6), folder)
        assert sorted(seen) == [4, 4, 4, 5, 5, 5]
        assert found["digest"] == fresh["digest"]
        assert found["runs_done"] == 18

    def test_fewer_replications_lose_nothing(self, folder: Path, config: ExperimentConfig) -> None:
        before = manifest(folder)
        found = run_missing(config.replace(replications=2), folder)
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
        self, folder: Path, config: ExperimentConfig, change: dict[str, int], words: str
    ) -> None:
        before = content(folder)
        arms = {name: arm.replace(**change) for name, arm in config.arms.items()}
        with pytest.raises(ConfigError, match=words):
            run_missing(ExperimentConfig("small", arms, baseline="low"), folder)
        assert content(folder) == before

    def test_other_arms_are_refused(self, folder: Path, config: ExperimentConfig) -> None:
        arms = dict(list(config.arms.items())[:2])
        with pytest.raises(ConfigError, match=r"arms\.paid_before is only there"):
            run_missing(ExperimentConfig("small", arms, baseline="low"), folder)

    def test_another_question_is_the_same_experiment(
        self, folder: Path, config: ExperimentConfig
    ) -> None:
        other = ExperimentConfig("renamed", config.arms, "high", 4, "Why?", config.market)
        assert run_missing(other, folder)["name"] == "renamed"
        assert load_experiment(folder / "experiment.toml").question == "Why?"

    def test_another_version_is_refused(self, folder: Path, config: ExperimentConfig) -> None:
        changed = {**manifest(folder), "model_version": "0.0.1"}
        (folder / "manifest.json").write_text(json.dumps(changed))
        before = content(folder)
        for use in (lambda: run_missing(config, folder), lambda: rerun(folder, "x")):
            with pytest.raises(ConfigError, match=r"trustsim 0\.0\.1"):
                use()
        assert content(folder) == before

    def test_folder_with_other_files_is_refused(
        self, config: ExperimentConfig, tmp_path: Path
    ) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "runs.parquet").write_text("precious")
        with pytest.raises(ConfigError, match=r"mine: is not empty and holds no experiment\.toml"):
            run_missing(config, tmp_path / "mine")
        assert (tmp_path / "mine" / "runs.parquet").read_text() == "precious"

    def test_file_in_place_of_the_folder(self, config: ExperimentConfig, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("precious")
        for place in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(ConfigError, match="cannot be written"):
                run_missing(config, place)
        assert (tmp_path / "file").read_text() == "precious"

    def test_one_process_at_a_time(self, folder: Path, config: ExperimentConfig) -> None:
        before = content(folder)
        with opened(folder), pytest.raises(ConfigError, match=r"another process \(number \d+\)"):
            run_missing(config.replace(replications=9), folder)
        assert content(folder) == before
        run_missing(config, folder)

    def test_a_damaged_table_is_said(self, folder: Path, config: ExperimentConfig) -> None:
        path = folder / "rounds.parquet"
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(ConfigError, match=r"rounds\.parquet: is damaged"):
            run_missing(config, folder)


class TestStopping:
    @pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("lost")])
    def test_leaves_a_valid_folder(
        self, config: ExperimentConfig, tmp_path: Path, finished: Path, error: BaseException
    ) -> None:
        out = tmp_path / "out"
        with pytest.raises(type(error)):
            run_missing(config, out, executor=Stops(5, error))
        found = manifest(out)
        assert (found["runs_done"], found["runs_planned"]) == (5, 12)
        assert len(Results.open(out).runs) == 5
        assert run_missing(config, out)["digest"] == manifest(finished)["digest"]

    def test_chunks_of_a_killed_process_are_used(
        self, config: ExperimentConfig, tmp_path: Path, finished: Path, monkeypatch: Any
    ) -> None:
        out = tmp_path / "out"
        monkeypatch.setattr(running, "RUNS_PER_CHUNK", 2)
        with monkeypatch.context() as killed:
            killed.setattr(running.Store, "merge", _killed)
            with pytest.raises(KeyboardInterrupt):
                run_missing(config, out, executor=Stops(7, KeyboardInterrupt()))
        assert len(list((out / "chunks").glob("*.arrow"))) == 4
        assert manifest(out)["runs_done"] == 0
        seen: list[int] = []
        with monkeypatch.context() as counted:
            counted.setattr(SIMULATION, "simulate", _counted(seen))
            found = run_missing(config, out)
        assert len(seen) == 5
        assert found["digest"] == manifest(finished)["digest"]

    def test_manifest_and_tables_agree_when_killed(
        self, folder: Path, config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = manifest(folder)
        monkeypatch.setattr(running.Store, "merge", _killed)
        with pytest.raises(KeyboardInterrupt):
            run_missing(config.replace(replications=5), folder)
        found = manifest(folder)
        assert (found["digest"], found["orders"]) == (before["digest"], before["orders"])
        assert (found["runs_done"], found["runs_planned"]) == (12, 15)

    def test_a_damaged_chunk_is_set_aside_and_done_again(
        self, config: ExperimentConfig, tmp_path: Path, finished: Path, monkeypatch: Any
    ) -> None:
        out = tmp_path / "out"
        monkeypatch.setattr(running, "RUNS_PER_CHUNK", 3)
        with monkeypatch.context() as killed:
            killed.setattr(running.Store, "merge", _killed)
            with pytest.raises(KeyboardInterrupt):
                run_missing(config, out, executor=Stops(6, KeyboardInterrupt()))
        broken, cut = sorted((out / "chunks").glob("*.arrow"))
        damaged = bytearray(broken.read_bytes())
        damaged[-50] ^= 1
        broken.write_bytes(damaged)
        cut.write_bytes(cut.read_bytes()[:20])
        found = run_missing(config, out)
        assert found["digest"] == manifest(finished)["digest"]
        assert len(list(out.glob("damaged-*"))) == 2

    def test_stopped_between_the_tables(
        self, folder: Path, config: ExperimentConfig, tmp_path: Path
    ) -> None:
        """Tables of rounds are new, that of runs is old, chunks are still there."""
        more = config.replace(replications=5)
        fresh = run_missing(more, tmp_path / "fresh")
        old_runs = (folder / "runs.parquet").read_bytes()
        attempts = ThreadExecutor(1).attempts(design(more)[4:5], more)
        with opened(folder) as store:
            store.add(list(attempts))
            chunk = next((folder / "chunks").iterdir())
            kept = chunk.read_bytes()
            store.merge(design(more))
        chunk.parent.mkdir()
        chunk.write_bytes(kept)
        (folder / "runs.parquet").write_bytes(old_runs)
        assert run_missing(more, folder)["digest"] == fresh["digest"]

    def test_collect_puts_chunks_into_tables(
        self, config: ExperimentConfig, tmp_path: Path, monkeypatch: Any
    ) -> None:
        out = tmp_path / "out"
        with monkeypatch.context() as killed:
            killed.setattr(running.Store, "merge", _killed)
            with pytest.raises(KeyboardInterrupt):
                run_missing(config, out, executor=Stops(2, KeyboardInterrupt()))
        assert not (out / "runs.parquet").exists()
        collect(out)
        assert read_table(out, "runs").num_rows == 2


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
        self, config: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = tmp_path / "out"
        found = run_missing(config, out, jobs=2)
        assert (found["runs_done"], found["runs_failed"]) == (10, 2)
        failures = pd.read_parquet(out / "failures.parquet")
        assert list(failures["replicate"]) == [1, 3]
        assert set(failures["arm"]) == {"low"}
        assert list(failures["error"]) == ["ZeroDivisionError"] * 2
        assert list(failures["message"]) == ["in replicate 1", "in replicate 3"]
        assert failures["traceback"].str.contains("raise ZeroDivisionError").all()
        assert failures["run_id"][0] == config.arms["low"].id(1)
        runs = pd.read_parquet(out / "runs.parquet")
        assert len(runs) == 10
        assert not set(runs["run_id"]) & set(failures["run_id"])
        with pytest.raises(ConfigError, match="planned but not done"):
            rerun(out, failures["run_id"][0])

    def test_failed_runs_are_tried_again(
        self, config: ExperimentConfig, tmp_path: Path, finished: Path, monkeypatch: Any
    ) -> None:
        out = tmp_path / "out"
        real = SIMULATION.simulate
        with monkeypatch.context() as context:

            def fails(scenario: Scenario, replicate: int, **options: Any) -> Any:
                if replicate == 2:
                    raise MemoryError
                return real(scenario, replicate, **options)

            context.setattr(SIMULATION, "simulate", fails)
            assert run_missing(config, out)["runs_failed"] == 3
        found = run_missing(config, out)
        assert found["runs_failed"] == 0
        assert not (out / "failures.parquet").exists()
        assert found["digest"] == manifest(finished)["digest"]

    def test_nothing_but_failures(
        self, config: ExperimentConfig, tmp_path: Path, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(SIMULATION, "simulate", lambda *a, **k: 1 / 0)
        found = run_missing(config, tmp_path / "out")
        assert (found["runs_done"], found["runs_failed"]) == (0, 12)
        assert not (tmp_path / "out" / "runs.parquet").exists()

    def test_an_error_of_the_config_ends_it_all(
        self, config: ExperimentConfig, tmp_path: Path, monkeypatch: Any
    ) -> None:
        def refuse(*args: Any, **options: Any) -> None:
            raise ConfigError("rule x does not compile")

        monkeypatch.setattr(SIMULATION, "simulate", refuse)
        with pytest.raises(ConfigError, match="does not compile"):
            run_missing(config, tmp_path / "out", jobs=2)


class TestRerun:
    def test_bit_for_bit(self, folder: Path, config: ExperimentConfig) -> None:
        run, differs = rerun(folder, config.arms["low"].id(3))
        assert (run.arm, run.replicate, differs) == ("low", 3, [])

    def test_one_bit_is_seen(self, folder: Path, config: ExperimentConfig) -> None:
        runs = pd.read_parquet(folder / "runs.parquet")
        place = int(np.flatnonzero(runs["run_id"] == config.arms["low"].id(3))[0])
        runs.loc[place, "total_cost"] = np.nextafter(runs["total_cost"][place], 9.0)
        runs.to_parquet(folder / "runs.parquet", index=False)
        assert rerun(folder, config.arms["low"].id(3))[1] == ["runs.total_cost"]
        assert rerun(folder, config.arms["low"].id(2))[1] == []

    def test_unknown_run(self, folder: Path, config: ExperimentConfig) -> None:
        known = config.arms["low"].id(3)
        with pytest.raises(ConfigError, match=f'has no run .*did you mean "{known}"'):
            rerun(folder, known[:-1])

    def test_no_results_folder(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="there is no such folder"):
            rerun(tmp_path / "nowhere", "x")
        with pytest.raises(ConfigError, match="no results folder"):
            rerun(tmp_path, "x")


class TestTables:
    @pytest.fixture
    def attempts(self) -> list[Attempt]:
        def attempt(number: int, *instruments: str) -> Attempt:
            scenario = Scenario(
                "high_trust", buyers=4, suppliers=3, rounds=number, instruments=instruments
            )
            sums = SIMULATION.simulate(scenario, number).sums
            return Attempt(Run(f"arm{number}", 0, number, f"id{number}"), sums)

        usual = ("prepayment", "open_account")
        return [attempt(2, *usual), attempt(1, "escrow"), attempt(3, *usual)]

    def test_merge_orders_and_drops_what_is_there_twice(self, attempts: list[Attempt]) -> None:
        order = sorted((a.run for a in attempts), key=lambda run: run.replicate)
        parts = [tables_of(attempts[:2]), tables_of(attempts[1:]), tables_of(attempts[2:])]
        rounds = merge("rounds", [part["rounds"] for part in parts], order).to_pandas()
        assert list(rounds["run_id"]) == ["id1", "id2", "id2", "id3", "id3", "id3"]
        assert list(rounds["round"]) == [0, 0, 1, 0, 1, 2]
        assert rounds["instrument_share_escrow"].isna().tolist() == [False] + [True] * 5

    def test_digest_is_about_content_only(self, attempts: list[Attempt]) -> None:
        order = [a.run for a in attempts]
        whole, parts = tables_of(attempts), [tables_of([each]) for each in attempts[::-1]]
        merged = {name: merge(name, [part[name] for part in parts], order) for name in NAMES}
        straight = {name: merge(name, [whole[name]], order) for name in NAMES}
        assert digest(merged) == digest(straight)
        sliced = {name: pa.concat_tables([t[:1], t[1:]]) for name, t in straight.items()}
        assert digest(sliced) == digest(straight)

    def test_digest_sees_every_change(self, attempts: list[Attempt]) -> None:
        tables = tables_of(attempts)
        runs = tables["runs"].to_pandas()
        found = {digest(tables)}
        more = np.nextafter(runs["total_cost"][0], 9.0)
        for column, value in (("total_cost", more), ("arm", "b"), ("replicate", 9)):
            changed = runs.copy()
            changed.loc[0, column] = value
            found.add(digest({**tables, "runs": pa.Table.from_pandas(changed)}))
        found.add(digest({**tables, "runs": tables["runs"].rename_columns(
            ["w" if c == "total_cost" else c for c in tables["runs"].column_names])}))  # fmt: skip
        found.add(digest({**tables, "runs": tables["runs"].take(pa.array([1, 0, 2]))}))
        assert len(found) == 6

    def test_one_missing_value_is_like_another(self) -> None:
        odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
        one, other = pa.table({"x": odd}), pa.table({"x": [float("nan")]})
        assert digest({"runs": one}) == digest({"runs": other})
        assert differences(one, other) == []

    def test_differences(self) -> None:
        one = pa.table({"x": [1.0, 2.0], "y": [float("nan")] * 2})
        assert differences(one, pa.table({"x": [1.0, 2.0]})) == []
        assert differences(one, pa.table({"x": [1.0, 3.0], "z": [1.0, 1.0]})) == ["x", "z"]
        assert differences(one, one[:1]) == ["2 rows stored, 1 computed"]


class TestExecutors:
    @pytest.mark.parametrize(
        ("buyers", "runs", "jobs", "expected"),
        [(10, 9, 3, (3, 1)), (10, 1, 4, (1, 4)), (LARGE_MARKET, 9, 4, (1, 4))],
    )
    def test_cores_go_to_runs_or_into_runs(
        self, buyers: int, runs: int, jobs: int, expected: tuple[int, int], monkeypatch: Any
    ) -> None:
        gate = threading.Barrier(expected[0], timeout=10)

        def simulate(scenario: Scenario, replicate: int, *, threads: int) -> Any:
            seen.append((threading.current_thread().ident, threads))
            gate.wait()
            raise ValueError

        seen: list[tuple[int | None, int]] = []
        monkeypatch.setattr(SIMULATION, "simulate", simulate)
        arms = {"a": Scenario("high_trust", buyers=buyers, rounds=1)}
        config = ExperimentConfig("x", arms, "a", replications=runs)
        attempts = list(ThreadExecutor(jobs).attempts(design(config), config))
        workers = {worker for worker, _ in seen}
        threads = {number for _, number in seen}
        assert len(attempts) == runs
        assert (len(workers), threads) == (expected[0], {expected[1]})

    def test_failure_says_what_happened(self, config: ExperimentConfig, monkeypatch: Any) -> None:
        monkeypatch.setattr(SIMULATION, "simulate", lambda *a, **k: 1 / 0)
        attempt = next(ThreadExecutor(1).attempts(design(config)[:1], config))
        assert isinstance(attempt.failure, Failure)
        assert attempt.failure.error == "ZeroDivisionError"

    @pytest.mark.parametrize("jobs", [0, -1, 1.5, True])
    def test_bad_jobs(self, config: ExperimentConfig, tmp_path: Path, jobs: Any) -> None:
        with pytest.raises(ConfigError, match="jobs"):
            run_missing(config, tmp_path / "out", jobs=jobs)
        assert not (tmp_path / "out").exists()


class TestProgress:
    def test_is_told_after_every_run(self, config: ExperimentConfig, tmp_path: Path) -> None:
        told: list[Progress] = []
        run_missing(config, tmp_path / "out", progress=told.append)
        assert [each.done for each in told] == list(range(13))
        assert {each.planned for each in told} == {12}
        assert told[-1].seconds_left == 0

    def test_time_left(self) -> None:
        assert Progress(10, 30, 5, rate=3.0).seconds_left == 5.0
        assert Progress(0, 30, 0).seconds_left == float("inf")


class TestStudy:
    def test_from_file_to_answer(
        self, config: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def _counted(seen: list[int]) -> Any:
    real = SIMULATION.simulate

    def simulate(scenario: Scenario, replicate: int, **options: Any) -> Any:
        seen.append(replicate)
        return real(scenario, replicate, **options)

    return simulate


def _killed(*args: Any) -> None:
    raise KeyboardInterrupt
