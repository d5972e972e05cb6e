"""Maps of who wins and boxes in which an arm loses are drawn as their tables say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.contour import QuadContourSet
from report.sections.test_discovery import HOUR_COST, INSPECTION, LATE_GAIN, RIVALS
from report.test_drawn_intervals_of_analyses import found
from report.test_drawn_values_of_analyses import spaced, ticks
from support.drawn import bars, last_digit, legend_of, look, numbers

from trustsim.analysis.discovery.boxes import HeldOut, LosingBox, Restriction
from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.discovery.who_wins import WhoWins, who_wins
from trustsim.config.dimensions import Dimension, Dimensions
from trustsim.report.figures import style
from trustsim.report.figures.analyses.discovery import axis_words, who_wins_map
from trustsim.report.figures.analyses.losing_boxes import losing_boxes
from trustsim.schema.translation import read

__all__ = ["found"]
INF = math.inf


def asks(
    dimension: Dimension,
    low: float = -INF,
    high: float = INF,
    kept: tuple[str, ...] = (),
    spread: tuple[float, float] = (math.nan, math.nan),
) -> Restriction:
    return Restriction(dimension, low, high, kept, 0.01, 0.9, spread)


def boxed(*restrictions: Restriction, coverage: float = 0.7, density: float = 0.9) -> LosingBox:
    return LosingBox(restrictions, 40, 36, coverage, density, 0.1, True)


class TestMap:
    @pytest.mark.parametrize("threshold", [0.0, 0.02])
    def test_the_surface_and_its_lines(self, found: Discovery, threshold: float) -> None:
        surface = who_wins(replace(found, threshold=threshold), "hour_cost", "late_gain")
        (axis,) = who_wins_map(found, surface=surface)
        filled, *_, lines, turn = [
            each for each in axis.collections if isinstance(each, QuadContourSet)
        ]
        shares = np.linspace(0, 1, 61)
        places = np.column_stack([each.ravel() for each in np.meshgrid(shares, shares)])
        known = surface.surface.at(places)[0]
        reach = np.abs(known - threshold).max()
        assert (filled.levels[0], filled.levels[-1]) == pytest.approx((-reach, reach))
        assert filled.levels[len(filled.levels) // 2] == pytest.approx(0, abs=1e-12)
        assert (filled.zmin, filled.zmax) == pytest.approx(
            ((known - threshold).min(), (known - threshold).max())
        )
        assert turn.levels.tolist() == [threshold]
        assert max(turn.get_linewidth()) > max(lines.get_linewidth())
        assert threshold not in lines.levels
        assert len([each for each in lines.levels if known.min() < each < known.max()]) > 2
        for drawn in (turn, lines):
            for level, path in zip(drawn.levels, drawn.get_paths(), strict=True):
                if not len(path.vertices):
                    continue
                x, y = path.vertices.T
                at = np.column_stack([surface.x.share(x), surface.y.share(y)])
                # Straight lines between places of the grid, where the surface is curved
                assert surface.surface.at(at)[0] == pytest.approx(level, abs=0.004)
        said = {text.get_text() for text in axis.texts}
        assert said
        shown = [*lines.levels, threshold]
        for text in said:
            (value,) = numbers(text)
            assert min(abs(value - level) for level in shown) <= last_digit(text)
        assert len({round(v, 9) for v in shown}) == len({f"{v:.{digits(said)}f}" for v in shown})

    @pytest.mark.parametrize("step", [0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 1.0, 10.0])
    def test_lines_have_the_digits_that_tell_them_apart(
        self, found: Discovery, step: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        surface = who_wins(found, "hour_cost", "late_gain")
        x, y, _, half = surface.grid()
        slope = np.linspace(-2.9 * step, 2.9 * step, 61)[:, None] + 0 * half
        monkeypatch.setattr(WhoWins, "grid", lambda fitted: (x, y, slope, half))
        (axis,) = who_wins_map(found, surface=surface)
        said = {text.get_text() for text in axis.texts}
        fewest = max(0, -math.floor(math.log10(step * 1.000001)))
        assert {digits({text}) for text in said} == {fewest}

    @pytest.mark.parametrize("x", ["hour_cost", "rivals"])
    def test_every_market_is_a_point(self, found: Discovery, x: str) -> None:
        surface = who_wins(found, x, "late_gain")
        (axis,) = who_wins_map(found, surface=surface)
        cheap, dear = [each for each in axis.collections if isinstance(each, PathCollection)]
        legend = legend_of(axis)
        for drawn, loses, text in ((cheap, False, "cheaper"), (dear, True, "dearer")):
            mine = found.points[found.points["loses"] == loses]
            across, up = np.asarray(drawn.get_offsets()).T
            assert up == pytest.approx(mine["market.late_gain"].to_numpy())
            aside = across - mine[f"market.{x}"].to_numpy()
            assert np.abs(aside).max() <= (0.35 if x == "rivals" else 0)
            assert (np.ptp(aside) > 0.5) == (x == "rivals")
            handle = legend[f"a market: {text}"]
            assert to_rgb(drawn.get_facecolor()[0]) == to_rgb(handle.get_markerfacecolor())

    @pytest.mark.parametrize("narrow", [False, True])
    def test_boxes_and_legend(self, found: Discovery, narrow: bool) -> None:
        boxes = (
            boxed(asks(RIVALS, low=3), asks(HOUR_COST, high=0.01)),
            boxed(asks(HOUR_COST, low=0.05)),
            boxed(asks(LATE_GAIN, low=1.5), asks(RIVALS, 2, 4)),
        )
        result = replace(found, boxes=boxes, threshold=0.02, measure="dispute_rate")
        surface = who_wins(result, "rivals", "late_gain")
        width = style.COLUMN if narrow else style.WIDE
        (axis,) = who_wins_map(result, surface=surface, width=width)
        drawn = [(p.get_x(), p.get_x() + p.get_width(), p.get_y(), p.get_y() + p.get_height())
                 for p in axis.patches]  # fmt: skip
        assert drawn == [(2.5, 6.5, 1.0, 2.0), (1.5, 4.5, 1.5, 2.0)]
        legend = {spaced(text): handle for text, handle in legend_of(axis).items()}
        assert list(legend) == [
            "high trust lower", "high trust higher", "not clear which", "the threshold",
            "a market: lower", "a market: higher", "box 1, if hour cost < 0.010", "box 3",
        ]  # fmt: skip
        for patch, text in zip(axis.patches, ("box 1, if hour cost < 0.010", "box 3"), strict=True):
            assert patch.get_linestyle() == legend[text].get_linestyle() or (
                str(patch._unscaled_dash_pattern) == str(legend[text]._unscaled_dash_pattern)
            )
        assert (spaced(axis.get_xlabel()), spaced(axis.get_ylabel())) == (
            "rivals (bidders)",
            "late gain (times the buyer's cost of capital)",
        )
        assert spaced(axis.get_title(loc="left")).startswith("high trust minus adversarial: disp")
        assert axis.get_xlim() == (0.5, 6.5)
        assert axis.get_ylim() == (1.0, 2.0)
        assert ticks(axis) == {float(i): str(i) for i in range(1, 7)}

    def test_ticks_of_a_logarithmic_axis_are_plain_numbers(self, found: Discovery) -> None:
        (axis,) = who_wins_map(found, x="hour_cost", y="late_gain")
        assert axis.get_xscale() == "log"
        assert axis.get_xlim() == pytest.approx((0.001, 0.1))
        shown = ticks(axis)
        assert {"0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1"} == set(shown.values())
        assert all(float(text) == pytest.approx(place) for place, text in shown.items())
        assert list(legend_of(axis))[:4] == [
            "high trust cheaper", "high trust dearer", "not clear which", "no difference",
        ]  # fmt: skip
        wide = replace(HOUR_COST, low=1e-4, high=10.0)
        table = found.points.assign(**{HOUR_COST.path: found.points[HOUR_COST.path] * 50})
        far = replace(found, dimensions=(LATE_GAIN, wide, RIVALS), points=table, boxes=())
        (axis,) = who_wins_map(far, x="hour_cost", y="late_gain")
        assert set(ticks(axis).values()) == {"0.0001", "0.001", "0.01", "0.1", "1", "10"}

    def test_units_stand_at_the_axes_unless_they_are_shares(self) -> None:
        gain, mix = read(Dimensions,
            {"market.gain_sharing": {"low": 0.0, "high": 1.0},
             "market.supplier_mix.opportunist": {"low": 0.0, "high": 1.0}},
            "design.parameters",
        )  # fmt: skip
        assert spaced(axis_words(HOUR_COST, 5)) == "hour cost (money per hour)"
        assert axis_words(mix, 5) == "share of opportunist suppliers"
        assert "\n" in axis_words(HOUR_COST, 1)
        assert spaced(axis_words(gain, 9)).startswith("gain sharing")


def digits(texts: set[str]) -> int:
    return max(len(text.partition(".")[2]) for text in texts)


class TestLosingBoxes:
    LISTED = read(Dimensions, {"market.rivals": {"values": [2, 4, 10]}}, "design.parameters")[0]

    def drawn(self, found: Discovery) -> list[Axes]:
        boxes = (
            boxed(asks(LATE_GAIN, high=1.4, spread=(1.3, 1.5)), asks(HOUR_COST, low=0.01)),
            boxed(asks(RIVALS, 3, 3), asks(INSPECTION, kept=("all",)), asks(self.LISTED, low=4)),
        )
        held_out = (HeldOut(coverage=0.4, density=0.6, mass=0.1, chance=0.01, halves=20),)
        return losing_boxes(replace(found, boxes=boxes, held_out=held_out, asked=0.75))

    def test_ranges(self, found: Discovery) -> None:
        ranges, _ = self.drawn(found)
        known = [(0, 0, 0.4), (1, 0.5, 0.5), (2, 0.38, 0.04), (3, 0.5, 0.5), (4, 0.25, 0.75)]
        assert [bar[:3] for bar in bars(ranges)] == [pytest.approx(each) for each in known]
        first, second = bars(ranges)[0][3:], bars(ranges)[2][3:]
        assert [bar[3:] for bar in bars(ranges)] == [first, first, second, second, second]
        assert first != second
        whole = [line for line in ranges.lines if line.get_marker() == "None"]
        assert [list(line.get_xdata()) for line in whole] == [[0, 1]] * 5
        assert [list(line.get_ydata()) for line in whole] == [[row, row] for row in range(5)]
        (spread,) = [line for line in ranges.lines if line.get_marker() == "|"]
        assert [*spread.get_xdata(), *spread.get_ydata()] == pytest.approx([0.3, 0.5, 0, 0])
        names = [spaced(label.get_text()) for label in ranges.get_yticklabels()]
        assert names == [
            "1: late gain", "1: hour cost", "2: rivals", "2: inspection of high trust", "2: rivals",
        ]  # fmt: skip
        assert [note.get_text() for note in ranges.texts] == [
            "< 1.40", "> 0.010", "= 3", "is all", "≥ 4",
        ]  # fmt: skip
        for row, note in enumerate(ranges.texts):
            assert row - 0.5 < note.xy[1] < row
        assert list(ticks(ranges).values()) == ["lowest", "highest"]
        assert list(ticks(ranges)) == [0, 1]
        assert ranges.get_xlim()[0] <= 0 < 1 <= ranges.get_xlim()[1]

    def test_a_bar_ends_within_the_range_and_one_box_has_no_number(self, found: Discovery) -> None:
        ends = (asks(RIVALS, 6, 6), asks(RIVALS, 1, 1), asks(LATE_GAIN, 0.5, 1.5))
        ranges, _ = losing_boxes(replace(found, boxes=(boxed(*ends),)))
        assert [bar[1:3] for bar in bars(ranges)] == [
            pytest.approx(each) for each in ((0.98, 0.02), (0, 0.02), (0, 0.5))
        ]
        assert spaced(ranges.get_yticklabels()[0].get_text()) == "rivals"

    def test_the_way_of_peeling(self, found: Discovery) -> None:
        _, path = self.drawn(found)
        way, asked, share, chosen, held = path.lines
        assert np.column_stack(way.get_data()) == pytest.approx(
            found.path[["coverage", "density"]].to_numpy()
        )
        assert set(asked.get_ydata()) == {0.75}
        assert set(share.get_ydata()) == {found.share}
        assert share.get_linestyle() != asked.get_linestyle() or (look(share)[1] != look(asked)[1])
        assert (chosen.get_data(), chosen.get_marker()) == (([0.7], [0.9]), "o")
        assert (held.get_data(), held.get_marker()) == (([0.4], [0.6]), "x")
        said = {note.get_text(): note.xy for note in path.texts}
        assert said == {
            "asked for": (0.0, 0.75), "all points": (0.0, found.share), "box 1": (0.7, 0.9),
            "held out": (0.4, 0.6),
        }  # fmt: skip
        assert ticks(path) == {0: "0 %", 0.25: "25 %", 0.5: "50 %", 0.75: "75 %", 1: "100 %"}
        assert path.get_xlim()[0] <= 0 < 1 < path.get_xlim()[1]
        assert path.get_ylim()[0] <= 0 < 1 < path.get_ylim()[1]
        assert all(text.endswith(" %") for text in ticks(path, "y").values())
