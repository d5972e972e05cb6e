"""The Mesa face: the market as a `mesa.Model`, buyers and suppliers as views of the records.

Stepping the model gives the same bits as `trustsim.simulate`: agents own nothing, they show and
set the fields of their record.
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import Any

import mesa
import numpy as np

from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.market.records import Buyer as BuyerRecord
from trustsim.market.records import Supplier as SupplierRecord
from trustsim.schema.measures import MEASURES, measure
from trustsim.simulation.outcome import Outcome, add_up
from trustsim.simulation.run import Rounds


class _View(mesa.Agent):
    """An agent that shows a record; assigning to a field writes it."""

    records = ""

    def __init__(self, model: TrustModel, place: int, policies: list[str]) -> None:
        super().__init__(model)
        self.place = place
        self._policies: list[str] = policies

    @property
    def record(self) -> Any:
        """The agent's record in the model's world, wherever that was copied to."""
        return getattr(self.model.world, self.records)[self.place]

    @property
    def policy(self) -> str:
        """Name of the agent's policy."""
        return self._policies[int(self.record["policy"])]


def _show(view: type[_View], record: np.dtype[Any]) -> None:
    """Give a view a property for every field of its record but the policy's number."""
    for name in record.names or ():
        if name != "policy":

            def read(agent: _View, name: str = name) -> Any:
                return agent.record[name].item()

            def write(agent: _View, value: Any, name: str = name) -> None:
                agent.record[name] = value

            setattr(view, name, property(read, write, doc=f"Field {name} of the record."))


class Buyer(_View):
    """A buyer: a view of a `trustsim.market.records.Buyer`.

    Attributes
    ----------
    place : int
        Its place among the buyers.
    policy : str
        Name of its policy.
    ties : array of Tie, shape (contacts,)
        Its relations to the suppliers that it knows.
    """

    records = "buyers"

    @property
    def ties(self) -> Any:
        """Relations to the suppliers that the buyer knows."""
        return self.model.world.ties[self.place]

    @property
    def trust(self) -> float:
        """Mean belief in the supplier of the last order; NaN before the first."""
        for tie in self.ties:
            if tie["supplier"] == self.record["partner"]:
                total = tie["supplier_good"] + tie["supplier_bad"]
                return float(tie["supplier_good"] / total)
        return float("nan")


class Supplier(_View):
    """A supplier: a view of a `trustsim.market.records.Supplier`.

    Attributes
    ----------
    place : int
        Its place among the suppliers.
    policy : str
        Name of its policy.
    """

    records = "suppliers"


_show(Buyer, BuyerRecord)
_show(Supplier, SupplierRecord)


class TrustModel(mesa.Model):
    """A market that Mesa can step, collect from and show; it can be copied and pickled.

    Parameters
    ----------
    buyer_mix : str or mapping of str to float, optional
        As in `Scenario`.
    scenario : Scenario, optional
        A ready scenario, instead of parameters.
    replicate : int
        Number of the replicate.
    seed : int
        Seed of all named luck.
    **parameters
        Anything else that `Scenario` takes, such as ``buyers=50`` or ``inspection_cost=0.05``.

    Attributes
    ----------
    scenario : Scenario
    world : trustsim.market.records.World
        The records.
    datacollector : mesa.DataCollector
        Every measure of the latest round; for agents policy, cash and payoff.

    Examples
    --------
    >>> model = TrustModel("high_trust", buyers=20, suppliers=5, rounds=6, seed=1)
    >>> model.step()
    >>> len(model.agents_by_type[Buyer]), model.steps
    (20, 1)
    """

    def __init__(
        self,
        buyer_mix: Any = None,
        *,
        scenario: Scenario | None = None,
        replicate: int = 0,
        seed: int = 1,
        **parameters: Any,
    ) -> None:
        if scenario is not None and (buyer_mix is not None or parameters):
            given = ", ".join(["buyer_mix"] * (buyer_mix is not None) + [*parameters])
            raise ConfigError(f"TrustModel: a scenario and {given} are given; allowed: either")
        super().__init__(seed=seed)
        self.scenario = scenario or Scenario(buyer_mix, seed=seed, **parameters)
        self._rounds = Rounds(self.scenario, replicate)
        self.world = self._rounds.world
        for view, mix in ((Buyer, self.scenario.buyer_mix), (Supplier, self.scenario.supplier_mix)):
            for place in range(len(getattr(self.world, view.records))):
                view(self, place, list(mix))
        # Reporters that can be pickled: what Mesa makes of names cannot.
        self.datacollector = mesa.DataCollector(
            model_reporters={name: partial(_latest, name) for name in MEASURES},
            agenttype_reporters={
                Buyer: _attributes("policy", "cash", "payoff", "trust"),
                Supplier: _attributes("policy", "cash", "payoff", "rating", "opportunism"),
            },
        )

    def step(self) -> None:
        """Walk the orders of one round.

        Raises
        ------
        ValueError
            After the scenario's last round.
        """
        if self._rounds.done >= self.scenario.rounds:
            raise ValueError(
                f"the market has walked all its {self.scenario.rounds} rounds; make the model with "
                "more rounds to go on"
            )
        self._rounds.step()
        self._latest = self.latest()
        self.datacollector.collect(self)
        self.running = self._rounds.done < self.scenario.rounds

    def latest(self) -> dict[str, float]:
        """Give every measure of the latest round."""
        sums = add_up(self._rounds.workspaces[0].rounds[self._rounds.done - 1])
        result = measure(sums, self.scenario.market.hour_cost, list(self.scenario.instruments))
        return {name: float(value[0]) for name, value in result.items()}

    def outcome(self) -> Outcome:
        """Give what the rounds walked so far have shown, as `trustsim.simulate` would."""
        return self._rounds.outcome()


def _latest(name: str, model: TrustModel) -> float:
    return model._latest[name]


def _attributes(*names: str) -> dict[str, Any]:
    return {name: attrgetter(name) for name in names}
