"""The report of a design: what it says of several points, leaves out, and never reads."""

import json
import math
import tomllib

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer
from scipy import stats
from support.references import References
from support.synthetic_design import design_runs, write_design_folder
from support.synthetic_results import write_folder

from trustsim.analysis.compare import compare
from trustsim.analysis.means import means_over
from trustsim.analysis.pairs import arm_runs
from trustsim.report.figures import difference_distribution, hours_split, total_cost_by_category
from trustsim.report.figures.cost_difference import waterfall_steps
from trustsim.report.figures.hours import relative_goods
from trustsim.report.results import read_results
from trustsim.report.sections.gallery import pictures
from trustsim.report.sections.tables import measures_table
from trustsim.report.words.answers import answers, mean_sentence, precision_sentences
from trustsim.report.words.labels import decimals, percent
from trustsim.report.words.limits import limits
from trustsim.report.writing import write_report

BOTH = {"over": "both", "block": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = write_design_folder(tmp_path_factory.mktemp("design") / "lhs")
    for name in ("rounds", "ages"):  # whoever reads these fails
        (path / f"{name}.parquet").write_bytes(b"not a table")
    write_report(path)
    return path


@pytest.fixture(scope="module")
def results(folder):
    return read_results(folder)


@pytest.fixture(scope="module")
def page(folder):
    return References((folder / "report.html").read_text(encoding="utf-8"))


def gaps_by_point(results):
    cost = results.runs.pivot(index=["point", "replicate"], columns="arm", values="total_cost")
    return (cost["high_trust"] - cost["adversarial"]).unstack()


class TestPage:
    def test_figures_of_one_market_are_left_out_without_a_word(self, page, folder, results):
        assert "Not drawn" not in page.text
        assert "Not in the folder" not in page.text
        names = [picture.name for picture in pictures(results)]
        assert names == [
            "total_cost_by_category",
            "cost_difference_by_category",
            "hours_split",
            "difference_distribution",
        ]
        drawn = {path.stem for path in (folder / "figures").glob("*.svg")}
        assert not {"cost_over_time", "development", "conduct_by_age"} & drawn
        assert "crossover" not in page.text

    def test_answers_with_the_mean_over_the_points_and_its_interval(self, page, results):
        gaps = gaps_by_point(results)
        a, b = gaps.mean(axis=1).var(ddof=1) / 24, gaps.mean(axis=0).var(ddof=1) / 4
        df = (a + b) ** 2 / (a**2 / 23 + b**2 / 3)
        mean, half = gaps.to_numpy().mean(), stats.t.ppf(0.975, df) * math.sqrt(a + b)
        said = f"High trust costs {-mean:.2f} less per accepted lot than adversarial"
        assert f"{said} on average over 24 points of the design" in page.text
        assert f"interval {-mean - half:.2f} to {-mean + half:.2f}" in page.text

    def test_says_at_how_many_points_who_is_cheaper_and_shown_to_be(self, page, results):
        gaps = gaps_by_point(results)
        mean = gaps.mean(axis=1)
        half = stats.t.ppf(0.975, 3) * gaps.std(axis=1, ddof=1) / 2
        assert f"cheaper at {100 * (mean < 0).mean():.0f} % of the points" in page.text
        less, more = (mean + half < 0).mean(), (mean - half > 0).mean()
        assert 0 < more < less < 1
        assert f"excludes zero at {100 * (less + more):.0f} % of them" in page.text
        assert f"the cheaper at {100 * less:.0f} % and the dearer at {100 * more:.0f}" in page.text

    def test_says_what_the_mean_is_over(self, page):
        assert "Means are over 24 points, drawn by Latin hypercube, which count alike" in page.text
        assert "with 4 replicates at each" in page.text
        assert "crossed random effects" in page.text
        assert "Replication rule" not in page.text

    def test_the_foot_of_a_figure_says_so_too(self, folder):
        svg = (folder / "figures" / "hours_split.svg").read_text(encoding="utf-8")
        assert "6b1f0a9c" in svg
        assert (folder / "figures" / "hours_split_column.png").exists()


class TestReading:
    def test_drawn_points_stand_for_others_and_chosen_ones_for_themselves(self, results, tmp_path):
        assert results.reading == BOTH
        chosen = read_results(write_design_folder(tmp_path, "zip", points=5, replicates=3))
        assert chosen.reading == {"over": "replicates", "block": 1}
        assert "chosen one by one" in mean_sentence(chosen)
        assert "these points under other luck" in mean_sentence(chosen)

    @pytest.mark.parametrize(("method", "block"), [("sobol", 4), ("morris", 3)])
    def test_points_drawn_together_are_one_unit(self, folder, tmp_path, method, block):
        text = (folder / "experiment.toml").read_text(encoding="utf-8")
        (tmp_path / "experiment.toml").write_text(
            text.replace("latin_hypercube", method).replace("points = 24", "points = 8")
        )
        design_runs(8 * block, 2).to_parquet(tmp_path / "runs.parquet")
        found = read_results(tmp_path)
        assert found.reading == {"over": "both", "block": block}
        hybrids = f"of all {8 * block} points, hybrids included." in answers(found)[0]
        assert hybrids == (method == "sobol")

    def test_one_point_of_a_design_is_one_market(self, tmp_path):
        found = read_results(write_design_folder(tmp_path, points=1))
        assert found.reading == {"over": "replicates", "block": 1}
        assert "paired runs" in answers(found)[0]
        assert "on average" not in answers(found)[0]

    def test_means_of_arms_are_over_the_same(self, results):
        cells = measures_table(results).rows[0]
        costs = arm_runs(results.runs, "high_trust")[["total_cost"]]
        found = means_over(costs, **BOTH).iloc[0]
        places = decimals(found["half_width"], found["mean"])
        assert cells[1] == f"{found['mean']:.{places}f} ± {found['half_width']:.{places}f}"

    def test_figures_are_over_the_same(self, results):
        steps = waterfall_steps(results.runs, "high_trust", "adversarial", reading=BOTH)
        row = compare(results.runs, "high_trust", "adversarial", ["cost_price"], **BOTH).iloc[0]
        assert steps["half_width"].iloc[0] == row["half_width"]
        goods = results.runs.pivot(
            index=["point", "replicate"], columns="arm", values="goods_per_hour"
        )
        ratio = (goods["adversarial"] / goods["high_trust"]).to_frame("ratio")
        found = relative_goods(results.runs, results.arms, reading=BOTH).loc["adversarial"]
        assert found["half_width"] == pytest.approx(means_over(ratio, **BOTH)["half_width"].item())

    def test_the_histogram_counts_points(self, results):
        (axis,) = difference_distribution(results.runs, baseline="adversarial", reading=BOTH)
        assert sum(patch.get_height() for patch in axis.patches if patch.get_width() < 0.02) == 24
        assert axis.get_ylabel() == "points"
        share = (gaps_by_point(results).mean(axis=1) < 0).mean()
        assert axis.get_title(loc="left") == f"high trust: cheaper at {percent(share)} of points"

    @pytest.mark.parametrize(
        ("draw", "measure"),
        [(total_cost_by_category, "total_cost"), (hours_split, "transaction_time_share")],
    )
    def test_whiskers_are_over_the_same(self, results, draw, measure):
        axis = draw(results.runs, reading=BOTH)[0]
        bars = [c for c in axis.containers if isinstance(c, ErrorbarContainer)]
        ends = [c.lines[2][0].get_segments()[0][:, 0] for c in bars]
        for arm, end in zip(results.arms, ends, strict=True):
            found = means_over(arm_runs(results.runs, arm)[[measure]], **BOTH).iloc[0]
            assert np.ptp(end) / 2 == pytest.approx(found["half_width"])
            other = means_over(arm_runs(results.runs, arm)[[measure]]).iloc[0]
            assert other["half_width"] != found["half_width"]


class TestRest:
    def test_limits_count_points_and_look_at_no_path(self, results):
        (limit,) = limits(results)
        share = (gaps_by_point(results).mean(axis=1) > 0).mean()
        assert f"It is the dearer at {percent(share)} of the points." in limit.sentences
        assert not any("first year" in sentence for sentence in limit.sentences)

    def test_precision_names_points_and_replicates(self, results):
        (said,) = precision_sentences(results)
        assert "24 points, 4 replicates" in said
        assert "rule" not in said

    def test_an_arm_without_pairs_gets_the_reason(self, results, tmp_path):
        write_design_folder(tmp_path, points=3, replicates=2)
        runs = pd.read_parquet(tmp_path / "runs.parquet")
        runs.loc[runs["arm"] == "high_trust", "replicate"] += 5
        runs.to_parquet(tmp_path / "runs.parquet")
        assert "High trust cannot be compared" in answers(read_results(tmp_path))[0]

    def test_one_arm_is_told_with_its_mean(self, tmp_path):
        write_design_folder(tmp_path, points=3, replicates=2)
        runs = pd.read_parquet(tmp_path / "runs.parquet")
        runs[runs["arm"] == "adversarial"].to_parquet(tmp_path / "runs.parquet")
        lost, said = answers(read_results(tmp_path))
        assert lost == "High trust has no finished run (failures.parquet has why)."
        assert "There is one arm only" in said
        assert "Means are over 3 points" in said

    def test_what_was_planned_is_read_from_the_manifest(self, results, tmp_path):
        assert results.planned == (["high_trust", "adversarial"], 24, 4)
        write_design_folder(tmp_path, points=6, replicates=2)
        runs = pd.read_parquet(tmp_path / "runs.parquet")
        runs[runs["point"] < 4].to_parquet(tmp_path / "runs.parquet")
        assert read_results(tmp_path).planned[1:] == (6, 2)
        (tmp_path / "manifest.json").write_text(json.dumps({"name": "x"}))
        assert read_results(tmp_path).planned[1:] == (4, 2)


def test_tables_that_are_not_kept_are_not_missed(tmp_path):
    write_folder(tmp_path, ("a", "b"), replicates=2, rounds=13)
    for name in ("policies", "rounds", "ages", "temptations"):
        (tmp_path / f"{name}.parquet").unlink()
    missing = ("policies.parquet", "rounds.parquet", "ages.parquet", "temptations.parquet")
    assert read_results(tmp_path).missing == missing
    experiment = tmp_path / "experiment.toml"
    experiment.write_text('keep = ["runs"]\n' + experiment.read_text(encoding="utf-8"))
    assert tomllib.loads(experiment.read_text(encoding="utf-8"))["keep"] == ["runs"]
    found = read_results(tmp_path)
    assert found.missing == ()
    assert "cost_over_time" not in [picture.name for picture in pictures(found)]
