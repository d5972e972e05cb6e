"""Who computes the runs: executors take runs and give attempts back as they finish.

The compiled engine releases the interpreter's lock, so threads use all cores of a machine; what
outgrows one machine goes to Dask (`trustsim.experiment.execution.dask_executor`). Whoever the
executor is, and in whatever order attempts come back, the results are the same bits.
"""

from __future__ import annotations

import operator
import queue
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from trustsim.config.experiment import ExperimentConfig
from trustsim.config.scenario import Scenario
from trustsim.engine.time_limit import TimeLimit
from trustsim.engine.worker_pool import WorkerPool
from trustsim.errors import ConfigError
from trustsim.experiment.plan import Run, scenario_of

if TYPE_CHECKING:
    from trustsim.simulation.outcome import Sums

LARGE_MARKET = 20_000
"""Buyers from which on a run uses all cores itself, instead of one core per run."""

PATIENCE = 2.0
"""A run is given up when it has taken its time so many times over, and a second more at least."""

LONGEST_FAULT = 200
"""Letters that are shown of what a library says."""

LOOK_EVERY = 0.2
"""Seconds between two looks at runs that may have to be given up."""


@dataclass(frozen=True)
class Failure:
    """Why a run failed."""

    error: str
    message: str
    traceback: str


@dataclass(frozen=True)
class Attempt:
    """A run that was tried: the sums that it leaves, or its failure."""

    run: Run
    sums: Sums | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Compute:
    """Computing one run of an experiment.

    A failing run is an attempt with a failure; only a `ConfigError` without a design, or a fault of
    the installation, ends the experiment, for it would be the same in every run.

    Attributes
    ----------
    config : ExperimentConfig
    threads : int
        Most workers inside a round.
    values : mapping, optional
        Values of the parameters that vary, by design point; those of the design if not given.
    """

    config: ExperimentConfig
    threads: int = 1
    values: Mapping[int, Mapping[str, Any]] | None = None

    def __call__(self, run: Run, limit: TimeLimit | None = None) -> Attempt:
        """Try a run, within a time if there is a limit."""
        from trustsim.engine.compiling import FAULTS_OF_INSTALLATION
        from trustsim.simulation.outcome import added_up
        from trustsim.simulation.run import simulate

        keep = self.config.keep
        try:
            outcome = simulate(
                self._scenario(run),
                run.replicate,
                threads=self.threads,
                orders="orders" in keep,
                limit=limit,
            )
            sums = added_up(outcome.sums, rounds="rounds" in keep, ages="ages" in keep)
            if "orders" in keep:
                sums = sums._replace(orders=outcome.panel())
            return Attempt(run, sums)
        except FAULTS_OF_INSTALLATION as error:
            raise ConfigError(
                f"the installed libraries cannot compute runs ({type(error).__name__}: "
                f"{' '.join(str(error).split())[:LONGEST_FAULT]}); nothing of it is recorded: "
                "install trustsim anew, with the versions that it asks for"
            ) from error
        except Exception as error:
            if isinstance(error, ConfigError) and self.config.design is None:
                raise
            text = traceback.format_exc()
            return Attempt(run, failure=Failure(type(error).__name__, str(error), text))

    def _scenario(self, run: Run) -> Scenario:
        if self.values is None:
            return scenario_of(self.config, run)
        return self.config.at(run.arm, self.values[run.point])


class Executor(Protocol):
    """Computes runs somewhere."""

    def attempts(self, runs: Iterable[Run], config: ExperimentConfig) -> Iterator[Attempt]:
        """Try all runs and give each attempt as soon as it is finished, in any order.

        Runs are drawn one by one, when somebody is free to compute them. Closing the iterator
        stops what is left.
        """
        ...


