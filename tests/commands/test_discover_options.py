"""Every option of `trustsim discover` changes what it should, by the right amount.

What is printed is held against figures worked out here from the table of runs, or against the
function of the package called with the value.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.command_line import Call
from support.drawn import student
from support.written_folder import asked, gaps, names_of_option_tests, written

from trustsim.analysis.discovery.losses import discover
from trustsim.analysis.discovery.prim import BoxSearch
from trustsim.config.design import read_design
from trustsim.report import writing
from trustsim.report.sections.discovery import sentences


def test_every_option_has_its_test() -> None:
    names = names_of_option_tests("discover")
    assert len(names) >= 4
    assert [name for name in names if name not in globals()] == []


PARAMETERS = {
    "late_gain": {"low": 1.0, "high": 2.0},
    "hour_cost": {"low": 0.001, "high": 0.1, "scale": "log"},
    "rivals": {"low": 1, "high": 6},
}
FILLING = {
    "method": "latin_hypercube", "points": 120, "seed": 1, "parameters": {"market": PARAMETERS},
}  # fmt: skip


@pytest.fixture(scope="module")
def spread() -> pd.DataFrame:
    """Arms of which high loses to low where late gain is low, and in disputes where hours are."""
    random, design = np.random.default_rng(2), read_design(FILLING)
    points = pd.DataFrame({d.path: d.of(random.random(120)) for d in design.dimensions})
    gain, hours = points["market.late_gain"], np.log10(points["market.hour_cost"])
    rows = []
    for replicate in range(3):
        noise = 0.02 * random.normal(size=(3, 120))
        for arm, cost, disputes in (
            ("high", 1.0 + 0.2 * (1.4 - gain) + noise[0], 0.1 * (-2.5 - hours) + noise[1]),
            ("mid", 1.0 + 0.2 * (gain - 1.7) + noise[2], noise[2]),
            ("low", np.full(120, 1.0), np.zeros(120)),
        ):
            rows.append(
                points.assign(
                    arm=arm, point=range(120), replicate=replicate, status="done",
                    total_cost=cost, dispute_rate=disputes,
                )
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, spread: pd.DataFrame) -> str:
    path = tmp_path_factory.mktemp("space") / "out"
    return str(written(path, spread, seed=5, baseline="low", design=FILLING))


@pytest.fixture
def maps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Pictures that a call asks for, which are not drawn."""
    asked_for: list[Any] = []

    def show_all(results: Any, listed: Any, confidence: float) -> tuple[Any, ...]:
        asked_for.extend(listed)
        return tuple(SimpleNamespace(picture=each, reason="") for each in asked_for)

    monkeypatch.setattr(writing, "show_all", show_all)
    return asked_for


def found(runs: pd.DataFrame, challenger: str = "high", baseline: str = "low", **more: Any) -> str:
    """What is told of one challenger by the function."""
    search = BoxSearch(density=more.pop("density", 0.8))
    dimensions = read_design(FILLING).dimensions
    result = discover(runs, dimensions, challenger, baseline, search=search, planned=120, **more)
    return "\n".join(sentences([result])).replace("\N{NO-BREAK SPACE}", " ")


def told(said: str) -> str:
    """What a call says before it names its figures."""
    return said.partition("\nWho wins: ")[0]


def losing(runs: pd.DataFrame, measure: str = "total_cost", over: float = 0.0) -> str:
    share = 100 * (gaps(runs, measure).groupby("point").mean() > over).mean()
    return f"in {share:.0f} % of the 120 markets"


def close(runs: pd.DataFrame, level: float, threshold: float = 0.0) -> int:
    """Markets whose own interval holds the threshold."""
    ends = [student(each, level) for _, each in gaps(runs, "total_cost").groupby("point")]
    return sum(low <= threshold <= high for low, high in ends)


