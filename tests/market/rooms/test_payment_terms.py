"""Payment terms: which instrument a pair takes, who bears its fees and the interest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from support.quiet_market import needs_of, orders_of, quiet
from support.single_records import buyer, order, supplier

from trustsim.market.rooms.payment_terms import agree_on_terms, suspicious
from trustsim.simulation.building import build, make_workspace
from trustsim.simulation.run import simulate
from trustsim.theory.payment_terms import switch_order
from trustsim.validation.known.trade import PRICE, ways_of_payment
from trustsim.validation.single_records import market as market_of


def first_open_account(
    fee_share: float, fee_fixed: float = 0.0, credit_loss: float = 1.0, secured: float = 0.0
) -> int:
    """Let a pair choose between escrow and open account; give the first order on open account."""
    orders = ways_of_payment(fee_share, fee_fixed, credit_loss, secured)
    assert orders["price"].to_numpy() == pytest.approx(PRICE)
    assert list(orders["age"]) == list(range(80))
    good = np.arange(80)
    np.testing.assert_allclose(orders["trust_in_buyer"], (good + 1) / (good + 2), atol=1e-6)
    switched = int((orders["instrument"] == "escrow").sum())
    once_for_good = ["escrow"] * switched + ["open"] * (80 - switched)
    assert list(orders["instrument"]) == once_for_good
    return switched


@pytest.mark.parametrize("fee_share", [0.11, 0.03])
def test_the_pair_changes_to_open_account_once_for_good(fee_share: float) -> None:
    assert first_open_account(fee_share) == switch_order(fee_share)


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
    fee = 0.02 * 1.15 + 0.01
    assert outcome.measures["cost_payment"] == pytest.approx((1.0 - suppliers_part) * fee, abs=1e-6)
    orders = needs_of(outcome)
    margin = (orders["price"] - orders["unit_cost"]).mean()
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
    assert outcome.measures["cost_payment"] == pytest.approx(buyer * 1.15, abs=1e-6)
    orders = needs_of(outcome)
    margin = (orders["price"] - orders["unit_cost"]).mean()
    assert margin - outcome.measures["supplier_profit"] == pytest.approx(supplier * 1.15, abs=2e-6)


# Payment terms: what a pair takes at a price of 1.2, a cost of 1 and a worth of 1.5.
MEANS: dict[str, dict[str, Any]] = {
    "prepayment": {"advance": 1.0},
    "escrow": {"advance": 1.0, "held": 1, "fee_share": 0.05, "supplier_fee_share": 1.0},
    "open": {"credit_days": 30.0},
    "carrier": {"on_delivery": 1.0, "fee_share": 0.01, "reach": 0.3},
}


def taken(
    terms: str,
    buyers_trust: float,
    suppliers_trust: float,
    far: float = 0.5,
    worth: float = 1.5,
    **law: float,
) -> str | None:
    """Let a pair settle on terms; give the instrument's name, or None if none will do."""
    scenario = quiet(
        instruments=MEANS, value=worth, advance_loss=0.2, credit_loss=0.3, unseen_exposure=0.0,
        **{"enforcement": 0.0, **law},
    )  # fmt: skip
    world = build(scenario, 0)
    world.buyer_policies[0] = buyer(terms=terms)
    workspace = make_workspace(world, 1)
    workspace.order[0] = order(price=1.2, remoteness=far, evidence=1.0)
    workspace.facts[0]["unit_cost"] = 1.0
    workspace.buyer_views[0]["trust"] = buyers_trust
    workspace.supplier_view[0]["trust"] = suppliers_trust
    agreed = agree_on_terms(world, workspace, 0)
    seen = workspace.order[0]
    assert bool(seen["lost_for_terms"]) is not bool(agreed)
    return list(MEANS)[int(seen["instrument"])] if agreed else None


def test_the_pair_takes_the_instrument_of_least_joint_cost() -> None:
    # buyer's risk in prepayment .24 (1 - trust); supplier's in open account .36 (1 - trust);
    # escrow costs the supplier .06
    assert taken("joint_cost", 0.5, 0.5) == "escrow"  # .12, .06, .18
    assert taken("joint_cost", 0.8, 0.5) == "prepayment"  # .048, .06, .18
    assert taken("joint_cost", 0.5, 0.9) == "open"  # .12, .06, .036
    assert taken("joint_cost", 0.5, 0.5, far=0.2) == "carrier"  # .012 within its reach


