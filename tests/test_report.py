import math
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from synthetic_results import ARMS, MANIFEST, frames, write_folder

from trustsim.analysis.compare import Crossover, compare, crossover
from trustsim.errors import ConfigError
from trustsim.parameters import MARKET
from trustsim.report import figures
from trustsim.report.answer import (
    answer,
    crossover_sentence,
    difference_sentence,
    replication_sentence,
)
from trustsim.report.figures import style
from trustsim.report.figures.by_age import bucket_labels, mean_by_age
from trustsim.report.figures.cost_difference import waterfall_steps
from trustsim.report.figures.hours import relative_goods
from trustsim.report.labels import decimals, number, percent, plain, plain_arms
from trustsim.report.limits import conduct_by_phase, first_year, limits
from trustsim.report.report import write_report
from trustsim.report.results import read_results

NASTY = ('<script>alert("x")</script>', "cost $5 and $6 _^{ & so on" + " and on" * 20)
QUESTION = "<b>Who</b> pays & when?"
FIGURES = (
    "total_cost_by_category",
    "cost_difference_by_category",
    "cost_over_time",
    "development",
    "instruments_by_age",
    "hours_split",
    "difference_distribution",
    "conduct_by_age",
)


@pytest.fixture(scope="module")
def tables():
    return frames(replicates=6, rounds=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("usual")
    write_folder(path, replicates=4, rounds=30)
    write_report(path)
    return path


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


class References(HTMLParser):
    """Collects what a page would load or run, and the words that a reader sees."""

    def __init__(self, text):
        super().__init__()
        self.urls, self.tags, self.images, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attributes = dict(attrs)
        self.urls += [attributes[k] for k in ("src", "srcset", "href") if k in attributes]
        if tag == "img":
            self.images.append(attributes)

    def handle_data(self, words):
        self.words.append(words)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


class TestPage:
    def test_says_the_answer_with_interval_and_number_of_runs(self, page, folder):
        runs = pd.read_parquet(folder / "runs.parquet")
        row = compare(runs, "high_trust", "adversarial", ["total_cost"]).iloc[0]
        said = References(page).text
        assert "High trust costs" in said
        assert f"{abs(row['difference']):.2f}" in said
        assert "4 paired runs" in said
        assert "95 % interval" in said
        assert "is the cheaper for good from round" in said

    def test_holds_every_section(self, page):
        for section in "answer figures limits measures method parameters provenance".split():
            assert f'<section id="{section}">' in page

    def test_loads_nothing_from_outside(self, page):
        found = References(page)
        assert all(url.startswith(("data:", "#")) for url in found.urls)
        assert not {"script", "link rel=stylesheet", "iframe", "object"} & set(found.tags)
        assert not re.search(r"https?:|url\(|@import", page)

    def test_every_figure_is_there_at_both_widths_with_words_for_it(self, page):
        found = References(page)
        assert len(found.images) == len(FIGURES)
        assert page.count("<source media") == len(FIGURES)
        assert all(len(image["alt"]) > 40 for image in found.images)
        assert any("high trust 1." in image["alt"] for image in found.images)
        assert "Not drawn" not in page

    def test_fits_a_phone(self, page):
        assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
        assert re.search(r"img \{[^}]*max-width: 100%; height: auto", page)
        assert page.count("<table>") == page.count('<div class="scroll"')
        rules = page[page.index("<style>") : page.index("</style>")]
        assert not re.search(r"(?<![-\w])(min-)?width: *\d{3,}px", rules)

    def test_gives_parameters_with_unit_and_source(self, page):
        buyers = next(row for row in MARKET if row.name == "buyers")
        said = References(page).text
        assert buyers.text in said
        assert " ".join(buyers.source.split()) in said
        assert "supplier_mix · cooperative" in said

    def test_gives_the_provenance(self, page):
        said = References(page).text
        for key in ("model_version", "git", "platform", "digest"):
            assert str(MANIFEST[key]) in said
        assert "versions · numba" in said

    def test_tells_where_it_does_not_hold(self, page):
        part = page[page.index('<section id="limits">') : page.index('<section id="measures">')]
        assert "In the first year it pays a higher price" in part
        assert "On first orders these are not shown to be lower" in part

    def test_tables_hold_every_measure_of_every_arm(self, page, folder):
        runs = pd.read_parquet(folder / "runs.parquet")
        said = References(page).text
        assert said.count("Share of escrow") == len(ARMS)  # one of means, two of differences
        mean = runs.loc[runs["arm"] == "adversarial", "arrears_days"].mean()
        assert f"{mean:.1f}" in said


class TestFiles:
    def test_png_and_svg_at_both_widths_with_provenance(self, folder):
        for name in FIGURES:
            for ending, inches in (("", style.WIDE), ("_column", style.COLUMN)):
                stem = folder / "figures" / (name + ending)
                with Image.open(stem.with_suffix(".png")) as image:
                    assert image.width == inches * 200
                    assert image.text["Source"] == "high trust vs adversarial"
                    assert MANIFEST["digest"] in image.text["Identifier"]
                    assert "seed 1" in image.text["Description"]
                    assert "trustsim 0.1.0" in image.text["Creator"]
                svg = stem.with_suffix(".svg").read_text(encoding="utf-8")
                assert MANIFEST["digest"] in svg
                assert "seed 1" in svg
                assert "<dc:date>" not in svg

    def test_same_results_give_the_same_bytes(self, folder, tmp_path):
        write_folder(tmp_path, replicates=4, rounds=30)
        write_report(tmp_path)
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".svg", ".png", ".html"}:
                again = tmp_path / path.relative_to(folder)
                assert again.read_bytes() == path.read_bytes(), path.name

    def test_a_figure_of_earlier_results_does_not_stay_behind(self, tmp_path):
        write_folder(tmp_path, ("one",), replicates=3, rounds=14)
        (tmp_path / "ages.parquet").unlink()
        (tmp_path / "figures").mkdir()
        stale = tmp_path / "figures" / "conduct_by_age.svg"
        stale.write_text("old")
        page = write_report(tmp_path).read_text(encoding="utf-8")
        assert not stale.exists()
        assert "Not drawn: the folder has no ages.parquet." in page


