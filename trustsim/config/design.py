"""The design of an experiment as its author asks for it: a method, points, and what varies.

A design splits the parameters of an experiment: what varies here is the uncertain world, the arms
are the policies that are compared in it, and everything else is constant. Every arm runs at every
point with the same replicate numbers, hence the same luck.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from trustsim.config.dimensions import Dimension, Dimensions, Rows, in_arm
from trustsim.errors import ConfigError, at, known, said_at, shown, suggestion
from trustsim.schema.checking import Mechanisms
from trustsim.schema.mechanisms import MECHANISMS, NOTHING, OWNERS, SWITCH, WITHOUT, off_without
from trustsim.schema.translation import HIDDEN, Refusal, Table, allowing, one_of, part, read, whole

METHODS = {
    "grid": "every combination of the values",
    "list": "the rows that are written down",
    "zip": "the first values of all parameters, the second ones, and so on",
    "latin_hypercube": "as many parts of each range as points, one in each (McKay et al. 1979)",
    "sobol_sequence": "a low-discrepancy sequence (Sobol' 1967), which can be extended",
    "sobol": "base points and their hybrids for Sobol' indices (Saltelli et al. 2010)",
    "morris": "trajectories that change one parameter at a time (Morris 1991)",
    "ablation": "the full market, and each mechanism off in turn",
}
SAMPLED = ("latin_hypercube", "sobol_sequence", "sobol", "morris")
SAMPLE: tuple[str, ...] = ("parameters", "points", "seed")
POWERS_OF_TWO = ("sobol_sequence", "sobol")
TAKES = dict.fromkeys(METHODS, ("parameters",)) | dict.fromkeys(SAMPLED, SAMPLE)
TAKES |= {"morris": (*SAMPLE, "levels"), "list": ("rows",), "ablation": ("mechanisms",)}
"""Keys of ``[design]`` by its method."""
NEEDED = ("parameters", "rows", "points")

Arms = Mapping[str, Any]
"""Scenarios by the names of their arms."""

Block = Annotated[int, whole(1, 10_000_000)]
Even = Annotated[int, Field(multiple_of=2), whole(2, 100), allowing("an even number from 2 to 100")]


def _points(points: Any, info: ValidationInfo) -> tuple[int, ...]:
    blocks = points if isinstance(points, list) and points else [points]
    if len(blocks) > 1 and info.data.get("method") != "latin_hypercube":
        raise ValueError("only a latin_hypercube has blocks; give one number")
    return tuple(part(Block, block) for block in blocks)


class Design(Table):
    """Which points of the parameter space an experiment visits: the table ``[design]``.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    parameters, rows : tuple of Dimension
        What varies, in the order of the file; `rows` of a list.
    points : tuple of int
        Size of each block of the sample: points, base points (``sobol``) or trajectories
        (``morris``). Only a Latin hypercube that was extended has more blocks than one. Empty for
        a grid, a list or a zip.
    seed : int or None
        Seed of the sample; that of the experiment if None.
    levels : int
        Levels of the grid of ``morris``; even.
    mechanisms : tuple of str
        Mechanisms that an ablation switches off; none until it is known which are at work.
    """

    method: Annotated[str, one_of(METHODS, "a design needs one")]
    parameters: Dimensions = ()
    rows: Rows = ()
    points: Annotated[tuple[int, ...], BeforeValidator(_points)] = ()
    seed: Annotated[int | None, whole(0, 2**63 - 1)] = None
    levels: Even = 4
    mechanisms: Mechanisms = ()
    _notices: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _keep_to_the_method(cls, table: Any) -> Any:
        """Refuse keys of other methods, and put nothing where a key must be given."""
        if not isinstance(table, Mapping):
            return table
        takes = next((keys for name, keys in TAKES.items() if name == table.get("method")), ())
        for key in cls.model_fields if takes else ():
            if key in table and key not in ("method", *takes):
                text = f"the method {table['method']} has none; it takes {', '.join(takes)}"
                raise Refusal(text, key, value=table[key])
        return dict.fromkeys(("method", *(k for k in NEEDED if k in takes)), HIDDEN) | dict(table)

    @model_validator(mode="after")
    def _fit_the_method(self) -> Design:
        for d in self.parameters:
            if d.levels and self.method in SAMPLED:
                text = "only a grid has levels of single parameters"
                raise Refusal(text, "parameters", d.path, "levels", value=d.levels)
            if not (d.values or self.method in SAMPLED or (d.levels and self.method == "grid")):
                text = f"a {self.method} needs a list of values, or a range with levels in a grid"
                raise Refusal(text, "parameters", d.path, value=d.table())
        if self.method == "zip" and len({len(d.values) for d in self.parameters}) > 1:
            counts = ", ".join(f"{d.path} has {len(d.values)}" for d in self.parameters)
            raise Refusal(f"zip needs lists of the same length; {counts}", "parameters")
        if "mechanisms" in self.model_fields_set and not self.mechanisms:
            text = "must name a mechanism; without the key, all that are at work in some arm"
            raise Refusal(text, "mechanisms", value=[])
        asked = sum(self.points)
        power = 1 << (asked - 1).bit_length()
        if self.method in POWERS_OF_TWO and power != asked:  # as many as it needs for balance
            text = f"design.points = {asked}: a {self.method} sample is balanced only with a power"
            object.__setattr__(self, "points", (power,))
            self._notices = (f"{text} of two; rounded up to {power}",)
        return self

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What varies, in the order of the file."""
        if self.mechanisms:
            return (Dimension(WITHOUT, SWITCH, values=(NOTHING, *self.mechanisms)),)
        return self.rows or self.parameters

    @property
    def paths(self) -> list[str]:
        """Paths of the parameters that vary."""
        return [dimension.path for dimension in self.dimensions]

    @property
    def notices(self) -> tuple[str, ...]:
        """What was changed in the author's words, and why."""
        return self._notices

    def table(self, seed: int) -> dict[str, Any]:
        """Design as it stands in a file, complete."""
        columns = [dimension.values for dimension in self.rows]
        complete = dict(self) | {
            "points": self.points[0] if len(self.points) == 1 else list(self.points),
            "seed": seed if self.seed is None else self.seed,
            "mechanisms": list(self.mechanisms),
            "rows": [dict(zip(self.paths, r, strict=True)) for r in zip(*columns, strict=True)],
            "parameters": {d.path: d.table() for d in self.parameters},
        }
        return {key: complete[key] for key in ("method", *TAKES[self.method])}

    def extending(self, other: Design) -> Design:
        """Give this design as an extension of one that has been run, keeping all its points.

        A longer sample of sobol or morris begins with the shorter one; a Latin hypercube gets
        another block of points.
        A design that asks for no more points than there are is the one that has been run.
        """
        there = sum(other.points)
        added = sum(self.points) - there
        if added <= 0:
            return self.model_copy(update={"points": other.points})
        if self.method != "latin_hypercube":
            return self
        extended = self.model_copy(update={"points": (*other.points, added)})
        notice = f"the {self.method} sample of {there} points is extended by a block of {added}"
        extended._notices += (notice,)
        return extended


