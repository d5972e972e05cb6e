"""Merging: from a table and chunks to the new table, window by window, however many runs there are.

Tables are in the order of the plan (arm, point, replicate). Chunks hold runs in the order of their
execution, so each covers a short stretch of places per arm. First it is found out where the rows of
every run stand; then windows of successive places are gathered, each from the few pieces that hold
its rows. Only one window is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trustsim.errors import ConfigError
from trustsim.experiment.plan import Plan
from trustsim.experiment.storage.tables import RUN_ID, identified, identity

ROWS_AT_A_TIME = 2**16
"""Rows of a window; a single run of more rows is a window of its own."""

Places = npt.NDArray[np.int64]
NOWHERE = -1


@dataclass(frozen=True)
class Piece:
    """A piece of a table, on disk until it is read.

    Attributes
    ----------
    label : str
        What it is, for messages.
    schema : pyarrow Schema
        Its columns.
    read : callable
        Gives the rows as an Arrow table; the argument is a list of columns, or None for all.
        The rows of a run stand together, in one piece.
    """

    label: str
    schema: Any
    read: Callable[[list[str] | None], Any]


class Finder:
    """Finds the places of runs in a plan by their ids.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        self._order = np.argsort(plan.ids, kind="stable")
        self._sorted = plan.ids[self._order]

    def __call__(self, ids: npt.NDArray[np.bytes_]) -> Places:
        """Places of runs, shape (n,); -1 for a run that is not planned."""
        if not len(self._sorted):
            return np.full(len(ids), NOWHERE)
        near = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        return np.where(self._sorted[near] == ids, self._order[near], NOWHERE)


class Merging:
    """Where the rows of every run stand in the pieces of one table, and the merged table.

    Of a run that stands in several pieces the first counts. Rows of a run keep their order.

    Parameters
    ----------
    name : str
        The table.
    pieces : sequence of Piece
    plan : Plan
    finder : Finder
        Of this plan.

    Attributes
    ----------
    rows : array of int64, shape (runs planned,)
        Rows of the run at every place; 0 for a run that is not there.

    Raises
    ------
    ConfigError
        If a piece holds runs that are not planned.
    """

    def __init__(self, name: str, pieces: Sequence[Piece], plan: Plan, finder: Finder) -> None:
        self.name = name
        self.rows = np.zeros(len(plan), np.int64)
        self._pieces = pieces
        self._plan = plan
        self._piece = np.full(len(plan), NOWHERE, np.int32)
        self._first = np.zeros(len(plan), np.int64)
        for number, piece in enumerate(pieces):
            ids, first, rows = blocks(piece.read([RUN_ID])[RUN_ID])
            places = finder(ids)
            if (places == NOWHERE).any():
                strange = ids[places == NOWHERE]
                raise ConfigError(
                    f"{piece.label}: holds {len(strange)} runs that this experiment does not plan, "
                    f"the first is {strange[0].decode()}; give another folder with --out, or move "
                    "this one away. Nothing was lost"
                )
            new = np.flatnonzero(self._piece[places] == NOWHERE)
            self._piece[places[new]] = number
            self._first[places[new]] = first[new]
            self.rows[places[new]] = rows[new]
        schemas = [piece.schema for piece in pieces]
        self._content = _together(schemas, set(identity(name, plan, np.arange(0))))

    def leave_out(self, places: npt.NDArray[np.bool_]) -> None:
        """Leave out runs, given by a mask of shape (runs planned,)."""
        self.rows[places] = 0

    def windows(self) -> Iterator[Any]:
        """Give the merged table in order, in parts of at most `ROWS_AT_A_TIME` rows."""
        ends = np.cumsum(self.rows)
        start, before = 0, 0
        while before < (ends[-1] if len(ends) else 0):
            stop = int(np.searchsorted(ends, before + ROWS_AT_A_TIME, side="right"))
            if stop == start or ends[stop - 1] == before:
                stop = int(np.searchsorted(ends, before, side="right")) + 1
            yield self._window(start, stop)
            start, before = stop, ends[stop - 1]

    def _window(self, start: int, stop: int) -> Any:
        there = start + np.flatnonzero(self.rows[start:stop])
        there = there[np.argsort(self._piece[there], kind="stable")]
        numbers, begins = np.unique(self._piece[there], return_index=True)
        parts = []
        for number, places in zip(numbers, np.split(there, begins[1:]), strict=True):
            rows = stretches(self._first[places], self.rows[places])
            parts.append(self._taken(self._pieces[number], rows))
        of_row = np.repeat(there, self.rows[there])
        order = np.argsort(of_row, kind="stable")
        table = pa.concat_tables(parts).combine_chunks().take(pa.array(order))
        return identified(self.name, table, self._plan, of_row[order])

    def _taken(self, piece: Piece, rows: Places) -> Any:
        """Rows of a piece, with the columns that the whole table has."""
        table = piece.read(None)
        there = set(table.column_names)
        taken = table.select([c for c in self._content.names if c in there]).take(pa.array(rows))
        if taken.schema == self._content:
            return taken
        columns = []
        for field in self._content:
            if field.name in there:
                columns.append(taken[field.name].cast(field.type))
            else:
                missing = pa.scalar(
                    np.nan if pa.types.is_floating(field.type) else None, field.type
                )
                columns.append(pa.repeat(missing, len(rows)))
        return pa.table(columns, schema=self._content)


def blocks(run_ids: Any) -> tuple[npt.NDArray[np.bytes_], Places, Places]:
    """Find the blocks of equal ids in a column.

    Returns
    -------
    ids : array of bytes, shape (blocks,)
    first, rows : arrays of int64, shape (blocks,)
        First row of every block and its number of rows.
    """
    encoded = pc.run_end_encode(run_ids.cast(pa.string()).combine_chunks(), pa.int64())
    ends = encoded.run_ends.to_numpy()
    first = np.concatenate([[0], ends])[: len(ends)]
    return np.array(encoded.values.to_pylist(), "S16"), first, ends - first


def stretches(first: Places, rows: Places) -> Places:
    """Numbers of all rows of stretches, one stretch after the other."""
    shift = np.repeat(first - np.concatenate([[0], np.cumsum(rows)[:-1]]), rows)
    return shift + np.arange(len(shift))


def _together(schemas: list[Any], known: set[str]) -> Any:
    """One schema for the content of all pieces: what says which run it is comes from the plan."""
    fields = [
        pa.schema([f for f in schema if f.name not in known | {"arm", "point", "replicate"}])
        for schema in schemas
    ]
    return pa.unify_schemas(fields, promote_options="permissive")
