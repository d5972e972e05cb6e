"""The answer in sentences: what an arm costs more or less, since when, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from trustsim.analysis.compare import (
    Crossover,
    compare,
    crossover,
    paired_differences,
    replications_needed,
)
from trustsim.errors import ConfigError
from trustsim.report.words.labels import capital, clear_of_zero, decimals, number, percent, plain
from trustsim.schema.measures import MEASURES

PRECISION = 0.01
"""Half-width of the paired difference in total cost, relative to it, that is precise enough."""

ENOUGH = 200
"""Paired replications that are enough whatever the precision."""


def difference_sentence(
    row: Any, arm_a: str, arm_b: str, confidence: float = 0.95, period: str = ""
) -> str:
    """Say what `arm_a` costs against `arm_b`.

    Parameters
    ----------
    row : mapping
        A row of `trustsim.analysis.compare.compare` on a cost per accepted lot.
    arm_a, arm_b : str
        Names of the arms.
    confidence : float
        Level of the interval in the row.
    period : str
        Which part of the run, such as "in the first year"; the whole run if empty.
    """
    a, b = capital(plain(arm_a)), plain(arm_b)
    difference, half, n = float(row["difference"]), float(row["half_width"]), int(row["n"])
    when = f" {period}" if period else ""
    if not math.isfinite(difference):
        return f"{a} cannot be compared with {b}{when}: no pair of runs has a total cost."
    places = max(2, decimals(half, difference) - 1)
    size = number(abs(difference), places)
    relative = float(row["relative"])
    shares = math.isfinite(relative) and min(float(row["mean_a"]), float(row["mean_b"])) > 0
    share = f", {percent(abs(relative), 1)} of its cost" if shares else ""
    word = "less" if difference < 0 else "more"
    if not math.isfinite(half):
        return (
            f"{a} costs {size} {word} per accepted lot than {b}{when} in {pairs_of_runs(n)}, which "
            "has no interval: nothing can be concluded."
        )
    level = percent(confidence)
    low, high = float(row["low"]), float(row["high"])
    if low <= 0 <= high:
        if difference == 0 and half == 0:
            return f"{a} costs exactly as much as {b}{when} in all of {pairs_of_runs(n)}."
        if abs(difference) < 10.0**-places:
            places = decimals(half, difference)
            size = number(abs(difference), places)
        return (
            f"No difference is shown between {plain(arm_a)} and {b}{when}: the estimate is {size} "
            f"{word} per accepted lot, but the {level} interval includes zero (from "
            f"{number(-low, places)} less to {number(high, places)} more, {pairs_of_runs(n)})."
        )
    places = clear_of_zero(low, high, places)
    size = number(abs(difference), places)
    ends = sorted((abs(low), abs(high)))
    loses = "" if difference < 0 else f" {capital(plain(arm_b))} is the cheaper of the two."
    return (
        f"{a} costs {size} {word} per accepted lot than {b}{when}{share} ({level} interval "
        f"{number(ends[0], places)} to {number(ends[1], places)}, {pairs_of_runs(n)}).{loses}"
    )


def crossover_sentence(result: Crossover, arm_a: str, arm_b: str, rounds_per_year: int = 12) -> str:
    """Say when the cumulative cost of `arm_a` has fallen below that of `arm_b` for good."""
    a, b = capital(plain(arm_a)), plain(arm_b)
    years = number(result.horizon / rounds_per_year, 1)
    level = percent(result.confidence)
    if result.share_from_start == 1:
        return f"{a} is the cheaper from the first round on, in every run: nothing to overtake."
    if result.share_crossed == 0:
        return f"In no run does {plain(arm_a)} overtake {b} within {years} years."
    often = f"{percent(result.share_crossed)} of the runs"
    if not math.isfinite(result.round):
        return (
            f"{a} overtakes {b} for good in only {often} within {years} years, so that no typical "
            "time can be given."
        )
    return (
        f"Counting everything paid so far, {plain(arm_a)} is the cheaper for good from round "
        f"{number(result.round + 1, 0)} (year {_year(result.round, rounds_per_year)}) in the "
        f"typical run ({level} interval: {_range(result.low, result.high, rounds_per_year)}); this "
        f"happens in {often}."
    )


def replication_sentence(row: Any, arm_a: str, arm_b: str) -> str:
    """Say how precise a comparison of total cost is, and how many pairs 1 % would take."""
    pair = f"{capital(plain(arm_a))} against {plain(arm_b)}"
    difference, half, n = float(row["difference"]), float(row["half_width"]), int(row["n"])
    if not math.isfinite(half) or difference == 0:
        return f"{pair}: {pairs_of_runs(n)}; the precision cannot be told from these."
    ratio = half / abs(difference)
    reached = [f"the half-width is {_ratio(ratio)} of the difference"]
    needed = replications_needed(half, difference, n, PRECISION)
    if ratio <= PRECISION:
        reached.append(f"within the target of {percent(PRECISION)}")
    else:
        reached.append(f"about {number(needed, 0)} pairs would bring it to {percent(PRECISION)}")
    met = ratio <= PRECISION or n >= ENOUGH
    rule = "The rule is met" if met else "The rule is not met"
    return f"{pair}: {pairs_of_runs(n)}; {', '.join(reached)}. {rule}."


def answer(
    runs: pd.DataFrame,
    rounds: pd.DataFrame | None,
    baseline: str,
    arms: Sequence[str],
    confidence: float = 0.95,
    rounds_per_year: int = 12,
) -> list[str]:
    """Sentences that answer the experiment, for each arm other than the baseline.

    An arm that has no pair of runs in common with the baseline gets the reason instead.
    """
    sentences: list[str] = []
    for arm in arms:
        if arm == baseline:
            continue
        try:
            rows = compare(runs, arm, baseline, ["total_cost"], confidence, unpaired="drop")
            row = rows.iloc[0]
            text = difference_sentence(row, arm, baseline, confidence)
            gaps = paired_differences(runs, arm, baseline, ["total_cost"], unpaired="drop")
            text += _oddities(runs, row, arm, baseline)
        except ConfigError as error:
            sentences.append(f"{capital(plain(arm))} cannot be compared: {error}.")
            continue
        if not math.isfinite(row["difference"]):
            pass
        elif row["low"] <= 0 <= row["high"]:  # a time of overtaking would say too much
            share = float((gaps["total_cost"].dropna() < 0).mean())
            text += f" {capital(plain(arm))} is the cheaper in {percent(share)} of the runs."
        elif rounds is not None:
            text += " " + _overtaking(rounds, arm, baseline, confidence, rounds_per_year)
        sentences.append(text.strip())
    return sentences


def same_market(runs: pd.DataFrame, arm: str, baseline: str) -> str:
    """Say that two arms are one, if no measure of any pair of runs differs; nothing otherwise."""
    measures = [name for name in MEASURES if name in runs]
    gaps = paired_differences(runs, arm, baseline, measures, unpaired="drop")
    if (gaps[measures].fillna(0.0) == 0.0).all(axis=None):
        return " No measure of any run differs: the two arms are the same market."
    return ""


def _oddities(runs: pd.DataFrame, row: Any, arm: str, baseline: str) -> str:
    """Say what a reader would not guess: runs without orders, costs below zero, equal arms."""
    text = ""
    for name, mean in ((arm, row["mean_a"]), (baseline, row["mean_b"])):
        own = runs[runs["arm"] == name]
        idle = int((own["orders"] == 0).sum()) if "orders" in own else 0
        if idle:
            which = f"In {number(idle, 0)} of the {number(len(own), 0)} runs of {plain(name)}"
            text += f" {which} there is no order at all, and so no cost."
        if mean < 0:
            text += f" The mean total cost of {plain(name)} is below zero."
    if row["difference"] == 0 and row["half_width"] == 0:
        text += same_market(runs, arm, baseline)
    return text


def _overtaking(
    rounds: pd.DataFrame, arm: str, baseline: str, confidence: float, rounds_per_year: int
) -> str:
    """Say who overtakes whom: the challenger, or if it mostly does not, perhaps the baseline."""
    try:
        forth = crossover(rounds, arm, baseline, confidence=confidence, unpaired="drop")
        if forth.share_crossed >= 0.5:
            yearly = crossover(
                rounds, arm, baseline, confidence=confidence, unpaired="drop", cost="yearly",
                rounds_per_year=rounds_per_year,
            )  # fmt: skip
            later = _yearly_sentence(yearly, arm, baseline, rounds_per_year)
            return f"{crossover_sentence(forth, arm, baseline, rounds_per_year)}{later}"
        back = crossover(rounds, baseline, arm, confidence=confidence, unpaired="drop")
    except ConfigError as error:
        return f"When one overtakes the other cannot be told: {error}."
    if back.share_crossed >= 0.5 and back.share_from_start < 0.5:
        return crossover_sentence(back, baseline, arm, rounds_per_year)
    return crossover_sentence(forth, arm, baseline, rounds_per_year)


def _yearly_sentence(result: Crossover, arm_a: str, arm_b: str, rounds_per_year: int) -> str:
    """Say when the mean cost of a year has fallen below; nothing if it always was, or never is."""
    if not math.isfinite(result.mean_round) or result.share_from_start == 1:
        return ""
    return (
        f" The mean cost of a year falls below that of {plain(arm_b)} for good in year "
        f"{_year(result.mean_round, rounds_per_year)} ({percent(result.confidence)} interval: "
        f"{_range(result.mean_low, result.mean_high, rounds_per_year)})."
    )


def pairs_of_runs(n: int) -> str:
    """Write a number of pairs."""
    return "1 pair of runs" if n == 1 else f"{number(n, 0)} paired runs"


def _range(low: float, high: float, rounds_per_year: int) -> str:
    """Write an interval of years; of rounds, where both ends read alike as years."""
    first, last = _year(low, rounds_per_year), _year(high, rounds_per_year)
    if first != last:
        return f"year {first} to {last}"
    if math.isinf(low) or low == high:
        return f"year {first}"
    return f"round {number(low + 1, 0)} to {number(high + 1, 0)}"


def _year(round_number: float, rounds_per_year: int) -> str:
    if math.isinf(round_number):
        return "beyond the last"
    return number((round_number + 1) / rounds_per_year, 1)


def _ratio(ratio: float) -> str:
    return percent(ratio, 1) if ratio < 1 else f"{number(ratio, 1)} times the size"
