"""Every built-in rule of every decision, as a transcript against a scripted partner."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import quiet

from trustsim.engine.compiling import records
from trustsim.engine.luck import number_of
from trustsim.market.records import BuyerPolicy, Deed, Order, Sight, SupplierPolicy
from trustsim.market.records import Market as MarketRecord
from trustsim.market.rooms.disputes import decide, route
from trustsim.market.rooms.information_sharing import disclosure
from trustsim.market.rooms.inspection import acceptance, powers, rate
from trustsim.market.rooms.negotiation import contract_hours, haggling_hours
from trustsim.market.rooms.payment_terms import settle_on
from trustsim.market.rooms.production import conduct
from trustsim.market.rooms.sourcing import award
from trustsim.schema import BUYER, MARKET, SUPPLIER, Parameter
from trustsim.simulation.run import build, make_desk


def filled(kind: Any, rows: tuple[Parameter, ...], values: dict[str, Any]) -> Any:
    """Make a record of the tables' defaults and some values; rules by name."""
    record = records(kind, 1)[0]
    for row in rows:
        value = values.pop(row.name, row.default)
        record[row.name] = row.choices.index(value) if row.choices else value
    assert not values
    return record


def buyer(**values: Any) -> Any:
    return filled(BuyerPolicy, BUYER, values)


def supplier(**values: Any) -> Any:
    return filled(SupplierPolicy, SUPPLIER, values)


def market(**values: Any) -> Any:
    return filled(MarketRecord, MARKET, values)


def order(**values: Any) -> Any:
    record = records(Order, 1)[0]
    for name, value in ({"lots": 1.0, "price": 1.0} | values).items():
        record[name] = value
    return record


def sight(**values: Any) -> Any:
    record = records(Sight, 1)[0]
    for name, value in values.items():
        record[name] = value
    return record


# Conduct: C is fair, D is cheating; the deeds as the rule finds them are 1 and 2, 0 before.
STRATEGIES = {
    # first move, after both fair, after the partner, the agent, both cheated
    "tit for tat": ((0, 0, 1, 0, 1), "CCDDCDCC"),
    "win-stay lose-shift": ((0, 0, 1, 1, 0), "CCDCCDDD"),
    "grim": ((0, 0, 1, 1, 1), "CCDDDDDD"),
    "suspicious tit for tat": ((1, 0, 1, 0, 1), "DCDDCDCC"),
    "always fair": ((0, 0, 0, 0, 0), "CCCCCCCC"),
    "always cheating": ((1, 1, 1, 1, 1), "DDDDDDDD"),
}
PARTNER = "CDDCDCCC"
NAMES = (
    "first_move",
    "after_both_fair",
    "after_partner_cheated",
    "after_own_cheating",
    "after_both_cheated",
)


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("side", [buyer, supplier])
def test_reciprocal_plays_memory_one_strategies(name: str, side: Any) -> None:
    chances, expected = STRATEGIES[name]
    policy = side(conduct="reciprocal", **dict(zip(NAMES, map(float, chances), strict=True)))
    played = ""
    seen = sight()
    for theirs in PARTNER:
        chance = conduct(order(), seen, policy, market())
        played += {0.0: "C", 1.0: "D"}[chance]
        seen = sight(own_deed=1 + (played[-1] == "D"), partner_deed=1 + (theirs == "D"))
    assert played == expected


def test_generous_tit_for_tat_forgives_with_its_probability() -> None:
    policy = supplier(conduct="reciprocal", after_partner_cheated=0.7)
    cheated = sight(own_deed=1, partner_deed=2)
    assert conduct(order(), cheated, policy, market()) == 0.7


@pytest.mark.parametrize("trait", [0.0, 0.25, 1.0])
def test_conduct_never_always_and_by_propensity(trait: float) -> None:
    tempted = sight(gain=1.0, opportunism=trait)
    for name, expected in (("never", 0.0), ("always", 1.0), ("propensity", 0.6 * trait)):
        policy = supplier(conduct=name, propensity=0.6)
        assert conduct(order(), tempted, policy, market()) == pytest.approx(expected)


