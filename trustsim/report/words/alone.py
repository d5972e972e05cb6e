"""Alone or all, in words: what a policy is worth beside another one, and where everybody has it.

A folder's tables come in, sentences go out. There is something to say wherever buyers of several
policies share a market.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any

import pandas as pd

from trustsim.analysis.alone import GAINS, HOLDS, LOSES, Shared, families, share_markets
from trustsim.analysis.compare import compare
from trustsim.errors import ConfigError
from trustsim.report.results import Reported
from trustsim.report.words.boxes import joined
from trustsim.report.words.labels import clear_of_zero, decimals, number, percent, plain

MAIN = "total_cost"
MIX = "buyer_mix"


@dataclass(frozen=True)
class Beside:
    """Two policies in the markets that they share.

    Attributes
    ----------
    a, b : str
        The policies.
    still, moving : Shared or None
        Markets in which shares stay, and in which buyers imitate.
    rows : DataFrame or None
        If markets differ in more than shares: a row of `trustsim.compare` per arm, with the arm.
    """

    a: str
    b: str
    still: Shared | None = None
    moving: Shared | None = None
    rows: pd.DataFrame | None = None


def find(results: Reported, confidence: float = 0.95) -> list[Beside]:
    """Find the policies of buyers that share a market, in every arm; none if there are none.

    Each policy is held against one: that of the baseline if all its buyers have the same, else the
    last of the mix.
    """
    policies = results.policies
    if policies is None or not {"policy", "share_at_start", MAIN} <= set(policies):
        return []
    policies = policies if "point" in policies else policies.assign(point=0)
    there = policies[policies["share_at_start"] > 0]
    kinds = there.groupby(["arm", "point", "replicate"])["policy"].nunique()
    mixed = kinds[kinds > 1].reset_index()[["arm", "point", "replicate"]]
    if mixed.empty:
        return []
    arms = [arm for arm in results.arms if arm in set(mixed["arm"])]
    names = list(dict.fromkeys(there.merge(mixed)["policy"].astype(str)))
    b = results.policy_of_baseline(names)
    found = []
    for a in (name for name in names if name != b):
        pairs = _shared(results, policies, a, b, confidence)
        found += pairs or _by_arm(results, policies, arms, a, b, confidence)
    return found


def sentences(found: list[Beside], confidence: float = 0.95) -> list[str]:
    """Say what each policy is worth to one and to all, and where imitation leads; nothing twice."""
    lines = []
    for one in found:
        if one.still is not None:
            lines.append(_worth(one.still, confidence))
        if one.moving is not None:
            lines.append(_goes(one.moving, confidence))
        for row in [] if one.rows is None else one.rows.to_dict("records"):
            if not math.isfinite(row["difference"]):
                lines.append(_untold(one.a, one.b))
                continue
            lines.append(
                f"Side by side in the market of {plain(row['arm'])}, {plain(one.a)} costs "
                f"{_change(row['difference'], row['half_width'], confidence)} per accepted lot "
                f"than {plain(one.b)}."
            )
    return list(dict.fromkeys(lines))


def _shared(
    results: Reported, policies: pd.DataFrame, a: str, b: str, confidence: float
) -> list[Beside]:
    """Markets that only these two share, where nothing else differs."""
    other = [] if results.design is None else [p for p in results.design.paths if MIX not in p]
    values = results.runs.get(other)
    if other and (values is None or len(values.drop_duplicates()) > 1):
        return []
    arms = results.experiment.get("arms", {})
    alike = {
        str(arm): json.dumps({k: v for k, v in table.items() if k != MIX}, sort_keys=True)
        for arm, table in arms.items()
        if isinstance(table, Mapping)
    }
    made = [
        share_markets(policies, markets, a, b, MAIN, confidence)
        for markets in families(policies, alike)
    ]
    still = [each for each in made if each is not None and not each.moves]
    moving = [each for each in made if each is not None and each.moves]
    return [Beside(a, b, one, other) for one, other in zip_longest(still, moving)]


def _by_arm(
    results: Reported, policies: pd.DataFrame, arms: list[str], a: str, b: str, confidence: float
) -> list[Beside]:
    """Compare the two within each arm that has them, over all its points."""
    rows = []
    for arm in arms:
        try:
            row = compare(
                policies, a, b, [MAIN], confidence, unpaired="drop", within=arm, **results.reading
            )
        except ConfigError:  # an arm without one of the two
            continue
        rows.append(row.assign(arm=arm))
    return [Beside(a, b, rows=pd.concat(rows, ignore_index=True))] if rows else []


def _untold(a: str, b: str) -> str:
    return (
        f"What {plain(a)} costs beside {plain(b)} cannot be told: no run has accepted lots of both."
    )


def _worth(shared: Shared, confidence: float) -> str:
    """Say what a policy is worth to one, to all, and what it does to the others."""
    a, b = plain(shared.a), plain(shared.b)
    mixed, steps = shared.mixed, shared.steps

    def step(name: str) -> str:
        row: Any = steps.loc[name]
        return _change(row["mean"], row["half"], confidence)

    first = mixed.iloc[0]
    if not math.isfinite(first["difference"]):
        return _untold(shared.a, shared.b)
    if len(mixed) == 1 or not {"one", "all"} <= set(steps.index):
        text = (
            f"Side by side in one market ({percent(first['share'])} of buyers have {a}), {a} costs "
            f"{_change(first['difference'], first['half'], confidence)} per accepted lot than {b}"
        )
        text += f"; in markets of their own {step('all')}" if "all" in steps.index else ""
        beside = [
            f"a buyer with {plain(name)} pays {_change(mean, half, confidence)} than where all "
            "have it"
            for name, mean, half in (
                (shared.a, first["apart_a"], first["apart_a_half"]),
                (shared.b, first["apart_b"], first["apart_b_half"]),
            )
            if math.isfinite(mean)
        ]
        return f"{text}; {joined(beside)}." if beside else f"{text}."
    return (
        f"A buyer that turns to {a} while the others stay with {b} ({percent(first['share'])} of "
        f"buyers have it) pays {step('one')} per accepted lot; if all turn, each pays "
        f"{step('all')}. What the others do counts as well: a buyer with {a} pays "
        f"{step('others_a')} where all have it than where it is rare, and one that stays with {b} "
        f"{step('others_b')} where nearly all others have turned than where none has."
    )


def _goes(shared: Shared, confidence: float) -> str:
    """Say where shares go under imitation."""
    mixed = shared.mixed
    words = {LOSES: "loses buyers", GAINS: "gains buyers", HOLDS: "is not shown to do either"}
    parts = []
    for goes, group in groupby(zip(mixed["goes"], mixed["share"], strict=True), lambda g: g[0]):
        shares = [percent(share) for _, share in group]
        span = shares[0] if len(shares) == 1 else f"{shares[0]} to {shares[-1]}"
        parts.append(f"{words[goes]} from a share of {span} at the start")
    arms = joined([plain(arm) for arm in dict.fromkeys(mixed["arm"])])
    middle = mixed.iloc[int((mixed["share"] - 0.5).abs().argmin())]
    half = f" ± {percent(middle['end_half'])}" if math.isfinite(middle["end_half"]) else ""
    text = (
        f"Where buyers imitate whoever fares better ({arms}), {plain(shared.a)} "
        f"{joined(parts)}; of {percent(middle['share'])} there are {percent(middle['end'])}"
        f"{half} in the last round"
    )
    for kind, verb in (("stable", "comes to rest at"), ("unstable", "goes away from")):
        points = [_point(*ends) for name, *ends in shared.resting_points() if name == kind]
        text += f"; it {verb} {joined(points)}" if points else ""
    return f"{text}."


def _point(left: float, right: float) -> str:
    if left == right:
        return percent(left)
    return f"somewhere between {percent(left)} and {percent(right)}"


def _change(mean: float, half: float, confidence: float) -> str:
    """A difference in cost as more or less, with its interval."""
    if not math.isfinite(half):
        return f"{number(abs(mean), 3)} {'less' if mean < 0 else 'more'} (no interval)"
    low, high = mean - half, mean + half
    places = max(3, clear_of_zero(low, high, decimals(half, mean) - 1))
    level = f"{percent(confidence)} interval"
    if low <= 0 <= high:
        ends = f"{number(-low, places)} less to {number(high, places)} more"
        return f"neither more nor less that could be shown ({level} {ends})"
    near, far = sorted((abs(low), abs(high)))
    word = "less" if mean < 0 else "more"
    return (
        f"{number(abs(mean), places)} {word} ({level} {number(near, places)} to "
        f"{number(far, places)})"
    )
