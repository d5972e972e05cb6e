"""The calibration file: an experiment, which of its parameters are free, and the targets.

A file comes in, a calibration goes out. The experiment part is that of `trustsim.config.models`;
here belong the tables ``[calibrate]`` and ``[targets.<name>]`` that stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tomli_w
from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from trustsim.calibration.targets import Target, read_targets
from trustsim.config.dimensions import Dimension, read_dimensions, read_value
from trustsim.config.experiment import ExperimentConfig, experiment_of, load_experiment
from trustsim.config.file import read_experiment
from trustsim.config.models import ExperimentFile
from trustsim.config.paths import path_of
from trustsim.errors import ConfigError, at, suggestion
from trustsim.schema.checking import MOST_REPLICATES
from trustsim.schema.translation import HIDDEN, Refusal, Table, leaves, read, whole

MOST_SEED = 2**31 - 1
Trials = Annotated[int, whole(1, 10_000)]


def _dimensions(table: Any, info: ValidationInfo) -> tuple[Dimension, ...]:
    return read_dimensions(table, "calibrate.parameters", (info.context or {})["file"])


class CalibrateTable(Table):
    """``[calibrate]``."""

    parameters: Annotated[Any, BeforeValidator(_dimensions)] = Field(HIDDEN, validate_default=True)
    start: dict[str, Any] = Field(default={})
    trials: Trials = 100
    seed: Annotated[int | None, whole(0, MOST_SEED)] = None
    fresh: Annotated[int, whole(2, 100_000)] = 64

    @model_validator(mode="after")
    def _refuse_distributions(self) -> CalibrateTable:
        for dimension in self.parameters:
            if dimension.distribution != "uniform" or dimension.levels:
                word = "levels" if dimension.levels else "distribution"
                text = (
                    "a calibration searches a range, all of which counts alike; give low, high and "
                    'perhaps scale = "log"'
                )
                raise Refusal(text, "parameters", dimension.path, word)
        return self

    @model_validator(mode="after")
    def _read_start(self, info: ValidationInfo) -> CalibrateTable:
        """Check the values of the first trial: one for every free parameter, within its range."""
        given = dict(leaves(self.start))
        paths = [dimension.path for dimension in self.parameters]
        for path in given:
            if path not in paths:
                text = f"is no free parameter{suggestion(path, paths)}"
                raise Refusal(text, "start", path, value=given[path])
        self.start.clear()
        for dimension in self.parameters if given else ():
            path = dimension.path
            if path not in given:
                raise Refusal("is missing; a start has a value for each parameter", "start", path)
            file = (info.context or {})["file"]
            value = read_value(path, given[path], f"calibrate.start.{path}", file)
            within = dimension.low <= value <= dimension.high if not dimension.values else None
            if within is False or (within is None and value not in dimension.values):
                raise Refusal("lies outside the range searched", "start", path, value=value)
            self.start[path] = value
        return self


def _needed(table: Any) -> Any:
    if not isinstance(table, Mapping):
        raise ValueError(
            "a calibration needs [calibrate.parameters] with at least one range, such as "
            "market.tender_hours = { low = 0.5, high = 5.0 }"
        )
    return table


class CalibrationTables(Table):
    """What stands beside the experiment."""

    calibrate: Annotated[CalibrateTable, BeforeValidator(_needed)] = Field(
        HIDDEN, validate_default=True
    )
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
    start: Mapping[str, Any] | None = None

    def with_trials(self, trials: int | None) -> CalibrationConfig:
        """Give a copy with another number of trials; the same if None."""
        if trials is None:
            return self
        return replace(self, trials=read(Trials, trials, "trials"))

    @property
    def paths(self) -> list[str]:
        """Paths of the free parameters."""
        return [dimension.path for dimension in self.dimensions]

    def tables(self) -> dict[str, Any]:
        """Give what stands beside the experiment in the file, complete."""
        calibrate: dict[str, Any] = {"trials": self.trials, "seed": self.seed, "fresh": self.fresh}
        if self.start:
            calibrate["start"] = dict(self.start)
        calibrate["parameters"] = {d.path: d.table() for d in self.dimensions}
        return {"calibrate": calibrate, "targets": {t.name: t.table() for t in self.targets}}

    def to_toml(self) -> str:
        """Write what stands beside the experiment."""
        return tomli_w.dumps(self.tables())


def load_calibration(path: str | Path, overrides: Iterable[str] = ()) -> CalibrationConfig:
    """Read a calibration file.

    Parameters
    ----------
    path : path
        The TOML file.
    overrides : iterable of str
        Changes ``path=value``, as given to ``--set``.

    Raises
    ------
    ConfigError
        If anything in it cannot be used.
    """
    experiment = read_experiment(path_of(path), overrides, CalibrationFile)
    return _calibration(experiment_of(experiment), experiment.tables, str(path))


def load_written(experiment: Path, calibration: Mapping[str, Any], file: str) -> CalibrationConfig:
    """Read a calibration again that was written in two files, experiment and tables."""
    tables = read(CalibrationTables, calibration, "", file)
    return _calibration(load_experiment(experiment), tables, file)


def _calibration(experiment: ExperimentConfig, tables: Any, file: str) -> CalibrationConfig:
    if experiment.design is not None:
        raise ConfigError(
            at(file, "design") + "a calibration searches for itself; free parameters and their "
            "ranges stand in [calibrate.parameters]"
        )
    if experiment.precision is not None:
        raise ConfigError(
            at(file, "precision") + "the trials of a calibration share the same luck; give the "
            "number of their replicates as replications = 16"
        )
    asked = tables.calibrate
    if experiment.replications + asked.fresh > MOST_REPLICATES:
        raise ConfigError(at(file, "calibrate.fresh", asked.fresh, given=True) + "too many")
    for end in (0.0, 1.0):  # parameters that cannot be set, or whose ends do not fit together
        values = {d.path: d.of([end])[0] for d in asked.parameters}
        for arm in experiment.arms:
            try:
                experiment.at(arm, values)
            except ConfigError as error:
                raise ConfigError(at(file, "calibrate.parameters") + str(error)) from None
    instruments = next(iter(experiment.arms.values())).instruments
    return CalibrationConfig(
        experiment,
        asked.parameters,
        read_targets(tables.targets, experiment.arms, instruments, file),
        trials=asked.trials,
        seed=experiment.seed % MOST_SEED if asked.seed is None else asked.seed,
        fresh=asked.fresh,
        start=asked.start,
    )
