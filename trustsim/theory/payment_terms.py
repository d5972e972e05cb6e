"""When trust makes an escrow agent superfluous."""

from __future__ import annotations


def switch_order(fee_share: float, exposure: float = 1.0) -> int:
    """Give the first number of good orders after which open account beats escrow.

    From a Beta(1, 1) prior without forgetting trust after n good orders is (n+1)/(n+2); open
    account is cheaper as soon as its expected loss is below the escrow fee.
    """
    n = 0
    while exposure >= fee_share * (n + 2):
        n += 1
    return n
