"""When a run is given up, which markets are large, and how batches of a cluster grow."""

from __future__ import annotations

import pickle
import queue
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.engine.time_limit import TimeLimit
from trustsim.errors import ConfigError
from trustsim.experiment.execution import dask_executor, executors
from trustsim.experiment.execution.dask_cluster import check_address, short
from trustsim.experiment.execution.dask_executor import _Batches
from trustsim.experiment.execution.executors import Attempt, ThreadExecutor, _Seat, _Threads
from trustsim.experiment.plan import Run

RUN = Run("a", 0, 3, "id")


@pytest.mark.parametrize(
    ("seconds", "used", "given_up"),
    [(5.0, 9.9, False), (5.0, 10.1, True), (0.5, 1.4, False), (0.5, 1.6, True), (1.0, 1.9, False)],
)
def test_a_run_is_given_up_after_twice_its_time_and_a_second_more(
    seconds: float, used: float, given_up: bool
) -> None:
    threads = _Threads(lambda run: Attempt(run), iter([]), 1, seconds)
    seat = _Seat(now=(RUN, TimeLimit(seconds, started=time.monotonic() - used)))
    attempt = threads.give_up(seat)
    assert (attempt is not None) == seat.left_behind == given_up
    if attempt is not None:
        assert attempt.run is RUN
        assert attempt.failure is not None
        assert attempt.failure.error == "RunTimeout"
        assert f"run_timeout = {seconds:g} s" in attempt.failure.message
    assert threads.give_up(_Seat()) is None
    assert threads.give_up(_Seat(now=(RUN, None))) is None
    assert threads.give_up(_Seat(now=(RUN, TimeLimit(seconds)))) is None
    assert executors.PATIENCE == 2.0


def experiment(tmp_path: Path, buyers: int, design: str = "") -> ExperimentConfig:
    path = tmp_path / "x.toml"
    path.write_text(
        'name = "x"\nreplications = 2\n[arms.a]\nbuyer_mix = { high_trust = 1.0 }\n'
        f"[market]\nbuyers = {buyers}\nsuppliers = 5\n{design}"
    )
    return load_experiment(path)


@pytest.mark.parametrize(
    ("buyers", "design", "runs", "workers", "threads"),
    [
        (10, "", 9, 4, 1),
        (10, "", 2, 2, 2),  # fewer runs than cores
        (10, "", 3, 3, 1),
        (10, "", 1, 1, 4),
        (10, "", 0, 1, 4),
        (19_999, "", 9, 4, 1),
        (20_000, "", 9, 1, 4),
        (10, "market.buyers = [10, 20000]", 9, 1, 4),
        (10, "market.buyers = { low = 10, high = 20000, levels = 3 }", 9, 1, 4),
        (10, "market.buyers = { low = 10, high = 19999, levels = 3 }", 9, 4, 1),
        (10, "market.suppliers = [5, 30000]", 9, 4, 1),
    ],
)
def test_small_markets_run_side_by_side_and_large_ones_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    buyers: int,
    design: str,
    runs: int,
    workers: int,
    threads: int,
) -> None:
    text = f'[design]\nmethod = "grid"\n[design.parameters]\n{design}' if design else ""
    config = experiment(tmp_path, buyers, text)
    seen: list[tuple[int, int, Any]] = []

    def in_threads(compute: Any, given: Any, number: int, seconds: Any) -> Any:
        seen.append((number, compute.threads, seconds))
        return iter(())

    monkeypatch.setattr(executors, "in_threads", in_threads)
    assert list(ThreadExecutor(4).attempts([RUN] * runs, config)) == []
    assert seen == [(workers, threads, None)]


def test_runs_are_computed_with_what_the_experiment_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    arms = {"a": Scenario("high_trust", buyers=4, suppliers=3, rounds=2)}
    for keep in (("runs",), ("runs", "rounds"), ("runs", "ages"), ("runs", "orders")):
        config = ExperimentConfig("x", arms, "a", replications=1, keep=keep)
        sums = executors.Compute(config)(Run("a", 0, 0, "id")).sums
        assert sums is not None
        assert len(sums.rounds) == (2 if "rounds" in keep else 1)
        assert (len(sums.ages) > 0) == ("ages" in keep)
        assert (sums.orders is not None) == ("orders" in keep)