class TestOddFolders:
    def test_names_and_texts_are_escaped(self, tmp_path):
        write_folder(tmp_path, NASTY, question=QUESTION, replicates=3, rounds=14)
        page = write_report(tmp_path).read_text(encoding="utf-8")
        found = References(page)
        assert not {"script", "b"} & set(found.tags)
        assert "&lt;script&gt;" in page
        assert QUESTION in found.text

    def test_one_arm_and_one_run(self, tmp_path):
        write_folder(tmp_path, ("alone",), replicates=1, rounds=14)
        said = References(write_report(tmp_path).read_text(encoding="utf-8")).text
        assert "There is one arm only, alone" in said
        assert not (tmp_path / "figures" / "difference_distribution.png").exists()

    def test_runs_only_and_missing_measures(self, tmp_path):
        runs = frames(replicates=3, rounds=14)[0]
        few = runs[["arm", "replicate", "total_cost", "cost_price"]].copy()
        few.loc[0, "total_cost"] = np.nan
        few.to_parquet(tmp_path / "runs.parquet")
        page = write_report(tmp_path).read_text(encoding="utf-8")
        assert "Not in the folder: rounds.parquet, ages.parquet" in page
        assert page.count("Not drawn") == 5
        assert "2 paired runs" in page

    def test_failed_and_unpaired_runs_are_left_out_and_said(self, tmp_path):
        write_folder(tmp_path, ("a", "b"), replicates=4, rounds=14)
        runs = pd.read_parquet(tmp_path / "runs.parquet")
        runs.loc[0, "status"] = "failed"
        runs.to_parquet(tmp_path / "runs.parquet")
        runs.iloc[:1].to_parquet(tmp_path / "failures.parquet")
        said = References(write_report(tmp_path).read_text(encoding="utf-8")).text
        assert "1 run failed and is left out" in said
        assert "3 paired runs" in said

    @pytest.mark.parametrize("content", [None, b"not a table", "empty"])
    def test_what_is_no_results_folder_is_refused(self, tmp_path, content):
        if content == "empty":
            frames(replicates=1, rounds=2)[0].iloc[:0].to_parquet(tmp_path / "runs.parquet")
        elif content:
            (tmp_path / "runs.parquet").write_bytes(content)
        with pytest.raises(ConfigError, match=r"runs\.parquet"):
            write_report(tmp_path)
        assert not (tmp_path / "report.html").exists()

    def test_missing_folder(self, tmp_path):
        with pytest.raises(ConfigError, match="no such folder"):
            write_report(tmp_path / "nowhere")

    def test_broken_manifest(self, tmp_path):
        write_folder(tmp_path, ("a",), replicates=1, rounds=3)
        (tmp_path / "manifest.json").write_text("{")
        with pytest.raises(ConfigError, match=r"manifest\.json"):
            read_results(tmp_path)

    def test_points_of_a_design_are_pairs_of_their_own(self, tmp_path):
        write_folder(tmp_path, ("a", "b"), replicates=2, rounds=6)
        for name in ("runs", "rounds", "ages"):
            path = tmp_path / f"{name}.parquet"
            table = pd.read_parquet(path)
            more = table.assign(run_id=table["run_id"] + "x")
            if "point" in table:
                more = more.assign(point=1)
            pd.concat([table, more], ignore_index=True).to_parquet(path)
        results = read_results(tmp_path)
        assert compare(results.runs, "a", "b", ["total_cost"])["n"].tolist() == [4]
        assert crossover(results.rounds, "a", "b").n == 4


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

    @pytest.mark.parametrize("draw", DRAW, ids=lambda f: f.__name__)
    @pytest.mark.parametrize("width", [style.WIDE, style.COLUMN])
    def test_axes_are_labelled(self, draw, width, tables):
        table, options, _ = DRAW[draw]
        frame = dict(zip(("runs", "rounds", "ages"), tables, strict=True))[table]
        axes = draw(frame, width=width, **options)
        assert axes[0].figure.get_figwidth() == width
        assert all(axis.get_title(loc="left") for axis in axes)
        assert axes[-1].get_xlabel()

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
        code = "import sys, trustsim.report.report; print('matplotlib.pyplot' in sys.modules)"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert run.stdout.strip() == "False", run.stderr

    def test_ages_that_few_runs_reach_are_not_drawn(self, tables):
        ages = tables[2].copy()
        few = (ages["arm"] == "adversarial") & (ages["age_from"] == 64) & (ages["replicate"] > 1)
        ages.loc[few, "dispute_rate"] = np.nan
        assert list(mean_by_age(ages, "adversarial", "dispute_rate").index)[-1] == 32
        assert list(mean_by_age(ages, "high_trust", "dispute_rate").index)[-1] == 64

    def test_age_labels(self):
        ages = pd.DataFrame({"arm": "a", "age_from": [4, 0, 1, 8], "age_to": [7, 0, 3, np.inf]})
        assert list(bucket_labels(ages).values()) == ["0", "1–3", "4–7", "8+"]


