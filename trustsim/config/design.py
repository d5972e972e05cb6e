"""The design of an experiment as its author asks for it: a method, points, and what varies.

A design splits the parameters of an experiment: what varies here is the uncertain world, the arms
are the policies that are compared in it, and everything else is constant. Every arm runs at every
point with the same replicate numbers, hence the same luck.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from trustsim.config.dimensions import Dimension, parameter_at, read_dimensions, read_value
from trustsim.config.without import SWITCH, Mechanisms
from trustsim.errors import at, suggestion
from trustsim.schema.mechanisms import NOTHING, WITHOUT
from trustsim.schema.translation import HIDDEN, Refusal, Table, allowing, leaves, read, whole

METHODS = {
    "grid": "every combination of the values",
    "list": "the rows that are written down",
    "zip": "the first values of all parameters, the second ones, and so on",
    "latin_hypercube": "each parameter's range cut into as many parts as there are points, "
    "one point in each (McKay, Beckman & Conover 1979)",
    "sobol_sequence": "a low-discrepancy sequence (Sobol' 1967), which can be extended",
    "sobol": "base points and their hybrids for Sobol' indices (Saltelli et al. 2010)",
    "morris": "trajectories that change one parameter at a time (Morris 1991)",
    "ablation": "the full market, and each mechanism off in turn",
}
SAMPLED = ("latin_hypercube", "sobol_sequence", "sobol", "morris")
POWERS_OF_TWO = ("sobol_sequence", "sobol")
NESTED = ("sobol_sequence", "sobol", "morris")
TAKES = {
    "grid": ("parameters",),
    "list": ("rows",),
    "zip": ("parameters",),
    **dict.fromkeys(SAMPLED, ("parameters", "points", "seed")),
    "morris": ("parameters", "points", "seed", "levels"),
    "ablation": ("mechanisms",),
}
"""Keys of ``[design]`` by its method."""
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

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Mechanisms that an ablation switches off; none until it is known which are at work."""
        return self.dimensions[0].values[1:] if self.dimensions else ()

    def table(self, seed: int) -> dict[str, Any]:
        """Design as it stands in a file, complete."""
        table: dict[str, Any] = {"method": self.method}
        if self.points:
            table["points"] = self.points[0] if len(self.points) == 1 else list(self.points)
        if self.method in SAMPLED:
            table["seed"] = seed if self.seed is None else self.seed
        if self.method == "morris":
            table["levels"] = self.levels
        if self.method == "ablation":
            table["mechanisms"] = list(self.mechanisms)
        elif self.method == "list":
            columns = [dimension.values for dimension in self.dimensions]
            table["rows"] = [
                dict(zip(self.paths, row, strict=True)) for row in zip(*columns, strict=True)
            ]
        else:
            table["parameters"] = {d.path: d.table() for d in self.dimensions}
        return table

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


def ablation(mechanisms: Iterable[str]) -> Design:
    """Give the design that switches mechanisms off in turn."""
    return Design("ablation", (Dimension(WITHOUT, SWITCH, values=(NOTHING, *mechanisms)),))


def read_design(table: object, file: str = "") -> Design:
    """Read the table ``[design]`` of an experiment file; refuse what cannot be used."""
    made: Design = read(DesignTable, table, "design", file).design()
    return made


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


def _method(method: Any) -> str:
    if method not in list(METHODS):
        raise ValueError(f"a design needs one{suggestion(method, METHODS)}")
    return str(method)


def _dimensions(table: Any, info: ValidationInfo) -> tuple[Dimension, ...]:
    return read_dimensions(table, "design.parameters", (info.context or {})["file"])


def _points(points: Any, info: ValidationInfo) -> tuple[int, ...]:
    method = info.data["method"]
    blocks = points if isinstance(points, list) and points else [points]
    for block in blocks:
        if isinstance(block, bool) or not isinstance(block, int) or not 1 <= block <= MOST_POINTS:
            raise ValueError(f"allowed: a whole number from 1 to {MOST_POINTS}")
    if method in NESTED and len(blocks) > 1:
        raise ValueError(f"a {method} sample has no blocks; give one number")
    return tuple(blocks)


