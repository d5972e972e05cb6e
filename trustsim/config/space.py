"""The space of an experiment's design: which parameters vary, between which bounds, and how.

Every parameter that varies is a dimension with a distribution; a point of the unit cube becomes a
point of the design through the inverse distribution functions of its dimensions. How the unit cube
is sampled is the business of `trustsim.experiment.design`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trustsim.config.distributions import DISTRIBUTIONS, WORDS, quantile, read_shape
from trustsim.errors import ConfigError, at, nearest, suggestion
from trustsim.schema import Parameter
from trustsim.schema.checking import (
    BUYERS,
    EXPERIMENTS,
    INSTRUMENTS,
    MARKETS,
    SUPPLIERS,
    Kind,
    allowed,
    bound,
    check,
)
from trustsim.schema.decisions import rule_names
from trustsim.schema.row import PROBABILITY, number

Scale = Literal["linear", "log"]
Table = Mapping[str, Any]

SPECIFICATION = (
    "low",
    "high",
    "scale",
    "levels",
    "values",
    "choices",
    "distribution",
    *WORDS,
)
SHARE = number("share", 0.0, 0.0, 1.0, PROBABILITY, "Share of a policy.", "")
FEWEST_LEVELS, MOST_LEVELS = 2, 10_000


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


def parameter_at(path: str, key: str, file: str = "") -> tuple[Parameter, Kind | None]:
    """Find the parameter that a path names, and the table that checks its values.

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
            return EXPERIMENTS.rows["rounds"], EXPERIMENTS
        case ["market", ("buyer_mix" | "supplier_mix"), _]:
            return SHARE, None
        case ["market", name]:
            return _row(MARKETS, name, where), MARKETS
        case ["policies", "buyers", _, name]:
            return _row(BUYERS, name, where), BUYERS
        case ["policies", "suppliers", _, name]:
            return _row(SUPPLIERS, name, where), SUPPLIERS
        case ["instruments", _, name]:
            return _row(INSTRUMENTS, name, where), INSTRUMENTS
    forms = (
        "rounds, market.<parameter>, market.supplier_mix.<policy>, market.buyer_mix.<policy>, "
        "policies.buyers.<policy>.<parameter>, policies.suppliers.<policy>.<parameter>, "
        "instruments.<instrument>.<parameter> or arms.<arm>.market.<parameter>"
    )
    close = nearest(keys[0], ["rounds", "market", "policies", "instruments", "arms"])
    raise ConfigError(f"{where}no parameter can be called '{path}'{close}; allowed: {forms}")


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
    found: dict[str, Dimension] = {}
    for path, specification in _flat(table, ()):
        if path in found:
            raise ConfigError(at(file, f"{key}.{path}") + "is given twice")
        found[path] = _dimension(path, specification, f"{key}.{path}", file)
    return tuple(found.values())


def read_value(path: str, value: object, key: str, file: str = "") -> Any:
    """Check one value of a parameter."""
    row, kind = parameter_at(path, key, file)
    return _values(row, kind, [value], key, file)[0]


def _row(kind: Kind, name: str, where: str) -> Parameter:
    if name not in kind.rows:
        raise ConfigError(f"{where}unknown {kind.name} parameter{suggestion(name, kind.rows)}")
    return kind.rows[name]


def _flat(table: Table, above: tuple[str, ...]) -> Iterable[tuple[str, Any]]:
    for name, value in table.items():
        keys = (*above, str(name))
        if isinstance(value, Mapping) and not _is_specification(value):
            yield from _flat(value, keys)
        else:
            yield ".".join(keys), value


def _is_specification(table: Table) -> bool:
    known = [word for word in table if word in SPECIFICATION]
    return not table or (bool(known) and not any(isinstance(table[w], Mapping) for w in known))


