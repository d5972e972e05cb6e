"""Runs on worker processes, of this machine or of many, through Dask.

Runs go out in batches of about a second, a bounded number of them at a time, and come back as they
are finished. Workers may die and join at any time. The results folder stays with this process.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import queue
import sys
import sysconfig
import time
import uuid
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from trustsim.config.experiment import ExperimentConfig
from trustsim.engine.reach import reach
from trustsim.errors import ConfigError
from trustsim.experiment.execution.dask_cluster import (
    check_address,
    connected,
    dask_distributed,
    short,
)
from trustsim.experiment.execution.executors import Attempt, Failure
from trustsim.experiment.plan import Plan, Run
from trustsim.schema.decisions import REGISTERED

BATCH_SECONDS = 1.0
"""What a batch of runs should take: long against sending it, short against losing it."""

MOST_RUNS = 256
"""Most runs of a batch, so that little is lost with it."""

MOST_BYTES = 8 * 2**20
"""Most bytes that the results of a batch should take, as long tables of rounds do."""

GROWTH = 4
"""A batch is at most so many times as large as the last one that came back."""

BATCHES_PER_CORE = 2
"""Batches in flight per core of a worker: one that is computed, one that waits."""

LOOK_EVERY = 1.0
"""Seconds between two looks at the scheduler and its workers."""

WITHOUT_WORKERS = 60.0
"""Seconds after which a cluster of this machine that has lost its workers is given up."""

log = logging.getLogger(__name__)


class DaskExecutor:
    """Computes runs on the workers of a Dask cluster.

    Used as a context it keeps the cluster from one call to the next; else every call makes its own
    and ends it.

    Parameters
    ----------
    address : str, optional
        Scheduler to join, such as ``tcp://10.0.0.1:8786``, or the file (``.json``) that a
        scheduler has written it to. If not given, worker processes are started on this machine.
    workers : int, optional
        Worker processes to start; one per core if not given. Not used with an address.

    Raises
    ------
    ConfigError
        If Dask is not installed, or the address cannot be one.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        if address is not None:
            check_address(address)
        dask_distributed()
        self.address = address
        self.workers = workers
        self._stay: ExitStack | None = None
        self._client: Any = None

    def __enter__(self) -> DaskExecutor:
        """Stay connected: to an address from now on, to own processes from the first run on."""
        stay = ExitStack()
        if self.address is not None:
            self._client = stay.enter_context(connected(self.address, None))
        self._stay = stay
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster, and end it if it was started here."""
        stay, self._stay, self._client = self._stay, None, None
        if stay is not None:
            stay.close()

    def attempts(self, runs: Iterable[Run], config: ExperimentConfig) -> Iterator[Attempt]:
        """Try all runs; see `Executor`.

        Raises
        ------
        ConfigError
            If nobody answers at the address, a worker computes with other versions, a rule cannot
            be sent, or the scheduler goes away.
        """
        packed, ids = _packed(config), {name: arm.id() for name, arm in config.arms.items()}
        left = iter(runs)
        if (first := next(left, None)) is None:
            return  # for nothing no cluster is needed
        with ExitStack() as stack:
            client = self._client
            if client is None:
                client = (self._stay or stack).enter_context(connected(self.address, self.workers))
                self._client = client if self._stay is not None else None
            plugin = stack.enter_context(_sent(client, packed, ids))
            batches = stack.enter_context(_Batches(client, plugin, config, self.address))
            yield from batches.attempts(chain([first], left))


class _Batches:
    """Batches of runs in flight."""

    def __init__(
        self, client: Any, plugin: str, config: ExperimentConfig, address: str | None
    ) -> None:
        self.client = client
        self.plugin = plugin
        self.address = address
        self.table = {str(path): column.to_numpy() for path, column in Plan(config).table.items()}
        self.flying: dict[Any, list[Run]] = {}
        self.landed: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.suspects: deque[Run] = deque()
        self.size = 1
        self.cores = 0
        self.looked = self.seen = time.monotonic()
        self.lines = False

    def __enter__(self) -> _Batches:
        return self

    def __exit__(self, *_: object) -> None:
        """Let nobody compute what nobody waits for."""
        if self.flying:
            with suppress(Exception):  # the scheduler may be gone
                self.client.cancel(list(self.flying))
        self.flying.clear()

    def attempts(self, runs: Iterator[Run]) -> Iterator[Attempt]:
        """Send runs and give attempts as they come."""
        self._look()
        while True:
            while len(self.flying) < max(1, BATCHES_PER_CORE * self.cores):
                batch = list(islice(runs, self.size))
                if not batch:
                    break
                self._send(batch)
            if not self.flying:
                break
            yield from self._next(self._suspect)
        # Whoever is suspected of killing workers runs alone, so that no one else is to blame.
        while self.suspects:
            self._send([self.suspects.popleft()])
            while self.flying:
                yield from self._next(_killer)

    def _send(self, batch: list[Run]) -> None:
        from trustsim.experiment.execution.dask_worker import attempt_batch

        values = None
        if self.table:
            values = {run.point: self._values(run.point) for run in batch}
        future = self.client.submit(
            attempt_batch, self.plugin, pickle.dumps((batch, values)), pure=False
        )
        self.flying[future] = batch
        asyncio.run_coroutine_threadsafe(self._land(future), self.client.loop.asyncio_loop)

    async def _land(self, future: Any) -> None:
        """Wait for a batch, and fetch it, whatever becomes of the workers meanwhile."""
        result: Any
        try:
            result = await self.client.gather(future, asynchronous=True)
        except BaseException as error:  # the main thread must hear of all
            result = error
        self.landed.put((future, result))

    def _values(self, point: int) -> dict[str, Any]:
        result = {path: column[point] for path, column in self.table.items()}
        return {p: v.item() if isinstance(v, np.generic) else v for p, v in result.items()}

    def _next(self, killed: Callable[[list[Run], str], Iterable[Attempt]]) -> Iterable[Attempt]:
        """Give the attempts of the next batch that comes back; nothing if none does for a while."""
        from distributed.scheduler import KilledWorker

        if time.monotonic() - self.looked > LOOK_EVERY:
            self._look()
        try:
            future, result = self.landed.get(timeout=LOOK_EVERY)
        except queue.Empty:
            return ()
        batch = self.flying.pop(future)
        if isinstance(result, KilledWorker):
            return killed(batch, str(result))
        if isinstance(result, ConfigError):
            raise result
        if isinstance(result, BaseException):
            self._refuse_no_scheduler(gone=isinstance(result, CancelledError))
            raise ConfigError(
                f"{self._where()}: a worker cannot compute the runs: {type(result).__name__}: "
                f"{short(result)}. All workers need trustsim and the libraries that it needs"
            ) from result
        attempts: list[Attempt]
        attempts, seconds = pickle.loads(result)
        in_time = int(BATCH_SECONDS * len(batch) / max(seconds, 1e-9))
        in_room = MOST_BYTES * len(batch) // len(result)
        self.size = max(1, min(in_time, in_room, GROWTH * len(batch), MOST_RUNS))
        return attempts

    def _suspect(self, batch: list[Run], why: str) -> Iterable[Attempt]:
        self.suspects.extend(batch)
        return ()

    def _look(self) -> None:
        """See which workers there are."""
        self._refuse_no_scheduler()
        try:
            self.cores = sum(self.client.nthreads().values())
        except Exception:
            self._refuse_no_scheduler(gone=True)
        self.looked = now = time.monotonic()
        if self.cores:
            self.seen, self.lines = now, False
        elif self.address is None and now - self.seen > WITHOUT_WORKERS:
            raise ConfigError(
                "the worker processes of this machine have died and do not come back; what is "
                "done is kept. Is there memory enough for so many? --jobs says how many there are"
            )
        elif self.address is not None and not self.lines:
            self.lines = True
            log.warning(
                "%s: has no workers; waiting until some join (Ctrl-C keeps what is done)",
                self.address,
            )

    def _refuse_no_scheduler(self, gone: bool = False) -> None:
        if gone or self.client.status != "running":
            raise ConfigError(
                f"{self._where()}: the scheduler has gone away; what is done is kept, and the same "
                "command goes on from there"
            )

    def _where(self) -> str:
        return self.address or "dask"


def _killer(batch: list[Run], why: str) -> Iterable[Attempt]:
    """Make a failure of a run that alone has killed its workers."""
    return [Attempt(run, failure=Failure("KilledWorker", why, "")) for run in batch]


@contextmanager
def _sent(client: Any, packed: bytes, ids: dict[str, str]) -> Iterator[str]:
    """Send an experiment to all workers, those that join later too, and take it back in the end."""
    from trustsim.experiment.execution.dask_worker import WorkerExperiment, state

    plugin = WorkerExperiment(f"trustsim-{uuid.uuid4().hex}", packed, state(), ids)
    client.register_plugin(plugin)
    try:
        yield plugin.name
    finally:
        with suppress(Exception):  # the scheduler may be gone
            if client.status == "running":
                client.unregister_worker_plugin(plugin.name)


def _packed(config: ExperimentConfig) -> bytes:
    """Pickle an experiment, with the rules of its author's own.

    Raises
    ------
    ConfigError
        If it cannot be done.
    """
    import cloudpickle  # type: ignore[import-untyped,unused-ignore]

    by_value = []
    named = _named_in_design(config)
    for module in _modules_of_rules([*_rules_of(config), *(rule for rule, _ in named.values())]):
        if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
            cloudpickle.register_pickle_by_value(module)
            by_value.append(module)
    try:
        packed: bytes = cloudpickle.dumps((config, named))
    except Exception as error:
        raise ConfigError(
            f"a rule of your own cannot be sent to other processes ({short(error)}); let it use "
            "nothing but numbers, texts, NumPy arrays and functions of its module, or run with "
            "--executor threads"
        ) from None
    finally:
        for module in by_value:
            cloudpickle.unregister_pickle_by_value(module)
    return packed


def _rules_of(config: ExperimentConfig) -> Iterator[Any]:
    """Give the rules of the author's own that policies have."""
    for arm in config.arms.values():
        for policy in (*arm.buyer_policies.values(), *arm.supplier_policies.values()):
            yield from (value for value in vars(policy).values() if callable(value))