# Inspection.


def inspections(policy: Any, world: Any, lots: str) -> list[float]:
    """Give the rates at which a buyer inspects lots; x is one in which it sees trouble."""
    good, bad, clean, rates = policy["prior_good"], policy["prior_bad"], 0, []
    for done, lot in enumerate(lots):
        seen = sight(trust=good / (good + bad), clean=clean, orders=done)
        rates.append(rate(order(), seen, policy, world))
        good, bad, clean = (good, bad + 3.0, 0) if lot == "x" else (good + 1.0, bad, clean + 1)
    return rates


def test_inspection_none_all_and_fixed() -> None:
    for name, expected in (("none", 0.0), ("all", 1.0), ("fixed", 0.3)):
        policy = buyer(inspection=name, inspection_rate=0.3)
        assert inspections(policy, market(), "..x..") == [expected] * 5


def test_inspection_falls_with_trust_and_comes_back_with_trouble() -> None:
    policy = buyer(inspection="by_trust", inspection_rate=0.8, trust_power=2.0)
    found = inspections(policy, market(), "..x..")
    # distrust 1/2, 1/3, 1/4, then 4/7 (above a stranger's: the full rate), 4/8
    distrust = np.array([1 / 2, 1 / 3, 1 / 4, 4 / 7, 4 / 8])
    assert found == pytest.approx(0.8 * np.minimum(distrust / 0.5, 1.0) ** 2)
    careful = buyer(inspection="by_trust", inspection_rate=0.8, prior_good=1.0, prior_bad=3.0)
    assert inspections(careful, market(), ".")[0] == pytest.approx(0.8)


def test_deming_switches_from_all_to_none_at_the_break_even() -> None:
    # break-even .1; expected defects .02 + .3 x distrust: distrust 1/2, 1/3, 1/4, 1/5, then 4/8
    world = market(defect_good=0.02, defect_bad=0.32, inspection_cost=0.05, failure_cost=0.5)
    assert inspections(buyer(inspection="deming"), world, "...x.") == [1.0, 1.0, 0.0, 0.0, 1.0]
    free = market(failure_cost=0.0)
    assert inspections(buyer(inspection="deming"), free, ".") == [0.0]


def test_equilibrium_does_not_depend_on_the_partner() -> None:
    world = market(
        sensitivity=0.8, defect_good=0.1, defect_bad=0.6, rework_cost=0.5, fine=0.25, lot_cost=2.0
    )
    found = [
        rate(order(price=price), sight(trust=trust), buyer(inspection="equilibrium"), world)
        for price, trust in ((1.0, 0.1), (1.0, 0.9), (50.0, 0.5))
    ]
    assert found == pytest.approx([0.15 / (0.4 * 0.75 * 2.0)] * 2 + [1.0])


def test_sampling_skips_lots_after_ten_clean_ones() -> None:
    found = inspections(buyer(inspection="sampling"), market(), "." * 12 + "x" + "." * 11)
    assert found == [1.0] * 10 + [0.25] * 3 + [1.0] * 10 + [0.25]


def test_sampling_is_tightened_after_a_bad_lot_until_five_are_clean() -> None:
    policy = buyer(inspection="sampling", sample_size=80, acceptance_number=2)
    world = market(lot_bad_fraction=0.065, lot_good_fraction=0.01, item_cost=0.001)
    clean, allowed = 0, []
    for done, lot in enumerate("..x......"):
        find, alarm, cost = powers(sight(clean=clean, orders=done), policy, world)
        plan = next(c for c in (1, 2) if find == pytest.approx(1 - acceptance(80, c, 0.065)))
        assert alarm == pytest.approx(1.0 - acceptance(80, plan, 0.01))
        assert cost == pytest.approx(0.08)
        allowed.append(plan)
        clean = 0 if lot == "x" else clean + 1
    assert allowed == [2, 2, 2, 1, 1, 1, 1, 1, 2]


