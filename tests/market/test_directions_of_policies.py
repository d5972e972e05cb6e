"""Which way each number of a policy or an instrument works, not only that it does.

All policies of a side, or all instruments, get a low and a high value of the number, under the same
luck. Most directions follow from the accounts: hours, fees and rates are paid for. What has no
clear direction there stands with the test of the limiting case in which its effect is known.
"""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from market.test_directions import assert_sign, of
from support.quiet_market import quiet
from support.restless_market import BUYERS, SUPPLIERS, restless

from trustsim.config.scenario import Scenario
from trustsim.schema import BUYER, INSTRUMENT, SUPPLIER
from trustsim.simulation.run import simulate

Direction = tuple[dict[str, Any], float, float, str, int]

BY_PROPENSITY = {"conduct": "propensity", "propensity": 0.5}
RECIPROCAL = {"conduct": "reciprocal", "first_move": 0.3, "after_own_cheating": 0.3}
BY_TRUST = {"inspection": "by_trust", "inspection_rate": 1.0}
SAMPLING = {"inspection": "sampling"}
SHARED = {"disclosure_rule": "always"}

OF_BUYERS: dict[str, Direction] = {
    "propensity": (BY_PROPENSITY, 0.1, 0.8, "buyer_opportunism_rate", 1),
    "worst": (BY_PROPENSITY, 0.0, 0.9, "dispute_rate", 1),
    "first_move": (RECIPROCAL, 0.0, 0.9, "buyer_opportunism_rate", 1),
    "after_both_fair": (RECIPROCAL, 0.0, 0.5, "buyer_opportunism_rate", 1),
    "after_partner_cheated": (RECIPROCAL, 0.0, 1.0, "buyer_opportunism_rate", 1),
    "after_own_cheating": (RECIPROCAL, 0.0, 1.0, "buyer_opportunism_rate", 1),
    "prior_good": ({}, 0.5, 5.0, "trust_in_suppliers", 1),
    "prior_bad": ({}, 0.5, 5.0, "trust_in_suppliers", -1),
    "disclosure": (SHARED, 0.1, 0.9, "knowhow", 1),
    "bidders": ({}, 1, 4, "cost_sourcing", 1),
    "haggling_hours": ({"haggling": "fixed"}, 0.5, 6.0, "cost_negotiation", 1),
    "contracting": ({}, 0.1, 1.0, "cost_negotiation", 1),
    "contract_trust": ({"contracting": 1.0}, 0.0, 1.0, "cost_negotiation", -1),
    "documentation": ({}, 0.0, 1.0, "cost_negotiation", 1),
    "inspection_rate": ({"inspection": "fixed"}, 0.2, 0.9, "cost_inspection", 1),
    "trust_power": (BY_TRUST, 0.5, 5.0, "inspection_rate", -1),
    "sample_size": (SAMPLING, 20, 200, "cost_inspection", 1),
    "acceptance_number": (SAMPLING, 0, 30, "defect_escape_rate", 1),
    # who pays late is sold to against money in escrow
    "lateness": ({}, 0.0, 0.8, "instrument_share_escrow", 1),
    "exit": ({"voice": 0.0}, 0.0, 1.0, "repurchase_rate", -1),
    "blame": ({}, 0.0, 1.0, "trust_in_suppliers", -1),
}
OF_SUPPLIERS: dict[str, Direction] = {
    "propensity": (BY_PROPENSITY, 0.1, 0.8, "supplier_opportunism_rate", 1),
    "worst": (BY_PROPENSITY, 0.0, 0.9, "accepted", -1),
    "first_move": (RECIPROCAL, 0.0, 0.9, "supplier_opportunism_rate", 1),
    "after_both_fair": (RECIPROCAL, 0.0, 0.5, "supplier_opportunism_rate", 1),
    "after_partner_cheated": (RECIPROCAL, 0.0, 1.0, "supplier_opportunism_rate", 1),
    "after_own_cheating": (RECIPROCAL, 0.0, 1.0, "supplier_opportunism_rate", 1),
    "after_both_cheated": (RECIPROCAL, 0.0, 1.0, "supplier_opportunism_rate", 1),
    "prior_good": ({}, 0.5, 5.0, "trust_in_buyers", 1),
    "prior_bad": ({}, 0.5, 5.0, "trust_in_buyers", -1),
    "disclosure": (SHARED, 0.1, 0.9, "knowhow", 1),
    "care": ({}, 0.0, 1.0, "cost_delay", -1),
    # who was wronged is gone, and those who stay are trusted
    "exit": ({}, 0.0, 1.0, "trust_in_buyers", 1),
    "admission": ({}, 0.0, 1.0, "dispute_rate", -1),
}
IN_QUIET: dict[tuple[str, str], tuple[dict[str, Any], str, int]] = {
    ("buyer", "market_test"): (
        {"suppliers": 2, "contacts": 2, "bid_hours": 0.0},
        "cost_sourcing",
        1,
    ),
    ("buyer", "exploration"): ({"suppliers": 9, "contacts": 2}, "cost_sourcing", 1),
    ("buyer", "upkeep"): ({"upkeep_hours": 2.0}, "cost_sourcing", 1),
    ("supplier", "outgoing_inspection"): ({"inspection_cost": 0.05}, "supplier_profit", -1),
}
"""Numbers whose cost is seen where nothing else costs anything: none of it and all of it."""

