"""Temptations: what calculating agents expected of giving in, beside what then happened.

Rooms enter what an agent that gives in expects, and what comes of it; sums leave. Nothing here
changes what anybody does.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled
from trustsim.market.ledger import micro
from trustsim.schema.measures import TEMPTATIONS

SHADE, ABSCOND, PAY_LATE, DENY, WRONG_A_BUYER, WRONG_A_SUPPLIER = range(len(TEMPTATIONS))


@compiled
def expect(temptations: Any, kind: int, gain: float, found: float, loss: float) -> None:
    """Enter what an agent that gives in expects: gain and loss in money, chance to be found out.

    Loss is money alone: scruples are felt, not paid, and what the relation is worth is another
    row's.
    """
    row = temptations[kind]
    row.times += 1
    row.gain_expected += micro(gain)
    row.found_expected += micro(found)
    row.loss_expected += micro(loss)


@compiled
def happen(temptations: Any, kind: int, gain: int, found: int, loss: int) -> None:
    """Enter what came of giving in: micro-units, and how often it was found out."""
    row = temptations[kind]
    row.gain_happened += gain
    row.found_happened += found
    row.loss_happened += loss
