"""Antras & Foley 2015, Niepmann & Schmidt-Eisenlohr 2017: signs of terms of payment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from trustsim.config.scenario import Scenario
from trustsim.engine.worker_pool import WorkerPool
from trustsim.experiment.run import cores_to_use
from trustsim.simulation.run import simulate
from trustsim.validation.published.file import Published
from trustsim.validation.published.row import Effort, Reproduced
from trustsim.validation.reading import Observable
from trustsim.validation.signs import signs


def rows(source: Published, effort: Effort) -> Iterator[Reproduced]:
    """Measure every sign in pairs of runs with the same luck."""
    pairs = range(effort.of(12, 48))
    with WorkerPool(cores_to_use(effort.jobs)) as pool:
        parts = {
            figure.id: [pool.submit(difference, figure.at, n) for n in pairs]
            for figure in source.figure
        }
        for figure in source.figure:
            found = np.array([part.result() for part in parts[figure.id]])
            yield Reproduced.mean(figure.id, found)


def difference(at: dict[str, Any], replicate: int) -> float:
    """Give the measure on the high side less that on the low one.

    Parameters
    ----------
    at : mapping
        ``base`` (a market of the signs), ``market`` (what is changed in it), ``measure``,
        ``low`` and ``high``: values of the market's parameter ``along``, or, if there is none, ages
        of relations, each from and to.
    """
    values = []
    for side in ("low", "high"):
        scenario, ages = market_of(at), None
        if "along" in at:
            scenario = scenario.replace(**{at["along"]: at[side]})
        else:
            ages = tuple(at[side])
        reading = Observable(at["measure"], ages=ages)
        values.append(reading.of(simulate(scenario, replicate)))
    return values[1] - values[0]


def market_of(at: dict[str, Any]) -> Scenario:
    """Give the market of a sign."""
    return signs().base_market(at["base"]).replace(**at.get("market", {}))
