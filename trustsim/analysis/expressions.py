"""What a text says of every order, worked out from columns of the table of orders.

A column; a column compared with a number or a name in quotes, which is 1 or 0; ``not`` before one,
which is what is missing to 1; ``and`` between them multiplies, ``or`` takes the largest.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustsim.errors import ConfigError

COMPARED = {
    "==": operator.eq, "!=": operator.ne,
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip
QUOTES = "\"'"
FACTOR = re.compile(r"""(not )?(\w+)(?: (==|!=|>=|<=|>|<) ('\w+'|"\w+"|-?\d+(?:\.\d+)?))?""")

Columns = Callable[[str], Any]
"""Gives a column by its name; raises `ConfigError` if there is none."""


def of_columns(text: str, column: Columns) -> NDArray[np.float64]:
    """Work out what a text says of every order.

    Raises
    ------
    ConfigError
        If the text says something else, or names no column of orders.
    """
    parts = (part.split(" and ") for part in text.split(" or "))
    products = [np.prod([_factor(each, text, column) for each in part], axis=0) for part in parts]
    largest: NDArray[np.float64] = np.max(products, axis=0)
    return largest


def columns_of(text: str) -> list[str]:
    """Give the names of the columns that a text speaks of.

    Raises
    ------
    ConfigError
        If it is no such text.
    """
    factors = (each for part in text.split(" or ") for each in part.split(" and "))
    return list(dict.fromkeys(_parsed(each, text)[1] for each in factors))


def _parsed(factor: str, text: str) -> tuple[str, str, str, str]:
    found = FACTOR.fullmatch(factor.strip())
    if found is None:
        raise ConfigError(f"{text!r}: {factor!r} is no column, nor one compared with a value")
    reverse, name, how, value = found.groups()
    return reverse or "", name, how or "", value or ""


def _factor(factor: str, text: str, column: Columns) -> NDArray[np.float64]:
    reverse, name, how, value = _parsed(factor, text)
    found = column(name)
    if how:
        found = COMPARED[how](found, value[1:-1] if value[0] in QUOTES else float(value))
    numbers: NDArray[np.float64] = np.asarray(found, float)
    return 1.0 - numbers if reverse else numbers
