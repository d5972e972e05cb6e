"""Records of one decision, filled by hand: order, view, policy, supplier and market."""

from __future__ import annotations

from typing import Any

from trustsim.engine.compiling import records
from trustsim.market.records import (
    BuyerPolicy,
    Market,
    Order,
    Supplier,
    SupplierPolicy,
    View,
)
from trustsim.market.records import Market as MarketRecord
from trustsim.schema import BUYER, MARKET, SUPPLIER, Parameter


def filled(kind: Any, rows: tuple[Parameter, ...], values: dict[str, Any]) -> Any:
    """Make a record of the tables' defaults and some values; rules by name."""
    record = records(kind, 1)[0]
    for row in rows:
        value = values.pop(row.name, row.default)
        record[row.name] = row.choices.index(value) if row.choices else value
    assert not values
    return record


def buyer(**values: Any) -> Any:
    """Make the record of a policy of buyers."""
    return filled(BuyerPolicy, BUYER, values)


def supplier(**values: Any) -> Any:
    """Make the record of a policy of suppliers."""
    return filled(SupplierPolicy, SUPPLIER, values)


def market(**values: Any) -> Any:
    """Make the record of a market."""
    return filled(MarketRecord, MARKET, values)


def order(**values: Any) -> Any:
    """Make the record of an order: one lot at a price of 1."""
    record = records(Order, 1)[0]
    for name, value in ({"lots": 1.0, "price": 1.0} | values).items():
        record[name] = value
    return record


def view(**values: Any) -> Any:
    """Make the record of a relation as one side sees it."""
    record = records(View, 1)[0]
    for name, value in values.items():
        record[name] = value
    return record


CALCULATIVE = 3


def situation(**market: float) -> tuple[Any, Any, Any, Any, Any]:
    """Make the records of one decision of a supplier: order, view, policy, supplier, market."""
    order, view, policy, supplier, world = (
        records(kind, 1)[0] for kind in (Order, View, SupplierPolicy, Supplier, Market)
    )
    policy["conduct"], view["noise"] = CALCULATIVE, 1e-4
    supplier["listed"] = 1
    world["lot_cost"] = world["sensitivity"] = world["defect_bad"] = 1.0
    for name, value in market.items():
        world[name] = value
    return order, view, policy, supplier, world
