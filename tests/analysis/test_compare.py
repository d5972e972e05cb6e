import math

import numpy as np
import pandas as pd
import pytest
from support.synthetic_results import frames

from trustsim.analysis.compare import (
    compare,
    crossover,
    measure_columns,
    paired_differences,
    replications_needed,
)
from trustsim.analysis.crossover import cost_paths, market_rounds, stays_below
from trustsim.analysis.pairs import mean_interval
from trustsim.errors import ConfigError

COSTS = {"one": [1.0, 2.0, 4.0, 3.0], "two": [2.0, 2.0, 6.0, 5.0]}


def table(costs=COSTS, **columns):
    rows = [
        {"run_id": f"{arm}{r}", "arm": arm, "replicate": r, "status": "done", "total_cost": cost}
        for arm, values in costs.items()
        for r, cost in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(**columns)


def paths(costs, accepted=None):
    """Rounds of arms: {arm: [[cost per round] per replicate]}."""
    rows = [
        {
            "run_id": f"{arm}{r}",
            "arm": arm,
            "replicate": r,
            "round": t,
            "policy": arm,
            "total_cost": cost,
            "accepted": 10 if accepted is None else accepted[arm][r][t],
        }
        for arm, runs in costs.items()
        for r, run in enumerate(runs)
        for t, cost in enumerate(run)
    ]
    return pd.DataFrame(rows)


class TestCompare:
    def test_paired_t_interval_worked_by_hand(self):
        # differences -1, 0, -2, -2: mean -1.25, variance 11/12, error sqrt(11/48) = .478714,
        # t(.975; 3) = 3.182446
        row = compare(table(), "one", "two", ["total_cost"]).iloc[0]
        half = 3.182446305 * math.sqrt(11 / 48)
        assert row["mean_a"] == 2.5
        assert row["mean_b"] == 3.75
        assert row["difference"] == -1.25
        assert row["half_width"] == pytest.approx(half, rel=1e-8)
        assert row["low"] == pytest.approx(-1.25 - half, rel=1e-8)
        assert row["high"] == pytest.approx(-1.25 + half, rel=1e-8)
        assert row["relative"] == pytest.approx(-1 / 3)
        assert row["effect_size"] == pytest.approx(-1.25 / math.sqrt(11 / 12))
        assert row["n"] == 4

    def test_confidence_changes_the_interval_as_t_does(self):
        row = compare(table(), "one", "two", ["total_cost"], confidence=0.9).iloc[0]
        assert row["half_width"] == pytest.approx(2.353363435 * math.sqrt(11 / 48), rel=1e-8)

    def test_rows_are_paired_by_replicate_and_not_by_position(self):
        shuffled = table().sample(frac=1, random_state=3)
        pd.testing.assert_frame_equal(
            compare(shuffled, "one", "two"), compare(table(), "one", "two")
        )

    def test_points_are_part_of_the_pair(self):
        two_points = pd.concat([table(point=0), table(point=1)])
        assert compare(two_points, "one", "two")["n"].tolist() == [8]
        with pytest.raises(ConfigError, match="two runs of point 0, replicate 0"):
            compare(pd.concat([table(), table()]), "one", "two")

    def test_swapping_the_arms_turns_the_sign(self):
        forth, back = compare(table(), "one", "two"), compare(table(), "two", "one")
        assert forth["difference"].tolist() == (-back["difference"]).tolist()
        assert forth["low"].tolist() == (-back["high"]).tolist()

    def test_missing_measure_leaves_its_pair_out_for_this_measure_only(self):
        runs = table(loyalty=0.5)
        runs.loc[0, "total_cost"] = np.nan
        rows = compare(runs, "one", "two").set_index("measure")
        assert rows.loc["total_cost", "n"] == 3
        assert rows.loc["total_cost", "mean_b"] == pytest.approx(13 / 3)
        assert rows.loc["loyalty", "n"] == 4

    def test_one_pair_has_no_interval_and_no_effect_size(self):
        row = compare(table({"one": [1.0], "two": [3.0]}), "one", "two").iloc[0]
        assert row["difference"] == -2
        assert np.isnan([row["low"], row["high"], row["half_width"], row["effect_size"]]).all()

    def test_failed_runs_are_no_runs(self):
        runs = table()
        runs.loc[0, "status"] = "failed"
        with pytest.raises(ConfigError, match="not paired: 1 run has no partner"):
            compare(runs, "one", "two")
        assert compare(runs, "one", "two", unpaired="drop")["n"].tolist() == [3]

    def test_unpaired_message_names_the_run_that_lacks_a_partner(self):
        with pytest.raises(ConfigError, match='replicate 3 of "two", which "one" lacks'):
            compare(table().drop(index=3), "one", "two")

    def test_no_common_replicate_is_refused_even_when_dropping(self):
        runs = table()
        runs.loc[runs["arm"] == "one", "replicate"] += 100
        with pytest.raises(ConfigError, match="not paired"):
            compare(runs, "one", "two", unpaired="drop")

    def test_one_measure_may_be_given_by_its_name(self):
        runs = frames(replicates=3, rounds=12)[0]
        rows = compare(runs, "high_trust", "adversarial", "total_cost")
        assert list(rows["measure"]) == ["total_cost"]

    def test_unknown_names_get_the_nearest(self):
        runs = frames(replicates=2, rounds=12)[0]
        with pytest.raises(ConfigError, match=r'"high_trsut" \(did you mean "high_trust"\?\)'):
            compare(runs, "high_trsut", "adversarial")
        with pytest.raises(ConfigError, match=r"'total_costs' .did you mean .total_cost."):
            compare(runs, "high_trust", "adversarial", ["total_costs"])

    @pytest.mark.parametrize("confidence", [0, 1, 95, -0.5])
    def test_confidence_out_of_bounds(self, confidence):
        with pytest.raises(ConfigError, match="between 0 and 1"):
            compare(table(), "one", "two", confidence=confidence)

    @pytest.mark.parametrize("column", ["status", "arm", "run_id", "replicate", "point", "zz"])
    def test_columns_that_are_no_measures_are_refused(self, column):
        runs = frames(replicates=2, rounds=2)[0].assign(status="done", run_id="x", point=0)
        arms = list(dict.fromkeys(runs["arm"]))
        with pytest.raises(ConfigError, match=f"unknown measure '{column}'"):
            compare(runs, *arms[:2], [column])

    def test_measures_are_those_of_the_contract_and_nothing_of_the_design(self):
        runs = frames(replicates=2, rounds=12)[0].assign(remoteness=0.5)
        names = measure_columns(runs)
        assert names[:2] == ["total_cost", "cost_price"]
        assert "instrument_share_escrow" in names
        assert not {"point", "replicate", "run_id", "remoteness"} & set(names)

    def test_parts_add_up_to_the_total_difference(self):
        runs = frames(replicates=5, rounds=24)[0]
        rows = compare(runs, "high_trust", "adversarial").set_index("measure")["difference"]
        parts = [n for n in rows.index if n.startswith("cost_")]
        assert len(parts) == 12
        assert rows[parts].sum() == pytest.approx(rows["total_cost"], abs=1e-12)

    def test_paired_differences_are_those_of_the_comparison(self):
        differences = paired_differences(table(), "one", "two")["total_cost"]
        assert differences.tolist() == [-1.0, 0.0, -2.0, -2.0]


def test_mean_interval_covers_as_often_as_it_says():
    samples = np.random.default_rng(4).normal(3.0, 2.0, size=(8, 4000))
    mean, half, n = mean_interval(samples, 0.9)
    assert (n == 8).all()
    assert np.mean(np.abs(mean - 3.0) <= half) == pytest.approx(0.9, abs=0.015)


@pytest.mark.parametrize(
    ("half_width", "difference", "n", "needed"),
    [(0.02, -1.0, 100, 400), (0.01, 1.0, 100, 100), (0.005, 1.0, 100, 25)],
)
def test_replications_for_a_half_width_of_one_percent(half_width, difference, n, needed):
    assert replications_needed(half_width, difference, n, 0.01) == needed


def test_no_difference_needs_endless_replications():
    assert replications_needed(0.1, 0.0, 100, 0.01) == math.inf
    assert replications_needed(math.nan, 1.0, 1, 0.01) == math.inf


class TestCrossover:
    def test_known_answer_of_cumulative_and_of_yearly_cost(self):
        # a: 3 in rounds 0-3, then 1; b: 2 always. Cumulative: 12 + (t - 3) < 2 (t + 1) first at
        # t = 8. Year of 2 rounds: (1 + 1) < 4 first at round 5.
        a, b = [3.0] * 4 + [1.0] * 8, [2.0] * 12
        rounds = paths({"a": [a] * 3, "b": [b] * 3})
        assert crossover(rounds, "a", "b").round == 8
        late = crossover(rounds, "a", "b", cost="yearly", rounds_per_year=2)
        assert late.round == 5
        assert (late.low, late.high, late.mean_round) == (5, 5, 5)

    def test_a_year_has_twelve_rounds_if_nothing_else_is_said(self):
        # a pays 3 in rounds 0-12 and 1 from then on, b 1.35: with two rounds of 3 among the last
        # twelve the year costs 16/12 < 1.35, with three 18/12; so at round 13 + 9
        a, b = [3.0] * 13 + [1.0] * 20, [1.35] * 33
        rounds = paths({"a": [a] * 2, "b": [b] * 2})
        assert crossover(rounds, "a", "b", cost="yearly").round == 22
        year = cost_paths(rounds, "a", cost="yearly").to_numpy()[0]
        assert year[[0, 12, 13, 24, 25]] == pytest.approx(
            [3.0, 3.0, 34 / 12, 14 / 12 - 2 / 12, 1.0]
        )

    def test_cumulative_cost_weighs_rounds_by_accepted_lots(self):
        # per lot: a pays 3 for 1 lot, then 1 for 9: after two rounds 12/10 < 2
        rounds = paths({"a": [[3.0, 1.0]], "b": [[2.0, 2.0]]}, {"a": [[1, 9]], "b": [[5, 5]]})
        assert cost_paths(rounds, "a").to_numpy().tolist() == [[3.0, 1.2]]
        assert crossover(rounds, "a", "b").round == 1

    def test_below_for_a_while_is_no_crossover(self):
        rounds = paths({"a": [[1.0, 1.0, 9.0]], "b": [[2.0, 2.0, 2.0]]})
        result = crossover(rounds, "a", "b")
        assert result.round == math.inf
        assert result.share_crossed == 0

    def test_equal_costs_never_cross(self):
        rounds = paths({"a": [[2.0, 2.0]], "b": [[2.0, 2.0]]})
        assert crossover(rounds, "a", "b").round == math.inf

    def test_ahead_from_the_start(self):
        rounds = paths({"a": [[1.0, 1.0]] * 2, "b": [[2.0, 2.0]] * 2})
        result = crossover(rounds, "a", "b")
        assert (result.round, result.share_from_start) == (0, 1.0)

    def test_runs_that_never_cross_count_as_such(self):
        crosses, never = [3.0, 1.0, 1.0, 1.0], [3.0, 3.0, 3.0, 3.0]
        most = crossover(paths({"a": [crosses] * 7 + [never] * 3, "b": [[2.0] * 4] * 10}), "a", "b")
        few = crossover(paths({"a": [crosses] * 3 + [never] * 7, "b": [[2.0] * 4] * 10}), "a", "b")
        assert (most.round, most.share_crossed, most.low) == (2, 0.7, 2)
        assert most.high == math.inf  # too few runs to be sure that half of all would cross
        assert (few.round, few.share_crossed) == (math.inf, 0.3)

    def test_interval_is_that_of_the_median_of_spread_out_crossings(self):
        rounds = paths({"a": [[3.0] * k + [0.0] * (40 - k) for k in range(1, 11)],
                        "b": [[2.0] * 40] * 10})  # fmt: skip
        crossed = [math.floor(1.5 * k) for k in range(1, 11)]  # 3 k < 2 (t + 1)
        result = crossover(rounds, "a", "b")
        assert result.round == sorted(crossed)[4]
        assert crossed[0] < result.low < result.round < result.high < crossed[-1]

    def test_same_answer_every_time(self):
        rounds = frames(replicates=10, rounds=60)[1]
        first = crossover(rounds, "high_trust", "adversarial")
        assert first == crossover(
            rounds.sample(frac=1, random_state=1), "high_trust", "adversarial"
        )

    def test_rounds_without_an_accepted_lot(self):
        nan = float("nan")
        rounds = paths({"a": [[nan, 3.0, 1.0, nan]], "b": [[2.0, nan, 2.0, 1.8]]},
                       {"a": [[0, 1, 9, 0]], "b": [[5, 0, 5, 5]]})  # fmt: skip
        assert crossover(rounds, "a", "b").round == 2

    def test_mixed_market_uses_the_rows_of_the_whole_market(self):
        single = frames(replicates=3, rounds=24)[1]
        mixed = frames(replicates=3, rounds=24, mixed=True)[1]
        assert set(market_rounds(mixed)["policy"]) == {"all"}
        assert crossover(mixed, "high_trust", "adversarial") == crossover(
            single, "high_trust", "adversarial"
        )

    def test_rows_of_single_policies_only_are_refused(self):
        rounds = frames(replicates=2, rounds=6, mixed=True)[1]
        with pytest.raises(ConfigError, match="two rows for point 0, replicate 0, round 0"):
            crossover(rounds[rounds["policy"] != "all"], "high_trust", "adversarial")

    def test_unknown_arm_and_unpaired_replicates(self):
        rounds = frames(replicates=3, rounds=6)[1]
        with pytest.raises(ConfigError, match="did you mean"):
            crossover(rounds, "high_trust", "adverserial")
        lost = rounds[(rounds["arm"] != "high_trust") | (rounds["replicate"] != 1)]
        with pytest.raises(ConfigError, match="not paired"):
            crossover(lost, "high_trust", "adversarial")
        assert crossover(lost, "high_trust", "adversarial", unpaired="drop").n == 2


def test_stays_below():
    gap = np.array([[-1.0, -1], [1, -1], [-1, 1], [1, np.nan]])
    assert stays_below(gap, np.array([0.0, 1.0])).tolist() == [0, 1, math.inf, math.inf]
