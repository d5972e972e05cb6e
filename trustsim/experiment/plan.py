"""What is still to be done in a folder, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from trustsim.experiment.design import Run


def missing(runs: Iterable[Run], done: Collection[str]) -> list[Run]:
    """Runs that are not done, replicate by replicate.

    All arms of a replicate stand together, so that an experiment that is stopped early has pairs
    to compare.
    """
    left = [run for run in runs if run.run_id not in done]
    return sorted(left, key=lambda run: run.replicate)
