"""What a rule of the user's is, as text: two rules that may act differently have different texts.

The text goes into the id of a run, so that a changed rule is a new run. It is made of the
instructions that Python runs and not of the file that they came from, which may have been edited
since.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from trustsim.engine.constants import constant_text
from trustsim.engine.reach import Reached, reach
from trustsim.engine.well_known import known_name


def rule_text(value: Any) -> Any:
    """Give what stands for a parameter's value in the id of a run.

    Numbers and the names of built-in rules stand for themselves, a user's rule for its
    instructions, with what it takes from around it.
    """
    return [getattr(value, "__name__", ""), text_of(value)] if callable(value) else value


def text_of(rule: Any) -> str:
    """Describe a rule by its instructions, its helpers' and the values of all that these take.

    Functions of well-known libraries go by their names and versions.

    Raises
    ------
    ConfigError
        If it takes what cannot be told apart, such as a list, or what a rule may not use.
    """
    found = reach(rule)
    names = {id(each.function): f"function {number}" for number, each in enumerate(found)}
    return repr([_text(each, names) for each in found])


def _text(found: Reached, names: dict[int, str]) -> Any:
    function = found.function
    defaults = [constant_text(value) for value in function.__defaults__ or ()]
    named = {key: constant_text(value) for key, value in (function.__kwdefaults__ or {}).items()}
    taken = [
        (".".join(path), names.get(id(value)) or known_name(value) or str(constant_text(value)))
        for path, value in sorted(found.taken.items())
    ]
    return _instructions(function.__code__), defaults, sorted(named.items()), taken


def _instructions(code: CodeType) -> Any:
    """Give what a function does: no file and no lines, which may hold other code by now."""
    taken = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    handlers = code.co_exceptiontable.hex()
    return taken, names, code.co_code.hex(), handlers, [_constant(each) for each in code.co_consts]


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _instructions(value)
    if isinstance(value, tuple):
        return "tuple", [_constant(each) for each in value]
    if isinstance(value, frozenset):
        return "set", sorted(repr(_constant(each)) for each in value)
    return repr(value)
