"""Targets of a calibration: published figures that the means of a simulation are held against.

A target is a measure of one arm, or the ratio or the difference of two arms that met the same
luck, with a value, a tolerance and a source. Targets that are not fitted are predictions: they are
simulated and shown beside the others, but the search does not see them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from trustsim.config.models import check_name
from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.measures import MEASURES
from trustsim.schema.translation import Text, read

Side = Literal["value", "at_most", "at_least"]
SIDES: tuple[Side, ...] = ("value", "at_most", "at_least")
RELATIONS = ("over", "minus")
KEYS = ("measure", "arm", *RELATIONS, *SIDES, "tolerance", "unit", "source", "fitted")
SHARE_PREFIX = "instrument_share_"


@dataclass(frozen=True)
class Target:
    """A figure that simulated means are to come near.

    Attributes
    ----------
    name, measure, arm : str
        Its name, a measure of the registry, and the arm it is measured in.
    value : float
        The published figure.
    tolerance : float
        How far off is as good as right, in the unit of the target; above 0.
    side : {"value", "at_most", "at_least"}
        Whether `value` is to be met, or is a bound.
    relation : {"", "over", "minus"}
        With `other`: ratio or difference of two arms, run by run of the same luck.
    other : str
        The second arm, if there is a relation.
    unit, source : str
        Unit in words, and where the figure was published.
    fitted : bool
        Whether the search sees it.
    """

    name: str
    measure: str
    arm: str
    value: float
    tolerance: float
    side: Side = "value"
    relation: str = ""
    other: str = ""
    unit: str = ""
    source: str = ""
    fitted: bool = True

    def of(self, runs: pd.DataFrame) -> pd.Series:
        """Give what each run shows.

        Parameters
        ----------
        runs : DataFrame
            A row per run that did not fail: arm, replicate and measures.

        Returns
        -------
        Series
            By replicate; missing (NaN) where there was nothing to measure.
        """
        here = _measured(runs, self.arm, self.measure)
        if not self.relation:
            return here
        there = _measured(runs, self.other, self.measure).reindex(here.index)
        with np.errstate(divide="ignore", invalid="ignore"):
            result = here / there if self.relation == "over" else here - there
        return result.where(np.isfinite(result))

    def misfit(self, simulated: Any) -> Any:
        """Give how far a simulated mean is off, in tolerances.

        Returns
        -------
        float or ndarray
            Positive above the target, negative below; 0 within a bound; infinite if missing.
        """
        off = (np.asarray(simulated, float) - self.value) / self.tolerance
        if self.side == "at_most":
            off = np.maximum(off, 0.0)
        elif self.side == "at_least":
            off = np.minimum(off, 0.0)
        return np.where(np.isnan(off), np.inf, off)[()]

    def table(self) -> dict[str, Any]:
        """Give the target as it stands in a file."""
        result: dict[str, Any] = {"measure": self.measure, "arm": self.arm}
        if self.relation:
            result[self.relation] = self.other
        return {
            **result,
            self.side: self.value,
            "tolerance": self.tolerance,
            "unit": self.unit,
            "source": self.source,
            "fitted": self.fitted,
        }


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes
    ----------
    values : dict
        Values of the free parameters by path.
    simulated : dict of float
        Simulated mean of every target by name.
    loss : float
        Sum of squared misfits; infinite if a fitted target could not be measured.
    failed : int
        Runs that failed.
    error : str
        Why the first of them failed.
    """

    values: dict[str, Any]
    simulated: dict[str, float]
    loss: float
    failed: int = 0
    error: str = ""


def best_of(trials: Iterable[Trial]) -> Trial:
    """The trial of the least loss, the first of them if there are several."""
    return min(trials, key=lambda trial: trial.loss)


def mean_of(values: pd.Series) -> float:
    """Mean over runs, leaving out those with nothing to measure; missing if there are none."""
    return float(values.mean())


def loss_of(targets: Iterable[Target], simulated: Mapping[str, float]) -> float:
    """Sum of squared misfits over the targets that are fitted; infinite if one is missing."""
    return sum(float(t.misfit(simulated[t.name])) ** 2 for t in targets if t.fitted)


