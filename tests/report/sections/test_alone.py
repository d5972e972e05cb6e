"""The section on alone or all: tables and a figure show what the table of policies has."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.shared_markets import COSTS, SHARES, reported, shared
from support.synthetic_results import write_folder

from trustsim.report.figures.analyses.alone import cost_by_share
from trustsim.report.results import read_results
from trustsim.report.sections.alone import section
from trustsim.report.words.alone import find
from trustsim.report.writing import write_report


def test_there_is_no_section_where_nobody_shares_a_market(tmp_path: Path) -> None:
    results = read_results(write_folder(tmp_path, replicates=3, rounds=13))
    assert section(results) is None
    (tmp_path / "policies.parquet").unlink()
    assert section(read_results(tmp_path)) is None


def test_the_section_has_figure_and_tables() -> None:
    still = shared(COSTS, SHARES, arm="still")
    moving = shared(COSTS, SHARES, arm="moving", end=lambda s: s / 4)
    tables = {"still": {}, "moving": {"market": {"imitation_rate": 0.1}}}
    made = section(reported(pd.concat([still, moving], ignore_index=True), {"arms": tables}))
    assert made is not None
    steps, by_share, imitation = made.tables
    assert [len(table.rows) for table in made.tables] == [5, 5, 3]
    assert (
        steps.rows[0][0] == "warm to the first that turn: warm at 1\N{NO-BREAK SPACE}%, less "
        "cold where all have cold"
    )
    assert by_share.rows[0][1] == "–"
    assert imitation.rows[1][0].startswith("50.0")
    assert {len(row) for table in made.tables for row in table.rows} == {4, 7, 6}
    assert all(len(row) == len(table.header) for table in made.tables for row in table.rows)
    assert len(made.pictures) == 1
    assert "1\N{NO-BREAK SPACE}% warm 1.2" in made.pictures[0].alt


def test_the_figure_draws_what_was_found() -> None:
    still = shared(COSTS, SHARES, arm="still")
    moving = shared(COSTS, SHARES, arm="moving", end=lambda s: s / 4)
    tables = {"still": {}, "moving": {"market": {"imitation_rate": 0.1}}}
    (one,) = find(reported(pd.concat([still, moving], ignore_index=True), {"arms": tables}))
    assert one.still is not None
    costs, ends = cost_by_share(one.still, one.moving)
    warm, cold = (line for line in costs.containers)
    np.testing.assert_allclose(warm[0].get_xdata(), [1, 50, 99, 100])
    np.testing.assert_allclose(cold[0].get_xdata(), [0, 1, 50, 99])
    mean = still[(still["policy"] == "warm") & (still["point"] == 2)]["total_cost"].mean()
    assert warm[0].get_ydata()[1] == pytest.approx(mean)
    np.testing.assert_allclose(ends.containers[0][0].get_ydata(), [0.25, 12.5, 24.75])
    bars = warm.lines[2][0].get_segments()
    rows = one.still.markets[one.still.markets["n_a"] > 0]
    lengths = [segment[1, 1] - segment[0, 1] for segment in bars]
    np.testing.assert_allclose(lengths, 2 * rows["half_a"])
    assert one.moving is not None
    ends_of = [s[1, 1] - s[0, 1] for s in ends.containers[0].lines[2][0].get_segments()]
    np.testing.assert_allclose(ends_of, 200 * one.moving.mixed["end_half"], atol=1e-9)
    names = [text.get_text() for text in costs.figure.legends[0].get_texts()]  # type: ignore[union-attr]
    assert names == [
        "warm", "cold", "all have it: a separate market", "share lost by imitation",
        "stable under imitation", "unstable under imitation",
    ]  # fmt: skip
    assert len(cost_by_share(one.still)) == 1


def test_the_page_shows_it(finished: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / "out"))
    page = write_report(folder).read_text(encoding="utf-8")
    assert '<section id="alone">' in page
    assert "Side by side" in page
    assert (folder / "figures" / "alone_or_all.png").exists()
    assert (folder / "figures" / "alone_or_all_column.svg").exists()


def test_a_folder_as_if_policies_were_its_arms(finished: Path) -> None:
    results = read_results(finished)
    within = results.within("low")
    assert within.arms == ["adversarial", "high_trust"]
    assert within.baseline == "high_trust"
    assert within.planned == (["adversarial", "high_trust"], 1, 4)
    assert results.within("low", ["high_trust", "adversarial"]).baseline == "adversarial"