def _dimension(path: str, specification: object, key: str, file: str) -> Dimension:
    row, kind = parameter_at(path, key, file)
    if isinstance(specification, list):
        specification = {"values": specification}
    if not isinstance(specification, Mapping) or not specification:
        raise ConfigError(
            at(file, key, specification, given=True)
            + "must be a list of values, or a range such as { low = 0.5, high = 2.0 }"
        )
    for word, value in specification.items():
        if word not in SPECIFICATION:
            raise ConfigError(
                at(file, f"{key}.{word}", value, given=True)
                + "unknown key"
                + suggestion(word, SPECIFICATION)
            )
    listed = specification.get("values", specification.get("choices"))
    if listed is not None:
        return _listed(path, row, kind, listed, specification, key, file)
    if row.choices:
        raise ConfigError(
            at(file, key, dict(specification), given=True)
            + f"a choice has no range; allowed: choices = [...] of {', '.join(rule_names(row))}"
        )
    return _range(path, row, specification, key, file)


def _listed(
    path: str, row: Parameter, kind: Kind | None, listed: Any, table: Table, key: str, file: str
) -> Dimension:
    others = [word for word in table if word not in ("values", "choices")]
    if others or len(table) > 1:
        raise ConfigError(
            at(file, key, dict(table), given=True) + "give either values or a range, not both"
        )
    if not isinstance(listed, list) or not listed:
        raise ConfigError(at(file, key, listed, given=True) + "must be a list of values, not empty")
    values = _values(row, kind, listed, key, file)
    if len({str(value) for value in values}) < len(values):
        raise ConfigError(at(file, key, listed, given=True) + "a value stands there twice")
    return Dimension(path, row, values=tuple(values))


def _values(row: Parameter, kind: Kind | None, values: list[Any], key: str, file: str) -> list[Any]:
    """Check single values of a parameter; an own rule stays a name."""
    found = []
    for value in values:
        if kind is None:
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ConfigError(at(file, key, value, given=True) + f"allowed: {allowed(row)}")
            found.append(float(value))
            continue
        try:
            checked = check(kind, {row.name: value}, "")[row.name]
        except ConfigError:
            close = nearest(value, rule_names(row)) if row.choices else ""
            raise ConfigError(
                at(file, key, value, given=True) + f"allowed: {allowed(row)}{close}"
            ) from None
        found.append(value if row.choices else checked)
    return found


def _range(path: str, row: Parameter, table: Table, key: str, file: str) -> Dimension:
    def refuse(word: str, what: str) -> ConfigError:
        return ConfigError(at(file, f"{key}.{word}", table.get(word), given=word in table) + what)

    whole = row.kind is int
    ends: dict[str, float] = {}
    for word in ("low", "high"):
        value: Any = table.get(word)
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or (whole and value != int(value)) or not row.low <= value <= row.high:
            raise refuse(word, f"allowed: {allowed(row)}")
        ends[word] = float(value)
    if not ends["low"] < ends["high"]:
        raise refuse("low", f"must be below high = {bound(ends['high'])}; the range is empty")
    scale = table.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise refuse("scale", f"unknown scale{suggestion(scale, ['linear', 'log'])}")
    if scale == "log" and ends["low"] <= 0:
        raise refuse("low", "must be above 0 on a log scale")
    distribution = table.get("distribution", "uniform")
    if distribution not in DISTRIBUTIONS:
        raise refuse("distribution", f"unknown{suggestion(distribution, DISTRIBUTIONS)}")
    if scale == "log" and distribution != "uniform":
        raise refuse("scale", "only a uniform distribution has a scale; see lognormal")
    levels = table.get("levels", 0)
    whole_levels = isinstance(levels, int) and not isinstance(levels, bool)
    if "levels" in table and not (whole_levels and FEWEST_LEVELS <= levels <= MOST_LEVELS):
        raise refuse("levels", f"allowed: a whole number from {FEWEST_LEVELS} to {MOST_LEVELS}")
    shape = read_shape(distribution, table, ends["low"], ends["high"], refuse)
    return Dimension(path, row, ends["low"], ends["high"], scale, distribution, shape, (), levels)
