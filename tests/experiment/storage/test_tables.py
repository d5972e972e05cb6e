"""Tables: from outcomes to rows, merged window by window, and digested by what they say."""

from __future__ import annotations

import dataclasses
import weakref
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.small_experiment import SIMULATION, all_runs, attempts_of, leave_chunks, reseal

from trustsim.config.experiment import ExperimentConfig
from trustsim.config.scenario import Scenario
from trustsim.experiment.execution.executors import Attempt
from trustsim.experiment.plan import Plan, Run
from trustsim.experiment.run import collect, run_missing
from trustsim.experiment.storage import chunks, merging
from trustsim.experiment.storage.files import read_table
from trustsim.experiment.storage.merging import Finder, Merging, Piece
from trustsim.experiment.storage.store import opened
from trustsim.experiment.storage.tables import NAMES, Digest, differences, tables_of
from trustsim.simulation import outcome

USUAL = ("prepayment", "open_account")


def attempt(scenario: Scenario, number: int) -> Attempt:
    run = Run(f"arm{number}", 0, number, f"id{number}")
    return Attempt(run, SIMULATION.simulate(scenario, number).sums)


@pytest.fixture(scope="module")
def attempts() -> list[Attempt]:
    """Runs of different lengths and instruments."""
    common = {"buyers": 4, "suppliers": 3}
    return [
        attempt(Scenario("high_trust", rounds=2, instruments=USUAL, **common), 2),
        attempt(Scenario("high_trust", rounds=1, instruments=("escrow",), **common), 1),
        attempt(Scenario("high_trust", rounds=3, instruments=USUAL, **common), 3),
    ]


def digest(tables: dict[str, Any]) -> str:
    total = Digest()
    for name, table in tables.items():
        total.add(name, table)
    return total.hexdigest()


