"""Dealings: an agreed order with the records of both sides, picked out of the world once.

World, workspace and buyer enter; what the rooms after the agreement need leaves, a record each.
"""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import spliced
from trustsim.market.records import Dealing


@spliced
def dealing_of(world: Any, workspace: Any, b: int) -> Any:
    """Pick out the records of the order that a buyer has agreed."""
    order = workspace.order[0]
    buyer = world.buyers[b]
    supplier = world.suppliers[order.supplier]
    return Dealing(
        world.market[0],
        buyer,
        supplier,
        world.ties[b, order.contact],
        world.buyer_policies[buyer.policy],
        world.supplier_policies[supplier.policy],
        workspace.buyer_views[order.contact],
        workspace.supplier_view[0],
        order,
        workspace.facts[0],
        workspace.books[0],
        workspace.suppliers[order.supplier],
        workspace.temptations,
    )
