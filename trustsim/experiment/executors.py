"""Who computes the runs: executors take runs and give attempts back as they finish.

The compiled engine releases the interpreter's lock, so threads use all cores. Whoever the executor
is, and in whatever order attempts come back, the results are the same bits.
"""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from trustsim.errors import ConfigError
from trustsim.experiment.design import Run, scenario_of
from trustsim.scenario import ExperimentConfig

if TYPE_CHECKING:
    from trustsim.outcome import Sums

LARGE_MARKET = 20_000
"""Buyers from which on a run uses all cores itself, instead of one core per run."""


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

    A failing run is an attempt with a failure; only a `ConfigError` ends the experiment, for it
    would be the same in every run.
    """

    config: ExperimentConfig
    threads: int = 1

    def __call__(self, run: Run) -> Attempt:
        """Try a run."""
        from trustsim.simulate import simulate

        try:
            scenario = scenario_of(self.config, run)
            outcome = simulate(scenario, run.replicate, threads=self.threads)
            return Attempt(run, outcome.sums)
        except ConfigError:
            raise
        except Exception as error:
            text = traceback.format_exc()
            return Attempt(run, failure=Failure(type(error).__name__, str(error), text))


class Executor(Protocol):
    """Computes runs somewhere."""

    def attempts(self, runs: Sequence[Run], config: ExperimentConfig) -> Iterator[Attempt]:
        """Try all runs and give each attempt as soon as it is finished, in any order."""
        ...


class ThreadExecutor:
    """Computes runs in threads of this process.

    Small markets run side by side, one per core. A large market runs alone and uses all cores in
    each of its rounds; so do the last few runs if there are fewer of them than cores.

    Parameters
    ----------
    jobs : int
        Cores to use.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def attempts(self, runs: Sequence[Run], config: ExperimentConfig) -> Iterator[Attempt]:
        """Try all runs; see `Executor`."""
        large = any(arm.market.buyers >= LARGE_MARKET for arm in config.arms.values())
        workers = 1 if large else max(1, min(self.jobs, len(runs)))
        compute = Compute(config, threads=max(1, self.jobs // workers))
        yield from _in_threads(compute, runs, workers)


def _in_threads(
    compute: Callable[[Run], Attempt], runs: Sequence[Run], workers: int
) -> Iterator[Attempt]:
    """Compute in daemon threads, so that an interrupted experiment waits for none of them."""
    waiting: queue.SimpleQueue[Run] = queue.SimpleQueue()
    finished: queue.Queue[Attempt | BaseException] = queue.Queue(maxsize=4 * workers)
    for run in runs:
        waiting.put(run)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                run = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                finished.put(compute(run))
            except BaseException as error:  # whatever it is, the main thread must hear of it
                finished.put(error)

    for _ in range(workers):
        threading.Thread(target=work, daemon=True).start()
    try:
        for _ in runs:
            attempt = finished.get()
            if isinstance(attempt, BaseException):
                raise attempt
            yield attempt
    finally:
        stop.set()
