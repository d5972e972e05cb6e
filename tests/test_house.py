"""The house itself: who may import whom, how long a file may be, what a file may name."""

import ast
import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from hypothesis import settings
from support.places import ROOT

from trustsim.engine.compiling import COMPILED

PACKAGE = ROOT / "trustsim"

# Who may import whom; `docs/house.md` has the same table. Everybody may import `errors`.
KNOWS: dict[str, set[str]] = {
    "errors": set(),
    "theory": set(),
    "schema": set(),
    "engine": set(),
    "market": {"schema", "engine"},
    "config": {"schema", "engine"},
    "simulation": {"schema", "engine", "market", "config"},
    "experiment": {"schema", "engine", "config", "simulation"},
    "analysis": {"schema", "config", "experiment"},
    "calibration": {"schema", "config", "experiment", "analysis", "simulation"},
    "validation": {
        "theory", "schema", "engine", "market", "config", "simulation", "experiment", "analysis",
    },
    "cases": {"schema", "config", "experiment", "analysis"},
    "report": {"schema", "config", "experiment", "analysis", "calibration", "validation", "cases"},
    "export": {"schema", "config", "experiment", "analysis", "report"},
    "testing": {"schema", "engine", "market"},
    "study": {"schema", "config", "simulation", "experiment", "analysis", "report", "export"},
    "commands": {
        "schema", "config", "experiment", "calibration", "validation", "cases", "report", "study",
        "export",
    },
    "__main__": {"commands"},
}  # fmt: skip
KNOWS_A_SCREEN = {"commands", "explore"}
SCREEN_LIBRARIES = {"rich", "solara", "typer"}
HEAVY_LIBRARIES = {"matplotlib", "mesa", "numba", "numpy", "pandas", "pyarrow", "scipy"}
LONGEST_FILE = 400
MOST_ARGUMENTS = 6

REGISTRY_HOST = re.compile(r"\bp[y]pi\.|p[y]thonhosted|\bcond[a]\.anaconda\.|--[a-z-]*index-url")
OUTSIDE_FOLDER = re.compile(
    r"(?<![\w.:/])/(?:home|mnt|opt|root|tmp|work)/|(?:\.\./){2,}sh[a]red|\.\./sh[a]red"
)


@cache
def parsed(path: Path) -> ast.Module:
    """Parse a file; Python 3.11 loses count if what is collected meanwhile parses, too."""
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        gc.enable()


def source_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in source_files()}


def package_of(module: str) -> str | None:
    """Return the first name below the root: `trustsim.market.schedule` is of `market`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of all that a file imports, wherever in the file it does so."""
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{origin}.{alias.name}"


def own_module(imported: str) -> str | None:
    """Return the project's module that an imported name is, or is part of."""
    while imported:
        if imported in MODULES:
            return imported
        imported = imported.rpartition(".")[0]
    return None


def tracked_files() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_module_has_a_place_in_the_table() -> None:
    homeless = {name for name in MODULES if (package_of(name) or "errors") not in KNOWS}
    assert not homeless, f"not in the table of who knows whom: {homeless}"


def test_nothing_but_errors_stands_loose_at_the_root() -> None:
    loose = {path.stem for path in PACKAGE.glob("*.py")}
    assert loose == {"__init__", "__main__", "errors"}


def test_imports_keep_to_the_table() -> None:
    wrong = []
    for name, path in MODULES.items():
        mine = package_of(name)
        if mine is None:
            continue
        for line, imported in imports(path):
            target = own_module(imported)
            if target == "trustsim":
                if imported != "trustsim.__version__":
                    wrong.append(f"{path.relative_to(ROOT)}:{line} enters by the front door")
            elif target is not None:
                theirs = package_of(target)
                if theirs not in {mine, "errors"} | KNOWS[mine]:
                    wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert not wrong, "\n".join(wrong)


def test_what_the_table_allows_is_used() -> None:
    used: dict[str, set[str | None]] = {}
    for name, path in MODULES.items():
        targets = (own_module(imported) for _, imported in imports(path))
        used.setdefault(package_of(name) or "", set()).update(
            package_of(target) for target in targets if target is not None
        )
    idle = {name: known - used.get(name, set()) for name, known in KNOWS.items()}
    assert {name: names for name, names in idle.items() if names} == {}


