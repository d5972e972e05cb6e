"""Several design points: what a mean is over, and a design with holes."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trustsim.analysis.compare import compare, differences_by_point, paired_differences
from trustsim.analysis.means import means_over
from trustsim.analysis.pairs import refuse_holes
from trustsim.errors import ConfigError

# differences at 3 points (rows) with 4 replicates (columns)
GAPS = [[-1.0, 0.0, -2.0, -2.0], [1.0, 3.0, 0.0, 2.0], [-4.0, -3.0, -3.0, -5.0]]


def crossed(gaps=GAPS):
    """Runs of two arms whose paired differences are these; the baseline differs from run to run."""
    rows = []
    for point, line in enumerate(gaps):
        for replicate, gap in enumerate(line):
            base = 10.0 + point + 0.1 * replicate
            for arm, cost in (("one", base + gap), ("two", base)):
                rows.append((arm, point, replicate, "done", cost))
    return pd.DataFrame(rows, columns=["arm", "point", "replicate", "status", "total_cost"])


def student(values, confidence=0.95):
    values = np.asarray(values, float)
    error = values.std(ddof=1) / math.sqrt(len(values))
    return values.mean(), stats.t.ppf((1 + confidence) / 2, len(values) - 1) * error


class TestWhatTheMeanIsOver:
    @pytest.mark.parametrize(("over", "axis"), [("replicates", 0), ("points", 1)])
    def test_the_unit_is_the_replicate_or_the_point(self, over, axis):
        mean, half = student(np.mean(GAPS, axis=axis))
        row = compare(crossed(), "one", "two", over=over).iloc[0]
        assert row["difference"] == pytest.approx(mean)
        assert row["half_width"] == pytest.approx(half)
        assert (row["n"], row["points"], row["replicates"]) == (12, 3, 4)
        assert row["df"] == (3 if over == "replicates" else 2)

    def test_both_add_their_variances_and_share_their_degrees_of_freedom(self):
        by_point, by_replicate = np.mean(GAPS, axis=1), np.mean(GAPS, axis=0)
        a, b = by_point.var(ddof=1) / 3, by_replicate.var(ddof=1) / 4
        df = (a + b) ** 2 / (a**2 / 2 + b**2 / 3)  # Satterthwaite 1946
        row = compare(crossed(), "one", "two", over="both").iloc[0]
        assert row["df"] == pytest.approx(df)
        assert row["half_width"] == pytest.approx(stats.t.ppf(0.975, df) * math.sqrt(a + b))

    @pytest.mark.parametrize("over", ["replicates", "both"])
    def test_one_point_is_the_paired_t_interval(self, over):
        mean, half = student(GAPS[0])
        row = compare(crossed(GAPS[:1]), "one", "two", over=over).iloc[0]
        assert (row["difference"], row["half_width"]) == (pytest.approx(mean), pytest.approx(half))
        assert row["p_value"] == pytest.approx(stats.ttest_1samp(GAPS[0], 0).pvalue)

    def test_one_point_tells_nothing_of_other_points(self):
        row = compare(crossed(GAPS[:1]), "one", "two", over="points").iloc[0]
        assert np.isnan([row["half_width"], row["p_value"]]).all()
        assert row["verdict"] == "undecided"

    def test_one_replicate_leaves_the_points(self):
        gaps = [line[:1] for line in GAPS]
        mean, half = student(np.ravel(gaps))
        for over in ("points", "both"):
            row = compare(crossed(gaps), "one", "two", over=over).iloc[0]
            assert (row["difference"], row["half_width"]) == pytest.approx((mean, half))
        assert math.isnan(compare(crossed(gaps), "one", "two").iloc[0]["half_width"])

    def test_points_that_hang_together_are_one_unit(self):
        gaps = [*GAPS, *[[gap + 1 for gap in line] for line in GAPS]]
        blocks = np.mean(gaps, axis=1).reshape(3, 2).mean(axis=1)
        mean, half = student(blocks)
        row = compare(crossed(gaps), "one", "two", over="points", block=2).iloc[0]
        assert (row["difference"], row["half_width"]) == pytest.approx((mean, half))

    def test_the_effect_size_is_that_between_runs_whatever_the_mean_is_over(self):
        effects = {
            compare(crossed(), "one", "two", over=over).iloc[0]["effect_size"]
            for over in ("replicates", "points", "both")
        }
        (effect,) = effects
        assert effect == pytest.approx(np.mean(GAPS) / np.std(GAPS, ddof=1))

    def test_a_missing_run_does_not_tilt_an_additive_design(self):
        # rows and columns add up exactly, so that what is left tells what is missing
        place, luck = np.array([-5.0, 0.0, 9.0]), np.array([-1.0, 0.5, 0.0, 2.0])
        runs = crossed((place[:, None] + luck).tolist())
        whole = compare(runs, "one", "two", over="both").iloc[0]
        lost = (runs["arm"] == "one") & (runs["point"] == 2) & (runs["replicate"] == 3)
        part = compare(runs[~lost], "one", "two", over="both", unpaired="drop").iloc[0]
        assert part["n"] == 11
        for name in ("difference", "half_width", "mean_a", "mean_b"):
            assert part[name] == pytest.approx(whole[name], rel=1e-6)

    @pytest.mark.parametrize(
        ("options", "words"),
        [({"over": "point"}, 'did you mean "points"'), ({"block": 0}, "from 1 on")],
    )
    def test_refusals(self, options, words):
        with pytest.raises(ConfigError, match=words):
            compare(crossed(), "one", "two", **options)


def coverage(over, points, replicates, place, luck, rest, tries=3000):
    """How often the interval holds the true mean, 0, of a crossed design with random effects."""
    random = np.random.default_rng(7)
    index = pd.MultiIndex.from_product(
        [range(points), range(replicates)], names=["point", "replicate"]
    )
    drawn = (
        place * random.standard_normal((tries, points, 1))
        + luck * random.standard_normal((tries, 1, replicates))
        + rest * random.standard_normal((tries, points, replicates))
    )
    table = pd.DataFrame(drawn.reshape(tries, -1).T, index=index)
    found = means_over(table, 0.9, over=over)
    return float((found["mean"].abs() <= found["half_width"]).mean())


class TestCoverage:
    # 3,000 tries: the standard error of a coverage of .9 is .0055; four of them are allowed
    def test_both_cover_when_luck_is_shared_by_all_points(self):
        assert coverage("both", 30, 4, 1.0, 0.5, 0.5) >= 0.9 - 0.022
        assert coverage("both", 30, 8, 0.1, 0.5, 0.2) >= 0.9 - 0.022
        assert coverage("both", 30, 8, 1.0, 0.05, 0.2) == pytest.approx(0.9, abs=0.03)

    def test_points_alone_do_not_cover_what_they_do_not_claim_to(self):
        assert coverage("points", 30, 4, 1.0, 0.5, 0.5) < 0.8
        assert coverage("points", 30, 4, 1.0, 0.0, 0.5) == pytest.approx(0.9, abs=0.022)

    def test_replicates_cover_where_the_points_are_given(self):
        assert coverage("replicates", 30, 6, 0.0, 0.5, 0.5) == pytest.approx(0.9, abs=0.022)
        assert coverage("replicates", 30, 6, 2.0, 0.5, 0.5) < 0.7


@given(
    shift=st.floats(-100, 100),
    points=st.integers(2, 5),
    replicates=st.integers(2, 5),
    seed=st.integers(0, 10**6),
)
def test_both_is_never_surer_than_either(shift, points, replicates, seed):
    gaps = np.random.default_rng(seed).normal(shift, 1, (points, replicates))
    index = pd.MultiIndex.from_product([range(points), range(replicates)])
    table = pd.DataFrame({"x": gaps.ravel()}, index=index.set_names(["point", "replicate"]))
    rows = {over: means_over(table, over=over).iloc[0] for over in ("replicates", "points", "both")}
    assert all(row["mean"] == pytest.approx(gaps.mean()) for row in rows.values())
    assert rows["both"]["error"] >= max(rows[k]["error"] for k in ("replicates", "points")) - 1e-12
    low, high = sorted((points - 1, replicates - 1))
    assert low - 1e-9 <= rows["both"]["df"] <= low + high + 1e-9


class TestByPoint:
    def test_each_point_has_its_own_interval(self):
        found = differences_by_point(crossed(), "one", "two")
        for point, line in enumerate(GAPS):
            mean, half = student(line)
            row = found.loc[point]
            assert (row["difference"], row["half_width"]) == pytest.approx((mean, half))

    def test_points_that_one_arm_lacks_are_left_out_when_told(self):
        runs = crossed()
        runs = runs[(runs["arm"] == "one") | (runs["point"] != 1)]
        assert list(differences_by_point(runs, "one", "two", unpaired="drop").index) == [0, 2]
        with pytest.raises(ConfigError, match="4 runs have no partner"):
            differences_by_point(runs, "one", "two")

    def test_paired_differences_keep_point_and_replicate(self):
        gaps = paired_differences(crossed(), "one", "two")["total_cost"].unstack()
        assert gaps.to_numpy() == pytest.approx(np.array(GAPS))


class TestHoles:
    def test_a_complete_table_has_none(self):
        refuse_holes(crossed(), ["one", "two"], 3, 4)

    @pytest.mark.parametrize(("arm", "point", "replicate"), [("one", 2, 3), ("two", 0, 0)])
    def test_the_first_missing_run_is_named(self, arm, point, replicate):
        runs = crossed()
        lost = (runs["arm"] == arm) & (runs["point"] == point) & (runs["replicate"] == replicate)
        words = f'of 24 .* 1 run has not .* point {point}, replicate {replicate} of "{arm}"'
        with pytest.raises(ConfigError, match=words + ".*--allow-missing"):
            refuse_holes(runs[~lost], ["one", "two"], 3, 4)

    def test_a_replicate_that_both_arms_lack_is_a_hole_though_all_are_paired(self):
        runs = crossed()
        rest = runs[runs["replicate"] < 3]
        assert compare(rest, "one", "two").iloc[0]["n"] == 9
        with pytest.raises(ConfigError, match="6 runs have not been finished"):
            refuse_holes(rest, ["one", "two"], 3, 4)

    def test_failed_runs_and_whole_arms_are_missed(self):
        runs = crossed()
        runs.loc[0, "status"] = "failed"
        with pytest.raises(ConfigError, match=r'13 runs have .*replicate 0 of "one"'):
            refuse_holes(runs, ["one", "two", "three"], 3, 4)

    def test_a_table_without_points_is_one_point(self):
        refuse_holes(crossed(GAPS[:1]).drop(columns="point"), ["one", "two"], 1, 4)
