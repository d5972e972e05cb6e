"""Where compiled code is kept: nobody else's is run, and no fault of the cache is one of a run."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import pytest

from trustsim.engine import kept_code
from trustsim.engine.compiling import PLAIN
from trustsim.engine.kept_code import KeptCode, folder_of

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs owners and modes of files")
pytestmark = pytest.mark.skipif(PLAIN, reason="nothing is compiled")
STRANGER = 12345


def half(number: float) -> float:
    return number / 2.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of the test's own, and a temporary folder as nobody has touched it."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    for each in (folder_of, kept_code.say_once):
        each.cache_clear()
    yield tmp_path / "caches" / "trustsim"
    for each in (folder_of, kept_code.say_once):
        each.cache_clear()


def fallback(home: Path) -> Path:
    return home.parents[1] / "temporary" / f"trustsim-{os.geteuid()}"


def started(state: str = "now") -> tuple[float, int]:
    """Call a function as a new process would; give its answer, and how often it was compiled."""
    compiled = numba.njit(half)
    compiled._cache = KeptCode(half, state)
    return compiled(8.0), sum(compiled.stats.cache_misses.values())


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.nbc"))


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file or folder belong to somebody else."""
    if os.geteuid() == 0:
        os.chown(path, STRANGER, STRANGER)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: STRANGER)


def test_the_second_start_does_not_compile(home: Path) -> None:
    assert started() == (4.0, 1)
    assert started() == (4.0, 0)
    assert started("another state of the sources") == (4.0, 1)


@POSIX
def test_folders_and_files_are_for_their_owner_only(home: Path) -> None:
    before = os.umask(0)
    try:
        started()
    finally:
        os.umask(before)
    made = [home, *home.rglob("*")]
    assert len(made) == 3
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in made)


@POSIX
@pytest.mark.parametrize("what", ["folder", "state", "file"])
def test_what_belongs_to_somebody_else_is_not_run(
    home: Path, what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started()
    (file,) = files(home)
    before = file.read_bytes()
    give_away({"folder": home, "state": file.parent, "file": file}[what], monkeypatch)
    folder_of.cache_clear()
    assert started() == (4.0, 1)
    assert "other user" in caplog.text or "another user" in caplog.text
    if what == "file":
        return
    assert file.read_bytes() == before
    assert files(fallback(home)) or os.geteuid() == STRANGER


@POSIX
@pytest.mark.parametrize("place", ["own", "temporary"])
def test_a_link_that_somebody_has_put_there_is_not_followed(
    home: Path, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trap").mkdir()
    if place == "temporary":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "below"))
        (tmp_path / "file").touch()
        fallback(home).symlink_to(tmp_path / "trap")
    else:
        home.parent.mkdir()
        home.symlink_to(tmp_path / "trap")
    assert started() == (4.0, 1)
    assert not list((tmp_path / "trap").iterdir())


@POSIX
def test_a_file_that_is_a_link_is_not_read(home: Path, tmp_path: Path) -> None:
    started()
    (file,) = files(home)
    file.symlink_to(file.rename(tmp_path / "elsewhere"))
    assert started() == (4.0, 1)


@POSIX
def test_a_file_that_others_may_write_is_not_read(home: Path) -> None:
    started()
    files(home)[0].chmod(0o666)
    assert started() == (4.0, 1)
    assert started() == (4.0, 0)  # made anew, as a file of one's own


@POSIX
def test_a_folder_that_others_may_write_is_closed(home: Path) -> None:
    home.mkdir(parents=True)
    home.chmod(0o777)
    started()
    assert not stat.S_IMODE(home.stat().st_mode) & 0o022


@POSIX
def test_the_fallback_made_first_by_somebody_else_leaves_no_cache(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    place = fallback(home)
    place.mkdir(0o777)
    give_away(place, monkeypatch)
    if place != fallback(home):
        place = place.rename(fallback(home))
    assert started() == (4.0, 1)
    assert started() == (4.0, 1)
    assert not list(place.iterdir())
    assert "is kept nowhere" in caplog.text


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "garbage": lambda content: b"\x00garbage" * 100,
    "cut short": lambda content: content[: len(content) // 2],
    "a bit": lambda content: content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside_and_compiled_again(
    home: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    started()
    (file,) = files(home)
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert started() == (4.0, 1)
    assert started() == (4.0, 0)
    assert files(home) == sorted([file, file.with_name(f"damaged-{file.name}")])
    assert len(caplog.records) == 1
    assert "damaged" in caplog.text


def test_the_file_of_another_function_is_not_run(home: Path) -> None:
    started()
    (file,) = files(home)
    other = numba.njit(lambda number: number * 2.0)
    other._cache = KeptCode(other.py_func, "now")
    assert other(8.0) == 16.0
    (stranger,) = set(files(home)) - {file}
    file.write_bytes(stranger.read_bytes())
    assert started() == (4.0, 1)


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of the size of files")
def test_a_full_disk_costs_the_cache_and_nothing_else(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        assert [started(), started()] == [(4.0, 1), (4.0, 1)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(caplog.records) == 1
    assert "cannot be written" in caplog.text
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_a_warm_cache_that_cannot_be_written_serves(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def closed(*_: Any, **__: Any) -> Any:
        raise PermissionError(30, "Read-only file system")

    started()
    folder_of.cache_clear()
    monkeypatch.setattr("tempfile.mkstemp", closed)
    assert started() == (4.0, 0)
    assert not caplog.records
    files(home)[0].write_bytes(b"")
    monkeypatch.setattr(Path, "replace", closed)
    assert [started(), started()] == [(4.0, 1), (4.0, 1)]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


def test_numba_cache_dir_chooses_the_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "chosen"))
    started()
    assert files(tmp_path / "chosen" / "trustsim" / "now")
    assert not home.exists()


def test_without_any_folder_one_compiles_and_nothing_lies_beside_the_sources(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    monkeypatch.setattr("tempfile.tempdir", os.devnull)
    before = set(Path(__file__).parent.rglob("*.nb*"))
    assert [started(), started()] == [(4.0, 1), (4.0, 1)]
    assert set(Path(__file__).parent.rglob("*.nb*")) == before
    assert len(caplog.records) == 1
    assert "NUMBA_CACHE_DIR" in caplog.text


def test_a_relative_cache_home_counts_for_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    started()
    assert not (tmp_path / "here").exists()
    if os.name == "posix":
        assert files(tmp_path / "me" / ".cache" / "trustsim")
