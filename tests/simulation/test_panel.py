"""The panel of orders adds up to the answer: every sum and every measure comes from its rows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.places import ROOT
from support.quiet_market import quiet
from support.restless_market import bustling, restless

from trustsim.config.scenario import Scenario
from trustsim.schema.accounts import ACCOUNTS, CATEGORIES
from trustsim.schema.events import EVENTS
from trustsim.schema.measures import AGE_FROM, MEASURES
from trustsim.simulation.outcome import Outcome
from trustsim.simulation.run import simulate

MILLION = 1_000_000
LIES = ["false_claim", "false_fault", "delayed_payment"]
SIZES: dict[str, Any] = {"buyers": 40, "suppliers": 12, "rounds": 40}
SCENARIOS = {
    **{arm: Scenario(arm, **SIZES) for arm in ("high_trust", "adversarial", "trust_but_verify")},
    "restless": restless(),
    "bustling": bustling(lot_cost=2.0),
    "failing": restless(credit_line=0.05, overhead=0.2, payout=0.5, start_cash=0.2, rounds=25),
    "leaving": restless(new_identity=0.0, delisting_rating=0.9, payout=1.0, rounds=25),
    "lonely": restless(delisting_rating=0.95, delisting_orders=1, contacts=1, rounds=25),
}


def whole(column: pd.Series) -> pd.Series:
    """Money, or lots, as whole millionths."""
    return np.rint(column * 1e6).astype("int64")


def rounded(column: pd.Series) -> pd.Series:
    """A number as the sums count it: whole millionths, half up."""
    return np.floor(column * 1e6 + 0.5).astype("int64")


def of_event(panel: pd.DataFrame, *events: str) -> pd.DataFrame:
    return panel[panel["event"].isin(events)]


def sums_of(panel: pd.DataFrame, market: Any) -> dict[str, int]:
    """Every sum that measures are made of, in whole numbers, from the rows of a panel."""
    orders = of_event(panel, "order")
    prices = orders["price"] / market.lot_cost
    needs = of_event(panel, "order", "unmet need")
    accepted = orders[orders["accepted"] == 1]
    found = {
        "needs": len(needs),
        "no_terms": needs["lost_for_terms"].sum(),
        "orders": len(orders),
        "delivered": orders["delivered"].sum(),
        "accepted_lots": rounded(accepted["lots"]).sum(),
        "value": whole(panel["value"]).sum(),
        "inspected": orders["inspected"].sum(),
        "shaded": (orders["shaded"] + orders["absconded"] > 0).sum(),
        "buyer_cheated": (orders[LIES] > 0).any(axis=1).sum(),
        "defective": orders["defective"].sum(),
        "escaped": orders["escaped"].sum(),
        "disputed": orders["disputed"].sum(),
        "arrears_days": rounded(panel["arrears_days"]).sum(),
        "trust_in_suppliers": rounded(orders["trust_in_supplier"]).sum(),
        "trust_in_buyers": rounded(orders["trust_in_buyer"]).sum(),
        "knowhow": rounded(orders["knowhow"]).sum(),
        "wronged": needs["answered"].sum(),
        "returned": needs["returned"].sum(),
        "bank_losses": -whole(of_event(panel, "bankruptcy", "exit")["flow_banks"]).sum(),
        "online": orders["online"].sum(),
        "newcomers": orders["newcomer"].sum(),
        "lured": orders["lured"].sum(),
        "enforced": whole(orders["enforced"]).sum(),
        "enforced_wait": whole(orders["waited"]).sum(),
        "hushed": orders["hushed"].sum(),
        "invented": orders["invented"].sum(),
        "sent_back": orders["refunded"].sum() + orders["exchanged"].sum(),
        **{
            f"by_{how}": (orders["found_by"] == number).sum()
            for number, how in enumerate(("chance", "rating", "referral"), 1)
        },
        "price_sum": rounded(prices).sum(),
        "price_squares": rounded(prices * prices).sum(),
        **{
            name: whole(panel[name]).sum()
            for name in (
                "care",
                "installation",
                "support",
                "maintenance",
                "repair",
                "orphaned",
                "succession",
                "ransom",
                "unpaid",
            )
        },
        "loyalty": rounded(orders["loyalty"]).sum(),
        "loyal": (orders["top_share"] > 0.95).sum(),
        "transaction_hours": rounded(panel["transaction_hours"]).sum(),
        "productive_hours": rounded(panel["productive_hours"]).sum(),
        "supplier_profit": sum(
            sign * whole(panel[name]).sum()
            for name, sign in (("profit", 1), ("receivable", 1), ("bids", -1))
        ),
        **{f"cost_{name}": whole(panel[f"cost_{name}"]).sum() for name in CATEGORIES},
    }
    return {name: int(number) for name, number in found.items()}


def kept_sums(tally: Any) -> dict[str, int]:
    """The same sums as the run has added them up."""
    names = [name for name in tally.dtype.names if name not in ("cost", "instrument")]
    costs = {f"cost_{name}": tally["cost"][place] for place, name in enumerate(CATEGORIES)}
    return {name: int(n) for name, n in {**{n: tally[n] for n in names}, **costs}.items()}


def dispersion(sums: dict[str, int]) -> float:
    """Standard deviation of prices over their mean."""
    if sums["orders"] == 0:
        return float("nan")
    mean = sums["price_sum"] / MILLION / sums["orders"]
    square = sums["price_squares"] / MILLION / sums["orders"]
    return float(np.sqrt(max(square - mean * mean, 0.0)) / mean)


def measures_of(panel: pd.DataFrame, market: Any) -> dict[str, float]:
    """Every measure of a run from its panel; the cost of an hour is the market's."""
    sums = sums_of(panel, market)
    lots = sums["accepted_lots"]
    hours = sums["transaction_hours"] + sums["productive_hours"]
    costs = {name: sums[f"cost_{name}"] for name in CATEGORIES}
    total = sum(costs.values())
    beside = total - costs["price"] - costs["failure"] - costs["service"]

    def over(above: float, below: float) -> float:
        return above / below if below > 0 else float("nan")

    return {
        "total_cost": over(total, lots),
        **{f"cost_{name}": over(cost, lots) for name, cost in costs.items()},
        "transaction_time_share": over(sums["transaction_hours"], hours),
        "transaction_cost": over(beside, lots),
        "procurement_cost": over(hours * market.hour_cost, lots),
        "goods_per_hour": over(lots, hours),
        "inspection_rate": over(sums["inspected"], sums["delivered"]),
        "supplier_opportunism_rate": over(sums["shaded"], sums["orders"]),
        "buyer_opportunism_rate": over(sums["buyer_cheated"], sums["orders"]),
        "defect_escape_rate": over(sums["escaped"], sums["defective"]),
        "dispute_rate": over(sums["disputed"], sums["orders"]),
        "arrears_days": over(sums["arrears_days"] / MILLION, sums["orders"]),
        "no_terms_rate": over(sums["no_terms"], sums["needs"]),
        "trust_in_suppliers": over(sums["trust_in_suppliers"] / MILLION, sums["orders"]),
        "trust_in_buyers": over(sums["trust_in_buyers"] / MILLION, sums["orders"]),
        "unpaid": over(sums["unpaid"], lots),
        "return_rate": over(sums["sent_back"], sums["orders"]),
        "newcomer_share": over(sums["newcomers"], sums["orders"]),
        "lured_rate": over(sums["lured"], sums["orders"]),
        "recovery_months": over(sums["enforced_wait"], sums["enforced"]),
        "ransom_paid": over(sums["ransom"] / MILLION, sums["orders"]),
        "hushed_rate": over(sums["hushed"], sums["orders"]),
        "invented_rate": over(sums["invented"], sums["orders"]),
        **{
            f"found_by_{how}": over(sums[f"by_{how}"], sums["orders"])
            for how in ("chance", "rating", "referral")
        },
        "loyalty": over(sums["loyalty"] / MILLION, sums["orders"]),
        "loyal_share": over(sums["loyal"], sums["orders"]),
        "knowhow": over(sums["knowhow"] / MILLION, sums["orders"]),
        "supplier_profit": over(sums["supplier_profit"], lots),
        "buyer_surplus": over(sums["value"] - total, lots),
        "bank_loss": over(sums["bank_losses"], lots),
        "repurchase_rate": over(sums["returned"], sums["wronged"]),
        **{
            f"service_{name}": over(sums[name], lots)
            for name in ("installation", "support", "maintenance", "repair", "orphaned")
        },
        "failed_supplier_cost": over(sums["succession"] + sums["orphaned"], lots),
        "care_cost": over(sums["care"] / MILLION, sums["orders"]),
        "online_rate": over(sums["online"], sums["orders"]),
        "price_dispersion": dispersion(sums),
        "joint_surplus": over(sums["value"] - total + sums["supplier_profit"], lots),
        "orders": sums["orders"],
        "accepted": lots / MILLION,
    }


