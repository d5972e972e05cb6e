"""The files of a results folder: written as a whole or not at all, and read piece by piece.

What is wrong with a file is said in plain words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trustsim import __version__
from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.errors import ConfigError, clear_errors, refuse_strange
from trustsim.experiment.storage.seals import (
    LATE_KEY,
    MANIFEST,
    Hashing,
    harm,
    is_sealed,
    read_manifest,
)
from trustsim.experiment.storage.tables import RUN_ID

EXPERIMENT = "experiment.toml"
FAILURES = "failures.parquet"
TABLE_REMEDY = (
    "put it back from a copy, or move the tables (*.parquet) away and run again: then all is "
    "computed anew"
)
REMEDIES = {
    EXPERIMENT: "put it back from a copy, or run the experiment again from the file that it was "
    "made from: it is written anew, and no run is lost",
    FAILURES: "put it back from a copy, or run the experiment again: it is written anew",
}
"""What can be done about a file that is not as it was written; of tables `TABLE_REMEDY`."""


def remedy_of(path: Path) -> str:
    """Give what can be done about a file of a folder that is not as it was written."""
    first = "take this folder away and " if path.is_dir() else ""
    return first + REMEDIES.get(path.name, TABLE_REMEDY)


def read_table(folder: Path, name: str, columns: list[str] | None = None) -> Any:
    """Read one of the tables of a folder as an Arrow table.

    Raises
    ------
    ConfigError
        If it is not there, cannot be read, or is not as it was written.
    """
    verify(folder, f"{name}.parquet")
    with opened_table(folder / f"{name}.parquet") as file:
        return file.read(columns).replace_schema_metadata(None)


def parts_of(
    folder: Path, name: str, columns: list[str] | None = None, *, verified: bool = False
) -> Iterator[Any]:
    """Read one of the tables of a folder in parts, so that it may be larger than the memory.

    Parameters
    ----------
    folder : Path
    name : str
    columns : list of str, optional
        All if not given.
    verified : bool
        Whether the table has been verified already.

    Raises
    ------
    ConfigError
        If it is not there, cannot be read, or is not as it was written.
    """
    if not verified:
        verify(folder, f"{name}.parquet")
    with opened_table(folder / f"{name}.parquet") as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, columns).replace_schema_metadata(None)


def rows_of(folder: Path, name: str, run_ids: Collection[str]) -> Any:
    """Read the rows of some runs from one of the tables of a folder, in their order.

    Raises
    ------
    ConfigError
        If the table is not there, cannot be read, or is not as it was written.
    """
    verify(folder, f"{name}.parquet")
    wanted = pa.array(sorted(run_ids), pa.string())
    with opened_table(folder / f"{name}.parquet") as file:
        result = [file.schema_arrow.empty_table().replace_schema_metadata(None)]
    for part in parts_of(folder, name, verified=True):
        result.append(part.filter(pc.is_in(part[RUN_ID].cast(pa.string()), value_set=wanted)))
    return pa.concat_tables(result)


@contextmanager
def opened_table(path: Path) -> Iterator[Any]:
    """Open a Parquet file; what is wrong with it, now or while it is read, is a `ConfigError`."""
    try:
        refuse_strange(path)
        with (
            pa.OSFile(os.fsencode(path)) as source,
            pq.ParquetFile(source, page_checksum_verification=True) as file,
        ):
            yield file
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; has the experiment been run?") from None
    except PermissionError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        reason = "it is a folder" if path.is_dir() else " ".join(str(error).split())
        raise ConfigError(f"{path}: is damaged ({reason}); {remedy_of(path)}") from None


def verify(folder: Path, *names: str) -> None:
    """See to it that files are as they were written, as far as the manifest of the folder knows.

    Raises
    ------
    ConfigError
        With the first file that is not.
    """
    manifest = read_manifest(folder)
    for name in names:
        with clear_errors(folder / name, "read"):
            wrong = harm(folder, name, manifest)
        if wrong:
            raise ConfigError(f"{folder / name}: {wrong}; {remedy_of(folder / name)}")


def unverified(folder: Path) -> list[str]:
    """Say that nothing in a folder can be verified, if that is so."""
    manifest = read_manifest(folder)
    if is_sealed(manifest):
        return [f"{folder}: {LATE}"] if manifest.get(LATE_KEY) else []
    lacks = (
        "its manifest has no hashes of its files"
        if (folder / MANIFEST).exists()
        else (f"it has no {MANIFEST}")
    )
    return [
        f"{folder}: {lacks}, so it cannot be seen whether a file was changed; the next "
        "'trustsim run' writes them"
    ]


def kept_in(path: Path) -> Path | None:
    """Give the results folder that a path is, or whose experiment it is; None if it is neither."""
    with clear_errors(path, "read"):
        for folder in (path, *([path.parent] if path.name == EXPERIMENT else [])):
            if (folder / MANIFEST).exists() and (folder / EXPERIMENT).exists():
                return folder
    return None


def experiment_in(folder: Path) -> ExperimentConfig:
    """Read the experiment of a folder.

    Raises
    ------
    ConfigError
        If it cannot be read, or is not as it was written.
    """
    verify(folder, EXPERIMENT)
    return load_experiment(folder / EXPERIMENT)


CALIBRATION = "calibration.toml"
"""What a calibration asks; a folder that has it holds no results of an experiment."""

LATE = (
    "its tables were there before their hashes, so it cannot be seen whether they were changed "
    "before; 'trustsim check' computes a sample of runs again"
)
"""What is said of a folder whose manifest was lost, or had no hashes, and was written anew."""

STUDIES = {"experiment": "the results of an experiment", "calibration": "a calibration"}
"""What a folder may hold."""


def check_folder(folder: Path, kind: str = "experiment") -> None:
    """Check that a folder holds an experiment, or a calibration, of the installed version.

    Raises
    ------
    ConfigError
        If it does not.
    """
    with clear_errors(folder, "read"):
        if not folder.is_dir():
            what = "a file, not a results folder" if folder.exists() else "no such folder"
            raise ConfigError(f"{folder}: {'is' if folder.exists() else 'there is'} {what}")
        if not (folder / EXPERIMENT).is_file():
            raise ConfigError(f"{folder}: holds no {EXPERIMENT}, so it is no results folder")
        there = "calibration" if (folder / CALIBRATION).exists() else "experiment"
    if there != kind:
        raise ConfigError(
            f"{folder}: holds {STUDIES[there]}, not {STUDIES[kind]}. Give another folder with "
            "--out, or move this one away; nothing was changed"
        )
    refuse_version(folder)


def refuse_version(folder: Path) -> None:
    """Refuse a folder that another version has made."""
    made_by = read_manifest(folder).get("model_version", __version__)
    if made_by != __version__:
        raise ConfigError(
            f"{folder}: was made by trustsim {made_by}; {__version__} is installed and would give "
            "other numbers. Install that version or give another folder with --out"
        )


@contextmanager
def written(path: Path, announce: Callable[[str], None] | None = None) -> Iterator[Hashing]:
    """Open a file for writing that appears under its name as a whole, at the end, or not at all.

    Parameters
    ----------
    path : Path
    announce : callable, optional
        Called with the SHA-256 hash of what was written, before it appears under its name.

    Raises
    ------
    ConfigError
        If it cannot be written; what stood there before stands there still.
    """
    new = path.with_name(f".{path.name}.new")
    with clear_errors(path):
        try:
            new.unlink(missing_ok=True)  # of a killed process, or a pipe or a link of somebody's
            with new.open("xb") as file:
                hashing = Hashing(file)
                yield hashing
                file.flush()
                os.fsync(file.fileno())
            if announce is not None:
                announce(hashing.hexdigest())
            new.replace(path)
        except BaseException:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise


def settle(folder: Path) -> None:
    """Wait until the names in a folder are on disk, where the system lets us ask for that."""
    if sys.platform != "win32":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
