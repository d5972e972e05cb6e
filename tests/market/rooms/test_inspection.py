"""Inspection: which lots are looked at by each rule, and with which eyes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of, quiet
from support.single_records import buyer, market, order, situation, view
from support.troubles import SIZES

from trustsim.market.conduct import conduct
from trustsim.market.rooms.inspection import acceptance, powers, rate
from trustsim.market.rooms.production import weigh_shading
from trustsim.simulation.run import simulate
from trustsim.validation.known.conduct import of_rule


def inspections(policy: Any, world: Any, lots: str) -> list[float]:
    """Give the rates at which a buyer inspects lots; x is one in which it sees trouble."""
    good, bad, clean, rates = policy["prior_good"], policy["prior_bad"], 0, []
    for done, lot in enumerate(lots):
        seen = view(trust=good / (good + bad), clean=clean, orders=done)
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
        rate(order(price=price), view(trust=trust), buyer(inspection="equilibrium"), world)
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
        find, alarm, cost = powers(view(clean=clean, orders=done), policy, world)
        plan = next(c for c in (1, 2) if find == pytest.approx(1 - acceptance(80, c, 0.065)))
        assert alarm == pytest.approx(1.0 - acceptance(80, plan, 0.01))
        assert cost == pytest.approx(0.08)
        allowed.append(plan)
        clean = 0 if lot == "x" else clean + 1
    assert allowed == [2, 2, 2, 1, 1, 1, 1, 1, 2]


def test_other_rules_look_with_the_eyes_of_the_market() -> None:
    world = market(sensitivity=0.8, specificity=0.99, inspection_cost=0.02)
    for name in ("all", "fixed", "by_trust", "deming", "equilibrium"):
        found = powers(view(), buyer(inspection=name), world)
        assert found == pytest.approx((0.8, 0.01, 0.02))


def test_the_mixed_rate_leaves_the_supplier_indifferent() -> None:
    # c = .2 of a price of 1, w = rework .5, every fault is seen: P(inspect) = .4
    game: dict[str, Any] = {"shading_saving": 0.2, "rework_cost": 0.5, "fine": 0.0}
    game |= {"sensitivity": 1.0, "defect_bad": 1.0, "inspection_cost": 0.0}
    order, view, policy, supplier, world = situation(**game)
    order["price"] = order["lots"] = order["after"] = 1.0  # not paid before it is in order
    for watched, cheats in ((0.39, 1.0), (0.4, 0.5), (0.41, 0.0)):
        view["watched"] = watched
        weigh_shading(order, view, supplier, policy, 1.0, world)
        assert conduct(order, view, policy, world) == pytest.approx(cheats, abs=1e-6)


@pytest.mark.parametrize("rate", [0.02, 0.0495, 0.0505, 0.1])
def test_deming_inspects_all_or_none_whichever_is_cheaper(rate: float) -> None:
    found = {rule: of_rule(rule, rate) for rule in ("none", "all", "deming")}
    cost = {rule: m["cost_inspection"] + m["cost_failure"] for rule, m in found.items()}
    assert cost["all"] == pytest.approx(0.05, abs=1e-6)
    assert cost["none"] == pytest.approx(rate, abs=0.009)  # 4 sd of 20,000 lots
    best = "all" if rate > 0.05 / 1.0 else "none"
    assert found["deming"]["inspection_rate"] == (1.0 if best == "all" else 0.0)
    assert cost["deming"] == cost[best]
    if abs(rate - 0.05) > 0.01:  # closer, luck decides which was the cheaper one
        assert cost["deming"] == min(cost.values())


def test_acceptance_at_the_edges() -> None:
    assert acceptance(80, 2, 0.0) == 1.0
    assert acceptance(80, 2, 1.0) == 0.0
    assert acceptance(5, 5, 1.0) == 1.0
    assert acceptance(5, 9, 0.4) == pytest.approx(1.0)


@pytest.mark.parametrize(("specificity", "alarms"), [(1.0, 0.0), (0.9, 0.1)])
def test_false_alarms_accuse_honest_suppliers(specificity: float, alarms: float) -> None:
    outcome = simulate(
        quiet({"inspection": "all"}, specificity=specificity, rework_cost=0.0, **SIZES), orders=True
    )
    orders = needs_of(outcome)
    assert orders["rejected"].mean() == pytest.approx(alarms, abs=0.016)
    assert (orders["buyer_accused"] == orders["rejected"]).all()
    lowered = outcome.world.ties["buyer_bad"] > 1.001
    assert lowered.any() == (alarms > 0.0)  # the accused trust the accuser less
