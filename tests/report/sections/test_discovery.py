"""Where it loses, as the report and the command line tell it: sentences, map, boxes, refusals."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from trustsim.analysis.discovery.boxes import LosingBox, Restriction
from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.discovery.prim import BoxSearch
from trustsim.analysis.discovery.who_wins import leading, who_wins
from trustsim.config.dimensions import Dimension, Dimensions
from trustsim.errors import ConfigError
from trustsim.report.figures.analyses.discovery import who_wins_map
from trustsim.report.figures.analyses.losing_boxes import losing_boxes
from trustsim.report.figures.style import COLUMN, WIDE
from trustsim.report.results import Reported
from trustsim.report.sections.discovery import FILLING, analyses, pictures, section, sentences
from trustsim.report.words.boxes import box_words, limit_text, restriction_words
from trustsim.schema.translation import read

read_dimensions = partial(read, Dimensions)

ARMS = ["high_trust", "adversarial"]
BOTH: dict[str, dict] = {"high_trust": {}, "adversarial": {}}
PARAMETERS = {
    "market.late_gain": {"low": 1.0, "high": 2.0},
    "market.hour_cost": {"low": 0.001, "high": 0.1, "scale": "log"},
    "market.rivals": {"low": 1, "high": 6},
    "policies.buyers.high_trust.inspection": {"choices": ["none", "all"]},
}
SPACE = read_dimensions(PARAMETERS, "design.parameters")
LATE_GAIN, HOUR_COST, RIVALS, INSPECTION = SPACE


def folder(
    difference, points: int = 400, replicates: int = 3, method: str = "latin_hypercube"
) -> Reported:
    """Results as read from a folder; the difference is a function of the parameters."""
    random = np.random.default_rng(1)
    table = pd.DataFrame({d.path: d.of(random.random(points)) for d in SPACE})
    mean = np.asarray(difference(table.rename(columns=lambda path: path.split(".")[-1])), float)
    rows = []
    for replicate in range(replicates):
        gap = mean + 0.003 * random.standard_normal(points)
        for arm, total in zip(ARMS, (1.3 + gap, np.full(points, 1.3)), strict=True):
            rows.append(
                table.assign(
                    arm=arm, point=range(points), replicate=replicate, status="done",
                    total_cost=total,
                )
            )  # fmt: skip
    design = {"method": method, "points": points, "seed": 1, "parameters": PARAMETERS}
    return Reported(
        folder=Path("made_up"),
        runs=pd.concat(rows, ignore_index=True),
        experiment={"baseline": "adversarial", "arms": BOTH, "design": design},
        manifest={"runs_planned": 2 * points * replicates, "replications": replicates},
    )


def planted(named: pd.DataFrame) -> np.ndarray:
    loses = (named.late_gain < 1.4) & (named.hour_cost < 0.01)
    return np.where(loses, 0.05, -0.05)


@pytest.fixture(scope="module")
def results() -> Reported:
    return folder(planted)


@pytest.fixture(scope="module")
def found(results: Reported) -> Discovery:
    (each,) = analyses(results)
    return each


def test_the_sentences_hold_the_figures_that_were_found(found: Discovery) -> None:
    told = sentences([found])
    (box,) = found.boxes
    assert told[0].startswith("High trust costs more than adversarial in ")
    assert f"{100 * found.share:.0f}\N{NO-BREAK SPACE}% of the 400 markets" in told[0]
    assert re.search(r"late gain < 1\.[34]\d? times the buyer's cost of capital", told[1])
    assert re.search(r"hour cost < 0\.0\d+ money per hour", told[1])
    assert f"{100 * box.coverage:.0f}\N{NO-BREAK SPACE}% of these lie where" in told[1] or (
        "over 99\N{NO-BREAK SPACE}% of these lie where" in told[1]
    )
    assert f"of {box.points} markets, held out: density" in told[1]
    assert told[2].startswith(f"{found.undecided} market")
    assert "too close to call" in told[2]


def test_limits_are_rounded_as_their_range_deserves() -> None:
    assert limit_text(LATE_GAIN, 1.23456) == "1.23"
    assert limit_text(HOUR_COST, 0.0056789) == "0.0057"
    assert limit_text(HOUR_COST, 0.05) == "0.050"
    assert limit_text(RIVALS, 3.0) == "3"


@pytest.mark.parametrize(
    ("dimension", "low", "high", "kept", "words"),
    [
        (LATE_GAIN, -np.inf, 1.25, (), "late gain < 1.25"),
        (LATE_GAIN, 1.25, np.inf, (), "late gain > 1.25"),
        (LATE_GAIN, 1.25, 1.75, (), "late gain from 1.25 to 1.75"),
        (RIVALS, -np.inf, 3, (), "rivals ≤ 3"),
        (RIVALS, 4, np.inf, (), "rivals ≥ 4"),
        (RIVALS, -np.inf, 1, (), "rivals = 1"),
        (RIVALS, 6, np.inf, (), "rivals = 6"),
        (INSPECTION, -np.inf, np.inf, ("all", "none"), "inspection of high trust is all or none"),
    ],
)
def test_restrictions_in_words(
    dimension: Dimension, low: float, high: float, kept: tuple[str, ...], words: str
) -> None:
    told = restriction_words(Restriction(dimension, low, high, kept, 0.0, 1.0, (np.nan, np.nan)))
    assert words in told.replace("_", " ")


def test_units_stand_in_sentences_where_they_read_well() -> None:
    ranges = {
        "market.break_rate": {"low": 0.0, "high": 0.2},
        "market.switching_cost": {"low": 0.0, "high": 0.2},
        "market.gain_sharing": {"low": 0.0, "high": 1.0},
        "market.remoteness": {"low": 0.0, "high": 1.0},
        "market.demand_volatility": {"low": 0.0, "high": 1.0},
        "market.suppliers": {"low": 5, "high": 40},
        "market.supplier_mix.opportunist": {"low": 0.0, "high": 1.0},
    }
    dimensions = read_dimensions(ranges, "design.parameters")
    asked = tuple(
        Restriction(d, 0.0 if d.kind == "number" else 5, 9, (), 0, 1, (0, 0)) for d in dimensions
    )
    words = box_words(LosingBox(asked, 10, 9, 0.5, 0.9, 0.1, True))
    assert words == (
        "break rate from 0.000 to 9.000 per round, switching cost from 0.000 to 9.000 of a lot's "
        "cost, gain sharing from 0.00 to 9.00, remoteness from 0.00 to 9.00, demand volatility "
        "from 0.00 to 9.00, suppliers from 5 to 9 and share of opportunist suppliers from 0.00 to "
        "9.00"
    )


def test_noise_and_one_sided_designs_have_verdicts_in_words() -> None:
    luck = np.random.default_rng(2).random(400) < 0.3
    (noise,) = analyses(folder(lambda named: np.where(luck, 0.05, -0.05)))
    assert noise.verdict == "no box"
    assert "No box of a few limits tells where" in " ".join(sentences([noise]))
    assert len(pictures(noise)) == 1
    never, always = (
        sentences(analyses(folder(lambda named, side=side: np.full(400, side))))[0]
        for side in (-0.05, 0.05)
    )
    assert "in none of the 400 markets" in never
    assert "in all of the 400 markets" in always


def test_one_replicate_says_nothing_of_close_points() -> None:
    told = " ".join(sentences(analyses(folder(planted, replicates=1))))
    assert "With one replicate a market" in told


def test_a_threshold_and_another_measure_are_named() -> None:
    made = folder(planted)
    assert "by over 0.02 money per accepted lot" in sentences(analyses(made, threshold=0.02))[0]
    runs = made.runs.assign(dispute_rate=made.runs["total_cost"])
    other = Reported(made.folder, runs, experiment=made.experiment, manifest=made.manifest)
    assert "has more " in sentences(analyses(other, measure="dispute_rate"))[0]


def test_the_baseline_as_arm_asks_where_the_challenger_wins(results: Reported) -> None:
    (swapped,) = analyses(results, arm="adversarial")
    assert (swapped.challenger, swapped.baseline) == ("adversarial", "high_trust")
    assert sentences([swapped])[0].startswith("Adversarial costs more than high trust")


def test_the_section_has_sentences_map_boxes_table_and_notes(results: Reported) -> None:
    made = section(results)
    assert made is not None
    assert made.anchor == "discovery"
    assert [picture.name for picture in made.pictures] == ["who_wins", "losing_boxes"]
    (table,) = made.tables
    assert {row[0] for row in table.rows} == {"late gain", "hour cost"}
    assert all(len(row) == len(table.header) for row in table.rows)
    assert len(table.units) == len(table.rows)
    explained = re.search(r"foretell (\d+)", made.pictures[0].caption)
    assert explained is not None
    assert 30 < int(explained[1]) <= 100
    assert "Friedman & Fisher 1999" in " ".join(made.notes)


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_designs_of_other_purposes_have_no_section(method: str) -> None:
    assert method not in FILLING
    made = folder(planted)
    other = {**made.experiment, "design": {**made.experiment["design"], "method": method}}
    assert section(Reported(made.folder, made.runs, experiment=other)) is None
    few = folder(planted, points=59)
    assert section(few) is None


def test_of_a_saltelli_design_only_independent_points_count() -> None:
    made = folder(planted, points=6 * 128, method="latin_hypercube")
    design = {**made.experiment["design"], "method": "sobol", "points": 128}
    (found,) = analyses(
        Reported(made.folder, made.runs, experiment={**made.experiment, "design": design})
    )
    assert len(found.points) == 2 * 128
    assert found.hybrids == 4 * 128
    told = sentences([found])[0].replace("\N{NO-BREAK SPACE}", " ")
    assert told.endswith(
        "% of the 256 markets that were drawn independently; the other 512 points of the design "
        "are hybrids of them and are left out."
    )
    assert set(found.points.index % 6) == {0, 5}
    assert found.unmeasured == 0


def test_the_map_looks_at_what_the_boxes_restrict(found: Discovery) -> None:
    fitted = who_wins(found)
    assert {fitted.x.dimension.path, fitted.y.dimension.path} == {
        "market.late_gain", "market.hour_cost",
    }  # fmt: skip
    assert [d.path for d in leading(found)][2:] == ["market.rivals"]
    chosen = who_wins(found, "rivals", "market.late_gain")
    assert (chosen.x.dimension, chosen.y.dimension) == (RIVALS, LATE_GAIN)
    assert (chosen.x.low, chosen.x.high, chosen.x.columns) == (0.5, 6.5, True)


def test_the_map_is_right_where_the_sign_is_clear(found: Discovery) -> None:
    fitted = who_wins(found, "hour_cost", "late_gain")
    x, y, difference, half = fitted.grid(31)
    truth = planted(pd.DataFrame({"late_gain": np.repeat(y, 31), "hour_cost": np.tile(x, 31)}))
    clear = (np.abs(difference) > half).ravel()
    assert clear.mean() > 0.7
    # A step is smoothed, so cells within a bandwidth of it may be wrong: one in fifty
    assert (np.sign(difference.ravel()) == np.sign(truth))[clear].mean() > 0.98
    wins, loses, unclear = fitted.shares()
    assert wins + loses + unclear == pytest.approx(1)
    assert loses == pytest.approx(0.4 * 0.5, abs=0.06)


@pytest.mark.parametrize("width", [WIDE, COLUMN])
def test_the_figures_draw_what_was_found(found: Discovery, width: float) -> None:
    (chart,) = who_wins_map(found, width=width)
    assert isinstance(chart, Axes)
    labels = {chart.get_xlabel(), chart.get_ylabel()}
    assert any("hour cost (money per hour)" in label.replace("\n", " ") for label in labels)
    scale = {chart.get_xscale(), chart.get_yscale()}
    assert scale == {"log", "linear"}
    drawn = sum(len(c.get_offsets()) for c in chart.collections if len(c.get_offsets()) > 1)
    assert drawn == len(found.points)
    (outline,) = chart.patches
    box = {r.dimension.path: r for r in found.boxes[0].restrictions}
    ends = [outline.get_x() + outline.get_width(), outline.get_y() + outline.get_height()]
    assert sorted(ends) == pytest.approx(sorted(r.high for r in box.values()))
    ranges, path = losing_boxes(found, width=width)
    bars = [bar.get_width() for bar in ranges.patches]
    assert len(bars) == 2
    assert bars == pytest.approx([0.4, 0.5], abs=0.06) or bars == pytest.approx(
        [0.5, 0.4], abs=0.06
    )
    assert "coverage" in path.get_xlabel()


def test_no_boxes_no_figure_of_them(found: Discovery) -> None:
    with pytest.raises(ConfigError, match="no box"):
        losing_boxes(replace(found, boxes=(), verdict="no box"))


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ("late_gian", None, "did you mean"),
        ("inspection", None, "is a choice"),
        ("late_gain", "market.late_gain", "needs two different parameters"),
    ],
)
def test_axes_that_cannot_be_are_refused(
    found: Discovery, x: str, y: str | None, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        who_wins(found, x, y)
    with pytest.raises(ConfigError, match=words):
        pictures(found, x=x, y=y)


@pytest.mark.parametrize("threshold", [np.nan, np.inf, -np.inf])
def test_a_threshold_that_is_no_number_is_refused(results: Reported, threshold: float) -> None:
    with pytest.raises(ConfigError, match=r"threshold = -?(nan|inf): allowed: a finite number"):
        analyses(results, threshold=threshold)


def test_the_caption_says_that_points_of_whole_numbers_are_spread(found: Discovery) -> None:
    spread = "whole-number parameters are spread a little around their values"
    assert spread in pictures(found, x="rivals", y="late_gain")[0].caption
    assert spread not in pictures(found, x="hour_cost", y="late_gain")[0].caption


def test_bad_calls_are_refused_with_a_message(results: Reported) -> None:
    with pytest.raises(ConfigError, match="did you mean"):
        analyses(results, arm="hihg_trust")
    bare = Reported(results.folder, results.runs, experiment={"arms": BOTH})
    with pytest.raises(ConfigError, match=r"no \[design\]"):
        analyses(bare)
    assert section(bare) is None
    morris = {**results.experiment, "design": {**results.experiment["design"], "method": "morris"}}
    with pytest.raises(ConfigError, match="fill no"):
        analyses(Reported(results.folder, results.runs, experiment=morris))


def test_points_without_runs_are_refused_unless_allowed(results: Reported) -> None:
    holed = Reported(
        results.folder, results.runs[results.runs["point"] != 5],
        experiment=results.experiment, manifest=results.manifest,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="1 of 400 design points have no finished run"):
        analyses(holed)
    (found,) = analyses(holed, allow_missing=True)
    assert len(found.points) == 399
    assert sentences([found])[-1].endswith("1 market of 400.")
    refused = section(holed)
    assert refused is not None
    assert "have no finished run" in refused.sentences[0]
    halved = results.runs[(results.runs["point"] != 5) | (results.runs["arm"] == "high_trust")]
    one_armed = Reported(
        results.folder, halved, experiment=results.experiment, manifest=results.manifest
    )
    with pytest.raises(ConfigError, match="not paired"):
        analyses(one_armed)


def test_points_without_a_measure_are_counted(results: Reported) -> None:
    cost = results.runs["total_cost"].where(results.runs["point"] > 2)
    runs = results.runs.assign(total_cost=cost)
    (found,) = analyses(replace(results, runs=runs))
    assert found.unmeasured == 3
    assert sentences([found])[-1].endswith("3 markets of 400.")


def test_density_is_passed_on(results: Reported) -> None:
    assert analyses(results, density=0.95)[0].asked == 0.95
    assert BoxSearch.density == 0.8
