"""The figures of the report: drawn into any place, labelled, and true to their tables."""

import math
import subprocess
import sys
import threading

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from support.synthetic_results import ARMS, frames

from trustsim.analysis.compare import compare, crossover
from trustsim.errors import ConfigError
from trustsim.report import figures
from trustsim.report.figures import style
from trustsim.report.figures.by_age import bucket_labels, mean_by_age
from trustsim.report.figures.cost_difference import waterfall_steps
from trustsim.report.figures.hours import relative_goods

NASTY = ('<script>alert("x")</script>', "cost $5 and $6 _^{ & so on" + " and on" * 20)


@pytest.fixture(scope="module")
def tables():
    return frames(replicates=6, rounds=60)


DRAW = {
    figures.total_cost_by_category: ("runs", {}, 2),
    figures.cost_difference_by_category: ("runs", {"baseline": "adversarial"}, 2),
    figures.cost_over_time: ("rounds", {"baseline": "adversarial"}, 2),
    figures.development: ("rounds", {}, 4),
    figures.instruments_by_age: ("ages", {}, 3),
    figures.hours_split: ("runs", {}, 2),
    figures.difference_distribution: ("runs", {"baseline": "adversarial"}, 2),
    figures.conduct_by_age: ("ages", {}, 4),
}


ABREAST = {figures.instruments_by_age: 3, figures.difference_distribution: 1}
"""Panels beside each other in a wide figure, if not two."""


