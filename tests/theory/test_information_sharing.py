"""Closed form of a shared forecast, against the market's own and at its limit."""

from __future__ import annotations

import pytest

from trustsim.market.rooms.demand import mismatch
from trustsim.theory.information_sharing import supply_cost


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(("persistence", "lead_time"), [(0.0, 0), (0.4, 1), (0.6, 3), (0.95, 6)])
def test_responses_to_shocks_add_up_to_the_formula_of_the_market(
    persistence: float, lead_time: int, told: bool
) -> None:
    found = supply_cost(persistence, 0.3, lead_time, (0.05, 0.4), told)
    assert found == pytest.approx(mismatch(persistence, 0.3, lead_time, 0.05, 0.4, told), rel=1e-7)


def test_telling_saves_nothing_without_persistence() -> None:
    costs = [supply_cost(0.0, 0.3, 2, (0.05, 0.4), told) for told in (True, False)]
    assert costs[0] == costs[1] > 0.0
