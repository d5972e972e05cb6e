"""What Dask adds to a run, against threads: both on the same cores, next to each other."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from time import perf_counter

from benchmarks.headline import CORES, headline
from benchmarks.measuring import Row, alternating, processor_seconds
from trustsim.config.experiment import ExperimentConfig
from trustsim.experiment.execution.dask_executor import DaskExecutor
from trustsim.experiment.execution.executors import Executor, ThreadExecutor
from trustsim.experiment.plan import Plan

TITLE = "Dask against threads, two arms of the headline experiment"
KEPT = {"runs": ("runs",), "all tables": ("runs", "policies", "rounds", "ages")}


def study(replications: int, rounds: int, keep: tuple[str, ...]) -> ExperimentConfig:
    """Give two arms of the headline experiment: 100 buyers, 20 suppliers."""
    whole = headline()
    arms = {name: arm.replace(rounds=rounds) for name, arm in list(whole.arms.items())[:2]}
    baseline = next(iter(arms))
    return replace(whole, arms=arms, baseline=baseline, replications=replications, keep=keep)


def computed(executor: Executor, config: ExperimentConfig) -> None:
    """Compute all runs of a study, and keep nothing."""
    plan = Plan(config)
    found = executor.attempts((plan.run(place) for place in range(len(plan))), config)
    assert sum(attempt.sums is not None for attempt in found) == len(plan)


def dask_overhead(quick: bool) -> Iterator[Row]:
    """Time the same runs in threads and in worker processes, and what the main process does."""
    rounds, replications = (6, 4) if quick else (120, 500)
    threads = ThreadExecutor(CORES)
    with DaskExecutor(workers=CORES) as dask:
        start = perf_counter()
        computed(dask, study(CORES, rounds, ("runs",)))  # compiled, and all processes awake
        yield Row(TITLE, "two worker processes and their first runs", perf_counter() - start, "s")
        for words, keep in KEPT.items():
            config = study(replications, rounds, keep)
            runs = 2 * replications
            times = alternating(
                1 if quick else 3,
                threads=lambda config=config: computed(threads, config),
                dask=lambda config=config: computed(dask, config),
            )
            both = zip(times["dask"], times["threads"], strict=True)
            added = median(there - here for there, here in both) / runs
            own = processor_seconds(lambda config=config: computed(dask, config)) / runs
            yield Row(TITLE, f"threads, {words} kept", runs / median(times["threads"]), "runs/s")
            yield Row(TITLE, f"Dask, {words} kept", runs / median(times["dask"]), "runs/s")
            yield Row(TITLE, f"added per run, {words} kept", 1e3 * added, "ms")
            yield Row(TITLE, f"main process per run, {words} kept", 1e3 * own, "ms")
