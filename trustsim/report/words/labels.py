"""Names and numbers as a reader sees them: labels of arms and measures, rounded figures."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from trustsim.schema.measures import MEASURES

SHARE_PREFIX = "instrument_share_"

COST_PARTS = {name: m.label for name, m in MEASURES.items() if name.startswith("cost_")}
"""The parts of total cost with their labels, in the order of the tables."""

PER_LOT = MEASURES["total_cost"].unit

MINUS = "−"
MOST_DECIMALS = 4


def plain(name: str, longest: int = 60) -> str:
    """A name from a config as words on one line, cut when it is longer than `longest`."""
    words = " ".join("".join(c if c.isprintable() else " " for c in name).split("_")).split()
    text = " ".join(words) or "(no name)"
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def capital(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


def plain_arms(arms: Sequence[str], longest: int = 60) -> dict[str, str]:
    """Labels of the arms; arms that would share a label keep their number beside it."""
    labels = {arm: plain(arm, longest) for arm in arms}
    taken = list(labels.values())
    return {
        arm: label if taken.count(label) == 1 else f"{label} ({i + 1})"
        for i, (arm, label) in enumerate(labels.items())
    }


def measure_label(name: str) -> str:
    """Label of a measure: the registry's, or the instrument's name for its share."""
    if name in MEASURES:
        return MEASURES[name].label
    if name.startswith(SHARE_PREFIX):
        return f"Share of {plain(name.removeprefix(SHARE_PREFIX))}"
    return plain(name)


def measure_unit(name: str) -> str:
    """Unit of a measure, empty when unknown."""
    if name in MEASURES:
        return MEASURES[name].unit
    return "share of orders" if name.startswith(SHARE_PREFIX) else ""


def decimals(half_width: float, value: float) -> int:
    """Decimals for two digits of the uncertainty; without one, for four digits of the value.

    Four at most, unless an interval that excludes zero needs more to show that it does.
    """
    places = 2
    if math.isfinite(half_width) and half_width > 0:
        places = min(MOST_DECIMALS, max(0, 1 - math.floor(math.log10(half_width))))
    elif math.isfinite(value) and value != 0:
        places = min(MOST_DECIMALS, max(0, 3 - math.floor(math.log10(abs(value)))))
    return clear_of_zero(value - half_width, value + half_width, places)


def clear_of_zero(low: float, high: float, places: int) -> int:
    """Decimals, `places` or more, with which no end of an interval beyond zero is shown as zero."""
    nearest = max(low, -high)  # above 0 only if the interval excludes it
    if 0 < nearest < math.inf and float(f"{nearest:.{places}f}") == 0:
        return max(places, -math.floor(math.log10(nearest)))
    return places


def half_width_text(half_width: float, places: int) -> str:
    """A half-width after ±; one that rounding would hide is said to be small."""
    if half_width > 0 and float(f"{half_width:.{places}f}") == 0:
        return f"under {number(10.0**-places, places)}"
    return number(half_width, places)


def number(value: float, places: int) -> str:
    """A rounded number with a true minus sign and thin thousands; a dash for a missing one."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}∞"
    text = f"{abs(value):,.{places}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    negative = value < 0 and float(f"{abs(value):.{places}f}") > 0
    return f"{MINUS if negative else ''}{text}"


def percent(share: float, places: int = 0) -> str:
    """A share in per cent; what is not quite none or all is never rounded to it."""
    if math.isnan(share):
        return "–"
    text = number(100 * share, places)
    if 0 < share < 1 and text in {number(0.0, places), number(100.0, places)}:
        bound = 10.0**-places
        text = f"under {bound:.{places}f}" if share < 0.5 else f"over {100 - bound:.{places}f}"
    return f"{text}\N{NO-BREAK SPACE}%"


def in_figure(text: str, width: int = 0) -> str:
    """Text that Matplotlib draws as it stands (no formulae), wrapped at `width` characters."""
    if width:
        text = "\n".join(textwrap.wrap(text, width, max_lines=3, placeholder=" …"))
    return text.replace("$", r"\$")