def _rows(rows: Any, info: ValidationInfo) -> tuple[Dimension, ...]:
    file, key = (info.context or {})["file"], "design.rows"
    if not isinstance(rows, list) or not rows or not all(isinstance(r, Mapping) for r in rows):
        raise ValueError("the method list needs rows, such as [{ market.lot_cost = 1.0 }, ...]")
    values: dict[str, list[Any]] = {path: [] for path, _ in leaves(rows[0])}
    for place, row in enumerate(rows):
        flat = dict(leaves(row))
        if odd := sorted(set(flat) ^ set(values)) or ([] if flat else ["nothing"]):
            text = "all rows must give the same parameters; this one differs in"
            raise Refusal(f"{text} {', '.join(odd)}", place)
        for path, value in flat.items():
            values[path].append(read_value(path, value, f"{key}[{place}].{path}", file))
    return tuple(
        Dimension(path, parameter_at(path, key, file), values=tuple(listed))
        for path, listed in values.items()
    )


class DesignTable(Table):
    """``[design]``."""

    SHAPE: ClassVar[str] = "a table, as in [design]"
    method: Annotated[Any, AfterValidator(_method)] = Field(HIDDEN, validate_default=True)
    parameters: Annotated[Any, BeforeValidator(_dimensions)] = ()
    rows: Annotated[Any, BeforeValidator(_rows)] = ()
    points: Annotated[Any, AfterValidator(_points)] = ()
    seed: Annotated[int | None, whole(0, 2**63 - 1)] = None
    levels: Annotated[
        int, Field(multiple_of=2), allowing("an even number from 2 to 100"), whole(2, 100)
    ] = MORRIS_LEVELS
    mechanisms: Mechanisms = ()

    @model_validator(mode="before")
    @classmethod
    def _keep_to_the_method(cls, table: Any) -> Any:
        """Refuse keys of other methods, and put nothing where a key must be given."""
        if not isinstance(table, Mapping):
            return table
        method = table.get("method")
        takes = ("method", *(TAKES[method] if method in list(TAKES) else ()))
        for key in table if len(takes) > 1 else ():
            if key in cls.model_fields and key not in takes:
                text = f"the method {method} has none; it takes {', '.join(sorted(takes))}"
                raise Refusal(text, key, value=table[key])
        needed = dict.fromkeys({"parameters", "rows", "points"}.intersection(takes), HIDDEN)
        return needed | {k: v for k, v in table.items() if k in takes or k not in cls.model_fields}

    @model_validator(mode="after")
    def _refuse_what_the_method_cannot_use(self) -> DesignTable:
        for d in self.parameters:
            key, value, text = d.path, d.table(), ""
            if self.method == "zip" and not d.values:
                text = "the method zip needs a list of values"
            elif self.method == "grid" and not d.values and not d.levels:
                text = "the method grid needs a list of values, or a range with levels"
            elif self.method in SAMPLED and d.levels:
                text = "only a grid has levels of single parameters"
                key, value = f"{d.path}.levels", d.levels
            if text:
                raise Refusal(text, "parameters", key, value=value)
        if self.method == "zip" and len({len(d.values) for d in self.parameters}) > 1:
            counts = ", ".join(f"{d.path} has {len(d.values)}" for d in self.parameters)
            raise Refusal(f"zip needs lists of the same length; {counts}", "parameters")
        if "mechanisms" in self.model_fields_set and not self.mechanisms:
            text = "must name a mechanism; without the key, all that are at work in some arm"
            raise Refusal(text, "mechanisms", value=[])
        return self

    def design(self) -> Design:
        """Give the design, of as many points as its method needs for balance."""
        if self.method == "ablation":  # no dimension as long as it is not known what is at work
            return ablation(self.mechanisms) if self.mechanisms else Design(self.method, ())
        dimensions = self.rows or self.parameters
        made = Design(self.method, dimensions, self.points, self.seed, self.levels)
        asked = sum(self.points)
        power = 1 << (asked - 1).bit_length() if self.method in POWERS_OF_TWO else asked
        if power == asked:
            return made
        notice = (
            at("", "design.points", asked, given=True) + f"a {self.method} sample is "
            f"balanced only with a power of two; rounded up to {power}"
        )
        return replace(made, points=(power,), notices=(notice,))
