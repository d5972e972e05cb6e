"""The lessons run as scripts, and as notebooks in a real kernel; what they print is checked."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbclient
import nbformat
import pytest
from support.places import ROOT

LESSONS = sorted((ROOT / "experiments" / "lessons").glob("*.py"))
PRINTED = {
    "1_first_market": ["Outcome('high_trust', run 0", "20 runs each, same luck", "Panels(2"],
    "2_own_rule": ["inspection_rate", "CCDDCDCC"],
    "3_own_policy": ["Scenario('prudent'", "Prudent costs", "Panels("],
    "4_a_design": ["3 points of the design", "0.032"],
    "5_a_case": ["with false claims: +0.3", "without them:      +0.0"],
    "6_a_replication": ["least trusted: reported 0.47", "most trusted: reported 0.235", "Panels("],
}
"""What a lesson prints, or shows at the end of a cell."""


def text_of(outputs: list[Any]) -> str:
    """What cells have printed and shown, as text."""
    shown = [
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    ]
    return "\n".join(shown)


def test_there_are_six() -> None:
    assert [lesson.stem for lesson in LESSONS] == list(PRINTED)
    index = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8")
    assert all(f"lessons/{lesson.name}" in index for lesson in LESSONS)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_a_lesson_is_a_script(lesson: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, lesson], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    expected = [said for said in PRINTED[lesson.stem] if not said.startswith("Panels")]
    assert all(said in ran.stdout for said in expected), ran.stdout


def test_lessons_are_notebooks(tmp_path: Path) -> None:
    # one kernel for all of them, as fast as it can be; a name of one lesson is not one of the next
    client = nbclient.NotebookClient(
        jupytext.reads("", fmt="py:percent"),
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
        timeout=300,
    )

    async def run() -> dict[str, list[Any]]:
        found = {}
        async with client.async_setup_kernel(env={**os.environ, "MPLBACKEND": "agg"}):
            for lesson in LESSONS:
                book = jupytext.read(lesson)
                client.nb = book
                await client.async_execute_cell(nbformat.v4.new_code_cell("%reset -f"), 0)
                for place, cell in enumerate(book.cells):
                    await client.async_execute_cell(cell, place)
                found[lesson.stem] = [o for cell in book.cells for o in cell.get("outputs", [])]
        return found

    found = asyncio.run(run())
    for name, said in PRINTED.items():
        assert all(each in text_of(found[name]) for each in said), (name, text_of(found[name]))
        pictures = [output for output in found[name] if "image/png" in output.get("data", {})]
        assert len(pictures) == sum(each.startswith("Panels") for each in said), name
