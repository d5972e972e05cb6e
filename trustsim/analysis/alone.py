"""Alone or all: what a policy costs beside another, and what it costs where everybody has it.

Markets that differ in nothing but the shares of two policies of buyers come in, with the same luck
in each. What a policy is worth to somebody who turns to it alone, what it is worth if all do, and
what the policy of the others costs each kind come out. The last is an externality, and the parts
add up: the worth to all is that to the first plus what the others then do for whoever has turned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from trustsim.analysis.pairs import mean_interval, refuse_confidence, refuse_unknown

Market = tuple[str, int]
"""An arm at a point of the design."""

WHOLE = 1.0 - 1e-9
LOSES, HOLDS, GAINS = -1, 0, 1
"""Where the share of a policy goes, as far as it is shown."""


@dataclass(frozen=True)
class Shared:
    """Markets that two policies share, by the share of the first of them.

    Attributes
    ----------
    a, b : str
        The policies; shares are those of `a`, differences are a - b.
    markets : DataFrame
        A row per market by rising share: ``arm, point, share`` (of buyers in the first round, mean
        over runs), ``cost_a, half_a, n_a, cost_b, half_b, n_b`` (means over runs with their
        half-widths), ``difference, half, n`` (within runs), ``apart_a, apart_a_half, apart_b,
        apart_b_half`` (against the market where all have the policy), ``end, end_half, change,
        change_half, runs, gone, taken`` (share in the last round, its change, runs that had both
        policies at the start, shares of these in which one or the other is left alone), ``goes``.
    steps : DataFrame
        Worth of `a` and what others do, a row each where its markets are there, by name: ``one``
        (cost of a where it is rarest, less b where all have b), ``all`` (a where all have a, less b
        where all have b), ``others_a`` (a where all have a, less a where it is rarest),
        ``others_b`` (b where it is rarest, less b where all have b), ``last`` (a where all have a,
        less b where b is rarest); columns ``mean, half, n``.
    moves : bool
        Whether shares change within runs: agents imitate.
    """

    a: str
    b: str
    markets: pd.DataFrame
    steps: pd.DataFrame
    moves: bool

    @property
    def mixed(self) -> pd.DataFrame:
        """Markets in which both policies have buyers."""
        share = self.markets["share"]
        return self.markets[(share > 0) & (share < WHOLE)]

    def resting_points(self) -> list[tuple[str, float, float]]:
        """Where imitation comes to rest, or parts: kind, and the shares that it lies between.

        ``stable`` if shares on both sides are shown to go there, ``unstable`` if they go away. The
        ends, at which one policy is alone, count by the market next to them, and are not told where
        that is not shown to go either way.
        """
        mixed = self.mixed
        shown = mixed[mixed["goes"] != HOLDS]
        places = [*zip(shown["share"].tolist(), shown["goes"].tolist(), strict=True)]
        ends = mixed["goes"].tolist()
        found = []
        if ends and ends[0] != HOLDS:
            found.append(("stable" if ends[0] == LOSES else "unstable", 0.0, 0.0))
        for (left, before), (right, after) in pairwise(places):
            if before != after:
                found.append(("stable" if before == GAINS else "unstable", left, right))
        if ends and ends[-1] != HOLDS:
            found.append(("stable" if ends[-1] == GAINS else "unstable", 1.0, 1.0))
        return found


def share_markets(
    policies: pd.DataFrame,
    markets: Sequence[Market],
    a: str,
    b: str,
    measure: str = "total_cost",
    confidence: float = 0.95,
) -> Shared | None:
    """Compare two policies that share markets, in these and against markets of their own.

    Intervals are Student's over the runs, or pairs of runs of the same replicate.

    Parameters
    ----------
    policies : DataFrame
        The table of policies, with ``point``.
    markets : sequence of pairs of arm and point
        Markets that differ in nothing but the shares of policies.
    a, b : str
        Policies of buyers.
    measure : str
    confidence : float
        Level of the intervals, between 0 and 1.

    Returns
    -------
    Shared or None
        None if no market is shared by these two and nobody else.
    """
    refuse_confidence(confidence)
    refuse_unknown([measure], policies)
    index = ["arm", "point", "replicate"]
    wide = policies.pivot_table(
        index=index, columns="policy", values=[measure, "share_at_start", "share_at_end"],
        aggfunc="first", dropna=False,
    )  # fmt: skip
    costs: dict[Market, pd.DataFrame] = {}
    rows: list[dict[str, Any]] = []
    known = {(arm, point) for arm, point, _ in wide.index}
    for arm, point in markets:
        if (arm, point) not in known:
            continue
        runs: Any = wide.loc[(arm, point)]
        runs = runs.dropna(how="all")
        shares = {
            name: runs["share_at_start"].get(name, pd.Series(0.0, runs.index)).fillna(0.0)
            for name in (a, b)
        }
        if (shares[a] + shares[b]).min() < WHOLE:
            continue
        missing = pd.Series(np.nan, runs.index)
        costs[arm, point] = pd.DataFrame({n: runs[measure].get(n, missing) for n in (a, b)})
        row = _row(costs[arm, point], shares[a], runs["share_at_end"].get(a, missing), confidence)
        rows.append({"arm": arm, "point": point, **row})
    if not rows:
        return None
    found = pd.DataFrame(rows).sort_values("share", kind="stable").reset_index(drop=True)
    apart = {name: _alone(found, costs, name, share) for name, share in ((a, 1.0), (b, 0.0))}
    for name, which in ((a, "a"), (b, "b")):
        pairs = [
            _difference(costs[arm, point][name], apart[name], confidence)
            for arm, point in zip(found["arm"], found["point"], strict=True)
        ]
        found[f"apart_{which}"], found[f"apart_{which}_half"], _ = zip(*pairs, strict=True)
    mixed = found[(found["share"] > 0) & (found["share"] < WHOLE)]
    if mixed.empty:
        return None
    steps = _steps(mixed, costs, apart, (a, b), confidence)
    return Shared(a, b, found, steps, bool((mixed["moved"] > 0).any()))


def families(policies: pd.DataFrame, alike: Mapping[str, str]) -> list[list[Market]]:
    """Group markets that differ in nothing but the shares of policies.

    Parameters
    ----------
    policies : DataFrame
        The table of policies, with ``point``.
    alike : mapping of str to str
        What tells arms apart beside the shares, by arm; arms that are not there are all alike.
    """
    groups: dict[str, list[Market]] = {}
    for arm, point in policies[["arm", "point"]].drop_duplicates().itertuples(index=False):
        groups.setdefault(alike.get(str(arm), ""), []).append((str(arm), int(point)))
    return list(groups.values())


def _row(
    costs: pd.DataFrame, start: pd.Series, end: pd.Series, confidence: float
) -> dict[str, float]:
    """What the runs of one market show."""
    both = (start > 0) & (start < WHOLE)
    values = {name: mean_interval(costs[name], confidence) for name in costs}
    (mean_a, half_a, n_a), (mean_b, half_b, n_b) = values.values()
    difference, half, n = mean_interval(costs.iloc[:, 0] - costs.iloc[:, 1], confidence)
    last, last_half, runs = mean_interval(end[both], confidence)
    change, change_half, _ = mean_interval((end - start)[both], confidence)
    goes = HOLDS
    if math.isfinite(change_half) and abs(change) > change_half:
        goes = GAINS if change > 0 else LOSES
    return {
        "share": round(float(start.mean()), 12), "cost_a": mean_a, "half_a": half_a, "n_a": n_a,
        "cost_b": mean_b, "half_b": half_b, "n_b": n_b,
        "difference": difference, "half": half, "n": n, "end": last, "end_half": last_half,
        "change": change, "change_half": change_half, "runs": runs,
        "gone": float((end[both] == 0).mean()), "taken": float((end[both] >= WHOLE).mean()),
        "moved": float((end - start).abs().max()), "goes": goes,
    }  # fmt: skip


def _alone(
    markets: pd.DataFrame, costs: Mapping[Market, pd.DataFrame], policy: str, share: float
) -> pd.Series:
    """Costs of a policy in the market where all have it; no rows if there is no such market."""
    whole = markets[(markets["share"] - share).abs() < 1.0 - WHOLE]
    if whole.empty:
        return pd.Series(dtype=float)
    first = whole.iloc[0]
    return costs[str(first["arm"]), int(first["point"])][policy]


def _difference(first: pd.Series, second: pd.Series, confidence: float) -> tuple[float, float, int]:
    """Mean difference of the pairs of runs of two markets, its half-width, and their number."""
    gaps = (first - second).dropna()
    if gaps.empty:
        return np.nan, np.nan, 0
    mean, half, n = mean_interval(gaps, confidence)
    return float(mean), float(half), int(n)


def _steps(
    mixed: pd.DataFrame,
    costs: Mapping[Market, pd.DataFrame],
    apart: Mapping[str, pd.Series],
    names: tuple[str, str],
    confidence: float,
) -> pd.DataFrame:
    a, b = names
    rarest_a = costs[str(mixed["arm"].iloc[0]), int(mixed["point"].iloc[0])][a]
    rarest_b = costs[str(mixed["arm"].iloc[-1]), int(mixed["point"].iloc[-1])][b]
    sides = {
        "one": (rarest_a, apart[b]),
        "all": (apart[a], apart[b]),
        "others_a": (apart[a], rarest_a),
        "others_b": (rarest_b, apart[b]),
        "last": (apart[a], rarest_b),
    }
    rows = {name: _difference(*both, confidence) for name, both in sides.items()}
    steps = pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "half", "n"])
    return steps[steps["n"] > 0]
