"""What runs have shown: from sums to measures, tables and records.

Runs are worked out together, so that thousands of runs cost little more than one. Runs of different
scenarios can be, too, if they have equally many rounds and the same instruments and buyer policies
by name: `alike` says which.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustsim.config.scenario import Scenario
from trustsim.engine.compiling import Records
from trustsim.market.records import MAX_ORDERS, Tally, World
from trustsim.schema.accounts import ACCOUNTS, MICRO
from trustsim.schema.forms import html_table, value_text
from trustsim.schema.measures import AGE_FROM, MEASURES, TEMPTATIONS, measure
from trustsim.simulation import panel
from trustsim.simulation.panel import Panel, Recorded

Columns = dict[str, NDArray[Any]]


class Sums(NamedTuple):
    """What a run leaves: integers that everything else is worked out from.

    It is small and holds no scenario, so that it can travel between processes.

    Attributes
    ----------
    hour_cost : float
        Money per hour.
    instruments, policies : tuple of str
        Names of the payment instruments and of the buyers' policies, in the order of the records.
    buyers : array of int64, shape (2, policies)
        Buyers of each policy in the first round and in the last; no rows before the first.
    rounds : array of Tally, shape (rounds, policies)
    ages : array of Tally, shape (age buckets,)
    balances : array of int64, shape (rounds, accounts)
        Balance of every account after every round, micro-units; the rows add up to zero.
    temptations : array of Temptation
    orders : dict of str to array, or None
        Columns of the panel of orders, if it is to be kept.
    """

    hour_cost: float
    instruments: tuple[str, ...]
    policies: tuple[str, ...]
    buyers: NDArray[np.int64]
    rounds: Records
    ages: Records
    balances: NDArray[np.int64]
    temptations: Records
    orders: Panel | None = None


SHOWN = ("orders", "total_cost", "cost_price", "supplier_profit", "trust_in_suppliers")
"""Measures that the short form of an outcome shows."""


@dataclass(frozen=True, repr=False)
class Outcome:
    """What one run has shown.

    Attributes
    ----------
    scenario : Scenario
        What was run.
    replicate : int
    sums : Sums
    world : World
        The market as it stands at the end.
    recorded : Recorded or None
        All orders, their facts and their books, in the order of their walk, and what happened
        besides, if asked for.
    """

    scenario: Scenario
    replicate: int
    sums: Sums
    world: World
    recorded: Recorded | None = None

    def __repr__(self) -> str:
        name, run = self.scenario.name, f"run {self.replicate}"
        said = ", ".join(f"{n} {value_text(self.measures[n])}" for n in SHOWN)
        return f"Outcome({name!r}, {run}, {len(self.sums.rounds)} rounds: {said})"

    def _repr_html_(self) -> str:
        title = f"{self.scenario.name}, run {self.replicate}, {len(self.sums.rounds)} rounds"
        there = [MEASURES[n] for n, value in self.measures.items() if n in MEASURES and value]
        rows = [(row.label, self.measures[row.name], row.unit) for row in there]
        return html_table(title, rows, ("measure", "", "unit"))

    def plot(self, figure: str = "cost_over_time", width: float | None = None) -> Any:
        """Draw a figure of the report, by the name of its files; a notebook shows it.

        Returns
        -------
        Panels
            The axes.

        Raises
        ------
        ConfigError
            If no figure of one run has this name.
        """
        # who draws stands above who simulates, and is looked up when it is asked for
        return import_module("trustsim.study.drawing").draw_outcome(self, figure, width)

    @property
    def balances(self) -> NDArray[np.int64]:
        """Balance of every account after every round, micro-units, shape (rounds, accounts)."""
        return self.sums.balances

    @cached_property
    def measures(self) -> dict[str, float]:
        """Every measure of the whole run by name."""
        result = run_columns([self.sums])
        return {name: float(value[0]) for name, value in result.items()}

    @cached_property
    def policies(self) -> pd.DataFrame:
        """A row per buyer policy: its shares, and the measures of the buyers while they had it."""
        return pd.DataFrame(policy_columns([self.sums]))

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """A row per round and buyer policy: the measures of the round, balances in micro-units.

        In a market of several buyer policies the row ``all`` comes first.
        """
        return pd.DataFrame(round_columns([self.sums]))

    @cached_property
    def ages(self) -> pd.DataFrame:
        """A row per relationship age (orders completed before with that supplier)."""
        return pd.DataFrame(age_columns([self.sums]))

    @cached_property
    def temptations(self) -> pd.DataFrame:
        """A row per temptation: what calculating agents that gave in expected, and what happened.

        Means a time: gain and loss in money, the share that was found out. Of a partner that was
        wronged: how often it was expected to leave, and left.
        """
        return pd.DataFrame(temptation_columns([self.sums]))

    @cached_property
    def orders(self) -> pd.DataFrame | None:
        """A row per order and per event after or beside it, if orders were asked for.

        What both sides knew, what was really done, and what it cost, in money. Every cost and
        every payment of the run is in one row.
        """
        return None if self.recorded is None else pd.DataFrame(self.panel())

    def panel(self) -> Panel:
        """Give the columns of the panel of orders, which were asked for."""
        assert self.recorded is not None
        return panel.columns(self.recorded, self.scenario)


def alike(run: Sums) -> Hashable:
    """Give what runs must have in common to be worked out together."""
    return len(run.rounds), run.instruments, run.policies


def added_up(run: Sums, *, rounds: bool, ages: bool) -> Sums:
    """Give the sums of a run without what is not kept of it.

    Parameters
    ----------
    run : Sums
    rounds : bool
        Keep every round; otherwise all rounds become one, with the balances at the end.
    ages : bool
        Keep the sums by relationship age; otherwise they have no rows.

    Returns
    -------
    Sums
        `run_columns` gives the same measures of it.
    """
    if not rounds:
        whole = _as_numbers(run.rounds).sum(axis=0, keepdims=True).view(Tally)[..., 0]
        run = run._replace(rounds=whole, balances=run.balances[-1:].copy())
    return run if ages else run._replace(ages=run.ages[:0].copy())


def run_columns(runs: Sequence[Sums]) -> Columns:
    """Give every measure of whole runs that are `alike`, arrays of shape (runs,)."""
    whole = np.concatenate([add_up(run.rounds) for run in runs])
    return measure(whole, _hour_costs(runs, 1), list(runs[0].instruments))


def policy_columns(runs: Sequence[Sums]) -> Columns:
    """Give the table of policies of runs that are `alike`: a row per run and buyer policy.

    A buyer that imitates counts, round by round, for the policy that it has.
    """
    names = list(runs[0].policies)
    sums = np.stack([_as_numbers(run.rounds).sum(axis=0).view(Tally)[..., 0] for run in runs])
    ends = np.stack([run.buyers for run in runs])
    return {
        "policy": np.tile(np.array(names, object), len(runs)),
        "share_of_buyers": _shares(sums["buyers"]),
        "share_of_orders": _shares(sums["orders"]),
        "share_at_start": _shares(ends[:, :1].sum(axis=1)),
        "share_at_end": _shares(ends[:, 1:].sum(axis=1)),
        **measure(sums.reshape(-1), _hour_costs(runs, len(names)), list(runs[0].instruments)),
    }


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give each policy's share in the sum of a run; NaN where there is nothing to share."""
    whole = counts.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.where(whole > 0, counts / np.maximum(whole, 1), np.nan)
    return shares.reshape(-1)


