"""The id of a run stands for the code of its rules that runs, whatever their files hold now."""

from __future__ import annotations

import copy
import linecache
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.own_modules import module

from trustsim.engine.constants import constant_text
from trustsim.engine.fingerprint import text_of

RULE = "def mine(order, view, policy):\n    return {}\n"


def test_a_file_that_is_edited_after_its_import_leaves_the_rule_as_it_is(tmp_path: Path) -> None:
    mine = module(tmp_path, "rules", RULE.format("0.25")).mine
    before = text_of(mine)
    path = Path(mine.__code__.co_filename)
    path.write_text(RULE.format("0.75"), encoding="utf-8")
    linecache.checkcache()
    edited = module(tmp_path, "rules", RULE.format("0.75")).mine
    late = module(tmp_path, "rules", RULE.format("0.25")).mine
    Path(late.__code__.co_filename).write_text(RULE.format("0.75"), encoding="utf-8")
    linecache.checkcache()
    assert text_of(mine) == before
    assert text_of(late) == before
    assert text_of(edited) != before


def test_a_file_that_is_gone_leaves_the_rule_as_it_is(tmp_path: Path) -> None:
    mine, gone = (module(tmp_path, "rules", RULE.format("0.25")).mine for _ in range(2))
    Path(gone.__code__.co_filename).unlink()
    linecache.checkcache()
    assert text_of(gone) == text_of(mine)


def test_comments_and_lines_are_no_part_of_it(tmp_path: Path) -> None:
    plain, commented = (
        module(tmp_path, "rules", text).mine
        for text in (RULE.format("0.25"), f"\n\n# new\n{RULE.format('0.25  # a quarter')}")
    )
    assert text_of(plain) == text_of(commented)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ("1", "True"),
        ("0.0", "-0.0"),
        ("view.trust", "view.clean"),
        ("view.trust + 1", "view.trust - 1"),
        ("view.trust in (1, 2)", "view.trust in {1, 2}"),
        ("view.trust in {1, 2}", "view.trust in {1, 3}"),
        ("(0.1, 'a')[int(view.trust)]", "(0.2, 'a')[int(view.trust)]"),
        ("(lambda k: k + 1)(1)", "(lambda k: k + 2)(1)"),
        ("(lambda k, *, j=1: k + j)(1)", "(lambda k, j=1: k + j)(1)"),
    ],
)
def test_code_that_acts_otherwise_has_another_text(tmp_path: Path, one: str, other: str) -> None:
    first, same, second = (
        text_of(module(tmp_path, "rules", RULE.format(each)).mine) for each in (one, one, other)
    )
    assert first == same
    assert first != second


SETS = """
import sys
sys.path.insert(0, sys.argv[1])
import mine
from trustsim.engine.constants import constant_text
from trustsim.engine.fingerprint import text_of
for _ in range(100):
    mine.helper(1.0)
print(text_of(mine.mine))
"""
TEXT = """
def helper(x):
    inner = lambda k: 1.0 if k in {"a", "b", "c", "d", "e"} else 0.0
    return x + inner("a") + sum([inner(w) for w in ("x", "y")])
def mine(order, view, policy):
    return helper(view.trust) if "q" in {"p", "q", "r", "s", ("t", "u")} else 0.0
"""


def test_the_text_is_the_same_in_every_process_and_place(tmp_path: Path) -> None:
    texts: set[Any] = set()
    for seed in ("1", "2", "3"):
        place = tmp_path / f"place{seed}"
        place.mkdir()
        (place / "mine.py").write_text("\n" * int(seed) + TEXT, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", SETS, str(place)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        texts.add(done.stdout)
    assert len(texts) == 1
    text = texts.pop()
    assert "place1" not in text
    assert " at 0x" not in text


class Fee(NamedTuple):
    share: float

    def of(self, amount: float) -> float:
        return self.share * amount


class Rate(NamedTuple):
    share: float


def test_a_named_tuple_is_a_constant_unless_it_has_methods() -> None:
    assert constant_text(Rate(0.1)) != constant_text(Rate(0.2))
    assert constant_text(Rate) is not None
    # what its method does would not be in the id
    assert constant_text(Fee(0.1)) is constant_text(Fee) is None


def test_a_named_tuple_that_was_copied_is_the_same_constant() -> None:
    before = constant_text(Rate(0.1))
    assert copy.deepcopy(Rate(0.1)) == Rate(0.1)
    assert "__slotnames__" in vars(Rate)  # what copying leaves in the class
    assert constant_text(Rate(0.1)) == before
