"""Policies compared within the same market: each run gives one difference.

In the table of policies a run has a row per policy of buyers. Told which arm is meant, the policies
take the place of arms, and everything that compares arms compares them.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from trustsim.analysis.pairs import arm_runs
from trustsim.errors import ConfigError, shown, suggestion

SHARES = ("share_of_buyers", "share_of_orders", "share_at_start", "share_at_end")
"""Columns of the table of policies that say how many have a policy."""

COUNTS = ("orders", "accepted")
"""Measures that count what all buyers of a policy did, and say how many these are."""

SHARED_OUT = ("bank_loss",)
"""Measures that are shared out over all buyers of a market, whatever their policies did."""

LEFT_OUT = (*SHARES, *COUNTS, *SHARED_OUT)


def refuse_left_out(measures: Iterable[str]) -> None:
    """Refuse measures that tell nothing of one policy beside another in the same market.

    Raises
    ------
    ConfigError
        With the reason.
    """
    for name in measures:
        if name in LEFT_OUT:
            raise ConfigError(
                f"measure {shown(name)} is not compared between policies of one market: it says "
                "how many have which, or is shared out over all buyers"
            )


def runs_by_policy(policies: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Give the rows of one arm in the table of policies as runs, of which policies are the arms.

    Counts of orders and lots are left out: between policies they say how many have which; and what
    is shared out over all buyers of a market: it tells nothing of a policy.

    Parameters
    ----------
    policies : DataFrame
        A row per run and policy: arm, replicate, policy, [point], measures.
    arm : str
        The arm in which policies are to be compared.

    Raises
    ------
    ConfigError
        If it is no table of policies, or the arm is unknown or has no finished run.
    """
    if "policy" not in policies or "round" in policies:
        raise ConfigError(
            "policies within an arm are compared in the table of policies (Results.policies, "
            "policies.parquet), which has a row per run and policy"
        )
    arm_runs(policies.drop_duplicates(_which(policies)), arm)
    mine = policies[policies["arm"] == arm]
    dropped = [name for name in LEFT_OUT if name in mine]
    return mine.assign(arm=mine["policy"]).drop(columns=[*dropped, "policy"])


def refuse_absent(policies: pd.DataFrame, arm: str, names: tuple[str, ...]) -> None:
    """Refuse policies that an arm does not have, or that no buyer has in any of its runs.

    Raises
    ------
    ConfigError
        With the policies that the arm has.
    """
    mine = policies[policies["arm"] == arm]
    there = [str(name) for name in dict.fromkeys(mine["policy"])]
    for name in names:
        if name not in there:
            raise ConfigError(
                f"arm {shown(arm)} has no policy of buyers {shown(name)}{suggestion(name, there)}"
            )
        if "orders" in mine and not (mine.loc[mine["policy"] == name, "orders"] > 0).any():
            raise ConfigError(
                f"policy {shown(name)} of arm {shown(arm)} has no buyer that orders in any run, so "
                "that there is nothing to compare"
            )


def _which(policies: pd.DataFrame) -> list[str]:
    return [name for name in ("arm", "point", "replicate") if name in policies]
