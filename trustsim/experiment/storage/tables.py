"""The tables of an experiment: a row per run, policy, round, age, temptation, or order.

Here tables are put together from the outcomes of runs, told which runs their rows belong to, and
summed up in a digest that depends on what they say and on nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from trustsim.config.models import KEPT, TABLES
from trustsim.experiment.execution.executors import Attempt
from trustsim.experiment.plan import Plan

Tables = dict[str, Any]
"""Arrow tables by name."""

RUNS, POLICIES, ROUNDS, AGES, TEMPTATIONS = NAMES = KEPT
*_, ORDERS = TABLES
RUN_ID = "run_id"
FIRST = {
    RUNS: (RUN_ID, "arm", "point", "replicate", "status"),
    POLICIES: (RUN_ID, "arm", "point", "replicate", "policy"),
    ROUNDS: (RUN_ID, "arm", "point", "replicate", "round", "policy", "buyers"),
    AGES: (RUN_ID, "arm", "point", "replicate", "age_from", "age_to", "orders"),
    TEMPTATIONS: (RUN_ID, "arm", "point", "replicate", "temptation", "times"),
    ORDERS: (RUN_ID, "arm", "point", "replicate", "event", "order_id", "round"),
}
LAST = ("instrument_share_", "balance_")
DONE = "done"
MISSING_TEXT = b"\xff" * 8


def tables_of(attempts: Sequence[Attempt], names: Collection[str] = NAMES) -> Tables:
    """Put the outcomes of finished runs into tables.

    Parameters
    ----------
    attempts : sequence of Attempt
        Failed ones are left out; at least one is not.
    names : collection of str
        The tables to make; what is not asked for is not computed.

    Returns
    -------
    dict of str to pyarrow Table
        Rows of a run stand together, under its ``run_id``. The table of runs has ``point`` and
        ``replicate`` too; what else tells runs apart is added by `identified`.
    """
    from trustsim.simulation import outcome

    make = {
        RUNS: outcome.run_columns,
        POLICIES: outcome.policy_columns,
        ROUNDS: outcome.round_columns,
        AGES: outcome.age_columns,
        TEMPTATIONS: outcome.temptation_columns,
    }
    if ORDERS in names:
        orders = pa.concat_tables(_orders_of(each) for each in attempts if each.sums is not None)
    groups: dict[Hashable, list[tuple[Attempt, Any]]] = {}
    for attempt in attempts:
        if attempt.sums is not None:
            together = groups.setdefault(outcome.alike(attempt.sums), [])
            together.append((attempt, attempt.sums))
    parts: dict[str, list[Any]] = {name: [] for name in NAMES if name in names}
    for group in groups.values():
        runs = [attempt.run for attempt, _ in group]
        ids = pa.array([run.run_id for run in runs])
        for name, tables in parts.items():
            columns = make[name]([sums for _, sums in group])
            table = pa.table(dict(columns))
            if name == RUNS:
                table = table.add_column(0, "replicate", pa.array([run.replicate for run in runs]))
                table = table.add_column(0, "point", pa.array([run.point for run in runs]))
                table = table.append_column("status", pa.array([DONE] * len(runs)))
            which = pa.array(np.repeat(np.arange(len(runs)), table.num_rows // len(runs)))
            tables.append(table.add_column(0, RUN_ID, ids.take(which)))
    result = {
        name: pa.concat_tables(tables, promote_options="permissive")
        for name, tables in parts.items()
    }
    return {**result, ORDERS: orders} if ORDERS in names else result


def _orders_of(attempt: Attempt) -> Any:
    """Put the panel of orders of a finished run into a table; names are texts there."""
    assert attempt.sums is not None
    columns = {name: pa.array(values) for name, values in (attempt.sums.orders or {}).items()}
    table = pa.table(
        {
            name: values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
            for name, values in columns.items()
        }
    )
    return table.add_column(0, RUN_ID, pa.repeat(attempt.run.run_id, table.num_rows))


def identity(name: str, plan: Plan, places: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Say of rows of a table which runs they belong to.

    Parameters
    ----------
    name : str
        The table. That of runs has all that tells runs apart; the others have the arm, the
        replicate and, if the experiment has a design, the number of the point.
    plan : Plan
    places : ndarray of int, shape (rows,)
        Place of the run of every row.

    Returns
    -------
    dict of str to pyarrow Array, shape (rows,)
    """
    of_run, which = np.unique(places, return_inverse=True)
    columns = {RUN_ID: pa.array(plan.ids[of_run].astype("U")), **plan.columns(of_run)}
    if name != RUNS:
        # A plan has columns of parameters if the experiment has a design.
        point = ["point"] if len(columns) > len((RUN_ID, "arm", "point", "replicate")) else []
        columns = {column: columns[column] for column in (RUN_ID, "arm", *point, "replicate")}
    rows = pa.array(which)
    return {column: values.take(rows) for column, values in columns.items()}


