"""Every file of a results folder is damaged in every way: the same answer comes, or a word.

A word is an exit code that is not 0, with one sentence and no traceback. The environment variable
TRUSTSIM_ATTACK is the number of random damages beside one of every kind; a long attack is
``TRUSTSIM_ATTACK=10000 python -m pytest tests/attack``.
"""

from __future__ import annotations

import os
import random
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.command_line import Call
from support.damaged_folders import COMMANDS, WAYS, ask, damage, files_of, make, undrawn

ATTACKS = int(os.environ.get("TRUSTSIM_ATTACK", "60"))
RANDOM_WAYS = ("flip", "flip", "flip", "cut")


@dataclass
class Sound:
    """A sound folder of a kind, and what commands answer when they are asked about it."""

    kind: str
    home: Path
    answers: dict[tuple[str, ...], tuple[int, str]]


@pytest.fixture(scope="module", params=COMMANDS)
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sound:
    home = tmp_path_factory.mktemp(request.param) / "sound"
    home.mkdir()
    make(request.param, home)
    return Sound(request.param, home, {})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what takes long and reads nothing from a folder."""
    monkeypatch.setattr("trustsim.report.writing.show", undrawn)
    monkeypatch.setattr("trustsim.report.page.show", undrawn)
    for slow in ("limits", "conduct_tables"):
        monkeypatch.setattr(f"trustsim.report.writing.{slow}", lambda *arguments: ())
    monkeypatch.setattr("os.fsync", lambda number: None)


def copied(kept: Sound, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    return Path(shutil.copytree(kept.home, place, symlinks=True)) / "out"


def damages(kept: Sound) -> Iterator[tuple[str, str, random.Random]]:
    luck = random.Random(zlib.crc32(kept.kind.encode()))
    names = files_of(kept.home / "out")
    yield from ((name, way, luck) for name in names for way in WAYS)
    for _ in range(ATTACKS // len(COMMANDS)):
        yield luck.choice(names), luck.choice(RANDOM_WAYS), luck


def test_the_same_answer_or_a_word(kept: Sound, call: Call, tmp_path: Path) -> None:
    for words in COMMANDS[kept.kind]:
        said, answer = ask(call, words, copied(kept, tmp_path / "copy"))
        assert answer, said
        kept.answers[words] = said.code, answer
    wrong, luck = [], random.Random(7)
    for number, (name, way, places) in enumerate(damages(kept)):
        words = COMMANDS[kept.kind]
        for each in words if number < len(WAYS) * len(words) else luck.sample(words, 1):
            folder = copied(kept, tmp_path / "copy")
            damage(folder / name, way, places)
            try:
                said, answer = ask(call, each, folder)
            except Exception as error:
                wrong.append(f"{each[0]}, {name}, {way}: {error!r}")
                continue
            lines = [x for x in said.err.splitlines() if x and not x.startswith("note: ")]
            told = said.code in (1, 2) and len(lines) == 1
            where = said.out if each[0] == "check" else said.err
            told = told or "has no manifest.json, so it cannot be seen whether" in where
            told = told or (said.code == 1 and each[0] in ("check", "rerun") and said.out.strip())
            if (said.code, answer) != kept.answers[each] and not told:
                wrong.append(f"{each[0]}, {name}, {way}: {said.code} {said.err[:300]!r}")
    assert not wrong, f"{len(wrong)} of them:\n" + "\n".join(wrong)