def test_all_that_is_drawn_is_given_and_faults_are_raised() -> None:
    def compute(run: Run) -> Attempt:
        if run.replicate == 7:
            raise LookupError("seven")
        return Attempt(run)

    runs = [Run("a", 0, n, str(n)) for n in range(6)]
    found = list(executors.in_threads(compute, runs, 3))
    assert sorted(each.run.replicate for each in found) == list(range(6))
    limited = executors.in_threads(lambda run, limit: Attempt(run), runs, 2, 60.0)
    assert len(list(limited)) == 6
    with pytest.raises(LookupError, match="seven"):
        list(executors.in_threads(compute, [Run("a", 0, 7, "x")], 2))


class Landing(_Batches):
    """Batches that nobody computes: what comes back is made up, so much time and room a run."""

    def __init__(self, seconds: float, room: int, cores: int) -> None:
        self.seconds, self.room = seconds, room
        self.sent: list[int] = []
        self.flying, self.landed, self.table = {}, queue.SimpleQueue(), {}
        self.suspects, self.size, self.cores = dask_executor.deque(), 1, cores
        self.address, self.lines = None, False
        self.looked = self.seen = time.monotonic()
        self.client = SimpleNamespace(status="running", nthreads=lambda: {"w": cores})

    def _send(self, batch: list[Run]) -> None:
        number = len(self.sent)
        self.sent.append(len(batch))
        self.flying[number] = batch
        made = pickle.dumps(([Attempt(run) for run in batch], self.seconds * len(batch)))
        self.landed.put((number, made.ljust(self.room * len(batch), b" ")))


def many(count: int) -> Iterator[Run]:
    return (Run("a", 0, n, str(n)) for n in range(count))


@pytest.mark.parametrize(
    ("seconds", "room", "sizes"),
    [
        (1e-6, 1, [1, 4, 16, 64, 256, 256]),  # four times as many, 256 at most
        (0.3, 1, [1, 3, 3, 3]),  # a second's worth
        (2.0, 1, [1, 1, 1]),
        (1e-6, 2**20, [1, 4, 8, 8]),  # 8 MiB of answers
    ],
)
def test_batches_grow_as_time_and_room_allow(seconds: float, room: int, sizes: list[int]) -> None:
    batches = Landing(seconds, room, cores=0)  # one batch in flight
    assert len(list(batches.attempts(many(sum(sizes))))) == sum(sizes)
    assert batches.sent == sizes


def test_two_batches_fly_for_every_core() -> None:
    batches = Landing(1.0, 1, cores=3)
    seen: list[int] = []
    real = batches._next

    def following(killed: Any) -> Any:
        seen.append(len(batches.flying))
        return real(killed)

    batches._next = following  # type: ignore[method-assign]
    assert len(list(batches.attempts(many(20)))) == 20
    assert seen == [6] * 15 + [5, 4, 3, 2, 1]


def test_a_cluster_of_this_machine_that_lost_its_workers_is_given_up_in_time() -> None:
    batches = Landing(1.0, 1, cores=0)
    batches._look()
    batches.seen = time.monotonic() - 59.0
    batches._look()
    batches.seen = time.monotonic() - 61.0
    with pytest.raises(ConfigError, match="have died and do not come back"):
        batches._look()
    batches.client.status = "closed"
    with pytest.raises(ConfigError, match="dask: the scheduler has gone away"):
        batches._look()


def test_a_scheduler_without_workers_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    batches = Landing(1.0, 1, cores=0)
    batches.address, batches.seen = "node7:8786", time.monotonic() - 1e6
    told = []
    for workers in (0, 0, 2, 0):
        batches.client.nthreads = lambda workers=workers: {"w": workers}
        batches._look()
        told.append(len(caplog.records))
        assert batches.cores == workers
    assert told == [1, 1, 1, 2]
    assert "node7:8786: has no workers; waiting until some join" in caplog.text


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("a:1", True), ("a:65535", True), ("tcp://a.b:80", True), ("x.json", True),
        ("[::1]:8786", True), ("a:0", False), ("a:65536", False), ("a", False), ("a:", False),
    ],
)  # fmt: skip
def test_addresses_at_their_edges(address: str, good: bool) -> None:
    if good:
        check_address(address)
        return
    with pytest.raises(ConfigError, match="is no address"):
        check_address(address)


def test_what_went_wrong_is_said_in_a_line() -> None:
    assert short(ValueError("a\n  b")) == "a b"
    assert short(KeyError()) == "KeyError"
    assert short(ValueError("x" * 199)) == "x" * 199
    assert short(ValueError("x" * 200)) == "x" * 197 + "..."
    assert "does not speak Dask's language" in short(MemoryError())
