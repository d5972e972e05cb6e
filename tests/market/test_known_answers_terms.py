"""Known answers of payment terms and information sharing, met by the market in limiting cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import quiet

from trustsim.market.rooms.demand import mismatch
from trustsim.simulation.run import simulate
from trustsim.theory.payment_terms import switch_order

PRICE = 1.4
"""What a lone supplier asks below: the ceiling of costs; its own cost is about half of that."""


def first_open_account(
    fee_share: float, fee_fixed: float = 0.0, credit_loss: float = 1.0, secured: float = 0.0
) -> int:
    """Let a pair choose between escrow and open account; give the first order on open account.

    Beta(1, 1), no forgetting, no interest: after n good orders trust is (n + 1)/(n + 2).
    """
    instruments = {
        "escrow": {
            "advance": 1.0,
            "held": 1,
            "fee_share": fee_share,
            "fee_fixed": fee_fixed,
            "supplier_fee_share": 0.5,
        },
        "open": {"credit_days": 30.0, "secured": secured},
    }
    prices = {"cost_low": 0.3, "cost_high": PRICE}  # a margin larger than any fee below
    learning = {"trust_forgetting": 1.0, "credit_loss": credit_loss}
    outcome = simulate(
        quiet(instruments=instruments, rounds=80, value=3.0, **prices, **learning), orders=True
    )
    orders = outcome.orders
    assert orders is not None
    assert orders["price"].to_numpy() == pytest.approx(PRICE)
    assert list(orders["age"]) == list(range(80))
    good = np.arange(80)
    np.testing.assert_allclose(orders["trust_in_buyer"], (good + 1) / (good + 2), atol=1e-6)
    switched = int((orders["instrument"] == 0).sum())
    assert list(orders["instrument"]) == [0] * switched + [1] * (80 - switched)  # once, for good
    return switched


@pytest.mark.parametrize("fee_share", [0.3, 0.11, 0.06, 0.03, 0.015])
def test_switch_from_escrow_to_open_account(fee_share: float) -> None:
    # the first n with (n + 1)/(n + 2) > 1 - fee/exposure; the exposure is the price
    expected = next(n for n in range(100) if (n + 1) / (n + 2) > 1.0 - fee_share)
    assert first_open_account(fee_share) == expected == switch_order(fee_share)


@pytest.mark.parametrize("exposure", [0.5, 0.25])
def test_less_exposure_switches_sooner(exposure: float) -> None:
    # a smaller loss, or a claim that is partly secured: the same part of the price is exposed
    expected = next(n for n in range(100) if (n + 1) / (n + 2) > 1.0 - 0.03 / exposure)
    assert first_open_account(0.03, credit_loss=exposure) == expected
    assert first_open_account(0.03, secured=1.0 - exposure) == expected
    assert switch_order(0.03, exposure) == expected


def test_a_fixed_fee_counts_by_its_share_of_the_price() -> None:
    expected = switch_order(0.02 + 0.07 / PRICE)
    assert first_open_account(0.02, fee_fixed=0.07) == expected < first_open_account(0.02)


EARNERS = ("platform", "carriers", "banks")


@pytest.mark.parametrize("operator", [0, 1, 2])
@pytest.mark.parametrize("suppliers_part", [0.0, 0.25, 1.0])
def test_fees_are_paid_by_both_sides_to_who_operates_the_instrument(
    operator: int, suppliers_part: float
) -> None:
    fees = {"fee_share": 0.02, "fee_fixed": 0.01, "supplier_fee_share": suppliers_part}
    means = {"paid": {"on_delivery": 1.0, "operator": operator, **fees}}
    outcome = simulate(quiet(instruments=means, rounds=10), orders=True)
    assert outcome.orders is not None
    fee = 0.02 * 1.15 + 0.01
    assert outcome.measures["cost_payment"] == pytest.approx((1.0 - suppliers_part) * fee, abs=1e-6)
    margin = (outcome.orders["price"] - outcome.orders["unit_cost"]).mean()
    profit = outcome.measures["supplier_profit"]
    assert margin - profit == pytest.approx(suppliers_part * fee, abs=2e-6)
    earned = {name: outcome.rounds[f"balance_{name}"].iloc[-1] / 1e7 for name in EARNERS}
    expected = {name: fee if place == operator else 0.0 for place, name in enumerate(EARNERS)}
    assert earned == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("terms", "buyer", "supplier"),
    [
        ({"on_delivery": 1.0}, 0.0, 0.0),
        ({"advance": 1.0}, 0.12 / 12, 0.0),  # a round of a month in advance
        ({"advance": 0.4, "on_delivery": 0.6}, 0.4 * 0.12 / 12, 0.0),
        ({"credit_days": 73.0}, -0.12 / 5, 0.2 / 5),  # a fifth of a year on credit
        ({"advance": 0.5, "credit_days": 73.0}, 0.5 * 0.12 / 12 - 0.5 * 0.12 / 5, 0.5 * 0.2 / 5),
    ],
)
def test_each_side_bears_interest_on_what_it_waits_for(
    terms: dict[str, float], buyer: float, supplier: float
) -> None:
    market = {"buyer_interest": 0.12, "supplier_interest": 0.2, "credit_loss": 0.0}
    outcome = simulate(
        quiet(instruments={"terms": terms}, value=5.0, advance_loss=0.0, **market), orders=True
    )
    assert outcome.orders is not None
    assert outcome.measures["cost_payment"] == pytest.approx(buyer * 1.15, abs=1e-6)
    margin = (outcome.orders["price"] - outcome.orders["unit_cost"]).mean()
    assert margin - outcome.measures["supplier_profit"] == pytest.approx(supplier * 1.15, abs=2e-6)


# Lee, So & Tang 2000: persistence, lead time, holding cost, shortage cost
CHAINS = [(0.0, 1, 1.0, 9.0), (0.5, 0, 1.0, 4.0), (0.6, 1, 1.0, 25.0), (0.9, 3, 2.0, 30.0)]
SHOCK = 0.3


def cost_of_supply(
    persistence: float, lead_time: int, holding: float, shortage: float, shared: bool
) -> float:
    """Simulate a buyer and its supplier under AR(1) demand; give the supplier's cost per round.

    The buyer follows an order-up-to policy with a lead time of zero. The supplier orders up to the
    mean of the buyer's orders over lead time + 1 rounds, as far as it can know it, and a safety
    stock; what is left of that when those rounds are over is held, what is missing is owed.
    """
    rounds = 200_000
    shocks = np.random.default_rng(12).normal(0.0, SHOCK, rounds)
    demand = np.empty(rounds)
    demand[0] = shocks[0]
    for t in range(1, rounds):
        demand[t] = persistence * demand[t - 1] + shocks[t]
    # the buyer's order: what it sold, and the change of what it expects to sell next
    orders = demand.copy()
    orders[1:] += persistence * (demand[1:] - demand[:-1])
    # the mean of the orders to come: Y' = rho Y + (1 + rho) e' - rho e
    last = persistence * shocks if shared else np.zeros(rounds)
    mean = np.zeros(rounds)
    expected = orders
    for ahead in range(lead_time + 1):
        expected = persistence * expected - (last if ahead == 0 else 0.0)
        mean += expected
    over_lead_time = np.convolve(orders, np.ones(lead_time + 1), "valid")[1:]
    surprise = over_lead_time - mean[: len(over_lead_time)]
    safety = np.quantile(surprise, shortage / (holding + shortage))
    left = safety - surprise
    return float(np.mean(np.where(left > 0.0, holding * left, -shortage * left)))


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("shared", [True, False])
def test_value_of_a_shared_forecast(chain: tuple[float, int, float, float], shared: bool) -> None:
    persistence, lead_time, holding, shortage = chain
    found = cost_of_supply(persistence, lead_time, holding, shortage, shared)
    formula = mismatch(persistence, SHOCK, lead_time, holding, shortage, shared)
    assert formula == pytest.approx(found, rel=0.015)


def test_sharing_is_worth_nothing_without_autocorrelation_and_more_with_more_of_it() -> None:
    def saved(persistence: float) -> float:
        alone, told = (mismatch(persistence, SHOCK, 1, 1.0, 9.0, s) for s in (False, True))
        return 1.0 - told / alone

    worth = [saved(persistence) for persistence in (0.0, 0.3, 0.6, 0.9)]
    assert worth[0] == 0.0
    assert worth == sorted(worth)
    assert worth[-1] > 0.08


def test_no_cost_of_mismatch_without_volatility_or_without_costs() -> None:
    for volatility, holding, shortage in ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)):
        assert mismatch(0.6, volatility, 1, holding, shortage, False) == 0.0


@pytest.mark.parametrize("shared", [True, False])
def test_the_market_charges_the_closed_form_per_lot(shared: bool) -> None:
    demand: dict[str, Any] = {"demand_volatility": SHOCK, "demand_persistence": 0.6, "lead_time": 2}
    costs: dict[str, Any] = {"holding_cost": 0.05, "shortage_cost": 0.4}
    buyer = {"disclosure_rule": "always" if shared else "never", "disclosure": 1.0}
    measures = simulate(quiet(buyer, rounds=300, buyers=20, **demand, **costs)).measures
    expected = mismatch(0.6, SHOCK, 2, 0.05, 0.4, shared)
    assert measures["accepted"] == pytest.approx(6_000, rel=0.1)
    assert measures["cost_delay"] == pytest.approx(expected, abs=2e-6)
    assert measures["total_cost"] == pytest.approx(1.15 + expected, abs=2e-6)


def test_demand_follows_the_process_of_the_closed_form() -> None:
    demand: dict[str, Any] = {"demand_volatility": 0.4, "demand_persistence": 0.7}
    outcome = simulate(quiet(rounds=200, buyers=100, **demand), orders=True)
    assert outcome.orders is not None
    lots = outcome.orders["lots"].to_numpy().reshape(200, 100)
    level = np.log(lots)
    assert lots.mean() == pytest.approx(1.0, abs=0.04)
    spread = 0.4 / np.sqrt(1.0 - 0.49)  # from the first round on
    assert level.std() == pytest.approx(spread, rel=0.03)
    assert level[0].std() == pytest.approx(spread, rel=0.3)
    earlier, later = level[:-1].ravel(), level[1:].ravel()
    assert np.corrcoef(earlier, later)[0, 1] == pytest.approx(0.7, abs=0.02)
    assert (later - 0.7 * earlier).std() == pytest.approx(0.4, rel=0.02)
