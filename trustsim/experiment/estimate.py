"""What an experiment is going to take, told before it is run: runs, orders, time and disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trustsim.config.design import range_text
from trustsim.config.experiment import ExperimentConfig
from trustsim.experiment.plan import Plan, Run, scenario_of
from trustsim.schema.accounts import ACCOUNTS
from trustsim.schema.measures import AGE_FROM, MEASURES, TEMPTATIONS

SECONDS_PER_ORDER = 0.9e-6
"""Time of an order on one core; measured on a server of 2025, yours may take half or twice it."""

SECONDS_PER_ROW = 2e-6
"""Time to work out and write a row of a table; measured likewise."""

REPORT_SECONDS = 10.0
REPORT_SECONDS_PER_ARM = 3.0
REPORT_SECONDS_PER_ROW = 20e-6
REPORT_SECONDS_PER_POINT = 3e-3
"""Most time of the report, on one core: in any case; of every arm; of every row of runs and of the
tables that it draws from; and of every point of a design and challenger. Measured likewise, on
reports of one point, of a Latin hypercube and of an ablation, and rounded up by half or more."""

BYTES_PER_NUMBER = 7.0
"""Room of a measure in a compressed table; measured on results of the built-in market."""

SECONDS_PER_ORDER_KEPT = 28e-6
"""Time that an order takes besides if it is kept: its rows are made, merged and digested."""

BYTES_PER_ORDER_KEPT = 220.0
"""Room of an order in the compressed table of orders, with what happens after it."""

MOST_POINTS_LOOKED_AT = 500


@dataclass(frozen=True)
class Estimate:
    """What an experiment is going to take.

    Attributes
    ----------
    arms, points : int
        Arms, and design points at which each of them runs.
    replications, most_replications : int
        Runs of every arm at every point: at least, and at most (with a rule of precision).
    orders : float
        Orders expected, in all runs of `replications`.
    seconds : float
        Time on `cores` cores, without compilation and report.
    report : float
        Time of the report, seconds at most.
    bytes : float
        Size of the tables on disk.
    cores : int
        Cores to be used.
    """

    arms: int
    points: int
    replications: int
    most_replications: int
    orders: float
    seconds: float
    report: float
    bytes: float
    cores: int

    @property
    def runs(self) -> int:
        """Runs in all, of `replications`."""
        return self.arms * self.points * self.replications


def estimate(config: ExperimentConfig, cores: int, seconds_per_order: float = 0.0) -> Estimate:
    """Estimate what an experiment takes.

    Parameters
    ----------
    config : ExperimentConfig
    cores : int
        Cores that will be used.
    seconds_per_order : float
        Time of an order on one core as it was measured; `SECONDS_PER_ORDER` if 0.
    """
    plan = Plan(config)
    looked_at = np.unique(np.linspace(0, plan.points - 1, MOST_POINTS_LOOKED_AT).astype(int))
    orders = rows = columns = 0.0
    for arm in plan.arms:
        for point in looked_at:
            scenario = scenario_of(config, Run(arm, int(point), 0, ""))
            market, policies = scenario.market, len(scenario.buyer_mix)
            orders += market.buyers * scenario.rounds * market.demand_rate
            rows += 1
            if "policies" in config.keep:
                rows += policies
            if "rounds" in config.keep:
                rows += scenario.rounds * (policies + (policies > 1))
            if "ages" in config.keep:
                rows += len(AGE_FROM)
            if "temptations" in config.keep:
                rows += len(TEMPTATIONS)
            columns = max(columns, len(MEASURES) + len(scenario.instruments) + len(ACCOUNTS))
    runs_looked_at = len(plan.arms) * len(looked_at)
    every = len(plan) / runs_looked_at
    orders, rows = orders * every, rows * every
    work = orders * (seconds_per_order or SECONDS_PER_ORDER) + rows * SECONDS_PER_ROW
    kept = orders if "orders" in config.keep else 0.0
    work += kept * SECONDS_PER_ORDER_KEPT
    precision = config.precision
    most = 1.0 if precision is None else precision.max / plan.replications
    return Estimate(
        arms=len(plan.arms),
        points=plan.points,
        replications=plan.replications,
        most_replications=plan.replications if precision is None else precision.max,
        orders=orders,
        seconds=work / cores,
        report=_report(plan, most * (rows if plan.points == 1 else len(plan))),
        bytes=rows * columns * BYTES_PER_NUMBER + kept * BYTES_PER_ORDER_KEPT,
        cores=cores,
    )


def _report(plan: Plan, rows: float) -> float:
    """Most seconds that the report takes, which draws from so many rows."""
    arms = len(plan.arms)
    of_design = (arms - 1) * plan.points * REPORT_SECONDS_PER_POINT if plan.points > 1 else 0.0
    return (
        REPORT_SECONDS + arms * REPORT_SECONDS_PER_ARM + rows * REPORT_SECONDS_PER_ROW + of_design
    )


def plan_lines(config: ExperimentConfig, result: Estimate) -> Iterator[str]:
    """Say in lines what an experiment consists of and what it takes."""
    yield f"experiment {config.name}"
    design = config.design
    if design is None:
        yield "  world: one point, the market of the file"
    else:
        what = f"{sum(design.points):,} " if design.points else ""
        kind = {"sobol": "base points of ", "morris": "trajectories of "}.get(design.method, "")
        yield (
            f"  world: {result.points:,} points ({what}{kind}{design.method}) over "
            f"{len(design.dimensions)} parameter{'s' if len(design.dimensions) > 1 else ''}"
        )
        for dimension in design.dimensions:
            yield f"    {dimension.path}: {range_text(dimension)} ({dimension.unit})"
    yield f"  policy: {result.arms} arms: {', '.join(config.arms)}; baseline {config.baseline}"
    yield "  constant: all other parameters (trustsim describe)"
    if config.precision is None:
        yield f"  replications: {result.replications:,} of every arm at every point"
    else:
        rule = config.precision
        width = f"{rule.half_width:.3g}"
        if rule.relative:
            width = f"{100 * rule.half_width:.3g} % of {config.baseline}'s mean"
        yield (
            f"  replications: {rule.start:,} to {rule.max:,}, until the difference in "
            f"{rule.measure} is known to ± {width}"
        )
    at_least = "" if config.precision is None else " at first"
    most = result.most_replications / result.replications
    yield f"  runs: {result.runs:,}{at_least}" + (
        f", at most {result.runs * most:,.0f}" if most > 1 else ""
    )
    yield f"  orders: about {_rounded(result.orders):,}{at_least}"
    noun = "core" if result.cores == 1 else "cores"
    yield (
        f"  time: about {duration(result.seconds)} on {result.cores} {noun}{at_least}"
        + (f", at most {duration(result.seconds * most)}" if most > 1 else "")
        + f"; then at most {duration(result.report)} for the report (estimated; add half a minute "
        "if the walk is not compiled yet)"
    )
    yield f"  disk: about {_size(result.bytes)} for {', '.join(config.keep)}{at_least}"
    if result.bytes > 1e9 and config.keep != ("runs",):
        yield f'  hint: keep = ["runs"] leaves out {" and ".join(config.keep[1:])}'


def duration(seconds: float) -> str:
    """Write a time for people."""
    whole = max(1, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {whole % 60:02} s" if minutes else f"{whole} s"


def _rounded(value: float) -> int:
    """Two digits say enough of an estimate."""
    return int(float(f"{value:.2g}"))


def _size(number: float) -> str:
    power = min(3, int(np.log10(max(number, 1)) // 3))
    return f"{float(f'{number / 1000**power:.2g}'):g} {('B', 'kB', 'MB', 'GB')[power]}"
