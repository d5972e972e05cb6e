"""The table of a case, as a part of an experiment file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.small_case import CASE, write_case

from trustsim.config.case import CHAPTERS, IDS, CaseTable
from trustsim.config.experiment import load_experiment
from trustsim.config.file import read_experiment
from trustsim.errors import ConfigError


def test_there_are_forty_one_claims_in_five_chapters() -> None:
    assert sum(CHAPTERS.values()) == len(IDS) == len(set(IDS)) == 41
    assert (IDS[0], IDS[7], IDS[8], IDS[-1]) == ("V1", "V8", "E1", "D5")


def test_the_table_is_kept_beside_the_experiment(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    said = read_experiment(path).tables.case
    assert isinstance(said, CaseTable)
    assert (said.id, said.expect, said.difference, said.among) == ("R2", -1, "", "")
    plain = tmp_path / "plain.toml"
    table = CASE[CASE.index("[case]") : CASE.index("[market]")]
    plain.write_text(CASE.replace(table, ""))
    assert read_experiment(plain).tables.case is None
    # what is run does not depend on what is claimed of it
    assert load_experiment(plain) == load_experiment(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('claim = "Buyers', "claim = 3 # ", "case.claim = 3: allowed: text in quotes"),
        ("[case]", "case = 3\n[policies]", "case = 3: must be a table that says what is claimed"),
        ('source = "shop owners"\n', "", "case.source: is missing"),
        ("expect = -1", "expect = true", "case.expect = True: allowed: 1 or -1"),
        (
            "expect = -1",
            'expect = -1\ndifference = "arm"',
            "case.difference = 'arm': no such difference (did you mean \"arms\"?)",
        ),
        (
            "expect = -1",
            'expect = -1\ncalled = "x"',
            "case.called = 'x': needs among beside it",
        ),
    ],
)
def test_a_table_that_says_nothing_usable(tmp_path: Path, old: str, new: str, said: str) -> None:
    if new.startswith("case"):
        table = CASE[CASE.index("[case]") : CASE.index("[market]")]
        path = write_case(tmp_path, "r2", (table, ""), ("seed = 5", "seed = 5\ncase = 3"))
    else:
        path = write_case(tmp_path, "r2", (old, new))
    with pytest.raises(ConfigError) as refused:
        load_experiment(path)
    assert said in str(refused.value)