def row(difference, half, n=200, mean_b=1.0):
    return {
        "difference": difference,
        "half_width": half,
        "low": difference - half,
        "high": difference + half,
        "relative": difference / mean_b,
        "n": n,
    }


class TestSentences:
    def test_less(self):
        assert difference_sentence(row(-0.08, 0.01), "high_trust", "adversarial") == (
            "High trust costs 0.08 less per accepted lot than adversarial, 8.0\xa0% of its cost "
            "(95\xa0% interval 0.07 to 0.09, 200 paired runs)."
        )

    def test_more_says_that_the_baseline_wins(self):
        said = difference_sentence(row(0.08, 0.01), "a", "b")
        assert said.startswith("A costs 0.08 more per accepted lot than b")
        assert said.endswith("The baseline wins.")

    def test_an_interval_with_zero_shows_no_difference(self):
        said = difference_sentence(row(-0.01, 0.03), "a", "b")
        assert said.startswith("No difference is shown between a and b")
        assert "from 0.04 less to 0.02 more" in said
        assert "wins" not in said

    def test_one_run_proves_nothing(self):
        assert "nothing can be concluded" in difference_sentence(
            row(-0.08, math.nan, n=1), "a", "b"
        )

    def test_replication_rule(self):
        met = replication_sentence(row(-0.1, 0.0009, n=50), "a", "b")
        assert "0.9\xa0% of the difference, within the target of 1\xa0%" in met
        assert met.endswith("The rule is met.")
        many = replication_sentence(row(-0.1, 0.002, n=200), "a", "b")
        assert "about 800 pairs" in many
        assert many.endswith("The rule is met.")
        few = replication_sentence(row(-0.1, 0.002, n=50), "a", "b")
        assert "about 200 pairs" in few
        assert few.endswith("The rule is not met.")

    @pytest.mark.parametrize(
        ("found", "said"),
        [
            ((37, 33, 41, 1.0, 0.0), "from round 38 (year 3.2)"),
            ((37, 33, math.inf, 0.6, 0.0), "year 2.8 to beyond the last); this happens in 60"),
            ((math.inf, 100, math.inf, 0.3, 0.0), "in only 30\xa0% of the runs within 10.0 years"),
            ((math.inf, math.inf, math.inf, 0.0, 0.0), "In no run does a overtake b"),
            ((0, 0, 0, 1.0, 1.0), "cheaper from the first round on, in every run"),
        ],
    )
    def test_crossover(self, found, said):
        result = Crossover(*found, n=20, mean_round=0, mean_low=0, mean_high=0, horizon=120,
                           confidence=0.95)  # fmt: skip
        assert said in crossover_sentence(result, "a", "b")

    def test_answer_has_a_sentence_per_challenger(self, tables):
        said = answer(tables[0], tables[1], "adversarial", ARMS)
        assert len(said) == 2
        assert said[0].startswith("High trust costs")
        assert said[1].startswith("Trust but verify costs")

    def test_answer_names_no_time_of_overtaking_when_no_difference_is_shown(self, tables):
        runs, rounds, _ = tables
        same = runs[runs["arm"] == "adversarial"].copy()
        same["total_cost"] += [-0.02, 0.02, -0.02, 0.01, 0.03, -0.01]
        runs = pd.concat([same.assign(arm="high_trust"), runs[runs["arm"] == "adversarial"]])
        (said,) = answer(runs, rounds, "adversarial", ["high_trust", "adversarial"])
        assert said.startswith("No difference is shown")
        assert said.endswith("High trust is the cheaper in 50\xa0% of the runs.")

    def test_answer_gives_the_reason_when_runs_have_no_partner(self, tables):
        runs = tables[0].copy()
        runs.loc[runs["arm"] == "high_trust", "replicate"] += 50
        assert "not paired" in answer(runs, None, "adversarial", ARMS)[0]


