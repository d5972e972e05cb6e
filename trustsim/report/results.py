"""A results folder as the report reads it: tables, manifest and experiment, whatever is there."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from trustsim.errors import ConfigError, nearest


@dataclass(frozen=True)
class Results:
    """The content of a results folder.

    Attributes
    ----------
    folder : Path
        Where it was read from.
    runs : DataFrame
        Finished runs, one row each; never empty.
    rounds, ages : DataFrame or None
        Tables per round and per relationship age, if they are there, with the
        design point of the run.
    failures : int
        Number of failed runs.
    experiment, manifest : mapping
        Content of ``experiment.toml`` and ``manifest.json``, empty if they are not there.
    missing : tuple of str
        Files that a complete folder has and this one has not.
    """

    folder: Path
    runs: pd.DataFrame
    rounds: pd.DataFrame | None = None
    ages: pd.DataFrame | None = None
    failures: int = 0
    experiment: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @cached_property
    def arms(self) -> list[str]:
        """Arms that have finished runs, in the order of the experiment."""
        there = [str(a) for a in dict.fromkeys(self.runs["arm"])]
        named = [str(a) for a in _table(self.experiment, "arms")]
        return [a for a in named if a in there] + [a for a in there if a not in named]

    @cached_property
    def baseline(self) -> str:
        """The arm that the others are compared with; the last arm if the experiment names none."""
        named = str(self.experiment.get("baseline", self.arms[-1]))
        return named if named in self.arms else self.arms[-1]

    @property
    def challengers(self) -> list[str]:
        """All arms but the baseline."""
        return [arm for arm in self.arms if arm != self.baseline]

    @property
    def name(self) -> str:
        """Name of the experiment; the folder's name if it has none."""
        return str(self.experiment.get("name") or self.manifest.get("name") or self.folder.name)

    @property
    def question(self) -> str:
        """The question that the experiment asks, as its author put it."""
        return str(self.experiment.get("question", "")).strip()

    @cached_property
    def rounds_per_year(self) -> int:
        """Rounds in a year of this market."""
        value = _table(self.experiment, "market").get("rounds_per_year", 12)
        return max(1, int(value)) if isinstance(value, int | float) else 12

    def runs_of(self, arm: str) -> int:
        """Finished runs of an arm."""
        return int((self.runs["arm"] == arm).sum())


def read_results(folder: Path) -> Results:
    """Read a results folder.

    Raises
    ------
    ConfigError
        If there is no folder, no readable table of runs, or no finished run in it; or if a file
        that is there cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder")
    runs = _frame(folder / "runs.parquet")
    if runs is None:
        raise ConfigError(f"{folder}: no runs.parquet; is this a folder of results?")
    for column in ("arm", "replicate"):
        if column not in runs:
            hint = nearest(column, [str(c) for c in runs.columns])
            raise ConfigError(f'{folder / "runs.parquet"}: no column "{column}"{hint}')
    if "status" in runs:
        runs = runs[runs["status"] == "done"]
    if runs.empty:
        raise ConfigError(f"{folder / 'runs.parquet'}: no finished run")
    rounds, ages = _frame(folder / "rounds.parquet"), _frame(folder / "ages.parquet")
    failures = _frame(folder / "failures.parquet")
    experiment = _read(folder / "experiment.toml", tomllib.loads)
    manifest = _read(folder / "manifest.json", json.loads)
    if not isinstance(manifest, dict | None):
        raise ConfigError(f"{folder / 'manifest.json'}: not a JSON object")
    parts = {
        "rounds.parquet": rounds,
        "ages.parquet": ages,
        "experiment.toml": experiment,
        "manifest.json": manifest,
    }
    return Results(
        folder=folder,
        runs=runs,
        rounds=_with_points(rounds, runs),
        ages=_with_points(ages, runs),
        failures=0 if failures is None else len(failures),
        experiment=experiment or {},
        manifest=manifest or {},
        missing=tuple(name for name, part in parts.items() if part is None),
    )


def _table(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = mapping.get(key, {})
    return value if isinstance(value, Mapping) else {}


def _with_points(table: pd.DataFrame | None, runs: pd.DataFrame) -> pd.DataFrame | None:
    """Rows of the finished runs, with the design point that only the table of runs knows."""
    if table is None or table.empty:
        return None
    if "point" in table or not {"run_id", "point"} <= set(runs) or "run_id" not in table:
        return table
    return table.merge(runs[["run_id", "point"]], on="run_id", how="inner")


def _frame(path: Path) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not a readable Parquet table ({error})") from error


def _read(path: Path, parse: Any) -> Any:
    if not path.is_file():
        return None
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
