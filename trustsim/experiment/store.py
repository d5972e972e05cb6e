"""Where results are kept: a folder that is valid at any moment, whatever happens to the process.

Finished runs go into small files in ``chunks/``, each written under another name and then renamed.
At the end they are merged into one Parquet file per table, and only then removed. A run is done if
it stands in a table or a chunk; everything else is computed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from trustsim import __version__
from trustsim.errors import ConfigError
from trustsim.experiment.design import Run
from trustsim.experiment.executors import Attempt
from trustsim.experiment.tables import NAMES, RUNS, Tables, merge, tables_of

EXPERIMENT = "experiment.toml"
MANIFEST = "manifest.json"
FAILURES = "failures.parquet"
CHUNKS = "chunks"
LOCK = ".lock"
CHECKSUM = hashlib.sha256().digest_size


class Store:
    """An open results folder; only one process can have it open.

    Attributes
    ----------
    folder : Path
        The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def manifest(self) -> dict[str, Any]:
        """Manifest of the folder; empty if there is none yet."""
        return read_manifest(self.folder)

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest."""
        self._write(MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())

    def write_experiment(self, toml: str) -> None:
        """Write the resolved experiment."""
        self._write(EXPERIMENT, toml.encode())

    def done(self) -> set[str]:
        """Ids of all runs that are kept, in the tables or in chunks."""
        ids = set[str]()
        path = self.folder / f"{RUNS}.parquet"
        if path.exists():
            ids.update(read_table(self.folder, RUNS, ["run_id"])["run_id"].to_pylist())
        for chunk in self._chunks():
            ids.update(chunk[RUNS]["run_id"].to_pylist())
        return ids

    def replicates(self) -> int:
        """One more than the highest replicate that is kept."""
        parts = [chunk[RUNS] for chunk in self._chunks()]
        if (self.folder / f"{RUNS}.parquet").exists():
            parts.append(read_table(self.folder, RUNS, ["replicate"]))
        numbers = [n for part in parts for n in part["replicate"].to_pylist()]
        return max(numbers, default=-1) + 1

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Keep finished runs in a chunk of their own."""
        if not attempts:
            return
        self._make(self.folder / CHUNKS)
        content = _packed(tables_of(attempts))
        self._write(f"{CHUNKS}/{attempts[0].run.run_id}.arrow", content)

    def write_failures(self, attempts: Sequence[Attempt]) -> None:
        """Write the table of failed runs, or remove it if none failed."""
        if not attempts:
            (self.folder / FAILURES).unlink(missing_ok=True)
            return
        rows = [
            {
                "run_id": attempt.run.run_id,
                "arm": attempt.run.arm,
                "point": attempt.run.point,
                "replicate": attempt.run.replicate,
                "error": attempt.failure.error,
                "message": attempt.failure.message,
                "traceback": attempt.failure.traceback,
            }
            for attempt in attempts
            if attempt.failure is not None
        ]
        frame = pd.DataFrame(rows).sort_values(["arm", "point", "replicate"])
        self._write_table(FAILURES, pa.Table.from_pandas(frame, preserve_index=False))

    def merge(self, order: Sequence[Run]) -> Tables:
        """Merge chunks into the tables and give these.

        Parameters
        ----------
        order : sequence of Run
            All runs, in the order that the tables are to have.
        """
        chunks = list(self._chunks())
        tables: Tables = {}
        # The table of runs comes last: a run that stands in it stands in the others too.
        for name in reversed(NAMES):
            path = self.folder / f"{name}.parquet"
            stored = [read_table(self.folder, name)] if path.exists() else []
            if stored or chunks:
                parts = [*stored, *(chunk[name] for chunk in chunks)]
                tables[name] = merge(name, parts, order)
                if chunks:
                    self._write_table(path.name, tables[name])
        shutil.rmtree(self.folder / CHUNKS, ignore_errors=True)
        return tables

    def _chunks(self) -> Iterator[Tables]:
        """Content of all chunks; one that is damaged is set aside, its runs will be done again."""
        for path in sorted((self.folder / CHUNKS).glob("*.arrow")):
            tables = _unpacked(path.read_bytes())
            if tables is None:
                path.replace(self.folder / f"damaged-{path.name}")
            else:
                yield tables

    def _make(self, folder: Path) -> None:
        with _clear_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def _write_table(self, name: str, table: Any) -> None:
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="zstd")
        self._write(name, buffer.getvalue())

    def _write(self, name: str, content: Any) -> None:
        """Write a file as a whole or not at all."""
        path = self.folder / name
        new = path.with_name(f".{path.name}.new")
        with _clear_errors(path):
            with new.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """Open a results folder for this process alone, making it if needed.

    Raises
    ------
    ConfigError
        If it cannot be made or written, holds something else, or another process has it open.
    """
    with _clear_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        foreign = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
        ours = [name for name in (MANIFEST, LOCK) if (folder / name).exists()]
        if foreign and not (ours and (folder / EXPERIMENT).exists()):
            raise ConfigError(
                f"{folder}: is not empty and holds no {EXPERIMENT} with a {MANIFEST}, so it is no "
                "results folder; give an empty or new folder with --out"
            )
        lock = (folder / LOCK).open("a+")
    try:
        _lock(lock, folder)
        yield Store(folder)
    finally:
        lock.close()


