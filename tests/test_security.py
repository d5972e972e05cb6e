"""What `SECURITY.md` promises.

Compiled code: `tests/engine/test_kept_code.py`. The terminal: `tests/commands/test_streams.py`.
What the page refers to and escapes: `tests/report/test_writing.py`.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest
from support.command_line import CONFIG
from support.places import ROOT

from trustsim.config.experiment import load_experiment
from trustsim.errors import ConfigError

PACKAGE = ROOT / "trustsim"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

MAY_RUN_WHAT_IT_READS = {
    "engine/kept_code.py",
    "experiment/execution/dask_executor.py",
    "experiment/execution/dask_worker.py",
}
READS_AS_CODE = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "runpy", "shelve", "yaml"}
TALKS = {"asyncio", "distributed", "ftplib", "http", "requests", "smtplib", "socket", "ssl"}
TALKS |= {"urllib", "xmlrpc"}
RUNS = {"compile", "eval", "exec", "__import__", "read_pickle", "unsafe_load"}


def used(path: Path) -> tuple[set[str], set[str]]:
    """Give the libraries that a file imports, and the names that it calls."""
    libraries, calls = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            libraries |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            libraries.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call):
            function = node.func
            whole = isinstance(function, ast.Attribute) and function.attr != "compile"
            calls.add(function.attr if whole else getattr(function, "id", ""))
    return libraries, calls


FILES = {str(path.relative_to(PACKAGE)): used(path) for path in sorted(PACKAGE.rglob("*.py"))}


def test_nothing_that_is_read_is_run_but_the_cache_and_what_dask_sends() -> None:
    assert {name for name, (found, _) in FILES.items() if found & READS_AS_CODE} == (
        MAY_RUN_WHAT_IT_READS
    )
    assert {name: calls & RUNS for name, (_, calls) in FILES.items() if calls & RUNS} == {}


def test_only_dask_talks_to_anybody() -> None:
    talkers = {name for name, (found, _) in FILES.items() if found & TALKS}
    assert talkers == {
        "experiment/execution/dask_cluster.py",
        "experiment/execution/dask_executor.py",
        "experiment/execution/dask_worker.py",
    }


@pytest.mark.parametrize("name", ["os:system", "os.system", "trap", "trap:rule", "__import__"])
def test_no_name_of_a_config_loads_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit('loaded')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for text in (
        f'{CONFIG}[policies.buyers.high_trust]\ninspection = "{name}"\n',
        f'{CONFIG}[policies.buyers.x]\nbased_on = "{name}"\n',
        CONFIG.replace("[market]", f'[market]\nbased_on = "{name}"'),
        CONFIG.replace("high_trust = 1.0", f'"{name}" = 1.0'),
    ):
        (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError):
            load_experiment(tmp_path / "mine.toml")


@pytest.mark.parametrize("page", ["page.html", "template.html"])
def test_pages_forbid_what_they_do_not_need(page: str) -> None:
    text = (PACKAGE / "report" / page).read_text(encoding="utf-8")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    assert text.count(policy) == 1
    assert text.index(policy) < min(text.index(tag) for tag in ("<link", "<style", "<title"))
    templates = "".join(path.read_text("utf-8") for path in (PACKAGE / "report").glob("*.html"))
    assert not re.search(r"<script|\bon\w+=|javascript:|\|\s*safe\b|autoescape false", templates)


@pytest.mark.skipif(os.name != "posix", reason="looks at sockets of processes")
def test_dask_of_this_machine_listens_on_the_loopback_only() -> None:
    pytest.importorskip("distributed")
    psutil = pytest.importorskip("psutil")
    from trustsim.experiment.execution.dask_cluster import connected

    mine = psutil.Process()
    before = {one.laddr for one in mine.net_connections("inet") if one.status == "LISTEN"}
    with connected(None, 1):
        processes = [mine, *mine.children(recursive=True)]
        heard = {
            one.laddr
            for process in processes
            for one in process.net_connections("inet")
            if one.status == "LISTEN"
        }
    assert len(heard - before) >= 2
    assert {address.ip for address in heard - before} == {"127.0.0.1"}
