"""What is said of a scenario: by files, by the keywords of Python, by the paths of a design.

Tables come in, drafts go out. A draft is put on top of another one, which says the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from trustsim.config.models import Given, Row, ScenarioTables, word
from trustsim.config.toml import put
from trustsim.errors import ConfigError, at, known, shown
from trustsim.schema.checking import MARKETS, Shares
from trustsim.schema.mechanisms import MECHANISMS, NOTHING, OWNERS, off_without
from trustsim.schema.translation import Table, leaves, read

Place = tuple[str, ...]
"""Keys that lead to a table: none to the top of a file, ``("policies", "buyers", name)``, ..."""

MARKET: Place = ("market",)
SIDES: dict[str, Place] = {side: ("policies", f"{side}s") for side in ("buyer", "supplier")}
INSTRUMENTS: Place = ("instruments",)
FIELDS = {**{kind: f"{side}_policies" for side, kind in SIDES.items()}, INSTRUMENTS: "instruments"}
"""Where a scenario holds the records of policies and instruments, by the place of their tables."""


@dataclass(frozen=True)
class Draft:
    """What is said of a scenario.

    Attributes
    ----------
    tables : dict of Row
        What is given in each table, by its place: the numbers of a run at the top, the market with
        its mixes, own policies and instruments.
    without : tuple of str
        Mechanisms that are switched off.
    shared : dict of str
        Files that several experiments share, by the places of the tables that stand in them.
    base : Draft
        The market to start from; None in a draft that is put on top of one that has it.
    """

    tables: dict[Place, Row] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    shared: dict[Place, str] = field(default_factory=dict)
    base: Draft | None = None

    @property
    def whole(self) -> Draft:
        """What it says, on top of the market that it starts from."""
        return self if self.base is None else self.over(self.base)

    @property
    def top(self) -> Row:
        """Its name, length of a run and seed of all luck, as far as they are given."""
        return self.tables.get((), {})

    @property
    def market(self) -> Row:
        """What it says of the market."""
        return self.tables.get(MARKET, {})

    def rows(self, kind: Place) -> dict[str, Row]:
        """Policies of a side or instruments, by name."""
        return {place[-1]: row for place, row in self.tables.items() if place[:-1] == kind}

    def over(self, below: Draft) -> Draft:
        """Put this on top of another draft: what is said here counts, the rest is as below."""
        tables = below.tables | self.tables
        for place in self.tables.keys() & below.tables.keys():
            if len(place) < 2 or word(self.tables[place], "based_on") in ("", place[-1]):
                tables[place] = _over(self.tables[place], below.tables[place])
        without = sorted({*below.without, *self.without}, key=[*MECHANISMS].index)
        return Draft(tables, tuple(without), below.shared | self.shared, self.base or below.base)

    def upon(self, below: Draft) -> Draft:
        """Put this on top of another draft; refuse what it sets of mechanisms that are off."""
        result = self.over(below)
        off = {owner: name for name in result.whole.without for owner in off_without([name])}
        for name, given in (pair for row in self.tables.values() for pair in row.items()):
            for owner, named in off.items():
                choices = MECHANISMS[owner].absent.get(name)
                chosen = isinstance(choices, Mapping) and given.value in [*choices]
                if chosen or OWNERS.get(name) == owner:
                    why = f" ({shown(owner)} is off because it needs {shown(named)})"
                    text = f"the mechanism {shown(owner)} is off{why if owner != named else ''}"
                    advice = f"take {name} out here, or {shown(named)} out of without"
                    raise ConfigError(f"{given.at(name)}{text}; {advice}")
        return result


def _over(own: Row, below: Row) -> Row:
    """Put a row on top of another; a value that stays keeps its source, and the row its base."""
    row = below | {name: given for name, given in own.items() if name != "based_on"}
    for name, before in below.items():
        if before.source and not row[name].source and before.value == row[name].value:
            row[name] = before
    return row


def draft_of(tables: Table, file: str = "", *, shared: bool = False) -> Draft:
    """Give what the tables of a file say of a scenario."""
    numbers = {"name", "rounds", "seed"} & tables.model_fields_set
    found: dict[Place, Row] = {(): {n: Given(getattr(tables, n), "", file) for n in numbers}}
    parts = {name: getattr(tables, name, {}) for name in ("market", "policies", "instruments")}
    rows = leaves({**parts, "policies": dict(parts["policies"])})
    found |= {tuple(path.split(".")): table.row(path, file) for path, table in rows}
    without = getattr(parts["market"], "without", ())
    return Draft(found, without, dict.fromkeys(found, file) if shared else {})


def draft_with(draft: Draft, keywords: Mapping[str, Any]) -> Draft:
    """Give a draft with what keywords of `Scenario` say; None says nothing of a table."""
    tables = {"policies", "instruments"}
    said = {key: v for key, v in keywords.items() if v is not None or key not in tables}
    if not isinstance(said.get("instruments"), Mapping):
        tables.remove("instruments")  # what can be used in the market
    top = {key: said.pop(key) for key in ("name", "rounds", "seed", *tables) if key in said}
    below = replace(draft, without=()) if "without" in said else draft
    return _said({**top, "market": said}).upon(below)


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
    for mix in {"buyer_mix", "supplier_mix"} & market.keys():
        market[mix] = _with_shares(getattr(scenario, mix), f"market.{mix}", market[mix])
    if off != NOTHING:
        market["without"] = [off]
    said = _said(tables)
    for *kind, name in (place for place in said.tables if len(place) > 1):
        rows = getattr(scenario, FIELDS[tuple(kind)])
        known(name, rows, f"{'.'.join((*kind, name))}: the scenario has no such")
    return said.over(scenario.draft)


def _said(tables: Mapping[str, Any]) -> Draft:
    for name in ("description", "source", "based_on"):
        if name in tables["market"]:
            raise ConfigError(f"market.{name}: {MARKETS.model.unknown(name)}")
    return draft_of(read(ScenarioTables, tables))


def _with_shares(mix: Mapping[str, float], key: str, fixed: object) -> dict[str, float]:
    """Give a mix in which some shares are fixed and the others keep their proportions."""
    given: dict[str, float] = read(Shares, fixed, key)
    for name in given:
        known(name, mix, f"{key}.{name}: the mix has no such policy")
    left, others = 1.0 - sum(given.values()), [name for name in mix if name not in given]
    total = sum(mix[name] for name in others)
    if left < -1e-12 or (total <= 0.0 and left > 1e-12):
        raise ConfigError(
            f"{key}: the shares {given} cannot be made to add up to 1 with the others"
        )
    scale = max(left, 0.0) / total if total > 0 else 0.0
    shares = {name: given.get(name, share * scale) for name, share in mix.items()}
    if others:  # the last one takes what rounding leaves
        shares[others[-1]] = 0.0
        shares[others[-1]] = max(0.0, 1.0 - sum(shares.values()))
    return shares
