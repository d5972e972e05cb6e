"""What is said about a scenario, and how the library completes it.

A scenario is said in a few words: a market's name, some policies, some changes. Here they are put
together with the built-in rows and the defaults, and what does not fit together is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trustsim.config.entries import Entry, check_name, read_entry
from trustsim.config.library import check_instruments, library, resolve
from trustsim.errors import ConfigError, at, suggestion
from trustsim.schema.checking import (
    BUYERS,
    EXPERIMENTS,
    INSTRUMENTS,
    MARKETS,
    SUPPLIERS,
    Kind,
    ascending,
    check_shares,
    complete,
)

DEFAULT_MARKET = "components"


@dataclass(frozen=True)
class Given:
    """What is said about a scenario; the library says the rest."""

    name: str = ""
    based_on: str = DEFAULT_MARKET
    numbers: dict[str, int] = field(default_factory=dict)
    market: dict[str, Any] = field(default_factory=dict)
    buyer_mix: Any = None
    supplier_mix: Any = None
    available: Any = None
    buyers: dict[str, Entry] = field(default_factory=dict)
    suppliers: dict[str, Entry] = field(default_factory=dict)
    instruments: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True)
class Keys:
    """Where the parts of a scenario stand, for messages."""

    file: str = ""
    market: str = "market"
    based_on: str = "market"
    buyer_mix: str = "buyer_mix"
    supplier_mix: str = "supplier_mix"
    available: str = "instruments"


def completed(given: Given, keys: Keys) -> dict[str, Any]:
    """Complete what is given with the library and the defaults.

    Returns
    -------
    dict
        The fields of a `Scenario`.

    Raises
    ------
    ConfigError
        For unknown names and for values that do not fit together.
    """
    built_in = library()
    if not isinstance(given.based_on, str) or given.based_on not in built_in.markets:
        raise ConfigError(
            at(keys.file, keys.based_on, given.based_on, given=True)
            + f"unknown market{suggestion(given.based_on, built_in.markets)}"
        )
    base = built_in.markets[given.based_on]
    market = {**MARKETS.defaults(), **base.entry.values, **given.market}
    ascending("cost_low", "cost_high", market, keys.market, keys.file)
    ascending("defect_good", "defect_bad", market, keys.market, keys.file)
    buyers = resolve(BUYERS, given.buyers, "policies.buyers", keys.file)
    suppliers = resolve(SUPPLIERS, given.suppliers, "policies.suppliers", keys.file)
    known = resolve(INSTRUMENTS, given.instruments, "instruments", keys.file)
    available: Any = given.available
    if available is None:
        available = list(dict.fromkeys([*base.instruments, *given.instruments]))
    names = check_instruments(available, known, keys.available, keys.file)
    _refuse_more_than_the_price({name: known[name] for name in names}, keys.file)
    mix = base.buyer_mix if given.buyer_mix is None else given.buyer_mix
    buyer_mix = check_shares(mix, buyers, "buyer", keys.buyer_mix, keys.file)
    mix = base.supplier_mix if given.supplier_mix is None else given.supplier_mix
    supplier_mix = check_shares(mix, suppliers, "supplier", keys.supplier_mix, keys.file)
    numbers = {**EXPERIMENTS.defaults(), **given.numbers}
    return {
        "name": given.name or ("mixed" if len(buyer_mix) > 1 else next(iter(buyer_mix))),
        "rounds": numbers["rounds"],
        "seed": numbers["seed"],
        "market": complete(MARKETS, market),
        "buyer_mix": buyer_mix,
        "supplier_mix": supplier_mix,
        "buyer_policies": buyers,
        "supplier_policies": suppliers,
        "instruments": {name: known[name] for name in names},
    }


def market_of(based_on: str, given: Mapping[str, Any]) -> Any:
    """Record of a market's parameters, without a check of what fits together."""
    return complete(
        MARKETS, {**MARKETS.defaults(), **library().markets[based_on].entry.values, **given}
    )


def built_in_sources(scenario: Any) -> dict[tuple[str, ...], str]:
    """Sources that the library gives for single values, where a scenario has these values."""
    built_in = library()
    places: list[tuple[tuple[str, ...], Entry | None, Any]] = [
        (("market",), built_in.markets[scenario.given.based_on].entry, scenario.market)
    ]
    for keys, rows, used in (
        (("policies", "buyers"), built_in.buyers, scenario.buyer_policies),
        (("policies", "suppliers"), built_in.suppliers, scenario.supplier_policies),
        (("instruments",), built_in.instruments, scenario.instruments),
    ):
        places += [((*keys, name), rows.get(name), record) for name, record in used.items()]
    return {
        (*keys, parameter): source
        for keys, entry, record in places
        if entry is not None
        for parameter, source in entry.sources.items()
        if entry.values[parameter] == getattr(record, parameter)
    }


