"""What the shipped experiments must show, on paired replications with intervals beyond zero."""

from __future__ import annotations

import pandas as pd
import pytest
from support.places import ROOT

from trustsim import Experiment, compare, crossover
from trustsim.study import Results

CONFIGS = ROOT / "configs"
RUNS = 24
OLD = 19
"""Orders done together from which on a relation counts as old: more than a year and a half."""


@pytest.fixture(scope="module")
def headline(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("headline") / "results"
    experiment = Experiment.load(CONFIGS / "high_trust_vs_adversarial.toml")
    return experiment.run(folder, replications=RUNS, report=False)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("calm") / "results"
    experiment = Experiment.load(CONFIGS / "when_adversarial_wins.toml")
    return experiment.run(folder, replications=RUNS, report=False)


def over(table: pd.DataFrame, first: int, last: int, column: str = "round") -> pd.DataFrame:
    """Mean over some rounds, or orders over some ages weighed by their number, one row per run."""
    part = table[table[column].between(first, last)]
    weights = part["orders"]
    numbers = part.select_dtypes("number").drop(columns=["round", "orders"], errors="ignore")
    keys = [part["arm"], part["replicate"]]
    total = numbers.mul(weights, axis=0).groupby(keys).sum()
    return total.div(weights.groupby(keys).sum(), axis=0).drop(columns="replicate").reset_index()


def difference(table: pd.DataFrame, measure: str, a: str = "high_trust") -> pd.Series:
    runs = table.assign(point=0)
    return compare(runs, a, "adversarial", [measure]).iloc[0]


def test_adversarial_buyers_pay_a_lower_price_at_first(headline: Results) -> None:
    price = difference(over(headline.rounds, 0, 11), "cost_price")
    assert price["low"] > 0.08 * price["mean_b"]


def test_high_trust_has_the_lower_total_cost_later(headline: Results) -> None:
    early = difference(over(headline.rounds, 0, 11), "total_cost")
    late = difference(over(headline.rounds, 84, 119), "total_cost")
    assert early["low"] > 0
    assert late["high"] < 0


def test_the_cost_of_a_year_crosses_over_within_the_horizon(headline: Results) -> None:
    found = crossover(headline.rounds, "high_trust", "adversarial", cost="yearly")
    assert 0 < found.mean_low <= found.mean_round <= found.mean_high < 60


def test_hours_are_as_published(headline: Results) -> None:
    """Dyer & Chu (2003): .47 and twice the most trusted's; goods per head below a fifth."""
    means = headline.runs.groupby("arm").mean(numeric_only=True)
    share = means["transaction_time_share"]
    assert share["adversarial"] == pytest.approx(0.47, abs=0.02)
    assert share["adversarial"] / share["high_trust"] == pytest.approx(2.0, abs=0.25)
    goods = means["goods_per_hour"]
    assert goods["adversarial"] < goods["high_trust"] / 5


@pytest.mark.parametrize(
    "measure",
    [
        "inspection_rate",
        "dispute_rate",
        "arrears_days",
        "supplier_opportunism_rate",
        "buyer_opportunism_rate",
    ],
)
def test_checks_and_opportunism_are_lower_once_relations_are_old(
    headline: Results, measure: str
) -> None:
    old = difference(over(headline.ages, OLD, 65_535, "age_from"), measure)
    assert old["high"] < 0


def test_strangers_are_argued_with_as_often_and_every_second_lot_is_looked_at(
    headline: Results,
) -> None:
    first = headline.rounds[headline.rounds["round"] == 0]
    assert difference(first, "dispute_rate")["low"] > -0.03
    looked = first[first["arm"] == "high_trust"].groupby("replicate")["inspection_rate"].mean()
    assert 0.35 < looked.mean() < 0.65


def test_opportunism_falls_with_age_under_high_trust(headline: Results) -> None:
    young, old = over(headline.ages, 0, 2, "age_from"), over(headline.ages, OLD, 65_535, "age_from")
    merged = young.merge(old, on=["arm", "replicate"], suffixes=("_young", "_old"))
    fall = merged["supplier_opportunism_rate_young"] - merged["supplier_opportunism_rate_old"]
    high = fall[merged["arm"] == "high_trust"]
    assert high.mean() - 2.1 * high.sem() > 0


def test_trust_that_verifies_costs_least(headline: Results) -> None:
    assert difference(headline.runs, "total_cost", "trust_but_verify")["high"] < 0


def test_adversarial_wins_when_dealings_are_one_shot(calm: Results) -> None:
    assert difference(calm.runs, "total_cost")["low"] > 0
    assert "Adversarial costs" in " ".join(calm.answer())
    late = difference(over(calm.rounds, 84, 119), "total_cost")
    assert late["low"] > 0


def test_the_report_says_where_it_does_not_hold(calm: Results) -> None:
    page = calm.report().read_text(encoding="utf-8")
    assert "Where it does not hold" in page
    assert "from the first round on" in page
