"""A results folder that is changed, moved or bare of rights: nothing passes without a word."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.command_line import Call
from support.damaged_folders import undrawn
from support.small_experiment import SIMULATION, leave_chunks, manifest, unsealed

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.errors import ConfigError
from trustsim.experiment.execution.executors import Attempt, ThreadExecutor
from trustsim.experiment.run import collect, run_missing
from trustsim.experiment.storage import locks
from trustsim.experiment.storage.seals import hash_of
from trustsim.report.results import read_results
from trustsim.study import Results


class Then:
    """An executor that does something when so many runs are finished."""

    def __init__(self, after: int, do: Any) -> None:
        self.after, self.do = after, do

    def attempts(self, runs: Any, config: ExperimentConfig) -> Iterator[Attempt]:
        for number, attempt in enumerate(ThreadExecutor(1).attempts(list(runs), config)):
            if number == self.after:
                self.do()
            yield attempt


def test_the_manifest_has_the_hash_of_every_file(finished: Path) -> None:
    found = manifest(finished)
    files = {path.name for path in finished.iterdir()} - {"manifest.json", ".lock"}
    assert found["files"] == {name: hash_of(finished / name) for name in files}
    assert set(found["files"]) == {
        "experiment.toml",
        "runs.parquet",
        "policies.parquet",
        "rounds.parquet",
        "ages.parquet",
        "temptations.parquet",
    }
    assert found["files"]["experiment.toml"] == found["experiment"]


@pytest.mark.parametrize("name", ["runs", "policies", "rounds", "ages", "temptations", "failures"])
def test_every_table_has_checksums_of_its_pages(
    small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    options = []

    def recording(real: Any) -> Any:
        def write(first: Any, second: Any, **more: Any) -> Any:
            options.append(more.get("write_page_checksum"))
            return real(first, second, **more)

        return write

    for writer in ("ParquetWriter", "write_table"):
        monkeypatch.setattr(pq, writer, recording(getattr(pq, writer)))
    if name == "failures":
        monkeypatch.setattr(SIMULATION, "simulate", lambda *arguments, **more: 1 / 0)
    run_missing(small, tmp_path / "out", jobs=1)
    assert (tmp_path / "out" / f"{name}.parquet").exists()
    assert set(options) == {True}


def test_a_folder_of_before_is_read_with_a_note(folder: Path, small: ExperimentConfig) -> None:
    answer = Results(folder).compare("high", "low", ["total_cost"])
    unsealed(folder)
    with pytest.warns(UserWarning, match="its manifest has no hashes of its files"):
        results = Results.open(folder)
    assert results.compare("high", "low", ["total_cost"]).equals(answer)
    run_missing(small, folder)
    assert manifest(folder)["files"]["runs.parquet"] == hash_of(folder / "runs.parquet")
    text = (folder / "experiment.toml").read_text().replace("seed = 3", "seed = 4")
    unsealed(folder)
    (folder / "experiment.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"experiment\.toml: is damaged, or was changed"):
        _ = Results(folder).config


@pytest.mark.parametrize("how", ["changed", "deleted"])
def test_running_again_writes_a_changed_experiment_anew(
    folder: Path, small: ExperimentConfig, finished: Path, how: str
) -> None:
    path = folder / "experiment.toml"
    before = path.read_bytes()
    path.unlink()
    if how == "changed":
        path.write_bytes(before.replace(b"replications = 4", b"replications = 2"))
    other = small.replace(seed=9)
    with pytest.raises(ConfigError, match="is not the one that the folder holds"):
        run_missing(other, folder)
    found = run_missing(small, folder)
    assert [text for text in found["notices"] if "it was written anew" in text]
    assert path.read_bytes() == before
    assert found["digest"] == manifest(finished)["digest"]


@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
@pytest.mark.parametrize("after", [2, 11])
def test_a_folder_that_is_gone_while_it_is_written(
    small: ExperimentConfig, tmp_path: Path, finished: Path, how: str, after: int
) -> None:
    out = tmp_path / "out"

    def away() -> None:
        if how == "moved":
            out.rename(tmp_path / "moved")
        else:
            shutil.rmtree(out)
        if how == "replaced":
            shutil.copytree(finished, out)

    with pytest.raises(ConfigError, match="was moved or removed while it was written"):
        run_missing(small, out, executor=Then(after, away))
    assert out.exists() == (how == "replaced")
    if how == "moved":
        (tmp_path / "moved").rename(out)
        assert run_missing(small, out)["digest"] == manifest(finished)["digest"]


def test_a_chunk_that_is_removed_while_it_runs(
    small: ExperimentConfig, tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr("trustsim.experiment.run.RUNS_PER_CHUNK", 2)
    gone = Then(7, lambda: next((out / "chunks").glob("*.arrow")).unlink())
    with pytest.raises(ConfigError, match=r"2 of 12 runs are missing at the end, .* run again"):
        run_missing(small, out, executor=gone)
    assert manifest(out)["runs_done"] == 10
    assert run_missing(small, out)["digest"] == manifest(finished)["digest"]


def test_runs_that_are_never_given_back(small: ExperimentConfig, tmp_path: Path) -> None:
    class Forgets:
        def attempts(self, runs: Any, config: ExperimentConfig) -> Iterator[Attempt]:
            yield from ThreadExecutor(1).attempts(list(runs)[:-3], config)

    with pytest.raises(ConfigError, match="3 of 12 runs are missing at the end"):
        run_missing(small, tmp_path / "out", executor=Forgets())  # type: ignore[arg-type]


def test_an_answer_over_a_part_is_never_exit_code_0(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trustsim.report.writing.show", undrawn)
    leave_chunks(load_experiment("mine.toml"), tmp_path / "out", runs=3, per_chunk=1)
    said = call("report", "out")
    assert said.code == 1
    assert "1 of 4 planned runs are missing, and what is said here is said without" in said.err
    said = call("run", "mine.toml", "--replications", "1", "--out", "out", "-q", "--no-report")
    assert said.code == 1
    assert "1 of 4 planned runs are missing" in said.err
    assert call("run", "mine.toml", "--out", "out", "-q", "--no-report").code == 0


def test_only_chunks_of_ours_are_removed(small: ExperimentConfig, tmp_path: Path) -> None:
    out = tmp_path / "out"
    leave_chunks(small, out, runs=4, per_chunk=2)
    foreign = ["notes.txt", "mine.arrow", "0123456789abcdef.arrow.bak", ".hidden"]
    for name in foreign:
        (out / "chunks" / name).write_text("precious")
    (out / "chunks" / "below").mkdir()
    (out / "chunks" / ".0123456789abcdef.arrow.new").write_text("unfinished")
    doubtful = out / "chunks" / "0123456789abcdef.arrow"
    doubtful.write_text("precious too")
    told = collect(out)
    assert sorted(path.name for path in (out / "chunks").iterdir()) == sorted([*foreign, "below"])
    assert (out / f"damaged-{doubtful.name}").read_text() == "precious too"
    assert len(told) == 1
    run_missing(small, out)
    assert (out / "chunks" / "notes.txt").read_text() == "precious"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks(
    small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(file: Any) -> None:
        raise OSError(number, "no such thing")

    monkeypatch.setattr(locks, "_posix_lock", refuse)
    monkeypatch.setattr(locks, "_windows_lock", refuse)
    monkeypatch.delenv("TRUSTSIM_NO_LOCK", raising=False)
    with pytest.raises(ConfigError, match=r"has no locks .*TRUSTSIM_NO_LOCK=1") as raised:
        run_missing(small, tmp_path / "out")
    assert "wait until it has finished" not in str(raised.value)
    monkeypatch.setenv("TRUSTSIM_NO_LOCK", "1")
    assert run_missing(small, tmp_path / "out")["runs_done"] == 12


def test_a_lock_that_is_taken_is_refused_all_the_same(
    small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(file: Any) -> None:
        raise BlockingIOError(errno.EWOULDBLOCK, "taken")

    monkeypatch.setattr(locks, "_posix_lock", taken)
    monkeypatch.setenv("TRUSTSIM_NO_LOCK", "1")
    with pytest.raises(ConfigError, match="another process is working in it"):
        run_missing(small, tmp_path / "out")


READING = ("compare", "sensitivity", "discover", "report", "ablate", "check", "describe")


@pytest.mark.parametrize("command", [*READING, "rerun", "run"])
@pytest.mark.parametrize("what", ["folder", "manifest.json", "experiment.toml", "runs.parquet"])
def test_no_access(
    call: Call, finished: Path, tmp_path: Path, monkeypatch: Any, command: str, what: str
) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / "out"))
    closed = folder if what == "folder" else folder / what
    config = [str(finished.parent / "small.toml"), "--out"] if command == "run" else []
    run_id = [str(Results(finished).runs["run_id"][0])] if command == "rerun" else []
    deny(monkeypatch, closed)
    said = call(command, *config, str(folder), *run_id)
    if (command, what) == ("describe", "runs.parquet"):  # which it does not read
        assert said.code == 0
        return
    assert (said.code, said.out) == (2, "") or command == "check"
    assert said.code in (1, 2)
    assert "Permission denied" in said.err + said.out
    faults = [line for line in said.err.splitlines() if not line.startswith("note: ")]
    assert len(faults) == 1 - (said.code == 1)


def deny(monkeypatch: Any, closed: Path) -> None:
    """Let the system refuse a file, or a folder with all that is in it, whoever asks."""

    def refusing(real: Any) -> Any:
        def asked(path: Any, *arguments: Any, **options: Any) -> Any:
            if isinstance(path, str | os.PathLike):
                mine = Path(path)
                if closed in mine.parents or (mine == closed and real is not os.stat):
                    raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *arguments, **options)

        return asked

    monkeypatch.setattr(io, "open", refusing(io.open))
    for name in ("open", "stat", "lstat", "scandir", "listdir"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    monkeypatch.setattr(pq, "ParquetFile", refusing(pq.ParquetFile))


@pytest.mark.parametrize("command", [*READING, "run", "calibrate", "plan"])
@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + "/y", "y" * 5000, "mine.toml/x"])
def test_names_that_no_file_can_have(call: Call, command: str, name: str) -> None:
    said = call(command, name)
    assert (said.code, said.out) == (2, "")
    assert said.err.strip().count("\n") == 0
    if command == "run":
        said = call("run", "mine.toml", "--out", name, "-q")
        assert (said.code, said.out) == (2, "")
        assert said.err.strip().count("\n") == 0


def test_a_planned_run_is_missed_without_a_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"name": "x"}))
    runs = pq.read_table(folder / "runs.parquet")
    pq.write_table(runs.slice(0, 11), folder / "runs.parquet")
    assert read_results(folder).planned == (["high", "low", "paid_before"], 1, 4)
