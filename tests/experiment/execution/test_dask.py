"""Runs on Dask: schedulers and workers are real processes, and some of them are really killed."""

from __future__ import annotations

import ctypes
import dataclasses
import logging
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from support.dask_processes import PATIENCE, ROOT, Cluster
from support.processes import hear_interrupts

from trustsim import __version__
from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment.execution import dask_cluster, dask_executor, dask_worker
from trustsim.experiment.execution.choice import executor_of
from trustsim.experiment.execution.dask_executor import DaskExecutor
from trustsim.experiment.execution.executors import Attempt
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import Progress, run_missing
from trustsim.schema.decisions import REGISTERED

STUDY = """
name = "on dask"
rounds = 6
replications = 25
[market]
buyers = 6
suppliers = 4
[arms.high]
buyer_mix = { high_trust = 1.0 }
[arms.low]
buyer_mix = { adversarial = 1.0 }
[design]
method = "grid"
[design.parameters]
market.hour_cost = [0.004, 0.006]
market.rivals = [1, 3]
market.buyers = [6, 9]
"""
PLANNED = 2 * 8 * 25

Started = Callable[[int], Cluster]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a cluster of two workers that nobody kills."""
    found = Cluster(tmp_path_factory.mktemp("cluster"), workers=2)
    yield found.wait_for(2)
    found.close()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Return what starts a cluster for one test."""
    clusters = []

    def start(workers: int) -> Cluster:
        clusters.append(Cluster(tmp_path, workers))
        return clusters[-1]

    yield start
    for each in clusters:
        each.close()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> ExperimentConfig:
    path = tmp_path_factory.mktemp("study") / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return load_experiment(path)


def small(**settings: Any) -> ExperimentConfig:
    arms = {n: Scenario(n, rounds=3, buyers=4) for n in ("high_trust", "adversarial")}
    return ExperimentConfig("small", arms, "adversarial", **{"replications": 3, **settings})


def computed_at(address: str) -> list[Attempt]:
    config = small()
    plan = Plan(config)
    with DaskExecutor(address) as executor:
        return list(executor.attempts([plan.run(0)], config))


def free_address() -> str:
    """Give an address at which nobody listens."""
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{each.getsockname()[1]}"


