"""How much of what differs between design points is luck: points, replicates, and both together.

All points of a design see the same replicates, hence the same luck. A replicate that is dear
everywhere moves all points alike and disturbs no comparison of points; what disturbs is the luck
that meets one point and not another, the interaction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trustsim.analysis.pairs import Floats


@dataclass(frozen=True)
class ReplicateNoise:
    """Variance components of a table of points by replicates.

    Attributes
    ----------
    points : float
        Variance of the expected output over the points, in squared units of the output.
    replicates : float
        Variance of luck that all points share.
    interaction : float
        Variance of luck that is a point's own; with a single replicate it cannot be told (NaN).
    replications : int
        Replicates of each point.
    share : float
        Part of the variance of the points' means that finite replicates make,
        ``interaction / replications`` over that variance, from 0 to 1.
    share_if_independent : float
        The same, had every point been given luck of its own.
    """

    points: float
    replicates: float
    interaction: float
    replications: int
    share: float
    share_if_independent: float

    def replications_for(self, share: float) -> float:
        """Replicates of each point at which the share of noise would be at most `share`."""
        if not self.points > 0:
            return float("inf")
        needed = self.interaction * (1 - share) / (share * self.points)
        return max(1.0, float(np.ceil(needed - 1e-9)))


def replicate_noise(values: Floats) -> ReplicateNoise:
    """Split the variance of a table of points by replicates into its components.

    The analysis of variance of two crossed random factors with one value a cell (Searle, Casella &
    McCulloch 1992, section 4.3). With mean squares MS of n points, R replicates and the rest,
    E MS_rest = s_pr, E MS_points = s_pr + R s_p and E MS_replicates = s_pr + n s_r. The variance of
    a point's mean due to its own luck is s_pr/R, and its share is MS_rest/MS_points.

    Parameters
    ----------
    values : ndarray, shape (points, replicates)
        Output of every point with every replicate, none missing; at least two points.
    """
    n, replications = values.shape
    centre = values.mean()
    by_point, by_replicate = values.mean(axis=1), values.mean(axis=0)
    over_points = float(np.var(by_point, ddof=1))
    if replications < 2:
        unknown = float("nan")
        return ReplicateNoise(over_points, unknown, unknown, replications, unknown, unknown)
    rest = values - by_point[:, None] - by_replicate[None, :] + centre
    interaction = float((rest**2).sum() / ((n - 1) * (replications - 1)))
    shared = max(0.0, float(np.var(by_replicate, ddof=1)) - interaction / n)
    own = interaction / replications
    if over_points <= 0:
        return ReplicateNoise(0.0, shared, interaction, replications, 0.0, 0.0)
    points = max(0.0, over_points - own)
    independent = (shared + interaction) / replications
    return ReplicateNoise(
        points=points,
        replicates=shared,
        interaction=interaction,
        replications=replications,
        share=min(1.0, own / over_points),
        share_if_independent=independent / (points + independent) if independent else 0.0,
    )
