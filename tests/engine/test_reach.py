"""What a rule of the user's depends on is part of its id, or the rule is refused with its line."""

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

NAMED = "from typing import NamedTuple\nclass Pair(NamedTuple):\n    low: float\n    high: float\n"
CHANGES = {
    # what the rule answers, what its user's module holds, and what becomes of it
    "a constant": ("limits.LIMIT", "LIMIT = 0.1", "LIMIT = 0.2"),
    "its type": ("limits.LIMIT", "LIMIT = 1", "LIMIT = True"),
    "the sign of nought": ("limits.LIMIT", "LIMIT = 0.0", "LIMIT = -0.0"),
    "a class": ("limits.A.B.X", "class A:\n class B:\n  X = 0.1", "class A:\n class B:\n  X = 0.2"),
    "a tuple": ("limits.T[1][0]", "T = (1.0, (0.1,))", "T = (1.0, (0.2,))"),
    "a named tuple": (
        "limits.P.low",
        f"{NAMED}P = Pair(0.1, 1.0)",
        f"{NAMED}P = Pair(0.2, 1.0)",
    ),
    "an enum": (
        "limits.C.A.value",
        "import enum\nclass C(enum.Enum):\n A = 0.1",
        "import enum\nclass C(enum.Enum):\n A = 0.2",
    ),
    "an array": (
        "limits.N[0]",
        "import numpy\nN = numpy.array([0.1])",
        "import numpy\nN = numpy.array([0.2])",
    ),
    "an array's type": (
        "limits.N[0]",
        "import numpy\nN = numpy.array([1], 'i8')",
        "import numpy\nN = numpy.array([1], 'i4')",
    ),
    "a method of an array": (
        "limits.N.sum()",
        "import numpy\nN = numpy.array([0.1])",
        "import numpy\nN = numpy.array([0.2])",
    ),
    "a function": (
        "limits.f(view.trust)",
        "def f(x):\n return 0.1 * x",
        "def f(x):\n return 0.2 * x",
    ),
    "a compiled function": (
        "limits.f(view.trust)",
        "import numba\n@numba.njit\ndef f(x):\n return 0.1 * x",
        "import numba\n@numba.njit\ndef f(x):\n return 0.2 * x",
    ),
    "a static method": (
        "limits.A.f(view.trust)",
        "class A:\n @staticmethod\n def f(x):\n  return 0.1 * x",
        "class A:\n @staticmethod\n def f(x):\n  return 0.2 * x",
    ),
    "a helper's helper": (
        "limits.f(view.trust)",
        "def g(x):\n return 0.1 * x\ndef f(x):\n return g(x)",
        "def g(x):\n return 0.2 * x\ndef f(x):\n return g(x)",
    ),
    "a helper's constant": (
        "limits.f(view.trust)",
        "K = 0.1\ndef f(x):\n return K * x",
        "K = 0.2\ndef f(x):\n return K * x",
    ),
    "a default": (
        "limits.f(view.trust)",
        "K = 0.1\ndef f(x, k=K):\n return k * x",
        "K = 0.2\ndef f(x, k=K):\n return k * x",
    ),
    "a default of a keyword": (
        "limits.f(view.trust)",
        "K = 0.1\ndef f(x, *, k=K):\n return k * x",
        "K = 0.2\ndef f(x, *, k=K):\n return k * x",
    ),
    "a closure": (
        "limits.f(view.trust)",
        "def made(k):\n def f(x):\n  return k * x\n return f\nf = made(0.1)",
        "def made(k):\n def f(x):\n  return k * x\n return f\nf = made(0.2)",
    ),
    "an alias": ("limits.again", "LIMIT = 0.1\nagain = LIMIT", "LIMIT = 0.2\nagain = LIMIT"),
    "which of two on a line": (
        "limits.f(view.trust)",
        "f, g = lambda x: 0.1, lambda x: 0.2",
        "g, f = lambda x: 0.1, lambda x: 0.2",
    ),
    "what is read inside": (
        "sum([limits.LIMIT * k for k in range(2)])",
        "LIMIT = 0.1",
        "LIMIT = 0.2",
    ),
    "what is called inside": ("(lambda k: k * limits.LIMIT)(1.0)", "LIMIT = 0.1", "LIMIT = 0.2"),
    "what is wrapped": (
        "limits.f(view.trust)",
        "import functools\ndef g(x):\n return x\n@functools.wraps(g)\ndef f(x):\n return 0.1",
        "import functools\ndef g(x):\n return x\n@functools.wraps(g)\ndef f(x):\n return 0.2",
    ),
    "another module's": (
        "limits.math.tau",
        "import math",
        "class math:\n tau = 1.0",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_rule_reaches_is_part_of_its_text(tmp_path: Path, what: str) -> None:
    answer, before, after = CHANGES[what]
    first, same, changed = (text_of(rule_of(tmp_path, answer, t)) for t in (before, before, after))
    assert first == same
    assert first != changed
    assert str(tmp_path) not in first
    assert " at 0x" not in first


def test_an_id_follows_a_constant_that_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = rule_of(tmp_path, "limits.LIMIT", "LIMIT = 1.0")
    scenario = Scenario("adversarial", **SMALL).with_policy("adversarial", inspection=mine)
    before = scenario.id(), simulate(scenario).measures["inspection_rate"]
    monkeypatch.setattr(mine.__globals__["limits"], "LIMIT", 0.0)
    after = scenario.id(), simulate(scenario).measures["inspection_rate"]
    assert (before[1], after[1]) == (1.0, 0.0)
    assert before[0] != after[0]


COMPILES = {
    "limits.A.X + limits.A.half(1.0)": "class A:\n X = 0.1\n @staticmethod\n def half(x):\n  "
    "return 0.5 * x",
    "limits.f(0.6)": "K = 0.5\ndef g(x, k=K):\n return k * x\ndef f(x):\n return 2.0 * g(x)",
    "0.2 * limits.f(1.0)": "def made(k):\n def f(x):\n  return k * x\n return f\nf = made(3.0)",
    "limits.np.exp(limits.math.log(0.6))": "import math\nimport numpy as np",
    "limits.C.A.value": "import enum\nclass C(enum.Enum):\n A = 0.6",
}


@pytest.mark.parametrize("answer", COMPILES)
def test_what_is_reached_through_a_module_compiles(tmp_path: Path, answer: str) -> None:
    mine = rule_of(tmp_path, answer, COMPILES[answer])
    base = Scenario("adversarial", rounds=30, buyers=30, suppliers=5)
    own = simulate(base.with_policy("adversarial", inspection=mine)).measures["inspection_rate"]
    fixed = base.with_policy("adversarial", inspection="fixed", inspection_rate=0.6)
    assert own == pytest.approx(simulate(fixed).measures["inspection_rate"], abs=1e-12)


IDS = """
import os, sys
sys.path.insert(0, sys.argv[1])
os.chdir(sys.argv[1])
import mine
from trustsim import Scenario
print(Scenario("adversarial").with_policy("adversarial", inspection=mine.mine).id())
"""
MINE = """
import enum
import numpy as np
class C(enum.Enum):
    A = 0.5
def helper(x, words=("a", "b"), *, k=np.float64(2.0)):
    return x * k if words[0] in ("b", "c", "a") else C.A.value
mine = lambda order, view, policy: np.exp(helper(-view.trust) * len([w for w in "xyz"]))
"""


def test_a_rule_has_the_same_id_in_every_process(tmp_path: Path) -> None:
    ids = set()
    for seed, folder in (("1", "here"), ("2", "there")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(MINE, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", IDS, str(tmp_path / folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        ids.add(done.stdout.strip())
    assert len(ids) == 1
    assert len(ids.pop()) == 16


RANDOM = "draws random numbers"
CLOCK = "reads the clock"
MACHINE = "asks the machine"
COMPUTED = """
class Computed(type):
    @property
    def share(cls):
        return random.random()
    def __getattr__(cls, name):
        return random.random()
class A(metaclass=Computed):
    pass
class Drawn:
    def __get__(self, *_):
        return random.random()
class B:
    share = Drawn()
"""
REFUSED = [
    # imports, what the rule answers, and why not
    ("from random import gauss", "gauss(0.0, 1.0)", RANDOM),
    ("import random as r", "r.random()", RANDOM),
    ("import random\nluck = random.random", "luck()", RANDOM),
    ("import random\nluck = random.Random(3)", "luck.random()", RANDOM),
    ("import numpy as n", "n.random.rand()", RANDOM),
    ("import numpy.random as r", "r.rand()", RANDOM),
    ("from numpy import random", "random.normal()", RANDOM),
    ("from numpy.random import normal as drawn", "drawn()", RANDOM),
    ("import numpy as np\nrng = np.random.default_rng(1)", "rng.random()", RANDOM),
    ("import secrets", "secrets.randbelow(2)", RANDOM),
    ("import uuid", "uuid.uuid4().int", RANDOM),
    ("import time", "time.time()", CLOCK),
    ("from time import perf_counter as tick", "tick()", CLOCK),
    ("from datetime import datetime", "datetime.now().hour", CLOCK),
    ("import datetime as d", "d.datetime.now().hour", CLOCK),
    ("import numpy as np", "np.datetime64('now')", "can read the clock"),
    ("import os", "os.urandom(1)[0]", MACHINE),
    ("import os", "os.getpid()", MACHINE),
    ("", "len(open('x').read())", MACHINE),
    ("", "hash('a')", "differs from process to process"),
    ("", "id(view)", "is an address"),
    ("", "'a'.__hash__()", "reads __hash__"),
    ("", "len(set(('a', 'b')))", "has no order"),
    ("", "max({'a', str(view)})", "builds a set"),
    ("import numpy as np", "np.empty(1)[0]", "happens to lie in memory"),
    ("import numpy as np", "np.ndarray(1)[0]", "happens to lie in memory"),
    ("import numpy as np\nN = np.zeros(3)", "N.flat[7]", "reads flat"),
    ("import numpy as np\nN = np.zeros(3)", "N.ctypes.data", "reads ctypes"),
    ("import numpy as np\nN = np.zeros(3)", "N.fill(1.0)", "calls fill, which writes"),
    ("import numpy as np\nN = np.zeros(3)", "np.put(N, 0, 1.0)", "writes"),
    ("import numba", "numba.carray(view, 9)[8]", "none of what a rule may use"),
    ("import ctypes", "ctypes.CDLL(None).rand()", "takes the class ctypes.CDLL"),
    ("import functools\nf = functools.partial(max, 1)", "f(2)", "takes 'f', a partial"),
    ("D = {'a': 1.0}", "D['a']", "takes 'D', a dict"),
    ("L = [1.0]", "L[0]", "takes 'L', a list"),
    ("T = (1.0, [2.0])", "T[0]", "takes 'T', a tuple"),
    ("class A:\n x = 1.0\na = A()", "a.x", "takes 'a', a A"),
    ("import math", "(math if view.trust else math).pi", "takes the module math as a value"),
    ("", "getattr(limits, 'X')", "none of what a rule may use"),
    ("", "limits", "takes the module limits as a value"),
    ("", "[x for x in {'a', 'b', 'c'}][0]", "has no order"),
    (f"import random\n{COMPUTED}", "A.share", "takes 'A.share', a property"),
    (f"import random\n{COMPUTED}", "A.other", "worked out anew whenever it is read"),
    (f"import random\n{COMPUTED}", "B.share", "takes 'B.share', a Drawn"),
    (
        "import enum\nimport numpy as np\nclass E(enum.Enum):\n A = np.zeros(1)",
        "E.A.value[0]",
        "takes 'E', a EnumType|takes 'E', a EnumMeta",
    ),
    (
        "import numpy as np\nfrom typing import NamedTuple\nclass P(NamedTuple):\n x: tuple = "
        "(np.zeros(1),)",
        "P().x[0][0]",
        "takes 'P', a type",
    ),
    ("", "limits.LIMT", r'limits has no LIMT \(did you mean "LIMIT"\?\)'),
    ("", "limts.LIMIT", r'"limts" is not known here \(did you mean "limits"\?\)'),
]


@pytest.mark.parametrize(("imports", "answer", "why"), REFUSED)
@pytest.mark.parametrize("through", ["the rule", "a helper", "a compiled helper"])
def test_what_is_not_the_same_every_time_is_refused_with_its_line(
    tmp_path: Path, imports: str, answer: str, why: str, through: str
) -> None:
    limits = module(tmp_path, "limits", "LIMIT = 1.0")
    if through == "the rule":
        mine = rule_of(tmp_path, answer, "LIMIT = 1.0", imports)
        name = "rule mine"
    else:
        compiled = "import numba\n@numba.njit\n" if through == "a compiled helper" else ""
        text = f"{imports}\n{compiled}def share(view):\n    return {answer}\n"
        helper = module(tmp_path, "helper", text, limits=limits)
        mine = module(
            tmp_path,
            "rules",
            "def mine(order, view, policy):\n    return helper.share(view)\n",
            helper=helper,
        ).mine
        name = "rule mine, helper share"
    with pytest.raises(ConfigError, match=why) as caught:
        text_of(mine)
    message = str(caught.value)
    assert message.startswith(f'{name}, file "{tmp_path}')
    assert f": return {answer}\n" in message


def test_luck_that_a_rule_would_draw_is_refused_before_anything_runs(tmp_path: Path) -> None:
    mine = rule_of(tmp_path, "gauss(0.5, 0.1)", imports="from random import gauss")
    with pytest.raises(ConfigError, match=r"draws random numbers.*allowed: numbers"):
        simulate(Scenario("adversarial", **SMALL).with_policy("adversarial", inspection=mine))


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("view.trust = 1.0", "writes to trust"),
        ("view.trust += 1.0", "writes to trust"),
        ("TABLE[0] = 1.0", "writes to an item"),
        ("TABLE[:] = 1.0", "writes to"),
        ("TABLE.sort()", "calls sort, which writes"),
        ("numbers = TABLE; numbers.fill(1.0)", "calls fill, which writes"),
        ("raise ValueError", "raises an error"),
        ("import os", "imports os"),
    ],
)
@pytest.mark.parametrize("compiled", ["", "@numba.njit\n"])
def test_helpers_write_and_raise_as_little_as_rules(
    tmp_path: Path, statement: str, why: str, compiled: str
) -> None:
    text = f"import numba\nimport numpy\nTABLE = numpy.zeros(3)\n{compiled}def share(view):\n"
    mine = rule_of(tmp_path, "limits.share(view)", f"{text}    {statement}\n    return 1.0\n")
    with pytest.raises(ConfigError, match=why) as caught:
        text_of(mine)
    assert f": {statement}\n" in str(caught.value)
    assert "helper share" in str(caught.value)


@pytest.mark.parametrize(
    "limits",
    [
        "def f(n):\n return 0.6 if n <= 0 else f(n - 1)",
        "def g(n):\n return f(n)\ndef f(n):\n return 0.6 if n <= 0 else g(n - 1)",
    ],
)
def test_a_helper_that_calls_itself_is_refused(tmp_path: Path, limits: str) -> None:
    with pytest.raises(ConfigError, match=r"(?s)helper [fg], file .*calls itself"):
        text_of(rule_of(tmp_path, "limits.f(3)", limits))


@pytest.mark.parametrize("through", ["limits.luck", "limits.inner.luck"])
def test_what_a_module_works_out_when_it_is_read_is_refused(tmp_path: Path, through: str) -> None:
    drawn = "import random\ndef __getattr__(name):\n    if name != 'luck':\n"
    drawn += "        raise AttributeError(name)\n    return random.random()\n"
    inner = module(tmp_path, "inner", drawn)
    mine = rule_of(tmp_path, through, drawn)
    mine.__globals__["limits"].inner = inner
    with pytest.raises(ConfigError, match=r"luck, which is worked out anew whenever it is read"):
        text_of(mine)


def test_a_name_far_back_is_followed_as_one_in_front_is(tmp_path: Path) -> None:
    many = "; ".join(f"x = view.f{number}" for number in range(300))
    text = f"{NAMED}A = Pair(0.1, 1.0)\nclass B:\n    low = 0.2\n"
    short, long = (
        module(
            tmp_path,
            "rules",
            f"{text}def mine(order, view, policy):\n    {first}\n"
            "    return (A if view.trust > 0.5 else B).low\n",
        ).mine
        for first in ("x = 1", many)
    )
    for each in (short, long):
        with pytest.raises(ConfigError, match="takes the class B as a value"):
            text_of(each)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("async def mine(order, view, policy):\n    return 1.0\n", "is a coroutine"),
        ("def mine(order, view, policy):\n    yield 1.0\n", "is a generator"),
        (
            "async def f(x):\n    return x\ndef mine(order, view, policy):\n    return f(1.0)\n",
            "helper f, .*\n.*is a coroutine",
        ),
    ],
)
def test_a_rule_answers_at_once(tmp_path: Path, text: str, why: str) -> None:
    mine = module(tmp_path, "rules", text).mine
    with pytest.raises(ConfigError, match=f"(?s){why}"):
        simulate(Scenario("adversarial", **SMALL).with_policy("adversarial", inspection=mine))
