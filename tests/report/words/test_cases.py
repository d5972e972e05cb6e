"""What is said of claims: effects, verdicts, chapters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.small_case import OTHER, without_design, write_case

from trustsim.cases.effect import Effect, Effects
from trustsim.cases.file import Case, load_case
from trustsim.cases.judging import Judged
from trustsim.report.words import cases as words


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return load_case(write_case(tmp_path))


NOTHING = Effect(0.5, 0.5, 0.0, 0.0, 0.0, 9)
FULL = Effect(0.5, 0.26, -0.24, 0.031, 0.015, 9)


def judged(case: Case, verdict: str = "supports", why: str = "", carried: Effect = FULL) -> Judged:
    return Judged(case, Effects(FULL, NOTHING, carried), verdict, why, 0.01)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (FULL, "−0.240 [−0.271, −0.209]"),
        (Effect(0, 1, 1.5, 0.5, 0.2, 9), "+1.50 [1.00, 2.00]"),
        (NOTHING, "exactly 0"),
    ],
)
def test_an_effect_with_its_interval(effect: Effect, said: str) -> None:
    assert words.signed(effect) == said


def test_the_sentence_of_one_arm(case: Case) -> None:
    assert words.sentence(judged(case)) == (
        "Disputes and recovery at ransom rate 0.5 less that at 0: 0.260 less 0.500, "
        "−0.240 [−0.271, −0.209] (money per accepted lot); without ransom exactly 0. "
        "The model supports the claim."
    )
    carried = Effect(0, 0, -0.2, 0.03, 0.015, 9)
    said = words.sentence(judged(case, "undecided", "stays without ransom", carried))
    assert "so that ransom carries −0.200 [−0.230, −0.170]" in said
    assert said.endswith("Undecided: stays without ransom.")


@pytest.mark.parametrize(
    ("against", "more", "along", "said"),
    [
        ("time", "", "round", " in the last quarter of the rounds less that in the first"),
        (
            "age", "", "earlier orders with the supplier",
            " of the longest relations less that of first orders",
        ),
        ("time", OTHER, "round", ", other less guided"),
    ],
)  # fmt: skip
def test_what_is_compared(tmp_path: Path, against: str, more: str, along: str, said: str) -> None:
    changes = without_design(("suppliers = 4", "suppliers = 4\nransom_rate = 0.2"))
    path = write_case(tmp_path, "r2", *changes)
    path.write_text(path.read_text().replace('"time"', f'"{against}"') + more)
    case = load_case(path)
    assert (words.along(case), words.compared(case)) == (along, said)


def test_the_label_of_what_is_drawn(case: Case, tmp_path: Path) -> None:
    assert words.drawn_label(case) == "Disputes and recovery"
    path = write_case(tmp_path, "r3")
    path.write_text(path.read_text() + OTHER)
    two = load_case(path)
    assert words.drawn_label(two) == "Disputes and recovery: other less guided"
    assert words.compared(two).startswith(", other less guided, at ransom rate 0.5")
    named = replace(case, said=case.said.model_copy(update={"among": "x", "called": "Late lots"}))
    assert (words.label(named), words.unit(named)) == ("Late lots", "share of orders")


def test_a_chapter_says_what_came_out_how(case: Case) -> None:
    rows = [judged(case), judged(case, "undecided", "no effect is shown")]
    claim = "buyers demand money for not rating badly, and shops pay"
    assert words.chapter_sentences(rows) == [
        f"The model supports that {claim} (R2).",
        f"It leaves open whether {claim} (R2: no effect is shown).",
    ]
    assert words.count_sentence(rows) == "2 claims: 1 supported, 1 undecided."
    assert words.count_sentence(rows[:1]) == "1 claim: 1 supported."
    against = judged(case, "contradicts")
    assert words.chapter_sentences([against]) == [f"It contradicts that {claim} (R2)."]
    assert words.conclusion(against) == "The model contradicts the claim."


def test_claims_without_a_case() -> None:
    there = [name for name in words.IDS if name not in ("V1", "D5")]
    assert words.missing(there) == ["V1", "D5"]
