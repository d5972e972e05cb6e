"""Known answers of sourcing and negotiation, met by the compiled market in their limiting cases."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from support.quiet_market import quiet

from trustsim.market.rooms.negotiation import equilibrium_bid
from trustsim.simulation.run import Rounds, simulate
from trustsim.theory.sourcing import logit_shares

# Weisbuch, Kirman & Herreiner 2000: intensity over its threshold, order parameter P1^2 + P2^2
THRESHOLD = {0.5: 0.5, 0.8: 0.5, 1.0: 0.5, 1.2: 0.717, 1.5: 0.869, 2.0: 0.958}
PROFIT = 0.25
"""Value 1.25 less the price: a lone supplier asks the ceiling of costs, 1."""


def shares_of_attraction(intensity: float, memory: float, rounds: int, sellers: int = 2) -> Any:
    """Let 200 buyers visit equal sellers, and give their shares of attraction at the end.

    The intensity is in units of the threshold of two sellers. Attraction fades before it is
    looked at, so the intensity is taken per unit of what is left of it.
    """
    threshold = 2.0 * memory / PROFIT / (1.0 - memory)
    buyer = {
        "award": "logit",
        "attraction_weight": 1.0,
        "memory": memory,
        "intensity": intensity * threshold,
    }
    market = {"buyers": 200, "suppliers": sellers, "contacts": sellers}
    goods = {"cost_low": 0.8, "cost_high": 1.0, "value": 1.0 + PROFIT}
    outcome = simulate(quiet(buyer, rounds=rounds, **market, **goods))
    assert outcome.measures["buyer_surplus"] == pytest.approx(PROFIT, abs=1e-9)
    attraction = outcome.world.ties["attraction"].astype(float)
    np.testing.assert_allclose(attraction.sum(axis=1), PROFIT / memory, rtol=1e-3)
    return attraction / attraction.sum(axis=1, keepdims=True)


def order_parameter_with_noise(intensity: float, memory: float) -> float:
    """Work out the order parameter for a memory that is not quite 0.

    The difference of attractions diffuses: stationary density of its Fokker-Planck equation.
    """
    y = np.linspace(-6.0, 6.0, 20_001)
    log_cosh = np.logaddexp(y, -y) - np.log(2.0)
    potential = 2.0 / (memory * intensity**2) * (intensity * log_cosh - 0.5 * y * y)
    weight = np.exp(potential - potential.max())
    return float((weight * (1.0 + (y / intensity) ** 2) / 2.0).sum() / weight.sum())


@pytest.mark.parametrize("intensity", THRESHOLD)
def test_loyalty_sets_in_at_the_threshold(intensity: float) -> None:
    memory = 0.005
    rounds = 16_000 if intensity == 1.2 else 4_000  # slow just above the threshold
    shares = shares_of_attraction(intensity, memory, rounds)
    found = (shares**2).sum(axis=1).mean()
    assert found == pytest.approx(order_parameter_with_noise(intensity, memory), abs=0.012)
    critical = 0.035 if intensity == 1.0 else 0.015  # fluctuations of order sqrt(memory) at 1
    assert found == pytest.approx(THRESHOLD[intensity], abs=critical)


def test_loyal_buyers_are_loyal_to_either_seller() -> None:
    first = shares_of_attraction(2.0, 0.01, 1_500)[:, 0]
    assert np.all((first < 0.2) | (first > 0.8))
    assert 70 < (first > 0.5).sum() < 130  # 4 standard deviations of 200 coins


def test_the_threshold_grows_with_the_number_of_sellers() -> None:
    # beta_c = n gamma / pi: four sellers at 1.2 times the threshold of two are below their own
    two = (shares_of_attraction(1.2, 0.02, 4_000) ** 2).sum(axis=1).mean()
    four = (shares_of_attraction(1.2, 0.02, 4_000, sellers=4) ** 2).sum(axis=1).mean()
    above = (shares_of_attraction(3.0, 0.02, 4_000, sellers=4) ** 2).sum(axis=1).mean()
    assert two > 0.62
    assert four < 0.32
    assert above > 0.8


@pytest.mark.parametrize("intensity", THRESHOLD)
def test_mean_field_shares(intensity: float) -> None:
    memory = 0.01  # the answer does not depend on it
    share = logit_shares(intensity * 2.0 * memory / PROFIT, memory, PROFIT)
    if intensity != 1.0:  # at the threshold itself the way to 1/2 is endless
        assert share**2 + (1.0 - share) ** 2 == pytest.approx(THRESHOLD[intensity], abs=0.0006)
    if intensity > 1.0:
        # Delta = (pi/gamma) tanh(beta Delta/2), in units of pi/gamma
        delta = brentq(lambda d: np.tanh(intensity * d) - d, 1e-6, 1.0)
        assert 2.0 * share - 1.0 == pytest.approx(delta, abs=1e-6)


def first_choices(buyer: dict[str, Any], **market: Any) -> tuple[Rounds, Any]:
    """Let 4,000 buyers who know the same two suppliers choose once; not yet walked."""
    sizes: dict[str, Any] = {"buyers": 4_000, "suppliers": 2, "contacts": 2, "rounds": 1}
    blind = {"award": "logit", "attraction_weight": 0.0, "intensity": 3.0}
    run = Rounds(quiet({**blind, **buyer}, **sizes, **market), 0)
    return run, run.world


def share_of(run: Rounds, field: str, value: int) -> float:
    run.step(keep=True)
    orders = run.outcome().orders
    assert orders is not None
    return float((orders[field] == value).mean())


def logistic(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-x)))


def test_trust_counts_by_its_weight() -> None:
    run, world = first_choices({"trust_weight": 2.0})
    world.ties["supplier_good"], world.ties["supplier_bad"] = [8.0, 5.0], [2.0, 5.0]
    expected = logistic(3.0 * 2.0 * (0.8 - 0.5))
    assert share_of(run, "contact", 0) == pytest.approx(expected, abs=0.023)  # 4 sd


def test_public_standing_counts_by_its_weight() -> None:
    shown = {"tier_threshold": 0.9, "tier_bonus": 0.2, "streak_threshold": 5, "streak_bonus": 0.1}
    run, world = first_choices({"rating_weight": 0.5}, **shown)
    world.suppliers["rating"], world.suppliers["streak"] = [0.95, 0.6], [0, 5]
    expected = logistic(3.0 * 0.5 * ((0.95 + 0.2) - (0.6 + 0.1)))
    assert share_of(run, "supplier", 0) == pytest.approx(expected, abs=0.031)


def test_among_two_bidders_the_price_counts_by_its_weight() -> None:
    run, world = first_choices({"bidders": 2, "price_weight": 4.0}, cost_low=0.8, cost_high=1.2)
    cheap, dear = world.suppliers["cost"] = (0.9, 1.1)
    bids = [cost + (1.2 - cost) / 2.0 for cost in (cheap, dear)]
    expected = logistic(3.0 * 4.0 * (bids[1] - bids[0]))  # relative to a mid-range cost of 1
    assert share_of(run, "supplier", 0) == pytest.approx(expected, abs=0.031)


COSTS = {"cost_low": 0.7, "cost_high": 1.3, "value": 2.0}


def tender(bidders: int, rounds: int, **market: Any) -> Any:
    """Let one buyer call so many bidders, whose costs are drawn anew every round, for every order.

    Gives the price of every order; rounds are independent.
    """
    buyer = {"bidders": bidders, "award": "lowest_bid"}
    sizes = {"suppliers": bidders, "contacts": bidders, "cost_churn": 1.0}
    outcome = simulate(quiet(buyer, rounds=rounds, **sizes, **COSTS, **market))
    assert outcome.measures["no_terms_rate"] == 0.0
    return outcome.rounds["cost_price"].to_numpy()


@pytest.mark.parametrize("bidders", [1, 2, 4, 8, 16])
def test_mean_price_of_a_tender(bidders: int) -> None:
    # first-price procurement auction, costs uniform: lo + 2 (hi - lo)/(n + 1) (Vickrey 1961)
    prices = tender(bidders, 6_000)
    expected = 0.7 + 2.0 * 0.6 / (bidders + 1)
    error = prices.std() / np.sqrt(len(prices))
    assert error < 0.0025
    assert prices.mean() == pytest.approx(expected, abs=max(4.0 * error, 1e-6))


@pytest.mark.parametrize("bidders", [2, 4, 8])
def test_prices_have_the_distribution_of_the_lowest_bid(bidders: int) -> None:
    # lowest cost lo + (hi - lo)(1 - (1 - q)^(1/n)) at quantile q, bid up by (hi - c)/n
    prices = np.sort(tender(bidders, 8_000))
    for quantile in (0.1, 0.5, 0.9):
        cost = 0.7 + 0.6 * (1.0 - (1.0 - quantile) ** (1.0 / bidders))
        expected = cost + (1.3 - cost) / bidders
        found = prices[int(quantile * len(prices))]
        assert found == pytest.approx(expected, abs=0.02)


def test_bids_are_a_mutual_best_answer() -> None:
    # nobody gains by bidding as if its cost were another one, against rivals who bid as they do
    for bidders, cost in itertools.product((2, 3, 6), (0.7, 0.9, 1.1)):
        as_if = np.linspace(0.7, 1.3, 601)
        bids = np.array([equilibrium_bid(c, 1.3, bidders) for c in as_if])
        winning = ((1.3 - as_if) / 0.6) ** (bidders - 1)
        best = as_if[np.argmax((bids - cost) * winning)]
        assert best == pytest.approx(cost, abs=0.002)


def test_haggling_wears_the_margin_down_exponentially() -> None:
    # a lone supplier asks the ceiling; h hours leave the cost and exp(-eta h) of the margin
    hours = {"haggling": "fixed", "haggling_hours": 5.0}
    sizes: dict[str, Any] = {"rounds": 400, "cost_churn": 1.0, **COSTS}
    calm = simulate(quiet(**sizes)).measures
    haggled = simulate(quiet(hours, haggle_rate=0.2, **sizes)).measures
    margin, left = (m["supplier_profit"] for m in (calm, haggled))
    assert calm["cost_price"] == pytest.approx(1.3, abs=1e-6)
    assert left / margin == pytest.approx(np.exp(-1.0), abs=1e-4)
    assert haggled["cost_price"] == pytest.approx(1.3 - margin + left, abs=1e-6)


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


def test_a_change_of_supplier_costs_the_switch() -> None:
    # blind choice among four: three orders in four go to another supplier than the last one
    buyer = {"attraction_weight": 0.0, "award": "logit"}
    sizes: dict[str, Any] = {"suppliers": 4, "contacts": 4, "buyers": 50, "rounds": 200}
    outcome = simulate(quiet(buyer, switching_cost=0.2, **sizes, value=3.0), orders=True)
    orders = outcome.orders
    assert orders is not None
    before = orders.groupby("buyer")["supplier"].shift(1)
    changed = before.notna() & (before != orders["supplier"])
    assert changed.mean() == pytest.approx(0.75 * 199 / 200, abs=0.02)
    assert (orders["cost_switching"] == 200_000 * changed).all()
    loyal = simulate(quiet(buyer, switching_cost=0.2, rounds=50))
    assert loyal.measures["cost_switching"] == 0.0
