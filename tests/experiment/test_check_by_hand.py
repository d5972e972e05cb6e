"""Findings of a check, sentence by sentence, and the runs that are computed again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from support.small_experiment import manifest, reseal

from trustsim import __version__
from trustsim.config.experiment import ExperimentConfig
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment import check as checking
from trustsim.experiment.check import SAMPLE, Checked, check, spread
from trustsim.experiment.plan import Plan


def plan_of(arms: str, replications: int) -> Plan:
    scenario = Scenario("high_trust", rounds=1)
    config = ExperimentConfig(
        "x", dict.fromkeys(arms, scenario), arms[0], replications=replications
    )
    return Plan(config)


@pytest.mark.parametrize(
    ("done", "sample", "places"),
    [
        # two arms of five: in the middle of each share
        ([*range(10)], 2, [2, 7]),
        ([*range(10)], 3, [1, 3, 7]),
        ([*range(10)], 4, [1, 3, 6, 8]),
        ([0, 4, *range(5, 10)], 5, [0, 4, 5, 7, 9]),
        ([1, 2, 3], 2, [1, 3]),
        ([9], 5, [9]),
        ([], 5, []),
        ([*range(10)], 0, []),
    ],
)
def test_runs_of_a_sample(done: list[int], sample: int, places: list[int]) -> None:
    plan, flags = plan_of("ab", 5), np.zeros(10, bool)
    flags[done] = True
    assert spread(plan, flags, sample) == places


def test_findings_and_their_verdict(tmp_path: Path) -> None:
    found = Checked(tmp_path)
    found.find("", "all is there")
    found.find("", "")
    assert found.sound
    assert found.sentences() == ["all is there", f"{tmp_path}: sound"]
    found.find("a run is missing", "all is there")
    assert not found.sound
    assert found.sentences() == [
        "all is there", "wrong: a run is missing", f"{tmp_path}: not sound",
    ]  # fmt: skip


def test_all_sentences_of_a_sound_folder(finished: Path) -> None:
    said, told = check(finished).sentences(), manifest(finished)
    runs = pd.read_parquet(finished / "runs.parquet")
    assert SAMPLE == 5
    places = [1, 3, 5, 7, 10]  # two of the first two arms, one of the third
    ids = ", ".join(runs["run_id"][place] for place in places)
    assert said == [
        "as they were written, by their hashes: ages.parquet, experiment.toml, "
        "policies.parquet, rounds.parquet, runs.parquet, temptations.parquet",
        "12 of 12 planned runs are in the tables, each once",
        f"digest as in the manifest: {told['digest']}",
        f"orders as in the manifest: {int(runs['orders'].sum())}",
        "runs_done as in the manifest: 12",
        "orders of policies add up to those of runs",
        "the accounts add up to zero in each of 60 rows of rounds",
        f"5 runs, computed again by trustsim {__version__}, come out the same, bit for bit: {ids}",
        f"{finished}: sound",
    ]


def test_nothing_is_computed_again_where_nothing_is_asked_for(finished: Path) -> None:
    said = check(finished, 0).sentences()
    assert len(said) == 8
    assert not [text for text in said if "again" in text]


@pytest.mark.parametrize("sample", [-1, True, 2.0, "3"])
def test_a_sample_is_a_whole_number(finished: Path, sample: object) -> None:
    with pytest.raises(ConfigError, match="allowed: a whole number, 0 or more"):
        check(finished, sample)  # type: ignore[arg-type]


def test_several_harms_of_completeness_are_told_together(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    failed = runs[["run_id"]].iloc[[0, 11]]
    failed.to_parquet(folder / "failures.parquet", index=False)
    runs.loc[[0, 1, 1, 1, 2, 3, 4, 4, 5, 6, 7, 8]].to_parquet(folder / "runs.parquet", index=False)
    reseal(folder)
    wrong = check(folder, 0).wrong[0]
    parts = wrong.split("; ")
    assert parts[0] == "2 runs stand in runs.parquet more than once"
    assert parts[1] == "1 runs stand in runs.parquet and in failures.parquet"
    assert parts[2].startswith("2 of 12 planned runs are missing")


def test_failed_runs_are_counted_beside_those_done(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    runs[["run_id"]].iloc[[3, 7]].to_parquet(folder / "failures.parquet", index=False)
    runs.drop(index=[3, 7]).to_parquet(folder / "runs.parquet", index=False)
    for name in ("rounds", "ages"):
        table = pd.read_parquet(folder / f"{name}.parquet")
        gone = runs["run_id"].iloc[[3, 7]]
        table[~table["run_id"].isin(gone)].to_parquet(folder / f"{name}.parquet", index=False)
    reseal(folder, runs_done=10)
    good = check(folder, 0).good
    told = "10 of 12 planned runs are in the tables, each once, 2 failed (failures.parquet)"
    assert told in good


def test_accounts_are_added_up_row_by_row(tmp_path: Path) -> None:
    accounts = checking._Accounts()
    ids = pa.array(["a", "b", "c"])
    accounts.add(pa.table({"run_id": ids, "balance_x": [1, 2, 3], "balance_y": [-1, -2, -3]}))
    good = ("", "the accounts add up to zero in each of 3 rows of rounds")
    assert accounts.finding(tmp_path) == good
    accounts.add(pa.table({"run_id": ids, "balance_x": [1, 2, 3], "balance_y": [-1, -1, -4]}))
    accounts.add(pa.table({"run_id": ids, "balance_x": [1, 2, 3], "balance_y": [0, 0, -3]}))
    problem = (
        f"{tmp_path / 'rounds.parquet'}: the accounts of 4 rows do not add up to zero; the first "
        "is of run b"
    )
    assert accounts.finding(tmp_path)[0] == problem


def test_every_strange_and_contradicting_row_is_counted(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    runs.loc[[2, 5], "arm"] = runs["arm"][9]
    runs.loc[[0], "replicate"] = 3
    runs.to_parquet(folder / "runs.parquet", index=False)
    rounds = pd.read_parquet(folder / "rounds.parquet")
    strange = rounds["run_id"].isin(rounds["run_id"].unique()[[1, 4]])
    rounds.loc[strange, "run_id"] = rounds.loc[strange, "run_id"].str.replace("^.", "z", regex=True)
    rounds.to_parquet(folder / "rounds.parquet", index=False)
    reseal(folder)
    wrong = [text.partition(": ")[2] for text in check(folder, 0).wrong]
    assert "holds 2 runs that are not planned" in wrong
    assert "has no row of 2 runs that are done" in wrong
    told = [
        text for text in wrong if text.startswith("says of 3 rows something else than the plan")
    ]
    assert len(told) == 1
