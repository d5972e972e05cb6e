"""What the sections on comparison, ablation and precision say is worked out from the runs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis.test_ablation import PLANTED, planted
from report.sections.test_precision import made, results, runs_of, words
from report.words.test_said_values import near, spaced
from scipy import stats
from support.drawn import numbers, student

from trustsim.analysis.ablation import EXACT, UNDECIDED, ablation
from trustsim.report.results import Reported
from trustsim.report.sections import ablation as carrying
from trustsim.report.sections import comparison
from trustsim.schema.mechanisms import MECHANISMS


class TestMechanisms:
    LEVEL = 0.9

    @pytest.fixture(scope="class")
    @classmethod
    def known(cls) -> dict[str, Any]:
        """Differences in the full market and without each mechanism, with their intervals."""
        runs = planted(whole=-0.02)
        wide = runs.pivot(index=["without", "replicate"], columns="arm", values="total_cost")
        gap = (wide["high"] - wide["low"]).unstack("without")
        full = gap.pop("nothing")
        together = 1 - (1 - cls.LEVEL) / len(PLANTED)
        return {
            "full": (full.mean(), *student(full, cls.LEVEL)),
            "off": {n: (gap[n].mean(), *student(gap[n], together)) for n in gap},
            "carries": {
                n: ((full - gap[n]).mean(), *student(full - gap[n], together))
                for n in gap
                if n != "blame"
            },
        }

    @pytest.fixture(scope="class")
    @classmethod
    def found(cls) -> Any:
        return ablation(planted(whole=-0.02), "high", "low", confidence=cls.LEVEL)

    def test_the_table(self, found: Any, known: dict[str, Any]) -> None:
        table = carrying.carriers_table(found)
        rows = {row[0]: row[1:] for row in table.rows}
        labels = {name: MECHANISMS[name].label for name in PLANTED}
        assert set(rows) == set(labels.values())
        for name, ends in known["carries"].items():
            off, carries, interval, share, _ = rows[labels[name]]
            assert near(off, *known["off"][name])
            assert near(carries, ends[0])
            assert near(interval, *ends[1:])
            assert near(share, 100 * ends[0] / known["full"][0])
        off, carries, interval, share, verdict = rows[labels["blame"]]
        assert near(off, *known["full"][:1], *numbers(off)[1:])
        assert (carries, interval, verdict) == (
            "0.0000", "0.0000 to 0.0000", "changes nothing, to the last bit",
        )  # fmt: skip
        assert spaced(table.title) == (
            "High against low: what each mechanism carries of the difference in total cost of "
            "ownership, in money per accepted lot; 90 % intervals that hold together"
        )
        lines = carrying.text_table(found)
        assert lines[0] == table.title
        assert len(lines) == 2 + len(PLANTED)

    def test_the_sentences(self, found: Any, known: dict[str, Any]) -> None:
        whole, most, against, turns, _, together = map(spaced, carrying.sentences([found]))
        difference, low, high = known["full"]
        assert near(whole, difference, 90, low, high, 60, 4)
        for text, name in ((most, "ransom"), (against, "voice")):
            carries = known["carries"][name]
            inner = text[text.index("(") :]
            assert near(inner, *carries, 100 * abs(carries[0] / difference))
        assert near(turns, *known["off"]["ransom"])
        # Ransom turns the sign: without it the interval is above zero.
        assert known["off"]["ransom"][1] > 0
        total = sum(ends[0] for ends in known["carries"].values())
        assert near(together, 4, total, difference)

    def test_the_caption_and_the_words_for_it(self, found: Any) -> None:
        picture = carrying._picture(found, 1, "mine")
        assert picture.name == "what_carries_2"
        said = spaced(picture.caption)
        assert "90 % intervals that hold together for all 4 mechanisms; 60 paired runs" in said
        assert "experiment mine" in said
        first, second = found.rows["carries"][:2]
        assert re.search(r"the largest: ransom (\S+), voice (\S+)\.$", picture.alt)
        shown = picture.alt.partition("the largest")[2]
        assert near(shown, first, second)
        assert carrying._picture(found, 0, "mine").name == "what_carries"
        (axis,) = picture.draw(7.0)
        assert axis.get_title(loc="left") == "High against low, 60 paired runs"
        rows = found.rows.assign(verdict=UNDECIDED)
        unsure = carrying._picture(replace(found, rows=rows), 0, "mine")
        assert unsure.alt.endswith("the largest: none clear of zero.")

    def test_counts_in_words(self, found: Any) -> None:
        rows = found.rows.copy()
        rows["verdict"] = [UNDECIDED, UNDECIDED, EXACT, EXACT]
        rows.loc[2, "mechanism"] = "no_such_mechanism"
        other = replace(found, rows=rows, difference=0.0001, dropped=2)
        said = carrying.sentences([other])
        assert "Of these, 2 are not shown to matter and 2 change nothing, to the last bit." in said
        assert said[-1] == "Left out for missing runs: 2 pairs."
        assert not any("sign" in line for line in said)
        one = replace(found, rows=found.rows.iloc[:1])
        said = carrying.sentences([one])
        assert "; 1 mechanism was switched off, under the same luck." in said[0]
        assert not any("add up" in line for line in said)
        assert carrying.carriers_table(other).rows[2][0] == "no such mechanism"


class TestPrecise:
    def test_the_table(self) -> None:
        runs = runs_of()
        (table,) = made(runs).tables
        wide = runs.pivot(index="replicate", columns="arm", values="total_cost")
        gap = wide["kind_0"] - wide["usual"]
        for row in table.rows:
            n = int(row[0])
            mine, both = gap[:n], wide[:n]
            low, high = student(mine, 0.95)
            assert near(row[1], mine.mean())
            assert near(row[3], low, high)
            ends = numbers(row[2])
            assert ends[0] < low < high < ends[1]
            assert np.mean(ends) == pytest.approx(mine.mean(), abs=0.001)
            ratio = both.var(ddof=1).sum() / mine.var(ddof=1)
            assert near(row[4], ratio)
        assert spaced(table.header[2]) == "95 % interval at any time"

    def test_what_pairing_was_worth_is_rounded_to_two_digits(self) -> None:
        runs = runs_of(120)
        told = words(made(runs))
        wide = runs.pivot(index="replicate", columns="arm", values="total_cost")
        ratio = wide.var(ddof=1).sum() / (wide["kind_0"] - wide["usual"]).var(ddof=1)
        count = re.search(r"taken ([\d.]+) times .*: about (\d+) replications instead of 120", told)
        assert count is not None
        assert near(count[1], ratio)
        assert int(count[2]) == round(120 * ratio, -1 if 120 * ratio < 1000 else -2)

    @pytest.mark.parametrize(
        ("ratio", "text"), [(0.123, "0.12"), (1.26, "1.3"), (99.96, "100.0"), (123.4, "123")]
    )
    def test_ratios(self, ratio: float, text: str) -> None:
        from trustsim.report.sections.precision import _times

        assert _times(ratio) == text

    @pytest.mark.parametrize(
        ("count", "text"),
        [(0.4, "0"), (7.4, "7"), (87.6, "88"), (876.0, "880"), (12345.0, "12000")],
    )
    def test_counts(self, count: float, text: str) -> None:
        from trustsim.report.sections.precision import _rounded

        assert spaced(_rounded(count)) == text

    def test_looks_are_counted(self) -> None:
        from trustsim.report.sections.precision import _stopped, find

        found = find(results(runs_of(), {"half_width": 0.025}))
        assert found is not None
        assert found.rule is not None
        last = found.looks[-1]
        for count, words_ in ((1, "at the first look"), (2, "at look 2"), (3, "at look 3")):
            said = _stopped((last,) * count, found.rule, last.replications, True)
            assert f"replications, {words_}: " in said

    def test_what_is_just_reached_needs_no_more(self) -> None:
        from trustsim.report.sections.precision import _width_sentence, find

        rule = {"half_width": 0.0125, "confidence": 0.9}
        found = find(results(runs_of(), rule))
        assert found is not None
        (known,) = found.challengers
        half = float(known.path["sequence"].iloc[-1])
        for target, more in ((half, False), (0.999 * half, True)):
            said = spaced(_width_sentence(replace(known, target=target, needed=876), found, 0.9))
            assert said.endswith(" About 880 replications would reach it.") == more

    def test_the_caption_names_the_interval_that_is_drawn(self) -> None:
        plain = spaced(made(runs_of()).pictures[0].caption)
        assert plain.startswith(
            "Half-width of the 95 % Student's interval of the difference to usu"
        )
        assert "diamonds" not in plain
        rule = {"half_width": 0.0125, "confidence": 0.9}
        ruled = made(runs_of(), rule)
        assert "90 % interval that holds at any time" in spaced(ruled.pictures[0].caption)
        assert "diamonds: looks." in ruled.pictures[0].caption
        assert spaced(ruled.tables[0].header[3]) == "90 % interval of Student"
        assert results(runs_of(), rule).experiment["precision"] == rule


class TestCompared:
    def test_every_cell(self, tmp_path: Path) -> None:
        n = 8
        base = np.linspace(1.0, 1.4, n)
        gaps = {
            "total_cost": np.array([3, 5, 4, 6, 2, 4, 5, 3]) / 100,
            "dispute_rate": np.array([1, -1, 2, -2, 1, -1, 0, 1]) / 100,
            "loyalty": -np.array([3, 5, 4, 6, 2, 4, 5, 3]) / 1000,
        }
        runs = pd.concat(
            pd.DataFrame(
                {"arm": arm, "replicate": range(n), "status": "done",
                 **{name: base + (arm == "a") * gap for name, gap in gaps.items()}}
            )
            for arm in "ab"
        )  # fmt: skip
        found = comparison.comparison(Reported(tmp_path, runs), confidence=0.9, correction="none")
        lines = comparison.text_table(found)
        assert lines[0] == "a minus b"
        (table,) = (comparison._table(found, arm) for arm in found.arms)
        for row, gap in zip(table.rows, gaps.values(), strict=True):
            assert near(row[1], gap.mean())
            assert near(row[2], *student(gap, 0.9))
            assert near(row[3], 100 * gap.mean() / base.mean())
            assert near(row[4], gap.mean() / gap.std(ddof=1))
            p = stats.ttest_1samp(gap, 0.0).pvalue
            assert row[6] == ("< 0.001" if p < 0.001 else f"{p:.3f}")
        assert [row[-1] for row in table.rows] == ["more", "open", "less"]
        assert comparison._p_text(0.001) == "0.001"
        assert comparison._p_text(0.000999) == "< 0.001"
        first = spaced(comparison.sentences(found)[0])
        gap = gaps["total_cost"]
        assert near(first.partition("(")[2], gap.mean(), 90, *student(gap, 0.9))
        low = student(gap, 0.9)[0]
        for bound, words_ in ((0.99 * low, "by at least"), (1.01 * low, "whether by as much as")):
            more = comparison.comparison(
                Reported(tmp_path, runs), confidence=0.9, smallest={"total_cost": bound}
            )
            assert f", {words_} {bound:g} money" in comparison.sentences(more)[0] or (
                f"; {words_} {bound:g} money" in comparison.sentences(more)[0]
            )

    def family(self, alone: int, stand: int, arms: int, correction: str = "holm") -> str:
        """What is said of 20 comparisons of which so many differ alone, and so many together."""
        level = 1 - 0.95
        rows = pd.DataFrame(
            {"measure": [f"m_{i % 10}" for i in range(20)],
             "arm": ["a_b" if i < 10 or arms == 1 else "c" for i in range(20)],
             "p_value": [level if i < alone else 0.06 for i in range(20)],
             "p_adjusted": [level if i < stand else 0.06 for i in range(20)]}
        )  # fmt: skip
        made_ = comparison.Comparison(rows, "z", 0.95, "replicates", correction)  # type: ignore[arg-type]
        return spaced(comparison._family_sentence(rows, made_))

    def test_the_family(self) -> None:
        opening = "Of 20 comparisons, 10 measures of 2 arms, "
        assert self.family(2, 1, 2) == (
            f"{opening}2 differ from zero each by itself at 95 %, and 1 when all are judged "
            "together; m 1 (a b) does not stand."
        )
        assert self.family(11, 9, 2).endswith("together; m 9 (a b), m 0 (c) do not stand.")
        assert self.family(2, 0, 1).endswith("together; m 0, m 1 do not stand.")
        assert self.family(6, 0, 1).endswith("do not stand.")
        assert self.family(7, 0, 1).endswith("and 0 when all are judged together.")
        assert self.family(3, 3, 1).startswith("Of 20 comparisons, 3 differ")
        assert self.family(3, 3, 1, "none").endswith(
            "each by itself at 95 %; about 1 would by chance alone."
        )

    @pytest.mark.parametrize(("lost", "said"), [(1, "1 planned run is"), (2, "2 planned runs are")])
    def test_missing_runs_are_counted(self, tmp_path: Path, lost: int, said: str) -> None:
        runs = pd.concat(
            pd.DataFrame({"arm": arm, "replicate": range(6), "total_cost": values})
            for arm, values in (("a", [1.0, 1.1, 1.3, 1.2, 1.4, 1.3]), ("b", [1.0] * 6))
        )
        known = Reported(tmp_path, runs[(runs["arm"] == "b") | (runs["replicate"] >= lost)])
        found = comparison.comparison(known, allow_missing=True)
        assert f"{said} missing; they are left out" in " ".join(comparison.sentences(found))
        assert not any("Of 1 comp" in line for line in comparison.sentences(found))
        assert "adjusted for all 1 comparisons" in comparison._notes(found)[0]
