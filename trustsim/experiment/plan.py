"""What an experiment consists of: every arm, at every design point, with every replicate.

An experiment without a design has one point, number 0. Points are sampled in the unit cube, by
SciPy's quasi-Monte Carlo generators and by SALib, and become values of parameters through the
inverse distribution functions of their dimensions. A plan lists the runs without an object per
run, so that a million of them cost little.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from trustsim import __version__
from trustsim.config.design import Design
from trustsim.config.experiment import ExperimentConfig
from trustsim.config.scenario import RUN_ID_LENGTH, Scenario
from trustsim.errors import ConfigError

Places = npt.NDArray[np.int64]
SCENARIOS_KEPT = 4096
"""Scenarios of recent runs that are kept, so that replicates of a point share theirs."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: an arm at a design point with the luck of one replicate."""

    arm: str
    point: int
    replicate: int
    run_id: str


def unit_sample(design: Design, seed: int) -> npt.NDArray[np.float64]:
    """Sample the unit cube as a design asks for.

    Parameters
    ----------
    design : Design
        Of one of the sampled methods.
    seed : int
        Used if the design has no seed of its own.

    Returns
    -------
    ndarray of float, shape (points, dimensions)
        From 0 to 1. Rows of ``sobol`` are in the order of SALib without second-order indices: each
        base point, its hybrids and its partner, ``N (d + 2)`` in all; those of ``morris`` are
        trajectories of ``d + 1`` rows.

    Raises
    ------
    ConfigError
        If SALib is needed and not installed.
    """
    from scipy.stats import qmc

    seed = seed if design.seed is None else design.seed
    count = len(design.dimensions)
    if design.method == "latin_hypercube":
        blocks = [
            qmc.LatinHypercube(count, rng=np.random.default_rng([seed, place])).random(block)
            for place, block in enumerate(design.points)
        ]
        return np.concatenate(blocks)
    if design.method == "sobol_sequence":
        return np.asarray(qmc.Sobol(count, rng=np.random.default_rng(seed)).random(*design.points))
    problem = {"num_vars": count, "names": design.paths, "bounds": [[0.0, 1.0]] * count}
    sobol, morris = _samplers()
    rng = np.random.default_rng(seed)
    if design.method == "sobol":
        result = sobol.sample(problem, *design.points, calc_second_order=False, seed=rng)
    else:
        result = morris.sample(problem, *design.points, num_levels=design.levels, seed=rng)
    return np.asarray(result, float)


def points_table(design: Design | None, seed: int) -> pd.DataFrame:
    """Values of all parameters that vary, a row per design point and a column per path."""
    if design is None:
        return pd.DataFrame(index=range(1))
    dimensions = design.dimensions
    columns: list[npt.NDArray[Any]]
    if design.method == "grid":
        values = [dimension.spread() for dimension in dimensions]
        which = np.indices([len(v) for v in values]).reshape(len(values), -1)
        columns = [v[place] for v, place in zip(values, which, strict=True)]
    elif design.method in ("list", "zip", "ablation"):
        columns = [dimension.spread() for dimension in dimensions]
    else:
        sample = unit_sample(design, seed)
        columns = [dimension.of(sample[:, place]) for place, dimension in enumerate(dimensions)]
    return pd.DataFrame(dict(zip(design.paths, columns, strict=True)))


def scenario_of(config: ExperimentConfig, run: Run) -> Scenario:
    """Scenario of a run."""
    if config.design is None:
        return config.arms[run.arm]
    return _scenario_at(_Same(config), run.arm, run.point)


