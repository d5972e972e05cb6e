"""Relations: what fades between partners, and when a relation breaks."""

from __future__ import annotations

import numpy as np
import pytest
from support.quiet_market import ROUNDS, orders_of, quiet
from support.troubles import TELL

from trustsim.market.relations import part
from trustsim.simulation.building import build


@pytest.mark.parametrize("erosion", [0.0, 0.1])
def test_knowhow_erodes_when_nobody_says_anything(erosion: float) -> None:
    seldom = {"disclosure_rule": "always", "disclosure": 0.4}
    growth = {"knowhow_rate": 0.2, "knowhow_erosion": erosion}
    orders = orders_of(seldom, seldom, buyers=50, rounds=30, **growth)
    silent = orders["buyer_disclosed"] + orders["supplier_disclosed"] == 0.0
    after = orders["knowhow"].groupby(orders["buyer"]).shift(-1)
    known = silent & after.notna() & (orders["knowhow"] > 0.0)
    assert known.sum() > 300
    left = after[known] / orders["knowhow"][known]
    np.testing.assert_allclose(left, 1.0 - erosion, rtol=1e-5)


@pytest.mark.parametrize(("rate", "kept"), [(0.0, 1.0), (1.0, 0.7)])
def test_a_change_of_technology_takes_knowhow_away(rate: float, kept: float) -> None:
    orders = orders_of(TELL, TELL, knowhow_rate=0.2, technology_rate=rate, technology_loss=0.3)
    knowhow = [0.0]
    for _ in ROUNDS[1:]:
        now = knowhow[-1] + 0.2 * (1.0 - knowhow[-1])
        knowhow.append(now * kept)
    np.testing.assert_allclose(orders["knowhow"], knowhow, atol=1e-6)


@pytest.mark.parametrize(("suppliers", "contacts"), [(2, 1), (4, 3), (3, 3)])
def test_who_leaves_meets_somebody_that_it_does_not_know(suppliers: int, contacts: int) -> None:
    world = build(quiet(buyers=40, suppliers=suppliers, contacts=contacts), 0)
    left = []
    for b in range(40):
        before = world.ties["supplier"][b].tolist()
        world.ties["supplier_bad"][b, 0] = 7.0
        world.buyers["partner"][b] = before[0]
        part(world, b, 0, (b + 0.5) / 40)
        after = world.ties["supplier"][b].tolist()
        assert after[1:] == before[1:]
        assert len(set(after)) == contacts
        assert world.ties["supplier_bad"][b, 0] == 1.0
        assert world.buyers["partner"][b] == -2
        left.append(after[0] != before[0])
    # who knows them all meets the same firm again, as a stranger
    assert all(left) if suppliers > contacts else not any(left)


@pytest.mark.parametrize(("rate", "fresh"), [(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_relations_break_at_their_rate(rate: float, fresh: float) -> None:
    sizes = {"buyers": 100, "suppliers": 30, "contacts": 1, "rounds": 40}
    orders = orders_of(break_rate=rate, **sizes)
    later = orders[orders["round"] > 0]
    assert later["fresh"].mean() == pytest.approx(fresh, abs=0.03 if 0 < rate < 1 else 0.0)
    assert (later["age"].max() == 39) == (rate == 0.0)
    partners = orders.groupby("buyer")["supplier"].nunique()
    assert (partners == 1).all() if rate == 0.0 else partners.mean() > 5
