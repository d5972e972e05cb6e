"""Bars, lines, marks and numbers in the figures of a report are what the tables say.

Whiskers and bands have a file of their own (`test_drawn_intervals`); here is the rest of what
somebody reads off a figure.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer
from report.test_drawn_intervals import (
    BASELINE,
    CHALLENGERS,
    COSTS,
    by_replicate,
    last_year,
)
from support.drawn import bars, is_vertical, last_digit, legend_of, look, numbers, student
from support.synthetic_results import ARMS, BUCKETS, INSTRUMENTS, frames

from trustsim.report import figures
from trustsim.report.figures import style
from trustsim.report.words.labels import COST_PARTS

WIDTHS = [style.WIDE, style.COLUMN]
LABELS = ["0", "1", "2–3", "4–7", "8–15", "16–31", "32–63", "64+"]


@pytest.fixture(scope="module")
def tables():
    return frames(replicates=6, rounds=60)


def near(text: str, known: float) -> bool:
    return numbers(text) == [pytest.approx(known, abs=last_digit(text))]


def plain(arm: str) -> str:
    return arm.replace("_", " ")


@pytest.mark.parametrize("width", WIDTHS)
def test_stacks_of_the_total_cost(tables, width):
    runs = tables[0]
    runs = runs.assign(cost_leakage=-runs["cost_leakage"], cost_delay=-runs["cost_delay"])
    axes = figures.total_cost_by_category(runs, width=width)
    colors = [color.lower() for color in style.PART_COLORS]
    known = dict(zip(COSTS, zip(colors, style.PART_HATCHES, strict=True), strict=False))
    for axis, parts in zip(axes, (COSTS, COSTS[1:]), strict=True):
        drawn = iter(bars(axis))
        texts = iter(axis.texts)
        for row, arm in enumerate(ARMS):
            means = by_replicate(runs, arm, parts).mean()
            ends = {True: 0.0, False: 0.0}
            for part, mean in means.items():
                assert next(drawn) == (
                    pytest.approx(row), pytest.approx(ends[mean > 0]), pytest.approx(mean),
                    *known[part],
                )  # fmt: skip
                ends[mean > 0] += mean
            totals = by_replicate(runs, arm, parts).sum(axis=1)
            low, high = student(totals, 0.95)
            note = next(texts)
            assert near(note.get_text(), totals.mean())
            assert last_digit(note.get_text()) < 0.1 * (high - low)
            assert note.xy == (pytest.approx(ends[True] + (high - low) / 2), row)
        assert next(drawn, None) is None
        assert next(texts, None) is None
    for axis, named in zip(axes, (True, width == style.COLUMN), strict=True):
        said = [label.get_text().replace("\n", " ") for label in axis.get_yticklabels()]
        assert said == ([plain(arm) for arm in ARMS] if named else [""] * len(said))
    handles = {text: look(handle) for text, handle in legend_of(axes[0]).items()}
    assert handles == {COST_PARTS[part]: known[part] for part in COSTS}


@pytest.mark.parametrize("width", WIDTHS)
def test_steps_of_the_waterfall(tables, width):
    runs = tables[0]
    axes = figures.cost_difference_by_category(runs, baseline=BASELINE, width=width)
    theirs = by_replicate(runs, BASELINE, [*COSTS, "total_cost"])
    for place, (axis, arm) in enumerate(zip(axes, CHALLENGERS, strict=True)):
        gaps = (by_replicate(runs, arm, [*COSTS, "total_cost"]) - theirs).mean()
        end = theirs["total_cost"].mean()
        ends = [end]
        for row, (part, bar) in enumerate(zip(COSTS, bars(axis), strict=True), start=1):
            look_of = (style.LESS.lower(), "") if gaps[part] < 0 else (style.MORE.lower(), "////")
            known = (pytest.approx(row), pytest.approx(end), pytest.approx(gaps[part]))
            assert bar == (*known, *look_of)
            end += gaps[part]
            ends.append(end)
        assert {gaps[part] < 0 for part in COSTS} == {True, False}
        last = len(COSTS) + 1
        marks = [line for line in axis.lines if line.get_marker() == "D"]
        assert [mark.get_ydata()[0] for mark in marks] == [0, last]
        assert [mark.get_xdata()[0] for mark in marks] == pytest.approx([ends[0], end])
        for note, mark in zip(axis.texts, marks, strict=True):
            assert near(note.get_text(), mark.get_xdata()[0])
            assert last_digit(note.get_text()) < 0.05 * np.ptp(ends)
            assert note.xy == (mark.get_xdata()[0], mark.get_ydata()[0])
        # A thin line leads from each end to the row below, where the next bar begins.
        leads = sorted(
            (*line.get_ydata(), *line.get_xdata())
            for line in axis.lines
            if to_faint(line) and len(line.get_xdata()) == 2
        )
        assert len(leads) == len(ends)
        for row, (lead, x) in enumerate(zip(leads, ends, strict=True)):
            assert lead == (row, row + 1, pytest.approx(x), pytest.approx(x))
        assert axis.get_xlim() == axes[0].get_xlim()
        assert axis.get_title(loc="left") == f"{plain(arm)}\nagainst adversarial"
        names = axis.get_yticklabels()
        if place and width == style.WIDE:
            assert not any(name.get_text() for name in names)
            continue
        first, *parts, final = (name.get_text() for name in names)
        assert (first, final) == ("Total of the baseline", "Total of the challenger")
        assert parts == [COST_PARTS[part] for part in COSTS]
        assert [name.get_fontweight() == "bold" for name in names] == [True, *[False] * 11, True]


def to_faint(line) -> bool:
    return line.get_color() == style.FAINT


@pytest.mark.parametrize("year", [12, 4])
def test_lines_and_crossovers_of_the_cost_over_time(tables, year):
    rounds = tables[1]
    axes = figures.cost_over_time(rounds, baseline=BASELINE, rounds_per_year=year)
    for axis, since_start in zip(axes, (False, True), strict=True):
        means = {
            arm: np.mean(list(last_year(rounds, arm, since_start, year).values()), axis=1)
            for arm in ARMS
        }
        drawn = {line.get_color(): line for line in axis.lines if len(line.get_xdata()) == 60}
        floor, marks, crossed = axis.get_ylim()[0], [], []
        for arm, arm_style in style.arm_styles(ARMS).items():
            line = drawn[arm_style.color]
            assert np.asarray(line.get_xdata()) == pytest.approx((np.arange(60) + 1) / year)
            assert np.asarray(line.get_ydata()) == pytest.approx(means[arm], rel=1e-9)
            dearer = np.flatnonzero(means[arm] >= means[BASELINE])
            if arm != BASELINE and 0 < len(dearer) and dearer[-1] < 59:
                crossed.append((arm_style, (dearer[-1] + 2) / year))
        marks = [line for line in axis.lines if len(line.get_xdata()) == 1]
        assert len(crossed) == len(marks) == len(axis.texts) > 0
        lowest = min(values.min() for values in means.values())
        heights = [mark.get_ydata()[0] for mark in marks]
        assert heights == sorted(heights, reverse=True)
        assert floor < heights[-1] <= heights[0] < lowest
        bars_, downs = (
            axis.collections[-2 * len(marks) :: 2],
            axis.collections[1 - 2 * len(marks) :: 2],
        )
        for mark, note, bar, down, (arm_style, when) in zip(
            marks, axis.texts, bars_, downs, crossed, strict=True
        ):
            height = mark.get_ydata()[0]
            assert mark.get_xdata()[0] == pytest.approx(when)
            assert (mark.get_color(), mark.get_marker()) == (arm_style.color, arm_style.marker)
            assert near(note.get_text(), when)
            ((left, y), (right, _)) = bar.get_segments()[0]
            assert left <= when <= right <= axis.get_xlim()[1]
            assert y == note.xy[1] == height
            assert note.xy[0] == pytest.approx(left if note.get_ha() == "right" else right)
            (ends,) = down.get_segments()
            assert ends[:, 0] == pytest.approx([when, when])
            assert ends[0, 1] == height
            assert ends[1, 1] == axis.get_ylim()[1]
        assert axis.get_xlim()[0] == 0


def test_an_arm_that_is_always_cheaper_has_no_crossover(tables):
    rounds = tables[1].copy()
    mine = rounds["arm"] == "high_trust"
    rounds.loc[mine, "total_cost"] -= 0.5
    axis = figures.cost_over_time(rounds, baseline=BASELINE)[1]
    marks = {line.get_color() for line in axis.lines if len(line.get_xdata()) == 1}
    assert marks == {style.arm_styles(ARMS)["trust_but_verify"].color}
    assert len(axis.texts) == 1


def test_lines_of_the_development(tables):
    rounds = tables[1]
    names = ("cost_price", "trust_in_suppliers", "trust_in_buyers", "knowhow")
    axes = figures.development(rounds, rounds_per_year=4)
    for axis, measure in zip(axes, names, strict=True):
        for arm, line in zip(ARMS, axis.lines, strict=True):
            known = rounds[rounds["arm"] == arm].groupby("round")[measure].mean()
            assert np.asarray(line.get_xdata()) == pytest.approx((np.arange(60) + 1) / 4)
            assert np.asarray(line.get_ydata()) == pytest.approx(known.to_numpy(), rel=1e-9)
            assert line.get_color() == style.arm_styles(ARMS)[arm].color
        assert axis.get_xlim()[0] == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_points_of_the_conduct(tables, width):
    ages = tables[2]
    axes = figures.conduct_by_age(ages, width=width)
    names = ("inspection_rate", "dispute_rate", "arrears_days", "supplier_opportunism_rate")
    shifts = set()
    for place, (axis, measure) in enumerate(zip(axes, names, strict=True)):
        drawn = [each.lines[0] for each in axis.containers if isinstance(each, ErrorbarContainer)]
        for arm, line in zip(ARMS, drawn, strict=True):
            known = ages[ages["arm"] == arm].groupby("age_from")[measure].mean()
            assert np.asarray(line.get_ydata()) == pytest.approx(known.to_numpy(), rel=1e-9)
            aside = np.asarray(line.get_xdata(), float) - np.arange(len(BUCKETS))
            assert np.ptp(aside) == pytest.approx(0, abs=1e-12)
            shifts.add(round(float(aside[0]), 9))
            known_style = style.arm_styles(ARMS)[arm]
            assert (line.get_color(), line.get_marker()) == (known_style.color, known_style.marker)
        assert [label.get_text() for label in axis.get_xticklabels()] == LABELS
        assert axis.get_xticks().tolist() == list(range(len(BUCKETS)))
        assert axis.get_ylim()[0] == 0
        lowest = place >= 4 - (2 if width == style.WIDE else 1)
        assert bool(axis.get_xlabel()) == lowest
    left, middle, right = sorted(shifts)  # beside each other, and about their bucket
    assert (left + right, middle) == (pytest.approx(0), 0)
    assert 0.05 < right < 0.25


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_of_the_hours(tables, width):
    runs = tables[0]
    split, goods = figures.hours_split(runs, width=width)
    share = [by_replicate(runs, arm, ["transaction_time_share"]).mean().item() for arm in ARMS]
    drawn = bars(split)
    for row, mean in enumerate(share):
        rest, mine = drawn[2 * row : 2 * row + 2]
        assert rest[:3] == pytest.approx((row, mean, 1 - mean))
        assert mine[:3] == pytest.approx((row, 0, mean))
        legend = legend_of(split)
        assert mine[3:] == look(legend["transaction-oriented hours"])
        assert rest[3:] == look(legend["productive hours"])
    wide = runs.pivot(index="replicate", columns="arm", values="goods_per_hour")
    ratio = [(wide[arm] / wide["high_trust"]).mean() for arm in ARMS]
    assert [bar[:3] for bar in bars(goods)] == [
        pytest.approx((row, 0, mean)) for row, mean in enumerate(ratio)
    ]
    for axis, values, scale, digits in ((split, share, 100, 0), (goods, ratio, 1, 2)):
        for note, mean in zip(axis.texts, values, strict=False):
            assert note.get_text().removesuffix(" %") == f"{scale * mean:.{digits}f}"
            assert note.xy[0] >= mean
    assert all("%" in note.get_text() for note in split.texts[:3])
    published = [
        [line.get_xdata()[0] for line in axis.lines if is_vertical(line)] for axis in (split, goods)
    ]
    assert published == [[0.47, 0.235], [0.2]]
    assert [note.get_text() for note in split.texts[3:]] == ["least\ntrusted", "most\ntrusted"]
    assert [note.xy[0] for note in (*split.texts[3:], goods.texts[3])] == [0.47, 0.235, 0.2]
    assert split.get_xlim() == (0, 1)
    assert goods.get_xlim()[0] == 0 < max(ratio) < goods.get_xlim()[1]


def test_counts_of_the_distribution(tables):
    runs = tables[0]
    axes = figures.difference_distribution(runs, baseline=BASELINE)
    theirs = by_replicate(runs, BASELINE, ["total_cost"])
    gaps = {a: (by_replicate(runs, a, ["total_cost"]) - theirs)["total_cost"] for a in CHALLENGERS}
    for axis, arm in zip(axes, CHALLENGERS, strict=True):
        hist = [patch for patch in axis.patches if patch.get_alpha() == 0.75]
        edges = [*(patch.get_x() for patch in hist), hist[-1].get_x() + hist[-1].get_width()]
        assert axis.get_xlim() == pytest.approx((edges[0], edges[-1]))
        assert edges[0] < min(0, *(g.min() for g in gaps.values()))
        assert edges[-1] > max(0, *(g.max() for g in gaps.values()))
        assert np.ptp(np.diff(edges)) == pytest.approx(0, abs=1e-9)
        counts = [patch.get_height() for patch in hist]
        assert counts == np.histogram(gaps[arm], edges)[0].tolist()
        assert sum(counts) == 6
        mean, zero = (line.get_xdata()[0] for line in axis.lines)
        assert (mean, zero) == (pytest.approx(gaps[arm].mean()), 0)
        share = round(100 * (gaps[arm] < 0).mean())
        title = axis.get_title(loc="left").replace("\N{NO-BREAK SPACE}", " ")
        assert title == f"{plain(arm)}: cheaper in {share} % of runs"
        assert axis.get_ylabel() == "runs"


@pytest.mark.parametrize(("many", "width"), [(False, 7.0), (True, 7.0), (False, 3.5)])
def test_shares_of_the_instruments(tables, many, width):
    names = tuple("abcdefghijklmn") if many else INSTRUMENTS
    ages = frames(replicates=4, rounds=14, instruments=names)[2] if many else tables[2].copy()
    ages["orders"] = 1.0 + ages["replicate"]  # runs count as often as they have orders
    columns = [f"instrument_share_{name}" for name in names]
    known = {
        arm: mine[columns].mul(mine["orders"], axis=0).groupby(mine["age_from"]).sum().div(
            mine.groupby("age_from")["orders"].sum(), axis=0)
        for arm in ARMS
        for mine in (ages[ages["arm"] == arm],)
    }  # fmt: skip
    common = pd.concat(known.values()).mean().sort_values(ascending=False).index[:10]
    alone = [name for name in columns if name in common]
    axes = figures.instruments_by_age(ages, width=width)
    legend = legend_of(axes[0])
    words = [name.removeprefix("instrument_share_").replace("_", " ") for name in alone]
    assert list(legend) == words + ["all others"] * many
    for place, (axis, arm) in enumerate(zip(axes, ARMS, strict=True)):
        table = known[arm][alone].copy()
        if many:
            table["rest"] = known[arm].drop(columns=alone).sum(axis=1)
        drawn = iter(axis.patches)
        floor = np.zeros(len(BUCKETS))
        for handle, column in zip(legend.values(), table, strict=True):
            for bucket in range(len(BUCKETS)):
                bar = next(drawn)
                assert bar.get_x() + bar.get_width() / 2 == pytest.approx(bucket)
                assert bar.get_y() == pytest.approx(floor[bucket])
                assert bar.get_height() == pytest.approx(table[column].iloc[bucket])
                assert look(bar) == look(handle)
            floor += table[column].to_numpy()
        assert next(drawn, None) is None
        assert axis.get_ylim() == (0, 1)
        assert [label.get_text() for label in axis.get_xticklabels()] == LABELS
        edge, lowest = (place == 0, True) if width == 7.0 else (True, place == 2)
        assert (bool(axis.get_ylabel()), bool(axis.get_xlabel())) == (edge, lowest)
