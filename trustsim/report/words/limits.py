"""Where a challenger does not win: over the whole run, early, in single categories, in new ties."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from trustsim.analysis.compare import compare, paired_differences
from trustsim.analysis.crossover import cost_paths
from trustsim.analysis.pairs import PAIR
from trustsim.errors import ConfigError
from trustsim.report.figures.by_age import bucket_labels
from trustsim.report.results import Reported
from trustsim.report.words.answer import difference_sentence
from trustsim.report.words.labels import (
    COST_PARTS,
    capital,
    decimals,
    measure_label,
    number,
    percent,
    plain,
)

CONDUCT = (
    "inspection_rate",
    "dispute_rate",
    "arrears_days",
    "supplier_opportunism_rate",
    "buyer_opportunism_rate",
)


LEAST = 5e-5
"""Part of total cost, a lot, below which a figure of four decimals would say nothing."""


@dataclass(frozen=True)
class Limits:
    """What speaks against one challenger: `loses` overall, and the sentences that say where."""

    arm: str
    loses: bool
    sentences: tuple[str, ...]


def limits(results: Reported, confidence: float = 0.95) -> list[Limits]:
    """Say for every challenger where it does not beat the baseline."""
    result = []
    for arm in results.challengers:
        try:
            result.append(_limits_of(results, arm, confidence))
        except ConfigError as error:
            result.append(Limits(arm, False, (f"This cannot be told: {error}.",)))
    return result


def first_year(
    rounds: pd.DataFrame, arms: Sequence[str], measures: Sequence[str], rounds_per_year: int = 12
) -> pd.DataFrame:
    """Costs per accepted lot in the first year of every run, as a table of runs."""
    tables = []
    for arm in arms:
        columns = {
            m: cost_paths(rounds, arm, m).iloc[:, :rounds_per_year].iloc[:, -1] for m in measures
        }
        tables.append(pd.DataFrame(columns).rename_axis(PAIR).reset_index().assign(arm=arm))
    return pd.concat(tables, ignore_index=True)


def conduct_by_phase(
    ages: pd.DataFrame, arm: str, baseline: str, confidence: float = 0.95
) -> dict[str, pd.DataFrame]:
    """Compare conduct in first orders and in old relations.

    Returns
    -------
    dict
        The label of an age bucket to the comparison (`trustsim.analysis.compare.compare`) within
        it: the youngest bucket, and the oldest one that both arms reach in at least half of
        their pairs of runs, if there is such a one.
    """
    measures = [m for m in CONDUCT if m in ages]
    if not measures:
        raise ConfigError(f"the table of ages has none of the columns {', '.join(CONDUCT)}")
    labels = bucket_labels(ages)
    phases: dict[str, pd.DataFrame] = {}
    for age in (min(labels), *sorted(labels, reverse=True)):
        try:
            mine = ages[ages["age_from"] == age]
            rows = compare(mine, arm, baseline, measures, confidence, unpaired="drop")
        except ConfigError:  # an arm of quick changes has no such old relation
            continue
        pairs = ages[ages["arm"] == arm].groupby("age_from")["replicate"].count().max()
        if age == min(labels) or 2 * rows["n"].max() >= pairs:
            phases.setdefault(labels[age], rows)
        if len(phases) == 2:
            break
    if not phases:
        raise ConfigError(f'"{arm}" and "{baseline}" have no relations of the same age')
    return phases


def _limits_of(results: Reported, arm: str, confidence: float) -> Limits:
    runs, baseline = results.runs, results.baseline
    whole = compare(
        runs, arm, baseline, ["total_cost"], confidence, unpaired="drop", **results.reading
    ).iloc[0]
    one = results.points == 1
    when = "over the whole run" if one else "over the whole run, on average over the points"
    loses = bool(whole["low"] > 0)
    sentences = []
    if not whole["high"] < 0:
        sentences.append(difference_sentence(whole, arm, baseline, confidence, when))
    sentences += _early(results, arm, confidence)
    differences = paired_differences(runs, arm, baseline, ["total_cost"], unpaired="drop")
    gaps = differences["total_cost"].dropna()
    if not one:
        gaps = gaps.groupby("point").mean()
    lost = float((gaps > 0).mean()) if len(gaps) else math.nan
    if lost > 0:
        where = "in {} of the paired runs" if one else "at {} of the points"
        sentences.append(f"It is the dearer {where.format(percent(lost))}.")
    sentences += _dearer_parts(results, arm, when, confidence)
    if results.ages is not None:
        sentences += _new_relations(results.ages, arm, baseline, confidence)
    return Limits(arm, loses, tuple(sentences))


def _early(results: Reported, arm: str, confidence: float) -> list[str]:
    """Total cost and price of the first year, where they are not better than the baseline's."""
    rounds, year = results.rounds, results.rounds_per_year
    if rounds is None or rounds["round"].nunique() <= year:
        return []
    measures = [m for m in ("total_cost", "cost_price") if m in rounds]
    early = first_year(rounds, [arm, results.baseline], measures, year)
    rows = compare(early, arm, results.baseline, measures, confidence, unpaired="drop")
    sentences = []
    for _, row in rows.iterrows():
        if row["high"] < 0:
            continue
        if row["measure"] == "total_cost":
            sentences.append(
                difference_sentence(row, arm, results.baseline, confidence, "in the first year")
            )
            continue
        places = max(2, decimals(row["half_width"], row["difference"]) - 1)
        a, b = number(row["mean_a"], places), number(row["mean_b"], places)
        verdict = "a higher price" if row["low"] > 0 else "no lower price that could be shown"
        sentences.append(f"In the first year it pays {verdict}: {a} per accepted lot against {b}.")
    return sentences


def _dearer_parts(results: Reported, arm: str, when: str, confidence: float) -> list[str]:
    parts = [p for p in COST_PARTS if p in results.runs]
    rows = compare(
        results.runs, arm, results.baseline, parts, confidence, unpaired="drop", **results.reading
    )
    dearer = [
        f"{COST_PARTS[row['measure']].lower()} "
        f"(+{number(row['difference'], min(4, decimals(row['half_width'], row['difference'])))})"
        for _, row in rows.iterrows()
        if row["low"] > 0 and row["difference"] >= LEAST
    ]
    if not dearer:
        return []
    return [f"{capital(when)} it costs more in: {', '.join(dearer)} per accepted lot."]


def _new_relations(ages: pd.DataFrame, arm: str, baseline: str, confidence: float) -> list[str]:
    """Conduct that is not better on first orders, or not even in old relations."""
    try:
        phases = conduct_by_phase(ages, arm, baseline, confidence)
    except ConfigError:  # the tables have no conduct by age
        return []
    sentences = []
    for place, (label, rows) in enumerate(phases.items()):
        worse = [
            measure_label(str(row["measure"])).lower()
            for _, row in rows.iterrows()
            if row["n"] > 1 and not row["high"] < 0
        ]
        where = "On first orders" if place == 0 else f"Even in relations of {label} earlier orders"
        if worse:
            sentences.append(
                f"{where} these are not shown to be lower than under {plain(baseline)}: "
                f"{', '.join(worse)}."
            )
    return sentences
