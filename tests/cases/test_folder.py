"""The cases of the project: each can be asked, and few runs agree with what the docs record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.drawn import numbers
from support.places import ROOT

from trustsim.cases.effect import Effects
from trustsim.cases.file import Case, find_cases, load_case
from trustsim.cases.run import run_cases
from trustsim.config.case import CHAPTERS
from trustsim.report.cases_page import PAGES_OF_DOCS

FILES = {path.stem.upper(): path for path in find_cases(ROOT / "configs" / "cases")}
FEW = 6
SURE = 8.0
"""Half-widths from zero beyond which few runs have the same sign."""


@dataclass(frozen=True)
class Recorded:
    """A row of the page of the docs."""

    claim: str
    effect: float
    half_width: float
    mechanism: str
    verdict: str


def recorded() -> dict[str, Recorded]:
    rows = {}
    for line in (ROOT / "docs" / "cases.md").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\| ([A-Z]\d+) \| (.+) \|$", line):
            claim, effect, _, mechanism, verdict = found[2].split(" | ")
            value, low, high = numbers(effect.replace("[", " "))[-3:]
            rows[found[1]] = Recorded(claim, value, (high - low) / 2, mechanism, verdict)
    return rows


RECORDED = recorded()


@pytest.fixture(scope="module")
def asked() -> dict[str, Case]:
    return {name: load_case(path) for name, path in FILES.items()}


def test_the_page_of_the_docs_lists_the_cases(asked: dict[str, Case]) -> None:
    assert list(RECORDED) == list(FILES)
    for name, case in asked.items():
        row = RECORDED[name]
        assert (case.id, case.said.claim) == (name, row.claim)
        assert case.off.replace("_", " ") == row.mechanism
        assert case.config.name == name.lower()


@pytest.mark.parametrize("letter", CHAPTERS)
def test_every_case_has_a_paragraph(asked: dict[str, Case], letter: str) -> None:
    page = (ROOT / "docs" / "cases" / f"{PAGES_OF_DOCS[letter]}.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", page, flags=re.M)[1:]
    words = {part.split("\n")[0]: part for part in parts}
    mine = [name for name in FILES if name.startswith(letter)]
    assert [name for name in words if re.fullmatch(r"[A-Z]\d+", name)] == mine
    for name in mine:
        part = words[name]
        assert f"*Claim.* {asked[name].said.claim}" in part.replace("\n", " ")
        assert f"`{asked[name].off}`" in part
        for word in ("*Mechanism.*", "*What the model says.*", "*What it leaves out.*"):
            assert word in part
        against = RECORDED[name].verdict.partition(":")[0]
        assert ("*Undecided.*" in part) == (against == "undecided")
        assert ("contradicts the claim" in part) == (against == "contradicts")
    lacking = words.get("Not yet asked", "")
    others = [f"{letter}{n}" for n in range(1, CHAPTERS[letter] + 1)]
    for name in others:
        assert (name in FILES) != bool(re.search(rf"\b{name} ", lacking)), name


def few_runs(case: Case, out: Path) -> Effects:
    config = case.config.replace(replications=FEW)
    fewer = Case(case.said, config, case.difference)
    ((_, found),) = run_cases([fewer], out)
    return found


@pytest.mark.parametrize("name", FILES)
def test_few_runs_agree_with_what_is_recorded(
    asked: dict[str, Case], name: str, tmp_path: Path
) -> None:
    """With its mechanism off the effect is gone, or clearly smaller, where there is a verdict."""
    case, row = asked[name], RECORDED[name]
    found = few_runs(case, tmp_path)
    verdict = row.verdict.partition(":")[0]
    if verdict == "undecided":
        return
    sign = case.said.expect if verdict == "supports" else -case.said.expect
    assert sign * row.effect > 0.0
    full, carried = sign * found.full.difference, sign * found.carried.difference
    if abs(row.effect) > SURE * row.half_width:
        assert full > 0.0
        assert carried > 0.5 * full  # less than half is left
    assert full + 4 * found.full.error > 0.0
    assert carried + 4 * found.carried.error > 0.0
