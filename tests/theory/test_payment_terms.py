"""Closed form of payment terms: when trust makes an escrow agent superfluous."""

from __future__ import annotations

from fractions import Fraction

import pytest

from trustsim.theory.payment_terms import switch_order


@pytest.mark.parametrize("exposure", [1.0, 0.5, 0.25])
@pytest.mark.parametrize("fee_share", [0.3, 0.11, 0.03, 0.015])
def test_open_account_beats_escrow_from_the_order_of_the_switch_on(
    fee_share: float, exposure: float
) -> None:
    # trust after n good orders from Beta(1, 1) is (n + 1)/(n + 2); exactly, in fractions
    fee, at_risk = Fraction(fee_share), Fraction(exposure)

    def open_account_is_cheaper(n: int) -> bool:
        return at_risk * (1 - Fraction(n + 1, n + 2)) < fee

    found = switch_order(fee_share, exposure)
    assert [open_account_is_cheaper(n) for n in range(200)] == [n >= found for n in range(200)]


def test_a_fee_above_every_risk_is_never_paid() -> None:
    assert switch_order(0.51) == 0
    assert switch_order(0.5) == 1  # a stranger's risk is just the fee: escrow is as good