def read_targets(
    table: object, arms: Collection[str], instruments: Iterable[str], file: str = ""
) -> tuple[Target, ...]:
    """Read the tables ``[targets.<name>]`` of a calibration.

    Parameters
    ----------
    table : mapping
        Tables of targets by name.
    arms, instruments : collection of str
        Arms and payment instruments of the experiment.
    file : str
        For messages.

    Raises
    ------
    ConfigError
        For anything in them that cannot be used.
    """
    if not isinstance(table, Mapping) or not table:
        raise ConfigError(
            at(file, "targets", table, given=table is not None)
            + "a calibration needs a table per target, such as [targets.share] with measure, arm, "
            "value, tolerance and source"
        )
    measures = [*MEASURES, *(f"{SHARE_PREFIX}{name}" for name in instruments)]
    result = tuple(
        _target(check_name(name, "a target", "targets", file), row, arms, measures, file)
        for name, row in table.items()
    )
    if not any(target.fitted for target in result):
        raise ConfigError(at(file, "targets") + "none of them is fitted; there is nothing to fit")
    return result


def _measured(runs: pd.DataFrame, arm: str, measure: str) -> pd.Series:
    """Give a measure of one arm by replicate; nothing if all its runs failed."""
    if runs.empty:
        return pd.Series([], pd.Index([], name="replicate", dtype=np.int64), dtype=np.float64)
    here = runs[runs["arm"] == arm]
    return here.set_index("replicate")[measure].astype(float).sort_index()


def _target(
    name: str, row: object, arms: Collection[str], measures: Collection[str], file: str
) -> Target:
    key = f"targets.{name}"
    if not isinstance(row, Mapping):
        raise ConfigError(at(file, key, row, given=True) + f"must be a table, as in [{key}]")

    def refuse(word: str, what: str) -> ConfigError:
        return ConfigError(at(file, f"{key}.{word}", row.get(word), given=word in row) + what)

    def one_of(word: str, names: Collection[str], what: str) -> str:
        value = row.get(word)
        if not isinstance(value, str) or value not in names:
            raise refuse(word, f"{what}{suggestion(value, names)}")
        return value

    for word in row:
        if word not in KEYS:
            raise refuse(word, "unknown key" + suggestion(word, KEYS))
    side = _only(row, SIDES, key, file, needed=True)
    relation = _only(row, RELATIONS, key, file, needed=False)
    value, tolerance = _number(row, side, refuse), _number(row, "tolerance", refuse)
    if tolerance <= 0:
        raise refuse("tolerance", "must be above 0: how far off is as good as right")
    measure = one_of("measure", measures, "no such measure")
    arm = one_of("arm", arms, "no such arm")
    other = one_of(relation, arms, "no such arm") if relation else ""
    if other == arm:
        raise refuse(relation, "is the same arm; the other arm belongs here")
    source = read(Text, row.get("source", ""), f"{key}.source", file)
    if not source.strip():
        raise refuse("source", "every figure has a source: a publication, or whose it is")
    fitted = row.get("fitted", True)
    if not isinstance(fitted, bool):
        raise refuse("fitted", "allowed: true or false")
    unit = MEASURES[measure].unit if measure in MEASURES else "share of orders"
    unit = read(Text, row.get("unit", "ratio" if relation == "over" else unit), f"{key}.unit", file)
    return Target(
        name, measure, arm, value, tolerance, _side(side), relation, other, unit, source, fitted
    )


def _only(
    row: Mapping[str, Any], words: Collection[str], key: str, file: str, *, needed: bool
) -> str:
    """Give the one of some keys that a table holds."""
    there = [word for word in words if word in row]
    if len(there) > 1 or (needed and not there):
        count = "exactly one" if needed else "at most one"
        given = f"has {' and '.join(there)}" if there else "has none of them"
        raise ConfigError(at(file, key) + f"needs {count} of {', '.join(words)}, and {given}")
    return there[0] if there else ""


def _side(word: str) -> Side:
    return next(side for side in SIDES if side == word)


def _number(row: Mapping[str, Any], word: str, refuse: Any) -> float:
    value = row.get(word)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise refuse(word, f"allowed: a finite number, not {shown(value)}")
    return float(value)