@contextmanager
def when_without_workers(act: Callable[[], object]) -> Iterator[None]:
    """Act as soon as the executor says that there are no workers."""

    class Acts(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "has no workers; waiting" in record.getMessage():
                act()

    handler = Acts()
    dask_executor.log.addHandler(handler)
    try:
        yield
    finally:
        dask_executor.log.removeHandler(handler)


def thinks(order, view, policy, market):
    """Inspect always, after thinking for very long in one of the replicates."""
    x = 0.0
    for i in range(200_000 if market.replicate == 1 else 1):
        x += math.sin(i * 0.5)
    return 1.0 if x > -1e9 else 0.0


def kills(order, view, policy):
    """Inspect always; `Deadly` arms make the process of one of the replicates abort."""
    return 1.0


class Deadly(dict[str, Scenario]):
    """Arms that reach another process with a trap; no rule of a user's can kill one."""

    def __reduce__(self) -> Any:
        return _set_the_trap, (dict(self),)


def _set_the_trap(arms: dict[str, Scenario]) -> dict[str, Scenario]:
    from trustsim.simulation import run

    real = run.simulate

    def simulate(scenario: Scenario, replicate: int = 0, **options: Any) -> Any:
        if replicate == 2 and "mine" in scenario.buyer_mix:
            os.abort()
        return real(scenario, replicate, **options)

    run.simulate = simulate
    return arms


def usual(rounds: int = 3) -> Scenario:
    return Scenario("adversarial", rounds=rounds, buyers=4, suppliers=3)


def ruled(function: Any, rounds: int = 3) -> Scenario:
    own = {"buyers": {"mine": {"based_on": "adversarial", "inspection": function}}}
    return usual(rounds).replace(buyer_mix="mine", policies=own)


class TestSameResults:
    def test_a_worker_that_is_killed_changes_nothing(
        self,
        study: ExperimentConfig,
        started: Started,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Stopped first, it keeps the batches that it has; killed, these are done elsewhere."""
        monkeypatch.setattr(dask_executor, "MOST_RUNS", 4)
        cluster = started(2).wait_for(2)
        mortal = cluster.workers[0]
        signals = {60: signal.SIGSTOP, 200: signal.SIGKILL}

        def watch(progress: Progress) -> None:
            if progress.done in signals:
                mortal.send_signal(signals.pop(progress.done))
                assert progress.done < progress.planned == PLANNED

        executor = DaskExecutor(cluster.address)
        found = run_missing(study, tmp_path / "dask", executor=executor, progress=watch)
        assert not signals
        assert mortal.wait(timeout=60) == -signal.SIGKILL
        assert (found["runs_done"], found["runs_failed"]) == (PLANNED, 0)
        for jobs in (1, 2, 3):
            threads = run_missing(study, tmp_path / f"{jobs} threads", jobs=jobs)
            assert threads["digest"] == found["digest"]

    def test_a_run_that_takes_too_long_is_a_failure(
        self, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its rule is one of this file, which workers cannot import."""
        monkeypatch.setitem(REGISTERED, "thinks", (thinks, "inspection"))
        arms = {"mine": ruled(thinks, 2_000), "usual": usual(2_000)}
        options: dict[str, Any] = {"replications": 3, "run_timeout": 1.0, "keep": ("runs",)}
        config = ExperimentConfig("x", arms, "usual", **options)
        digests = []
        for name, executor in (("dask", DaskExecutor(cluster.address)), ("threads", None)):
            found = run_missing(config, tmp_path / name, executor=executor)
            assert (found["runs_done"], found["runs_failed"]) == (5, 1)
            failures = pd.read_parquet(tmp_path / name / "failures.parquet")
            row = failures.iloc[0]
            assert (row["arm"], row["replicate"], row["error"]) == ("mine", 1, "RunTimeout")
            digests.append(found["digest"])
        assert digests[0] == digests[1]

    def test_worker_processes_of_this_machine_outlive_a_deadly_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It kills each worker that it meets; all others are done, and their bits are the same."""
        monkeypatch.setattr(dask_cluster, "DEATHS", 1)  # to save time: each death takes seconds
        monkeypatch.setitem(REGISTERED, "kills", (kills, "inspection"))
        real = dask_executor._packed

        def trapped(config: ExperimentConfig) -> bytes:
            deadly = dataclasses.replace(config)
            object.__setattr__(deadly, "arms", Deadly(config.arms))
            return real(deadly)

        monkeypatch.setattr(dask_executor, "_packed", trapped)
        arms = {"mine": ruled(kills), "usual": usual()}
        config = ExperimentConfig("x", arms, "usual", replications=12)
        before = set(psutil.Process().children())
        with executor_of("dask", None, 2) as executor:
            found = run_missing(config, tmp_path / "dask", executor=executor)
        assert (found["runs_done"], found["runs_failed"]) == (23, 1)
        row = pd.read_parquet(tmp_path / "dask" / "failures.parquet").iloc[0]
        assert (row["arm"], row["replicate"], row["error"]) == ("mine", 2, "KilledWorker")
        runs = pd.read_parquet(tmp_path / "dask" / "runs.parquet")
        safe = ExperimentConfig("x", {"usual": usual()}, "usual", replications=12)
        run_missing(safe, tmp_path / "threads", jobs=1)
        alone = pd.read_parquet(tmp_path / "threads" / "runs.parquet")
        here = runs[runs["arm"] == "usual"].reset_index(drop=True)
        pd.testing.assert_frame_equal(here, alone, check_exact=True)
        left = set(psutil.Process().children()) - before
        assert not [p for p in left if p.is_running() and "Dask" in " ".join(p.cmdline())]


class TestBatches:
    @pytest.mark.parametrize(
        ("limit", "value", "largest"),
        [("MOST_RUNS", 7, 7), ("MOST_BYTES", 1, 1), ("BATCH_SECONDS", 1e-9, 1), ("GROWTH", 1, 1)],
    )
    def test_they_grow_up_to_a_limit(
        self,
        limit: str,
        value: float,
        largest: int,
        cluster: Cluster,
        study: ExperimentConfig,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(dask_executor, limit, value)
        sizes, flying = [], []
        send = dask_executor._Batches._send

        def counted(batches: Any, batch: list[Any]) -> None:
            send(batches, batch)
            sizes.append(len(batch))
            flying.append(len(batches.flying))

        monkeypatch.setattr(dask_executor._Batches, "_send", counted)
        plan = Plan(study)
        runs = (plan.run(place) for place in range(90))
        found = list(DaskExecutor(cluster.address).attempts(runs, study))
        assert len({attempt.run.run_id for attempt in found}) == sum(sizes) == 90
        assert sizes[0] == 1
        assert max(sizes) == largest
        assert max(flying) == 2 * 2


class TestWorkersComeAndGo:
    def test_runs_wait_for_workers(self, started: Started, tmp_path: Path) -> None:
        cluster = started(0)
        config = small()
        with when_without_workers(cluster.add_worker):
            found = run_missing(config, tmp_path / "o", executor=DaskExecutor(cluster.address))
        assert found["runs_done"] == 6
        assert len(cluster.processes) == 2

    def test_a_scheduler_that_goes_away_leaves_a_valid_folder(
        self, started: Started, tmp_path: Path
    ) -> None:
        cluster = started(0)
        executor = DaskExecutor(cluster.address)
        with when_without_workers(cluster.scheduler.kill), pytest.raises(ConfigError) as told:
            run_missing(small(), tmp_path / "out", executor=executor)
        assert str(told.value).startswith(f"{cluster.address}: the scheduler has gone away")
        assert run_missing(small(), tmp_path / "out", jobs=1)["runs_done"] == 6

    def test_an_interrupt_ends_the_workers_too(self, tmp_path: Path) -> None:
        (tmp_path / "study.toml").write_text(
            STUDY.replace("replications = 25", "replications = 50000"), encoding="utf-8"
        )
        arguments = ["run", "study.toml", "--executor", "dask", "--jobs", "2", "--no-report"]
        process = subprocess.Popen(
            [sys.executable, "-m", "trustsim.commands.cli", *arguments, "--out", "out"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=hear_interrupts,
        )
        until = time.monotonic() + PATIENCE
        while not list((tmp_path / "out" / "chunks").glob("*.arrow")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until, "no chunk was written"
            time.sleep(0.05)
        workers = psutil.Process(process.pid).children(recursive=True)
        assert len(workers) >= 2
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of them
        _, stderr = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130, stderr
        assert "Traceback" not in stderr
        assert "the same command goes on from there" in stderr
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


class TestRefusals:
    @pytest.mark.parametrize(
        "address",
        ["", "10.0.0.1", "tcp://", "tcp://10.0.0.1", "tcp://host:99999", "tcp://host:0",
         "http://host:80", "tcp://host:80/path", "tcp//host:80"],
    )  # fmt: skip
    def test_what_is_no_address(self, address: str) -> None:
        with pytest.raises(ConfigError, match="is no address") as refused:
            executor_of("dask", address, 1)
        assert f"--address = '{address}'" in str(refused.value)

    @pytest.mark.parametrize(
        "address", ["tcp://10.0.0.1:8786", "node7:8786", "tls://[::1]:1", "some/where.json"]
    )
    def test_what_can_be_one(self, address: str) -> None:
        assert DaskExecutor(address).address == address

    def test_nobody_listens(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert dask_cluster.CONNECT_WITHIN <= 15.0
        monkeypatch.setattr(dask_cluster, "CONNECT_WITHIN", 1.0)
        address = free_address()
        with pytest.raises(ConfigError) as refused:
            run_missing(small(), tmp_path / "out", executor=DaskExecutor(address))
        assert f"--address = '{address}': no Dask scheduler answers" in str(refused.value)

    def test_somebody_else_listens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dask_cluster, "CONNECT_WITHIN", 1.0)
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            address = f"127.0.0.1:{other.getsockname()[1]}"
            with pytest.raises(ConfigError, match="no Dask scheduler answers"):
                computed_at(address)

    @pytest.mark.parametrize(("text", "words"), [(None, "No such file"), ("{}", "'address'")])
    def test_a_file_without_an_address(
        self, text: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dask_cluster, "CONNECT_WITHIN", 0.2)
        file = tmp_path / "scheduler.json"
        if text is not None:
            file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=words) as refused:
            computed_at(str(file))
        assert f"--scheduler-file {file}" in str(refused.value)

    def test_workers_of_another_version(
        self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dask_worker, "__version__", "99.1")
        with pytest.raises(ConfigError) as refused:
            computed_at(str(cluster.file))
        assert f"has trustsim {__version__}, here it is 99.1" in str(refused.value)

    def test_a_rule_that_takes_what_none_may(self) -> None:
        libc = ctypes.CDLL(None)
        absolute = libc.abs
        absolute.argtypes, absolute.restype = [ctypes.c_int], ctypes.c_int

        def counted(order, view, policy):
            return 1.0 if absolute(int(view.orders)) < 5 else 0.0

        config = small()
        config = dataclasses.replace(config, arms={**config.arms, "mine": ruled(counted)})
        with pytest.raises(ConfigError, match="uses absolute, which is abs of ctypes"):
            next(DaskExecutor("127.0.0.1:1").attempts([], config))

    def test_for_nothing_nobody_is_asked(self) -> None:
        assert list(DaskExecutor(free_address()).attempts([], small())) == []
