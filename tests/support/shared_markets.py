"""Tables of policies in which the truth is known: costs by share, with luck that runs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trustsim.report.results import Reported

Cost = Callable[[float], float]
SHARES = (0.0, 0.01, 0.5, 0.99, 1.0)
COSTS: dict[str, Cost] = {"warm": lambda s: 1.25 - 0.1 * s, "cold": lambda s: 1.2 - 0.08 * s}


def shared(
    costs: Mapping[str, Cost],
    shares: tuple[float, ...],
    *,
    arm: str = "mixed",
    replicates: int = 20,
    noise: float = 0.01,
    end: Cost = lambda share: share,
    seed: int = 7,
) -> pd.DataFrame:
    """Give a table of policies: a point per share of the first policy, the second has the rest.

    A policy costs what its function of the share of the first says, more or less by the luck of the
    replicate, which is the same in all markets, and a little of its own.
    """
    a, b = costs
    luck = np.random.default_rng(seed).normal(0.0, 0.05, replicates)
    rows = []
    for point, share in enumerate(shares):
        own = np.random.default_rng((seed, point)).normal(0.0, noise, (2, replicates))
        for replicate in range(replicates):
            for place, (name, part) in enumerate(((a, share), (b, 1.0 - share))):
                last = end(share) if name == a else 1.0 - end(share)
                cost = costs[name](share) + luck[replicate] + own[place, replicate]
                rows.append(
                    {
                        "run_id": f"{arm}{point:02d}{replicate:04d}",
                        "arm": arm,
                        "point": point,
                        "replicate": replicate,
                        "policy": name,
                        "share_of_buyers": part,
                        "share_of_orders": part,
                        "share_at_start": part,
                        "share_at_end": last,
                        "total_cost": cost if part > 0 else np.nan,
                        "orders": 100.0 * part,
                    }
                )
    return pd.DataFrame(rows)


def reported(policies: pd.DataFrame, experiment: dict[str, Any] | None = None) -> Reported:
    """A folder whose table of policies is this one."""
    kept = [name for name in policies if name != "policy" and not name.startswith("share_")]
    runs = policies.drop_duplicates(["arm", "point", "replicate"])[kept]
    result = Reported(Path("nowhere"), runs, experiment=experiment or {})
    result.__dict__["policies"] = policies
    return result
