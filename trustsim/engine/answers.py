"""What a rule of the user's may answer, and what becomes of an answer that is none.

An answer outside its range is put on the policy's record, where nobody in the walk looks, and the
walk goes on with the lowest one; the run fails when it is over. So the walk has no errors to catch,
and built-in rules pay nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

ODD = "odd_answers"
"""Field of a policy's record: the first answer outside its range by decision; 0 for none."""

STOPPED = -1.0e-300
"""Stands for an answer that did not come, because the rule met an error."""

ROUNDING = 1.0e-9
"""What an answer may be beyond its range: it counts as the bound."""

MOST = sys.float_info.max


class RuleAnswerError(Exception):
    """A rule of the user's gave an answer outside the range of its decision."""


class Range(NamedTuple):
    """Answers that a decision takes.

    Attributes
    ----------
    place : int
        Place of the decision in the field `ODD`.
    low, high : float
        Least and greatest answer.
    whole : bool
        Whether it must be a whole number.
    """

    place: int
    low: float = -MOST
    high: float = MOST
    whole: bool = False


def checked(ask: Callable[..., Any], taken: Range) -> Callable[..., float]:
    """Give a rule whose answers are checked, as ordinary Python: when the compiler is off."""

    def answer(order: Any, view: Any, policy: Any, market: Any) -> float:
        try:
            given = ask(order, view, policy, market)
            number = float(given) if isinstance(given, NUMBERS) else math.nan
        except Exception:
            number = STOPPED
        low, high, whole = taken.low, taken.high, taken.whole
        inside = number != STOPPED and low - ROUNDING <= number <= high + ROUNDING
        if inside and not (whole and number % 1.0 != 0.0):
            return min(max(number, low), high)
        if policy[ODD][taken.place] == 0.0:
            policy[ODD][taken.place] = number
        return max(low, 0.0)

    return answer


NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)
"""Types that an answer may have."""


def told(answer: float) -> str:
    """Say what a rule answered, for a sentence."""
    if answer == STOPPED:
        return "gave no answer (it reads beyond an array, or meets another error)"
    return f"answered {answer:g}"
