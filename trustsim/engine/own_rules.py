"""A user's own decision rules: plain functions that are checked and compiled.

Which records a rule is given, and what it may answer, is said by whoever calls it; this module sees
to it that the rule only reads them, draws no luck and answers with a number. A rule and its helpers
are built anew over what they were found to take (`trustsim.engine.reach`), and compiled with
checked bounds.
"""

from __future__ import annotations

import builtins
import dis
import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os.path import abspath
from types import CellType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numba.core import ir
from numba.core.compiler_lock import global_compiler_lock

from trustsim.engine import compiling
from trustsim.engine.answers import ODD, ROUNDING, STOPPED, Range, checked
from trustsim.engine.compiling import OWN_RULE
from trustsim.engine.constants import frozen
from trustsim.engine.fingerprint import text_of
from trustsim.engine.in_place import lines_in_place
from trustsim.engine.reach import Reached, line_of, plain, reach, where
from trustsim.errors import ConfigError, nearest

Rule = Callable[..., float]


class Kinds(NamedTuple):
    """The records that a rule is given, in the order of its arguments."""

    order: np.dtype[Any]
    view: np.dtype[Any]
    policy: np.dtype[Any]
    market: np.dtype[Any]

    def shown(self) -> list[np.dtype[Any]]:
        """Give the records as a rule sees them: without the field of odd answers."""
        return [kind[[name for name in kind.names or () if name != ODD]] for kind in self]


UNSET = re.compile(r'uninitialized variable ([^\s.]+)\s+File "(.*?)", line (\d+)')
"""What Numba says of a name that has no value in some branch."""

_COMPILED: dict[tuple[Any, Kinds, Range, str], tuple[int, Any]] = {}

OPTIONS: dict[str, Any] = {"error_model": "numpy", "boundscheck": True}


def address_of(rule: Rule, kinds: Kinds, taken: Range) -> int:
    """Compile a rule and give the number that stands for it in a policy's record.

    Parameters
    ----------
    rule : callable
        ``f(order, view, policy)`` or ``f(order, view, policy, market)``.
    kinds : Kinds
        Types of the records that it reads.
    taken : Range
        Answers that its decision takes.

    Raises
    ------
    ConfigError
        If it has another signature, takes or does what a rule may not, or does not compile; the
        message shows the line.
    """
    key = (rule, kinds, taken, text_of(rule))
    with global_compiler_lock:
        if key not in _COMPILED:
            _COMPILED[key] = _made(plain(rule), kinds, taken)
    return _COMPILED[key][0]


def _made(function: FunctionType, kinds: Kinds, taken: Range) -> tuple[int, Any]:
    """Give a rule's number and what must be kept for it."""
    arguments = _arguments(function)
    _refuse_no_answer(function)
    if compiling.PLAIN:
        inner = _rebuilt(reach(function))[0]
        ask = inner if arguments == 4 else lambda o, t, p, m: inner(o, t, p)
        compiling.PLAIN_RULES.append(checked(ask, taken))
        return OWN_RULE + len(compiling.PLAIN_RULES), function
    made = _compile(function, kinds, taken)
    return made.address, made


def _arguments(function: FunctionType) -> int:
    parameters = inspect.signature(function, follow_wrapped=False).parameters
    usual = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    each = parameters.values()
    plainly = all(p.kind in usual and p.default is inspect.Parameter.empty for p in each)
    if len(parameters) not in (3, 4) or not plainly:
        raise ConfigError(
            f"rule {function.__name__}: takes ({', '.join(map(str, each))}); a rule takes "
            "(order, view, policy) or (order, view, policy, market), and no defaults"
        )
    return len(parameters)


def _refuse_no_answer(function: FunctionType) -> None:
    """Refuse a rule that ends, in some branch, without an answer."""
    steps = list(dis.get_instructions(function.__code__))
    for before, step in zip([None, *steps], steps, strict=False):
        loads_none = before is not None and before.opname == "LOAD_CONST" and before.argval is None
        if (step.opname == "RETURN_VALUE" and loads_none) or (
            step.opname == "RETURN_CONST" and step.argval is None
        ):
            raise ConfigError(
                f"{where(function, function, line_of(step))}\n  does not return a number in every "
                "branch: after this line it ends without an answer; allowed: a return with a "
                "number at the end of each"
            )


