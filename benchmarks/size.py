"""Large markets and several cores: cost per order, bytes per buyer, both cores against one."""

import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.headline import CORES, ROOT, engine_orders, headline
from benchmarks.measuring import Row, alternating, at_least, at_most, median_ratio, seconds
from trustsim.config.scenario import Scenario
from trustsim.simulation.run import Rounds, simulate

BUYERS_PER_SUPPLIER = 100
ROUNDS = 6


def market(buyers: int, rounds: int = ROUNDS) -> Scenario:
    """A market of so many buyers, with a supplier for every hundred of them."""
    suppliers = max(buyers // BUYERS_PER_SUPPLIER, 10)
    return Scenario("high_trust", rounds=rounds, buyers=buyers, suppliers=suppliers)


def nanoseconds_per_order(buyers: int, least_orders: int) -> float:
    """Time the rounds of fresh markets, without making them, until there are enough orders."""
    scenario = market(buyers)
    taken, orders, replicate = 0.0, 0.0, 0
    while orders < least_orders:
        rounds = Rounds(scenario, replicate)
        taken += seconds(rounds.run)
        orders += rounds.outcome().measures["orders"]
        replicate += 1
    return 1e9 * taken / orders


def scaling(quick: bool) -> Iterator[Row]:
    """Cost per order from 1,000 to 1,000,000 buyers, the same rounds of every market."""
    sizes = [1_000, 4_000] if quick else [1_000, 10_000, 100_000, 1_000_000]
    repetitions, least = (1, 10_000) if quick else (3, 500_000)
    nanoseconds_per_order(sizes[0], 1)
    costs: dict[int, list[float]] = {buyers: [] for buyers in sizes}
    for _ in range(repetitions):
        for buyers in sizes:
            costs[buyers].append(nanoseconds_per_order(buyers, least))
    title = f"large markets, {ROUNDS} rounds, one core"
    for buyers in sizes:
        yield Row(title, f"{buyers:,} buyers", median(costs[buyers]), "ns/order")
    medians = [median(taken) for taken in costs.values()]
    spread = max(medians) / min(medians)
    yield at_most(title, "dearest over cheapest size", spread, "times", 1.5)
    yield from memory(sizes[-1])


def memory(buyers: int) -> Iterator[Row]:
    """Bytes that a market keeps, by its records and by a process that makes and runs it."""
    rounds = Rounds(market(buyers), 0)
    kept = sum(part.nbytes for part in [*rounds.world, *rounds.workspaces[0]])
    title = "memory"
    yield Row(title, f"records of {buyers:,} buyers", kept / buyers, "bytes/buyer")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.size", str(buyers)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    yield Row(title, "process, beyond a market of ten", float(done.stdout) / buyers, "bytes/buyer")


def growth(buyers: int) -> int:
    """Most memory that this process holds for a market, beyond what it holds for a small one."""
    simulate(market(10))
    before = peak_bytes()
    simulate(market(buyers))
    return peak_bytes() - before


def peak_bytes() -> int:
    """Most memory that this process has held."""
    status = Path("/proc/self/status")  # other figures start from those of the parent process
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return 1024 * int(found[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def cores(quick: bool) -> Iterator[Row]:
    """Both cores against one: many small runs side by side, and one large run."""
    scenarios = list(headline().arms.values())
    replicates = 1 if quick else 20
    large = market(4_000, 2) if quick else market(100_000, 12)
    repetitions = 2 if quick else 5
    small = alternating(
        repetitions,
        one=lambda: engine_orders(scenarios, replicates, 1),
        both=lambda: engine_orders(scenarios, replicates, CORES),
    )
    inside = alternating(
        repetitions,
        one=lambda: simulate(large, threads=1),
        both=lambda: simulate(large, threads=CORES),
    )
    title = "both cores against one"
    runs = len(scenarios) * replicates
    speedup = median_ratio(small["one"], small["both"])
    yield at_least(title, f"{runs} runs of 100 buyers", speedup, "times", 1.8)
    speedup = median_ratio(inside["one"], inside["both"])
    name = f"one run of {large.market.buyers:,} buyers"
    yield at_least(title, name, speedup, "times", 1.8)
    same = np.array_equal(
        simulate(large, threads=1).balances, simulate(large, threads=CORES).balances
    )
    yield Row(title, "the same bits", float(same), "1 is yes", "1", same)


if __name__ == "__main__":
    print(growth(int(sys.argv[1])))
