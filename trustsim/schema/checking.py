"""The models of the tables of parameters, made from their rows.

Rows come in; out go a model per table, which checks values and is the frozen record of them, and
the population's shares: bounds, types, choices and unknown names are refused in the words of the
row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field, ValidationInfo, WrapValidator, create_model

from trustsim.errors import nearest, suggestion
from trustsim.schema import BUYER, EXPERIMENT, INSTRUMENT, MARKET, SUPPLIER, Parameter
from trustsim.schema.decisions import DECISION_OF, rule_named, rule_names
from trustsim.schema.mechanisms import MECHANISMS
from trustsim.schema.row import number
from trustsim.schema.translation import Refusal, Table, allowing, read, some_of, whole

MOST_REPLICATES = 2**32
Replicate = Annotated[int, whole(0, MOST_REPLICATES - 1)]
Cores = Annotated[int, whole(1, 2**15)]
"""More than any machine has."""
MIX_TOLERANCE = 1e-9


class Kind(NamedTuple):
    """A table of parameters and the model that checks its values.

    Attributes
    ----------
    name : str
        What one of these is called: market, buyer policy, ...
    rows : dict of Parameter
        The table, by name.
    model : type
        The model that checks values, frozen, with a field per row.
    default : record
        Value of every parameter if nothing is said.
    """

    name: str
    rows: dict[str, Parameter]
    model: Any
    default: Table


def allowed(row: Parameter) -> str:
    """Say what values a parameter takes."""
    if row.choices:
        own = " or a function of your own" if row.name in DECISION_OF else ""
        return f"one of {', '.join(rule_names(row))}{own}"
    kind = "a whole number" if row.kind is int else "a number"
    return f"{kind} from {bound(row.low)} to {bound(row.high)} ({row.unit})"


def bound(value: float) -> str:
    """Write a bound without a needless decimal point."""
    return str(int(value)) if value == int(value) else repr(value)


def check_replicate(replicate: object) -> int:
    """Check the number of a replicate."""
    return int(read(Replicate, replicate, "replicate"))


def check_cores(cores: object, key: str) -> int:
    """Check a number of cores, or of threads, which goes by the name of `key`."""
    return int(read(Cores, cores, key))


def complete(kind: Kind, values: Mapping[str, Any], off: Iterable[str] = ()) -> Table:
    """Make the frozen record of checked values; the rest takes its default.

    In it the mechanisms are absent that are `off`: see `trustsim.schema.mechanisms.off_without`.
    """
    record = {**dict(kind.default), **values}
    for name, absent in (pair for each in off for pair in MECHANISMS[each].absent.items()):
        if name in record:
            choices = absent if isinstance(absent, Mapping) else {record[name]: absent}
            record[name] = choices.get(record[name], record[name])
    return kind.default.model_copy(update=record)


@cache
def parameter_type(row: Parameter) -> Any:
    """Type of a parameter's values, for models; it refuses them in the words of the row."""
    if row.choices:
        return Annotated[Any, AfterValidator(lambda value: _choice(row, value))]
    bounds = Field(strict=True, ge=row.low, le=row.high)
    # A negative zero would be another scenario that does the same.
    positive = AfterValidator(lambda value: value + 0)
    return Annotated[row.kind, positive, bounds, allowing(allowed(row))]


def _choice(row: Parameter, value: Any) -> Any:
    own, names = row.name in DECISION_OF, rule_names(row)
    if not isinstance(value, str):
        if own and callable(value):
            return value
        raise ValueError(f"allowed: {allowed(row)}")
    if value in names:  # a scenario keeps the function that the name had when it was made
        return value if value in row.choices else rule_named(value)
    unseen = " (a rule of your own has its name once its script is imported)" if own else ""
    raise ValueError(f"allowed: {allowed(row)}{nearest(value, names) or unseen}")


def _mix(mix: Any, checked: Any, info: ValidationInfo) -> dict[str, float]:
    """Check that a mix names policies that there are, and adds up; a name alone means all of it."""
    context: Any = info.context
    names, side = context["policies"], context["side"]
    mix = {mix: 1.0} if isinstance(mix, str) else mix
    if not isinstance(mix, Mapping):
        example = f"{{ {next(iter(names))} = 1.0 }}"
        raise ValueError(f"must be shares of {side} policies, such as {example}")
    if not mix:
        text = f"no {side} policy is named; allowed: {', '.join(names)}"
        raise ValueError(f"{text}, with shares that add up to 1")
    for name, share in mix.items():
        if name not in names:
            raise Refusal(f"unknown {side} policy{suggestion(name, names)}", name, value=share)
    shares: dict[str, float] = checked(mix)
    if abs((total := sum(shares.values())) - 1.0) > MIX_TOLERANCE:
        raise ValueError(f"the shares add up to {total:.10g}; they must add up to 1")
    return shares


Mechanisms = Annotated[
    tuple[str, ...],
    some_of(MECHANISMS, 'must be a list of mechanisms, such as ["ransom"]', "unknown mechanism"),
]
SHARE = number("share", 0.0, (0.0, 1.0), "share", "Share of a policy.", "")
Share = parameter_type(SHARE)
Shares = dict[str, Share]  # type: ignore[valid-type]
Mix = Annotated[Shares, WrapValidator(_mix)]
"""Shares of policies in a population; a name alone means all of it."""


def _kind(model: str, name: str, rows: tuple[Parameter, ...]) -> Kind:
    fields: dict[str, Any] = {row.name: (parameter_type(row), row.default) for row in rows}
    made = create_model(model, __base__=Table, __module__=__name__, **fields)
    made.NOUN, made.SHAPE = f"{name} parameter", "a table of parameters"
    return Kind(name, {row.name: row for row in rows}, made, made())


MARKETS = _kind("MarketValues", "market", MARKET)
BUYERS = _kind("BuyerValues", "buyer policy", BUYER)
SUPPLIERS = _kind("SupplierValues", "supplier policy", SUPPLIER)
INSTRUMENTS = _kind("InstrumentValues", "instrument", INSTRUMENT)
EXPERIMENTS = _kind("ExperimentValues", "experiment", EXPERIMENT)
RUNS = _kind("RunValues", "scenario", EXPERIMENT[:2])

# Models have names of this module, so that frozen scenarios can be pickled.
MarketValues, BuyerValues, SupplierValues = MARKETS.model, BUYERS.model, SUPPLIERS.model
InstrumentValues, ExperimentValues, RunValues = INSTRUMENTS.model, EXPERIMENTS.model, RUNS.model