class ThreadExecutor:
    """Computes runs in threads of this process.

    Small markets run side by side, one per core. A large market runs alone and uses all cores in
    each of its rounds; so do the last few runs if there are fewer of them than cores.

    A run that takes longer than the experiment's ``run_timeout`` fails. Its thread looks at the
    clock between rounds; if it does not come back for long, it is left behind, and another takes
    its place.

    Parameters
    ----------
    jobs : int
        Cores to use.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def __enter__(self) -> ThreadExecutor:
        """Threads are started when there are runs."""
        return self

    def __exit__(self, *_: object) -> None:
        """Threads end with their runs."""

    def attempts(self, runs: Iterable[Run], config: ExperimentConfig) -> Iterator[Attempt]:
        """Try all runs; see `Executor`."""
        large = _buyers(config) >= LARGE_MARKET
        few = operator.length_hint(runs, self.jobs)
        workers = 1 if large else max(1, min(self.jobs, few))
        compute = Compute(config, threads=max(1, self.jobs // workers))
        if config.run_timeout is not None:
            compile_ahead(config, compute.threads)
        yield from in_threads(compute, runs, workers, config.run_timeout)


def compile_ahead(config: ExperimentConfig, threads: int = 1) -> None:
    """Compile the engine and all rules of the arms, so that it is not counted as time of a run."""
    from trustsim.simulation.building import build
    from trustsim.simulation.run import Rounds

    tiny: dict[str, Any] = {"rounds": 1, "buyers": 2, "suppliers": 2}
    if "orders" in config.keep:
        Rounds(Scenario("high_trust", **tiny), 0).step(keep=True)
    else:
        Rounds(Scenario("high_trust", **tiny), 0).run()
    if threads > 1:
        with WorkerPool(2) as pool:
            Rounds(Scenario("high_trust", **tiny), 0, workers=2).step(pool)
    for arm in config.arms.values():
        build(arm.replace(**tiny), 0)  # nobody walks: a rule that never ends is called in runs only


@dataclass(eq=False)
class _Seat:
    """A thread, and what it computes."""

    now: tuple[Run, TimeLimit | None] | None = None
    left_behind: bool = False


@dataclass
class _Threads:
    """What threads that compute side by side have in common.

    The lock guards what a thread has begun: a run is either handed over or given up.
    """

    compute: Callable[..., Attempt]
    runs: Iterator[Run]
    workers: int
    seconds: float | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.finished: queue.Queue[tuple[_Seat, Any]] = queue.Queue(4 * self.workers)

    def start(self) -> _Seat:
        """Start a daemon thread, so that an interrupted experiment does not wait for it."""
        seat = _Seat()
        threading.Thread(target=self._work, args=(seat,), daemon=True).start()
        return seat

    def _work(self, seat: _Seat) -> None:
        result: Any = None
        try:
            while (drawn := self._draw(seat)) is not None:
                run, limit = drawn
                result = self.compute(run) if limit is None else self.compute(run, limit)
                self._hand_over(seat, result)
            result = None
        except BaseException as error:  # whatever it is, the main thread must hear of it
            result = error
        self._hand_over(seat, result)

    def _draw(self, seat: _Seat) -> tuple[Run, TimeLimit | None] | None:
        with self.lock:
            run = None if seat.left_behind or self.stop.is_set() else next(self.runs, None)
            limit = None if self.seconds is None else TimeLimit(self.seconds)
            seat.now = None if run is None else (run, limit)
            return seat.now

    def _hand_over(self, seat: _Seat, result: Any) -> None:
        with self.lock:
            seat.now = None
        while not (seat.left_behind or self.stop.is_set()):
            with suppress(queue.Full):
                self.finished.put((seat, result), timeout=1.0)
                return

    def give_up(self, seat: _Seat) -> Attempt | None:
        """Leave a thread behind if its run has taken far more than its time."""
        with self.lock:
            if seat.now is None:
                return None
            run, limit = seat.now
            if limit is None or limit.used < max(PATIENCE * limit.seconds, limit.seconds + 1.0):
                return None
            seat.left_behind = True
        message = (
            f"the run takes longer than run_timeout = {limit.seconds:g} s and does not come back "
            "between rounds, as with a rule of its own that never ends; its thread was left behind"
        )
        return Attempt(run, failure=Failure("RunTimeout", message, ""))


def in_threads(
    compute: Callable[..., Attempt],
    runs: Iterable[Run],
    workers: int,
    seconds: float | None = None,
) -> Iterator[Attempt]:
    """Compute runs in daemon threads.

    Parameters
    ----------
    compute : callable
        From a run, and a `TimeLimit` if there is one, to an attempt.
    runs : iterable of Run
    workers : int
        Threads.
    seconds : float, optional
        What a run may take.
    """
    threads = _Threads(compute, iter(runs), workers, seconds)
    seats = [threads.start() for _ in range(workers)]
    try:
        while seats:
            with suppress(queue.Empty):
                seat, result = threads.finished.get(timeout=None if seconds is None else LOOK_EVERY)
                if isinstance(result, Attempt):
                    yield result
                elif result is not None:
                    raise result
                else:
                    seats.remove(seat)
            for place, seat in enumerate(seats if seconds is not None else ()):
                attempt = threads.give_up(seat)
                if attempt is not None:
                    seats[place] = threads.start()
                    yield attempt
    finally:
        threads.stop.set()


def _buyers(config: ExperimentConfig) -> int:
    """Most buyers that a market of the experiment has."""
    sizes = [arm.market.buyers for arm in config.arms.values()]
    for dimension in config.design.dimensions if config.design is not None else ():
        if dimension.path == "market.buyers":
            sizes += dimension.values or (int(dimension.high),)
    return int(max(sizes))
