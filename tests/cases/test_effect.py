"""What a case shows, worked out from few numbers one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.small_case import OTHER, without_design, write_case

from trustsim.cases.effect import curve, effect_of, effects, reached, sides
from trustsim.cases.file import Case, load_case

OFF = ("nothing", "ransom")
LUCK = np.array([0.0, 0.3, -0.1, 0.2])


def runs(of: dict[tuple[str, float, str], list[float]]) -> pd.DataFrame:
    """Make a table of runs: values of replicates by arm, parameter and what is off."""
    points = {key: point for point, key in enumerate(dict.fromkeys(key[1:] for key in of))}
    return pd.DataFrame(
        [
            {
                "arm": arm,
                "point": points[value, off],
                "replicate": r,
                "without": off,
                "market.ransom_rate": value,
                "cost_dispute": number,
            }
            for (arm, value, off), numbers in of.items()
            for r, number in enumerate(numbers)
        ]
    )


@pytest.fixture
def ransom(tmp_path: Path) -> Case:
    return load_case(write_case(tmp_path))


def two_arms(tmp_path: Path, difference: str = "", against: str = "time") -> Case:
    changes = without_design(("suppliers = 4", "suppliers = 4\nransom_rate = 0.2"))
    path = write_case(tmp_path, "r2", *changes)
    extra = f'\ndifference = "{difference}"' if difference else ""
    text = path.read_text().replace('against = "time"', f'against = "{against}"{extra}')
    path.write_text(text + OTHER)
    return load_case(path)


def test_one_arm_at_both_ends_of_a_parameter(ransom: Case) -> None:
    gaps = {"nothing": np.array([2.0, 2.4, 1.9, 2.5]), "ransom": np.array([0.5, 0.1, 0.3, 0.1])}
    of = {}
    for off, gap in gaps.items():
        of["guided", 0.0, off] = list(1.0 + LUCK)
        of["guided", 0.25, off] = [9.0] * 4  # what lies between is not asked
        of["guided", 0.5, off] = list(1.0 + LUCK + gap)
    found = effects(ransom, {"runs": runs(of)})
    for effect, gap in (
        (found.full, gaps["nothing"]),
        (found.without, gaps["ransom"]),
        (found.carried, gaps["nothing"] - gaps["ransom"]),
    ):
        error = gap.std(ddof=1) / 2
        assert effect.difference == pytest.approx(gap.mean())
        assert effect.error == pytest.approx(error)
        assert effect.half_width == pytest.approx(stats.t.ppf(0.975, 3) * error)
        assert effect.pairs == 4
        assert effect.p == pytest.approx(stats.ttest_1samp(gap, 0).pvalue)
    assert (found.full.low, found.full.high) == pytest.approx((1.1, 3.3))


def test_a_replicate_that_is_missing_somewhere_is_no_pair(ransom: Case) -> None:
    of = {("guided", v, off): list(LUCK + v) for v, off in product((0.0, 0.5), OFF)}
    table = runs(of)
    table = table.drop(table[(table["point"] == 3) & (table["replicate"] == 1)].index)
    found = effects(ransom, {"runs": table})
    assert [each.pairs for each in found] == [4, 3, 3]
    assert sides(ransom, {"runs": table}, "ransom").index.tolist() == [0, 2, 3]


def test_what_is_the_same_in_every_bit_is_exactly_nothing(ransom: Case) -> None:
    of = {("guided", v, off): [0.1, 0.2, 0.7] for v, off in product((0.0, 0.5), OFF)}
    found = effects(ransom, {"runs": runs(of)})
    assert [(e.difference, e.half_width, e.p) for e in found] == [(0.0, 0.0, 1.0)] * 3


def test_one_pair_says_nothing() -> None:
    effect = effect_of(pd.DataFrame({"low": [1.0], "high": [2.0]}))
    assert (effect.difference, effect.pairs, effect.p) == (1.0, 1, 1.0)
    assert np.isnan(effect.half_width)
    empty = effect_of(pd.DataFrame({"low": [], "high": []}, dtype=float))
    assert (empty.pairs, empty.p) == (0, 1.0)


def test_two_arms_over_whole_runs(tmp_path: Path) -> None:
    case = two_arms(tmp_path)
    assert case.difference == "arms"
    of = {("guided", 0.0, off): list(LUCK) for off in OFF}
    of["other", 0.0, "nothing"] = list(LUCK + 0.7)
    of["other", 0.0, "ransom"] = list(LUCK + 0.2)
    found = effects(case, {"runs": runs(of)})
    assert [each.difference for each in found] == pytest.approx([0.7, 0.2, 0.5])


def test_two_arms_at_both_ends(ransom: Case, tmp_path: Path) -> None:
    path = write_case(tmp_path, "r2")
    path.write_text(path.read_text() + OTHER)
    case = load_case(path)
    of = {(a, v, off): list(LUCK) for a, v, off in product(("guided", "other"), (0.0, 0.5), OFF)}
    of["guided", 0.5, "nothing"] = list(LUCK + 1.0)
    of["other", 0.0, "nothing"] = list(LUCK + 0.1)
    of["other", 0.5, "nothing"] = list(LUCK + 1.6)
    found = effects(case, {"runs": runs(of)})
    assert (found.full.low, found.full.high) == pytest.approx((0.1, 0.6))
    assert [each.difference for each in found] == pytest.approx([0.5, 0.0, 0.5])
    drawn = curve(case, {"runs": runs(of)}).set_index(["without", "place"])["mean"]
    assert drawn.to_dict() == pytest.approx(
        {("nothing", 0.0): 0.1, ("nothing", 0.5): 0.6, ("ransom", 0.0): 0, ("ransom", 0.5): 0}
    )


def over_time(policies: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Make tables of a run of eight rounds per arm and point, dearer by a tenth every round."""
    table = runs({("guided", 0.0, off): [0.0, 0.0] for off in OFF})
    rounds = [
        {
            **row,
            "round": t,
            "policy": policy,
            "cost_dispute": 0.1 * t * (1 + row["replicate"]) * (row["point"] == 0)
            + (policy == "mine"),
        }
        for row in table[["arm", "point", "replicate"]].to_dict("records")
        for t in range(8)
        for policy in policies
    ]
    return {"runs": table, "rounds": pd.DataFrame(rounds)}


