"""What an experiment is going to take: each sum by hand, and each line as it is told."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support.small_designs import Make, cube, grid

from trustsim.config.experiment import ExperimentConfig
from trustsim.config.precision import Precision
from trustsim.config.scenario import Scenario
from trustsim.experiment import estimate as estimating
from trustsim.experiment.estimate import Estimate, duration, estimate, plan_lines
from trustsim.schema.accounts import ACCOUNTS
from trustsim.schema.measures import AGE_FROM, MEASURES


def two_arms(**more: Any) -> ExperimentConfig:
    """Give two arms of 10 and 30 buyers over 24 rounds; the second has two policies."""
    one = Scenario("high_trust", rounds=24, buyers=10, demand_rate=0.5)
    other = Scenario({"high_trust": 0.5, "adversarial": 0.5}, rounds=24, buyers=30, demand_rate=0.5)
    return ExperimentConfig("x", {"one": one, "other": other}, "one", replications=5, **more)


COLUMNS = len(MEASURES) + len(Scenario("high_trust").instruments) + len(ACCOUNTS)


@pytest.mark.parametrize(
    ("keep", "rows"),
    [
        (("runs",), 10),
        (("runs", "rounds"), 10 + 5 * 24 * (1 + 3)),  # a row per policy, and one of all
        (("runs", "ages"), 10 + 10 * len(AGE_FROM)),
        (("runs", "temptations"), 10 + 10 * 6),
        (("runs", "rounds", "ages"), 10 + 5 * 24 * 4 + 10 * len(AGE_FROM)),
    ],
)
def test_time_and_room_of_the_tables_that_are_kept(keep: tuple[str, ...], rows: int) -> None:
    found = estimate(two_arms(keep=keep), cores=4)
    orders = 5 * 24 * 0.5 * (10 + 30)
    assert (found.arms, found.points, found.replications, found.cores) == (2, 1, 5, 4)
    assert (found.runs, found.most_replications) == (10, 5)
    assert found.orders == pytest.approx(orders)
    assert found.seconds == pytest.approx((orders * 0.9e-6 + rows * 2e-6) / 4)
    assert found.bytes == pytest.approx(rows * COLUMNS * 7.0)
    assert found.report == pytest.approx(10 + 2 * 3 + rows * 20e-6)


def test_orders_that_are_kept_take_time_and_room_of_their_own() -> None:
    keep = ("runs", "rounds", "ages", "orders")
    with_orders = estimate(two_arms(keep=keep), cores=1)
    without = estimate(two_arms(keep=keep[:3]), cores=1)
    orders = 5 * 24 * 0.5 * (10 + 30)
    assert with_orders.bytes - without.bytes == pytest.approx(220.0 * orders)
    assert with_orders.seconds - without.seconds == pytest.approx(28e-6 * orders)


def test_a_measured_speed_takes_the_place_of_the_usual_one() -> None:
    slow = estimate(two_arms(keep=("runs",)), cores=2, seconds_per_order=0.5)
    assert slow.seconds == pytest.approx((2400 * 0.5 + 10 * 2e-6) / 2)


def test_a_rule_of_precision_may_ask_for_more() -> None:
    rule = Precision(0.1, start=5, max=40)
    found = estimate(two_arms(keep=("runs",), precision=rule), cores=1)
    assert (found.replications, found.most_replications) == (5, 40)
    assert found.report == pytest.approx(10 + 6 + 80 * 20e-6)  # of all that may be run


def test_large_designs_are_looked_at_in_part(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    config = make(grid(*range(1, 41)))
    whole = estimate(config, cores=1)
    looked: list[int] = []
    real = estimating.scenario_of
    monkeypatch.setattr(
        estimating, "scenario_of", lambda c, run: looked.append(run.point) or real(c, run)
    )
    monkeypatch.setattr(estimating, "MOST_POINTS_LOOKED_AT", 5)
    part = estimate(config, cores=1)
    assert looked == [0, 9, 19, 29, 39] * 2  # from the first to the last
    assert (part.orders, part.seconds) == pytest.approx((whole.orders, whole.seconds))
    assert part.report == pytest.approx(10 + 2 * 3 + 160 * 20e-6 + 40 * 3e-3)


def lines_of(config: ExperimentConfig, **told: Any) -> list[str]:
    plain: dict[str, Any] = {
        "arms": 2, "points": 3, "replications": 4, "most_replications": 4, "orders": 123_456.0,
        "seconds": 61.0, "report": 20.0, "bytes": 1.5e6, "cores": 2,
    }  # fmt: skip
    return list(plan_lines(config, Estimate(**{**plain, **told})))


def test_every_line_of_a_plan(make: Make) -> None:
    assert lines_of(make(cube("latin_hypercube", 3))) == [
        "experiment small",
        "  world: 3 points (3 latin_hypercube) over 3 parameters",
        "    market.demand_volatility: 0 to 0.6 (sd of relative demand per round)",
        "    market.supplier_mix.opportunist: 0 to 0.5 (share)",
        "    policies.buyers.high_trust.inspection: none, all (rule)",
        "  policy: 2 arms: high, low; baseline low",
        "  constant: all other parameters (trustsim describe)",
        "  replications: 4 of every arm at every point",
        "  runs: 24",
        "  orders: about 120,000",
        "  time: about 1 min 01 s on 2 cores; then at most 20 s for the report (estimated; add "
        "half a minute if the walk is not compiled yet)",
        "  disk: about 1.5 MB for runs",
    ]


def test_lines_of_other_designs(make: Make) -> None:
    one = lines_of(make(grid(1.0, 2.0)), cores=1)
    assert one[1] == "  world: 3 points (grid) over 1 parameter"
    assert " on 1 core; then" in one[-2]
    two = grid(1.0, 2.0) + "market.rivals = [2, 3]\n"
    assert lines_of(make(two))[1] == "  world: 3 points (grid) over 2 parameters"
    assert lines_of(make(""))[1] == "  world: one point, the market of the file"
    assert "(2,048 base points of sobol)" in lines_of(make(cube("sobol", 2048)))[1]
    assert "(12 trajectories of morris)" in lines_of(make(cube("morris", 12)))[1]


def test_lines_of_a_rule_of_precision(make: Make) -> None:
    rule = "precision = { half_width = 0.0123, start = 4, max = 1000 }"
    lines = lines_of(make("", rule), most_replications=1000)
    assert lines[4:] == [
        "  replications: 4 to 1,000, until the difference in total_cost is known to ± 0.0123",
        "  runs: 24 at first, at most 6,000",
        "  orders: about 120,000 at first",
        "  time: about 1 min 01 s on 2 cores at first, at most 4 h 14 min; then at most 20 s for "
        "the report (estimated; add half a minute if the walk is not compiled yet)",
        "  disk: about 1.5 MB for runs at first",
    ]
    rule = "precision = { half_width = 0.02, relative = true, start = 4, max = 1000 }"
    assert lines_of(make("", rule))[4].endswith("is known to ± 2 % of low's mean")


def test_large_results_come_with_a_hint(make: Make) -> None:
    config = make("")
    assert lines_of(config, bytes=2e9)[-1] == "  disk: about 2 GB for runs"
    wide = dataclasses.replace(config, keep=("runs", "rounds", "ages"))
    hint = '  hint: keep = ["runs"] leaves out rounds and ages'
    assert lines_of(wide, bytes=1.1e9)[-1] == hint
    assert lines_of(wide, bytes=1e9)[-1] == "  disk: about 1 GB for runs, rounds, ages"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "1 s"),
        (1.6, "2 s"),
        (60.0, "1 min 00 s"),
        (3661.0, "1 h 01 min"),
        (7199.0, "1 h 59 min"),
    ],
)
def test_times_for_people(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(990, "990 B"), (1e3, "1 kB"), (1e6, "1 MB"), (12_345_678, "12 MB"), (1e9, "1 GB")],
)
def test_sizes_for_people(number: float, said: str) -> None:
    assert estimating._size(number) == said


def test_two_digits_of_an_estimate_are_told() -> None:
    assert [estimating._rounded(v) for v in (0.0, 7.4, 1234.0, 987_654.0)] == [0, 7, 1200, 990_000]
