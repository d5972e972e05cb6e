"""What a row of the panel of orders tells of: an order, what happens after it, or to a firm.

Numbers are NumPy integers: Numba would compile a copy of a room for each plain literal.
"""

from __future__ import annotations

import numpy as np

(
    ORDER,
    CHASE,
    LATE_PAYMENT,
    SUIT,
    WRITE_OFF,
    FINAL_PAYMENT,
    UNMET_NEED,
    FOUNDING,
    OVERHEAD,
    DIVIDEND,
    BANKRUPTCY,
    EXIT,
) = np.arange(12)
EVENTS = {
    "order": "an order, from the tender to its own payment or dispute",
    "chase": "an overdue invoice is chased, and stays open",
    "late payment": "an overdue invoice is chased and paid, with interest",
    "suit": "an overdue invoice is taken to law and enforced in part; the rest is lost",
    "write-off": "an overdue invoice is taken to law in vain, and lost",
    "final payment": "an overdue invoice is paid, with interest, because the relation ends",
    "unmet need": "a need that found no terms, or nobody to ask",
    "founding": "owners pay in the cash that a supplier starts with",
    "overhead": "a supplier pays the overhead of a round",
    "dividend": "a supplier pays out part of its spare cash to its owners",
    "bankruptcy": "banks bear what a supplier owes, and the owners of its successor pay in",
    "exit": "owners of a delisted supplier take what it has; those of its successor pay in",
}
"""Events by name, in the order of their numbers."""
