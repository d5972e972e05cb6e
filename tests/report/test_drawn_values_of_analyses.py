"""Points, bars, lines, legends and ticks in the figures of the analyses are what their tables say.

Whiskers, bands and hatches have a file of their own (`test_drawn_intervals_of_analyses`).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from report.test_drawn_intervals_of_analyses import fitted
from support.drawn import bars, is_vertical, legend_of, look

from trustsim.analysis.ablation import EXACT, MOVES, NARROWS, UNDECIDED, WIDENS
from trustsim.report.figures import style
from trustsim.report.figures.analyses.ablation import what_carries
from trustsim.report.figures.analyses.precision import interval_by_replications
from trustsim.report.figures.analyses.sensitivity import (
    morris_plane,
    sensitivity_convergence,
    sobol_bars,
)

__all__ = ["fitted"]
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
