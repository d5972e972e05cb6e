"""The experiment file as its author wrote it, with the files that it names.

A path and changes of the command line come in; drafts of the arms go out, with what is said about
the experiment as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trustsim.config.drafts import Draft, Places
from trustsim.config.library import DEFAULT_MARKET, PLACE_OF, MarketEntry, library, market_named
from trustsim.config.models import Entry, ExperimentFile, FileList, RowTable, SharedFile
from trustsim.config.paths import path_of
from trustsim.config.toml import read_change, read_toml
from trustsim.config.without import in_order, refuse_idle
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.translation import read

Rows = dict[str, dict[str, Entry]]
"""Policies of both sides and instruments, by name."""


@dataclass(frozen=True)
class ExperimentTables:
    """An experiment file, checked but not yet completed.

    Attributes
    ----------
    file : str
        Its path.
    tables : ExperimentFile
        What stands in it.
    base : MarketEntry
        The market that it starts from.
    rows : dict
        Policies and instruments of the file and of those that it includes.
    sources : dict
        Sources of single values, by the keys that lead to the value.
    """

    file: str
    tables: ExperimentFile
    base: MarketEntry
    rows: Rows
    sources: dict[tuple[str, ...], str]


def read_experiment(
    path: Path, changes: Iterable[str] = (), model: type[ExperimentFile] = ExperimentFile
) -> ExperimentTables:
    """Read an experiment file."""
    file, written = str(path), read_toml(path)
    shared = _included(written, path)
    for change in changes:
        _apply(change, written, shared, file)
    shared = _included(written, path)
    own = written.get("instruments")
    instruments = [
        *library().instruments,
        *shared["instruments"],
        *(own if isinstance(own, Mapping) else ()),
    ]
    tables: ExperimentFile = read(model, written, "", file, instruments=instruments)
    _refuse_idle(tables, file)
    rows = {what: _over(shared[what], own) for what, own in _entries(tables, file).items()}
    sources = dict(_sources_beside(tables, rows))
    sources |= _sources(tables.sources, written, (), file)
    base = market_named(tables.market.based_on or DEFAULT_MARKET, "market.based_on", file)
    return ExperimentTables(file, tables, base, rows, sources)


def arm_drafts(experiment: ExperimentTables) -> dict[str, tuple[Draft, Places]]:
    """Give the drafts of all arms, and where their parts stand."""
    market = experiment.tables.market
    common = market.entry().values
    drafts = {}
    for name, arm in experiment.tables.arms.items():
        own, own_market = f"arms.{name}", arm.market.entry().values
        buyers, suppliers = arm.buyer_mix, arm.supplier_mix
        draft = Draft(
            base=experiment.base,
            name=name,
            rounds=experiment.tables.rounds,
            seed=experiment.tables.seed,
            market={**common, **own_market},
            buyer_mix=market.buyer_mix if buyers is None else buyers,
            supplier_mix=market.supplier_mix if suppliers is None else suppliers,
            available=market.instruments,
            without=_without(experiment.tables, name),
            **experiment.rows,
        )
        drafts[name] = (
            draft,
            Places(
                file=experiment.file,
                market=f"{own}.market" if own_market else "market",
                buyer_mix=f"{'market' if buyers is None else own}.buyer_mix",
                supplier_mix=f"{'market' if suppliers is None else own}.supplier_mix",
                available="market.instruments",
            ),
        )
    return drafts


def refuse_forgotten(experiment: ExperimentTables, arms: Mapping[str, Any]) -> None:
    """Refuse a policy that starts from nothing and that nobody follows: a name misspelt."""
    known = library()
    for what, mix, built_in in (
        ("buyers", "buyer_mix", known.buyers),
        ("suppliers", "supplier_mix", known.suppliers),
        ("instruments", "", known.instruments),
    ):
        rows = experiment.rows[what]
        used = {name for arm in arms.values() for name in getattr(arm, mix, ())}
        used |= {entry.based_on for entry in rows.values()}
        names = [*built_in, *(name for name, entry in rows.items() if entry.shared)]
        for name, entry in rows.items():
            if entry.based_on or entry.shared or name in built_in or name in used:
                continue
            where = at(entry.file, f"{PLACE_OF[what]}.{name}")
            if mix:
                said = f"no built-in policy, no based_on, and in no {mix}"
                raise ConfigError(f"{where}{said}{suggestion(name, names)}")
            if get_close_matches(name, names, 1, 0.85):
                said = "no built-in instrument, and no based_on"
                raise ConfigError(f"{where}{said}{suggestion(name, names)}")


def _entries(tables: Any, file: str, *, shared: bool = False) -> Rows:
    result = {**vars(tables.policies), "instruments": tables.instruments}
    return {
        what: {name: row.entry(file, shared=shared) for name, row in rows.items()}
        for what, rows in result.items()
    }


def _included(written: Mapping[str, Any], path: Path) -> Rows:
    """Read the files of rows that an experiment includes; each row stands in one of them."""
    rows: Rows = {what: {} for what in PLACE_OF}
    for name in read(FileList, written.get("include", []), "include", str(path)):
        file = path.parent / path_of(name)
        if not file.exists():
            raise ConfigError(
                at(str(path), "include", name, given=True) + f"there is no file {file}"
            )
        tables = read(SharedFile, read_toml(file), "", str(file))
        for what, own in _entries(tables, str(file), shared=True).items():
            for twice in own.keys() & rows[what].keys():
                raise ConfigError(
                    at(str(file), f"{PLACE_OF[what]}.{twice}")
                    + f"{rows[what][twice].file}, which is included too, has one of this name"
                )
            rows[what] |= own
    return rows


def _over(shared: Mapping[str, Entry], own: Mapping[str, Entry]) -> dict[str, Entry]:
    """Put the rows of a file on top of those that it includes; a change starts from these."""
    rows = {**shared, **own}
    for name in shared.keys() & own.keys():
        below, entry = shared[name], own[name]
        if entry.based_on in ("", name):
            kept = {k: source for k, source in below.sources.items() if k not in entry.values}
            values, sources = {**below.values, **entry.values}, {**kept, **entry.sources}
            rows[name] = replace(below, values=values, sources=sources, file=entry.file)
    return rows


def _without(tables: ExperimentFile, arm: str) -> tuple[str, ...]:
    own = tables.arms[arm]
    return in_order({*tables.market.without, *own.without, *own.market.without})


def _refuse_idle(tables: ExperimentFile, file: str) -> None:
    """Refuse parameters that are set though their mechanism is off there, or all around."""
    common = tables.market.without
    refuse_idle(tables.market.entry().values, common, "market", file)
    for what, rows in _entries(tables, file).items():
        for name, entry in rows.items():
            refuse_idle(entry.values, common, f"{PLACE_OF[what]}.{name}", file)
    for name, arm in tables.arms.items():
        refuse_idle(arm.market.entry().values, _without(tables, name), f"arms.{name}.market", file)


def _sources(
    table: Mapping[str, Any], values: Any, above: tuple[str, ...], file: str
) -> dict[tuple[str, ...], str]:
    """Read the table of sources, which repeats the tables of the file with texts for values."""
    result: dict[tuple[str, ...], str] = {}
    for key, source in table.items():
        keys = (*above, key)
        where = at(file, ".".join(("sources", *keys)))
        if not isinstance(values, Mapping) or key not in values:
            raise ConfigError(f"{where}the file has no {'.'.join(keys)} to be a source of")
        if isinstance(source, Mapping):
            result |= _sources(source, values[key], keys, file)
        elif isinstance(source, str):
            result[keys] = source
        else:
            raise ConfigError(f"{where}allowed: text in quotes")
    return result


def _sources_beside(tables: ExperimentFile, rows: Rows) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield sources that stand beside their values."""
    markets: dict[tuple[str, ...], RowTable] = {("market",): tables.market}
    markets |= {("arms", name, "market"): arm.market for name, arm in tables.arms.items()}
    places = {keys: table.entry() for keys, table in markets.items()}
    for what, own in rows.items():
        places |= {(*PLACE_OF[what].split("."), name): entry for name, entry in own.items()}
    for keys, entry in places.items():
        for parameter, source in entry.sources.items():
            yield (*keys, parameter), source


def _apply(change: str, written: dict[str, Any], shared: Rows, file: str) -> None:
    """Put a change into the tables of a file; it can name no new arm, policy or instrument."""
    keys, value = read_change(change)
    known = library()
    table = written
    for depth, key in enumerate(keys):
        path = ".".join(keys[: depth + 1])
        names: Iterable[str] | None = None
        match keys[:depth]:
            case ["arms"]:
                names = table
            case ["policies", ("buyers" | "suppliers") as what] | [("instruments") as what]:
                names = [*getattr(known, what), *shared[what], *table]
        if names is not None and key not in names:
            raise ConfigError(f"--set {change}: {file} has no {path}{suggestion(key, names)}")
        if depth == len(keys) - 1:
            table[key] = value
        else:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"--set {change}: {path} is {shown(table)}, not a table")
