"""Published results in words and pictures."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from trustsim.report.figures.published import published_figure
from trustsim.report.sections.published import (
    published_lines,
    published_pictures,
    published_tables,
    reported,
)
from trustsim.report.validation_page import replications_page, sentences
from trustsim.validation.published.file import Figure, Published
from trustsim.validation.published.row import Reproduced, Row
from trustsim.validation.validate import Validation


def figure(name: str, unit: str, **more: object) -> Figure:
    given = {"id": name, "what": f"what {name} is", "unit": unit, "use": "predicted"}
    return Figure.model_validate({**given, "status": "secondary", **more})


FIGURES = (
    figure("first", "share", reported=0.5, within=0.1),
    figure("second", "share", at_most=0.2, explanation="because"),
    figure("third", "sign", sign=-1),
)
SOURCE = Published.model_validate(
    {
        "id": "P1",
        "title": "A title",
        "citation": "Somebody 2000",
        "setup": "Done so.",
        "note": "Not tried.",
        "fitted": ({"parameter": "market.a", "value": 0.25, "to": "first"},),
        "figure": FIGURES,
    }
)
FOUND = ((0.55, 0.5, 0.6), (0.4, 0.35, 0.45), (0.02, -0.01, 0.05))
ROWS = tuple(
    Row(SOURCE, each, Reproduced(each.id, *found))
    for each, found in zip(FIGURES, FOUND, strict=True)
)


def test_every_row_is_drawn_where_it_came_out() -> None:
    shares, signs = published_figure(ROWS)
    assert (shares.get_xlabel(), signs.get_xlabel()) == ("share", "sign")
    assert [text.get_text() for text in shares.get_yticklabels()] == [
        "what first is",
        "what second is",
    ]
    places = [tuple(map(float, line.get_xdata())) for line in shares.lines]
    assert (0.4, 0.6) in places  # the band
    assert (0.5,) in places  # reported
    assert {(0.55,), (0.4,)} <= set(places)  # reproduced
    (whiskers, *_) = (c for c in shares.containers[0].lines[2])
    assert whiskers.get_segments()[0][:, 0] == pytest.approx([0.5, 0.6])
    low, high = signs.get_xlim()
    (band,) = (
        line for line in signs.lines if len(line.get_xdata()) == 2 and low in line.get_xdata()
    )
    assert list(band.get_xdata()) == pytest.approx([low, 0.0])
    assert high > 0.05


def test_what_could_not_be_measured_is_drawn_as_reported() -> None:
    row = Row(SOURCE, FIGURES[0], Reproduced("first", nan, nan, nan))
    (axis,) = published_figure([row])
    assert (0.5,) in [tuple(map(float, line.get_xdata())) for line in axis.lines]
    assert np.isfinite(axis.get_xlim()).all()
    assert "could not be measured" in next(published_lines([row]))


def test_lines_say_reported_reproduced_use_status_and_why_not() -> None:
    first, second, third = (" ".join(line.split()) for line in published_lines(ROWS))
    assert first == (
        "right P1 first what first is reported 0.5 ± 0.1 (secondary) predicted 0.550 [0.500, 0.600]"
    )
    assert second == (
        "explained P1 second what second is reported at most 0.2 (secondary) "
        "predicted 0.400 [0.350, 0.450] because"
    )
    assert third.startswith("undecided P1 third")
    assert third.endswith("reported less than 0 (secondary) predicted 0.020 [−0.010, 0.050]")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"sign": 1}, "more than 0"),
        ({"at_least": 1.0, "at_most": 2.0}, "at least 1 and at most 2"),
        ({"reported": 0.0, "within": 1e-9}, "0"),
        ({"reported": 0.0, "within": 0.5}, "0 ± 0.5"),
    ],
)
def test_what_was_reported(more: dict[str, object], said: str) -> None:
    assert reported(figure("a", "b", **more)) == said
    assert figure("a", "b", at_least=1.0).band == (1.0, inf)


def test_tables_and_pictures_name_source_fit_and_misses() -> None:
    table, fitted = published_tables(ROWS)
    assert table.title == "P1 · A title"
    assert table.note == "Somebody 2000. Done so. Not tried."
    assert [row[0] for row in table.rows] == ["P1 first", "P1 second", "P1 third"]
    assert [row[-2:] for row in table.rows] == [
        ("right", ""),
        ("explained", "because"),
        ("undecided", ""),
    ]
    assert fitted.rows == (("P1 market.a", "0.25", "first"),)
    (picture,) = published_pictures(ROWS)
    assert picture.caption == (
        "Somebody 2000. 3 figures, 1 free number: 1 right, 1 explained, 1 undecided."
    )
    assert len(picture.draw(3.5)) == 2


def test_a_validation_names_what_is_missed() -> None:
    found = Validation(published=ROWS)
    assert sentences(found) == [
        "3 published figures: 1 right, 1 explained, 1 undecided.",
        "Published figures that are missed, with the reason: P1 second.",
    ]
    assert found.sound
    page = replications_page(found)
    assert "In words: [P1](replications/P1.md)." in page
    assert "| P1 second | what second is | at most 0.2 |" in page
    other = Validation(published=ROWS[:1])
    assert other.digest != found.digest


def test_nothing_published_takes_no_place() -> None:
    assert published_tables(()) == []
    assert published_pictures(()) == ()
    assert list(published_lines(())) == []
