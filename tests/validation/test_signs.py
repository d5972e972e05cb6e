"""The signs: each row in a cheap version, and that none is forgotten in the file or the docs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from support.places import ROOT

from trustsim.errors import ConfigError
from trustsim.schema import BUYER, MARKET, SUPPLIER
from trustsim.schema.translation import leaves
from trustsim.validation.measuring import measure_signs
from trustsim.validation.signs import Sign, signs

FEW = 3
"""Pairs of runs that tell most signs; what they do not tell gets as many as the row asks for."""

PAGE = ROOT / "docs" / "signs.md"
CELL = re.compile(r"(?<!\\)\|")


def verdicts_of_the_docs() -> dict[str, str]:
    """Verdicts of the page, by the name of the row."""
    table = PAGE.read_text(encoding="utf-8").partition("## ")[0]
    rows = [CELL.split(line) for line in table.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row[1:-1]] for row in rows[2:]]
    return {row[0]: row[5] for row in cells}


VERDICTS = verdicts_of_the_docs()


def test_the_docs_and_the_file_list_the_same_signs() -> None:
    assert list(VERDICTS) == [row.id for row in signs().sign], (
        "run: python -m trustsim.commands.signs > docs/signs.md"
    )
    assert set(VERDICTS.values()) <= {"right", "wrong", "undecided", "explained"}


def test_every_parameter_has_a_sign_or_a_reason_for_none() -> None:
    paths = {
        path
        for row in signs().sign
        for changes in (row.low, row.high)
        for path, _ in leaves(changes)
    }
    known = {f"market.{row.name}" for row in MARKET}
    known |= {f"policies.{row.name}" for row in BUYER + SUPPLIER}
    signed = {f"{path.split('.')[0]}.{path.rpartition('.')[2]}" for path in paths}
    without = set(signs().no_sign)
    assert known - signed - without == set(), "neither a sign nor a reason"
    assert without - known == set(), "a reason for what is no parameter"
    assert without & signed == set(), "both a sign and a reason for none"


@pytest.mark.parametrize("row", signs().sign, ids=lambda row: row.id)
def test_a_sign_that_is_right_in_the_docs_comes_out_right(row: Sign) -> None:
    alone = signs().model_copy(update={"sign": (row,)})
    (few,) = measure_signs(1, file=alone, most=FEW)
    assert few.effect.pairs >= 1, "nothing can be measured"
    assert np.isfinite(few.effect.difference)
    if VERDICTS.get(row.id) != "right":
        return
    if row.expected and few.effect.difference * row.expected > 0:
        return
    (many,) = measure_signs(1, file=alone)
    assert many.verdict == "right", many


SMALL = """
rounds = 12
seed = 1
[market]
buyers = 10
suppliers = 4
[bases.high_trust]
buyer_mix = { high_trust = 1.0 }
[no_sign]
[[sign]]
id = "first"
what = "what"
base = "high_trust"
low = {}
high = { "market.inspection_cost" = 0.1 }
measure = "cost_inspection"
expected = 1
source = "accounting"
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"cost_inspection"', '"cost_inspektion"', 'did you mean "cost_inspection"?'),
        ('base = "high_trust"', 'base = "hightrust"', 'did you mean "high_trust"?'),
        ("expected = 1", "expected = 2", "allowed: -1, 0 or 1"),
        ("source =", "sauce =", 'did you mean "source"?'),
        ("expected = 1", "expected = 1\nreplications = 1", "a whole number from 2"),
        ("expected = 1", "expected = 1\nrounds = [1]", "two whole numbers, [from, to]"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "signs.toml"
    path.write_text(SMALL.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        signs(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_two_signs_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "signs.toml"
    row = SMALL[SMALL.index("[[sign]]") :]
    path.write_text(SMALL + row, encoding="utf-8")
    with pytest.raises(ConfigError, match="is the name of two signs"):
        signs(path)


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_numbers_do_not_depend_on_the_cores(tmp_path: Path, jobs: int) -> None:
    path = tmp_path / "signs.toml"
    path.write_text(SMALL, encoding="utf-8")
    told = []
    (found,) = measure_signs(
        jobs, file=signs(path), replications=4, progress=lambda *runs: told.append(runs)
    )
    assert told == [(n, 8) for n in range(1, 9)]
    assert found.verdict == "right"
    assert found.effect.high > 4 * found.effect.low > 0.0
    assert found.effect.difference == pytest.approx(found.effect.high - found.effect.low)
    again = measure_signs(1, file=signs(path), replications=4)
    assert again == [found]
