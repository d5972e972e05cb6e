"""One run: a scenario and the number of a replicate give an outcome, bit for bit.

A small market walks on one core without coming back to the interpreter; a large one is walked by
several workers inside each round. Both give the same bits: workers own disjoint buyers, all sums
are integers, and luck does not depend on who asks first.
"""

from __future__ import annotations

import time
from concurrent.futures import Executor
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustsim.config.scenario import Scenario
from trustsim.engine.compiling import Records, records
from trustsim.engine.own_rules import Kinds, address_of
from trustsim.engine.time_limit import TimeLimit
from trustsim.engine.worker_pool import Crew
from trustsim.errors import ConfigError
from trustsim.market import population
from trustsim.market import schedule as market_round
from trustsim.market.records import (
    Buyer,
    BuyerPolicy,
    Deed,
    Desk,
    Instrument,
    Market,
    Order,
    Sight,
    Supplier,
    SupplierPolicy,
    SupplierTally,
    Tally,
    Tie,
    World,
)
from trustsim.market.rooms.demand import mismatch
from trustsim.schema import BUYER, INSTRUMENT, MARKET, SUPPLIER
from trustsim.schema.accounts import ACCOUNTS, MICRO
from trustsim.schema.checking import MOST_REPLICATES
from trustsim.schema.measures import AGE_FROM
from trustsim.simulation.outcome import Outcome, Sums

TEN_LOTS = 10.0
"""Room in the books for each order, in lots of its cost."""

BUYERS_AT_A_TIME = 4_000
"""Buyers that a worker takes at a time, so that none waits long for another."""

SMALLEST_SHARE = 2_000
"""Fewest buyers that are worth a worker of their own inside a round."""

LOOKS = 100
"""How often, at least, one looks at the clock while a run uses up the time that it may take."""

TYPES = {
    "market": (Market, MARKET),
    "buyer": (BuyerPolicy, BUYER),
    "supplier": (SupplierPolicy, SUPPLIER),
    "instrument": (Instrument, INSTRUMENT),
}
"""Record and parameters of what a scenario consists of."""


def _record(what: str, values: Any) -> Any:
    """Give the record of frozen values; it is not to be changed.

    One with a rule of the user's is made anew: what the rule takes from around it may change.
    """
    own = any(callable(value) for value in vars(values).values())
    return (_made if own else _kept)(what, values)


def _made(what: str, values: Any) -> Any:
    """Make a record of values; a rule becomes its number or its function's address."""
    kind, rows = TYPES[what]
    record = records(kind, 1)[0]
    for row in rows:
        value = getattr(values, row.name)
        if row.choices:
            if value in row.choices:
                value = row.choices.index(value)
            else:
                value = address_of(value, Kinds(Order, Sight, kind, Market))
        record[row.name] = value
    return record


_kept = lru_cache(maxsize=1024)(_made)


def build(scenario: Scenario, replicate: int) -> World:
    """Make the records of a market before its first round.

    Parameters
    ----------
    scenario : Scenario
    replicate : int
        From 0 to 2**32 - 1.
    """
    if not 0 <= replicate < MOST_REPLICATES:
        raise ConfigError(f"replicate = {replicate}: allowed: 0 to {MOST_REPLICATES - 1}")
    given = scenario.market
    _refuse_more_money_than_fits(scenario)
    market = records(Market, 1)
    market[0] = _record("market", given)
    market["seed"] = scenario.seed
    market["replicate"] = replicate
    market["instruments"] = len(scenario.instruments)
    market["common_demand"] = market["cost_level"] = market["technology_left"] = 1.0
    for shared in (True, False):
        market["mismatch_shared" if shared else "mismatch_unshared"] = mismatch(
            given.demand_persistence,
            given.demand_volatility,
            given.lead_time,
            given.holding_cost,
            given.shortage_cost,
            shared and given.forecasts == 1,
        )
    buyer_policies = records(BuyerPolicy, len(scenario.buyer_mix))
    for place, name in enumerate(scenario.buyer_mix):
        buyer_policies[place] = _record("buyer", scenario.buyer_policies[name])
    supplier_policies = records(SupplierPolicy, len(scenario.supplier_mix))
    for place, name in enumerate(scenario.supplier_mix):
        supplier_policies[place] = _record("supplier", scenario.supplier_policies[name])
    instruments = records(Instrument, len(scenario.instruments))
    for place, row in enumerate(scenario.instruments.values()):
        instruments[place] = _record("instrument", row)
    instruments["familiarity"] = given.familiarity_start
    contacts = min(given.contacts, given.suppliers)
    world = World(
        market,
        records(Buyer, given.buyers),
        records(Supplier, given.suppliers),
        records(Tie, given.buyers, contacts),
        buyer_policies,
        supplier_policies,
        instruments,
    )
    population.settle_in(world, _cumulative(scenario.buyer_mix), _cumulative(scenario.supplier_mix))
    return world


