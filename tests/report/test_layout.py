"""Figures can be read at both widths: nothing is cut off, nothing touches, and rows have room."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
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
from report.test_drawn_values_of_analyses import morris_rows
from report.test_drawn_values_of_discovery import asks, boxed
from report.test_figures import DRAW
from support.synthetic_results import ARMS, frames

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


class TestLegendOfArms:
    def test_as_many_columns_as_the_longest_name_leaves_room_for(self) -> None:
        arms = [f"arm number {i}" for i in range(8)]  # 12 letters, .062 in each, and .55 for a line
        assert style.arm_entries(arms, 7.0) == (arms, 5)
        assert style.arm_entries(arms, 3.5)[1] == 2
        assert style.arm_entries(arms[:3], 7.0)[1] == 3
        assert style.arm_entries(["x" * 54], 1.0)[1] == 1

    def test_its_height_is_that_of_the_tallest_column(self) -> None:
        arms = [f"arm number {i}" for i in range(8)]
        assert style.arm_legend_height(arms, 7.0) == pytest.approx(0.15 + 2 * 0.15)
        assert style.arm_legend_height(arms, 3.5) == pytest.approx(0.15 + 4 * 0.15)
        # Two lines each from the 41st letter on, one below the other
        long = [f"an arm with a name of more than forty letters {i}" for i in range(3)]
        assert style.arm_legend_height(long, 1.0) == pytest.approx(0.15 + 6 * 0.15)

    def test_entries_look_as_the_arms_do(self) -> None:
        for handle, known in zip(style.arm_handles(ARMS), style.ARM_STYLES[:3], strict=True):
            assert (handle.get_color(), handle.get_marker()) == (known.color, known.marker)  # type: ignore[attr-defined]
        twelve = list(style.arm_styles([str(i) for i in range(12)]).values())
        assert twelve[10:] == twelve[:2]


class TestPanels:
    def test_they_stand_row_by_row(self) -> None:
        axes = style.panels(None, 5, 3, 7.0, 1.5, 0.5)
        spans = [(s.rowspan.start, s.colspan.start) for s in (a.get_subplotspec() for a in axes)]
        assert spans == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
        figure = axes[0].figure
        assert figure.get_size_inches().tolist() == [7.0, 3.5]
        assert len(style.panels(None, 2, 9, 7.0, 1.0, 0.0)) == 2
        assert (
            style.panels(None, 2, 0, 7.0, 1.0, 0.0)[0].get_subplotspec().get_gridspec().ncols == 1
        )

    def test_in_a_place_of_ones_own(self) -> None:
        figure = Figure(figsize=(8, 4))
        free = figure.add_axes((0.5, 0.1, 0.25, 0.8))
        assert style.available_width(free, 7.0) == pytest.approx(2.0)
        assert style.available_width(None, 7.0) == 7.0
        assert style.panels(free, 1, 1, 7.0, 1.0, 0.0) == [free]
        made = style.panels(free, 2, 1, 7.0, 1.0, 0.0)
        assert free not in figure.axes
        boxes = [axis.get_position() for axis in made]
        assert [box.x0 for box in boxes] == pytest.approx([0.5, 0.5])
        assert [box.x1 for box in boxes] == pytest.approx([0.75, 0.75])
        assert (boxes[1].y0, boxes[0].y1) == pytest.approx((0.1, 0.9))
        style.settle(figure)  # whose layout is its owner's
        figure.subplots(1, 2)
        style.legend(made, False, style.arm_handles(["a"]), ["a"], 1)
        assert made[0].get_legend() is not None
        assert figure.legends == []

    def test_files_have_the_size_of_the_figure(self, tmp_path: Path) -> None:
        axes = style.panels(None, 1, 1, 3.5, 1.0, 0.0)
        png, svg = style.save(axes[0], tmp_path / "x", {"Title": "t"})
        assert (png.name, svg.name) == ("x.png", "x.svg")
        assert 'width="252pt" height="72pt"' in svg.read_text(encoding="utf-8")

    def test_whole_numbers_at_the_ticks_of_counts(self) -> None:
        (axis,) = style.panels(None, 1, 1, 3.5, 2.0, 0.0)
        axis.set(xlim=(0, 1), ylim=(0, 2))
        style.few_ticks(axis, "y", 9, whole=True)
        style.few_ticks(axis, "x", 2)
        assert [tick for tick in axis.get_yticks() if 0 <= tick <= 2] == [0, 1, 2]
        assert [tick for tick in axis.get_xticks() if 0 <= tick <= 1] == [0, 0.5, 1]
