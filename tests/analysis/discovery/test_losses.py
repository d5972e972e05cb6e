"""Where one arm loses: points, boxes in the parameters' units, held-out points, a clear verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.places import ROOT

from trustsim.analysis.discovery.boxes import Half, HeldOut, held_out, standing
from trustsim.analysis.discovery.losses import Discovery, discover, point_differences
from trustsim.analysis.discovery.prim import Bounds, BoxSearch
from trustsim.config.dimensions import Dimension, Dimensions
from trustsim.config.experiment import load_experiment
from trustsim.errors import ConfigError
from trustsim.schema.translation import read

read_dimensions = partial(read, Dimensions)

ARMS = ("high_trust", "adversarial")
PARAMETERS = {
    "market.late_gain": {"low": 1.0, "high": 2.0},
    "market.rivals": {"low": 1, "high": 8},
    "market.lot_cost": {"low": 0.5, "high": 50.0, "scale": "log"},
    "market.gain_sharing": {"low": 0.0, "high": 1.0},
    "market.remoteness": {"low": 0.0, "high": 0.9},
    "policies.buyers.high_trust.inspection": {"choices": ["none", "all", "fixed", "by_trust"]},
}
SPACE = read_dimensions(PARAMETERS, "design.parameters")


def market(
    difference, points: int = 512, replicates: int = 4, noise: float = 0.002, seed: int = 1
) -> pd.DataFrame:
    """Runs whose paired difference is a function of the point's parameters, and noise."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({d.path: d.of(random.random(points)) for d in SPACE})
    table.columns = [d.path for d in SPACE]
    named = table.rename(columns=lambda path: path.split(".")[-1])
    mean = np.asarray(difference(named), float)
    rows = []
    for replicate in range(replicates):
        cost = 1.3 + 0.01 * random.standard_normal(points)
        gap = mean + noise * random.standard_normal(points)
        for arm, total in zip(ARMS, (cost + gap, cost), strict=True):
            rows.append(
                table.assign(
                    arm=arm, point=range(points), replicate=replicate, status="done",
                    total_cost=total,
                )
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def planted(named: pd.DataFrame) -> np.ndarray:
    """High trust costs more where credit is dear, rivals few and goods cheap."""
    loses = (named.late_gain < 1.4) & (named.rivals <= 5) & (named.lot_cost < 10)
    return np.where(loses, 0.02, -0.02)


def coin(named: pd.DataFrame) -> np.ndarray:
    return np.where(np.random.default_rng(11).random(len(named)) < 0.25, 0.02, -0.02)


@pytest.fixture(scope="module")
def found() -> Discovery:
    return discover(market(planted), SPACE, *ARMS, search=BoxSearch(density=0.9))


def test_a_planted_region_is_told_in_the_parameters_own_units(found: Discovery) -> None:
    assert found.verdict == "boxes"
    (box,) = found.boxes
    limits = {r.dimension.path: r for r in box.restrictions}
    assert set(limits) == {"market.late_gain", "market.rivals", "market.lot_cost"}
    assert limits["market.late_gain"].high == pytest.approx(1.4, abs=0.04)
    assert limits["market.rivals"].high == 5
    # 5 % of 512 points on a log scale of two decades
    assert np.log10(limits["market.lot_cost"].high) == pytest.approx(1.0, abs=0.1)
    assert all(r.low == -np.inf for r in limits.values())
    assert all(r.chance < 0.01 and r.stability == 1 for r in limits.values())
    low, high = limits["market.late_gain"].spread
    assert 1.3 < low <= high < 1.5
    assert box.coverage > 0.95
    assert box.density >= 0.9
    assert box.points == round(box.mass * 512)


def test_the_share_and_the_counts_are_those_of_the_points(found: Discovery) -> None:
    table = found.points
    assert found.share == table["loses"].mean() == pytest.approx(0.4 * 5 / 8 * 0.65, abs=0.04)
    (box,) = found.boxes
    inside = table["box"] == 1
    assert inside.sum() == box.points
    assert table.loc[inside, "loses"].sum() == box.losing
    assert box.coverage == box.losing / table["loses"].sum()
    assert found.runs == 512 * 4 * 2
    assert found.unmeasured == 0
    path = found.path
    assert path["mass"].is_monotonic_decreasing
    assert path["coverage"].is_monotonic_decreasing
    assert path["density"].iloc[0] == found.share


def test_held_out_points_confirm_a_planted_region(found: Discovery) -> None:
    (held_out,) = found.held_out
    assert held_out.density > 0.85
    assert held_out.coverage > 0.85
    assert held_out.chance < 1e-6
    assert held_out.halves == 20


def test_noise_has_no_box_and_is_no_better_than_chance_on_held_out_points() -> None:
    verdicts, densities = [], []
    for seed in range(6):
        runs = market(coin, points=300, replicates=2, seed=seed)
        noise = discover(runs, SPACE, *ARMS, splits=4)
        verdicts.append(noise.verdict)
        densities.append(noise.held_out[0].density - noise.share)
        assert noise.boxes == ()
        assert (noise.points["box"] == 0).all()
    assert set(verdicts) == {"no box"}
    # Mean of six: each is a density of some hundred points, so its error is about .02
    assert np.nanmean(densities) == pytest.approx(0, abs=0.05)


def test_limits_that_halves_do_not_share_are_dropped() -> None:
    def slanted(named: pd.DataFrame) -> np.ndarray:
        """The sign turns along a slant of two parameters, with noise of the point's own."""
        own = np.random.default_rng(5).standard_normal(len(named))
        return 0.05 * (1.8 - named.late_gain - named.gain_sharing) + 0.02 * own

    found = discover(market(slanted, points=500, seed=1), SPACE, *ARMS)
    assert found.verdict == "boxes"
    for box in found.boxes:
        assert {r.dimension.label for r in box.restrictions} <= {"late gain", "gain sharing"}
        assert all(r.stability >= 0.5 for r in box.restrictions)


def test_held_out_figures_are_counted_on_the_other_half_only() -> None:
    lost = np.array([True, True, True, False, False, False, True, False])
    first = np.array([True, True, True, True, False, False, False, False])
    held = np.array([True, False, True, False, True, False, True, False])
    halves = [
        Half([(Bounds(),)], [held], others=~first),  # of 4 to 7, holds 4 and 6
        Half([(Bounds(),)], [held], others=first),  # of 0 to 3, holds 0 and 2
    ]
    judged = held_out(halves, lost, 1)
    assert (judged.density, judged.coverage, judged.mass) == (3 / 4, 3 / 4, 4 / 8)
    assert judged.chance == pytest.approx(stats.binomtest(3, 4, 0.5, "greater").pvalue)
    none = held_out([Half([], [], others=first)], lost, 1)
    assert np.isnan(none.density)
    assert (none.coverage, none.chance, none.halves) == (0, 1, 1)


def test_a_further_box_stands_if_it_does_better_than_chance_on_held_out_points() -> None:
    first = HeldOut(coverage=0.6, density=0.8, mass=0.3, chance=0.0, halves=20)
    dense = replace(first, coverage=0.7, mass=0.35)  # a tenth of the losing in a twentieth of all
    chance = replace(first, coverage=0.64, mass=0.35)
    assert standing([first]) == 1
    assert standing([first, dense]) == 2
    assert standing([first, chance]) == 1
    assert standing([first, chance, dense]) == 1


def test_points_whose_interval_holds_the_threshold_are_too_close_to_call() -> None:
    runs = market(lambda named: np.zeros(len(named)), replicates=5)
    table = point_differences(runs, SPACE, *ARMS)
    # An interval of 95 % holds the true difference at 95 of 100 points (four standard errors)
    assert table["undecided"].mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / 512))
    assert table["replicates"].eq(5).all()
    clear = point_differences(market(planted), SPACE, *ARMS)
    assert not clear["undecided"].any()
    assert not point_differences(market(planted, replicates=1), SPACE, *ARMS)["undecided"].any()


