"""What the wronged do, and what the trade and the bidders learn from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.restless_market import BUYERS, SUPPLIERS, restless

from trustsim.market.records import Temptation
from trustsim.market.temptations import WRONG_A_BUYER, WRONG_A_SUPPLIER
from trustsim.schema.accounts import MICRO
from trustsim.simulation.outcome import Outcome
from trustsim.simulation.run import simulate


def with_exit(buyers: float, suppliers: float, replicate: int = 0) -> Outcome:
    policies = {
        "buyers": {name: {"exit": buyers, "voice": 0.0} for name in BUYERS},
        "suppliers": {name: {"exit": suppliers} for name in SUPPLIERS},
    }
    scenario = restless().replace(policies=policies, redress=0.0)
    return simulate(scenario, replicate, orders=True)


def expected_to_leave(outcome: Outcome) -> float:
    """Share of wronged suppliers that buyers expect to leave, at the end."""
    market: Any = outcome.world.market[0]
    return float(market["walked_out"] / (market["walked_out"] + market["put_up"]))


def test_buyers_learn_how_many_of_the_wronged_suppliers_leave() -> None:
    shares = [expected_to_leave(with_exit(0.0, share)) for share in (0.0, 0.5, 1.0)]
    assert shares[0] < 0.15  # nobody leaves, and that is known, too
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.8


def test_who_ends_the_relation_after_every_grievance_never_comes_back() -> None:
    outcome = with_exit(1.0, 0.0)
    assert outcome.orders is not None
    wronged = outcome.orders["grievance"].sum()
    assert wronged > 100
    assert outcome.orders["answered"].sum() == wronged
    assert outcome.measures["repurchase_rate"] == 0.0
    assert with_exit(0.0, 0.0).measures["repurchase_rate"] > 0.1


def test_what_the_wronged_are_expected_to_do_stands_beside_what_they_did() -> None:
    rows = sum(with_exit(0.3, 0.3, r).sums.temptations.view(np.int64) for r in range(24))
    for whom in (WRONG_A_BUYER, WRONG_A_SUPPLIER):
        row = np.asarray(rows).view(Temptation)[whom]
        assert row["times"] > 400
        expected, happened = row["found_expected"] / MICRO, row["found_happened"]
        assert expected == pytest.approx(happened, rel=0.2), whom


def test_a_fault_made_good_at_once_leaves_more_trust() -> None:
    admit = {"suppliers": {name: {"admission": 1.0} for name in SUPPLIERS}}
    plain, mended = (
        restless(redress=share, imitation_rate=0.0).replace(policies=admit) for share in (0.0, 1.0)
    )
    pairs = [(simulate(plain, r).measures, simulate(mended, r).measures) for r in range(24)]
    for name in ("trust_in_suppliers", "repurchase_rate"):
        gaps = [after[name] - before[name] for before, after in pairs]
        assert np.mean(gaps) > 3.0 * np.std(gaps, ddof=1) / len(gaps) ** 0.5, name
    orders = simulate(mended, orders=True).orders
    assert orders is not None
    known = orders[orders["rejected"] + orders["traced"] > 0]
    assert (known["redressed"] == 1).all()
    assert known["redressed"].sum() == orders["redressed"].sum() > 20


def test_bidders_that_do_not_know_their_odds_keep_none() -> None:
    known, unknown = (simulate(restless(known_odds=on)).world.ties["favour"] for on in (1, 0))
    assert (unknown == 0.0).all()
    assert (known > 0.0).any()
    assert (known < 0.0).any()
