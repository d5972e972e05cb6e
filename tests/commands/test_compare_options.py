"""Every option of `trustsim compare` changes what it should, by the right amount.

What is printed is held against figures worked out here from the table of runs, or against the
function of the package called with the value.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.command_line import Call
from support.drawn import student
from support.shared_markets import shared
from support.small_experiment import reseal
from support.written_folder import asked, gaps, names_of_option_tests, near, written

from trustsim.analysis.compare import compare

ARMS = ("high", "mid", "low")
LABELS = {
    "total_cost": "Total cost of ownership",
    "loyalty": "Loyalty",
    "dispute_rate": "Disputes",
    "cost_price": "Price",
}
EFFECTS = {"total_cost": -0.03, "loyalty": 0.016, "dispute_rate": 0.012, "cost_price": 0.003}
REPLICATES = 12


def test_every_option_has_its_test() -> None:
    names = names_of_option_tests("compare")
    assert len(names) >= 4
    assert [name for name in names if name not in globals()] == []


def market_runs() -> pd.DataFrame:
    """Three arms in one market; effects from those that are plain to those that luck may hide."""
    random = np.random.default_rng(7)
    luck = random.normal(size=(len(EFFECTS), REPLICATES))
    rows = []
    for place, arm in enumerate(ARMS):
        values = {
            name: 1.0 + effect * (2 - place) / 2 + 0.01 * luck[i] + 0.01 * random.normal(size=12)
            for i, (name, effect) in enumerate(EFFECTS.items())
        }
        rows.append(pd.DataFrame({"arm": arm, "point": 0, "replicate": range(12), **values}))
    return pd.concat(rows, ignore_index=True).assign(status="done")


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    return market_runs()


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, runs: pd.DataFrame) -> str:
    path = tmp_path_factory.mktemp("market") / "out"
    return str(written(path, runs, baseline="low", smallest_difference=0.02))


def tables(out: str) -> dict[str, dict[str, dict[str, str]]]:
    """Cells of the tables that compare prints: by title, measure and heading."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for block in out.split("\n\n")[1:]:
        title, head, *rows = block.strip("\n").split("\n")
        headings = re.split(r" {2,}", head)
        found[title] = {
            cells[0]: dict(zip(headings, cells, strict=True))
            for cells in (re.split(r" {2,}", row) for row in rows)
        }
    return found


def test_arm(call: Call, market: str, runs: pd.DataFrame) -> None:
    assert list(tables(asked(call, "compare", market))) == ["high minus low", "mid minus low"]
    for arm, baseline in (("low", "mid"), ("mid", "high")):
        found = tables(asked(call, "compare", market, "--arm", arm, "--arm", baseline))
        (title,) = found
        assert title == f"{arm} minus {baseline}"
        for measure, label in LABELS.items():
            mine = gaps(runs, measure, arm, baseline)
            assert near(found[title][label]["difference"], mine.mean())


def test_measure(call: Call, market: str) -> None:
    assert set(tables(asked(call, "compare", market))["high minus low"]) == set(LABELS.values())
    said = asked(call, "compare", market, "--measure", "loyalty", "--measure", "cost_price")
    assert list(tables(said)["high minus low"]) == ["Loyalty", "Price"]
    assert "Of 4 comparisons, 2 measures of 2 arms" in said


@pytest.mark.parametrize("level", [0.95, 0.6])
def test_confidence(call: Call, market: str, runs: pd.DataFrame, level: float) -> None:
    said = asked(call, "compare", market, "--confidence", str(level), "--correction", "none")
    verdicts = set()
    for measure, label in LABELS.items():
        mine = gaps(runs, measure)
        row = tables(said)["high minus low"][label]
        assert near(row[f"{100 * level:.0f} % interval"], student(mine, level))
        if measure != "total_cost":  # of which a smallest difference is stated
            p = stats.ttest_1samp(mine, 0.0).pvalue
            verdict = "open" if p > 1 - level else "less" if mine.mean() < 0 else "more"
            assert row["verdict"] == verdict
            verdicts.add(verdict)
    assert ("open" in verdicts) == (level == 0.95)


@pytest.mark.parametrize("correction", ["holm", "benjamini_hochberg", "none"])
def test_correction(call: Call, market: str, runs: pd.DataFrame, correction: str) -> None:
    said = asked(call, "compare", market, "--correction", correction)
    raw = np.array(
        [stats.ttest_1samp(gaps(runs, m, arm), 0.0).pvalue for arm in ARMS[:2] for m in LABELS]
    )
    if correction == "benjamini_hochberg":
        known = stats.false_discovery_control(raw)
    elif correction == "holm":
        order, known, highest = np.argsort(raw), raw.copy(), 0.0
        for left, place in enumerate(order):
            highest = max(highest, (len(raw) - left) * raw[place])
            known[place] = min(1.0, highest)
    else:
        known = raw
    shown = [
        tables(said)[f"{arm} minus low"][label]["p adjusted"]
        for arm in ARMS[:2]
        for label in LABELS.values()
    ]
    assert shown == ["< 0.001" if p < 0.001 else f"{p:.3f}" for p in known]
    assert len({p for p in shown if p != "< 0.001"}) > 2
    assert ("by chance alone" in said) == (correction == "none")


