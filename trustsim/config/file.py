"""The experiment file as its author wrote it: read, overridden from the command line, and checked.

What stands here is still in the terms of the file; `trustsim.config.scenario` resolves it into
scenarios.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trustsim.config import design as designs
from trustsim.config import options as settings
from trustsim.config import precision as precision_rule
from trustsim.config.entries import Entry, check_name, check_text, read_entry, read_toml
from trustsim.config.library import library
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.checking import (
    BUYERS,
    EXPERIMENTS,
    INSTRUMENTS,
    MARKETS,
    SUPPLIERS,
    Kind,
    check,
)

MARKET_KEYS = ("based_on", "buyer_mix", "supplier_mix", "instruments")
ARM_KEYS = ("buyer_mix", "supplier_mix", "market")
POLICY_KEYS = ("buyers", "suppliers")
CALIBRATION_KEYS = ("calibrate", "targets")
TOP_KEYS = (
    "name",
    "question",
    *EXPERIMENTS.rows,
    "baseline",
    *settings.KEYS,
    "market",
    "arms",
    "policies",
    "instruments",
    "sources",
)


@dataclass(frozen=True)
class ArmTable:
    """One arm of an experiment: what differs in it from the market of all arms."""

    market: Entry
    buyer_mix: Any = None
    supplier_mix: Any = None


@dataclass(frozen=True)
class ExperimentTables:
    """An experiment file, checked but not yet resolved."""

    file: str
    name: str
    question: str
    numbers: dict[str, int]
    baseline: str
    market: Entry
    buyer_mix: Any
    supplier_mix: Any
    instruments: Any
    arms: dict[str, ArmTable]
    own_buyers: dict[str, Entry]
    own_suppliers: dict[str, Entry]
    own_instruments: dict[str, Entry]
    sources: dict[tuple[str, ...], str]
    how: settings.Settings


def read_experiment(path: Path, overrides: Iterable[str] = ()) -> ExperimentTables:
    """Read an experiment file.

    Parameters
    ----------
    path : Path
        The TOML file.
    overrides : iterable of str
        Changes ``path=value``, as given to ``--set``.

    Raises
    ------
    ConfigError
        If the file or an override cannot be used.
    """
    return read_experiment_beside(path, overrides, ())[0]


def read_experiment_beside(
    path: Path, overrides: Iterable[str], beside: Collection[str]
) -> tuple[ExperimentTables, dict[str, Any]]:
    """Read an experiment file that holds further tables, which are somebody else's to check.

    Parameters
    ----------
    path, overrides
        As in `read_experiment`; an override may also change a table that stands beside.
    beside : collection of str
        Keys at the top of the file that are no part of the experiment.

    Returns
    -------
    ExperimentTables
        The experiment.
    dict
        The tables beside it that the file holds, by key.
    """
    tables = read_toml(path)
    file = str(path)
    for override in overrides:
        _override(tables, override, file, beside)
    others = {key: tables.pop(key) for key in beside if key in tables}
    for key in CALIBRATION_KEYS:
        if key in tables:
            verb = f"trustsim calibrate {file}"
            raise ConfigError(at(file, key) + f"belongs to a calibration; run it with {verb}")
    _known(tables, TOP_KEYS, "", file)
    market = dict(_table(tables.get("market", {}), "market", file))
    mixes = {key: market.pop(key, None) for key in MARKET_KEYS[1:]}
    policies = _table(tables.get("policies", {}), "policies", file)
    _known(policies, POLICY_KEYS, "policies", file)
    arms = _arms(tables.get("arms", {}), file)
    numbers = {key: tables[key] for key in EXPERIMENTS.rows if key in tables}
    numbers = check(EXPERIMENTS, numbers, "", file, TOP_KEYS)
    how = settings.read_settings(tables, file)
    if how.precision is not None:
        numbers.setdefault("replications", how.precision.start)
    found = ExperimentTables(
        file=file,
        name=_name(tables.get("name", path.stem), file),
        question=check_text(tables.get("question", ""), "question", file),
        numbers={**EXPERIMENTS.defaults(), **numbers},
        baseline=_baseline(tables.get("baseline", next(iter(arms))), arms, file),
        market=read_entry(MARKETS, market, "market", file, MARKET_KEYS),
        buyer_mix=mixes["buyer_mix"],
        supplier_mix=mixes["supplier_mix"],
        instruments=mixes["instruments"],
        arms=arms,
        own_buyers=_rows(BUYERS, policies.get("buyers", {}), "policies.buyers", file),
        own_suppliers=_rows(SUPPLIERS, policies.get("suppliers", {}), "policies.suppliers", file),
        own_instruments=_rows(INSTRUMENTS, tables.get("instruments", {}), "instruments", file),
        sources=_sources(_table(tables.get("sources", {}), "sources", file), tables, (), file),
        how=how,
    )
    return replace(found, sources={**_sources_within(found), **found.sources}), others


def refuse_forgotten(tables: ExperimentTables, arms: Mapping[str, Any]) -> None:
    """Refuse a policy that starts from nothing and that nobody follows: a built-in name misspelt.

    Raises
    ------
    ConfigError
        With the nearest built-in name.
    """
    built_in = library()
    for side, own, names, mix in (
        ("buyers", tables.own_buyers, built_in.buyers, "buyer_mix"),
        ("suppliers", tables.own_suppliers, built_in.suppliers, "supplier_mix"),
    ):
        used = {name for arm in arms.values() for name in getattr(arm, mix)}
        based = {entry.based_on for entry in own.values()}
        for name, entry in own.items():
            if not entry.based_on and name not in used | based | set(names):
                raise ConfigError(
                    at(tables.file, f"policies.{side}.{name}")
                    + f"no built-in policy, no based_on, and in no {mix}{suggestion(name, names)}"
                )
    for name, entry in tables.own_instruments.items():
        known = list(built_in.instruments)
        if not entry.based_on and name not in known and get_close_matches(name, known, 1, 0.85):
            raise ConfigError(
                at(tables.file, f"instruments.{name}")
                + f"no built-in instrument, and no based_on{suggestion(name, known)}"
            )


def _name(name: object, file: str) -> str:
    return check_name(name, "an experiment", "name", file)


def _table(value: object, key: str, file: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(at(file, key, value, given=True) + f"must be a table, as in [{key}]")
    return value


def _known(table: Mapping[str, Any], names: Iterable[str], key: str, file: str) -> None:
    for name, value in table.items():
        if name not in names:
            path = f"{key}.{name}" if key else name
            raise ConfigError(
                at(file, path, value, given=True) + "unknown key" + suggestion(name, names)
            )


def _arms(value: object, file: str) -> dict[str, ArmTable]:
    arms = {}
    for name, arm in _table(value, "arms", file).items():
        key = f"arms.{check_name(name, 'an arm', 'arms', file)}"
        table = _table(arm, key, file)
        _known(table, ARM_KEYS, key, file)
        market = _table(table.get("market", {}), f"{key}.market", file)
        if "based_on" in market:
            raise ConfigError(
                at(file, f"{key}.market.based_on", market["based_on"], given=True)
                + "all arms are in the same market; set it once, as market.based_on"
            )
        entry = read_entry(MARKETS, market, f"{key}.market", file)
        arms[name] = ArmTable(entry, table.get("buyer_mix"), table.get("supplier_mix"))
    if not arms:
        raise ConfigError(
            f"{file}: arms: there is none; an experiment needs at least one, such as "
            "[arms.high_trust] with buyer_mix = { high_trust = 1.0 }"
        )
    return arms


def _baseline(value: object, arms: Mapping[str, Any], file: str) -> str:
    if not isinstance(value, str) or value not in arms:
        raise ConfigError(
            at(file, "baseline", value, given=True) + f"no such arm{suggestion(value, arms)}"
        )
    return value


def _rows(kind: Kind, value: object, key: str, file: str) -> dict[str, Entry]:
    return {
        check_name(name, f"a {kind.name}", key, file): read_entry(
            kind, table, f"{key}.{name}", file
        )
        for name, table in _table(value, key, file).items()
    }


def _sources(
    table: Mapping[str, Any], values: Any, above: tuple[str, ...], file: str
) -> dict[tuple[str, ...], str]:
    """Read the table of sources, which repeats the tables of the file with texts for values."""
    found: dict[tuple[str, ...], str] = {}
    for key, source in table.items():
        keys = (*above, key)
        path = ".".join(("sources", *keys))
        if not isinstance(values, Mapping) or key not in values:
            raise ConfigError(
                at(file, path) + f"the file has no {'.'.join(keys)} to be a source of"
            )
        if isinstance(source, Mapping):
            found |= _sources(source, values[key], keys, file)
        else:
            found[keys] = check_text(source, path, file)
    return found


def _sources_within(tables: ExperimentTables) -> dict[tuple[str, ...], str]:
    """Sources that stand beside their values."""
    rows: dict[tuple[str, ...], Entry] = {("market",): tables.market}
    rows |= {("arms", name, "market"): arm.market for name, arm in tables.arms.items()}
    rows |= {("policies", "buyers", name): row for name, row in tables.own_buyers.items()}
    rows |= {("policies", "suppliers", name): row for name, row in tables.own_suppliers.items()}
    rows |= {("instruments", name): row for name, row in tables.own_instruments.items()}
    return {
        (*keys, parameter): source
        for keys, entry in rows.items()
        for parameter, source in entry.sources.items()
    }


def _override(
    tables: dict[str, Any], override: str, file: str, beside: Collection[str] = ()
) -> None:
    """Put a change ``path=value`` into the tables of a file; only what exists can be changed."""
    path, equals, text = override.partition("=")
    where = f"--set {override}: "
    if not equals or not path.strip():
        raise ConfigError(f"{where}must be path=value, such as market.buyers=50")
    keys = _keys(path, where)
    table = tables
    for depth, key in enumerate(keys):
        names = [*TOP_KEYS, *beside] if depth == 0 else _settable(tables, keys[:depth])
        if names is not None and key not in names:
            raise ConfigError(
                f"{where}{file} has no {'.'.join(keys[: depth + 1])}{suggestion(key, names)}"
            )
        if depth == len(keys) - 1:
            table[key] = _value(text.strip())
        else:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(
                    f"{where}{'.'.join(keys[: depth + 1])} is {shown(table)}, not a table"
                )


def _settable(tables: Mapping[str, Any], above: list[str]) -> list[str] | None:
    """Names that can be set below a path; None if the checks of the file will see to it."""
    built_in = library()
    words = ["based_on", "description", "source"]
    match above:
        case ["precision"]:
            return list(precision_rule.KEYS)
        case ["design"]:
            return list(designs.KEYS)
        case ["market"]:
            return [*MARKETS.rows, *MARKET_KEYS]
        case ["arms"]:
            return _names(tables, "arms")
        case ["arms", _]:
            return list(ARM_KEYS)
        case ["arms", _, "market"]:
            return list(MARKETS.rows)
        case ["policies"]:
            return list(POLICY_KEYS)
        case ["policies", "buyers"]:
            return [*built_in.buyers, *_names(tables, "policies", "buyers")]
        case ["policies", "suppliers"]:
            return [*built_in.suppliers, *_names(tables, "policies", "suppliers")]
        case ["policies", "buyers", _]:
            return [*BUYERS.rows, *words]
        case ["policies", "suppliers", _]:
            return [*SUPPLIERS.rows, *words]
        case ["instruments"]:
            return [*built_in.instruments, *_names(tables, "instruments")]
        case ["instruments", _]:
            return [*INSTRUMENTS.rows, *words]
    return None


def _names(tables: Mapping[str, Any], *keys: str) -> list[str]:
    table: Any = tables
    for key in keys:
        table = table.get(key, {}) if isinstance(table, Mapping) else {}
    return list(table) if isinstance(table, Mapping) else []


def _keys(path: str, where: str) -> list[str]:
    """Split a dotted path as TOML does, quotes and all."""
    try:
        table: Any = tomllib.loads(f"{path.strip()} = 0")
    except tomllib.TOMLDecodeError:
        raise ConfigError(
            f"{where}'{path}' is no dotted path; an example is market.buyers"
        ) from None
    keys = []
    if not table:
        raise ConfigError(f"{where}'{path}' is no dotted path; an example is market.buyers")
    while isinstance(table, dict) and table:
        key, table = next(iter(table.items()))
        keys.append(key)
    return keys


def _value(text: str) -> object:
    """Read a value as TOML does; a bare word is text."""
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        table = {}
    if set(table) == {"value"}:
        return table["value"]
    try:
        return float(text)
    except ValueError:
        return text
