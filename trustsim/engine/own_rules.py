"""A user's own decision rules: plain functions that are checked and compiled.

Which records a rule is given is said by whoever calls it; this module sees to it that the rule only
reads them, draws no luck and answers with a number.
"""

from __future__ import annotations

import dis
import inspect
import linecache
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types

from trustsim.engine import compiling
from trustsim.engine.compiling import OWN_RULE
from trustsim.engine.fingerprint import text_of
from trustsim.errors import ConfigError, nearest

Rule = Callable[..., float]


class Kinds(NamedTuple):
    """The records that a rule is given, in the order of its arguments."""

    order: np.dtype[Any]
    view: np.dtype[Any]
    policy: np.dtype[Any]
    market: np.dtype[Any]


WRITES = ("STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR")
"""Instructions of Python that a rule may not have: it would change the market."""

RAISES = ("RAISE_VARARGS", "LOAD_ASSERTION_ERROR")
"""Instructions of Python that a rule may not have: nobody in the walk could catch it."""

_COMPILED: dict[tuple[Rule, Kinds, str], tuple[int, Any]] = {}


def address_of(function: Rule, kinds: Kinds) -> int:
    """Compile a rule and give the number that stands for it in a policy's record.

    Parameters
    ----------
    function : callable
        ``f(order, view, policy)`` or ``f(order, view, policy, market)``.
    kinds : Kinds
        Types of the records that it reads.

    Raises
    ------
    ConfigError
        If it has another signature, writes to what it is given, or does not compile; the message
        shows the line.
    """
    key = (function, kinds, text_of(function))
    if key not in _COMPILED:
        arguments = _arguments(function)
        _refuse_writing(function)
        if compiling.PLAIN:
            compiling.PLAIN_RULES.append(
                function if arguments == 4 else lambda o, t, p, m: function(o, t, p)
            )
            _COMPILED[key] = (OWN_RULE + len(compiling.PLAIN_RULES), function)
        else:
            made = _compile(function, kinds, arguments)
            _COMPILED[key] = (made.address, made)
    return _COMPILED[key][0]


def _arguments(function: Rule) -> int:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        parameters = {}  # type: ignore[assignment]
    if len(parameters) not in (3, 4):
        raise ConfigError(
            f"rule {_name(function)}: takes ({', '.join(parameters)}); a rule takes "
            "(order, view, policy) or (order, view, policy, market)"
        )
    return len(parameters)


def _refuse_writing(function: Rule) -> None:
    code = getattr(function, "__code__", None)
    for step in dis.get_instructions(code) if code is not None else ():
        if step.opname in WRITES:
            raise ConfigError(
                f"{_where(function, _line(step))}\n  writes to {step.argval or 'an item'}; a rule "
                "only reads what it is given, and answers with a number"
            )
        if step.opname in RAISES:
            raise ConfigError(
                f"{_where(function, _line(step))}\n  raises an error; a rule always answers with a "
                "number"
            )
        if step.argval == "random":
            raise ConfigError(
                f"{_where(function, _line(step))}\n  draws random numbers; a rule answers with a "
                "probability, and the luck is the market's"
            )


def _compile(function: Rule, kinds: Kinds, arguments: int) -> Any:
    signature = types.float64(*(types.CPointer(numba.from_dtype(kind)) for kind in kinds))
    try:
        inner = numba.njit(error_model="numpy", boundscheck=True)(function)
        if arguments == 4:

            def call(o, t, p, m):  # type: ignore[no-untyped-def]
                try:
                    return 1.0 * inner(
                        numba.carray(o, 1)[0],
                        numba.carray(t, 1)[0],
                        numba.carray(p, 1)[0],
                        numba.carray(m, 1)[0],
                    )
                except Exception:
                    return math.nan

        else:

            def call(o, t, p, m):  # type: ignore[no-untyped-def]
                try:
                    return 1.0 * inner(
                        numba.carray(o, 1)[0], numba.carray(t, 1)[0], numba.carray(p, 1)[0]
                    )
                except Exception:
                    return math.nan

        return numba.cfunc(signature)(call)
    except Exception as error:  # Numba raises many kinds, KeyError and its own
        raise ConfigError(_explain(function, kinds, error)) from None


def _name(function: Rule) -> str:
    return getattr(function, "__name__", repr(function))


def _where(function: Rule, line: int = 0) -> str:
    """Name a rule, its file and the line at fault: that of its head if no other is known."""
    code = getattr(function, "__code__", None)
    if code is None:
        return f"rule {_name(function)}"
    line = line or code.co_firstlineno
    shown = linecache.getline(code.co_filename, line).strip()
    return f'rule {_name(function)}, file "{code.co_filename}", line {line}: {shown}'


def _line(step: dis.Instruction) -> int:
    return (step.positions.lineno if step.positions else None) or 0


def _explain(function: Rule, kinds: Kinds, error: Exception) -> str:
    text = str(error)
    code = getattr(function, "__code__", None)
    unknown = error.args[0] if isinstance(error, KeyError) else ""
    line = 0
    if unknown and code is not None:
        lines = [_line(step) for step in dis.get_instructions(code) if step.argval == unknown]
        line = lines[0] if lines else 0
    elif code is not None:
        places = re.findall(r"(?:at|from) (\S.*?) \((\d+)\)", text)
        line = next((int(result) for file, result in places if file == code.co_filename), 0)
    if unknown:
        names = [name for kind in kinds for name in kind.names or ()]
        reason = (
            f'"{unknown}" is not known{nearest(unknown, names)}; an order has '
            f"{', '.join(kinds.order.names or ())}; a view has {', '.join(kinds.view.names or ())}"
        )
    elif "float64, none)" in text:
        reason = "it does not return a number"
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
        f"{_where(function, line)}\n  does not compile: {reason}\n  A rule is plain arithmetic, "
        "comparisons, if, for and while on numbers, and the functions of math and numpy."
    )