def test_a_threshold_moves_what_counts_as_losing() -> None:
    runs = market(planted, points=100)
    assert discover(runs, SPACE, *ARMS, threshold=0.05).verdict == "never loses"
    always = discover(runs, SPACE, *ARMS, threshold=-0.05)
    assert (always.verdict, always.boxes, always.held_out) == ("always loses", (), ())


def test_swapped_arms_tell_where_the_challenger_wins() -> None:
    found = discover(market(planted, points=200), SPACE, *ARMS[::-1], splits=2)
    assert found.share > 0.7
    assert found.asked == pytest.approx((1 + found.share) / 2)  # a box must tell something


def test_a_planted_choice_is_named() -> None:
    def choosy(named: pd.DataFrame) -> np.ndarray:
        return np.where(named.inspection.isin(["all", "fixed"]), 0.02, -0.02)

    (box,) = discover(market(choosy), SPACE, *ARMS, splits=2).boxes
    (restriction,) = box.restrictions
    assert restriction.kept == ("all", "fixed")
    assert restriction.stability == 1
    assert np.isnan(restriction.spread).all()


def test_what_is_missing_is_refused_or_left_out_as_told() -> None:
    runs = market(planted, points=100)
    holed = runs.drop(index=runs.index[(runs["arm"] == "adversarial") & (runs["point"] == 7)])
    with pytest.raises(ConfigError, match="not paired"):
        discover(holed, SPACE, *ARMS)
    found = discover(holed, SPACE, *ARMS, unpaired="drop", splits=1)
    assert 7 not in found.points.index
    assert len(found.points) == 99
    unmeasured = runs.assign(total_cost=runs["total_cost"].where(runs["point"] != 3))
    assert discover(unmeasured, SPACE, *ARMS, splits=1).unmeasured == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"measure": "total_cots"}, "did you mean"),
        ({"challenger": "hihg_trust"}, "did you mean"),
        ({"search": BoxSearch(alpha=0.7)}, "alpha = 0.7"),
        ({"search": BoxSearch(density=0)}, "density = 0"),
        ({"search": BoxSearch(boxes=0)}, "boxes = 0"),
        ({"splits": 0}, "splits = 0"),
        ({"confidence": 1.5}, "confidence"),
        ({"runs": "few"}, "59 design points"),
        ({"dimensions": "moved"}, 'no column "market.late_gian"'),
    ],
)
def test_bad_calls_are_refused_with_a_message(change: dict, words: str) -> None:
    call = {"runs": market(planted, points=70), "dimensions": SPACE}
    call |= {"challenger": ARMS[0], "baseline": ARMS[1], "splits": 1}
    call |= change
    if change.get("runs") == "few":
        call["runs"] = market(planted, points=59)
    if change.get("dimensions") == "moved":
        call["dimensions"] = (renamed(SPACE[0], "market.late_gian"), *SPACE[1:])
    with pytest.raises(ConfigError, match=words):
        discover(**call)