NOT_FROM_THE_PANEL: dict[str, str] = {}
"""Measures that cannot be got from the panel by their nature, with the reason: there are none."""


@pytest.fixture(scope="module", params=SCENARIOS)
def outcome(request: pytest.FixtureRequest) -> Outcome:
    return simulate(SCENARIOS[request.param], 3, orders=True)


@pytest.fixture(scope="module")
def panel(outcome: Outcome) -> pd.DataFrame:
    assert outcome.orders is not None
    return outcome.orders


def test_every_measure_is_worked_out_again(outcome: Outcome, panel: pd.DataFrame) -> None:
    found = measures_of(panel, outcome.scenario.market)
    assert set(found) | set(NOT_FROM_THE_PANEL) == set(MEASURES)
    for name, number in found.items():
        assert number == outcome.measures[name] or number != number, name
    orders = of_event(panel, "order")
    for name in outcome.scenario.instruments:
        share = (orders["instrument"] == name).sum() / len(orders)
        assert share == outcome.measures[f"instrument_share_{name}"], name


def test_every_sum_of_every_round_and_policy(outcome: Outcome, panel: pd.DataFrame) -> None:
    assert outcome.recorded is not None
    market = outcome.scenario.market
    rows = panel[panel["buyer"] >= 0]
    there = dict(list(rows.groupby(["round", "buyer_policy"], observed=True)))
    lost = {place: sums_of(firms, market)["bank_losses"] for place, firms in panel.groupby("round")}
    for place, tallies in enumerate(outcome.sums.rounds):
        followed = outcome.recorded.buyer_policies[place]
        buyers = tallies["buyers"]
        assert tallies["bank_losses"].sum() == lost[place]
        even = lost[place] * buyers / buyers.sum()
        assert (abs(tallies["bank_losses"] - even) <= buyers).all()
        for number, (policy, tally) in enumerate(zip(outcome.sums.policies, tallies, strict=True)):
            found = sums_of(there.get((place, policy), rows[:0]), market)
            found["buyers"] = int((followed == number).sum())  # with or without a need
            found["bank_losses"] = int(tally["bank_losses"])  # shared out evenly, as seen above
            assert found == kept_sums(tally), (place, policy)


