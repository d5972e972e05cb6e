"""Who buys from whom, and how what buyers pay is spread: worked out from the table of orders."""

from __future__ import annotations

import pandas as pd

RUN = ("run_id", "arm", "point", "replicate")
"""What tells runs apart, as far as a table has it."""


def pairs_of(orders: pd.DataFrame) -> pd.DataFrame:
    """Give a row per run, buyer and supplier that have dealt with each other.

    Parameters
    ----------
    orders : DataFrame
        The table of orders, of one run or of many.

    Returns
    -------
    DataFrame
        ``buyer, buyer_policy, supplier, supplier_policy``, orders agreed, ``lots`` accepted,
        ``spend`` (money paid for them at the price agreed), and the means of both sides' trust
        before their orders.
    """
    agreed = orders[orders["event"] == "order"]
    accepted = agreed["lots"].where(agreed["accepted"] == 1, 0.0)
    rows = agreed.assign(orders=1, lots=accepted, spend=accepted * agreed["price"])
    keys = [*_run(orders), "buyer", "supplier"]
    found = rows.groupby(keys, sort=True, observed=True).agg(
        buyer_policy=("buyer_policy", "last"),
        supplier_policy=("supplier_policy", "last"),
        orders=("orders", "sum"),
        lots=("lots", "sum"),
        spend=("spend", "sum"),
        trust_in_supplier=("trust_in_supplier", "mean"),
        trust_in_buyer=("trust_in_buyer", "mean"),
    )
    return found.reset_index()


def buyers_of(orders: pd.DataFrame) -> pd.DataFrame:
    """Give a row per run and buyer: what it has ordered, and what a lot has cost it in all.

    Parameters
    ----------
    orders : DataFrame
        The table of orders, of one run or of many.

    Returns
    -------
    DataFrame
        ``buyer, buyer_policy``, orders agreed, ``suppliers`` that it has dealt with, ``lots``
        accepted, ``cost`` (money, all parts, with what follows orders) and ``total_cost`` a lot.
    """
    keys = [*_run(orders), "buyer"]
    rows = orders[orders["buyer"] >= 0]
    agreed = rows["event"] == "order"
    costs = [name for name in rows if str(name).startswith("cost_")]
    rows = rows.assign(
        orders=agreed.astype(int),
        cost=rows[costs].sum(axis=1),
        lots=rows["lots"].where(agreed & (rows["accepted"] == 1), 0.0),
        dealt=rows["supplier"].where(agreed),
    )
    found = rows.groupby(keys, sort=True, observed=True).agg(
        buyer_policy=("buyer_policy", "last"),
        orders=("orders", "sum"),
        suppliers=("dealt", "nunique"),
        lots=("lots", "sum"),
        cost=("cost", "sum"),
    )
    found["total_cost"] = (found["cost"] / found["lots"]).where(found["lots"] > 0.0)
    return found.reset_index()


def _run(orders: pd.DataFrame) -> list[str]:
    return [name for name in RUN if name in orders]