def test_other_rules_look_with_the_eyes_of_the_market() -> None:
    world = market(sensitivity=0.8, specificity=0.99, inspection_cost=0.02)
    for name in ("all", "fixed", "by_trust", "deming", "equilibrium"):
        found = powers(sight(), buyer(inspection=name), world)
        assert found == pytest.approx((0.8, 0.01, 0.02))


# Award: three bidders, the fourth contact was not asked.

BIDS = (1.10, 1.00, 1.04, 0.50)
TRUST = (0.95, 0.50, 0.80, 0.99)
SCORES = (0.30, 0.10, 0.22, 9.00)


def awarded(policy: Any, *, orders: tuple[int, ...] = (5, 5, 5, 5)) -> int:
    world = build(quiet(suppliers=4, contacts=4, defect_bad=0.4, failure_cost=0.5), 0)
    world.market["switching_cost"] = 0.1
    desk = make_desk(world, 1)
    for k, seen in enumerate(desk.buyer_sight):
        seen["asked"] = float(k < 3)
        seen["bid"], seen["trust"], seen["score"] = BIDS[k], TRUST[k], SCORES[k]
        seen["orders"] = orders[k]
    what = order(bidders=3, reference_price=1.0)
    return int(award(world, desk, 0, policy, what, records(Deed, 1)[0]))


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


# Haggling and contracts.


def test_haggling_rules() -> None:
    world = market(haggle_rate=0.1, hour_cost=0.01, cost_low=0.8)
    asked = order(ask=1.2, lots=2.0)
    expected = {
        ("none", 0.3): 0.0,
        ("fixed", 0.3): 4.0,
        ("fixed", 0.9): 4.0,
        ("by_distrust", 0.3): 2.8,
        ("by_distrust", 0.9): 0.4,
    }
    for (name, trust), hours in expected.items():
        policy = buyer(haggling=name, haggling_hours=4.0)
        assert haggling_hours(asked, sight(trust=trust), policy, world) == pytest.approx(hours)


@pytest.mark.parametrize("ask", [0.82, 0.9, 1.2, 2.0])
def test_marginal_haggling_is_the_best_length(ask: float) -> None:
    world = market(haggle_rate=0.1, hour_cost=0.01, cost_low=0.8)
    hours = np.linspace(0.0, 60.0, 60_001)
    gained = (ask - 0.8) * 2.0 * (1.0 - np.exp(-0.1 * hours)) - 0.01 * hours
    found = haggling_hours(order(ask=ask, lots=2.0), sight(), buyer(haggling="marginal"), world)
    assert found == pytest.approx(hours[np.argmax(gained)], abs=0.002)


def test_contracts_shorten_with_trust_history_and_assets() -> None:
    world = market(contract_hours=10.0, contract_learning=0.5, asset_saving=0.4)
    policy = buyer(contracting=0.8, contract_trust=0.5)
    hours = [
        contract_hours(sight(trust=trust, orders=done, assets=assets), policy, world)
        for trust, done, assets in ((0.0, 0, 0.0), (1.0, 0, 0.0), (0.0, 2, 0.0), (0.0, 0, 1.0))
    ]
    assert hours == pytest.approx([8.0, 4.0, 8.0 * np.exp(-1.0), 4.8])


# Payment terms: what a pair takes at a price of 1.2, a cost of 1 and a worth of 1.5.

MEANS: dict[str, dict[str, Any]] = {
    "prepayment": {"advance": 1.0},
    "escrow": {"advance": 1.0, "held": 1, "fee_share": 0.05, "supplier_fee_share": 1.0},
    "open": {"credit_days": 30.0},
    "carrier": {"on_delivery": 1.0, "fee_share": 0.01, "reach": 0.3},
}


