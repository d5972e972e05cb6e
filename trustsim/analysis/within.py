"""Policies compared within the same market: each run gives one difference.

In the table of policies a run has a row per policy of buyers. Told which arm is meant, the policies
take the place of arms, and everything that compares arms compares them.
"""

from __future__ import annotations

import pandas as pd

from trustsim.analysis.pairs import NOT_WITHIN, arm_runs
from trustsim.errors import ConfigError, shown, suggestion


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
    dropped = [name for name in NOT_WITHIN if name in mine]
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
