"""Checking values against the tables of parameters.

One pydantic model per table, made from its rows: bounds, types, choices and unknown keys are all
refused here, in the words of the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)

from trustsim.errors import ConfigError, at, nearest, suggestion
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER, Parameter
from trustsim.schema.decisions import DECISION_OF, rule_named, rule_names
from trustsim.schema.row import number

EXPERIMENT = (
    number("seed", 1, 0, 2**63 - 1, "seed", "Seed of all named luck.", "assumption: any number"),
    number(
        "rounds",
        120,
        1,
        30_000,
        "rounds",
        "Length of a run in ordering cycles.",
        "assumption: ten years of monthly orders",
    ),
    number(
        "replications",
        200,
        1,
        1_000_000,
        "runs per arm",
        "Runs of every arm, paired by their number.",
        "assumption: enough for intervals that can be read",
    ),
)
"""Numbers of an experiment as a whole."""

MOST_REPLICATES = 2**32
MIX_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Kind:
    """A table of parameters and the model that checks its values.

    Attributes
    ----------
    name : str
        What one of these is called: market, buyer policy, ...
    rows : dict of Parameter
        The table, by name.
    model : type
        Frozen pydantic model with a field per row.
    """

    name: str
    rows: dict[str, Parameter]
    model: type[BaseModel]

    def defaults(self) -> dict[str, Any]:
        """Value of every parameter if nothing is said."""
        return {name: row.default for name, row in self.rows.items()}


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


def check(
    kind: Kind, given: Mapping[str, Any], key: str, file: str = "", also: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Check the values given for some parameters of a table.

    Parameters
    ----------
    kind : Kind
        The table.
    given : mapping
        Values by name.
    key, file : str
        Where they stand, for messages.
    also : tuple of str
        Further keys that may stand in the same place, for the suggestion of a name.

    Returns
    -------
    dict
        The same values, whole numbers made floats where the parameter is a float.

    Raises
    ------
    ConfigError
        For unknown names and values of wrong type or out of bounds; a line per problem.
    """
    if not isinstance(given, Mapping):
        raise ConfigError(at(file, key, given, given=True) + "must be a table of parameters")
    try:
        return kind.model.model_validate(dict(given)).model_dump(exclude_unset=True)
    except ValidationError as error:
        lines = [_problem(kind, e["loc"], e["input"], key, file, also) for e in error.errors()]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


def complete(kind: Kind, values: Mapping[str, Any]) -> BaseModel:
    """Make the frozen record of checked values; the rest takes its default."""
    return kind.model.model_validate(dict(values))


def ascending(low: str, high: str, values: Mapping[str, Any], key: str, file: str) -> None:
    """Refuse values of which the lower one is the higher one."""
    if values[low] > values[high]:
        raise ConfigError(
            at(file, f"{key}.{low}", values[low], given=True)
            + f"must not exceed {high} = {values[high]!r}"
        )


def check_shares(
    mix: object, names: Mapping[str, Any], what: str, key: str, file: str = ""
) -> dict[str, float]:
    """Check the shares of policies in a population; a name alone means all of it.

    Raises
    ------
    ConfigError
        If the mix is empty, names an unknown policy, has a share that is no number from 0 to 1,
        or shares that do not add up to 1.
    """
    if isinstance(mix, str):
        mix = {mix: 1.0}
    if not isinstance(mix, Mapping):
        raise ConfigError(
            at(file, key, mix, given=True) + f"must be shares of {what} policies, such as "
            f"{{ {next(iter(names))} = 1.0 }}"
        )
    if not mix:
        raise ConfigError(
            at(file, key, mix, given=True) + f"no {what} policy is named; allowed: "
            f"{', '.join(names)}, with shares that add up to 1"
        )
    shares = {}
    for name, share in mix.items():
        if name not in names:
            raise ConfigError(
                at(file, f"{key}.{name}", share, given=True)
                + f"unknown {what} policy{suggestion(name, names)}"
            )
        shares[str(name)] = _share(share, f"{key}.{name}", file)
    total = sum(shares.values())
    if abs(total - 1.0) > MIX_TOLERANCE:
        raise ConfigError(
            at(file, key, dict(mix), given=True)
            + f"the shares add up to {total:.10g}; they must add up to 1"
        )
    return shares


def _share(share: object, key: str, file: str) -> float:
    share = _plain(share)
    number_like = isinstance(share, int | float) and not isinstance(share, bool)
    if not number_like or not 0.0 <= float(share) <= 1.0:  # type: ignore[arg-type]
        raise ConfigError(
            at(file, key, share, given=True) + "allowed: a number from 0 to 1 (share)"
        )
    return float(share)  # type: ignore[arg-type]


def _problem(
    kind: Kind, place: tuple[Any, ...], value: object, key: str, file: str, also: tuple[str, ...]
) -> str:
    name = str(place[0])
    where = at(file, f"{key}.{name}" if key else name, value, given=True)
    row = kind.rows.get(name)
    if row is None:
        return f"{where}unknown {kind.name} parameter{suggestion(name, [*kind.rows, *also])}"
    close = nearest(value, rule_names(row)) if row.choices and isinstance(value, str) else ""
    if not close and name in DECISION_OF and isinstance(value, str):
        close = " (a rule of your own has its name once its script is imported)"
    return f"{where}allowed: {allowed(row)}{close}"


def _plain(value: object) -> object:
    """Turn a NumPy scalar into a number of Python's."""
    item = getattr(value, "item", None)
    return item() if item is not None and getattr(value, "ndim", 1) == 0 else value


def _rule(row: Parameter, value: object) -> object:
    if isinstance(value, str) and value in row.choices:
        return value
    if isinstance(value, str) and value in rule_names(row):
        # The function itself: a scenario keeps the rule that the name had when it was made.
        return rule_named(value)
    if callable(value) and row.name in DECISION_OF:
        return value
    raise ValueError("no such rule")


def _type(row: Parameter) -> Any:
    if row.choices:
        return Annotated[Any, AfterValidator(partial(_rule, row))]
    bounds = Field(strict=True, ge=row.low, le=row.high, allow_inf_nan=False)
    if row.kind is int:
        bounds = Field(strict=True, ge=int(row.low), le=int(row.high))
    return Annotated[row.kind, bounds, BeforeValidator(_plain)]


def _model(name: str, rows: tuple[Parameter, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {row.name: (_type(row), row.default) for row in rows}
    config = ConfigDict(extra="forbid", frozen=True)
    return create_model(name, __config__=config, __module__=__name__, **fields)


def _kind(name: str, model: type[BaseModel], rows: tuple[Parameter, ...]) -> Kind:
    return Kind(name, {row.name: row for row in rows}, model)


# Module-level names, so that resolved scenarios can be pickled.
MarketValues = _model("MarketValues", MARKET)
BuyerValues = _model("BuyerValues", BUYER)
SupplierValues = _model("SupplierValues", SUPPLIER)
InstrumentValues = _model("InstrumentValues", INSTRUMENT)
ExperimentValues = _model("ExperimentValues", EXPERIMENT)

MARKETS = _kind("market", MarketValues, MARKET)
BUYERS = _kind("buyer policy", BuyerValues, BUYER)
SUPPLIERS = _kind("supplier policy", SupplierValues, SUPPLIER)
INSTRUMENTS = _kind("instrument", InstrumentValues, INSTRUMENT)
EXPERIMENTS = _kind("experiment", ExperimentValues, EXPERIMENT)
