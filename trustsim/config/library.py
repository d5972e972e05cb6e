"""The built-in policies, instruments and markets: TOML files beside this one, read once.

A new policy or instrument is a table in one of these files, or in a config; it needs no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from trustsim.config.entries import Entry, check_name, read_entry, read_toml
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.checking import (
    BUYERS,
    INSTRUMENTS,
    MARKETS,
    SUPPLIERS,
    Kind,
    check_shares,
    complete,
)
from trustsim.schema.row import MAX_INSTRUMENTS

HOME = Path(__file__).parents[1] / "library"


@dataclass(frozen=True)
class MarketEntry:
    """A built-in market: parameter values, who trades in it, and how one can pay."""

    entry: Entry
    buyer_mix: dict[str, float]
    supplier_mix: dict[str, float]
    instruments: tuple[str, ...]


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
    buyers = _entries(BUYERS, HOME / "policies" / "buyers.toml")
    suppliers = _entries(SUPPLIERS, HOME / "policies" / "suppliers.toml")
    instruments = _entries(INSTRUMENTS, HOME / "instruments.toml")
    markets = {
        path.stem: _market(path, buyers, suppliers, instruments)
        for path in sorted((HOME / "markets").glob("*.toml"))
    }
    return Library(buyers, suppliers, instruments, markets)


def resolve(kind: Kind, own: Mapping[str, Entry], key: str, file: str = "") -> dict[str, Any]:
    """Make the frozen record of every built-in and own row of a table.

    An own row starts from the row that it is based on; without one, from the built-in row of the
    same name, and without that, from the table's defaults.

    Raises
    ------
    ConfigError
        If a row is based on one that does not exist, or on itself.
    """
    made = _built_in_records(kind.name)

    def built_in(name: str) -> dict[str, Any]:
        return made[name].model_dump() if name in made else kind.defaults()

    def values(name: str, above: tuple[str, ...]) -> dict[str, Any]:
        entry = own.get(name)
        if entry is None:
            return built_in(name)
        base = entry.based_on
        if not base or (base == name and name in made):
            start = built_in(name)
        elif base in above or base == name:
            raise ConfigError(
                at(file, f"{key}.{name}.based_on", base, given=True)
                + f"the {kind.name} is based on itself: {' -> '.join((*above, name, base))}"
            )
        elif base in own or base in made:
            start = values(base, (*above, name))
        else:
            raise ConfigError(
                at(file, f"{key}.{name}.based_on", base, given=True)
                + f"unknown {kind.name}{suggestion(base, dict.fromkeys([*made, *own]))}"
            )
        return {**start, **entry.values}

    return made | {name: complete(kind, values(name, ())) for name in own}


@cache
def _built_in_records(kind: str) -> dict[str, Any]:
    """Frozen records of all built-in rows of a table, made once."""
    built_in = library()
    tables = {
        BUYERS.name: (BUYERS, built_in.buyers),
        SUPPLIERS.name: (SUPPLIERS, built_in.suppliers),
        INSTRUMENTS.name: (INSTRUMENTS, built_in.instruments),
    }
    table, entries = tables[kind]
    return {name: complete(table, entry.values) for name, entry in entries.items()}


def check_instruments(
    names: object, known: Mapping[str, Any], key: str, file: str = ""
) -> tuple[str, ...]:
    """Check the list of instruments that can be used in a market.

    Raises
    ------
    ConfigError
        If it is empty or too long, or names an instrument twice or one that does not exist.
    """
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


def _entries(kind: Kind, path: Path) -> dict[str, Entry]:
    return {
        check_name(name, f"a {kind.name}", name, str(path)): read_entry(
            kind, table, name, str(path)
        )
        for name, table in read_toml(path).items()
    }


def _market(
    path: Path,
    buyers: Mapping[str, Entry],
    suppliers: Mapping[str, Entry],
    instruments: Mapping[str, Entry],
) -> MarketEntry:
    file, tables = str(path), read_toml(path)
    words = {key: tables.pop(key) for key in ("description", "source") if key in tables}
    entry = read_entry(MARKETS, {**words, **tables.pop("market", {})}, "market", file)
    made = MarketEntry(
        entry,
        check_shares(tables.pop("buyer_mix", None), buyers, "buyer", "buyer_mix", file),
        check_shares(tables.pop("supplier_mix", None), suppliers, "supplier", "supplier_mix", file),
        check_instruments(
            tables.pop("instruments", list(instruments)), instruments, "instruments", file
        ),
    )
    for key in tables:
        raise ConfigError(
            at(file, key)
            + "unknown key"
            + suggestion(key, ["market", "buyer_mix", "supplier_mix", "instruments"])
        )
    return made
