"""Reputation, survival, imitation, search and shocks can be switched on and off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from support.quiet_market import quiet

from trustsim.engine.compiling import records
from trustsim.market.records import Market, Supplier
from trustsim.market.rooms.reputation import standing
from trustsim.simulation.run import Rounds, build, simulate

BAD_LOTS: dict[str, Any] = {"defect_good": 1.0, "defect_bad": 1.0, "knowhow_quality": 0.0}
BAD_LOTS |= {"failure_traced": 1.0, "failure_cost": 0.1, "value": 3.0}


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


@pytest.mark.parametrize(
    ("least", "identity", "comes_back"), [(0.0, 1.0, None), (0.3, 1.0, True), (0.3, 0.0, False)]
)
def test_the_badly_rated_are_delisted_and_return_or_are_replaced(
    least: float, identity: float, comes_back: bool | None
) -> None:
    scenario = quiet(
        {},
        {"admission": 1.0},
        buyers=10,
        rounds=2,
        rating_rate=1.0,
        rating_error=0.0,
        delisting_rating=least,
        delisting_orders=10,
        new_identity=identity,
        opportunism_spread=0.0,
        **BAD_LOTS,
    )
    run = Rounds(scenario, 0)
    firm = run.world.suppliers[0]
    character = float(firm["opportunism"]), float(firm["cost"])
    run.step()
    assert firm["listed"] == (1 if comes_back is None else 0)
    run.step()
    # a delisted supplier gets no orders; then it has a new name
    needs = run.outcome().sums.rounds
    assert needs["orders"][1].sum() == (10 if comes_back is None else 0)
    assert firm["listed"] == 1
    assert firm["generation"] == (0 if comes_back is None else 1)
    if comes_back is not None:
        assert firm["rating"] == 0.5
        same = (float(firm["opportunism"]), float(firm["cost"])) == character
        assert same is comes_back
        assert (run.outcome().balances[-1].sum(), firm["streak"]) == (0, 0)


@pytest.mark.parametrize("identity", [0.0, 0.3, 1.0])
def test_a_part_of_the_delisted_comes_back_under_a_new_name(identity: float) -> None:
    run = Rounds(quiet(suppliers=1_000, demand_rate=0.0, new_identity=identity, rounds=1), 0)
    firms = run.world.suppliers
    costs = firms["cost"].copy()
    firms["listed"] = 0
    run.step()
    assert (firms["listed"] == 1).all()
    assert (firms["generation"] == 1).all()
    error = 0.06 if 0.0 < identity < 1.0 else 0.0  # 4 sd
    assert (firms["cost"] == costs).mean() == pytest.approx(identity, abs=error)


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


def test_firms_that_lose_too_much_fail_and_banks_bear_the_debt() -> None:
    # no orders: 2 lots of cash and an overhead of 1 are -3 after five rounds, beyond a line of 2
    market = {"demand_rate": 0.0, "start_cash": 2.0, "credit_line": 2.0}
    run = Rounds(quiet(overhead=1.0, rounds=12, **market), 0)
    firm, cash = run.world.suppliers[0], []
    first = float(firm["cost"])
    for _ in range(12):
        run.step()
        cash.append(int(firm["cash"]) // 1_000_000)
    assert cash == [1, 0, -1, -2, 2, 1, 0, -1, -2, 2, 1, 0]
    assert firm["generation"] == 2
    assert firm["cost"] != first
    books = run.outcome().rounds
    assert list(books["balance_banks"] // 1_000_000) == [0] * 4 + [-3] * 5 + [-6] * 3
    survivor = simulate(quiet(overhead=0.0, rounds=12, **market)).world.suppliers[0]
    assert (survivor["generation"], survivor["cash"]) == (0, 2_000_000)


def test_owners_take_out_their_share_of_spare_cash() -> None:
    run = Rounds(quiet(payout=0.25, demand_rate=0.0, rounds=3), 0)
    run.world.suppliers["cash"] = 6_000_000  # four lots above what it started with
    left = []
    for _ in range(3):
        run.step()
        left.append(int(run.world.suppliers["cash"][0]))
    assert left == [5_000_000, 4_250_000, 3_687_500]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_costs_and_characters_are_drawn_anew(rate: float) -> None:
    scenario = quiet(suppliers=200, rounds=1, cost_churn=rate, turn_rate=rate, opportunism_mean=0.5)
    before, after = build(scenario, 0).suppliers, simulate(scenario).world.suppliers
    for trait in ("cost", "opportunism"):
        changed = before[trait] != after[trait]
        assert changed.mean() > 0.6 if rate else not changed.any()
        low, high = float(before[trait].min()), float(before[trait].max())
        assert after[trait].mean() == pytest.approx(0.5 * (low + high), abs=0.15 * (high - low))


@pytest.mark.parametrize(("spread", "extreme"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_characters_differ_by_their_spread(spread: float, extreme: float) -> None:
    market = {"opportunism_mean": 0.3, "buyer_opportunism_mean": 0.3, "opportunism_spread": spread}
    world = build(quiet(suppliers=2_000, buyers=2_000, **market), 0)
    for agents in (world.buyers, world.suppliers):
        trait = agents["opportunism"]
        assert trait.mean() == pytest.approx(0.3, abs=0.04)
        assert np.isin(trait, (0.0, 1.0)).mean() == pytest.approx(extreme, abs=0.045)


def test_cost_shocks_come_at_their_rate_and_fade_by_half_in_half_a_year() -> None:
    def levels(**market: Any) -> np.ndarray:
        run = Rounds(quiet(demand_rate=0.0, **market), 0)
        run.world.market["cost_level"] = 1.4
        found = []
        for _ in range(run.scenario.rounds):
            run.step()
            found.append(float(run.world.market["cost_level"][0]))
        return np.array(found)

    calm = levels(rounds=12, rounds_per_year=12)
    np.testing.assert_allclose(calm, 1.0 + 0.4 * 0.5 ** (np.arange(1, 13) / 6.0), rtol=1e-12)
    stormy = levels(rounds=2_000, rounds_per_year=1, shock_rate=0.3, shock_size=0.1)
    faded = 1.0 + (np.concatenate([[1.4], stormy[:-1]]) - 1.0) * 0.25
    jumps = np.log(stormy / faded)
    hit = np.abs(jumps) > 1e-12
    assert hit.mean() == pytest.approx(0.3, abs=0.041)
    assert stats.kstest(jumps[hit] / 0.1, "norm").pvalue > 1e-3


def test_dear_times_are_passed_on_in_prices() -> None:
    calm, stormy = (
        simulate(quiet(rounds=300, shock_rate=rate, shock_size=0.05)).rounds["cost_price"]
        for rate in (0.0, 0.2)
    )
    assert calm.nunique() == 1
    assert stormy.nunique() > 250


@pytest.mark.parametrize("volatility", [0.0, 0.3])
def test_a_common_shock_hits_all_buyers_alike(volatility: float) -> None:
    orders = simulate(
        quiet(buyers=10, rounds=400, common_volatility=volatility), orders=True
    ).orders
    assert orders is not None
    lots = orders["lots"].to_numpy().reshape(400, 10)
    assert (lots == lots[:, :1]).all()
    assert np.log(lots[:, 0]).std() == pytest.approx(volatility, rel=0.12)


# Two ways to buy: one of them pays for inspecting lots that are always good.
CAREFUL = {"inspection": "all"}


def share_of_careless(rate: float, mutation: float = 0.0, noise: float = 0.01) -> float:
    scenario = quiet(
        buyers=200, rounds=60, imitation_rate=rate, mutation=mutation, imitation_noise=noise,
        inspection_cost=0.2, specificity=1.0,
    )  # fmt: skip
    both = scenario.replace(
        policies={"buyers": {"careful": {"based_on": "buyer", **CAREFUL}}},
        buyer_mix={"careful": 0.8, "buyer": 0.2},
    )
    return float((simulate(both).world.buyers["policy"] == 1).mean())


def test_buyers_imitate_those_who_fare_better() -> None:
    assert share_of_careless(0.0) == pytest.approx(0.2, abs=0.01)
    assert share_of_careless(0.2) > 0.95
    assert share_of_careless(0.2, noise=100.0) < 0.5  # blind to what it is worth
    assert share_of_careless(0.5, mutation=1.0) == pytest.approx(0.5, abs=0.15)
    assert share_of_careless(0.0, mutation=1.0) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0.3, 0.3), (0.1, 0.95, 1.0)])
def test_suppliers_imitate_cheats_whom_nobody_catches(
    rate: float, least: float, most: float
) -> None:
    market = {"buyers": 300, "suppliers": 100, "rounds": 120, "imitation_rate": rate}
    scenario = quiet(imitation_noise=0.01, shading_saving=0.3, contacts=1, **market)
    both = scenario.replace(
        policies={"suppliers": {"cheat": {"based_on": "supplier", "conduct": "always"}}},
        supplier_mix={"supplier": 0.7, "cheat": 0.3},
    )
    share = float((simulate(both).world.suppliers["policy"] == 1).mean())
    assert least - 0.02 <= share <= most + 0.02


NOVEL = {"old": {"on_delivery": 1.0, "fee_share": 0.02}, "new": {"on_delivery": 1.0, "novel": 1}}


def test_novel_instruments_must_become_familiar() -> None:
    def used(weight: float, start: float) -> Any:
        market = {"familiarity_weight": weight, "familiarity_start": start, "rounds": 24}
        return simulate(quiet(instruments=NOVEL, buyers=20, **market))

    assert used(0.0, 0.0).measures["instrument_share_new"] == 1.0
    assert used(0.5, 0.0).measures["instrument_share_new"] == 0.0
    known = used(0.015, 0.5)  # .5 x .015 each side is less than the fee
    assert known.measures["instrument_share_new"] == 1.0
    # all use it, and it goes well: a twelfth of the gap closes in a round
    left = 0.5 * (11.0 / 12.0) ** 24
    assert known.world.instruments["familiarity"] == pytest.approx([0.5, 1.0 - left])


@pytest.mark.parametrize("exploration", [0.0, 0.2, 1.0])
def test_exploration_finds_newcomers(exploration: float) -> None:
    # a newcomer is asked, and a lone favourite with it
    market = {"buyers": 200, "suppliers": 400, "contacts": 3, "rounds": 30}
    orders = simulate(quiet({"exploration": exploration}, **market), orders=True).orders
    assert orders is not None
    assert (orders["bidders"] > 1).mean() == pytest.approx(exploration, abs=0.021)
    assert set(orders["bidders"]) <= {1, 2}


def test_a_newcomer_never_takes_the_place_of_the_partner() -> None:
    market = {"buyers": 50, "suppliers": 20, "contacts": 1, "rounds": 10}
    orders = simulate(quiet({"exploration": 1.0}, **market), orders=True).orders
    assert orders is not None
    assert (orders.groupby("buyer")["supplier"].nunique() <= 2).all()
    later = orders[orders["round"] > 0]  # the first contact may go before it is a partner
    assert (later.groupby("buyer")["supplier"].nunique() == 1).all()


def test_buyers_recommend_only_whom_they_have_tried() -> None:
    # what they tried has failed them: (9, 4) after one order, against (9, 1) of those untried
    buyer = {"prior_good": 9.0, "prior_bad": 1.0, "voice": 0.0}
    sizes = {"buyers": 50, "suppliers": 20, "contacts": 4, "rounds": 1}
    memory = {"betrayal_weight": 3.0, "trust_forgetting": 1.0}
    once = simulate(quiet(buyer, {"admission": 1.0}, **BAD_LOTS, **sizes, **memory), orders=True)
    assert once.orders is not None
    np.testing.assert_array_equal(once.world.buyers["recommends"], once.orders["supplier"])
    worse = {**memory, "betrayal_weight": 30.0}
    never = simulate(quiet(buyer, {"admission": 1.0}, **BAD_LOTS, **sizes, **worse))
    assert (never.world.buyers["recommends"] == -1).all()


@pytest.mark.parametrize("tested", [0.0, 0.3])
def test_market_tests_ask_a_second_bidder(tested: float) -> None:
    market = {"buyers": 200, "suppliers": 10, "contacts": 5, "rounds": 30}
    orders = simulate(quiet({"market_test": tested}, **market), orders=True).orders
    assert orders is not None
    assert (orders["bidders"] == 2).mean() == pytest.approx(tested, abs=0.024 if tested else 0.0)


def test_newcomers_are_found_by_chance_by_rating_or_by_referral() -> None:
    def partners(search: str) -> Any:
        # a third of the suppliers cheat, everybody says so; only newcomers get orders
        scenario = quiet(
            {"exploration": 1.0, "search": search, "award": "lowest_bid"},
            {"admission": 1.0},
            buyers=150, suppliers=90, contacts=2, rounds=40, rating_rate=1.0, rating_error=0.0,
            delisting_rating=0.0, cost_low=1.0, cost_high=1.15,
            **{**BAD_LOTS, "defect_good": 0.0},
        )  # fmt: skip
        both = scenario.replace(
            policies={"suppliers": {"cheat": {"based_on": "supplier", "conduct": "always"}}},
            supplier_mix={"supplier": 2 / 3, "cheat": 1 / 3},
        )
        return simulate(both).measures["supplier_opportunism_rate"]

    blind, rated, told = (partners(search) for search in ("random", "rating", "referral"))
    assert blind == pytest.approx(1 / 3, abs=0.06)
    assert rated < 0.6 * blind
    assert told < 0.9 * blind
