"""Numbers in sentences, captions and alternative texts are worked out here from the tables."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.drawn import last_digit, numbers, student
from support.synthetic_design import write_design_folder
from support.synthetic_results import ARMS, write_folder

from trustsim.analysis.crossover import Crossover
from trustsim.report.results import Reported, read_results
from trustsim.report.sections.gallery import pictures
from trustsim.report.words.answer import answer, crossover_sentence, replication_sentence
from trustsim.report.words.answers import answers, mean_sentence, precision_sentences
from trustsim.report.words.labels import half_width_text
from trustsim.report.words.limits import limits

BASELINE = "adversarial"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    manifest = {"replications": 6, "runs_planned": 18, "name": "made", "versions": {"a": [1, 2]}}
    path = tmp_path_factory.mktemp("said")
    return read_results(write_folder(path, replicates=6, rounds=60, manifest=manifest))


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    return read_results(write_design_folder(tmp_path_factory.mktemp("points") / "lhs"))


def spaced(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", "")


def near(text: str, *known: float) -> bool:
    """Whether a text holds these numbers, each to the digits that it shows."""
    shown = re.findall(r"[−-]?\d+(?:\.\d+)?", spaced(text))
    return len(shown) == len(known) and all(
        numbers(each)[0] == pytest.approx(value, abs=last_digit(each))
        for each, value in zip(shown, known, strict=True)
    )


def plain(arm: str) -> str:
    return arm.replace("_", " ")


def cumulative(rounds: pd.DataFrame, arm: str, first: int = 0) -> pd.DataFrame:
    """Cost per accepted lot of all rounds so far, a row per replicate."""
    mine = rounds[rounds["arm"] == arm].sort_values("round")
    lots = mine.pivot(index="replicate", columns="round", values="accepted")
    paid = mine["total_cost"] * mine["accepted"]
    money = mine.assign(paid=paid).pivot(index="replicate", columns="round", values="paid")
    return money.cumsum(axis=1) / lots.cumsum(axis=1)


def below_from(a: np.ndarray, b: np.ndarray) -> float:
    """Round from which a stays below b; infinite if it never does."""
    above = np.flatnonzero(a >= b)
    start = int(above[-1]) + 1 if len(above) else 0
    return start if start < len(a) else math.inf


def test_the_answer_and_when_an_arm_overtakes(results: Reported) -> None:
    runs, rounds = results.runs, results.rounds
    assert rounds is not None
    cost = runs.pivot(index="replicate", columns="arm", values="total_cost")
    for said, arm in zip(answers(results), ("high_trust", "trust_but_verify"), strict=True):
        gap = cost[arm] - cost[BASELINE]
        low, high = student(gap, 0.95)
        main, since, *yearly = re.split(r"(?<=\.) (?=[A-Z])", spaced(said))
        assert near(
            main, -gap.mean(), -100 * gap.mean() / cost[BASELINE].mean(), 95, -high, -low, 6
        )
        a, b = (cumulative(rounds, each).to_numpy() for each in (arm, BASELINE))
        own = sorted(below_from(x, y) for x, y in zip(a, b, strict=True))
        # Half of the six have crossed with the third.
        typical = own[2]
        text = re.search(r"from round (\d+) \(year ([\d.]+)\) .* this happens in (\d+) % of", since)
        assert text is not None, since
        assert int(text[1]) == typical + 1
        assert near(text[2], (typical + 1) / 12)
        assert int(text[3]) == round(100 * np.mean(np.isfinite(own)))
        ends = re.search(r"interval: year ([\d.]+) to ([\d.]+)", since)
        assert ends is not None
        assert float(ends[1]) <= float(text[2]) <= float(ends[2])
        # The interval of a median of six is one of its own values.
        for end in ends.groups():
            assert any(near(end, (each + 1) / 12) for each in own)
        assert yearly == [] or "mean cost of a year falls below" in yearly[0]


@pytest.mark.parametrize("horizon", [30, 120])
def test_years_are_rounds_over_rounds_of_a_year(horizon: int) -> None:
    made = Crossover(19, 9, math.inf, 0.75, 0.0, 8, 3, 2, 5, horizon, 0.9)
    said = spaced(crossover_sentence(made, "a_b", "c", 4))
    assert said == (
        "Counting everything paid so far, a b is the cheaper for good from round 20 (year 5.0) in "
        "the typical run (90 % interval: year 2.5 to beyond the last); this happens in 75 % of the "
        "runs."
    )
    never = Crossover(math.inf, 9, math.inf, 0.25, 0.0, 8, 3, 2, 5, horizon, 0.9)
    assert f"within {horizon / 4:.1f} years, so that" in crossover_sentence(never, "a", "c", 4)
    none = Crossover(math.inf, 9, math.inf, 0.0, 0.0, 8, 3, 2, 5, horizon, 0.9)
    assert crossover_sentence(none, "a", "c", 4).endswith(f"c within {horizon / 4:.1f} years.")


def paths(gaps: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs and rounds of arms a and b; a costs 1 and this much more, per replicate and round."""
    n, t = gaps.shape
    rounds = pd.concat(
        pd.DataFrame(
            {"arm": arm, "policy": arm, "run_id": [f"{arm}{i}" for i in np.repeat(range(n), t)],
             "replicate": np.repeat(range(n), t), "round": np.tile(range(t), n),
             "total_cost": cost.ravel(), "accepted": 1.0}
        )
        for arm, cost in (("a", 1 + gaps), ("b", np.ones((n, t))))
    )  # fmt: skip
    runs = rounds.groupby(["arm", "replicate"], as_index=False)["total_cost"].mean()
    return runs.assign(point=0), rounds


