"""Experiments: arms that face the same luck, how often they run, and how.

An experiment file comes in, completed and frozen it goes out, and back to a file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Self
from unicodedata import normalize

from trustsim.config.design import Design, check_paths, complete_design
from trustsim.config.dimensions import in_arm
from trustsim.config.file import Change, ExperimentTables, read_experiment
from trustsim.config.models import KEPT, check_name, values_of
from trustsim.config.paths import path_of
from trustsim.config.precision import Precision
from trustsim.config.scenario import Scenario
from trustsim.config.writing import experiment_toml
from trustsim.errors import ConfigError, at, known, said_at, shown
from trustsim.schema.checking import EXPERIMENTS, MARKETS, complete
from trustsim.schema.frozen import FrozenDict
from trustsim.schema.mechanisms import off_without
from trustsim.schema.translation import HIDDEN, read


def reading(name: str) -> str:
    """How a name reads: letters alike are the same, and so are blanks and underscores."""
    return " ".join(normalize("NFKC", name).casefold().replace("_", " ").split())


@dataclass(frozen=True)
class ExperimentConfig:
    """An experiment: arms that face the same luck, how often, and how it is run.

    Attributes
    ----------
    name, question : str
        Its name, and what it is to answer.
    arms : dict of Scenario
        One scenario per arm, in order.
    baseline : str
        The arm that the others are compared with.
    replications : int
        Runs of every arm at every design point, paired by their number; with a rule of precision
        those before the first look.
    market : record
        Market of all arms, before what an arm changes in it; that of the first arm if not given.
    sources : dict
        Sources given for single values, by the keys that lead to the value.
    design : Design or None
        Points of the parameter space to visit; None for the single point that the file describes.
    precision : Precision or None
        When there are enough replications; None for a fixed number.
    run_timeout : float or None
        Longest time that one run may take, seconds; a run that takes longer fails.
    keep : tuple of str
        Which of `trustsim.config.models.TABLES` are kept; the table of runs always is.
    smallest_difference : float or None
        Smallest difference in total cost that matters, money per accepted lot.
    """

    name: str
    arms: dict[str, Scenario]
    baseline: str
    replications: int = 200
    question: str = ""
    market: Any = None
    sources: dict[tuple[str, ...], str] = field(default_factory=dict)
    _: KW_ONLY
    design: Design | None = None
    precision: Precision | None = None
    run_timeout: float | None = None
    keep: tuple[str, ...] = KEPT
    smallest_difference: float | None = None

    def __post_init__(self) -> None:
        if not self.arms:
            example = "[arms.high_trust] with buyer_mix = { high_trust = 1.0 }"
            text = "arms: there is none; an experiment needs at least one, such as"
            raise ConfigError(f"{text} {example}")
        where = at("", "baseline", self.baseline, given=True)
        known(self.baseline, self.arms, f"{where}no such arm")
        alike: dict[str, str] = {}
        for name in self.arms:
            check_name(name, "an arm", "arms")
            other = alike.setdefault(reading(name), name)
            if other != name:
                said = f"reads like the arm {shown(other)}; give one of them another name"
                raise ConfigError(f"arms: {shown(name)} {said}")
        read(EXPERIMENTS.model, {"replications": self.replications})
        if self.precision is not None and len(self.arms) < 2:
            raise ConfigError("precision: is that of a difference, and needs a second arm")
        arms = {n: arm if arm.name == n else arm.replace(name=n) for n, arm in self.arms.items()}
        market = next(iter(arms.values())).market if self.market is None else self.market
        object.__setattr__(self, "arms", FrozenDict(arms))
        object.__setattr__(self, "sources", FrozenDict(self.sources))
        market = complete(MARKETS, dict(market), off_without(self.without))
        object.__setattr__(self, "market", market)
        object.__setattr__(self, "design", complete_design(self.design, arms))
        if self.design is not None:
            check_paths(self.design.paths, self.arms, "design.parameters", self.market)

    @property
    def seed(self) -> int:
        """Seed of all arms."""
        return next(iter(self.arms.values())).seed

    @property
    def rounds(self) -> int:
        """Length of every run."""
        return next(iter(self.arms.values())).rounds

    @property
    def without(self) -> tuple[str, ...]:
        """Mechanisms that are switched off in all arms."""
        first, *others = (arm.without for arm in self.arms.values())
        return tuple(name for name in first if all(name in other for other in others))

    def at(self, arm: str, values: Mapping[str, Any]) -> Scenario:
        """Give the scenario of an arm with other values of parameters, by their paths."""
        own = ((in_arm(path), value) for path, value in values.items())
        here = {".".join(keys): value for (owner, keys), value in own if owner in ("", arm)}
        return self.arms[arm].at(here)

    def replace(self, *, replications: int | None = None, seed: int | None = None) -> Self:
        """Give a copy with another seed, or a fixed number of replications."""
        changes: dict[str, Any] = {}
        if seed is not None:
            changes["arms"] = {name: arm.replace(seed=seed) for name, arm in self.arms.items()}
        if replications is not None:
            changes |= {"replications": replications, "precision": None}
        return dataclasses.replace(self, **changes)

    def to_toml(self) -> str:
        """Write the experiment with every parameter of what it uses; it loads back as the same.

        Raises
        ------
        ConfigError
            If the arms do not fit into one file, or a rule has no registered name.
        """
        return experiment_toml(self)


def load_experiment(path: str | Path, overrides: Iterable[Change] = ()) -> ExperimentConfig:
    """Read an experiment file and complete its arms.

    Parameters
    ----------
    path : path
        The TOML file.
    overrides : iterable of str
        Changes ``path=value``, as given to ``--set``, or pairs of a path and its value.

    Raises
    ------
    ConfigError
        If anything in it cannot be used: one message that names file, key, value, what is
        allowed and the nearest valid name.
    """
    return experiment_of(read_experiment(path_of(path), overrides))


def experiment_of(experiment: ExperimentTables) -> ExperimentConfig:
    """Complete the arms of an experiment file."""
    tables, file = experiment.tables, experiment.file
    arms = {name: Scenario.of(draft) for name, draft in experiment.arms.items()}
    replications = tables.replications
    if tables.precision is not None and "replications" not in tables.model_fields_set:
        replications = tables.precision.start
    as_written = ("question", "design", "precision", "run_timeout", "keep", "smallest_difference")
    with said_at(f"{file}: "):
        config = ExperimentConfig(
            tables.name or Path(file).stem,
            arms,
            next(iter(arms), "") if tables.baseline is HIDDEN else tables.baseline,
            replications,
            market=complete(MARKETS, values_of(experiment.common.whole.market)),
            **{key: getattr(tables, key) for key in as_written},
        )
    experiment.refuse_forgotten(arms)
    sources = experiment.sources(config.market, arms)
    object.__setattr__(config, "sources", FrozenDict(sources))
    return config
