"""Models of all files: an experiment, a market, and rows that several experiments share.

What a TOML file holds comes in, as plain tables; checked tables go out. The built-in library and an
author's files have the same form: a table per policy, instrument or market, with ``description``
and ``source`` beside the parameters. A value may be bare or carry its own source, as in
``{ value = 1.0, source = "..." }``.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from trustsim.config.case import CaseTable
from trustsim.config.design import Design
from trustsim.config.dimensions import Positive
from trustsim.config.precision import Precision
from trustsim.errors import at, shown
from trustsim.schema import checking
from trustsim.schema.translation import HIDDEN, Refusal, Table, Text, allowing, part, read, some_of

KEPT = ("runs", "policies", "rounds", "ages", "temptations")
"""Tables of results that are kept unless told otherwise."""

TABLES = (*KEPT, "orders")
"""All tables of results, from a row per run to a row per order and what happens after it."""

LONGEST_NAME = 80
WORDS = {"description", "source", "based_on", "buyer_mix", "supplier_mix", "instruments", "without"}
"""Keys beside the parameters in a table of them."""


class Given(NamedTuple):
    """A value that an author has given: the keys and the file of its table, and its own source."""

    value: Any
    table: str = ""
    file: str = ""
    source: str = ""

    def key(self, name: str) -> str:
        """Dotted path of its name."""
        return f"{self.table}.{name}" if self.table else name

    def at(self, name: str, value: object = None) -> str:
        """Say where it stands, or another value of its table: ``file: key = value: ``."""
        return at(self.file, self.key(name), self.value if value is None else value, given=True)


Row = dict[str, Given]
"""What is given of a policy, an instrument or a market: parameters and `WORDS`, by name."""


def values_of(row: Row) -> dict[str, Any]:
    """Parameters that a row gives."""
    return {name: given.value for name, given in row.items() if name not in WORDS}


def word(row: Row, name: str) -> str:
    """What a row says under one of the `WORDS`; nothing if it does not."""
    return str(row[name].value) if name in row else ""


@cache
def naming(what: str) -> BeforeValidator:
    """Check a name of something that is written about."""

    def check(name: Any) -> str:
        text = name if isinstance(name, str) else ""
        said = f"{shown(name)} cannot name {what}"
        if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
            raise Refusal(f"{said}; allowed: 1 to {LONGEST_NAME} printable characters")
        if "." in text and what not in ("an experiment", "a scenario"):
            raise Refusal(f"{said}: paths of parameters are cut at dots")
        if text == "all":
            raise Refusal(f"{said}: it stands for all of them")
        return text

    return BeforeValidator(check)


def check_name(name: object, what: str, key: str, file: str = "") -> str:
    """Check the name of something that is written about, such as a target."""
    return str(read(Annotated[str, naming(what)], name, key, file))


class RowTable(Table):
    """A table of parameters with its words; every value may carry its own source."""

    description: Text = ""
    source: Text = ""
    based_on: Text = ""
    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _take_sources_out(cls, table: Any, handler: Any) -> Any:
        if not isinstance(table, Mapping):
            return handler(table)
        own = {n: v for n, v in table.items() if isinstance(v, Mapping) and n not in WORDS}
        own = {n: v for n, v in own.items() if {"value"} <= v.keys() <= {"value", "source"}}
        sources = {n: part(Text, v.get("source", ""), n, "source") for n, v in own.items()}
        made = handler({**table, **{n: v["value"] for n, v in own.items()}})
        made._sources.update(sources)
        return made

    def row(self, key: str, file: str = "") -> Row:
        """Give what is written, in a table that stands under a key of a file."""
        names, sources = self.model_fields_set, self._sources
        given = {name: value for name, value in vars(self).items() if name in names}
        given |= {name: deepcopy(given[name]) for name in names & WORDS}
        return {n: Given(value, key, file, sources.get(n, "")) for n, value in given.items()}


class MarketTable(checking.MARKETS.model, RowTable):  # type: ignore[misc,name-defined]
    """``[market]``."""

    buyer_mix: Any = None
    supplier_mix: Any = None
    instruments: Any = None
    without: checking.Mechanisms = ()


def _one_market(_: Any) -> Any:
    raise ValueError("all arms are in the same market; set it once, as market.based_on")


class ArmMarketTable(checking.MARKETS.model, RowTable):  # type: ignore[misc,name-defined]
    """``[arms.NAME.market]``: what an arm changes in the market of all arms."""

    based_on: Annotated[Text, BeforeValidator(_one_market)] = ""
    without: checking.Mechanisms = ()


class BuyerTable(checking.BUYERS.model, RowTable):  # type: ignore[misc,name-defined]
    """A policy of buyers."""


class SupplierTable(checking.SUPPLIERS.model, RowTable):  # type: ignore[misc,name-defined]
    """A policy of suppliers."""


class InstrumentTable(checking.INSTRUMENTS.model, RowTable):  # type: ignore[misc,name-defined]
    """A payment instrument."""


class PolicyTables(Table):
    """``[policies]``."""

    NOUN: ClassVar[str] = "side"
    SHAPE: ClassVar[str] = "a table of policies, with the sides buyers and suppliers"
    buyers: dict[Annotated[str, naming("a buyer policy")], BuyerTable] = Field(default={})
    suppliers: dict[Annotated[str, naming("a supplier policy")], SupplierTable] = Field(default={})


class RowsFile(Table):
    """A file of policies and instruments that several experiments include."""

    policies: PolicyTables = Field(default_factory=PolicyTables)
    instruments: dict[Annotated[str, naming("an instrument")], InstrumentTable] = Field(default={})


class MarketFile(Table):
    """A market in a file of its own, such as a built-in one."""

    market: MarketTable = Field(default_factory=MarketTable)

    @classmethod
    def unknown(cls, name: str) -> str:
        """Say of a key that there is no such; an experiment is no market."""
        return "a file that a market is based on holds the table [market] and nothing else"


class ScenarioTables(checking.RUNS.model, RowsFile):  # type: ignore[misc,name-defined]
    """What can be said of a scenario, in a file or in Python."""

    name: Annotated[str, naming("a scenario")] = ""
    market: MarketTable = Field(default_factory=MarketTable)


class ArmTable(Table):
    """``[arms.NAME]``: what differs in an arm from the market of all arms."""

    buyer_mix: Any = None
    supplier_mix: Any = None
    without: checking.Mechanisms = ()
    market: ArmMarketTable = Field(default_factory=ArmMarketTable)


WANTED = f'must be a list of tables, such as ["runs"]; allowed: {", ".join(TABLES)}'
Kept = Annotated[tuple[str, ...], some_of(TABLES, WANTED, "no such table", KEPT[0])]
Money = Annotated[Positive, allowing("a number above 0 (money per accepted lot)")]
FileList = Annotated[list[Text], allowing("a list of files")]


class ExperimentFile(checking.EXPERIMENTS.model, ScenarioTables):  # type: ignore[misc,name-defined]
    """An experiment as its author wrote it."""

    NOUN: ClassVar[str] = "key"
    name: Annotated[str, naming("an experiment")] = ""
    question: Text = ""
    include: Any = ()
    baseline: Any = HIDDEN
    keep: Kept = KEPT
    run_timeout: Annotated[Positive, allowing("a number above 0 (seconds)")] | None = None
    smallest_difference: Money | None = None
    precision: Precision | None = None
    design: Design | None = None
    case: CaseTable | None = None
    arms: dict[Annotated[str, naming("an arm")], ArmTable] = Field(default={})
    sources: dict[str, Any] = Field(default={})

    @classmethod
    def unknown(cls, name: str) -> str:
        """Say of a key that there is no such; a calibration is read by another command."""
        if name in ("calibrate", "targets"):
            return "belongs to a calibration; run it with trustsim calibrate"
        return super().unknown(name)
