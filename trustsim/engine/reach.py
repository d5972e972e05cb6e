"""What a rule of the user's reaches: its helpers, and all that they take from around them.

A name is followed to the object that it stands for, through modules and classes, helpers and their
helpers; how it is spelled says nothing. What is found is all there is: the id of a run is made of
it (`trustsim.engine.fingerprint`), and the rule is compiled over it and nothing else
(`trustsim.engine.own_rules`). What cannot be followed, changes the market, or differs between two
identical runs is refused.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import linecache
import sys
import types
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from trustsim.engine.compiling import Callee
from trustsim.engine.constants import constant_text, is_enum, is_named_tuple
from trustsim.engine.in_place import changed_in_place
from trustsim.engine.well_known import (
    LIBRARIES,
    is_foreign,
    known_name,
    why_not,
)
from trustsim.errors import ConfigError, nearest

ALLOWED = (
    "allowed: numbers, texts, NumPy arrays, tuples of these, enums without arrays, functions of "
    "your own, and those of math and numpy that give the same answer every time"
)

GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME")
AROUND = ("LOAD_DEREF", "LOAD_CLASSDEREF")
OF = ("LOAD_ATTR", "LOAD_METHOD")

STORES = ("STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE")
STORES_CLOSURE = ("STORE_DEREF", "DELETE_DEREF")
STORES_AROUND = ("STORE_GLOBAL", "DELETE_GLOBAL")

STEPS = {
    **dict.fromkeys(
        (*STORES, *STORES_AROUND),
        "writes to {}; a rule only reads what it is given, and answers with a number",
    ),
    **dict.fromkeys(
        ("RAISE_VARARGS", "LOAD_ASSERTION_ERROR"),
        "raises an error; a rule always answers with a number",
    ),
    "IMPORT_NAME": "imports {}; a rule imports nothing, the file that it stands in does",
    **dict.fromkeys(
        ("BUILD_SET", "SET_ADD", "SET_UPDATE"),
        "builds a set, which has no order of its own; take a tuple",
    ),
}
"""Instructions of Python that neither a rule nor its helpers may have, and why."""

NO_ORDER = STEPS["BUILD_SET"]

WAITING = {
    inspect.CO_COROUTINE: "is a coroutine",
    inspect.CO_ASYNC_GENERATOR: "is a coroutine",
    inspect.CO_GENERATOR: "is a generator",
}
"""Kinds of functions, by their flag, that give no answer when they are called."""

AS_THEY_STAND = (
    staticmethod,
    classmethod,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)
"""What Python puts into classes and binds when it is read, without running anything."""

WRITERS = ("at", "fill", "sort", "partition", "put", "itemset", "resize", "setfield", "setflags")
"""Methods that change what they belong to."""

ADDRESSES = ("ctypes", "flat")
"""Attributes of arrays that lead past their bounds, or to where they lie in memory."""


class Name(NamedTuple):
    """A name that a function takes from around it, with the attributes that are read of it."""

    name: str
    attributes: tuple[str, ...]
    line: int


class Reached(NamedTuple):
    """A function of the user's and what it takes from around it.

    Attributes
    ----------
    function : function
        The rule itself, or one of its helpers.
    taken : dict
        Constants, functions of libraries and helpers, by the path of names that leads to each.
    libraries : dict
        Modules of well-known libraries by the path that leads to each.
    modules : dict
        Other modules that it reads, or that classes are of, by the path that leads to each.
    """

    function: Any
    taken: dict[tuple[str, ...], Any]
    libraries: dict[tuple[str, ...], ModuleType]
    modules: dict[tuple[str, ...], ModuleType]


def plain(value: Any) -> Any:
    """Give the Python function of what was compiled with Numba; others stand for themselves."""
    inner = getattr(value, "py_func", None)
    ours = isinstance(value, Callee) or type(value).__module__.startswith("numba.")
    return inner if ours and isinstance(inner, FunctionType) else value


def reach(rule: Any) -> list[Reached]:
    """Find all functions that a rule consists of, itself first, with what they take.

    Raises
    ------
    ConfigError
        If one of them takes or does what a rule may not; the message shows the line.
    """
    first = plain(rule)
    if not isinstance(first, FunctionType):
        raise ConfigError(
            f"a rule that is of type {type(rule).__name__} does not compile; allowed: a function "
            "made with def or lambda"
        )
    found = {first: _reached(first, first)}
    calls: dict[FunctionType, list[FunctionType]] = {}
    todo = [first]
    while todo:
        function = todo.pop(0)
        taken = found[function].taken.values()
        calls[function] = [f for f in taken if isinstance(f, FunctionType) and not known_name(f)]
        for helper in calls[function]:
            if helper not in found:
                found[helper] = _reached(first, helper)
                todo.append(helper)
    try:
        TopologicalSorter(calls).prepare()
    except CycleError as error:
        raise ConfigError(
            f"{where(first, error.args[1][0])}\n  calls itself, at once or through others, and "
            "without end this cannot be stopped; take a loop"
        ) from None
    return list(found.values())


def where(rule: FunctionType, function: FunctionType, line: int = 0) -> str:
    """Name a rule, its helper if it is one's, file and line: that of the head if none is known."""
    code = function.__code__
    line = line or code.co_firstlineno
    shown = linecache.getline(code.co_filename, line).strip()
    helper = "" if function is rule else f", helper {function.__name__}"
    return f'rule {rule.__name__}{helper}, file "{code.co_filename}", line {line}: {shown}'


