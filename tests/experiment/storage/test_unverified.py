"""What nobody could verify is said by every verb; what is put in the way is left alone."""

from __future__ import annotations

import dataclasses
import os
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.command_line import Call
from support.small_experiment import unsealed

from trustsim.config.experiment import ExperimentConfig
from trustsim.errors import ConfigError
from trustsim.experiment.check import check
from trustsim.experiment.run import notices_of, run_missing
from trustsim.experiment.storage.files import written
from trustsim.report.results import read_results
from trustsim.study import Results


def edited(folder: Path) -> None:
    """Change a table behind the back of its manifest, which is then deleted."""
    path = folder / "runs.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("total_cost")
    cost = pa.array([9.0] * table.num_rows, pa.float64())
    pq.write_table(table.set_column(place, "total_cost", cost), path)
    (folder / "manifest.json").unlink()


def test_running_again_does_not_hide_that_nobody_could_verify(
    folder: Path, small: ExperimentConfig
) -> None:
    edited(folder)
    before = "its tables were there before their hashes"
    for _ in range(2):
        assert [text for text in run_missing(small, folder)["notices"] if before in text]
        with pytest.warns(UserWarning, match=before):
            Results.open(folder)
    assert not check(folder, 12).sound
    for path in (*folder.glob("*.parquet"), folder / "manifest.json"):
        path.unlink()
    assert run_missing(small, folder)["notices"] == notices_of(small)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Results.open(folder)


@pytest.mark.parametrize("verb", ["compare", "report", "check", "rerun", "describe", "run"])
@pytest.mark.parametrize("how", ["deleted", "of before"])
def test_every_verb_says_that_nothing_can_be_verified(
    folder: Path, call: Call, how: str, verb: str, finished: Path
) -> None:
    run_id = pq.read_table(folder / "runs.parquet")["run_id"][0].as_py()
    if how == "deleted":
        (folder / "manifest.json").unlink()
    else:
        unsealed(folder)
    more = {"rerun": [run_id], "run": ["--out", str(folder), "--no-report"]}.get(verb, [])
    asked = finished.parent / "small.toml" if verb == "run" else folder
    said = call(verb, str(asked), *more)
    seen = said.out + said.err
    assert "it cannot be seen whether" in seen or (said.code, verb) == (2, "describe"), seen


@pytest.mark.parametrize("name", [".runs.parquet.new", ".manifest.json.new", ".report.html.new"])
@pytest.mark.parametrize("what", ["pipe", "link"])
def test_what_somebody_has_put_in_the_way_is_neither_waited_for_nor_written(
    tmp_path: Path, small: ExperimentConfig, name: str, what: str
) -> None:
    out, precious = tmp_path / "out", tmp_path / "precious"
    precious.write_text("mine", encoding="utf-8")
    run_missing(small.replace(replications=1), out, jobs=1)
    if what == "pipe":
        os.mkfifo(out / name)
    else:
        (out / name).symlink_to(precious)
    within(60.0, run_missing, small.replace(replications=2), out, jobs=1)
    within(60.0, written_anew, out / name.removeprefix(".").removesuffix(".new"))
    assert precious.read_text(encoding="utf-8") == "mine"


def written_anew(path: Path) -> None:
    with written(path) as file:
        file.write(b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize("what", ["pipe", "link", "folder"])
def test_what_stands_in_place_of_the_lock_is_left_alone(
    folder: Path, small: ExperimentConfig, what: str, tmp_path: Path
) -> None:
    lock, precious = folder / ".lock", tmp_path / "precious"
    precious.write_text("mine", encoding="utf-8")
    lock.unlink()
    if what == "pipe":
        os.mkfifo(lock)
    elif what == "folder":
        lock.mkdir()
    else:
        lock.symlink_to(precious)
    with pytest.raises(ConfigError, match=r"\.lock: "):
        within(60.0, run_missing, small.replace(replications=5), folder, jobs=1)
    assert precious.read_text(encoding="utf-8") == "mine"


def within(seconds: float, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call a function that might wait for ever."""

    def given_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, given_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call(*arguments, **options)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_folder_whose_name_is_no_text(tmp_path: Path, small: ExperimentConfig) -> None:
    out = tmp_path / os.fsdecode(b"caf\xe9")
    found = run_missing(small, out, jobs=1)
    assert check(out, 1).sound
    assert Results.open(out).compare("high", "low", ["total_cost"]).shape[0] == 1
    assert found["runs_done"] == 12


def test_a_folder_without_a_finished_run_says_why(tmp_path: Path, small: ExperimentConfig) -> None:
    never = dataclasses.replace(small, run_timeout=1e-9)
    assert run_missing(never, tmp_path / "out", jobs=1)["runs_failed"] == 12
    with pytest.raises(ConfigError, match=r"no run is done, and 12 of 12 failed; failures"):
        read_results(tmp_path / "out")
