"""The plain Mesa model and the engine are two writings of one market: their figures agree.

They share no code of the rooms and no luck, so a slip in either shows here. Runs are fixed by their
seeds: what passes once passes always, until a rule changes.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats
from support.places import ROOT

from benchmarks.dask_overhead import TITLE as DASK
from benchmarks.plain_mesa import PlainMarket
from benchmarks.sweep import TITLE as SWEEP
from trustsim.config.scenario import Scenario
from trustsim.simulation.run import simulate

SIZE = {"buyers": 60, "suppliers": 15, "rounds": 36}
PLAIN_RUNS, ENGINE_RUNS = 40, 160
FEWER = 16

ROUGH = {
    "buyer_mix": {
        "high_trust": 0.3,
        "adversarial": 0.2,
        "trust_but_verify": 0.2,
        "price_only": 0.1,
        "reputation_guided": 0.2,
    },
    "supplier_mix": {"opportunist": 0.3, "calculative": 0.3, "reciprocal": 0.4},
    "opportunism_mean": 0.7,
    "buyer_opportunism_mean": 0.7,
    "break_rate": 0.05,
    "turn_rate": 0.1,
    "shock_rate": 0.2,
    "technology_rate": 0.1,
    "imitation_rate": 0.1,
    "mutation": 0.1,
    "advance_compensation": 0.5,
    "ransom_rate": 0.3,
    "remoteness": 0.6,
    "document_loss": 0.1,
    "transit_loss": 0.05,
    "start_cash": 0.14,
    "credit_line": 0.14,
    "overhead": 0.014,
    "law_age": 2,
    "lead_time": 3,
    "rivals": 3,
    "delisting_rating": 0.5,
    "tier_threshold": 0.6,
    "scruple": 0.1,
}
"""A market in which everything goes wrong: cheats, bankrupts, delisting, imitation, shocks."""

MARKETS = {
    "high_trust": {"buyer_mix": "high_trust"},
    "adversarial": {"buyer_mix": "adversarial"},
    "hard_but_fair": {"buyer_mix": "hard_but_fair"},
    "trust_but_verify": {"buyer_mix": "trust_but_verify"},
    "rough": ROUGH,
}

# How far the means may lie apart, as a share of the engine's. What chance does to the means of so
# many runs is well inside; a rule that works otherwise is not.
NEAR = {
    "total_cost": 0.02,
    "cost_price": 0.02,
    "cost_sourcing": 0.08,
    "cost_negotiation": 0.06,
    "cost_inspection": 0.08,
    "cost_delay": 0.05,
    "cost_switching": 0.15,
    "transaction_time_share": 0.06,
    "goods_per_hour": 0.08,
    "inspection_rate": 0.08,
    "buyer_opportunism_rate": 0.15,
    "arrears_days": 0.20,
    "trust_in_suppliers": 0.02,
    "trust_in_buyers": 0.04,
    "loyalty": 0.06,
    "knowhow": 0.25,
    "orders": 0.01,
    "accepted": 0.03,
}
FALSE_ALARM = 1e-3
"""Chance that two equal models fail the test of all measures of all markets together."""


class Means(NamedTuple):
    plain: float
    engine: float
    p_value: float


def scenario(market: str) -> Scenario:
    return Scenario(**MARKETS[market], **SIZE)


def compared(plain: Scenario, engine: Scenario, runs: int = PLAIN_RUNS) -> dict[str, Means]:
    """Compare every measure of both models by Welch's t test over runs."""
    theirs = [PlainMarket(plain, seed=seed).run(SIZE["rounds"]) for seed in range(runs)]
    ours = [simulate(engine, replicate).measures for replicate in range(ENGINE_RUNS)]
    found = {}
    for name in ours[0]:
        first = np.array([run[name] for run in theirs])
        second = np.array([run[name] for run in ours])
        first, second = first[~np.isnan(first)], second[~np.isnan(second)]
        p_value = 1.0
        if first.size > 1 and second.size > 1 and first.var() + second.var() > 0.0:
            p_value = float(stats.ttest_ind(first, second, equal_var=False).pvalue)
        found[name] = Means(float(first.mean()), float(second.mean()), p_value)
    return found


def disagreements(found: dict[str, Means]) -> list[str]:
    """Name the measures in which the models differ by more than chance, or by too much."""
    threshold = FALSE_ALARM / (len(MARKETS) * len(found))
    return [
        f"{name}: plain {means.plain:.5g}, engine {means.engine:.5g}, p = {means.p_value:.1g}"
        for name, means in found.items()
        if means.p_value < threshold
        or abs(means.plain - means.engine) > NEAR.get(name, math.inf) * abs(means.engine)
    ]


@pytest.mark.parametrize("market", MARKETS)
def test_plain_mesa_and_engine_agree(market: str) -> None:
    found = compared(scenario(market), scenario(market))
    assert set(NEAR) <= set(found)
    assert not disagreements(found), "\n".join(disagreements(found))


@pytest.mark.parametrize(
    ("parameter", "value", "seen_in"),
    [
        ("betrayal_weight", 1.0, "cost_switching"),
        ("hour_cost", 0.005, "cost_sourcing"),
        ("item_cost", 0.00023, "cost_inspection"),
        ("knowhow_rate", 0.04, "knowhow"),
        ("arrears_hazard", 0.15, "arrears_days"),
    ],
)
def test_a_slightly_different_rule_would_be_noticed(
    parameter: str, value: float, seen_in: str
) -> None:
    same = scenario("trust_but_verify")
    found = disagreements(compared(same.replace(**{parameter: value}), same, FEWER))
    assert seen_in in [line.partition(":")[0] for line in found]


def test_the_plain_model_refuses_what_it_does_not_follow() -> None:
    with pytest.raises(ValueError, match="does not have the mechanism channels"):
        PlainMarket(scenario("high_trust").replace(online_share=0.5))
    heeds = {"buyers": {"high_trust": {"health_weight": 0.1}}}
    with pytest.raises(ValueError, match="does not have the mechanism health_signal"):
        PlainMarket(scenario("high_trust").replace(policies=heeds))


def test_a_quick_run_prints_every_row(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", str(file)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    printed = done.stdout.splitlines()
    for row in rows:
        assert any(line.strip().startswith(row["name"]) for line in printed), row["name"]
    names = {(row["section"], row["name"]) for row in rows}
    for section, name in [
        ("headline experiment, four arms", "plain Mesa"),
        ("headline experiment, four arms", "both cores against plain Mesa"),
        ("rooms, one order", "sourcing"),
        ("rooms, one order", "the whole round"),
        ("memory", "records of 4,000 buyers"),
        ("both cores against one", "the same bits"),
        ("waiting", "trustsim --help"),
        ("waiting", "run of 4 replications, nothing compiled"),
        ("waiting", "run of 4 replications, warm"),
        ("experiment layer", "added to 8 runs"),
        ("merging chunks into tables", "memory, 1,000 runs"),
        (SWEEP, "sweep against mesa.batch_run"),
        (SWEEP, "processor time outside the compiled engine"),
        (SWEEP, "32 runs, command line, peak memory"),
        (DASK, "added per run, runs kept"),
    ]:
        assert (section, name) in names
    assert all(row["value"] is not None or row["section"] == "waiting" for row in rows)
    assert next(row["value"] for row in rows if row["name"] == "the same bits") == 1.0