@pytest.mark.parametrize(
    ("early", "later", "said"),
    [
        # After 3 dear rounds a saves; cumulated it is even after 6, and below from the 7th on.
        ([0.1] * 4, -0.1, "a is the cheaper for good from round 7 (year 1.8) in the typical run"),
        # Only one of four crosses: a is not said to overtake, and b is the cheaper from the start.
        ([-0.1, 0.1, 0.1, 0.1], 0.1, "In only 25 % of the runs"),
        ([0.1] * 4, 0.1, "In no run does a overtake b within 3.0 years."),
        # The baseline overtakes in turn, a round earlier where a is a little dearer throughout.
        ([-0.1] * 4, 0.1, "b is the cheaper for good from round 6 (year 1.5) in the typical run"),
        ([-0.1] * 4, -0.1, "A is the cheaper from the first round on, in every run"),
    ],
)
def test_who_overtakes_whom(early: list[float], later: float, said: str) -> None:
    gaps = np.full((4, 12), later)
    gaps[:, :3] = np.array(early)[:, None]
    if early[0] != early[1]:
        gaps[0] = -0.1
    gaps += 0.001 * np.arange(4)[:, None]
    runs, rounds = paths(gaps)
    if said.startswith("In only"):
        (text,) = answer(runs, rounds, "b", ["a", "b"], 0.2, 4)
        said = "A overtakes b for good in only 25 % of the runs within 3.0 years"
    else:
        (text,) = answer(runs, rounds, "b", ["a", "b"], 0.95, 4)
    assert said in spaced(text)


def test_when_the_cost_of_a_year_falls_below() -> None:
    gaps = np.full((4, 24), -0.1)
    gaps[:, :6] = 0.2
    gaps += 0.001 * np.arange(4)[:, None]
    runs, rounds = paths(gaps)
    (text,) = answer(runs, rounds, "b", ["a", "b"], 0.95, 4)
    # Cumulated: 6 x .2 are made up for after 12 more rounds, a bit later with the offset; the four
    # rounds of a year: with one of .2 and three of -.1 below zero, that is with round 9.
    assert "from round 19 (year 4.8)" in text
    said = spaced(text)
    assert "The mean cost of a year falls below that of b for good in year 2.2 (95 % inter" in said
    assert said.endswith("interval: year 2.2).")


