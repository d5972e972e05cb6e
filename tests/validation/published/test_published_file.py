"""Files of published results: what is in them, and what is refused."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest
from support.places import ROOT

from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError
from trustsim.validation.published.file import FOLDER, published, read_published
from trustsim.validation.published.run import RUNS

FILE = """
id = "P3"
title = "title"
citation = "citation"
setup = "set-up"
[[fitted]]
parameter = "a"
value = 1
to = "first"
[[figure]]
id = "first"
what = "what"
unit = "unit"
use = "fitted"
status = "primary"
reported = 9.0
within = 0.5
"""


def test_every_source_has_a_file_and_a_module() -> None:
    assert list(published()) == list(RUNS)
    assert all(source.id == name for name, source in published().items())
    assert {path.stem for path in FOLDER.iterdir()} == set(RUNS)


def test_the_docs_and_the_files_list_the_same_figures() -> None:
    page = (ROOT / "docs" / "replications.md").read_text(encoding="utf-8")
    lines = [line.split(" | ") for line in page.splitlines() if line.startswith("| P")]
    told = {cells[0].removeprefix("| "): cells for cells in lines if len(cells) > 4}
    figures = {f"{s.id} {f.id}": f for s in published().values() for f in s.figure}
    assert list(told) == list(figures), (
        "run: python -m trustsim.commands.replications > docs/replications.md"
    )
    for name, figure in figures.items():
        assert told[name][4:6] == [figure.use, figure.status]
        assert told[name][6] in {"right", "explained", "undecided"}
    assert all((ROOT / "docs" / "replications" / f"{name}.md").is_file() for name in RUNS)


def test_what_is_fitted_has_free_numbers_and_the_other_way_round() -> None:
    for source in published().values():
        uses = {figure.use for figure in source.figure}
        assert ("fitted" in uses) == bool(source.fitted), source.id
        for each in source.fitted:
            assert any(f.id in each.to for f in source.figure if f.use == "fitted"), source.id


def test_the_numbers_of_the_files_are_those_of_the_market() -> None:
    market = Scenario("high_trust").market
    for each in published()["P1"].fitted:
        assert getattr(market, each.parameter.removeprefix("market.")) == each.value


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('use = "fitted"', 'use = "fited"', '"fitted", "predicted" or "reproduced"'),
        ('status = "primary"', 'status = "hearsay"', '"primary", "secondary" or "computed"'),
        ("within = 0.5", "", "needs reported and within, or at_least or at_most, or sign"),
        ("within = 0.5", "within = 0.5\nsign = 1", "needs reported and within"),
        ("within = 0.5", "within = 0.5\nat_most = 1.0", "needs reported and within"),
        ("title =", "titel =", 'did you mean "title"?'),
        ("value = 1", 'value = "one"', "a number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "P3.toml"
    path.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_published(path)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_two_figures_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "P3.toml"
    path.write_text(FILE + FILE[FILE.index("[[figure]]") :], encoding="utf-8")
    with pytest.raises(ConfigError, match="is the name of two figures"):
        read_published(path)


@pytest.mark.parametrize(
    ("new", "band"),
    [
        ("reported = 9.0\nwithin = 0.5", (8.5, 9.5)),
        ("at_least = 5", (5.0, inf)),
        ("at_most = 0.2", (-inf, 0.2)),
        ("sign = -1", (-inf, 0.0)),
        ("sign = 1", (0.0, inf)),
    ],
)
def test_what_counts_as_reproduced(tmp_path: Path, new: str, band: tuple[float, float]) -> None:
    path = tmp_path / "P3.toml"
    path.write_text(FILE.replace("reported = 9.0\nwithin = 0.5", new), encoding="utf-8")
    (figure,) = read_published(path).figure
    assert figure.band == band