def _named_in_design(config: ExperimentConfig) -> dict[str, Any]:
    """Give the rules of the author's own that points of a design name."""
    named = set().union(*(column for _, column in Plan(config).table.items()))
    return {name: REGISTERED[name] for name in sorted(named & set(REGISTERED))}


def _modules_of_rules(rules: Iterable[Any]) -> list[ModuleType]:
    """Modules of the author's that rules are made of, which workers need not be able to import."""
    found: dict[str, ModuleType] = {}
    for rule in rules:
        own = sys.modules.get(rule.__module__)
        reached = reach(rule)
        others = [sys.modules.get(each.function.__module__) for each in reached]
        others += [module for each in reached for module in each.modules.values()]
        taken = [value for each in reached for value in each.taken.values()]
        kinds = [value if isinstance(value, type) else type(value) for value in taken]
        others += [sys.modules.get(kind.__module__) for kind in kinds]
        for module in [own, *others]:
            if module is not None and (module is own or not _is_installed(module)):
                found[module.__name__] = module
    found.pop("__main__", None)
    return [module for name, module in sorted(found.items()) if sys.modules.get(name) is module]


def _is_installed(module: ModuleType) -> bool:
    """Whether a module is of Python, of an installed library, or ours: workers have it."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__.split(".")[0] == "trustsim":
        return True
    homes = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return any(Path(file).is_relative_to(home) for home in homes)
