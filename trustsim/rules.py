"""A user's own decision rules: plain functions, checked, compiled, and known by name.

A rule is ``f(order, tie, policy)`` or ``f(order, tie, policy, market)`` and returns a number. It
sees the order as far as both sides know it (`trustsim.records.Order`), the relation as its owner
sees it (`trustsim.records.Sight`), its own policy and the public state of the market, and never
the partner's hidden traits.
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
from numba import types

from trustsim import compiled
from trustsim.errors import ConfigError, nearest
from trustsim.parameters import BUYER, SUPPLIER
from trustsim.parameters.fingerprint import text_of
from trustsim.records import (
    OWN_RULE,
    BuyerPolicy,
    Market,
    Order,
    Sight,
    SupplierPolicy,
)

Rule = Callable[..., float]


class Decision(NamedTuple):
    """A decision that a rule can take: the policy's parameter, who decides, what is returned."""

    parameter: str
    sides: tuple[str, ...]
    returns: str


DECISIONS = {
    "award": Decision("award", ("buyer",), "score of a bidder; the highest gets the order"),
    "haggling": Decision("haggling", ("buyer",), "hours of haggling, 0 to 100"),
    "terms": Decision("terms", ("buyer",), "score of an instrument; the highest acceptable one"),
    "disclosure": Decision(
        "disclosure_rule", ("buyer", "supplier"), "probability of disclosing, 0 to 1"
    ),
    "conduct": Decision("conduct", ("buyer", "supplier"), "probability of opportunism, 0 to 1"),
    "inspection": Decision("inspection", ("buyer",), "probability of inspecting the lot, 0 to 1"),
    "escalation": Decision(
        "escalation",
        ("buyer", "supplier"),
        "0 joint problem solving, 1 platform, 2 court, 3 write off",
    ),
}
"""The decisions that a user's rule can take, by name."""

REGISTERED: dict[str, tuple[Rule, str]] = {}
"""Rules of the user's by name, with the decision that each is for."""

WRITES = ("STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR")
"""Instructions of Python that a rule may not have: it would change the market."""

RAISES = ("RAISE_VARARGS", "LOAD_ASSERTION_ERROR")
"""Instructions of Python that a rule may not have: nobody in the walk could catch it."""

_COMPILED: dict[tuple[Rule, str, str], tuple[int, Any]] = {}


def rule(decision: str) -> Callable[[Rule], Rule]:
    """Register a function by its name as a rule for a decision.

    Parameters
    ----------
    decision : str
        One of `DECISIONS`.

    Raises
    ------
    ConfigError
        If there is no such decision, or a built-in rule has the function's name.

    Examples
    --------
    >>> @rule("inspection")
    ... def inspect_until_five_clean(order, tie, policy):
    ...     return 1.0 if tie.clean < 5 else 0.1
    """
    if decision not in DECISIONS:
        raise ConfigError(
            f'rule: there is no decision "{decision}"{nearest(decision, DECISIONS)}; '
            f"decisions are {', '.join(DECISIONS)}"
        )

    parameter = DECISIONS[decision].parameter
    built_in = {c for row in BUYER + SUPPLIER if row.name == parameter for c in row.choices}

    def register(function: Rule) -> Rule:
        if function.__name__ in built_in:
            raise ConfigError(
                f"rule {function.__name__}: is the name of a built-in rule for {decision}; "
                "choose another one"
            )
        REGISTERED[function.__name__] = (function, decision)
        return function

    return register


def address_of(function: Rule, side: str) -> int:
    """Compile a rule and give the number that stands for it in a policy's record.

    Parameters
    ----------
    function : callable
        ``f(order, tie, policy)`` or ``f(order, tie, policy, market)``.
    side : {"buyer", "supplier"}
        Whose policy the rule reads.

    Raises
    ------
    ConfigError
        If it has another signature, writes to what it is given, or does not compile; the message
        shows the line.
    """
    key = (function, side, text_of(function))
    if key not in _COMPILED:
        arguments = _arguments(function)
        _refuse_writing(function)
        if compiled.PLAIN:
            compiled.PLAIN_RULES.append(
                function if arguments == 4 else lambda o, t, p, m: function(o, t, p)
            )
            _COMPILED[key] = (OWN_RULE + len(compiled.PLAIN_RULES), function)
        else:
            made = _compile(function, side, arguments)
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
            "(order, tie, policy) or (order, tie, policy, market)"
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


def _compile(function: Rule, side: str, arguments: int) -> Any:
    policy = BuyerPolicy if side == "buyer" else SupplierPolicy
    order, tie, own, market = (
        numba.from_dtype(record) for record in (Order, Sight, policy, Market)
    )
    signature = types.float64(*(types.CPointer(record) for record in (order, tie, own, market)))
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
        raise ConfigError(_explain(function, side, error)) from None


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


def _explain(function: Rule, side: str, error: Exception) -> str:
    text = str(error)
    code = getattr(function, "__code__", None)
    unknown = error.args[0] if isinstance(error, KeyError) else ""
    line = 0
    if unknown and code is not None:
        lines = [_line(step) for step in dis.get_instructions(code) if step.argval == unknown]
        line = lines[0] if lines else 0
    elif code is not None:
        places = re.findall(r"(?:at|from) (\S.*?) \((\d+)\)", text)
        line = next((int(found) for file, found in places if file == code.co_filename), 0)
    if unknown:
        policy = BuyerPolicy if side == "buyer" else SupplierPolicy
        names = [name for kind in (Order, Sight, policy, Market) for name in kind.names or ()]
        reason = (
            f'"{unknown}" is not known{nearest(unknown, names)}; an order has '
            f"{', '.join(Order.names or ())}; a tie has {', '.join(Sight.names or ())}"
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
