"""A sweep of thousands of small markets: runs per second, what the experiment adds, memory."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, thread_time
from typing import Any

from mesa import DataCollector
from mesa.batchrunner import batch_run

from benchmarks.headline import CORES
from benchmarks.measuring import Row, alternating, at_least, at_most
from benchmarks.plain_mesa import PlainMarket
from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.experiment.plan import Plan, scenario_of
from trustsim.experiment.run import run_missing
from trustsim.market import population, schedule

TITLE = "sweep of markets of 100 buyers and 20 suppliers over 120 rounds"
CONFIG = """
name = "sweep"
rounds = ROUNDS
replications = 2
baseline = "adversarial"
keep = ["runs"]
[market]
buyers = 100
suppliers = 20
[arms.high_trust]
buyer_mix = { high_trust = 1.0 }
[arms.adversarial]
buyer_mix = { adversarial = 1.0 }
[design]
method = "latin_hypercube"
points = POINTS
[design.parameters]
market.demand_volatility = { low = 0.0, high = 0.6 }
market.lot_cost = { low = 0.5, high = 2.0, scale = "log" }
market.supplier_mix.opportunist = { low = 0.0, high = 0.4 }
policies.buyers.high_trust.exploration = { low = 0.0, high = 0.2 }
"""
GIGABYTE = 2.0**30


class Batch(PlainMarket):
    """The plain Mesa model as Mesa's own runner of batches wants it."""

    def __init__(self, scenario: Any, seed: int | None = None) -> None:
        super().__init__(scenario, seed=seed)
        self.last = scenario.rounds
        self.datacollector = DataCollector({"orders": lambda market: market.rounds[-1].orders})

    def step(self) -> None:
        super().step()
        self.datacollector.collect(self)
        self.running = self.round < self.last


def config_of(points: int, rounds: int, folder: str) -> tuple[ExperimentConfig, Path]:
    path = Path(folder) / f"sweep_{points}.toml"
    text = CONFIG.replace("POINTS", str(points)).replace("ROUNDS", str(rounds))
    path.write_text(text, encoding="utf-8")
    return load_experiment(path), path


def outside(config: ExperimentConfig, folder: Path) -> float:
    """Share of processor time that a sweep spends outside the compiled engine."""
    entries = [(schedule, "many_rounds"), (population, "populate")]
    compiled = [getattr(room, name) for room, name in entries]
    inside = 0.0

    def timed(entry: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal inside
            start = thread_time()
            found = entry(*arguments)
            inside += thread_time() - start
            return found

        return call

    for (room, name), entry in zip(entries, compiled, strict=True):
        setattr(room, name, timed(entry))
    start = process_time()
    try:
        run_missing(config, folder, jobs=1)
    finally:
        for (room, name), entry in zip(entries, compiled, strict=True):
            setattr(room, name, entry)
    return 1.0 - inside / (process_time() - start)


def peak_and_seconds(config: Path, out: Path, jobs: int) -> tuple[float, float]:
    """Peak memory, bytes, and time of the command line on an experiment."""
    command = [sys.executable, "-m", "trustsim.commands.cli", "run", str(config), "--out", str(out)]
    start = perf_counter()
    process = subprocess.Popen(
        [*command, "--no-report", "--quiet", "--jobs", str(jobs)], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the sweep ended with status {status}")
    return usage.ru_maxrss * 1024.0, perf_counter() - start


def sweep(quick: bool) -> Iterator[Row]:
    """Time a sweep on one and two cores, and Mesa's batch runner on the plain Mesa model."""
    rounds = 6 if quick else 120
    points, all_points = (4, 8) if quick else (250, 2500)
    with tempfile.TemporaryDirectory() as folder:
        config, _ = config_of(points, rounds, folder)
        runs = len(Plan(config))
        numbers = count()

        def on(jobs: int) -> None:
            run_missing(config, Path(folder) / f"out_{next(numbers)}", jobs=jobs)

        plan = Plan(config)
        scenarios = [scenario_of(config, plan.run(place)) for place in plan.order(0, 1)[:4]]

        def mesa() -> None:
            batch_run(
                Batch,
                {"scenario": scenarios},
                number_processes=CORES,
                max_steps=rounds,
                display_progress=False,
            )

        on(CORES)  # compiled, and both threads awake
        times = alternating(1 if quick else 3, one=lambda: on(1), both=lambda: on(CORES), mesa=mesa)
        rates = {
            "one": [runs / t for t in times["one"]],
            "both": [runs / t for t in times["both"]],
            "mesa": [len(scenarios) / t for t in times["mesa"]],
        }
        yield Row(TITLE, f"{runs} runs on one core", median(rates["one"]), "runs/s")
        yield Row(TITLE, f"{runs} runs on both cores", median(rates["both"]), "runs/s")
        gain = median(b / o for o, b in zip(rates["one"], rates["both"], strict=True))
        yield at_least(TITLE, "both cores against one", gain, "times", 1.8)
        yield Row(
            TITLE, "mesa.batch_run of the plain Mesa model, both cores", median(rates["mesa"]),
            "runs/s",
        )  # fmt: skip
        ratio = median(b / m for m, b in zip(rates["mesa"], rates["both"], strict=True))
        yield at_least(TITLE, "sweep against mesa.batch_run", ratio, "times", 100.0)
        share = 100.0 * outside(config, Path(folder) / "outside")
        yield at_most(TITLE, "processor time outside the compiled engine", share, "%", 10.0)
        large, path = config_of(all_points, rounds, folder)
        name = f"{len(Plan(large)):,} runs, command line"
        for jobs, words in ((1, "one core"), (CORES, "both cores")):
            peak, seconds = peak_and_seconds(path, Path(folder) / words, jobs)
            yield Row(TITLE, f"{name}, {words}", len(Plan(large)) / seconds, "runs/s")
        yield at_most(TITLE, f"{name}, peak memory", peak / GIGABYTE, "GB", 2.0)
