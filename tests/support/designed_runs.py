"""Tables of runs that are made by a function of the unit cube in place of the market."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from trustsim.config.design import Design, read_design
from trustsim.experiment.plan import points_table, unit_sample

STAND_INS = ("late_gain", "scruple", "hold_up", "strain", "warranty", "enforcement")
"""Parameters between 0 and 1 that stand for the variables of a function."""

Output = Callable[[np.ndarray], np.ndarray]


def design_of(method: str, points: int, variables: int, seed: int = 5, **more: object) -> Design:
    market = {name: {"low": 0.0, "high": 1.0} for name in STAND_INS[:variables]}
    table = {"method": method, "points": points, "seed": seed, "parameters": {"market": market}}
    return read_design({**table, **more})


def runs_of(design: Design, *arms: tuple[str, Output]) -> pd.DataFrame:
    """Runs whose total_cost is a function of the unit cube: (points,) or (points, replicates)."""
    points, unit = points_table(design, 0), unit_sample(design, 0)
    rows = []
    for arm, output in arms:
        values = np.asarray(output(unit), float)
        values = values[:, None] if values.ndim == 1 else values
        for replicate in range(values.shape[1]):
            rows.append(
                points.assign(
                    arm=arm,
                    point=np.arange(len(points)),
                    replicate=replicate,
                    status="done",
                    total_cost=values[:, replicate],
                )
            )
    return pd.concat(rows, ignore_index=True)


def shared_luck(replicates: int, seed: int = 1) -> np.ndarray:
    """Luck of the replicates, the same for every point."""
    return np.random.default_rng(seed).normal(size=replicates)
