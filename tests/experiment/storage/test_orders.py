"""The panel of orders as a table of an experiment: kept on request, merged as the others are."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.small_experiment import Stops, all_runs, leave_chunks, manifest, reseal

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.experiment import run as running
from trustsim.experiment.check import check
from trustsim.experiment.execution.dask_executor import DaskExecutor
from trustsim.experiment.execution.executors import ThreadExecutor, compile_ahead
from trustsim.experiment.plan import Plan, scenario_of
from trustsim.experiment.run import rerun, run_missing
from trustsim.experiment.storage import merging
from trustsim.schema.accounts import CATEGORIES
from trustsim.simulation.run import simulate
from trustsim.study import Results

CONFIG = """
name = "panel"
rounds = 8
replications = 3
baseline = "adversarial"
keep = ["orders", "runs"]

[market]
buyers = 12
suppliers = 5
bankruptcy = 1
overhead = 0.5

[arms.high_trust]
buyer_mix = { high_trust = 0.5, trust_but_verify = 0.5 }

[arms.adversarial]
buyer_mix = { adversarial = 1.0 }
"""


@pytest.fixture
def config(tmp_path: Path) -> ExperimentConfig:
    (tmp_path / "panel.toml").write_text(CONFIG, encoding="utf-8")
    return load_experiment(tmp_path / "panel.toml")


@pytest.fixture
def folder(config: ExperimentConfig, tmp_path: Path) -> Path:
    run_missing(config, tmp_path / "out", jobs=2)
    return tmp_path / "out"


def test_it_is_not_kept_unless_asked_for(config: ExperimentConfig, tmp_path: Path) -> None:
    plain = dataclasses.replace(config, keep=ExperimentConfig.keep)
    run_missing(plain, tmp_path / "plain")
    there = {path.name for path in (tmp_path / "plain").glob("*.parquet")}
    assert there == {
        f"{name}.parquet" for name in ("runs", "policies", "rounds", "ages", "temptations")
    }
    assert plain.keep == ("runs", "policies", "rounds", "ages", "temptations")
    with pytest.raises(ConfigError, match="keeps no table of orders"):
        _ = Results.open(tmp_path / "plain").orders


def test_it_says_what_simulate_says(config: ExperimentConfig, folder: Path) -> None:
    assert config.keep == ("runs", "orders")
    assert {path.name for path in folder.glob("*.parquet")} == {"runs.parquet", "orders.parquet"}
    kept = Results.open(folder).orders
    assert list(kept.columns[:3]) == ["run_id", "arm", "replicate"]
    for run in all_runs(config):
        rows = kept[kept["run_id"] == run.run_id].reset_index(drop=True)
        assert set(rows["arm"]) == {run.arm}
        assert set(rows["replicate"]) == {run.replicate}
        orders = simulate(scenario_of(config, run), run.replicate, orders=True).orders
        assert orders is not None
        named = {name: str for name in orders if orders[name].dtype == "category"}
        for name, column in orders.items():
            mine, theirs = rows[name], column
            if name in named:
                mine, theirs = mine.astype(object).fillna(""), theirs.astype(object).fillna("")
                assert (mine == theirs).all(), name
            else:
                assert mine.dtype == theirs.dtype, name
                np.testing.assert_array_equal(mine, theirs, err_msg=str(name))
        assert list(rows.columns[3:]) == list(orders.columns)


def test_it_adds_up_to_the_table_of_runs(folder: Path) -> None:
    results = Results.open(folder)
    runs, orders = results.runs.set_index("run_id"), results.orders
    costs = orders[[f"cost_{name}" for name in CATEGORIES]].sum(axis=1)
    total = costs.groupby(orders["run_id"]).sum()
    lots = orders["lots"].where(orders["accepted"] == 1).groupby(orders["run_id"]).sum()
    found = (total / lots).loc[runs.index].to_numpy()
    assert found == pytest.approx(runs["total_cost"].to_numpy(), rel=1e-6)


def test_the_runs_do_not_move(config: ExperimentConfig, folder: Path, tmp_path: Path) -> None:
    run_missing(dataclasses.replace(config, keep=("runs",)), tmp_path / "runs")
    with_orders, alone = (pd.read_parquet(f / "runs.parquet") for f in (folder, tmp_path / "runs"))
    pd.testing.assert_frame_equal(with_orders, alone)


def test_stopped_and_run_again_it_has_the_same_digest(
    config: ExperimentConfig, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "ROWS_AT_A_TIME", 50)
    left = leave_chunks(config, tmp_path / "other", runs=4, per_chunk=1)
    assert len(left) == 4
    with pytest.raises(KeyboardInterrupt):
        run_missing(config, tmp_path / "other", executor=Stops(1, KeyboardInterrupt()))
    run_missing(config, tmp_path / "other", jobs=1)
    assert manifest(tmp_path / "other")["digest"] == manifest(folder)["digest"]
    again = run_missing(config.replace(replications=4), tmp_path / "other")
    assert again["runs_done"] == 8
    fresh = run_missing(config.replace(replications=4), tmp_path / "fresh")
    assert fresh["digest"] == again["digest"]


def test_dask_gives_the_same_digest(config: ExperimentConfig, folder: Path, tmp_path: Path) -> None:
    found = run_missing(config, tmp_path / "dask", executor=DaskExecutor(workers=1))
    assert found["digest"] == manifest(folder)["digest"]


def test_a_change_of_it_is_noticed(config: ExperimentConfig, folder: Path) -> None:
    assert check(folder, sample=2).sound
    run_id = Plan(config).run(4).run_id
    assert rerun(folder, run_id)[1] == []
    table = pd.read_parquet(folder / "orders.parquet")
    row = int(np.flatnonzero(table["run_id"] == run_id)[9])
    table.loc[row, "event"] = "gift"
    table.to_parquet(folder / "orders.parquet", index=False)
    reseal(folder)
    assert rerun(folder, run_id)[1] == ["orders.event"]
    assert any("digest" in each for each in check(folder, sample=0).wrong)


def test_its_first_column_says_which_run(folder: Path) -> None:
    table = pd.read_parquet(folder / "orders.parquet")
    assert table.columns[0] == "run_id"


def test_a_folder_without_it_is_not_mixed_up(config: ExperimentConfig, folder: Path) -> None:
    less = dataclasses.replace(config, keep=("runs",))
    assert run_missing(less, folder)["digest"] == manifest(folder)["digest"]
    (folder / "orders.parquet").rename(folder.parent / "away")
    with pytest.raises(ConfigError, match=r"orders\.parquet: is missing"):
        run_missing(config, folder)


def test_a_market_where_nothing_happens_has_its_firms(tmp_path: Path) -> None:
    still = Scenario(
        "high_trust", buyers=1, suppliers=1, rounds=1, demand_rate=0.0, start_cash=0.0, overhead=0.0
    )
    config = ExperimentConfig("still", {"a": still}, "a", replications=2, keep=("runs", "orders"))
    run_missing(config, tmp_path / "out")
    assert list(pd.read_parquet(tmp_path / "out" / "orders.parquet")["event"]) == ["founding"] * 2


def test_many_orders_are_a_chunk(
    config: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    real = running.Store.add

    def add(store: Any, attempts: Any, keep: Any) -> None:
        written.append(len(attempts))
        real(store, attempts, keep)

    monkeypatch.setattr(running.Store, "add", add)
    monkeypatch.setattr(running, "SECONDS_PER_CHUNK", 1e6)
    monkeypatch.setattr(running, "ORDERS_PER_CHUNK", 150)
    run_missing(config, tmp_path / "out", executor=ThreadExecutor(1))
    assert max(written) <= 2


def test_what_it_needs_is_compiled_ahead(
    config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trustsim.simulation.run import Rounds

    kept: list[bool] = []
    real = Rounds.step

    def step(self: Rounds, pool: Any = None, keep: bool = False) -> None:
        kept.append(keep)
        real(self, pool, keep)

    monkeypatch.setattr(Rounds, "step", step)
    compile_ahead(config)
    assert kept == [True]