class Plan:
    """All runs of an experiment, numbered in the order in which they stand in tables.

    Run number ``(arm * points + point) * replications + replicate`` is a place.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment.

    Attributes
    ----------
    arms : tuple of str
        Arms in the order of the experiment.
    table : DataFrame
        Values of the parameters that vary: a row per point, a column per path.
    points, replications : int
        Design points, and runs of every arm at each of them.
    """

    def __init__(self, config: ExperimentConfig) -> None:
        self.config = config
        self.arms = tuple(config.arms)
        self.table = _table_of(_Same(config))
        self.points = len(self.table)
        self.replications = config.replications

    def __len__(self) -> int:
        return len(self.arms) * self.points * self.replications

    @cached_property
    def ids(self) -> npt.NDArray[np.bytes_]:
        """Ids of all runs, in the order of their places, as ASCII."""
        result = np.empty(len(self), f"S{RUN_ID_LENGTH}")
        numbers = [f"\n{n}\n{__version__}".encode() for n in range(self.replications)]
        place = 0
        for arm in self.arms:
            scenario = self.config.arms[arm].canonical.encode()
            for key in self._keys:
                start = hashlib.sha256(scenario + key)
                for number in numbers:
                    whole = start.copy()
                    whole.update(number)
                    result[place] = whole.hexdigest()[:RUN_ID_LENGTH]
                    place += 1
        return result

    def run(self, place: int) -> Run:
        """Give the run at a place."""
        rest, replicate = divmod(int(place), self.replications)
        arm, point = divmod(rest, self.points)
        return Run(self.arms[arm], point, replicate, self.ids[place].decode())

    def runs(self, places: Places) -> Runs:
        """Give the runs at places, one after the other as they are asked for."""
        return Runs(self, places)

    def place_of(self, run_id: str) -> int | None:
        """Give the place of a run, if the plan has it."""
        result = np.flatnonzero(self.ids == run_id.encode()[: RUN_ID_LENGTH + 1])
        return int(result[0]) if len(result) else None

    def columns(self, places: Places) -> dict[str, Any]:
        """Say of runs which they are.

        Parameters
        ----------
        places : ndarray of int, shape (n,)

        Returns
        -------
        dict of str to pyarrow Array, shape (n,)
            Arm, point, replicate, and every parameter that varies by its path.
        """
        rest, replicate = np.divmod(np.asarray(places, np.int64), self.replications)
        arm, point = np.divmod(rest, self.points)
        columns = {
            "arm": pa.array(self.arms).take(pa.array(arm)),
            "point": pa.array(point),
            "replicate": pa.array(replicate),
        }
        return columns | {
            str(path): pa.array(values.to_numpy()).take(pa.array(point))
            for path, values in self.table.items()
        }

    def order(self, first: int, last: int) -> Places:
        """Places of the replicates from `first` up to (not with) `last` in order of execution.

        All arms of a replicate stand together, and all runs of a point, so that an experiment
        that is stopped early has pairs to compare, at whole points.
        """
        shape = (len(self.arms), self.points, self.replications)
        places = np.arange(len(self), dtype=np.int64).reshape(shape)[:, :, first:last]
        return np.ascontiguousarray(places.transpose(1, 2, 0)).reshape(-1)

    def asked(self, replications: int, there: npt.NDArray[np.bytes_]) -> int:
        """Count the runs of the first replications, and of those that some arm has already."""
        known = np.isin(self.ids, there).reshape(len(self.arms), self.points, self.replications)
        pairs = np.asarray(known.any(axis=0))
        pairs[:, :replications] = True
        return len(self.arms) * int(pairs.sum())

    def holds(self, other: Plan) -> bool:
        """Whether every point of another plan is one of this one's too."""
        return set(other._keys) <= set(self._keys)

    @cached_property
    def _keys(self) -> list[bytes]:
        """What tells the points apart: their values, and which time these occur."""
        if self.config.design is None:
            return [b""]
        seen: Counter[str] = Counter()
        keys = []
        columns = sorted(_columns_of(_Same(self.config)).items())
        paths = [path for path, _ in columns]
        for values in zip(*(column for _, column in columns), strict=True):
            text = json.dumps(list(zip(paths, values, strict=True)))
            seen[text] += 1
            keys.append(f"\n{text}\n{seen[text]}".encode())
        return keys


@dataclass(frozen=True)
class Runs:
    """Runs of a plan that are made when they are drawn, and whose number is known."""

    plan: Plan
    places: Places

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Run]:
        return map(self.plan.run, self.places)


class _Same:
    """A key for caches: the very same arms and design, whatever the number of replications."""

    def __init__(self, config: ExperimentConfig) -> None:
        self.config = config
        self.parts = (id(config.design), *map(id, config.arms.values()))

    def __hash__(self) -> int:
        return hash(self.parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.parts == self.parts


@lru_cache(maxsize=8)
def _table_of(same: _Same) -> pd.DataFrame:
    return points_table(same.config.design, same.config.seed)


@lru_cache(maxsize=8)
def _columns_of(same: _Same) -> dict[str, list[Any]]:
    """Points by path, as plain Python values."""
    return {str(path): column.tolist() for path, column in _table_of(same).items()}


@lru_cache(maxsize=SCENARIOS_KEPT)
def _scenario_at(same: _Same, arm: str, point: int) -> Scenario:
    values = {path: column[point] for path, column in _columns_of(same).items()}
    return same.config.at(arm, values)


def _samplers() -> tuple[Any, Any]:
    try:
        from SALib.sample import morris, sobol
    except ImportError:
        raise ConfigError(
            "designs of the methods sobol and morris need SALib, which is not installed: "
            "pip install trustsim[sensitivity]"
        ) from None
    return sobol, morris
