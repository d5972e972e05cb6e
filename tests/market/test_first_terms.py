"""Terms of first orders: risk aversion, haggling over terms, the next bidder, losses by age."""

from __future__ import annotations

import pytest
from support.quiet_market import quiet

from trustsim.config.scenario import Scenario
from trustsim.market.rooms.payment_terms import premium, unease
from trustsim.simulation.run import simulate
from trustsim.validation.single_records import market


def test_a_risk_premium_is_half_the_aversion_times_the_variance_of_the_loss() -> None:
    shy = market(risk_aversion=0.4, terms_hours=0.0)
    assert premium(2.0, 0.25, shy) == pytest.approx(0.5 * 0.4 * 4.0 * 0.25 * 0.75)
    assert premium(2.0, 0.0, shy) == premium(2.0, 1.0, shy) == 0.0
    # twice the sum, four times the premium
    assert unease(4.0, 0.5, 0.7, shy) == pytest.approx(4.0 * unease(2.0, 0.5, 0.7, shy))
    assert unease(2.0, 0.5, 0.7, market(risk_aversion=0.0, terms_hours=0.0)) == 0.0


def test_each_side_haggles_over_what_it_may_lose() -> None:
    costs = {"hour_cost": 0.01, "terms_hours": 3.0}
    for held, exposed in ((0, 1.0), (1, 0.0)):
        terms = {"only": {"advance": 1.0, "held": held}}
        plain, haggled = (
            simulate(quiet(instruments=terms, **{**costs, "terms_hours": hours})).measures
            for hours in (0.0, 3.0)
        )
        more = haggled["cost_negotiation"] - plain["cost_negotiation"]
        assert more == pytest.approx(0.01 * 3.0 * exposed * plain["cost_price"], abs=1e-6)


def lost(**changes: float) -> tuple[float, float]:
    """Share of needs lost for want of terms: of all, and of those of an age of none."""
    small = {"buyers": 60, "suppliers": 12, "rounds": 24, "value": 1.25}
    terms = ["prepayment", "open_account"]
    outcome = simulate(Scenario("reputation_guided", **small, instruments=terms, **changes))
    first = outcome.ages.set_index("age_from")["no_terms_rate"].iloc[0]
    return outcome.measures["no_terms_rate"], float(first)


def test_who_finds_no_terms_with_the_best_bidder_tries_the_next() -> None:
    rates = [lost(next_bidders=more)[0] for more in (0, 1, 7)]
    assert rates[0] > rates[1] > rates[2]


def test_losses_for_want_of_terms_count_at_the_age_at_which_they_happen() -> None:
    of_all, of_strangers = lost()
    assert of_strangers > of_all > 0.0
