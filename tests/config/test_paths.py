"""A path that begins with ~ is the same path wherever it comes in, and none is written beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from support.calibration_problems import SHARE, evaluated, text_of, told
from support.command_line import CONFIG, Call
from support.damaged_folders import undrawn

from trustsim import Experiment, Results, Scenario, load_experiment
from trustsim.calibration.file import load_calibration
from trustsim.calibration.fit import calibrate, read_calibration
from trustsim.commands.cli import app
from trustsim.commands.options import expanded, experiment
from trustsim.config.paths import path_of
from trustsim.errors import ConfigError
from trustsim.experiment.check import check
from trustsim.experiment.run import collect, rerun, run_missing
from trustsim.report.calibration_page import write_calibration
from trustsim.report.results import read_results
from trustsim.report.writing import write_report

MARKET = "[market]\nbuyers = 7\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with experiment files in it, beside the folder in which one works."""
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("USERPROFILE", str(place))
    for module in ("writing", "page"):
        monkeypatch.setattr(f"trustsim.report.{module}.show", undrawn)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    (place / "mine.toml").write_text(CONFIG, encoding="utf-8")
    (place / "m.toml").write_text(MARKET, encoding="utf-8")
    (place / "rows.toml").write_text("[policies.buyers.own]\nbased_on = 'high_trust'\n")
    (place / "fit.toml").write_text(text_of(SHARE, trials=6), encoding="utf-8")
    return place


def test_in_python(home: Path) -> None:
    results = Experiment.load("~/mine.toml").run("~/out", report=False)
    assert results.folder == home / "out"
    assert load_experiment("~/mine.toml").name == "mine"
    assert Scenario.load("~/mine.toml", "low").rounds == 2
    assert Scenario("high_trust", market="~/m.toml").market.buyers == 7
    assert len(Results.open("~/out").runs) == len(Results("~/out").runs) == 4
    out: Any = "~/out"
    assert run_missing(results.config, out)["runs_done"] == 4
    assert collect(out) == []
    assert check(out).sound
    assert rerun(out, results.runs["run_id"][0])[1] == []
    assert read_results(out).folder == home / "out"
    assert write_report(out) == home / "out" / "report.html"
    assert Results("~/out").report() == home / "out" / "report.html"


def test_of_a_calibration(home: Path) -> None:
    assert load_calibration("~/fit.toml").trials == 6
    found = calibrate("~/fit.toml", "~/fit", evaluate=evaluated(told))
    assert read_calibration("~/fit").digest == found.digest
    assert write_calibration("~/fit") == home / "fit" / "report.html"


def test_in_files(home: Path) -> None:
    path = Path("here.toml")
    text = CONFIG.replace("[market]\nbuyers = 5", '[market]\nbased_on = "~/m.toml"')
    path.write_text('include = ["~/rows.toml"]\n' + text.replace("adversarial", "own"))
    config = load_experiment(path)
    assert config.market.buyers == 7
    assert "own" in config.arms["low"].buyer_policies
    changed = load_experiment("~/mine.toml", ["market.based_on=~/m.toml"])
    assert changed.arms["low"].market.buyers == 5


def test_on_the_command_line(home: Path, call: Call) -> None:
    Path("mine.toml").unlink()
    before = sorted(Path.cwd().iterdir())
    said = call("run", "~/mine.toml", "--out=~/out", "-q")
    assert said.code == 0, said
    assert f"results: {home / 'out'}" in said.out
    for words in (
        ["plan", "~/mine.toml"],
        ["describe", "~/mine.toml"],
        ["describe", "~/out"],
        ["compare", "~/out", "--measure", "total_cost"],
        ["report", "~/out"],
        ["check", "~/out", "--sample", "1"],
        ["rerun", "~/out", str(Results(home / "out").runs["run_id"][0])],
        ["ablate", "~/mine.toml", "--out=~/off", "--mechanism", "ideas", "-q", "--no-report"],
        ["ablate", "~/off"],
    ):
        said = call(*words)
        assert said.code == 0, said
        assert said.out
    for words in (["sensitivity", "~/out"], ["discover", "~/out"], ["calibrate", "~/mine.toml"]):
        said = call(*words)
        assert said.code == 2
        assert "~" not in said.err
    assert (home / "off" / "manifest.json").is_file()
    assert sorted(Path.cwd().iterdir()) == before


def test_homes_that_do_not_exist() -> None:
    with pytest.raises(ConfigError, match=r"^~nobody_of_this_name/x: there is no such home folder"):
        path_of("~nobody_of_this_name/x")
    with pytest.raises(ConfigError, match="is no path"):
        path_of("a\0b")
    assert path_of("~") == Path.home()
    assert path_of("a/~/b") == Path("a/~/b")


def test_every_path_of_the_command_line_passes_by() -> None:
    seen = []
    for command in app.registered_commands:
        assert command.callback is not None
        for name, hint in get_type_hints(command.callback, include_extras=True).items():
            kind, *more = get_args(hint)[:2] or (hint,)
            if Path in (kind, *get_args(kind)):
                assert more, (command.callback, name)
                assert more[0].callback in (expanded, experiment), (command.callback, name)
                seen.append(name)
    assert len(seen) >= 12
