"""The checks made from the tables of parameters, and what every row must say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.scenario_words import message

from trustsim.errors import ConfigError
from trustsim.schema.checking import (
    BUYERS,
    EXPERIMENTS,
    INSTRUMENTS,
    MARKETS,
    SUPPLIERS,
    check_replicate,
    complete,
)
from trustsim.schema.row import Parameter
from trustsim.schema.translation import read


def check(kind: Any, values: Any, key: str) -> dict[str, Any]:
    checked = vars(read(type(kind.default), values, key))
    return {name: checked[name] for name in values}


KINDS = {kind.name: kind for kind in (MARKETS, BUYERS, SUPPLIERS, INSTRUMENTS, EXPERIMENTS)}


ROWS = [pytest.param(kind, row, id=f"{name}-{row.name}")
        for name, kind in KINDS.items() for row in kind.rows.values()]  # fmt: skip


NUMBERS = [each for each in ROWS if not each.values[1].choices]


RULES = [each for each in ROWS if each.values[1].choices]


class TestTables:
    """The checks made from the tables of parameters."""

    @pytest.mark.parametrize(("kind", "row"), ROWS)
    def test_default_is_allowed(self, kind: Any, row: Parameter) -> None:
        assert check(kind, {row.name: row.default}, "") == {row.name: row.default}

    @pytest.mark.parametrize(("kind", "row"), NUMBERS)
    def test_bounds_are_allowed_and_nothing_beyond(self, kind: Any, row: Parameter) -> None:
        for bound in (row.kind(row.low), row.kind(row.high)):
            assert check(kind, {row.name: bound}, "") == {row.name: bound}
        step = 1 if row.kind is int else 1e-6
        for beyond in (row.kind(row.low) - step, row.kind(row.high) * 2 + 1):
            with pytest.raises(ConfigError, match=row.name):
                check(kind, {row.name: beyond}, "")

    @pytest.mark.parametrize(("kind", "row"), NUMBERS)
    def test_only_numbers_are_numbers(self, kind: Any, row: Parameter) -> None:
        for value in (True, "1", None, math.nan, math.inf, [1], {}, 1j):
            with pytest.raises(ConfigError, match=r"allowed: a (whole )?number from"):
                check(kind, {row.name: value}, "")

    @pytest.mark.parametrize(("kind", "row"), RULES)
    def test_rules_are_chosen_by_name(self, kind: Any, row: Parameter) -> None:
        for choice in row.choices:
            assert check(kind, {row.name: choice}, "") == {row.name: choice}
        with pytest.raises(ConfigError) as caught:
            check(kind, {row.name: row.choices[0] + "x"}, "")
        assert f'did you mean "{row.choices[0]}"?' in str(caught.value)

    def test_whole_numbers_become_floats_and_numpy_scalars_numbers(self) -> None:
        found = check(MARKETS, {"hold_up": 1, "buyers": np.int64(5), "value": np.float32(2)}, "")
        assert found == {"hold_up": 1.0, "buyers": 5, "value": 2.0}
        assert {name: type(value) for name, value in found.items()} == {
            "hold_up": float,
            "buyers": int,
            "value": float,
        }

    def test_whole_number_is_no_float(self) -> None:
        assert "a whole number from 1" in message(buyers=5.0)

    def test_all_problems_of_a_table_are_said_at_once(self) -> None:
        said = message(buyers=0, byers=3, hold_up=2.0).splitlines()
        assert [line.split(" = ")[0] for line in said] == [
            "market.buyers", "market.hold_up", "market.byers"
        ]  # fmt: skip

    @pytest.mark.parametrize("value", [np.timedelta64(3), np.timedelta64(3, "ns"), np.void(3)])
    def test_times_of_numpy_are_no_numbers(self, value: Any) -> None:
        for name in ("buyers", "late_rate"):
            with pytest.raises(ConfigError, match=f"{name} = .*: allowed: a "):
                check(MARKETS, {name: value}, "")
        with pytest.raises(ConfigError, match=r"replicate = .*: allowed: a whole number"):
            check_replicate(value)

    def test_records_are_frozen(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            complete(MARKETS, {}).buyers = 3  # type: ignore[attr-defined]


def test_every_parameter_has_unit_meaning_source_and_room() -> None:
    for kind in KINDS.values():
        for row in kind.rows.values():
            assert all((row.unit, row.text, row.source)), row.name
            assert row.room or kind is EXPERIMENTS, row.name
            assert row.default in row.choices if row.choices else row.low <= row.default <= row.high
