"""The books balance: random valid scenarios, checked to the last micro-unit after every round."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.quiet_market import needs_of, quiet

from trustsim.config.drafts import SIDES
from trustsim.config.library import library
from trustsim.config.scenario import Scenario
from trustsim.engine.compiling import records
from trustsim.market.ledger import note_service
from trustsim.market.records import Tie
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER, Parameter
from trustsim.schema.accounts import ACCOUNTS, CATEGORIES
from trustsim.schema.measures import MEASURES
from trustsim.simulation.run import Rounds, simulate

SMALL = {
    "buyers": (1, 30),
    "suppliers": (1, 10),
    "contacts": (1, 12),
    "rounds_per_year": (1, 60),
    "communities": (1, 8),
    "lead_time": (0, 3),
    "sample_size": (1, 120),
    "rivals": (1, 6),
}
"""Bounds that keep a run small; all others are the ones of the tables."""
TOGETHER = (("cost_low", "cost_high"), ("defect_good", "defect_bad"))
MIXES = ((1.0,), (0.5, 0.5), (0.2, 0.5, 0.3))


def value(row: Parameter) -> st.SearchStrategy[Any]:
    if row.choices:
        return st.sampled_from(row.choices)
    low, high = SMALL.get(row.name, (row.low, row.high))
    if row.kind is int:
        return st.integers(int(low), int(min(high, low + 300)))
    return st.one_of(
        st.just(float(low)),
        st.just(float(high)),
        st.floats(low, high),
        # the usual order of magnitude matters more often than the whole range
        st.floats(low, min(high, 2.0 * float(row.default) + 0.1)),
    )


def some_of(rows: tuple[Parameter, ...]) -> st.SearchStrategy[dict[str, Any]]:
    names = [row.name for row in rows]
    strategies = {row.name: value(row) for row in rows}
    return st.lists(st.sampled_from(names), unique=True, max_size=len(names) // 2).flatmap(
        lambda chosen: st.fixed_dictionaries({name: strategies[name] for name in chosen})
    )


def mix(names: list[str]) -> st.SearchStrategy[dict[str, float]]:
    return st.tuples(st.permutations(names), st.sampled_from(MIXES)).map(
        lambda drawn: dict(zip(drawn[0], drawn[1], strict=False))
    )


@st.composite
def scenarios(draw: Any, **fixed: Any) -> Scenario:
    """Draw a scenario of any parameters, policies and instruments that the tables allow."""
    market = {row.name: row.default for row in MARKET} | {"buyers": 20, "suppliers": 6}
    market |= draw(some_of(MARKET)) | fixed
    for low, high in TOGETHER:
        market[low], market[high] = sorted((market[low], market[high]))
    buyers, suppliers = (list(library().rows(kind)) for kind in SIDES.values())
    instruments = {}
    for name in draw(st.sampled_from([(), ("own",), ("own", "other")])):
        own = draw(some_of(INSTRUMENT))
        own["on_delivery"] = min(own.get("on_delivery", 0.0), 1.0 - own.get("advance", 0.0))
        instruments[name] = own
    buyer_mix, supplier_mix = draw(mix(buyers)), draw(mix(suppliers))
    return Scenario(
        buyer_mix,
        supplier_mix=supplier_mix,
        rounds=draw(st.integers(1, 15)),
        seed=draw(st.integers(0, 2**63 - 1)),
        policies={
            "buyers": {name: draw(some_of(BUYER)) for name in buyer_mix},
            "suppliers": {name: draw(some_of(SUPPLIER)) for name in supplier_mix},
        },
        instruments=instruments or None,
        **market,
    )


replicates = st.integers(0, 2**32 - 1)
few = settings(max_examples=80, deadline=None, derandomize=True)


@few
@given(scenarios(), replicates)
def test_every_round_leaves_the_books_balanced(scenario: Scenario, replicate: int) -> None:
    run = Rounds(scenario, replicate)
    cash = []
    for _ in range(scenario.rounds):
        run.step()
        cash.append([run.world.buyers["cash"].sum(), run.world.suppliers["cash"].sum()])
    balances = run.outcome().balances
    assert balances.shape == (scenario.rounds, 7)
    assert (balances.sum(axis=1) == 0).all()
    np.testing.assert_array_equal(balances[:, :2], cash)


@few
@given(scenarios(), replicates)
def test_what_buyers_bear_is_what_they_paid_and_what_they_owe(
    scenario: Scenario, replicate: int
) -> None:
    outcome = simulate(scenario, replicate)
    cost = outcome.sums.rounds["cost"].sum()
    paid = -outcome.balances[-1, 0]
    owed = outcome.world.ties["owed"]
    assert cost == paid + owed.sum()
    assert (owed >= 0).all()
    np.testing.assert_array_equal(outcome.world.buyers["debts"], (owed > 0).sum(axis=1))


@few
@given(
    scenarios(overhead=0.0, payout=0.0, bankruptcy=0, new_identity=1.0, lot_cost=1.0),
    replicates,
)
def test_profit_is_the_cash_that_came_in_and_what_is_still_owed(
    scenario: Scenario, replicate: int
) -> None:
    # without overhead, payouts and failed firms, suppliers have no other flows
    outcome = simulate(scenario, replicate)
    given = scenario.market
    sales = given.demand_rate * given.buyers / given.suppliers
    start = math.floor(given.start_cash * sales * given.lot_cost * 1e6 + 0.5) * given.suppliers
    owed = outcome.world.ties["owed"].sum()
    profit = outcome.sums.rounds["supplier_profit"].sum()
    assert profit == outcome.balances[-1, 1] - start + owed


def is_share(name: str) -> bool:
    unit = "share" if name.startswith("instrument_share") else MEASURES[name].unit
    return unit.startswith(("share", "0 to 1", "Herfindahl"))


@few
@given(scenarios(), replicates)
def test_measures_are_whole(scenario: Scenario, replicate: int) -> None:
    outcome = simulate(scenario, replicate)
    found = outcome.measures
    parts = [found[f"cost_{category}"] for category in CATEGORIES]
    # Of no accepted lot there is no cost, and the sums below are of nothing but what is missing.
    assert (found["accepted"] > 0) == np.isfinite(found["total_cost"])
    assert sum(parts) == pytest.approx(found["total_cost"], rel=1e-9, abs=1e-9, nan_ok=True)
    surplus = found["buyer_surplus"] + found["supplier_profit"]
    assert surplus == pytest.approx(found["joint_surplus"], rel=1e-9, abs=1e-9, nan_ok=True)
    shares = {name: number for name, number in found.items() if is_share(name)}
    assert len(shares) > 10
    for name, number in shares.items():
        assert math.isnan(number) or 0.0 <= number <= 1.0 + 1e-6, name
    counted = outcome.sums.rounds
    needed_by = {
        "delivered": ["inspection_rate"],
        "defective": ["defect_escape_rate"],
        "accepted_lots": ["total_cost", "procurement_cost", "supplier_profit", "joint_surplus"],
        "orders": [
            "supplier_opportunism_rate",
            "buyer_opportunism_rate",
            "dispute_rate",
            "arrears_days",
            "trust_in_suppliers",
            "trust_in_buyers",
            "loyalty",
            "loyal_share",
            "knowhow",
            *(name for name in found if name.startswith("instrument_share")),
        ],
        "needs": ["no_terms_rate"],
    }
    for counter, names in needed_by.items():
        there = counted[counter].sum() > 0
        for name in names:
            assert math.isnan(found[name]) != there, (name, counter)
    if found["orders"] > 0:
        used = sum(v for n, v in found.items() if n.startswith("instrument_share"))
        assert used == pytest.approx(1.0)


@few
@given(scenarios(), replicates)
def test_orders_ages_and_policies_add_up_to_the_run(scenario: Scenario, replicate: int) -> None:
    outcome = simulate(scenario, replicate, orders=True)
    needs = needs_of(outcome)
    agreed = needs[needs["ordered"] == 1]
    sums = outcome.sums
    counts = {
        "orders": len(agreed),
        "delivered": agreed["delivered"].sum(),
        "inspected": agreed["inspected"].sum(),
        "shaded": ((agreed["shaded"] + agreed["absconded"]) > 0).sum(),
        "buyer_cheated": ((agreed["false_claim"] + agreed["delayed_payment"]) > 0).sum(),
        "defective": agreed["defective"].sum(),
        "escaped": agreed["escaped"].sum(),
        "disputed": agreed["disputed"].sum(),
    }
    for name, count in counts.items():
        assert sums.rounds[name].sum() == count, name
        assert sums.ages[name].sum() == count, name
    assert sums.rounds["no_terms"].sum() == needs["lost_for_terms"].sum()
    assert sums.rounds["needs"].sum() == len(needs)
    used = np.bincount(agreed["instrument"].cat.codes, minlength=16)
    np.testing.assert_array_equal(sums.rounds["instrument"].sum(axis=(0, 1)), used)


@few
@given(scenarios(), replicates)
def test_costs_and_payments_of_the_panel_add_up_to_the_run(
    scenario: Scenario, replicate: int
) -> None:
    outcome = simulate(scenario, replicate, orders=True)
    panel = outcome.orders
    assert panel is not None
    money = [name for name in panel if name.startswith(("cost_", "flow_"))]
    units = {name: np.rint(panel[name] * 1e6).astype("int64") for name in money}
    costs = [units[f"cost_{name}"].sum() for name in CATEGORIES]
    assert costs == outcome.sums.rounds["cost"].sum(axis=(0, 1)).tolist()
    flows = pd.DataFrame({name: units[f"flow_{name}"] for name in ACCOUNTS})
    assert (flows.sum(axis=1) == 0).all()
    of_round = flows.groupby(panel["round"]).sum().reindex(range(scenario.rounds), fill_value=0)
    np.testing.assert_array_equal(of_round.cumsum(), outcome.balances)


def same_bits(first: Any, second: Any) -> None:
    for name in ("rounds", "ages", "balances"):
        a, b = getattr(first.sums, name), getattr(second.sums, name)
        assert a.tobytes() == b.tobytes(), name
    for name, array in first.world._asdict().items():
        assert array.tobytes() == getattr(second.world, name).tobytes(), name


@few
@given(scenarios(), replicates, st.integers(2, 4))
def test_any_way_of_walking_gives_the_same_bits(
    scenario: Scenario, replicate: int, workers: int
) -> None:
    at_once = simulate(scenario, replicate)
    step_by_step, shared = Rounds(scenario, replicate), Rounds(scenario, replicate, workers)
    with ThreadPoolExecutor(workers) as pool:
        for _ in range(scenario.rounds):
            step_by_step.step()
            shared.step(pool)
    same_bits(at_once, step_by_step.outcome())
    same_bits(at_once, shared.outcome())
    same_bits(at_once, simulate(scenario, replicate, orders=True))


@pytest.mark.parametrize("policy", sorted(library().rows(SIDES["buyer"])))
def test_the_books_add_up_to_zero(policy: str) -> None:
    outcome = simulate(Scenario(policy, buyers=60, rounds=40), 3)
    assert outcome.balances.shape == (40, 7)
    assert np.abs(outcome.balances).sum() > 0
    assert (outcome.balances.sum(axis=1) == 0).all()
    columns = [name for name in outcome.rounds if name.startswith("balance_")]
    np.testing.assert_array_equal(outcome.rounds[columns], outcome.balances)


def test_what_a_buyer_costs_is_remembered_lot_by_lot() -> None:
    def served(*orders: tuple[float, float]) -> float:
        tie = records(Tie, 1)[0]
        tie["served"] = 0.2
        for cost, lots in orders:
            note_service(tie, cost, lots)
        return float(tie["served"])

    assert served((0.5, 1.0)) == pytest.approx(0.2 + 0.15 * 0.3)
    # a lot counts as much in a large order as in a small one
    assert served((1.0, 2.0)) == pytest.approx(0.2 + 0.3 * (0.5 - 0.2))
    assert served((0.1, 0.5)) == pytest.approx(0.2)  # the same a lot is no news
    # of half a dozen lots and more nothing else is remembered
    for lots in (20.0 / 3.0, 50.0):
        assert served((0.7 * lots, lots)) == pytest.approx(0.7)


def test_hours_of_an_order_are_booked_where_they_belong() -> None:
    buyer = {
        "bidders": 3,
        "haggling": "fixed",
        "haggling_hours": 2.0,
        "contracting": 0.5,
        "contract_trust": 0.0,
        "documentation": 0.25,
        "disclosure_rule": "always",
        "disclosure": 1.0,
        "upkeep": 0.5,
    }
    hours = {
        "tender_hours": 1.5,
        "order_hours": 0.75,
        "qualification_hours": 20.0,
        "coordination_hours": 4.0,
        "contract_hours": 6.0,
        "contract_learning": 0.0,
        "document_hours": 2.0,
        "disclosure_hours": 0.6,
        "upkeep_hours": 0.4,
    }
    market: dict[str, Any] = {"suppliers": 3, "contacts": 3, "break_rate": 1.0, "value": 3.0}
    market["bid_entry"] = 0
    measures = simulate(quiet(buyer, hour_cost=0.01, rounds=8, **hours, **market)).measures
    tendering = 0.75 + 2 * 1.5  # the first bidder is no tender
    agreeing = 2.0 + 0.5 * 6.0 + 0.25 * 2.0
    productive = 20.0 + 4.0 + 0.6 + 0.5 * 0.4  # every relation is a new one
    assert measures["orders"] == 8.0
    assert measures["cost_sourcing"] == pytest.approx(0.01 * (tendering + productive), abs=1e-6)
    assert measures["cost_negotiation"] == pytest.approx(0.01 * agreeing, abs=1e-6)
    everything = tendering + agreeing + productive
    assert measures["procurement_cost"] == pytest.approx(0.01 * everything, abs=1e-6)
    assert measures["goods_per_hour"] == pytest.approx(1.0 / everything, rel=1e-6)
    share = (tendering + agreeing) / everything
    assert measures["transaction_time_share"] == pytest.approx(share, rel=1e-6)
