"""What a text says of every order: columns, comparisons, and, or, not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trustsim.analysis.expressions import columns_of, of_columns
from trustsim.errors import ConfigError

COLUMNS = {
    "price": np.array([1.0, 2.0, 3.0]),
    "late": np.array([0, 1, 1]),
    "policy": np.array(["a", "b", "a"]),
}


def column(name: str) -> Any:
    return COLUMNS[name]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("price", [1.0, 2.0, 3.0]),
        ("price >= 2", [0.0, 1.0, 1.0]),
        ("price < -1.5", [0.0, 0.0, 0.0]),
        ("policy == 'a'", [1.0, 0.0, 1.0]),
        ('policy != "a"', [0.0, 1.0, 0.0]),
        ("not late", [1.0, 0.0, 0.0]),
        ("price and late", [0.0, 2.0, 3.0]),
        ("price or late", [1.0, 2.0, 3.0]),
        ("late and policy == 'a' or price == 1", [1.0, 0.0, 1.0]),
    ],
)
def test_what_a_text_says(text: str, known: list[float]) -> None:
    np.testing.assert_array_equal(of_columns(text, column), known)


def test_the_columns_that_a_text_speaks_of() -> None:
    assert columns_of("late and not policy == 'a' or price > 1 and late") == [
        "late",
        "policy",
        "price",
    ]


@pytest.mark.parametrize("text", ["", "price +", "price == 'a b'", "late and", "f(x)"])
def test_what_is_no_such_text(text: str) -> None:
    for ask in (columns_of, lambda said: of_columns(said, column)):
        with pytest.raises(ConfigError, match="is no column, nor one compared with a value"):
            ask(text)
