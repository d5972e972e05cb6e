"""Executors draw runs lazily, keep what is asked for, and give up what takes too long."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.places import ROOT

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.engine.time_limit import RunTimeout, TimeLimit
from trustsim.errors import ConfigError
from trustsim.experiment.execution import executors
from trustsim.experiment.execution.choice import executor_of
from trustsim.experiment.execution.executors import LARGE_MARKET, Compute, ThreadExecutor
from trustsim.experiment.plan import Plan, Run
from trustsim.experiment.run import run_missing
from trustsim.schema.decisions import REGISTERED
from trustsim.simulation.outcome import added_up, age_columns, round_columns, run_columns
from trustsim.simulation.run import Rounds, simulate

SIMULATION = sys.modules["trustsim.simulation.run"]
TINY: dict[str, Any] = {"rounds": 3, "buyers": 4, "suppliers": 3}
MIX = {"high_trust": 0.5, "adversarial": 0.5}


def tiny(**settings: Any) -> ExperimentConfig:
    arms = {name: Scenario(name, **TINY) for name in ("high_trust", "adversarial")}
    return ExperimentConfig("tiny", arms, "adversarial", **{"replications": 3, **settings})


def runs_of(config: ExperimentConfig) -> list[Run]:
    plan = Plan(config)
    return [plan.run(place) for place in range(len(plan))]


def endless(drawn: list[int]) -> Iterator[Run]:
    for number in itertools.count():
        drawn.append(number)
        yield Run("high_trust", 0, number, f"{number:016x}")


class TestDrawing:
    def test_runs_are_drawn_when_somebody_is_free(self) -> None:
        drawn: list[int] = []
        attempts = ThreadExecutor(2).attempts(endless(drawn), tiny())
        given = [next(attempts).run.replicate for _ in range(50)]
        attempts.close()  # type: ignore[attr-defined]
        # two are computed and eight wait to be taken at most
        assert len(drawn) <= 50 + 2 + 8
        assert len(set(given)) == 50

    def test_what_goes_wrong_in_drawing_is_heard(self) -> None:
        def broken() -> Iterator[Run]:
            yield from itertools.islice(endless([]), 3)
            raise LookupError("no more")

        attempts = ThreadExecutor(2).attempts(broken(), tiny())
        with pytest.raises(LookupError, match="no more"):
            list(attempts)

    def test_every_run_is_tried_once(self) -> None:
        config = tiny(replications=40)
        for jobs in (1, 2, 5):
            tried = [
                attempt.run for attempt in ThreadExecutor(jobs).attempts(runs_of(config), config)
            ]
            assert sorted(run.run_id for run in tried) == sorted(r.run_id for r in runs_of(config))

    def test_a_market_that_a_design_makes_large_runs_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "x.toml"
        path.write_text(
            'name = "x"\nreplications = 1\n[arms.a]\nbuyer_mix = { high_trust = 1.0 }\n[design]\n'
            f'method = "grid"\n[design.parameters]\nmarket.buyers = [10, {LARGE_MARKET}]\n',
            encoding="utf-8",
        )
        config = load_experiment(path)
        seen = []

        def without_walking(scenario: Scenario, replicate: int, *, threads: int, **_: Any) -> Any:
            seen.append((scenario.market.buyers, threads))
            raise ValueError

        monkeypatch.setattr(SIMULATION, "simulate", without_walking)
        list(ThreadExecutor(4).attempts(runs_of(config), config))
        assert seen == [(10, 4), (LARGE_MARKET, 4)]


class TestTables:
    """Sums are added up before they are handed over if not all tables are kept."""

    @pytest.mark.parametrize("mix", ["adversarial", MIX])
    def test_added_up_sums_give_the_same_measures(self, mix: Any) -> None:
        sums = simulate(Scenario(mix, rounds=30, buyers=20), 2).sums
        less = added_up(sums, rounds=False, ages=False)
        assert (less.rounds.shape, less.balances.shape) == ((1, sums.rounds.shape[1]), (1, 7))
        assert len(less.ages) == 0
        whole, found = run_columns([sums]), run_columns([less])
        assert list(found) == list(whole)
        for name, values in whole.items():
            np.testing.assert_array_equal(found[name], values, err_msg=name)
        np.testing.assert_array_equal(less.balances[0], sums.balances[-1])
        assert less.balances.base is None

    def test_what_is_kept_stays_as_it_is(self) -> None:
        sums = simulate(Scenario(MIX, **TINY)).sums
        assert added_up(sums, rounds=True, ages=True) is sums
        assert len(round_columns([added_up(sums, rounds=True, ages=False)])["round"]) == 3 * 3
        ages = age_columns([added_up(sums, rounds=False, ages=True)])
        np.testing.assert_array_equal(ages["orders"], age_columns([sums])["orders"])

    @pytest.mark.parametrize(
        ("keep", "rounds", "ages"),
        [(("runs",), 1, 0), (("runs", "ages"), 1, 13), (("runs", "rounds"), 3, 0)],
    )
    def test_an_attempt_holds_what_the_experiment_keeps(
        self, keep: tuple[str, ...], rounds: int, ages: int
    ) -> None:
        config = tiny(keep=keep)
        found = Compute(config)(runs_of(config)[0]).sums
        assert found is not None
        assert (len(found.rounds), len(found.ages)) == (rounds, ages)


def slow(order, view, policy):
    """Inspect always, after thinking for about a millisecond."""
    x = 0.0
    for i in range(50_000):
        x += math.sin(i * 0.5)
    return 1.0 if x > -1e9 else 0.0


def thinking(rounds: int) -> Scenario:
    own = {"buyers": {"thinker": {"based_on": "adversarial", "inspection": slow}}}
    return Scenario("thinker", rounds=rounds, buyers=3, suppliers=3, policies=own)


NEVER_ENDS = """
from trustsim import Scenario
from trustsim.experiment.plan import Plan
from trustsim.experiment.execution.executors import ThreadExecutor
from trustsim.config.experiment import ExperimentConfig

