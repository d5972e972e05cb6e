"""What the report says: sentences of the answer, limits, names and numbers."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.synthetic_results import ARMS, frames, write_folder

from trustsim.analysis.compare import Crossover
from trustsim.report.results import read_results
from trustsim.report.words.answer import (
    answer,
    crossover_sentence,
    difference_sentence,
    replication_sentence,
)
from trustsim.report.words.labels import MINUS, decimals, number, percent, plain, plain_arms
from trustsim.report.words.limits import conduct_by_phase, first_year, limits


@pytest.fixture(scope="module")
def tables():
    return frames(replicates=6, rounds=60)


def row(difference, half, n=200, mean_b=1.0):
    return {
        "difference": difference,
        "half_width": half,
        "low": difference - half,
        "high": difference + half,
        "relative": difference / mean_b,
        "mean_a": mean_b + difference,
        "mean_b": mean_b,
        "n": n,
    }


class TestSentences:
    def test_less(self):
        assert difference_sentence(row(-0.08, 0.01), "high_trust", "adversarial") == (
            "High trust costs 0.08 less per accepted lot than adversarial, 8.0\xa0% of its cost "
            "(95\xa0% interval 0.07 to 0.09, 200 paired runs)."
        )

    def test_a_share_of_a_negative_cost_is_not_given(self):
        said = difference_sentence(row(-1.5, 0.01), "a", "b")  # a costs 1 - 1.5
        assert said.startswith("A costs 1.50 less per accepted lot than b (95")
        assert "of its cost" not in said

    def test_more_says_that_the_baseline_wins(self):
        said = difference_sentence(row(0.08, 0.01), "a", "b")
        assert said.startswith("A costs 0.08 more per accepted lot than b")
        assert said.endswith(" is the cheaper of the two.")

    def test_an_interval_with_zero_shows_no_difference(self):
        said = difference_sentence(row(-0.01, 0.03), "a", "b")
        assert said.startswith("No difference is shown between a and b")
        assert "from 0.04 less to 0.02 more" in said
        assert "wins" not in said

    def test_an_end_close_to_zero_is_not_shown_as_zero(self):
        said = difference_sentence(row(-0.027, 0.025), "a", "b")
        assert "interval 0.002 to 0.052" in said

    @given(st.floats(1e-7, 1e3), st.floats(0, 0.999999), st.booleans())
    def test_an_interval_clear_of_zero_shows_no_zero(self, size, share, less):
        shown = row(-size if less else size, share * size)
        nearest = re.search(r"interval ([^ ]+) to", difference_sentence(shown, "a", "b"))
        assert float(nearest[1].replace("\N{NARROW NO-BREAK SPACE}", "")) > 0
        places = decimals(shown["half_width"], shown["difference"])
        for end in ("low", "high"):
            assert number(shown[end], places).strip(f"{MINUS}0.") != ""

    def test_one_run_proves_nothing(self):
        assert "nothing can be concluded" in difference_sentence(
            row(-0.08, math.nan, n=1), "a", "b"
        )

    def test_replication_rule(self):
        met = replication_sentence(row(-0.1, 0.0009, n=50), "a", "b")
        assert "0.9\xa0% of the difference, within the target of 1\xa0%" in met
        assert met.endswith("The rule is met.")
        many = replication_sentence(row(-0.1, 0.002, n=200), "a", "b")
        assert "about 800 pairs" in many
        assert many.endswith("The rule is met.")
        few = replication_sentence(row(-0.1, 0.002, n=50), "a", "b")
        assert "about 200 pairs" in few
        assert few.endswith("The rule is not met.")

    @pytest.mark.parametrize(
        ("found", "said"),
        [
            ((37, 33, 41, 1.0, 0.0), "from round 38 (year 3.2)"),
            ((37, 33, math.inf, 0.6, 0.0), "year 2.8 to beyond the last); this happens in 60"),
            ((math.inf, 100, math.inf, 0.3, 0.0), "in only 30\xa0% of the runs within 10.0 years"),
            ((math.inf, math.inf, math.inf, 0.0, 0.0), "In no run does a overtake b"),
            ((0, 0, 0, 1.0, 1.0), "cheaper from the first round on, in every run"),
        ],
    )
    def test_crossover(self, found, said):
        result = Crossover(*found, n=20, mean_round=0, mean_low=0, mean_high=0, horizon=120,
                           confidence=0.95)  # fmt: skip
        assert said in crossover_sentence(result, "a", "b")

    def test_answer_has_a_sentence_per_challenger(self, tables):
        said = answer(tables[0], tables[1], "adversarial", ARMS)
        assert len(said) == 2
        assert said[0].startswith("High trust costs")
        assert said[1].startswith("Trust but verify costs")

    def test_answer_names_no_time_of_overtaking_when_no_difference_is_shown(self, tables):
        runs, rounds, _ = tables
        same = runs[runs["arm"] == "adversarial"].copy()
        same["total_cost"] += [-0.02, 0.02, -0.02, 0.01, 0.03, -0.01]
        runs = pd.concat([same.assign(arm="high_trust"), runs[runs["arm"] == "adversarial"]])
        (said,) = answer(runs, rounds, "adversarial", ["high_trust", "adversarial"])
        assert said.startswith("No difference is shown")
        assert said.endswith("High trust is the cheaper in 50\xa0% of the runs.")

    def test_what_a_reader_would_not_guess_is_said(self, tables):
        runs = tables[0]
        one, two = list(dict.fromkeys(runs["arm"]))[:2]
        idle = runs.copy()
        here = (idle["arm"] == one) & (idle["replicate"] < 2)
        idle.loc[here, "orders"], idle.loc[here, "total_cost"] = 0.0, math.nan
        said = answer(idle, None, two, [one])[0]
        assert f"In 2 of the 6 runs of {plain(one)} there is no order at all" in said
        idle.loc[idle["arm"] == one, ["orders", "total_cost"]] = 0.0, math.nan
        said = answer(idle, tables[1], two, [one])[0]
        assert "no pair of runs has a total cost. In 6 of the 6 runs" in said
        assert "overtake" not in said
        negative = runs.copy()
        negative.loc[negative["arm"] == one, "total_cost"] -= 9.0
        said = answer(negative, None, two, [one])[0]
        assert f"The mean total cost of {plain(one)} is below zero." in said
        assert "of its cost" not in said

    def test_equal_arms_are_said_to_be_the_same_market(self, tables):
        first = next(iter(tables[0]["arm"]))
        runs = tables[0][tables[0]["arm"] == first]
        both = pd.concat([runs.assign(arm="a"), runs.assign(arm="b")])
        said = answer(both, None, "b", ["a"])[0]
        assert "costs exactly as much as b in all of 6 paired runs. No measure of any run" in said
        assert "No measure" in answer(both.assign(loyalty=math.nan), None, "b", ["a"])[0]
        other = both.copy()
        other.loc[other["arm"] == "a", "orders"] += 1.0
        assert "No measure" not in answer(other, None, "b", ["a"])[0]

    def test_answer_gives_the_reason_when_runs_have_no_partner(self, tables):
        runs = tables[0].copy()
        runs.loc[runs["arm"] == "high_trust", "replicate"] += 50
        assert "not paired" in answer(runs, None, "adversarial", ARMS)[0]


class TestLimits:
    def test_first_year_is_the_cumulative_cost_of_its_lots(self, tables):
        rounds = tables[1]
        early = first_year(rounds, ["high_trust"], ["cost_price"])
        mine = rounds[(rounds["arm"] == "high_trust") & (rounds["replicate"] == 2)]
        mine = mine[mine["round"] < 12]
        paid = (mine["cost_price"] * mine["accepted"]).sum() / mine["accepted"].sum()
        assert early.loc[early["replicate"] == 2, "cost_price"].item() == pytest.approx(paid)

    def test_a_challenger_that_loses_is_said_to_lose(self, tmp_path):
        write_folder(tmp_path, baseline="high_trust", replicates=6, rounds=60)
        worst = {limit.arm: limit for limit in limits(read_results(tmp_path))}["adversarial"]
        assert worst.loses
        assert any("is the cheaper of the two" in sentence for sentence in worst.sentences)
        assert any("dearer in 100" in sentence for sentence in worst.sentences)

    def test_conduct_is_compared_at_first_orders_and_in_old_relations(self, tables):
        phases = conduct_by_phase(tables[2], "high_trust", "adversarial")
        assert list(phases) == ["0", "64+"]
        young, old = (p.set_index("measure")["difference"] for p in phases.values())
        assert old["inspection_rate"] < -0.5 < young["inspection_rate"]

    def test_ages_that_one_arm_hardly_reaches_are_not_compared(self, tables):
        ages = tables[2].copy()
        rare = (ages["arm"] == "adversarial") & (ages["age_from"] > 8) & (ages["replicate"] > 1)
        ages.loc[rare, "inspection_rate":"arrears_days"] = np.nan
        assert list(conduct_by_phase(ages, "high_trust", "adversarial")) == ["0", "8–15"]


class TestLabels:
    @pytest.mark.parametrize(
        ("value", "places", "said"),
        [(-0.0004, 2, "0.00"), (-1234.5, 1, "−1\u202f234.5"), (math.nan, 2, "–"),
         (-math.inf, 2, "−∞")],
    )  # fmt: skip
    def test_numbers(self, value, places, said):
        assert number(value, places) == said

    def test_percent_never_rounds_to_none_or_all(self):
        assert percent(0.9999) == "over 99\xa0%"
        assert percent(0.0001) == "under 1\xa0%"
        assert percent(1.0) == "100\xa0%"

    @pytest.mark.parametrize(("half", "places"), [(0.012, 3), (3.4, 1), (120.0, 0), (1e-9, 4)])
    def test_decimals_follow_the_uncertainty(self, half, places):
        assert decimals(half, 1.0) == places

    @pytest.mark.parametrize(
        ("value", "places"),
        [(1234.5, 0), (123.4, 1), (12.34, 2), (1.234, 3), (0.1234, 4), (0.0, 2)],
    )
    def test_without_an_uncertainty_four_digits_are_shown(self, value, places):
        assert decimals(math.nan, value) == places

    def test_names(self):
        assert plain("trust_but_verify") == "trust but verify"
        assert plain("a\n\tb\x00") == "a b"
        assert len(plain("x" * 500)) == 60
        assert plain_arms(["a_b", "a b", "c"]) == {"a_b": "a b (1)", "a b": "a b (2)", "c": "c"}