def given_at(scenario: Any, values: Mapping[str, Any]) -> Given:
    """Give what is said about a scenario, with other values of parameters.

    Parameters
    ----------
    scenario : Scenario
    values : mapping
        Values by the path of the parameter, such as ``market.lot_cost``. Of a mix, the shares that
        are not given keep their proportions.

    Raises
    ------
    ConfigError
        If the scenario has no such policy or instrument, or shares cannot add up to 1.
    """
    given: Given = scenario.given
    market, numbers = dict(given.market), dict(given.numbers)
    shares: dict[str, dict[str, float]] = {}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for path, value in values.items():
        match path.split("."):
            case ["rounds"]:
                numbers["rounds"] = value
            case ["market", ("buyer_mix" | "supplier_mix") as mix, name]:
                shares.setdefault(mix, {})[name] = value
            case ["market", name]:
                market[name] = value
            case ["policies", ("buyers" | "suppliers") as side, policy, name]:
                rows.setdefault((side, policy), {})[name] = value
            case ["instruments", instrument, name]:
                rows.setdefault(("instruments", instrument), {})[name] = value
            case _:
                raise ConfigError(f"{path}: a scenario has no such parameter")
    changes: dict[str, Any] = {"market": market, "numbers": numbers}
    changes["available"] = list(scenario.instruments)
    for which, fixed in shares.items():
        changes[which] = _with_shares(getattr(scenario, which), fixed, f"market.{which}")
    resolved = {
        "buyers": scenario.buyer_policies,
        "suppliers": scenario.supplier_policies,
        "instruments": scenario.instruments,
    }
    for (what, name), parameters in rows.items():
        if name not in resolved[what]:
            raise ConfigError(
                f"{what}.{name}: the scenario has no such{suggestion(name, resolved[what])}"
            )
        changed = Entry({**resolved[what][name].model_dump(), **parameters})
        changes[what] = {**changes.get(what, getattr(given, what)), name: changed}
    return replace(given, **changes)


def _with_shares(
    mix: Mapping[str, float], fixed: Mapping[str, float], key: str
) -> dict[str, float]:
    """Give a mix in which some shares are fixed and the others keep their proportions."""
    for name in fixed:
        if name not in mix:
            raise ConfigError(f"{key}.{name}: the mix has no such policy{suggestion(name, mix)}")
    left = 1.0 - sum(fixed.values())
    others = sum(share for name, share in mix.items() if name not in fixed)
    if left < -1e-12 or (others <= 0.0 and left > 1e-12):
        raise ConfigError(
            f"{key}: the shares {dict(fixed)} cannot be made to add up to 1 with the others"
        )
    scale = max(left, 0.0) / others if others > 0 else 0.0
    found = {name: fixed.get(name, share * scale) for name, share in mix.items()}
    last = next(reversed([n for n in mix if n not in fixed]), None)
    if last is not None:  # the last one takes what rounding leaves
        found[last] = max(0.0, 1.0 - sum(share for n, share in found.items() if n != last))
    return found


def entries(kind: Kind, tables: object, key: str) -> dict[str, Entry]:
    """Check own rows given in Python."""
    if tables is None:
        return {}
    if not isinstance(tables, Mapping):
        raise ConfigError(at("", key, tables, given=True) + "must map names to parameters")
    return {
        check_name(name, f"a {kind.name}", key): read_entry(kind, table, f"{key}.{name}")
        for name, table in tables.items()
    }


def sides(policies: object) -> Mapping[str, Any]:
    """Check that policies are given by the side they belong to."""
    if policies is None:
        return {}
    if not isinstance(policies, Mapping):
        raise ConfigError(
            at("", "policies", policies, given=True)
            + 'must be {"buyers": {name: parameters}, "suppliers": {...}}'
        )
    for side, value in policies.items():
        if side not in ("buyers", "suppliers"):
            raise ConfigError(
                at("", f"policies.{side}", value, given=True)
                + f"unknown side{suggestion(side, ['buyers', 'suppliers'])}"
            )
    return policies


def _refuse_more_than_the_price(instruments: Mapping[str, Any], file: str) -> None:
    for name, instrument in instruments.items():
        if instrument.advance + instrument.on_delivery > 1.0:
            raise ConfigError(
                at(file, f"instruments.{name}.advance", instrument.advance, given=True)
                + f"with on_delivery = {instrument.on_delivery!r} more than the price is paid; "
                "the two may add up to 1"
            )
