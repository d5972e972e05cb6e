"""The exact numeric baseline: small scenarios whose numbers must not move unnoticed.

`make baseline` accepts the present numbers; an entry in the changelog under "Changes in numbers"
says which moved and why.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from trustsim.config.scenario import Scenario
from trustsim.simulation.run import simulate

FILE = Path(__file__).with_name("baseline.json")
UPDATE = "TRUSTSIM_UPDATE_BASELINE"
SMALL: dict[str, Any] = {"buyers": 40, "suppliers": 12, "rounds": 30}

SCENARIOS = {
    **{
        policy: Scenario(policy, **SMALL)
        for policy in (
            "high_trust",
            "adversarial",
            "trust_but_verify",
            "price_only",
            "reputation_guided",
        )
    },
    **{
        f"only_{policy}_suppliers": Scenario("high_trust", supplier_mix=policy, **SMALL)
        for policy in ("cooperative", "calculative", "opportunist", "reciprocal")
    },
    "everything_happens": Scenario(
        {"high_trust": 0.4, "adversarial": 0.3, "price_only": 0.3},
        seed=2**40 + 7,
        imitation_rate=0.1,
        mutation=0.1,
        turn_rate=0.05,
        break_rate=0.02,
        delisting_rating=0.7,
        overhead=0.4,
        advance_compensation=0.5,
        **SMALL,
    ),
}


def numbers(scenario: Scenario) -> dict[str, float | None]:
    """Give every measure of a run, exactly; None where there is nothing to measure."""
    measures = simulate(scenario, 1).measures
    return {name: None if math.isnan(value) else value for name, value in measures.items()}


def accepted() -> dict[str, Any]:
    """Read the numbers that were last accepted."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found


def moved(name: str, before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [
        f"{name}: {measure}: {before.get(measure)!r} is now {now.get(measure)!r}"
        for measure in {**before, **now}
        if before.get(measure, "missing") != now.get(measure, "missing")
    ]


def test_numbers_are_those_of_the_baseline() -> None:
    now = {name: numbers(scenario) for name, scenario in SCENARIOS.items()}
    if os.environ.get(UPDATE):
        FILE.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    before = accepted()
    differences = [
        line
        for name in {**before, **now}
        for line in moved(name, before.get(name, {}), now.get(name, {}))
    ]
    if differences:
        shown = "\n  ".join(differences[:20])
        more = f"\n  and {len(differences) - 20} more" if len(differences) > 20 else ""
        pytest.fail(
            f"{len(differences)} numbers moved:\n  {shown}{more}\n"
            "If that is meant, run `make baseline` and say which numbers moved, and why, in "
            'CHANGELOG.md under "Changes in numbers".',
            pytrace=False,
        )


def test_the_baseline_is_about_something() -> None:
    before = accepted()
    assert set(before) == set(SCENARIOS)
    costs = [row["total_cost"] for row in before.values()]
    assert len(set(costs)) == len(costs)
    restless = before["everything_happens"]
    for measure in ("dispute_rate", "arrears_days", "cost_bad_debt", "no_terms_rate"):
        assert restless[measure] is not None
    assert restless["supplier_opportunism_rate"] > 0.0
