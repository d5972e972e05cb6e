"""Plant small faults in a copy of the package, one at a time, and see whether the tests notice.

    python -m tests.attack.mutants --mutants 20 --seed 1 --only analysis --jobs 2

A fault is one swapped operator, one constant moved by one, one condition turned or one result put
to its default. The copy stands in a temporary folder that comes first on the path; the test files
that mirror the module run against it, and those that `ELSEWHERE` names. A fault that no test
notices is printed with its file, line and change. The exit code is 1 if fewer than 95 % are caught.
A fault that changes nothing that anybody sees is one of a class that is not planted, or stands in
`explained` with its reason and is neither tried nor counted. Which faults a seed draws depends on
each alone, so that a change of one line draws but its own anew.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import heapq
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.attack.elsewhere import ELSEWHERE
from tests.attack.explained import explanation

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, TESTS = ROOT / "trustsim", ROOT / "tests"
USUAL = ("analysis", "experiment", "report", "commands", "market/rooms")
ENOUGH = 0.95
NEVER = {"test_baseline.py", "test_browser.py"}
"""Test files that never run: one would notice everything and tell nothing, one needs a browser."""

COMPILED = ("engine/", "market/", "schema/")
"""Packages whose faults ask for another compilation; the cache of each is thrown away."""

LOOKS = {
    "alpha", "bottom", "capsize", "columnspacing", "edgecolor", "elinewidth", "extra", "figsize",
    "fontsize", "ha", "handlelength", "hatch", "height", "labelspacing", "linestyle", "linewidth",
    "linewidths", "markeredgewidth", "markersize", "markevery", "pad", "rotation", "room",
    "row_height", "va", "width", "wrap", "x", "xytext", "zorder",
}  # fmt: skip
"""Keyword arguments of figures that change how something looks and not what is said."""

LOOKS_FROM = {
    "panels": 4, "legend": 4, "few_ticks": 2, "in_figure": 1, "arm_names": 1, "axis_words": 1,
    "MaxNLocator": 0, "_points": 3,
}  # fmt: skip
"""Functions whose arguments from a place on are heights, columns, ticks or letters of a line."""

LOOKS_NAMED = {
    "ARM_STYLES", "BINS", "BOX_DASHES", "COLUMN", "DASHED", "DOTTED", "FIXED", "MOST_LEVELS",
    "NARROW", "ROW", "SMALL", "TEXT", "TINTS", "WIDE", "legend_columns", "legend_rows", "letters",
    "longest", "room", "row_height",
}  # fmt: skip
"""Names of figures that hold sizes and dashes and nothing that is said."""

SWAPPED: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,), ast.Mod: (ast.Mult,),
    ast.And: (ast.Or,), ast.Or: (ast.And,),
}  # fmt: skip

DEFAULTS = {"int": "0", "float": "0.0", "str": "''", "list": "[]", "dict": "{}", "tuple": "()"}
"""What a function returns in place of what it found, by the kind that it says it returns."""


LUCK = {"draw", "draw_slot"}
"""What gives numbers of the unit interval: to be below one or at most one is the same."""


@dataclass(frozen=True)
class Mutant:
    """One fault: what stands at a place of a file, and what is put there instead."""

    file: str
    line: int
    start: int
    end: int
    before: str
    after: str

    @property
    def package(self) -> str:
        return self.file.split("/")[0].removesuffix(".py")

    @property
    def text(self) -> str:
        """The line in which it starts."""
        return (PACKAGE / self.file).read_text(encoding="utf-8").splitlines()[self.line - 1].strip()

    @property
    def reason(self) -> str:
        """Why nobody can see this fault; empty if somebody should."""
        return explanation(self.file, self.text, str(self), f"{self.before} -> {self.after}")

    def lot(self, seed: int) -> bytes:
        """Its lot in a draw, by what it is and not by where the others stand."""
        known = "\0".join((str(seed), self.file, self.text, self.before, self.after))
        return hashlib.sha256(known.encode()).digest()

    def planted(self) -> bytes:
        """Give the content of the file with the fault."""
        content = (PACKAGE / self.file).read_bytes()
        return content[: self.start] + self.after.encode() + content[self.end :]

    def __str__(self) -> str:
        before, after = (" ".join(text.split())[:70] for text in (self.before, self.after))
        return f"trustsim/{self.file}:{self.line}: {before} -> {after}"


def mutants_of(file: str) -> list[Mutant]:
    """Give all faults that can be planted in a file of the package, in the order of the file."""
    content = (PACKAGE / file).read_bytes()
    starts = [0]
    for row in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    found = []
    for node, others in _changes(ast.parse(content)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        before = content[start:end].decode()
        found += [Mutant(file, node.lineno, start, end, before, each) for each in others]
    return sorted(set(found), key=lambda each: (each.start, each.end, each.after))


def _changes(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, list[str]]]:
    """Give places and what may be put there instead; annotations and docstrings are left out."""
    chances = _chances(tree)
    for node in _walk(tree):
        if isinstance(node, ast.Compare):
            for place, operator in enumerate(node.ops):
                others = SWAPPED.get(type(operator), ())
                if node in chances:
                    others = others[1:]  # the first is the same but for one number
                yield node, [_with(node, "ops", place, other()) for other in others]
        elif isinstance(node, ast.BinOp | ast.BoolOp) and not _is_text(node):
            yield node, [_with(node, "op", None, o()) for o in SWAPPED.get(type(node.op), ())]
        elif isinstance(node, ast.AugAssign) and not _is_text(node.value):
            yield node, [_with(node, "op", None, o()) for o in SWAPPED.get(type(node.op), ())]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            yield node, [f"({ast.unparse(node.operand)})"]
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            others = [node.value + step for step in (1, -1)]  # a large one may stay what it is
            yield node, [f"({other!r})" for other in others if other != node.value]
        elif isinstance(node, ast.FunctionDef):
            yield from _defaults(node)


def _chances(tree: ast.AST) -> set[ast.AST]:
    """Give the comparisons of a number that luck has drawn in the same function."""
    found: set[ast.AST] = set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        nodes = list(ast.walk(function))
        drawn = {
            name.id
            for node in nodes
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "id", "") in LUCK
            for name in ast.walk(node.targets[0])
            if isinstance(name, ast.Name)
        }
        found.update(
            node
            for node in nodes
            if isinstance(node, ast.Compare)
            and any(getattr(side, "id", "") in drawn for side in (node.left, *node.comparators))
        )
    return found


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes that say what is done: no annotation, no looks of a figure, no assertion."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if (
                isinstance(each, ast.AST)
                and not isinstance(each, ast.Assert)
                and not _looks(node, each)
            ):
                yield from _walk(each)


def _looks(owner: ast.AST, node: ast.AST) -> bool:
    """Whether a part of a figure changes how it looks and nothing that is said."""
    if isinstance(node, ast.keyword):
        return node.arg in LOOKS
    if isinstance(owner, ast.Call) and node in owner.args:
        called = owner.func.attr if isinstance(owner.func, ast.Attribute) else ""
        called = owner.func.id if isinstance(owner.func, ast.Name) else called
        return owner.args.index(node) >= LOOKS_FROM.get(called, len(owner.args))
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [name for each in targets for name in ast.walk(each)]
        return all(each.id in LOOKS_NAMED for each in names if isinstance(each, ast.Name))
    return False


def _defaults(function: ast.FunctionDef) -> Iterator[tuple[ast.stmt, list[str]]]:
    """Give the results of a function with what they may be put to."""
    says = function.returns
    kind = ast.unparse(says).split("[")[0] if says is not None else ""
    for node in ast.walk(function):
        if not isinstance(node, ast.Return) or node.value is None:
            continue
        text = ast.unparse(node.value)
        if kind == "bool":
            yield node, [f"return not ({text})"]
        elif DEFAULTS.get(kind, "None") != text:
            yield node, [f"return {DEFAULTS.get(kind, 'None')}"]


def _is_text(node: ast.AST) -> bool:
    """Whether a text takes part in an operation, which no other operator can join."""
    return any(
        isinstance(each, ast.JoinedStr)
        or (isinstance(each, ast.Constant) and isinstance(each.value, str))
        for each in (node, getattr(node, "left", None), getattr(node, "right", None))
        if each is not None
    )


def _with(node: ast.AST, name: str, place: int | None, value: ast.AST) -> str:
    """Give the text of a node with another operator; brackets keep it apart from its neighbours."""
    other = copy.deepcopy(node)
    if place is None:
        setattr(other, name, value)
    else:
        getattr(other, name)[place] = value
    text = ast.unparse(other)
    return text if isinstance(node, ast.stmt) else f"({text})"


def tests_of(file: str) -> list[Path]:
    """Give the test files of a module: by its name, by what they import, and by `ELSEWHERE`."""
    path = Path(file)
    module = ".".join(("trustsim", *path.with_suffix("").parts)).removesuffix(".__init__")
    everything = [each for each in TESTS.rglob("test_*.py") if each.name not in NEVER]
    mirror = list((TESTS / path.parent).glob(f"test_{path.stem}*.py"))
    further = [
        found
        for prefix, places in ELSEWHERE.items()
        if file.startswith(prefix)
        for place in places
        for found in ([TESTS / place] if place.endswith(".py") else (TESTS / place).rglob("test_*"))
    ]
    readers = [
        each
        for each in everything
        if path.parts[0] == each.relative_to(TESTS).parts[0]
        and f"from {module} import" in each.read_text(encoding="utf-8")
    ]
    # those by hand come first: they are quick, and look at one module
    chosen = dict.fromkeys([*sorted(mirror, reverse=True), *further, *sorted(readers)])
    return [each for each in chosen if each.name not in NEVER]


def is_caught(mutant: Mutant, home: Path, seconds: float) -> bool:
    """Plant a fault in the copy at `home`, run its tests, and take it out again."""
    tests = tests_of(mutant.file)
    if not tests:
        return False
    cache = home / "cache"
    environment = {
        **os.environ, "PYTHONPATH": str(home), "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg", "XDG_CACHE_HOME": str(cache),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(home / "examples"),
    }  # fmt: skip
    place = home / "trustsim" / mutant.file
    sound, stamp = place.read_bytes(), place.stat()
    place.write_bytes(mutant.planted())
    if mutant.file.startswith(COMPILED):
        environment |= {"XDG_CACHE_HOME": str(home / "other cache"), "NUMBA_OPT": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly",
               "-p", "no:cacheprovider"]  # fmt: skip
    stages = [(environment, tests)]
    if mutant.file.startswith(COMPILED):
        # What is worked out by hand needs no compiler, which takes more time than all else.
        plain = [each for each in tests if each.stem.endswith("_by_hand")]
        stages.insert(0, ({**environment, "NUMBA_DISABLE_JIT": "1"}, plain))
    try:
        return any(
            subprocess.run(
                [*command, *map(str, chosen)], cwd=ROOT, env=settings, capture_output=True,
                timeout=seconds, check=False,
            ).returncode
            for settings, chosen in stages
            if chosen
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    finally:
        place.write_bytes(sound)
        os.utime(place, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        shutil.rmtree(home / "other cache", ignore_errors=True)


def is_sound(files: Sequence[str], home: Path) -> bool:
    """Whether the tests of all these modules pass as long as nothing is planted."""
    nothing = [Mutant(file, 1, 0, 0, "", "") for file in dict.fromkeys(files)]
    return not any(tests_of(each.file) and is_caught(each, home, 3600.0) for each in nothing)


def sampled(only: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """Draw faults from all that can be planted in some packages, folders or files."""
    files = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
    chosen = [file for file in files if any(file.startswith(each) for each in only)]
    everything = [each for file in chosen for each in mutants_of(file)]
    drawn = heapq.nsmallest(count, everything, key=lambda each: each.lot(seed))
    return sorted(drawn, key=lambda each: (each.file, each.start))


def table(caught: dict[Mutant, bool]) -> list[str]:
    """Give a line per package: planted, caught, and the share of it."""
    lines = [f"{'package':<12}{'planted':>9}{'caught':>9}{'share':>9}"]
    packages = [*sorted({each.package for each in caught}), "all"]
    for package in packages:
        mine = [found for each, found in caught.items() if package in (each.package, "all")]
        share = f"{100 * sum(mine) / len(mine):.0f} %"
        lines.append(f"{package:<12}{len(mine):>9}{sum(mine):>9}{share:>9}")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant, test and tell; give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--mutants", type=int, default=20, help="how many (20)")
    parser.add_argument("--seed", type=int, default=1, help="which of them (1)")
    parser.add_argument("--only", action="append", help="package, folder or file; can be repeated")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time (1)")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for one (600)")
    parser.add_argument("--list", action="store_true", help="only say what would be planted")
    parser.add_argument("--sound", action="store_true", help="run the tests without a fault first")
    asked = parser.parse_args(arguments)
    mutants = sampled(asked.only or USUAL, asked.mutants, asked.seed)
    if not mutants:
        parser.error(f"nothing can be planted in {', '.join(asked.only or USUAL)}")
    if asked.list:
        print(*mutants, sep="\n")
        return 0
    for each in mutants:
        if each.reason:
            print(f"explained {each}: {each.reason}", flush=True)
    mutants = [each for each in mutants if not each.reason]
    caught: dict[Mutant, bool] = {}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        homes: queue.Queue[Path] = queue.Queue()
        for job in range(asked.jobs):
            home = Path(folder) / str(job)
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PACKAGE, home / "trustsim", ignore=ignored)
            homes.put(home)
        if asked.sound and not is_sound([each.file for each in mutants], home):
            print("the tests fail without a fault as well", file=sys.stderr)
            return 2

        def tried(mutant: Mutant) -> bool:
            mine = homes.get()
            try:
                return is_caught(mutant, mine, asked.timeout)
            finally:
                homes.put(mine)

        with ThreadPoolExecutor(asked.jobs) as pool:
            for each, found in zip(mutants, pool.map(tried, mutants), strict=True):
                caught[each] = found
                print(f"{'caught  ' if found else 'SURVIVED'} {each}", flush=True)
    if not caught:
        return 0
    print("", *table(caught), sep="\n")
    survivors = [each for each, found in caught.items() if not found]
    if survivors:
        print("", "survived:", *survivors, sep="\n")
    return 0 if sum(caught.values()) >= ENOUGH * len(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
