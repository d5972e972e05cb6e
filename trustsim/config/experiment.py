"""Experiments: arms that face the same luck, how often they run, and how.

An experiment file comes in, completed and frozen it goes out, and back to a file. That text holds
every parameter of the market, of all policies in a mix and of all instruments, so that it says what
was run even if a later version has other defaults; only parameters of mechanisms that are off in
all arms are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from unicodedata import normalize

import tomli_w

from trustsim.config.design import Design, check_paths, complete_design
from trustsim.config.dimensions import in_arm
from trustsim.config.drafts import SIDES
from trustsim.config.file import Change, ExperimentTables, read_experiment
from trustsim.config.models import KEPT, check_name, values_of, word
from trustsim.config.precision import Precision
from trustsim.config.scenario import Scenario
from trustsim.config.shipped import experiment_path
from trustsim.config.toml import inside, put
from trustsim.errors import ConfigError, at, known, said_at, shown
from trustsim.schema.checking import EXPERIMENTS, MARKETS, complete
from trustsim.schema.decisions import DECISION_OF, registered_rules, rule_named
from trustsim.schema.frozen import FrozenDict
from trustsim.schema.mechanisms import MECHANISMS, OWNERS, off_without
from trustsim.schema.translation import HIDDEN, read


def reading(name: str) -> str:
    """How a name reads: letters alike are the same, and so are blanks and underscores."""
    return " ".join(normalize("NFKC", name).casefold().replace("_", " ").split())


@dataclass(frozen=True, repr=False)
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
        market = complete(MARKETS, dict(market), off_without(self.without))
        vars(self).update(arms=FrozenDict(arms), sources=FrozenDict(self.sources))
        vars(self).update(market=market, design=complete_design(self.design, arms))
        if self.design is not None:
            check_paths(self.design.paths, self.arms, "design.parameters", self.market)

    def __repr__(self) -> str:
        many = str(self.replications) if self.precision is None else "as many as it takes"
        parts = [f"{len(self.arms)} arms ({', '.join(self.arms)})", f"baseline {self.baseline}"]
        if self.design is not None:
            parts.append(f"{self.design.method} over {', '.join(self.design.paths)}")
        numbers = f"{many} replications, {self.rounds} rounds, seed {self.seed}"
        return f"Experiment({self.name!r}: {', '.join(parts)}; {numbers})"

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
        return tuple(n for n in MECHANISMS if all(n in arm.without for arm in self.arms.values()))

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
        return replace(self, **changes)

    def to_toml(self) -> str:
        """Write the experiment with every parameter of what it uses; it loads back as the same.

        Raises
        ------
        ConfigError
            If the arms do not fit into one file, or a rule has no registered name.
        """
        common, arms = self.without, {}
        off = off_without(common)
        full = {name: arm.replace(without=common) for name, arm in self.arms.items()}
        first = next(iter(full.values()))
        for name, arm in full.items():
            for what in ("seed", "rounds", "instruments", "based_on"):
                if getattr(arm, what) != getattr(first, what):
                    said = what if what != "based_on" else "market to start from"
                    text = f"all arms of an experiment have the same {said}"
                    raise ConfigError(f"arms.{name}: {text}")
            own = self.arms[name].without
            market = _values(arm.market, off_without(own)).items()
            arms[name] = {
                **_listed([each for each in own if each not in common]),
                "buyer_mix": arm.buyer_mix,
                "supplier_mix": arm.supplier_mix,
                "market": {n: v for n, v in market if v != getattr(self.market, n)},
            }
        start = {"based_on": first.based_on, "instruments": list(first.instruments)}
        tables: dict[str, Any] = {
            **{key: getattr(self, key) for key in ("name", "question", *EXPERIMENTS.rows)},
            "baseline": self.baseline,
            **self.execution(),
            "market": {**start, **_listed(common), **_values(self.market, off)},
            "arms": arms,
            "policies": {f"{side}s": _policies(side, full, off) for side in SIDES},
            "instruments": {n: _values(row, off) for n, row in first.instruments.items()},
        }
        for keys, source in sorted(self.sources.items()):
            if inside(tables, keys) is not None:
                put(tables, ("sources", *keys), source)
        return tomli_w.dumps(tables)

    def execution(self) -> dict[str, Any]:
        """How it is run, as it stands in a file, where that is not as usual."""
        tables = {
            "keep": list(self.keep) if self.keep != KEPT else None,
            "run_timeout": self.run_timeout,
            "smallest_difference": self.smallest_difference,
            "precision": self.precision and dict(vars(self.precision)),
            "design": self.design and self.design.table(self.seed),
        }
        return {key: value for key, value in tables.items() if value is not None}


def load_experiment(path: str | Path, overrides: Iterable[Change] = ()) -> ExperimentConfig:
    """Read an experiment file and complete its arms.

    Parameters
    ----------
    path : path
        The TOML file, or the name of a shipped experiment.
    overrides : iterable of str
        Changes ``path=value``, as given to ``--set``, or pairs of a path and its value.

    Raises
    ------
    ConfigError
        If anything in it cannot be used: one message that names file, key, value, what is
        allowed and the nearest valid name.
    """
    return experiment_of(read_experiment(experiment_path(path), overrides))


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
    vars(config).update(sources=FrozenDict(experiment.sources(config.market, arms)))
    return config


def _listed(without: Iterable[str]) -> dict[str, Any]:
    return {"without": list(without)} if without else {}


def _values(record: Any, off: Collection[str], key: str = "") -> dict[str, Any]:
    """Parameters of a record, but those of mechanisms that are off; own rules by their names."""
    used = ((n, v) for n, v in record.model_dump().items() if OWNERS.get(n, "") not in off)
    return {name: _rule_name(name, v, key) if callable(v) else v for name, v in used}


def _policies(side: str, arms: Mapping[str, Any], off: Collection[str]) -> dict[str, Any]:
    """All parameters of the policies that are used, or that the author has written or changed."""
    users: dict[str, tuple[str, dict[str, Any]]] = {}
    for arm_name, arm in arms.items():
        own, shared = arm.draft.rows(SIDES[side]), arm.draft.shared
        names = [*getattr(arm, f"{side}_mix")]
        names += [n for n in own if n not in names and (*SIDES[side], n) not in shared]
        for name in names:
            key, base = ".".join((*SIDES[side], name)), word(own.get(name, {}), "based_on")
            names += [base] if base in own and base not in names else []
            row = {"based_on": base} if base else {}
            row |= _values(getattr(arm, f"{side}_policies")[name], off, key)
            user, other = users.setdefault(name, (arm_name, row))
            if other != row:
                text = f"the arms '{user}' and '{arm_name}' have different policies of this name"
                raise ConfigError(f"{key}: {text}; give one of them another name")
    return {name: row for name, (_, row) in users.items()}


def _rule_name(parameter: str, rule: Any, key: str) -> str:
    name, decision = getattr(rule, "__name__", ""), DECISION_OF[parameter]
    if name in registered_rules(decision) and rule_named(name) is rule:
        return str(name)
    text = "a function has no name that a file could hold; put"
    raise ConfigError(f'{key}.{parameter}: {text} @rule("{decision}") above its definition')
