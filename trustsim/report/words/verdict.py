"""A verdict in a sentence, with what the smallest difference of interest adds to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from trustsim.report.words.answer import pairs_of_runs
from trustsim.report.words.labels import (
    decimals,
    measure_label,
    measure_unit,
    number,
    percent,
    plain,
)


def verdict_sentence(row: Mapping[str, Any] | pd.Series, baseline: str, confidence: float) -> str:
    """Say the verdict on one measure of one arm, and what the smallest of interest adds."""
    measure, bound = str(row["measure"]), float(row["smallest_difference"])
    difference, half = float(row["difference"]), float(row["half_width"])
    places = decimals(half, difference)
    what = f"{measure_label(measure)} of {plain(row['arm'])}"
    other = plain(baseline)
    interval = (
        f"{number(difference, places)}, {percent(confidence)} interval "
        f"{number(row['low'], places)} to {number(row['high'], places)}"
    )
    small = size(bound, measure)
    if not math.isfinite(half):
        return f"{what}: nothing can be said against {other}, for there is no interval."
    if difference == half == 0:
        return f"{what} is exactly that of {other} in all of {pairs_of_runs(int(row['n']))}."
    if row["verdict"] == "equivalent":
        text = (
            f"{what} is as good as equal to that of {other}: the difference ({interval}) is shown "
            f"to be smaller than {small}, the smallest of interest"
        )
        if not row["low"] <= 0 <= row["high"]:
            text += ", though not to be zero"
        return f"{text}.{_together(row)}"
    if row["verdict"] == "undecided":
        text = f"{what}: no difference to {other} is shown ({interval})"
        if math.isfinite(bound):
            text += f", nor that it is smaller than {small}, the smallest of interest"
        return f"{text}."
    word = "lower" if row["verdict"] == "less" else "higher"
    text = f"{what} is shown to be {word} than that of {other} ({interval})"
    if math.isfinite(bound):
        beyond = min(abs(row["low"]), abs(row["high"])) >= bound
        text += (
            f", by at least {small}, the smallest difference of interest"
            if beyond
            else f"; whether by as much as {small}, the smallest difference of interest, is open"
        )
    return f"{text}.{_together(row)}"


def _together(row: Mapping[str, Any] | pd.Series) -> str:
    """What becomes of a verdict among all comparisons, if it does not stand."""
    if row["verdict_adjusted"] == row["verdict"]:
        return ""
    return (
        " That is its verdict by itself; judged together with all other comparisons, it does not "
        "stand."
    )


def size(bound: float, measure: str) -> str:
    """Write a smallest difference of interest with its unit."""
    return f"{bound:g} {measure_unit(measure)}".strip()
