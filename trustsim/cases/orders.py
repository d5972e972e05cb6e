"""Measures of cases that are worked out from single orders: by run, by round, by age."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from trustsim.analysis.expressions import columns_of, of_columns
from trustsim.cases.file import STAYS, Case
from trustsim.experiment.storage.files import read_table
from trustsim.experiment.storage.tables import ORDERS
from trustsim.schema.measures import AGE_FROM

RUN = ["arm", "point", "replicate"]


def orders_of(case: Case, folder: Path) -> pd.DataFrame:
    """Read the orders of a case that count, each with the value of the measure.

    Returns
    -------
    DataFrame
        ``arm, point, replicate, round, age_from`` and the measure.
    """
    said = case.said
    asked = [*columns_of(said.measure), *columns_of(said.among)]
    needed = [*RUN, "event", "round", "age", "buyer", "supplier", *asked]
    columns = [name for name in dict.fromkeys(needed) if name != STAYS]
    table: pd.DataFrame = read_table(folder, ORDERS, columns).to_pandas()
    orders = table[table["event"] == "order"].reset_index(drop=True)
    if STAYS in asked:
        orders[STAYS] = stays(orders)
    counts = of_columns(said.among, lambda name: orders[name].to_numpy()) > 0.0
    value = of_columns(said.measure, lambda name: orders[name].to_numpy())
    place = np.searchsorted(AGE_FROM, orders["age"].to_numpy(), side="right") - 1
    found = orders[[*RUN, "round"]].assign(
        age_from=np.array(AGE_FROM)[place], **{said.measure: value}
    )
    return found[counts & np.isfinite(value)]


def stays(orders: pd.DataFrame) -> pd.Series:
    """Say of each order whether the buyer's next one goes to the same supplier.

    Missing for the last of each buyer.
    """
    in_order = orders.sort_values([*RUN, "buyer", "round"], kind="stable")
    following = in_order.groupby([*RUN, "buyer"])["supplier"].shift(-1)
    same = (following == in_order["supplier"]).astype(float)
    return same.where(following.notna()).reindex(orders.index)


def mean_by(orders: pd.DataFrame, measure: str, *more: str) -> pd.DataFrame:
    """Give the mean of a measure over the orders of a run, by more columns if any are named."""
    keys = [*RUN, *more]
    return orders.groupby(keys)[[measure]].mean().reset_index()
