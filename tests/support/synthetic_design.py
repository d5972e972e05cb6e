"""A results folder with a design of several points, made up: who wins depends on one parameter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from support.synthetic_results import MANIFEST, PARTS, write_folder

DESIGNS = {
    "latin_hypercube": """
[design]
method = "latin_hypercube"
points = {points}
seed = 1
[design.parameters]
"market.demand_volatility" = {{ low = 0.0, high = 0.6 }}
"market.lot_cost" = {{ low = 0.5, high = 5.0, scale = "log" }}
""",
    "zip": """
[design]
method = "zip"
[design.parameters]
"market.demand_volatility" = {{ values = {values} }}
""",
}


def design_runs(points: int, replicates: int, seed: int = 3) -> pd.DataFrame:
    """Runs of high_trust and adversarial: the difference in total cost is 0.3 (1/3 - x).

    x runs over the points from 0 to 1 and is the volatility up to a factor. Luck of a replicate is
    shared by points and arms, and what luck does to the difference by points.
    """
    random = np.random.default_rng(seed)
    x = (np.arange(points) + 0.5) / points
    lot_cost = 0.5 * 10 ** random.permutation(x)
    luck, tilt = random.standard_normal((2, replicates))
    rows = []
    for arm in ("high_trust", "adversarial"):
        for point in range(points):
            for replicate in range(replicates):
                own = random.standard_normal(len(PARTS))
                part = 0.01 * luck[replicate] + 0.002 * own + 0.1
                gap = 0.3 * (1 / 3 - x[point]) + 0.01 * tilt[replicate]
                if arm == "high_trust":
                    part[0] += gap
                rows.append(
                    {
                        "run_id": f"{arm[0]}{point:05d}{replicate:05d}",
                        "arm": arm,
                        "point": point,
                        "replicate": replicate,
                        "status": "done",
                        "market.demand_volatility": 0.6 * x[point],
                        "market.lot_cost": lot_cost[point],
                        "total_cost": part.sum(),
                        **{f"cost_{name}": value for name, value in zip(PARTS, part, strict=True)},
                        "transaction_time_share": 0.3 + 0.01 * own[0] + 0.1 * (arm[0] == "a"),
                        "goods_per_hour": 1.0 + 0.1 * own[1] - 0.5 * (arm[0] == "a"),
                        "loyalty": 0.5,
                    }
                )
    return pd.DataFrame(rows)


def write_design_folder(
    folder: Path, method: str = "latin_hypercube", points: int = 24, replicates: int = 4
) -> Path:
    """Write a results folder of a design that keeps the table of runs only."""
    manifest = {**MANIFEST, "replications": replicates, "runs_planned": 2 * points * replicates}
    write_folder(
        folder, ("high_trust", "adversarial"), replicates=1, rounds=3, manifest=manifest,
        question="Where does high trust pay?",
    )  # fmt: skip
    for name in ("policies", "rounds", "ages"):
        (folder / f"{name}.parquet").unlink()
    design_runs(points, replicates).to_parquet(folder / "runs.parquet")
    experiment = folder / "experiment.toml"
    text = experiment.read_text(encoding="utf-8")
    values = json.dumps([round(0.6 * (i + 0.5) / points, 4) for i in range(points)])
    text = 'keep = ["runs"]\nsmallest_difference = 0.02\n' + text
    text += DESIGNS[method].format(points=points, values=values)
    experiment.write_text(text, encoding="utf-8")
    return folder
