"""Scenarios: a market, the policies in it and the payment instruments, completed and frozen.

Keywords of Python or the arm of a file come in; a frozen scenario goes out. One scenario and the
number of a replicate determine a run, bit for bit.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from trustsim import __version__
from trustsim.config import forms
from trustsim.config.drafts import FIELDS, MARKET, SIDES, Draft, Place, draft_at, draft_with
from trustsim.config.file import read_experiment
from trustsim.config.library import DEFAULT_MARKET, completed, market_named
from trustsim.config.models import word
from trustsim.config.shipped import experiment_path
from trustsim.engine.fingerprint import rule_text
from trustsim.errors import ConfigError, at, known
from trustsim.schema.checking import check_replicate
from trustsim.schema.forms import html_table
from trustsim.schema.frozen import FROZEN, FrozenDict

RUN_ID_LENGTH = 16


@dataclass(frozen=True, init=False, repr=False)
class Scenario:
    """One frozen market with its policies: all that a run needs but the replicate's number.

    Parameters
    ----------
    buyer_mix, supplier_mix : str or mapping of str to float, optional
        Shares of policies, which add up to 1; a name alone means all of them. The market's own
        mixes if not given.
    market : str
        A built-in market, or the path of a file that holds one.
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
    without : sequence of str
        Mechanisms that are switched off, with all that stands on them; ``trustsim list`` has them.
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
    without : tuple of str
        Mechanisms that are switched off, in the order of the rooms.

    Raises
    ------
    ConfigError
        For unknown names, values out of bounds, shares that do not add up, and parameters that are
        set though their mechanism is off.

    Examples
    --------
    >>> calm = Scenario("high_trust", rounds=24, buyers=50)
    >>> calm.market.buyers, calm.buyer_mix
    (50, {'high_trust': 1.0})
    >>> calm.replace(without=["ransom"]).market.ransom_rate
    0.0
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
    without: tuple[str, ...]
    draft: Draft = field(compare=False)

    def __init__(
        self,
        buyer_mix: str | Mapping[str, float] | None = None,
        *,
        supplier_mix: str | Mapping[str, float] | None = None,
        market: str | os.PathLike[str] = DEFAULT_MARKET,
        rounds: int = 120,
        seed: int = 1,
        policies: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
        instruments: Mapping[str, Mapping[str, Any]] | Sequence[str] | None = None,
        without: Sequence[str] = (),
        name: str | None = None,
        **market_parameters: Any,
    ) -> None:
        if "draft" in vars(self):
            raise TypeError(FROZEN)
        named: dict[str, Any] = {"buyer_mix": buyer_mix, "supplier_mix": supplier_mix, "name": name}
        said = {key: value for key, value in named.items() if value is not None}
        said |= {"policies": policies, "instruments": instruments, "without": without}
        said |= {"rounds": rounds, "seed": seed, **market_parameters}
        self._complete(draft_with(Draft(base=market_named(market, "market")), said))

    @classmethod
    def of(cls, draft: Draft) -> Scenario:
        """Complete a draft."""
        scenario = cls.__new__(cls)
        scenario._complete(draft)
        return scenario

    def _complete(self, draft: Draft) -> None:
        found = completed(draft).items()
        frozen = {name: FrozenDict(v) if isinstance(v, dict) else v for name, v in found}
        vars(self).update(frozen, draft=draft)

    @classmethod
    def load(cls, path: str | Path, arm: str) -> Scenario:
        """Read one arm of an experiment file."""
        drafts = read_experiment(experiment_path(path)).arms
        return cls.of(drafts[known(arm, drafts, at(str(path), "arms") + f"no arm '{arm}'")])

    def replace(self, **changes: Any) -> Scenario:
        """Give a copy with changes, by the keywords of `Scenario`.

        Policies and instruments are added to those of the original. Another ``market`` keeps the
        parameters that were set by hand. ``without`` takes the place of the list that there is.
        """
        draft = self.draft
        if "market" in changes:
            draft = replace(draft, base=market_named(changes.pop("market"), "market"))
        return Scenario.of(draft_with(draft, changes))

    def with_policy(self, policy: str, **parameters: Any) -> Scenario:
        """Give a copy in which one policy, of buyers or of suppliers, has other parameters.

        Warns if nobody follows the policy, so that no run changes.

        Raises
        ------
        ConfigError
            If no policy has this name, or one of each side has it.
        """
        rows = {side: getattr(self, f"{side}_policies") for side in SIDES}
        names = [*rows["buyer"], *rows["supplier"]]
        known(policy, names, f"with_policy: unknown policy '{policy}'")
        side, *others = (side for side in rows if policy in rows[side])
        if others:
            advice = f'use replace(policies={{"buyers": {{"{policy}": ...}}}})'
            text = f"'{policy}' is a policy of buyers and one of suppliers; {advice}"
            raise ConfigError(f"with_policy: {text}")
        mix = getattr(self, f"{side}_mix")
        if not mix.get(policy):
            followed = ", ".join(name for name, share in mix.items() if share)
            text = f"nobody follows '{policy}' here; the {side}s of this scenario follow {followed}"
            warnings.warn(f"with_policy: {text}", stacklevel=2)
        return self.replace(policies={f"{side}s": {policy: parameters}})

    def at(self, values: Mapping[str, Any]) -> Scenario:
        """Give a copy with other values of parameters, by their paths in an experiment file.

        ``without`` is the name of a mechanism that is switched off in addition, or nothing.

        Raises
        ------
        ConfigError
            If the scenario has no such parameter, or the values do not fit together.
        """
        return Scenario.of(draft_at(self, values))

    @property
    def based_on(self) -> str:
        """The built-in market that it starts from, if need be by way of files."""
        return word(self.draft.whole.market, "based_on")

    @property
    def records(self) -> dict[Place, Any]:
        """Records of the market, of policies and instruments, by the keys of their tables."""
        rows = ((kind, getattr(self, field)) for kind, field in FIELDS.items())
        records = {(*kind, name): record for kind, own in rows for name, record in own.items()}
        return {MARKET: self.market, **records}

    def id(self, replicate: int = 0) -> str:
        """Give the id of a run: a hash of the scenario, the replicate and the model's version."""
        text = f"{self.canonical}\n{check_replicate(replicate)}\n{__version__}"
        return hashlib.sha256(text.encode()).hexdigest()[:RUN_ID_LENGTH]

    @property
    def canonical(self) -> str:
        """Everything that a run depends on, but the replicate and the version, as one text.

        What a rule of the user's takes from around it may change, so it is read each time.
        """
        policies = (*self.buyer_policies.values(), *self.supplier_policies.values())
        own = any(callable(value) for row in policies for value in vars(row).values())
        return self._text() if own else self._kept

    def _text(self) -> str:
        sides = (self.buyer_mix, self.buyer_policies), (self.supplier_mix, self.supplier_policies)
        mixes = [[[n, share, _row(rows[n])] for n, share in mix.items()] for mix, rows in sides]
        instruments = [[name, _row(record)] for name, record in self.instruments.items()]
        numbers = (self.name, self.rounds, self.seed)
        return json.dumps([*numbers, _row(self.market), *mixes, instruments])

    _kept = cached_property(_text)

    def __repr__(self) -> str:
        return forms.call(self.draft, self.name, self.rounds, self.seed)

    def _repr_html_(self) -> str:
        rows = forms.rows_of(self.draft, self.name, self.rounds, self.seed)
        return html_table(f"Scenario {self.name}", rows, ("differs from the built-in", "", "unit"))


def _row(record: Any) -> list[Any]:
    return [[name, rule_text(value)] for name, value in sorted(record.model_dump().items())]