def test_arm(call: Call, space: str, spread: pd.DataFrame, maps: list[Any]) -> None:
    assert told(asked(call, "discover", space)) == f"{found(spread)}\n{found(spread, 'mid')}"
    assert told(asked(call, "discover", space, "--arm", "mid")) == found(spread, "mid")
    swapped = told(asked(call, "discover", space, "--arm", "low"))
    assert swapped == found(spread, "low", "high")
    assert found(spread, "mid") != found(spread) != swapped


def test_measure(call: Call, space: str, spread: pd.DataFrame, maps: list[Any]) -> None:
    said = asked(call, "discover", space, "--arm", "high", "--measure", "dispute_rate")
    assert losing(spread, "dispute_rate") in said
    assert losing(spread, "dispute_rate") != losing(spread)
    assert told(said) == found(spread, measure="dispute_rate")


@pytest.mark.parametrize("threshold", [0.0, 0.03])
def test_threshold(
    call: Call, space: str, spread: pd.DataFrame, maps: list[Any], threshold: float
) -> None:
    said = asked(call, "discover", space, "--arm", "high", "--threshold", str(threshold))
    assert losing(spread, over=threshold) in said
    assert losing(spread, over=0.03) != losing(spread)
    assert f"{close(spread, 0.95, threshold)} markets (" in said
    assert told(said) == found(spread, threshold=threshold)


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_confidence(
    call: Call, space: str, spread: pd.DataFrame, maps: list[Any], level: float
) -> None:
    said = asked(call, "discover", space, "--arm", "high", "--confidence", str(level))
    assert f"{close(spread, level)} markets (" in said
    assert f"their own {100 * level:.0f} % interval" in said
    assert close(spread, 0.95) > close(spread, 0.5) > 0
    assert told(said) == found(spread, confidence=level)


def test_density(call: Call, space: str, spread: pd.DataFrame, maps: list[Any]) -> None:
    reached = {}
    for density in (0.5, 0.95):
        said = asked(call, "discover", space, "--arm", "high", "--density", str(density))
        assert told(said) == found(spread, density=density)
        reached[density] = int(re.search(r"\(density (?:over )?(\d+) %", said)[1])  # type: ignore[index]
    assert 50 <= reached[0.5] < 95 <= reached[0.95]


def axes_of(maps: list[Any]) -> tuple[str, str]:
    axis = maps[0].draw(7.0)[0]
    return axis.get_xlabel().partition(" (")[0], axis.get_ylabel().partition(" (")[0]


def test_x(call: Call, space: str, maps: list[Any]) -> None:
    asked(call, "discover", space, "--arm", "high")
    assert axes_of(maps)[0] == "late gain"
    maps.clear()
    asked(call, "discover", space, "--arm", "high", "--x", "hour_cost")
    assert axes_of(maps) == ("hour cost", "late gain")


def test_y(call: Call, space: str, maps: list[Any]) -> None:
    for y, label in (("market.rivals", "rivals"), ("hour_cost", "hour cost")):
        maps.clear()
        asked(call, "discover", space, "--arm", "high", "--y", y)
        assert axes_of(maps) == ("late gain", label)


def test_the_figures_are_drawn_into_the_folder(call: Call, space: str) -> None:
    said = asked(call, "discover", space, "--arm", "high", "--x", "rivals", "--y", "hour_cost")
    where = Path(space, "figures", "discover_who_wins.png")
    assert f"Who wins: high or low: {where}" in said
    assert where.stat().st_size > 1000


def test_allow_missing(call: Call, tmp_path: Path, spread: pd.DataFrame, maps: list[Any]) -> None:
    holes = spread[~((spread["point"] == 7) | ((spread["point"] == 9) & (spread["arm"] == "low")))]
    folder = str(written(tmp_path / "out", holes, seed=5, baseline="low", design=FILLING))
    assert call("discover", folder).code == 2
    said = asked(call, "discover", folder, "--arm", "high", "--allow-missing")
    assert told(said) == found(holes, unpaired="drop")
    assert "Left out, without a measured pair of runs: 2 markets of 120." in said
