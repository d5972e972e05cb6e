"""The mechanisms of the market: what each one is, which parameters it owns, and how it is absent.

Every parameter belongs to the core of its room or to one mechanism. With the parameters in `absent`
at the values that stand there a mechanism is off, and no other parameter that it owns changes a
bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from trustsim.schema.mechanism_rows import ROWS
from trustsim.schema.mechanism_rows.row import Mechanism
from trustsim.schema.row import Parameter

MECHANISMS: Mapping[str, Mechanism] = MappingProxyType({row.name: row for row in ROWS})
"""All mechanisms by name, in the order of the rooms."""

OWNERS: Mapping[str, str] = MappingProxyType(
    {
        parameter: row.name
        for row in ROWS
        for parameter in row.parameters
        if not isinstance(row.absent.get(parameter), Mapping)
    }
)
"""Mechanism of every parameter that belongs to one. A choice such as ``search`` is the core of its
room; some of what can be chosen is a mechanism's."""


def off_without(names: Iterable[str]) -> tuple[str, ...]:
    """Give what is off without some mechanisms: these, and all that stand on them.

    Parameters
    ----------
    names : iterable of str
        Names of mechanisms.

    Returns
    -------
    tuple of str
        Names in the order of `MECHANISMS`.
    """
    off = set(names)
    while off and (more := {row.name for row in ROWS if off & set(row.needs)} - off):
        off |= more
    return tuple(name for name in MECHANISMS if name in off)


WITHOUT = "without"
"""Path of a design, and column of its runs, that says which mechanism is off."""

NOTHING = "nothing"
"""Value of `WITHOUT` for the full market."""

SWITCH = Parameter(
    WITHOUT, NOTHING, 0, 0, "mechanism", "A mechanism that is switched off.",
    "assumption: what it adds is the difference that it makes", "", (NOTHING, *MECHANISMS),
)  # fmt: skip
"""The row of a design's dimension: nothing, or a mechanism that is off in addition."""
