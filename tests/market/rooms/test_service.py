"""Service: the installed base, what it costs in use, and what an award knows of it."""

from __future__ import annotations

import numpy as np
import pytest
from support.quiet_market import ROUNDS, needs_of, orders_of, quiet
from support.troubles import BAD_LOTS

from trustsim.market.rooms.service import later_cost
from trustsim.simulation.run import Rounds, simulate
from trustsim.validation.single_records import market as market_of


@pytest.mark.parametrize("life", [4, 60])
def test_the_installed_base_grows_to_what_is_bought_in_its_life(life: int) -> None:
    # a lot a round, of which one in `life` retires a round: (1 - q^r) / (1 - q) are in use
    orders = orders_of(support_cost=0.01, maintenance_cost=0.02, service_life=life)
    kept = 1.0 - 1.0 / life
    in_use = (1.0 - kept**ROUNDS) / (1.0 - kept)
    assert orders["support"].to_numpy() == pytest.approx(0.01 * in_use, abs=2e-6)
    assert orders["maintenance"].to_numpy() == pytest.approx(0.02 * in_use, abs=2e-6)
    parts = ["installation", "support", "maintenance", "repair"]
    assert orders["cost_service"].to_numpy() == pytest.approx(orders[parts].sum(axis=1).to_numpy())


def test_setting_up_is_paid_once_a_lot() -> None:
    measures = simulate(quiet(installation_cost=0.05)).measures
    assert measures["service_installation"] == pytest.approx(0.05)
    assert measures["cost_service"] == pytest.approx(0.05)
    assert measures["service_support"] == 0.0


def test_only_lots_with_a_defect_that_nobody_found_are_mended() -> None:
    assert simulate(quiet(repair_cost=0.1)).measures["service_repair"] == 0.0
    bad = {**BAD_LOTS, "failure_cost": 0.0, "service_life": 1200}
    orders = orders_of({"inspection": "none"}, repair_cost=0.1, **bad)
    faulty = np.concatenate([[0.0], np.cumsum(orders["escaped"].to_numpy())[:-1]])
    assert orders["repair"].to_numpy() == pytest.approx(0.1 * faulty, rel=0.02, abs=1e-6)


@pytest.mark.parametrize("life", [4, 60])
def test_who_fails_orphans_what_it_has_supplied(life: int) -> None:
    # a lot a round for four rounds, of which one in `life` retires a round before the firm is gone
    run = Rounds(quiet(orphan_cost=0.1, service_life=life, credit_line=1.0, rounds=7), 0)
    for r in range(7):
        if r == 3:
            run.world.suppliers["cash"] = -10_000_000
        run.step(keep=True)
    outcome = run.outcome()
    kept = 1.0 - 1.0 / life
    lots = kept + kept**2 + kept**3 + kept**4
    orphaned = needs_of(outcome)["orphaned"].to_numpy()
    assert orphaned == pytest.approx([0, 0, 0, 0, 0.1 * lots, 0, 0], abs=2e-6)
    assert outcome.measures["service_orphaned"] == pytest.approx(orphaned.sum() / 7.0)
    assert outcome.measures["cost_service"] == outcome.measures["service_orphaned"]
    # the newcomer has supplied what came since
    assert outcome.world.bonds["supplied"][0, 0] == pytest.approx(1.0 + kept + kept**2)


def test_an_award_expects_repairs_of_an_untrusted_lot_for_life() -> None:
    market = market_of(repair_cost=0.01, service_life=50, defect_bad=0.4, lot_cost=2.0)
    assert later_cost(0.75, market) == pytest.approx(0.01 * 50 * 0.4 * 0.25 * 2.0)
    assert later_cost(1.0, market) == 0.0
