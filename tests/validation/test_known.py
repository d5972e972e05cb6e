"""The known answers, one by one, in the compiled market."""

from __future__ import annotations

import pytest

from trustsim.validation.known import known_answers, look_up
from trustsim.validation.known.answer import Found, Known

ANSWERS = known_answers()


@pytest.mark.parametrize("known", ANSWERS, ids=lambda known: known.name)
def test_the_market_gives_the_known_answer(known: Known) -> None:
    found = look_up(known)
    assert found.verdict == "right", (found.value, known.answer)


def test_a_known_answer_has_a_name_of_its_own_and_a_source() -> None:
    assert len({known.name for known in ANSWERS}) == len(ANSWERS)
    assert all(known.source and known.what for known in ANSWERS)


@pytest.mark.parametrize(("value", "verdict"), [(1.0, "right"), (1.1, "right"), (1.11, "wrong")])
def test_an_answer_is_right_within_its_tolerance(value: float, verdict: str) -> None:
    known = Known("name", "what", "source", 1.0, 0.1001, lambda: value)
    assert look_up(known) == Found(known, value)
    assert look_up(known).verdict == verdict
