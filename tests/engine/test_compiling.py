"""Functions of rooms, called by compiled code or by the interpreter; sums of records."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest

from trustsim.engine.compiling import OPTIONS, PLAIN, Callee, add, compiled, inlined, spliced
from trustsim.engine.reach import plain
from trustsim.market.records import Tally

pytestmark = pytest.mark.skipif(PLAIN, reason="with the compiler off functions stay as they are")


def doubled(amount: float) -> float:
    """Give twice an amount."""
    return 2.0 * amount


@pytest.mark.parametrize("way", [compiled, inlined])
def test_the_interpreter_gets_its_version_only_when_it_calls(way):
    callee = way(doubled)
    caller = compiled(lambda amount: callee(amount) + 1.0)
    assert caller(2.5) == 6.0
    assert "_outer" not in vars(callee)
    assert len(callee._inner.overloads) == 1
    assert callee(2.5) == 5.0
    assert "_outer" in vars(callee)


def test_what_is_called_by_compiled_code_has_no_wrapper():
    callee = compiled(doubled)
    compiled(lambda amount: callee(amount))(1.0)
    callee(1.0)
    for made, wrapped in ((callee._inner, False), (callee._outer, True)):
        (version,) = made.overloads.values()
        names = [function.name for function in version.library.get_defined_functions()]
        assert any("cpython" in name for name in names) == wrapped


def test_options_name_and_words_stay():
    callee = inlined(doubled)
    assert isinstance(callee, Callee)
    assert callee.targetoptions == {**OPTIONS, "forceinline": True}
    assert (callee.__name__, callee.__doc__) == ("doubled", "Give twice an amount.")
    assert inspect.signature(callee) == inspect.signature(doubled)
    assert plain(callee) is plain(spliced(doubled)) is doubled


ADDED = """if True:
    import numpy as np
    from trustsim.engine.compiling import PLAIN, add
    assert PLAIN
    sums = np.zeros(2, [("a", "i8"), ("b", "i8", (3,))])
    sums[0], sums[1] = (1, [2, 3, 4]), (10, [20, 30, 40])
    add(sums[0], sums[1])
    print(sums["a"].tolist(), sums["b"].tolist())
"""


def test_a_record_is_added_to_another_field_by_field():
    add_up = compiled(lambda tallies: add(tallies[0], tallies[1]))
    random = np.random.default_rng(3)
    words = random.integers(-(2**60), 2**60, (3, Tally.itemsize // 8))
    tallies = words.copy().view(Tally).reshape(-1)
    add_up(tallies)
    found = tallies.view(np.int64).reshape(3, -1)
    assert (found == [words[0] + words[1], words[1], words[2]]).all()


def test_a_record_is_added_with_the_compiler_off():
    made = subprocess.run(
        [sys.executable, "-c", ADDED],
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    assert made.stdout.strip() == "[11, 10] [[22, 33, 44], [20, 30, 40]]", made.stderr
