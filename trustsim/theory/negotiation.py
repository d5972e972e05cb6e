"""Prices of tenders: the first-price procurement auction."""

from __future__ import annotations


def tender_price(low: float, high: float, bidders: int) -> float:
    """Give the mean price among bidders whose costs are uniform from `low` to `high`.

    Vickrey (1961): every bid is ``c + (high - c)/n``, and the mean of the lowest is
    ``low + 2 (high - low)/(n + 1)``; a lone bidder asks the ceiling.
    """
    return low + 2.0 * (high - low) / (bidders + 1)
