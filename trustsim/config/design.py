"""The design of an experiment as its author asks for it: a method, points, and what varies.

A design splits the parameters of an experiment: what varies here is the uncertain world, the arms
are the policies that are compared in it, and everything else is constant. Every arm runs at every
point with the same replicate numbers, hence the same luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trustsim.config.space import Dimension, Table, parameter_at, read_dimensions, read_value
from trustsim.errors import ConfigError, at, suggestion

METHODS = {
    "grid": "every combination of the values",
    "list": "the rows that are written down",
    "zip": "the first values of all parameters, the second ones, and so on",
    "latin_hypercube": "each parameter's range cut into as many parts as there are points, "
    "one point in each (McKay, Beckman & Conover 1979)",
    "sobol_sequence": "a low-discrepancy sequence (Sobol' 1967), which can be extended",
    "sobol": "base points and their hybrids for Sobol' indices (Saltelli et al. 2010)",
    "morris": "trajectories that change one parameter at a time (Morris 1991)",
}
SAMPLED = ("latin_hypercube", "sobol_sequence", "sobol", "morris")
POWERS_OF_TWO = ("sobol_sequence", "sobol")
NESTED = ("sobol_sequence", "sobol", "morris")
KEYS = ("method", "points", "seed", "levels", "parameters", "rows")
MOST_POINTS = 10_000_000
MORRIS_LEVELS = 4


@dataclass(frozen=True)
class Design:
    """Which points of the parameter space an experiment visits.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    dimensions : tuple of Dimension
        What varies, in the order of the file.
    points : tuple of int
        Size of each block of the sample: points, base points (``sobol``) or trajectories
        (``morris``). Only a Latin hypercube that was extended has more blocks than one. Empty for
        a grid, a list or a zip.
    seed : int or None
        Seed of the sample; that of the experiment if None.
    levels : int
        Levels of the grid of ``morris``; even.
    notices : tuple of str
        What was changed in the author's words, and why.
    """

    method: str
    dimensions: tuple[Dimension, ...]
    points: tuple[int, ...] = ()
    seed: int | None = None
    levels: int = MORRIS_LEVELS
    notices: tuple[str, ...] = ()

    @property
    def paths(self) -> list[str]:
        """Paths of the parameters that vary."""
        return [dimension.path for dimension in self.dimensions]

    def table(self, seed: int) -> dict[str, Any]:
        """Design as it stands in a file, complete."""
        found: dict[str, Any] = {"method": self.method}
        if self.points:
            found["points"] = self.points[0] if len(self.points) == 1 else list(self.points)
        if self.method in SAMPLED:
            found["seed"] = seed if self.seed is None else self.seed
        if self.method == "morris":
            found["levels"] = self.levels
        if self.method == "list":
            columns = [dimension.values for dimension in self.dimensions]
            found["rows"] = [
                dict(zip(self.paths, row, strict=True)) for row in zip(*columns, strict=True)
            ]
        else:
            found["parameters"] = {d.path: d.table() for d in self.dimensions}
        return found

    def extending(self, other: Design) -> Design:
        """Give this design as an extension of one that has been run, keeping all its points.

        A longer sample of sobol or morris begins with the shorter one; a Latin hypercube gets
        another block of points.
        A design that asks for no more points than there are is the one that has been run.
        """
        asked, there = sum(self.points), sum(other.points)
        if asked <= there:
            return replace(self, points=other.points)
        if self.method in NESTED:
            return self
        added = asked - there
        notice = f"the {self.method} sample of {there} points is extended by a block of {added}"
        return replace(self, points=(*other.points, added), notices=(*self.notices, notice))


def read_design(table: object, file: str = "") -> Design:
    """Read the table ``[design]`` of an experiment file.

    Raises
    ------
    ConfigError
        For unknown keys, methods and parameters, and values that cannot be used.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(at(file, "design", table, given=True) + "must be a table, as in [design]")
    for key, value in table.items():
        if key not in KEYS:
            raise ConfigError(
                at(file, f"design.{key}", value, given=True)
                + "unknown key"
                + suggestion(key, [*KEYS, *METHODS])
            )
    method = table.get("method")
    if method not in METHODS:
        raise ConfigError(
            at(file, "design.method", method, given="method" in table)
            + f"a design needs one{suggestion(method, METHODS)}"
        )
    _refuse_keys_of_other_methods(table, method, file)
    if method == "list":
        return Design(method, _listed(table.get("rows"), file))
    dimensions = read_dimensions(table.get("parameters"), "design.parameters", file)
    if method not in SAMPLED:
        _refuse_what_is_no_grid(dimensions, method, file)
        return Design(method, dimensions)
    for dimension in dimensions:
        if dimension.levels:
            raise ConfigError(
                at(file, f"design.parameters.{dimension.path}.levels", dimension.levels, given=True)
                + "only a grid has levels of single parameters"
            )
    points, notices = _points(table, method, file)
    return Design(
        method,
        dimensions,
        points,
        _whole(table, "seed", None, 0, 2**63 - 1, file),
        _levels(table, file),
        notices,
    )


