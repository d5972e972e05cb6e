"""The precision in a config: what can be read, and what is said of what cannot."""

import re
from typing import Any

import pytest

from trustsim.config.precision import Precision, read_precision
from trustsim.errors import ConfigError


def test_everything_is_read() -> None:
    table = {
        "measure": "dispute_rate",
        "half_width": 0.01,
        "relative": True,
        "confidence": 0.9,
        "max": 500,
        "start": 30,
    }
    assert read_precision(table) == Precision(0.01, "dispute_rate", True, 0.9, 500, 30)


def test_what_is_not_said_has_a_default() -> None:
    found = read_precision({"half_width": 1})
    assert found == Precision(1.0, "total_cost", False, 0.95, 2000, 20)
    assert isinstance(found.half_width, float)


def test_a_small_maximum_takes_the_start_with_it() -> None:
    assert read_precision({"half_width": 1, "max": 8}).start == 8


def test_the_share_of_an_instrument_is_a_measure() -> None:
    table = {"half_width": 0.01, "measure": "instrument_share_escrow"}
    assert read_precision(table, instruments=["escrow"]).measure == "instrument_share_escrow"
    with pytest.raises(ConfigError, match="unknown measure"):
        read_precision(table)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"halfwidth": 0.1}, 'precision.halfwidth = 0.1: unknown key (did you mean "half_width"?)'),
        ({"measure": "totl_cost"}, 'unknown measure (did you mean "total_cost"?)'),
        ({"measure": 3}, "precision.measure = 3: unknown measure"),
        ({"half_width": 0}, "precision.half_width = 0: allowed: a number above 0"),
        ({"half_width": -0.1}, "precision.half_width = -0.1: allowed: a number above 0"),
        ({"half_width": "small"}, "precision.half_width = 'small': allowed: a number above 0"),
        ({"half_width": True}, "precision.half_width = True: allowed: a number above 0"),
        ({"half_width": float("inf")}, "precision.half_width = inf: allowed: a number above 0"),
        ({"half_width": float("nan")}, "precision.half_width = nan: allowed: a number above 0"),
        ({"half_width": 5, "relative": True}, "at most 1; it is a share of the baseline's mean"),
        ({"relative": 1}, "precision.relative = 1: allowed: true or false"),
        ({"confidence": 95}, "confidence = 95: allowed: 0.5 or more, below 1; 0.95 is 95 %"),
        ({"confidence": 1.0}, "precision.confidence = 1.0: allowed: 0.5 or more, below 1"),
        ({"confidence": 0.4}, "precision.confidence = 0.4: allowed: 0.5 or more, below 1"),
        ({"max": 1}, "precision.max = 1: allowed: a whole number from 2 to 1000000"),
        ({"max": 1_000_001}, "precision.max = 1000001: allowed: a whole number from 2 to 1000000"),
        ({"max": 20.0}, "precision.max = 20.0: allowed: a whole number"),
        ({"max": True}, "precision.max = True: allowed: a whole number"),
        ({"start": 1}, "precision.start = 1: allowed: a whole number from 2 to "),
        ({"start": 51, "max": 50}, "precision.start = 51: allowed: a whole number from 2 to 50"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_can(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        read_precision({"half_width": 0.01, **change}, "study.toml")
    assert str(caught.value).startswith("study.toml: precision.")


@pytest.mark.parametrize("table", [0.005, "small", None, [1]])
def test_what_is_no_table_is_shown_one(table: Any) -> None:
    with pytest.raises(ConfigError, match=r"must be a table, such as precision = \{"):
        read_precision(table, "study.toml")


def test_a_half_width_must_be_given() -> None:
    with pytest.raises(ConfigError, match=r"precision\.half_width: is missing, as in precision ="):
        read_precision({"measure": "total_cost"})
