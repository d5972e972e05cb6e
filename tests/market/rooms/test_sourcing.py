"""Sourcing: loyalty, utility, the award, search, and what a change of supplier costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from support.quiet_market import needs_of, quiet
from support.single_records import buyer, order

from trustsim.market.health import chance_to_fail
from trustsim.market.rooms.learning import served
from trustsim.market.rooms.sourcing import award
from trustsim.simulation.building import build, make_workspace
from trustsim.simulation.run import Rounds, simulate
from trustsim.theory.published import THRESHOLD
from trustsim.validation.known.trade import order_parameter, shares_of_attraction
from trustsim.validation.single_records import market as market_of


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
    found = order_parameter(intensity, memory, rounds)
    assert found == pytest.approx(order_parameter_with_noise(intensity, memory), abs=0.012)


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


def first_choices(buyer: dict[str, Any], **market: Any) -> tuple[Rounds, Any]:
    """Let 4,000 buyers who know the same two suppliers choose once; not yet walked."""
    sizes: dict[str, Any] = {"buyers": 4_000, "suppliers": 2, "contacts": 2, "rounds": 1}
    blind = {"award": "logit", "attraction_weight": 0.0, "intensity": 3.0}
    run = Rounds(quiet({**blind, **buyer}, **sizes, **market), 0)
    return run, run.world


def share_of(run: Rounds, field: str, value: int) -> float:
    run.step(keep=True)
    orders = needs_of(run.outcome())
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


@pytest.mark.parametrize(("cushion", "volatility"), [(0.5, 0.1), (0.1, 0.2), (2.0, 0.3)])
def test_a_firm_fails_where_a_random_walk_passes_its_credit_line(
    cushion: float, volatility: float
) -> None:
    # reflection: twice the chance to be beyond the line at the end (Black & Cox 1976, no drift)
    market = market_of(cash_volatility=volatility, rounds_per_year=12)
    expected = 2.0 * stats.norm.cdf(-cushion / (volatility * np.sqrt(12.0)))
    assert chance_to_fail(cushion, market) == pytest.approx(expected)
    assert chance_to_fail(-cushion, market) == 1.0
    steps = np.random.default_rng(1).normal(0.0, volatility / 10.0, (4_000, 1_200))
    failed = (steps.cumsum(axis=1).min(axis=1) < -cushion).mean()
    assert failed == pytest.approx(expected, abs=0.04)


SICK, SOUND = -1_000.0, 1_000.0
"""Cash, in rounds of usual sales, of a firm that has used up a line of as much, and of another."""


def with_cash(run: Rounds, *cash: float) -> None:
    sales = 1e6 * run.world.market["usual_sales"][0]
    run.world.suppliers["cash"] = [round(each * sales) for each in cash]


@pytest.mark.parametrize(("weight", "sick_wins"), [(0.0, True), (0.04, True), (0.06, False)])
@pytest.mark.parametrize("award", ["lowest_bid", "total_cost"])
def test_a_firm_sure_to_fail_is_passed_over_for_its_weight_in_price(
    award: str, weight: float, sick_wins: bool
) -> None:
    # bids of .9 and 1 are half-way to the highest cost, 1.2: .05 apart
    buyer = {"award": award, "bidders": 2, "health_weight": weight}
    bounds = {"cost_low": 0.8, "cost_high": 1.2}
    run, world = first_choices(buyer, health_noise=0.0, **bounds)
    world.suppliers["cost"] = (0.9, 1.0)
    with_cash(run, SICK, SOUND)
    assert share_of(run, "supplier", 0) == (1.0 if sick_wins else 0.0)


def test_who_cannot_read_accounts_well_errs() -> None:
    # a cushion of one error looks used up to one reader in six
    buyer = {"award": "lowest_bid", "bidders": 2, "health_weight": 1.0}
    noise = {"health_noise": 0.5, "cash_volatility": 0.001, "cost_low": 0.8, "cost_high": 1.2}
    run, world = first_choices(buyer, **noise)
    world.suppliers["cost"] = (0.9, 1.0)
    with_cash(run, SICK + 0.5, SOUND)
    assert share_of(run, "supplier", 1) == pytest.approx(stats.norm.cdf(-1.0), abs=0.024)  # 4 sd


@pytest.mark.parametrize("trust", [0.0, 1.0])
def test_default_risk_counts_once_in_a_logit_choice(trust: float) -> None:
    # with a weight that tells contacts apart it is weighed on asking, otherwise on the award
    bidders = 1 if trust > 0.0 else 2
    buyer = {"trust_weight": trust, "bidders": bidders, "health_weight": 0.4, "price_weight": 2.0}
    run, world = first_choices(buyer, health_noise=0.0, bid_hours=0.0)
    world.suppliers["cost"] = 1.0
    with_cash(run, SICK, SOUND)
    expected = logistic(3.0 * 2.0 * 0.4)
    assert share_of(run, "supplier", 1) == pytest.approx(expected, abs=0.018)  # 4 sd


def test_the_successor_of_a_failed_supplier_is_qualified_and_set_up() -> None:
    costs = {"switching_cost": 0.2, "qualification_hours": 10.0, "hour_cost": 0.01}
    run = Rounds(quiet(rounds=6, credit_line=1.0, **costs), 0)
    for r in range(6):
        if r == 3:
            run.world.suppliers["cash"] = -10_000_000
        run.step(keep=True)
    orders = needs_of(run.outcome())
    assert orders["succession"].to_numpy() == pytest.approx([0, 0, 0, 0, 0.2 + 0.1, 0])
    assert run.outcome().measures["failed_supplier_cost"] == pytest.approx(0.3 / 6.0)


def test_a_change_of_supplier_costs_the_switch() -> None:
    # blind choice among four: three orders in four go to another supplier than the last one
    buyer = {"attraction_weight": 0.0, "award": "logit"}
    sizes: dict[str, Any] = {"suppliers": 4, "contacts": 4, "buyers": 50, "rounds": 200}
    outcome = simulate(quiet(buyer, switching_cost=0.2, **sizes, value=3.0), orders=True)
    orders = needs_of(outcome)
    before = orders.groupby("buyer")["supplier"].shift(1)
    changed = before.notna() & (before != orders["supplier"])
    assert changed.mean() == pytest.approx(0.75 * 199 / 200, abs=0.02)
    assert (orders["cost_switching"] == 0.2 * changed).all()
    loyal = simulate(quiet(buyer, switching_cost=0.2, rounds=50))
    assert loyal.measures["cost_switching"] == 0.0


# Award: three bidders, the fourth contact was not asked.
BIDS = (1.10, 1.00, 1.04, 0.50)


TRUST = (0.95, 0.50, 0.80, 0.99)


SCORES = (0.30, 0.10, 0.22, 9.00)


def awarded(
    policy: Any,
    *,
    orders: tuple[int, ...] = (5, 5, 5, 5),
    partner: int | None = None,
    leaving: float = 0.0,
) -> int:
    strange = {"qualification_hours": 10.0, "hour_cost": 0.01}
    world = build(quiet(suppliers=4, contacts=4, defect_bad=0.4, failure_cost=0.5, **strange), 0)
    world.market["switching_cost"] = leaving
    world.buyers["partner"] = -1 if partner is None else world.ties["supplier"][0, partner]
    world.buyer_policies[0] = policy
    workspace = make_workspace(world, 1)
    for k, seen in enumerate(workspace.buyer_views):
        seen["asked"] = float(k < 3)
        seen["bid"], seen["trust"], seen["score"] = BIDS[k], TRUST[k], SCORES[k]
        seen["orders"] = orders[k]
    workspace.order[0] = order(bidders=3, reference_price=1.0)
    award(world, workspace, 0)
    return int(workspace.order[0]["contact"])


def test_award_rules() -> None:
    # total cost adds .4 x .5 x distrust: 1.11, 1.10, 1.08; a stranger costs .1 more
    assert awarded(buyer(award="lowest_bid")) == 1
    assert awarded(buyer(award="total_cost")) == 2
    assert awarded(buyer(award="total_cost"), orders=(5, 5, 0, 5)) == 1
    assert awarded(buyer(award="total_cost"), orders=(5, 0, 0, 5)) == 0
    # logit: noisy utility less the weighted relative price
    assert awarded(buyer(award="logit", price_weight=0.0)) == 0
    assert awarded(buyer(award="logit", price_weight=1.0)) == 0  # .20, .10, .18
    assert awarded(buyer(award="logit", price_weight=1.5)) == 2  # .15, .10, .16
    assert awarded(buyer(award="logit", price_weight=4.0)) == 1  # -.10, .10, .06


def test_awards_know_what_leaving_costs() -> None:
    lowest, total = buyer(award="lowest_bid"), buyer(award="total_cost")
    # the first asks .10 and .06 more than the others
    assert awarded(lowest, partner=0, leaving=0.09) == 1
    assert awarded(lowest, partner=0, leaving=0.11) == 0
    assert awarded(lowest, partner=2, leaving=0.11) == 2
    assert awarded(lowest, partner=3, leaving=0.11) == 1  # who is not asked keeps nobody
    # in all 1.11, 1.10, 1.08
    assert awarded(total, partner=0, leaving=0.02) == 2
    assert awarded(total, partner=0, leaving=0.04) == 0


@pytest.mark.parametrize(("cost", "changes"), [(0.0, 2 / 3), (0.3, None), (0.7, 0.0)])
def test_who_must_pay_for_leaving_stays(cost: float, changes: float | None) -> None:
    # three whose costs, from .7 to 1.3, are drawn anew for every tender; no bids differ by more
    buyers: dict[str, Any] = {"bidders": 3, "award": "lowest_bid"}
    sizes: dict[str, Any] = {"suppliers": 3, "contacts": 3, "buyers": 40, "rounds": 60}
    prices = {"cost_churn": 1.0, "cost_low": 0.7, "cost_high": 1.3, "value": 4.0}
    orders = needs_of(simulate(quiet(buyers, switching_cost=cost, **sizes, **prices), orders=True))
    later = orders[orders["round"] > 0]
    changed = (later["cost_switching"] > 0).mean()
    if cost == 0.0:
        before = orders.groupby("buyer")["supplier"].shift(1)
        changed = (before != orders["supplier"])[later.index].mean()
    if changes is None:
        assert 0.0 < changed < 0.5
    else:
        # all buyers see the same costs: 4 sd of 59 tenders
        assert changed == pytest.approx(changes, abs=0.25 if changes else 0.0)


@pytest.mark.parametrize("tested", [0.0, 0.3])
def test_market_tests_ask_a_second_bidder(tested: float) -> None:
    market = {"buyers": 200, "suppliers": 10, "contacts": 5, "rounds": 30}
    orders = needs_of(simulate(quiet({"market_test": tested}, **market), orders=True))
    assert (orders["bidders"] == 2).mean() == pytest.approx(tested, abs=0.024 if tested else 0.0)


def test_who_was_served_well_comes_back() -> None:
    assert served(0.4, 1) == pytest.approx(0.4 + 0.1 * 0.6)
    assert served(0.4, 0) == pytest.approx(0.2)
    # of two alike, the one with goodwill is chosen by its weight
    run, _ = first_choices({"service_weight": 1.0}, goodwill_bonus=1e-9)
    run.world.bonds["goodwill"][:, 0] = 0.6
    run.step()
    chosen = float((run.world.buyers["partner"] == run.world.ties["supplier"][:, 0]).mean())
    assert chosen == pytest.approx(1.0 / (1.0 + np.exp(-3.0 * 0.6)), abs=0.025)