def _compile(function: FunctionType, kinds: Kinds, taken: Range) -> Any:
    place, low, high, whole = taken
    order, view, policy, market = kinds.shown()
    records = [numba.from_dtype(kind) for kind in (order, view, policy, market)]
    full = kinds.policy
    found = reach(function)
    try:
        made = _rebuilt(found)
        inner = made[0]
        with _no_undefined_names(found):
            inner.compile(tuple(records[: function.__code__.co_argcount]))
        _refuse_answers_into_arrays(found, made)
        _refuse_other_answers(function, inner.nopython_signatures[-1].return_type)
        if function.__code__.co_argcount == 3:
            asked = inner

            @numba.njit(**OPTIONS)  # type: ignore[untyped-decorator,unused-ignore]
            def inner(o, t, p, m):  # type: ignore[no-untyped-def]
                return asked(o, t, p)

        def call(o, t, p, m):  # type: ignore[no-untyped-def]
            try:
                answer = 1.0 * inner(
                    numba.carray(o, 1, order)[0],
                    numba.carray(t, 1, view)[0],
                    numba.carray(p, 1, policy)[0],
                    numba.carray(m, 1, market)[0],
                )
            except Exception:
                answer = STOPPED
            inside = answer != STOPPED and low - ROUNDING <= answer <= high + ROUNDING
            if inside and not (whole and answer % 1.0 != 0.0):
                return min(max(answer, low), high)
            odd = numba.carray(p, 1, full)[0].odd_answers
            if odd[place] == 0.0:
                odd[place] = answer
            return max(low, 0.0)

        return numba.cfunc(types.float64(*[types.voidptr] * 4), error_model="numpy")(call)
    except ConfigError:
        raise
    except Exception as error:  # Numba raises many kinds, KeyError and its own
        raise ConfigError(_explain(found, kinds, error)) from None


@contextmanager
def _no_undefined_names(found: list[Reached]) -> Iterator[None]:
    """Refuse names that have no value in some branch; Numba lets them be whatever there is.

    Nothing else is compiled meanwhile: the caller holds the compiler's lock.
    """
    before = numba.config.ALWAYS_WARN_UNINIT_VAR
    numba.config.ALWAYS_WARN_UNINIT_VAR = 1
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            yield
    finally:
        numba.config.ALWAYS_WARN_UNINIT_VAR = before
    for each in told:
        unset = UNSET.search(str(each.message))
        if unset is None:
            continue
        name, file, line = unset[1], abspath(unset[2]), int(unset[3])
        for function, *_ in found:
            code = function.__code__
            lines = {line_of(step) for step in dis.get_instructions(code)}
            if file == abspath(code.co_filename) and line in lines:
                raise ConfigError(
                    f'{where(found[0].function, function, line)}\n  "{name}" has no value in some '
                    "branch; give it one before the first"
                )


def _rebuilt(found: list[Reached]) -> list[Any]:
    """Make a rule and its helpers anew, to be compiled over what was found; there is no more.

    With the compiler off they are plain functions, over the same.
    """
    made: dict[int, tuple[Any, dict[str, Any], tuple[CellType, ...]]] = {}
    for function, *_ in found:
        names = {"__name__": function.__module__, "__builtins__": builtins}
        cells = tuple(CellType() for _ in function.__code__.co_freevars)
        defaults = frozen(function.__defaults__)
        copy = FunctionType(function.__code__, names, function.__name__, defaults, cells)
        named = function.__kwdefaults__ or {}
        copy.__kwdefaults__ = {key: frozen(value) for key, value in named.items()}
        made[id(function)] = numba.njit(**OPTIONS)(copy), names, cells
    for function, taken, libraries, _ in found:
        _, names, cells = made[id(function)]
        around = ModuleType("around")
        for path, module in libraries.items():
            _put(around, path, module)
        for path, value in taken.items():
            compiled = made.get(id(value))
            if not any(path[: len(of)] == of for of in libraries):
                _put(around, path, frozen(value) if compiled is None else compiled[0])
        free = function.__code__.co_freevars
        for name, value in vars(around).items():
            if name in free:
                cells[free.index(name)].cell_contents = value
            elif not name.startswith("__"):
                names[name] = value
    return [made[id(function)][0] for function, *_ in found]