def test_the_stronger_side_takes_what_is_cheapest_for_itself() -> None:
    assert taken("buyer_dictates", 0.8, 0.5) == "escrow"  # costs it nothing, prepayment .048
    assert taken("buyer_dictates", 0.8, 0.9) == "open"  # costs it nothing, and the supplier less
    assert taken("supplier_dictates", 0.5, 0.9) == "prepayment"
    assert taken("supplier_dictates", 0.5, 0.9, worth=1.3) == "open"  # a risk of .12 is too much


@pytest.mark.parametrize(
    ("enforcement", "locatable", "means"),
    [
        (0.0, 1.0, "escrow"),
        (0.86, 1.0, "escrow"),
        (0.87, 1.0, "open"),
        (1.0, 1.0, "open"),
        (1.0, 0.86, "escrow"),
    ],
)
def test_credit_is_as_safe_as_the_law(enforcement: float, locatable: float, means: str) -> None:
    # open account costs .18 less what the law brings back, escrow .06 and a fixed fee of .003; half
    # remote, a quarter of the debtors cannot be found: .18 (1 - .75 e l) is less from .8667 on
    law = {"enforcement": enforcement, "locatable": locatable}
    assert taken("joint_cost", 0.0, 0.5, **law) == means


def test_a_zero_margin_is_a_margin() -> None:
    # Several bidders of one cost: price is cost, and prepayment costs the supplier nothing.
    market = {"cost_low": 1.0, "cost_high": 1.0, "suppliers": 3, "contacts": 3, "value": 3.0}
    prepaid = {"prepaid": {"advance": 1.0}}
    outcome = simulate(quiet({"bidders": 3}, None, prepaid, rounds=6, **market), orders=True)
    orders = needs_of(outcome)
    assert len(orders) == outcome.measures["orders"] > 0
    np.testing.assert_allclose(orders["price"], 1.0, atol=1e-6)
    np.testing.assert_allclose(orders["unit_cost"], 1.0, atol=1e-6)


def test_no_terms_leave_both_with_a_gain() -> None:
    assert taken("joint_cost", 0.5, 0.5, worth=1.19) is None
    assert taken("supplier_dictates", 0.5, 0.3, worth=1.25) == "escrow"


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


def test_who_is_screened_is_suspected_as_signal_detection_says() -> None:
    # a threshold c that a share of neutral customers passes: hits 1 - F(c - d/2), false alarms
    # 1 - F(c + d/2)
    noise = stats.norm.ppf((np.arange(4_000) + 0.5) / 4_000)
    for power, strictness in ((1.0, 0.2), (2.0, 0.2), (2.0, 0.5), (0.0, 0.3)):
        world, policy = market_of(screening_power=power), supplier(suspicion=strictness)
        c = stats.norm.ppf(1.0 - strictness)
        for trait, shift in ((1.0, -power / 2.0), (0.0, power / 2.0), (0.5, 0.0)):
            found = np.mean([suspicious(trait, z, policy, world) for z in noise])
            assert found == pytest.approx(1.0 - stats.norm.cdf(c + shift), abs=1e-3)


def test_whoever_is_wrongly_suspected_takes_offence_and_leaves() -> None:
    sizes = {"buyers": 200, "suppliers": 2, "contacts": 1, "rounds": 60, "screening_power": 0.0}
    sizes |= {"opportunism_spread": 0.0, "buyer_opportunism_mean": 0.3}
    orders = orders_of({"exit": 1.0, "voice": 0.0}, {"suspicion": 0.2}, **sizes)
    assert orders["suspected"].mean() == pytest.approx(0.2, abs=0.015)
    # who has nothing to hide is offended: seven in ten
    accused = orders[orders["suspected"] == 1]
    assert accused["offended"].mean() == pytest.approx(0.7, abs=0.04)
    assert not orders.loc[orders["suspected"] == 0, "offended"].any()
    later = orders.sort_values("round").groupby("buyer")["age"].shift(-1)
    assert (later[orders["offended"] == 1].dropna() == 0).all()
    assert (later[orders["offended"] == 0].dropna() > 0).all()
    # a suspect gets no credit
    beside = {"open": {}, "held": {"advance": 1.0, "held": 1, "fee_share": 0.01}}
    terms = orders_of({}, {"suspicion": 0.5, "prior_good": 99.0}, **sizes, instruments=beside)
    credit = terms.groupby("suspected")["instrument"].agg(lambda used: (used == "open").mean())
    assert credit[1] == 0.0
    assert credit[0] > 0.5
