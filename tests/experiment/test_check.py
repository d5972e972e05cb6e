"""Checking a results folder: what is sound is called sound, and every harm is seen and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.small_experiment import SIMULATION, content, leave_chunks, manifest, reseal

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment.check import check, spread
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import rerun, run_missing
from trustsim.experiment.storage.store import opened
from trustsim.experiment.storage.tables import Digest

DESIGN = """
[design]
method = "grid"
[design.parameters]
market.hour_cost = [0.004, 0.01]
"""


def change(folder: Path, name: str, harm: Callable[[pd.DataFrame], pd.DataFrame | None]) -> None:
    """Change a table, and tell the manifest its new digest, so that nothing else is noticed."""
    path = folder / f"{name}.parquet"
    table = pd.read_parquet(path)
    found = harm(table)
    (table if found is None else found).to_parquet(path, index=False)
    digest = Digest()
    for each in ("runs", "policies", "rounds", "ages", "temptations"):
        digest.add(each, pq.read_table(folder / f"{each}.parquet").replace_schema_metadata(None))
    reseal(folder, digest=digest.hexdigest())


def set_value(column: str, row: int, value: Any) -> Callable[[pd.DataFrame], None]:
    def harm(table: pd.DataFrame) -> None:
        table.loc[row, column] = value

    return harm


def test_a_sound_folder(finished: Path) -> None:
    before = content(finished)
    found = check(finished, sample=4)
    assert found.sound
    assert found.wrong == []
    said = found.sentences()
    files = (
        "ages.parquet, experiment.toml, policies.parquet, rounds.parquet, runs.parquet, "
        "temptations.parquet"
    )
    assert said[0] == f"as they were written, by their hashes: {files}"
    assert said[1] == "12 of 12 planned runs are in the tables, each once"
    assert said[2] == f"digest as in the manifest: {manifest(finished)['digest']}"
    assert said[5] == "orders of policies add up to those of runs"
    assert said[6] == "the accounts add up to zero in each of 60 rows of rounds"
    assert said[7].startswith("4 runs, computed again by trustsim")
    assert said[-1] == f"{finished}: sound"
    assert content(finished) == before


def test_a_design_is_checked_with_its_parameters(tmp_path: Path, finished: Path) -> None:
    path = tmp_path / "designed.toml"
    path.write_text((finished.parent / "small.toml").read_text() + DESIGN)
    config = load_experiment(path)
    run_missing(config, tmp_path / "out", jobs=1)
    assert check(tmp_path / "out").sound
    change(tmp_path / "out", "runs", set_value("market.hour_cost", 2, 0.005))
    found = check(tmp_path / "out", sample=0)
    assert [text.partition(": ")[2] for text in found.wrong] == [
        "says of 1 rows something else than the plan about arm, point, replicate or parameters"
    ]


@pytest.mark.parametrize(
    ("name", "harm", "said"),
    [
        ("runs", lambda t: t.drop(index=3), "1 of 12 planned runs are missing; run the experiment"),
        ("runs", lambda t: t.loc[[*range(12), 5]], "1 runs stand in runs.parquet more than once"),
        ("runs", set_value("run_id", 4, "0123456789abcdef"), "holds 1 runs that are not planned"),
        ("runs", set_value("arm", 4, "high"), "says of 1 rows something else than the plan"),
        ("runs", set_value("replicate", 4, 3), "says of 1 rows something else than the plan"),
        ("rounds", set_value("arm", 7, "low"), "says of 1 rows something else than the plan"),
        ("rounds", lambda t: t[t["run_id"] != t["run_id"][9]], "has no row of 1 runs that are"),
        ("ages", lambda t: t[t["run_id"] != t["run_id"][0]], "has no row of 1 runs that are"),
        ("policies", lambda t: t[t["run_id"] != t["run_id"][0]], "has no row of 1 runs that are"),
        ("policies", lambda t: t.drop(index=5), "the orders of 1 runs do not add up to those of"),
        ("policies", set_value("orders", 2, 7.0), "the orders of 1 runs do not add up to those of"),
        ("runs", lambda t: t.astype({"replicate": str}).replace("3", "x"), "says of 12 rows"),
        ("rounds", set_value("balance_banks", 11, 1), "the accounts of 1 rows do not add up to"),
        ("runs", set_value("orders", 0, 1e6), "the manifest says orders = "),
    ],
)  # fmt: skip
def test_every_harm_is_seen(
    folder: Path, name: str, harm: Callable[[pd.DataFrame], Any], said: str
) -> None:
    change(folder, name, harm)
    found = check(folder, sample=0)
    assert not found.sound
    assert [text for text in found.wrong if said in text], found.wrong
    assert found.sentences()[-1] == f"{folder}: not sound"
    assert len([text for text in found.wrong if "digest" in text]) == 0


def test_an_emptied_table(folder: Path, small: ExperimentConfig, finished: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    runs[:0].to_parquet(folder / "runs.parquet", index=False)
    reseal(folder)
    assert "12 of 12 planned runs are missing" in check(folder).wrong[0]
    with pytest.raises(ConfigError, match="planned but not done"):
        rerun(folder, runs["run_id"][0])
    assert run_missing(small, folder)["digest"] == manifest(finished)["digest"]


def test_one_changed_bit_changes_the_digest(folder: Path) -> None:
    runs = pd.read_parquet(folder / "runs.parquet")
    runs.loc[1, "loyalty"] = np.nextafter(runs["loyalty"][1], 9.0)
    runs.to_parquet(folder / "runs.parquet", index=False)
    first, second = check(folder).wrong
    assert first.startswith(f"{folder / 'runs.parquet'}: is damaged, or was changed: its SHA-256")
    assert second.startswith("the manifest says digest = ")


@pytest.mark.parametrize("name", ["runs", "policies", "rounds", "ages", "temptations"])
def test_a_row_that_does_not_come_out_again(folder: Path, name: str) -> None:
    run_id = pd.read_parquet(folder / "runs.parquet")["run_id"][6]
    column = "gain_expected" if name == "temptations" else "total_cost"

    def harm(table: pd.DataFrame) -> None:
        row = int(np.flatnonzero((table["run_id"] == run_id) & table[column].notna())[0])
        table.loc[row, column] = np.nextafter(table[column][row], 9.0)

    change(folder, name, harm)
    assert check(folder, sample=12).wrong == [
        f"run {run_id} (arm 'low', point 0, replicate 2), computed again, comes out differently: "
        f"{name}.{column}"
    ]


def test_a_run_that_fails_now(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SIMULATION, "simulate", lambda *a, **k: 1 / 0)
    wrong = check(folder, sample=1).wrong
    assert len(wrong) == 1
    assert "it fails now: ZeroDivisionError: division by zero" in wrong[0]


class TestCompleteness:
    def test_failed_runs_are_accounted_for(
        self, small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = SIMULATION.simulate

        def fails(scenario: Scenario, replicate: int, **options: Any) -> Any:
            return 1 / 0 if replicate == 2 else real(scenario, replicate, **options)

        monkeypatch.setattr(SIMULATION, "simulate", fails)
        out = tmp_path / "out"
        run_missing(small, out)
        found = check(out, sample=3)
        assert found.wrong == []
        assert found.good[1] == (
            "9 of 12 planned runs are in the tables, each once, 3 failed (failures.parquet)"
        )
        failures = pd.read_parquet(out / "failures.parquet")
        failures.loc[0, "run_id"] = pd.read_parquet(out / "runs.parquet")["run_id"][0]
        failures.to_parquet(out / "failures.parquet", index=False)
        reseal(out)
        assert check(out, sample=0).wrong == [
            "1 runs stand in runs.parquet and in failures.parquet; 1 of 12 planned runs are "
            "missing; run the experiment again, which computes no more than these"
        ]

    def test_nothing_is_done_yet(self, small: ExperimentConfig, tmp_path: Path) -> None:
        out = tmp_path / "out"
        leave_chunks(small, out, runs=0, per_chunk=1)
        assert check(out).wrong == [
            "12 of 12 planned runs are missing; run the experiment again, which computes no more "
            "than these"
        ]

    def test_what_a_killed_process_left_counts(
        self, small: ExperimentConfig, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        leave_chunks(small, out, runs=7, per_chunk=2)
        found = check(out)
        assert [text[:35] for text in found.wrong] == ["5 of 12 planned runs are missing; r"]
        assert f"digest as in the manifest: {manifest(out)['digest']}" in found.good

    def test_a_damaged_chunk_is_told(self, small: ExperimentConfig, tmp_path: Path) -> None:
        out = tmp_path / "out"
        leave_chunks(small, out, runs=3, per_chunk=1)[0].write_bytes(b"")
        wrong = check(out).wrong
        assert "is damaged (its checksum does not fit)" in wrong[0]
        assert "10 of 12 planned runs are missing" in wrong[1]


def test_a_damaged_table_is_named_and_the_rest_is_told(folder: Path) -> None:
    path = folder / "ages.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    wrong = check(folder).wrong
    assert len(wrong) == 2
    assert wrong[0].startswith(f"{path}: is damaged, or was changed")
    assert wrong[1].startswith(f"{path}: is damaged (")


@pytest.mark.parametrize("sample", [-1, 2.5, True])
def test_bad_samples(finished: Path, sample: Any) -> None:
    with pytest.raises(ConfigError, match="sample = "):
        check(finished, sample)


def test_no_results_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no results folder"):
        check(tmp_path)


def test_a_folder_in_which_another_process_works(small: ExperimentConfig, tmp_path: Path) -> None:
    out = tmp_path / "out"
    leave_chunks(small, out, runs=2, per_chunk=1)
    with opened(out), pytest.raises(ConfigError, match="another process"):
        check(out)


SCENARIO = Scenario("high_trust", rounds=1)


@given(st.lists(st.booleans(), min_size=21, max_size=21), st.integers(0, 25))
def test_a_sample_is_spread_over_arms(done: list[bool], sample: int) -> None:
    plan = Plan(ExperimentConfig("x", dict.fromkeys("abc", SCENARIO), "a", replications=7))
    found = spread(plan, np.array(done), sample)
    assert len(set(found)) == len(found) == min(sample, sum(done))
    assert all(done[place] for place in found)
    shares = [sum(plan.run(place).arm == arm for place in found) for arm in "abc"]
    there = [sum(done[7 * arm : 7 * arm + 7]) for arm in range(3)]
    assert all(n == most or n >= max(shares) - 1 for n, most in zip(shares, there, strict=True))


def test_a_sample_is_spread_over_replicates() -> None:
    plan = Plan(ExperimentConfig("x", dict.fromkeys("ab", SCENARIO), "a", replications=100))
    places = spread(plan, np.ones(200, bool), 8)
    assert [plan.run(place).replicate for place in places] == [12, 37, 62, 87] * 2
