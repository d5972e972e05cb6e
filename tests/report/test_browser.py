"""The report in a real browser: on a phone, on a desk, without a network."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.synthetic_design import write_design_folder
from support.synthetic_results import write_folder

from trustsim.report.writing import write_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module", params=["one market", "design"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("opened")
    if request.param == "design":
        write_design_folder(folder, points=60)
    else:
        write_folder(folder, replicates=3, rounds=24)
    return write_report(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if BROWSER is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no Chromium; .ci/run installs it where it can")
        pytest.skip("there is no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [360, 1200])
def test_the_report_fits_and_needs_no_network(browser: Any, report: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pictures = page.evaluate(
        "[...document.images].filter(i => i.offsetParent !== null)"
        ".map(i => i.complete && i.naturalWidth > 0 && i.alt.length > 0)"
    )
    assert len(pictures) >= 6
    assert all(pictures)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
    page.close()


@pytest.mark.parametrize("width", [360, 1200])
def test_long_tables_are_folded_until_they_are_asked_for(
    browser: Any, report: Path, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(report.as_uri())
    for section in ("comparison", "measures", "parameters"):
        table = page.locator(f"#{section} details").first
        assert not table.locator("td").first.is_visible()
        table.locator("summary").click()
        assert table.locator("td").first.is_visible()
    page.close()


def test_the_half_page_comes_first_and_fits_a_screen(browser: Any, report: Path) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.goto(report.as_uri())
    heads = page.locator("h2").all_inner_texts()
    assert heads[0] == "In brief"
    assert page.locator("#brief").bounding_box()["height"] < 1000
    page.close()


def test_it_prints_on_six_pages(browser: Any, report: Path) -> None:
    page = browser.new_page()
    page.goto(report.as_uri())
    printed = page.pdf(format="A4")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 6
    page.emulate_media(media="print")
    assert page.locator("#brief dd").first.is_visible()
    assert page.locator("#limits li").first.is_visible()
    assert not page.locator("#measures").is_visible()
    page.close()
