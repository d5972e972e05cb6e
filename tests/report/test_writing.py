"""The page of the report and its files: what they hold, and of which folders."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.references import References
from support.synthetic_results import ARMS, MANIFEST, frames, write_folder

from trustsim.analysis.compare import compare
from trustsim.errors import ConfigError
from trustsim.report import writing as report
from trustsim.report.figures import style
from trustsim.report.results import read_results
from trustsim.report.sections.gallery import pictures
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table
from trustsim.report.writing import write_report
from trustsim.schema import MARKET

NASTY = ('<script>alert("x")</script>', "cost $5 and $6 _^{ & so on" + " and on" * 20)
QUESTION = "<b>Who</b> pays & when?"
FIGURES = (
    "total_cost_by_category",
    "cost_difference_by_category",
    "cost_over_time",
    "development",
    "instruments_by_age",
    "hours_split",
    "difference_distribution",
    "conduct_by_age",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("usual")
    write_folder(path, replicates=4, rounds=30)
    write_report(path)
    return path


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


class TestPage:
    def test_says_the_answer_with_interval_and_number_of_runs(self, page, folder):
        runs = pd.read_parquet(folder / "runs.parquet")
        row = compare(runs, "high_trust", "adversarial", ["total_cost"]).iloc[0]
        said = References(page).text
        assert "High trust costs" in said
        assert f"{abs(row['difference']):.2f}" in said
        assert "4 paired runs" in said
        assert "95 % interval" in said
        assert "is the cheaper for good from round" in said

    def test_holds_every_section(self, page):
        for section in "answer figures limits measures method parameters provenance".split():
            assert f'<section id="{section}">' in page

    def test_loads_nothing_from_outside(self, page):
        found = References(page)
        assert all(url.startswith(("data:", "#")) for url in found.urls)
        assert not {"script", "link rel=stylesheet", "iframe", "object"} & set(found.tags)
        assert not re.search(r"https?:|url\(|@import", page)

    def test_every_figure_is_there_at_both_widths_with_words_for_it(self, page):
        found = References(page)
        assert len(found.images) == len(FIGURES)  # too few runs for that of the precision
        assert page.count("<source media") == len(FIGURES)
        assert all(len(image["alt"]) > 40 for image in found.images)
        assert any("high trust 1." in image["alt"] for image in found.images)
        assert "Not drawn" not in page

    def test_fits_a_phone(self, page):
        assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
        assert re.search(r"img \{[^}]*max-width: 100%; height: auto", page)
        assert page.count("<table>") == page.count('<div class="scroll"')
        rules = page[page.index("<style>") : page.index("</style>")]
        assert not re.search(r"(?<![-\w])(min-)?width: *\d{3,}px", rules)

    def test_gives_parameters_with_unit_and_source(self, page):
        buyers = next(row for row in MARKET if row.name == "buyers")
        said = References(page).text
        assert buyers.text in said
        assert " ".join(buyers.source.split()) in said
        assert "supplier_mix · cooperative" in said

    def test_gives_the_provenance(self, page):
        said = References(page).text
        for key in ("model_version", "git", "platform", "digest"):
            assert str(MANIFEST[key]) in said
        assert "versions · numba" in said

    def test_tells_where_it_does_not_hold(self, page):
        part = page[page.index('<section id="limits">') : page.index('<section id="measures">')]
        assert "In the first year it pays a higher price" in part
        assert "On first orders these are not shown to be lower" in part

    def test_tables_hold_every_measure_of_every_arm(self, page, folder):
        runs = pd.read_parquet(folder / "runs.parquet")
        said = References(page).text
        assert said.count("Share of escrow") == len(ARMS)  # one of means, two of differences
        mean = runs.loc[runs["arm"] == "adversarial", "arrears_days"].mean()
        assert f"{mean:.1f}" in said

    def test_gives_counts_levels_and_baselines(self, page):
        said = References(page).text
        assert "12 finished runs were analysed. The run is the unit" in said
        assert "Compared are high trust, adversarial, trust but verify; the baseline is" in said
        assert "Intervals are Student's t at 95\xa0% over" in page
        assert re.search(r"1\s%\s+of that difference, or\s+200 pairs", page)
        assert "<h3>high trust against adversarial</h3>" in page
        assert "In this market" not in said
        assert "failed and" not in said
        first = page.index("<h3>1. Total cost by category")
        assert first < page.index("<h3>8. First orders and old relations")
        assert re.findall(r'<img [^>]*width="(\d+)"', page) == ["1400"] * 8


class TestFoot:
    def test_says_what_a_figure_is_from(self, folder):
        results = read_results(folder)
        foot = report._footer(results, 0.9, ", Student t over runs").replace("\xa0", " ")
        assert foot == (
            "high trust vs adversarial · 4 runs per arm · intervals: 90 %, Student t over runs · "
            f"trustsim {MANIFEST['model_version']} · seed 1 · digest {MANIFEST['digest'][:12]}"
        )

    def test_of_what_is_not_known(self, folder):
        known = read_results(folder)
        runs = known.runs[(known.runs["arm"] != "high_trust") | (known.runs["replicate"] < 1)]
        one = report._footer(replace(known, runs=runs, manifest={}, experiment={}), 0.95, "")
        assert f"{folder.name[:8]}" in one
        assert " · 1 to 4 runs per arm · " in one
        assert one.endswith(f"trustsim {report.__version__} · seed unknown · digest unknown")
        alone = replace(known, runs=runs[runs["arm"] == "high_trust"], manifest={"seed": 0})
        assert " · 1 run per arm · " in report._footer(alone, 0.95, "")
        assert " · seed 0 · " in report._footer(alone, 0.95, "")
        two = pd.concat([known.runs, known.runs.assign(point=1)])
        foot = report._footer(replace(known, runs=two, manifest={}), 0.95, "")
        assert " · 8 runs per arm at 2 points · " in foot
        assert "seed 1 ·" in foot
        found = report.figure_metadata(replace(known, manifest={}, experiment={}), "t")
        assert found["Identifier"] == "digest unknown"
        assert found["Description"].endswith("seed unknown; git unknown")
        assert found["Creator"] == f"trustsim {report.__version__}"


class TestFiles:
    def test_png_and_svg_at_both_widths_with_provenance(self, folder):
        for name in FIGURES:
            for ending, inches in (("", style.WIDE), ("_column", style.COLUMN)):
                stem = folder / "figures" / (name + ending)
                with Image.open(stem.with_suffix(".png")) as image:
                    assert image.width == inches * 200
                    assert image.text["Source"] == "high trust vs adversarial"
                    assert MANIFEST["digest"] in image.text["Identifier"]
                    assert "seed 1" in image.text["Description"]
                    assert "trustsim 0.1.0" in image.text["Creator"]
                svg = stem.with_suffix(".svg").read_text(encoding="utf-8")
                assert MANIFEST["digest"] in svg
                assert "seed 1" in svg
                assert "<dc:date>" not in svg

    def test_same_results_give_the_same_bytes(self, folder, tmp_path):
        write_folder(tmp_path, replicates=4, rounds=30)
        write_report(tmp_path)
        written = [p for p in folder.rglob("*") if p.suffix in {".svg", ".png", ".html"}]
        assert len(written) == 1 + 4 * len(FIGURES)
        for path in written:
            again = tmp_path / path.relative_to(folder)
            assert again.read_bytes() == path.read_bytes(), path.name

    def test_a_figure_of_earlier_results_does_not_stay_behind(self, tmp_path):
        write_folder(tmp_path, ("one",), replicates=3, rounds=14)
        (tmp_path / "ages.parquet").unlink()
        (tmp_path / "figures").mkdir()
        stale = tmp_path / "figures" / "conduct_by_age.svg"
        stale.write_text("old")
        page = write_report(tmp_path).read_text(encoding="utf-8")
        assert not stale.exists()
        assert "Not drawn: the folder has no ages.parquet." in page


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    def topic(results, confidence):
        return Section(
            "a-topic",
            "A topic",
            (f"Found <b>this</b> at {confidence}.", "And that."),
            tuple(pictures(results)[:1]),
            (Table("What was found", ("what", "value"), (("x", "1"),), "A note."),),
            ("How it was found.",),
        )

    path = tmp_path_factory.mktemp("sections")
    write_folder(path, ("a", "b"), replicates=2, rounds=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "SECTIONS", (lambda results, confidence: None, topic))
        return write_report(path, 0.9).read_text(encoding="utf-8")


class TestSections:
    def test_a_section_has_all_that_it_is_given(self, made):
        part = made[made.index('<section id="a-topic">') : made.index('<section id="limits">')]
        found = References(part)
        assert "<h2>A topic</h2>" in part
        assert "Found <b>this</b> at 0.9." in found.text
        assert "b" not in found.tags
        for words in ("And that.", "What was found", "A note.", "How it was found."):
            assert words in found.text
        assert len(found.images) == 1
        assert "<source media" in part

    def test_it_is_in_the_navigation_and_its_figures_are_numbered_on(self, made):
        assert '<a href="#a-topic">A topic</a>' in made
        headings = re.findall(r"<h3>(\d+)\. ", made)
        assert [int(number) for number in headings] == list(range(1, 10))

    def test_one_that_does_not_apply_leaves_nothing(self, made):
        nav = made[made.index("<nav") : made.index("</nav>")]
        assert nav.count("<a ") == 10

    def test_the_report_has_the_sections_of_the_analyses_in_their_order(self, page):
        anchors = re.findall(r'<section id="([a-z-]+)">', page)
        assert anchors == ["brief", "answer", "figures", "comparison", "precision", "temptations",
                           "limits",
                           "measures", "method", "parameters", "provenance", "words"]  # fmt: skip


class TestOddFolders:
    def test_names_and_texts_are_escaped(self, tmp_path):
        write_folder(tmp_path, NASTY, question=QUESTION, replicates=3, rounds=14)
        page = write_report(tmp_path).read_text(encoding="utf-8")
        found = References(page)
        assert not {"script", "b"} & set(found.tags)
        assert "&lt;script&gt;" in page
        assert QUESTION in found.text

    def test_one_arm_and_one_run(self, tmp_path):
        write_folder(tmp_path, ("alone",), replicates=1, rounds=14)
        said = References(write_report(tmp_path).read_text(encoding="utf-8")).text
        assert "There is one arm only, alone" in said
        assert not (tmp_path / "figures" / "difference_distribution.png").exists()

    def test_runs_only_and_missing_measures(self, tmp_path):
        runs = frames(replicates=3, rounds=14)[0]
        few = runs[["arm", "replicate", "total_cost", "cost_price"]].copy()
        few.loc[0, "total_cost"] = np.nan
        few.to_parquet(tmp_path / "runs.parquet")
        page = write_report(tmp_path).read_text(encoding="utf-8")
        assert "Not in the folder: policies.parquet, rounds.parquet, ages.parquet" in page
        assert page.count("Not drawn") == 5
        assert "2 paired runs" in page

    def test_failed_and_unpaired_runs_are_left_out_and_said(self, tmp_path):
        write_folder(tmp_path, ("a", "b"), replicates=4, rounds=14)
        runs = pd.read_parquet(tmp_path / "runs.parquet")
        runs.loc[0, "status"] = "failed"
        runs.to_parquet(tmp_path / "runs.parquet")
        runs.iloc[:1].to_parquet(tmp_path / "failures.parquet")
        said = References(write_report(tmp_path).read_text(encoding="utf-8")).text
        assert "1 run failed and is left out" in said
        assert "3 paired runs" in said

    @pytest.mark.parametrize("content", [None, b"not a table", "empty"])
    def test_what_is_no_results_folder_is_refused(self, tmp_path, content):
        if content == "empty":
            frames(replicates=1, rounds=2)[0].iloc[:0].to_parquet(tmp_path / "runs.parquet")
        elif content:
            (tmp_path / "runs.parquet").write_bytes(content)
        with pytest.raises(ConfigError, match=r"runs\.parquet"):
            write_report(tmp_path)
        assert not (tmp_path / "report.html").exists()

    def test_missing_folder(self, tmp_path):
        with pytest.raises(ConfigError, match="no such folder"):
            write_report(tmp_path / "nowhere")

    def test_broken_manifest(self, tmp_path):
        write_folder(tmp_path, ("a",), replicates=1, rounds=3)
        (tmp_path / "manifest.json").write_text("{")
        with pytest.raises(ConfigError, match=r"manifest\.json"):
            read_results(tmp_path)


def test_a_source_given_for_a_value_is_shown(tmp_path):
    write_folder(tmp_path, replicates=2, rounds=12)
    experiment = tmp_path / "experiment.toml"
    text = experiment.read_text(encoding="utf-8")
    text += '\n[sources.market]\nbuyers = "counted on a visit"\n'
    experiment.write_text(text, encoding="utf-8")
    write_report(tmp_path)
    assert "counted on a visit" in (tmp_path / "report.html").read_text(encoding="utf-8")
