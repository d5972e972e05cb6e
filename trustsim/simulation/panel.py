"""The panel of orders: a row per order, per event after it, and per payment that is no order's.

Records are kept while a market is walked; here they become columns, in units of money and by name.
Every cost and every payment of a run stands in one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsim.config.scenario import Scenario
from trustsim.engine.compiling import Records, records
from trustsim.market import population, schedule
from trustsim.market.records import Books, Facts, Order, Workspace, World
from trustsim.schema.accounts import ACCOUNTS, CATEGORIES, MICRO, OUTSIDE, SUPPLIERS
from trustsim.schema.events import (
    CHASE,
    DIVIDEND,
    EVENTS,
    FOUNDING,
    ORDER,
    OVERHEAD,
    UNMET_NEED,
)

Panel = dict[str, Any]
"""Columns by name: arrays, and categories of names."""

NONE = -1
"""Number of nobody and of nothing."""
MONEY = (
    "outlay",
    "care",
    "installation",
    "support",
    "maintenance",
    "repair",
    "orphaned",
    "succession",
    "profit",
    "receivable",
    "bids",
    "unpaid",
    "ransom",
    "enforced",
    "waited",
)
"""Fields that count money in micro-units; a column rounded to millionths gives the units again."""
HIDDEN = ("earlier",)
"""Facts that other rows hold, one by one."""


class Recorded(NamedTuple):
    """What is kept of a market whose orders are kept.

    Attributes
    ----------
    orders, facts, books : arrays of Order, Facts and Books, shape (rounds * buyers,)
        Of every buyer in every round, in the order of the walk.
    later, later_books : arrays of Order and Books
        What became of earlier invoices.
    firms, firm_books : arrays of Order and Books
        What suppliers paid and were paid apart from orders.
    buyer_policies, supplier_policies : arrays of int, shape (rounds, agents)
        Policy of every agent in every round.
    """

    orders: Records
    facts: Records
    books: Records
    later: Records
    later_books: Records
    firms: Records
    firm_books: Records
    buyer_policies: NDArray[np.int64]
    supplier_policies: NDArray[np.int64]


class Recorder:
    """Walks rounds and keeps all that happens in them.

    Parameters
    ----------
    world : World
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._kept: list[Recorded] = []

    def prepared(self, workspace: Workspace) -> Workspace:
        """Give a workspace that notes what becomes of earlier invoices."""
        places = 1 + 2 * self.world.ties.shape[1]
        return workspace._replace(order=records(Order, places), books=records(Books, places))

    def round(self, workspace: Workspace, mixes: list[NDArray[np.int64]]) -> None:
        """Walk the round that is open, and close it."""
        world = self.world
        buyers, suppliers = len(world.buyers), len(world.suppliers)
        room = buyers + 2 * int((world.ties["owed"] > 0).sum())
        orders, facts, books = records(Order, room), records(Facts, buyers), records(Books, room)
        count = schedule.walk_recorded(world, workspace, orders, facts, books)
        policies = [agents["policy"].astype(np.int64) for agents in (world.buyers, world.suppliers)]
        gone = np.zeros(suppliers, np.int64)
        flows = np.zeros((suppliers, len(ACCOUNTS)), np.int64)
        buyer_mix, supplier_mix = mixes
        population.close_recorded(world, workspace, buyer_mix, supplier_mix, gone, flows)
        now = int(world.market[0]["round"])
        self._kept.append(
            Recorded(
                orders[:buyers],
                facts,
                books[:buyers],
                orders[buyers:count],
                books[buyers:count],
                *_of_firms(world.market[0], now, gone, flows),
                policies[0][np.newaxis],
                policies[1][np.newaxis],
            )
        )

    def recorded(self) -> Recorded | None:
        """Give all that has been kept, or nothing if no round was walked."""
        if not self._kept:
            return None
        return Recorded(*(_joined(parts) for parts in zip(*self._kept, strict=True)))


