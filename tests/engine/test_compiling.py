"""Functions of rooms: one version for compiled code, another for the interpreter when it calls."""

from __future__ import annotations

import inspect

import pytest

from trustsim.engine.compiling import OPTIONS, PLAIN, Callee, compiled, inlined, spliced
from trustsim.engine.reach import plain

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
