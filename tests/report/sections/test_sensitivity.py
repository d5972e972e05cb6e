"""What is said and drawn of a sensitivity analysis, and what is refused."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from support.designed_runs import design_of, runs_of, shared_luck

from trustsim.analysis.sensitivity.drivers import FEWEST_BLOCKS, sensitivity
from trustsim.config.design import read_design
from trustsim.errors import ConfigError
from trustsim.report.figures.analyses.sensitivity import (
    morris_plane,
    sensitivity_convergence,
    sobol_bars,
)
from trustsim.report.results import Reported
from trustsim.report.sections.sensitivity import analyses, indices_table, section, sentences


def output(unit):
    """First and second matter, the third hardly, the fourth not at all."""
    luck = 0.01 * shared_luck(3)
    known = unit[:, :1] + 0.6 * unit[:, 1:2] + 0.1 * unit[:, 2:3]
    return 0.1 * (known - 0.6) + luck * unit[:, :1]


def folder(method="sobol", points=256, **changes):
    design = design_of(method, points, 4)
    runs = runs_of(
        design,
        ("high_trust", output),
        ("cheap", lambda u: 2 * output(u)),
        ("adversarial", lambda u: 0 * output(u)),
    )
    experiment = {
        "seed": 5,
        "baseline": "adversarial",
        "arms": {arm: {} for arm in ("high_trust", "cheap", "adversarial")},
        "design": design.table(5),
    }
    return replace(Reported(Path("results/x"), runs, experiment=experiment), **changes)


@pytest.fixture(scope="module")
def found():
    design = design_of("sobol", 256, 4)
    runs = folder().runs
    return sensitivity(runs, design, "high_trust", "adversarial", resamples=100)


@pytest.fixture(scope="module")
def effects():
    design = design_of("morris", 40, 4)
    runs = folder("morris", 40).runs
    return sensitivity(runs, design, "high_trust", "adversarial", resamples=100)


def spaced(lines):
    return [re.sub(r"\s", " ", line) for line in lines]


def test_every_parameter_gets_a_sentence_the_largest_first(found):
    said = spaced(sentences([found]))
    assert said[0].startswith(
        "Over the design, the difference in total cost of ownership, high trust less adversarial"
    )
    ends = "on average (money per accepted lot), and between"
    assert ends in said[0]
    assert said[0].endswith(
        "% of the 512 points that were drawn independently (the others of the design are hybrids "
        "of them)."
    )
    number = r"−?[\d.]+"
    share = rf"{number} %"
    drives = rf"drives {share} of the variance \({number} to {share}\), {share} on its own"
    assert re.match(f"Late gain: {drives}", said[1])
    assert re.match(f"Scruple: {drives}", said[2])
    assert re.match(rf"Hold up: hardly matters, {number} % at most\.", said[3])
    assert said[4] == "Strain: idle, 0 within its interval (no difference ever changed with it)."
    assert "over 3 replicates" in said[5]
    known = 100 * found.indices["ST"].iloc[0]
    assert f"drives {known:.0f} %" in said[1]


def test_effects_are_told_in_the_unit_of_the_measure(effects):
    said = spaced(sentences([effects]))
    assert re.match(
        r"Late gain: moves it by 0\.1\d* over its range \(.*\), upwards, much alike", said[1]
    )
    assert any(line.startswith("Strain: idle") for line in said)


def test_noise_asks_for_the_replicates_that_it_takes():
    design = design_of("sobol", 64, 2)
    luck = np.random.default_rng(1).normal(size=(64 * 4, 2))
    found = sensitivity(
        runs_of(design, ("a", lambda u: u[:, :1] + 0.5 * luck)), design, "a", resamples=20
    )
    assert found.noise.share > 0.1
    needed = int(found.noise.replications_for(0.05))
    said = sentences([found])
    assert any(f"{needed} replicates would bring it to 5" in line for line in said)
    assert "total cost of ownership of a" in said[0]
    assert "below zero" not in said[0]
    assert any("have not converged" in line for line in said)


def test_one_replicate_is_said():
    design = design_of("sobol", 16, 2)
    found = sensitivity(runs_of(design, ("a", lambda u: u[:, 0])), design, "a", resamples=20)
    assert any("With a single replicate" in line for line in sentences([found]))


def test_table_has_a_row_per_parameter(found, effects):
    table = indices_table(found)
    assert [row[0] for row in table.rows] == ["late gain", "scruple", "hold up", "strain"]
    assert table.rows[0][1] == "0 to 1"
    assert [row[-1] for row in table.rows] == ["matters", "matters", "hardly matters", "idle"]
    assert all(len(row) == len(table.header) for row in table.rows)
    assert len(indices_table(effects).header) == 7


def test_section_has_figures_and_a_table_for_each_challenger():
    got = section(folder(points=32))
    assert got is not None
    assert got.anchor == "sensitivity"
    assert [picture.name for picture in got.pictures] == [
        "sensitivity_1", "sensitivity_1_convergence", "sensitivity_2", "sensitivity_2_convergence",
    ]  # fmt: skip
    assert len(got.tables) == 2
    assert "late gain" in got.pictures[0].alt
    for picture in got.pictures[:2]:
        for width in (7.0, 3.5):
            axes = picture.draw(width)
            assert axes[0].figure.get_figwidth() == width


def test_section_is_for_designs_of_these_methods_only():
    assert section(folder(experiment={})) is None
    other = {"method": "latin_hypercube", "points": 8, "parameters": {}}
    assert section(folder(experiment={"design": other})) is None


def test_section_says_why_there_is_nothing():
    whole = folder(points=32)
    holes = replace(whole, runs=whole.runs[whole.runs["point"] != 7])
    got = section(holes)
    assert got is not None
    assert got.pictures == ()
    assert "point 7" in got.sentences[0]


def test_one_arm_is_analysed_by_itself():
    results = folder(points=32)
    assert [each.challenger for each in analyses(results)] == ["high_trust", "cheap"]
    (one,) = analyses(results, arm="cheap")
    assert (one.challenger, one.baseline) == ("cheap", "adversarial")
    (itself,) = analyses(results, arm="adversarial")
    assert itself.baseline is None
    with pytest.raises(ConfigError, match=r'unknown arm "high_trus" \(did you mean "high_trust"'):
        analyses(results, arm="high_trus")
    with pytest.raises(ConfigError, match="no \\[design\\]"):
        analyses(folder(experiment={}))


def test_bars_show_the_indices_in_their_order(found):
    (axis,) = sobol_bars(found.indices)
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        "late gain", "scruple", "hold up", "strain",
    ]  # fmt: skip
    drawn = [
        [bar.get_width() for bar in group] for group in axis.containers if hasattr(group, "patches")
    ]
    rows = found.indices.sort_values("ST", ascending=False)
    np.testing.assert_allclose(drawn[0], rows["ST"])
    np.testing.assert_allclose(drawn[1], rows["S1"])


def test_figures_can_be_drawn_into_axes_of_a_user(found, effects):
    figure = Figure()
    axes = figure.subplots(1, 2)
    assert sobol_bars(found.indices, axes[0]) == [axes[0]]
    assert morris_plane(effects.indices, axes[1]) == [axes[1]]
    assert len(sensitivity_convergence(found.convergence, Figure().subplots())) == 4


def test_plane_has_a_point_for_every_parameter(effects):
    (axis,) = morris_plane(effects.indices)
    drawn = {
        (line.get_xdata()[0], line.get_ydata()[0])
        for line in axis.lines
        if line.get_marker() == "o"
    }
    rows = effects.indices
    assert {(row["mu_star"], row["sigma"]) for row in rows.to_dict("records")} <= drawn
    assert [note.get_text() for note in axis.texts] == ["1", "2", "3"]


def test_convergence_has_a_panel_per_parameter_with_all_sizes(found):
    axes = sensitivity_convergence(found.convergence, title="base points")
    assert [axis.get_title(loc="left") for axis in axes] == [
        "late gain",
        "scruple",
        "hold up",
        "strain",
    ]
    total = axes[0].lines[0]
    np.testing.assert_array_equal(total.get_xdata(), [32, 64, 128, 256])
    known = found.convergence.query("index == 'ST' and label == 'late gain'")["value"]
    np.testing.assert_allclose(total.get_ydata(), known)


def test_holes_are_refused_or_left_out_with_their_block():
    design = design_of("sobol", 32, 2)
    runs = runs_of(design, ("a", lambda u: u[:, :1] + shared_luck(2)))
    holes = runs[~((runs["point"] == 9) & (runs["replicate"] == 1))]
    with pytest.raises(ConfigError, match=r"1 of 256 values .* point 9, replicate 1; .* 1 of 32 "):
        sensitivity(holes, design, "a")
    found = sensitivity(holes, design, "a", allow_missing=True, resamples=20)
    assert (found.dropped, found.blocks, found.points) == (1, 31, 31 * 4)
    left = runs[~runs["point"].between(8, 11)]
    other = sensitivity(left, design, "a", allow_missing=True, resamples=20)
    np.testing.assert_array_equal(found.indices["ST"], other.indices["ST"])
    assert any("1 of 32 base points" in line for line in sentences([found]))
    failed = runs.assign(status=np.where(runs["point"] == 9, "failed", "done"))
    with pytest.raises(ConfigError, match=r"2 of 256 values .* Run what is missing"):
        sensitivity(failed, design, "a")
    missing = runs.assign(total_cost=runs["total_cost"].where(runs["point"] != 9))
    with pytest.raises(ConfigError, match=r"2 of 256 values .* choose another measure"):
        sensitivity(missing, design, "a")
    few = runs[runs["point"] < 4 * (FEWEST_BLOCKS - 1)]
    with pytest.raises(ConfigError, match="at least 4 base points"):
        sensitivity(few, design, "a", allow_missing=True)


def test_a_trajectory_with_a_hole_is_left_out_whole():
    design = design_of("morris", 12, 3)
    slopes = np.array([1.0, -2.0, 0.0])
    runs = runs_of(design, ("a", lambda u: u @ slopes))
    found = sensitivity(runs[runs["point"] != 6], design, "a", allow_missing=True, resamples=20)
    assert (found.dropped, found.blocks) == (1, 11)
    np.testing.assert_allclose(found.indices["mu"], slopes, atol=1e-12)


def test_bad_calls_say_what_is_wrong():
    design = design_of("sobol", 16, 2)
    runs = runs_of(design, ("a", lambda u: u[:, 0]))
    wrong = read_design(
        {"method": "latin_hypercube", "points": 16, "parameters": design.table(5)["parameters"]}
    )
    with pytest.raises(ConfigError, match="latin_hypercube': sensitivity needs the method sobol"):
        sensitivity(runs, wrong, "a")
    with pytest.raises(ConfigError, match=r"unknown measure 'total_cots' .*total_cost"):
        sensitivity(runs, design, "a", measure="total_cots")
    with pytest.raises(ConfigError, match='unknown arm "b"'):
        sensitivity(runs, design, "a", "b")
    with pytest.raises(ConfigError, match=r"confidence is 1\.5"):
        sensitivity(runs, design, "a", confidence=1.5)
    with pytest.raises(ConfigError, match="resamples is 1"):
        sensitivity(runs, design, "a", resamples=1)
    with pytest.raises(ConfigError, match=r'no column "market.scruple"'):
        sensitivity(runs.drop(columns="market.scruple"), design, "a")
    with pytest.raises(ConfigError, match="are these the runs of this design"):
        sensitivity(runs, design_of("sobol", 16, 2, seed=6), "a")
    with pytest.raises(ConfigError, match="the design has 32 points only"):
        sensitivity(runs, design_of("sobol", 8, 2), "a")


def test_without_salib_the_message_says_what_to_install(monkeypatch):
    from trustsim.analysis.sensitivity import indices

    monkeypatch.setitem(__import__("sys").modules, "SALib.analyze.sobol", None)
    with pytest.raises(ConfigError, match=r"pip install 'trustsim\[sensitivity\]'"):
        indices.sobol_indices(np.zeros((4, 3, 1)))