def line_of(step: dis.Instruction) -> int:
    """Give the line that an instruction is of; 0 if it is not known."""
    return (step.positions.lineno if step.positions else None) or 0


def _reached(rule: FunctionType, function: FunctionType) -> Reached:
    code = function.__code__
    for reason, line in _wrong_steps(code, code.co_freevars, function is rule):
        raise ConfigError(f"{where(rule, function, line)}\n  {reason}")
    given = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for value in given:
        if constant_text(value) is None:
            raise ConfigError(
                f"{where(rule, function)}\n  has a {type(value).__name__} as a default; allowed: "
                "numbers, texts, NumPy arrays, tuples of these, enums without arrays"
            )
    found = Reached(function, {}, {}, {})
    for name in _names(code, code.co_freevars):
        try:
            _follow(function, name, found)
        except ConfigError as error:
            raise ConfigError(f"{where(rule, function, name.line)}\n  {error}") from None
    return found


@cache
def _wrong_steps(
    code: CodeType, free: tuple[str, ...], takes_records: bool
) -> tuple[tuple[str, int], ...]:
    """Give what a function does that none may, with its line."""
    wrong = []
    for flag, kind in WAITING.items():
        if code.co_flags & flag and (takes_records or flag != inspect.CO_GENERATOR):
            wrong.append((f"{kind}; a rule answers with a number at once", code.co_firstlineno))
    followed = False
    steps = list(dis.get_instructions(code))
    for place, step in enumerate(steps):
        reason = STEPS.get(step.opname)
        if isinstance(step.argval, frozenset) and steps[place + 1].opname != "CONTAINS_OP":
            reason = NO_ORDER
        if step.opname in STORES_CLOSURE and step.argval in free:
            reason = STEPS["STORE_GLOBAL"]
        followed = _from_around(step, free) or (followed and _goes_on(step))
        if reason is None and step.opname in OF and not followed:
            reason = _wrong_attribute(step.argval)
        if reason is not None:
            wrong.append((reason.format(step.argval or "an item"), line_of(step)))
    wrong += changed_in_place(code, takes_records)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            wrong += _wrong_steps(constant, free, False)
    return tuple(wrong)


def _wrong_attribute(name: str) -> str | None:
    """Say why an attribute of a value may not be read; None if it may."""
    if name in WRITERS:
        return f"calls {name}, which writes; a rule only reads what it is given"
    if name in ADDRESSES or name.startswith("__"):
        return f"reads {name}; a rule reads an array by its index, and no inner names"
    return None


