"""Points, bars, lines, legends and ticks in the figures of the analyses are what their tables say.

Whiskers, bands and hatches have a file of their own (`test_drawn_intervals_of_analyses`).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.contour import QuadContourSet
from report.sections.test_discovery import HOUR_COST, INSPECTION, LATE_GAIN, RIVALS
from report.test_drawn_intervals_of_analyses import fitted, found
from support.drawn import bars, is_vertical, last_digit, legend_of, look, numbers

from trustsim.analysis.ablation import EXACT, MOVES, NARROWS, UNDECIDED, WIDENS
from trustsim.analysis.discovery.boxes import HeldOut, LosingBox, Restriction
from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.discovery.who_wins import who_wins
from trustsim.calibration.fit import Calibration
from trustsim.calibration.identifiability import Spread
from trustsim.config.dimensions import Dimension, read_dimensions
from trustsim.report.figures import style
from trustsim.report.figures.analyses.ablation import what_carries
from trustsim.report.figures.analyses.calibration import (
    calibration_check,
    calibration_profiles,
    calibration_search,
)
from trustsim.report.figures.analyses.discovery import axis_words, who_wins_map
from trustsim.report.figures.analyses.losing_boxes import losing_boxes
from trustsim.report.figures.analyses.precision import interval_by_replications
from trustsim.report.figures.analyses.sensitivity import (
    morris_plane,
    sensitivity_convergence,
    sobol_bars,
)

__all__ = ["fitted", "found"]
WIDTHS = [style.WIDE, style.COLUMN]
INF = math.inf


def spaced(text: str) -> str:
    return text.replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")


def ticks(axis: Axes, side: str = "x") -> dict[float, str]:
    """What stands at the ticks that are to be seen."""
    which = axis.xaxis if side == "x" else axis.yaxis
    low, high = sorted(which.get_view_interval())
    places = [float(place) for place in which.get_majorticklocs()]
    texts = which.get_major_formatter().format_ticks(places)
    return {
        place: spaced(text)
        for place, text in zip(places, texts, strict=True)
        if low <= place <= high
    }


class TestMechanisms:
    ROWS = pd.DataFrame(
        [
            ("ransom", -0.03, 0.004, WIDENS), ("voice", 0.01, 0.004, NARROWS),
            ("tiers", 0.006, 0.002, MOVES), ("blame", 0.001, 0.003, UNDECIDED),
            ("idle", 0.0, 0.0, EXACT),
        ],
        columns=["label", "carries", "half_width", "verdict"],
    )  # fmt: skip

    def test_points_and_their_meaning(self) -> None:
        (axis,) = what_carries(self.ROWS, difference=-0.05, unit="money", title="a against b")
        assert [label.get_text() for label in axis.get_yticklabels()] == [
            "ransom", "voice", "tiers", "blame",
        ]  # fmt: skip
        zero, whole, *points = [line for line in axis.lines if line.get_marker() in ("None", *"os")]
        assert (zero.get_xdata()[0], whole.get_xdata()[0]) == (0, -0.05)
        assert is_vertical(zero)
        assert is_vertical(whole)
        legend = legend_of(axis)
        assert look(whole) == look(legend["the whole difference"])
        lowers, raises, hollow = (
            legend[text]
            for text in (
                "lowers the difference", "raises the difference", "not shown to be other than zero",
            )
        )  # fmt: skip
        for row, point in enumerate(points):
            carries = self.ROWS["carries"][row]
            assert point.get_data() == ([carries], [row])
            kind = lowers if carries < 0 else raises
            assert look(point)[:3] == look(kind)[:3]
            filled = look(kind)[3] if row < 3 else look(hollow)[3]
            assert look(point)[3] == filled
        assert axis.get_xlim()[0] < -0.05
        assert axis.get_title(loc="left") == "a against b"
        assert axis.get_xlabel() == "carries of the difference (money)"

    @pytest.mark.parametrize("share_a_row", [False, True])
    def test_the_legend_names_what_is_there_and_nothing_else(self, share_a_row: bool) -> None:
        rows = self.ROWS[self.ROWS["verdict"] != UNDECIDED]
        known = ["lowers the difference", "raises the difference"]
        if share_a_row:
            unclear = self.ROWS.iloc[[3] * 20]
            rows = pd.concat([rows, unclear], ignore_index=True)
            known += ["not shown to be other than zero", "all intervals of the others"]
        (axis,) = what_carries(rows)
        assert list(legend_of(axis)) == known
        assert axis.get_xlabel() == "carries of the difference"
        drawn = bars(axis)
        assert len(drawn) == share_a_row
        if share_a_row:
            assert drawn[0][0] == 8
            assert drawn[0][3:] == look(legend_of(axis)[known[-1]])
            assert axis.get_yticklabels()[-1].get_text() == "15 others, unclear"


class TestCalibration:
    def test_means_and_tolerances_of_the_check(self, fitted: Calibration) -> None:
        fits = fitted.fits().assign(side=["at_most", "at_least"], fitted=[True, False])
        (axis,) = calibration_check(fits, fitted.check)
        assert [round(bar[0], 9) for bar in bars(axis)] == [0, 1]
        (_, low, length, *_), (_, start, width, *_) = bars(axis)
        assert (low + length, start) == (1, -1)
        assert low < axis.get_xlim()[0]
        assert start + width > axis.get_xlim()[1]
        legend = legend_of(axis)
        means = [each.lines[0] for each in axis.containers if hasattr(each, "has_xerr")]
        for row, mean, text in zip(
            (0, 1), means, ("their mean", "not fitted: a prediction"), strict=True
        ):
            target = fitted.config.targets[row]
            values = fitted.check.loc[fitted.check["target"] == target.name, "value"]
            assert mean.get_xdata()[0] == pytest.approx(
                (values.mean() - target.value) / target.tolerance
            )
            assert mean.get_ydata()[0] == row
            assert look(mean)[2:] == look(legend[text])[2:]
        runs = [line for line in axis.lines if len(line.get_xdata()) == 6]
        assert {look(run)[::2] for run in runs} == {look(legend["a run of fresh luck"])[::2]}
        assert bars(axis)[0][3:] == look(legend["within tolerance"])
        (zero,) = [line for line in axis.lines if is_vertical(line)]
        assert zero.get_xdata()[0] == 0
        without = legend_of(calibration_check(fitted.fits(), fitted.check)[0])
        assert list(without) == [
            "within tolerance", "a run of fresh luck", "nine in ten of them", "their mean",
        ]  # fmt: skip

    def test_trials_in_the_profiles(self, fitted: Calibration) -> None:
        axes = calibration_profiles(fitted.losses(), fitted.spreads)
        least = min(trial.loss for trial in fitted.trials)
        legend = legend_of(axes[0])
        for place, (axis, spread) in enumerate(zip(axes, fitted.spreads, strict=True)):
            crosses, curve, best, bound = axis.lines
            known = [(trial.values[spread.path], trial.loss - least) for trial in fitted.trials]
            assert np.column_stack(crosses.get_data()) == pytest.approx(np.array(known))
            assert best.get_data() == ([spread.best], [0.0])
            assert set(bound.get_ydata()) == {1.0}
            for line, text in (
                (crosses, "trial of the search"), (curve, "others fitted to it"),
                (best, "best trial"),
            ):  # fmt: skip
                assert look(line)[0] == look(legend[text])[0]
                assert look(line)[2] == look(legend[text])[2]
            assert look(axis.patches[0]) == look(legend["fit as well"])
            assert axis.get_ylim()[0] < 0
            assert axis.get_ylim()[1] == 6
            assert bool(axis.get_ylabel()) == (place == 0)

    def test_profiles_that_found_better_values_are_seen_whole(self, fitted: Calibration) -> None:
        losses = fitted.losses()
        better = losses["parameter"] == fitted.spreads[0].path
        losses.loc[better, "loss"] = losses["loss"].min() - 3.0
        axes = calibration_profiles(losses, fitted.spreads)
        assert axes[0].get_ylim()[0] < -3.0

    def test_choices(self) -> None:
        losses = pd.DataFrame(
            {"trial": [0, 1, 2, 3], "parameter": "", "how": ["a", "b", "a", "c"],
             "loss": [5.0, 2.0, 2.5, 30.0]}
        )  # fmt: skip
        spread = Spread("how", "how it is done", "choice", "b", math.nan, math.nan, 2 / 3,
                        as_well=("a", "b"))  # fmt: skip
        (axis,) = calibration_profiles(losses, [spread])
        drawn = [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in axis.patches]
        assert drawn == [(0, 0.5), (1, 0.0), (2, 6.0)]
        good, same, other = (look(bar)[0] for bar in axis.patches)
        assert good == same == look(legend_of(axis)["fit as well"])[0] != other
        assert [label.get_text() for label in axis.get_xticklabels()] == ["a", "b", "c"]
        assert axis.lines[0].get_data() == ([1], [0.0])

    def test_the_search(self, fitted: Calibration) -> None:
        losses = fitted.losses()
        losses.loc[3, "loss"] = INF
        (axis,) = calibration_search(losses)
        crosses, step, bound = axis.lines
        seen = [(i + 1, trial.loss) for i, trial in enumerate(fitted.trials) if i != 3]
        assert np.column_stack(crosses.get_data()) == pytest.approx(np.array(seen))
        known = np.minimum.accumulate([loss for _, loss in seen])
        assert step.get_ydata() == pytest.approx(known)
        assert step.get_xdata().tolist() == [number for number, _ in seen]
        assert step.get_drawstyle() == "steps-post"
        assert set(bound.get_ydata()) == {1.0}
        legend = legend_of(axis)
        assert list(legend) == ["trial", "least so far", "1: one tolerance"]
        for line, handle in zip(axis.lines, legend.values(), strict=True):
            assert look(line)[:3] == look(handle)[:3]


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
        gain, mix = read_dimensions(
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
    LISTED = read_dimensions({"market.rivals": {"values": [2, 4, 10]}}, "design.parameters")[0]

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


class TestPrecision:
    PATHS = pd.concat(
        pd.DataFrame(
            {"arm": arm, "replications": [10, 20, 40, 80, 1600],
             "student": [0.4, 0.2, 0.1, math.inf, 0.01], "ratio": [4.0, 2.25, math.nan, 9.0, 1.0]}
        )
        for arm in "ab"
    )  # fmt: skip

    def test_lines_of_each_arm(self) -> None:
        axes = interval_by_replications(
            self.PATHS, baseline="base", arms=["base", "a", "b"], targets={"a": 0.15, "b": INF},
            looks=[20, 40],
        )  # fmt: skip
        styles = style.arm_styles(["base", "a", "b"])
        legend = legend_of(axes[0])
        assert list(legend) == [
            "shared luck (as run)", "independent seeds", "asked for", "looks",
        ]  # fmt: skip
        for place, (axis, arm) in enumerate(zip(axes, "ab", strict=True)):
            apart, paired, *rest = axis.lines
            assert paired.get_xdata().tolist() == [20, 40, 1600]
            assert paired.get_ydata().tolist() == [0.2, 0.1, 0.01]
            assert apart.get_ydata() == pytest.approx([0.3, 0.1, 0.01])
            assert {line.get_color() for line in (apart, paired)} == {styles[arm].color}
            assert [set(line.get_ydata()) for line in rest] == [{0.15}] * (arm == "a") + [
                {0.2, 0.1}
            ]
            for line, text in ((paired, "shared luck (as run)"), (apart, "independent seeds")):
                assert line.get_linestyle() == legend[text].get_linestyle()
            assert rest[-1].get_marker() == legend["looks"].get_marker()
            low, high = axis.get_xlim()
            assert (low, high > 1600) == (20, True)
            assert high < 1700
            assert axis.get_title(loc="left") == f"{arm}\nminus base"
            assert axis.get_xlabel() == "replications"
            assert bool(axis.get_ylabel()) == (place == 0)
            shown = ticks(axis)
            assert {"20", "50", "100", "1\N{NARROW NO-BREAK SPACE}000"} <= set(shown.values())
            up = ticks(axis, "y")
            assert {"0.01", "0.02", "0.05", "0.1"} <= set(up.values())
            assert all(float(text) == pytest.approx(value) for value, text in up.items())

    def test_one_look_hides_nothing_and_the_legend_only_names_what_is_there(self) -> None:
        axes = interval_by_replications(self.PATHS, baseline="base", width=style.COLUMN, looks=[40])
        assert list(legend_of(axes[0])) == ["shared luck (as run)", "independent seeds", "looks"]
        assert axes[0].lines[1].get_xdata()[0] == 10
        assert [bool(axis.get_xlabel()) for axis in axes] == [False, True]
        assert all(axis.get_ylabel() for axis in axes)
        plain = interval_by_replications(self.PATHS, baseline="base")
        assert list(legend_of(plain[0])) == ["shared luck (as run)", "independent seeds"]

    def test_a_single_look_has_a_place(self) -> None:
        axis = interval_by_replications(self.PATHS.iloc[:1], baseline="base")[0]
        assert axis.get_xlim()[0] == 10
        assert axis.get_xlim()[1] >= 11

    def test_ticks_of_a_short_way(self) -> None:
        short = self.PATHS[self.PATHS["replications"] <= 40]
        axis = interval_by_replications(short, baseline="base")[0]
        assert {"10", "20", "30", "40"} <= set(ticks(axis).values())


def morris_rows() -> pd.DataFrame:
    rows = pd.DataFrame(
        [
            ("large", 0.5, 0.45, 0.55, 0.2, 0.1, 0.3, "matters"),
            ("wild", 0.4, 0.30, 0.50, 0.9, 0.8, 1.0, "cannot be told"),
            ("small", 0.05, 0.04, 0.06, 0.01, 0.0, 0.02, "hardly matters"),
            ("none", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "idle"),
        ],
        columns=["label", "mu_star", "mu_star_low", "mu_star_high", "sigma", "sigma_low",
                 "sigma_high", "verdict"],
    )  # fmt: skip
    return rows.iloc[::-1]


class TestSensitivity:
    ROWS = pd.DataFrame(
        {"label": ["b", "a"], "ST": [0.3, 0.7], "ST_low": [0.2, 0.6], "ST_high": [0.4, 0.8],
         "S1": [0.1, 0.5], "S1_low": [0.05, 0.4], "S1_high": [0.15, 0.6]}
    )  # fmt: skip

    def test_bars(self) -> None:
        (axis,) = sobol_bars(self.ROWS, title="the difference")
        legend = legend_of(axis)
        total, alone = (
            look(legend[text]) for text in ("altogether (total)", "on its own (first order)")
        )
        known = [(0.7, total), (0.3, total), (0.5, alone), (0.1, alone)]
        for bar, (value, looks) in zip(bars(axis), known, strict=True):
            assert bar[1:3] == (0, value)
            assert bar[3:] == looks
        places = [bar[0] for bar in bars(axis)]
        assert np.round(places).tolist() == [0, 1, 0, 1]
        assert np.array(places[:2]) + np.array(places[2:]) == pytest.approx([0, 2])
        assert places[0] - places[2] >= 0.36, "the two bars of a parameter lie beside each other"
        assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]
        (zero,) = [line for line in axis.lines if is_vertical(line)]
        assert zero.get_xdata()[0] == 0
        assert all(
            text == f"{100 * place:.0f} %".replace("-", "−") for place, text in ticks(axis).items()
        )

    @pytest.mark.parametrize("unit", ["", "money"])
    def test_plane(self, unit: str) -> None:
        (axis,) = morris_plane(morris_rows(), unit=unit)
        points = [line for line in axis.lines if line.get_marker() == "o"]
        assert [(p.get_xdata()[0], p.get_ydata()[0]) for p in points] == [
            (0.5, 0.2), (0.4, 0.9), (0.05, 0.01), (0.0, 0.0),
        ]  # fmt: skip
        legend = legend_of(axis)
        assert list(legend) == [
            "1 large", "2 wild", "σ = μ*", "σ = μ*/2", "2 with hardly any effect",
        ]  # fmt: skip
        hollow = look(legend["2 with hardly any effect"])
        assert [look(point)[3] == hollow[3] for point in points] == [False, False, True, True]
        assert [(note.get_text(), note.xy) for note in axis.texts] == [
            ("1", (0.5, 0.2)), ("2", (0.4, 0.9)),
        ]  # fmt: skip
        (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
        assert left < 0 < 0.55 < right
        assert bottom < 0 < 1.0 < top
        ways = {look(line): line for line in axis.lines if len(line.get_xdata()) == 2}
        for text, slope in (("σ = μ*", 1.0), ("σ = μ*/2", 0.5)):
            x, y = ways[look(legend[text])].get_data()
            assert (x[0], y[0]) == (0, 0)
            assert y[1] == pytest.approx(slope * x[1])
            assert x[1] == pytest.approx(right) or y[1] == pytest.approx(top)
            assert x[1] <= right * 1.001
            assert y[1] <= top * 1.001
        assert axis.get_xlabel() == "mean size of the effect, μ*" + (f" ({unit})" if unit else "")

    def test_a_steep_plane_has_its_lines_as_well(self) -> None:
        rows = morris_rows()
        names = [name for name in rows if "sigma" in name]
        (axis,) = morris_plane(rows.assign(**{name: rows[name] / 10 for name in names}))
        top = axis.get_ylim()[1]
        ways = [line.get_data() for line in axis.lines if len(line.get_xdata()) == 2]
        assert [y[1] for _, y in ways] == pytest.approx([top, top])
        assert [x[1] for x, _ in ways] == pytest.approx([top, 2 * top])

    def table(self, share: float = 1.0) -> pd.DataFrame:
        return pd.DataFrame(
            [
                (blocks, label, index, share * value, share * (value - 0.1), share * (value + 0.1))
                for label, ends in (("small", (0.1, 0.2)), ("large", (0.5, 0.8)),
                                    ("mid", (0.2, 0.3)), ("tiny", (0.0, 0.05)),
                                    ("last", (-0.02, 0.01)))
                for index, final in zip(("S1", "ST"), ends, strict=True)
                for blocks, value in ((8, final + 0.02), (32, final))
            ],
            columns=["blocks", "label", "index", "value", "low", "high"],
        )  # fmt: skip

    @pytest.mark.parametrize("width", WIDTHS)
    def test_convergence(self, width: float) -> None:
        axes = sensitivity_convergence(self.table(), title="base points", width=width)
        assert [axis.get_title(loc="left") for axis in axes] == [
            "large", "mid", "small", "tiny", "last",
        ]  # fmt: skip
        total, alone = legend_of(axes[0]).values()
        assert list(legend_of(axes[0])) == [
            "altogether (total), share of the variance", "on its own (first order)",
        ]  # fmt: skip
        columns = 4 if width == style.WIDE else 2
        for place, axis in enumerate(axes):
            table = self.table()
            mine = table[table["label"] == axis.get_title(loc="left")]
            for line, index, handle in zip(axis.lines, ("ST", "S1"), (total, alone), strict=False):
                known = mine.loc[mine["index"] == index, "value"]
                assert line.get_xdata().tolist() == [8, 32]
                assert line.get_ydata() == pytest.approx(known.to_numpy())
                assert look(line) == look(handle)
            assert ticks(axis) == {8: "8", 32: "32"}
            assert axis.get_ylim() == axes[0].get_ylim()
            seen = (
                axis.xaxis.get_tick_params()["labelbottom"],
                axis.yaxis.get_tick_params()["labelleft"],
            )
            lowest = place // columns == 4 // columns
            assert seen == (lowest, place % columns == 0)
            assert axis.get_xlabel() == ("base points" if lowest else "")
            assert all(text.endswith("%") for text in ticks(axis, "y").values())
        low, high = axes[0].get_ylim()
        assert -0.2 < low < -0.12
        assert 0.92 < high < 1.0

    def test_wild_shares_do_not_hide_the_others_but_effects_are_seen_whole(self) -> None:
        axis = sensitivity_convergence(self.table(10.0))[0]
        assert axis.get_ylim() == pytest.approx((-0.34, 1.34))
        table = self.table(10.0).replace({"ST": "mu_star", "S1": "sigma"})
        axes = sensitivity_convergence(table, unit="money")
        low, high = axes[0].get_ylim()
        assert low < -1.2
        assert high > 9.2
        assert list(legend_of(axes[0])) == [
            "spread of the effect, σ (money)", "mean size of the effect, μ* (money)",
        ]  # fmt: skip
        assert not any("%" in text for text in ticks(axes[0], "y").values())