@pytest.mark.parametrize("policies", [("reputation_guided",), ("mine", "all")])
def test_late_less_early(tmp_path: Path, policies: tuple[str, ...]) -> None:
    changes = without_design(
        ("suppliers = 4", "suppliers = 4\nransom_rate = 0.2"), ("rounds = 6", "rounds = 8")
    )
    case = load_case(write_case(tmp_path, "r2", *changes))
    assert case.difference == "ends"
    tables = over_time(policies)
    found = effects(case, tables)
    # the first two rounds are .05 on average, the last two .65; and twice that in the second run
    assert found.full.low == pytest.approx(0.075)
    assert found.full.difference == pytest.approx(0.9)
    assert found.without.difference == 0.0
    drawn = curve(case, tables)
    assert drawn["place"].tolist() == 2 * list(range(8))
    assert drawn["mean"].tolist()[:8] == pytest.approx([0.15 * t for t in range(8)])
    long = replace(
        case,
        config=replace(
            case.config,
            arms={name: arm.replace(rounds=25) for name, arm in case.config.arms.items()},
        ),
    )
    assert curve(long, tables)["place"].tolist() == 2 * [0, 3, 6]  # at most a dozen places


def test_the_longest_relations_that_runs_reach(tmp_path: Path) -> None:
    changes = without_design(("suppliers = 4", "suppliers = 4\nransom_rate = 0.2"))
    path = write_case(tmp_path, "r2", *changes)
    path.write_text(path.read_text().replace('"time"', '"age"'))
    case = load_case(path)
    table = runs({("guided", 0.0, off): [0.0] * 4 for off in OFF})
    ages = pd.DataFrame(
        [
            {
                **row,
                "age_from": age,
                "age_to": age,
                # three of four runs come to age 4, one to age 9
                "cost_dispute": np.nan
                if (age == 4 and row["replicate"] == 3) or (age == 9 and row["replicate"] > 0)
                else 0.5 * age * (row["point"] == 0),
            }
            for row in table[["arm", "point", "replicate"]].to_dict("records")
            for age in (0, 1, 4, 9)
        ]
    )
    tables = {"runs": table, "ages": ages}
    found = effects(case, tables)
    assert (found.full.difference, found.full.pairs) == (pytest.approx(2.0), 3)
    assert curve(case, tables)["place"].tolist() == 2 * [0, 1, 4]
    marked = ages.assign(without=np.where(ages["point"] == 0, "nothing", "ransom"))
    assert reached(marked.assign(place=ages["age_from"]), "cost_dispute") == [0.0, 1.0, 4.0]