def row(difference: float, half: float, n: int) -> dict[str, float]:
    return {"difference": difference, "half_width": half, "n": n}


def test_the_rule_of_replications() -> None:
    said = spaced(replication_sentence(row(-0.1, 0.02, 50), "a", "b"))
    # (.02 / .001)² times as many
    assert said == (
        "A against b: 50 paired runs; the half-width is 20.0 % of the difference, about 20000 "
        "pairs would bring it to 1 %. The rule is not met."
    )
    wide = spaced(replication_sentence(row(0.1, 0.25, 199), "a", "b"))
    assert "the half-width is 2.5 times the size of the difference, about 12437500 pairs" in wide
    assert wide.endswith("The rule is not met.")
    for nothing in (row(0.0, 0.1, 5), row(0.1, math.nan, 5)):
        assert replication_sentence(nothing, "a", "b") == (
            "A against b: 5 paired runs; the precision cannot be told from these."
        )
    assert replication_sentence(row(0.1, math.nan, 1), "a", "b").startswith("A against b: 1 pair ")
    exact = spaced(replication_sentence(row(0.1, 0.001, 5), "a", "b"))
    assert exact.endswith("is 1.0 % of the difference, within the target of 1 %. The rule is met.")


def test_precision_of_one_market_and_of_a_design(results: Reported, design: Reported) -> None:
    cost = results.runs.pivot(index="replicate", columns="arm", values="total_cost")
    for said, arm in zip(precision_sentences(results), results.challengers, strict=True):
        gap = cost[arm] - cost[BASELINE]
        low, high = student(gap, 0.95)
        ratio = (high - low) / 2 / abs(gap.mean())
        needed = math.ceil(6 * (ratio / 0.01) ** 2)
        assert near(said.partition(": ")[2], 6, 100 * ratio, needed, 1)
        assert f"the half-width is {100 * ratio:.1f} % of the difference, about" in spaced(said)
    wide = design.runs.pivot_table(index=["point", "replicate"], columns="arm", values="total_cost")
    gaps = (wide["high_trust"] - wide["adversarial"]).unstack()
    a, b = gaps.mean(axis=1).var(ddof=1) / 24, gaps.mean(axis=0).var(ddof=1) / 4
    df = (a + b) ** 2 / (a**2 / 23 + b**2 / 3)
    half = stats.t.ppf(0.975, df) * math.sqrt(a + b)
    (said,) = precision_sentences(design)
    ratio = half / abs(gaps.to_numpy().mean())
    assert ratio < 1
    assert spaced(said) == (
        "High trust against adversarial: 24 points, 4 replicates; the half-width is "
        f"{100 * ratio:.1f} % of the difference."
    )
    runs = design.runs.copy()
    runs.loc[runs["arm"] == "high_trust", "total_cost"] -= 0.999 * gaps.to_numpy().mean()
    (said,) = precision_sentences(replace(design, runs=runs))
    assert said.endswith(f"half-width is {1000 * ratio:.1f} times the size of the difference.")
    one = replace(design, runs=runs[runs["replicate"] == 0], experiment={})
    assert one.points == 24
    assert precision_sentences(one) == []


def test_means_say_how_many_replicates_each_point_has(design: Reported) -> None:
    runs = design.runs
    fewer = runs[(runs["point"] != 3) | (runs["replicate"] < 2)]
    made = Reported(design.folder, fewer, experiment=design.experiment)
    assert "which count alike, with 2 to 4 replicates at each" in mean_sentence(made)
    one = Reported(design.folder, runs[runs["replicate"] == 0], experiment=design.experiment)
    assert "with 1 replicate at each" in mean_sentence(one)


