"""The gallery of cases: a card a claim, whatever a file says, on a phone and on a desk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from report.test_browser import browser  # noqa: F401
from support.places import ROOT
from support.small_case import OTHER, without_design, write_case

from trustsim import Scenario, compare_scenarios
from trustsim.cases.file import load_case
from trustsim.cases.judging import judged
from trustsim.cases.run import folder_of, run_cases
from trustsim.report.cases_page import _drawn, docs_page, lines, table, write_gallery
from trustsim.report.sections.gallery import pictures
from trustsim.schema.figures import FIGURES

MARKUP = ("Buyers demand money", "Buyers <b>demand</b> | money")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    home = tmp_path_factory.mktemp("gallery")
    write_case(home, "r2", MARKUP)
    changes = without_design(
        ("suppliers = 4", "suppliers = 4\nransom_rate = 0.2"), ('id = "R2"', 'id = "A4"')
    )
    path = write_case(home, "a4", *changes)
    path.write_text(path.read_text() + OTHER)
    cases = [load_case(home / f"{name}.toml") for name in ("r2", "a4")]
    rows = judged(run_cases(cases, home / "out", jobs=1))
    return write_gallery(home / "out", rows, ["R2", "A4"]), rows


def test_a_card_a_claim(gallery: tuple[Path, list[Any]]) -> None:
    page, _ = gallery
    text = page.read_text(encoding="utf-8")
    assert re.findall(r'<article class="card" id="(\w+)">', text) == ["R2", "A4"]
    assert text.count('src="data:image/png;base64,') == 2
    assert "Buyers &lt;b&gt;demand&lt;/b&gt; | money" in text
    assert "<b>demand" not in text
    assert "2 claims: " in text
    assert "<strong>Reputation on platforms.</strong>" in text
    assert "<strong>Trust with principles.</strong>" not in text  # a chapter without a case
    assert "Claims that have no case yet: V1, V2," in text
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    for name in ("r2", "a4"):
        figures = {path.name for path in (page.parent / name / "figures").iterdir()}
        assert figures == {"case.png", "case.svg", "case_column.png", "case_column.svg"}


def test_the_table_and_the_lines_say_the_same(gallery: tuple[Path, list[Any]]) -> None:
    _, rows = gallery
    made = table(rows)
    assert [row[0] for row in made.rows] == ["R2", "A4"]
    said = list(lines(rows))
    assert len(said) == 4
    for cells, line in zip(made.rows, said[1:], strict=False):
        assert cells[2] in line
        assert f"without ransom {cells[3]}  " in line
        assert cells[1] in line
        assert cells[4] == "ransom"


def test_a_bar_in_a_claim_is_no_new_column(gallery: tuple[Path, list[Any]]) -> None:
    _, rows = gallery
    page = docs_page(rows, ["R2", "A4"])
    (line,) = [line for line in page.splitlines() if line.startswith("| R2")]
    assert line.replace(r"\|", "").count("|") == 7


@pytest.mark.parametrize("width", [360, 1200])
def test_the_gallery_fits_the_screen(
    browser: Any,  # noqa: F811
    gallery: tuple[Path, list[Any]],
    width: int,
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(gallery[0].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
    assert said == []
    page.close()


def test_a_case_may_name_a_figure_of_the_report(tmp_path: Path) -> None:
    text = (ROOT / "configs" / "cases" / "v5.toml").read_text(encoding="utf-8")
    text = text.replace("expect = 1", 'expect = 1\nfigure = "instruments_by_age"')
    text = text.replace("replications = 60", "replications = 2").replace(
        "buyers = 60", "buyers = 20"
    )
    (tmp_path / "v5.toml").write_text(text.replace("rounds = 60", "rounds = 12"))
    case = load_case(tmp_path / "v5.toml")
    rows = judged(run_cases([case], tmp_path / "out", jobs=1))
    write_gallery(tmp_path / "out", rows, ["V5"])
    axes = _drawn(case, folder_of(case, tmp_path / "out"), 7.0)
    runs = pd.read_parquet(folder_of(case, tmp_path / "out") / "ages.parquet")
    assert axes[0].get_title(loc="left") == "trust but verify"
    first = runs[(runs["age_from"] == 0) & (runs["point"] == 0)]
    escrow = first["instrument_share_escrow"].mean()
    assert axes[0].patches[0].get_height() == pytest.approx(escrow, abs=0.02)


def test_the_figures_that_a_case_may_name_are_those_of_a_report() -> None:
    tiny = {"buyers": 6, "suppliers": 3, "rounds": 6}
    pair = [Scenario(name, **tiny) for name in ("high_trust", "adversarial")]
    found = compare_scenarios(pair, 2)._reported
    assert set(FIGURES) == {each.name for each in pictures(found)}
