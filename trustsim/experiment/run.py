"""Running an experiment: what is missing in its folder, and nothing twice."""

from __future__ import annotations

import os
import platform
import subprocess
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trustsim import __version__
from trustsim.errors import ConfigError, nearest, shown
from trustsim.experiment.design import Run, design
from trustsim.experiment.executors import Attempt, Compute, Executor, ThreadExecutor
from trustsim.experiment.plan import missing
from trustsim.experiment.store import EXPERIMENT, Store, check_folder, opened, read_table
from trustsim.experiment.tables import NAMES, RUNS, Tables, differences, digest, tables_of
from trustsim.scenario import ExperimentConfig, load_experiment

SECONDS_PER_CHUNK = 2.0
RUNS_PER_CHUNK = 256
LIBRARIES = ("numpy", "numba", "pandas", "pyarrow", "scipy", "mesa", "pydantic")
FREE_TO_CHANGE = ("name", "question", "baseline", "replications")
"""Keys of an experiment that change no run."""


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
    toml = config.to_toml()
    with opened(folder) as store:
        _refuse_another_experiment(store, config, tomllib.loads(toml))
        config = config.replace(replications=max(config.replications, store.replicates()))
        store.write_experiment(config.to_toml())
        before = store.manifest()
        started, earlier = time.monotonic(), float(before.get("seconds", 0.0))
        plan = design(config)
        todo = missing(plan, store.done())
        start = _manifest(config, plan, len(plan) - len(todo), 0, earlier, {})
        # Until the tables are written again, they are what the manifest said before.
        kept: dict[str, Any] = {key: before[key] for key in before if key in ("orders", "digest")}
        store.write_manifest({**start, **kept})
        failed: list[Attempt] = []
        try:
            attempts = (executor or ThreadExecutor(cores)).attempts(todo, config)
            _keep(store, attempts, failed, len(plan), len(todo), progress)
        finally:
            tables = store.merge(plan)
            store.write_failures(failed)
            done = tables[RUNS].num_rows if tables else 0
            seconds = earlier + time.monotonic() - started
            manifest = _manifest(config, plan, done, len(failed), seconds, tables)
            store.write_manifest(manifest)
    return manifest


def collect(folder: Path) -> None:
    """Merge what a killed process left in a folder into its tables."""
    check_folder(folder)
    if (folder / "chunks").is_dir():
        with opened(folder) as store:
            store.merge(design(load_experiment(folder / EXPERIMENT)))


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
    collect(folder)
    config = load_experiment(folder / EXPERIMENT)
    runs = {run.run_id: run for run in design(config)}
    if run_id not in runs:
        raise ConfigError(f"{folder}: has no run {shown(run_id)}{nearest(run_id, runs)}")
    run = runs[run_id]
    stored = {name: _rows_of(read_table(folder, name), run_id) for name in NAMES}
    if not stored[RUNS].num_rows:
        raise ConfigError(
            f"{folder}: run {run_id} (arm '{run.arm}', replicate {run.replicate}) is planned but "
            "not done, so there is nothing to compare with"
        )
    attempt = Compute(config, threads=cores_to_use(None))(run)
    if attempt.failure is not None:
        return run, [f"the run fails now: {attempt.failure.error}: {attempt.failure.message}"]
    computed = tables_of([attempt])
    return run, [
        f"{name}.{column}" for name in NAMES for column in differences(stored[name], computed[name])
    ]


def cores_to_use(jobs: int | None) -> int:
    """Number of cores to use: all that this process may use, if no number is given."""
    if jobs is None:
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else (os.cpu_count() or 1)
        )
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ConfigError(f"jobs = {jobs!r}: allowed: a whole number, 1 or more")
    return jobs


