"""A sweep that outgrows the memory: what merging a million runs into tables takes."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.headline import ROOT
from benchmarks.measuring import Row, at_most, seconds
from benchmarks.size import peak_bytes
from trustsim.config.experiment import load_experiment
from trustsim.experiment.execution.executors import Attempt
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import RUNS_PER_CHUNK
from trustsim.experiment.storage.store import opened
from trustsim.simulation.run import simulate

KEPT = ("runs",)
REPLICATIONS = 100
SWEEP = """
name = "sweep"
rounds = 4
replications = {replications}
[market]
buyers = 20
suppliers = 5
[arms.high_trust]
[arms.adversarial]
[design]
method = "latin_hypercube"
points = {points}
[design.parameters]
market.demand_volatility = {{ low = 0.0, high = 0.6 }}
market.lot_cost = {{ low = 0.5, high = 5.0, scale = "log" }}
market.suppliers = {{ low = 5, high = 40 }}
"""


def chunks(folder: Path, points: int) -> int:
    """Fill a folder with the chunks of a sweep, as a killed process would leave them.

    The rows are those of a few real runs, again and again under other names.
    """
    folder.mkdir()
    config = folder / "experiment.toml"
    config.write_text(SWEEP.format(replications=REPLICATIONS, points=points))
    (folder / "manifest.json").write_text("{}")
    plan = Plan(load_experiment(config))
    scenario = plan.config.arms["high_trust"]
    sums = [simulate(scenario, replicate).sums for replicate in range(RUNS_PER_CHUNK)]
    with opened(folder) as store:
        order = plan.order(0, REPLICATIONS)
        for start in range(0, len(order), RUNS_PER_CHUNK):
            runs = map(plan.run, order[start : start + RUNS_PER_CHUNK])
            store.add([Attempt(*each) for each in zip(runs, sums, strict=False)], KEPT)
    return len(plan)


def merged(folder: Path) -> dict[str, float]:
    """Merge the chunks of a folder in this process, and give what that took."""
    plan = Plan(load_experiment(folder / "experiment.toml"))
    with opened(folder) as store:
        taken = seconds(lambda: store.merge(plan, KEPT))
    return {"seconds": taken, "bytes": peak_bytes()}


def store_size(quick: bool) -> Iterator[Row]:
    """Memory and time of the merge of a sweep of a million runs, in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "sweep"
        runs = chunks(folder, points=5 if quick else 5_000)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.store_size", str(folder)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout)
    title = "merging chunks into tables"
    yield at_most(title, f"memory, {runs:,} runs", found["bytes"] / 2**30, "GiB", 2)
    yield Row(title, "time", 1e6 * found["seconds"] / runs, "microseconds/run")


if __name__ == "__main__":
    print(json.dumps(merged(Path(sys.argv[1]))))
