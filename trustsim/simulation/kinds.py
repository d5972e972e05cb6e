"""How many agents a share of a mix gives a policy; the luck of a run decides among few numbers."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from trustsim.market.population import GOLDEN


@lru_cache(maxsize=4096)
def fewest_and_most(agents: int, share: float) -> tuple[int, int]:
    """Give the smallest and the largest number of agents of a policy, over all luck.

    Agents take points of a golden-ratio sequence, shifted by the luck of the run
    (`trustsim.market.population.policy_of`); a policy has those in an interval as long as its
    share.

    Examples
    --------
    >>> fewest_and_most(100, 0.01)
    (0, 2)
    """
    points = np.sort((np.arange(1, agents + 1) * GOLDEN) % 1.0)
    around = np.concatenate([points, points + 1.0])
    first = np.arange(agents)
    # Counts change only where an end of the interval passes a point.
    most = np.searchsorted(around, points + share, side="left") - first
    fewest = np.searchsorted(around, points + share, side="right") - first - 1
    return int(fewest.min()), int(min(most.max(), agents))
