"""The section of the report on what temptations were expected to bring, and what they brought."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from support.synthetic_results import write_folder

from trustsim.report.results import Reported, read_results
from trustsim.report.sections.section import Section
from trustsim.report.sections.temptations import section


def told(folder: Path, **changes: float) -> Section | None:
    """Section of a folder of two arms, with changes to the rows of high trust's denied debts."""
    write_folder(folder, ("high_trust", "adversarial"), replicates=4, rounds=13)
    path = folder / "temptations.parquet"
    table = pd.read_parquet(path)
    rows = (table["arm"] == "high_trust") & (table["temptation"] == "deny")
    for name, value in changes.items():
        table.loc[rows, name] = value
    table.to_parquet(path)
    return section(read_results(folder))


def test_it_says_that_all_were_right(tmp_path: Path) -> None:
    found = told(tmp_path)
    assert found is not None
    (said,) = found.sentences
    assert said.startswith("Calculating agents that gave in met what they expected, to 20")
    assert said.endswith("in all 12 cases that arose 100 times or more.")
    (table,) = found.tables
    assert len(table.rows) == 12
    assert len({len(row) for row in (table.header, *table.rows)}) == 1
    denied = next(row for row in table.rows if row[0] == "high trust: a buyer denies a debt")
    assert denied[1] == "50.0"
    assert denied[2].startswith("0.1")
    wronged = next(row for row in table.rows if row[0] == "adversarial: a supplier is wronged")
    assert [wronged[place] for place in (2, 3, 6, 7)] == ["–"] * 4
    assert wronged[4].startswith("0.3")


@pytest.mark.parametrize(("came", "right"), [(0.161, True), (0.159, False), (0.26, False)])
def test_it_says_who_was_wrong_by_more_than_a_fifth(
    tmp_path: Path, came: float, right: bool
) -> None:
    found = told(tmp_path, loss_happened=came)
    assert found is not None
    (said,) = found.sentences
    assert ("high trust, a buyer denies a debt: the loss." in said) is not right


def test_who_gives_in_too_seldom_is_not_judged(tmp_path: Path) -> None:
    found = told(tmp_path, loss_happened=9.0, times=24)  # 96 times in four runs
    assert found is not None
    assert "all 11 cases" in found.sentences[0]
    found = told(tmp_path / "never", times=0)
    assert found is not None
    assert len(found.tables[0].rows) == 11


def test_there_is_none_without_the_table_or_without_anybody_who_gave_in(tmp_path: Path) -> None:
    write_folder(tmp_path, replicates=3, rounds=13)
    path = tmp_path / "temptations.parquet"
    table = pd.read_parquet(path)
    table.assign(times=0).to_parquet(path)
    assert section(read_results(tmp_path)) is None
    path.unlink()
    results: Reported = read_results(tmp_path)
    assert results.missing == ("temptations.parquet",)
    assert section(results) is None
    table.assign(times=1).to_parquet(path)
    few = section(read_results(tmp_path))
    assert few is not None
    assert few.sentences == ("Nobody gave in often enough to tell (100 times).",)
