"""A small market in which anything may happen, and one order in it that a room walks alone.

What a room should leave is worked out beside it in plain numbers, from the draws that it makes.
"""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np
from support.quiet_market import quiet

from trustsim.market.records import Dealing
from trustsim.schema.accounts import ACCOUNTS, BUYERS, CATEGORIES, OUTSIDE, SUPPLIERS
from trustsim.simulation.building import build, make_workspace

BUYERS_THERE = 36
PLACES = range(BUYERS_THERE)
"""Buyers of the market, each with an order and luck of its own."""

MEANS: dict[str, dict[str, Any]] = {
    "cash": {"on_delivery": 1.0, "collection_failure": 0.6},
    "prepaid": {"advance": 0.7, "on_delivery": 0.1, "credit_days": 45.0},
    "held": {"advance": 1.0, "held": 1, "fee_share": 0.02, "supplier_fee_share": 0.25},
}


def world_of(buyer: Any = None, supplier: Any = None, **market: Any) -> tuple[Any, Any]:
    """Make a world and a workspace; ties have a past, drawn once and for all."""
    sizes = {"buyers": BUYERS_THERE, "suppliers": 5, "contacts": 3, "remoteness": 0.5}
    scenario = quiet(
        buyer, supplier, MEANS, **{"goodwill_bonus": 0.3, "seed": 7, **sizes, **market}
    )
    world = build(scenario, 0)
    world.market["round"] = 2
    random = np.random.default_rng(3)
    ties = world.ties
    for name in ("supplier_good", "supplier_bad", "buyer_good", "buyer_bad"):
        ties[name] = 1 + 4 * random.random(ties.shape)
    for name in ("knowhow", "watched", "retained"):
        ties[name] = 0.1 + 0.8 * random.random(ties.shape)
    ties["attraction"] = 2 * random.random(ties.shape)
    ties["orders"] = random.integers(0, 9, ties.shape)
    ties["clean"] = random.integers(0, 9, ties.shape)
    for name in ("goodwill", "assets") if len(world.bonds) else ():
        world.bonds[name] = 0.1 + 0.8 * random.random(ties.shape)
    world.buyers["opportunism"] = random.random(BUYERS_THERE)
    world.suppliers["opportunism"] = random.random(len(world.suppliers))
    world.suppliers["load"] = 2 * random.random(len(world.suppliers))
    world.suppliers["listed"][1] = 0
    return world, make_workspace(world, 4)


def order_for(world: Any, workspace: Any, b: int, **fields: float) -> Any:
    """Put an agreed order of a buyer into an empty workspace, and give it."""
    for rows in (workspace.order, workspace.facts, workspace.books, workspace.supplier_view):
        rows[:] = np.zeros(1, rows.dtype)
    workspace.buyer_views[:] = np.zeros(1, workspace.buyer_views.dtype)
    for rows in (
        workspace.suppliers, workspace.rounds, workspace.ages, workspace.balances,
        workspace.temptations,
    ):  # fmt: skip
        rows[...] = np.zeros((), rows.dtype)
    order = workspace.order[0]
    contact = b % 3
    usual = {
        "round": 2, "buyer": b, "supplier": world.ties["supplier"][b, contact], "contact": contact,
        "lots": 0.5 + 0.1 * b, "price": 1.0 + 0.02 * b, "evidence": (b % 5) / 5,
        "remoteness": world.buyers["remoteness"][b],
    }  # fmt: skip
    for name, value in {**usual, **fields}.items():
        order[name] = value
    return order


def dealing_for(world: Any, workspace: Any, b: int) -> Any:
    """Pick out the records of an order; compiled code can take them, but not give them."""
    order, buyer = workspace.order[0], world.buyers[b]
    contact, supplier = order["contact"], world.suppliers[order["supplier"]]
    return Dealing(
        world.market[0], buyer, supplier, world.ties[b, contact],
        world.buyer_policies[buyer["policy"]], world.supplier_policies[supplier["policy"]],
        workspace.buyer_views[contact], workspace.supplier_view[0],
        order, workspace.facts[0], workspace.books[0],
        workspace.suppliers[order["supplier"]], workspace.temptations,
    )  # fmt: skip


def units(amount: float) -> int:
    """Give an amount in millionths, rounded half up."""
    return floor(amount * 1e6 + 0.5)


class Books:
    """Flows between accounts and costs by category, as they should be."""

    def __init__(self) -> None:
        self.flow = [0] * len(ACCOUNTS)
        self.cost = [0] * len(CATEGORIES)

    def pay(self, payer: int, payee: int, amount: float) -> None:
        self.flow[payer] -= units(amount)
        self.flow[payee] += units(amount)

    def spend(self, category: int, payee: int, amount: float) -> None:
        self.pay(BUYERS, payee, amount)
        self.cost[category] += units(amount)

    def work(self, category: int, hours: float, wage: float) -> None:
        self.spend(category, OUTSIDE, hours * wage)

    def supplier_work(self, hours: float, wage: float) -> None:
        self.pay(SUPPLIERS, OUTSIDE, hours * wage)

    def held_against(self, books: Any) -> None:
        """Compare with the books of an order; a rounding of sums may move one unit."""
        np.testing.assert_allclose(books["flow"], self.flow, atol=3)
        np.testing.assert_allclose(books["cost"], self.cost, atol=3)
        assert sum(books["flow"]) == 0
