"""Sentences and tables of a calibration are worked out here from its trials and fresh runs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report.words.test_said_values import near, spaced
from support.calibration_problems import GOODS, SHARE, config_of, evaluated, text_of, told
from support.drawn import student

from trustsim.calibration.fit import Calibration, calibrate
from trustsim.calibration.identifiability import FLAT, Spread
from trustsim.report.calibration_page import section, sentences, warnings, write_calibration

T, Q = "market.tender_hours", "market.qualification_hours"
OVER = SHARE.replace("share]", "ratio_of]").replace(
    'arm = "adversarial"', 'arm = "adversarial"\nover = "high_trust"'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("said")


@pytest.fixture(scope="module")
def found(folder: Path) -> Calibration:
    targets = SHARE + GOODS.format(side="at_least") + OVER + "fitted = false\n"
    config = config_of(folder, text_of(targets, trials=20))
    return calibrate(config, folder / "out", evaluate=evaluated(told))


def fresh(found: Calibration, name: str) -> np.ndarray:
    return found.check.loc[found.check["target"] == name, "value"].to_numpy(float)


def said(lines: list[str]) -> list[str]:
    return [spaced(line) for line in lines]


@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_targets_in_words_and_in_the_table(found: Calibration, confidence: float) -> None:
    table = section(found, confidence).tables[1]
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == ["share", "goods", "ratio of"]
    assert [row[1] for row in table.rows] == [
        "Transaction time, adversarial", "Goods per procurement hour, adversarial",
        "Transaction time, adversarial over high trust",
    ]  # fmt: skip
    assert [row[2] for row in table.rows] == ["2 ± 0.1", "at least 40 ± 4", "2 ± 0.1"]
    assert [row[5] for row in table.rows] == ["yes", "yes", "no"]
    assert [row[7] for row in table.rows] == ["a formula"] * 3
    _, fitted, predicted, *_ = said(sentences(found, confidence))
    for target in found.config.targets:
        name = target.name
        values = fresh(found, name)
        known = (values.mean(), *student(values, confidence))
        row = rows[name.replace("_", " ")]
        assert near(row[4], *known)
        assert near(row[3], found.best.simulated[name])
        # One digit of the uncertainty, or of the tolerance if that is less
        finest = min((known[2] - known[1]) / 2, target.tolerance)
        places = max(0, -math.floor(math.log10(finest)))
        assert row[4].startswith(f"{known[0]:.{places}f} (")
        misfit = (values.mean() - target.value) / target.tolerance
        misfit = min(0.0, misfit) if target.side == "at_least" else misfit
        assert row[6] == ("yes" if abs(misfit) <= 1 else "no")
        text = fitted if target.fitted else predicted
        part = next(p for p in text.split(": ", 1)[1].split("; ") if f"{row[0]} " in p)
        assert near(part.partition("(")[0] + part.partition("(")[2], *known)
        alt = section(found, confidence).pictures[0].alt
        assert near(alt.partition(f"{row[0]} ")[2].split(";")[0].rstrip("."), misfit)
    assert "; target at least 40 ± 4, met" in fitted
    assert spaced(table.note) == (
        "In the fit: mean over 4 replicates that all trials share. Fresh luck: mean over 6 others "
        f"with its {100 * confidence:.0f} % interval. Met: that mean is within the tolerance."
    )


def test_what_is_missed_is_named(found: Calibration) -> None:
    check = found.check.copy()
    check.loc[check["target"] != "goods", "value"] += 1.0
    missed = said(sentences(replace(found, check=check)))
    assert missed[1].partition("share ")[2].partition(";")[0].startswith("3.0")
    assert "target 2 ± 0.1, not met" in missed[1]
    assert missed[2].startswith("Not met within tolerance: share. Within these ranges")
    check.loc[check["target"] == "share", "value"] = math.nan
    assert "share could not be measured" in sentences(replace(found, check=check))[1]


def test_best_values_in_words_and_in_the_table(found: Calibration) -> None:
    table = section(found).tables[0]
    best = min(found.trials, key=lambda trial: trial.loss)
    first = spaced(sentences(found)[0])
    assert first.startswith("Best of 20 trials: tender hours ")
    for place, (row, spread) in enumerate(zip(table.rows, found.spreads, strict=True)):
        assert row[0] == (T, Q)[place]
        assert near(row[1], best.values[row[0]])
        assert near(row[2], spread.low, spread.high)
        assert row[3] == ("0.5 to 8", "0 to 100")[place]
        # Of all that was simulated with the others fitted to it: the loss rises by one at most.
        own = sorted((t.values[row[0]], t.loss) for path, t in found.profile if path == row[0])
        good = [value for value, loss in own if loss <= best.loss + 1]
        assert spread.low <= min(good)
        assert max(good) <= spread.high
        worse = [value for value, loss in own if loss > best.loss + 1]
        assert not any(spread.low < value < spread.high for value in worse)
        part = first.split(" and ")[place]
        assert near(part.replace("Best of 20 trials: ", ""), best.values[row[0]], spread.low,
                    spread.high)  # fmt: skip
        assert spread.unit in part
        assert table.units[place] == spread.unit
    assert spaced(table.note) == (
        "Fit as well: the loss rises by 1 at most. Not identified: the values that fit as well are "
        f"{100 * FLAT:.0f} % of the range searched or more, or reach its end."
    )
    profiles = section(found).pictures[1]
    assert "at which the loss rises by 1 at most, so that" in profiles.caption
    # Two digits of half the width of what fits as well
    for spread in found.spreads:
        places = max(0, 1 - math.floor(math.log10((spread.high - spread.low) / 2)))
        assert f"{spread.label} {spread.best:.{places}f} {spread.unit} (" in profiles.alt
    alt = section(found).pictures[2].alt
    loss = best.loss
    assert alt == f"Loss by trial, falling to {f'{loss:.2f}' if loss >= 0.01 else 'under 0.01'}."


def spread_of(**changes: Any) -> Spread:
    usual = {"path": T, "label": "tender hours", "unit": "hours", "best": 2.0, "low": 1.0,
             "high": 3.0, "share": 0.2}  # fmt: skip
    return Spread(**{**usual, **changes})


def warned(found: Calibration, spread: Spread, **values: float) -> list[str]:
    made = replace(found)
    trial = replace(found.best, values={**found.best.values, **{T: 2.0, **values}})
    made.__dict__.update(spreads=[spread], trade_offs=[], best=trial)
    return said(warnings(made))


@pytest.mark.parametrize(
    ("spread", "known"),
    [
        (spread_of(), []),
        (spread_of(share=0.9),
         ["Tender hours is not identified: values from 1.0 to 3.0 hours, 90 % of the range "
          "searched, fit as well (the loss rises by 1 at most)."]),
        (spread_of(open_above=True, open_below=True),
         ["Tender hours is not identified: values from 1.0 to 3.0 hours, 20 % of the range "
          "searched, fit as well (the loss rises by 1 at most)."]),
        (spread_of(open_above=True),
         ["Tender hours is identified from one side only: values from 1.0 to 3.0 hours fit as well "
          "(the loss rises by 1 at most), up to the upper end of the range searched."]),
        (spread_of(open_below=True),
         ["Tender hours is identified from one side only: values from 1.0 to 3.0 hours fit as well "
          "(the loss rises by 1 at most), up to the lower end of the range searched."]),
        (spread_of(best="a", low=math.nan, high=math.nan, as_well=("a", "b")),
         ["Tender hours is not identified: a, b fit as well."]),
        (spread_of(best="a", low=math.nan, high=math.nan, as_well=("a",)), []),
    ],
)  # fmt: skip
def test_what_the_targets_leave_open(found: Calibration, spread: Spread, known: list[str]) -> None:
    assert warned(found, spread) == known


@pytest.mark.parametrize(("best", "end"), [(8.0, True), (7.9, True), (7.0, False), (0.5, True)])
def test_the_end_of_the_range(found: Calibration, best: float, end: bool) -> None:
    (line,) = warned(found, spread_of(open_above=True), **{T: best})
    assert line.startswith("The best tender hours lies at the upper end of the range") == end


def test_parameters_that_make_up_for_each_other(found: Calibration) -> None:
    one, other = found.config.dimensions
    made = replace(found)
    made.__dict__.update(
        spreads=[], trade_offs=[(one, other, -0.987), (other, one, 0.9)], best=found.best
    )
    assert said(warnings(made)) == [
        "Tender hours and qualification hours make up for each other (correlation −0.99): good "
        "values move against each other; take them from one fit.",
        "Qualification hours and tender hours make up for each other (correlation 0.90): good "
        "values rise together; take them from one fit.",
    ]


def test_too_few_targets_too_short_a_search_and_failures(found: Calibration) -> None:
    targets = found.config.targets
    one = replace(
        found.config, targets=(targets[0], *(replace(t, fitted=False) for t in targets[1:]))
    )
    assert warnings(replace(found, config=one))[-1:] == [
        "2 parameters are fitted to 1 target: fewer targets than parameters cannot tell them all."
    ]
    trials = tuple(
        replace(trial, loss=trial.loss + 3.0, failed=place == 1, error="no" if place == 1 else "")
        for place, trial in enumerate(found.trials)
    )
    short = replace(found, trials=trials)
    lowest, best = min(t.loss for _, t in found.profile), min(t.loss for t in trials)
    short.__dict__.update(spreads=found.spreads, trade_offs=[])
    *_, late, failed = said(warnings(short))
    assert f"against {best:.2f} of the best trial" in late
    assert f"fit better (loss {'under 0.01' if lowest < 0.01 else f'{lowest:.2f}'}, a" in late
    assert failed == (
        "1 run of the search failed and is left out of its means; the first, no."
    )  # fmt: skip
    less = replace(found, trials=tuple(replace(t, loss=t.loss + 0.99) for t in found.trials))
    less.__dict__.update(spreads=found.spreads, trade_offs=[])
    assert not any("too short" in line for line in warnings(less))


def test_the_provenance_of_the_page(found: Calibration, folder: Path) -> None:
    page = spaced(write_calibration(folder / "out", 0.9).read_text(encoding="utf-8"))
    assert found.digest in page
    for what, value in (
        ("trials", "20"), ("replicates of every trial", "4 (0 to 3)"),
        ("fresh replicates", "6 (from 4)"), ("seed", "3"),
    ):  # fmt: skip
        assert f">{what}</th>" in page
        assert f">{value}</td>" in page.partition(f">{what}</th>")[2][:200]
    assert "with its 90 % interval" in page
