"""The dimensions of a design: which parameters vary, between which bounds, and how.

Every parameter that varies is a dimension with a distribution; a point of the unit cube becomes a
point of the design through the inverse distribution functions of its dimensions. How the unit cube
is sampled is the business of `trustsim.experiment.plan`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ValidationInfo, model_validator

from trustsim.config.distributions import DISTRIBUTIONS, WORDS, quantile, shape_of
from trustsim.config.without import SWITCH
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
SCALES = ("linear", "log")

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

        Floats, integers, or objects if the values are rules; an array of shape (n,) like `unit`.
        """
        u = np.clip(np.asarray(unit, float), 0.0, 1.0)
        if self.values:
            which = np.minimum((u * len(self.values)).astype(int), len(self.values) - 1)
            return self._array([self.values[place] for place in which])
        if self.kind == "integer" and self.distribution == "uniform":
            top = self.high + 1
            if self.scale == "log":
                result = self.low * (top / self.low) ** u
            else:
                result = self.low + u * (top - self.low)
            return np.asarray(np.minimum(np.floor(result + 1e-9), self.high), np.int64)
        if self.scale == "log":
            result = self.low * (self.high / self.low) ** u
        else:
            result = quantile(self.distribution, self.shape, self.low, self.high, u)
        within = np.asarray(np.clip(result, self.low, self.high))
        return np.rint(within).astype(np.int64) if self.kind == "integer" else within

    def spread(self) -> npt.NDArray[Any]:
        """Values of a grid: those that are listed, or levels evenly spread over the range."""
        if self.values:
            return self._array(self.values)
        make = np.geomspace if self.scale == "log" else np.linspace
        result = make(self.low, self.high, self.levels)
        result[0], result[-1] = self.low, self.high
        if self.kind == "integer":
            return np.unique(np.rint(result).astype(np.int64))
        return np.asarray(result)

    def table(self) -> dict[str, Any]:
        """Specification as it stands in a file."""
        if self.values:
            return {"values": list(self.values)}
        number = int if self.kind == "integer" else float
        result: dict[str, Any] = {"low": number(self.low), "high": number(self.high)}
        if self.scale != "linear":
            result["scale"] = self.scale
        if self.distribution != "uniform":
            result["distribution"] = self.distribution
            result |= dict(zip(DISTRIBUTIONS[self.distribution], self.shape, strict=True))
        if self.levels:
            result["levels"] = self.levels
        return result

    def _array(self, values: Sequence[Any]) -> npt.NDArray[Any]:
        types = {"choice": object, "integer": np.int64, "number": np.float64}
        return np.array(list(values), types[self.kind])


def split(path: str) -> list[str]:
    """Split a path of a parameter into its keys."""
    return path.split(".")


def parameter_at(path: str, key: str, file: str = "") -> Parameter:
    """Find the parameter that a path names; refuse a path of none, with the nearest name."""
    keys = split(path)
    if keys[0] == "arms" and len(keys) > 3:
        keys = keys[2:] if keys[2] == "market" else ["market", *keys[2:]]
    where = at(file, key)
    match keys:
        case ["rounds"]:
            return EXPERIMENTS.rows["rounds"]
        case ["without"]:
            return SWITCH
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
    """Read the parameters that vary, each with its range or its values, by paths or nested."""
    if not isinstance(table, Mapping) or not table:
        raise ConfigError(
            at(file, key, table, given=table is not HIDDEN)
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


class Specification(Table):
    """How a parameter varies: its values, or a range and how values are spread over it."""

    values: Any = HIDDEN
    low: Any = HIDDEN
    high: Any = HIDDEN
    scale: Any = "linear"
    distribution: Any = "uniform"
    levels: Annotated[int, whole(2, 10_000)] = 0
    mode: Any = None
    mean: Any = None
    sd: Any = None
    median: Any = None
    sigma: Any = None
    a: Any = None
    b: Any = None
    _shape: tuple[float, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _bring_into_form(cls, written: Any) -> Any:
        table = {"values": written} if isinstance(written, list) else written
        if not isinstance(table, Mapping) or not table:
            text = "must be a list of values, or a range such as { low = 0.5, high = 2.0 }"
            raise ValueError(text)
        return {"values" if word == "choices" else word: value for word, value in table.items()}

    @model_validator(mode="after")
    def _refuse_what_does_not_go_together(self, info: ValidationInfo) -> Specification:
        row, low, high = (info.context or {})["row"], self.low, self.high
        if self.values is not HIDDEN:
            if len(self.model_fields_set) > 1:
                raise ValueError("give either values or a range, not both")
            if not isinstance(self.values, list) or not self.values:
                raise ValueError("must be a list of values, not empty")
            return self
        if row.choices:
            choices = ", ".join(rule_names(row))
            raise ValueError(f"a choice has no range; allowed: choices = [...] of {choices}")
        for word, end in (("low", low), ("high", high)):
            number_like = isinstance(end, int | float) and not isinstance(end, bool)
            broken = number_like and row.kind is int and end != int(end)
            if not number_like or broken or not row.low <= end <= row.high:
                raise Refusal(f"allowed: {allowed(row)}", word, value=end)
        word, text = "", ""
        if not low < high:
            word, text = "low", f"must be below high = {bound(high)}; the range is empty"
        elif self.scale not in SCALES:
            word, text = "scale", f"unknown scale{suggestion(self.scale, SCALES)}"
        elif self.scale == "log" and low <= 0:
            word, text = "low", "must be above 0 on a log scale"
        elif self.distribution not in list(DISTRIBUTIONS):
            close = suggestion(self.distribution, DISTRIBUTIONS)
            word, text = "distribution", f"unknown{close}"
        elif self.scale == "log" and self.distribution != "uniform":
            word, text = "scale", "only a uniform distribution has a scale; see lognormal"
        if word:
            raise Refusal(text, word, value=getattr(self, word))
        numbers = {word: getattr(self, word) for word in WORDS if word in self.model_fields_set}
        self._shape = shape_of(self.distribution, numbers, low, high)
        return self

    def range(self, path: str, row: Parameter) -> Dimension:
        """Give the dimension of a parameter that has a range."""
        ends = float(self.low), float(self.high)
        made = Dimension(path, row, *ends, self.scale, self.distribution, self._shape)
        return replace(made, levels=self.levels)


def _flat(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        keys = (*above, str(name))
        if isinstance(value, Mapping) and not _is_specification(value):
            yield from _flat(value, keys)
        else:
            yield ".".join(keys), value


def _is_specification(table: Mapping[str, Any]) -> bool:
    known = [word for word in table if word in ("choices", *Specification.model_fields)]
    return not table or (bool(known) and not any(isinstance(table[w], Mapping) for w in known))


def _dimension(path: str, written: object, key: str, file: str) -> Dimension:
    row = parameter_at(path, key, file)
    specification = read(Specification, written, key, file, row=row)
    if specification.values is HIDDEN:
        made: Dimension = specification.range(path, row)
        return made
    values = tuple(read_value(path, value, key, file) for value in specification.values)
    if len(set(map(str, values))) < len(values):
        raise ConfigError(at(file, key, written, given=True) + "a value stands there twice")
    return Dimension(path, row, values=values)
