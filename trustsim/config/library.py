"""The built-in policies, instruments and markets, and how they complete a draft.

Drafts come in, the frozen records of a scenario go out; what does not fit together is refused. What
is built in stands in TOML files that are read once: a new policy or instrument is a table in one of
them, or in a config.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

from trustsim.config.drafts import (
    MIXES,
    PLACE_OF,
    Draft,
    Market,
    Written,
    lists_in,
    rows_in,
    rows_over,
)
from trustsim.config.models import Entry, MarketFile, RowsFile
from trustsim.config.paths import path_of
from trustsim.config.toml import is_file, read_toml
from trustsim.config.without import switched_off
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.checking import BUYERS, INSTRUMENTS, MARKETS, SUPPLIERS, check_shares, complete
from trustsim.schema.mechanisms import off_without
from trustsim.schema.row import MAX_INSTRUMENTS
from trustsim.schema.translation import read

DEFAULT_MARKET = "components"
KIND_OF = {"buyers": BUYERS, "suppliers": SUPPLIERS, "instruments": INSTRUMENTS}
HOME = Path(__file__).parents[1] / "library"


@dataclass(frozen=True)
class Library:
    """All that is built in, by name."""

    buyers: dict[str, Entry]
    suppliers: dict[str, Entry]
    instruments: dict[str, Entry]
    markets: dict[str, Market]


@cache
def library() -> Library:
    """Read the built-in library."""
    rows = Draft().rows
    for path in (*sorted(HOME.glob("policies/*.toml")), HOME / "instruments.toml"):
        for what, entries in rows_in(read(RowsFile, read_toml(path), "", str(path))).items():
            rows[what] |= entries
    markets = {
        path.stem: Market(path.stem, path.stem, _market_in(path))
        for path in sorted(HOME.glob("markets/*.toml"))
    }
    return Library(**rows, markets=markets)


def market_named(name: object, key: str, file: str = "", above: tuple[Path, ...] = ()) -> Market:
    """Give the built-in market of a name, or the one that is written in a file.

    What ends in ``.toml`` or has a slash is the path of a file, seen from the one that names it, or
    from the working folder. `above` are the files that are based on this one.
    """
    if isinstance(name, PathLike):
        name = f"./{name}" if Path(name).name == str(name) else str(name)
    markets, where = library().markets, at(file, key, name, given=True)
    if isinstance(name, str) and name in markets:
        return markets[name]
    if not isinstance(name, str) or not (name.endswith(".toml") or "/" in name):
        raise ConfigError(
            f"{where}unknown market{suggestion(name, markets)}, or the path of a file"
        )
    path = Path(file).parent / path_of(name)
    if not is_file(path):
        raise ConfigError(f"{where}there is no file {shown(str(path))}")
    chain = (*above, path.resolve())
    if path.resolve() in above:
        said = " -> ".join(each.name for each in chain)
        raise ConfigError(f"{where}the market is based on itself: {said}")
    own = _market_in(path)
    entry = own.market
    base = market_named(entry.based_on or DEFAULT_MARKET, "market.based_on", str(path), chain)
    words = entry.description or f"the market of {path.name}"
    whole = replace(own, market=replace(entry, description=words)).over(base.draft)
    own.refuse_idle(whole.without)
    return Market(name, base.root, whole)


def completed(draft: Draft) -> dict[str, Any]:
    """Complete a draft with the library and the defaults: the fields of a `Scenario`."""
    whole = draft.whole
    off = off_without(whole.without)
    market, entry = switched_off(complete(MARKETS, whole.market.values), off), whole.market
    for low, high in (("cost_low", "cost_high"), ("defect_good", "defect_bad")):
        if getattr(market, low) > getattr(market, high):
            raise ConfigError(
                at(entry.file, f"{entry.key}.{low}", getattr(market, low), given=True)
                + f"must not exceed {high} = {getattr(market, high)!r}"
            )
    records = {what: resolve(what, draft.rows[what], off) for what in PLACE_OF}
    names = whole.lists["instruments"]
    if "instruments" not in draft.lists and draft.rows["instruments"]:
        both = dict.fromkeys([*names.value, *draft.rows["instruments"]])
        files = [entry.file for entry in draft.rows["instruments"].values()]
        names = Written(list(both), "instruments", files[0])
    mixes = {
        mix: check_shares(said.value, records[side], side.removesuffix("s"), said.key, said.file)
        for mix, side in MIXES.items()
        for said in [whole.lists[mix]]
    }
    buyers = list(mixes["buyer_mix"])
    return {
        "name": draft.name or ("mixed" if len(buyers) > 1 else buyers[0]),
        "rounds": 120,
        "seed": 1,
        **draft.numbers,
        "market": market,
        **mixes,
        "buyer_policies": records["buyers"],
        "supplier_policies": records["suppliers"],
        "instruments": _instruments(names, records["instruments"]),
        "without": whole.without,
    }


def resolve(what: str, own: Mapping[str, Entry], off: tuple[str, ...] = ()) -> dict[str, Any]:
    """Make the frozen record of every built-in and own row: of policies, or of instruments.

    An own row starts from the row that it is based on; without one, from the built-in row of the
    same name, and without that, from the table's defaults.
    """
    if not own:
        return dict(built_in_records(what, off))
    kind, rows = KIND_OF[what], rows_over(own, getattr(library(), what))

    def values(name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
        entry, chain = rows[name], (*above, name)
        if not entry.based_on:
            return entry.values
        where = at(entry.file, f"{entry.key}.based_on", entry.based_on, given=True)
        if entry.based_on in chain:
            path = " -> ".join((*chain, entry.based_on))
            raise ConfigError(f"{where}the {kind.name} is based on itself: {path}")
        if entry.based_on not in rows:
            raise ConfigError(f"{where}unknown {kind.name}{suggestion(entry.based_on, rows)}")
        return {**values(entry.based_on, chain), **entry.values}

    records: dict[str, Any] = {name: complete(kind, values(name)) for name in own}
    for name, record in records.items() if kind is INSTRUMENTS else ():
        if record.advance + record.on_delivery > 1.0:
            raise ConfigError(
                at(own[name].file, f"{own[name].key}.advance", record.advance, given=True)
                + f"with on_delivery = {record.on_delivery!r} more than the price is paid; "
                "the two may add up to 1"
            )
    return built_in_records(what, off) | {n: switched_off(r, off) for n, r in records.items()}


@cache
def built_in_records(what: str, off: tuple[str, ...] = ()) -> dict[str, Any]:
    """Frozen records of all built-in rows, made once."""
    rows = getattr(library(), what).items()
    return {name: switched_off(complete(KIND_OF[what], e.values), off) for name, e in rows}


def _market_in(path: Path) -> Draft:
    table, file = read(MarketFile, read_toml(path), "", str(path)).market, str(path)
    entry = table.entry("market", file)
    return Draft(market=entry, lists=lists_in(table, "market", file), without=table.without)


def _instruments(said: Written, known: Mapping[str, Any]) -> dict[str, Any]:
    """Check the list of instruments that can be used in a market, and give their records."""
    names, where = said.value, at(said.file, said.key, said.value, given=True)
    if isinstance(names, str) or not isinstance(names, list | tuple):
        raise ConfigError(f"{where}must be a list of names of instruments: {', '.join(known)}")
    for name in names:
        if not isinstance(name, str) or name not in known:
            raise ConfigError(f"{where}unknown instrument {shown(name)}{suggestion(name, known)}")
    if not 1 <= len(names) <= MAX_INSTRUMENTS or len(set(names)) < len(names):
        raise ConfigError(
            f"{where}{len(names)} names; allowed: 1 to {MAX_INSTRUMENTS} different instruments"
        )
    return {name: known[name] for name in names}
