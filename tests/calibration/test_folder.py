"""The folder of a calibration: gone on with, killed, extended, and never another's."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import optuna
import pandas as pd
import pytest
from support.calibration_problems import SHARE, config_of, evaluated, text_of, told
from support.places import ROOT

from trustsim.calibration.fit import calibrate, read_calibration
from trustsim.config.experiment import load_experiment
from trustsim.errors import ConfigError
from trustsim.experiment.check import check
from trustsim.experiment.run import run_missing
from trustsim.schema.tables import TABLES

SLOW = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from support.calibration_problems import evaluated, told
from trustsim.calibration.fit import calibrate
from trustsim.calibration.file import load_calibration

inner = evaluated(told)
def evaluate(values, replicates):
    time.sleep(0.03)
    return inner(values, replicates)

def tell(done, planned, loss):
    print(done, flush=True)

folder = Path({folder!r})
calibrate(load_calibration(folder / "problem.toml"), folder / "out", evaluate=evaluate,
          progress=tell)
"""


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_every_column_of_its_tables_is_described(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=6))
    calibrate(config, tmp_path / "out", evaluate=evaluated(told))
    written = {path.stem: pd.read_parquet(path) for path in (tmp_path / "out").glob("*.parquet")}
    assert set(written) == {"trials", "profile", "check"}
    for name, frame in written.items():
        for column in frame:
            assert TABLES[name].column(column) is not None, f"{name}: {column}"
        for described in TABLES[name].columns:
            assert any(described.fits(column) for column in frame), f"{name}: {described.name}"


def test_a_killed_search_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=30))
    whole = calibrate(config, tmp_path / "whole", evaluate=evaluated(told))
    script = textwrap.dedent(SLOW.format(tests=str(ROOT / "tests"), folder=str(tmp_path)))
    luck = random.Random(11)
    reached = []
    for least in (3, 12):
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= least:
                break
        time.sleep(luck.random() * 0.08)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        study = optuna.load_study(
            study_name="calibration", storage=f"sqlite:///{tmp_path / 'out' / 'study.db'}"
        )
        reached.append(len(study.trials))
        assert all(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.trials)
        with pytest.raises(ConfigError, match="not finished; run it again"):
            read_calibration(tmp_path / "out")
    assert 3 <= reached[0] < reached[1] < 30
    found = calibrate(config, tmp_path / "out", evaluate=evaluated(told))
    assert found.digest == whole.digest
    assert found.best == whole.best
    assert found.spreads == whole.spreads


def test_more_trials_go_on_from_those_that_are_there(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of())
    whole = calibrate(config, tmp_path / "whole", evaluate=evaluated(told), trials=17)
    calibrate(config, tmp_path / "out", evaluate=evaluated(told), trials=5)
    seen: list[int] = []
    found = calibrate(
        config,
        tmp_path / "out",
        evaluate=evaluated(told),
        trials=17,
        progress=lambda done, planned, loss: seen.append(done),
    )
    assert seen == list(range(5, 18))
    assert found.digest == whole.digest
    fewer = calibrate(config, tmp_path / "out", evaluate=evaluated(told), trials=3)
    assert fewer.digest == whole.digest, "trials that are done are kept"


def test_a_finished_calibration_is_read_and_not_done_again(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=10))
    found = calibrate(config, tmp_path / "out", evaluate=evaluated(told))

    def evaluate(values: object, replicates: object) -> pd.DataFrame:
        raise AssertionError("simulated again")

    again = calibrate(config, tmp_path / "out", evaluate=evaluate)
    there = read_calibration(tmp_path / "out")
    for other in (again, there):
        assert other.trials == found.trials
        assert other.profile == found.profile
        assert other.digest == found.digest
        pd.testing.assert_frame_equal(other.check, found.check)
        pd.testing.assert_frame_equal(other.fits(), found.fits())
        assert other.config.to_toml() == found.config.to_toml()


def test_more_fresh_luck_is_run_without_a_new_search(tmp_path: Path) -> None:
    text = text_of(trials=10)
    few = calibrate(config_of(tmp_path, text), tmp_path / "out", evaluate=evaluated(told))
    more = config_of(tmp_path, text.replace("fresh = 6", "fresh = 9"))
    many = calibrate(more, tmp_path / "out", evaluate=evaluated(told))
    assert (few.fresh, many.fresh) == (6, 9)
    assert many.digest == few.digest


