"""Scenarios: a market, the policies in it and the payment instruments, resolved and frozen.

One scenario and the number of a replicate determine a run, bit for bit. Scenarios are made in
Python (`Scenario`) or come from the arms of an experiment file (`load_experiment`).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from trustsim import __version__
from trustsim.config.entries import Entry, check_name
from trustsim.config.file import ExperimentTables, read_experiment, refuse_forgotten
from trustsim.config.given import (
    DEFAULT_MARKET,
    Given,
    Keys,
    built_in_sources,
    completed,
    entries,
    given_at,
    market_of,
    sides,
)
from trustsim.config.options import Settings, check_settings, of_arm
from trustsim.config.writing import experiment_toml
from trustsim.engine.fingerprint import scenario_text
from trustsim.errors import ConfigError, at, suggestion
from trustsim.schema.checking import (
    BUYERS,
    EXPERIMENTS,
    INSTRUMENTS,
    MARKETS,
    MOST_REPLICATES,
    SUPPLIERS,
    check,
)

RUN_ID_LENGTH = 16
PYTHON = Keys()
"""Keys of a scenario that is made in Python."""


@dataclass(frozen=True, init=False, repr=False)
class Scenario:
    """One frozen market with its policies: all that a run needs but the replicate's number.

    Parameters
    ----------
    buyer_mix, supplier_mix : str or mapping of str to float, optional
        Shares of policies, which add up to 1; a name alone means all of them. The market's own
        mixes if not given.
    market : str
        A built-in market.
    rounds : int
        Ordering cycles to simulate.
    seed : int
        Seed of all named luck.
    policies : mapping, optional
        ``{"buyers": {name: parameters}, "suppliers": {...}}``: new policies, or changes to
        built-in ones. ``based_on`` names the policy to start from. The value of a rule is a name
        or a function of your own.
    instruments : mapping or sequence of str, optional
        A mapping of names to parameters defines instruments beside the market's own; a sequence
        of names selects those that can be used.
    name : str, optional
        Name of the scenario; that of its buyers' policy if not given.
    **market_parameters
        Any parameter of the market.

    Attributes
    ----------
    market : record
        Every market parameter as an attribute.
    buyer_policies, supplier_policies, instruments : dict
        Records by name, every parameter as an attribute. All policies that are known; the mixes
        say which are used.

    Raises
    ------
    ConfigError
        For unknown names, values out of bounds and shares that do not add up.

    Examples
    --------
    >>> calm = Scenario("high_trust", rounds=24, buyers=50)
    >>> calm.market.buyers, calm.buyer_mix
    (50, {'high_trust': 1.0})
    """

    name: str
    rounds: int
    seed: int
    market: Any
    buyer_mix: dict[str, float]
    supplier_mix: dict[str, float]
    buyer_policies: dict[str, Any]
    supplier_policies: dict[str, Any]
    instruments: dict[str, Any]
    given: Given = field(compare=False)

    def __init__(
        self,
        buyer_mix: str | Mapping[str, float] | None = None,
        *,
        supplier_mix: str | Mapping[str, float] | None = None,
        market: str = DEFAULT_MARKET,
        rounds: int = 120,
        seed: int = 1,
        policies: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
        instruments: Mapping[str, Mapping[str, Any]] | Sequence[str] | None = None,
        name: str | None = None,
        **market_parameters: Any,
    ) -> None:
        defines = isinstance(instruments, Mapping)
        policies = sides(policies)
        self._complete(
            Given(
                name="" if name is None else check_name(name, "a scenario", "name"),
                based_on=market,
                numbers=check(EXPERIMENTS, {"rounds": rounds, "seed": seed}, ""),
                market=check(MARKETS, market_parameters, "market"),
                buyer_mix=buyer_mix,
                supplier_mix=supplier_mix,
                available=None if defines else instruments,
                buyers=entries(BUYERS, policies.get("buyers"), "policies.buyers"),
                suppliers=entries(SUPPLIERS, policies.get("suppliers"), "policies.suppliers"),
                instruments=entries(INSTRUMENTS, instruments if defines else None, "instruments"),
            ),
            PYTHON,
        )

    @classmethod
    def _of(cls, given: Given, keys: Keys = PYTHON) -> Scenario:
        scenario = cls.__new__(cls)
        scenario._complete(given, keys)
        return scenario

    def _complete(self, given: Given, keys: Keys) -> None:
        for name, value in completed(given, keys).items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "given", given)

    @classmethod
    def load(cls, path: str | Path, arm: str) -> Scenario:
        """Read one arm of an experiment file."""
        arms = load_experiment(path).arms
        if arm not in arms:
            raise ConfigError(at(str(path), "arms") + f"no arm '{arm}'{suggestion(arm, arms)}")
        return arms[arm]

    def replace(self, **changes: Any) -> Scenario:
        """Give a copy with changes, by the keywords of `Scenario`.

        Policies and instruments are added to those of the original. Another ``market`` keeps the
        parameters that were set by hand.
        """
        known: dict[str, Any] = {
            f.name: getattr(self.given, f.name) for f in dataclasses.fields(Given)
        }
        own: dict[str, Any] = {
            key: changes.pop(key) for key in ("buyer_mix", "supplier_mix") if key in changes
        }
        if "market" in changes:
            own["based_on"] = changes.pop("market")
        if changes.get("name") is not None:
            own["name"] = check_name(changes["name"], "a scenario", "name")
        changes.pop("name", None)
        policies = sides(changes.pop("policies", None))
        for side, kind in (("buyers", BUYERS), ("suppliers", SUPPLIERS)):
            own[side] = {**known[side], **entries(kind, policies.get(side), f"policies.{side}")}
        instruments = changes.pop("instruments", None)
        if isinstance(instruments, Mapping):
            own["instruments"] = {
                **known["instruments"],
                **entries(INSTRUMENTS, instruments, "instruments"),
            }
        elif instruments is not None:
            own["available"] = instruments
        numbers = {key: changes.pop(key) for key in ["rounds", "seed"] if key in changes}
        own["numbers"] = {**known["numbers"], **check(EXPERIMENTS, numbers, "")}
        own["market"] = {**known["market"], **check(MARKETS, changes, "market")}
        return Scenario._of(Given(**{**known, **own}))

    def with_policy(self, policy: str, **parameters: Any) -> Scenario:
        """Give a copy in which one policy, of buyers or of suppliers, has other parameters.

        Raises
        ------
        ConfigError
            If no policy has this name, or one of each side has it.
        """
        policies = {"buyers": self.buyer_policies, "suppliers": self.supplier_policies}
        found = [side for side, rows in policies.items() if policy in rows]
        if not found:
            names = [*self.buyer_policies, *self.supplier_policies]
            raise ConfigError(f"with_policy: unknown policy '{policy}'{suggestion(policy, names)}")
        if len(found) > 1:
            raise ConfigError(
                f"with_policy: '{policy}' is a policy of buyers and one of suppliers; use "
                f'replace(policies={{"buyers": {{"{policy}": ...}}}})'
            )
        kind = BUYERS if found == ["buyers"] else SUPPLIERS
        now = policies[found[0]][policy].model_dump()
        changed = check(kind, parameters, f"policies.{found[0]}.{policy}")
        own = {**getattr(self.given, found[0]), policy: Entry({**now, **changed})}
        changes: dict[str, Any] = {found[0]: own}
        return Scenario._of(dataclasses.replace(self.given, **changes))

    def id(self, replicate: int = 0) -> str:
        """Give the id of a run: a hash of the scenario, the replicate and the model's version."""
        if isinstance(replicate, bool) or not isinstance(replicate, int):
            raise ConfigError(f"replicate = {replicate!r}: allowed: a whole number, 0 or more")
        if not 0 <= replicate < MOST_REPLICATES:
            raise ConfigError(f"replicate = {replicate}: allowed: 0 to {MOST_REPLICATES - 1}")
        text = f"{self.canonical}\n{replicate}\n{__version__}"
        return hashlib.sha256(text.encode()).hexdigest()[:RUN_ID_LENGTH]

    @cached_property
    def canonical(self) -> str:
        """Everything that a run depends on, but the replicate and the version, as one text."""
        return scenario_text(self)

    def at(self, values: Mapping[str, Any]) -> Scenario:
        """Give a copy with other values of parameters, by their paths in an experiment file.

        Raises
        ------
        ConfigError
            If the scenario has no such parameter, or the values do not fit together.
        """
        return Scenario._of(given_at(self, values))

    def __repr__(self) -> str:
        return (
            f"Scenario({self.name!r}, market={self.given.based_on!r}, rounds={self.rounds}, "
            f"seed={self.seed}, buyer_mix={self.buyer_mix}, supplier_mix={self.supplier_mix})"
        )


