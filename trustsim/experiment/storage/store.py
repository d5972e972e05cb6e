"""Where results are kept: a folder that is valid at any moment, whatever happens to the process.

Finished runs go into small files in ``chunks/``, each written under another name and then renamed.
At the end they are merged into one Parquet file per table, and only then removed. A run is done if
it stands in a table or a chunk; everything else is computed again. No step holds more runs in
memory than a window of them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trustsim.config.models import TABLES
from trustsim.errors import ConfigError, clear_errors
from trustsim.experiment.execution.executors import Attempt
from trustsim.experiment.plan import Plan
from trustsim.experiment.storage import chunks
from trustsim.experiment.storage.chunks import CHUNKS, packed, remove, sound_in
from trustsim.experiment.storage.files import (
    EXPERIMENT,
    FAILURES,
    opened_table,
    settle,
    written,
)
from trustsim.experiment.storage.locks import lock, lock_file
from trustsim.experiment.storage.merging import Finder, Merging, Piece, blocks
from trustsim.experiment.storage.open_folder import LOCK, OpenFolder
from trustsim.experiment.storage.seals import MANIFEST, is_sealed, read_manifest
from trustsim.experiment.storage.tables import (
    NAMES,
    RUN_ID,
    RUNS,
    Digest,
    identity,
    tables_of,
)

Ids = npt.NDArray[np.bytes_]


@dataclass(frozen=True)
class Merged:
    """The tables of a folder, summed up.

    Attributes
    ----------
    rows : dict of str to int
        Rows of each table; without a table that is not there yet.
    orders : int
        Orders of all runs.
    digest : str
        Digest of the tables.
    """

    rows: dict[str, int] = field(default_factory=dict)
    orders: int = 0
    digest: str = field(default_factory=lambda: Digest().hexdigest())


class Store(OpenFolder):
    """The finished runs of an open results folder."""

    def done(self, keep: Collection[str] = NAMES) -> Ids:
        """Ids of all runs that are kept, in the tables or in chunks.

        Parameters
        ----------
        keep : collection of str
            Tables that are to be kept.

        Returns
        -------
        array of bytes, shape (runs,)
            Sorted, each once.

        Raises
        ------
        ConfigError
            If a table is damaged or missing, or the folder holds other tables than asked for.
        """
        self._refuse_other_tables(keep)
        ids = [np.empty(0, "S16")]
        if self._has(RUNS):
            ids += [blocks(part[RUN_ID])[0] for part in self.parts(RUNS, [RUN_ID])]
        for path, tables in sound_in(self.folder, self.notices):
            lacking = [name for name in keep if name not in tables]
            if lacking:
                raise ConfigError(
                    f"{path}: holds finished runs without the table of {lacking[0]}, which was "
                    f"not to be kept before; leave '{lacking[0]}' out of keep, or give another "
                    "folder with --out"
                )
            ids.append(blocks(tables[RUNS][RUN_ID])[0])
        return np.unique(np.concatenate(ids))

    def replicates(self) -> int:
        """One more than the highest replicate that is kept."""
        sound = sound_in(self.folder, self.notices)
        parts = [tables[RUNS]["replicate"] for _, tables in sound]
        if self._has(RUNS):
            parts += [p["replicate"] for p in self.parts(RUNS, ["replicate"])]
        return max((pc.max(part).as_py() for part in parts if len(part)), default=-1) + 1

    def add(self, attempts: Sequence[Attempt], keep: Collection[str] = NAMES) -> None:
        """Keep finished runs in a chunk of their own, with the tables that are to be kept."""
        if not attempts:
            return
        self.refuse_another_place()
        with clear_errors(self.folder / CHUNKS):
            (self.folder / CHUNKS).mkdir(exist_ok=True)
        content = packed(tables_of(attempts, keep))
        with written(self.folder / CHUNKS / f"{attempts[0].run.run_id}.arrow") as file:
            file.write(content)

    def write_failures(self, attempts: Sequence[Attempt], plan: Plan) -> None:
        """Write the table of failed runs, in the order of the plan, or remove it if none failed."""
        failed = [(attempt.run.run_id, attempt.failure) for attempt in attempts if attempt.failure]
        if not failed:
            self.remove(FAILURES)
            return
        places = Finder(plan)(np.array([run_id for run_id, _ in failed], "S16"))
        order = np.argsort(places, kind="stable")
        failures = [failed[place][1] for place in order]
        which = identity(RUNS, plan, places[order])
        lines = {name: which.pop(name) for name in (RUN_ID, "arm", "point", "replicate")}
        table = {
            **lines,
            "seed": pa.array([plan.config.seed] * len(failed)),
            **which,
            "error": [failure.error for failure in failures],
            "message": [failure.message for failure in failures],
            "traceback": [failure.traceback for failure in failures],
        }
        with self.announced(FAILURES) as file:
            write_table(pa.table(table), file)

    def merge(self, plan: Plan, keep: Collection[str] = NAMES) -> Merged:
        """Merge chunks into the tables, and sum these up.

        The tables are in the order of the plan and say of every row what the plan says of its run.
        If they are so already, and there is no chunk, nothing is written.

        Raises
        ------
        ConfigError
            If a table is damaged or cannot be written; all that was kept before is kept then.
        """
        # Chunks are not kept open: together they may be larger than the memory.
        known: dict[Any, Any] = {}
        result = [
            (path, {name: known.setdefault(t.schema, t.schema) for name, t in tables.items()})
            for path, tables in sound_in(self.folder, self.notices)
        ]
        if not result and not self._has(RUNS):
            remove(self.folder, ())
            return Merged()
        names = [name for name in TABLES if name in keep]
        if not result and self._is_as_planned(plan):
            merged = _summed_up((name, part) for name in names for part in self.parts(name))
            remove(self.folder, ())
            lines = self.manifest().get("digest", merged.digest)
            if lines != merged.digest:
                self.notices.append(
                    f"{self.folder}: the tables do not have the digest that the manifest says, so "
                    "something has changed them; see what with: trustsim check"
                )
            return merged
        pieces = {name: self._pieces(name, result) for name in names}
        finder = Finder(plan)
        merging = {name: Merging(name, pieces[name], plan, finder) for name in names}
        done = merging[RUNS].rows > 0
        for name, table in merging.items():
            # What killed processes left may be ahead of the table of runs, which is written last.
            table.leave_out(~done)
            if (table.rows[done] == 0).any():
                raise ConfigError(
                    f"{self._path(name)}: lacks {int((table.rows[done] == 0).sum())} runs that "
                    f"{self._path(RUNS).name} holds; put it back from a copy, or move the tables "
                    "(*.parquet) away and run again: then all is computed anew"
                )
        merged = _summed_up(
            (name, window)
            for name in reversed(names)
            for window in self._writing(name, merging[name].windows())
        )
        # While chunks are there, what a killed process leaves is known to be unfinished.
        lines = {"runs_done": merged.rows[RUNS], "orders": merged.orders, "digest": merged.digest}
        self.write_manifest({**self.manifest(), **lines})
        settle(self.folder)
        remove(self.folder, [path for path, _ in result])
        return merged

    def _writing(self, name: str, windows: Iterator[Any]) -> Iterator[Any]:
        """Write a table window by window; give every window on when it is written."""
        with self.announced(f"{name}.parquet") as file:
            writer = None
            for window in windows:
                writer = writer or pq.ParquetWriter(
                    file, window.schema, compression="zstd", write_page_checksum=True
                )
                writer.write_table(window, row_group_size=window.num_rows)
                yield window
            if writer is not None:
                writer.close()

    def _pieces(self, name: str, result: Sequence[tuple[Path, dict[str, Any]]]) -> list[Piece]:
        """The pieces of a table: what was merged before comes first."""
        pieces = list(self._pieces_of_table(name)) if self._has(name) else []
        return pieces + [
            Piece(str(path), schemas[name], partial(_read_chunk, path, name))
            for path, schemas in result
        ]

    def _pieces_of_table(self, name: str) -> Iterator[Piece]:
        """The row groups of a table; those that share a run are one piece."""
        path = self._path(name)
        self.verify(name)
        with opened_table(path) as file:
            together: list[int] = []
            last = None
            for number in range(file.num_row_groups):
                ids, _, _ = blocks(file.read_row_group(number, [RUN_ID])[RUN_ID])
                if together and (not len(ids) or ids[0] != last):
                    yield Piece(str(path), file.schema_arrow, partial(_read_groups, path, together))
                    together = []
                together = [*together, number]
                last = ids[-1] if len(ids) else last
            if together:
                yield Piece(str(path), file.schema_arrow, partial(_read_groups, path, together))

    def _is_as_planned(self, plan: Plan) -> bool:
        """Whether the table of runs is in the order of the plan and says what the plan says."""
        finder = Finder(plan)
        before = -1
        for part in self.parts(RUNS):
            places = finder(blocks(part[RUN_ID])[0])
            if len(places) != part.num_rows or not (np.diff(places, prepend=before) > 0).all():
                return False
            before = places[-1]
            for column, values in identity(RUNS, plan, places).items():
                if (
                    column not in part.column_names
                    or not pc.all(pc.equal(part[column], values)).as_py()
                ):
                    return False
        return True

    def _refuse_other_tables(self, keep: Collection[str]) -> None:
        if not self._has(RUNS):
            return
        for name in TABLES:
            path = self._path(name)
            if name in keep and not path.exists():
                raise ConfigError(
                    f"{path}: is missing, though {RUNS}.parquet is there and '{name}' is to be "
                    f"kept; put it back from a copy, leave '{name}' out of keep, or move "
                    f"{RUNS}.parquet away and run again: then all is computed anew"
                )
            if name not in keep and path.exists():
                raise ConfigError(
                    f"{path}: is there, though '{name}' is not to be kept; add '{name}' to keep, "
                    "or move the file away"
                )
            if name in keep:  # one that cannot be read is refused before anything is computed
                self.verify(name)
                with opened_table(path):
                    pass

    def _has(self, name: str) -> bool:
        return self._path(name).exists()

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"


@contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """Open a results folder for this process alone, making it if needed.

    Raises
    ------
    ConfigError
        If it cannot be made or written, holds something else, or another process has it open.
    """
    with clear_errors(folder):
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder}: is a file, not a folder; give another one with --out")
        folder.mkdir(parents=True, exist_ok=True)
        foreign = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
        there = {name for name in (MANIFEST, LOCK, EXPERIMENT) if (folder / name).exists()}
        ours = EXPERIMENT in there and len(there) > 1
        if foreign and not ours and not (MANIFEST in there and is_sealed(read_manifest(folder))):
            raise ConfigError(
                f"{folder}: is not empty and holds no {EXPERIMENT} with a {MANIFEST}, so it is no "
                "results folder; give an empty or new folder with --out"
            )
    with clear_errors(folder / LOCK):
        file = lock_file(folder / LOCK)
    with file:
        lock(file, folder)
        yield Store(folder, os.fstat(file.fileno()))


def write_table(table: Any, file: Any) -> None:
    """Write a whole table into a file."""
    pq.write_table(table, file, compression="zstd", write_page_checksum=True)


def _read_chunk(path: Path, name: str, columns: list[str] | None) -> Any:
    table = chunks.unpacked(path)[name]
    return table if columns is None else table.select(columns)


def _read_groups(path: Path, groups: list[int], columns: list[str] | None) -> Any:
    with opened_table(path) as file:
        return file.read_row_groups(groups, columns).replace_schema_metadata(None)


def _summed_up(parts: Iterator[tuple[str, Any]]) -> Merged:
    """Sum up tables, part by part."""
    digest, rows, orders = Digest(), dict.fromkeys(TABLES, 0), 0.0
    for name, part in parts:
        digest.add(name, part)
        rows[name] += part.num_rows
        if name == RUNS:
            orders += pc.sum(part["orders"]).as_py() or 0.0
    return Merged({name: n for name, n in rows.items() if n}, int(orders), digest.hexdigest())
