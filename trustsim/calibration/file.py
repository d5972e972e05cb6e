"""The calibration file: an experiment, which of its parameters are free, and the targets.

A file comes in, a calibration goes out. The experiment part is that of `trustsim.config.models`;
here belong the tables ``[calibrate]`` and ``[targets.<name>]`` that stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

import tomli_w
from pydantic import AfterValidator, Field, ValidationInfo

from trustsim.calibration.targets import Target, read_targets
from trustsim.config.design import check_paths
from trustsim.config.dimensions import Dimension, Searched, read_value
from trustsim.config.experiment import ExperimentConfig, experiment_of, load_experiment
from trustsim.config.file import read_experiment
from trustsim.config.models import ExperimentFile
from trustsim.config.shipped import experiment_path
from trustsim.errors import ConfigError, at, said_at, suggestion
from trustsim.schema.translation import Refusal, Table, leaves, read, whole

MOST_SEED = 2**31 - 1
Trials = Annotated[int, whole(1, 10_000)]


def _start(start: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    """Check the values of the first trial: one for every free parameter, within its range."""
    given = {path: read_value(path, value) for path, value in leaves(start)}
    free = {dimension.path: dimension for dimension in info.data.get("parameters", ())}
    for path in {**given, **free} if given and free else ():
        if path not in free:
            raise Refusal(f"is no free parameter{suggestion(path, free)}", path, value=given[path])
        if path not in given:
            raise Refusal("is missing; a start has a value for each parameter", path)
        value, d = given[path], free[path]
        if not (value in d.values if d.values else d.low <= value <= d.high):
            raise Refusal("lies outside the range searched", path, value=value)
    return {path: given[path] for path in free if given}


class CalibrateTable(Table):
    """``[calibrate]``."""

    EXAMPLE: ClassVar[str] = "[calibrate.parameters] market.tender_hours = { low = 1, high = 5 }"
    parameters: Searched
    start: Annotated[dict[str, Any], AfterValidator(_start)] = Field(default={})
    trials: Trials = 100
    seed: Annotated[int | None, whole(0, MOST_SEED)] = None
    fresh: Annotated[int, whole(2, 100_000)] = 64


class CalibrationTables(Table):
    """What stands beside the experiment."""

    EXAMPLE: ClassVar[str] = CalibrateTable.EXAMPLE
    calibrate: CalibrateTable
    targets: Any = None


class CalibrationFile(CalibrationTables, ExperimentFile):
    """A calibration as its author wrote it."""


@dataclass(frozen=True)
class CalibrationConfig:
    """A calibration, with its experiment completed.

    Attributes
    ----------
    experiment : ExperimentConfig
        Arms and market; its replications are the fixed luck of all trials.
    dimensions : tuple of Dimension
        The free parameters and where they are searched.
    targets : tuple of Target
        What is to be met.
    trials : int
        Points of the parameter space to try.
    seed : int
        Seed of the search.
    fresh : int
        Replications, none of which the search has seen, that the result is checked on.
    start : dict
        Values of the first trial by path; empty if the search begins where it likes.
    """

    experiment: ExperimentConfig
    dimensions: tuple[Dimension, ...]
    targets: tuple[Target, ...]
    trials: int = 100
    seed: int = 1
    fresh: int = 64
    start: Mapping[str, Any] = field(default_factory=dict)

    def with_trials(self, trials: int | None) -> CalibrationConfig:
        """Give a copy with another number of trials; the same if None."""
        return self if trials is None else replace(self, trials=read(Trials, trials, "trials"))

    @property
    def paths(self) -> list[str]:
        """Paths of the free parameters."""
        return [dimension.path for dimension in self.dimensions]

    def to_toml(self) -> str:
        """Write what stands beside the experiment, complete."""
        calibrate: dict[str, Any] = {k: getattr(self, k) for k in ("trials", "seed", "fresh")}
        calibrate |= {"start": dict(self.start)} if self.start else {}
        calibrate["parameters"] = {d.path: d.table() for d in self.dimensions}
        targets = {target.name: target.table() for target in self.targets}
        return tomli_w.dumps({"calibrate": calibrate, "targets": targets})


def load_calibration(path: str | Path, overrides: Iterable[str] = ()) -> CalibrationConfig:
    """Read a calibration file, with changes ``path=value`` as given to ``--set``.

    Raises
    ------
    ConfigError
        If anything in it cannot be used.
    """
    experiment = read_experiment(experiment_path(path), overrides, CalibrationFile)
    return _calibration(experiment_of(experiment), experiment.tables, str(path))


def load_written(experiment: Path, calibration: Mapping[str, Any], file: str) -> CalibrationConfig:
    """Read a calibration again that was written in two files, experiment and tables."""
    tables = read(CalibrationTables, calibration, "", file)
    return _calibration(load_experiment(experiment), tables, file)


def _calibration(experiment: ExperimentConfig, tables: Any, file: str) -> CalibrationConfig:
    for key in ("design", "precision"):
        if getattr(experiment, key) is not None:
            text = "a calibration searches for itself, and all its trials have the same luck; give "
            raise ConfigError(f"{at(file, key)}{text}calibrate.parameters and replications")
    asked, arms = tables.calibrate, experiment.arms
    with said_at(f"{file}: "):
        check_paths([d.path for d in asked.parameters], arms, "calibrate.parameters")
    with said_at(at(file, "calibrate.parameters")):
        for end in (0.0, 1.0):  # parameters that cannot be set, or whose ends do not fit together
            values = {d.path: d.of([end])[0] for d in asked.parameters}
            for arm in arms:
                experiment.at(arm, values)
    targets = read_targets(tables.targets, arms, next(iter(arms.values())).instruments, file)
    seed = experiment.seed % MOST_SEED if asked.seed is None else asked.seed
    return CalibrationConfig(
        experiment, asked.parameters, targets, asked.trials, seed, asked.fresh, asked.start
    )
