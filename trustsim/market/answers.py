"""What the wronged do: whether a buyer comes back after a grievance, and who hears of it."""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import compiled, inlined
from trustsim.market.conduct import CHEATED
from trustsim.market.relations import ATTENTION, NOBODY, contact_of
from trustsim.market.temptations import WRONG_A_BUYER, expect, happen, lose_relation
from trustsim.market.views import leaves_content, leaves_wronged


@compiled
def note_wronged(world: Any, workspace: Any, b: int, returned: int) -> None:
    """Count a buyer that was wronged, and whether it came back to the same supplier."""
    tally = workspace.rounds[world.market[0].round, world.buyers[b].policy]
    order = workspace.order[0]
    tally.wronged += 1
    tally.returned += returned
    order.answered += 1
    order.returned += returned
    market, buyer = world.market[0], world.buyers[b]
    expect(workspace.temptations, WRONG_A_BUYER, 0.0, leaves_wronged(market), 0.0, 0.0)
    happen(workspace.temptations, WRONG_A_BUYER, 0, 1 - returned, 0)
    if buyer.at_stake > 0.0:
        anyway = leaves_content(market)
        more = (1.0 - returned - anyway) / (1.0 - anyway)
        lose_relation(workspace.temptations, buyer.tempted, buyer.at_stake, more)
        buyer.at_stake = 0.0


@inlined
def note_return(world: Any, workspace: Any, b: int, chosen: int) -> None:
    """Note for the supplier of the last order whether it has kept the buyer, and for the buyer."""
    buyer = world.buyers[b]
    if buyer.partner == NOBODY:
        return
    stayed = 1.0 if buyer.partner == chosen else 0.0
    buyer.stays = buyer.stays + ATTENTION * (stayed - buyer.stays)
    k = workspace.order[0].contact
    if stayed == 0.0:
        k = contact_of(world.ties, b, buyer.partner)
    if k == NOBODY:
        return
    tie = world.ties[b, k]
    tally = workspace.suppliers[tie.supplier]
    wronged = 1 if tie.supplier_conduct == CHEATED else 0
    if wronged == 1:
        note_wronged(world, workspace, b, int(stayed))
    if stayed == 1.0:
        tally.wronged_stayed += wronged
        tally.content_stayed += 1 - wronged
    else:
        tally.wronged_left += wronged
        tally.content_left += 1 - wronged
