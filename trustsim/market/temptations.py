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
def expect(
    temptations: Any, kind: int, gain: float, found: float, loss: float, relation: float
) -> None:
    """Enter what an agent that gives in expects: gain and loss in money, chance to be found out.

    Loss is money alone: scruples are felt, not paid. What it expects to lose of the ``relation``,
    in money, stands beside it.
    """
    row = temptations[kind]
    row.times += 1
    row.gain_expected += micro(gain)
    row.found_expected += micro(found)
    row.loss_expected += micro(loss)
    row.relation_expected += micro(relation)


@compiled
def happen(temptations: Any, kind: int, gain: int, found: int, loss: int) -> None:
    """Enter what came of giving in: micro-units, and how often it was found out."""
    row = temptations[kind]
    row.gain_happened += gain
    row.found_happened += found
    row.loss_happened += loss


@compiled
def lose_relation(temptations: Any, kind: int, worth: float, left: float) -> None:
    """Enter what giving in has cost of a relation, by whether the partner left (1) or stayed (0).

    Of partners that leave anyway a part must be taken off; the caller has done so in ``left``.
    """
    temptations[kind].relation_happened += micro(worth * left)
