"""Shares of policies that leave a kind without agents, told before anything is run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trustsim.errors import ConfigError, shown
from trustsim.experiment.plan import Plan, Run, scenario_of

MOST_LOOKED_AT = 2_000
"""Points of a design that are looked at."""

CERTAIN = 20
"""A share of so many agents leaves none without."""


def lonely_kinds(plan: Plan) -> list[str]:
    """Say of policies with a share above 0 that some runs have no agent of them.

    Who has an agent is decided by the luck of a run, so that this is no error; but a run without
    one says nothing of the policy.

    Parameters
    ----------
    plan : Plan
        At most `MOST_LOOKED_AT` points of its design are looked at.

    Returns
    -------
    list of str
        At most a sentence about buyers and one about suppliers, each of the smallest share.
    """
    found: dict[str, list[tuple[float, str, str]]] = {"buyers": [], "suppliers": []}
    for where, scenario in looked_at(plan, MOST_LOOKED_AT):
        for side, cases in found.items():
            lonely = list(_lonely(scenario, side))
            if lonely:
                who = ", ".join(text for _, text in lonely)
                agents = f"of {getattr(scenario.market, side):,} {side}"
                cases.append((min(lonely)[0], where, f"{agents} {who}"))
    return [_sentence(side, cases) for side, cases in found.items() if cases]


def looked_at(plan: Plan, most: int) -> Iterator[tuple[str, Any]]:
    """Give the scenarios of all arms at so many points of a design at most, and where they are."""
    step = max(1, plan.points // most)
    for point in range(0, plan.points, step):
        for arm in plan.arms:
            where = f"arm {shown(arm)}"
            if plan.config.design is not None:
                where += f" at point {point}"
            try:
                scenario = scenario_of(plan.config, Run(arm, point, 0, ""))
            except ConfigError:
                continue  # it is a failure of its runs
            yield where, scenario


def _lonely(scenario: Any, side: str) -> Iterator[tuple[float, str]]:
    """Give the share of every policy that may have no agent, and how many it may have."""
    agents = getattr(scenario.market, side)
    for name, share in getattr(scenario, f"{side.removesuffix('s')}_mix").items():
        if not 0.0 < share * agents < CERTAIN:
            continue
        from trustsim.simulation.kinds import fewest_and_most

        fewest, most = fewest_and_most(agents, share)
        if fewest == 0:
            yield share, f"0 to {most} have the policy {shown(name)} (share {share:.3g})"


def _sentence(side: str, cases: list[tuple[float, str, str]]) -> str:
    _, where, who = min(cases, key=lambda case: case[0])
    others = len(cases) - 1
    also = f" (and in {others:,} more {'case' if others == 1 else 'cases'})" if others else ""
    return (
        f"{where}{also}: {who}, by the luck of a run; a run in which nobody has a policy says "
        f"nothing of it, so give it a larger share, or the market more {side}"
    )
