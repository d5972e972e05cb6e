"""Cases in files: the second pair of arms is made, and what cannot be asked is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.small_case import CASE, OTHER, without_design, write_case

from trustsim.cases.file import find_cases, load_case
from trustsim.config.experiment import load_experiment
from trustsim.errors import ConfigError
from trustsim.experiment.plan import Plan


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as said:
        load_case(path)
    assert str(said.value).startswith(f"{path}: ")
    return str(said.value)


def test_every_point_is_there_with_the_mechanism_and_without_it(tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path))
    assert (case.id, case.off, case.difference, case.arms) == ("R2", "ransom", "ends", ["guided"])
    assert case.values == (0.0, 0.5)
    assert Plan(case.config).table.to_dict("list") == {
        "market.ransom_rate": [0.0, 0.0, 0.5, 0.5],
        "without": ["nothing", "ransom", "nothing", "ransom"],
    }
    assert case.config.keep == ("runs",)


def test_two_arms_are_compared_with_the_baseline(tmp_path: Path) -> None:
    changes = without_design(("seed = 5", 'seed = 5\nbaseline = "other"'))
    path = write_case(tmp_path, "r2", *changes)
    path.write_text(path.read_text() + OTHER)
    text = path.read_text().replace("suppliers = 4", "suppliers = 4\nransom_rate = 0.2")
    path.write_text(text)
    case = load_case(path)
    assert (case.arms, case.difference, case.values) == (["other", "guided"], "arms", ())
    assert case.config.keep == ("runs", "rounds")
    assert Plan(case.config).points == 2
    path.write_text(text.replace('"time"', '"age"\ndifference = "both"'))
    case = load_case(path)
    assert (case.config.keep, case.difference) == (("runs", "ages"), "both")


def test_two_arms_and_a_parameter_are_compared_at_both_ends(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    path.write_text(path.read_text() + OTHER)
    assert load_case(path).difference == "both"


def test_a_case_is_an_experiment_that_runs_by_itself(tmp_path: Path) -> None:
    config = load_experiment(write_case(tmp_path))
    assert config.design is not None
    assert config.design.paths == ["market.ransom_rate"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "R2"', 'id = "R22"', ["case.id = 'R22': no such case", 'did you mean "R2"']),
        (
            'mechanism = "ransom"',
            'mechanism = "ransome"',
            ["case.mechanism = 'ransome': no such mechanism", 'did you mean "ransom"'],
        ),
        ('mechanism = "ransom"\n', "", ["case.mechanism: is missing"]),
        (
            'mechanism = "ransom"',
            'mechanism = "new_owners"',
            ["case.mechanism = 'new_owners': is absent from the market of the case"],
        ),
        (
            "suppliers = 4",
            'suppliers = 4\nwithout = ["voice"]\n[market.supplier_mix]\ncooperative = 1.0',
            [],
        ),
        (
            'measure = "cost_dispute"',
            'measure = "cost_disputes"',
            ["case.measure = 'cost_disputes': no such measure", 'did you mean "cost_dispute"'],
        ),
        (
            'measure = "cost_dispute"',
            'measure = "instrument_share_escroww"',
            ["case.measure", "the market has no instrument 'escroww'", 'did you mean "escrow"'],
        ),
        (
            "expect = -1",
            'expect = -1\nfigure = "hours_splits"',
            ["case.figure = 'hours_splits': no such figure", 'did you mean "hours_split"'],
        ),
        ("expect = -1", "expect = 0", ["case.expect = 0", "allowed: 1 or -1"]),
        ("expect = -1", "expekt = -1", ["unknown key of a case", 'did you mean "expect"']),
        (
            'against = "market.ransom_rate"',
            'against = "market.fine"',
            ["case.against = 'market.fine'", "allowed: time, age, market.ransom_rate"],
        ),
        (
            'against = "market.ransom_rate"',
            'against = "time"',
            ["case.against = 'time': the experiment must have no design"],
        ),
        ("[0.0, 0.5]", "[0.5]", ["needs at least two values"]),
        (
            "expect = -1",
            'expect = -1\ndifference = "arms"',
            ["case.difference = 'arms': needs two arms", 'allowed: "ends"'],
        ),
        (
            "suppliers = 4",
            'suppliers = 4\nremoteness = 0.8\ninstruments = ["carrier_collection", "escrow"]',
            [
                "instruments.carrier_collection.reach = 0.4: no site is as near",
                "allowed: escrow",
            ],
        ),
        (
            'measure = "cost_dispute"',
            "measure = 'disputd'\namong = 'ordered'\ncalled = 'disputed'",
            ["case.measure = 'disputd': orders have no column disputd", 'did you mean "disputed"'],
        ),
        (
            'measure = "cost_dispute"',
            "measure = 'disputed'\namong = 'ordered'",
            ["case.among = 'ordered': needs called beside it"],
        ),
    ],
)
def test_what_cannot_be_asked(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    path = write_case(tmp_path, "r2", (old, new))
    if not words:
        load_case(path)
        return
    said = refused(path)
    assert [word for word in words if word not in said] == [], said


def test_a_mechanism_that_the_market_has_taken_away(tmp_path: Path) -> None:
    changes = without_design(("suppliers = 4", 'suppliers = 4\nwithout = ["ransom"]'))
    assert "is absent from the market of the case" in refused(write_case(tmp_path, "r2", *changes))


def test_an_instrument_that_the_nearest_sites_can_use_may_stay(tmp_path: Path) -> None:
    reach = (
        "suppliers = 4",
        'suppliers = 4\nremoteness = 0.6\ninstruments = ["carrier_collection"]',
    )
    load_case(write_case(tmp_path, "r2", reach))  # sites from .2 to 1, and a reach of .4


def test_three_arms_and_no_claim(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    more = OTHER + OTHER.replace("other", "third")
    path.write_text(path.read_text() + more)
    assert "a case has one arm, or two to compare; these are guided, other, third" in refused(path)
    table = CASE[CASE.index("[case]") : CASE.index("[market]")]
    assert "case: is missing" in refused(write_case(tmp_path, "r3", (table, "")))


def test_two_arms_have_no_ends_of_their_own(tmp_path: Path) -> None:
    path = write_case(tmp_path, "r2", ("expect = -1", 'expect = -1\ndifference = "ends"'))
    path.write_text(path.read_text() + OTHER)
    assert 'is of one arm, and there are two; allowed: "arms", "both"' in refused(path)


def test_cases_are_found_in_the_order_of_the_chapters(tmp_path: Path) -> None:
    for name in ("a10", "a9", "r2", "v8"):
        write_case(tmp_path, name)
    assert [path.stem for path in find_cases(tmp_path)] == ["v8", "r2", "a9", "a10"]
    assert [path.stem for path in find_cases(tmp_path, ["a10", "V8"])] == ["v8", "a10"]


@pytest.mark.parametrize(
    ("only", "words"),
    [
        (["R1"], ["--only = 'R1': has no file yet", 'did you mean "R2"']),
        (["R99"], ["--only = 'R99': no such case", "allowed: R2"]),
        ([""], ["--only = '': no such case"]),
    ],
)
def test_a_case_that_there_is_not(tmp_path: Path, only: list[str], words: list[str]) -> None:
    write_case(tmp_path)
    with pytest.raises(ConfigError) as said:
        find_cases(tmp_path, only)
    assert [word for word in words if word not in str(said.value)] == [], str(said.value)


def test_a_folder_without_cases_and_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no case"):
        find_cases(tmp_path)
    write_case(tmp_path, "mine")
    with pytest.raises(ConfigError, match=r"mine\.toml: the name of the file is no case's"):
        find_cases(tmp_path)
