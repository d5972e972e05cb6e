"""What goes out: letters that steer a terminal, encodings that lack some, streams that are gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command_line import CONFIG, Call, refused
from support.places import ROOT

from trustsim import ConfigError, Experiment, Scenario, load_experiment, rule
from trustsim.errors import escaped, shown

HOSTILE = "\x1b[31mred\x1b[0m\u202egnp.\u2066\x9b2J"
BROKEN = "a\n\x1b[2Jb"
CONFIG_OF_HOSTS = CONFIG.replace(
    'name = "mine"', f'name = "mine"\nquestion = {json.dumps("Why?" + HOSTILE)}'
)
FULL = Path("/dev/full")


def steers(text: str) -> bool:
    """Whether a text holds anything but letters to be seen, and ends of lines."""
    return not all(letter.isprintable() or letter == "\n" for letter in text)


def spoken(arguments: list[str], folder: Path, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Call the command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more.pop("environment", {})}
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    command = [sys.executable, "-m", "trustsim", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=False, **given)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the small experiment."""
    (tmp_path / "mine.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_what_steers_is_written_as_code() -> None:
    assert escaped("Käufer 買い手 ≥ 1") == "Käufer 買い手 ≥ 1"
    assert escaped("a\nb\x1b[31m\u202e") == r"a\nb\x1b[31m\u202e"
    assert not steers(escaped(HOSTILE + "\udcff\u2028\x00"))
    assert not steers(shown(HOSTILE))
    assert not steers(shown({HOSTILE: [HOSTILE]}))


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        (["describe", "mine.toml"], CONFIG_OF_HOSTS),
        (["describe", "mine.toml", "--arm", HOSTILE], CONFIG),
        (["run", f"{HOSTILE}.toml"], CONFIG),
        (["run", "mine.toml", "--set", f"market.{HOSTILE}=3"], CONFIG),
        (["run", "mine.toml", "--set", f"market.buyers={HOSTILE}"], CONFIG),
        (["run", "mine.toml", f"--{HOSTILE}"], CONFIG),
        ([HOSTILE, "mine.toml"], CONFIG),
        (["new", HOSTILE], CONFIG),
        (["report", HOSTILE], CONFIG),
        (["run", "mine.toml"], f"{json.dumps(HOSTILE)} = 3\n{CONFIG}"),
        (["run", "mine.toml"], CONFIG.replace("[arms.low]", f"[arms.{json.dumps(HOSTILE)}]")),
        (["run", "mine.toml"], f"{CONFIG}[policies.buyers.{json.dumps(BROKEN)}]\n"),
        (["run", "mine.toml"], CONFIG + '\n[market.x]\ny = "\x1b"\n'),
    ],
)
def test_no_letter_of_a_config_or_a_call_steers_the_terminal(
    call: Call, arguments: list[str], config: str
) -> None:
    Path("mine.toml").write_text(config, encoding="utf-8")
    said = call(*arguments)
    assert not steers(said.out)
    assert not steers(said.err)
    assert said.out or said.err
    if said.code:
        refused(said, [])
        assert "Usage" in said.err or len(said.err.splitlines()) == 1


def test_names_of_files_and_failures_do_not_steer(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import import_module

    Path("configs").mkdir()
    Path(f"configs/{HOSTILE}\n.toml").touch()
    assert not steers(call("list").out)
    assert len([line for line in call("list").out.splitlines() if "gnp" in line]) == 1

    def fails(*_: Any, **__: Any) -> Any:
        raise ValueError(HOSTILE)

    monkeypatch.setattr(import_module("trustsim.simulation.run"), "simulate", fails)
    said = call("run", "mine.toml", "--out", "out")
    assert said.code == 1
    assert not steers(said.err)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_an_encoding_lacks_comes_out_as_code(place: Path, encoding: str) -> None:
    text = CONFIG.replace('"mine"', '"mine"\nquestion = "買い手 ≥ € · ü?"')
    (place / "mine.toml").write_text(text, encoding="utf-8")
    done = spoken(["describe", "mine.toml"], place, environment={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    (line,) = [line for line in done.stdout.splitlines() if line.endswith(b"?")]
    assert line.strip() == "買い手 ≥ € · ü?".encode(encoding.partition(":")[0], "backslashreplace")


def test_a_name_that_is_no_text_comes_out(place: Path) -> None:
    done = spoken(["run", "\udcff.toml"], place)
    assert done.returncode == 2
    assert b"\\udcff.toml: there is no such file" in done.stderr
    assert b"Traceback" not in done.stderr


def finished(place: Path) -> bool:
    """Whether all was run, and the report written."""
    manifest = json.loads((place / "out" / "manifest.json").read_text(encoding="utf-8"))
    return manifest["runs_done"] == 4 and (place / "out" / "report.html").stat().st_size > 1000


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_on_standard_output_is_one_sentence(place: Path) -> None:
    with FULL.open("wb") as full:
        done = spoken(["run", "mine.toml", "--out", "out", "-q"], place, stdout=full)
        assert done.stderr == b"standard output: cannot be written: No space left on device\n"
        assert done.returncode == 1
        assert finished(place)
        for arguments in (["--help"], ["list"], ["describe", "mine.toml"]):
            done = spoken(arguments, place, stdout=full)
            assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
        done = spoken(["compare", "out"], place, stderr=full)
        assert done.returncode == 0


@pytest.mark.parametrize("streams", [("stdout",), ("stdout", "stderr")])
def test_a_run_goes_on_when_nobody_reads_what_it_says(
    place: Path, streams: tuple[str, ...]
) -> None:
    read, written = os.pipe()
    os.close(read)
    arguments = ["run", "mine.toml", "--out", "out"]
    done = spoken(arguments, place, **dict.fromkeys(streams, written))
    os.close(written)
    assert done.returncode == 0
    assert finished(place)
    assert b"BrokenPipe" not in (done.stderr or b"")


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_run_goes_on_with_streams_that_are_closed(place: Path, closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m trustsim run mine.toml --out out {closed}', sys.executable],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert finished(place)
    assert b"Traceback" not in done.stderr


def test_the_package_is_the_command(place: Path) -> None:
    done = spoken(["--help"], place)
    assert done.returncode == 0
    assert b"Usage: trustsim [OPTIONS]" in done.stdout
    assert spoken(["runn"], place).returncode == 2


def test_no_refusal_holds_a_letter_that_steers_in_python_either() -> None:
    odd = f"a{HOSTILE}"
    calls: list[Callable[[], object]] = [
        lambda: Scenario(odd),
        lambda: Scenario("high_trust", **{odd: 1}),
        lambda: Scenario("high_trust", policies={"buyers": {"high_trust": {odd: 1}}}),
        lambda: Scenario("high_trust").with_policy(odd),
        lambda: load_experiment(odd),
        lambda: Experiment.load(odd),
        lambda: rule(odd),
    ]
    for call in calls:
        with pytest.raises(ConfigError) as refused:
            call()
        assert not steers(str(refused.value))
        assert "\\x1b[31mred" in str(refused.value)
