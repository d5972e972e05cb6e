"""The contract that all rules keep, held against random orders, relations and policies.

A rule answers with a number in the range of its decision; the same to the same question; it changes
nothing that it is shown; and it answers alike as plain Python and compiled.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from trustsim.engine.answers import MOST, ROUNDING, Range
from trustsim.engine.compiling import PLAIN, records
from trustsim.engine.own_rules import Kinds, address_of
from trustsim.engine.reach import plain
from trustsim.errors import ConfigError, at, known
from trustsim.market.records import BuyerPolicy, Market, Order, SupplierPolicy, View
from trustsim.schema import BUYER, MARKET, SUPPLIER, Parameter
from trustsim.schema.decisions import DECISIONS, REGISTERED, Decision, Rule

POLICIES = {"buyer": (BuyerPolicy, BUYER), "supplier": (SupplierPolicy, SUPPLIER)}
CLOSE = 1e-9
"""How far apart, relative to their size, the answers of plain Python and of the compiler may be."""

MOST_ORDERS = 60
"""Orders that two may have behind them in what is drawn."""

COUNTS = {"clean", "orders", "idle", "streak", "age", "bidders"}
SHARES = {
    "trust", "rating", "knowhow", "goodwill", "assets", "retained", "watched", "opportunism",
    "advance", "on_delivery", "after", "held", "secured", "evidence", "remoteness", "left",
    "detected", "partner_shared", "acquainted", "default_risk",
}  # fmt: skip
CONDUCTS = {"partner_conduct", "own_conduct"}
"""Last conduct as it was seen: 0 none yet, 1 fair, 2 cheated."""


class RuleBroken(AssertionError):
    """A rule does not keep the contract; the message says where."""


class Question(NamedTuple):
    """What a rule is asked about: records of one order, as its owner sees it."""

    order: Any
    view: Any
    policy: Any
    market: Any


def readable(kind: np.dtype[Any]) -> Any:
    """Make a record whose fields plain Python reads as attributes, as compiled code does."""
    return records(kind, 1).view(np.recarray)[0]


def check_rule(
    rule: Rule | str,
    decision: str | None = None,
    *,
    side: str | None = None,
    questions: int = 200,
    seed: int = 1,
) -> None:
    """Hold a rule against the contract of all rules.

    Parameters
    ----------
    rule : callable or str
        The function, or the name under which it was registered.
    decision : str, optional
        The decision that it takes; that of ``@rule(decision)`` if not given.
    side : {"buyer", "supplier"}, optional
        Whose policy it is shown; both, one after the other, where both take the decision.
    questions : int
        Random orders, relations, policies and markets that it is asked about.
    seed : int
        Seed of what is drawn.

    Raises
    ------
    RuleBroken
        If an answer is out of range, differs from one call to the next, or between plain Python and
        the compiler, or if the rule changes what it is shown.
    ConfigError
        If it is no rule: it takes or does what a rule may not, or does not compile.

    Examples
    --------
    >>> def until_five_clean(order, view, policy):
    ...     return 1.0 if view.clean < 5 else 0.1
    >>> check_rule(until_five_clean, "inspection")
    """
    function, taken = _named(rule, decision)
    if side is not None:
        known(side, DECISIONS[taken].sides, f"{at('', 'side', side, given=True)}does not take it")
    for each in DECISIONS[taken].sides if side is None else (side,):
        _hold(function, DECISIONS[taken], each, _drawn(each, questions, seed))


def _named(rule: Rule | str, decision: str | None) -> tuple[Rule, str]:
    """Give a rule and the decision that it takes."""
    if isinstance(rule, str):
        known(rule, REGISTERED, f"rule '{rule}': none of this name is registered")
        rule, registered = REGISTERED[rule]
    else:
        registered = next((d for f, d in REGISTERED.values() if f is rule), "")
    taken = decision or registered
    if not taken:
        text = "is not registered; say which decision it takes, such as check_rule(f, 'inspection')"
        raise ConfigError(f"rule {getattr(rule, '__name__', rule)}: {text}")
    known(taken, DECISIONS, f"{at('', 'decision', taken, given=True)}there is no such decision")
    return rule, taken


def _hold(rule: Rule, decision: Decision, side: str, questions: Iterator[Question]) -> None:
    """Hold a rule against the contract, question by question."""
    kind = POLICIES[side][0]
    low = -MOST if decision.low is None else decision.low
    high = MOST if decision.high is None else decision.high
    compiled = _compiled(rule, Kinds(Order, View, kind, Market), Range(0, low, high))
    function = plain(rule)
    count = function.__code__.co_argcount
    for question in questions:
        before = [record.tobytes() for record in question]
        answers = [_asked(function, question[:count]) for _ in range(2)]
        if [record.tobytes() for record in question] != before:
            raise _broken(rule, question, "changes what it is shown; a rule only reads")
        first, second = answers
        if first != second:
            text = f"answers {first!r} and {second!r} to the same question"
            raise _broken(rule, question, text)
        if not low - ROUNDING <= first <= high + ROUNDING:
            raise _broken(rule, question, f"answers {first!r}; allowed: {decision.returns}")
        if decision.whole and first % 1.0:
            raise _broken(rule, question, f"answers {first!r}; allowed: {decision.returns}")
        other = compiled(question)
        bounded = min(max(first, low), high)
        if abs(other - bounded) > CLOSE * max(1.0, abs(first)):
            text = f"answers {first!r} as plain Python and {other!r} compiled"
            raise _broken(rule, question, text)


def _asked(function: Callable[..., Any], question: tuple[Any, ...]) -> float:
    """Give the answer of plain Python."""
    try:
        return float(function(*question))
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        raise RuleBroken(f"rule {function.__name__} fails as plain Python with {text}") from error


def _compiled(rule: Rule, kinds: Kinds, taken: Range) -> Callable[[Question], float]:
    """Give the compiled rule as a function of a question; refuse one that does not compile."""
    address = address_of(rule, kinds, taken)
    if PLAIN:  # the compiler is off, and there is nothing to compare with
        function = plain(rule)
        return lambda question: float(function(*question[: function.__code__.co_argcount]))
    call = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p] * 4)(address)

    def ask(question: Question) -> float:
        copies = [np.array([record]) for record in question]
        return float(call(*(copy.ctypes.data for copy in copies)))

    return ask


def _broken(rule: Rule, question: Question, text: str) -> RuleBroken:
    order, view = question.order, question.view
    shown = ", ".join(f"view.{n} = {view[n]:.4g}" for n in ("trust", "orders", "clean", "gain"))
    return RuleBroken(
        f"rule {rule.__name__} {text}\n  asked of an order of {order['lots']:.4g} lots at "
        f"{order['price']:.4g} a lot, with {shown}"
    )


def _drawn(side: str, questions: int, seed: int) -> Iterator[Question]:
    """Draw what a rule is asked about: the first questions are extreme, the rest random."""
    rng = np.random.default_rng(seed)
    kind, rows = POLICIES[side]
    for number in range(questions):
        ends = number < 2
        made = Question(*(readable(each) for each in (Order, View, kind, Market)))
        for record in (made.order, made.view):
            for name in record.dtype.names:
                record[name] = _value(name, float(number) if ends else rng.random())
        if made.view["orders"] == 0.0:
            made.view["partner_conduct"] = made.view["own_conduct"] = made.view["clean"] = 0.0
        made.view["clean"] = min(made.view["clean"], made.view["orders"])
        for record, table in ((made.policy, rows), (made.market, MARKET)):
            for row in table:
                record[row.name] = _parameter(row, float(number) if ends else rng.random())
        yield made


def _value(name: str, u: float) -> float:
    """Give a value of a field of an order or a view, by a number of the unit interval."""
    if name in COUNTS:
        return float(int(u * MOST_ORDERS))
    if name in CONDUCTS:
        return float(int(u * 2.999))
    return u if name in SHARES else 3.0 * u


def _parameter(row: Parameter, u: float) -> float:
    """Give a value of a parameter: its default, or one around it within its bounds."""
    if row.choices:
        return float(int(u * (len(row.choices) - 1)))
    value = min(max(float(row.default) * 2.0 * u, row.low), row.high)
    return float(int(value)) if row.kind is int else value
