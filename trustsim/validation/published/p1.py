"""Dyer & Chu 2003 and the Working Relations Index: six ways to buy, in markets of their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from trustsim.config.scenario import Scenario
from trustsim.engine.worker_pool import WorkerPool
from trustsim.experiment.run import cores_to_use
from trustsim.simulation.run import simulate
from trustsim.validation.published.file import Published
from trustsim.validation.published.row import Effort, Reproduced

POLICIES = (
    "adversarial",
    "price_only",
    "hard_but_fair",
    "reputation_guided",
    "trust_but_verify",
    "high_trust",
)
"""As many ways to buy as car makers have an index."""

MEASURES = (
    "transaction_time_share",
    "goods_per_hour",
    "procurement_cost",
    "trust_in_buyers",
    "buyer_surplus",
)

SEED = 20140501


def rows(source: Published, effort: Effort) -> Iterator[Reproduced]:
    """Run every way to buy by itself, with the same luck; a run is ten years of 100 buyers."""
    del source
    runs = effort.of(12, 60)
    asked = [(policy, n) for policy in POLICIES for n in range(runs)]
    with WorkerPool(cores_to_use(effort.jobs)) as pool:
        parts = [pool.submit(_measures, *each) for each in asked]
        found = np.array([part.result() for part in parts]).reshape(len(POLICIES), runs, -1)
    least, most = found[0], found[-1]
    time, goods, cost = (MEASURES.index(name) for name in MEASURES[:3])
    yield Reproduced.mean("time_of_the_least_trusted", least[:, time])
    yield Reproduced.mean("ratio_of_time", least[:, time] / most[:, time])
    yield Reproduced.mean("ratio_of_goods", least[:, goods] / most[:, goods])
    yield Reproduced.mean("ratio_of_cost", least[:, cost] / most[:, cost])
    hours = [each[:, time] / each[:, goods] for each in (least, most)]
    yield Reproduced.mean("transaction_hours", hours[0] / hours[1])
    hours = [(1.0 - each[:, time]) / each[:, goods] for each in (least, most)]
    yield Reproduced.mean("productive_hours", hours[0] / hours[1])
    index, profit = (found[:, :, MEASURES.index(name)] for name in MEASURES[3:])
    ranks = [spearmanr(index[:, n], profit[:, n]).statistic for n in range(runs)]
    yield Reproduced.mean("rank_correlation", ranks)
    bends = [gain_bend(index[:, n], profit[:, n]) for n in range(runs)]
    yield Reproduced.mean("gain_along_index", bends)


def gain_bend(index: npt.NDArray[np.float64], profit: npt.NDArray[np.float64]) -> float:
    """Say how the gain from ten per cent more of the index changes along the index.

    The gain is that along a parabola through the points, shape (n,): negative if it falls.
    """
    square, slope, _ = np.polyfit(index, profit, 2)
    gain = [slope * 0.1 * x + square * ((1.1 * x) ** 2 - x**2) for x in (index.min(), index.max())]
    return float(gain[1] - gain[0])


def market_of(policy: str) -> Scenario:
    """Give the market of a way to buy."""
    return Scenario(policy, rounds=120, seed=SEED, buyers=100, suppliers=20)


def _measures(policy: str, replicate: int) -> list[float]:
    measures = simulate(market_of(policy), replicate).measures
    return [measures[name] for name in MEASURES]
