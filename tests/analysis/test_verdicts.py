"""P values, equivalence, many comparisons: published figures, hand-worked ones, properties."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from trustsim.analysis.compare import compare
from trustsim.analysis.verdicts import adjusted, difference_p, equivalence_p, with_verdicts
from trustsim.errors import ConfigError

# the fifteen p values of the thrombolysis trial in Benjamini & Hochberg 1995, section 4
THROMBOLYSIS = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
                0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def runs_of(gaps, **measures):
    """Runs of arms one and two with these paired differences in total cost."""
    n = len(gaps)
    base = np.linspace(1, 2, n)
    one = {"arm": "one", "replicate": range(n), "total_cost": base + np.asarray(gaps, float)}
    two = {"arm": "two", "replicate": range(n), "total_cost": base}
    for name, other in measures.items():
        one[name], two[name] = base + np.asarray(other, float), base
    return pd.concat([pd.DataFrame(one), pd.DataFrame(two)])


class TestTests:
    def test_paired_t_test_worked_by_hand(self):
        # differences -1, 0, -2, -2: t = -1.25 / sqrt(11/48) = -2.611165 at 3 degrees of freedom;
        # P(|T| > t) = 1 - 2/pi (atan(u) + u/(1 + u^2)), u = t / sqrt(3)
        u = 1.25 / math.sqrt(11 / 48) / math.sqrt(3)
        p = 1 - 2 / math.pi * (math.atan(u) + u / (1 + u * u))
        row = compare(runs_of([-1, 0, -2, -2]), "one", "two").iloc[0]
        assert row["p_value"] == pytest.approx(p, rel=1e-9)
        assert p == pytest.approx(0.0796, abs=5e-5)

    def test_equivalence_as_published(self):
        # Moery & Calin-Jageman 2016, study 2, as worked by Lakens 2017: Welch's test, bounds of
        # d = .43: t(181.13) = 3.15 and -2.69, p = .004
        error = math.sqrt(0.95**2 / 95 + 0.83**2 / 89)
        bound = 0.43 * math.sqrt((0.95**2 + 0.83**2) / 2)
        assert (0.03 + bound) / error == pytest.approx(3.15, abs=0.005)
        assert (0.03 - bound) / error == pytest.approx(-2.69, abs=0.005)
        assert float(equivalence_p(0.03, error, 181.13, bound)) == pytest.approx(0.0039, abs=5e-5)

    def test_equivalence_worked_by_hand(self):
        # two differences, 0.1 and 0.3: mean .2, error .1, one degree of freedom, where
        # P(T < t) = 1/2 + atan(t) / pi; bound .5: t = 7 and -3, so that the upper test decides
        row = compare(
            runs_of([0.1, 0.3]), "one", "two", smallest={"total_cost": 0.5}
        ).iloc[0]  # fmt: skip
        assert row["p_equivalence"] == pytest.approx(0.5 - math.atan(3) / math.pi)
        assert row["smallest_difference"] == 0.5

    def test_one_pair_decides_nothing(self):
        row = compare(runs_of([0.1]), "one", "two", smallest={"total_cost": 9.0}).iloc[0]
        assert np.isnan([row["p_value"], row["p_equivalence"], row["p_adjusted"]]).all()
        assert row["verdict"] == row["verdict_adjusted"] == "undecided"

    def test_differences_without_variation(self):
        # binary fractions, so that the differences are exactly the same
        n = 4
        base = pd.DataFrame({"arm": "two", "replicate": range(n), "total_cost": 1.0})
        same = base.assign(arm="one")
        row = compare(pd.concat([same, base]), "one", "two", smallest={"total_cost": 0.1}).iloc[0]
        assert (row["p_value"], row["p_equivalence"]) == (1.0, 0.0)
        assert row["verdict"] == "equivalent"
        other = same.assign(total_cost=1.5)
        row = compare(pd.concat([other, base]), "one", "two", smallest={"total_cost": 0.1}).iloc[0]
        assert (row["p_value"], row["p_equivalence"]) == (0.0, 1.0)
        assert row["verdict"] == "more"


class TestMany:
    def test_holm_worked_by_hand(self):
        # sorted .005 .01 .03 .04 times 4, 3, 2, 1: .02 .03 .06 .04, which must not fall again
        found = adjusted([0.01, 0.04, 0.03, 0.005], "holm")
        assert found == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_the_thrombolysis_trial(self):
        # Benjamini & Hochberg 1995: Bonferroni's kind of control rejects three, theirs four
        holm = adjusted(THROMBOLYSIS, "holm")
        assert (holm <= 0.05).sum() == 3
        assert holm[:4] == pytest.approx([15 * 0.0001, 14 * 0.0004, 13 * 0.0019, 12 * 0.0095])
        share = adjusted(THROMBOLYSIS, "benjamini_hochberg")
        assert (share <= 0.05).sum() == 4
        assert share[3] == pytest.approx(0.0095 * 15 / 4)

    def test_what_is_missing_is_no_test(self):
        found = adjusted([0.01, math.nan, 0.03], "holm")
        assert found[[0, 2]] == pytest.approx([0.02, 0.03])
        assert math.isnan(found[1])

    def test_none_changes_nothing(self):
        assert adjusted(THROMBOLYSIS, "none").tolist() == THROMBOLYSIS

    def test_unknown_correction(self):
        with pytest.raises(ConfigError, match='did you mean "holm"'):
            adjusted([0.1], "hulm")

    @given(p=p_values)
    def test_adjusted_values_are_larger_and_keep_the_order(self, p):
        for correction in ("holm", "benjamini_hochberg"):
            found = adjusted(p, correction)
            assert (found >= np.array(p) - 1e-15).all()
            assert (found <= 1).all()
            assert (np.diff(found[np.argsort(p, kind="stable")]) >= -1e-15).all()

    @given(p=p_values)
    def test_holm_lies_between_the_false_discovery_rate_and_bonferroni(self, p):
        holm, share = adjusted(p, "holm"), adjusted(p, "benjamini_hochberg")
        assert (share <= holm + 1e-12).all()
        assert (holm <= np.minimum(1, len(p) * np.array(p)) + 1e-12).all()

    def test_holm_keeps_its_promise(self):
        # 2,000 families of 8 true hypotheses: a false rejection in .1 of them (error .0067)
        families = np.random.default_rng(3).random((2000, 8))
        wrong = np.mean([(adjusted(family, "holm") <= 0.1).any() for family in families])
        assert wrong == pytest.approx(1 - (1 - 0.1 / 8) ** 8, abs=0.027)

    def test_all_measures_of_a_call_are_one_family(self):
        runs = runs_of([-1, -1.1, -0.8, -0.9], cost_price=[0.2, -0.1, 0.1, 0.3])
        rows = compare(runs, "one", "two")
        assert rows["p_adjusted"].tolist() == adjusted(rows["p_value"]).tolist()
        one = compare(runs, "one", "two", ["cost_price"]).iloc[0]
        assert one["p_adjusted"] == one["p_value"]


differences = st.lists(st.floats(-10, 10), min_size=2, max_size=8)


class TestVerdicts:
    @given(gaps=differences, bound=st.floats(0.01, 5), confidence=st.floats(0.55, 0.99))
    def test_verdicts_are_those_of_the_intervals(self, gaps, bound, confidence):
        runs = runs_of(gaps)
        row = compare(
            runs, "one", "two", confidence=confidence, smallest={"total_cost": bound}
        ).iloc[0]
        inner = compare(runs, "one", "two", confidence=2 * confidence - 1).iloc[0]
        near = min(
            abs(abs(x) - y) for x in (inner["low"], inner["high"], row["low"], row["high"])
            for y in (0, bound)
        ) < 1e-6  # fmt: skip
        assume(not near)
        if -bound < inner["low"] and inner["high"] < bound:
            expected = "equivalent"
        elif row["low"] <= 0 <= row["high"]:
            expected = "undecided"
        else:
            expected = "less" if row["high"] < 0 else "more"
        assert row["verdict"] == expected

    @given(gaps=differences)
    def test_swapping_the_arms_turns_the_verdict(self, gaps):
        runs = runs_of(gaps)
        forth = compare(runs, "one", "two", smallest={"total_cost": 0.5}).iloc[0]
        back = compare(runs, "two", "one", smallest={"total_cost": 0.5}).iloc[0]
        turned = {"less": "more", "more": "less"}
        assert back["verdict"] == turned.get(forth["verdict"], forth["verdict"])

    def test_without_a_smallest_difference_nothing_is_equivalent(self):
        rows = compare(runs_of([1e-9, -1e-9, 2e-9, -2e-9]), "one", "two")
        assert rows["verdict"].tolist() == ["undecided"]

    def test_a_difference_can_be_shown_and_be_too_small_to_matter(self):
        gaps = [0.001, 0.0011, 0.0009, 0.001]
        row = compare(runs_of(gaps), "one", "two", smallest={"total_cost": 0.01}).iloc[0]
        assert row["low"] > 0
        assert row["verdict"] == "equivalent"

    def test_together_less_is_shown(self):
        # one difference at p = .02 stands alone and not among five; the family has five tests
        rows = pd.DataFrame({"difference": [-1.0] * 5, "p_value": [0.02, 0.5, 0.5, 0.5, 1e-9],
                             "p_equivalence": math.nan})  # fmt: skip
        found = with_verdicts(rows, 0.95)
        assert found["verdict"].tolist() == ["less", *["undecided"] * 3, "less"]
        assert found["verdict_adjusted"].tolist() == [*["undecided"] * 4, "less"]

    @pytest.mark.parametrize(
        ("correction", "stand"),
        # Holm: .036, .04, .06 of three tests; shares of false ones: .03, .03, .04 after steps up
        [("holm", [True, True, False]), ("benjamini_hochberg", [True] * 3), ("none", [True] * 3)],
    )
    def test_equivalence_is_adjusted_for_the_number_of_its_own_tests(self, correction, stand):
        equal = [0.012, 0.02, 0.04]
        if correction == "holm":
            equal[2] = 0.06
        alone = [p <= 0.05 for p in equal]
        rows = pd.DataFrame({"difference": [0.1] * 4, "p_value": [0.9] * 4,
                             "p_equivalence": [*equal, math.nan]})  # fmt: skip
        found = with_verdicts(rows, 0.95, correction)
        said = {True: "equivalent", False: "undecided"}
        assert found["verdict"].tolist() == [*(said[each] for each in alone), "undecided"]
        assert found["verdict_adjusted"].tolist() == [*(said[each] for each in stand), "undecided"]

    @pytest.mark.parametrize(
        ("others", "together"), [(1, "equivalent"), (2, "equivalent"), (3, "undecided")]
    )
    def test_the_more_tests_of_equivalence_the_less_is_shown(self, others, together):
        # p = .02 times 2 or 3 stays below .07, times 4 does not; tests of a difference do not count
        rows = pd.DataFrame({"difference": [0.1] * (1 + others), "p_value": [0.9] * (1 + others),
                             "p_equivalence": [0.02] + [0.5] * others})  # fmt: skip
        found = with_verdicts(rows, 0.93).iloc[0]
        assert (found["verdict"], found["verdict_adjusted"]) == ("equivalent", together)

    @pytest.mark.parametrize("bound", [0.0, -1.0, math.nan, math.inf])
    def test_a_smallest_difference_is_above_zero(self, bound):
        with pytest.raises(ConfigError, match="must be above 0"):
            compare(runs_of([1, 2]), "one", "two", smallest={"total_cost": bound})

    def test_a_smallest_difference_of_an_unknown_measure(self):
        with pytest.raises(ConfigError, match='did you mean "total_cost"'):
            compare(runs_of([1, 2]), "one", "two", smallest={"total_costs": 1.0})

    def test_equivalence_errs_as_often_as_it_says(self):
        # true difference at the bound: declared equivalent in .05 of 4,000 samples (error .0034)
        samples = np.random.default_rng(8).normal(1.0, 0.5, (4000, 12))
        error = samples.std(axis=1, ddof=1) / math.sqrt(12)
        p = equivalence_p(samples.mean(axis=1), error, np.full(4000, 11.0), 1.0)
        assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.014)
        different = difference_p(samples.mean(axis=1) - 1, error, np.full(4000, 11.0))
        assert stats.kstest(different, "uniform").pvalue > 1e-3
