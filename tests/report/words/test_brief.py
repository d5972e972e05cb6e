"""The half page says what stands below, in per cent and on a million, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from trustsim import Experiment
from trustsim.analysis.compare import compare
from trustsim.report.results import Reported, read_results
from trustsim.report.words.brief import brief
from trustsim.report.words.glossary import WORDS, explained

FILE = """
name = "brief"
rounds = 24
replications = 8
baseline = "adversarial"
market = { buyers = 20, suppliers = 5 }
[arms.high_trust]
buyer_mix = { high_trust = 0.75, hard_but_fair = 0.25 }
[arms.adversarial]
buyer_mix = "adversarial"
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    folder = tmp_path_factory.mktemp("brief")
    (folder / "e.toml").write_text(FILE)
    return read_results(Experiment.load(folder / "e.toml").run(folder / "out", report=False).folder)


def lines(results: Reported) -> dict[str, tuple[str, ...]]:
    return {line.head: line.texts for line in brief(results)}


def test_it_says_who_is_compared_in_plain_words(results: Reported) -> None:
    trusting, hard = lines(results)["Who is compared"]
    assert trusting.startswith("High trust: 75\N{NO-BREAK SPACE}% high trust, few suppliers")
    assert "25\N{NO-BREAK SPACE}% hard but fair, many bidders" in trusting
    assert hard.startswith("Adversarial: many bidders for every order")


def test_a_share_of_spend_is_that_of_the_comparison(results: Reported) -> None:
    row = compare(results.runs, "high_trust", "adversarial", ["total_cost"]).iloc[0]
    (said,) = lines(results)["What it costs"]
    share = abs(row["difference"]) / row["mean_b"]
    if row["low"] <= 0.0 <= row["high"]:
        assert "no difference is shown" in said
    else:
        assert f"{100 * share:.1f}\N{NO-BREAK SPACE}%" in said
        assert "on 1 million spent" in said


def test_a_clear_difference_is_told_on_a_million(results: Reported) -> None:
    runs = results.runs.copy()
    trusting = runs["arm"] == "high_trust"
    base = runs.loc[~trusting, "total_cost"].to_numpy()
    runs.loc[trusting, "total_cost"] = base * 0.9
    told = Reported(results.folder, runs, experiment=results.experiment)
    (said,) = lines(told)["What it costs"]
    assert "High trust costs 10.0\N{NO-BREAK SPACE}% less than adversarial" in said
    assert "on 1 million spent 100\N{NARROW NO-BREAK SPACE}000 less." in said
    runs.loc[trusting, "total_cost"] = base * 113.0
    (said,) = lines(Reported(results.folder, runs, experiment=results.experiment))["What it costs"]
    assert said == "High trust costs 113.0 times what adversarial does."


def test_parts_are_those_that_are_shown(results: Reported) -> None:
    (said,) = lines(results)["What carries it"]
    rows = compare(results.runs, "high_trust", "adversarial", ["cost_price", "cost_sourcing"])
    price = rows.iloc[0]
    shown = price["low"] > 0.0 or price["high"] < 0.0
    assert (f"price {abs(price['difference']):.3f}" in said) == shown
    assert "0.000" not in said


def test_one_arm_has_no_half_page_but_who_it_is(results: Reported) -> None:
    runs = results.runs[results.runs["arm"] == "adversarial"]
    alone = Reported(results.folder, runs, experiment=results.experiment)
    assert list(lines(alone)) == ["Who is compared"]


def test_words_are_explained_where_they_are_used() -> None:
    assert explained("Paired runs, by total cost of ownership.") == [
        (word, WORDS[word]) for word in ("total cost of ownership", "paired")
    ]
    assert explained("Nothing of it.") == []


def test_the_page_is_not_written_twice(results: Reported) -> None:
    assert brief(results) == brief(read_results(Path(results.folder)))