def _of_firms(
    market: Any, now: int, gone: NDArray[np.int64], flows: NDArray[np.int64]
) -> tuple[Records, Records]:
    """Tell the payments of suppliers in a round apart: capital, overhead, dividends, the end."""
    suppliers = len(gone)
    capital, overhead = int(market["capital"]), int(market["fixed_cost"])
    paid_in, paid_out = np.zeros_like(flows), np.zeros_like(flows)
    paid_in[:, [SUPPLIERS, OUTSIDE]] = capital, -capital
    paid_out[:, [SUPPLIERS, OUTSIDE]] = -overhead, overhead
    rest = flows - paid_out
    orders, books = [], []
    for event, there, flow in (
        (np.full(suppliers, FOUNDING), np.full(suppliers, now == 0), paid_in),
        (np.full(suppliers, OVERHEAD), np.full(suppliers, overhead > 0), paid_out),
        (np.full(suppliers, DIVIDEND), (gone == ORDER) & rest.any(axis=1), rest),
        (gone, gone != ORDER, rest),
    ):
        who = np.flatnonzero(there)
        order, book = records(Order, len(who)), records(Books, len(who))
        order["round"] = now
        order["supplier"] = who
        order["buyer"] = order["contact"] = NONE
        book["event"] = event[who]
        book["flow"] = flow[who]
        orders.append(order)
        books.append(book)
    return _joined(orders), _joined(books)


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Put arrays of one type behind each other, as bytes.

    NumPy looks for a common type of records field by field and array by array, which takes most of
    the time of a recorded run.
    """
    kind = parts[0].dtype
    if kind.names is None:
        return np.concatenate(parts)
    return np.concatenate([part.view(np.uint8) for part in parts]).view(kind)


def columns(kept: Recorded, scenario: Scenario) -> Panel:
    """Make the columns of the panel; `trustsim.schema.tables` says what they mean."""
    orders, facts, books, walked = _in_order(kept)
    now, event = orders["round"], books["event"]
    number = np.where(walked, now * scenario.market.buyers + orders["buyer"], NONE)
    policies = (
        np.where(orders[side] >= 0, of_round[now, orders[side]], NONE)
        for side, of_round in (
            ("buyer", kept.buyer_policies),
            ("supplier", kept.supplier_policies),
        )
    )
    result: Panel = {
        "event": _names(event, EVENTS),
        "order_id": np.where(walked, number, _theirs(orders, books, number)),
        "round": now.copy(),
        "buyer": orders["buyer"].copy(),
        "buyer_policy": _names(next(policies), scenario.buyer_mix),
        "supplier": orders["supplier"].copy(),
        "supplier_policy": _names(next(policies), scenario.supplier_mix),
    }
    for record in (orders, facts):
        for name in record.dtype.names or ():
            if name not in (*result, *HIDDEN):
                result[name] = _told(record[name], name, walked)
    instrument = np.where(walked, orders["instrument"], NONE)
    result["instrument"] = _names(instrument, scenario.instruments)
    market = scenario.market
    worth = np.floor(orders["lots"] * market.value * market.lot_cost * MICRO + 0.5)
    result["value"] = np.where(orders["accepted"] == 1, worth, 0.0) / MICRO
    for name in books.dtype.names or ():
        if name not in ("event", "cost", "flow"):
            result[name] = books[name] / MICRO if name in MONEY else books[name].copy()
    for place, category in enumerate(CATEGORIES):
        result[f"cost_{category}"] = books["cost"][:, place] / MICRO
    flows = books["flow"].copy()
    flows[:, SUPPLIERS] -= books["bids"]
    flows[:, OUTSIDE] += books["bids"]
    for place, account in enumerate(ACCOUNTS):
        result[f"flow_{account}"] = flows[:, place] / MICRO
    return result


def _in_order(kept: Recorded) -> tuple[Records, Records, Records, NDArray[np.bool_]]:
    """Put all that is kept together: by round, in it by buyer, earlier invoices first, then firms.

    Gives orders, facts and books, and which rows are orders or needs that became none.
    """
    needs = (kept.orders["ordered"] == 1) | (kept.orders["lost_for_terms"] == 1)
    orders = np.concatenate([kept.later, kept.orders[needs], kept.firms])
    books = np.concatenate([kept.later_books, kept.books[needs], kept.firm_books])
    walked = np.zeros(len(orders), bool)
    walked[len(kept.later) : len(kept.later) + int(needs.sum())] = True
    facts = np.zeros(len(orders), kept.facts.dtype)
    facts[walked] = kept.facts[needs]
    books["event"][walked & (orders["ordered"] == 0)] = UNMET_NEED
    event = books["event"]
    stage = np.where(event == FOUNDING, 0, np.where(event > FOUNDING, 2, 1))
    who = np.where(event >= FOUNDING, orders["supplier"], orders["buyer"])
    order = np.lexsort((walked, who, stage, orders["round"]))
    return orders[order], facts[order], books[order], walked[order]


def _told(field: Records, name: str, walked: NDArray[np.bool_]) -> NDArray[Any]:
    """Give a field of an order, or a fact: numbers that only an order has are missing elsewhere."""
    if name in MONEY:
        return np.asarray(field / MICRO)
    if field.dtype.kind == "f":
        return np.where(walked, field, np.nan)
    return field.copy()  # of a record it would keep all of it


def _names(numbers: Any, names: Any) -> pd.Categorical[str]:
    return pd.Categorical.from_codes(numbers, categories=pd.Index(list(names)))


def _theirs(orders: Records, books: Records, number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the order whose invoice an event is about; -1 if several are open on the tie."""
    result = np.full(len(orders), NONE)
    event, owing = books["event"], books["receivable"] > 0
    later = (event >= CHASE) & (event < UNMET_NEED)
    open_on: dict[tuple[int, int], list[int]] = {}
    for row in np.flatnonzero(owing | later).tolist():
        tie = (int(orders["buyer"][row]), int(orders["contact"][row]))
        if owing[row]:
            open_on.setdefault(tie, []).append(int(number[row]))
            continue
        theirs = open_on[tie] if event[row] == CHASE else open_on.pop(tie)
        if len(theirs) == 1:
            result[row] = theirs[0]
    return result
