"""Chunks: files of finished runs, which are kept until they are merged into the tables.

A chunk is a checksum, then one Arrow stream per table, which says in its schema which table it is.
It is read where it lies, by mapping it into memory.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from trustsim.errors import ConfigError, clear_errors, refuse_strange
from trustsim.experiment.storage.tables import Tables

CHUNKS = "chunks"
NAME = re.compile(r"[0-9a-f]{16}\.arrow")
"""Name of a chunk, after its first run; other files in the folder are somebody else's."""
UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.arrow\.new")
"""Name of a chunk that is being written."""
ASIDE = "damaged-"
"""What names of damaged files begin with."""

CHECKSUM = hashlib.sha256().digest_size
TABLE = b"table"


def packed(tables: Tables) -> bytes:
    """Put tables into the content of one file."""
    sink = pa.BufferOutputStream()
    for name, table in tables.items():
        marked = table.replace_schema_metadata({TABLE: name.encode()})
        with pa.ipc.new_stream(sink, marked.schema) as stream:
            stream.write_table(marked)
    content: bytes = sink.getvalue().to_pybytes()
    return hashlib.sha256(content).digest() + content


def unpacked(path: Path) -> Tables:
    """Give the tables in a file that was found sound before.

    Raises
    ------
    ConfigError
        If it is so no longer.
    """
    tables = unpacked_if_sound(path)
    if tables is None:
        raise ConfigError(
            f"{path}: was damaged or removed while it was merged into the tables; run again: what "
            "is missing then, and nothing else, is computed again"
        )
    return tables


def unpacked_if_sound(path: Path) -> Tables | None:
    """Give the tables in a file; None if it is damaged."""
    try:
        content = _mapped(path)
        if hashlib.sha256(content[CHECKSUM:]).digest() != content[:CHECKSUM].to_pybytes():
            return None
        return _tables(content)
    except PermissionError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (KeyError, OSError, pa.ArrowException):
        return None


def chunks_in(folder: Path) -> list[Path]:
    """Chunks of a results folder; what is not ours by its name is none."""
    return [path for path in _listed(folder) if NAME.fullmatch(path.name)]


def remove(folder: Path, paths: Collection[Path]) -> None:
    """Remove chunks and what is left of unfinished ones, and their folder if nothing else is in it.

    A chunk that cannot be removed is merged again later, which changes nothing.
    """
    unfinished = [path for path in _listed(folder) if UNFINISHED.fullmatch(path.name)]
    for path in [*paths, *unfinished]:
        with suppress(OSError):
            path.unlink()
    with suppress(OSError):
        (folder / CHUNKS).rmdir()


def sound_in(folder: Path, notices: list[str]) -> Iterator[tuple[Path, Tables]]:
    """Give all sound chunks; one that is damaged is set aside, so that its runs are done again.

    Parameters
    ----------
    folder : Path
        The results folder.
    notices : list of str
        What was set aside is added.
    """
    for path in chunks_in(folder):
        tables = unpacked_if_sound(path)
        if tables is not None:
            yield path, tables
            continue
        aside = _path_aside(folder, path.name)
        with clear_errors(aside):
            path.replace(aside)
        notices.append(
            f"{path}: is damaged (its checksum does not fit) and was set aside as {aside.name}; "
            "its runs do not count as done"
        )


def _listed(folder: Path) -> list[Path]:
    with clear_errors(folder / CHUNKS, "read"):
        try:
            return sorted((folder / CHUNKS).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []


def _path_aside(folder: Path, name: str) -> Path:
    path, number = folder / f"{ASIDE}{name}", 1
    while path.exists():
        number += 1
        path = folder / f"{ASIDE}{number}-{name}"
    return path


def _mapped(path: Path) -> Any:
    refuse_strange(path)
    with pa.memory_map(os.fsencode(path)) as file:
        return file.read_buffer()


def _tables(content: Any) -> Tables:
    source = pa.BufferReader(content[CHECKSUM:])
    tables = {}
    while source.tell() < source.size():
        table = pa.ipc.open_stream(source).read_all()
        tables[table.schema.metadata[TABLE].decode()] = table.replace_schema_metadata(None)
    return tables