class TestLimits:
    def test_first_year_is_the_cumulative_cost_of_its_lots(self, tables):
        rounds = tables[1]
        early = first_year(rounds, ["high_trust"], ["cost_price"])
        mine = rounds[(rounds["arm"] == "high_trust") & (rounds["replicate"] == 2)]
        mine = mine[mine["round"] < 12]
        paid = (mine["cost_price"] * mine["accepted"]).sum() / mine["accepted"].sum()
        assert early.loc[early["replicate"] == 2, "cost_price"].item() == pytest.approx(paid)

    def test_a_challenger_that_loses_is_said_to_lose(self, tmp_path):
        write_folder(tmp_path, baseline="high_trust", replicates=6, rounds=60)
        worst = {limit.arm: limit for limit in limits(read_results(tmp_path))}["adversarial"]
        assert worst.loses
        assert any("The baseline wins" in sentence for sentence in worst.sentences)
        assert any("dearer in 100" in sentence for sentence in worst.sentences)

    def test_conduct_is_compared_at_first_orders_and_in_old_relations(self, tables):
        phases = conduct_by_phase(tables[2], "high_trust", "adversarial")
        assert list(phases) == ["0", "64+"]
        young, old = (p.set_index("measure")["difference"] for p in phases.values())
        assert old["inspection_rate"] < -0.5 < young["inspection_rate"]

    def test_ages_that_one_arm_hardly_reaches_are_not_compared(self, tables):
        ages = tables[2].copy()
        rare = (ages["arm"] == "adversarial") & (ages["age_from"] > 8) & (ages["replicate"] > 1)
        ages.loc[rare, "inspection_rate":"arrears_days"] = np.nan
        assert list(conduct_by_phase(ages, "high_trust", "adversarial")) == ["0", "8–15"]


class TestLabels:
    @pytest.mark.parametrize(
        ("value", "places", "said"),
        [(-0.0004, 2, "0.00"), (-1234.5, 1, "−1\u202f234.5"), (math.nan, 2, "–"),
         (-math.inf, 2, "−∞")],
    )  # fmt: skip
    def test_numbers(self, value, places, said):
        assert number(value, places) == said

    def test_percent_never_rounds_to_none_or_all(self):
        assert percent(0.9999) == "over 99\xa0%"
        assert percent(0.0001) == "under 1\xa0%"
        assert percent(1.0) == "100\xa0%"

    @pytest.mark.parametrize(("half", "places"), [(0.012, 3), (3.4, 1), (120.0, 0), (1e-9, 4)])
    def test_decimals_follow_the_uncertainty(self, half, places):
        assert decimals(half, 1.0) == places

    def test_names(self):
        assert plain("trust_but_verify") == "trust but verify"
        assert plain("a\n\tb\x00") == "a b"
        assert len(plain("x" * 500)) == 60
        assert plain_arms(["a_b", "a b", "c"]) == {"a_b": "a b (1)", "a b": "a b (2)", "c": "c"}


def test_a_source_given_for_a_value_is_shown(tmp_path):
    write_folder(tmp_path, replicates=2, rounds=12)
    experiment = tmp_path / "experiment.toml"
    text = experiment.read_text(encoding="utf-8")
    text += '\n[sources.market]\nbuyers = "counted on a visit"\n'
    experiment.write_text(text, encoding="utf-8")
    write_report(tmp_path)
    assert "counted on a visit" in (tmp_path / "report.html").read_text(encoding="utf-8")
