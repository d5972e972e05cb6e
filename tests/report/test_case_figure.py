"""The picture of a claim: its lines, whiskers and bands are what the curve says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer

from trustsim.report.figures import style
from trustsim.report.figures.case import case_figure


def curve(places: list[object]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"without": off, "place": place, "mean": base + 0.1 * i, "half_width": 0.01 * (i + 1)}
            for off, base in (("nothing", 1.0), ("hold_up", 2.0))
            for i, place in enumerate(places)
        ]
    )


def drawn(places: list[object], **more: object):
    return case_figure(
        curve(places), title="Price", unit="money", mechanism="hold_up", along="rate",
        **{"width": style.COLUMN, **more},
    )  # fmt: skip


@pytest.mark.parametrize("width", [style.WIDE, style.COLUMN])
def test_few_places_have_whiskers(width: float) -> None:
    (axis,) = drawn([0.0, 0.5, 2.0], width=width)
    bars = [each for each in axis.containers if isinstance(each, ErrorbarContainer)]
    for bar, base in zip(bars, (1.0, 2.0), strict=True):
        line, _, (whiskers,) = bar.lines
        np.testing.assert_allclose(line.get_xdata(), [0.0, 0.5, 2.0])
        np.testing.assert_allclose(line.get_ydata(), [base, base + 0.1, base + 0.2])
        ends = [segment[:, 1] for segment in whiskers.get_segments()]
        half = np.array([0.01, 0.02, 0.03])
        mean = base + np.array([0.0, 0.1, 0.2])
        np.testing.assert_allclose(ends, np.column_stack([mean - half, mean + half]))
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("rate", "money")
    assert axis.get_title(loc="left") == "Price"
    texts = [text.get_text() for text in axis.figure.legends[0].get_texts()]
    assert texts == ["with hold up", "without hold up"]
    looks = [(bar.lines[0].get_marker(), bar.lines[0].get_linestyle()) for bar in bars]
    assert looks[0] != looks[1]  # told apart without colour


def test_many_places_have_a_band() -> None:
    (axis,) = drawn(list(range(12)))
    assert len(axis.collections) == 2
    np.testing.assert_allclose(axis.lines[1].get_ydata(), 2.0 + 0.1 * np.arange(12))


def test_words_stand_side_by_side() -> None:
    (axis,) = drawn(["lowest_bid", "total_cost"])
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["lowest bid", "total cost"]


def test_a_difference_has_a_line_at_zero() -> None:
    (axis,) = drawn([0.0, 1.0], difference=True)
    assert [0, 0] in [list(line.get_ydata()) for line in axis.lines]
    (axis,) = drawn([0.0, 1.0])
    assert [0, 0] not in [list(line.get_ydata()) for line in axis.lines]


def test_a_place_of_the_users() -> None:
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    (axis,) = drawn([0.0, 1.0], ax=ax)
    assert axis is ax
    assert ax.get_legend() is not None
