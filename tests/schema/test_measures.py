"""Every measure, worked out once more from the orders one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.quiet_market import needs_of, quiet
from support.restless_market import bustling

from trustsim.config.scenario import Scenario
from trustsim.schema.accounts import CATEGORIES
from trustsim.schema.measures import MEASURES
from trustsim.simulation.run import simulate

# Honest buyers: no arrears, so that all that happens to an order happens in its round.
HONEST = {"conduct": "never", "lateness": 0.0}
FAULTS: dict[str, Any] = {
    "buyers": 50,
    "rounds": 25,
    "hour_cost": 0.01,
    "transit_loss": 0.03,
    "advance_loss": 0.0,
    "credit_loss": 1.0,
    "lot_cost": 3.0,
}
MEANS = ("prepayment", "letter_of_credit", "open_account")


@pytest.fixture(scope="module", params=["high_trust", "adversarial", "price_only"])
def outcome(request: pytest.FixtureRequest) -> Any:
    scenario = Scenario(
        request.param,
        supplier_mix={"opportunist": 0.5, "calculative": 0.5},
        policies={"buyers": {request.param: HONEST}},
        instruments=MEANS,
        **FAULTS,
    )
    return simulate(scenario, 6, orders=True)


@pytest.fixture(scope="module")
def needs(outcome: Any) -> pd.DataFrame:
    """Orders, and needs that found no terms; nobody is without a supplier to ask."""
    table: pd.DataFrame = needs_of(outcome)
    assert len(table) == outcome.sums.rounds["needs"].sum()
    return table


def test_measures_of_cost(outcome: Any, needs: pd.DataFrame) -> None:
    found = outcome.measures
    lots = needs.loc[needs["accepted"] == 1, "lots"].sum()
    assert found["accepted"] == pytest.approx(lots, rel=1e-6)
    cost = {name: needs[f"cost_{name}"].sum() / lots for name in CATEGORIES}
    for name, expected in cost.items():
        assert found[f"cost_{name}"] == pytest.approx(expected, rel=1e-6, abs=1e-9), name
    total = sum(cost.values())
    assert found["total_cost"] == pytest.approx(total, rel=1e-6)
    beside = total - cost["price"] - cost["failure"]
    assert found["transaction_cost"] == pytest.approx(beside, rel=1e-6)
    value = 1.6 * 3.0
    assert found["buyer_surplus"] == pytest.approx(value - total, rel=1e-6)
    profit = (needs["profit"] + needs["receivable"] - needs["bids"]).sum() / lots
    assert found["supplier_profit"] == pytest.approx(profit, rel=1e-6)
    assert found["joint_surplus"] == pytest.approx(value - total + profit, rel=1e-6)


def test_measures_of_hours(outcome: Any, needs: pd.DataFrame) -> None:
    found = outcome.measures
    lots = needs.loc[needs["accepted"] == 1, "lots"].sum()
    transaction, productive = needs["transaction_hours"].sum(), needs["productive_hours"].sum()
    hours = transaction + productive
    assert found["transaction_time_share"] == pytest.approx(transaction / hours, rel=1e-5)
    assert found["procurement_cost"] == pytest.approx(hours * 0.01 / lots, rel=1e-5)
    assert found["goods_per_hour"] == pytest.approx(lots / hours, rel=1e-5)


def test_measures_of_conduct_and_checks(outcome: Any, needs: pd.DataFrame) -> None:
    found = outcome.measures
    orders = needs[needs["ordered"] == 1]
    assert found["orders"] == len(orders) > 400
    delivered = orders[orders["delivered"] == 1]
    defective = orders[orders["defective"] == 1]
    assert 0 < len(defective)
    assert len(delivered) < len(orders)
    expected = {
        "inspection_rate": delivered["inspected"].mean(),
        "supplier_opportunism_rate": ((orders["shaded"] + orders["absconded"]) > 0).mean(),
        "buyer_opportunism_rate": 0.0,
        "defect_escape_rate": defective["escaped"].mean(),
        "dispute_rate": orders["disputed"].mean(),
        "arrears_days": orders["arrears_days"].mean(),
        "no_terms_rate": needs["lost_for_terms"].mean(),
    }
    for name, number in expected.items():
        assert found[name] == pytest.approx(number, rel=1e-6, abs=1e-9), name


def test_measures_of_relations(outcome: Any, needs: pd.DataFrame) -> None:
    found = outcome.measures
    orders = needs[needs["ordered"] == 1]
    expected = {
        "trust_in_suppliers": orders["trust_in_supplier"].mean(),
        "trust_in_buyers": orders["trust_in_buyer"].mean(),
        "loyalty": orders["loyalty"].mean(),
        "loyal_share": (orders["top_share"] > 0.95).mean(),
        "knowhow": orders["knowhow"].mean(),
    }
    for name, number in expected.items():
        assert found[name] == pytest.approx(number, abs=1e-6), name
    for name in MEANS:
        share = (orders["instrument"] == name).mean()
        assert found[f"instrument_share_{name}"] == pytest.approx(share), name


def test_buyers_that_were_wronged_come_back_or_do_not(outcome: Any, needs: pd.DataFrame) -> None:
    # nobody fails or leaves here, so every grievance but the last has its answer in the next order
    stays, times = 0, 0
    ending = {"exit": 0.0}
    base = outcome.scenario
    quiet_end = base.replace(
        bankruptcy=0,
        break_rate=0.0,
        policies={
            "buyers": dict.fromkeys(base.buyer_mix, ending),
            "suppliers": dict.fromkeys(base.supplier_mix, ending),
        },
    )
    run = simulate(quiet_end, 6, orders=True)
    for _, dealt in needs_of(run).query("ordered == 1").groupby("buyer"):
        wronged = dealt["grievance"].shift() == 1
        times += wronged.sum()
        stays += (wronged & (dealt["supplier"] == dealt["supplier"].shift())).sum()
    assert times > 20
    assert run.measures["repurchase_rate"] == stays / times
    # who may end a relation comes back less often, and each answer is in one row
    answered, returned = needs["answered"].sum(), needs["returned"].sum()
    assert outcome.measures["repurchase_rate"] == returned / answered
    assert returned / answered < stays / times


def test_banks_lose_what_bankrupt_suppliers_owe() -> None:
    hard = {"start_cash": 0.0, "credit_line": 0.1, "overhead": 0.5, "suppliers": 3}
    run = simulate(quiet({"bidders": 2}, **{**hard, "buyers": 4, "contacts": 2}), orders=True)
    assert run.orders is not None
    ends = run.orders[run.orders["event"] == "bankruptcy"]
    lots = needs_of(run)["lots"].sum()
    assert len(ends) > 3
    assert run.measures["bank_loss"] == pytest.approx(-ends["flow_banks"].sum() / lots, rel=1e-6)
    assert run.measures["bank_loss"] > 0.1
    safe = quiet(**{**hard, "bankruptcy": 0, "buyers": 4})
    assert simulate(safe).measures["bank_loss"] == 0.0


def test_loyalty_is_the_concentration_of_recent_orders() -> None:
    # an order moves the share of its supplier by .15 towards 1; from the second round without an
    # order it fades by as much
    sizes = {"suppliers": 4, "contacts": 4, "buyers": 20, "rounds": 40}
    orders = needs_of(simulate(quiet({"attraction_weight": 0.0}, **sizes), orders=True))
    checked = 0
    for _, dealt in orders.groupby("buyer"):
        share, last = np.zeros(4), np.zeros(4)
        for row in dealt.itertuples():
            share[last < row.round - 1] *= 0.85
            if row.round > 0:
                held = share / share.sum()
                assert row.loyalty == pytest.approx((held**2).sum(), abs=1e-5)
                assert row.top_share == pytest.approx(held.max(), abs=1e-5)
                checked += 1
            share[row.supplier] += 0.15 * (1.0 - share[row.supplier])
            last[row.supplier] = row.round
    assert checked == 20 * 39


SERVICES = ("installation", "support", "maintenance", "repair", "orphaned")


FOUND = ("chance", "rating", "referral")


def test_service_care_and_channels() -> None:
    outcome = simulate(bustling(), orders=True)
    assert outcome.orders is not None
    rows, measures = outcome.orders, outcome.measures
    orders = rows[rows["event"] == "order"]
    lots = orders.loc[orders["accepted"] == 1, "lots"].sum()
    for name in SERVICES:
        assert measures[f"service_{name}"] == pytest.approx(rows[name].sum() / lots, rel=1e-5)
        assert measures[f"service_{name}"] > 0.0
    failed = (rows["succession"].sum() + rows["orphaned"].sum()) / lots
    assert measures["failed_supplier_cost"] == pytest.approx(failed, rel=1e-5)
    assert (rows["succession"] > 0.0).any()
    assert measures["care_cost"] == pytest.approx(orders["care"].mean(), rel=1e-5)
    assert measures["online_rate"] == pytest.approx(orders["online"].mean())
    assert measures["unpaid"] == pytest.approx(rows["unpaid"].sum() / lots, rel=1e-5)
    assert measures["ransom_paid"] == pytest.approx(orders["ransom"].mean(), rel=1e-5)
    months = orders["waited"].sum() / orders["enforced"].sum()
    assert measures["recovery_months"] == pytest.approx(months, rel=1e-5)
    assert months > 1.0
    flags = {"hushed_rate": "hushed", "invented_rate": "invented", "lured_rate": "lured"}
    for name, told in {**flags, "newcomer_share": "newcomer"}.items():
        assert measures[name] == pytest.approx(orders[told].mean())
        assert measures[name] > 0.0
    back = orders["refunded"] + orders["exchanged"]
    assert measures["return_rate"] == pytest.approx(back.mean())
    for number, how in enumerate(FOUND, 1):
        assert measures[f"found_by_{how}"] == pytest.approx((orders["found_by"] == number).mean())
        assert measures[f"found_by_{how}"] > 0.0
    spread = orders["price"].std(ddof=0) / orders["price"].mean()
    assert measures["price_dispersion"] == pytest.approx(spread, rel=1e-4)


def test_every_measure_is_worked_out_here() -> None:
    here = {
        *(f"cost_{name}" for name in CATEGORIES),
        *("accepted", "total_cost", "transaction_cost", "buyer_surplus", "supplier_profit"),
        *("joint_surplus", "transaction_time_share", "procurement_cost", "goods_per_hour"),
        *("orders", "inspection_rate", "supplier_opportunism_rate", "buyer_opportunism_rate"),
        *("defect_escape_rate", "dispute_rate", "arrears_days", "no_terms_rate"),
        *("trust_in_suppliers", "trust_in_buyers", "loyalty", "loyal_share", "knowhow"),
        *("bank_loss", "repurchase_rate", "care_cost", "online_rate", "price_dispersion"),
        *(f"service_{name}" for name in SERVICES),
        *(f"found_by_{how}" for how in FOUND),
        *("failed_supplier_cost", "unpaid", "return_rate"),
        *("ransom_paid", "hushed_rate", "invented_rate"),
        *("newcomer_share", "lured_rate", "recovery_months"),
    }
    assert set(MEASURES) == here
