"""What a rule of the user's is, as text: two rules that may act differently have different texts.

The text goes into the id of a run, so that a changed rule is a new run.
"""

from __future__ import annotations

import inspect
import types
from typing import Any

from trustsim.parameters.models import OWN_RULES, registered_rules, rule_named


def rule_text(parameter: str, value: Any) -> Any:
    """Give what stands for a parameter's value in the id of a run.

    Numbers and the names of built-in rules stand for themselves, a user's rule for its source,
    with what it takes from around it.
    """
    if isinstance(value, str) and parameter in OWN_RULES:
        decision = OWN_RULES[parameter]
        if value in registered_rules(decision):
            return [value, _text(rule_named(value), ())]
        return value
    return [getattr(value, "__name__", ""), _text(value, ())] if callable(value) else value


def _text(value: Any, above: tuple[int, ...]) -> str:
    """Describe a function by its source and all that its result may depend on."""
    function = getattr(value, "py_func", value)
    code = getattr(function, "__code__", None)
    if not isinstance(function, types.FunctionType) or code is None:
        return repr(value) if isinstance(value, int | float | str | bool | tuple) else _name(value)
    if id(function) in above:
        return _name(function)
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        source = repr((code.co_code, code.co_names, _constants(code)))
    inner = (*above, id(function))
    names = inspect.getclosurevars(function)
    around = {**names.globals, **names.nonlocals}
    taken = [(name, _text(around[name], inner)) for name in sorted(around)]
    return repr((source, function.__defaults__, taken))


def _constants(code: types.CodeType) -> tuple[Any, ...]:
    return tuple(_constants(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)


def _name(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value))}"
