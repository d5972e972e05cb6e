"""What is said and drawn of an ablation; everything else on its page is of the full market."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from analysis.test_ablation import planted

from trustsim.analysis.ablation import EXACT, TOO_FEW, UNDECIDED, WIDENS, ablation
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.figures.analyses.ablation import NAMED, rows_drawn, what_carries
from trustsim.report.results import Reported, read_results
from trustsim.report.sections import comparison, discovery, precision, sensitivity
from trustsim.report.sections.ablation import analyses, section, sentences, text_table
from trustsim.report.words.answers import FULL_MARKET, answers
from trustsim.report.writing import write_report
from trustsim.study import Results

EXPERIMENT = """
name = "planted"
replications = 60
baseline = "low"
keep = ["runs"]
[arms.high]
[arms.low]
[design]
"""
ABLATION = 'method = "ablation"\nmechanisms = ["ransom", "tiers", "blame", "voice"]\n'


def folder(path: Path, runs: pd.DataFrame, design: str = ABLATION) -> Path:
    runs = runs.assign(run_id=[f"{place:08d}" for place in range(len(runs))])
    runs.to_parquet(path / "runs.parquet")
    (path / "experiment.toml").write_text(EXPERIMENT + design, encoding="utf-8")
    return path


@pytest.fixture
def results(tmp_path: Path) -> Reported:
    return read_results(folder(tmp_path, planted(whole=-0.02)))


def test_the_sentences_say_what_carries_what_turns_and_what_is_idle(results: Reported) -> None:
    first, most, against, turns, rest, together = sentences(analyses(results))
    assert first.startswith("In the full market high differs from low by −0.02")
    assert "60 paired runs); 4 mechanisms were switched off in turn" in first
    assert most.startswith("Most of it hangs on ransom (−0.0295, ")
    assert against.startswith("It would be larger without voice (0.01")
    assert turns.startswith("Its sign turns without ransom (0.0093, 0.0076 to 0.0110)")
    assert rest == (
        "Of the others, 1 is not shown to matter and 1 changes nothing, to the last bit."
    )
    assert "the 4 that stand on no other" in together


def test_everything_else_is_of_the_full_market(results: Reported, tmp_path: Path) -> None:
    full = planted(whole=-0.02)
    full = full[full["without"] == "nothing"]
    wide = full.pivot(index="replicate", columns="arm", values="total_cost")
    difference = float((wide["high"] - wide["low"]).mean())
    assert (results.points, results.planned) == (1, (["high", "low"], 1, 60))
    found = comparison.comparison(results)
    assert found.rows["difference"].tolist() == [pytest.approx(difference, abs=1e-12)]
    assert found.rows["n"].tolist() == [60]
    assert FULL_MARKET in comparison.sentences(found)
    assert answers(results)[-1] == FULL_MARKET
    assert "60 paired runs" in answers(results)[0]
    row = Results(tmp_path).compare("high", "low", ["total_cost"]).iloc[0]
    assert (row["difference"], row["n"]) == (pytest.approx(difference, abs=1e-12), 60)
    known = precision.find(results)
    assert known is not None
    assert [each.pairing.n for each in known.challengers] == [60]
    assert discovery.section(results) is None
    assert sensitivity.section(results) is None
    with pytest.raises(ConfigError, match="an ablation fills no space"):
        discovery.analyses(results)


def test_a_design_that_varies_something_else_as_well_is_no_ablation(tmp_path: Path) -> None:
    grid = 'method = "grid"\n[design.parameters]\nwithout = { values = ["nothing", "ransom"] }\n'
    alone = read_results(folder(tmp_path, planted(), grid))
    assert alone.ablated is not None
    more = read_results(folder(tmp_path, planted(), grid + '"market.rivals" = { values = [1] }\n'))
    assert more.ablated is None
    assert len(more.runs) == len(planted())


def test_without_a_full_market_nothing_is_read_as_if_it_were(tmp_path: Path) -> None:
    runs = planted()
    folder(tmp_path, runs[runs["without"] != "nothing"])
    with pytest.raises(ConfigError, match="no finished run of the full market"):
        read_results(tmp_path)


def test_a_lost_run_costs_the_report_its_pair_only(tmp_path: Path) -> None:
    runs = planted()
    hole = (runs["without"] == "voice") & (runs["arm"] == "low") & (runs["replicate"] == 3)
    results = read_results(folder(tmp_path, runs[~hole]))
    with pytest.raises(ConfigError, match="not paired"):
        analyses(results)
    made = section(results)
    assert made is not None
    assert made.sentences[0].startswith("In the full market")
    assert made.sentences[-1] == "Left out for missing runs: 1 pair."


def test_a_mechanism_without_runs_is_a_row_without_numbers(tmp_path: Path) -> None:
    runs = planted()
    results = read_results(
        folder(tmp_path, runs[runs["without"].ne("voice") | runs["arm"].eq("low")])
    )
    (found,) = analyses(results, allow_missing=True)
    said = next(line for line in text_table(found) if line.startswith("voice"))
    assert said.split() == ["voice", "–", "–", "–", "too", "few", "runs", "to", "tell"]
    assert any("1 has too few runs to tell" in line for line in sentences([found]))
    assert not any("add up" in line for line in sentences([found]))


def test_the_page_shows_it(tmp_path: Path) -> None:
    page = write_report(folder(tmp_path, planted())).read_text(encoding="utf-8")
    assert "What carries the difference" in page
    assert "600 finished runs were analysed" in page
    assert FULL_MARKET in page
    assert (tmp_path / "figures" / "what_carries.png").stat().st_size > 1000
    assert (tmp_path / "figures" / "what_carries_column.svg").exists()


def many(shown: int, unclear: int) -> pd.DataFrame:
    """Rows of a finding in which some mechanisms are shown to carry something."""
    rng = np.random.default_rng(2)
    verdicts = [WIDENS] * shown + [UNDECIDED] * unclear + [EXACT, TOO_FEW]
    carries = [*(-0.05 * rng.random(shown) - 0.01), *rng.normal(0, 0.001, unclear), 0.0, np.nan]
    half = [0.003] * (shown + unclear) + [0.0, np.nan]
    names = [f"mechanism {place}" for place in range(len(verdicts))]
    return pd.DataFrame(
        {"label": names, "carries": carries, "half_width": half, "verdict": verdicts}
    )


@pytest.mark.parametrize(
    ("shown", "unclear", "own", "shared"),
    [
        (10, 24, 10, 24),
        (2, 24, NAMED, 18),
        (2, 6, 8, 0),
        (2, 7, 9, 0),
        (0, 0, 0, 0),
        (1, 3, 4, 0),
        (34, 0, 34, 0),
    ],
)
def test_what_is_unclear_shares_a_row_when_there_is_much_of_it(
    shown: int, unclear: int, own: int, shared: int
) -> None:
    rows = many(shown, unclear)
    drawn, others = rows_drawn(rows)
    assert (len(drawn), len(others)) == (own, shared)
    if own:
        assert others["carries"].abs().max() <= drawn["carries"].abs().min() or not shared
    for width in (style.WIDE, style.COLUMN):
        (axis,) = what_carries(rows, title="high against low", unit="money", width=width)
        assert len(axis.get_yticks()) == own + (shared > 0)


def test_column_width_cuts_no_label_off(tmp_path: Path) -> None:
    rows = ablation(planted(), "high", "low").rows
    rows = rows.assign(label=rows["mechanism"])
    (axis,) = what_carries(rows, unit="money per accepted lot", width=style.COLUMN)
    style.save(axis, tmp_path / "figure", {})
    figure = axis.figure
    ends = axis.xaxis.label.get_window_extent()
    assert ends.x0 >= 0
    assert ends.x1 <= figure.bbox.x1
