"""The calibration file: an experiment, which of its parameters are free, and the targets.

The experiment part is read by `trustsim.config.scenario`; here belong the tables ``[calibrate]``
and ``[targets.<name>]`` that stand beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w

from trustsim.calibration.targets import Target, read_targets
from trustsim.config.file import read_experiment_beside
from trustsim.config.scenario import ExperimentConfig, load_experiment, resolved
from trustsim.config.space import Dimension, read_dimensions, read_value
from trustsim.errors import ConfigError, at, suggestion
from trustsim.schema.checking import MOST_REPLICATES

TABLES = ("calibrate", "targets")
KEYS = ("parameters", "start", "trials", "seed", "fresh")
TRIALS, FRESH = 100, 64
MOST_TRIALS, MOST_FRESH = 10_000, 100_000
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class CalibrationConfig:
    """A calibration, resolved.

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
    trials: int = TRIALS
    seed: int = 1
    fresh: int = FRESH
    start: Mapping[str, Any] | None = None

    def with_trials(self, trials: int | None) -> CalibrationConfig:
        """Give a copy with another number of trials; the same if None."""
        if trials is None:
            return self
        return replace(self, trials=_whole(trials, "trials", 1, MOST_TRIALS, ""))

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
    tables, beside = read_experiment_beside(Path(path), overrides, TABLES)
    return _calibration(resolved(tables), beside, str(path))


def load_resolved(experiment: Path, calibration: Mapping[str, Any], file: str) -> CalibrationConfig:
    """Read a calibration again that was written in two files, experiment and tables."""
    return _calibration(load_experiment(experiment), calibration, file)


def _calibration(
    experiment: ExperimentConfig, beside: Mapping[str, Any], file: str
) -> CalibrationConfig:
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
    table = beside.get("calibrate")
    if not isinstance(table, Mapping):
        raise ConfigError(
            at(file, "calibrate", table, given=table is not None)
            + "a calibration needs [calibrate.parameters] with at least one range, such as "
            "market.tender_hours = { low = 0.5, high = 5.0 }"
        )
    for word, value in table.items():
        if word not in KEYS:
            raise ConfigError(
                at(file, f"calibrate.{word}", value, given=True)
                + f"unknown key{suggestion(word, KEYS)}"
            )
    dimensions = read_dimensions(table.get("parameters"), "calibrate.parameters", file)
    _refuse_distributions(dimensions, file)
    instruments = next(iter(experiment.arms.values())).instruments
    found = CalibrationConfig(
        experiment,
        dimensions,
        read_targets(beside.get("targets"), experiment.arms, instruments, file),
        trials=_number(table, "trials", TRIALS, 1, MOST_TRIALS, file),
        seed=_number(table, "seed", experiment.seed % MOST_SEED, 0, MOST_SEED, file),
        fresh=_number(table, "fresh", FRESH, 2, MOST_FRESH, file),
        start=_start(table.get("start", {}), dimensions, file),
    )
    if experiment.replications + found.fresh > MOST_REPLICATES:
        raise ConfigError(at(file, "calibrate.fresh", found.fresh, given=True) + "too many")
    _refuse_what_the_arms_lack(found, file)
    return found


def _refuse_distributions(dimensions: Collection[Dimension], file: str) -> None:
    for dimension in dimensions:
        if dimension.distribution != "uniform" or dimension.levels:
            word = "levels" if dimension.levels else "distribution"
            raise ConfigError(
                at(file, f"calibrate.parameters.{dimension.path}.{word}")
                + "a calibration searches a range, all of which counts alike; give low, high and "
                'perhaps scale = "log"'
            )


def _refuse_what_the_arms_lack(config: CalibrationConfig, file: str) -> None:
    """Refuse parameters that cannot be set, or whose ends do not fit together."""
    for end in (0.0, 1.0):
        values = {d.path: d.of([end])[0] for d in config.dimensions}
        for arm in config.experiment.arms:
            try:
                config.experiment.at(arm, values)
            except ConfigError as error:
                raise ConfigError(at(file, "calibrate.parameters") + str(error)) from None


def _start(table: object, dimensions: Collection[Dimension], file: str) -> dict[str, Any]:
    """Read the values of the first trial: one for every free parameter, within its range."""
    if not isinstance(table, Mapping):
        raise ConfigError(at(file, "calibrate.start", table, given=True) + "must be a table")
    given = dict(_flat(table, ()))
    paths = [dimension.path for dimension in dimensions]
    for path, value in given.items():
        if path not in paths:
            raise ConfigError(
                at(file, f"calibrate.start.{path}", value, given=True)
                + f"is no free parameter{suggestion(path, paths)}"
            )
    for dimension in dimensions if given else ():
        key = f"calibrate.start.{dimension.path}"
        if dimension.path not in given:
            raise ConfigError(at(file, key) + "is missing; a start has a value for each parameter")
        value = read_value(dimension.path, given[dimension.path], key, file)
        outside = (
            value not in dimension.values
            if dimension.values
            else not dimension.low <= value <= dimension.high
        )
        if outside:
            raise ConfigError(at(file, key, value, given=True) + "lies outside the range searched")
        given[dimension.path] = value
    return {path: given[path] for path in paths if path in given}


def _flat(table: Mapping[str, Any], above: tuple[str, ...]) -> Iterable[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*above, name))
        else:
            yield ".".join((*above, name)), value


def _number(
    table: Mapping[str, Any], word: str, default: int, low: int, high: int, file: str
) -> int:
    return _whole(table.get(word, default), f"calibrate.{word}", low, high, file)


def _whole(value: object, key: str, low: int, high: int, file: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(
            at(file, key, value, given=True) + f"allowed: a whole number from {low} to {high}"
        )
    return value
