"""The comparison of a folder: what is asked and refused, what it says, the page's section."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from support.drawn import last_digit, numbers, student
from support.synthetic_design import write_design_folder
from support.synthetic_results import write_folder

from trustsim.analysis.compare import compare
from trustsim.analysis.verdicts import adjusted
from trustsim.errors import ConfigError
from trustsim.report.results import Reported, read_results
from trustsim.report.sections.comparison import comparison, section, sentences, text_table
from trustsim.report.words.answers import answers


@pytest.fixture(scope="module")
def design(tmp_path_factory):
    return read_results(write_design_folder(tmp_path_factory.mktemp("design") / "lhs"))


@pytest.fixture(scope="module")
def three_arms(tmp_path_factory):
    manifest = {"replications": 8, "runs_planned": 24}
    path = tmp_path_factory.mktemp("arms")
    return read_results(write_folder(path, replicates=8, rounds=14, manifest=manifest))


def made(gaps, tmp_path, **other):
    """Results of arms a and b with these paired differences in total cost, one market."""
    n = len(gaps)
    base = {"replicate": range(n), "status": "done", "total_cost": np.linspace(1.0, 1.1, n)}
    a = pd.DataFrame({"arm": "a", **base, **{k: v for k, (v, _) in other.items()}})
    b = pd.DataFrame({"arm": "b", **base, **{k: v for k, (_, v) in other.items()}})
    a["total_cost"] += gaps
    return Reported(tmp_path, pd.concat([a, b], ignore_index=True))


def spaced(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


class TestFamily:
    def test_all_measures_of_all_arms_are_one_family(self, three_arms):
        found = comparison(three_arms)
        assert found.arms == ["high_trust", "trust_but_verify"]
        p = found.rows["p_value"].to_numpy()
        assert len(p) == 2 * found.rows["measure"].nunique()
        np.testing.assert_allclose(found.rows["p_adjusted"], adjusted(p))
        alone = compare(three_arms.runs, "high_trust", "adversarial")
        mine = found.rows[found.rows["arm"] == "high_trust"]
        np.testing.assert_allclose(mine["p_value"], alone["p_value"])
        assert (mine["p_adjusted"].to_numpy() >= alone["p_adjusted"].to_numpy()).all()

    def test_arms_and_measures_can_be_named(self, three_arms):
        found = comparison(three_arms, ["adversarial", "trust_but_verify"], ["loyalty"])
        assert (found.arms, found.baseline) == (["adversarial"], "trust_but_verify")
        row = compare(three_arms.runs, "adversarial", "trust_but_verify", ["loyalty"]).iloc[0]
        assert found.rows["difference"].item() == row["difference"]
        assert found.rows["p_adjusted"].item() == row["p_value"]

    def test_a_design_is_read_as_it_was_made_unless_told(self, design):
        assert comparison(design).over == "both"
        told = comparison(design, over="points", measures=["total_cost"])
        row = compare(design.runs, "high_trust", "adversarial", ["total_cost"], over="points")
        assert told.rows["half_width"].item() == row["half_width"].item()

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"arms": ["high_trsut", "adversarial"]}, 'did you mean "high_trust"'),
            ({"arms": ["adversarial"]}, "needs two arms"),
            ({"measures": ["total_costs"]}, 'did you mean "total_cost"'),
            ({"smallest": 0.1, "measures": ["loyalty", "goods_per_hour"]}, "of one measure"),
            ({"smallest": -0.1}, "must be above 0"),
            ({"confidence": 95}, "between 0 and 1"),
            ({"over": "luck"}, "allowed: replicates, points, both"),
        ],
    )
    def test_refusals(self, design, options, words):
        with pytest.raises(ConfigError, match=words):
            comparison(design, **options)


class TestSmallest:
    def test_the_experiments_own_is_that_of_total_cost(self, design):
        bounds = comparison(design).rows.set_index("measure")["smallest_difference"]
        assert bounds["total_cost"] == 0.02
        assert bounds.drop("total_cost").isna().all()
        assert comparison(design, measures=["loyalty"]).rows["smallest_difference"].isna().all()

    def test_a_number_is_that_of_the_one_measure_asked_for(self, design):
        rows = comparison(design, measures=["loyalty"], smallest=0.3).rows
        assert rows["smallest_difference"].item() == 0.3
        rows = comparison(design, smallest={"loyalty": 0.1, "cost_price": 0.2}).rows
        assert rows.set_index("measure")["smallest_difference"].dropna().to_dict() == {
            "cost_price": 0.2,
            "loyalty": 0.1,
        }


class TestHoles:
    @pytest.fixture
    def damaged(self, tmp_path):
        path = write_design_folder(tmp_path, points=4, replicates=3)
        runs = pd.read_parquet(path / "runs.parquet")
        lost = (runs["point"] == 2) & (runs["replicate"] == 1)  # of both arms: all are paired
        runs[~lost].to_parquet(path / "runs.parquet")
        return read_results(path)

    def test_are_refused_and_counted(self, damaged):
        with pytest.raises(ConfigError, match=r"of 24 planned runs, 2 runs have not .* point 2"):
            comparison(damaged)

    def test_are_left_out_when_told_and_said(self, damaged):
        found = comparison(damaged, allow_missing=True)
        assert found.missing == 2
        assert found.rows["n"].max() == 11
        assert any("2 planned runs are missing" in said for said in sentences(found))
        assert any("2 planned runs are missing" in said for said in section(damaged).sentences)

    @pytest.fixture
    def lost(self, tmp_path):
        """Give a folder without the runs of some arms, which have failed."""

        def folder(name, *arms):
            manifest = {"replications": 4, "runs_planned": 12}
            path = write_folder(tmp_path / name, replicates=4, rounds=3, manifest=manifest)
            runs = pd.read_parquet(path / "runs.parquet")
            gone = runs["arm"].isin(arms)
            runs[~gone].to_parquet(path / "runs.parquet")
            runs[gone].to_parquet(path / "failures.parquet")
            return read_results(path)

        return folder

    def test_an_arm_without_runs_is_a_hole_like_any_other(self, lost):
        two = lost("two", "high_trust", "trust_but_verify")
        with pytest.raises(ConfigError, match="of 12 planned runs, 8 runs have not been finished"):
            comparison(two)
        with pytest.raises(ConfigError, match="of 12 planned runs, 4 runs"):
            comparison(lost("baseline", "adversarial"))

    def test_an_arm_without_runs_is_named(self, lost):
        why = 'arm "high_trust" has no finished run (failures.parquet has why)'
        two = lost("two", "high_trust", "trust_but_verify")
        with pytest.raises(ConfigError, match=re.escape(why)):
            comparison(two, allow_missing=True)
        (told,) = section(two).sentences
        assert told.startswith(f"Nothing can be compared: {why}; ")
        with pytest.raises(ConfigError, match=re.escape(why)):
            comparison(two, ["high_trust", "adversarial"], allow_missing=True)

    def test_the_answer_says_which_arms_are_lost(self, lost):
        assert answers(lost("one", "high_trust"))[0] == (
            "High trust has no finished run (failures.parquet has why)."
        )
        told = answers(lost("baseline", "adversarial"))
        assert told[0].startswith("Adversarial has no finished run")
        assert told[1] == "Adversarial was the baseline; trust but verify takes its place."

    def test_the_other_arms_are_compared(self, lost):
        one = comparison(lost("one", "high_trust"), allow_missing=True)
        assert one.arms == ["trust_but_verify"]
        assert one.missing == 4
        assert one.unpaired == (
            'High trust cannot be compared: arm "high_trust" has no finished run '
            "(failures.parquet has why).",
        )
        with pytest.raises(ConfigError, match='arm "adversarial" has no finished run'):
            comparison(lost("baseline", "adversarial"), allow_missing=True)

    def test_a_run_that_was_never_reached_is_a_hole(self, tmp_path):
        path = write_design_folder(tmp_path, points=4, replicates=3)
        runs = pd.read_parquet(path / "runs.parquet")
        runs[runs["replicate"] < 2].to_parquet(path / "runs.parquet")
        with pytest.raises(ConfigError, match="8 runs have not been finished"):
            comparison(read_results(path))


class TestWords:
    def say(self, gaps, tmp_path, smallest=None):
        return sentences(comparison(made(gaps, tmp_path), smallest=smallest))[0]

    def test_less_by_more_than_matters(self, tmp_path):
        said = self.say([-0.5, -0.51, -0.49, -0.5], tmp_path, 0.1)
        assert said.startswith("Total cost of ownership of a is shown to be lower than that of b")
        assert "by at least 0.1 money per accepted lot" in said

    def test_more_but_perhaps_too_little_to_matter(self, tmp_path):
        said = self.say([0.1, 0.11, 0.09, 0.1], tmp_path, 0.1)
        assert "shown to be higher" in said
        assert "whether by as much as 0.1 money per accepted lot" in said

    def test_as_good_as_equal(self, tmp_path):
        said = self.say([0.001, -0.001, 0.002, -0.002], tmp_path, 0.1)
        assert "as good as equal to that of b" in said
        assert "though not" not in said
        assert "though not to be zero" in self.say([0.01, 0.011, 0.009, 0.01], tmp_path, 0.1)

    def test_undecided_says_what_is_not_shown(self, tmp_path):
        said = self.say([0.5, -0.5, 0.4, -0.3], tmp_path, 0.1)
        assert "no difference to b is shown" in said
        assert "nor that it is smaller than 0.1" in said
        assert "nor" not in self.say([0.5, -0.5, 0.4, -0.3], tmp_path)

    @pytest.mark.parametrize("smallest", [None, 0.1])
    def test_equal_arms_are_said_to_be_the_same_market(self, tmp_path, smallest):
        said = self.say([0.0, 0.0, 0.0], tmp_path, smallest)
        assert said == (
            "Total cost of ownership of a is exactly that of b in all of 3 paired runs. No measure "
            "of any run differs: the two arms are the same market."
        )
        other = made([0.0, 0.0], tmp_path, orders=([1.0, 2.0], [1.0, 3.0]))
        for measures in (None, ["total_cost"]):
            said = sentences(comparison(other, None, measures))[0]
            assert said.endswith("of a is exactly that of b in all of 2 paired runs.")

    def test_one_pair_says_nothing(self, tmp_path):
        assert "nothing can be said" in self.say([0.5], tmp_path)
        assert self.say([0.0], tmp_path).endswith("for there is no interval.")

    def test_a_verdict_that_does_not_stand_among_the_others_is_said_to(self, tmp_path):
        # p = .02 alone, .06 with two others that differ by luck
        noise = np.array([0.01, -0.02, 0.01, 0.005])
        results = made(
            [0.1, 0.2, 0.14, 0.3],
            tmp_path,
            loyalty=(0.5 + noise, 0.5),
            dispute_rate=(0.1 - noise[::-1], 0.1),
        )
        found = comparison(results)
        main = found.rows.set_index("measure").loc["total_cost"]
        assert main["p_value"] < 0.05 < main["p_adjusted"]
        said = sentences(found)
        assert "it does not stand" in said[0]
        assert "Of 3 comparisons, 1 differ from zero" in said[-1]
        assert "total cost of ownership does not stand" in said[-1]

    def test_only_verdicts_that_do_not_stand_are_listed_as_such(self, tmp_path):
        # p of paired t tests: loyalty far below .05 / 3, total cost .03, disputes by luck
        results = made(
            [0.1, 0.2, 0.14, 0.33],
            tmp_path,
            loyalty=(0.5 + np.array([0.1, 0.101, 0.099, 0.1]), 0.5),
            dispute_rate=(0.1 + np.array([0.01, -0.02, 0.01, 0.005]), 0.1),
        )
        p = comparison(results).rows.set_index("measure")["p_value"]
        assert p["loyalty"] < 0.01 < 0.025 < p["total_cost"] < 0.05 < p["dispute_rate"]
        assert spaced(sentences(comparison(results))[-1]) == (
            "Of 3 comparisons, 2 differ from zero each by itself at 95 %, and 1 when all are "
            "judged together; total cost of ownership does not stand."
        )
        assert spaced(sentences(comparison(results, confidence=0.9))[-1]) == (
            "Of 3 comparisons, 2 differ from zero each by itself at 90 %, and 2 when all are "
            "judged together."
        )

    def test_without_correction_chance_is_named(self, three_arms):
        said = sentences(comparison(three_arms, correction="none"))[-1]
        assert "by chance alone" in said


class TestTable:
    def test_lines_hold_a_row_per_measure_under_its_heading(self, three_arms):
        found = comparison(three_arms, measures=["total_cost", "loyalty"])
        lines = text_table(found)
        assert lines[0] == "high trust minus adversarial"
        assert lines[1].split()[:2] == ["measure", "difference"]
        assert lines[2].startswith("Total cost of ownership")
        assert lines[4] == ""
        assert lines[5] == "trust but verify minus adversarial"
        assert len({len(line) for line in lines[1:4]}) <= 3
        row = found.rows.iloc[0]
        assert f"{row['p_adjusted']:.3f}" in lines[2] or "< 0.001" in lines[2]

    def test_the_cells_are_those_of_the_tests_worked_out_apart(self, tmp_path):
        gaps = {
            "total_cost": [0.1, 0.2, 0.14, 0.33],
            "loyalty": [0.1, 0.13, 0.08, 0.1],
            "dispute_rate": [0.01, -0.02, 0.01, 0.005],
        }
        others = {name: (0.5 + np.array(gaps[name]), 0.5) for name in ("loyalty", "dispute_rate")}
        results = made(gaps["total_cost"], tmp_path, **others)
        p = {name: stats.ttest_1samp(values, 0.0).pvalue for name, values in gaps.items()}
        first, second, third = sorted(p.values())
        holm = {first: 3 * first, second: 2 * second, third: third}  # which rise, so none is lifted
        assert 0.001 < holm[first] < 0.05 < holm[second] < third
        assert second < 0.05
        (table,) = section(results).tables
        place = table.header.index("p adjusted")
        labels = {"total_cost": "Total cost of ownership", "loyalty": "Loyalty",
                  "dispute_rate": "Disputes"}  # fmt: skip
        rows = {row[0]: row for row in table.rows}
        assert set(rows) == set(labels.values())
        for name, values in gaps.items():
            row = rows[labels[name]]
            assert row[place] == f"{holm[p[name]]:.3f}"
            assert numbers(row[2]) == pytest.approx(student(values, 0.95), abs=last_digit(row[2]))
            assert row[4] == f"{np.mean(values) / np.std(values, ddof=1):.2f}"
            assert row[5] == "4"
            assert row[-1] == ("more" if name == "loyalty" else "open")

    def test_the_section_holds_a_table_per_arm_and_names_its_methods(self, three_arms):
        made_of = section(three_arms)
        assert [len(t.rows) for t in made_of.tables] == [39, 39]
        assert "adjusted for all 78 comparisons" in made_of.notes[0]
        assert "Holm 1979" in made_of.notes[0]
        assert "nothing can be shown to be equal" in made_of.notes[1]

    def test_what_is_the_same_in_every_pair_is_said_to_be(self, design):
        (table,) = section(design).tables
        verdicts = {row[0]: row[-1] for row in table.rows}
        assert verdicts["Loyalty"] == "the same"
        assert verdicts["Transaction time"] == "less"
        assert verdicts["Bad debt"] == "open"

    def test_replications_that_were_decided_by_looking_are_said_to_be(self, design):
        rule = {**design.experiment, "precision": {"half_width": 0.1}}
        looked = section(Reported(design.folder, design.runs, experiment=rule))
        assert "decided by looking" in looked.notes[-1]
        assert not any("decided by looking" in note for note in section(design).notes)

    def test_one_arm_has_no_section(self, tmp_path):
        write_folder(tmp_path, ("alone",), replicates=2, rounds=3)
        assert section(read_results(tmp_path)) is None

    def test_an_arm_without_pairs_is_told_and_the_others_compared(self, three_arms):
        runs = three_arms.runs.copy()
        runs.loc[runs["arm"] == "high_trust", "replicate"] += 100
        found = section(Reported(three_arms.folder, runs, experiment=three_arms.experiment))
        assert any("High trust cannot be compared" in said for said in found.sentences)
        assert [table.title for table in found.tables] == ["trust but verify minus adversarial"]
