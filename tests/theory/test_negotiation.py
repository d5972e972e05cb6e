"""Closed form of tenders, against the bids that lead to it."""

from __future__ import annotations

import numpy as np
import pytest

from trustsim.theory.negotiation import tender_price


@pytest.mark.parametrize("bidders", [1, 2, 5, 20])
def test_the_mean_of_the_lowest_bid(bidders: int) -> None:
    # the lowest of n uniform costs has density n (1 - x)^(n - 1), and is bid up by (1 - x)/n
    x = (np.arange(100_000) + 0.5) / 100_000
    density = bidders * (1.0 - x) ** (bidders - 1)
    expected = (density * (x + (1.0 - x) / bidders)).mean()
    assert tender_price(0.0, 1.0, bidders) == pytest.approx(expected, abs=1e-6)
    assert tender_price(2.0, 4.0, bidders) == pytest.approx(2.0 + 2.0 * expected, abs=1e-6)
