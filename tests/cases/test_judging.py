"""Verdicts on claims: supports, contradicts, undecided and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from support.small_case import write_case

from trustsim.cases.effect import Effect, Effects
from trustsim.cases.file import Case, load_case
from trustsim.cases.judging import judged

PAIRS = 16


def effect(difference: float, error: float = 0.05, pairs: int = PAIRS) -> Effect:
    return Effect(1.0, 1.0 + difference, difference, 2 * error, error, pairs)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return load_case(write_case(tmp_path))  # expects that it falls


@pytest.mark.parametrize(
    ("full", "without", "carried", "said"),
    [
        (effect(-1.0), effect(0.0), effect(-1.0), ("supports", "")),
        (effect(1.0), effect(0.0), effect(1.0), ("contradicts", "")),
        (effect(-1.0), effect(0.4), effect(-1.4), ("supports", "")),  # turned round without it
        (effect(-1.0), effect(-0.49), effect(-0.51), ("supports", "")),
        (effect(-1.0), effect(-0.5), effect(-0.5), ("undecided", "stays without ransom")),
        (effect(1.0), effect(0.9), effect(0.1), ("undecided", "stays without ransom")),
        (effect(-0.05), effect(0.0), effect(-1.0), ("undecided", "no effect is shown")),
        (
            effect(-1.0), effect(0.0), effect(-0.9, 0.5),
            ("undecided", "not shown to go without ransom"),
        ),
        (effect(-1.0), effect(-1.0), effect(0.0, 0.0), ("undecided", "ransom changes nothing")),
        (effect(0.0, 0.0), effect(0.0, 0.0), effect(0.0, 0.0), ("undecided", "no run differs")),
        (effect(-1.0, pairs=1), effect(0.0), effect(-1.0), ("undecided", "too few runs")),
        (
            effect(np.nan, np.nan, 0), effect(np.nan, np.nan, 0), effect(np.nan, np.nan, 0),
            ("undecided", "too few runs"),
        ),
    ],
)  # fmt: skip
def test_one_claim(
    case: Case, full: Effect, without: Effect, carried: Effect, said: tuple[str, str]
) -> None:
    (found,) = judged([(case, Effects(full, without, carried))])
    assert (found.verdict, found.why) == said


def test_p_values_are_corrected_for_all_claims(case: Case) -> None:
    """The p value of a claim is the larger of its two; Holm's, with the rest at 1."""
    strong, weak = effect(-1.0, 0.1), effect(-1.0, 0.25)
    p = 2 * stats.t.sf(4.0, PAIRS - 1)
    found = judged(
        [
            (case, Effects(strong, effect(0.0), weak)),
            (case, Effects(strong, effect(0.0), strong)),
        ],
        41,
    )
    assert found[0].p == pytest.approx(40 * p)
    assert found[1].p == pytest.approx(41 * 2 * stats.t.sf(10.0, PAIRS - 1))
    assert [each.verdict for each in found] == ["supports", "supports"]


def test_a_few_are_not_judged_more_lightly_than_all(case: Case) -> None:
    """At 5 % by itself, and not among 41, of which one was run."""
    close = effect(-1.0, 0.35)
    row = (case, Effects(close, effect(0.0), close))
    assert judged([row], 1)[0].verdict == "supports"
    assert judged([row])[0].verdict == "undecided"
