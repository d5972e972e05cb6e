"""The built-in policies, instruments and markets, and how rows are completed by those they change.

Names and an author's rows come in; frozen records go out. What is built in stands in TOML files
that are read once: a new policy or instrument is a table in one of them, or in a config.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from trustsim.config.models import (
    BuyerTables,
    Entry,
    InstrumentTables,
    MarketFile,
    SupplierTables,
)
from trustsim.config.paths import path_of
from trustsim.config.toml import read_toml
from trustsim.config.without import switched_off
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.checking import BUYERS, INSTRUMENTS, SUPPLIERS, complete
from trustsim.schema.row import MAX_INSTRUMENTS
from trustsim.schema.translation import read

DEFAULT_MARKET = "components"
KIND_OF = {"buyers": BUYERS, "suppliers": SUPPLIERS, "instruments": INSTRUMENTS}
PLACE_OF = {
    "buyers": "policies.buyers", "suppliers": "policies.suppliers", "instruments": "instruments",
}  # fmt: skip
"""Keys that lead to the rows of policies and instruments."""
HOME = Path(__file__).parents[1] / "library"


@dataclass(frozen=True)
class MarketEntry:
    """A market to start from: parameter values, who trades in it, and how one can pay.

    `name` is what its author calls it: a built-in market or the path of a file; `root` is the
    built-in market that it is based on in the end.
    """

    entry: Entry
    buyer_mix: Any
    supplier_mix: Any
    instruments: tuple[str, ...]
    name: str
    root: str


@dataclass(frozen=True)
class Library:
    """All that is built in, by name."""

    buyers: dict[str, Entry]
    suppliers: dict[str, Entry]
    instruments: dict[str, Entry]
    markets: dict[str, MarketEntry]


@cache
def library() -> Library:
    """Read the built-in library."""
    buyers = _entries(BuyerTables, "policies/buyers.toml")
    suppliers = _entries(SupplierTables, "policies/suppliers.toml")
    instruments = _entries(InstrumentTables, "instruments.toml")
    blank = MarketEntry(Entry({}), None, None, tuple(instruments), "", "")
    markets = {}
    for path in sorted((HOME / "markets").glob("*.toml")):
        name, table = path.stem, read(MarketFile, read_toml(path), "", str(path))
        markets[name] = replace(_over(blank, table, path), name=name, root=name)
    return Library(buyers, suppliers, instruments, markets)


def market_named(
    name: object, key: str, file: str = "", above: tuple[Path, ...] = ()
) -> MarketEntry:
    """Give the built-in market of a name, or the one that is written in a file.

    What ends in ``.toml`` or has a slash is the path of a file, seen from the one that names it, or
    from the working folder. `above` are the files that are based on this one.
    """
    markets = library().markets
    if isinstance(name, str) and name in markets:
        return markets[name]
    where = at(file, key, name, given=True)
    if not isinstance(name, str) or not (name.endswith(".toml") or "/" in name):
        raise ConfigError(
            f"{where}unknown market{suggestion(name, markets)}, or the path of a file"
        )
    path = Path(file).parent / path_of(name)
    if path.resolve() in above:
        raise ConfigError(f"{where}the market is based on itself")
    if not path.exists():
        raise ConfigError(f"{where}there is no file {path}")
    table = read(MarketFile, read_toml(path), "", str(path))
    above = (*above, path.resolve())
    base = market_named(table.based_on or DEFAULT_MARKET, "based_on", str(path), above)
    return replace(_over(base, table, path), name=name)


def _over(base: MarketEntry, table: MarketFile, path: Path) -> MarketEntry:
    """Put what the file of a market says on top of the market that it is based on."""
    entry, start = table.market.entry(str(path)), base.entry.values
    values = {**start, **entry.values}
    kept = {k: source for k, source in base.entry.sources.items() if values[k] == start[k]}
    description = table.description or f"the market of {path.name}"
    changes: dict[str, Any] = {
        key: getattr(table, key)
        for key in ("buyer_mix", "supplier_mix", "instruments")
        if getattr(table, key) is not None
    }
    return replace(
        base,
        entry=replace(
            entry,
            values=values,
            sources={**kept, **entry.sources},
            description=description,
            source=table.source,
        ),
        **changes,
    )


def resolve(what: str, own: Mapping[str, Entry], off: tuple[str, ...] = ()) -> dict[str, Any]:
    """Make the frozen record of every built-in and own row: of policies, or of instruments.

    An own row starts from the row that it is based on; without one, from the built-in row of the
    same name, and without that, from the table's defaults.
    """
    kind, made = KIND_OF[what], built_in_records(what)

    def values(name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
        built_in = dict(made[name]) if name in made else {}
        if name not in own:
            return built_in
        entry, base = own[name], own[name].based_on
        where = at(entry.file, f"{PLACE_OF[what]}.{name}.based_on", base, given=True)
        if not base or (base == name and name in made):
            return {**built_in, **entry.values}
        if base in above or base == name:
            path = " -> ".join((*above, name, base))
            raise ConfigError(f"{where}the {kind.name} is based on itself: {path}")
        if base not in own and base not in made:
            known = dict.fromkeys([*made, *own])
            raise ConfigError(f"{where}unknown {kind.name}{suggestion(base, known)}")
        return {**values(base, (*above, name)), **entry.values}

    records = {name: complete(kind, values(name)) for name in own}
    return built_in_records(what, off) | {n: switched_off(r, off) for n, r in records.items()}


@cache
def built_in_records(what: str, off: tuple[str, ...] = ()) -> dict[str, Any]:
    """Frozen records of all built-in rows, made once."""
    rows = getattr(library(), what).items()
    return {name: switched_off(complete(KIND_OF[what], e.values), off) for name, e in rows}


def check_instruments(
    names: object, known: Mapping[str, Any], key: str, file: str = ""
) -> tuple[str, ...]:
    """Check the list of instruments that can be used in a market."""
    where = at(file, key, names, given=True)
    if isinstance(names, str) or not isinstance(names, list | tuple):
        raise ConfigError(f"{where}must be a list of names of instruments: {', '.join(known)}")
    for name in names:
        if not isinstance(name, str) or name not in known:
            raise ConfigError(f"{where}unknown instrument {shown(name)}{suggestion(name, known)}")
    if not 1 <= len(names) <= MAX_INSTRUMENTS or len(set(names)) < len(names):
        raise ConfigError(
            f"{where}{len(names)} names; allowed: 1 to {MAX_INSTRUMENTS} different instruments"
        )
    return tuple(names)


def _entries(tables: Any, name: str) -> dict[str, Entry]:
    path = HOME / name
    rows = read(tables, read_toml(path), "", str(path))
    return {name: row.entry(str(path)) for name, row in rows.items()}
