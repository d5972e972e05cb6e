"""The built-in policies, instruments and markets, and how they complete a draft.

Drafts come in, the frozen records of a scenario go out; what does not fit together is refused. What
is built in stands in TOML files that are read once: a new policy or instrument is a table in one of
them, or in a config.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from trustsim.config.drafts import FIELDS, INSTRUMENTS, SIDES, Draft, Place, draft_of
from trustsim.config.models import Given, MarketFile, RowsFile, values_of, word
from trustsim.config.paths import path_of
from trustsim.config.toml import read_toml
from trustsim.errors import ConfigError, at, known, said_at, shown
from trustsim.schema import checking
from trustsim.schema.mechanisms import off_without
from trustsim.schema.row import MAX_INSTRUMENTS
from trustsim.schema.translation import read

DEFAULT_MARKET = "components"
HOME = Path(__file__).parents[1] / "library"
KINDS = dict(zip(FIELDS, (checking.BUYERS, checking.SUPPLIERS, checking.INSTRUMENTS), strict=True))
"""What is checked and completed alike: policies of both sides and instruments."""


@cache
def library() -> Draft:
    """Read the built-in policies and instruments."""
    found = Draft()
    for path in (*HOME.glob("policies/*.toml"), HOME / "instruments.toml"):
        found = draft_of(read(RowsFile, read_toml(path), "", str(path))).over(found)
    return found


@cache
def built_in_markets() -> dict[str, Draft]:
    """Read the built-in markets; each is based on itself, as those are on it that start there.

    One that says no market stands by itself, and others may be based on it in their files.
    """
    found = {path.stem: _market_in(path, path.stem) for path in sorted(HOME.glob("markets/*.toml"))}
    for name, draft in found.items():
        if base := word(draft.market, "based_on"):
            found[name] = draft.upon(found[base])
    for name, draft in found.items():
        draft.market["based_on"] = Given(name)
    return found


def named_file(name: Any, key: str, file: str) -> Path:
    """Give the path of a file that another file names under a key, seen from there."""
    with said_at(at(file, key, name, given=True)):
        path = Path(file).parent / path_of(name)
        if not os.path.isfile(path):
            raise ConfigError(f"there is no file {shown(str(path))}")
    return path


def market_named(name: object, key: str, file: str = "", above: tuple[Path, ...] = ()) -> Draft:
    """Give the built-in market of a name, or the one that is written in a file.

    What ends in ``.toml`` or has a slash is the path of a file, seen from the one that names it, or
    from the working folder. `above` are the files that are based on this one.
    """
    if isinstance(name, os.PathLike):
        name = f"./{name}" if Path(name).name == str(name) else str(name)
    markets, where = built_in_markets(), at(file, key, name, given=True)
    if not isinstance(name, str) or name in markets or not (name.endswith(".toml") or "/" in name):
        return markets[known(name, markets, f"{where}no path of a file, and an unknown market")]
    path = named_file(name, key, file)
    chain = (*above, path.resolve())
    if path.resolve() in above:
        said = " -> ".join(each.name for each in chain)
        raise ConfigError(f"{where}the market is based on itself: {said}")
    own = _market_in(path, name)
    based_on = word(own.market, "based_on") or DEFAULT_MARKET
    return own.upon(market_named(based_on, "market.based_on", str(path), chain))


def _market_in(path: Path, name: str) -> Draft:
    found = draft_of(read(MarketFile, read_toml(path), "", str(path)), str(path))
    found.top["name"] = Given(name)
    found.market.setdefault("description", Given(f"the market of {path.name}"))
    return found


def completed(draft: Draft) -> dict[str, Any]:
    """Complete a draft with the library and the defaults: the fields of a `Scenario`."""
    whole = draft.whole
    row, off = whole.market, off_without(whole.without)
    market = checking.complete(checking.MARKETS, values_of(row), off)
    for low, high in (("cost_low", "cost_high"), ("defect_good", "defect_bad")):
        least, most = getattr(market, low), getattr(market, high)
        if least > most:
            where = (row.get(low) or row[high]).at(low, least)
            raise ConfigError(f"{where}must not exceed {high} = {most!r}")
    found = {field: records_of(kind, draft, off) for kind, field in FIELDS.items()}
    for side in SIDES:
        mix, policies = f"{side}_mix", found[f"{side}_policies"]
        said, key = row[mix], row[mix].key(mix)
        found[mix] = read(checking.Mix, said.value, key, said.file, policies=policies, side=side)
    found["instruments"] = _instruments(draft, row["instruments"], found["instruments"])
    first, *others = found["buyer_mix"]
    top = {"name": "mixed" if others else first, **dict(checking.RUNS.default)}
    top |= values_of(draft.top)
    return {**top, "market": market, **found, "without": whole.without}


def records_of(kind: Place, draft: Draft, off: tuple[str, ...] = ()) -> dict[str, Any]:
    """Make the frozen record of every built-in and own row: of policies, or of instruments.

    An own row starts from the row that it is based on; without one, from the built-in row of the
    same name, and without that, from the table's defaults.
    """
    own, what, rows = draft.rows(kind), KINDS[kind], draft.over(library()).rows(kind)

    def values(name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
        row, chain = rows[name], (*above, name)
        if not (base := word(row, "based_on")):
            return values_of(row)
        with said_at(row["based_on"].at("based_on")):
            if known(base, rows, f"unknown {what.name}") in chain:
                path = " -> ".join((*chain, base))
                raise ConfigError(f"the {what.name} is based on itself: {path}")
        return {**values(base, chain), **values_of(row)}

    records: dict[str, Any] = {name: checking.complete(what, values(name), off) for name in own}
    for name, record in records.items() if kind == INSTRUMENTS else ():
        if record.advance + record.on_delivery > 1.0:
            where = next(iter(own[name].values())).at("advance", record.advance)
            text = f"with on_delivery = {record.on_delivery!r} more than the price is paid"
            raise ConfigError(f"{where}{text}; the two may add up to 1")
    return _built_in(kind, off) | records


@cache
def _built_in(kind: Place, off: tuple[str, ...]) -> dict[str, Any]:
    """Frozen records of all built-in rows, made once."""
    rows = library().rows(kind).items()
    return {name: checking.complete(KINDS[kind], values_of(row), off) for name, row in rows}


def _instruments(draft: Draft, said: Given, there: Mapping[str, Any]) -> dict[str, Any]:
    """Check the list of instruments that can be used in a market, and give their records."""
    names = said.value
    if not isinstance(names, list | tuple):
        text = f"must be a list of names of instruments: {', '.join(there)}"
        raise ConfigError(said.at("instruments") + text)
    if "instruments" not in draft.market and (own := draft.rows(INSTRUMENTS)):
        names = [*names, *(name for name in own if name not in names)]
        said = Given(names, file=draft.top["name"].file if "name" in draft.top else "")
    with said_at(said.at("instruments")):
        found = {n: there[known(n, there, f"unknown instrument {shown(n)}")] for n in names}
        if not 1 <= len(names) <= MAX_INSTRUMENTS or len(found) < len(names):
            text = f"{len(names)} names; allowed: 1 to {MAX_INSTRUMENTS} different instruments"
            raise ConfigError(text)
    return found
