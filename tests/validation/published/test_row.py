"""Verdicts on published figures."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from trustsim.validation.published.file import Figure, Published
from trustsim.validation.published.row import Effort, Reproduced, Row

POINT = {"reported": 2.0, "within": 0.5}


def row(found: tuple[float, float, float], **figure: object) -> Row:
    given = {"id": "a", "what": "b", "unit": "c", "use": "predicted", "status": "primary"}
    one = Figure.model_validate({**given, **figure})
    told = {"id": "P1", "title": "t", "citation": "c", "setup": "s", "figure": (one,)}
    return Row(Published.model_validate(told), one, Reproduced("a", *found))


@pytest.mark.parametrize(
    ("found", "figure", "verdict"),
    [
        ((2.5, 2.3, 2.7), POINT, "right"),
        ((2.51, 2.4, 2.6), POINT, "undecided"),  # the interval reaches the band
        ((2.7, 2.6, 2.8), POINT, "wrong"),
        ((1.3, 1.2, 1.4), POINT, "wrong"),
        ((5.1, 4.9, 5.3), {"at_least": 5.0}, "right"),
        ((4.9, 4.7, 5.1), {"at_least": 5.0}, "undecided"),
        ((4.9, 4.8, 4.99), {"at_least": 5.0}, "wrong"),
        ((0.2, 0.1, 0.3), {"at_most": 0.2}, "right"),
        ((0.1, 0.01, 0.2), {"sign": 1}, "right"),
        ((0.1, -0.01, 0.2), {"sign": 1}, "undecided"),
        ((-0.1, -0.2, -0.01), {"sign": 1}, "wrong"),
        ((-0.1, -0.2, -0.01), {"sign": -1}, "right"),
        ((nan, nan, nan), POINT, "undecided"),
    ],
)
def test_a_verdict(
    found: tuple[float, float, float], figure: dict[str, object], verdict: str
) -> None:
    assert row(found, **figure).verdict == verdict
    told = row(found, explanation="because", **figure).verdict
    missed = verdict == "wrong" or (verdict == "undecided" and np.isfinite(found[0]))
    assert told == ("explained" if missed else verdict)


def test_a_row_is_named_after_its_source_and_its_figure() -> None:
    assert row((2.0, 2.0, 2.0), **POINT).name == "P1 a"


def test_the_interval_is_students() -> None:
    found = Reproduced.mean("a", [1.0, 2.0, 3.0])
    assert found.value == 2.0
    # t of two degrees of freedom, .975: 4.3027; standard error 1/sqrt(3)
    assert found.high - 2.0 == pytest.approx(4.30265 / np.sqrt(3.0), rel=1e-5)
    assert Reproduced.exact("a", 1.5) == ("a", 1.5, 1.5, 1.5)


def test_effort() -> None:
    assert Effort().of(3, 12) == 3
    assert Effort(full=True).of(3, 12) == 12
