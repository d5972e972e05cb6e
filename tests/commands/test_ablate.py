"""The verb ablate: any experiment without each mechanism in turn, or the folder of such a run."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.command_line import CONFIG, Call, refused

from trustsim.config.experiment import load_experiment
from trustsim.experiment import run as running

SIMULATION = import_module("trustsim.simulation.run")
TWO = ("--mechanism", "ideas", "--mechanism", "hold_up")


def test_any_experiment_becomes_an_ablation_that_keeps_the_table_of_runs(call: Call) -> None:
    said = call("ablate", "mine.toml", *TWO, "-q")
    assert said.code == 0
    assert said.out.startswith("In the full market high differs from low by")
    assert "results: results/mine_ablation" in said.out
    assert "report: results/mine_ablation/report.html" in said.out
    config = load_experiment("results/mine_ablation/experiment.toml")
    assert config.design is not None
    assert config.design.mechanisms == ("hold_up", "ideas")
    assert config.keep == ("runs",)
    runs = pd.read_parquet("results/mine_ablation/runs.parquet")
    assert runs["without"].value_counts().to_dict() == {"nothing": 4, "hold_up": 4, "ideas": 4}
    again = call("ablate", "results/mine_ablation")
    assert again.code == 0
    assert again.out.strip() == said.out.partition("results: ")[0].strip()
    assert len(pd.read_parquet("results/mine_ablation/runs.parquet")) == 12


def test_an_ablation_is_taken_as_it_is(call: Call) -> None:
    text = CONFIG + '[design]\nmethod = "ablation"\nmechanisms = ["ideas"]\n'
    Path("mine.toml").write_text(text, encoding="utf-8")
    said = call("ablate", "mine.toml", "-q", "--no-report", "--out", "out")
    assert (said.code, said.err) == (0, "")
    config = load_experiment("out/experiment.toml")
    assert config.design is not None
    assert config.design.mechanisms == ("ideas",)
    assert config.keep == ("runs", "policies", "rounds", "ages", "temptations")
    assert (
        call("compare", "out", "--measure", "total_cost").out.count("This is the full market") == 1
    )


def test_another_design_is_left_out_and_that_is_said(call: Call) -> None:
    design = '[design]\nmethod = "grid"\n[design.parameters]\nmarket.rivals = { values = [1, 3] }\n'
    Path("mine.toml").write_text(CONFIG + design, encoding="utf-8")
    said = call("ablate", "mine.toml", *TWO, "-q", "--no-report")
    assert said.code == 0
    assert "its design (grid) is left out" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--measure", "totl_cost"), ["totl_cost", 'did you mean "total_cost"?']),
        (("--confidence", "95"), ["--confidence = 95", "below 1"]),
        (("--confidence", "0"), ["--confidence = 0", "above 0"]),
        (("--confidence", "1"), ["--confidence = 1", "below 1"]),
        (("--mechanism", "ransm"), ["ransm", 'did you mean "ransom"?']),
    ],
)
def test_what_cannot_be_told_is_refused_before_anything_runs(
    call: Call, arguments: tuple[str, ...], words: list[str]
) -> None:
    refused(call("ablate", "mine.toml", *arguments), words)
    assert not Path("results").exists()


def test_one_arm_is_refused(call: Call) -> None:
    text = CONFIG.replace('baseline = "low"\n', "").partition("[arms.low]")[0]
    Path("mine.toml").write_text(text, encoding="utf-8")
    refused(call("ablate", "mine.toml"), ["one arm"])


def test_failed_runs_are_told_and_the_rest_is_answered(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SIMULATION.simulate

    def fails(scenario: Any, replicate: int, **options: Any) -> Any:
        if scenario.name == "high" and replicate == 1 and "ideas" in scenario.without:
            raise ValueError("the river rose")
        return real(scenario, replicate, **options)

    monkeypatch.setattr(SIMULATION, "simulate", fails)
    said = call("ablate", "mine.toml", *TWO, "--replications", "3", "--out", "out")
    assert said.code == 1
    assert said.out.startswith("In the full market high differs from low by")
    assert "Left out for missing runs: 1 pair." in said.out
    assert "report: out/report.html" in said.out
    assert "1 of 18 runs failed" in said.err


def test_a_rule_of_precision_asks_for_the_difference_in_the_full_market(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = running.decide, []

    def watched(runs: pd.DataFrame, *rest: Any) -> Any:
        seen.append(set(runs["point"]))
        return real(runs, *rest)

    monkeypatch.setattr(running, "decide", watched)
    rule = "[precision]\nhalf_width = 0.001\nstart = 10\nmax = 12\n"
    text = CONFIG.replace("replications = 2\n", "") + rule
    Path("mine.toml").write_text(text, encoding="utf-8")
    assert call("ablate", "mine.toml", *TWO, "-q", "--no-report").code == 0
    assert seen
    assert all(points == {0} for points in seen)
