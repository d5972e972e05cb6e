"""What tests do to the small experiment: stop it, count its runs, read its folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from trustsim.config.experiment import ExperimentConfig
from trustsim.config.scenario import Scenario
from trustsim.experiment import run as running
from trustsim.experiment.execution.executors import Attempt, ThreadExecutor
from trustsim.experiment.plan import Plan, Run
from trustsim.experiment.run import run_missing
from trustsim.experiment.storage.seals import KEYS, hashes, sealed

# The module; the package shows the function under this name.
SIMULATION = import_module("trustsim.simulation.run")


class Stops:
    """An executor that gives some attempts and then raises."""

    def __init__(self, after: int, error: BaseException) -> None:
        self.after, self.error = after, error

    def attempts(self, runs: Iterable[Run], config: ExperimentConfig) -> Iterator[Attempt]:
        given = ThreadExecutor(1).attempts(list(runs), config)
        for _ in range(self.after):
            yield next(given)
        given.close()  # type: ignore[attr-defined]
        raise self.error


def all_runs(config: ExperimentConfig) -> list[Run]:
    """All runs of an experiment, as they stand in tables."""
    plan = Plan(config)
    return [plan.run(place) for place in range(len(plan))]


def attempts_of(config: ExperimentConfig, runs: Iterable[Run]) -> list[Attempt]:
    """Attempts at runs, made here and now."""
    return list(ThreadExecutor(1).attempts(list(runs), config))


def leave_chunks(config: ExperimentConfig, out: Path, runs: int, per_chunk: int) -> list[Path]:
    """Leave a folder as a process does that is killed after so many runs; give its chunks."""
    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(running, "RUNS_PER_CHUNK", per_chunk)
        killed.setattr(running.Store, "merge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_missing(config, out, executor=Stops(runs, KeyboardInterrupt()))
    return sorted((out / "chunks").glob("*.arrow"))


def interrupted(*arguments: Any) -> None:
    raise KeyboardInterrupt


def counted(seen: list[int]) -> Any:
    """Simulate as usual, and note the replicates."""
    real = SIMULATION.simulate

    def simulate(scenario: Scenario, replicate: int, **options: Any) -> Any:
        seen.append(replicate)
        return real(scenario, replicate, **options)

    return simulate


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def reseal(folder: Path, **changes: Any) -> None:
    """Change what a manifest says, and let it say that all files were written as they are."""
    said = {key: value for key, value in manifest(folder).items() if key not in KEYS}
    whole = sealed({**said, **changes}, hashes(folder, {}))
    (folder / "manifest.json").write_text(json.dumps(whole))


def unsealed(folder: Path) -> None:
    """Leave a folder as an earlier version made it, without hashes."""
    said = {key: value for key, value in manifest(folder).items() if key not in KEYS}
    (folder / "manifest.json").write_text(json.dumps(said))


def content(folder: Path) -> dict[str, bytes]:
    """All files of a folder, but hidden ones."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file() and p.name[0] != "."}
