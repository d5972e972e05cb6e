"""Whatever stops an experiment, and wherever: what was done is kept, and the end is the same."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.small_experiment import (
    SIMULATION,
    Stops,
    all_runs,
    attempts_of,
    counted,
    interrupted,
    leave_chunks,
    manifest,
    reseal,
    unsealed,
)

from trustsim.config.experiment import ExperimentConfig
from trustsim.errors import ConfigError
from trustsim.experiment import run as running
from trustsim.experiment.check import check
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import collect, run_missing
from trustsim.experiment.storage.files import read_table, verify
from trustsim.experiment.storage.store import opened
from trustsim.study import Results

DISK_IS_FULL = Path("/dev/full")
"""A file of Linux that nothing can be written to, for the disk is full, it says."""


class TestStopping:
    @pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("lost")])
    def test_leaves_a_valid_folder(
        self, small: ExperimentConfig, tmp_path: Path, finished: Path, error: BaseException
    ) -> None:
        out = tmp_path / "out"
        with pytest.raises(type(error)):
            run_missing(small, out, executor=Stops(5, error))
        found = manifest(out)
        assert (found["runs_done"], found["runs_planned"]) == (5, 12)
        assert len(Results.open(out).runs) == 5
        assert run_missing(small, out)["digest"] == manifest(finished)["digest"]

    def test_chunks_of_a_killed_process_are_used(
        self, small: ExperimentConfig, tmp_path: Path, finished: Path, monkeypatch: Any
    ) -> None:
        out = tmp_path / "out"
        assert len(leave_chunks(small, out, runs=7, per_chunk=2)) == 4
        assert manifest(out)["runs_done"] == 0
        seen: list[int] = []
        monkeypatch.setattr(SIMULATION, "simulate", counted(seen))
        found = run_missing(small, out)
        assert len(seen) == 5
        assert found["digest"] == manifest(finished)["digest"]

    def test_manifest_and_tables_agree_when_killed(
        self, folder: Path, small: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = manifest(folder)
        monkeypatch.setattr(running.Store, "merge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_missing(small.replace(replications=5), folder)
        found = manifest(folder)
        assert (found["digest"], found["orders"]) == (before["digest"], before["orders"])
        assert (found["runs_done"], found["runs_planned"]) == (12, 15)

    def test_collect_puts_chunks_into_tables_and_tells_the_manifest(
        self, small: ExperimentConfig, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        leave_chunks(small, out, runs=2, per_chunk=1)
        assert not (out / "runs.parquet").exists()
        assert collect(out) == []
        assert read_table(out, "runs").num_rows == 2
        assert manifest(out)["runs_done"] == 2
        digest = manifest(out)["digest"]
        assert f"digest as in the manifest: {digest}" in check(out).good
        assert not (out / "chunks").exists()


STEPS = ["manifest.json", "temptations.parquet", "manifest.json", "ages.parquet"]
STEPS += ["manifest.json", "rounds.parquet"]
STEPS += ["manifest.json", "policies.parquet", "manifest.json", "runs.parquet"]


# A merge writes the manifest and renames the table, for each of five tables, that of runs last;
# then it writes the manifest. A process may be killed before each of these renames, and after all.
@pytest.mark.parametrize("last_step", range(len(STEPS) + 2))
def test_killed_while_merging(
    small: ExperimentConfig, folder: Path, tmp_path: Path, last_step: int, monkeypatch: Any
) -> None:
    more = small.replace(replications=5)
    fresh = run_missing(more, tmp_path / "fresh")
    leave_chunks(more, folder, runs=3, per_chunk=1)
    real, steps = Path.replace, []

    def killed(path: Path, target: Path) -> Path:
        if len(steps) == last_step:
            raise KeyboardInterrupt
        steps.append(target.name)
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr("trustsim.experiment.storage.store.remove", interrupted)
        with pytest.raises(KeyboardInterrupt):
            collect(folder)
    assert steps == [*STEPS, "manifest.json"][:last_step]
    assert check(folder).sound, check(folder).wrong
    assert run_missing(more, folder)["digest"] == fresh["digest"]


class TestDamage:
    def test_a_damaged_chunk_is_set_aside_done_again_and_told(
        self, small: ExperimentConfig, tmp_path: Path, finished: Path
    ) -> None:
        out = tmp_path / "out"
        broken, cut = leave_chunks(small, out, runs=6, per_chunk=3)
        content = bytearray(broken.read_bytes())
        content[-50] ^= 1
        broken.write_bytes(content)
        cut.write_bytes(cut.read_bytes()[:20])
        found = run_missing(small, out)
        assert found["digest"] == manifest(finished)["digest"]
        assert (out / f"damaged-{broken.name}").read_bytes() == bytes(content)
        told = [text for text in found["notices"] if "set aside" in text]
        assert len(told) == 2
        assert f"{broken}: is damaged (its checksum does not fit)" in told[0] + told[1]

    def test_one_that_is_damaged_twice_overwrites_nothing(
        self, small: ExperimentConfig, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        path = leave_chunks(small, out, runs=1, per_chunk=1)[0]
        for content in (b"first", b"second", b""):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            assert len(collect(out)) == 1
        assert sorted(p.read_bytes() for p in out.glob("damaged-*")) == [b"", b"first", b"second"]

    @pytest.mark.parametrize("table", ["runs", "policies", "rounds", "ages", "temptations"])
    @pytest.mark.parametrize("left", [0, 100, -100])
    def test_a_truncated_table_is_said_before_anything_is_computed(
        self, folder: Path, small: ExperimentConfig, table: str, left: int, monkeypatch: Any
    ) -> None:
        path = folder / f"{table}.parquet"
        path.write_bytes(path.read_bytes()[:left])
        others = {p: p.read_bytes() for p in folder.glob("*.parquet")}
        monkeypatch.setattr(SIMULATION, "simulate", None)
        with pytest.raises(ConfigError, match=rf"{table}\.parquet: is damaged.*put it back"):
            run_missing(small.replace(replications=5), folder)
        assert {p: p.read_bytes() for p in folder.glob("*.parquet")} == others

    @pytest.mark.parametrize("table", ["runs", "rounds"])
    def test_a_table_damaged_inside_loses_nothing_new(
        self, folder: Path, small: ExperimentConfig, table: str, finished: Path, tmp_path: Path
    ) -> None:
        path = folder / f"{table}.parquet"
        content = bytearray(path.read_bytes())
        sound = bytes(content)
        for place in range(len(content) // 4, len(content) // 2):
            content[place] ^= 0xFF
        path.write_bytes(content)
        more = small.replace(replications=5)
        with pytest.raises(ConfigError, match=rf"{table}\.parquet: is damaged"):
            run_missing(more, folder)
        path.write_bytes(sound)
        assert run_missing(more, folder)["digest"] == run_missing(more, tmp_path / "f")["digest"]

    @pytest.mark.parametrize("how", ["missing", "folder"])
    @pytest.mark.parametrize("table", ["policies", "rounds", "ages", "temptations"])
    def test_a_table_that_is_gone(
        self, folder: Path, small: ExperimentConfig, table: str, how: str, finished: Path
    ) -> None:
        path = folder / f"{table}.parquet"
        path.unlink()
        if how == "folder":
            path.mkdir()
        said = "is missing, though runs.parquet is there" if how == "missing" else "it is a folder"
        with pytest.raises(ConfigError, match=rf"{table}\.parquet: .*{said}"):
            run_missing(small, folder)
        # What the message advises works.
        if how == "folder":
            path.rmdir()
        (folder / "runs.parquet").unlink()
        assert run_missing(small, folder)["digest"] == manifest(finished)["digest"]

    def test_a_folder_in_place_of_the_failures(
        self, folder: Path, small: ExperimentConfig, finished: Path
    ) -> None:
        path = folder / "failures.parquet"
        path.unlink(missing_ok=True)
        path.mkdir()
        with pytest.raises(ConfigError, match=r"is a folder\); take this folder away and put it"):
            verify(folder, path.name)
        path.rmdir()  # what the message advises works
        assert run_missing(small, folder)["digest"] == manifest(finished)["digest"]
        verify(folder, path.name)

    def test_a_table_that_lacks_runs(self, folder: Path, small: ExperimentConfig) -> None:
        path = folder / "rounds.parquet"
        rounds = Results(folder).rounds
        rounds[rounds["run_id"] != rounds["run_id"][0]].to_parquet(path, index=False)
        reseal(folder)
        with pytest.raises(ConfigError, match=r"rounds\.parquet: lacks 1 runs that runs\.parquet"):
            run_missing(small.replace(replications=5), folder)
        assert len(list((folder / "chunks").glob("*.arrow"))) == 1

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("{", "cannot be read"),
            ("[1, 2]", "is no manifest"),
            (b"\xff\xfe\x00", "cannot be read"),
            ({"seconds": "long"}, r"seconds = 'long': allowed: a number"),
            ({"scenarios": 3}, "scenarios = 3: allowed: texts by name"),
            ({"digest": None}, "digest = None: allowed: text"),
            ({"runs_done": True}, "runs_done = True: allowed: a whole number"),
            ({"runs_done": -5}, "runs_done = -5: allowed: a whole number from 0"),
            ({"orders": float("nan")}, "NaN is no number"),
            ({"runs_planned": 10**400}, "runs_planned = 1000+.*: allowed: a whole number"),
            ({"replications": 0}, "replications = 0: allowed: a whole number from 1"),
            ({"seconds": "9" * 5000}, "seconds = .*: allowed: a number"),
            ({"notices": [["nested"]]}, "allowed: a list of texts"),
            ({"seconds": 3}, "is damaged, or was changed by hand"),
            ("[" * 100_000, "cannot be read"),
        ],
    )
    def test_a_damaged_manifest(
        self, folder: Path, small: ExperimentConfig, content: Any, said: str, finished: Path
    ) -> None:
        path = folder / "manifest.json"
        if isinstance(content, dict):
            content = json.dumps({**manifest(folder), **content})
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(ConfigError, match=rf"manifest\.json: .*{said}.*delete it and run"):
            run_missing(small, folder)
        path.unlink()
        assert run_missing(small, folder)["digest"] == manifest(finished)["digest"]

    def test_tables_changed_by_others_are_told(self, folder: Path, small: ExperimentConfig) -> None:
        runs = Results(folder).runs
        runs.loc[3, "total_cost"] += 1e-9
        runs.to_parquet(folder / "runs.parquet", index=False)
        with pytest.raises(ConfigError, match=r"runs\.parquet: is damaged, or was changed"):
            run_missing(small, folder)
        unsealed(folder)
        found = run_missing(small, folder)
        assert [text for text in found["notices"] if "trustsim check" in text]

    def test_runs_of_another_plan_are_not_thrown_away(
        self, folder: Path, small: ExperimentConfig
    ) -> None:
        before = (folder / "runs.parquet").read_bytes()
        other = small.replace(seed=4)
        with opened(folder) as store:
            store.add(attempts_of(other, all_runs(other)[:1]))
            with pytest.raises(ConfigError, match="holds 1 runs that this experiment does"):
                store.merge(Plan(small))
        assert (folder / "runs.parquet").read_bytes() == before
        assert len(list((folder / "chunks").glob("*.arrow"))) == 1


@contextmanager
def no_room_for(path: Path) -> Iterator[None]:
    """Let a file be written to a disk that is full."""
    real = Path.open

    def led_away(self: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
        if self == path and "x" in mode:
            return real(DISK_IS_FULL, "wb")
        return real(self, mode, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", led_away)
        yield


@pytest.mark.skipif(not DISK_IS_FULL.exists(), reason="needs /dev/full")
class TestFullDisk:
    """Real writes that really fail, because they are led to where no room is."""

    @pytest.mark.parametrize("name", ["runs.parquet", "ages.parquet", "manifest.json"])
    def test_of_a_file_loses_nothing(
        self, folder: Path, small: ExperimentConfig, name: str, tmp_path: Path
    ) -> None:
        more = small.replace(replications=5)
        before = (folder / name).read_bytes()
        leave_chunks(more, folder, runs=3, per_chunk=1)
        before = (folder / name).read_bytes()
        with no_room_for(folder / f".{name}.new"), pytest.raises(ConfigError) as raised:
            collect(folder)
        assert f"{folder / name}: cannot be written: No space left on device" in str(raised.value)
        assert "make room and run again: what is done so far is kept" in str(raised.value)
        assert (folder / name).read_bytes() == before
        assert not list(folder.glob(".*.new"))
        assert len(list((folder / "chunks").glob("*.arrow"))) == 3
        assert run_missing(more, folder)["digest"] == run_missing(more, tmp_path / "f")["digest"]

    def test_of_chunks_keeps_those_before(
        self, small: ExperimentConfig, tmp_path: Path, finished: Path, monkeypatch: Any
    ) -> None:
        out = tmp_path / "out"
        monkeypatch.setattr(running, "RUNS_PER_CHUNK", 2)
        fifth = Plan(small).run(int(Plan(small).order(0, 4)[4])).run_id
        (out / "chunks").mkdir(parents=True)
        (out / ".lock").touch()
        (out / "experiment.toml").write_text(small.to_toml())
        full = no_room_for(out / "chunks" / f".{fifth}.arrow.new")
        with full, pytest.raises(ConfigError, match="No space left on device"):
            run_missing(small, out, jobs=1)
        assert manifest(out)["runs_done"] >= 4
        assert check(out).wrong == [
            f"{12 - manifest(out)['runs_done']} of 12 planned runs are missing; run the experiment "
            "again, which computes no more than these"
        ]
        assert run_missing(small, out)["digest"] == manifest(finished)["digest"]


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write whatever the mode says"
)
def test_a_read_only_folder(folder: Path, small: ExperimentConfig) -> None:
    folder.chmod(0o555)
    try:
        with pytest.raises(ConfigError, match="cannot be written: Permission denied"):
            run_missing(small.replace(replications=5), folder)
        assert check(folder).sound
    finally:
        folder.chmod(0o755)


def test_a_folder_on_a_read_only_disk(
    folder: Path, small: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def refuse(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if folder in path.parents and set(mode) & set("wax+"):
            raise OSError(30, "Read-only file system", str(path))
        return real(path, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=r"cannot be written: Read-only file system"):
        run_missing(small.replace(replications=5), folder)
    assert check(folder).sound
