"""Off means off: a mechanism that is absent moves nothing, whatever its other parameters are.

And on means on: each one moves the bits of a market in which everything happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.restless_market import bits, bustling

from trustsim.config.scenario import Scenario
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER, Parameter
from trustsim.schema.mechanism_rows.row import Mechanism
from trustsim.schema.mechanisms import MECHANISMS, OWNERS, off_without

TABLES = {"market": MARKET, "buyers": BUYER, "suppliers": SUPPLIER, "instruments": INSTRUMENT}
MANY = {"communities": 20}
"""Most of what would take long if it went up to its bound."""


def rows_of(parameter: str) -> dict[str, Parameter]:
    """Rows of a parameter, by the table in which they stand."""
    return {table: row for table, rows in TABLES.items() for row in rows if row.name == parameter}


def records(scenario: Scenario, table: str) -> dict[str, Any]:
    """Records of a table that are used in a scenario, by name."""
    match table:
        case "buyers":
            return {name: scenario.buyer_policies[name] for name in scenario.buyer_mix}
        case "suppliers":
            return {name: scenario.supplier_policies[name] for name in scenario.supplier_mix}
        case "instruments":
            return dict(scenario.instruments)
    return {"market": scenario.market}


def with_values(scenario: Scenario, values: Mapping[tuple[str, str, str], Any]) -> Scenario:
    """Give a scenario with other values, by table, name and parameter."""
    changes: dict[str, dict[str, dict[str, Any]]] = {}
    for (table, name, parameter), value in values.items():
        now = records(scenario, table)[name].model_dump()
        changes.setdefault(table, {}).setdefault(name, now)[parameter] = value
    market = changes.pop("market", {}).get("market", {})
    if "instruments" in changes:
        market["instruments"] = changes.pop("instruments")
    return scenario.replace(policies=changes, **market)


def absent_values(scenario: Scenario, mechanism: Mechanism) -> dict[tuple[str, str, str], Any]:
    """Values at which a mechanism is absent, wherever a scenario has the parameter."""
    values = {}
    for parameter, absent in mechanism.absent.items():
        for table in rows_of(parameter):
            for name, record in records(scenario, table).items():
                now = getattr(record, parameter)
                other = absent.get(now, now) if isinstance(absent, Mapping) else absent
                values[table, name, parameter] = other
    return values


@cache
def switched_off(name: str, market: Callable[[], Scenario] = bustling) -> Scenario:
    """Give a market without a mechanism and what stands on it."""
    scenario = market()
    for each in off_without([name]):
        scenario = with_values(scenario, absent_values(scenario, MECHANISMS[each]))
    return scenario


@cache
def bits_without(name: str) -> bytes:
    return bits(switched_off(name))


def any_value(row: Parameter) -> st.SearchStrategy[Any]:
    """Give any value that a parameter may have."""
    if row.choices:
        return st.sampled_from(row.choices)
    high = min(row.high, MANY.get(row.name, row.high))
    if row.kind is int:
        return st.integers(int(row.low), int(high))
    return st.floats(row.low, high) | st.sampled_from([row.low, row.high])


@st.composite
def other_values(draw: st.DrawFn, name: str) -> dict[tuple[str, str, str], Any]:
    """Draw the parameters that say nothing when a mechanism is off."""
    values = {}
    for each in off_without([name]):
        for parameter in MECHANISMS[each].owns:
            for table, row in rows_of(parameter).items():
                for record in records(switched_off(name), table):
                    values[table, record, parameter] = draw(any_value(row))
    return values


WITH_MORE = [name for name in MECHANISMS if any(MECHANISMS[n].owns for n in off_without([name]))]


@pytest.mark.parametrize("name", WITH_MORE)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_off_means_off(name: str, data: st.DataObject) -> None:
    values = data.draw(other_values(name))
    assert bits(with_values(switched_off(name), values)) == bits_without(name)


@pytest.mark.parametrize("name", MECHANISMS)
def test_on_means_on(name: str) -> None:
    assert bits_without(name) != bits(bustling())


def test_every_parameter_belongs_to_a_room_or_to_one_mechanism() -> None:
    owned = [name for row in MECHANISMS.values() for name in row.parameters]
    choices = {
        name
        for row in MECHANISMS.values()
        for name, absent in row.absent.items()
        if isinstance(absent, Mapping)
    }
    assert choices == {"search", "haggling", "inspection"}  # some of what can be chosen
    assert {name for name in owned if owned.count(name) > 1} == {"search"}
    assert set(OWNERS) == set(owned) - choices
    for name in owned:
        assert rows_of(name), f"no table has a parameter {name}"


@pytest.mark.parametrize("mechanism", MECHANISMS.values(), ids=lambda row: row.name)
def test_a_row_says_what_there_is(mechanism: Mechanism) -> None:
    from trustsim.engine.luck import EVENTS
    from trustsim.market.schedule import SCHEDULE
    from trustsim.schema.measures import MEASURES

    rooms = {room.__name__.rpartition(".")[2] for room in SCHEDULE}
    assert mechanism.room in rooms
    assert mechanism.text.endswith(".")
    assert set(mechanism.luck) <= set(EVENTS)
    assert mechanism.measures
    assert set(mechanism.measures) <= set(MEASURES)
    assert set(mechanism.needs) <= set(MECHANISMS)
    assert mechanism.absent
    for parameter, absent in mechanism.absent.items():
        for row in rows_of(parameter).values():
            if isinstance(absent, Mapping):
                assert {*absent, *absent.values()} <= set(row.choices)
            elif row.choices:
                assert absent in row.choices
            else:
                assert row.low <= float(absent) <= row.high
                assert type(absent) is row.kind


def test_what_stands_on_a_mechanism_is_off_with_it() -> None:
    assert off_without(["ratings"]) == (
        "ratings", "tiers", "streaks", "delisting", "new_identities", "ransom",
    )  # fmt: skip
    assert off_without(["information_sharing"])[-1] == "technology_shocks"
    assert off_without(["hold_up", "hold_up"]) == ("hold_up",)
    assert off_without([]) == ()
