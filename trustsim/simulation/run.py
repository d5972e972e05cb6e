"""One run: a scenario and the number of a replicate give an outcome, bit for bit.

A small market walks on one core without coming back to the interpreter; a large one is walked by
several workers inside each round. Both give the same bits: workers own disjoint buyers, all sums
are integers, and luck does not depend on who asks first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, InstanceOf

from trustsim.config.scenario import Scenario
from trustsim.engine.compiling import PLAIN, Records
from trustsim.engine.time_limit import TimeLimit
from trustsim.engine.waiting import told_what_takes_long
from trustsim.engine.worker_pool import WorkerPool
from trustsim.market import population, schedule
from trustsim.market.records import Workspace
from trustsim.schema.checking import check_cores, check_replicate
from trustsim.schema.translation import allowing, read
from trustsim.simulation.building import (
    build,
    make_workspace,
    own_rules,
    place_rules,
    refuse_odd_answers,
)
from trustsim.simulation.outcome import Outcome, Sums
from trustsim.simulation.panel import Recorder

BUYERS_AT_A_TIME = 4_000
"""Buyers that a worker takes at a time, so that none waits long for another."""

SMALLEST_SHARE = 2_000
"""Fewest buyers that are worth a worker of their own inside a round."""

What = Annotated[InstanceOf[Scenario], allowing("a Scenario, such as Scenario('high_trust')")]
Flag = Annotated[bool, Field(strict=True), allowing("True or False")]

LOOKS = 100
"""How often, at least, one looks at the clock while a run uses up the time that it may take."""


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
        self.replicate = check_replicate(replicate)
        self.world = build(scenario, self.replicate)
        self.own = own_rules(scenario)
        self.workspaces = [make_workspace(self.world, scenario.rounds) for _ in range(workers)]
        self.mixes = [
            np.flatnonzero([share > 0 for share in mix.values()])
            for mix in (scenario.buyer_mix, scenario.supplier_mix)
        ]
        self.done = 0
        self._recorder = Recorder(self.world)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Go on from a copy, perhaps in another process."""
        self.__dict__.update(state)
        place_rules(self.world, self.scenario)

    def _walk(self, work: Callable[..., None], *given: Any) -> None:
        """Let compiled rounds be walked so that the interpreter hears of an interruption.

        Compiled code does not come back for it. Rules of the user's may never end, so rounds with
        such rules are walked by a thread that is left behind then.
        """
        elsewhere = threading.current_thread() is not threading.main_thread()
        if PLAIN or elsewhere or not self.own:
            work(*given)
            return
        with WorkerPool(1) as pool:
            self._wait([pool.submit(work, *given)])

    def _wait(self, parts: list[Future[None]]) -> None:
        """Wait for workers; who interrupts that is told where they stood."""
        try:
            for part in parts:
                part.result()
        except KeyboardInterrupt:
            own = ", ".join(self.own)
            hint = f"; if a round does not end, look for a loop without end in {own}" if own else ""
            raise KeyboardInterrupt(
                f"stopped after {self.done} of {self.scenario.rounds} rounds{hint}"
            ) from None

    def _look_at_answers(self) -> None:
        if self.own:
            refuse_odd_answers(self.scenario, self.world)

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
            given = self.world, self.workspaces[0], self.done, last, *self.mixes
            self._walk(schedule.many_rounds, *given)
            self.done = last
            self._look_at_answers()
            if limit is not None and last < rounds:
                limit.look()
                # Blocks grow while they are short, so that looking costs next to nothing.
                if time.monotonic() - before < limit.seconds / LOOKS:
                    block *= 2

    def step(self, pool: Executor | None = None, keep: bool = False) -> None:
        """Walk one round, by the workers of a pool or alone; orders are kept from the first on."""
        world, workspaces = self.world, self.workspaces
        population.open_round(world, self.done)
        buyers = len(world.buyers)
        parts = max(len(workspaces), buyers // BUYERS_AT_A_TIME)
        left = iter(pairwise(np.linspace(0, buyers, parts + 1).astype(int)))

        def walk(workspace: Workspace) -> None:
            # Whoever is free takes the next buyers; what one iterator gives, it gives once.
            for first, last in left:
                schedule.walk_buyers(world, workspace, first, last)

        if keep:
            if self.done == 0:
                workspaces[0] = self._recorder.prepared(workspaces[0])
            self._walk(self._recorder.round, workspaces[0], self.mixes)
            self.done += 1
            self._look_at_answers()
            return
        if pool is None:
            self._walk(walk, workspaces[0])
        else:
            self._wait([pool.submit(walk, workspace) for workspace in workspaces])
        for other in workspaces[1:]:
            _hand_over(other, workspaces[0])
        population.close_round(world, workspaces[0], *self.mixes)
        self.done += 1
        self._look_at_answers()

    def outcome(self) -> Outcome:
        """Give what the rounds walked so far have shown."""
        rounds = self._sum([workspace.rounds[: self.done] for workspace in self.workspaces])
        ends = [0, -1] if self.done else []
        return Outcome(
            self.scenario,
            self.replicate,
            Sums(
                float(self.scenario.market.hour_cost),
                tuple(self.scenario.instruments),
                tuple(self.scenario.buyer_mix),
                rounds["buyers"][ends],
                rounds,
                self._sum([workspace.ages for workspace in self.workspaces]),
                self._balances(),
                self._sum([workspace.temptations for workspace in self.workspaces]),
            ),
            self.world,
            self._recorder.recorded(),
        )

    def _balances(self) -> NDArray[np.int64]:
        """Balance of every account after every round walked so far."""
        flows = sum(workspace.balances[: self.done] for workspace in self.workspaces)
        opening = population.opening_balances(self.world)
        balances: NDArray[np.int64] = np.cumsum(flows, axis=0) + opening
        return balances

    def _sum(self, parts: list[Records]) -> Records:
        """Add up what workers have counted; what may still change is copied."""
        whole = np.ascontiguousarray(parts[0]).view(np.ndarray)
        if len(parts) > 1 or self.done < self.scenario.rounds:
            whole = whole.copy()
        for part in parts[1:]:
            whole.view(np.int64)[...] += np.ascontiguousarray(part).view(np.ndarray).view(np.int64)
        return whole.view(parts[0].dtype).view(np.ndarray)


def _hand_over(giving: Workspace, taking: Workspace) -> None:
    """Add a worker's sums of the round to another's, and empty them."""
    for given, taken in (
        (giving.suppliers, taking.suppliers),
        (giving.used_well, taking.used_well),
    ):
        numbers = given.view(np.ndarray).view(np.int64)
        taken.view(np.ndarray).view(np.int64)[...] += numbers
        numbers[...] = 0


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
        Keep every order, and what happens after it: `Outcome.orders` adds up to the measures.
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
    RuleAnswerError
        If a rule of the user's gave an answer outside its decision's range.

    Examples
    --------
    >>> outcome = simulate(Scenario("high_trust", rounds=12, buyers=20), replicate=3)
    >>> int(outcome.balances[-1].sum())
    0
    """
    scenario = read(What, scenario, "scenario")
    threads = check_cores(threads, "threads")
    orders = read(Flag, orders, "orders")
    buyers = scenario.market.buyers
    workers = 1 if orders else max(1, min(threads, buyers // SMALLEST_SHARE))
    rounds = Rounds(scenario, replicate, workers)
    if limit is not None:
        limit.start()
    if workers == 1 and not orders:
        with told_what_takes_long():
            rounds.run(limit)
        return rounds.outcome()
    with told_what_takes_long(), WorkerPool(workers) as pool:
        for _ in range(scenario.rounds):
            if limit is not None:
                limit.look()
            rounds.step(None if orders else pool, keep=orders)
    return rounds.outcome()