def test_the_docs_show_the_same_table() -> None:
    page = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]*) \|$", page, flags=re.M)
    assert {name: set(re.findall(r"`(\w+)`", known)) for name, known in rows} == KNOWS


def test_every_package_says_what_it_is_for() -> None:
    for name, path in MODULES.items():
        if path.name == "__init__.py":
            purpose = ast.get_docstring(parsed(path)) or ""
            assert len(purpose.splitlines()) >= 3, name


def test_every_room_has_its_tests() -> None:
    rooms = {path.stem for path in (PACKAGE / "market" / "rooms").glob("[a-z]*.py")}
    tests = {path.stem for path in (ROOT / "tests" / "market" / "rooms").glob("test_*.py")}
    assert {f"test_{room}" for room in rooms} <= tests


def test_imports_have_no_cycles() -> None:
    graph: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        targets = {own_module(imported) for _, imported in imports(path)}
        graph[name] = {target for target in targets if target not in (None, name, "trustsim")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other: {' -> '.join(error.args[1])}")


def test_only_the_command_line_and_the_page_know_a_screen() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {imported}"
        for name, path in MODULES.items()
        if package_of(name) not in KNOWS_A_SCREEN
        for line, imported in imports(path)
        if imported.split(".")[0] in SCREEN_LIBRARIES
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_too_long() -> None:
    files = [*source_files(), *sorted((ROOT / "tests").rglob("*.py"))]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    too_long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_FILE}
    assert not too_long


def test_no_function_takes_too_many_arguments() -> None:
    wrong = []
    for path in source_files():
        tree = parsed(path)
        methods = {
            id(node)
            for cls in ast.walk(tree)
            if isinstance(cls, ast.ClassDef)
            for node in cls.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
            if id(node) in methods and names[:1] in (["self"], ["cls"]):
                names = names[1:]
            if len(names) > MOST_ARGUMENTS:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {len(names)}")
    assert not wrong, "\n".join(wrong)


def test_help_imports_nothing_heavy() -> None:
    listing = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "trustsim.commands.cli", "--help"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    imported = set(re.findall(r"\|\s*([\w.]+)$", listing.stderr, flags=re.MULTILINE))
    assert "typer" in imported, "the list of imports could not be read"
    assert "trustsim" in listing.stdout
    assert not imported & HEAVY_LIBRARIES


def test_no_file_names_a_registry_or_a_folder_outside() -> None:
    wrong = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if REGISTRY_HOST.search(line) or OUTSIDE_FOLDER.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "line",
    [
        "see https://p" + "ypi.org/project",
        "--extra-" + "index-url somewhere",
        "open('/" + "tmp/x')",
        "in /" + "home/me/",
        "../" + "shared/plan.md",
    ],
)
def test_the_patterns_find_what_they_are_for(line: str) -> None:
    assert REGISTRY_HOST.search(line) or OUTSIDE_FOLDER.search(line)


@pytest.mark.parametrize(
    "name",
    [
        ".ci/run",
        "CHANGELOG.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "constraints.txt",
        "SECURITY.md",
        "results/README.md",
        "trustsim/py.typed",
    ],
)
def test_house_papers_are_present(name: str) -> None:
    assert (ROOT / name).is_file()


def test_versions_agree() -> None:
    package = re.search(r'__version__ = "(.+)"', (PACKAGE / "__init__.py").read_text())
    citation = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), flags=re.M)
    assert package is not None
    assert citation is not None
    assert package[1] == citation[1]


def test_constraints_are_names_and_versions() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin)] == []


def test_changelog_has_a_place_for_changes_in_numbers() -> None:
    assert "### Changes in numbers" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_cache_of_compiled_code_knows_every_source_that_rooms_read() -> None:
    known = {path for pattern in COMPILED for path in PACKAGE.glob(pattern)}
    todo = [name for name in MODULES if name.startswith("trustsim.market")]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen or name in ("trustsim", "trustsim.errors"):
            continue
        seen.add(name)
        todo += [t for _, i in imports(MODULES[name]) if (t := own_module(i)) is not None]
    assert "trustsim.market.records" in seen
    assert {MODULES[name] for name in seen} <= known


def test_no_property_asserts_a_duration() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
    own = re.compile(r"d[e]adline=(?!None)")
    files = (ROOT / "tests").rglob("*.py")
    assert [path for path in files if own.search(path.read_text(encoding="utf-8"))] == []
