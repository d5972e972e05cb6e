"""Known answers of reputation, learning and accounts, met by the market in limiting cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.quiet_market import quiet

from trustsim.config.library import library
from trustsim.config.scenario import Scenario
from trustsim.market.rooms.learning import updated
from trustsim.market.rooms.reputation import posterior
from trustsim.simulation.run import Rounds, simulate
from trustsim.theory.reputation import delisting_equilibrium

# Half of the lots are shaded, every shaded one fails in use and is traced.
CHEATING: dict[str, Any] = {"defect_bad": 1.0, "failure_traced": 1.0, "failure_cost": 0.1}
CHEAT = {"conduct": "propensity", "propensity": 0.5, "admission": 1.0}


@pytest.mark.parametrize(("good", "bad"), [(0, 0), (8, 0), (0, 3), (5, 2), (2.5, 0.75)])
def test_reputation_is_the_mean_of_the_beta_posterior(good: float, bad: float) -> None:
    assert posterior(good, bad) == pytest.approx((good + 1.0) / (good + bad + 2.0), abs=1e-12)


def test_counts_are_weighted_geometrically() -> None:
    news = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    count = 1.0
    for each in news:
        count = updated(count, 1.0, 0.9, each)
    assert count == pytest.approx(1.0 + (news * 0.9 ** np.arange(5, -1, -1)).sum(), abs=1e-12)


@pytest.mark.parametrize("forgetting", [1.0, 0.9, 0.0])
def test_public_ratings_follow_the_ratings_given(forgetting: float) -> None:
    rounds = 40
    market: dict[str, Any] = {"buyers": 30, "suppliers": 6, "contacts": 3, "rounds": rounds}
    rating = {"rating_rate": 1.0, "rating_error": 0.0, "delisting_rating": 0.0}
    outcome = simulate(
        quiet(supplier=CHEAT, rating_forgetting=forgetting, **CHEATING, **market, **rating),
        orders=True,
    )
    orders = outcome.orders
    assert orders is not None
    assert 0.05 < orders["grievance"].mean() < 0.5
    weight = forgetting ** (rounds - 1.0 - orders["round"])
    good = (weight * (orders["grievance"] == 0)).groupby(orders["supplier"]).sum()
    bad = (weight * orders["grievance"]).groupby(orders["supplier"]).sum()
    suppliers = outcome.world.suppliers
    everyone = range(len(suppliers))
    good, bad = (part.reindex(everyone, fill_value=0.0) for part in (good, bad))
    np.testing.assert_allclose(suppliers["rating_good"], good, atol=1e-9)
    np.testing.assert_allclose(suppliers["rating_bad"], bad, atol=1e-9)
    expected = (good + 1.0) / (good + bad + 2.0)
    np.testing.assert_allclose(suppliers["rating"], expected, atol=1e-12)
    assert expected.max() - expected.min() > 0.05


@pytest.mark.parametrize(("forgetting", "betrayal"), [(1.0, 1.0), (0.9, 1.0), (0.9, 3.0)])
def test_trust_follows_the_orders_of_a_tie(forgetting: float, betrayal: float) -> None:
    # (r + 1)/(r + s + 2) at betrayal weight 1, news fading by a factor an order
    memory = {"trust_forgetting": forgetting, "idle_forgetting": 1.0, "betrayal_weight": betrayal}
    market: dict[str, Any] = {"buyers": 30, "suppliers": 6, "contacts": 3, "rounds": 30}
    outcome = simulate(
        quiet({"voice": 0.0, "attraction_weight": 0.0}, CHEAT, **CHEATING, **market, **memory),
        orders=True,
    )
    orders = outcome.orders
    assert orders is not None
    compared = 0
    for (buyer, contact), dealt in orders.groupby(["buyer", "contact"]):
        bad = dealt["grievance"].to_numpy()
        weight = forgetting ** np.arange(len(bad) - 1, -1, -1)
        r, s = (weight * (1 - bad)).sum(), betrayal * (weight * bad).sum()
        tie = outcome.world.ties[buyer, contact]
        assert tie["orders"] == len(bad)
        trust = tie["supplier_good"] / (tie["supplier_good"] + tie["supplier_bad"])
        assert trust == pytest.approx((r + 1.0) / (r + s + 2.0), abs=1e-5)
        # the supplier has nothing to complain about
        assert tie["buyer_good"] == pytest.approx(1.0 + weight.sum(), rel=1e-5)
        assert tie["buyer_bad"] == pytest.approx(1.0, abs=1e-6)
        compared += bool(bad.any())
    assert compared > 30
    # generalised trust is the same of all orders of the buyer
    for buyer, dealt in orders.groupby("buyer"):
        bad = dealt["grievance"].to_numpy()
        weight = forgetting ** np.arange(len(bad) - 1, -1, -1)
        found = outcome.world.buyers[buyer]
        assert found["general_good"] == pytest.approx(1 + (weight * (1 - bad)).sum(), rel=1e-5)
        assert found["general_bad"] == pytest.approx(1 + betrayal * (weight * bad).sum(), rel=1e-5)


# Dellarocas 2005: (w2, c, alpha, beta, delta) -> best value of a listed seller, delisting chance
DELISTING = [
    ((2.0, 1.0, 0.05, 0.8, 0.9), 9.333, 0.1587),
    ((2.0, 1.0, 0.10, 0.9, 0.95), 17.5, 0.0752),
    ((3.0, 1.0, 0.05, 0.5, 0.9), 18.889, 0.1307),
    ((3.0, 1.0, 0.20, 0.6, 0.95), 30.0, None),
    ((1.2, 1.0, 0.1, 0.9, 0.9), 0.0, None),
]


@pytest.mark.parametrize(("market", "value", "delisting"), DELISTING)
def test_delisting_equilibrium(
    market: tuple[float, ...], value: float, delisting: float | None
) -> None:
    found, chance = delisting_equilibrium(*market)
    assert found == pytest.approx(value, abs=0.0006)
    if delisting is not None:
        assert chance == pytest.approx(delisting, abs=0.00006)
    if value == 0.0:
        return
    # played out: effort for ever, a negative rating with probability alpha, then delisted or not
    worth, cost, alpha, beta, discount = market
    listed = (1.0 - alpha * chance) ** np.arange(20_000)
    earned = ((worth - cost) * listed * discount ** np.arange(20_000)).sum()
    assert earned == pytest.approx(found, rel=1e-9)
    # and cheating once gains just what the higher risk of delisting costs
    assert discount * (beta - alpha) * chance * found == pytest.approx(cost, rel=1e-9)


def test_no_trade_just_below_the_ratio_that_keeps_sellers_honest() -> None:
    alpha, beta, discount = 0.1, 0.9, 0.9
    least = (beta + (1.0 - discount) / discount) / (beta - alpha)
    assert delisting_equilibrium(least - 1e-6, 1.0, alpha, beta, discount) == (0.0, 0.0)
    assert delisting_equilibrium(least + 1e-6, 1.0, alpha, beta, discount)[0] > 0.0


def test_honest_sellers_that_noisy_ratings_delist_live_geometrically_long() -> None:
    # delisting by the first negative rating, which comes by mistake with probability alpha: the
    # chance to be still in place after n rounds is (1 - alpha)^n
    alpha, rounds = 0.07, 25
    outcome = simulate(
        quiet(
            buyers=4_000,
            suppliers=4_000,
            rounds=rounds,
            rating_rate=1.0,
            rating_error=alpha,
            rating_forgetting=0.0,
            delisting_rating=0.5,
            delisting_orders=1,
            new_identity=0.0,
        )
    )
    served = pd.Series(outcome.world.ties["supplier"][:, 0]).value_counts()
    alone = served.index[served == 1].to_numpy()  # one order and rating a round
    in_place = outcome.world.suppliers["generation"][alone] == 0
    error = np.sqrt(0.25 / len(alone))
    assert error < 0.015
    assert in_place.mean() == pytest.approx((1.0 - alpha) ** rounds, abs=4.0 * error)
    nobody = np.setdiff1d(np.arange(4_000), served.index.to_numpy())
    assert (outcome.world.suppliers["generation"][nobody] == 0).all()


@pytest.fixture
def idle_pair() -> Rounds:
    """Give a pair with a past that has no orders any more."""
    run = Rounds(
        quiet(
            {"memory": 0.2, "prior_good": 2.0, "prior_bad": 1.0},
            rounds=40,
            demand_rate=0.0,
            idle_forgetting=0.9,
            knowhow_erosion=0.05,
            goodwill_erosion=0.1,
        ),
        0,
    )
    tie = run.world.ties[0, 0]
    tie["last_round"] = -2
    tie["supplier_good"], tie["supplier_bad"] = 12.0, 5.0
    tie["buyer_good"], tie["attraction"], tie["goodwill"], tie["knowhow"] = 9.0, 3.0, 0.8, 0.6
    tie["retained"] = 0.7
    return run


def test_what_nobody_tends_decays_geometrically(idle_pair: Rounds) -> None:
    tie = idle_pair.world.ties[0, 0]
    for n in range(1, 41):
        idle_pair.step()
        found = {name: float(tie[name]) for name in tie.dtype.names}
        # an idle round starts with the round after the last order
        assert found["supplier_good"] == pytest.approx(2.0 + 10.0 * 0.9**n, rel=1e-5)
        assert found["supplier_bad"] == pytest.approx(1.0 + 4.0 * 0.9**n, rel=1e-5)
        assert found["knowhow"] == pytest.approx(0.6 * 0.95**n, rel=1e-5)
        assert found["goodwill"] == pytest.approx(0.8 * 0.9**n, rel=1e-5)
        assert found["attraction"] == pytest.approx(3.0 * 0.8**n, rel=1e-5)
        assert found["buyer_good"] == 9.0


def test_an_order_in_the_last_round_is_no_neglect() -> None:
    run = Rounds(quiet(rounds=20, idle_forgetting=0.0, trust_forgetting=1.0), 0)
    for n in range(1, 21):
        run.step()
        assert run.world.ties[0, 0]["supplier_good"] == 1.0 + n


@pytest.mark.parametrize("policy", sorted(library().buyers))
def test_the_books_add_up_to_zero(policy: str) -> None:
    outcome = simulate(Scenario(policy, buyers=60, rounds=40), 3)
    assert outcome.balances.shape == (40, 7)
    assert np.abs(outcome.balances).sum() > 0
    assert (outcome.balances.sum(axis=1) == 0).all()
    columns = [name for name in outcome.rounds if name.startswith("balance_")]
    np.testing.assert_array_equal(outcome.rounds[columns], outcome.balances)