def round_columns(runs: Sequence[Sums]) -> Columns:
    """Give the table of rounds of runs that are `alike`: a row per run, round and buyer policy.

    In a market of several buyer policies the row ``all`` of a round comes first.
    """
    names = list(runs[0].policies)
    sums = np.stack([run.rounds for run in runs])
    if len(names) > 1:
        names.insert(0, "all")
        whole = _as_numbers(sums).sum(axis=2, keepdims=True)
        sums = np.concatenate([whole.view(Tally)[..., 0], sums], axis=2)
    count, rounds, rows = sums.shape
    hour_costs = _hour_costs(runs, rounds * rows)
    balances = np.concatenate([run.balances for run in runs])
    return {
        "round": np.tile(np.repeat(np.arange(rounds), rows), count),
        "policy": np.tile(np.array(names, object), count * rounds),
        "buyers": sums["buyers"].reshape(-1),
        **measure(sums.reshape(-1), hour_costs, list(runs[0].instruments)),
        **{
            f"balance_{label}": np.repeat(balances[:, account], rows)
            for account, label in enumerate(ACCOUNTS)
        },
    }


def age_columns(runs: Sequence[Sums]) -> Columns:
    """Give the table of ages of runs that are `alike`: a row per run and relationship age."""
    sums = np.concatenate([run.ages for run in runs])
    last = [until - 1 for until in AGE_FROM[1:]] + [MAX_ORDERS]
    hour_costs = _hour_costs(runs, len(AGE_FROM))
    return {
        "age_from": np.tile(np.array(AGE_FROM), len(runs)),
        "age_to": np.tile(np.array(last), len(runs)),
        **measure(sums, hour_costs, list(runs[0].instruments)),
    }


def temptation_columns(runs: Sequence[Sums]) -> Columns:
    """Give the table of temptations of runs: a row per run and temptation."""
    rows = np.concatenate([run.temptations for run in runs])
    columns: Columns = {
        "temptation": np.tile(np.array(TEMPTATIONS, object), len(runs)),
        "times": rows["times"],
    }
    for name in (rows.dtype.names or ())[1:]:
        scale = 1.0 if name == "found_happened" else MICRO
        with np.errstate(invalid="ignore"):
            columns[name] = rows[name] / scale / rows["times"]
    return columns


def _hour_costs(runs: Sequence[Sums], rows: int) -> NDArray[np.float64]:
    """Cost of an hour in every row, so many rows per run."""
    return np.repeat([run.hour_cost for run in runs], rows)


def add_up(tallies: Records) -> Records:
    """Add up tallies: one record (shape (1,)) of sums of all fields, exactly."""
    numbers = _as_numbers(tallies)
    total: Records = numbers.sum(axis=tuple(range(tallies.ndim))).view(Tally)
    return total


def _as_numbers(tallies: Records) -> NDArray[np.int64]:
    """Show tallies as integers: one more axis, of fields."""
    plain = np.ascontiguousarray(tallies).view(np.ndarray)
    return plain.view(np.int64).reshape(*tallies.shape, Tally.itemsize // 8)
