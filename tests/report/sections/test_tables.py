"""What stands behind a ± or in brackets is the interval, worked out from the tables here."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from support.drawn import last_digit, numbers, student
from support.synthetic_design import write_design_folder
from support.synthetic_results import ARMS, write_folder

from trustsim.report.results import Reported, read_results
from trustsim.report.sections.tables import (
    conduct_tables,
    measures_table,
    parameter_tables,
    provenance_table,
    text_lines,
)
from trustsim.report.words.answers import answers
from trustsim.schema import MARKET

LEVELS = [0.95, 0.8]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    manifest = {"replications": 6, "runs_planned": 18}
    path = tmp_path_factory.mktemp("tables")
    return read_results(write_folder(path, replicates=6, rounds=14, manifest=manifest))


@pytest.mark.parametrize("confidence", LEVELS)
def test_measures_of_the_arms(results: Reported, confidence: float) -> None:
    table = measures_table(results, confidence)
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.header[1:] == tuple(
        f"{arm.replace('_', ' ')} (6 runs)" for arm in results.arms
    )  # fmt: skip
    for label, name in {
        "Total cost of ownership": "total_cost",
        "Price": "cost_price",
        "Arrears": "arrears_days",
        "Goods per procurement hour": "goods_per_hour",
    }.items():
        for arm, cell in zip(results.arms, rows[label], strict=True):
            low, high = student(results.runs.loc[results.runs["arm"] == arm, name], confidence)
            mean, half = numbers(cell)
            near = last_digit(cell)
            assert mean == pytest.approx((low + high) / 2, abs=near)
            assert half == pytest.approx((high - low) / 2, abs=near)
            assert near < 0.1 * half


@pytest.mark.parametrize("confidence", LEVELS)
def test_conduct_by_age(results: Reported, confidence: float) -> None:
    assert results.ages is not None
    tables = conduct_tables(results, confidence)
    assert len(tables) == len(ARMS) - 1
    ages = results.ages.set_index("replicate")
    for table, arm in zip(tables, results.challengers, strict=True):
        assert table.header == ("measure", "0 earlier orders", "64+ earlier orders")
        (row,) = (each for each in table.rows if each[0] == "Inspection rate")
        for cell, age in zip(row[1:], (0, 64), strict=True):
            mine, theirs = (
                ages[(ages["arm"] == each) & (ages["age_from"] == age)]["inspection_rate"]
                for each in (arm, results.baseline)
            )
            gaps = mine - theirs
            known = [gaps.mean(), *student(gaps, confidence)]
            assert numbers(cell) == pytest.approx(known, abs=last_digit(cell))


@pytest.mark.parametrize("confidence", LEVELS)
def test_an_arm_by_itself(tmp_path: Path, confidence: float) -> None:
    alone = read_results(write_folder(tmp_path, ("alone",), replicates=6, rounds=14))
    (said,) = answers(alone, confidence)
    low, high = student(alone.runs["total_cost"], confidence)
    shown = re.search(r"costs ([\d.]+) per accepted lot \(± ([\d.]+), (\d+)\s% interval, 6", said)
    assert shown is not None, said
    near = last_digit(shown[2])
    assert float(shown[1]) == pytest.approx((low + high) / 2, abs=near)
    assert float(shown[2]) == pytest.approx((high - low) / 2, abs=near)
    assert int(shown[3]) == round(100 * confidence)
    assert near < 0.1 * float(shown[2])


def test_the_points_of_a_design(tmp_path: Path) -> None:
    design = read_results(write_design_folder(tmp_path, method="zip", points=6, replicates=4))
    runs: pd.DataFrame = design.runs
    rows = {row[0]: row[1:] for row in measures_table(design).rows}
    for arm, cell in zip(design.arms, rows["Total cost of ownership"], strict=True):
        units = runs[runs["arm"] == arm].groupby("replicate")["total_cost"].mean()
        low, high = student(units, 0.95)
        assert numbers(cell) == pytest.approx(
            [(low + high) / 2, (high - low) / 2], abs=last_digit(cell)
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    manifest = {"replications": 2, "runs_planned": 18, "name": "made", "versions": {"a": [1, 2]}}
    path = tmp_path_factory.mktemp("made")
    return read_results(write_folder(path, replicates=2, rounds=3, manifest=manifest))


def test_provenance_and_parameters_show_every_value(made: Reported) -> None:
    table = provenance_table(made)
    assert table.rows == (
        ("replications", "2"), ("runs_planned", "18"), ("name", "made"), ("versions · a", "[1, 2]"),
    )  # fmt: skip
    tables = {
        each.title: each
        for each in parameter_tables(
            {
                "name": "x", "rounds": 3, "stop": False, "keep": ["runs", "ages"], "none": None,
                "x" * 90: 1,
                "market": {"hold_up": 0.25, "unheard_of": 1.5},
                "sources": {"market": {"hold_up": "a visit"}},
                "arms": {"a": {"buyer_mix": {"b": 1.0}}},
                "policies": {"buyers": {"b": {"bidders": 3}, "c_d": {"inspection": "all"}}},
            }
        )
    }  # fmt: skip
    assert list(tables) == ["Experiment", "Market", "Arms", "Policies of buyers"]
    assert all(each.folded == "always" for each in tables.values())
    assert tables["Experiment"].rows == (
        ("name", "x"), ("rounds", "3"), ("stop", "no"), ("keep", "runs, ages"), ("none", "–"),
        ("x" * 79 + "…", "1"),
    )  # fmt: skip
    assert tables["Arms"].rows == (("a · buyer_mix · b", "1"),)
    held, unknown = tables["Market"].rows
    assert tables["Market"].header == ("parameter", "value", "default", "meaning", "source")
    assert (held[:2], held[-1]) == (("hold_up", "0.25"), "a visit")
    assert held[2] == f"{next(row.default for row in MARKET if row.name == 'hold_up'):g}"
    assert unknown == ("unheard_of", "1.5", "", "", "")
    assert tables["Policies of buyers"].header == ("parameter", "b", "c d", "meaning", "source")
    bidders, inspection = tables["Policies of buyers"].rows
    assert bidders[:3] == ("bidders", "3", "")
    assert inspection[:3] == ("inspection", "", "all")


def test_lines_of_a_table_stand_in_columns(made: Reported) -> None:
    title, head, *rest = text_lines(provenance_table(made))
    assert title == "Provenance"
    assert head == "what           value"
    assert rest[0] == "replications       2"
    assert rest[3] == "versions · a  [1, 2]"