def test_where_a_challenger_does_not_win(results: Reported) -> None:
    rounds, runs, ages = results.rounds, results.runs, results.ages
    assert rounds is not None
    assert ages is not None
    told = {limit.arm: limit for limit in limits(results)}
    cost = runs.pivot(index="replicate", columns="arm", values="total_cost")
    first = {arm: cumulative(rounds, arm)[11] for arm in ARMS}
    price = {
        arm: (mine["cost_price"] * mine["accepted"]).groupby(mine["replicate"]).sum()
        / mine.groupby("replicate")["accepted"].sum()
        for arm in ARMS
        for mine in (rounds[(rounds["arm"] == arm) & (rounds["round"] < 12)],)
    }
    for arm in ("high_trust", "trust_but_verify"):
        sentences = {spaced(each).split(" ")[0]: spaced(each) for each in told[arm].sentences}
        listed = [spaced(each) for each in told[arm].sentences]
        gap = cost[arm] - cost[BASELINE]
        assert student(gap, 0.95)[1] < 0
        assert not told[arm].loses
        assert not any("over the whole run:" in each for each in listed)
        early = first[arm] - first[BASELINE]
        low, high = student(early, 0.95)
        (said,) = [each for each in listed if "in the first year" in each and "accepted" in each]
        assert high >= 0
        relative = 100 * early.mean() / first[BASELINE].mean()
        assert near(said, early.mean(), relative, 95, low, high, 6), (said, early.mean(), low, high)
        (said,) = [each for each in listed if "it pays a higher price" in each]
        a, b = price[arm], price[BASELINE]
        assert near(said, a.mean(), b.mean())
        # One digit of the uncertainty of their difference, two decimals at least
        ends = student(a - b, 0.95)
        places = max(2, -math.floor(math.log10((ends[1] - ends[0]) / 2)))
        assert f": {a.mean():.{places}f} per accepted lot against {b.mean():.{places}f}." in said
        assert not any(each.startswith("It is the dearer") for each in listed) or (
            near(sentences["It"], 100 * (gap > 0).mean())
        )
        (said,) = [each for each in listed if "it costs more in: " in each]
        parts = re.findall(r"([a-z ]+) \(\+([\d.]+)\)", said.partition("in: ")[2])
        known = {}
        for name in (name for name in runs if name.startswith("cost_")):
            table = runs.pivot(index="replicate", columns="arm", values=name)
            apart = table[arm] - table[BASELINE]
            if student(apart, 0.95)[0] > 0:
                known[name] = apart.mean()
        assert len(parts) == len(known) > 1
        for (_, text), value in zip(parts, known.values(), strict=True):
            assert near(text, value)


def test_a_challenger_is_dearer_in_some_runs_or_at_some_points(
    results: Reported, design: Reported
) -> None:
    runs = results.runs.copy()
    runs.loc[(runs["arm"] == "high_trust") & (runs["replicate"] < 2), "total_cost"] += 1.0
    made = Reported(results.folder, runs, experiment=results.experiment, manifest=results.manifest)
    (told,) = [limit for limit in limits(made) if limit.arm == "high_trust"]
    assert any(spaced(s) == "It is the dearer in 33 % of the paired runs." for s in told.sentences)
    assert any(s.startswith("No difference is shown") for s in told.sentences)
    (told,) = limits(design)
    wide = design.runs.pivot_table(index="point", columns="arm", values="total_cost")
    share = 100 * (wide["high_trust"] > wide["adversarial"]).mean()
    (said,) = [s for s in told.sentences if s.startswith("It is the dearer")]
    assert near(said, share)
    (said,) = [s for s in told.sentences if "it costs more in" in s] or [""]
    assert said == "" or said.startswith("Over the whole run, on average over the points it")


