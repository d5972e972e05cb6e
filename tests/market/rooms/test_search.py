"""Search: newcomers and how they are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.quiet_market import needs_of, quiet
from support.troubles import BAD_LOTS

from trustsim.simulation.run import simulate


@pytest.mark.parametrize("exploration", [0.0, 0.2, 1.0])
def test_exploration_finds_newcomers(exploration: float) -> None:
    # a newcomer is asked, and a lone favourite with it
    market = {"buyers": 200, "suppliers": 400, "contacts": 3, "rounds": 30}
    orders = needs_of(simulate(quiet({"exploration": exploration}, **market), orders=True))
    assert (orders["bidders"] > 1).mean() == pytest.approx(exploration, abs=0.021)
    assert set(orders["bidders"]) <= {1, 2}


def test_a_newcomer_never_takes_the_place_of_the_partner() -> None:
    market = {"buyers": 50, "suppliers": 20, "contacts": 1, "rounds": 10}
    orders = needs_of(simulate(quiet({"exploration": 1.0}, **market), orders=True))
    assert (orders.groupby("buyer")["supplier"].nunique() <= 2).all()
    later = orders[orders["round"] > 0]  # the first contact may go before it is a partner
    assert (later.groupby("buyer")["supplier"].nunique() == 1).all()


def test_buyers_recommend_only_whom_they_have_tried() -> None:
    # what they tried has failed them: (9, 4) after one order, against (9, 1) of those untried
    buyer = {"prior_good": 9.0, "prior_bad": 1.0, "voice": 0.0}
    sizes = {"buyers": 50, "suppliers": 20, "contacts": 4, "rounds": 1}
    memory = {"betrayal_weight": 3.0, "trust_forgetting": 1.0}
    once = simulate(quiet(buyer, {"admission": 1.0}, **BAD_LOTS, **sizes, **memory), orders=True)
    np.testing.assert_array_equal(once.world.buyers["recommends"], needs_of(once)["supplier"])
    worse = {**memory, "betrayal_weight": 30.0}
    never = simulate(quiet(buyer, {"admission": 1.0}, **BAD_LOTS, **sizes, **worse))
    assert (never.world.buyers["recommends"] == -1).all()


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
