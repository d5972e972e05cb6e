"""The files of a results folder: written as a whole or not at all, and read piece by piece.

What is wrong with a file is said in plain words.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trustsim import __version__
from trustsim.errors import ConfigError, shown
from trustsim.experiment.storage.tables import RUN_ID

EXPERIMENT = "experiment.toml"
MANIFEST = "manifest.json"
FAILURES = "failures.parquet"
KINDS: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "model_version": (str,),
    "scenarios": (dict,),
    "seed": (int,),
    "runs_planned": (int,),
    "runs_done": (int,),
    "runs_failed": (int,),
    "orders": (int,),
    "seconds": (int, float),
    "digest": (str,),
}
"""What stands under the keys of a manifest that others rely on."""


def read_table(folder: Path, name: str, columns: list[str] | None = None) -> Any:
    """Read one of the tables of a folder as an Arrow table.

    Raises
    ------
    ConfigError
        If it is not there or cannot be read.
    """
    with opened_table(folder / f"{name}.parquet") as file:
        return file.read(columns).replace_schema_metadata(None)


def parts_of(folder: Path, name: str, columns: list[str] | None = None) -> Iterator[Any]:
    """Read one of the tables of a folder in parts, so that it may be larger than the memory.

    Raises
    ------
    ConfigError
        If it is not there or cannot be read.
    """
    with opened_table(folder / f"{name}.parquet") as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, columns).replace_schema_metadata(None)


def rows_of(folder: Path, name: str, run_ids: Collection[str]) -> Any:
    """Read the rows of some runs from one of the tables of a folder, in their order.

    Raises
    ------
    ConfigError
        If the table is not there or cannot be read.
    """
    wanted = pa.array(sorted(run_ids), pa.string())
    with opened_table(folder / f"{name}.parquet") as file:
        result = [file.schema_arrow.empty_table().replace_schema_metadata(None)]
    for part in parts_of(folder, name):
        result.append(part.filter(pc.is_in(part[RUN_ID].cast(pa.string()), value_set=wanted)))
    return pa.concat_tables(result)


@contextmanager
def opened_table(path: Path) -> Iterator[Any]:
    """Open a Parquet file; what is wrong with it, now or while it is read, is a `ConfigError`."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            yield file
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; has the experiment been run?") from None
    except (OSError, pa.ArrowException) as error:
        reason = "it is a folder" if path.is_dir() else " ".join(str(error).split())
        raise ConfigError(
            f"{path}: is damaged ({reason}); put it back from a copy, or move the tables "
            "(*.parquet) away and run again: then all is computed anew"
        ) from None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a folder; empty if there is none yet.

    Raises
    ------
    ConfigError
        If it is damaged.
    """
    path = folder / MANIFEST
    if not path.exists():
        return {}
    remedy = "delete it and run the experiment again: it is written anew, and no run is lost"
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; {remedy}") from None
    if not isinstance(manifest, dict):
        raise ConfigError(f"{path}: is no manifest of an experiment; {remedy}")
    for key, kinds in KINDS.items():
        value = manifest.get(key)
        if key in manifest and (not isinstance(value, kinds) or isinstance(value, bool)):
            allowed = " or ".join(kind.__name__ for kind in kinds)
            raise ConfigError(f"{path}: {key} = {shown(value)}: allowed: {allowed}; {remedy}")
    return manifest


CALIBRATION = "calibration.toml"
"""What a calibration asks; a folder that has it holds no results of an experiment."""

STUDIES = {"experiment": "the results of an experiment", "calibration": "a calibration"}
"""What a folder may hold."""


def check_folder(folder: Path, kind: str = "experiment") -> None:
    """Check that a folder holds an experiment, or a calibration, of the installed version.

    Raises
    ------
    ConfigError
        If it does not.
    """
    if not folder.is_dir():
        what = "is a file, not a results folder" if folder.exists() else "there is no such folder"
        raise ConfigError(f"{folder}: {what}")
    if not (folder / EXPERIMENT).is_file():
        raise ConfigError(f"{folder}: holds no {EXPERIMENT}, so it is no results folder")
    there = "calibration" if (folder / CALIBRATION).exists() else "experiment"
    if there != kind:
        raise ConfigError(
            f"{folder}: holds {STUDIES[there]}, not {STUDIES[kind]}. Give another folder with "
            "--out, or move this one away; nothing was changed"
        )
    made_by = read_manifest(folder).get("model_version", __version__)
    if made_by != __version__:
        raise ConfigError(
            f"{folder}: was made by trustsim {made_by}; {__version__} is installed and would give "
            "other numbers. Install that version or give another folder with --out"
        )


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name as a whole, at the end, or not at all.

    Raises
    ------
    ConfigError
        If it cannot be written; what stood there before stands there still.
    """
    new = path.with_name(f".{path.name}.new")
    with clear_errors(path):
        try:
            with new.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except BaseException:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn what the system says about writing a file into a `ConfigError`."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "; make room and run again: what is done so far is kept" if full else ""
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}{advice}") from None


def settle(folder: Path) -> None:
    """Wait until the names in a folder are on disk, where the system lets us ask for that."""
    if sys.platform != "win32":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def lock(file: BinaryIO, folder: Path) -> None:
    """Take the lock of a folder; the system gives it back when the process ends.

    Raises
    ------
    ConfigError
        If another process has it.
    """
    take = _windows_lock if sys.platform == "win32" else _posix_lock
    try:
        take(file)
    except OSError:
        file.seek(0)
        owner = file.read(20).strip().decode(errors="replace")
        raise ConfigError(
            f"{folder}: another process{f' (number {owner})' if owner else ''} is working in it; "
            "wait until it has finished, or give another folder with --out"
        ) from None
    with suppress(OSError):  # on a full disk: who holds the lock is told out of courtesy only
        file.truncate(0)
        file.write(str(os.getpid()).encode())


def _posix_lock(file: BinaryIO) -> None:
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _windows_lock(file: BinaryIO) -> None:
    import msvcrt

    # A byte far behind the text, so that another process can read who holds the lock.
    file.seek(1 << 20)
    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    file.seek(0)
