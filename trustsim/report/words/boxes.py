"""Boxes of a parameter space as a reader sees them: limits in words, rounded as they deserve."""

from __future__ import annotations

import math

from trustsim.analysis.discovery.boxes import LosingBox, Restriction
from trustsim.config.dimensions import Dimension
from trustsim.report.words.labels import number, plain


def box_words(box: LosingBox) -> str:
    """All that a box asks, such as ``rivals ≥ 6 and break rate < 0.1 per round``."""
    return joined(
        [f"{restriction_words(each)} {_unit(each.dimension)}".strip() for each in box.restrictions]
    )


def restriction_words(restriction: Restriction) -> str:
    """What a box asks of one parameter, without its unit."""
    dimension = restriction.dimension
    label = plain(dimension.label)
    if restriction.kept:
        return f"{label} is {joined([plain(name) for name in restriction.kept], 'or')}"
    low, high = restriction.low, restriction.high
    whole = dimension.kind == "integer"
    if whole and low == -math.inf and high == dimension.low:
        low = high
    if whole and high == math.inf and low == dimension.high:
        high = low
    if low == high:
        return f"{label} = {limit_text(dimension, low)}"
    if low == -math.inf:
        return f"{label} {'≤' if whole else '<'} {limit_text(dimension, high)}"
    if high == math.inf:
        return f"{label} {'≥' if whole else '>'} {limit_text(dimension, low)}"
    return f"{label} from {limit_text(dimension, low)} to {limit_text(dimension, high)}"


def limit_text(dimension: Dimension, value: float) -> str:
    """A limit, rounded to a hundredth of the range; to two digits on a log scale."""
    if dimension.kind == "integer":
        return number(value, 0)
    if dimension.scale == "log" and value > 0:
        places = math.ceil(1 - math.log10(value))
    else:
        reach = dimension.high - dimension.low
        size = reach if math.isfinite(reach) else abs(value) or 1.0
        places = round(2 - math.log10(size))
    return number(value, min(9, max(0, places)))


def _unit(dimension: Dimension) -> str:
    """What follows a number in a sentence: its unit, unless that would say nothing or jar."""
    unit = dimension.unit.removeprefix("share").removeprefix("probability").strip()
    jars = dimension.kind != "number" or unit.startswith("sd ")
    return "" if jars or any(sign.isdigit() for sign in unit) else unit


def joined(parts: list[str], word: str = "and") -> str:
    """A list in words."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
