"""A folder of made-up runs that commands are asked about, and what they print of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w
import typer.main
from support.command_line import Call
from support.drawn import last_digit, numbers
from support.small_experiment import reseal

from trustsim.commands.cli import app


def names_of_option_tests(command: str) -> list[str]:
    """Names of the tests that the options of a command must have, from the parser."""
    known = typer.main.get_command(app).commands[command].params  # type: ignore[attr-defined]
    options = [each.opts[0] for each in known if each.opts[0].startswith("--")]
    return [f"test_{option.removeprefix('--').replace('-', '_')}" for option in options]


def written(path: Path, runs: pd.DataFrame, **experiment: Any) -> Path:
    """Write a folder that keeps the table of runs only."""
    path.mkdir()
    runs.assign(run_id=[f"{i:08d}" for i in range(len(runs))]).to_parquet(path / "runs.parquet")
    arms = {arm: {} for arm in runs["arm"].unique()}
    text = tomli_w.dumps({"name": "made", "keep": ["runs"], "arms": arms, **experiment})
    (path / "experiment.toml").write_text(text, encoding="utf-8")
    counts = {"runs_planned": len(runs), "replications": int(runs["replicate"].nunique())}
    (path / "manifest.json").write_text(json.dumps(counts), encoding="utf-8")
    reseal(path)
    return path


def gaps(runs: pd.DataFrame, measure: str, arm: str = "high", baseline: str = "low") -> Any:
    wide = runs.pivot_table(index=["point", "replicate"], columns="arm", values=measure)
    return (wide[arm] - wide[baseline]).dropna()


def asked(call: Call, *arguments: str) -> str:
    said = call(*arguments)
    assert (said.code, said.err) == (0, ""), said
    return said.out.replace("\N{NO-BREAK SPACE}", " ")


def near(cell: str, known: Any) -> bool:
    return numbers(cell) == pytest.approx(np.atleast_1d(known).tolist(), abs=last_digit(cell))
