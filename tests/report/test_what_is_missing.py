"""What a table, a folder or an arm lacks is left out or said, and the rest is drawn and told."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.test_ablation import planted as ablated
from report.sections.test_ablation import folder as ablation_folder
from report.sections.test_discovery import folder as spread
from report.sections.test_discovery import planted
from support.drawn import bars, student, whiskers
from support.synthetic_results import ARMS, frames, write_folder

from trustsim.errors import ConfigError
from trustsim.report import figures
from trustsim.report.figures.analyses.calibration import (
    calibration_check,
    calibration_profiles,
    calibration_search,
)
from trustsim.report.figures.by_age import bucket_labels, mean_by_age
from trustsim.report.results import Reported, read_results
from trustsim.report.sections import ablation, discovery
from trustsim.report.sections.gallery import pictures
from trustsim.report.sections.tables import conduct_tables
from trustsim.report.words.answer import answer
from trustsim.report.words.answers import answers, precision_sentences
from trustsim.report.words.labels import measure_label, measure_unit
from trustsim.report.words.limits import conduct_by_phase, limits

BASE = {"baseline": "adversarial"}


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return frames(replicates=4, rounds=30)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    path = tmp_path_factory.mktemp("there")
    return read_results(write_folder(path, replicates=4, rounds=30))


@pytest.mark.parametrize(
    ("draw", "table", "keep", "words"),
    [
        (figures.total_cost_by_category, 0, ["total_cost"], "no column cost_<category>"),
        (figures.cost_difference_by_category, 0, ["cost_price"], "no column total_cost"),
        (figures.difference_distribution, 0, ["cost_price"], "no column total_cost"),
        (figures.cost_over_time, 1, ["cost_price"], "no column total_cost"),
        (figures.development, 1, ["total_cost"], "none of the columns cost_price, trust_in"),
        (figures.conduct_by_age, 2, ["age_from"], "none of the columns inspection_rate, disp"),
    ],
)
def test_a_figure_names_the_column_that_it_lacks(
    tables: Any, draw: Any, table: int, keep: list[str], words: str
) -> None:
    needs = draw in (figures.cost_difference_by_category, figures.difference_distribution)
    frame = tables[table][["arm", "replicate", "run_id", *keep]]
    with pytest.raises(ConfigError, match=words):
        draw(frame, **(BASE if needs else {}))
    if needs:
        with pytest.raises(ConfigError, match='no arm to compare with "adversarial"'):
            draw(tables[table], arms=["adversarial"], **BASE)


def test_ages_need_their_columns() -> None:
    with pytest.raises(ConfigError, match='needs the columns "arm" and "age_from"'):
        bucket_labels(pd.DataFrame({"age_from": [1]}))
    ends = pd.DataFrame({"arm": "a", "age_from": [0, 1, 4, 8, 9], "age_to": [0, 3, 1, 9_999, 1e4]})
    assert list(bucket_labels(ends).values()) == ["0", "1–3", "4+", "8–9999", "9+"]
    assert bucket_labels(ends.drop(columns="age_to"))[0] == "0+"


def test_arms_without_a_measure_have_no_bar(tables: Any) -> None:
    runs = tables[0].copy()
    runs.loc[runs["arm"] == "adversarial", ["transaction_time_share", "goods_per_hour"]] = math.nan
    runs.loc[runs["arm"] == "adversarial", "cost_delay"] = math.nan
    split, goods = figures.hours_split(runs)
    assert [bar[0] for bar in bars(split)] == [0, 0, 2, 2]
    assert [bar[0] for bar in bars(goods)] == [0, 2]
    whole = figures.total_cost_by_category(runs)[0]
    assert [sum(round(bar[0]) == row for bar in bars(whole)) for row in range(3)] == [11, 10, 11]
    with pytest.raises(ConfigError, match="goods_per_hour is missing in all runs"):
        figures.hours_split(runs.assign(goods_per_hour=math.nan))
    one = figures.hours_split(runs.drop(columns="goods_per_hour"))
    assert len(one) == 1
    assert not one[0].figure.legends == []
    assert figures.hours_split(runs.drop(columns="transaction_time_share"))[0].figure.legends == []


def test_an_arm_without_pairs_has_no_crossover_but_its_line(tables: Any) -> None:
    rounds = tables[1].copy()
    rounds.loc[rounds["arm"] == "high_trust", "replicate"] += 90
    axis = figures.cost_over_time(rounds, **BASE)[1]
    assert len([line for line in axis.lines if len(line.get_xdata()) == 30]) == 3
    assert not any(
        line.get_color() == axis.lines[0].get_color()
        for line in axis.lines
        if len(line.get_xdata()) == 1
    )


def test_runs_are_told_apart_by_their_id_or_else_by_their_replicate(tables: Any) -> None:
    ages, rounds = tables[2], tables[1]
    other = frames(replicates=4, rounds=30, seed=6)[2]
    both = pd.concat([ages, other.assign(run_id="other " + other["run_id"])])
    for table, count in ((ages, 4), (ages.drop(columns="run_id"), 4), (both, 8)):
        row = mean_by_age(table, "high_trust", "arrears_days").loc[64]
        mine = table[(table["arm"] == "high_trust") & (table["age_from"] == 64)]["arrears_days"]
        assert row["n"] == count == len(mine)
        low, high = student(mine, 0.95)
        assert (row["mean"], row["half_width"]) == pytest.approx((mine.mean(), (high - low) / 2))
    known, same = (
        figures.development(table)[0].lines[0].get_ydata()
        for table in (rounds, rounds.drop(columns="run_id"))
    )
    assert np.asarray(same) == pytest.approx(np.asarray(known))


@pytest.mark.parametrize(("reach", "kept"), [(2, True), (1, False)])
def test_ages_are_drawn_if_half_of_the_runs_reach_them(tables: Any, reach: int, kept: bool) -> None:
    ages = tables[2].copy()
    ages.loc[(ages["age_from"] == 64) & (ages["replicate"] >= reach), "dispute_rate"] = math.nan
    assert (64 in mean_by_age(ages, ARMS[0], "dispute_rate").index) == kept


def test_calibration_figures_without_anything_to_draw() -> None:
    empty = pd.DataFrame(columns=["target", "value"])
    with pytest.raises(ConfigError, match="no target to draw"):
        calibration_check(empty, empty)
    with pytest.raises(ConfigError, match="no parameter to draw"):
        calibration_profiles(empty, [])
    unmeasured = pd.DataFrame({"parameter": [""], "loss": [math.inf], "trial": [0]})
    with pytest.raises(ConfigError, match="in no trial could all targets be measured"):
        calibration_search(unmeasured)
    fits = pd.DataFrame(
        {"target": ["a", "b"], "side": "value", "value": 1.0, "tolerance": 0.1, "fitted": True,
         "mean": 1.0, "low": 0.9, "high": 1.1}
    )  # fmt: skip
    check = pd.DataFrame({"target": ["a", "b", "b"], "value": [math.nan, 1.0, 1.1]})
    (axis,) = calibration_check(fits, check)
    assert [row for row, *_ in whiskers(axis)] == [1]


def test_answers_without_what_they_need(results: Reported, tables: Any) -> None:
    runs = results.runs.drop(columns="total_cost")
    bare = Reported(results.folder, runs, experiment=results.experiment)
    assert answers(bare) == [
        "The table of runs has no total_cost, so that nothing can be compared."
    ]
    rounds = tables[1].copy()
    rounds.loc[rounds["arm"] == "high_trust", "replicate"] += 90
    said = answer(results.runs, rounds, "adversarial", ["high_trust"])[0]
    assert "When one overtakes the other cannot be told: " in said
    apart = results.runs.copy()
    apart.loc[apart["arm"] == "high_trust", "replicate"] += 90
    lost = Reported(results.folder, apart, experiment=results.experiment)
    assert [text.partition(" against")[0] for text in precision_sentences(lost)] == [
        "Trust but verify"
    ]
    told = {limit.arm: limit for limit in limits(lost)}
    assert not told["high_trust"].loses
    assert told["high_trust"].sentences[0].startswith("This cannot be told: ")


def test_tables_by_age_without_ages(results: Reported, tables: Any) -> None:
    bare = Reported(results.folder, results.runs, experiment=results.experiment)
    bare.__dict__["ages"] = None
    assert conduct_tables(bare) == []
    with pytest.raises(ConfigError, match="none of the columns inspection_rate"):
        conduct_by_phase(tables[2][["arm", "replicate", "age_from"]], "high_trust", "adversarial")
    ages = tables[2]
    mine = ages["arm"] == "high_trust"
    strangers = pd.concat([ages[~mine], ages[mine & (ages["age_from"] < 0)]])
    with pytest.raises(ConfigError, match="have no relations of the same age"):
        conduct_by_phase(strangers, "high_trust", "adversarial")
    bare.__dict__["ages"] = strangers
    assert [table.title.split(" minus")[0] for table in conduct_tables(bare)] == [
        "trust but verify"
    ]
    assert not any(
        "earlier orders" in said for limit in limits(bare)[:1] for said in limit.sentences
    )


def test_names_that_the_registry_lacks() -> None:
    assert measure_label("no_such_thing") == "no such thing"
    assert measure_unit("no_such_thing") == ""
    assert measure_label("instrument_share_open_account") == "Share of open account"
    assert measure_unit("instrument_share_open_account") == "share of orders"


def test_ablations_that_cannot_be_told(tmp_path: Path, results: Reported) -> None:
    with pytest.raises(ConfigError, match="holds no ablation; `trustsim ablate CONFIG`"):
        ablation.analyses(results)
    assert ablation.section(results) is None
    runs = ablated()
    found = read_results(ablation_folder(tmp_path, runs))
    with pytest.raises(ConfigError, match=r'no challenger "hihg" \(did you mean "high"'):
        ablation.analyses(found, arm="hihg")
    (one,) = ablation.analyses(found, arm="high")
    assert one.arm == "high"
    alone = replace(found, runs=found.runs[found.runs["arm"] == "low"])
    with pytest.raises(ConfigError, match="needs a second arm"):
        ablation.analyses(alone)
    assert ablation.section(alone) is None
    refused = ablation.section(found, 1.5)
    assert refused is not None
    assert refused.sentences[0].startswith("What carries it cannot be said: ")
    assert refused.tables == ()


def test_discovery_without_a_second_arm_or_a_cost() -> None:
    whole = spread(planted, points=60, replicates=1)
    alone = replace(whole, runs=whole.runs[whole.runs["arm"] == "adversarial"])
    with pytest.raises(ConfigError, match='no arm to compare with "adversarial"'):
        discovery.analyses(alone)
    assert discovery.section(alone) is None
    assert discovery.section(replace(whole, runs=whole.runs.drop(columns="total_cost"))) is None
    broken = {**whole.experiment, "design": {"method": "no such"}}
    assert discovery.section(replace(whole, experiment=broken)) is None


def test_a_map_that_cannot_be_drawn_has_words_all_the_same() -> None:
    whole = spread(planted, points=60, replicates=2)
    (found,) = discovery.analyses(whole)
    only = replace(found, dimensions=found.dimensions[:1], boxes=())
    (picture,) = discovery.pictures(only)
    assert picture.caption == "Mean difference over two parameters."
    assert picture.alt == "Map of the mean difference over two parameters."
    with pytest.raises(ConfigError, match="fewer than two parameters"):
        picture.draw(7.0)


class TestResults:
    def test_odd_values_of_the_file_do_no_harm(self, results: Reported) -> None:
        for market, known in (
            ({"rounds_per_year": 4}, 4), ({"rounds_per_year": 0.5}, 1), ({}, 12), ([], 12),
            ({"rounds_per_year": "x"}, 12),
        ):  # fmt: skip
            made = replace(results, experiment={"market": market})
            assert made.rounds_per_year == known
        bare = replace(results, experiment={}, manifest={})
        assert bare.name == results.folder.name
        assert bare.question == ""
        assert (bare.baseline, bare.lost) == ("trust_but_verify", [])
        assert replace(bare, manifest={"name": "m"}).name == "m"
        assert replace(bare, experiment={"baseline": "nobody"}).baseline == "trust_but_verify"
        assert bare.keeps("rounds")
        assert not bare.keeps("orders")

    def test_what_was_planned(self, results: Reported) -> None:
        for experiment, manifest, known in (
            ({}, {}, (1, 4)),
            ({"replications": 9}, {}, (1, 9)),
            ({"replications": 2}, {}, (1, 4)),
            ({"replications": True}, {}, (1, 4)),
            ({"replications": 9}, {"replications": 5, "runs_planned": 45}, (3, 5)),
        ):
            made = replace(results, experiment=experiment, manifest=manifest)
            assert made.planned == (list(ARMS), *known)

    def test_arms_stand_in_the_order_of_the_file(self, results: Reported) -> None:
        arms = {"adversarial": {}, "gone": {}, "high_trust": {}}
        made = replace(results, experiment={"arms": arms, "baseline": "high_trust"})
        assert made.arms == ["adversarial", "high_trust", "trust_but_verify"]
        assert made.lost == ["gone"]
        assert made.challengers == ["adversarial", "trust_but_verify"]
        assert made.runs_of("adversarial") == 4

    @pytest.mark.parametrize("column", ["arm", "replicate"])
    def test_a_table_without_arms_or_replicates_is_refused(
        self, tmp_path: Path, tables: Any, column: str
    ) -> None:
        runs = tables[0].rename(columns={column: f"{column}s"})
        runs.to_parquet(tmp_path / "runs.parquet")
        with pytest.raises(ConfigError, match=f'no column "{column}" .*did you mean "{column}s"'):
            read_results(tmp_path)

    def test_points_are_put_beside_the_rounds(self, tmp_path: Path, results: Reported) -> None:
        rounds = results.rounds
        assert rounds is not None
        assert set(rounds["point"]) == {0}
        empty = rounds.drop(columns="point").iloc[:0]
        write_folder(tmp_path, replicates=2, rounds=3)
        empty.to_parquet(tmp_path / "rounds.parquet")
        assert read_results(tmp_path).rounds is None
        assert "cost_over_time" in [picture.name for picture in pictures(results)]

    def test_without_a_design_an_ablation_is_known_by_its_points(self, tmp_path: Path) -> None:
        runs = ablated()
        runs.to_parquet(tmp_path / "runs.parquet")
        found = read_results(tmp_path)
        assert found.ablated is not None
        assert len(found.runs) == 120
        runs.loc[runs["replicate"] == 3, "point"] += 50
        runs.to_parquet(tmp_path / "runs.parquet")
        assert read_results(tmp_path).ablated is None
        runs.drop(columns="point").to_parquet(tmp_path / "runs.parquet")
        assert read_results(tmp_path).ablated is not None
