"""Measures from single orders: who stays, and means by run, round and age."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.small_case import write_case

from trustsim.cases.file import load_case
from trustsim.cases.orders import mean_by, orders_of, stays
from trustsim.cases.run import run_cases, tables_of

AMONG = (
    'measure = "cost_dispute"',
    "measure = 'stays'\namong = 'supplier_policy == \"calculative\"'\ncalled = 'Next orders'",
)


def test_the_next_order_of_the_same_buyer_counts() -> None:
    orders = pd.DataFrame(
        {
            "arm": "a", "point": 0, "replicate": [0, 0, 0, 0, 0, 1],
            "buyer": [1, 0, 1, 0, 1, 1], "round": [0, 0, 1, 2, 3, 0],
            "supplier": [5, 5, 5, 6, 7, 7],
        }
    )  # fmt: skip
    np.testing.assert_array_equal(stays(orders), [1.0, 0.0, 0.0, np.nan, np.nan, np.nan])
    shuffled = orders.sample(frac=1.0, random_state=1)
    np.testing.assert_array_equal(stays(shuffled).sort_index(), stays(orders))


def test_means_by_run_and_by_more() -> None:
    orders = pd.DataFrame(
        {
            "arm": "a",
            "point": [0, 0, 0, 1],
            "replicate": 0,
            "round": [0, 0, 1, 1],
            "x": [1.0, 3, 8, 5],
        }
    )
    assert mean_by(orders, "x")["x"].tolist() == [4.0, 5.0]
    assert mean_by(orders, "x", "round")["x"].tolist() == [2.0, 8.0, 5.0]


def test_a_case_reads_what_its_runs_kept_of_orders(tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path, "r2", AMONG))
    assert case.config.keep == ("runs", "orders")
    ((_, found),) = run_cases([case], tmp_path / "out", jobs=1)
    folder = tmp_path / "out" / "r2"
    panel = pd.read_parquet(folder / "orders.parquet")
    panel = panel[panel["event"] == "order"]
    mine = orders_of(case, folder)
    assert 0 < len(mine) < len(panel)
    assert set(mine["stays"]) == {0.0, 1.0}
    ages = panel["age"].to_numpy()
    assert set(mine["age_from"]) <= {0, 1, 2, 3, 4, 6}
    assert ages.max() < 9
    runs = tables_of(case, folder)["runs"]
    assert len(runs) == 4 * 3
    both = runs[runs["without"] == "nothing"].groupby("market.ransom_rate")["stays"].mean()
    assert found.full.difference == pytest.approx(both[0.5] - both[0.0])
