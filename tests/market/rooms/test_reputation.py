"""Reputation: ratings given and erring, streaks, tiers, public standing and ransom."""

from __future__ import annotations

import pytest
from support.quiet_market import quiet
from support.troubles import BAD_LOTS

from trustsim.engine.compiling import records
from trustsim.market.records import (
    Market,
    Supplier,
)
from trustsim.market.rooms.reputation import sales_at_risk, standing
from trustsim.simulation.run import simulate


def test_nobody_speaks_and_nobody_is_rated() -> None:
    suppliers = simulate(quiet({}, {"admission": 1.0}, buyers=20, **BAD_LOTS)).world.suppliers
    assert (suppliers["rating"] == 0.5).all()
    assert (suppliers["rated"] == 0).all()
    assert (suppliers["listed"] == 1).all()


@pytest.mark.parametrize("error", [0.0, 0.2, 0.5])
def test_ratings_err_at_their_rate(error: float) -> None:
    market = {"rating_rate": 0.6, "rating_error": error, "rating_forgetting": 1.0}
    supplier = simulate(quiet(buyers=100, rounds=60, **market)).world.suppliers[0]
    assert supplier["rated"] == pytest.approx(3_600, abs=160)  # 4 sd of 6,000
    assert supplier["rating_bad"] / supplier["rated"] == pytest.approx(error, abs=0.034)


def test_streaks_count_orders_since_the_last_fault() -> None:
    clean = simulate(quiet(buyers=3, rounds=12)).world.suppliers[0]
    faulty = simulate(quiet({}, {"admission": 1.0}, buyers=3, **BAD_LOTS)).world.suppliers[0]
    assert (clean["streak"], faulty["streak"]) == (36, 0)


def test_tiers_and_streaks_lift_the_public_standing() -> None:
    supplier, market = (records(kind, 1)[0] for kind in (Supplier, Market))
    market["tier_threshold"], market["tier_bonus"] = 0.9, 0.1
    market["streak_threshold"], market["streak_bonus"] = 10, 0.05
    for rating, streak, expected in (
        (0.89, 9, 0.89),
        (0.91, 9, 1.01),
        (0.89, 10, 0.94),
        (0.91, 10, 1.06),
    ):
        supplier["rating"], supplier["streak"] = rating, streak
        assert standing(supplier, market) == pytest.approx(expected)


@pytest.mark.parametrize(("good", "bad", "weight"), [(0.0, 0.0, 1 / 2), (5.0, 1.0, 1 / 8)])
def test_sales_at_risk_are_what_one_bad_rating_weighs(
    good: float, bad: float, weight: float
) -> None:
    # a uniform prior is worth two ratings, so of n ratings one more weighs 1/(n + 2) of a mean; it
    # is forgotten at .9 a round, so that it counts for ten rounds (and a thousandth against 0/0)
    supplier, market = (records(kind, 1)[0] for kind in (Supplier, Market))
    market["usual_sales"] = 0.5 * 30 / 6
    market["rating_forgetting"] = 0.9
    supplier["load"], supplier["rating_good"], supplier["rating_bad"] = 1.2, good, bad
    orders = 1.2 * 0.5 * 30 / 6
    expected = 0.2 * orders * weight / (0.1 + 0.001)
    assert sales_at_risk(supplier, 0.2, market) == pytest.approx(expected, rel=1e-9)
    assert sales_at_risk(supplier, -0.2, market) == 0.0


@pytest.mark.parametrize(
    ("rate", "trait", "money", "paid"),
    [(0, 1, 0.02, 0), (1, 0, 0.02, 0), (1, 1, 0.02, 1), (1, 1, 1, 0)],
)
def test_opportunists_ask_for_money_not_to_complain(
    rate: float, trait: float, money: float, paid: int
) -> None:
    # a supplier pays if the sales at risk are worth more, otherwise it gets a bad rating
    outcome = simulate(
        quiet(
            buyers=2,
            rounds=10,
            rating_forgetting=0.0,
            delisting_rating=0.0,
            ransom_rate=float(rate),
            ransom=float(money),
            buyer_opportunism_mean=float(trait),
            opportunism_spread=0.0,
            rating_error=0.0,
        )
    )
    asked = rate * trait
    assert outcome.measures["cost_dispute"] == pytest.approx(-money * paid, abs=1e-6)
    assert outcome.world.suppliers["rated"][0] == (20 if asked and not paid else 0)
    assert (outcome.world.suppliers["rating"][0] < 0.5) == bool(asked and not paid)
