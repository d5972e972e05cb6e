"""The command validate: a line a row, a page, and an exit code that says whether all is well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.command_line import Call

from trustsim.report import validation_page
from trustsim.validation import measuring, validate
from trustsim.validation.known.answer import Known
from trustsim.validation.published.run import RUNS
from trustsim.validation.signs import SignsFile, signs

ROW = """
[[sign]]
id = "{id}"
what = "cost of a look .02 -> .1: cost of inspection"
base = "high_trust"
high = {{ market = {{ inspection_cost = 0.1 }} }}
measure = "cost_inspection"
expected = {expected}
source = "accounting"
explanation = "{explanation}"
"""

HEAD = """
rounds = 12
seed = 1
[market]
buyers = 10
suppliers = 4
[bases.high_trust]
buyer_mix = { high_trust = 1.0 }
[no_sign]
"market.lot_cost" = "a scale"
"""


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let there be two known answers and one sign, of a file that a test may change."""
    file = tmp_path / "signs.toml"
    file.write_text(HEAD + ROW.format(id="inspection", expected=1, explanation=""))
    answers = [Known(f"case {n}", "a number", "a book", 1.0, 0.0, lambda: 1.0) for n in (1, 2)]

    def rows() -> SignsFile:
        signs.cache_clear()
        return signs(file)

    monkeypatch.setattr(validate, "known_answers", lambda: answers)
    monkeypatch.setattr(validate, "RUNS", {"P9": RUNS["P9"]})
    monkeypatch.setattr(measuring, "signs", rows)
    monkeypatch.setattr(validation_page, "signs", rows)
    return file


def test_a_line_a_row_and_a_page(call: Call, short: Path) -> None:
    said = call("validate", "--jobs", "1")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == "right case 1 a number known 1.0000 (a book) found 1.0000".split()
    assert lines[2].startswith("right      inspection")
    assert "rises (accounting)" in lines[2]
    assert re.search(r"0\.0\d+ -> 0\.\d+: \+0\.\d+ \[0\.\d+, 0\.\d+\]", lines[2])
    assert [line.split()[:3] for line in lines[3:5]] == [
        ["right", "P9", "trust_1"],
        ["right", "P9", "trust_0.9"],
    ]
    said_of = ["2 known answers: 2 right.", "1 sign: 1 right.", "5 published figures: 5 right."]
    assert lines[8:11] == said_of
    assert lines[11] == "page: results/validate/validate.html"
    assert "runs of signs" in said.err
    page = Path("results/validate/validate.html").read_text(encoding="utf-8")
    assert all(text in page for text in ("case 1", "inspection", "a scale", "accounting"))
    assert "Josang &amp; Ismail 2002" in page
    assert Path("results/validate/figures/published_p9_column.svg").is_file()
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)


def test_what_is_wrong_without_an_explanation_is_a_failure(call: Call, short: Path) -> None:
    short.write_text(HEAD + ROW.format(id="turned", expected=-1, explanation=""))
    said = call("validate", "--only", "signs", "--quiet", "--out", "here")
    assert said.code == 1
    assert said.out.splitlines()[0].startswith("wrong")
    assert "Wrong without an explanation: turned." in said.out
    assert "known" not in said.out
    assert said.err == ""
    assert Path("here/validate.html").is_file()
    short.write_text(HEAD + ROW.format(id="turned", expected=-1, explanation="for a reason"))
    said = call("validate", "--only", "signs", "--quiet")
    assert said.code == 0
    assert said.out.splitlines()[0].startswith("explained")
    assert "for a reason" in Path("results/validate/validate.html").read_text(encoding="utf-8")


def test_a_wrong_answer_is_a_failure(
    call: Call, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Known("case", "a number", "a book", 1.0, 0.1, lambda: 1.2)
    monkeypatch.setattr(validate, "known_answers", lambda: [wrong])
    said = call("validate", "--only", "known")
    assert said.code == 1
    assert "Wrong without an explanation: case." in said.out


def test_a_part_that_there_is_not(call: Call) -> None:
    said = call("validate", "--only", "sings")
    assert said.code == 2
    allowed = f"allowed: known, signs, published, {', '.join(RUNS)}"
    assert said.err == f"--only = 'sings': unknown (did you mean \"signs\"?); {allowed}\n"
    said = call("validate", "--only", "P9,P33")
    assert said.code == 2
    near = "--only = 'P9,P33': 'P33' is unknown (did you mean \"P3\"?)"
    assert said.err == f"{near}; {allowed}\n"
    assert not Path("results").exists()


def test_the_results_of_an_experiment_are_left_alone(call: Call, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    said = call("validate", "--only", "P9", "--out", str(tmp_path))
    assert said.code == 2
    assert said.err.startswith(f"{tmp_path}: holds the results of an experiment")
    assert said.err.count("\n") == 1
    assert not (tmp_path / "validate.html").exists()


def test_one_published_result(call: Call) -> None:
    said = call("validate", "--only", "P9", "--quiet", "--jobs", "1")
    assert said.code == 0
    assert said.out.splitlines()[-2:] == [
        "5 published figures: 5 right.",
        "page: results/validate/validate.html",
    ]


def test_the_page_of_the_docs_has_a_row_a_sign(short: Path) -> None:
    page = validation_page.docs_page(validate.validate("signs", replications=4))
    assert "1 sign: 1 right." in page
    assert "| inspection | cost of a look .02 -> .1: cost of inspection | rises |" in page
    assert "## Parameters without a sign" in page