def test_tables_say_what_was_tried(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=10))
    found = calibrate(config, tmp_path / "out", evaluate=evaluated(told))
    trials = pd.read_parquet(tmp_path / "out" / "trials.parquet")
    assert list(trials["trial"]) == list(range(10))
    off = (trials["simulated.share"] - 2.0) / 0.1
    pd.testing.assert_series_equal(trials["misfit.share"], off, check_names=False)
    squared = trials["misfit.share"] ** 2 + trials["misfit.goods"] ** 2
    pd.testing.assert_series_equal(trials["loss"], squared, check_names=False)
    assert trials["loss"].min() == found.best.loss


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("value = 2.0", "value = 2.5"), "targets.share.value is 2.0 there and 2.5 in the file"),
        (("high = 100.0", "high = 90.0"), "calibrate.parameters.market.qualification_hours.high"),
        (("suppliers = 4", "suppliers = 5"), "market.suppliers is 4 there and 5 in the file"),
        (("fresh = 6", "fresh = 6\nseed = 9"), "calibrate.seed is 3 there and 9 in the file"),
        (("replications = 4", "replications = 5"), "replications is 4 there and 5 in the file"),
    ],
)
def test_another_calibration_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = text_of(trials=3)
    calibrate(config_of(tmp_path, text), tmp_path / "out", evaluate=evaluated(told))
    before = content(tmp_path / "out")
    other = config_of(tmp_path, text.replace(*change))
    with pytest.raises(ConfigError) as caught:
        calibrate(other, tmp_path / "out", evaluate=evaluated(told))
    assert "holds another calibration" in str(caught.value)
    assert said in str(caught.value)
    assert content(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["a b", "a%41", "a?b", "a{c}", "ü#x"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    config = config_of(tmp_path, text_of(trials=2))
    calibrate(config, tmp_path / name, evaluate=evaluated(told))
    assert (tmp_path / name / "study.db").stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} == {name, "problem.toml"}


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=3))
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("dear reader")
    with pytest.raises(ConfigError, match="is not empty"):
        calibrate(config, foreign, evaluate=evaluated(told))
    assert content(foreign) == {"letter.txt": b"dear reader"}
    results = tmp_path / "results"
    results.mkdir()
    (results / "experiment.toml").write_text(config.experiment.to_toml())
    (results / "manifest.json").write_text("{}")
    before = content(results)
    with pytest.raises(ConfigError, match="holds the results of an experiment"):
        calibrate(config, results, evaluate=evaluated(told))
    assert content(results) == before
    with pytest.raises(ConfigError, match=r"not a calibration"):
        read_calibration(results)


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=3))
    inner = evaluated(told)

    def evaluate(values, replicates):  # type: ignore[no-untyped-def]
        with pytest.raises(ConfigError, match="another process"):
            calibrate(config, tmp_path / "out", evaluate=inner)
        return inner(values, replicates)

    calibrate(config, tmp_path / "out", evaluate=evaluate)


def test_a_damaged_study_is_said_to_be_damaged(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=3))
    calibrate(config, tmp_path / "out", evaluate=evaluated(told))
    (tmp_path / "out" / "study.db").write_bytes(b"not a data base, but long enough for one" * 99)
    with pytest.raises(ConfigError, match=r"study\.db: cannot be used .*move it away"):
        calibrate(config, tmp_path / "out", evaluate=evaluated(told), trials=4)


def test_a_full_disk_is_said_to_be_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(tmp_path, text_of(trials=8))
    whole = calibrate(config, tmp_path / "whole", evaluate=evaluated(told))
    calibrate(config, tmp_path / "out", evaluate=evaluated(told), trials=3)
    real = sqlite3.connect

    def small(*arguments, **options):  # type: ignore[no-untyped-def]
        found = real(*arguments, **options)
        (pages,) = found.execute("PRAGMA page_count").fetchone()
        found.execute(f"PRAGMA max_page_count = {pages}")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", small)
        patch.setattr(time, "sleep", lambda seconds: None)  # Optuna tries again, with pauses
        with pytest.raises(ConfigError, match=r"disk is full.*make room and run again"):
            calibrate(config, tmp_path / "out", evaluate=evaluated(told), trials=200)
    kept = calibrate(config, tmp_path / "out", evaluate=evaluated(told))
    assert kept.trials[:8] == whole.trials


def test_an_error_in_the_simulation_leaves_what_was_done(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=8))
    inner, calls = evaluated(told), []

    def evaluate(values, replicates):  # type: ignore[no-untyped-def]
        calls.append(values)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return inner(values, replicates)

    with pytest.raises(KeyboardInterrupt):
        calibrate(config, tmp_path / "out", evaluate=evaluate)
    found = calibrate(config, tmp_path / "out", evaluate=evaluate)
    whole = calibrate(config, tmp_path / "whole", evaluate=inner)
    assert found.digest == whole.digest


def test_optuna_keeps_quiet_and_is_left_as_it_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    optuna.logging.set_verbosity(optuna.logging.INFO)
    config = config_of(tmp_path, text_of(SHARE, trials=12))
    calibrate(config, tmp_path / "out", evaluate=evaluated(told))
    said = capfd.readouterr()
    assert said.out + said.err == ""
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_without_optuna_the_way_to_get_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(tmp_path, text_of())
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"pip install trustsim\[calibrate\]"):
        calibrate(config, tmp_path / "out", evaluate=evaluated(told))
    assert not (tmp_path / "out").exists()


def test_a_calibration_is_no_experiment(tmp_path: Path) -> None:
    config = config_of(tmp_path, text_of(trials=4))
    calibrate(config, tmp_path / "out", evaluate=evaluated(told))
    before = content(tmp_path / "out")
    experiment = load_experiment(tmp_path / "out" / "experiment.toml")
    for touch in (lambda folder: run_missing(experiment, folder), check):
        with pytest.raises(ConfigError, match="holds a calibration, not the results of an"):
            touch(tmp_path / "out")
    assert content(tmp_path / "out") == before
