"""The dimensions of a design: which parameters vary, between which bounds, and how.

Every parameter that varies is a dimension with a distribution; a point of the unit cube becomes a
point of the design through the inverse distribution functions of its dimensions. How the unit cube
is sampled is the business of `trustsim.experiment.plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field

from trustsim.errors import nearest, suggestion
from trustsim.schema import Parameter, checking
from trustsim.schema.decisions import rule_names
from trustsim.schema.mechanisms import SWITCH
from trustsim.schema.translation import HIDDEN, Refusal, allowing, leaves, one_of, part, whole

FORMS: dict[str, checking.Kind | Parameter] = {
    "rounds": checking.EXPERIMENTS,
    "without": SWITCH,
    "market.<parameter>": checking.MARKETS,
    "market.supplier_mix.<policy>": checking.SHARE,
    "market.buyer_mix.<policy>": checking.SHARE,
    "policies.buyers.<policy>.<parameter>": checking.BUYERS,
    "policies.suppliers.<policy>.<parameter>": checking.SUPPLIERS,
    "instruments.<instrument>.<parameter>": checking.INSTRUMENTS,
    "arms.<arm>.market.<parameter>": checking.MARKETS,
}
"""What paths of parameters look like, and where their rows stand."""

FINITE = Field(strict=True, allow_inf_nan=False)
Finite = Annotated[float, FINITE, allowing("a finite number")]
Positive = Annotated[float, FINITE, Field(gt=0.0), allowing("a number above 0")]
DISTRIBUTIONS: dict[str, dict[str, Any]] = {
    "uniform": {},
    "triangular": {"mode": Finite},
    "normal": {"mean": Finite, "sd": Positive},
    "lognormal": {"median": Positive, "sigma": Positive},
    "beta": {"a": Positive, "b": Positive},
}
"""Distributions, with the numbers that each needs."""

FAMILIES: dict[str, Any] = {
    "triangular": lambda s, low, high, mode: s.triang((mode - low) / (high - low), low, high - low),
    "normal": lambda s, low, high, mean, sd: s.norm(mean, sd),
    "lognormal": lambda s, low, high, median, sigma: s.lognorm(sigma, scale=median),
    "beta": lambda s, low, high, a, b: s.beta(a, b, low, high - low),
}
"""Distributions before they are cut off, as the module `s` of statistics has them."""

SMALLEST_MASS = 1e-6
"""Share of a distribution that must lie between the bounds, or its inverse is mere rounding."""


Levels = Annotated[int, whole(2, 10_000)]
Scale = Annotated[str, one_of(("linear", "log"), "unknown scale")]
Distribution = Annotated[str, one_of(DISTRIBUTIONS, "unknown distribution")]


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
    levels : int
        Values of a range in a grid; 0 if not given.
    values : tuple
        The values, if they are listed; a number in the unit interval picks one of them.
    """

    path: str
    row: Parameter
    low: float = np.nan
    high: float = np.nan
    scale: str = "linear"
    distribution: str = "uniform"
    shape: tuple[float, ...] = ()
    levels: int = 0
    values: tuple[Any, ...] = ()

    @property
    def kind(self) -> Literal["number", "integer", "choice"]:
        """What its values are."""
        if self.row.choices:
            return "choice"
        return "integer" if self.row.kind is int else "number"

    @property
    def label(self) -> str:
        """Name of the parameter for figures and sentences, without its place in the file."""
        *above, name = self.path.split(".")
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
            places = np.minimum((u * len(self.values)).astype(int), len(self.values) - 1)
            return np.asarray(self._array(self.values)[places])
        if self.distribution != "uniform":
            inverse, start, end = between(self.distribution, self.shape, self.low, self.high)
            found = inverse((1.0 - u) * start + u * end)
        else:  # whole numbers are equally often, the highest among them
            top = self.high + (self.kind == "integer")
            log = self.scale == "log"
            found = self.low * (top / self.low) ** u if log else self.low + u * (top - self.low)
            found = np.floor(found + 1e-9) if self.kind == "integer" else found
        return self._array(np.clip(found, self.low, self.high))

    def spread(self) -> npt.NDArray[Any]:
        """Values of a grid: those that are listed, or levels evenly spread over the range."""
        if self.values:
            return self._array(self.values)
        make = np.geomspace if self.scale == "log" else np.linspace
        found = make(self.low, self.high, self.levels)
        found[0], found[-1] = self.low, self.high
        return np.unique(self._array(found))

    def table(self) -> dict[str, Any]:
        """Specification as it stands in a file."""
        if self.values:
            return {"values": list(self.values)}
        end = int if self.kind == "integer" else float
        written = {k: v for k, v in vars(self).items() if v != getattr(Dimension, k, v)}
        written |= zip(DISTRIBUTIONS[self.distribution], written.pop("shape", ()), strict=True)
        return written | {"low": end(self.low), "high": end(self.high)}

    def _array(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        if self.kind == "choice":
            return np.array(values, object)
        numbers = np.asarray(values, float)
        return np.rint(numbers).astype(np.int64) if self.kind == "integer" else numbers


def between(name: str, shape: tuple[float, ...], low: float, high: float) -> tuple[Any, ...]:
    """Give the inverse of a tail, and the tail at both bounds.

    It is the lower tail, or the upper one where only there small shares are exact. The inverse at
    numbers between the two is the inverse of the distribution that is cut off at the bounds.
    """
    from scipy import stats

    whole = FAMILIES[name](stats, low, high, *shape)
    upper = whole.median() < low
    tail, inverse = (whole.sf, whole.isf) if upper else (whole.cdf, whole.ppf)
    return inverse, tail(low), tail(high)


def in_arm(path: str) -> tuple[str, list[str]]:
    """Arm that a path belongs to, or nothing, and the keys that it has in the arm's scenario."""
    keys = path.split(".")
    if keys[0] != "arms" or len(keys) < 4:
        return "", keys
    return keys[1], keys[2:] if keys[2] == "market" else ["market", *keys[2:]]


def parameter_at(path: str, *above: int) -> Parameter:
    """Find the parameter that a path names; refuse a path of none, with the nearest name."""
    _, keys = in_arm(path)
    for form, what in FORMS.items():
        parts = form.split(".")
        fits = (part[0] == "<" or part == own for part, own in zip(parts, keys, strict=False))
        if len(parts) == len(keys) and all(fits):
            rows = {keys[-1]: what} if isinstance(what, Parameter) else what.rows
            if keys[-1] in rows:
                return rows[keys[-1]]
            text = f"unknown {what.name} parameter{suggestion(keys[-1], rows)}"
            raise Refusal(text, *above, path)
    close = nearest(keys[0], [form.split(".")[0] for form in FORMS])
    text = f"no parameter can be called '{path}'{close}; allowed: {', '.join(FORMS)}"
    raise Refusal(text, *above, path)


def read_value(path: str, value: object, *above: int) -> Any:
    """Check one value of a parameter; an own rule stays a name."""
    row = parameter_at(path, *above)
    checked = part(checking.parameter_type(row), value, *above, path)
    return value if row.choices else checked


def _rows(rows: object) -> tuple[Dimension, ...]:
    """Read points that are written down, a row each, which all give the same parameters."""
    if not isinstance(rows, list) or not rows or not all(isinstance(r, Mapping) for r in rows):
        raise ValueError("the method list needs rows, such as [{ market.lot_cost = 1.0 }, ...]")
    given = [dict(leaves(row)) for row in rows]
    for place, row in enumerate(given):
        if odd := sorted(row.keys() ^ given[0]) or ([] if row else ["nothing"]):
            text = f"all rows must give the same parameters; this one differs in {', '.join(odd)}"
            raise Refusal(text, place)
        row |= {path: read_value(path, value, place) for path, value in row.items()}
    columns = ((path, tuple(row[path] for row in given)) for path in given[0])
    return tuple(Dimension(path, parameter_at(path), values=values) for path, values in columns)


def _ways(table: object, even: bool) -> tuple[Dimension, ...]:
    """Read the parameters that vary, each with its range or its values, by paths or nested."""
    if not isinstance(table, Mapping) or not table:
        text = "must be a table of parameters, such as market.lot_cost = { low = 0.5, high = 2.0 }"
        raise ValueError(text)
    dimensions: dict[str, Dimension] = {}
    for path, written in leaves(table, _says_how):
        if path in dimensions:
            raise Refusal("is given twice", path)
        dimensions[path] = _dimension(path, written, even)
    return tuple(dimensions.values())


def _says_how(table: Any) -> bool:
    """Say whether a table is what is said of one parameter, and not a table of parameters."""
    how = (table.get(word, {}) for word in ("values", "choices", "low", "high"))
    return not table or not all(isinstance(each, Mapping) for each in how)


def _dimension(path: str, written: object, even: bool) -> Dimension:
    row = parameter_at(path)
    table = written if isinstance(written, Mapping) else {"values": written}
    if table and not table.keys() & {"values", "choices"}:
        if row.choices:
            names = ", ".join(rule_names(row))
            text = f"a choice has no range; allowed: choices = [...] of {names}"
            raise Refusal(text, path, value=written)
        return Dimension(path, row, **_range(path, row, table, even))
    listed, *others = table.values() or [None]
    if others or not isinstance(listed, list) or not listed:
        text = "must be a list of values, not empty, or else a range, as { low = 1, high = 2 }"
        raise Refusal(text, path, value=written)
    values = tuple(read_value(path, value) for value in listed)
    if len(set(map(str, values))) < len(values):
        raise Refusal("a value stands there twice", path, value=written)
    return Dimension(path, row, values=values)


def _range(path: str, row: Parameter, table: Mapping[str, Any], even: bool) -> dict[str, Any]:
    """Check what is said of a range."""
    name = part(Distribution, table.get("distribution", "uniform"), path, "distribution")
    end, numbers = checking.parameter_type(row), DISTRIBUTIONS[name]
    types = {"low": end, "high": end, "scale": Scale}
    types |= {} if even else {"distribution": Distribution, **numbers, "levels": Levels}

    def refuse(word: str, text: str) -> NoReturn:
        raise Refusal(text, path, word, value=table[word])

    for word in (word for word in table if word not in types):
        kind = "searched" if even else name
        refuse(word, f"unknown key of a {kind} range{suggestion(word, types)}")
    needed = dict.fromkeys(("low", "high", *numbers), HIDDEN) | dict(table)
    given = {word: part(types[word], value, path, word) for word, value in needed.items()}
    low, high, log = float(given["low"]), float(given["high"]), given.get("scale") == "log"
    if low >= high:
        refuse("low", f"must be below high = {checking.bound(high)}; the range is empty")
    if log and low <= 0:
        refuse("low", "must be above 0 on a log scale")
    if log and numbers:
        refuse("scale", "only a uniform distribution has a scale; see lognormal")
    shape = tuple(given.pop(word) for word in numbers)
    if shape:
        _, start, stop = between(name, shape, low, high)
        if not abs(stop - start) >= SMALLEST_MASS:
            text = f"next to nothing of the {name} distribution lies between low and high"
            refuse(next(iter(numbers)), text)
    return {**given, "low": low, "high": high, "shape": shape}


Rows = Annotated[tuple[Dimension, ...], BeforeValidator(_rows)]
"""Points that are written down, a row each."""

Dimensions = Annotated[tuple[Dimension, ...], BeforeValidator(lambda table: _ways(table, False))]
"""Parameters that vary, each with its range or its values, by paths or nested."""

Searched = Annotated[tuple[Dimension, ...], BeforeValidator(lambda table: _ways(table, True))]
"""Likewise, where all of a range counts alike: it has neither distribution nor levels."""
