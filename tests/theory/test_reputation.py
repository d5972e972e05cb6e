"""Closed forms of reputation: delisting that keeps sellers honest, and when none does."""

from __future__ import annotations

import numpy as np
import pytest

from trustsim.theory.reputation import delisting_equilibrium

# Dellarocas 2005: (w2, c, alpha, beta, delta) -> best value of a listed seller, delisting chance
DELISTING = [
    ((2.0, 1.0, 0.05, 0.8, 0.9), 9.333, 0.1587),
    ((2.0, 1.0, 0.10, 0.9, 0.95), 17.5, 0.0752),
    ((3.0, 1.0, 0.05, 0.5, 0.9), 18.889, 0.1307),
    ((3.0, 1.0, 0.20, 0.6, 0.95), 30.0, None),
    ((1.2, 1.0, 0.1, 0.9, 0.9), 0.0, None),
]


@pytest.mark.parametrize(("market", "value", "delisting"), DELISTING)
def test_delisting_equilibrium(
    market: tuple[float, ...], value: float, delisting: float | None
) -> None:
    found, chance = delisting_equilibrium(*market)
    assert found == pytest.approx(value, abs=0.0006)
    if delisting is not None:
        assert chance == pytest.approx(delisting, abs=0.00006)
    if value == 0.0:
        return
    # played out: effort for ever, a negative rating with probability alpha, then delisted or not
    worth, cost, alpha, beta, discount = market
    listed = (1.0 - alpha * chance) ** np.arange(20_000)
    earned = ((worth - cost) * listed * discount ** np.arange(20_000)).sum()
    assert earned == pytest.approx(found, rel=1e-9)
    # and cheating once gains just what the higher risk of delisting costs
    assert discount * (beta - alpha) * chance * found == pytest.approx(cost, rel=1e-9)


def test_no_trade_just_below_the_ratio_that_keeps_sellers_honest() -> None:
    alpha, beta, discount = 0.1, 0.9, 0.9
    least = (beta + (1.0 - discount) / discount) / (beta - alpha)
    assert delisting_equilibrium(least - 1e-6, 1.0, alpha, beta, discount) == (0.0, 0.0)
    assert delisting_equilibrium(least + 1e-6, 1.0, alpha, beta, discount)[0] > 0.0