@cache
def _names(code: CodeType, free: tuple[str, ...]) -> tuple[Name, ...]:
    """Give the names that a function and the functions inside it take from around it."""
    steps = list(dis.get_instructions(code))
    found = []
    for place, step in enumerate(steps):
        if _from_around(step, free):
            after = takewhile(_goes_on, steps[place + 1 :])
            attributes = tuple(each.argval for each in after if each.opname in OF)
            found.append(Name(step.argval, attributes, line_of(step)))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found += _names(constant, free)
    return tuple(dict.fromkeys(found))


def _from_around(step: dis.Instruction, free: tuple[str, ...]) -> bool:
    """Whether an instruction loads what a name around the function stands for."""
    return step.opname in GLOBALS or (step.opname in AROUND and step.argval in free)


def _goes_on(step: dis.Instruction) -> bool:
    """Whether an instruction reads an attribute of what the one before it has loaded, or helps."""
    return step.opname in (*OF, "EXTENDED_ARG") and not step.is_jump_target


def _follow(function: FunctionType, name: Name, found: Reached) -> None:
    """Follow a name through modules and classes, and note what stands at its end."""
    value = plain(_around(function, name.name))
    path: tuple[str, ...] = (name.name,)
    left = list(name.attributes)
    spelled = ".".join((name.name, *name.attributes))
    while isinstance(value, ModuleType) or _is_plain_class(value):
        if isinstance(value, ModuleType) and value.__name__ in LIBRARIES:
            found.libraries.setdefault(path, value)
        elif isinstance(value, ModuleType) and is_foreign(value):
            raise ConfigError(f"uses {spelled}, which {why_not(value)}; {ALLOWED}")
        else:
            home = value if isinstance(value, ModuleType) else sys.modules.get(value.__module__)
            if home is not None:
                found.modules.setdefault(path, home)
        if not left:
            reason = why_not(value)
            if reason is not None:
                raise ConfigError(f"uses {spelled}, which {reason}; {ALLOWED}")
            kind = "module" if isinstance(value, ModuleType) else "class"
            raise ConfigError(
                f"takes the {kind} {'.'.join(path)} as a value; write {'.'.join(path)}.NAME for "
                "what it needs of it"
            )
        value = plain(_standing(value, left[0], ".".join(path)))
        path = (*path, left.pop(0))
    if constant_text(value) is None and not known_name(value):
        if is_foreign(value) or not isinstance(value, FunctionType):
            reason = why_not(value)
            if reason is None:
                raise ConfigError(
                    f"takes '{'.'.join(path)}', a {type(value).__name__}, from around it; {ALLOWED}"
                )
            raise ConfigError(f"uses {spelled}, which {reason}; {ALLOWED}")
    for attribute in left:
        wrong = _wrong_attribute(attribute)
        if wrong is not None:
            raise ConfigError(wrong)
    found.taken[path] = value


def _standing(owner: Any, name: str, spelled: str) -> Any:
    """Give what stands under a name in a module or a class; nothing is run for it."""
    try:
        value = inspect.getattr_static(owner, name)
    except AttributeError:
        if hasattr(owner, name):
            raise ConfigError(
                f"uses {spelled}.{name}, which is worked out anew whenever it is read; {ALLOWED}"
            ) from None
        names = [each for each in dir(owner) if not each.startswith("_")]
        raise ConfigError(f"{spelled} has no {name}{nearest(name, names)}") from None
    return getattr(owner, name) if isinstance(value, AS_THEY_STAND) else value


def _around(function: FunctionType, name: str) -> Any:
    """Give what a name stands for in a function: around it, in its module, or in Python."""
    code = function.__code__
    try:
        if name in code.co_freevars:
            return (function.__closure__ or ())[code.co_freevars.index(name)].cell_contents
        if name in function.__globals__:
            return function.__globals__[name]
        return getattr(builtins, name)
    except (ValueError, AttributeError):
        names = [*code.co_varnames, *code.co_freevars, *function.__globals__]
        raise ConfigError(f'"{name}" is not known here{nearest(name, names)}') from None


def _is_plain_class(value: Any) -> bool:
    """Whether a value is a class of the user's, of which attributes can be read."""
    if not isinstance(value, type) or is_enum(value) or is_named_tuple(value):
        return False
    return not known_name(value)
