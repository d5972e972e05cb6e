"""What an experiment consists of: every arm, at every design point, with every replicate.

An experiment without a design has one point, number 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trustsim.scenario import ExperimentConfig, Scenario


@dataclass(frozen=True, slots=True)
class Run:
    """One run: an arm at a design point with the luck of one replicate."""

    arm: str
    point: int
    replicate: int
    run_id: str


def points(config: ExperimentConfig) -> Sequence[int]:
    """Numbers of the design points."""
    return range(1)


def scenario_of(config: ExperimentConfig, run: Run) -> Scenario:
    """Scenario of a run."""
    return config.arms[run.arm]


def design(config: ExperimentConfig) -> list[Run]:
    """All runs, in the order in which they stand in tables: by arm, point and replicate."""
    return [
        Run(arm, point, replicate, scenario.id(replicate))
        for arm, scenario in config.arms.items()
        for point in points(config)
        for replicate in range(config.replications)
    ]
