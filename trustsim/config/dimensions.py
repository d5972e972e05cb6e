"""The dimensions of a design: which parameters vary, between which bounds, and how.

Every parameter that varies is a dimension with a distribution; a point of the unit cube becomes a
point of the design through the inverse distribution functions of its dimensions. How the unit cube
is sampled is the business of `trustsim.experiment.design`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from trustsim.config.distributions import DISTRIBUTIONS, WORDS, quantile, shape_of
from trustsim.config.without import WITHOUT
from trustsim.errors import ConfigError, at, nearest, suggestion
from trustsim.schema import Parameter
from trustsim.schema.checking import (
    BUYERS,
    EXPERIMENTS,
    INSTRUMENTS,
    MARKETS,
    SUPPLIERS,
    allowed,
    bound,
    parameter_type,
)
from trustsim.schema.decisions import rule_names
from trustsim.schema.row import PROBABILITY, number
from trustsim.schema.translation import HIDDEN, Refusal, Table, read, whole

Scale = Literal["linear", "log"]

FORMS = (
    "rounds",
    "without",
    "market.<parameter>",
    "market.supplier_mix.<policy>",
    "market.buyer_mix.<policy>",
    "policies.buyers.<policy>.<parameter>",
    "policies.suppliers.<policy>.<parameter>",
    "instruments.<instrument>.<parameter>",
    "arms.<arm>.market.<parameter>",
)
"""What paths of parameters look like."""

SHARE = number("share", 0.0, 0.0, 1.0, PROBABILITY, "Share of a policy.", "")


@dataclass(frozen=True)
class Dimension:
    """One parameter that varies over the points of a design.

    Attributes
    ----------
    path : str
        Where the parameter stands in the experiment file, such as ``market.lot_cost``.
    row : Parameter
        The parameter: type, unit, bounds.
    low, high : float
        Ends of the range, both allowed; missing (NaN) if the values are listed.
    scale : {"linear", "log"}
        Whether values or their logarithms are spread evenly.
    distribution : str
        One of `DISTRIBUTIONS`; all are cut off at `low` and `high`.
    shape : tuple of float
        The numbers of the distribution, in the order of `DISTRIBUTIONS`.
    values : tuple
        The values, if they are listed; a number in the unit interval picks one of them.
    levels : int
        Values of a range in a grid; 0 if not given.
    """

    path: str
    row: Parameter
    low: float = math.nan
    high: float = math.nan
    scale: Scale = "linear"
    distribution: str = "uniform"
    shape: tuple[float, ...] = ()
    values: tuple[Any, ...] = ()
    levels: int = 0

    @property
    def kind(self) -> Literal["number", "integer", "choice"]:
        """What its values are."""
        if self.row.choices:
            return "choice"
        return "integer" if self.row.kind is int else "number"

    @property
    def label(self) -> str:
        """Name of the parameter for figures and sentences, without its place in the file."""
        *above, name = split(self.path)
        words = name.replace("_", " ")
        if above and above[-1].endswith("_mix"):
            return f"share of {words} {above[-1].removesuffix('_mix')}s"
        return f"{words} of {above[-1]}" if len(above) > 1 else words

    @property
    def unit(self) -> str:
        """Unit of its values, in words."""
        return self.row.unit

    def of(self, unit: npt.ArrayLike) -> npt.NDArray[Any]:
        """Give the values at numbers of the unit interval: the inverse distribution function.

        Parameters
        ----------
        unit : array_like of float, shape (n,)
            From 0 to 1, both allowed.

        Returns
        -------
        ndarray, shape (n,)
            Floats, integers, or objects if the values are rules.
        """
        u = np.clip(np.asarray(unit, float), 0.0, 1.0)
        if self.values:
            which = np.minimum((u * len(self.values)).astype(int), len(self.values) - 1)
            return self._array([self.values[place] for place in which])
        if self.kind == "integer" and self.distribution == "uniform":
            top = self.high + 1
            if self.scale == "log":
                found = self.low * (top / self.low) ** u
            else:
                found = self.low + u * (top - self.low)
            whole = np.minimum(np.floor(found + 1e-9), self.high)
            return np.asarray(whole, np.int64)
        if self.scale == "log":
            found = self.low * (self.high / self.low) ** u
        else:
            found = quantile(self.distribution, self.shape, self.low, self.high, u)
        within = np.asarray(np.clip(found, self.low, self.high))
        return np.rint(within).astype(np.int64) if self.kind == "integer" else within

    def spread(self) -> npt.NDArray[Any]:
        """Values of a grid: those that are listed, or levels evenly spread over the range."""
        if self.values:
            return self._array(self.values)
        make = np.geomspace if self.scale == "log" else np.linspace
        found = make(self.low, self.high, self.levels)
        found[0], found[-1] = self.low, self.high
        if self.kind == "integer":
            return np.unique(np.rint(found).astype(np.int64))
        return np.asarray(found)

    def table(self) -> dict[str, Any]:
        """Specification as it stands in a file."""
        if self.values:
            return {"values": list(self.values)}
        number = int if self.kind == "integer" else float
        found: dict[str, Any] = {"low": number(self.low), "high": number(self.high)}
        if self.scale != "linear":
            found["scale"] = self.scale
        if self.distribution != "uniform":
            found["distribution"] = self.distribution
            found |= dict(zip(DISTRIBUTIONS[self.distribution], self.shape, strict=True))
        if self.levels:
            found["levels"] = self.levels
        return found

    def _array(self, values: Sequence[Any]) -> npt.NDArray[Any]:
        types = {"choice": object, "integer": np.int64, "number": np.float64}
        return np.array(list(values), types[self.kind])


def split(path: str) -> list[str]:
    """Split a path of a parameter into its keys."""
    return path.split(".")


def parameter_at(path: str, key: str, file: str = "") -> Parameter:
    """Find the parameter that a path names.

    Raises
    ------
    ConfigError
        If there can be no such parameter, with the nearest name.
    """
    keys = split(path)
    if keys[0] == "arms" and len(keys) > 3:
        keys = keys[2:] if keys[2] == "market" else ["market", *keys[2:]]
    where = at(file, key)
    match keys:
        case ["rounds"]:
            return EXPERIMENTS.rows["rounds"]
        case ["without"]:
            return WITHOUT
        case ["market", ("buyer_mix" | "supplier_mix"), _]:
            return SHARE
        case ["market", name]:
            kind = MARKETS
        case ["policies", ("buyers" | "suppliers") as side, _, name]:
            kind = BUYERS if side == "buyers" else SUPPLIERS
        case ["instruments", _, name]:
            kind = INSTRUMENTS
        case _:
            close = nearest(keys[0], dict.fromkeys(split(form)[0] for form in FORMS))
            raise ConfigError(
                f"{where}no parameter can be called '{path}'{close}; allowed: {', '.join(FORMS)}"
            )
    if name not in kind.rows:
        raise ConfigError(f"{where}unknown {kind.name} parameter{suggestion(name, kind.rows)}")
    return kind.rows[name]


def read_dimensions(table: object, key: str, file: str = "") -> tuple[Dimension, ...]:
    """Read the parameters that vary, each with its range or its values.

    Parameters
    ----------
    table : mapping
        Paths to specifications; dotted paths may be nested tables.
    key, file : str
        Where the table stands, for messages.

    Raises
    ------
    ConfigError
        For unknown parameters, and for ranges and values that cannot be used.
    """
    if not isinstance(table, Mapping) or not table:
        raise ConfigError(
            at(file, key, table, given=table is not None)
            + "must be a table of parameters, such as market.lot_cost = { low = 0.5, high = 2.0 }"
        )
    dimensions: dict[str, Dimension] = {}
    for path, specification in _flat(table, ()):
        if path in dimensions:
            raise ConfigError(at(file, f"{key}.{path}") + "is given twice")
        dimensions[path] = _dimension(path, specification, f"{key}.{path}", file)
    return tuple(dimensions.values())


def read_value(path: str, value: object, key: str, file: str = "") -> Any:
    """Check one value of a parameter; an own rule stays a name."""
    row = parameter_at(path, key, file)
    checked = read(parameter_type(row), value, key, file)
    return value if row.choices else checked


def _some_values(values: Any) -> list[Any]:
    if not isinstance(values, list) or not values:
        raise ValueError("must be a list of values, not empty")
    return values


class ValueList(Table):
    """The values of a dimension, if they are listed."""

    values: Annotated[Any, AfterValidator(_some_values)]

    @classmethod
    def unknown(cls, name: str) -> str:
        """Say of a key that it belongs to a range."""
        if name in Range.model_fields:
            return "give either values or a range, not both"
        return f"unknown key{suggestion(name, ['values', *Range.model_fields])}"


def _end(value: Any, info: ValidationInfo) -> float:
    row = (info.context or {})["row"]
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not row.low <= value <= row.high or (row.kind is int and value != int(value)):
        raise ValueError(f"allowed: {allowed(row)}")
    return float(value)


def _one_of(what: str, names: Collection[str]) -> AfterValidator:
    def check(value: Any) -> Any:
        if value not in names:
            raise ValueError(f"{what}{suggestion(value, names)}")
        return value

    return AfterValidator(check)


class Range(Table):
    """The range of a dimension, with how values are spread over it."""

    low: Annotated[Any, AfterValidator(_end)] = Field(HIDDEN, validate_default=True)
    high: Annotated[Any, AfterValidator(_end)] = Field(HIDDEN, validate_default=True)
    scale: Annotated[Any, _one_of("unknown scale", ("linear", "log"))] = "linear"
    distribution: Annotated[Any, _one_of("unknown", tuple(DISTRIBUTIONS))] = "uniform"
    levels: Annotated[int, whole(2, 10_000)] = 0
    mode: Any = None
    mean: Any = None
    sd: Any = None
    median: Any = None
    sigma: Any = None
    a: Any = None
    b: Any = None

    _shape: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _refuse_what_does_not_go_together(self) -> Range:
        if not self.low < self.high:
            text = f"must be below high = {bound(self.high)}; the range is empty"
            raise Refusal(text, "low", value=self.low)
        if self.scale == "log" and self.low <= 0:
            raise Refusal("must be above 0 on a log scale", "low", value=self.low)
        if self.scale == "log" and self.distribution != "uniform":
            text = "only a uniform distribution has a scale; see lognormal"
            raise Refusal(text, "scale", value=self.scale)
        numbers = {word: getattr(self, word) for word in WORDS if word in self.model_fields_set}
        self._shape = shape_of(self.distribution, numbers, self.low, self.high)
        return self

    def dimension(self, path: str, row: Parameter) -> Dimension:
        """Give the dimension of a parameter."""
        ends = (self.low, self.high)
        return Dimension(
            path, row, *ends, self.scale, self.distribution, self._shape, (), self.levels
        )


def _flat(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        keys = (*above, str(name))
        if isinstance(value, Mapping) and not _is_specification(value):
            yield from _flat(value, keys)
        else:
            yield ".".join(keys), value


def _is_specification(table: Mapping[str, Any]) -> bool:
    known = [word for word in table if word in ("values", "choices", *Range.model_fields)]
    return not table or (bool(known) and not any(isinstance(table[w], Mapping) for w in known))


def _dimension(path: str, specification: object, key: str, file: str) -> Dimension:
    row = parameter_at(path, key, file)
    where = at(file, key, specification, given=True)
    if isinstance(specification, list):
        specification = {"values": specification}
    if not isinstance(specification, Mapping) or not specification:
        text = "must be a list of values, or a range such as { low = 0.5, high = 2.0 }"
        raise ConfigError(where + text)
    if "values" in specification or "choices" in specification:
        listed = {"values" if w == "choices" else w: v for w, v in specification.items()}
        values = read(ValueList, listed, key, file).values
        checked = tuple(read_value(path, value, key, file) for value in values)
        if len(set(map(str, checked))) < len(checked):
            raise ConfigError(where + "a value stands there twice")
        return Dimension(path, row, values=checked)
    if row.choices:
        text = f"a choice has no range; allowed: choices = [...] of {', '.join(rule_names(row))}"
        raise ConfigError(where + text)
    made: Dimension = read(Range, specification, key, file, row=row).dimension(path, row)
    return made