def _refuse_more_money_than_fits(scenario: Scenario) -> None:
    """Refuse a market whose money, in micro-units, would not fit into 64 bits."""
    given = scenario.market
    lots = given.buyers * scenario.rounds
    if lots * given.lot_cost * max(given.value, TEN_LOTS) * MICRO > 2**62:
        raise ConfigError(
            f"buyers = {given.buyers} with rounds = {scenario.rounds} and lot_cost = "
            f"{given.lot_cost}: more money than can be counted in micro-units; take a smaller "
            "lot_cost"
        )


def _cumulative(mix: dict[str, float]) -> NDArray[np.float64]:
    total = np.cumsum(list(mix.values()))
    total[-1] = 1.0
    return total


def make_desk(world: World, rounds: int) -> Desk:
    """Make the desk of one worker for so many rounds."""
    return Desk(
        np.zeros((2, world.ties.shape[1])),
        records(Order, 1),
        records(Deed, 1),
        records(Sight, world.ties.shape[1]),
        records(Sight, 1),
        records(Tally, rounds, len(world.buyer_policies)),
        records(Tally, len(AGE_FROM)),
        records(SupplierTally, len(world.suppliers)),
        np.zeros(len(world.instruments), np.int64),
        np.zeros((rounds, len(ACCOUNTS)), np.int64),
    )