def test_smallest(call: Call, market: str, runs: pd.DataFrame) -> None:
    # Equivalent at .95 if the interval at .90 lies within the bounds.
    far = max(np.abs(student(gaps(runs, "cost_price"), 0.9)))
    pair = ("--arm", "high", "--arm", "low", "--measure", "cost_price")
    for bound, verdict in ((1.01 * far, "as good as equal"), (0.99 * far, "open")):
        said = asked(call, "compare", market, *pair, "--smallest", f"{bound:.6f}")
        assert tables(said)["high minus low"]["Price"]["verdict"] == verdict
        assert f"smaller than {float(f'{bound:.6f}'):g} money per accepted lot" in said
    near_zero = asked(call, "compare", market, "--smallest", "0.5").splitlines()
    assert "as good as equal" in near_zero[0]
    assert "shown to be lower" in asked(call, "compare", market).splitlines()[0]


def test_over(call: Call, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    design = {
        "method": "latin_hypercube", "points": 10, "seed": 1,
        "parameters": {"market": {"late_gain": {"low": 1.0, "high": 2.0}}},
    }  # fmt: skip
    place, luck = random.normal(size=(10, 1)), random.normal(size=(1, 4))
    cost = {"high": 1 + 0.1 * place + 0.03 * luck, "low": np.ones((10, 4))}
    runs = pd.concat(
        pd.DataFrame(
            {"arm": arm, "point": np.repeat(range(10), 4), "replicate": np.tile(range(4), 10),
             "status": "done", "market.late_gain": np.repeat(1 + place[:, 0] / 9, 4),
             "total_cost": (values + 0.001 * random.normal(size=(10, 4))).ravel()}
        )
        for arm, values in cost.items()
    )  # fmt: skip
    folder = str(written(tmp_path / "out", runs, baseline="low", design=design))
    table = gaps(runs, "total_cost").unstack()
    known = {"replicates": student(table.mean(axis=0), 0.95),
             "points": student(table.mean(axis=1), 0.95)}  # fmt: skip
    both = compare(runs, "high", "low", ["total_cost"], over="both").iloc[0]
    known["both"] = (both["low"], both["high"])
    for over, ends in known.items():
        said = asked(call, "compare", folder, "--over", over)
        (rows,) = tables(said).values()
        assert near(rows["Total cost of ownership"]["95 % interval"], ends), over
    assert asked(call, "compare", folder) == asked(call, "compare", folder, "--over", "both")


def test_allow_missing(call: Call, tmp_path: Path, runs: pd.DataFrame) -> None:
    holes = runs[~((runs["arm"] == "low") & (runs["replicate"] < 3))]
    folder = str(written(tmp_path / "out", holes, baseline="low"))
    assert call("compare", folder).code == 2
    said = asked(call, "compare", folder, "--allow-missing")
    for measure, label in LABELS.items():
        row, left = tables(said)["high minus low"][label], gaps(holes, measure)
        assert row["pairs"] == str(len(left)) == "9"
        assert near(row["95 % interval"], student(left, 0.95))


@pytest.fixture(scope="module")
def policies() -> pd.DataFrame:
    costs = {"warm": lambda share: 1.1, "mild": lambda share: 1.2}
    two = shared(costs, (0.5,), arm="both", replicates=REPLICATES)
    cold = two[two["policy"] == "mild"].assign(policy="cold")
    return pd.concat([two, cold.assign(total_cost=cold["total_cost"] + 0.3)], ignore_index=True)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory, policies: pd.DataFrame) -> str:
    runs = policies[policies["policy"] == "warm"][["arm", "point", "replicate", "total_cost"]]
    path = tmp_path_factory.mktemp("beside") / "out"
    written(path, runs.assign(status="done"), keep=["runs", "policies"])
    ids = pd.read_parquet(path / "runs.parquet").set_index("replicate")["run_id"]
    named = policies.assign(run_id=policies["replicate"].map(ids))
    named.to_parquet(path / "policies.parquet")
    reseal(path)
    return str(path)


def side_by_side(policies: pd.DataFrame, a: str, b: str) -> float:
    wide = policies.pivot(index="replicate", columns="policy", values="total_cost")
    return float((wide[a] - wide[b]).mean())


def test_within(call: Call, beside: str, policies: pd.DataFrame) -> None:
    found = tables(asked(call, "compare", beside, "--within", "both"))
    assert list(found) == ["warm minus cold", "mild minus cold"]
    for title, rows in found.items():
        a, _, b = title.split()
        (row,) = rows.values()
        said = float(row["difference"].replace("\N{MINUS SIGN}", "-"))
        assert said == pytest.approx(side_by_side(policies, a, b), abs=6e-4)
        assert row["pairs"] == str(REPLICATES)


def test_policy(call: Call, beside: str, policies: pd.DataFrame) -> None:
    named = ("--policy", "mild", "--policy", "warm")
    found = tables(asked(call, "compare", beside, "--within", "both", *named))
    assert list(found) == ["mild minus warm"]
    said = found["mild minus warm"][LABELS["total_cost"]]["difference"]
    assert float(said) == pytest.approx(side_by_side(policies, "mild", "warm"), abs=6e-4)
