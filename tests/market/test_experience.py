"""What the trade knows of what dealing comes to."""

from typing import Any

import pytest
from support.quiet_market import quiet
from support.troubles import OPEN

from trustsim.engine.compiling import records
from trustsim.market.experience import first_experience, note_late_payment
from trustsim.market.records import Market
from trustsim.simulation.run import simulate

LAW = {
    "buyers": 10,
    "arrears_hazard": 0.25,
    "law_age": 2,
    "evidence": 0.5,
    "enforcement": 0.8,
    "locatable": 1.0,
    "remoteness": 0.0,
}


def market_of(**values: float) -> Any:
    market = records(Market, 1)[0]
    for name, value in {"lot_cost": 2.0, **LAW, **values}.items():
        market[name] = value
    return market


def test_a_new_market_knows_late_payment_as_the_law_has_it() -> None:
    # chased once, then again at the age of the law: a round and three quarters of one; the suit of
    # those unheard, 9 of 16, brings .75 of .8
    market = market_of()
    first_experience(market)
    assert market["late_rounds"] == pytest.approx(1.75, rel=1e-12)
    assert market["late_chases"] == pytest.approx(1.75, rel=1e-12)
    assert market["late_suits"] == pytest.approx(9 / 16, rel=1e-12)
    assert market["late_lost"] == pytest.approx(9 / 16 * (1 - 0.75 * 0.8), rel=1e-12)


def test_where_no_chase_is_ever_heard_all_goes_to_law() -> None:
    market = market_of(arrears_hazard=0.0, enforcement=0.0)
    first_experience(market)
    assert (market["late_rounds"], market["late_chases"], market["late_lost"]) == (2.0, 2.0, 1.0)


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_what_the_trade_has_seen_of_late_payment_is_added_to_it(scale: float) -> None:
    # 10 invoices of a lot stand before: 7 more were chased 26 times, and one went to law; 15 lots
    # of money have come to an end after 40 rounds of a lot, .8 of it never paid
    market = market_of(lot_cost=scale)
    market["late_invoices"], market["chased"], market["suits"] = 7.0, 26.0, 1.0
    market["ended"], market["waited"], market["written_off"] = 15 * scale, 40 * scale, 0.8 * scale
    note_late_payment(market)
    assert market["late_rounds"] == pytest.approx((40 + 10 * 1.75) / 25, rel=1e-12)
    assert market["late_chases"] == pytest.approx((26 + 10 * 1.75) / 17, rel=1e-12)
    assert market["late_suits"] == pytest.approx((1 + 10 * 9 / 16) / 17, rel=1e-12)
    assert market["late_lost"] == pytest.approx((0.8 + 10 * 9 / 16 * 0.4) / 25, rel=1e-12)


@pytest.mark.parametrize("remoteness", [0.0, 0.5])
def test_invoices_end_as_a_new_market_expects(remoteness: float) -> None:
    # all pay late on purpose, a need in thirty rounds, so that hardly two invoices of a tie meet;
    # what is known after many rounds is what was known before the first
    sizes = {"rounds": 400, "buyers": 600, "demand_rate": 0.03}
    habits = {"betrayal_weight": 1.0, "late_on_purpose": 1}
    law = {"arrears_hazard": 0.25, "law_age": 3, "remoteness": remoteness}
    patient = {"prior_good": 100.0}
    scenario = quiet({"lateness": 1.0}, patient, instruments=OPEN, **sizes, **habits, **law)
    world = simulate(scenario).world.market[0]
    market = market_of(**{name: float(world[name]) for name in LAW}, lot_cost=world["lot_cost"])
    first_experience(market)
    for name in ("late_rounds", "late_chases", "late_suits", "late_lost"):
        assert world[name] == pytest.approx(market[name], rel=0.1), name
    assert world["late_invoices"] > 1000