def taken(
    terms: str, buyers_trust: float, suppliers_trust: float, far: float = 0.5, worth: float = 1.5
) -> str | None:
    """Let a pair settle on terms; give the instrument's name, or None if none will do."""
    scenario = quiet(
        instruments=MEANS, value=worth, advance_loss=0.2, credit_loss=0.3, unseen_exposure=0.0
    )
    seen = order(price=1.2, remoteness=far)
    deed = records(Deed, 1)[0]
    deed["unit_cost"] = 1.0
    ours, theirs = sight(trust=buyers_trust), sight(trust=suppliers_trust)
    agreed = settle_on(build(scenario, 0), buyer(terms=terms), ours, theirs, seen, deed)
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


def test_no_terms_leave_both_with_a_gain() -> None:
    assert taken("joint_cost", 0.5, 0.5, worth=1.19) is None
    assert taken("supplier_dictates", 0.5, 0.3, worth=1.25) == "escrow"


# Disclosure.


def test_disclosure_rules() -> None:
    partner = (1, 0, 0, 1)
    trusts = (0.4, 0.5, 0.6, 0.7, 0.8)
    expected = {
        "never": [0.0] * 5,
        "always": [0.5] * 5,
        "by_trust": [0.2, 0.25, 0.3, 0.35, 0.4],
        "reciprocal": [0.2, 0.5, 0.0, 0.0, 0.5],  # by trust at first, then as the partner did
    }
    for name, chances in expected.items():
        for side in (buyer, supplier):
            policy = side(disclosure_rule=name, disclosure=0.5)
            found = [
                disclosure(
                    order(),
                    sight(
                        trust=trust, orders=done, partner_shared=partner[done - 1] if done else 0
                    ),
                    policy,
                    market(),
                )
                for done, trust in enumerate(trusts)
            ]
            assert found == pytest.approx(chances), name


# Escalation.


def test_escalation_routes() -> None:
    world = market(dispute_trust_threshold=0.6)
    for name, low, high in (
        ("joint_first", 1, 0),
        ("platform", 1, 1),
        ("court", 2, 2),
        ("write_off", 3, 3),
    ):
        for side in (buyer, supplier):
            policy = side(escalation=name)
            assert route(order(), sight(trust=0.59), policy, world) == low
            assert route(order(), sight(trust=0.61), policy, world) == high


def test_cheapest_takes_the_route_of_greatest_expected_gain() -> None:
    # with evidence of .6 a third party is right with .8; hours cost .01
    costs = {"hour_cost": 0.01, "dispute_hours": 10.0, "joint_hours": 2.0, "joint_success": 0.9}
    fees = {"platform_fee": 0.05, "court_fee": 0.2, "enforcement": 0.5, "locatable": 1.0}
    policy, what = buyer(escalation="cheapest"), order(evidence=0.6)

    def chosen(stake: float, trust: float, **other: float) -> int:
        world = market(**{**costs, **fees, **other})
        return int(route(what, sight(exposure=stake, trust=trust), policy, world))

    assert chosen(1.0, 0.9) == 0  # .79 together, .69 platform, .26 court
    assert chosen(1.0, 0.7) == 1  # .61, .69, .26
    assert chosen(1.0, 0.7, platform_fee=3.0, enforcement=1.0) == 2  # .61, .10, .66
    assert chosen(0.02, 0.1) == 3  # nothing is worth the hours


@pytest.mark.parametrize("evidence", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("justified", [True, False])
def test_what_each_route_recovers(evidence: float, justified: bool) -> None:
    event, trials = number_of("dispute"), 3_000
    world = market(joint_success=0.9, locatable=0.8, enforcement=0.7)
    right = 0.5 * (1.0 + evidence) if justified else 0.5 * (1.0 - evidence)
    # half of the debtors at fully remote sites cannot be found
    together = 0.9 if justified else 0.0
    expected = {0: together, 1: right, 2: right * 0.8 * 0.75 * 0.7, 3: 0.0}
    for path, mean in expected.items():
        found = [
            decide(world, event, b, path, evidence, 0.5, justified, records(Deed, 1)[0])
            for b in range(trials)
        ]
        assert np.mean(found) == pytest.approx(mean, abs=0.037)  # 4 sd
