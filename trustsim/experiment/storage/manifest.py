"""The manifest of a results folder: what was run, by which versions, with which digest."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from trustsim import __version__
from trustsim.config.experiment import ExperimentConfig
from trustsim.experiment.plan import Plan
from trustsim.experiment.storage.store import Merged

LIBRARIES = ("numpy", "numba", "pandas", "pyarrow", "scipy", "mesa", "pydantic")


def scenarios_of(config: ExperimentConfig) -> dict[str, str]:
    """Give a hash of the scenario of every arm."""
    return {name: arm.id() for name, arm in config.arms.items()}


def experiment_digest(toml: bytes) -> str:
    """SHA-256 of an experiment file, so that a change of it is noticed."""
    return hashlib.sha256(toml).hexdigest()


def manifest_of(
    config: ExperimentConfig,
    plan: Plan,
    merged: Merged,
    *,
    planned: int,
    done: int,
    failed: int,
    seconds: float,
    notices: Sequence[str],
) -> dict[str, Any]:
    """Say what was run, with what, by which versions.

    Parameters
    ----------
    config, plan
        The experiment and its runs.
    merged : Merged
        What the tables hold.
    planned, done, failed : int
        Runs that are asked for, or that complete pairs of before; that are done; that failed.
    seconds : float
        Time spent, over all calls.
    notices : sequence of str
        What the user should know.
    """
    return {
        "name": config.name,
        "model_version": __version__,
        "versions": {"python": platform.python_version(), **_versions()},
        "seed": config.seed,
        "git": _git(),
        "platform": f"{platform.platform()}, {os.cpu_count()} cores",
        "scenarios": scenarios_of(config),
        "rounds": config.rounds,
        "replications": config.replications,
        "points": plan.points,
        "runs_planned": planned,
        "runs_done": done,
        "runs_failed": failed,
        "orders": merged.orders,
        "seconds": round(seconds, 3),
        "digest": merged.digest,
        "experiment": experiment_digest(config.to_toml().encode()),
        "notices": list(notices),
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
