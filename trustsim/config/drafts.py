"""What is said of a scenario, and how the library completes it.

A draft comes in: a market's name, some policies, some changes. Put together with the built-in rows
and the defaults it goes out as the fields of a scenario; what does not fit together is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trustsim.config.library import (
    KIND_OF,
    PLACE_OF,
    MarketEntry,
    check_instruments,
    library,
    market_named,
    resolve,
)
from trustsim.config.models import Entry, PolicyTables, ScenarioKeywords
from trustsim.config.without import Mechanisms, in_order, refuse_idle, switched_off
from trustsim.errors import ConfigError, at, suggestion
from trustsim.schema.checking import (
    EXPERIMENTS,
    MARKETS,
    check,
    check_shares,
    complete,
)
from trustsim.schema.mechanisms import NOTHING, off_without
from trustsim.schema.translation import read


@dataclass(frozen=True)
class Draft:
    """What is said of a scenario; the library says the rest.

    Attributes
    ----------
    base : MarketEntry
        The market to start from.
    rounds, seed : int
        Length of a run, and seed of all luck.
    market : dict
        Parameters of the market that are set.
    buyer_mix, supplier_mix, available
        Shares of policies and names of instruments, unchecked; the market's own if None.
    buyers, suppliers, instruments : dict of Entry
        Own rows by name.
    without : tuple of str
        Mechanisms that are switched off.
    """

    base: MarketEntry
    name: str = ""
    rounds: int = 120
    seed: int = 1
    market: dict[str, Any] = field(default_factory=dict)
    buyer_mix: Any = None
    supplier_mix: Any = None
    available: Any = None
    buyers: dict[str, Entry] = field(default_factory=dict)
    suppliers: dict[str, Entry] = field(default_factory=dict)
    instruments: dict[str, Entry] = field(default_factory=dict)
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Places:
    """Where the parts of a scenario stand, for messages."""

    file: str = ""
    market: str = "market"
    buyer_mix: str = "buyer_mix"
    supplier_mix: str = "supplier_mix"
    available: str = "instruments"


def completed(draft: Draft, places: Places) -> dict[str, Any]:
    """Complete a draft with the library and the defaults: the fields of a `Scenario`."""
    base, file = draft.base, places.file
    off = off_without(draft.without) if draft.without else ()
    market = switched_off(market_record(base, draft.market), off)
    for low, high in (("cost_low", "cost_high"), ("defect_good", "defect_bad")):
        if getattr(market, low) > getattr(market, high):
            raise ConfigError(
                at(file, f"{places.market}.{low}", getattr(market, low), given=True)
                + f"must not exceed {high} = {getattr(market, high)!r}"
            )
    buyers = resolve("buyers", draft.buyers, off)
    suppliers = resolve("suppliers", draft.suppliers, off)
    known = resolve("instruments", draft.instruments, off)
    names: Any = draft.available
    if names is None:
        names = list(dict.fromkeys([*base.instruments, *draft.instruments]))
    instruments = {
        name: known[name] for name in check_instruments(names, known, places.available, file)
    }
    _refuse_more_than_the_price(instruments, file)
    mix = base.buyer_mix if draft.buyer_mix is None else draft.buyer_mix
    buyer_mix = check_shares(mix, buyers, "buyer", places.buyer_mix, file)
    mix = base.supplier_mix if draft.supplier_mix is None else draft.supplier_mix
    return {
        "name": draft.name or ("mixed" if len(buyer_mix) > 1 else next(iter(buyer_mix))),
        "rounds": draft.rounds,
        "seed": draft.seed,
        "market": market,
        "buyer_mix": buyer_mix,
        "supplier_mix": check_shares(mix, suppliers, "supplier", places.supplier_mix, file),
        "buyer_policies": buyers,
        "supplier_policies": suppliers,
        "instruments": instruments,
        "without": draft.without,
    }


def rows_of(scenario: Any) -> dict[str, dict[str, Any]]:
    """Records of policies and instruments, by what they are."""
    return {
        "buyers": scenario.buyer_policies,
        "suppliers": scenario.supplier_policies,
        "instruments": scenario.instruments,
    }


def market_record(base: MarketEntry, values: Mapping[str, Any]) -> Any:
    """Record of a market's parameters, without a check of what fits together."""
    return complete(MARKETS, {**base.entry.values, **values})