class Rounds:
    """A market that is walked round by round, by one worker or several.

    Parameters
    ----------
    scenario : Scenario
    replicate : int
    workers : int
        Workers inside a round. The result does not depend on it.
    """

    def __init__(self, scenario: Scenario, replicate: int, workers: int = 1) -> None:
        self.scenario = scenario
        self.replicate = replicate
        self.world = build(scenario, replicate)
        self.desks = [make_desk(self.world, scenario.rounds) for _ in range(workers)]
        self.mixes = [
            np.flatnonzero([share > 0 for share in mix.values()])
            for mix in (scenario.buyer_mix, scenario.supplier_mix)
        ]
        self.done = 0
        self.kept: list[tuple[Records, Records]] = []

    def run(self, limit: TimeLimit | None = None) -> None:
        """Walk all rounds on one core.

        Parameters
        ----------
        limit : TimeLimit, optional
            Come back between blocks of rounds to look at the clock. The bits are the same.

        Raises
        ------
        RunTimeout
            If the time is up before the last block.
        """
        rounds = self.scenario.rounds
        block = rounds if limit is None else 1
        while self.done < rounds:
            before = time.monotonic()
            last = min(self.done + block, rounds)
            market_round.many_rounds(self.world, self.desks[0], self.done, last, *self.mixes)
            self.done = last
            if limit is not None and last < rounds:
                limit.look()
                # Blocks grow while they are short, so that looking costs next to nothing.
                if time.monotonic() - before < limit.seconds / LOOKS:
                    block *= 2

    def step(self, pool: Executor | None = None, keep: bool = False) -> None:
        """Walk one round, by the workers of a pool or alone."""
        world, desks = self.world, self.desks
        population.open_round(world, self.done)
        buyers = len(world.buyers)
        parts = max(len(desks), buyers // BUYERS_AT_A_TIME)
        left = iter(pairwise(np.linspace(0, buyers, parts + 1).astype(int)))

        def walk(desk: Desk) -> None:
            # Whoever is free takes the next buyers; what one iterator gives, it gives once.
            for first, last in left:
                market_round.walk_buyers(world, desk, first, last)

        if keep:
            orders, deeds = records(Order, len(world.buyers)), records(Deed, len(world.buyers))
            market_round.walk_recorded(world, desks[0], 0, len(world.buyers), orders, deeds)
            self.kept.append((orders, deeds))
        elif pool is None:
            walk(desks[0])
        else:
            for done in [pool.submit(walk, desk) for desk in desks]:
                done.result()
        for other in desks[1:]:
            market_round.merge(desks[0], other)
        population.close_round(
            world, desks[0].suppliers, desks[0].balances, desks[0].familiar, *self.mixes
        )
        self.done += 1

    def outcome(self) -> Outcome:
        """Give what the rounds walked so far have shown."""
        orders = deeds = None
        if self.kept:
            orders, deeds = (np.concatenate(part) for part in zip(*self.kept, strict=True))
        return Outcome(
            self.scenario,
            self.replicate,
            Sums(
                float(self.scenario.market.hour_cost),
                tuple(self.scenario.instruments),
                tuple(self.scenario.buyer_mix),
                self._sum([desk.rounds[: self.done] for desk in self.desks]),
                self._sum([desk.ages for desk in self.desks]),
                population.opening_balances(self.scenario)
                + np.cumsum(sum(desk.balances[: self.done] for desk in self.desks), axis=0),
            ),
            self.world,
            orders,
            deeds,
        )

    def _sum(self, parts: list[Records]) -> Records:
        """Add up what workers have counted; what may still change is copied."""
        whole = np.ascontiguousarray(parts[0]).view(np.ndarray)
        if len(parts) > 1 or self.done < self.scenario.rounds:
            whole = whole.copy()
        for part in parts[1:]:
            whole.view(np.int64)[...] += np.ascontiguousarray(part).view(np.ndarray).view(np.int64)
        return whole.view(Tally).view(np.ndarray)


def simulate(
    scenario: Scenario,
    replicate: int = 0,
    *,
    threads: int = 1,
    orders: bool = False,
    limit: TimeLimit | None = None,
) -> Outcome:
    """Run a scenario once.

    Parameters
    ----------
    scenario : Scenario
        What to run.
    replicate : int
        Number of the replicate, from 0 to 2**32 - 1: another number is other luck.
    threads : int
        Most workers inside a round; small markets use one. The bits do not depend on it.
    orders : bool
        Keep every order.
    limit : TimeLimit, optional
        The time that the run may take; it is started here.

    Returns
    -------
    Outcome

    Raises
    ------
    ConfigError
        If a number is out of bounds or a rule does not compile.
    RunTimeout
        If the time is up between two rounds.

    Examples
    --------
    >>> outcome = simulate(Scenario("high_trust", rounds=12, buyers=20), replicate=3)
    >>> int(outcome.balances[-1].sum())
    0
    """
    if threads < 1:
        raise ConfigError(f"threads = {threads}: allowed: 1 or more")
    buyers = scenario.market.buyers
    workers = 1 if orders else max(1, min(threads, buyers // SMALLEST_SHARE))
    rounds = Rounds(scenario, replicate, workers)
    if limit is not None:
        limit.start()
    if workers == 1 and not orders:
        rounds.run(limit)
        return rounds.outcome()
    with Crew(workers) as pool:
        for _ in range(scenario.rounds):
            if limit is not None:
                limit.look()
            rounds.step(None if orders else pool, keep=orders)
    return rounds.outcome()
