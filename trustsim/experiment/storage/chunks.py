"""Chunks: files of finished runs, which are kept until they are merged into the tables.

A chunk is a checksum, then one Arrow stream per table, which says in its schema which table it is.
It is read where it lies, by mapping it into memory.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from trustsim.experiment.storage.tables import Tables

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
    """Give the tables in a file, which was found sound before."""
    return _tables(_mapped(path))


def unpacked_if_sound(path: Path) -> Tables | None:
    """Give the tables in a file; None if it is damaged."""
    try:
        content = _mapped(path)
        if hashlib.sha256(content[CHECKSUM:]).digest() != content[:CHECKSUM].to_pybytes():
            return None
        return _tables(content)
    except (KeyError, OSError, pa.ArrowException):
        return None


def _mapped(path: Path) -> Any:
    with pa.memory_map(str(path)) as file:
        return file.read_buffer()


def _tables(content: Any) -> Tables:
    source = pa.BufferReader(content[CHECKSUM:])
    tables = {}
    while source.tell() < source.size():
        table = pa.ipc.open_stream(source).read_all()
        tables[table.schema.metadata[TABLE].decode()] = table.replace_schema_metadata(None)
    return tables