def identified(name: str, table: Any, plan: Plan, places: npt.NDArray[np.int64]) -> Any:
    """Give a table with the columns that say which runs its rows belong to, as the plan has them.

    What the table itself says about that is replaced: an extended design may number its points
    anew. The columns come in the order of the tables of a folder.
    """
    lines = identity(name, plan, places)
    content = {column: table[column] for column in table.column_names if column not in lines}
    dropped = {RUN_ID, "arm", "point", "replicate"} - set(lines)
    columns = {**lines, **{c: values for c, values in content.items() if c not in dropped}}
    return pa.table(columns).select(in_order(name, columns))


def agreeing(
    name: str, part: Any, plan: Plan, places: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which rows of a table say of their runs what the plan says, shape (rows,)."""
    same = np.ones(part.num_rows, bool)
    for column, values in identity(name, plan, places).items():
        if column not in part.column_names:
            return np.zeros(part.num_rows, bool)
        try:
            equal = pc.equal(part[column].cast(values.type), values)
        except pa.ArrowInvalid:
            return np.zeros(part.num_rows, bool)
        same &= pc.fill_null(equal, False).to_numpy()
    return same


def rows_as_planned(attempt: Attempt, plan: Plan, names: Collection[str]) -> Tables:
    """Give the rows of one finished run as they stand in the tables of a folder."""
    place = plan.place_of(attempt.run.run_id)
    return {
        name: identified(name, table, plan, np.full(table.num_rows, place, np.int64))
        for name, table in tables_of([attempt], names).items()
    }


def in_order(name: str, columns: Collection[str]) -> list[str]:
    """Order of the columns of a table: which run, parameters, measures, shares and balances."""
    first = [column for column in FIRST[name] if column in columns]
    last = [c for prefix in LAST for c in columns if c.startswith(prefix)]
    return [*first, *(c for c in columns if c not in {*first, *last}), *last]


class Digest:
    """SHA-256 over the content of tables: what stands in them, in the order of rows.

    Every column has a running hash of its own, over its values from the first row to the last, so
    that tables can be digested piece by piece, as large as they may be. At the end the names and
    the numbers of rows of all tables and the names and hashes of their columns, both in
    alphabetical order, are hashed together. Numbers count as 64 bits, little endian, texts as
    their length and their UTF-8 bytes, and every missing number as the same one; so the digest
    depends neither on how columns are stored nor on how the rows are cut into pieces.
    """

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, Any]] = {}
        self._rows: dict[str, int] = {}

    def add(self, name: str, part: Any) -> None:
        """Add the next rows of a table; all parts of a table have the same columns."""
        running = self._columns.setdefault(name, {c: hashlib.sha256() for c in part.column_names})
        for column, so_far in running.items():
            so_far.update(_content(part[column]))
        self._rows[name] = self._rows.get(name, 0) + part.num_rows

    def hexdigest(self) -> str:
        """Digest of all that has been added, as hexadecimal digits."""
        total = hashlib.sha256()
        for name, columns in sorted(self._columns.items()):
            total.update(f"{name}\n{self._rows[name]}\n".encode())
            for column, so_far in sorted(columns.items()):
                total.update(f"{column}\n{so_far.hexdigest()}\n".encode())
        return total.hexdigest()


def differences(stored: Any, computed: Any) -> list[str]:
    """Columns in which two tables differ in any bit, missing columns counting as missing values."""
    if stored.num_rows != computed.num_rows:
        return [f"{stored.num_rows} rows stored, {computed.num_rows} computed"]
    wrong = []
    for column in dict.fromkeys([*stored.column_names, *computed.column_names]):
        sides = [table[column] for table in (stored, computed) if column in table.column_names]
        if len(sides) == 2:
            same = _content(sides[0]) == _content(sides[1])
        else:
            same = sides[0].null_count == len(sides[0]) or _all_missing(sides[0])
        if not same:
            wrong.append(column)
    return wrong


def _all_missing(column: Any) -> bool:
    return pa.types.is_floating(column.type) and bool(np.isnan(column.to_numpy()).all())


def _content(column: Any) -> bytes:
    """Values of a column as bytes that do not depend on how they are kept."""
    if pa.types.is_floating(column.type):
        values = column.to_numpy().astype("<f8")
        return np.where(np.isnan(values), np.nan, values).tobytes()
    if pa.types.is_integer(column.type):
        return bytes(column.to_numpy().astype("<i8").tobytes())
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    texts = [str(value).encode() for value in encoded.dictionary.to_pylist()]
    known = np.array([len(t).to_bytes(8, "little") + t for t in texts] + [MISSING_TEXT], object)
    return b"".join(known[pc.fill_null(encoded.indices, len(texts)).to_numpy()])
