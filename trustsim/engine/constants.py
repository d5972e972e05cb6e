"""Constants that a rule of the user's may take from around it, and the text that tells them apart.

The text is the same in every process: it holds no address, no order of a set and no path.
"""

from __future__ import annotations

import enum
import hashlib
from collections import namedtuple
from typing import Any

import numpy as np

PLAIN_TYPES = (type(None), bool, int, float, complex, str, bytes)
WRITTEN_BY_PYTHON = (
    "__annotations__",
    "__orig_bases__",
    "__slotnames__",  # by copyreg, when a value of the class is first pickled or copied
    "__firstlineno__",
    "__static_attributes__",
    "__annotate_func__",
    "__annotations_cache__",
)


def constant_text(value: Any) -> str | None:
    """Describe a constant by its type and its value; None if it is none that a rule may take."""
    kind = type(value)
    if kind in PLAIN_TYPES:
        return f"{kind.__name__} {value!r}"
    if isinstance(value, np.generic) or kind is np.ndarray:
        return None if value.dtype.hasobject else _numbers(value)
    if isinstance(value, enum.Enum):
        inner = _number_text(value.value)
        return inner and f"{kind.__qualname__}.{value.name} = {inner}"
    if is_enum(value):
        members = [(name, _number_text(each.value)) for name, each in value.__members__.items()]
        return None if any(text is None for _, text in members) else _table(value, members)
    if _has_methods(value if isinstance(value, type) else kind):
        return None
    if is_named_tuple(value):
        defaults = [(n, _number_text(each)) for n, each in value._field_defaults.items()]
        return None if any(text is None for _, text in defaults) else _table(value, defaults)
    if kind is tuple or is_named_tuple(kind):
        parts = [constant_text(each) for each in value]
        return None if None in parts else f"{getattr(kind, '_fields', '')} {parts!r}"
    return None


def _number_text(value: Any) -> str | None:
    """Describe what stands in a class, where no array can be kept from change: None for these."""
    if isinstance(value, np.ndarray):
        return None
    if isinstance(value, tuple) and any(_number_text(each) is None for each in value):
        return None
    return constant_text(value)


def frozen(value: Any) -> Any:
    """Give a constant that nobody else can change: arrays are copied."""
    if type(value) is np.ndarray:
        copy = value.copy(order="K")
        copy.flags.writeable = False
        return copy
    if type(value) is tuple:
        return tuple(frozen(each) for each in value)
    if is_named_tuple(type(value)):
        return type(value)._make(frozen(each) for each in value)
    return value


def is_enum(value: Any) -> bool:
    """Whether a value is a class of an enumeration."""
    return isinstance(value, type) and issubclass(value, enum.Enum)


def is_named_tuple(value: Any) -> bool:
    """Whether a value is the class of a named tuple."""
    return isinstance(value, type) and issubclass(value, tuple) and hasattr(value, "_fields")


def _has_methods(kind: Any) -> bool:
    """Whether the class of a named tuple has more of its own than fields: code to be told apart."""
    if not is_named_tuple(kind):
        return False
    own = [vars(each) for each in kind.__mro__ if each not in (tuple, object)]
    usual = {*vars(namedtuple("Plain", ())), *kind._fields, *WRITTEN_BY_PYTHON}
    return bool({name for names in own for name in names} - usual)


def _numbers(value: Any) -> str:
    shape, strides = getattr(value, "shape", ()), getattr(value, "strides", ())
    digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    return f"{type(value).__name__} {value.dtype.descr!r} {shape} {strides} {digest}"


def _table(kind: Any, rows: list[Any]) -> str:
    return f"{kind.__qualname__} {getattr(kind, '_fields', '')} {rows!r}"
