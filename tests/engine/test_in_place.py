"""No rule writes in place to what may be an array, whether the compiler is on or off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.own_modules import module, rule_of

from trustsim import ConfigError, Scenario, simulate
from trustsim.engine.fingerprint import text_of

SMALL: dict[str, Any] = {"rounds": 4, "buyers": 6, "suppliers": 3}
TABLES = "import numpy as np\nH = np.zeros((2, 2))\nclass A:\n    table = H\n"

WRITES = {
    # statements of a helper of the argument x, and the line that is at fault
    "a copy that may be none": ("z = np.ascontiguousarray(H)\n z += 0.1", "z += 0.1"),
    "another name": ("z = H\n z -= 0.1", "z -= 0.1"),
    "a row": ("z = H[0]\n z *= 0.5", "z *= 0.5"),
    "rows one by one": ("for row in H:\n  row += 0.5", "row += 0.5"),
    "an attribute": ("z = x.T\n z += 0.5", "z += 0.5"),
    "a class's": ("z = A.table\n z += 0.5", "z += 0.5"),
    "a branch": ("z = 1.0 if A else H\n z += 0.5", "z += 0.5"),
    "the other branch": ("z = H if A else 1.0\n z += 0.5", "z += 0.5"),
    "one of two": ("z = H or 1.0\n z += 0.5", "z += 0.5"),
    "several at once": ("a, z = 1.0, H\n z += 0.5", "z += 0.5"),
    "two names": ("a = z = H\n z += 0.5", "z += 0.5"),
    "a number at first": ("z = 1.0\n if x: z = H\n z += 0.5", "z += 0.5"),
    "what is given": ("x += 0.5", "x += 0.5"),
    "a default": ("a += 0.5", "a += 0.5"),
    "an inner function's": ("z = (lambda: H)()\n z += 0.5", "z += 0.5"),
    "a name that an inner function reads": ("z = H\n z += 0.5\n [z for _ in H]", "z += 0.5"),
    "an item": ("H[...] += x", "H[...] += x"),
    "a name that is none here": ("H += x", "H += x"),
}


@pytest.mark.parametrize("what", WRITES)
def test_what_may_be_an_array_is_not_changed_in_place(tmp_path: Path, what: str) -> None:
    statements, shown = WRITES[what]
    limits = f"{TABLES}def f(x, a=np.zeros(2)):\n {statements}\n return 0.5\n"
    mine = rule_of(tmp_path, "limits.f(view.trust)", limits)
    with pytest.raises(ConfigError, match="rule mine, helper f, file ") as caught:
        text_of(mine)
    message = str(caught.value)
    assert f": {shown}\n" in message or f": for row in H: {shown}\n" in message
    assert "writes to" in message
    assert "has no attribute" not in message


ALLOWED = {
    "a number": "z = 0.5\n z += 1.0\n z -= 1.0",
    "a sum over a loop": "z = 0\n for k in range(4):\n  z += 0.125",
    "arithmetic": "z = x * 0.0 - 0.5\n z *= -1.0",
    "a number in every branch": "z = 0.5 if x > 2.0 else 1.0\n z *= 0.5",
    "a comparison": "z = x >= -9.0\n z *= 0.5",
}


@pytest.mark.parametrize("what", ALLOWED)
def test_numbers_of_its_own_are_changed_in_place(tmp_path: Path, what: str) -> None:
    mine = rule_of(tmp_path, "limits.f(view.trust)", f"def f(x):\n {ALLOWED[what]}\n return z\n")
    base = Scenario("adversarial", rounds=8, buyers=20, suppliers=5)
    own = simulate(base.with_policy("adversarial", inspection=mine)).measures["inspection_rate"]
    fixed = base.with_policy("adversarial", inspection="fixed", inspection_rate=0.5)
    assert own == pytest.approx(simulate(fixed).measures["inspection_rate"], abs=1e-12)


def field(order, view, policy):
    share = view.trust
    share *= 0.0
    return share


def field_of_another(order, view, policy):
    view = TABLE
    turned = view.T
    turned += 1.0
    return 0.5


TABLE = 1.0


def test_a_field_of_what_a_rule_is_given_is_a_number() -> None:
    base = Scenario("adversarial", **SMALL)
    mine = base.with_policy("adversarial", inspection=field)
    assert simulate(mine).measures["inspection_rate"] == 0.0
    with pytest.raises(ConfigError, match=r"turned \+= 1.0\n  writes to turned"):
        text_of(field_of_another)


PLAIN = """
import sys
import numpy as np
from trustsim import ConfigError, Scenario, simulate
from trustsim.engine.answers import RuleAnswerError
H = np.zeros(2)
def in_place(order, view, policy):
    z = H
    z += 0.1
    return 0.5
def helper(x, a=H, *, b=H):
    np.add(a, 1.0, a)
    return a[0]
def by_a_default(order, view, policy):
    return helper(1.0)
def by_a_function(order, view, policy):
    np.add(H, 1.0, H)
    return H[0]
for rule in (in_place, by_a_default, by_a_function):
    market = Scenario("adversarial", rounds=4, buyers=6, suppliers=3)
    try:
        simulate(market.with_policy("adversarial", inspection=rule))
    except (ConfigError, RuleAnswerError) as error:
        print(type(error).__name__, H.any())
"""


@pytest.mark.parametrize("off", ["0", "1"])
def test_nothing_is_written_with_the_compiler_on_or_off(off: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLAIN],
        env={**os.environ, "NUMBA_DISABLE_JIT": off},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    lines = done.stdout.split("\n")[:-1]
    assert len(lines) == 3
    assert lines[0] == "ConfigError False"
    assert all(line.endswith(" False") for line in lines)


WRITES_BY_A_FUNCTION = {
    "the rule": ("np.ascontiguousarray(limits.H)\n    np.add(z, 1.0, z)", "np.add(z, 1.0, z)"),
    "a helper": ("limits.f()", "np.exp(z, z)"),
}


@pytest.mark.parametrize("who", WRITES_BY_A_FUNCTION)
def test_no_function_of_numpy_writes_its_answer_into_an_array(tmp_path: Path, who: str) -> None:
    first, shown = WRITES_BY_A_FUNCTION[who]
    helper = "def f():\n z = np.ascontiguousarray(H)\n np.exp(z, z)\n return z[0, 0]\n"
    limits = module(tmp_path, "limits", TABLES + helper)
    text = f"import numpy as np\ndef mine(order, view, policy):\n    z = {first}\n    return 0.5\n"
    mine = module(tmp_path, "rules", text, limits=limits).mine
    with pytest.raises(ConfigError) as caught:
        simulate(Scenario("adversarial", **SMALL).with_policy("adversarial", inspection=mine))
    assert f": {shown}\n  writes the answer of " in str(caught.value)
    assert not limits.H.any()


def test_an_array_that_cannot_hold_what_is_added_is_refused_in_words(tmp_path: Path) -> None:
    limits = "import numpy as np\ndef f():\n z = np.array([1, 2]) * 1\n z += 0.5\n return z[0]\n"
    mine = rule_of(tmp_path, "limits.f()", limits)
    with pytest.raises(ConfigError, match=r"z \+= 0.5\n  does not compile: ") as caught:
        simulate(Scenario("adversarial", **SMALL).with_policy("adversarial", inspection=mine))
    assert "has no attribute" not in str(caught.value)
    assert "array of another type" in str(caught.value)
