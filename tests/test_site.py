"""The site of the docs is built without a warning, and holds every page and every public name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import test_docs
from support.places import ROOT

import trustsim
import trustsim.testing


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    words = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(out / "trees")]
    made = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(ROOT / "docs"), str(out / "html")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return out / "html"


def test_every_page_and_every_lesson_is_there(site: Path) -> None:
    docs = ROOT / "docs"
    pages = [page.relative_to(docs) for page in test_docs.PAGES if docs in page.parents]
    missing = [str(page) for page in pages if not (site / page.with_suffix(".html")).exists()]
    assert missing == []
    lessons = (ROOT / "experiments" / "lessons").glob("*.py")
    assert all((site / "lessons" / f"{lesson.stem}.html").exists() for lesson in lessons)
    front = (site / "contents.html").read_text(encoding="utf-8")
    for kind in ("Lessons", "How to", "Background", "Reference"):
        assert kind in front


def test_every_public_name_has_its_entry(site: Path) -> None:
    page = (site / "api.html").read_text(encoding="utf-8")
    names = [f"trustsim.{name}" for name in trustsim.__all__]
    names += [f"trustsim.testing.{name}" for name in trustsim.testing.__all__]
    assert [name for name in names if f'id="{name}"' not in page] == []
