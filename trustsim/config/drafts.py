"""What is said of a scenario: by files, by the keywords of Python, by the paths of a design.

Tables come in, drafts go out. A draft is put on top of another one, which says the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from trustsim.config.models import Entry, RowsFile, ScenarioTables
from trustsim.config.toml import put
from trustsim.config.without import in_order, refuse_idle
from trustsim.errors import ConfigError, at, suggestion
from trustsim.schema.checking import MarketValues, Share
from trustsim.schema.mechanisms import NOTHING
from trustsim.schema.translation import read

MIXES = {"buyer_mix": "buyers", "supplier_mix": "suppliers"}
"""Shares of policies, by what they are shares of."""

PLACE_OF = {
    "buyers": "policies.buyers", "suppliers": "policies.suppliers", "instruments": "instruments",
}  # fmt: skip
"""Keys that lead to the rows of policies and instruments."""

Rows = dict[str, dict[str, Entry]]
"""Policies of both sides and instruments, by name."""


class Written(NamedTuple):
    """What an author wrote, not yet checked, and where."""

    value: Any
    key: str
    file: str


@dataclass(frozen=True)
class Draft:
    """What is said of a scenario.

    Attributes
    ----------
    name : str
        Its name.
    numbers : dict
        Length of a run and seed of all luck, as far as they are given.
    market : Entry
        Parameters of the market.
    rows : dict of dict of Entry
        Own policies and instruments.
    lists : dict of Written
        Shares of policies (``buyer_mix``, ``supplier_mix``) and names of ``instruments``.
    without : tuple of str
        Mechanisms that are switched off.
    base : Market
        The market to start from; None in a draft that is put on top of one that has it.
    """

    name: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    market: Entry = field(default_factory=Entry)
    rows: Rows = field(default_factory=lambda: {what: {} for what in PLACE_OF})
    lists: dict[str, Written] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    base: Any = None

    @property
    def whole(self) -> Draft:
        """What it says, on top of the market that it starts from."""
        return self if self.base is None else self.over(self.base.draft)

    def over(self, below: Draft) -> Draft:
        """Put this on top of another draft: what is said here counts, the rest is as below."""
        return Draft(
            self.name or below.name,
            {**below.numbers, **self.numbers},
            self.market.over(below.market),
            {what: rows_over(self.rows[what], below.rows[what]) for what in PLACE_OF},
            {**below.lists, **self.lists},
            in_order({*below.without, *self.without}),
            self.base or below.base,
        )

    def refuse_idle(self, names: Iterable[str]) -> None:
        """Refuse what is set here though its mechanism is among those that are switched off."""
        for entry in (self.market, *(e for rows in self.rows.values() for e in rows.values())):
            refuse_idle(entry.values, tuple(names), entry.key, entry.file)


@dataclass(frozen=True)
class Market:
    """A market to start from; at `root` of those that it is based on is a built-in one."""

    name: str
    root: str
    draft: Draft


def rows_over(own: Mapping[str, Entry], below: Mapping[str, Entry]) -> dict[str, Entry]:
    """Put rows on top of others: one of the same name changes what it says, unless it is new."""
    rows = {**below, **own}
    for name in own.keys() & below.keys():
        if own[name].based_on in ("", name):
            rows[name] = own[name].over(below[name])
    return rows


def rows_in(tables: RowsFile, file: str = "", *, shared: bool = False) -> Rows:
    """Give the policies and instruments of some tables."""
    found = {**vars(tables.policies), "instruments": tables.instruments}
    return {
        what: {n: row.entry(f"{PLACE_OF[what]}.{n}", file, shared=shared) for n, row in own.items()}
        for what, own in found.items()
    }


def lists_in(table: Any, key: str, file: str) -> dict[str, Written]:
    """Give the lists of a table that are given."""
    names = [n for n in (*MIXES, "instruments") if getattr(table, n, None) is not None]
    return {name: Written(deepcopy(getattr(table, name)), f"{key}.{name}", file) for name in names}


def draft_of(tables: ScenarioTables, file: str = "") -> Draft:
    """Give what the tables of a scenario say."""
    return Draft(
        tables.name,
        {n: getattr(tables, n) for n in ("rounds", "seed") if n in tables.model_fields_set},
        tables.market.entry("market", file),
        rows_in(tables, file),
        lists_in(tables.market, "market", file),
        tables.market.without,
    )


def draft_with(draft: Draft, keywords: Mapping[str, Any]) -> Draft:
    """Give a draft with what keywords of `Scenario` say."""
    market = dict(keywords)
    words = ("name", "rounds", "seed", "policies")
    tables: dict[str, Any] = {word: market.pop(word) for word in words if word in market}
    if isinstance(market.get("instruments"), Mapping):
        tables["instruments"] = market.pop("instruments")
    said = _said({**tables, "market": market})
    result = said.over(replace(draft, without=()) if "without" in market else draft)
    said.refuse_idle(result.whole.without)
    return result


def draft_at(scenario: Any, values: Mapping[str, Any]) -> Draft:
    """Give the draft of a scenario with other values of parameters, by their paths.

    Of a mix, the shares that are not given keep their proportions. ``without`` is a mechanism that
    is off in addition, or nothing.
    """
    tables: dict[str, Any] = {"market": {}}
    if not isinstance(values, Mapping) or not all(isinstance(path, str) for path in values):
        text = "must be values by paths, such as {'market.buyers': 50}"
        raise ConfigError(f"{at('', 'values', values, given=True)}{text}")
    for path, value in values.items():
        if path == "market":
            raise ConfigError("market: is a table; give the path of a parameter in it")
        put(tables, path.split("."), value)
    market, off = tables["market"], tables.pop("without", NOTHING)
    market |= {m: _with_shares(scenario, m, market[m]) for m in MIXES if m in market}
    if off != NOTHING:
        market["without"] = [off]
    said = _said(tables)
    for what, rows in said.rows.items():
        known = rows_of(scenario)[what]
        for name in rows.keys() - known.keys():
            text = f"the scenario has no such{suggestion(name, known)}"
            raise ConfigError(f"{PLACE_OF[what]}.{name}: {text}")
    return said.over(scenario.draft)


def rows_of(scenario: Any) -> dict[str, dict[str, Any]]:
    """Records of policies and instruments, by what they are."""
    return {
        "buyers": scenario.buyer_policies,
        "suppliers": scenario.supplier_policies,
        "instruments": scenario.instruments,
    }


def _said(tables: Mapping[str, Any]) -> Draft:
    for word in ("description", "source", "based_on"):
        if word in tables["market"]:
            raise ConfigError(f"market.{word}: {MarketValues.unknown(word)}")
    return draft_of(read(ScenarioTables, tables))


def _with_shares(scenario: Any, which: str, fixed: Mapping[str, float]) -> dict[str, float]:
    """Give a mix in which some shares are fixed and the others keep their proportions."""
    mix, key = getattr(scenario, which), f"market.{which}"
    fixed = read(dict[str, Share], fixed, key)
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
