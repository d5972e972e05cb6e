"""The command cases: a line a claim, a gallery, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.command_line import Call, refused
from support.small_case import without_design, write_case

from trustsim.commands import cases as command
from trustsim.commands.cases import judged_cases
from trustsim.experiment.storage.seals import read_manifest
from trustsim.report.cases_page import docs_page

FILES = Path("configs/cases")


def write_two() -> None:
    write_case(FILES)
    changes = without_design(('id = "R2"', 'id = "V8"'), ('ransom"', 'familiarity"'))
    write_case(FILES, "v8", ('name = "r2"', 'name = "v8"'), *changes)


def test_a_line_a_claim_and_a_gallery(call: Call) -> None:
    write_two()
    said = call("cases", "--jobs", "1")
    assert said.code == 0
    head, first, second, count, page = said.out.splitlines()
    assert head.split()[:3] == ["id", "verdict", "effect"]
    assert re.match(r"V8  undecided  .+  Buyers demand money.+ \(.+\)$", first)
    assert re.match(
        r"R2  undecided  Disputes and recovery −0\.\d+ \[.+\] +without ransom exactly 0 +Buyers",
        second,
    )
    assert second.endswith("and shops pay. (no effect is shown)")
    assert len({line.index("Buyers") for line in (first, second)} | {head.index("claim")}) == 1
    assert count == "2 claims: 2 undecided."
    assert page == "page: results/cases/index.html"
    assert said.err.splitlines() == ["V8: 1 of 2 cases", "R2: 2 of 2 cases"]
    assert (Path("results/cases") / "r2" / "figures" / "case.png").is_file()
    html = Path("results/cases/index.html").read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!data:|#)', html)


def test_only_some_in_another_folder(call: Call) -> None:
    write_case(Path("mine"))
    write_case(Path("mine"), "a6")
    said = call("cases", "--only", "r2", "--cases", "mine", "--out", "there", "--quiet")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[1].startswith("R2 ")
    assert said.out.splitlines()[-1] == "page: there/index.html"
    assert [path.name for path in Path("there").iterdir() if path.is_dir()] == ["r2"]


def test_what_is_done_is_not_done_again(call: Call) -> None:
    write_case(FILES)
    call("cases", "--quiet", "--jobs", "1")
    before = read_manifest(Path("results/cases/r2"))
    said = call("cases", "--quiet", "--jobs", "1")
    assert said.code == 0
    assert read_manifest(Path("results/cases/r2"))["digest"] == before["digest"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('mechanism = "ransom"\n', ""), ["configs/cases/r2.toml: case.mechanism: is missing"]),
        (
            ('mechanism = "ransom"', 'mechanism = "ransoms"'),
            ["case.mechanism = 'ransoms': no such mechanism", 'did you mean "ransom"'],
        ),
        (
            ('mechanism = "ransom"', 'mechanism = "new_owners"'),
            ["case.mechanism = 'new_owners': is absent from the market", "nothing can be switched"],
        ),
        (
            (
                "suppliers = 4",
                'suppliers = 4\nremoteness = 0.9\ninstruments = ["carrier_collection", "escrow"]',
            ),
            ["instruments.carrier_collection.reach = 0.4", "no site is as near", "allowed: escrow"],
        ),
    ],
)
def test_a_case_that_cannot_be_asked(call: Call, change: tuple[str, str], words: list[str]) -> None:
    write_case(FILES, "r2", change)
    refused(call("cases"), words)
    assert not Path("results").exists()


def test_a_case_that_there_is_not(call: Call) -> None:
    write_case(FILES)
    refused(call("cases", "--only", "R2,R3"), ["--only = 'R3': has no file yet", "R2"])
    refused(call("cases", "--only", "Q1"), ["--only = 'Q1': no such case", "allowed: R2"])


def test_a_folder_without_cases(call: Call) -> None:
    Path("empty").mkdir()
    refused(call("cases", "--cases", "empty"), ["empty: holds no case", "--cases"])


def test_without_files_of_ones_own_the_shipped_cases_are_asked(call: Call) -> None:
    refused(call("cases", "--only", "Q1"), ["--only = 'Q1': no such case", 'did you mean "V1"'])


def test_whoever_interrupts_is_told_where_it_goes_on(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_case(FILES)

    def stop(self: object, case: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command._Telling, "__call__", stop)
    said = call("cases")
    assert said.code == 130
    assert "what is done is kept in results/cases; the same command goes on" in said.err


def test_the_page_of_the_docs_is_made_of_files_and_runs(call: Call) -> None:
    write_case(FILES)
    page = docs_page(*judged_cases(None, jobs=1, quiet=True))
    assert "1 claim: 1 undecided." in page
    assert "| R2 | Buyers demand money for not rating badly, and shops pay. |" in page
    assert "[Reputation on platforms](cases/platforms.md)" in page
    assert "Claims that have no case yet: V1, V2," in page
