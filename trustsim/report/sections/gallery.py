"""The figures of a report: what each is called, what it shows in words, and how it is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from trustsim.analysis.pairs import arm_runs
from trustsim.errors import ConfigError
from trustsim.report import figures
from trustsim.report.results import Reported
from trustsim.report.words.labels import number, percent, plain

Draw = Callable[[float], list[Axes]]

COMPARING = {"cost_difference_by_category", "difference_distribution"}
"""Figures that need two arms."""

OF_ONE_MARKET = {
    "cost_over_time": "rounds",
    "development": "rounds",
    "instruments_by_age": "ages",
    "conduct_by_age": "ages",
}
"""Figures of what happens within a market, with the table that they are drawn from."""


@dataclass(frozen=True)
class Picture:
    """A figure of the report.

    Attributes
    ----------
    name : str
        Stem of its files.
    title, caption, alt : str
        Heading, explanation, and the content in words for those who do not see it.
    draw : callable
        Draws it at a width in inches; raises `ConfigError` if the tables lack what it needs.
    """

    name: str
    title: str
    caption: str
    alt: str
    draw: Draw


def pictures(results: Reported, confidence: float = 0.95) -> list[Picture]:
    """Figures of a report in their order; those that compare arms only if there are two."""
    level = percent(confidence)
    arms, baseline, year = results.arms, results.baseline, results.rounds_per_year
    runs, reading, several = results.runs, results.reading, results.points > 1
    over = "points of the design" if several else "runs"

    def rounds() -> pd.DataFrame:
        return _there(results.rounds, "rounds.parquet")

    def ages() -> pd.DataFrame:
        return _there(results.ages, "ages.parquet")

    listed = [
        Picture(
            "total_cost_by_category",
            "Total cost by category",
            f"Mean over {over} per accepted lot. Whiskers: {level} interval of the total. Right "
            "(or below): the same without the price, on a scale of its own.",
            _means(runs, arms, "total_cost", "Stacked bars of total cost per accepted lot", 3),
            lambda width: figures.total_cost_by_category(
                runs, arms=arms, confidence=confidence, reading=reading, width=width
            ),
        ),
        Picture(
            "cost_difference_by_category",
            "Where the difference comes from",
            f"From the total cost of {plain(baseline)} to that of the challenger: each bar is the "
            f"paired difference of one category with its {level} interval; blue saves, hatched "
            "orange costs more.",
            f"Waterfall of paired cost differences by category against {plain(baseline)}; the "
            "figures are in the tables below.",
            lambda width: figures.cost_difference_by_category(
                runs,
                baseline=baseline,
                arms=arms,
                confidence=confidence,
                reading=reading,
                width=width,
            ),
        ),
        Picture(
            "cost_over_time",
            "Cost over time",
            f"Mean over runs with its {level} band. Symbols at the foot: the time from which the "
            f"challenger stays below {plain(baseline)} on average, with its interval. The "
            "cumulative cost counts everything paid so far and decides the answer; the cost of "
            "the last year forgets the early price.",
            _path(results, "total_cost", "Lines of total cost per accepted lot over time"),
            lambda width: figures.cost_over_time(
                rounds(),
                arms=arms,
                baseline=baseline,
                rounds_per_year=year,
                confidence=confidence,
                width=width,
            ),
        ),
        Picture(
            "development",
            "Price, trust and know-how",
            f"Mean over runs of each round, with its {level} band.",
            _path(
                results,
                "cost_price",
                "Small panels of price, trust both ways and know-how over time; price",
            ),
            lambda width: figures.development(
                rounds(), arms=arms, rounds_per_year=year, confidence=confidence, width=width
            ),
        ),
        Picture(
            "instruments_by_age",
            "How orders are paid as relations grow older",
            "Shares of the payment instruments in all orders of an age, over all runs of an arm; "
            "empty where there are none.",
            "Stacked bars of payment instruments by the number of earlier orders, one panel per "
            "arm.",
            lambda width: figures.instruments_by_age(ages(), arms=arms, width=width),
        ),
        Picture(
            "hours_split",
            "Where the hours go",
            f"Whiskers: {level} interval of the mean over {over}. Dashed, for comparison: Dyer & "
            "Chu 2003, Organization Science 14(1):57-68. The least trusted automaker spent about "
            "47 % of its face-to-face time with suppliers on contracts and blame, twice the share "
            "of the most trusted (about 23.5 %), and bought less than a fifth of the goods per "
            "procurement employee.",
            _means(
                runs,
                arms,
                "transaction_time_share",
                "Bars of the transaction-oriented share of hours",
                2,
            ),
            lambda width: figures.hours_split(
                runs, arms=arms, confidence=confidence, reading=reading, width=width
            ),
        ),
        Picture(
            "difference_distribution",
            "How much the difference varies",
            f"Paired differences in total cost, one per {'point' if several else 'pair of runs'}. "
            "Line and grey band: mean and "
            f"its {level} interval; dashed: no difference. Left of it the challenger was cheaper.",
            f"Histograms of the paired differences in total cost to {plain(baseline)}.",
            lambda width: figures.difference_distribution(
                runs,
                baseline=baseline,
                arms=arms,
                confidence=confidence,
                reading=reading,
                width=width,
            ),
        ),
        Picture(
            "conduct_by_age",
            "First orders and old relations",
            "By the number of earlier orders between the two: mean over runs with its "
            f"{level} interval. Ages that fewer than half of an arm's runs reach are left out.",
            "Lines of inspection, disputes, arrears and opportunism of suppliers by age of the "
            "relation, one line per arm.",
            lambda width: figures.conduct_by_age(
                ages(), arms=arms, confidence=confidence, width=width
            ),
        ),
    ]
    return [picture for picture in listed if _applies(picture.name, results)]


def _applies(name: str, results: Reported) -> bool:
    """Whether a figure makes sense: arms to compare, and paths of one market that are kept."""
    if name in COMPARING:
        return bool(results.challengers)
    table = OF_ONE_MARKET.get(name)
    return table is None or (results.points == 1 and results.keeps(table))


def _there(table: pd.DataFrame | None, name: str) -> pd.DataFrame:
    if table is None:
        raise ConfigError(f"the folder has no {name}")
    return table


def _means(runs: pd.DataFrame, arms: Sequence[str], measure: str, opening: str, places: int) -> str:
    """Alternative text with the mean of each arm."""
    if measure not in runs:
        return f"{opening}."
    means = [float(arm_runs(runs, arm)[measure].astype(float).mean()) for arm in arms]
    listed = [f"{plain(a)} {number(m, places)}" for a, m in zip(arms, means, strict=True)]
    return f"{opening}: {', '.join(listed)}."


def _path(results: Reported, measure: str, opening: str) -> str:
    """Alternative text with the first and the last round of each arm."""
    rounds = results.rounds
    if rounds is None or measure not in rounds:
        return f"{opening}."
    listed = []
    for arm in results.arms:
        mean = rounds[rounds["arm"] == arm].groupby("round")[measure].mean().dropna()
        if len(mean):
            first, last = float(mean.iloc[0]), float(mean.iloc[-1])
            if math.isfinite(first + last):
                listed.append(f"{plain(arm)} from {number(first, 2)} to {number(last, 2)}")
    return f"{opening}: {', '.join(listed)}." if listed else f"{opening}."
