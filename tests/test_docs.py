"""The README and the docs are tests: their blocks run from top to bottom, a page at a time.

A page runs in a folder of its own that holds a copy of `configs/` and `experiments/`.

- A `python` block is executed; the blocks of a page share their names.
- A `toml` block that has arms is a whole experiment, and must load.
- A `console` block runs its lines that start with `$ trustsim `. What it shows below such a line
  must be among the lines that the command prints, in this order; spaces do not count, and `...` at
  the end of a line stands for the rest of it.

The examples in docstrings run as well.

Two comments, on the line above a block, direct it:

- `<!-- file: NAME -->` also writes the block to the file NAME, for the blocks after it;
- `<!-- with: ARGUMENTS -->` adds arguments to its `trustsim run` lines, to keep the test short.
"""

import doctest
import importlib
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.places import ROOT

from trustsim.schema.mechanisms import MECHANISMS

MADE = {"_build", "lessons"}
"""Folders of the docs that `make docs` makes."""

PAGES = [
    ROOT / "README.md",
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if path.parent.name not in MADE),
]
WITH_EXAMPLES = [
    path for path in sorted((ROOT / "trustsim").rglob("*.py")) if ">>> " in path.read_text("utf-8")
]

BLOCK = re.compile(
    r"(?:^<!-- (?P<key>file|with): (?P<value>.+?) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<target>[^)#\s]+)")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page and the comment that directs it."""

    kind: str
    text: str
    line: int
    file: str = ""
    arguments: str = ""


def blocks(page: str) -> list[Block]:
    found = []
    for match in BLOCK.finditer(page):
        line = page.count("\n", 0, match.start("text")) + 1
        key, value = match["key"], match["value"] or ""
        found.append(
            Block(
                kind=match["kind"],
                text=match["text"],
                line=line,
                file=value if key == "file" else "",
                arguments=value if key == "with" else "",
            )
        )
    return found


def run_python(block: Block, page: Path, names: dict[str, Any]) -> None:
    """Execute a block; a traceback shows the line of the page."""
    source = "\n" * (block.line - 1) + block.text
    exec(compile(source, str(page), "exec"), names)


def load_toml(block: Block, folder: Path) -> None:
    if not re.search(r"^\[arms\b", block.text, flags=re.MULTILINE):
        return
    from trustsim.config.experiment import load_experiment

    file = folder / (block.file or f"block_{block.line}.toml")
    file.write_text(block.text, encoding="utf-8")
    load_experiment(file)


def calls(text: str) -> list[tuple[str, list[str]]]:
    """Calls of a console block, each with the lines that are shown below it."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line, []))
        elif line.strip():
            found[-1][1].append(line)
    return found


def is_printed(shown: list[str], out: str) -> bool:
    """Whether lines are among those of an output, in their order."""
    printed = iter(" ".join(line.split()) for line in out.splitlines())
    for line in shown:
        wanted = " ".join(line.split())
        start = wanted.removesuffix("...")
        if not any(
            (each.startswith(start) if wanted.endswith("...") else each == start)
            for each in printed
        ):
            return False
    return True


def run_console(block: Block, page: Path, folder: Path) -> None:
    for line, shown in calls(block.text):
        if not line.startswith("$ trustsim "):
            continue
        arguments = shlex.split(line.removeprefix("$ trustsim "), comments=True)
        if arguments[0] == "run":
            arguments += shlex.split(block.arguments)
        done = subprocess.run(
            [sys.executable, "-m", "trustsim.commands.cli", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        where = f"{page.relative_to(ROOT)}, block at line {block.line}: {line}"
        assert done.returncode == 0, f"{where}\n{done.stdout}\n{done.stderr}"
        assert is_printed(shown, done.stdout), f"{where}\n{done.stdout}"


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder like the one a reader of the docs works in."""
    for name in ("configs", "experiments"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_run(page: Path, reader: Path) -> None:
    names: dict[str, Any] = {"__name__": "__docs__"}
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.file:
            (reader / block.file).write_text(block.text, encoding="utf-8")
        if block.kind == "python":
            run_python(block, page, names)
        elif block.kind == "toml":
            load_toml(block, reader)
        elif block.kind == "console":
            run_console(block, page, reader)


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_in_docstrings_run(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    targets = [match["target"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_blocks_are_found_with_what_directs_them() -> None:
    console = "<!-- with: --jobs 1 -->\n```console\n$ trustsim list\n```\n"
    page = f"Text.\n\n{console}\n```toml\nx = 1\n```\n"
    assert blocks(page) == [
        Block("console", "$ trustsim list\n", line=5, arguments="--jobs 1"),
        Block("toml", "x = 1\n", line=9),
    ]


def test_a_failing_block_fails() -> None:
    block = Block("python", "assert 1 == 2\n", line=7)
    with pytest.raises(AssertionError) as caught:
        run_python(block, ROOT / "README.md", {})
    assert caught.traceback[-1].lineno == 6


def test_a_block_that_shows_another_number_fails(reader: Path) -> None:
    right = "$ trustsim new one\nwrote one.toml\nstart with: trustsim ...\n"
    run_console(Block("console", right, line=3), ROOT / "README.md", reader)
    for wrong in ("wrote two.toml", "start with: trustsim run two.toml\nwrote two.toml", "..."):
        block = Block("console", f"$ trustsim new two\n{wrong}\nwrote 2\n", line=3)
        with pytest.raises(AssertionError, match="block at line 3"):
            run_console(block, ROOT / "README.md", reader)
        for kind in ("toml", "py"):
            (reader / f"two.{kind}").unlink()


def test_what_is_shown_is_printed_in_its_order() -> None:
    out = "cost   0.25\nprice  1.5\nrest\n"
    assert is_printed([], out)
    assert is_printed(["cost 0.25", "rest"], out)
    assert is_printed(["price ..."], out)
    assert not is_printed(["cost 0.2"], out)
    assert not is_printed(["rest", "cost 0.25"], out)
    assert calls("$ a\nx\n\n$ b\n") == [("$ a", ["x"]), ("$ b", [])]


def test_some_page_shows_what_is_printed() -> None:
    shown = [
        lines
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.kind == "console"
        for _, lines in calls(block.text)
    ]
    assert sum(len(lines) for lines in shown) >= 10


def test_readme_says_what_it_must() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    kinds = [block.kind for block in blocks(readme)]
    assert {"python", "toml", "console"} <= set(kinds)
    for words in ("make demo", "make test", "docs/images/headline.png", "CITATION.cff"):
        assert words in readme


SECTIONS = {"production": "Production and opportunism"}
"""Headings of the model's description that are not the room's name."""


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_is_named_where_it_is_described(name: str) -> None:
    room = MECHANISMS[name].room
    heading = SECTIONS.get(room, room.replace("_", " ").capitalize())
    _, _, after = (ROOT / "docs" / "odd.md").read_text(encoding="utf-8").partition(f" {heading}\n")
    section = after.partition("\n##")[0]
    assert re.search(rf"`{name}`", section)