def _refuse_answers_into_arrays(found: list[Reached], made: list[Any]) -> None:
    """Refuse functions of NumPy that are given an array to write their answers into."""
    for (function, *_), each in zip(found, made, strict=True):
        for known in (version.type_annotation for version in each.overloads.values()):
            for step, signature in known.calltypes.items():
                called = known.typemap.get(step.func.name) if _is_call(step) else None
                asked = getattr(called, "typing_key", None)
                if isinstance(asked, np.ufunc) and len(signature.args) > asked.nin:
                    raise ConfigError(
                        f"{where(found[0].function, function, step.loc.line)}\n  writes the answer "
                        f"of {asked.__name__} into an array; a rule only reads what it is given"
                    )


def _is_call(step: Any) -> bool:
    return isinstance(step, ir.Expr) and step.op == "call"


def _put(root: ModuleType, path: tuple[str, ...], value: Any) -> None:
    """Put a value at the end of a path of names, with a module at each step."""
    for name in path[:-1]:
        if not isinstance(vars(root).get(name), ModuleType):
            setattr(root, name, ModuleType(name))
        root = vars(root)[name]
    setattr(root, path[-1], value)


def _refuse_other_answers(function: FunctionType, kind: Any) -> None:
    """Refuse a rule whose answer is no number, by the type that the compiler gives it."""
    if isinstance(kind, types.Float | types.Integer | types.Boolean):
        return
    words = {
        types.Optional: "a number in some branches and nothing in others",
        types.NoneType: "nothing",
        types.UnicodeType: "a text",
        types.BaseTuple: "a tuple",
        types.Array: "an array",
        types.Complex: "a complex number",
        types.Record: "a record",
    }
    kind = types.unliteral(kind)
    given = next((said for sort, said in words.items() if isinstance(kind, sort)), str(kind))
    lines = [line_of(s) for s in dis.get_instructions(function.__code__) if "RETURN" in s.opname]
    raise ConfigError(
        f"{where(function, function, max(lines, default=0))}\n  returns {given}; a rule returns a "
        "number in every branch"
    )


def _explain(found: list[Reached], kinds: Kinds, error: Exception) -> str:
    text = str(error)
    unknown = error.args[0] if isinstance(error, KeyError) else ""
    at_fault, line = _place(found, text, unknown)
    in_place = [(f, line) for f, *_ in found for line in lines_in_place(f.__code__)]
    if unknown:
        shown = kinds.shown()
        names = [name for kind in shown for name in kind.names or ()]
        reason = (
            f'"{unknown}" is not known{nearest(unknown, names)}; an order has '
            f"{', '.join(shown[0].names or ())}; a view has {', '.join(shown[1].names or ())}"
        )
    elif in_place and isinstance(error, AttributeError):  # the compiler has no words for it
        at_fault, line = in_place[0]
        reason = "an operator such as += does not make an array of another type; write x = x + ..."
    else:
        reason = next(
            (
                part.strip()
                for part in text.splitlines()
                if part.strip() and not part.startswith("Failed in")
            ),
            "it does not compile",
        )
    return (
        f"{where(found[0].function, at_fault, line)}\n  does not compile: {reason}\n  A rule is "
        "plain arithmetic, comparisons, if, for and while on numbers, and the functions of math "
        "and numpy."
    )


def _place(found: list[Reached], text: str, unknown: str) -> tuple[FunctionType, int]:
    """Find the function and the line at fault: those of an unknown field, or that Numba names."""
    places = re.findall(r"(?:at|from) (\S.*?) \((\d+)\)", text)
    named = {(file, int(line)) for file, line in places}
    for each in reversed(found):
        function = each.function
        for step in dis.get_instructions(function.__code__):
            place = function.__code__.co_filename, line_of(step)
            if (step.argval == unknown) if unknown else (place in named):
                return function, place[1]
    return found[0].function, 0