@pytest.mark.parametrize(
    ("worse", "where"),
    [(64, "Even in relations of 64+ earlier orders"), (0, "On first orders"), (8, "")],
)
def test_conduct_that_is_no_better(results: Reported, worse: int, where: str) -> None:
    ages = results.ages
    assert ages is not None
    names = ["inspection_rate", "dispute_rate", "arrears_days", "supplier_opportunism_rate",
             "buyer_opportunism_rate"]  # fmt: skip
    made = ages.copy()
    for place, name in enumerate(names):
        # Every second one is plainly higher at one age, and no other at any.
        mine = made["arm"] == "high_trust"
        there = mine & (made["age_from"] == worse)
        made.loc[mine, name] = made.loc[mine, name] - 1e3
        made.loc[there, name] += 2e3 if place % 2 == 0 else 0
    changed = Reported(results.folder, results.runs, experiment=results.experiment)
    changed.__dict__["ages"] = made
    changed.__dict__["rounds"] = None
    (told,) = [limit for limit in limits(changed) if limit.arm == "high_trust"]
    said = [s for s in told.sentences if "not shown to be lower" in s]
    assert said == [
        f"{where} these are not shown to be lower than under adversarial: inspection rate, "
        "arrears, opportunism of buyers."
    ] * bool(where)


def test_what_is_dearer_by_little_is_told_with_four_decimals(results: Reported) -> None:
    runs = results.runs.copy()
    wide = runs.pivot(index="replicate", columns="arm", values="cost_delay")
    little = 0.00212 + np.where(np.arange(len(wide)) % 2, 1e-5, -1e-5)
    for replicate, cost in (wide["adversarial"] + little).items():
        mine = (runs["arm"] == "high_trust") & (runs["replicate"] == replicate)
        runs.loc[mine, "cost_delay"] = cost
    changed = Reported(results.folder, runs, experiment=results.experiment)
    (told,) = [limit for limit in limits(changed) if limit.arm == "high_trust"]
    assert any("(+0.0021)" in sentence for sentence in told.sentences), told


@pytest.mark.parametrize(
    ("half", "places", "text"),
    [(0.5, 0, "under 1"), (0.51, 0, "1"), (0.0005, 3, "0.001"), (0.00049, 3, "under 0.001"),
     (0.0, 3, "0.000"), (0.125, 2, "0.12")],
)  # fmt: skip
def test_a_half_width_that_rounding_would_hide(half: float, places: int, text: str) -> None:
    assert half_width_text(half, places) == text


def test_captions_and_alternative_texts(results: Reported, design: Reported) -> None:
    made = {picture.name: picture for picture in pictures(results, 0.8)}
    runs, rounds = results.runs, results.rounds
    assert rounds is not None
    for name, measure, digits in (
        ("total_cost_by_category", "total_cost", 3),
        ("hours_split", "transaction_time_share", 2),
    ):
        alt = made[name].alt
        means = runs.groupby("arm")[measure].mean()
        for arm in ARMS:
            assert f"{plain(arm)} {means[arm]:.{digits}f}" in alt
        assert "80 % interval" in spaced(made[name].caption)
    for name, measure in (("cost_over_time", "total_cost"), ("development", "cost_price")):
        for arm in ARMS:
            mine = rounds[rounds["arm"] == arm].groupby("round")[measure].mean()
            ends = f"{plain(arm)} from {mine.iloc[0]:.2f} to {mine.iloc[59]:.2f}"
            assert ends in made[name].alt
    assert all("over points" not in spaced(each.caption) for each in made.values())
    points = {picture.name: picture for picture in pictures(design)}
    assert points["total_cost_by_category"].caption.startswith("Mean over points of the design per")
    assert "one per point" in points["difference_distribution"].caption
    assert "one per pair of runs" in made["difference_distribution"].caption


def test_alternative_texts_hold_no_number_that_is_not_there(results: Reported) -> None:
    made = Reported(results.folder, results.runs[["arm", "replicate", "total_cost"]])
    made.__dict__["rounds"] = None
    alts = {picture.name: picture.alt for picture in pictures(made)}
    assert alts["hours_split"].endswith("share of hours.")
    assert alts["cost_over_time"].endswith("over time.")
    empty = results.rounds.assign(total_cost=math.nan)  # type: ignore[union-attr]
    made.__dict__["rounds"] = empty
    alts = {picture.name: picture.alt for picture in pictures(made)}
    assert alts["cost_over_time"].endswith("over time.")