def test_every_sum_of_every_age(outcome: Outcome, panel: pd.DataFrame) -> None:
    market = outcome.scenario.market
    # a need that found nobody to ask is of no relation's age
    rows = panel[(panel["buyer"] >= 0) & (panel["supplier"] >= 0)]
    bucket = np.searchsorted(AGE_FROM, rows["age"], side="right") - 1
    for place, tally in enumerate(outcome.sums.ages):
        # the answer to a grievance, and what banks lose, is no order's of one age
        of_none = dict.fromkeys(("wronged", "returned", "bank_losses", "buyers"), 0)
        assert {**sums_of(rows[bucket == place], market), **of_none} == kept_sums(tally), place


def test_every_payment_is_in_one_row(outcome: Outcome, panel: pd.DataFrame) -> None:
    flows = panel[[f"flow_{account}" for account in ACCOUNTS]].apply(whole)
    assert (flows.sum(axis=1) == 0).all()
    of_round = flows.groupby(panel["round"]).sum().reindex(range(len(outcome.balances)))
    balances = of_round.fillna(0).astype("int64").cumsum()
    np.testing.assert_array_equal(balances, outcome.balances)
    buyers = flows["flow_buyers"][panel["buyer"] >= 0].groupby(panel["buyer"]).sum()
    cash = pd.Series(outcome.world.buyers["cash"])
    assert (buyers.reindex(cash.index).fillna(0) == cash).all()


