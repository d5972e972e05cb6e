"""A share that leaves a kind without agents is told, with the numbers that the luck may give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command_line import Call

from trustsim.config.experiment import load_experiment
from trustsim.config.scenario import Scenario
from trustsim.experiment.kinds import lonely_kinds
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import run_missing
from trustsim.simulation.building import build
from trustsim.simulation.kinds import fewest_and_most

CONFIG = """
name = "few"
rounds = 2
replications = 2
[market]
buyers = 20
suppliers = 10
[market.supplier_mix]
cooperative = 1.0
[arms.one]
buyer_mix = { high_trust = 0.01, adversarial = 0.99 }
[arms.half]
buyer_mix = { high_trust = 0.5, adversarial = 0.5 }
"""


def written(folder: Path, text: str) -> Plan:
    (folder / "few.toml").write_text(text, encoding="utf-8")
    return Plan(load_experiment(folder / "few.toml"))


@settings(max_examples=25)
@given(buyers=st.integers(1, 60), share=st.floats(0.005, 0.995))
def test_every_market_has_between_the_fewest_and_the_most(buyers: int, share: float) -> None:
    fewest, most = fewest_and_most(buyers, share)
    mix = {"high_trust": share, "adversarial": 1.0 - share}
    scenario = Scenario(mix, buyers=buyers, suppliers=2)
    counts = [int((build(scenario, r).buyers["policy"] == 0).sum()) for r in range(12)]
    assert fewest <= min(counts) <= max(counts) <= most
    assert fewest <= buyers * share <= most


def test_the_fewest_and_the_most_do_occur() -> None:
    mix = {"adversarial": 0.45, "high_trust": 0.1, "trust_but_verify": 0.45}
    worlds = (build(Scenario(mix, buyers=13, suppliers=2), r) for r in range(300))
    counts = [int((world.buyers["policy"] == 1).sum()) for world in worlds]
    assert (min(counts), max(counts)) == fewest_and_most(13, 0.1)


def test_a_share_without_agents_is_told_at_the_start(call: Call, tmp_path: Path) -> None:
    plan = written(tmp_path, CONFIG)
    said = (
        "few: arm 'one': of 20 buyers 0 to 1 have the policy 'high_trust' (share 0.01), by the "
        "luck of a run; a run in which nobody has a policy says nothing of it, so give it a larger "
        "share, or the market more buyers"
    )
    assert run_missing(plan.config, tmp_path / "out")["notices"] == [said]
    again = call("run", "few.toml", "--no-report", "--out", "again")
    assert again.code == 0
    assert again.err.splitlines()[0] == f"note: {said}"
    assert again.err.count(said) == 1
    planned = call("plan", "few.toml")
    assert planned.err.splitlines() == [f"note: {said}"]


def test_several_cases_are_one_sentence(tmp_path: Path) -> None:
    design = '[design]\nmethod = "grid"\n[design.parameters]\n'
    plan = written(tmp_path, CONFIG + design + "market.buyer_mix.high_trust = [0.0, 0.02, 0.04]\n")
    (said,) = lonely_kinds(plan)
    assert said.startswith("arm 'one' at point 1 (and in 3 more cases): of 20 buyers 0 to")
    assert "(share 0.02)" in said


def test_suppliers_are_looked_at_too(tmp_path: Path) -> None:
    text = CONFIG.replace(
        "cooperative = 1.0", "cooperative = 0.95\ncalculative = 0.03\nopportunist = 0.02"
    )
    buyers, suppliers = lonely_kinds(written(tmp_path, text))
    assert "of 20 buyers 0 to 1 have the policy 'high_trust'" in buyers
    assert suppliers.startswith(
        "arm 'one' (and in 1 more case): of 10 suppliers 0 to 1 have the policy 'calculative' "
        "(share 0.03), 0 to 1 have the policy 'opportunist' (share 0.02), by the luck of a run; "
    )
    assert suppliers.endswith("or the market more suppliers")


@pytest.mark.parametrize("shares", ["high_trust = 0.5, adversarial = 0.5", "high_trust = 1.0"])
def test_who_has_agents_is_not_mentioned(tmp_path: Path, shares: str) -> None:
    text = CONFIG.replace("high_trust = 0.01, adversarial = 0.99", shares)
    assert lonely_kinds(written(tmp_path, text)) == []


def test_nobody_of_a_share_of_zero_is_missed(tmp_path: Path) -> None:
    text = CONFIG.replace("0.01, adversarial = 0.99", "0.0, adversarial = 1.0")
    assert lonely_kinds(written(tmp_path, text)) == []
    assert np.isfinite(fewest_and_most(5, 1.0)).all()
    assert fewest_and_most(5, 1.0) == (5, 5)
