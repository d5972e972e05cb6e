"""What a rule of the user's is, as text: two rules that may act differently have different texts.

The text goes into the id of a run, so that a changed rule is a new run.
"""

from __future__ import annotations

import inspect
import types
from typing import Any

import numpy as np

from trustsim.errors import ConfigError


def rule_text(value: Any) -> Any:
    """Give what stands for a parameter's value in the id of a run.

    Numbers and the names of built-in rules stand for themselves, a user's rule for its source,
    with what it takes from around it.
    """
    return [getattr(value, "__name__", ""), text_of(value)] if callable(value) else value


def text_of(function: Any) -> str:
    """Describe a rule by its source and all that its answers may depend on.

    Raises
    ------
    ConfigError
        If it takes something from around it that cannot be told apart, such as a list.
    """
    return _text(function, (), "")


def _text(value: Any, above: tuple[int, ...], name: str) -> str:
    function = getattr(value, "py_func", value)
    code = getattr(function, "__code__", None)
    if not isinstance(function, types.FunctionType) or code is None:
        return _constant(value, name)
    if id(function) in above:
        return _name(function)
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        source = repr((code.co_code, code.co_names, _constants(code)))
    inner = (*above, id(function))
    names = inspect.getclosurevars(function)
    around = {**names.globals, **names.nonlocals}
    taken = [(each, _text(around[each], inner, each)) for each in sorted(around)]
    return repr((source, function.__defaults__, taken))


def _constant(value: Any, name: str) -> str:
    """Describe what a rule takes from around it and is no function of Python's."""
    if isinstance(value, tuple):
        return repr([_constant(each, name) for each in value])
    if isinstance(value, np.ndarray | np.generic) and value.dtype != object:
        return repr((value.dtype.str, value.shape, value.tobytes()))
    if isinstance(value, int | float | str | bool | None):
        return repr(value)
    if callable(value) or isinstance(value, types.ModuleType):
        return _name(value)
    raise ConfigError(
        f"a rule takes '{name}', a {type(value).__name__}, from around it; allowed: numbers, "
        "texts, tuples, NumPy arrays, functions and modules"
    )


def _constants(code: types.CodeType) -> tuple[Any, ...]:
    return tuple(_constants(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)


def _name(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value))}"
