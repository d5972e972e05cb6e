"""What is read of a run: a measure of all of it or of a part, or a mean over some of its orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustsim.analysis.expressions import of_columns
from trustsim.engine.compiling import Records
from trustsim.errors import ConfigError, nearest
from trustsim.schema.measures import AGE_FROM
from trustsim.simulation.outcome import Outcome, Sums, run_columns
from trustsim.simulation.panel import Recorded


@dataclass(frozen=True)
class Observable:
    """One number of a run.

    Attributes
    ----------
    measure : str
        A measure; with `among`, what `worked_out` makes of columns of the panel of orders: those
        of the order and of its facts, and the names of policies and of the instrument.
    among : str
        Condition on orders. Beside the panel's columns there is ``stays``, whether the buyer's next
        order goes to the same supplier, which is missing for its last.
    rounds, ages : (int, int), optional
        From the first to the last that counts.
    policy : str
        The buyers' policy that counts.
    """

    measure: str
    among: str = ""
    rounds: tuple[int, int] | None = None
    ages: tuple[int, int] | None = None
    policy: str = ""

    def of(self, outcome: Outcome) -> float:
        """Read it of a run; missing (NaN) if there is nothing to measure."""
        if self.among:
            return self._of_orders(outcome)
        return float(run_columns([self._part(outcome.sums)])[self.measure][0])

    def _part(self, sums: Sums) -> Sums:
        """Take the sums of the part of a run that counts, as if they were all rounds."""
        kept = sums.rounds
        if self.ages is not None:
            first, last = self.ages
            start = np.array(AGE_FROM)
            return sums._replace(rounds=sums.ages[(start >= first) & (start <= last)])
        if self.rounds is not None:
            first, last = self.rounds
            kept = kept[first : last + 1]
        if self.policy:
            kept = kept[:, [sums.policies.index(self.policy)]]
        return sums._replace(rounds=kept)

    def _of_orders(self, outcome: Outcome) -> float:
        counted = _column(outcome, "ordered") == 1
        for name, span in (("round", self.rounds), ("age", self.ages)):
            if span is not None:
                column = _column(outcome, name)
                counted &= (column >= span[0]) & (column <= span[1])
        if self.policy:
            counted &= _column(outcome, "buyer_policy") == self.policy
        counted &= worked_out(self.among, outcome) > 0.0
        value = worked_out(self.measure, outcome)[counted]
        value = value[~np.isnan(value)]
        return float(value.mean()) if len(value) else float("nan")


def worked_out(text: str, outcome: Outcome) -> NDArray[np.float64]:
    """Work out what a text says of every order of a run; see `trustsim.analysis.expressions`."""
    return of_columns(text, lambda name: _column(outcome, name))


def _recorded(outcome: Outcome) -> Recorded:
    assert outcome.recorded is not None
    return outcome.recorded


def _column(outcome: Outcome, name: str) -> Any:
    """Give one column of the panel for all that was walked, as the panel names what it holds.

    All columns of the panel would take far longer than the run.
    """
    kept, scenario = _recorded(outcome), outcome.scenario
    orders = kept.orders
    now = orders["round"]
    if name == "buyer_policy":
        return np.array(list(scenario.buyer_mix))[kept.buyer_policies[now, orders["buyer"]]]
    if name == "supplier_policy":
        return np.array(list(scenario.supplier_mix))[
            kept.supplier_policies[now, orders["supplier"]]
        ]
    if name == "instrument":
        return np.array(list(scenario.instruments))[orders["instrument"]]
    if name == "stays":
        return _stays(orders)
    facts, fields = kept.facts.dtype.names or (), orders.dtype.names or ()
    if name in facts:
        return kept.facts[name]
    if name not in fields:
        raise ConfigError(f"orders have no column {name}{nearest(name, [*fields, *facts])}")
    return orders[name]


def _stays(orders: Records) -> NDArray[np.float64]:
    """Say of each order whether the buyer's next one goes to the same supplier."""
    stays = np.full(len(orders), np.nan)
    placed = np.flatnonzero(orders["ordered"] == 1)
    placed = placed[np.lexsort((orders["round"][placed], orders["buyer"][placed]))]
    one, after = placed[:-1], placed[1:]
    same = orders["supplier"][one] == orders["supplier"][after]
    stays[one] = np.where(orders["buyer"][one] == orders["buyer"][after], same, np.nan)
    return stays