def test_the_headline_market_needs_what_comes_after_orders(panel: pd.DataFrame) -> None:
    rows = of_event(panel, "order", "unmet need")
    assert set(panel["event"].cat.categories) == set(EVENTS)
    assert len(rows) < len(panel)


def test_everything_happens_somewhere() -> None:
    seen = set()
    for scenario in SCENARIOS.values():
        orders = simulate(scenario, 3, orders=True).orders
        assert orders is not None
        seen |= set(orders["event"])
    assert seen == set(EVENTS)


def test_what_comes_after_an_order_names_it_where_only_one_is_open(panel: pd.DataFrame) -> None:
    later = of_event(panel, "chase", "late payment", "suit", "write-off", "final payment")
    if later.empty:
        return
    orders = of_event(panel, "order").set_index("order_id")
    assert orders.index.is_unique
    known = later[later["order_id"] >= 0]
    assert len(known) > 0.5 * len(later)
    theirs = orders.loc[known["order_id"]]
    assert (theirs["buyer"].to_numpy() == known["buyer"].to_numpy()).all()
    assert (theirs["contact"].to_numpy() == known["contact"].to_numpy()).all()
    assert (theirs["round"].to_numpy() < known["round"].to_numpy()).all()
    assert (theirs["receivable"] > 0.0).all()
    # what is settled is what was owed, to the last unit
    settled = known[known["event"] != "chase"].set_index("order_id")["receivable"]
    assert (whole(settled) == -whole(orders.loc[settled.index, "receivable"])).all()


def test_rows_that_are_no_orders_say_nothing_of_one(panel: pd.DataFrame) -> None:
    later = panel[~panel["event"].isin(["order", "unmet need"])]
    for name in ("lots", "price", "trust_in_supplier", "unit_cost", "instrument"):
        assert later[name].isna().all(), name
    firms = of_event(panel, "founding", "overhead", "dividend", "bankruptcy", "exit")
    assert (firms["buyer"] == -1).all()
    assert firms["buyer_policy"].isna().all()
    assert not firms["supplier_policy"].isna().any()


def test_names_are_names(outcome: Outcome, panel: pd.DataFrame) -> None:
    scenario = outcome.scenario
    assert set(panel["instrument"].dropna()) <= set(scenario.instruments)
    assert set(panel["buyer_policy"].dropna()) <= set(scenario.buyer_mix)
    assert set(panel["supplier_policy"].dropna()) <= set(scenario.supplier_mix)
    assert (panel["event"].notna() & (panel["round"] >= 0)).all()


def test_money_is_money() -> None:
    orders = simulate(quiet(lot_cost=7.0), orders=True).orders
    assert orders is not None
    orders = of_event(orders, "order")
    assert len(orders) == 12
    for name, each in (("cost_price", "price"), ("outlay", "unit_cost")):
        expected = (orders[each] * orders["lots"]).to_numpy()
        assert orders[name].to_numpy() == pytest.approx(expected, abs=1e-6), name
    assert (orders["flow_buyers"] == -orders["cost_price"]).all()
    worth = (1.6 * 7.0 * orders["lots"]).to_numpy()
    assert orders["value"].to_numpy() == pytest.approx(worth, abs=1e-6)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1))
def test_whatever_the_luck_it_adds_up(seed: int, replicate: int) -> None:
    scenario = restless(seed=seed, buyers=25, rounds=15)
    outcome = simulate(scenario, replicate, orders=True)
    assert outcome.orders is not None
    found = measures_of(outcome.orders, scenario.market)
    for name, number in found.items():
        assert number == outcome.measures[name] or number != number, name
    flows = [whole(outcome.orders[f"flow_{account}"]).sum() for account in ACCOUNTS]
    assert flows == outcome.balances[-1].tolist()


def test_the_recipe_of_the_docs_is_exact_in_a_dear_market() -> None:
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (recipe,) = (block for block in blocks if "outcome.orders" in block)
    for replicate in range(3):
        scenario = Scenario("trust_but_verify", buyers=5, suppliers=5, rounds=6)
        dear = scenario.replace(item_cost=1.0, demand_volatility=2.0)
        names = {"outcome": simulate(dear, replicate, orders=True)}
        lines = [line for line in recipe.splitlines() if not line.startswith(("outcome =", "from"))]
        assert len(lines) < len(recipe.splitlines())
        exec("\n".join(lines), names)