def _keep(
    store: Store,
    attempts: Any,
    failed: list[Attempt],
    planned: int,
    todo: int,
    progress: Watcher | None,
) -> None:
    """Write attempts into chunks as they come."""
    written = first = time.monotonic()
    fresh: list[Attempt] = []
    tried = 0

    def tell() -> None:
        if progress is not None:
            seconds = time.monotonic() - first
            rate = (tried - 1) / seconds if tried > 1 else 0.0
            done = planned - todo + tried - len(failed)
            progress(Progress(done, planned, len(failed), rate))

    tell()
    try:
        for attempt in attempts:
            tried += 1
            first = time.monotonic() if tried == 1 else first
            (fresh if attempt.failure is None else failed).append(attempt)
            if len(fresh) >= RUNS_PER_CHUNK or time.monotonic() - written > SECONDS_PER_CHUNK:
                store.add(fresh)
                fresh, written = [], time.monotonic()
            tell()
    finally:
        attempts.close()
        store.add(fresh)


def _refuse_another_experiment(
    store: Store, config: ExperimentConfig, tables: Mapping[str, Any]
) -> None:
    if not (store.folder / EXPERIMENT).exists():
        return
    check_folder(store.folder)
    there = load_experiment(store.folder / EXPERIMENT)
    known = store.manifest().get("scenarios") or _scenarios(there)
    if known == _scenarios(config):
        return
    difference = _difference(tomllib.loads(there.to_toml()), tables) or "a rule of its own differs"
    raise ConfigError(
        f"{store.folder}: holds the results of another experiment: {difference}. Give another "
        "folder with --out, or move this one away; nothing was changed"
    )


def _difference(there: Mapping[str, Any], here: Mapping[str, Any], above: str = "") -> str:
    """Say in what two experiments differ first."""
    for key in dict.fromkeys([*there, *here]):
        path = f"{above}{key}"
        if path in FREE_TO_CHANGE or (key in there and key in here and there[key] == here[key]):
            continue
        if isinstance(there.get(key), Mapping) and isinstance(here.get(key), Mapping):
            return _difference(there[key], here[key], f"{path}.")
        if isinstance(there.get(key, {}), Mapping) and isinstance(here.get(key, {}), Mapping):
            return f"{path} is only {'there' if key in there else 'in the config'}"
        return f"{path} is {shown(there.get(key))} there and {shown(here.get(key))} in the config"
    return ""


def _rows_of(table: Any, run_id: str) -> Any:
    return table.filter(pc.equal(table["run_id"], pa.scalar(run_id, table["run_id"].type)))


def _scenarios(config: ExperimentConfig) -> dict[str, str]:
    return {name: arm.id() for name, arm in config.arms.items()}


def _manifest(
    config: ExperimentConfig,
    plan: Sequence[Run],
    done: int,
    failed: int,
    seconds: float,
    tables: Tables,
) -> dict[str, Any]:
    orders = pc.sum(tables[RUNS]["orders"]).as_py() if tables else 0
    return {
        "name": config.name,
        "model_version": __version__,
        "versions": {"python": platform.python_version(), **_versions()},
        "seed": config.seed,
        "git": _git(),
        "platform": f"{platform.platform()}, {os.cpu_count()} cores",
        "scenarios": _scenarios(config),
        "rounds": config.rounds,
        "replications": config.replications,
        "runs_planned": len(plan),
        "runs_done": done,
        "runs_failed": failed,
        "orders": int(orders or 0),
        "seconds": round(seconds, 3),
        "digest": digest(tables),
    }


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in LIBRARIES if _installed(name)}


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


@cache
def _git() -> str | None:
    """Commit of the program, marked if it has been changed since; None if it is not in git."""
    here = Path(__file__)
    answers = []
    for command in (
        ["ls-files", "--error-unmatch", here.name],
        ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
    ):
        try:
            done = subprocess.run(
                ["git", "-C", str(here.parent), *command],
                capture_output=True,
                text=True,
                check=True,
                timeout=10,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        answers.append(done.stdout.strip())
    return answers[-1]
