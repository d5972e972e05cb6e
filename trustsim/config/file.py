"""The experiment file as its author wrote it, with the files that it names.

A path and changes of the command line come in; drafts of the arms go out, with what is said about
the experiment as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trustsim.config.drafts import (
    PLACE_OF,
    Draft,
    Rows,
    draft_of,
    lists_in,
    rows_in,
    rows_of,
    rows_over,
)
from trustsim.config.library import DEFAULT_MARKET, library, market_named
from trustsim.config.models import Entry, ExperimentFile, FileList, RowsFile
from trustsim.config.paths import path_of
from trustsim.config.toml import inside, is_file, put, read_change, read_toml
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.translation import leaves, plain, read

Change = str | tuple[str, Any]
"""A change of the command line, ``path=value``, or a path and its value."""


@dataclass(frozen=True)
class ExperimentTables:
    """An experiment file, checked but not yet completed.

    Attributes
    ----------
    file : str
        Its path.
    tables : ExperimentFile
        What stands in it.
    common : Draft
        What it says of all arms, with the files that it names.
    arms : dict of Draft
        What it says of each arm.
    """

    file: str
    tables: ExperimentFile
    common: Draft
    arms: dict[str, Draft]


def read_experiment(
    path: Path, changes: Iterable[Change] = (), model: type[ExperimentFile] = ExperimentFile
) -> ExperimentTables:
    """Read an experiment file."""
    file, written = str(path), read_toml(path)
    for change in changes:
        _apply(change, written, _included(written, path), file)
    shared = _included(written, path)
    own_instruments = written.get("instruments")
    names = [*library().instruments, *shared["instruments"]]
    names += own_instruments if isinstance(own_instruments, Mapping) else ()
    tables: ExperimentFile = read(model, written, "", file, instruments=names)
    for keys, source in leaves(tables.sources):
        where = at(file, f"sources.{keys}")
        if not isinstance(source, str):
            raise ConfigError(f"{where}allowed: text in quotes")
        if inside(written, keys.split(".")) is None:
            raise ConfigError(f"{where}the file has no {keys} to be a source of")
    own = draft_of(tables, file)
    base = market_named(tables.market.based_on or DEFAULT_MARKET, "market.based_on", file)
    common = replace(own.over(Draft(rows=shared)), base=base)
    own.refuse_idle(common.whole.without)
    arms = {}
    for name, arm in tables.arms.items():
        said = Draft(
            name,
            market=arm.market.entry(f"arms.{name}.market", file),
            lists=lists_in(arm, f"arms.{name}", file),
            without=(*arm.without, *arm.market.without),
        )
        arms[name] = said.over(common)
        said.refuse_idle(arms[name].whole.without)
    return ExperimentTables(file, tables, common, arms)


def sources_of(experiment: ExperimentTables, config: Any) -> dict[tuple[str, ...], str]:
    """Sources of single values that the records have, by the keys that lead to them."""
    tables, arms = experiment.tables, config.arms
    places: dict[tuple[str, ...], tuple[Entry, Any]] = {
        ("market",): (experiment.common.whole.market, config.market)
    }
    for what, records in rows_of(next(iter(arms.values()))).items():
        entries = rows_over(experiment.common.rows[what], getattr(library(), what))
        keys = PLACE_OF[what].split(".")
        places |= {(*keys, name): (entries[name], record) for name, record in records.items()}
    for name, arm in tables.arms.items():
        places["arms", name, "market"] = (arm.market.entry(""), arms[name].market)
    beside = {
        (*keys, parameter): source
        for keys, (entry, record) in places.items()
        for parameter, source in entry.sources.items()
        if entry.values[parameter] == getattr(record, parameter)
    }
    return {**beside, **{tuple(path.split(".")): text for path, text in leaves(tables.sources)}}


def refuse_forgotten(experiment: ExperimentTables, arms: Mapping[str, Any]) -> None:
    """Refuse a policy that starts from nothing and that nobody follows: a name misspelt."""
    known = library()
    for what, mix, built_in in (
        ("buyers", "buyer_mix", known.buyers),
        ("suppliers", "supplier_mix", known.suppliers),
        ("instruments", "", known.instruments),
    ):
        rows = experiment.common.rows[what]
        used = {name for arm in arms.values() for name in getattr(arm, mix, ())}
        used |= {entry.based_on for entry in rows.values()}
        names = [*built_in, *(name for name, entry in rows.items() if entry.shared)]
        for name, entry in rows.items():
            if entry.based_on or entry.shared or name in built_in or name in used:
                continue
            where = at(entry.file, entry.key)
            if mix:
                said = f"no built-in policy, no based_on, and in no {mix}"
                raise ConfigError(f"{where}{said}{suggestion(name, names)}")
            if get_close_matches(name, names, 1, 0.85):
                said = "no built-in instrument, and no based_on"
                raise ConfigError(f"{where}{said}{suggestion(name, names)}")


def _included(written: Mapping[str, Any], path: Path) -> Rows:
    """Read the files of rows that an experiment includes; each row stands in one of them."""
    rows = Draft().rows
    for name in read(FileList, written.get("include", []), "include", str(path)):
        where = at(str(path), "include", name, given=True)
        try:
            file = path.parent / path_of(name)
        except ConfigError as error:
            raise ConfigError(f"{where}{error}") from None
        if not is_file(file):
            raise ConfigError(f"{where}there is no file {shown(str(file))}")
        tables = read(RowsFile, read_toml(file), "", str(file))
        for what, own in rows_in(tables, str(file), shared=True).items():
            for twice in own.keys() & rows[what].keys():
                raise ConfigError(
                    at(str(file), own[twice].key)
                    + f"{rows[what][twice].file}, which is included too, has one of this name"
                )
            rows[what] |= own
    return rows


def _apply(change: Change, written: dict[str, Any], shared: Rows, file: str) -> None:
    """Put a change into the tables of a file; it can name no new arm, policy or instrument."""
    if isinstance(change, str):
        keys, value = read_change(change)
    elif not isinstance(change, tuple) or len(change) != 2 or not isinstance(change[0], str):
        raise ConfigError(f"{shown(change)}: is no change; give path=value, or a path and a value")
    else:
        keys, value = change[0].split("."), plain(change[1])
        change = f"{change[0]}={value}"
    for what, place in {"arms": "arms", **PLACE_OF}.items():
        *above, name = keys[: place.count(".") + 2]
        if above == place.split("."):
            own = inside(written, above)
            there = [*getattr(library(), what, ()), *shared.get(what, ())]
            there += own if isinstance(own, Mapping) else ()
            if name not in there:
                text = f"{file} has no {place}.{name}{suggestion(name, there)}"
                raise ConfigError(f"--set {change}: {text}")
    try:
        put(written, keys, value)
    except ConfigError as error:
        raise ConfigError(f"--set {change}: {error}") from None
