"""The model as a document of its own: all of it, and nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.places import ROOT

from trustsim.errors import ConfigError
from trustsim.report.odd_page import write_odd


def test_it_holds_every_heading_equation_and_table(tmp_path: Path) -> None:
    source = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8")
    page = write_odd(tmp_path / "odd.html").read_text(encoding="utf-8")
    for level in (1, 2, 3, 4):
        heads = re.findall(rf"(?m)^{'#' * level} .+$", re.sub(r"(?s)```.*?```", "", source))
        assert len(re.findall(f"<h{level}>", page)) == len(heads)
    assert page.count("<pre>") == len(re.findall(r"(?m)^```\w", source))
    assert "<table>" in page
    assert not re.search(r'src="|<link|<script', page)
    again = write_odd(tmp_path / "again.html").read_text(encoding="utf-8")
    assert again == page


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_odd(tmp_path / "nowhere" / "odd.html")
