"""Ends of intervals that sections write, and what stands where there is none."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from trustsim.report import validation_page
from trustsim.report.sections import precision, sensitivity
from trustsim.report.words import alone
from trustsim.validation.known.answer import Found, Known
from trustsim.validation.measuring import Effect, Measured


def test_a_difference_of_one_run_has_no_interval() -> None:
    assert alone._change(0.0126, math.nan, 0.95) == "0.013 more (no interval)"
    assert alone._change(-0.0126, math.inf, 0.95) == "0.013 less (no interval)"


def test_a_place_without_an_interval_has_a_dash() -> None:
    assert precision._interval(1.0, math.inf, 3) == "–"
    assert precision._interval(1.0, math.nan, 3) == "–"
    assert precision._interval(1.0, 0.25, 2) == "0.75 to 1.25"


def test_shares_of_variance_are_in_percent_and_clear_of_zero() -> None:
    result: Any = SimpleNamespace(method="sobol")
    row = {"S1": 0.05, "S1_low": 0.000502, "S1_high": 0.09}
    assert sensitivity._ends(result, row, "S1") == "0.1 to 9.0\N{NO-BREAK SPACE}%"
    row["S1_low"] = 0.00004
    assert sensitivity._ends(result, row, "S1") == "0.004 to 9.000\N{NO-BREAK SPACE}%"


def test_a_sign_without_a_pair_could_not_be_measured() -> None:
    nothing = Effect(math.nan, math.nan, math.nan, math.nan, math.nan, 0)
    sign: Any = None
    each = Measured(sign, nothing, None, "undecided")
    assert validation_page.came_out(each) == "could not be measured"


def test_known_answers_have_four_decimals() -> None:
    known = Known("case", "a number", "a book", 1.23456, 0.1, lambda: 1.0)
    cells = validation_page._known_cells(Found(known, 1.23444))
    assert cells == ("case", "a number", "1.2346", "a book", "1.2344", "right")
