"""Running an experiment: what is missing in its folder, and nothing twice."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trustsim.config.experiment import ExperimentConfig
from trustsim.config.paths import path_of
from trustsim.errors import ConfigError, nearest, shown
from trustsim.experiment.execution.executors import Attempt, Compute, Executor, ThreadExecutor
from trustsim.experiment.kinds import lonely_kinds
from trustsim.experiment.plan import Plan, Run, scenario_of
from trustsim.experiment.stopping import Look, decide
from trustsim.experiment.storage.chunks import chunks_in
from trustsim.experiment.storage.files import check_folder, experiment_in, read_table, rows_of
from trustsim.experiment.storage.going_on import going_on
from trustsim.experiment.storage.manifest import manifest_of
from trustsim.experiment.storage.store import Merged, Store, opened
from trustsim.experiment.storage.tables import RUNS, differences, rows_as_planned
from trustsim.experiment.temptations import idle_temptations
from trustsim.schema.checking import check_cores

SECONDS_PER_CHUNK = 2.0
RUNS_PER_CHUNK = 256
ORDERS_PER_CHUNK = 2**18
MOST_CHECKED = 2_000
"""Points of a design that are checked beforehand; a point that cannot be run is a failure then."""

FULL_MARKET = 0
"""Point of an ablation at which nothing is off: a rule of precision asks for its difference."""


@dataclass(frozen=True)
class Progress:
    """How far an experiment is.

    Attributes
    ----------
    done, planned, failed : int
        Runs; those done earlier count.
    rate : float
        Runs per second since the first one was finished, which waits for the compiler; 0 before.
    """

    done: int
    planned: int
    failed: int
    rate: float = 0.0

    @property
    def seconds_left(self) -> float:
        """Estimated time that is left; infinite before the first run is tried."""
        left = self.planned - self.done - self.failed
        return left / self.rate if self.rate > 0 else float("inf")


Watcher = Callable[[Progress], None]


def run_missing(
    config: ExperimentConfig,
    folder: Path,
    *,
    jobs: int | None = None,
    progress: Watcher | None = None,
    executor: Executor | None = None,
) -> dict[str, Any]:
    """Run what is missing of an experiment, and keep the results in a folder.

    An interrupt, or an error, leaves a valid folder that holds what was done; the same call goes
    on from there. A folder that holds more replications than are asked for keeps them.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment.
    folder : Path
        Results folder; made if it is not there.
    jobs : int, optional
        Cores to use; all if not given.
    progress : callable, optional
        Called with a `Progress` at the start and after every run.
    executor : Executor, optional
        Who computes the runs; threads of this process if not given.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    ConfigError
        If the folder cannot be used or holds another experiment.
    """
    cores = cores_to_use(jobs)
    executor = executor or ThreadExecutor(cores)
    started = time.monotonic()
    folder = path_of(folder)
    with opened(folder) as store:
        config = going_on(store, config)
        check_points(Plan(config))
        notices = [*notices_of(config), *store.set_aside(), *store.unverified()]
        earlier = float(store.manifest().get("seconds", 0.0))
        work = _Work(store, executor, progress, earlier, notices)
        there = store.replicates()
        wanted = config.replications if config.precision is None else config.precision.start
        looks: list[Look] = []
        while True:
            config = dataclasses.replace(config, replications=max(wanted, there))
            plan = Plan(config)
            manifest = work.through(plan, wanted, started)
            if config.precision is None:
                return manifest
            columns = ["arm", "point", "replicate", "status", config.precision.measure]
            runs = read_table(folder, RUNS, columns).to_pandas()
            if config.design is not None and config.design.method == "ablation":
                runs = runs[runs["point"] == FULL_MARKET]
            challengers = [arm for arm in config.arms if arm != config.baseline]
            looks.append(decide(runs, config.baseline, challengers, config.precision, wanted))
            if looks[-1].last:
                return manifest
            wanted = looks[-1].next


def notices_of(config: ExperimentConfig) -> list[str]:
    """Say what is worth knowing of an experiment before it is run."""
    notices = () if config.design is None else config.design.notices
    plan = Plan(config)
    found = (*notices, *lonely_kinds(plan), *idle_temptations(plan))
    return [f"{config.name}: {text}" for text in found]


def collect(folder: Path) -> list[str]:
    """Merge what a killed process left in a folder into its tables.

    Returns
    -------
    list of str
        What the user should be told: chunks that were found damaged.
    """
    folder = path_of(folder)
    check_folder(folder)
    if not chunks_in(folder):
        return []
    with opened(folder) as store:
        config = experiment_in(folder)
        store.merge(Plan(config), config.keep)
        return store.notices


def rerun(folder: Path, run_id: str) -> tuple[Run, list[str]]:
    """Compute one run again and compare it, bit for bit, with what the folder holds.

    Returns
    -------
    Run
        The run.
    list of str
        What differs, as ``table.column``; empty if every bit is the same.

    Raises
    ------
    ConfigError
        If the folder has no such run, or not yet.
    """
    folder = path_of(folder)
    collect(folder)
    config = experiment_in(folder)
    plan = Plan(config)
    place = plan.place_of(run_id)
    if place is None:
        close = nearest(run_id, [name.decode() for name in plan.ids.tolist()])
        raise ConfigError(f"{folder}: has no run {shown(run_id)}{close}")
    run = plan.run(place)
    stored = {name: rows_of(folder, name, [run_id]) for name in config.keep}
    if not stored[RUNS].num_rows:
        raise ConfigError(
            f"{folder}: run {run_id} (arm '{run.arm}', replicate {run.replicate}) is planned but "
            "not done, so there is nothing to compare with"
        )
    attempt = Compute(config, threads=cores_to_use(None))(run)
    if attempt.failure is not None:
        return run, [f"the run fails now: {attempt.failure.error}: {attempt.failure.message}"]
    return run, [
        f"{name}.{column}"
        for name, computed in rows_as_planned(attempt, plan, config.keep).items()
        for column in differences(stored[name], computed)
    ]


def cores_to_use(jobs: int | None) -> int:
    """Number of cores to use: all that this process may use, if no number is given."""
    if jobs is None:
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else (os.cpu_count() or 1)
        )
    return check_cores(jobs, "jobs")


class _Work:
    """What is done in a results folder: runs that are missing, chunks, tables, manifest."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        progress: Watcher | None,
        seconds: float,
        notices: Sequence[str],
    ) -> None:
        self.store = store
        self.executor = executor
        self.progress = progress
        self.earlier = seconds
        self.notices = notices
        self.failed: list[Attempt] = []

    def through(self, plan: Plan, replications: int, started: float) -> dict[str, Any]:
        """Compute what is missing of the first replications, and give the manifest."""
        store, config = self.store, plan.config
        store.write_experiment(config.to_toml())
        before = store.manifest()
        failed = {attempt.run.run_id for attempt in self.failed}
        places = plan.order(0, replications)
        ids = plan.ids[places]
        known = store.done(config.keep)
        done = np.isin(ids, known)
        planned = plan.asked(replications, known)
        todo = places[~done & ~np.isin(ids, [name.encode() for name in failed])]
        notices = [*self.notices, *store.notices]
        start = manifest_of(
            config, plan, Merged(), planned=planned,
            done=int(done.sum()), failed=0, seconds=self.earlier, notices=notices,
        )  # fmt: skip
        # Until the tables are written again, they are what the manifest said before.
        kept: dict[str, Any] = {key: before[key] for key in before if key in ("orders", "digest")}
        if not before and (store.folder / f"{RUNS}.parquet").exists():
            del start["digest"]  # a manifest was lost; what the tables hold is found out
        store.write_manifest({**start, **kept})
        try:
            attempts = self.executor.attempts(plan.runs(todo), config)
            self._keep(attempts, len(places), len(todo), config.keep)
        finally:
            merged = store.merge(plan, config.keep)
            store.write_failures(self.failed, plan)
            rows = merged.rows.get(RUNS, 0)
            seconds = self.earlier + time.monotonic() - started
            notices = [*self.notices, *store.notices]
            failures = len(self.failed)
            manifest = manifest_of(
                config, plan, merged, planned=planned,
                done=rows, failed=failures, seconds=seconds, notices=notices,
            )  # fmt: skip
            manifest = store.write_manifest(manifest)
        lost = len(known) + len(todo) - len(self.failed) + len(failed) - rows
        if lost > 0:
            raise ConfigError(
                f"{store.folder}: {lost:,} of {len(plan):,} runs are missing at the end, because "
                "files were removed while the experiment ran or were never given back; run again, "
                "which computes no more than these"
            )
        return manifest

    def _keep(self, attempts: Any, planned: int, todo: int, tables: Collection[str]) -> None:
        """Write attempts into chunks as they come."""
        written = first = time.monotonic()
        fresh: list[Attempt] = []
        earlier, tried = len(self.failed), 0

        def tell() -> None:
            if self.progress is not None:
                seconds = time.monotonic() - first
                rate = (tried - 1) / seconds if tried > 1 else 0.0
                failed = len(self.failed) - earlier
                done = planned - todo + tried - failed
                self.progress(Progress(done, planned, failed, rate))

        tell()
        try:
            for attempt in attempts:
                tried += 1
                first = time.monotonic() if tried == 1 else first
                (fresh if attempt.failure is None else self.failed).append(attempt)
                if _full(fresh) or time.monotonic() - written > SECONDS_PER_CHUNK:
                    self.store.add(fresh, tables)
                    fresh, written = [], time.monotonic()
                tell()
        finally:
            attempts.close()
            self.store.add(fresh, tables)


def _full(fresh: Sequence[Attempt]) -> bool:
    """Whether finished runs are enough for a chunk, by their number or by the orders kept."""
    panels = (attempt.sums.orders for attempt in fresh if attempt.sums is not None)
    orders = sum(len(panel["round"]) for panel in panels if panel is not None)
    return len(fresh) >= RUNS_PER_CHUNK or orders >= ORDERS_PER_CHUNK


def check_points(plan: Plan) -> None:
    """Check that the values of points fit together, at up to so many points of every arm.

    Raises
    ------
    ConfigError
        With the point that does not.
    """
    if plan.config.design is None:
        return
    step = max(1, plan.points // MOST_CHECKED)
    for point in range(0, plan.points, step):
        for arm in plan.arms:
            try:
                scenario_of(plan.config, Run(arm, point, 0, ""))
            except ConfigError as error:
                values = ", ".join(f"{k} = {v}" for k, v in plan.table.iloc[point].items())
                raise ConfigError(
                    f"{plan.config.name}: design: point {point} ({values}): {error}"
                ) from None