class TestTablesOf:
    def test_runs_at_different_points_come_out_as_they_do_alone(self) -> None:
        mix = {"adversarial": 0.5, "high_trust": 0.5}
        scenarios = [
            Scenario(mix, buyers=5, suppliers=4, rounds=3, hour_cost=cost, contacts=contacts)
            for cost, contacts in [(0.002, 3), (0.02, 2), (0.3, 4)]
        ]
        several = [attempt(scenario, number) for number, scenario in enumerate(scenarios)]
        together = tables_of(several)
        for name in NAMES:
            alone = pa.concat_tables([tables_of([each])[name] for each in several])
            assert differences(together[name], alone) == []
        costs = together["runs"]["procurement_cost"].to_pylist()
        measured = [
            outcome.run_columns([each.sums])["procurement_cost"][0] for each in several if each.sums
        ]
        assert costs == measured
        assert costs[0] < costs[1] < costs[2]

    def test_they_are_worked_out_in_one_go(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scenarios = [
            Scenario("high_trust", buyers=4, suppliers=3, rounds=1, hour_cost=cost)
            for cost in (0.01, 0.02, 0.03)
        ]
        several = [attempt(scenario, number) for number, scenario in enumerate(scenarios)]
        calls = []
        real = outcome.measure
        monkeypatch.setattr(outcome, "measure", lambda *given: calls.append(1) or real(*given))
        assert tables_of(several, ["runs"])["runs"].num_rows == 3
        assert len(calls) == 1

    def test_what_is_not_kept_is_not_computed(
        self, attempts: list[Attempt], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outcome, "round_columns", None)
        monkeypatch.setattr(outcome, "age_columns", None)
        assert list(tables_of(attempts, ["runs"])) == ["runs"]

    def test_instruments_may_differ(self, attempts: list[Attempt]) -> None:
        shares = tables_of(attempts)["rounds"].to_pandas()["instrument_share_escrow"]
        assert shares.isna().tolist() == [True, True, False, True, True, True]


PLAN = Plan(
    ExperimentConfig(
        "x", {a: Scenario("high_trust", rounds=1) for a in ("a", "b", "c")}, "a", replications=5
    )
)
"""Fifteen runs; nobody runs them."""


def table_of(places: list[int], rows: dict[int, int], mark: int = 0) -> Any:
    """Rows of runs, whose values tell the run, the row and the piece."""
    where = np.array([place for place in places for _ in range(rows[place])], int)
    number = np.array([n for place in places for n in range(rows[place])], int)
    return pa.table(
        {
            "run_id": PLAN.ids[where].astype("U16"),
            "arm": ["not so"] * len(where),
            "value": where + number / 10,
            "piece": np.full(len(where), mark),
        }
    )


def piece(table: Any) -> Piece:
    return Piece(
        "a piece", table.schema, lambda columns: table if columns is None else table.select(columns)
    )


@st.composite
def scattered(draw: st.DrawFn) -> tuple[list[list[int]], dict[int, int]]:
    """Runs in pieces, some in several of them, and how many rows each run has."""
    pieces = draw(
        st.lists(st.lists(st.integers(0, len(PLAN) - 1), unique=True), min_size=1, max_size=5)
    )
    rows = draw(st.lists(st.integers(1, 5), min_size=len(PLAN), max_size=len(PLAN)))
    return pieces, dict(enumerate(rows))


class TestMerging:
    @given(scattered(), st.integers(1, 20))
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_every_run_once_in_order_in_windows(
        self, case: tuple[list[list[int]], dict[int, int]], most: int
    ) -> None:
        places, rows = case
        pieces = [piece(table_of(each, rows, mark)) for mark, each in enumerate(places)]
        with pytest.MonkeyPatch.context() as context:
            context.setattr(merging, "ROWS_AT_A_TIME", most)
            windows = list(Merging("rounds", pieces, PLAN, Finder(PLAN)).windows())
        there = sorted({place for each in places for place in each})
        found = [value for window in windows for value in window["value"].to_pylist()]
        assert found == [place + n / 10 for place in there for n in range(rows[place])]
        marks = {
            int(value): mark
            for window in windows
            for value, mark in zip(
                window["value"].to_pylist(), window["piece"].to_pylist(), strict=True
            )
        }
        assert marks == {
            place: next(m for m, each in enumerate(places) if place in each) for place in there
        }
        sizes = [window.num_rows for window in windows]
        of_runs = [len(set(window["run_id"].to_pylist())) for window in windows]
        assert sum(of_runs) == len(there)
        assert all(0 < n <= most or runs == 1 for n, runs in zip(sizes, of_runs, strict=True))
        # No window is smaller than it has to be.
        first = [rows[int(window["value"][0].as_py())] for window in windows]
        assert all(n + more > most for n, (_, more) in zip(sizes, pairwise(first), strict=False))

    def test_which_run_it_is_comes_from_the_plan(self) -> None:
        rows = dict.fromkeys(range(len(PLAN)), 2)
        table = next(Merging("runs", [piece(table_of([7, 2], rows))], PLAN, Finder(PLAN)).windows())
        assert table.column_names == ["run_id", "arm", "point", "replicate", "value", "piece"]
        assert table["arm"].to_pylist() == ["a", "a", "b", "b"]
        assert table["replicate"].to_pylist() == [2, 2, 2, 2]
        rounds = Merging("rounds", [piece(table_of([7, 2], rows))], PLAN, Finder(PLAN)).windows()
        assert "point" not in next(rounds).column_names

    def test_a_column_that_a_piece_lacks_is_missing_there(self) -> None:
        rows = dict.fromkeys(range(len(PLAN)), 1)
        more = table_of([3], rows).append_column("instrument_share_escrow", pa.array([0.5]))
        pieces = [piece(table_of([1, 5], rows)), piece(more)]
        table = next(Merging("runs", pieces, PLAN, Finder(PLAN)).windows())
        assert table["instrument_share_escrow"].null_count == 0
        assert np.array_equal(
            table["instrument_share_escrow"].to_numpy(), [np.nan, 0.5, np.nan], equal_nan=True
        )

    def test_nothing_to_merge(self) -> None:
        nothing = Merging("runs", [piece(table_of([], {}))], PLAN, Finder(PLAN))
        assert list(nothing.windows()) == []

    def test_old_tables_may_cut_a_run_in_two(
        self, small: ExperimentConfig, folder: Path, tmp_path: Path
    ) -> None:
        rounds = read_table(folder, "rounds")
        pq.write_table(rounds, folder / "rounds.parquet", row_group_size=2)
        reseal(folder)
        more = small.replace(replications=5)
        fresh = run_missing(more, tmp_path / "fresh")
        assert run_missing(more, folder)["digest"] == fresh["digest"]


class TestMemory:
    ROWS = 64

    def peak(self, folder: Path, replications: int, monkeypatch: pytest.MonkeyPatch) -> int:
        """Most bytes that Arrow holds while so many runs of each arm are merged."""
        scenario = Scenario("high_trust", buyers=4, suppliers=3, rounds=1)
        config = ExperimentConfig(
            "x", {"a": scenario, "b": scenario}, "a", replications, keep=("runs",)
        )
        plan = Plan(config)
        sums = SIMULATION.simulate(scenario).sums
        opened_chunks: list[weakref.ref[Any]] = []
        most = 0
        unpacked = chunks.unpacked

        def watched(path: Path) -> Any:
            nonlocal most
            tables = unpacked(path)
            most = max(most, sum(chunk() is not None for chunk in opened_chunks))
            opened_chunks.extend(weakref.ref(table) for table in tables.values())
            return tables

        order = plan.order(0, replications)
        with opened(folder) as store, monkeypatch.context() as context:
            for places in np.array_split(order, len(order) // self.ROWS):
                store.add([Attempt(plan.run(place), sums) for place in places], ("runs",))
            context.setattr(merging, "ROWS_AT_A_TIME", self.ROWS)
            context.setattr(chunks, "unpacked", watched)
            before = pa.default_memory_pool()
            pool = pa.proxy_memory_pool(before)
            pa.set_memory_pool(pool)
            try:
                merged = store.merge(plan, ("runs",))
            finally:
                pa.set_memory_pool(before)
        assert merged.rows == {"runs": 2 * replications}
        file = pq.ParquetFile(folder / "runs.parquet")
        groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        assert max(groups) == self.ROWS
        assert most <= 1, "no more than one chunk is open at a time"
        found: int = pool.max_memory()
        return found

    def test_does_not_grow_with_the_number_of_runs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = self.peak(tmp_path / "few", 160, monkeypatch)
        many = self.peak(tmp_path / "many", 1600, monkeypatch)
        assert 0 < many < 1.5 * few


class TestDigest:
    @given(st.lists(st.integers(0, 15), max_size=4), st.booleans())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_is_about_content_only(
        self, attempts: list[Attempt], cuts: list[int], other_types: bool
    ) -> None:
        table = tables_of(attempts)["rounds"]
        whole, parts = Digest(), Digest()
        whole.add("rounds", table)
        if other_types:
            table = table.set_column(0, "run_id", table["run_id"].dictionary_encode())
            place = table.column_names.index("round")
            table = table.set_column(place, "round", table["round"].cast(pa.int32()))
        within = sorted(min(cut, table.num_rows) for cut in cuts)
        for first, last in pairwise([0, *within, table.num_rows]):
            parts.add("rounds", table.slice(first, last - first))
        assert parts.hexdigest() == whole.hexdigest()

    def test_chunks_and_order_do_not_matter(
        self, small: ExperimentConfig, finished: Path, tmp_path: Path
    ) -> None:
        runs = all_runs(small)
        found = set()
        for number, order in enumerate([runs, runs[::-1], runs[5:] + runs[:5]]):
            with opened(tmp_path / str(number)) as store:
                done = attempts_of(small, order)
                for start in range(0, len(done), number + 2):
                    store.add(done[start : start + number + 2])
                found.add(store.merge(Plan(small)).digest)
        assert len(found) == 1
        tables = {name: read_table(finished, name) for name in NAMES}
        assert found == {digest(tables)}

    def test_sees_every_change(self, attempts: list[Attempt]) -> None:
        tables = tables_of(attempts)
        runs = tables["runs"].to_pandas()
        found = {digest(tables)}
        more = np.nextafter(runs["total_cost"][0], 9.0)
        for column, value in (("total_cost", more), ("run_id", "b"), ("replicate", 9)):
            changed = runs.copy()
            changed.loc[0, column] = value
            found.add(digest({**tables, "runs": pa.Table.from_pandas(changed)}))
        found.add(digest({**tables, "runs": tables["runs"].rename_columns(
            ["w" if c == "total_cost" else c for c in tables["runs"].column_names])}))  # fmt: skip
        found.add(digest({**tables, "runs": tables["runs"].take(pa.array([1, 0, 2]))}))
        found.add(digest({name: tables[name] for name in ("runs", "ages")}))
        assert len(found) == 7

    @pytest.mark.parametrize(
        ("one", "other"),
        [(["ab", "c"], ["a", "bc"]), (["a", None], [None, "a"]), ([""], [None])],
    )
    def test_tells_texts_apart(self, one: list[str | None], other: list[str | None]) -> None:
        columns = [pa.table({"x": pa.array(each, pa.string())}) for each in (one, other)]
        assert digest({"runs": columns[0]}) != digest({"runs": columns[1]})

    def test_one_missing_value_is_like_another(self) -> None:
        odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
        one, other = pa.table({"x": odd}), pa.table({"x": [float("nan")]})
        missing = pa.table({"x": pa.array([None], pa.float64())})
        assert digest({"runs": one}) == digest({"runs": other}) == digest({"runs": missing})
        assert differences(one, other) == differences(one, missing) == []


def test_differences() -> None:
    one = pa.table({"x": [1.0, 2.0], "y": [float("nan")] * 2})
    assert differences(one, pa.table({"x": [1.0, 2.0]})) == []
    assert differences(one, pa.table({"x": [1.0, 3.0], "z": [1.0, 1.0]})) == ["x", "z"]
    assert differences(one, pa.table({"x": [1.0, 2.0], "z": ["a", "b"]})) == ["z"]
    assert differences(one, one[:1]) == ["2 rows stored, 1 computed"]


def test_only_the_tables_that_are_kept(small: ExperimentConfig, tmp_path: Path) -> None:
    slim = dataclasses.replace(small, keep=("runs",))
    out = tmp_path / "out"
    leave_chunks(slim, out, runs=5, per_chunk=2)
    found = run_missing(slim, out)
    assert sorted(path.name for path in out.glob("*.parquet")) == ["runs.parquet"]
    whole = run_missing(small, tmp_path / "whole")
    columns = [pd.read_parquet(each / "runs.parquet") for each in (out, tmp_path / "whole")]
    pd.testing.assert_frame_equal(*columns)
    assert found["digest"] != whole["digest"]
    assert collect(out) == []
