"""Which folders are ours, what is done in them, and how failures are written."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from support.small_experiment import all_runs, attempts_of, leave_chunks, unsealed

from trustsim.config.experiment import ExperimentConfig
from trustsim.config.models import KEPT
from trustsim.errors import ConfigError
from trustsim.experiment.execution.executors import Attempt, Failure
from trustsim.experiment.plan import Plan
from trustsim.experiment.storage.files import kept_in
from trustsim.experiment.storage.seals import sealed
from trustsim.experiment.storage.store import opened

SEALED = json.dumps(sealed({"name": "x"}, {}))


@pytest.mark.parametrize(
    ("files", "ours"),
    [
        ({}, True),
        ({".hidden": ""}, True),
        ({"notes.txt": ""}, False),
        ({"notes.txt": "", ".lock": ""}, False),
        ({"experiment.toml": ""}, False),
        ({"experiment.toml": "", ".lock": ""}, True),
        ({"experiment.toml": "", "manifest.json": "{}", "notes.txt": ""}, True),
        ({"manifest.json": "{}", "notes.txt": ""}, False),
        ({"manifest.json": "{}"}, False),
        ({"manifest.json": SEALED, "notes.txt": ""}, True),
    ],
)
def test_which_folders_are_ours(tmp_path: Path, files: dict[str, str], ours: bool) -> None:
    folder = tmp_path / "deep" / "out"
    if files:
        folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    if ours:
        with opened(folder) as store:
            assert store.folder == folder
        return
    with (
        pytest.raises(ConfigError, match=r"is not empty and holds no experiment.toml"),
        opened(folder),
    ):
        pass


def test_what_is_done_and_how_many_replicates_there_are(
    small: ExperimentConfig, tmp_path: Path, folder: Path
) -> None:
    with opened(tmp_path / "new") as store:
        assert store.done().tolist() == []
        assert store.replicates() == 0
        runs = all_runs(small)
        few = [run for run in runs if run.replicate in (0, 2)]
        store.add(attempts_of(small, few[:4]))
        store.add(attempts_of(small, few[2:]))
        store.add([])
        assert store.done().tolist() == sorted(run.run_id.encode() for run in few)
        assert store.replicates() == 3
        assert len(list((tmp_path / "new" / "chunks").iterdir())) == 2
    with opened(folder) as store:
        assert store.replicates() == 4
        assert len(store.done()) == 12
        more = all_runs(small.replace(replications=6))
        store.add(attempts_of(small, [run for run in more if run.replicate == 5]))
        assert store.replicates() == 6
        assert len(store.done()) == 15


def test_the_first_table_that_a_chunk_lacks_is_told(
    small: ExperimentConfig, tmp_path: Path
) -> None:
    with opened(tmp_path / "out") as store:
        store.add(attempts_of(small, all_runs(small)[:1]), ["runs"])
        with pytest.raises(
            ConfigError, match=r"without the table of rounds, which .* leave 'rounds'"
        ):
            store.done(["runs", "rounds", "ages"])
        assert len(store.done(["runs"])) == 1


def test_tables_that_were_asked_for_and_those_that_were_not(folder: Path) -> None:
    with opened(folder) as store, pytest.raises(ConfigError, match="'ages' is not to be kept"):
        store.done(["runs", "rounds", "policies"])
    (folder / "ages.parquet").unlink()
    with opened(folder) as store, pytest.raises(ConfigError, match="'ages' is to be kept"):
        store.done(["runs", "rounds", "ages", "policies"])


def test_failures_stand_in_the_order_of_the_plan_or_not_at_all(
    small: ExperimentConfig, tmp_path: Path
) -> None:
    plan = Plan(small)
    places = [7, 2, 10]
    failed = [
        Attempt(plan.run(p), failure=Failure("Flood", f"of {p}", f"here {p}")) for p in places
    ]
    with opened(tmp_path / "out") as store:
        store.write_failures([*failed, Attempt(plan.run(0))], plan)
        table = pd.read_parquet(tmp_path / "out" / "failures.parquet")
        assert list(table.columns) == [
            "run_id", "arm", "point", "replicate", "seed", "error", "message", "traceback",
        ]  # fmt: skip
        assert table["message"].tolist() == ["of 2", "of 7", "of 10"]
        assert table["traceback"].tolist() == ["here 2", "here 7", "here 10"]
        assert table["run_id"].tolist() == [plan.run(p).run_id for p in (2, 7, 10)]
        assert table["replicate"].tolist() == [2, 3, 2]
        assert (table["seed"] == 3).all()
        store.write_failures([Attempt(plan.run(0))], plan)
        assert not (tmp_path / "out" / "failures.parquet").exists()


def test_tables_that_are_as_planned_are_summed_up_and_not_written(
    small: ExperimentConfig, folder: Path, tmp_path: Path
) -> None:
    before = (folder / "runs.parquet").stat().st_mtime_ns
    runs = pd.read_parquet(folder / "runs.parquet")
    with opened(folder) as store:
        merged = store.merge(Plan(small), KEPT)
        ages = len(pd.read_parquet(folder / "ages.parquet"))
        assert merged.rows == {
            "runs": 12,
            "rounds": 60,
            "ages": ages,
            "policies": 16,
            "temptations": 72,
        }
        assert merged.orders == int(runs["orders"].sum())
        assert merged.digest == store.manifest()["digest"]
        assert store.notices == []
    assert (folder / "runs.parquet").stat().st_mtime_ns == before
    leave_chunks(small, tmp_path / "out", runs=5, per_chunk=2)
    with opened(tmp_path / "out") as store:
        merged = store.merge(Plan(small), ["runs", "rounds", "ages"])
        assert merged.rows["runs"] == 5
        assert not (tmp_path / "out" / "chunks").exists()
        assert store.manifest()["runs_done"] == 5


def test_a_folder_of_before_with_its_experiment_is_ours(folder: Path) -> None:
    unsealed(folder)
    with opened(folder) as store:
        assert len(store.done()) == 12


def test_a_results_folder_is_known_by_itself_and_by_its_experiment(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    (folder / "notes").mkdir(parents=True)
    for name in ("manifest.json", "experiment.toml", "other.toml"):
        (folder / name).touch()
    assert kept_in(folder) == folder
    assert kept_in(folder / "experiment.toml") == folder
    assert kept_in(folder / "other.toml") is None
    assert kept_in(folder / "notes") is None
    (folder / "manifest.json").unlink()
    assert kept_in(folder) is None