def read_design(table: object, file: str = "") -> Design:
    """Read the table ``[design]`` of an experiment file; refuse what cannot be used."""
    made: Design = read(Design, table, "design", file)
    return made


def range_text(dimension: Dimension) -> str:
    """Write the range or the values of a dimension for people."""
    if dimension.values:
        return ", ".join(str(value) for value in dimension.values)
    words = [f"{dimension.low:g} to {dimension.high:g}"]
    words += ["log scale"] if dimension.scale == "log" else []
    words += [dimension.distribution] if dimension.distribution != "uniform" else []
    return ", ".join(words)


def complete_design(design: Design | None, arms: Arms) -> Design | None:
    """Give a design; an ablation that names no mechanism gets those at work in some arm."""
    if design is None or design.method != "ablation":
        return design
    at_work = [name for name in MECHANISMS if any(_needs(arm, name) for arm in arms.values())]
    if not at_work:
        raise ConfigError("design: no mechanism is at work in any arm")
    for name in design.mechanisms:
        where = at("", "design.mechanisms", name, given=True)
        known(name, at_work, f"{where}is not at work in any arm")
    return design.model_copy(update={"mechanisms": design.mechanisms or tuple(at_work)})


def _needs(arm: Any, mechanism: str) -> bool:
    """Whether other records are used without a mechanism."""
    return used(arm.at({WITHOUT: mechanism})) != used(arm)


def check_paths(paths: Iterable[str], arms: Arms, key: str, market: Any = None) -> None:
    """Check that what varies is in the arms, and changes something.

    With the `market` of all arms, an arm may not set what varies in all of them.
    """
    for path in paths:
        owner, keys = in_arm(path)
        with said_at(f"{key}.{path}: "):
            own = {owner: arms[known(owner, arms, "no such arm")]} if owner else arms
            _refuse_idle(keys, own)
            if market is not None and not owner and keys[:-1] == ["market"]:
                _refuse_set(keys[1], arms, market)


def _refuse_idle(keys: list[str], arms: Arms) -> None:
    """Refuse what changes nothing in arms; a share must be there in all of them."""
    share = keys[0] == "market" and len(keys) == 3
    if not share and all(_is_off(keys[-1], arm) for arm in arms.values()):
        text = f"its mechanism {shown(OWNERS[keys[-1]])} is off, so that nothing would change"
        raise ConfigError(text)
    *place, name = keys if share else keys[:-1] or keys
    there = {arm_name: used(arm).get(".".join(place), [name]) for arm_name, arm in arms.items()}
    lacking = [arm_name for arm_name, names in there.items() if name not in names]
    if lacking and (len(lacking) == len(arms) or share):
        close = suggestion(name, sorted({n for arm_name in lacking for n in there[arm_name]}))
        text = f"{shown(name)} is not in use in {' and '.join(map(shown, lacking))}"
        raise ConfigError(f"{text}, so that nothing would change there{close}")


def _refuse_set(parameter: str, arms: Arms, market: Any) -> None:
    """Refuse what is to vary in all arms, if one of them sets it."""
    for name, arm in arms.items():
        value = getattr(arm.market, parameter)
        if value != getattr(market, parameter) and not _is_off(parameter, arm):
            text = f"arm '{name}' sets it to {shown(value)}, so that it cannot vary for all arms"
            other = f"let arms.{name}.market.{parameter} vary"
            raise ConfigError(f"{text}; take it out of the arm, or {other}")


def _is_off(parameter: str, scenario: Any) -> bool:
    return OWNERS.get(parameter) in off_without(scenario.without)


def used(scenario: Any) -> dict[str, Any]:
    """What a scenario uses, by the keys under which it stands."""
    result = {"market": scenario.market, "instruments": scenario.instruments}
    for side in ("buyer", "supplier"):
        mix, rows = getattr(scenario, f"{side}_mix"), getattr(scenario, f"{side}_policies")
        result[f"market.{side}_mix"] = mix
        result[f"policies.{side}s"] = {name: rows[name] for name, share in mix.items() if share}
    return result
