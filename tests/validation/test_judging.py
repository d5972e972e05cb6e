"""Verdicts on signs: what is right, wrong, undecided and explained."""

from __future__ import annotations

import numpy as np
import pytest

from trustsim.validation.measuring import Effect, judged
from trustsim.validation.signs import Sign


def sign(expected: int, **more: object) -> Sign:
    given = {"id": "a", "what": "b", "base": "c", "measure": "loyalty", "source": "d"}
    return Sign.model_validate({**given, "expected": expected, **more})


def effect(difference: float, error: float, pairs: int = 16) -> Effect:
    return Effect(1.0, 1.0 + difference, difference, 2.0 * error, error, pairs)


def verdict(row: Sign, *effects: Effect) -> tuple[str, str]:
    (found,) = judged([row], [list(effects)])
    return found.verdict, found.why


@pytest.mark.parametrize(
    ("expected", "difference", "error", "said"),
    [
        (1, 0.3, 0.05, ("right", "")),
        (-1, -0.3, 0.05, ("right", "")),
        (1, 0.001, 0.0001, ("right", "")),  # small, but shown
        (-1, 0.3, 0.05, ("wrong", "the opposite sign")),
        (1, 0.0, 0.0, ("wrong", "no effect")),
        (1, 0.005, 0.01, ("wrong", "no effect")),  # a twentieth of the level is excluded
        (1, 0.05, 0.05, ("undecided", "")),
        (0, 0.005, 0.01, ("right", "")),
        (0, 0.3, 0.05, ("wrong", "there is an effect")),
        (0, 0.05, 0.05, ("undecided", "")),
        (1, np.nan, np.nan, ("undecided", "")),
    ],
)
def test_one_sign(expected: int, difference: float, error: float, said: tuple[str, str]) -> None:
    assert verdict(sign(expected), effect(difference, error)) == said


def test_the_smallest_effect_that_matters_can_be_said() -> None:
    assert verdict(sign(0, smallest=0.5), effect(0.3, 0.05)) == ("right", "")
    assert verdict(sign(1, smallest=0.001), effect(0.005, 0.01)) == ("undecided", "")


def test_an_effect_is_to_vanish_without_what_it_goes_through() -> None:
    row = sign(1, through=("hold_up",))
    assert verdict(row, effect(0.3, 0.05), effect(0.01, 0.01)) == ("right", "")
    stays = ("wrong", "stays without hold_up")
    assert verdict(row, effect(0.3, 0.05), effect(0.2, 0.02)) == stays
    # what is shown, but smaller than what matters, has vanished
    assert verdict(row, effect(0.3, 0.05), effect(0.02, 0.002)) == ("right", "")
    # of a small effect more than half must go
    small = sign(1, through=("hold_up",), smallest=0.1)
    assert verdict(small, effect(0.02, 0.001), effect(0.02, 0.001)) == stays
    assert verdict(small, effect(0.02, 0.001), effect(0.009, 0.001)) == ("right", "")


def test_what_is_wrong_may_have_an_explanation() -> None:
    row = sign(1, explanation="because")
    assert verdict(row, effect(-0.3, 0.05)) == ("explained", "the opposite sign")
    assert verdict(row, effect(0.3, 0.05)) == ("right", "")


def test_many_signs_are_judged_together() -> None:
    # p = .01 each: shown alone, not among twenty
    one = effect(0.3, 0.103)
    assert judged([sign(1)], [[one]])[0].verdict == "right"
    many = judged([sign(1)] * 20, [[one]] * 20)
    assert {each.verdict for each in many} == {"undecided"}