def range_text(dimension: Dimension) -> str:
    """Write the range or the values of a dimension for people."""
    if dimension.values:
        return ", ".join(str(value) for value in dimension.values)
    words = [f"{dimension.low:g} to {dimension.high:g}"]
    if dimension.scale == "log":
        words.append("log scale")
    if dimension.distribution != "uniform":
        words.append(dimension.distribution)
    return ", ".join(words)


def _refuse_keys_of_other_methods(table: Table, method: str, file: str) -> None:
    takes = {"method", "parameters"} if method != "list" else {"method", "rows"}
    if method in SAMPLED:
        takes |= {"points", "seed"}
    if method == "morris":
        takes.add("levels")
    for key, value in table.items():
        if key not in takes:
            raise ConfigError(
                at(file, f"design.{key}", value, given=True)
                + f"the method {method} has none; it takes {', '.join(sorted(takes))}"
            )


def _refuse_what_is_no_grid(dimensions: tuple[Dimension, ...], method: str, file: str) -> None:
    for dimension in dimensions:
        if not dimension.values and (method == "zip" or not dimension.levels):
            also = ", or a range with levels" if method == "grid" else ""
            raise ConfigError(
                at(file, f"design.parameters.{dimension.path}", dimension.table(), given=True)
                + f"the method {method} needs a list of values{also}"
            )
    counts = {d.path: len(d.values) for d in dimensions}
    if method == "zip" and len(set(counts.values())) > 1:
        told = ", ".join(f"{path} has {count}" for path, count in counts.items())
        raise ConfigError(
            at(file, "design.parameters") + f"zip needs lists of the same length; {told}"
        )


def _listed(rows: object, file: str) -> tuple[Dimension, ...]:
    key = "design.rows"
    if not isinstance(rows, list) or not rows or not all(isinstance(r, Mapping) for r in rows):
        raise ConfigError(
            at(file, key, rows, given=rows is not None)
            + "the method list needs rows, such as [{ market.lot_cost = 1.0 }, ...]"
        )
    flat = [dict(_leaves(row, ())) for row in rows]
    paths = list(flat[0])
    for place, row in enumerate(flat):
        if set(row) != set(paths) or not row:
            odd = sorted(set(row) ^ set(paths)) or ["nothing"]
            raise ConfigError(
                at(file, f"{key}[{place}]")
                + f"all rows must give the same parameters; this one differs in {', '.join(odd)}"
            )
    return tuple(
        Dimension(
            path,
            parameter_at(path, f"{key}.{path}", file)[0],
            values=tuple(
                read_value(path, row[path], f"{key}[{place}].{path}", file)
                for place, row in enumerate(flat)
            ),
        )
        for path in paths
    )


def _leaves(table: Table, above: tuple[str, ...]) -> Any:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*above, str(name)))
        else:
            yield ".".join((*above, str(name))), value


def _points(table: Table, method: str, file: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    given: Any = table.get("points")
    blocks = given if isinstance(given, list) and given else [given]
    for block in blocks:
        if isinstance(block, bool) or not isinstance(block, int) or not 1 <= block <= MOST_POINTS:
            raise ConfigError(
                at(file, "design.points", given, given="points" in table)
                + f"allowed: a whole number from 1 to {MOST_POINTS}"
            )
    if method not in NESTED:
        return tuple(blocks), ()
    if len(blocks) > 1:
        raise ConfigError(
            at(file, "design.points", given, given=True)
            + f"a {method} sample has no blocks; give one number"
        )
    asked = int(blocks[0])
    power = 1 << (asked - 1).bit_length()
    if method not in POWERS_OF_TWO or power == asked:
        return (asked,), ()
    return (power,), (
        at(file, "design.points", asked, given=True)
        + f"a {method} sample is balanced only with a power of two; rounded up to {power}",
    )


def _levels(table: Table, file: str) -> int:
    levels = _whole(table, "levels", MORRIS_LEVELS, 2, 100, file)
    if levels is None or levels % 2:
        raise ConfigError(
            at(file, "design.levels", levels, given=True) + "allowed: an even number from 2 to 100"
        )
    return levels


def _whole(
    table: Table, key: str, default: int | None, low: int, high: int, file: str
) -> int | None:
    value = table.get(key, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(
            at(file, f"design.{key}", value, given=True)
            + f"allowed: a whole number from {low} to {high}"
        )
    return value