class TestFigures:
    @pytest.mark.parametrize("draw", DRAW, ids=lambda f: f.__name__)
    def test_draws_into_the_place_it_is_given(self, draw, tables):
        table, options, count = DRAW[draw]
        frame = dict(zip(("runs", "rounds", "ages"), tables, strict=True))[table]
        figure = Figure(figsize=(9, 4))
        left, right = figure.subplots(1, 2)
        axes = draw(frame, left, **options)
        assert len(axes) == count
        assert all(axis.figure is figure and axis in figure.axes for axis in axes)
        assert all(axis.get_position().x1 <= right.get_position().x0 for axis in axes)
        assert right in figure.axes
        assert not figure.legends  # the rest of the figure is somebody else's

    @pytest.mark.parametrize("draw", DRAW, ids=lambda f: f.__name__)
    @pytest.mark.parametrize("width", [style.WIDE, style.COLUMN])
    def test_axes_are_labelled(self, draw, width, tables):
        table, options, _ = DRAW[draw]
        frame = dict(zip(("runs", "rounds", "ages"), tables, strict=True))[table]
        axes = draw(frame, width=width, **options)
        assert axes[0].figure.get_figwidth() == width
        assert all(axis.get_title(loc="left") for axis in axes)
        assert axes[-1].get_xlabel()
        assert not any(axis.get_legend() for axis in axes)  # above all panels, if there is one
        beside = {axis.get_subplotspec().colspan.start for axis in axes}
        assert len(beside) == (1 if width == style.COLUMN else ABREAST.get(draw, 2))

    @pytest.mark.parametrize("draw", DRAW, ids=lambda f: f.__name__)
    def test_ten_arms_with_odd_names(self, draw):
        arms = (*NASTY, *(f"arm {i}" for i in range(8)))
        made = frames(arms, replicates=2, rounds=14, instruments=tuple("abcdefghijklmn"))
        table, options, _ = DRAW[draw]
        frame = dict(zip(("runs", "rounds", "ages"), made, strict=True))[table]
        options = {"baseline": arms[0]} if options else {}
        figure = draw(frame, width=style.COLUMN, **options)[0].figure
        figure.draw_without_rendering()  # formulae in names would fail here

    def test_stack_of_each_arm_ends_at_its_mean_total(self, tables):
        runs = tables[0]
        axis = figures.total_cost_by_category(runs)[0]
        for row, arm in enumerate(ARMS):
            bars = [p for p in axis.patches if abs(p.get_y() + p.get_height() / 2 - row) < 0.1]
            mean = runs.loc[runs["arm"] == arm, "total_cost"].mean()
            assert sum(bar.get_width() for bar in bars) == pytest.approx(mean)

    def test_waterfall_leads_from_one_total_to_the_other(self, tables):
        runs = tables[0]
        steps = waterfall_steps(runs, "high_trust", "adversarial")
        means = runs.groupby("arm")["total_cost"].mean()
        assert steps["start"].iloc[0] == pytest.approx(means["adversarial"])
        assert steps["end"].iloc[-1] == pytest.approx(means["high_trust"])
        assert steps["end"].iloc[:-1].tolist() == pytest.approx(steps["start"].iloc[1:].tolist())
        total = compare(runs, "high_trust", "adversarial", ["total_cost"])["difference"].item()
        assert steps["difference"].sum() == pytest.approx(total)

    def test_waterfall_shows_what_the_categories_leave_open(self, tables):
        runs = tables[0].drop(columns="cost_price")
        steps = waterfall_steps(runs, "high_trust", "adversarial")
        assert steps["label"].iloc[-1] == "not in a category"
        means = runs.groupby("arm")["total_cost"].mean()
        assert steps["end"].iloc[-1] == pytest.approx(means["high_trust"])

    def test_crossover_is_marked_where_it_is(self, tables):
        rounds = tables[1]
        found = crossover(rounds, "high_trust", "adversarial")
        assert math.isfinite(found.round)
        axis = figures.cost_over_time(rounds, baseline="adversarial")[1]
        marked = [line.get_xdata() for line in axis.lines if len(line.get_xdata()) == 1]
        assert (found.mean_round + 1) / 12 in [float(x[0]) for x in marked]

    def test_instrument_shares_add_up_to_one(self, tables):
        for axis in figures.instruments_by_age(tables[2]):
            tops = [p.get_y() + p.get_height() for p in axis.patches]
            assert max(tops) == pytest.approx(1)

    def test_goods_relative_to_the_best_arm_are_paired(self, tables):
        goods = relative_goods(tables[0], ARMS)
        assert goods.loc["high_trust", "mean"] == 1
        assert goods.loc["high_trust", "half_width"] == 0
        runs = tables[0].pivot(index="replicate", columns="arm", values="goods_per_hour")
        ratio = (runs["adversarial"] / runs["high_trust"]).mean()
        assert goods.loc["adversarial", "mean"] == pytest.approx(ratio)

    def test_mixed_market_draws_the_whole_market(self):
        mixed = frames(("a", "b"), replicates=2, rounds=14, mixed=True)[1]
        highest = figures.cost_over_time(mixed)[1].dataLim.y1
        assert highest < 2  # the rows of single policies cost 99

    def test_missing_columns_are_named(self, tables):
        with pytest.raises(ConfigError, match="goods_per_hour"):
            figures.hours_split(tables[0][["arm", "replicate", "total_cost"]])
        with pytest.raises(ConfigError, match="instrument_share_"):
            figures.instruments_by_age(tables[2][["arm", "replicate", "age_from"]])

    def test_no_style_is_shared_by_two_of_ten_arms(self):
        looks = list(style.arm_styles([str(i) for i in range(10)]).values())
        for what in ("color", "marker", "hatch"):
            assert len({getattr(look, what) for look in looks}) == 10, what

    def test_threads_do_not_disturb_each_other_nor_global_settings(self, tables, tmp_path):
        before = dict(mpl.rcParams)

        def work(i):
            axes = figures.difference_distribution(tables[0], baseline="adversarial")
            style.save(axes[0], tmp_path / str(i), {"Title": "t"})

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({(tmp_path / f"{i}.svg").read_bytes() for i in range(4)}) == 1
        assert dict(mpl.rcParams) == before

    def test_pyplot_stays_out(self):
        code = "import sys, trustsim.report.writing; print('matplotlib.pyplot' in sys.modules)"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert run.stdout.strip() == "False", run.stderr

    def test_a_study_draws_nothing_before_its_report(self, tmp_path):
        code = """if True:
            import sys
            from trustsim.study import Experiment
            small = ["rounds=3", "market.buyers=6", "market.suppliers=3", "replications=2"]
            study = Experiment.load("configs/alone_or_all.toml", small)
            results = study.run(sys.argv[1], report=False)
            assert results.answer()
            results.alone_or_all()
            print("matplotlib" in sys.modules)
        """
        command = [sys.executable, "-c", code, str(tmp_path / "out")]
        run = subprocess.run(command, capture_output=True, text=True)
        assert run.stdout.strip().endswith("False"), run.stderr

    def test_ages_that_few_runs_reach_are_not_drawn(self, tables):
        ages = tables[2].copy()
        few = (ages["arm"] == "adversarial") & (ages["age_from"] == 64) & (ages["replicate"] > 1)
        ages.loc[few, "dispute_rate"] = np.nan
        assert list(mean_by_age(ages, "adversarial", "dispute_rate").index)[-1] == 32
        assert list(mean_by_age(ages, "high_trust", "dispute_rate").index)[-1] == 64

    def test_age_labels(self):
        ages = pd.DataFrame({"arm": "a", "age_from": [4, 0, 1, 8], "age_to": [7, 0, 3, np.inf]})
        assert list(bucket_labels(ages).values()) == ["0", "1–3", "4–7", "8+"]