def never(order, view, policy):
    x = 0.0
    while x < 1.0:
        x = x * 0.5 + order.price * 0.0
    return x

own = {"buyers": {"mine": {"based_on": "adversarial", "inspection": never}}}
arms = {"a": Scenario("mine", rounds=2, buyers=BUYERS, suppliers=30, policies=own)}
config = ExperimentConfig("x", arms, "a", replications=1, run_timeout=0.2)
for attempt in ThreadExecutor(2).attempts([Plan(config).run(0)], config):
    print(attempt.failure.error)
"""


class TestRunTimeout:
    def test_a_slow_rule_is_a_failure_and_the_rest_goes_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(REGISTERED, "slow", (slow, "inspection"))
        quick = Scenario("adversarial", rounds=5_000, buyers=3, suppliers=3)
        arms = {"slow": thinking(5_000), "quick": quick}
        options: dict[str, Any] = {"run_timeout": 0.5, "keep": ("runs",)}
        config = ExperimentConfig("x", arms, "quick", replications=2, **options)
        found = run_missing(config, tmp_path / "out", jobs=2)
        assert (found["runs_done"], found["runs_failed"]) == (2, 2)
        failures = pd.read_parquet(tmp_path / "out" / "failures.parquet")
        assert set(failures["arm"]) == {"slow"}
        assert set(failures["error"]) == {"RunTimeout"}
        assert set(failures["message"]) == {"the run takes longer than run_timeout = 0.5 s"}

    @settings(max_examples=20, deadline=None)
    @given(st.integers(1, 40), st.sampled_from([1e18, 100.0]), st.integers(0, 1000))
    def test_walking_in_blocks_gives_the_same_bits(
        self, rounds: int, looks: float, replicate: int
    ) -> None:
        """Blocks of one round each, and blocks that grow."""
        scenario = Scenario(MIX, rounds=rounds, buyers=9, turn_rate=0.1, imitation_rate=0.1)
        limit = TimeLimit(1e9)
        limit.start()
        whole, parts = Rounds(scenario, replicate), Rounds(scenario, replicate)
        whole.run()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SIMULATION, "LOOKS", looks)
            parts.run(limit)
        one, other = whole.outcome(), parts.outcome()
        for name in ("rounds", "ages", "balances"):
            assert getattr(one.sums, name).tobytes() == getattr(other.sums, name).tobytes()
        assert [a.tobytes() for a in one.world] == [a.tobytes() for a in other.world]

    def test_blocks_grow_while_they_are_short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        walked = []
        rooms = SIMULATION.schedule
        real = rooms.many_rounds

        def many_rounds(world: Any, workspace: Any, first: int, last: int, *mixes: Any) -> None:
            walked.append((first, last))
            real(world, workspace, first, last, *mixes)

        monkeypatch.setattr(rooms, "many_rounds", many_rounds)
        simulate(Scenario("high_trust", **{**TINY, "rounds": 60}), limit=TimeLimit(1e6))
        assert walked == [(0, 1), (1, 3), (3, 7), (7, 15), (15, 31), (31, 60)]

    @pytest.mark.parametrize("options", [{"orders": True}, {"threads": 2}])
    def test_time_is_up_between_steps_too(
        self, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(SIMULATION, "SMALLEST_SHARE", 1)
        with pytest.raises(RunTimeout):
            simulate(thinking(30_000), limit=TimeLimit(0.05), **options)

    def test_a_run_that_is_done_counts_however_late(self) -> None:
        scenario = Scenario("high_trust", rounds=1, buyers=4)
        assert simulate(scenario, limit=TimeLimit(1e-9)).sums.rounds["needs"].sum() > 0

    def test_who_hangs_inside_a_round_is_left_behind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The run becomes a failure, its late result is dropped, and others go on."""
        monkeypatch.setattr(executors, "LOOK_EVERY", 0.01)
        monkeypatch.setattr(executors, "PATIENCE", 1.0)
        freed, come_back = threading.Event(), threading.Event()
        real = SIMULATION.simulate

        def simulate(scenario: Scenario, replicate: int, *, limit: TimeLimit, **o: Any) -> Any:
            if replicate == 1:
                limit.started = time.monotonic() - 100.0
                freed.wait(60)
                come_back.set()
            return real(scenario, replicate, limit=limit, **o)

        monkeypatch.setattr(SIMULATION, "simulate", simulate)
        config = tiny(replications=30, run_timeout=5.0)
        tried = []
        for attempt in ThreadExecutor(2).attempts(runs_of(config), config):
            tried.append(attempt)
            if len(tried) == 40:
                freed.set()
                come_back.wait(60)
        assert come_back.is_set()
        failed = [a for a in tried if a.failure is not None]
        assert [(a.run.arm, a.run.replicate) for a in failed if a.failure] == [
            ("high_trust", 1), ("adversarial", 1)
        ]  # fmt: skip
        assert {a.failure.error for a in failed if a.failure} == {"RunTimeout"}
        assert all("run_timeout = 5 s" in a.failure.message for a in failed if a.failure)
        assert len(tried) == len({attempt.run.run_id for attempt in tried}) == 60

    @pytest.mark.parametrize("buyers", [20, LARGE_MARKET])
    def test_a_rule_that_never_ends_lets_the_process_end(self, buyers: int) -> None:
        done = subprocess.run(
            [sys.executable, "-c", NEVER_ENDS.replace("BUYERS", str(buyers))],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        assert done.stdout.strip() == "RunTimeout"

    def test_without_a_limit_nobody_looks_at_the_clock(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = []
        real = SIMULATION.simulate

        def simulate(*given: Any, limit: Any, **options: Any) -> Any:
            seen.append(limit)
            return real(*given, limit=limit, **options)

        monkeypatch.setattr(SIMULATION, "simulate", simulate)
        config = tiny()
        list(ThreadExecutor(1).attempts(runs_of(config), config))
        assert seen == [None] * 6


class TestNames:
    def test_threads(self) -> None:
        with executor_of("threads", None, 3) as executor:
            assert isinstance(executor, ThreadExecutor)
            assert executor.jobs == 3

    @pytest.mark.parametrize(
        ("name", "address", "words"),
        [
            ("thread", None, ["--executor = 'thread'", 'did you mean "threads"', "threads, dask"]),
            ("slurm", None, ["--executor = 'slurm'", "threads, dask"]),
            ("threads", "tcp://a:1", ["--address = 'tcp://a:1'", "--executor dask"]),
        ],
    )
    def test_what_is_refused(self, name: str, address: str | None, words: list[str]) -> None:
        with pytest.raises(ConfigError) as refused:
            executor_of(name, address, 1)
        assert all(word in str(refused.value) for word in words)
