"""What is no ordinary file is refused at once: reading a pipe would wait for somebody to write."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Call
from support.damaged_folders import CHECK, COMPARE, DESCRIBE, RUN, ask, make
from support.small_experiment import unsealed

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")

WITHIN = 5


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """End a test that waits."""

    def end(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(WITHIN)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sound")
    make("plain", home)
    return home / "out"


@pytest.fixture(params=["pipe", "socket", "device"])
def strange(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the name of something that is no ordinary file, in the folder where one works."""
    monkeypatch.chdir(tmp_path)
    if request.param == "device":
        Path("strange.toml").symlink_to(os.devnull)
    elif request.param == "pipe":
        os.mkfifo("strange.toml")
    else:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind("strange.toml")
    return "strange.toml"


@pytest.mark.parametrize("command", [("run",), ("plan",), ("describe",), ("calibrate",)])
def test_a_config_is_an_ordinary_file(call: Call, strange: str, command: tuple[str, ...]) -> None:
    said = call(*command, strange)
    assert said.code == 2, said
    assert len(said.err.splitlines()) == 1
    assert f"{strange}: " in said.err
    assert "no ordinary file" in said.err


def test_a_link_to_an_ordinary_file_is_one(call: Call) -> None:
    Path("link.toml").symlink_to("mine.toml")
    assert call("describe", "link.toml").code == 0


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("name", ["manifest.json", "runs.parquet", "experiment.toml"])
@pytest.mark.parametrize("words", [COMPARE, CHECK, DESCRIBE, RUN])
def test_every_file_of_a_folder_is_ordinary(
    call: Call, sound: Path, name: str, words: tuple[str, ...], sealed: bool
) -> None:
    folder = Path(shutil.copytree(sound.parent, "copy")).absolute() / "out"
    if not sealed:
        unsealed(folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    said, _ = ask(call, words, folder)
    if words is CHECK and said.code == 1:  # its answer is a list of what is wrong
        assert f"{name}: " in said.out
    elif words is DESCRIBE and name == "runs.parquet":  # reads no table
        assert said.code == 0
    else:
        assert said.code == 2, said
        lines = [line for line in said.err.splitlines() if not line.startswith("note: ")]
        assert len(lines) == 1
        assert name in lines[0]
        assert "no ordinary file" in lines[0] or f"holds no {name}" in lines[0]