ELSEWHERE = {
    "health_weight": "rooms.test_sourcing."
    "test_a_firm_sure_to_fail_is_passed_over_for_its_weight_in_price",
    "outreach": "rooms.test_learning."
    "test_a_supplier_that_goes_and_asks_keeps_whom_silence_would_lose",
    "service_weight": "rooms.test_sourcing.test_who_was_served_well_comes_back",
    "suspicion": "rooms.test_payment_terms."
    "test_who_is_screened_is_suspected_as_signal_detection_says",
    "stays_on_platform": "test_off_the_record.test_an_opportunist_lures_and_a_supplier_may_decline",
    "documentation": "rooms.test_negotiation.test_what_either_side_writes_down_is_on_record",
    "briefing_hours": "rooms.test_information_sharing."
    "test_talking_an_order_over_clears_up_what_could_be_misunderstood",
    "promise_inflation": "rooms.test_learning."
    "test_a_promise_that_is_not_kept_disappoints_by_its_gap",
    "account_owner": "rooms.test_learning.test_a_promise_that_is_not_kept_disappoints_by_its_gap",
    "after_both_cheated": "test_conduct.test_reciprocal_plays_memory_one_strategies",
    "intensity": "rooms.test_sourcing.test_loyalty_sets_in_at_the_threshold",
    "memory": "rooms.test_sourcing.test_loyalty_sets_in_at_the_threshold",
    "attraction_weight": "rooms.test_sourcing.test_loyalty_sets_in_at_the_threshold",
    "trust_weight": "rooms.test_sourcing.test_trust_counts_by_its_weight",
    "rating_weight": "rooms.test_sourcing.test_public_standing_counts_by_its_weight",
    "price_weight": "rooms.test_sourcing.test_among_two_bidders_the_price_counts_by_its_weight",
    "voice": "rooms.test_learning.test_voice_repairs_and_silence_turns_away",
    "relational_price": "rooms.test_negotiation."
    "test_a_relational_price_forgoes_margin_as_trust_grows",
    "asset_rate": "rooms.test_information_sharing."
    "test_specific_assets_are_built_on_trust_save_hours_and_lock_in",
    "operator": "rooms.test_payment_terms."
    "test_fees_are_paid_by_both_sides_to_who_operates_the_instrument",
}
"""The test of the size of an effect that has no clear sign when everything happens at once."""


def test_every_number_of_a_policy_has_its_direction_or_its_size() -> None:
    rows = {"buyers": (BUYER, OF_BUYERS), "suppliers": (SUPPLIER, OF_SUPPLIERS)}
    for side, (known, directions) in rows.items():
        numbers = {row.name for row in known if not row.choices}
        quietly = {name for of_whom, name in IN_QUIET if f"{of_whom}s" == side}
        assert numbers == set(directions) | quietly | (set(ELSEWHERE) & numbers), side
    numbers = {row.name for row in INSTRUMENT}
    assert numbers == set(OF_INSTRUMENTS) | (set(ELSEWHERE) & numbers)
    for name, place in ELSEWHERE.items():
        module, _, test = place.rpartition(".")
        assert callable(getattr(importlib.import_module(f"market.{module}"), test)), name


def all_of(side: str, **values: Any) -> Scenario:
    names = BUYERS if side == "buyers" else SUPPLIERS
    return restless().replace(policies={side: dict.fromkeys(names, values)})


