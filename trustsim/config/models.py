"""Models of all files: an experiment, a market, and rows that several experiments share.

What a TOML file holds comes in, as plain tables; checked tables go out. The built-in library and an
author's files have the same form: a table per policy, instrument or market, with ``description``
and ``source`` beside the parameters. A value may be bare or carry its own source, as in
``{ value = 1.0, source = "..." }``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    InstanceOf,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from trustsim.config.design import Design, read_design
from trustsim.config.precision import Precision
from trustsim.config.without import Mechanisms
from trustsim.errors import shown, suggestion
from trustsim.schema.checking import (
    BuyerValues,
    ExperimentValues,
    InstrumentValues,
    MarketValues,
    RunValues,
    SupplierValues,
)
from trustsim.schema.translation import HIDDEN, Refusal, Table, Text, allowing, read

KEPT = ("runs", "policies", "rounds", "ages")
"""Tables of results that are kept unless told otherwise."""

TABLES = (*KEPT, "orders")
"""All tables of results, from a row per run to a row per order and what happens after it."""

LONGEST_NAME = 80
WORDS = {"description", "source", "based_on", "buyer_mix", "supplier_mix", "instruments", "without"}
"""Keys beside the parameters in a table of them."""


@dataclass(frozen=True)
class Entry:
    """One policy, instrument or market as its author wrote it, with the values that are given.

    Some values have sources of their own. `file` and `key` are where it is written, and `shared`
    says whether that is a file that several experiments share.
    """

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    description: str = ""
    source: str = ""
    based_on: str = ""
    file: str = ""
    key: str = ""
    shared: bool = False

    def over(self, below: Entry) -> Entry:
        """Put this on top of another: what is given here counts, the rest is as below."""
        if not self.values:
            return below
        values = {**below.values, **self.values}
        kept = {k: text for k, text in below.sources.items() if values[k] == below.values[k]}
        return replace(
            self,
            values=values,
            sources={**kept, **self.sources},
            description=self.description or below.description,
            source=self.source or below.source,
            based_on=below.based_on,
            shared=below.shared,
        )


@cache
def naming(what: str) -> BeforeValidator:
    """Check a name of something that is written about."""

    def check(name: Any) -> str:
        text = name if isinstance(name, str) else ""
        if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
            raise Refusal(
                f"{shown(name)} cannot name {what}; allowed: 1 to {LONGEST_NAME} "
                "printable characters"
            )
        if "." in text and what not in ("an experiment", "a scenario"):
            raise Refusal(f"{shown(name)} cannot name {what}: paths of parameters are cut at dots")
        if text == "all":
            raise Refusal(f"'all' cannot name {what}: it stands for all of them")
        return text

    return BeforeValidator(check)


def check_name(name: object, what: str, key: str, file: str = "") -> str:
    """Check the name of something that is written about, such as a target."""
    checked: str = read(Annotated[str, naming(what)], name, key, file)
    return checked


class RowTable(Table):
    """A table of parameters with its words; every value may carry its own source."""

    SHAPE: ClassVar[str] = "a table of parameters"
    NO_BASE: ClassVar[str] = ""
    description: Text = ""
    source: Text = ""
    based_on: Text = ""
    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _take_sources_out(cls, table: Any, handler: Any) -> Any:
        if not isinstance(table, Mapping):
            return handler(table)
        bare: dict[str, Any] = dict(table)
        sources: dict[str, str] = {}
        for name, value in table.items():
            if isinstance(value, Mapping) and name not in WORDS and "value" in value:
                if set(value) <= {"value", "source"}:
                    bare[name], source = value["value"], value.get("source", "")
                    if not isinstance(source, str):
                        raise Refusal("allowed: text in quotes", name, "source", value=source)
                    sources |= {name: source} if "source" in value else {}
        if cls.NO_BASE and "based_on" in bare:
            raise Refusal(cls.NO_BASE, "based_on", value=bare["based_on"])
        made = handler(bare)
        made._sources.update(sources)
        return made

    def entry(self, key: str, file: str = "", *, shared: bool = False) -> Entry:
        """Give the row, with the values that are written."""
        given = self.model_fields_set - WORDS
        values = {name: value for name, value in vars(self).items() if name in given}
        words = (self.description, self.source, self.based_on)
        return Entry(values, self._sources, *words, file, key, shared)


class MarketTable(MarketValues, RowTable):  # type: ignore[valid-type,misc]
    """``[market]``."""

    buyer_mix: Any = None
    supplier_mix: Any = None
    instruments: Any = None
    without: Mechanisms = ()


class ArmMarketTable(MarketValues, RowTable):  # type: ignore[valid-type,misc]
    """``[arms.NAME.market]``: what an arm changes in the market of all arms."""

    NO_BASE: ClassVar[str] = "all arms are in the same market; set it once, as market.based_on"
    without: Mechanisms = ()


class BuyerTable(BuyerValues, RowTable):  # type: ignore[valid-type,misc]
    """A policy of buyers."""


class SupplierTable(SupplierValues, RowTable):  # type: ignore[valid-type,misc]
    """A policy of suppliers."""


class InstrumentTable(InstrumentValues, RowTable):  # type: ignore[valid-type,misc]
    """A payment instrument."""


BuyerTables = dict[Annotated[str, naming("a buyer policy")], BuyerTable]
SupplierTables = dict[Annotated[str, naming("a supplier policy")], SupplierTable]
InstrumentTables = dict[Annotated[str, naming("an instrument")], InstrumentTable]


class PolicyTables(Table):
    """``[policies]``."""

    NOUN: ClassVar[str] = "side"
    SHAPE: ClassVar[str] = "a table of policies, with the sides buyers and suppliers"
    buyers: BuyerTables = Field(default_factory=dict)
    suppliers: SupplierTables = Field(default_factory=dict)


class RowsFile(Table):
    """A file of policies and instruments that several experiments include."""

    policies: PolicyTables = Field(default_factory=PolicyTables)
    instruments: InstrumentTables = Field(default_factory=dict)


class MarketFile(Table):
    """A market in a file of its own, such as a built-in one."""

    market: MarketTable = Field(default_factory=MarketTable)

    @classmethod
    def unknown(cls, name: str) -> str:
        """Say of a key that there is no such; an experiment is no market."""
        return "a file that a market is based on holds the table [market] and nothing else"


class ScenarioTables(RunValues, RowsFile):  # type: ignore[valid-type,misc]
    """What can be said of a scenario, in a file or in Python."""

    name: Annotated[str, naming("a scenario")] = ""
    market: MarketTable = Field(default_factory=MarketTable)


class ArmTable(Table):
    """``[arms.NAME]``: what differs in an arm from the market of all arms."""

    buyer_mix: Any = None
    supplier_mix: Any = None
    without: Mechanisms = ()
    market: ArmMarketTable = Field(default_factory=ArmMarketTable)


def _design(table: Any, info: ValidationInfo) -> Design:
    return read_design(table, (info.context or {})["file"])


def _some_arms(arms: dict[str, ArmTable]) -> dict[str, ArmTable]:
    if not arms:
        raise Refusal(
            "there is none; an experiment needs at least one, such as "
            "[arms.high_trust] with buyer_mix = { high_trust = 1.0 }"
        )
    return arms


def _kept(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list | tuple) or not names:
        raise ValueError(
            f'must be a list of tables, such as ["runs"]; allowed: {", ".join(TABLES)}'
        )
    for name in names:
        if name not in TABLES:
            raise Refusal(f"no such table{suggestion(name, TABLES)}", value=name)
    return tuple(name for name in TABLES if name in names or name == KEPT[0])


POSITIVE = Field(strict=True, gt=0.0, allow_inf_nan=False)


FileList = Annotated[list[Text], allowing("a list of files")]


class ExperimentFile(ExperimentValues, ScenarioTables):  # type: ignore[valid-type,misc]
    """An experiment as its author wrote it."""

    NOUN: ClassVar[str] = "key"
    name: Annotated[str, naming("an experiment")] = ""
    question: Text = ""
    include: Any = ()
    baseline: Any = HIDDEN
    keep: Annotated[tuple[str, ...], BeforeValidator(_kept)] = KEPT
    run_timeout: Annotated[float, POSITIVE, allowing("a number above 0 (seconds)")] | None = None
    smallest_difference: (
        Annotated[float, POSITIVE, allowing("a number above 0 (money per accepted lot)")] | None
    ) = None
    precision: Precision | None = None
    design: Annotated[InstanceOf[Design], BeforeValidator(_design)] | None = None
    arms: Annotated[
        dict[Annotated[str, naming("an arm")], ArmTable], AfterValidator(_some_arms)
    ] = Field({}, validate_default=True)
    sources: dict[str, Any] = Field(default={})

    @classmethod
    def unknown(cls, name: str) -> str:
        """Say of a key that there is no such; a calibration is read by another command."""
        if name in ("calibrate", "targets"):
            return "belongs to a calibration; run it with trustsim calibrate"
        return super().unknown(name)

    @model_validator(mode="after")
    def _refuse_an_unknown_baseline(self) -> ExperimentFile:
        baseline = self.baseline
        if baseline is not HIDDEN and (not isinstance(baseline, str) or baseline not in self.arms):
            raise Refusal(
                f"no such arm{suggestion(baseline, self.arms)}", "baseline", value=baseline
            )
        return self
