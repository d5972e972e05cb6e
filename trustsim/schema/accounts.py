"""Accounts of the ledger and categories of the total cost of ownership, by name and number.

Numbers are NumPy integers: Numba would compile a copy of a room for each plain literal.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MICRO = 1_000_000
"""Micro-units in a unit of money, and the fixed-point unit of everything else that is summed."""


def _numbers(count: int) -> Any:
    return np.arange(count)


# Accounts of the ledger, in the order of `ACCOUNTS`.
# They are NumPy integers because Numba would compile a copy of a room for each plain literal.
BUYERS, SUPPLIERS, PLATFORM, CARRIERS, BANKS, COURTS, OUTSIDE = _numbers(7)
ACCOUNTS = ("buyers", "suppliers", "platform", "carriers", "banks", "courts", "outside")

# Categories of the total cost of ownership, in the order of `CATEGORIES`.
(
    PRICE,
    SOURCING,
    NEGOTIATION,
    PAYMENT,
    INSPECTION,
    FAILURE,
    DELAY,
    DISPUTE,
    BAD_DEBT,
    SWITCHING,
    LEAKAGE,
    SERVICE,
) = _numbers(12)
CATEGORIES = (
    "price",
    "sourcing",
    "negotiation",
    "payment",
    "inspection",
    "failure",
    "delay",
    "dispute",
    "bad_debt",
    "switching",
    "leakage",
    "service",
)
