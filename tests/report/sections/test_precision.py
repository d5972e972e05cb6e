"""The section on precision: what it says of a rule that is met, missed, unfinished or not there."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustsim.analysis.precision import FEWEST_PAIRS, shrinking
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.figures.analyses.precision import interval_by_replications
from trustsim.report.results import Reported
from trustsim.report.sections.precision import find, section, sentences
from trustsim.report.sections.section import Section

SPACE = "\N{NARROW NO-BREAK SPACE}"


def runs_of(replicates: int = 120, correlation: float = 0.8, arms: int = 1) -> pd.DataFrame:
    """Arms `kind_0`, ... and `usual` that cost 2, each with variance .01 and a correlation."""
    random = np.random.default_rng(4)
    luck = random.normal(size=replicates)
    costs = {"usual": 2 + 0.1 * luck}
    for i in range(arms):
        own = random.normal(size=replicates)
        mixed = correlation * luck + np.sqrt(1 - correlation**2) * own
        costs[f"kind_{i}"] = 2 - 0.05 * (i + 1) + 0.1 * mixed
    return pd.concat(
        pd.DataFrame({"arm": arm, "point": 0, "replicate": range(replicates), "total_cost": values})
        for arm, values in costs.items()
    )


def results(runs: pd.DataFrame, rule: Any = None, **manifest: int) -> Reported:
    experiment = {"baseline": "usual", **({} if rule is None else {"precision": rule})}
    return Reported(Path("there"), runs, experiment=experiment, manifest=manifest)


def made(runs: pd.DataFrame, rule: Any = None, **manifest: int) -> Section:
    found = section(results(runs, rule, **manifest))
    assert found is not None
    return found


def words(part: Section) -> str:
    text = " ".join(part.sentences)
    return text.replace("\N{NO-BREAK SPACE}", " ").replace(SPACE, "")


def test_without_a_rule_students_interval_and_the_pairing_are_told() -> None:
    told = words(made(runs_of()))
    assert "half-width of the 95 % interval of kind 0 minus usual in total cost" in told
    half = shrinking_of(runs_of())["student"]
    assert f"is {half.iloc[-1]:.3f} (money per accepted lot) after 120 paired" in told
    assert f"after 10 it was {half.iloc[0]:.3f}." in told
    assert "asked for" not in told


def shrinking_of(runs: pd.DataFrame, arm: str = "kind_0") -> pd.DataFrame:
    by_arm = runs.pivot_table(index="replicate", columns="arm", values="total_cost")
    return shrinking(pd.DataFrame({"arm": by_arm[arm], "baseline": by_arm["usual"]}))


def test_a_rule_that_is_met_says_when_and_how_well() -> None:
    told = words(made(runs_of(), {"half_width": 0.0125, "relative": True}))
    stopped = re.match(r"Stopped after (\d+) of at most 2000 replications, at look (\d): ", told)
    assert stopped is not None
    assert 60 < int(stopped[1]) < 120
    assert told.count("The folder holds 120.") == 1
    assert "asked for: 0.025, 1.25 % of the mean of usual; 120 paired replications" in told
    last = shrinking_of(runs_of()).iloc[-1]
    low, high = last["mean"] - last["sequence"], last["mean"] + last["sequence"]
    assert f"the 95 % interval is −{-low:.3f} to −{-high:.3f}" in told
    assert "would reach it" not in told


def test_a_folder_that_ends_with_the_last_look_holds_no_more() -> None:
    rule = {"half_width": 0.0125, "relative": True}
    found = find(results(runs_of(), rule))
    assert found is not None
    last = found.looks[-1].replications
    told = words(made(runs_of().query(f"replicate < {last}"), rule))
    assert f"Stopped after {last} of" in told
    assert "The folder holds" not in told


def test_a_rule_that_is_missed_says_how_far_it_was() -> None:
    told = words(made(runs_of(), {"half_width": 0.002, "max": 120, "confidence": 0.9}))
    assert told.startswith("The precision that was asked for could not be reached in 120 ")
    assert "the 90 % interval is" in told
    needed = re.search(r"About (\d+) replications would reach it\.", told)
    assert needed is not None
    spread = np.sqrt(2 * 0.01 * (1 - 0.8))
    assert int(needed[1]) == pytest.approx(11.5 * (spread / 0.002) ** 2, rel=0.4)


@pytest.mark.parametrize(
    ("manifest", "finished"),
    [
        ({"runs_planned": 240, "runs_done": 240, "runs_failed": 0}, True),
        ({"runs_planned": 240, "runs_done": 238, "runs_failed": 2}, True),
        ({"runs_planned": 240, "runs_done": 238, "runs_failed": 0}, False),
    ],
)
def test_an_interrupted_experiment_is_not_said_to_have_stopped(
    manifest: dict[str, int], finished: bool
) -> None:
    told = words(made(runs_of(), {"half_width": 0.025}, **manifest))
    assert told.startswith("Stopped after") == finished
    assert told.startswith("Not finished: the last look was after") != finished


def test_before_the_first_look_there_is_nothing_to_judge() -> None:
    part = made(runs_of(8), {"half_width": 0.02})
    assert "the first look is due after 20 replications" in words(part)
    assert "8 paired replications are too few for an interval" in words(part)
    assert part.pictures == ()


@pytest.mark.parametrize("replicates", range(2, 12))
@pytest.mark.parametrize("rule", [None, {"half_width": 0.02}])
def test_few_replicates_claim_nothing_of_the_pairing(replicates: int, rule: Any) -> None:
    part = made(runs_of(replicates, arms=2), rule)
    told, few = words(part), replicates < FEWEST_PAIRS
    untold = (
        "What it is worth that kind 0 and usual share their luck cannot be told from "
        f"{replicates} paired replications: 8 are the fewest."
    )
    assert (untold in told) == few
    assert ("times as many runs" in told) != few
    assert [table.rows[-1][-1] == "–" for table in part.tables] == [few, few]
    assert any("bootstrap" in note for note in part.notes) != few
    assert part.pictures == ()
    after = [int(count) for count in re.findall(r"after (\d+)", told)]
    if rule is None:
        assert after == [replicates, *([8] if replicates > 8 else [])] * 2


@pytest.mark.parametrize("replicates", [12, 19, 20])
def test_a_figure_that_is_there_has_lines(replicates: int) -> None:
    axis = made(runs_of(replicates)).pictures[0].draw(style.WIDE)[0]
    assert [len(line.get_xdata()) > 3 for line in axis.lines] == [True, True]


def test_what_independent_seeds_would_have_cost() -> None:
    told = words(made(runs_of(2000, 0.9)))
    cost = re.search(
        r"With independent seeds for the two arms, the same precision would have taken ([\d.]+) "
        r"times as many runs \(95 % interval ([\d.]+) to ([\d.]+)\): about (\d+) replications "
        r"instead of 2000\.",
        told,
    )
    assert cost is not None
    ratio, low, high, count = (float(text) for text in cost.groups())
    assert low < ratio < high
    assert ratio == pytest.approx(10, rel=0.1)
    assert count == pytest.approx(2000 * ratio, rel=0.05)


@pytest.mark.parametrize(
    ("correlation", "opening"),
    [
        (0.0, "Whether it helps that the two arms share their luck is not clear: "),
        (-0.9, "Sharing luck does harm here: with independent seeds for the two arms, "),
    ],
)
def test_pairing_that_does_not_help_is_no_praise(correlation: float, opening: str) -> None:
    assert opening in words(made(runs_of(500, correlation)))


def test_arms_that_always_differ_by_the_same_are_said_to() -> None:
    runs = runs_of(30)
    same = runs[runs["arm"] == "usual"].assign(arm="kind_0")
    same["total_cost"] -= 0.25
    told = words(made(pd.concat([runs[runs["arm"] == "usual"], same])))
    assert "The two arms share their luck, and all pairs of runs differ by the same." in told
    flat = pd.concat([runs[runs["arm"] == "usual"], same]).assign(total_cost=1.0)
    assert "cannot be told: nothing varies" in words(made(flat))


def test_several_challengers_are_told_one_after_the_other() -> None:
    part = made(runs_of(arms=3), {"half_width": 0.02})
    assert len(part.sentences) == 1 + 2 * 3
    assert len(part.tables) == 3
    assert "With independent seeds for kind 1 and usual, " in words(part)
    found = find(results(runs_of(arms=3), {"half_width": 0.02}))
    assert found is not None
    assert sentences(found) == list(part.sentences)


def test_the_table_shows_the_looks_or_round_numbers_and_the_end() -> None:
    plain = made(runs_of()).tables[0]
    assert [row[0] for row in plain.rows] == ["10", "20", "50", "100", "120"]
    last = shrinking_of(runs_of()).iloc[-1]
    for column, half in ((2, last["sequence"]), (3, last["student"])):
        assert plain.rows[-1][column].startswith(f"−{half - last['mean']:.3f} to ")
    found = find(results(runs_of(), {"half_width": 0.02}))
    assert found is not None
    ruled = made(runs_of(), {"half_width": 0.02}).tables[0]
    looked = [str(look.replications) for look in found.looks]
    assert [row[0] for row in ruled.rows] == [*looked, "120"]


def test_nothing_is_said_of_what_has_no_pairs() -> None:
    runs = runs_of()
    assert section(results(runs[runs["arm"] == "usual"])) is None
    assert section(results(runs.query("replicate == 0"))) is None
    assert section(results(runs.drop(columns="total_cost"))) is None


def test_a_rule_that_cannot_be_read_names_the_file() -> None:
    with pytest.raises(ConfigError, match=r"there/experiment\.toml: precision\.half_width"):
        section(results(runs_of(), {"half_width": "narrow"}))


@pytest.mark.parametrize("width", [style.WIDE, style.COLUMN])
def test_the_figure_shows_both_widths_the_target_and_the_looks(width: float) -> None:
    runs, rule = runs_of(arms=2), {"half_width": 0.02}
    axes = made(runs, rule).pictures[0].draw(width)
    found = find(results(runs, rule))
    assert found is not None
    assert len(axes) == 2
    for axis, arm, known in zip(axes, ("kind_0", "kind_1"), found.challengers, strict=True):
        last = shrinking_of(runs, arm).iloc[-1]
        assert "log" == axis.get_xscale() == axis.get_yscale()
        apart, paired, wanted, looked = (np.asarray(line.get_ydata()) for line in axis.lines)
        assert paired[-1] == pytest.approx(last["sequence"])
        assert apart[-1] == pytest.approx(last["sequence"] * np.sqrt(last["ratio"]))
        assert set(wanted) == {0.02}
        widths = [look.reached[found.challengers.index(known)].half_width for look in found.looks]
        assert looked == pytest.approx(widths)


@pytest.mark.parametrize("rule", [None, {"half_width": 0.02}, {"half_width": 1.0}])
@pytest.mark.filterwarnings("error")
def test_the_panels_have_room(rule: Any) -> None:
    """A symbol at a place that a logarithmic scale has not would squeeze them to nothing."""
    axes = made(runs_of(arms=3), rule).pictures[0].draw(style.COLUMN)
    figure = axes[0].figure.get_figure(root=True)
    assert figure is not None
    style.settle(figure)
    sizes = [axis.get_position().size * figure.get_size_inches() for axis in axes]
    assert (np.array(sizes) > 1).all()


def test_what_was_before_the_first_of_several_looks_is_not_drawn() -> None:
    for rule, first in ((None, 10), ({"half_width": 1.0}, 10), ({"half_width": 0.02}, 20)):
        axis = made(runs_of(), rule).pictures[0].draw(style.WIDE)[0]
        assert axis.lines[1].get_xdata()[0] == first


def test_the_figure_needs_a_challenger() -> None:
    with pytest.raises(ConfigError, match='no arm to compare with "usual"'):
        interval_by_replications(pd.DataFrame({"arm": []}), baseline="usual")


def test_the_words_for_those_who_do_not_see_the_figure_hold_its_ends() -> None:
    picture = made(runs_of()).pictures[0]
    path = shrinking_of(runs_of())
    first, last = path["student"].iloc[0], path["student"].iloc[-1]
    assert f"kind 0 from {first:.3f} after 10 to {last:.3f} after 120" in picture.alt
