"""The tables of an experiment: a row per run, per round, per relationship age; never one of all.

Tables are put together from the outcomes of runs, merged, and summed up in a digest that depends
on what they say and on nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trustsim.experiment.design import Run
from trustsim.experiment.executors import Attempt

Tables = dict[str, Any]
"""Arrow tables by name."""

RUNS, ROUNDS, AGES = NAMES = ("runs", "rounds", "ages")
FIRST = {
    RUNS: ("run_id", "arm", "point", "replicate", "status"),
    ROUNDS: ("run_id", "arm", "replicate", "round", "policy"),
    AGES: ("run_id", "arm", "replicate", "age_from", "age_to", "orders"),
}
LAST = ("instrument_share_", "balance_")
DONE = "done"


def tables_of(attempts: Sequence[Attempt]) -> Tables:
    """Put the outcomes of finished runs into tables."""
    from trustsim.outcome import age_columns, round_columns, run_columns

    parts: dict[str, list[Any]] = {name: [] for name in NAMES}
    done = [attempt for attempt in attempts if attempt.sums is not None]
    for _, group in groupby(sorted(done, key=_scenario), key=_scenario):
        together = list(group)
        runs = [attempt.run for attempt in together]
        sums = [attempt.sums for attempt in together if attempt.sums is not None]
        own = {"point": np.array([run.point for run in runs]), "status": [DONE] * len(runs)}
        parts[RUNS].append(_with_runs(runs, {**own, **run_columns(sums)}))
        parts[ROUNDS].append(_with_runs(runs, round_columns(sums)))
        parts[AGES].append(_with_runs(runs, age_columns(sums)))
    return {
        name: pa.concat_tables(tables, promote_options="permissive")
        for name, tables in parts.items()
    }


def merge(name: str, parts: Iterable[Any], order: Sequence[Run]) -> Any:
    """Merge parts of one table and put the rows into the order of the runs.

    Of a run that stands in several parts the first counts. Rows of one run keep their order.
    """
    kept, seen = [], set[str]()
    for part in parts:
        here = set(pc.unique(part["run_id"]).to_pylist())
        if here & seen:
            new = pa.array(sorted(here - seen), part["run_id"].type)
            part = part.filter(pc.is_in(part["run_id"], value_set=new))
        seen |= here
        kept.append(part)
    table = pa.concat_tables(kept, promote_options="permissive")
    ids = pa.array([run.run_id for run in order], table["run_id"].type)
    rank = pc.index_in(table["run_id"], value_set=ids)
    known = np.flatnonzero(rank.is_valid().to_numpy())
    rows = known[np.argsort(rank.fill_null(-1).to_numpy()[known], kind="stable")]
    return table.select(_columns(name, table.column_names)).take(pa.array(rows)).combine_chunks()


def digest(tables: Tables) -> str:
    """SHA-256 over the content of tables: names and values of all columns, row by row in order."""
    total = hashlib.sha256()
    for name in sorted(tables):
        table = tables[name]
        total.update(f"{name}\n{table.num_rows}\n".encode())
        for column in sorted(table.column_names):
            total.update(f"{column}\n".encode())
            total.update(_content(table[column]))
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
            same = bool(np.isnan(sides[0].to_numpy().astype("f8")).all())
        if not same:
            wrong.append(column)
    return wrong


def _scenario(attempt: Attempt) -> tuple[str, int]:
    return attempt.run.arm, attempt.run.point


def _with_runs(runs: Sequence[Run], columns: Mapping[str, Any]) -> Any:
    """Say of every row which run it belongs to; all runs have equally many rows."""
    table = pa.table(dict(columns))
    which = pa.array(np.repeat(np.arange(len(runs)), table.num_rows // len(runs)))
    for column in ("replicate", "arm", "run_id"):
        values = pa.array([getattr(run, column) for run in runs]).take(which)
        table = table.add_column(0, column, values)
    return table


def _columns(name: str, columns: Sequence[str]) -> list[str]:
    first = [column for column in FIRST[name] if column in columns]
    last = [c for prefix in LAST for c in columns if c.startswith(prefix)]
    return [*first, *(c for c in columns if c not in {*first, *last}), *last]


def _content(column: Any) -> bytes:
    """Values of a column as bytes that do not depend on how they are kept."""
    if pa.types.is_floating(column.type):
        values = column.to_numpy().astype("<f8")
        return np.where(np.isnan(values), np.nan, values).tobytes()
    if pa.types.is_integer(column.type):
        return bytes(column.to_numpy().astype("<i8").tobytes())
    texts = [str(value).encode() for value in column.to_pylist()]
    return b"".join(len(text).to_bytes(8, "little") + text for text in texts)
