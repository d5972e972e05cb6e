"""Orders per second on the headline experiment: the engine against the plain Mesa model."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from benchmarks.measuring import Row, alternating, at_least, median_ratio, processor_seconds
from benchmarks.plain_mesa import PlainMarket
from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.simulation.run import simulate

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "configs" / "high_trust_vs_adversarial.toml"
CORES = 2


def headline() -> ExperimentConfig:
    return load_experiment(CONFIG)


def engine_orders(scenarios: list[Scenario], replicates: int, threads: int) -> int:
    """Run so many replicates of every scenario, side by side; give the orders."""
    runs = [(scenario, replicate) for replicate in range(replicates) for scenario in scenarios]

    def orders(run: tuple[Scenario, int]) -> float:
        return simulate(*run).measures["orders"]

    if threads == 1:
        return int(sum(map(orders, runs)))
    with ThreadPoolExecutor(threads) as pool:
        return int(sum(pool.map(orders, runs)))


def against_plain_mesa(quick: bool) -> Iterator[Row]:
    """Time the arms of the headline experiment, in both models, next to each other."""
    rounds = 6 if quick else 120
    scenarios = [arm.replace(rounds=rounds) for arm in headline().arms.values()]
    replicates = 4 if quick else 20
    orders: dict[str, int] = {}

    def plain() -> None:
        orders["plain"] = int(
            sum(PlainMarket(scenario, seed=1).run(rounds)["orders"] for scenario in scenarios)
        )

    def one() -> None:
        orders["one"] = engine_orders(scenarios, replicates, 1)

    def both() -> None:
        orders["both"] = engine_orders(scenarios, replicates, CORES)

    both()  # compiled, and both threads awake
    times = alternating(2 if quick else 7, plain=plain, one=one, both=both)
    cost = {name: [time / orders[name] for time in taken] for name, taken in times.items()}
    title = "headline experiment, four arms"
    yield Row(title, "plain Mesa", 1.0 / median(cost["plain"]), "orders/s")
    yield Row(title, "simulate, one core", 1.0 / median(cost["one"]), "orders/s")
    yield Row(title, "simulate, both cores", 1.0 / median(cost["both"]), "orders/s")
    one_core = median_ratio(cost["plain"], cost["one"])
    yield Row(title, "one core against plain Mesa", one_core, "times")
    alone = processor_seconds(plain) / orders["plain"], processor_seconds(one) / orders["one"]
    yield Row(title, "the same by processor time", alone[0] / alone[1], "times")
    ratio = median_ratio(cost["plain"], cost["both"])
    yield at_least(title, "both cores against plain Mesa", ratio, "times", 100.0)
    yield Row(title, "time of an order, one core", 1e9 * median(cost["one"]), "ns")
