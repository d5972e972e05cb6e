"""No parameter is idle: each one moves the bits of a market in which everything happens."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from trustsim.config.scenario import Scenario
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER, Parameter
from trustsim.simulation.run import simulate

POLICIES: dict[str, dict[str, dict[str, Any]]] = {
    "buyers": {
        "adversarial": {"documentation": 0.0},  # so that its platform errs
        "crafty": {
            "conduct": "propensity",
            "propensity": 0.5,
            "escalation": "platform",
            "inspection": "equilibrium",
            "documentation": 0.0,
            "haggling": "marginal",
            "search": "referral",
            "terms": "supplier_dictates",
        },
        "answering": {
            "conduct": "reciprocal",
            "first_move": 0.3,
            "after_own_cheating": 0.2,
            "disclosure_rule": "reciprocal",
            "inspection": "deming",
            "escalation": "cheapest",
            "bidders": 1,
            "market_test": 0.2,
            "rating_weight": 1.0,
            "worst": 0.5,
        },
    },
    "suppliers": {
        "crafty": {"conduct": "propensity", "propensity": 0.6, "escalation": "court", "worst": 0.5},
        "answering": {"conduct": "reciprocal", "first_move": 0.3, "after_own_cheating": 0.5},
    },
}
BUYERS = {
    "high_trust": 0.2,
    "adversarial": 0.2,
    "trust_but_verify": 0.2,
    "crafty": 0.2,
    "answering": 0.2,
}
SUPPLIERS = {"cooperative": 0.2, "calculative": 0.3, "crafty": 0.3, "answering": 0.2}
RESTLESS: dict[str, Any] = {
    "buyers": 60,
    "suppliers": 12,
    "contacts": 5,
    "rounds": 40,
    "turn_rate": 0.02,
    "imitation_rate": 0.05,
    "mutation": 0.3,
    "delisting_rating": 0.75,
    "overhead": 0.3,
    "ransom_rate": 0.4,
    "document_loss": 0.05,
    "transit_loss": 0.03,
    "advance_compensation": 0.3,
    "break_rate": 0.02,
    "shock_rate": 0.2,
    "technology_rate": 0.2,
    "law_age": 3,
    "rivals": 2,
    "tier_threshold": 0.6,
}


def restless(**changes: Any) -> Scenario:
    return Scenario(BUYERS, supplier_mix=SUPPLIERS, policies=POLICIES, **{**RESTLESS, **changes})


def bits(scenario: Scenario) -> bytes:
    sums = simulate(scenario).sums
    return sums.rounds.tobytes() + sums.ages.tobytes() + sums.balances.tobytes()


@cache
def usual() -> bytes:
    return bits(restless())


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
    assert any(bits(restless(**{row.name: value})) != usual() for value in values)


def policies_matter(side: str, row: Parameter, names: dict[str, float]) -> bool:
    base = restless()
    return any(
        bits(base.replace(policies={side: {name: {row.name: value}}})) != usual()
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
    base = restless()
    changed = []
    for name, instrument in base.instruments.items():
        other = {"advance": "on_delivery", "on_delivery": "advance"}.get(row.name)
        for value in ends(row):
            if other is None or value + getattr(instrument, other) <= 1.0:
                changed.append(base.replace(instruments={name: {row.name: value}}))
    assert any(bits(each) != usual() for each in changed)
