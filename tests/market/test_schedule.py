"""The schedule: the walk through all rooms of a market without trouble."""

from __future__ import annotations

import pkgutil

import numpy as np
import pytest
from support.quiet_market import quiet
from support.troubles import OPEN, SIZES

from trustsim.market import rooms as market_rooms
from trustsim.market.schedule import SCHEDULE, schedule
from trustsim.simulation.run import simulate


def test_a_quiet_market_has_no_trouble_at_all() -> None:
    found = simulate(quiet(instruments=OPEN, **SIZES)).measures
    zero = [
        *("supplier_opportunism_rate", "buyer_opportunism_rate", "dispute_rate", "arrears_days"),
        *("no_terms_rate", "cost_failure", "cost_delay", "cost_dispute", "cost_bad_debt"),
        *("cost_leakage", "cost_switching", "cost_inspection", "transaction_cost"),
    ]
    assert {name: found[name] for name in zero} == dict.fromkeys(zero, 0.0)
    assert np.isnan(found["defect_escape_rate"])
    assert found["total_cost"] == pytest.approx(found["cost_price"])


def test_the_schedule_names_every_room_once_in_the_order_of_the_walk() -> None:
    rooms = {each.name for each in pkgutil.iter_modules(market_rooms.__path__)}
    walked = [room.__name__.rpartition(".")[2] for room in SCHEDULE]
    assert sorted(walked) == sorted({*rooms, "ledger", "population"})
    lines = schedule().splitlines()
    purposes = [line.split(". ", 1)[1].lower().removeprefix("the ") for line in lines]
    names = [name.replace("_", " ") for name in walked]
    assert [said[: len(name)] for said, name in zip(purposes, names, strict=True)] == names
