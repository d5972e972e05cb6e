"""What a user waits for: help, the first run with nothing compiled, later runs, the experiment."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.headline import CONFIG, CORES, ROOT, engine_orders, headline
from benchmarks.measuring import Row, alternating, at_most, median_ratio, seconds
from trustsim.study import Experiment

FEW = 4
TITLE = "waiting"


def trustsim(*arguments: str, cache: str | None = None) -> float:
    """Time a call of the command line in a new process."""
    places = {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    if cache is not None:
        places["XDG_CACHE_HOME"] = cache
    command = [sys.executable, "-m", "trustsim.commands.cli", *arguments]

    def call() -> None:
        subprocess.run(command, env={**os.environ, **places}, capture_output=True, check=True)

    return seconds(call)


def starts(quick: bool) -> Iterator[Row]:
    """Cold and warm starts of the headline experiment with few replications; help."""
    repetitions = 1 if quick else 5
    yield at_most(
        TITLE, "trustsim --help", median(trustsim("--help") for _ in range(repetitions)), "s", 0.5
    )
    with tempfile.TemporaryDirectory() as folder:
        cache = f"{folder}/cache"

        def run(name: str, cache: str | None = None) -> float:
            arguments = ["run", str(CONFIG), "--out", f"{folder}/{name}", "--quiet"]
            few = ["--replications", str(1 if quick else FEW)]
            return trustsim(*arguments, *few, *(["--no-report"] if quick else []), cache=cache)

        text = f"run of {FEW} replications"
        if quick:
            yield Row(TITLE, f"{text}, nothing compiled", None, "s")
            run("warm 0")
            warm = run("warm 1")
        else:
            yield Row(TITLE, f"{text}, nothing compiled", run("cold", cache), "s")
            warm = median(run(f"warm {number}", cache) for number in range(3))
        yield Row(TITLE, f"{text}, warm", warm, "s")
        if quick:
            yield Row(TITLE, "whole headline experiment and report, warm", None, "s")
        else:
            whole = trustsim("run", str(CONFIG), "--out", f"{folder}/whole", "--quiet")
            yield Row(TITLE, "whole headline experiment and report, warm", whole, "s")


def layer(quick: bool) -> Iterator[Row]:
    """Time that the experiment layer adds to the runs that it makes, both on the same cores."""
    replications = 2 if quick else 100
    config = headline().replace(replications=replications)
    scenarios = list(config.arms.values())
    with tempfile.TemporaryDirectory() as folder:
        made = 0

        def experiment() -> None:
            nonlocal made
            made += 1
            Experiment(config).run(Path(folder) / str(made), jobs=CORES, report=False)

        times = alternating(
            1 if quick else 5,
            experiment=experiment,
            runs=lambda: engine_orders(scenarios, replications, CORES),
        )
    added = 100.0 * (median_ratio(times["experiment"], times["runs"]) - 1.0)
    name = f"added to {len(scenarios) * replications} runs"
    yield at_most("experiment layer", name, added, "%", 10.0)