def renamed(dimension: Dimension, path: str) -> Dimension:
    return replace(dimension, path=path)


def test_the_shipped_experiment_asks_enough_and_says_why() -> None:
    file = ROOT / "configs" / "where_trust_pays.toml"
    experiment = load_experiment(file)
    design = experiment.design
    assert design is not None
    assert sum(design.points) >= 1000
    assert len(design.dimensions) >= 8
    assert len(experiment.arms) == 2
    assert experiment.replications >= 4
    lines = file.read_text(encoding="utf-8").splitlines()
    for dimension in design.dimensions:
        name = dimension.path.rpartition(".")[2]
        (at,) = [i for i, line in enumerate(lines) if line.startswith(f"{name} = {{ low")]
        comment = ""
        while lines[at - 1].startswith("#"):
            at -= 1
            comment = lines[at] + comment
        assert "ssumption" in comment or re.search(r"\b(18|19|20)\d\d\b", comment), name


def test_the_same_runs_give_the_same_answer_in_any_order() -> None:
    runs = market(planted, points=120)
    shuffled = runs.sample(frac=1, random_state=3)
    one, other = (discover(r, SPACE, *ARMS, splits=2) for r in (runs, shuffled))
    assert one.boxes == other.boxes
    assert one.held_out == other.held_out
    pd.testing.assert_frame_equal(one.points, other.points)
