"""Every option of `trustsim sensitivity` changes what it should, by the right amount.

What is printed is held against figures worked out here from the table of runs, or against the
function of the package called with the value.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command_line import Call
from support.designed_runs import design_of, runs_of, shared_luck
from support.drawn import numbers
from support.written_folder import asked, names_of_option_tests, written

from trustsim.analysis.sensitivity.drivers import sensitivity


def test_every_option_has_its_test() -> None:
    names = names_of_option_tests("sensitivity")
    assert len(names) >= 4
    assert [name for name in names if name not in globals()] == []


def output(unit: np.ndarray) -> np.ndarray:
    known = unit[:, :1] + 0.6 * unit[:, 1:2] + 0.1 * unit[:, 2:3]
    return np.asarray(0.1 * (known - 0.6) + 0.01 * shared_luck(3) * unit[:, :1])


SOBOL = design_of("sobol", 64, 3)


@pytest.fixture(scope="module")
def varied() -> pd.DataFrame:
    made = runs_of(
        SOBOL,
        ("high", output),
        ("mid", lambda u: 2 * output(u[:, ::-1])),
        ("low", lambda u: 0 * output(u)),
    )
    return made.assign(dispute_rate=made["total_cost"] * (1 + made["market.late_gain"]))


@pytest.fixture(scope="module")
def indices(tmp_path_factory: pytest.TempPathFactory, varied: pd.DataFrame) -> str:
    path = tmp_path_factory.mktemp("sobol") / "out"
    return str(written(path, varied, seed=5, baseline="low", design=SOBOL.table(5)))


def drives(said: str, runs: pd.DataFrame, *arms: str | None, **asked_for: Any) -> None:
    """Hold the shares that are told, an arm after the other, against the function's."""
    told = [line for line in said.splitlines() if ": drives " in line]
    known = []
    for arm in arms:
        found = sensitivity(runs, SOBOL, arm, None if arm == "low" else "low", seed=5, **asked_for)
        rows = found.indices.sort_values("ST", ascending=False)
        known += rows[rows["verdict"] == "matters"].to_dict("records")
    assert len(told) == len(known) >= 2
    for line, row in zip(told, known, strict=True):
        assert line.lower().startswith(f"{row['label']}: drives ")
        shares = [row[name] for name in ("ST", "ST_low", "ST_high", "S1", "S1_low", "S1_high")]
        assert numbers(line) == pytest.approx([100 * share for share in shares], abs=0.51)


def test_arm(call: Call, indices: str, varied: pd.DataFrame) -> None:
    drives(asked(call, "sensitivity", indices), varied, "high", "mid")
    said = asked(call, "sensitivity", indices, "--arm", "mid")
    drives(said, varied, "mid")
    mean = varied.loc[varied["arm"] == "mid", "total_cost"]
    assert numbers(said)[0] == pytest.approx(mean[mean.index % 5 < 5].mean(), abs=0.003)


def test_measure(call: Call, indices: str, varied: pd.DataFrame) -> None:
    said = asked(call, "sensitivity", indices, "--arm", "high", "--measure", "dispute_rate")
    assert "the difference in disputes, high less low" in said
    drives(said, varied, "high", measure="dispute_rate")


@pytest.mark.parametrize("level", ["0.95", "0.6"])
def test_confidence(call: Call, indices: str, varied: pd.DataFrame, level: str) -> None:
    said = asked(call, "sensitivity", indices, "--confidence", level)
    drives(said, varied, "high", "mid", confidence=float(level))
    width = np.diff(numbers(said.splitlines()[1])[1:3]).item()
    assert 30 < width if level == "0.95" else width < 25


def test_allow_missing(call: Call, tmp_path: Path, varied: pd.DataFrame) -> None:
    lost = (varied["arm"] == "high") & varied["point"].between(5, 9) & (varied["replicate"] == 1)
    holes = varied[~lost]
    folder = str(written(tmp_path / "out", holes, seed=5, baseline="low", design=SOBOL.table(5)))
    assert call("sensitivity", folder, "--arm", "high").code == 2
    said = asked(call, "sensitivity", folder, "--arm", "high", "--allow-missing")
    drives(said, varied[~varied["point"].between(5, 9)], "high", allow_missing=True)
    assert "Left out for missing runs: 1 of 64 base points." in said
