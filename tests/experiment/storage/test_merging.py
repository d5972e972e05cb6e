"""Merging: stretches, blocks, places and windows of rows, by hand."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from trustsim.config.experiment import ExperimentConfig
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment.plan import Plan
from trustsim.experiment.storage import merging
from trustsim.experiment.storage.merging import NOWHERE, Finder, Merging, Piece, blocks, stretches

ARMS = {arm: Scenario("high_trust", rounds=1) for arm in "ab"}
PLAN = Plan(ExperimentConfig("x", ARMS, "a", replications=4))
IDS = [each.decode() for each in PLAN.ids.tolist()]


def piece(places: list[int], rows: list[int], mark: int, columns: int = 1) -> Piece:
    """Give a piece of these runs, so many rows each, whose values tell run, row and piece."""
    ids = [IDS[p] for p, n in zip(places, rows, strict=True) for _ in range(n)]
    values = [
        100.0 * mark + p + k / 10 for p, n in zip(places, rows, strict=True) for k in range(n)
    ]
    table = pa.table(
        {"run_id": ids, "value": values, **{f"v{c}": values for c in range(1, columns)}}
    )
    return Piece(f"piece {mark}", table.schema, lambda c: table if c is None else table.select(c))


def test_blocks_are_rows_of_one_id_after_another() -> None:
    ids, first, rows = blocks(pa.chunked_array([["a", "a", "b"], ["b", "a", "c"]]))
    assert ids.tolist() == [b"a", b"b", b"a", b"c"]
    assert first.tolist() == [0, 2, 4, 5]
    assert rows.tolist() == [2, 2, 1, 1]
    none = blocks(pa.chunked_array([[]], pa.string()))
    assert [len(each) for each in none] == [0, 0, 0]


def test_stretches_are_numbered_row_by_row() -> None:
    found = stretches(np.array([7, 0, 3]), np.array([2, 3, 1]))
    assert found.tolist() == [7, 8, 0, 1, 2, 3]
    assert stretches(np.array([5]), np.array([1])).tolist() == [5]


def test_places_of_runs_and_nowhere_for_others() -> None:
    finder = Finder(PLAN)
    asked = [*PLAN.ids[[5, 0, 7]], b"0" * 16, b"f" * 16, b""]
    assert finder(np.array(asked, "S16")).tolist() == [5, 0, 7, NOWHERE, NOWHERE, NOWHERE]
    assert NOWHERE == -1
    empty = Plan(ExperimentConfig("x", ARMS, "a", replications=4))
    empty.ids = PLAN.ids[:0]  # type: ignore[misc]
    assert Finder(empty)(np.array([b"a", b"b"], "S16")).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("most", "sizes"),
    [(100, [10]), (10, [10]), (9, [8, 2]), (4, [4, 4, 2]), (3, [1, 3, 3, 3]), (1, [1, 3, 3, 1, 2])],
)
def test_windows_hold_whole_runs_up_to_a_number_of_rows(
    most: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "ROWS_AT_A_TIME", most)
    pieces = [piece([6, 0, 3], [1, 1, 3], 1), piece([7, 1, 6], [2, 3, 5], 2)]
    merged = Merging("rounds", pieces, PLAN, Finder(PLAN))
    assert merged.rows.tolist() == [1, 3, 0, 3, 0, 0, 1, 2]  # of run 6 the first piece counts
    windows = list(merged.windows())
    assert [w.num_rows for w in windows] == sizes
    whole = pa.concat_tables(windows)
    expected = [100.0, 201.0, 201.1, 201.2, 103.0, 103.1, 103.2, 106.0, 207.0, 207.1]
    assert whole["value"].to_pylist() == pytest.approx(expected)
    assert whole["run_id"].to_pylist() == [IDS[p] for p in (0, 1, 1, 1, 3, 3, 3, 6, 7, 7)]


def test_runs_that_are_left_out_make_no_rows() -> None:
    merged = Merging("rounds", [piece([0, 1, 5], [2, 2, 1], 1)], PLAN, Finder(PLAN))
    merged.leave_out(np.arange(8) == 1)
    (window,) = merged.windows()
    assert window["value"].to_pylist() == pytest.approx([100.0, 100.1, 105.0])
    merged.leave_out(np.ones(8, bool))
    assert list(merged.windows()) == []


def test_what_a_piece_lacks_is_missing_and_runs_of_others_are_refused() -> None:
    pieces = [piece([0], [1], 1), piece([1], [1], 2, columns=2)]
    (window,) = Merging("runs", pieces, PLAN, Finder(PLAN)).windows()
    assert window["value"].to_pylist() == [100.0, 201.0]
    (missing, there) = window["v1"].to_pylist()
    assert np.isnan(missing)
    assert there == 201.0
    table = pa.table({"run_id": [IDS[0], "nobody", "stranger"], "value": [1.0, 2.0, 3.0]})
    strange: Any = Piece(
        "that file", table.schema, lambda c: table if c is None else table.select(c)
    )
    told = "that file: holds 2 runs that this experiment does not plan, the first is nobody; give"
    with pytest.raises(ConfigError, match=re.escape(told)):
        Merging("runs", [strange], PLAN, Finder(PLAN))
