"""Weisbuch, Kirman & Herreiner 2000 and Kirman & Vriend 2001: buyers who get used to sellers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustsim.config.scenario import Scenario
from trustsim.engine.worker_pool import WorkerPool
from trustsim.experiment.run import cores_to_use
from trustsim.simulation.run import simulate
from trustsim.validation.known.trade import shares_of_attraction
from trustsim.validation.published.file import Published
from trustsim.validation.published.row import Effort, Reproduced
from trustsim.validation.quiet_market import quiet

SHORT_MEMORY, ROUNDS, SLOW_ROUNDS = 0.005, 4_000, 16_000
"""Share of attraction that fades a round (small, as in the mean field), and rounds till it settles,
at most intensities and just above the threshold.
"""

SLOW = (1.0, 1.3)
"""Between these intensities it settles slowly."""

ALPHA = 0.25
"""Weight of the last visit in the loyalty of Kirman & Vriend."""

BUYERS, SELLERS, PROFIT = 100, 10, 0.25


def rows(source: Published, effort: Effort) -> Iterator[Reproduced]:
    """Let two sellers be visited at every intensity, then ten as Kirman & Vriend have them."""
    (fitted,) = source.fitted
    market = ten_sellers(fitted.value)
    asked = {f.id: float(f.at["intensity"]) for f in source.figure if "intensity" in f.at}
    with WorkerPool(cores_to_use(effort.jobs)) as pool:
        orders = {name: pool.submit(order_parameters, x) for name, x in asked.items()}
        parts = [pool.submit(visits, market, n) for n in range(effort.of(3, 12))]
        for name, order in orders.items():
            yield Reproduced.mean(name, order.result())
        runs = [part.result() for part in parts]
    index = np.array([loyalty(run) for run in runs])
    yield Reproduced.mean("loyalty_late", index[:, 2_500:].mean(axis=1))
    yield Reproduced.mean("loyalty_day_500", index[:, 499])
    for name, first, last in (("loyal_buyers_early", 0, 25), ("loyal_buyers_late", 4_975, 5_000)):
        yield Reproduced.mean(name, [loyal_share(run[first:last]) for run in runs])


def order_parameters(intensity: float) -> NDArray[np.float64]:
    """Give P1^2 + P2^2 of every buyer of two sellers, at an intensity in units of the threshold."""
    rounds = SLOW_ROUNDS if SLOW[0] < intensity < SLOW[1] else ROUNDS
    shares = shares_of_attraction(intensity, SHORT_MEMORY, rounds)
    concentration: NDArray[np.float64] = (shares**2).sum(axis=1)
    return concentration


def ten_sellers(intensity: float, days: int = 5_000) -> Scenario:
    """Give a market of 100 buyers and ten equal sellers.

    The intensity is in units of the threshold of ten sellers; memory is that of Kirman & Vriend's
    loyalty, 1/(1 + alpha) a day.
    """
    memory = ALPHA / (1.0 + ALPHA)
    threshold = SELLERS * memory / PROFIT / (1.0 - memory)
    buyer = {
        "award": "logit",
        "attraction_weight": 1.0,
        "memory": memory,
        "intensity": intensity * threshold,
    }
    market: dict[str, Any] = {"buyers": BUYERS, "suppliers": SELLERS, "contacts": SELLERS}
    goods: dict[str, Any] = {"cost_low": 0.8, "cost_high": 1.0, "value": 1.0 + PROFIT}
    return quiet(buyer, rounds=days, **market, **goods)


def visits(market: Scenario, replicate: int) -> NDArray[np.int64]:
    """Give whom each buyer visited, shape (days, buyers); -1 for nobody."""
    recorded = simulate(market, replicate, orders=True).recorded
    assert recorded is not None
    orders = recorded.orders[recorded.orders["ordered"] == 1]
    found = np.full((market.rounds, market.market.buyers), -1)
    found[orders["round"], orders["buyer"]] = orders["supplier"]
    return found


def loyalty(visited: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the mean loyalty of buyers on each day, shape (days,).

    Of L, the sum of alpha/(1 + alpha)**k over visits, the sum of squared shares: 1 for who always
    goes to the same seller.
    """
    buyers = np.arange(visited.shape[1])
    weights = np.zeros((visited.shape[1], SELLERS))
    means = np.empty(len(visited))
    for day, sellers in enumerate(visited):
        weights /= 1.0 + ALPHA
        weights[buyers, sellers] += ALPHA / (1.0 + ALPHA)
        shares = weights / weights.sum(axis=1, keepdims=True)
        means[day] = (shares**2).sum(axis=1).mean()
    return means


def loyal_share(visited: NDArray[np.int64]) -> float:
    """Give the share of buyers that made more than 95 % of their visits to one seller."""
    most = (visited[:, :, None] == np.arange(SELLERS)).mean(axis=0).max(axis=1)
    return float((most > 0.95).mean())