def library_sources(scenario: Any) -> dict[tuple[str, ...], str]:
    """Sources that the library gives for single values, where a scenario has these values."""
    rows: dict[tuple[str, ...], tuple[Entry | None, Any]] = {
        ("market",): (scenario.draft.base.entry, scenario.market)
    }
    for what, records in rows_of(scenario).items():
        entries, keys = getattr(library(), what), PLACE_OF[what].split(".")
        rows |= {(*keys, name): (entries.get(name), record) for name, record in records.items()}
    return {
        (*keys, parameter): source
        for keys, (entry, record) in rows.items()
        if entry is not None
        for parameter, source in entry.sources.items()
        if entry.values[parameter] == getattr(record, parameter)
    }


def draft_at(scenario: Any, values: Mapping[str, Any]) -> Draft:
    """Give the draft of a scenario with other values of parameters, by their paths.

    Of a mix, the shares that are not given keep their proportions. ``without`` is a mechanism that
    is off in addition, or nothing.
    """
    draft: Draft = scenario.draft
    changes: dict[str, Any] = {"available": list(scenario.instruments)}
    market: dict[str, Any] = {}
    shares: dict[str, dict[str, float]] = {}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for path, value in values.items():
        match path.split("."):
            case ["rounds"]:
                changes |= check(EXPERIMENTS, {"rounds": value}, "")
            case ["without"]:
                added = () if value == NOTHING else read(Mechanisms, [value], "without")
                changes["without"] = in_order({*draft.without, *added})
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
    if market:
        changes["market"] = {**draft.market, **check(MARKETS, market, "market")}
    for which, fixed in shares.items():
        changes[which] = _with_shares(getattr(scenario, which), fixed, f"market.{which}")
    for (what, name), parameters in rows.items():
        known = rows_of(scenario)[what]
        if name not in known:
            raise ConfigError(f"{what}.{name}: the scenario has no such{suggestion(name, known)}")
        own = changes.get(what, getattr(draft, what))
        changes[what] = with_row(own, what, name, parameters)
    return replace(draft, **changes)


def revised(draft: Draft, keywords: dict[str, Any]) -> Draft:
    """Give a draft with what keywords of `Scenario` say; rows and parameters are added."""
    changes: dict[str, Any] = {
        key: keywords.pop(key) for key in ("buyer_mix", "supplier_mix") if key in keywords
    }
    if "market" in keywords:
        changes["base"] = market_named(keywords.pop("market"), "market")
    numbers = {key: keywords.pop(key) for key in ("rounds", "seed") if key in keywords}
    changes |= check(EXPERIMENTS, numbers, "")
    if isinstance(keywords.get("instruments", {}), list | tuple | str | int):
        changes["available"] = keywords.pop("instruments")
    tables = {key: keywords.pop(key, None) for key in ScenarioKeywords.model_fields}
    said = read(ScenarioKeywords, {k: v for k, v in tables.items() if v is not None})
    own = {**vars(said.policies or PolicyTables()), "instruments": said.instruments or {}}
    changes |= {key: getattr(said, key) for key in ("name", "without") if tables[key] is not None}
    market = check(MARKETS, keywords, "market")
    without = changes.get("without", draft.without)
    refuse_idle(market, without, "market")
    changes["market"] = {**draft.market, **market}
    for what, rows in own.items():
        entries = {name: row.entry() for name, row in rows.items()}
        for name, entry in entries.items():
            refuse_idle(entry.values, without, f"{PLACE_OF[what]}.{name}")
        changes[what] = {**getattr(draft, what), **entries}
    return replace(draft, **changes)


def with_row(
    own: Mapping[str, Entry], what: str, name: str, parameters: Mapping[str, Any]
) -> dict[str, Entry]:
    """Give own rows in which one, or the built-in one of its name, has other parameters."""
    values = check(KIND_OF[what], parameters, f"{PLACE_OF[what]}.{name}")
    entry = own.get(name, Entry({}))
    return {**own, name: replace(entry, values={**entry.values, **values})}


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
    shares = {name: fixed.get(name, share * scale) for name, share in mix.items()}
    last = next(reversed([n for n in mix if n not in fixed]), None)
    if last is not None:  # the last one takes what rounding leaves
        shares[last] = max(0.0, 1.0 - sum(share for n, share in shares.items() if n != last))
    return shares


def _refuse_more_than_the_price(instruments: Mapping[str, Any], file: str) -> None:
    for name, instrument in instruments.items():
        if instrument.advance + instrument.on_delivery > 1.0:
            raise ConfigError(
                at(file, f"instruments.{name}.advance", instrument.advance, given=True)
                + f"with on_delivery = {instrument.on_delivery!r} more than the price is paid; "
                "the two may add up to 1"
            )
