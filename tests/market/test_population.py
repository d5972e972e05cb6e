"""Population: delisting, survival, characters, imitation and the shocks to the world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.quiet_market import quiet
from support.troubles import BAD_LOTS

from trustsim.engine.compiling import records
from trustsim.market.population import note_experience
from trustsim.market.records import SupplierTally
from trustsim.market.views import turned_away
from trustsim.simulation.building import build
from trustsim.simulation.run import Rounds, simulate


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


NO_DEALS: dict[str, Any] = {"value": 0.5}
"""What a lot is worth where no supplier can make it for that: there are needs, and no orders."""


@pytest.mark.parametrize(
    ("buyers", "rate", "price", "usual"), [(1, 1.0, 1.0, 1), (6, 0.5, 1.0, 3), (1, 1.0, 4.0, 4)]
)
def test_firms_that_lose_too_much_fail_and_banks_bear_the_debt(
    buyers: int, rate: float, price: float, usual: int
) -> None:
    # nothing is sold: cash of two rounds of usual sales and an overhead of one are -3 rounds after
    # five, beyond a line of 2; a round sells a lot, three lots, and a lot of four of money
    market = {"start_cash": 2.0, "credit_line": 2.0, "demand_rate": rate, "lot_cost": price}
    run = Rounds(quiet(overhead=1.0, rounds=12, buyers=buyers, **NO_DEALS, **market), 0)
    firm, cash = run.world.suppliers[0], []
    first = float(firm["cost"])
    for _ in range(12):
        run.step()
        cash.append(int(firm["cash"]) // 1_000_000)
    assert cash == [usual * each for each in [1, 0, -1, -2, 2, 1, 0, -1, -2, 2, 1, 0]]
    assert firm["generation"] == 2
    assert firm["cost"] != first
    outcome = run.outcome()
    debts = [usual * each for each in [0] * 4 + [-3] * 5 + [-6] * 3]
    assert list(outcome.rounds["balance_banks"] // 1_000_000) == debts
    assert outcome.measures["orders"] == 0
    lost = outcome.sums.rounds["bank_losses"].sum(axis=1)
    assert np.flatnonzero(lost).tolist() == [4, 9]
    assert lost.sum() == 6_000_000 * usual
    calm = simulate(quiet(overhead=0.0, rounds=12, buyers=buyers, **NO_DEALS, **market))
    survivor = calm.world.suppliers[0]
    assert (survivor["generation"], survivor["cash"]) == (0, 2_000_000 * usual)


def test_owners_take_out_their_share_of_spare_cash() -> None:
    run = Rounds(quiet(payout=0.25, start_cash=2.0, rounds=3, **NO_DEALS), 0)
    run.world.suppliers["cash"] = 6_000_000  # four lots above what it started with
    left = []
    for _ in range(3):
        run.step()
        left.append(int(run.world.suppliers["cash"][0]))
    assert left == [5_000_000, 4_250_000, 3_687_500]


def test_what_all_know_fades_to_what_a_new_market_thinks_and_takes_up_the_news() -> None:
    world = build(quiet(suppliers=2, buyers=6, lot_cost=2.0), 0)
    market, tallies = world.market[0], records(SupplierTally, 2)
    assert market["usual_sales"] == 3.0
    counts = {  # what a new market thinks, what was thought, what two suppliers saw
        "wronged_left": (0.5, 4.5, 2), "wronged_stayed": (1.0, 3.0, 3),
        "content_left": (0.5, 0.5, 1), "content_stayed": (1.5, 11.5, 7),
        "walked_out": (0.5, 2.5, 1), "put_up": (1.0, 1.0, 5),
        "first_inspected": (0.5, 2.0, 3), "first_passed_by": (0.5, 1.0, 1),
    }  # fmt: skip
    for name, (_, before, seen) in counts.items():
        market[name] = before
        if name in tallies.dtype.names:
            tallies[name] = [seen, 0]
    sums = {"ended": (8.0, 3e6, 3.0), "late_invoices": (4.0, 2, 2.0), "waited": (10.0, 5e6, 5.0),
            "suits": (1.0, 2, 2.0), "chased": (9.0, 6, 6.0),
            "written_off": (2.0, 1.5e6, 1.5)}  # fmt: skip
    for name, (before, seen, _) in sums.items():
        market[name] = before
        tallies[name] = [0, seen]
    market["burden"], market["buyers"] = 0.1, 4
    tallies["delivered"], tallies["inspected"] = [3, 1], [2, 1]
    tallies["lots"], tallies["dealing"] = [2_000_000, 1_000_000], [900_000, 300_000]
    note_experience(market, tallies)
    for name, (new, before, seen) in counts.items():
        assert market[name] == pytest.approx(new + 0.9 * (before - new) + seen), name
    for name, (before, _, news) in sums.items():
        assert market[name] == pytest.approx(0.99 * before + news), name
    assert market["watched"] == pytest.approx((0.5 + 0.9 * 1.5 + 3) / (1 + 0.9 * 2 + 4))
    # 1.2 of money on three lots of 2 each is .2; a supplier sold half of its usual three lots
    assert market["burden"] == pytest.approx(0.1 + 0.1 * 0.5 * (0.2 - 0.1))
    # 6.1 of 11.9 wronged buyers left, and 1.5 of 19 content ones
    left, stayed = 0.5 + 0.9 * 4.0 + 2, 1.0 + 0.9 * 2.0 + 3
    wronged, content = left / (left + stayed), 1.5 / (1.5 + 17.5)
    expected = (wronged - content) / (1.0 - content)
    assert turned_away(market) == pytest.approx(expected)
    assert market["buyer_leaves"] == turned_away(market)  # known to all in the next round
    walked, put_up = 0.5 + 0.9 * 2.0 + 1, 1.0 + 5
    assert market["supplier_leaves"] == pytest.approx(walked / (walked + put_up))
    market["wronged_left"] = 0.0  # who leaves the less often for it is not turned away by it
    assert turned_away(market) == 0.0


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


@pytest.mark.parametrize("mean", [0.0, 0.3, 0.8, 1.0])
def test_remoteness_is_uniform_around_its_mean(mean: float) -> None:
    remote = build(quiet(buyers=4_000, remoteness=mean), 0).buyers["remoteness"]
    width = min(mean, 1.0 - mean)
    assert remote.mean() == pytest.approx(mean, abs=0.02)
    assert remote.min() == pytest.approx(mean - width, abs=0.01)
    assert remote.max() == pytest.approx(mean + width, abs=0.01)
