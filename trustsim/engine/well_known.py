"""What a rule of the user's may use of Python, math, numpy and numba, told by what it is.

An object is known by its identity, however its user calls it. What draws luck, reads a clock, asks
the machine, or gives what happens to lie in memory is not known, and the reason can be told.
"""

from __future__ import annotations

import builtins
import cmath
import math
import sys
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

PURE = (
    "abs", "all", "any", "bool", "complex", "divmod", "enumerate", "Exception", "float", "int",
    "isinstance", "len", "list", "map", "max", "min", "pow", "range", "reversed", "round", "sorted",
    "sum", "tuple", "zip",
)  # fmt: skip
"""What a rule may use of Python's own functions."""

LIBRARIES = ("math", "cmath", "numpy", "numpy.linalg", "numba")
"""Modules whose functions go by name and version; modules inside them do not."""

UNSURE = {
    "empty": "gives what happens to lie in memory; take numpy.zeros",
    "empty_like": "gives what happens to lie in memory; take numpy.zeros_like",
    "ndarray": "gives what happens to lie in memory; take numpy.array",
    **dict.fromkeys(
        ("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"),
        "writes; a rule only reads what it is given",
    ),
    **dict.fromkeys(
        ("fromfile", "genfromtxt", "load", "loadtxt", "memmap"),
        "reads a file; a rule reads what it is given",
    ),
    "datetime64": "can read the clock; a rule answers from what it is given",
}
"""Names of numpy that a rule may not use, and why."""

OF_NUMBA = ("prange", "literal_unroll")

LUCK = "draws random numbers; a rule answers with a probability, and the luck is the market's"
CLOCK = "reads the clock; a rule answers from what it is given, the round is order.round"
MACHINE = "asks the machine; a rule answers from what it is given"
REASONS = {
    **dict.fromkeys(("random", "_random", "numpy.random", "secrets", "uuid"), LUCK),
    **dict.fromkeys(("time", "datetime", "_datetime"), CLOCK),
    **dict.fromkeys(("os", "posix", "nt", "io", "_io", "sys", "socket"), MACHINE),
    **dict.fromkeys(("gc", "threading", "_thread", "multiprocessing", "subprocess"), MACHINE),
}
"""Modules whose functions differ between two identical runs, and why."""

OF_PYTHON = {
    "hash": "differs from process to process for texts; compare the texts",
    "id": "is an address, and differs from process to process",
    "set": "has no order of its own; take a tuple",
    "frozenset": "has no order of its own; take a tuple",
}


def known_name(value: Any) -> str | None:
    """Give the name of a well-known function or type, with the version of its library.

    None if it is not well known, or not to be used in a rule.
    """
    try:
        name = _names().get(id(value))
    except TypeError:
        return None
    if name is None and type(value).__module__.startswith("numba."):
        return _name_in_numba(value)
    return name


def why_not(value: Any) -> str | None:
    """Say why a rule may not use an object; None if there is no more to it than its type."""
    for name, reason in OF_PYTHON.items():
        if value is getattr(builtins, name):
            return reason
    for name, reason in UNSURE.items():
        if value is getattr(np, name, None):
            return reason
    homes = _homes(value)
    for home in homes:
        for module, reason in REASONS.items():
            if home == module or home.startswith(f"{module}."):
                return reason
    own = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if own and callable(value) and not isinstance(value, type):
        return f"is {' of '.join([str(own), *homes[:1]])} and none of what a rule may use"
    if isinstance(value, ModuleType) and is_foreign(value):
        return f"is of {value.__name__} and none of what a rule may use"
    return None


def is_foreign(value: Any) -> bool:
    """Whether an object is of a library whose functions differ between two identical runs.

    Modules inside a well-known library that are not well known themselves are foreign as well.
    """
    homes = _homes(value)
    roots = {home.split(".")[0] for home in homes}
    differing = any(home == m or home.startswith(f"{m}.") for home in homes for m in REASONS)
    return differing or bool(roots & {"numpy", "numba"})


def _homes(value: Any) -> list[str]:
    """Give the modules that an object is of: by itself, and by what it is a method of."""
    if isinstance(value, ModuleType):
        return [value.__name__]
    owner = getattr(value, "__self__", None)
    own = owner if isinstance(owner, type) else type(owner)
    named = [getattr(value, "__module__", None), type(value).__module__]
    if isinstance(owner, ModuleType):
        named.append(owner.__name__)
    elif owner is not None:
        named.append(own.__module__)
    return [name for name in named if isinstance(name, str)]


@cache
def _names() -> dict[int, str]:
    """Names of what a rule may use, by identity; its modules keep all of it alive."""
    names = {id(getattr(builtins, name)): name for name in PURE}
    for module, version in (
        (math, ""),
        (cmath, ""),
        (np.linalg, f" {np.__version__}"),
        (np, f" {np.__version__}"),
    ):
        for name, value in vars(module).items():
            if callable(value) and not name.startswith("_") and name not in UNSURE:
                names.setdefault(id(value), f"{module.__name__}.{name}{version}")
    for name in UNSURE:
        names.pop(id(getattr(np, name, None)), None)
    return names


def _name_in_numba(value: Any) -> str | None:
    numba = sys.modules["numba"]
    known = {id(getattr(numba, name)): name for name in OF_NUMBA}
    name = known.get(id(value))
    if name is None and isinstance(value, numba.types.Number | numba.types.Boolean):
        name = str(value)
    return name and f"numba.{name} {numba.__version__}"
