"""No parameter is idle: each one moves the bits of a market in which everything happens."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from support.restless_market import BUYERS, SUPPLIERS, bits, bustling

from trustsim.config.scenario import Scenario
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER, Parameter


@cache
def usual() -> bytes:
    return bits(bustling())


def ends(row: Parameter) -> list[Any]:
    """Give values for a parameter: all choices of a rule, the bounds of a number."""
    if row.choices:
        return list(row.choices)
    small = {"communities": 20, "suppliers": 20, "buyers": 90}
    high = small.get(row.name, row.high)
    return [int(row.low), int(high)] if row.kind is int else [row.low, high]


PARTNERS = {"cost_low": 0.5, "cost_high": 2.0, "defect_good": 0.2, "defect_bad": 0.9}
"""Values for parameters that bound each other."""


@pytest.mark.parametrize("row", MARKET, ids=lambda row: row.name)
def test_every_parameter_of_the_market_matters(row: Parameter) -> None:
    values = [PARTNERS[row.name]] if row.name in PARTNERS else ends(row)
    assert any(bits(bustling(**{row.name: value})) != usual() for value in values)


@cache
def on_credit() -> tuple[Scenario, bytes]:
    """Everybody pays later, so that buyers of all policies can cheat; both sides do, and stay."""
    scenario = bustling(buyer_opportunism_mean=0.9).replace(
        instruments=["open_account"],
        policies={
            "buyers": {"answering": {"first_move": 1.0, "after_own_cheating": 1.0, "exit": 0.0}},
            "suppliers": {"crafty": {"conduct": "always", "exit": 0.0}},
        },
    )
    return scenario, bits(scenario)


def policies_matter(side: str, row: Parameter, names: dict[str, float]) -> bool:
    return any(
        bits(base.replace(policies={side: {name: {row.name: value}}})) != before
        for base, before in ((bustling(), usual()), on_credit())
        for name in names
        for value in ends(row)
    )


@pytest.mark.parametrize("row", BUYER, ids=lambda row: row.name)
def test_every_parameter_of_buyers_matters(row: Parameter) -> None:
    assert policies_matter("buyers", row, BUYERS)


@pytest.mark.parametrize("row", SUPPLIER, ids=lambda row: row.name)
def test_every_parameter_of_suppliers_matters(row: Parameter) -> None:
    assert policies_matter("suppliers", row, SUPPLIERS)


@pytest.mark.parametrize("row", INSTRUMENT, ids=lambda row: row.name)
def test_every_parameter_of_instruments_matters(row: Parameter) -> None:
    base = bustling()
    changed = []
    for name, instrument in base.instruments.items():
        other = {"advance": "on_delivery", "on_delivery": "advance"}.get(row.name)
        for value in ends(row):
            if other is None or value + getattr(instrument, other) <= 1.0:
                changed.append(base.replace(instruments={name: {row.name: value}}))
    assert any(bits(each) != usual() for each in changed)