@pytest.mark.parametrize("name", OF_BUYERS)
def test_a_number_of_buyers_works_in_its_direction(name: str) -> None:
    more, low, high, measure, sign = OF_BUYERS[name]
    before, after = (of(all_of("buyers", **{**more, name: v}), measure) for v in (low, high))
    assert_sign(before, after, sign)


@pytest.mark.parametrize("name", OF_SUPPLIERS)
def test_a_number_of_suppliers_works_in_its_direction(name: str) -> None:
    more, low, high, measure, sign = OF_SUPPLIERS[name]
    before, after = (of(all_of("suppliers", **{**more, name: v}), measure) for v in (low, high))
    assert_sign(before, after, sign)


@pytest.mark.parametrize(("side", "name"), IN_QUIET)
def test_what_a_policy_does_is_paid_for(side: str, name: str) -> None:
    market, measure, sign = IN_QUIET[side, name]
    before, after = (
        simulate(quiet(**{side: {name: share}, "hour_cost": 0.01, **market})).measures[measure]
        for share in (0.0, 1.0)
    )
    assert (after - before) * sign > 1e-3


INTEREST: dict[str, float] = {"buyer_interest": 0.1}
REMOTE: dict[str, float] = {"remoteness": 1.0, "unseen_exposure": 0.0}
NOVEL: dict[str, float] = {"familiarity_weight": 0.05, "familiarity_start": 0.1}
CASH = {"on_delivery": 1.0}
HELD = {"advance": 1.0, "held": 1}
CHEAP = {"fee_share": 0.001}
BESIDE = {"other": {**HELD, "fee_share": 0.01}}
SHARE = "instrument_share_mine"

OF_INSTRUMENTS: dict[str, tuple[dict[str, Any], dict[str, float], float, float, str, int]] = {
    # the rest of the instrument, the market, a low and a high value, a measure, and its direction
    "fee_fixed": (CASH, {}, 0.1, 0.3, "cost_payment", 1),
    "fee_share": (CASH, {}, 0.0, 0.02, "cost_payment", 1),
    "supplier_fee_share": ({**CASH, "fee_fixed": 0.1}, {}, 0.2, 0.7, "cost_payment", -1),
    "advance": ({}, INTEREST, 0.0, 1.0, "cost_payment", 1),
    "on_delivery": ({}, INTEREST, 0.0, 1.0, "cost_payment", 1),
    "credit_days": ({}, INTEREST, 30.0, 90.0, "cost_payment", -1),
    "held": ({"advance": 1.0, **CHEAP}, {}, 0, 1, SHARE, 1),
    "secured": (CHEAP, {}, 0.0, 1.0, SHARE, 1),
    "collection_failure": ({**CASH, **CHEAP}, REMOTE, 0.0, 1.0, SHARE, -1),
    "reach": (HELD, REMOTE, 0.2, 1.0, SHARE, 1),
    "novel": (HELD, NOVEL, 0, 1, SHARE, -1),
}


def with_instrument(name: str, value: float) -> dict[str, float]:
    rest, market, _, _, measure, _ = OF_INSTRUMENTS[name]
    beside = BESIDE if measure == SHARE else {}
    means = {"mine": {**rest, name: value}, **beside}
    return simulate(quiet(instruments=means, **market)).measures


@pytest.mark.parametrize("name", OF_INSTRUMENTS)
def test_a_number_of_an_instrument_works_in_its_direction(name: str) -> None:
    _, _, low, high, measure, sign = OF_INSTRUMENTS[name]
    before, after = (with_instrument(name, value)[measure] for value in (low, high))
    assert (after - before) * sign > 1e-3


@pytest.mark.parametrize(
    ("name", "low", "high", "change", "of_the_price"),
    [
        ("fee_fixed", 0.1, 0.3, 0.5 * 0.2, False),
        ("fee_share", 0.0, 0.02, 0.5 * 0.02, True),
        ("supplier_fee_share", 0.2, 0.7, -0.5 * 0.1, False),
        ("credit_days", 30.0, 90.0, -0.1 * 60 / 365, True),
        ("advance", 0.0, 1.0, 0.1 * (1 / 12 + 30 / 365), True),
    ],
)
def test_what_an_instrument_costs_is_what_its_row_says(
    name: str, low: float, high: float, change: float, of_the_price: bool
) -> None:
    before, after = (with_instrument(name, value) for value in (low, high))
    price = before["cost_price"] if of_the_price else 1.0
    assert after["cost_payment"] - before["cost_payment"] == pytest.approx(change * price, abs=1e-5)
