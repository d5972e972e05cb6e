"""The half page for who has a minute: who is compared, what it costs, since when, where not.

Results enter; headed lines of plain words leave. Every figure is one that stands further below,
rounded by its interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from trustsim.analysis.compare import compare, crossover, differences_by_point
from trustsim.config.drafts import SIDES
from trustsim.config.library import library
from trustsim.config.models import word
from trustsim.errors import ConfigError
from trustsim.report.results import Reported
from trustsim.report.words.labels import COST_PARTS, capital, measure_label, number, percent, plain
from trustsim.report.words.limits import limits

MILLION = 1_000_000
PARTS = 3
"""Parts of the difference that are named on either side."""

MONTHS = 12
LEAST = 5e-4
"""Part of total cost, a lot, below which three decimals would say nothing."""


@dataclass(frozen=True)
class Line:
    """A question of the half page, and the answers to it."""

    head: str
    texts: tuple[str, ...]


def brief(results: Reported, confidence: float = 0.95) -> list[Line]:
    """Give the half page of a report; nothing if there is no second arm."""
    rows = _rows(results, confidence)
    lines = [Line("Who is compared", tuple(_who(results, arm) for arm in results.arms))]
    if rows:
        told = tuple(_worth(row, results.baseline, confidence) for row in rows.values())
        lines.append(Line("What it costs", told))
        if results.points > 1:
            which = tuple(_at_points(results, arm, confidence) for arm in rows)
            lines.append(Line("In which markets", which))
        elif results.rounds is not None:
            when = tuple(filter(None, (_pays_back(results, arm, confidence) for arm in rows)))
            lines += [Line("When it pays back", when)] if when else []
        lines.append(
            Line("What carries it", tuple(_parts(results, arm, confidence) for arm in rows))
        )
        lines.append(Line("Where it does not hold", _against(results, confidence)))
    return lines


def _rows(results: Reported, confidence: float) -> dict[str, Any]:
    """Compare the total cost of each challenger that has runs in common with the baseline."""
    found: dict[str, Any] = {}
    for arm in results.challengers:
        try:
            rows = compare(
                results.runs, arm, results.baseline, ["total_cost"], confidence, unpaired="drop",
                **results.reading,
            )  # fmt: skip
        except ConfigError:
            continue
        row = rows.iloc[0]
        if math.isfinite(float(row["difference"])):
            found[arm] = row.to_dict() | {"arm": arm}
    return found


def _who(results: Reported, arm: str) -> str:
    """Say in a line what an arm is: the policies of its buyers, in the words of the library."""
    table = results.experiment.get("arms", {}).get(arm, {})
    market = results.experiment.get("market", {})
    mix = (table.get("buyer_mix") if isinstance(table, dict) else None) or market.get("buyer_mix")
    mix = {mix: 1.0} if isinstance(mix, str) else mix
    if not isinstance(mix, dict) or not mix:
        return f"{capital(plain(arm))}."
    said = [_policy(results, str(name), float(share)) for name, share in mix.items() if share]
    return f"{capital(plain(arm))}: {'; '.join(said)}"


def _policy(results: Reported, name: str, share: float) -> str:
    known = library().rows(SIDES["buyer"])
    own = results.experiment.get("policies", {}).get("buyers", {}).get(name, {})
    base = str(own.get("based_on", name))
    text = str(own.get("description", "")) or word(
        known.get(name, known.get(base, {})), "description"
    )
    if not text and base != name:
        text = f"as {plain(base)}, with changes."
    text = text[:1].lower() + text[1:] if text else "a policy of the file."
    who = "" if share == 1.0 else f"{percent(share)} {plain(name)}, "
    return f"{who}{text}"


def _worth(row: dict[str, Any], baseline: str, confidence: float) -> str:
    """Say what a challenger costs in per cent of what the baseline spends, and on a million."""
    arm, base = capital(plain(row["arm"])), abs(float(row["mean_b"]))
    if base == 0.0 or not math.isfinite(float(row["half_width"])):
        return f"{arm}: there are too few runs to say."
    share, half = (float(row[name]) / base for name in ("difference", "half_width"))
    if abs(share) >= 1.0:
        text = f"{number(1.0 + share, 1)} times what {plain(baseline)} does"
        return f"{arm} costs {text}."
    low, high = sorted((abs(share - half), abs(share + half)))
    if abs(share) <= half:
        return (
            f"{arm} and {plain(baseline)}: no difference is shown; it lies between "
            f"{percent(max(half - share, 0.0), 1)} less and "
            f"{percent(max(half + share, 0.0), 1)} more."
        )
    word_ = "less" if share < 0 else "more"
    step = 10 ** max(0, math.floor(math.log10(half * MILLION)))
    money = number(round(abs(share) * MILLION / step) * step, 0)
    return (
        f"{arm} costs {percent(abs(share), 1)} {word_} than {plain(baseline)}, all costs together "
        f"({percent(low, 1)} to {percent(high, 1)}; {percent(confidence)} interval): on 1 million "
        f"spent {money} {word_}."
    )


def _pays_back(results: Reported, arm: str, confidence: float) -> str:
    """Say when what was paid so far is less than with the baseline, for good."""
    if results.rounds is None:
        return ""
    try:
        found = crossover(
            results.rounds, arm, results.baseline, confidence=confidence, unpaired="drop"
        )
    except ConfigError:
        return ""
    name, year = capital(plain(arm)), results.rounds_per_year
    if found.share_from_start >= 0.5:
        return f"{name} is the cheaper from the first {'month' if year == MONTHS else 'round'} on."
    if not math.isfinite(found.round):
        horizon = number(found.horizon / year, 0)
        return f"{name} does not pay back within {horizon} years in most runs."
    low, high = (value + 1 for value in (found.low, found.high))
    return f"{name} has paid back after {_years(found.round + 1, year)}{_range(low, high, year)}."


def _years(rounds: float, year: int) -> str:
    if rounds < 2 * year:
        many = max(1, round(rounds * MONTHS / year))
        return "a month" if many == 1 else f"{many} months"
    return f"{number(rounds / year, 1)} years"


def _range(low: float, high: float, year: int) -> str:
    """Write an interval of times; nothing if both ends read alike."""
    first, last = _years(low, year), _years(high, year) if math.isfinite(high) else "never"
    return "" if first == last else f" ({first} to {last})"


def _at_points(results: Reported, arm: str, confidence: float) -> str:
    """Say at how many points of a design a challenger is the cheaper."""
    found = differences_by_point(
        results.runs, arm, results.baseline, confidence=confidence, unpaired="drop"
    )["difference"].dropna()
    less = int((found < 0).sum())
    return (
        f"{capital(plain(arm))} is the cheaper in {number(less, 0)} of {number(len(found), 0)} "
        f"markets, from {_part(float(found.min()))} to {_part(float(found.max()))} a lot."
    )


def _part(value: float) -> str:
    return f"{number(abs(value), 3)} {'less' if value < 0 else 'more'}"


def _parts(results: Reported, arm: str, confidence: float) -> str:
    """Name the parts of the difference that are shown, the greatest first."""
    there = [name for name in COST_PARTS if name in results.runs]
    rows: pd.DataFrame = compare(
        results.runs, arm, results.baseline, there, confidence, unpaired="drop", **results.reading
    )
    sure = (rows["low"] > 0) | (rows["high"] < 0)
    shown = rows[sure & (rows["difference"].abs() >= LEAST)].sort_values("difference")
    saves, costs = shown[shown["difference"] < 0], shown[shown["difference"] > 0][::-1]
    listed = [
        ", ".join(
            f"{measure_label(each['measure']).lower()} {_part(float(each['difference']))}"
            for each in side.head(PARTS).to_dict("records")
        )
        for side in (saves, costs)
    ]
    name = capital(plain(arm))
    said = [text for text in (listed[0], f"against it {listed[1]}" if listed[1] else "") if text]
    return f"{name}, a lot: {'; '.join(said)}." if said else f"{name}: no part differs for sure."


def _against(results: Reported, confidence: float) -> tuple[str, ...]:
    """Say of each challenger the first thing that speaks against it."""
    told = []
    for limit in limits(results, confidence):
        name = capital(plain(limit.arm))
        if limit.loses:
            told.append(f"{name} costs more over the whole run.")
        elif limit.sentences:
            first = limit.sentences[0]
            told.append(
                first if first.startswith(name) else f"{name}: {first[:1].lower()}{first[1:]}"
            )
        else:
            told.append(f"{name}: nothing was found in which it does not beat the baseline.")
    return tuple(told)
