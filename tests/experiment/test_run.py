"""What is missing and nothing twice: progress that is told, chunks, points that are checked."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from support.small_designs import Make, grid
from support.small_experiment import attempts_of, leave_chunks, manifest

from trustsim.config.experiment import ExperimentConfig
from trustsim.errors import ConfigError
from trustsim.experiment import run as running
from trustsim.experiment.execution.executors import Attempt, Failure
from trustsim.experiment.plan import Plan, Run
from trustsim.experiment.run import (
    Progress,
    check_points,
    collect,
    cores_to_use,
    rerun,
    run_missing,
)


class Some:
    """An executor that fails some replicates and computes the others."""

    def __init__(self, *failing: int) -> None:
        self.failing = failing
        self.asked: list[tuple[str, int, int]] = []

    def attempts(self, runs: Iterable[Run], config: ExperimentConfig) -> Iterator[Attempt]:
        for run in runs:
            self.asked.append((run.arm, run.point, run.replicate))
            if run.replicate in self.failing:
                yield Attempt(run, failure=Failure("Flood", "the river rose", ""))
            else:
                yield from attempts_of(config, [run])


@pytest.mark.parametrize(
    ("done", "failed", "rate", "left"),
    [(3, 2, 0.5, 10.0), (10, 0, 4.0, 0.0), (0, 0, 0.0, math.inf), (0, 0, 1e-3, 10_000.0)],
)
def test_time_that_is_left(done: int, failed: int, rate: float, left: float) -> None:
    assert Progress(done, 10, failed, rate).seconds_left == pytest.approx(left)
    assert Progress(1, 10, 0).rate == 0.0


def test_progress_is_told_at_the_start_and_after_every_run(
    small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count()  # a second passes whenever somebody looks
    monkeypatch.setattr(running, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    told: list[Progress] = []
    run_missing(small, tmp_path / "out", executor=Some(1), progress=told.append)
    assert [each.planned for each in told] == [12] * 13
    # in the order of execution every fourth three of the arms are those of replicate 1
    failed = [0] * 4 + [1, 2] + [3] * 7
    assert [each.failed for each in told] == failed
    assert [each.done for each in told] == [n - f for n, f in zip(range(13), failed, strict=True)]
    assert [each.rate for each in told[:2]] == [0.0, 0.0]  # the first run waits for the compiler
    assert all(0 < each.rate <= 1 for each in told[2:])
    # what was done earlier counts; what failed is tried again
    again: list[Progress] = []
    some = Some()
    run_missing(small, tmp_path / "out", executor=some, progress=again.append)
    assert [(each.done, each.failed) for each in again] == [(9, 0), (10, 0), (11, 0), (12, 0)]
    assert some.asked == [(arm, 0, 1) for arm in small.arms]


def test_the_rate_is_of_the_runs_after_the_first(
    small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(running, "time", SimpleNamespace(monotonic=lambda: now[0]))

    class Slow(Some):
        def attempts(self, runs: Iterable[Run], config: ExperimentConfig) -> Iterator[Attempt]:
            for attempt in super().attempts(runs, config):
                now[0] += 50.0 if len(self.asked) == 1 else 4.0
                yield attempt

    told: list[Progress] = []
    found = run_missing(small, tmp_path / "out", executor=Slow(), progress=told.append)
    assert [each.rate for each in told[3:]] == [0.25] * 10
    assert told[3].seconds_left == 36.0
    assert found["seconds"] == 50.0 + 11 * 4.0
    longer = run_missing(small.replace(replications=5), tmp_path / "out", executor=Slow())
    assert longer["seconds"] == 94.0 + 50.0 + 2 * 4.0  # over all calls


def test_chunks_are_written_by_time_by_number_and_at_the_end(
    small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    real = running.Store.add

    def add(self: Any, attempts: list[Attempt], keep: Any) -> None:
        sizes.append(len(attempts))
        real(self, attempts, keep)

    monkeypatch.setattr(running.Store, "add", add)
    monkeypatch.setattr(running, "SECONDS_PER_CHUNK", 1e9)
    run_missing(small, tmp_path / "one", executor=Some())
    assert sizes == [12]
    sizes.clear()
    monkeypatch.setattr(running, "RUNS_PER_CHUNK", 5)
    run_missing(small, tmp_path / "two", executor=Some())
    assert sizes == [5, 5, 2]
    sizes.clear()
    monkeypatch.setattr(running, "SECONDS_PER_CHUNK", -1.0)
    run_missing(small, tmp_path / "three", executor=Some())
    assert sizes == [*[1] * 12, 0]


def test_a_chunk_is_full_by_its_orders_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def finished(orders: int | None) -> Any:
        panel = None if orders is None else {"round": [0] * orders}
        return SimpleNamespace(sums=SimpleNamespace(orders=panel))

    monkeypatch.setattr(running, "ORDERS_PER_CHUNK", 10)
    assert not running._full([finished(4), finished(None), finished(5)])
    assert running._full([finished(4), finished(6)])
    assert not running._full([finished(None)] * 255)
    assert running._full([finished(None)] * 256)


def test_points_are_checked_evenly_and_the_first_that_does_not_fit_is_told(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert running.MOST_CHECKED == 2_000
    plan = Plan(make(grid(*(0.5 + 0.1 * n for n in range(7)))))
    looked: list[tuple[str, int]] = []
    real = running.scenario_of
    monkeypatch.setattr(
        running, "scenario_of", lambda c, run: looked.append((run.arm, run.point)) or real(c, run)
    )
    check_points(plan)
    assert looked == [(arm, point) for point in range(7) for arm in ("high", "low")]
    looked.clear()
    monkeypatch.setattr(running, "MOST_CHECKED", 3)
    check_points(plan)
    assert looked == [(arm, point) for point in (0, 2, 4, 6) for arm in ("high", "low")]
    check_points(Plan(make("")))
    bad = Plan(make(grid(0.9, 1.0, 1.3).replace("lot_cost", "cost_low")))
    monkeypatch.setattr(running, "MOST_CHECKED", 2_000)
    told = r"small: design: point 2 \(market.cost_low = 1.3\): .*cost_high"
    with pytest.raises(ConfigError, match=told):
        check_points(bad)


def test_cores_are_all_that_there_are_or_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cores_to_use(3) == 3
    own = {0: {0, 2, 5}}  # 0 is this process
    monkeypatch.setattr(os, "sched_getaffinity", own.get, raising=False)
    assert cores_to_use(None) == 3
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert cores_to_use(None) == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores_to_use(None) == 1
    with pytest.raises(ConfigError, match="jobs"):
        cores_to_use(0)


def test_what_a_killed_process_left_is_collected_once(
    small: ExperimentConfig, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    leave_chunks(small, out, runs=3, per_chunk=1)
    assert collect(out) == []
    assert len(pd.read_parquet(out / "runs.parquet")) == 3
    before = (out / "runs.parquet").stat().st_mtime_ns
    assert collect(out) == []
    assert (out / "runs.parquet").stat().st_mtime_ns == before


def test_a_run_again_is_the_same_or_its_columns_differ(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    run, differing = rerun(folder, runs["run_id"][4])
    assert (run.run_id, run.arm, run.replicate) == (runs["run_id"][4], runs["arm"][4], 0)
    assert differing == []
    with pytest.raises(ConfigError, match="has no run 'nonsense'"):
        rerun(folder, "nonsense")


def test_runs_of_before_are_told_in_the_manifest_while_others_are_computed(
    small: ExperimentConfig, folder: Path, finished: Path
) -> None:
    seen: dict[str, Any] = {}

    class Looking(Some):
        def attempts(self, runs: Iterable[Run], config: ExperimentConfig) -> Iterator[Attempt]:
            seen.update(manifest(folder))
            return super().attempts(runs, config)

    ended = run_missing(small.replace(replications=6), folder, executor=Looking())
    before = manifest(finished)
    assert (seen["runs_planned"], seen["runs_done"], seen["runs_failed"]) == (18, 12, 0)
    assert (seen["orders"], seen["digest"]) == (before["orders"], before["digest"])
    assert (ended["runs_planned"], ended["runs_done"], ended["replications"]) == (18, 18, 6)
    assert ended["orders"] > before["orders"]


def test_a_rule_of_precision_looks_at_the_full_market_of_an_ablation(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[pd.DataFrame] = []
    real = running.decide

    def decide(runs: pd.DataFrame, *given: Any) -> Any:
        looked.append(runs)
        assert given[:2] == ("low", ["high"])
        return real(runs, *given)

    monkeypatch.setattr(running, "decide", decide)
    rule = "precision = { half_width = 1e9, start = 20, max = 30 }"
    config = make('[design]\nmethod = "ablation"\nmechanisms = ["ransom"]\n', rule)
    run_missing(config, tmp_path / "out", executor=Some())
    (runs,) = looked
    assert set(runs["point"]) == {0}
    assert len(runs) == 2 * 20
    looked.clear()
    run_missing(make(grid(1.0, 2.0), rule), tmp_path / "grid", executor=Some())
    assert set(looked[0]["point"]) == {0, 1}


def test_runs_that_are_gone_are_missed(small: ExperimentConfig, tmp_path: Path) -> None:
    class Forgetful(Some):
        def attempts(self, runs: Iterable[Run], config: ExperimentConfig) -> Iterator[Attempt]:
            given = list(super().attempts(runs, config))
            yield from given[:-2]

    told = "2 of 12 runs are missing at the end"
    with pytest.raises(ConfigError, match=told):
        run_missing(small, tmp_path / "out", executor=Forgetful(0))
    assert manifest(tmp_path / "out")["runs_failed"] == 3