@dataclass(frozen=True)
class ExperimentConfig(Settings):
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
    design, precision, run_timeout, keep, smallest_difference
        See `trustsim.config.options.Settings`.
    """

    name: str
    arms: dict[str, Scenario]
    baseline: str
    replications: int = 200
    question: str = ""
    market: Any = None
    sources: dict[tuple[str, ...], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.arms:
            raise ConfigError("arms: there is none; an experiment needs at least one")
        if self.baseline not in self.arms:
            raise ConfigError(
                at("", "baseline", self.baseline, given=True)
                + f"no such arm{suggestion(self.baseline, self.arms)}"
            )
        check(EXPERIMENTS, {"replications": self.replications}, "")
        named = {
            name: arm if arm.name == name else arm.replace(name=name)
            for name, arm in self.arms.items()
        }
        object.__setattr__(self, "arms", named)
        if self.market is None:
            object.__setattr__(self, "market", next(iter(named.values())).market)
        check_settings(self)

    @property
    def seed(self) -> int:
        """Seed of all arms."""
        return next(iter(self.arms.values())).seed

    @property
    def rounds(self) -> int:
        """Length of every run."""
        return next(iter(self.arms.values())).rounds

    def at(self, arm: str, values: Mapping[str, Any]) -> Scenario:
        """Give the scenario of an arm with other values of parameters, by their paths."""
        return self.arms[arm].at(of_arm(arm, values))

    def replace(
        self, *, replications: int | None = None, seed: int | None = None
    ) -> ExperimentConfig:
        """Give a copy with another seed, or a fixed number of replications."""
        given = {"replications": replications, "seed": seed}
        numbers = check(EXPERIMENTS, {k: v for k, v in given.items() if v is not None}, "")
        arms = self.arms
        if seed is not None:
            arms = {name: arm.replace(seed=numbers["seed"]) for name, arm in arms.items()}
        changes: dict[str, Any] = {"arms": arms, **numbers}
        changes.pop("seed", None)
        if replications is not None:
            changes["precision"] = None
        return dataclasses.replace(self, **changes)

    def to_toml(self) -> str:
        """Write the experiment with every parameter of what it uses; it loads back as the same.

        Raises
        ------
        ConfigError
            If the arms do not fit into one file, or a rule has no registered name.
        """
        return experiment_toml(self)


def load_experiment(path: str | Path, overrides: Iterable[str] = ()) -> ExperimentConfig:
    """Read an experiment file and resolve its arms.

    Parameters
    ----------
    path : path
        The TOML file.
    overrides : iterable of str
        Changes ``path=value``, as given to ``--set``.

    Raises
    ------
    ConfigError
        If anything in it cannot be used: one message that names file, key, value, what is
        allowed and the nearest valid name.
    """
    return resolved(read_experiment(Path(path), overrides))


def resolved(tables: ExperimentTables) -> ExperimentConfig:
    """Resolve the arms of an experiment file that has been read."""
    arms = {name: _arm(tables, name) for name in tables.arms}
    refuse_forgotten(tables, arms)
    try:
        return ExperimentConfig(
            name=tables.name,
            arms=arms,
            baseline=tables.baseline,
            replications=tables.numbers["replications"],
            question=tables.question,
            market=market_of(tables.market.based_on or DEFAULT_MARKET, tables.market.values),
            sources={**built_in_sources(next(iter(arms.values()))), **tables.sources},
            **vars(tables.how),
        )
    except ConfigError as error:
        raise ConfigError(f"{tables.file}: {error}") from None


def _arm(tables: ExperimentTables, name: str) -> Scenario:
    arm = tables.arms[name]
    own = {key: getattr(arm, key) is not None for key in ("buyer_mix", "supplier_mix")}
    keys = {key: f"arms.{name}.{key}" if own[key] else f"market.{key}" for key in own}
    mixes = {key: getattr(arm if own[key] else tables, key) for key in own}
    return Scenario._of(
        Given(
            name=name,
            based_on=tables.market.based_on or DEFAULT_MARKET,
            numbers={key: tables.numbers[key] for key in ("rounds", "seed")},
            market={**tables.market.values, **arm.market.values},
            available=tables.instruments,
            buyers=tables.own_buyers,
            suppliers=tables.own_suppliers,
            instruments=tables.own_instruments,
            **mixes,
        ),
        Keys(
            file=tables.file,
            based_on="market.based_on",
            available="market.instruments",
            market=f"arms.{name}.market" if arm.market.values else "market",
            **keys,
        ),
    )