def read_table(folder: Path, name: str, columns: list[str] | None = None) -> Any:
    """Read one of the tables of a folder as an Arrow table.

    Raises
    ------
    ConfigError
        If it is not there or cannot be read.
    """
    path = folder / f"{name}.parquet"
    try:
        return pq.read_table(path, columns=columns).replace_schema_metadata(None)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; has the experiment been run?") from None
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(
            f"{path}: is damaged ({error}); move the folder away and run again"
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
    try:
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    if not isinstance(manifest, dict):
        raise ConfigError(f"{path}: is no manifest of an experiment")
    return manifest


def check_folder(folder: Path) -> None:
    """Check that a folder holds an experiment of the installed version.

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
    made_by = read_manifest(folder).get("model_version", __version__)
    if made_by != __version__:
        raise ConfigError(
            f"{folder}: was made by trustsim {made_by}; {__version__} is installed and would give "
            "other numbers. Install that version or give another folder with --out"
        )


def _packed(tables: Tables) -> bytes:
    """Put tables into one file: a checksum, then one Arrow stream each."""
    sink = pa.BufferOutputStream()
    for name in NAMES:
        with pa.ipc.new_stream(sink, tables[name].schema) as stream:
            stream.write_table(tables[name])
    content: bytes = sink.getvalue().to_pybytes()
    return hashlib.sha256(content).digest() + content


def _unpacked(file: bytes) -> Tables | None:
    """Take tables out of a file; None if it is damaged."""
    checksum, content = file[:CHECKSUM], file[CHECKSUM:]
    if hashlib.sha256(content).digest() != checksum:
        return None
    source = pa.BufferReader(content)
    return {name: pa.ipc.open_stream(source).read_all() for name in NAMES}


def _lock(file: Any, folder: Path) -> None:
    """Take the lock of a folder; the system gives it back when the process ends."""
    take = _windows_lock if sys.platform == "win32" else _posix_lock
    try:
        take(file)
    except OSError:
        file.seek(0)
        owner = file.read().strip()
        raise ConfigError(
            f"{folder}: another process{f' (number {owner})' if owner else ''} is working in it; "
            "wait until it has finished, or give another folder with --out"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()


def _posix_lock(file: Any) -> None:
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _windows_lock(file: Any) -> None:
    import msvcrt

    # A byte far behind the text, so that another process can read who holds the lock.
    file.seek(1 << 20)
    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    file.seek(0)


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None
