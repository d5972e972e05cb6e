"""Figures can be read at both widths: nothing is cut off, nothing touches, and rows have room."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from report.sections.test_discovery import HOUR_COST, LATE_GAIN, RIVALS, folder, planted
from report.test_drawn_values_of_analyses import TestMechanisms as Mechanisms
from report.test_drawn_values_of_analyses import TestPrecision as Precision
from report.test_drawn_values_of_analyses import TestSensitivity as Shares
from report.test_drawn_values_of_analyses import asks, boxed, morris_rows
from report.test_figures import DRAW
from support.synthetic_results import frames

from trustsim.analysis.discovery.boxes import HeldOut
from trustsim.analysis.discovery.losses import Discovery
from trustsim.calibration.identifiability import Spread
from trustsim.report.figures import style
from trustsim.report.figures.analyses import ablation, calibration, precision, sensitivity
from trustsim.report.figures.analyses.discovery import who_wins_map
from trustsim.report.figures.analyses.losing_boxes import losing_boxes
from trustsim.report.sections.discovery import analyses

Draw = Callable[..., list[Axes]]
TITLE = "Difference in total cost of ownership, high trust less adversarial"
ROWS = {
    "total_cost_by_category": 3, "cost_difference_by_category": 13, "hours_split": 3,
    "what_carries": 4, "calibration_check": 3, "sobol_bars": 2, "losing_boxes": 3,
}  # fmt: skip
"""Rows of bars or points, one below the other, in the figures that have them."""


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return dict(zip(("runs", "rounds", "ages"), frames(replicates=3, rounds=36), strict=True))


@pytest.fixture(scope="module")
def found() -> Discovery:
    (each,) = analyses(folder(planted, points=120))
    boxes = (boxed(asks(LATE_GAIN, high=1.4, spread=(1.3, 1.5)), asks(HOUR_COST, low=0.01)),
             boxed(asks(RIVALS, 3, 4)))  # fmt: skip
    return Discovery(**{**vars(each), "boxes": boxes,
                        "held_out": (HeldOut(0.4, 0.6, 0.1, 0.01, 20),)})  # fmt: skip


def drawers(found: Discovery) -> dict[str, Draw]:
    names = ["transaction share", "goods per hour of the trusted", "arrears"]
    fits = pd.DataFrame(
        {"target": names, "side": ["value", "at_most", "at_least"], "value": 2.0, "tolerance": 0.1,
         "fitted": [True, True, False], "mean": 2.05, "low": 2.0, "high": 2.1}
    )  # fmt: skip
    check = pd.DataFrame({"target": np.repeat(names, 6), "value": np.tile(np.arange(6), 3) / 9 + 2})
    losses = pd.DataFrame(
        {"trial": range(20), "parameter": "", "t": np.linspace(1, 8, 20),
         "q": np.linspace(1, 100, 20), "loss": np.linspace(9, 0.1, 20)}
    )  # fmt: skip
    losses = pd.concat([losses, losses.assign(parameter="t"), losses.assign(parameter="q")])
    spreads = [Spread(n, f"{n} hours", "hours per bidder", 5.0, 3.0, 7.0, 0.3) for n in "tq"]
    return {
        "what_carries": partial(
            ablation.what_carries, Mechanisms.ROWS, title=TITLE, unit="money", difference=-0.05
        ),
        "calibration_check": partial(calibration.calibration_check, fits, check),
        "calibration_profiles": partial(
            calibration.calibration_profiles, losses, spreads, log=["t"]
        ),
        "calibration_search": partial(calibration.calibration_search, losses),
        "who_wins_map": partial(who_wins_map, found),
        "losing_boxes": partial(losing_boxes, found),
        "interval_by_replications": partial(
            precision.interval_by_replications, Precision.PATHS, baseline="base", looks=[20, 40],
            targets={"a": 0.15},
        ),
        "sobol_bars": partial(sensitivity.sobol_bars, Shares.ROWS, title=TITLE),
        "morris_plane": partial(sensitivity.morris_plane, morris_rows(), title=TITLE, unit="money"),
        "sensitivity_convergence": partial(
            sensitivity.sensitivity_convergence, Shares().table(), title="base points"
        ),
    }  # fmt: skip


NAMES = [*(draw.__name__ for draw in DRAW), "what_carries", "calibration_check",
         "calibration_profiles", "calibration_search", "who_wins_map", "losing_boxes",
         "interval_by_replications", "sobol_bars", "morris_plane",
         "sensitivity_convergence"]  # fmt: skip


def laid_out(axes: list[Axes]) -> Figure:
    figure = axes[0].figure.get_figure(root=True)
    assert figure is not None
    style.footer(axes[0], "a name · 30 runs per arm · intervals: 95 % · trustsim · seed 1 · digest")
    figure.dpi = 100
    style.settle(figure)
    figure.draw_without_rendering()
    return figure


def written(axis: Any) -> list[Bbox]:
    """Places of the tick labels that are to be seen, in the order of the axis."""
    ticks = [tick for tick in axis._update_ticks() if tick.label1.get_visible()]
    shown = [tick.label1 for tick in ticks if tick.label1.get_text()]
    places = [(text.get_rotation(), text.get_window_extent()) for text in shown]
    return [box for rotation, box in places if rotation == 0]


def within(box: Bbox, figure: Figure) -> bool:
    whole = figure.bbox
    return bool(
        box.x0 >= whole.x0 - 1
        and box.x1 <= whole.x1 + 1
        and box.y0 >= whole.y0 - 1
        and box.y1 <= whole.y1 + 1
    )


def apart(one: Bbox, other: Bbox) -> bool:
    """Whether two places do not touch, to half a pixel."""
    return bool(
        one.x1 <= other.x0 + 0.5
        or other.x1 <= one.x0 + 0.5
        or one.y1 <= other.y0 + 0.5
        or other.y1 <= one.y0 + 0.5
    )


SIDE_BY_SIDE = ["total_cost_by_category", "cost_over_time", "hours_split", "losing_boxes"]
"""Figures that are laid out in another way across the page; what fits a column fits there."""


@pytest.mark.parametrize(
    ("name", "width"),
    [*((name, style.COLUMN) for name in NAMES), *((name, style.WIDE) for name in SIDE_BY_SIDE)],
)
def test_all_that_is_written_can_be_read(
    tables: dict[str, pd.DataFrame], found: Discovery, name: str, width: float
) -> None:
    usual = {draw.__name__: (draw, *how) for draw, how in DRAW.items()}
    if name in usual:
        draw, table, options, _ = usual[name]
        axes = draw(tables[table], width=width, **options)
    else:
        axes = drawers(found)[name](width=width)
    figure = laid_out(axes)
    assert figure.get_size_inches()[0] == width
    tight = [axis.get_tightbbox() for axis in axes]
    for axis, box in zip(axes, tight, strict=True):
        inches = axis.get_position().size * figure.get_size_inches()
        assert inches[0] > 0.9
        assert inches[1] > 0.45
        # Marks on the rim of a panel may stand over it by their own half.
        assert within(box, figure), (box, figure.bbox)
        for side in (axis.xaxis, axis.yaxis):
            places = written(side)
            assert len(places) < 2 or all(apart(a, b) for a, b in pairwise(places))
        for text in (axis.title, axis._left_title, axis.xaxis.label, axis.yaxis.label):
            assert within(text.get_window_extent(), figure)
            assert "…" not in text.get_text()
        if (
            name in ROWS
            and axis.get_yticks().size >= ROWS[name]
            and not (name == "losing_boxes" and axis is axes[1])
        ):
            count = ROWS[name]
            low, high = axis.get_ylim()
            assert count - 1 < low < count
            assert -1 < high < 0
            assert 0.12 < inches[1] / count < 0.8
    for place, one in enumerate(tight):
        assert all(apart(one, other) for other in tight[place + 1 :])
    for legend in figure.legends:
        box = legend.get_window_extent()
        assert within(box, figure)
        assert all(apart(box, other) for other in tight)
        assert len({text.get_text() for text in legend.get_texts()}) == len(legend.get_texts())
    (foot,) = figure.texts
    assert within(foot.get_window_extent(), figure)
    assert all(apart(foot.get_window_extent(), box) for box in tight)
