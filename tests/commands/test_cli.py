"""The command line: what it does, and how it refuses what it cannot do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.places import ROOT

from trustsim.commands import cli
from trustsim.commands import progress as screen
from trustsim.config.experiment import load_experiment
from trustsim.config.library import library
from trustsim.experiment.run import Progress
from trustsim.schema.checking import BUYERS, INSTRUMENTS, MARKETS, SUPPLIERS

# The module; the package shows the function under this name.
SIMULATION = import_module("trustsim.simulation.run")

CONFIG = """
name = "mine"
rounds = 2
replications = 2
baseline = "low"
[market]
buyers = 5
suppliers = 3
[arms.high]
buyer_mix = { high_trust = 1.0 }
[arms.low]
buyer_mix = { adversarial = 1.0 }
"""


@dataclass
class Said:
    """What a call said and its exit code."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Return the command line, called in a folder that holds `mine.toml`."""
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(CONFIG, encoding="utf-8")

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["trustsim", *arguments])
        capsys.readouterr()
        code: Any = 0
        try:
            cli.main()
        except SystemExit as exit_:
            code = exit_.code or 0
        found = capsys.readouterr()
        return Said(int(code), found.out, found.err)

    return run


def listing(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
    }


def refused(said: Said, words: list[str]) -> None:
    assert said.code == 2, said
    assert said.out == ""
    assert "Traceback" not in said.err
    assert [word for word in words if word not in said.err] == [], said.err


# Lines that are put into the config instead of the one they begin like, and what must be said.
BAD_LINES = [
    pytest.param('nme = "x"', ["nme = 'x'", 'did you mean "name"'], id="unknown key"),
    pytest.param("design = { points = 3 }", ["design.method", "allowed: grid"], id="design"),
    pytest.param(
        "[market]\nbyers = 5", ["market.byers = 5", 'did you mean "buyers"'], id="unknown parameter"
    ),
    pytest.param(
        '[market]\nbuyers = "many"',
        ["market.buyers = 'many'", "a whole number from 1 to 10000000"],
        id="wrong type",
    ),
    pytest.param("[market]\nbuyers = true", ["market.buyers = True"], id="truth value"),
    pytest.param("[market]\nbuyers = 2.5", ["market.buyers = 2.5", "whole number"], id="fraction"),
    pytest.param("[market]\nhold_up = nan", ["market.hold_up = nan", "from 0 to 1"], id="nan"),
    pytest.param("[market]\nvalue = inf", ["market.value = inf", "from 0 to 100"], id="infinite"),
    pytest.param("[market]\nbuyers = 0", ["market.buyers = 0", "(buyers)"], id="out of bounds"),
    pytest.param("rounds = 0", ["rounds = 0", "from 1 to 30000"], id="no rounds"),
    pytest.param("replications = -1", ["replications = -1", "from 1"], id="replications"),
    pytest.param("seed = 9223372036854775808", ["seed = 9223372036854775808"], id="seed"),
    pytest.param("name = 3", ["name", "3", "printable"], id="name"),
    pytest.param("question = 3", ["question = 3", "text"], id="question"),
    pytest.param('baseline = "hihg"', ["baseline = 'hihg'", 'did you mean "high"'], id="baseline"),
    pytest.param(
        '[market]\nbased_on = "componets"',
        ["market.based_on = 'componets'", 'did you mean "components"'],
        id="unknown market",
    ),
    pytest.param(
        '[market]\ninstruments = ["escroww"]',
        ["market.instruments", "'escroww'", 'did you mean "escrow"'],
        id="unknown instrument",
    ),
    pytest.param("market = 3\n[arms.x]", ["market = 3", "table"], id="market is no table"),
    pytest.param(
        "[arms.high]\nbuyer_mix = { hightrust = 1.0 }",
        ["arms.high.buyer_mix.hightrust = 1.0", 'did you mean "high_trust"'],
        id="unknown policy",
    ),
    pytest.param(
        "[arms.high]\nbuyer_mix = { high_trust = 0.5, adversarial = 0.4 }",
        ["arms.high.buyer_mix", "add up to 0.9", "must add up to 1"],
        id="shares",
    ),
    pytest.param(
        "[arms.high]\nbuyer_mix = { high_trust = 1.5, adversarial = -0.5 }",
        ["arms.high.buyer_mix.high_trust = 1.5", "from 0 to 1"],
        id="share above 1",
    ),
    pytest.param(
        "[arms.high]\nbuyer_mix = {}", ["arms.high.buyer_mix", "high_trust"], id="empty mix"
    ),
    pytest.param(
        '[arms.high]\nsupplier_mix = "coop"', ["arms.high.supplier_mix.coop", "cooperative"],
        id="unknown supplier",
    ),
    pytest.param(
        "[arms.high]\nbuyer = 3", ["arms.high.buyer = 3", "buyer_mix"], id="key of an arm"
    ),
    pytest.param(
        "[arms.high]\nmarket = { hold_up = 7 }",
        ["arms.high.market.hold_up = 7", "from 0 to 1"],
        id="market of an arm",
    ),
    pytest.param(
        '[arms.high]\nmarket = { based_on = "x" }', ["arms.high.market.based_on"], id="arm's market"
    ),
    pytest.param(
        "[arms.high]\nmarket = { cost_low = 3.0 }",
        ["arms.high.market.cost_low = 3.0", "cost_high"],
        id="inverted range",
    ),
    pytest.param("[arms.all]", ["arms", "'all'"], id="arm all"),
    pytest.param(
        '[policies.buyers.high_trust]\ninspection = "fixt"',
        ["policies.buyers.high_trust.inspection = 'fixt'", 'did you mean "fixed"'],
        id="unknown rule",
    ),
    pytest.param(
        "[policies.buyers.high_trust]\nbiders = 3",
        ["policies.buyers.high_trust.biders = 3", 'did you mean "bidders"'],
        id="unknown policy parameter",
    ),
    pytest.param(
        "[policies.buyer.high_trust]", ["policies.buyer", 'did you mean "buyers"'], id="side"
    ),
    pytest.param(
        '[policies.suppliers.x]\nbased_on = "calculativ"',
        ["policies.suppliers.x.based_on = 'calculativ'", 'did you mean "calculative"'],
        id="unknown base",
    ),
    pytest.param(
        "[policies.buyers.adversrial]\nbidders = 2",
        ["policies.buyers.adversrial", 'did you mean "adversarial"'],
        id="policy that nobody follows",
    ),
    pytest.param(
        "[instruments.x]\nadvance = 2.0", ["instruments.x.advance = 2.0", "share of price"],
        id="instrument",
    ),
    pytest.param("rounds = = 3", ["is not valid TOML", "line "], id="syntax"),
    pytest.param("rounds = 1\nrounds = 2", ["is not valid TOML"], id="key twice"),
    pytest.param("[sources.market]\nvalu = 'x'", ["sources.market.valu"], id="source of nothing"),
]  # fmt: skip


def with_line(line: str) -> str:
    """Put lines into the config: a table's lines into that table, others at the top."""
    head, _, rest = line.partition("\n")
    if not head.startswith("["):
        top, table, tables = CONFIG.partition("[market]")
        key = head.split(" ")[0]
        top = re.sub(rf"^{key} = .*\n", "", top, flags=re.M)
        if key == "market":
            return f"{top}{line}\n{tables.partition('[arms.low]')[2]}"
        return f"{top}{line}\n{table}{tables}"
    if f"\n{head}\n" in CONFIG:
        keys = [part.split(" ")[0] for part in rest.splitlines()]
        before, _, after = CONFIG.partition(f"{head}\n")
        table, bracket, tail = after.partition("[")
        for key in keys:
            table = re.sub(rf"^{key} = .*\n", "", table, flags=re.M)
        return f"{before}{head}\n{rest}\n{table}{bracket}{tail}"
    return f"{CONFIG}{line}\n"


@pytest.mark.parametrize(("line", "words"), BAD_LINES)
@pytest.mark.parametrize("command", ["run", "describe"])
def test_bad_config(call: Call, tmp_path: Path, command: str, line: str, words: list[str]) -> None:
    Path("mine.toml").write_text(with_line(line), encoding="utf-8")
    before = listing(tmp_path)
    refused(call(command, "mine.toml"), ["mine.toml", *words])
    assert listing(tmp_path) == before


def test_config_without_the_bad_line_is_good(call: Call) -> None:
    assert call("describe", "mine.toml").code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\xff\xfe\x80binary", "is not a text file in UTF-8"),
        (b"", "arms: there is none"),
        (b"[arms]\n", "arms: there is none"),
        (b"arms = 3\n", "arms = 3"),
        (b"[" * 10_000, "TOML"),
        (CONFIG.encode("utf-16"), "is not a text file in UTF-8"),
    ],
    ids=["binary", "empty", "no arms", "arms is a number", "nested", "utf-16"],
)
def test_file_that_is_no_config(call: Call, tmp_path: Path, content: bytes, words: str) -> None:
    Path("mine.toml").write_bytes(content)
    before = listing(tmp_path)
    refused(call("run", "mine.toml"), ["mine.toml", words])
    assert listing(tmp_path) == before


def test_no_file(call: Call) -> None:
    refused(call("run", "nowhere.toml"), ["nowhere.toml: there is no such file"])
    Path("folder.toml").mkdir()
    refused(call("run", "folder.toml"), ["folder.toml: is a folder"])
    refused(call("run", "mine.toml/x"), ["mine.toml/x: cannot be read"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("market.byers=3", ["market.byers", 'did you mean "buyers"']),
        ("markt.buyers=3", ["markt", 'did you mean "market"']),
        ("market.buyers", ["must be path=value"]),
        ("=3", ["must be path=value"]),
        ("market..buyers=3", ["no dotted path"]),
        ("market.buyers=", ["market.buyers = ''", "whole number"]),
        ("market.buyers=many", ["market.buyers = 'many'"]),
        ("market.buyers.x=3", ["market.buyers is 5, not a table"]),
        ("arms.hihg.buyer_mix=adversarial", ["arms.hihg", 'did you mean "high"']),
        ("arms.high.mix=adversarial", ["arms.high.mix", "buyer_mix"]),
        ("arms.high.market.byers=3", ["arms.high.market.byers", "buyers"]),
        ("arms.high.buyer_mix.adversarial=0.5", ["add up to 1.5"]),
        ("policies.buyers.hightrust.bidders=3", ["policies.buyers.hightrust", "high_trust"]),
        ("policies.buyers.high_trust.biders=3", ["biders", 'did you mean "bidders"']),
        ("policies.suppliers.calculativ.noise=3", ["calculativ", "calculative"]),
        ("policies.suppliers.calculative.nose=3", ["nose", "noise"]),
        ("policies.x.y=3", ["policies.x", "buyers"]),
        ("instruments.escrw.held=1", ["instruments.escrw", "escrow"]),
        ("instruments.escrow.hold=1", ["hold", "held"]),
        ("sede=3", ["sede", 'did you mean "seed"']),
    ],
)
def test_bad_changes(call: Call, tmp_path: Path, change: str, words: list[str]) -> None:
    before = listing(tmp_path)
    refused(call("run", "mine.toml", "--set", change), words)
    assert listing(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--jobs", "0"], ["--jobs = 0", "1 or more"]),
        (["--jobs", "two"], ["--jobs"]),
        (["--replications", "0"], ["--replications = 0", "from 1 to 1000000"]),
        (["--replications", "1000001"], ["--replications = 1000001"]),
        (["--seed", "-1"], ["--seed = -1", "from 0 to 9223372036854775807"]),
        (["--seed", str(2**63)], ["--seed"]),
        (["--executor", "treads"], ["--executor = 'treads'", 'did you mean "threads"']),
        (["--address", "tcp://x"], ["--address = 'tcp://x'", "threads"]),
        (["--replication", "3"], ["--replications"]),
        (["--out", "mine.toml"], ["mine.toml: is a file, not a folder"]),
        (["--out", "mine.toml/below"], ["mine.toml/below: cannot be written"]),
        (["--out", "."], [": is not empty and holds no experiment.toml"]),
    ],
)
def test_bad_options(call: Call, tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    before = listing(tmp_path)
    refused(call("run", "mine.toml", *arguments), words)
    assert listing(tmp_path) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user who may not")
def test_folder_that_cannot_be_written(call: Call, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    refused(call("run", "mine.toml", "--out", "closed/x"), ["closed/x: cannot be written"])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system of the kernel")
def test_folder_where_nobody_may_write(call: Call) -> None:
    refused(call("run", "mine.toml", "--out", "/proc/results"), ["/proc/results: cannot be"])


def test_folder_of_another_experiment(call: Call, tmp_path: Path) -> None:
    assert call("run", "mine.toml", "--out", "out", "--no-report", "--quiet").code == 0
    before = listing(tmp_path)
    said = call("run", "mine.toml", "--out", "out", "--set", "market.buyers=4")
    refused(
        said, ["out: holds the results of another experiment", "market.buyers is 5 there and 4"]
    )
    said = call("run", "mine.toml", "--out", "out", "--seed", "9")
    refused(said, ["seed is 1 there and 9"])
    assert listing(tmp_path) == before


@pytest.mark.parametrize("command", [["report"], ["rerun", "abc"]])
def test_no_results_folder(call: Call, command: list[str]) -> None:
    verb, *rest = command
    refused(call(verb, "nowhere", *rest), ["nowhere: there is no such folder"])
    refused(call(verb, "mine.toml", *rest), ["mine.toml: is a file"])
    refused(call(verb, ".", *rest), ["holds no experiment.toml"])


class TestRun:
    def test_answers_and_says_where_the_results_are(self, call: Call) -> None:
        said = call("run", "mine.toml")
        assert said.code == 0
        assert "adversarial" not in said.err
        assert re.search(r"[Hh]igh .*[Ll]ow", said.out)
        assert "results: results/mine" in said.out
        assert "report: results/mine/report.html" in said.out
        assert Path("results/mine/report.html").stat().st_size > 1000
        assert "4 of 4 runs" in said.err

    def test_quiet_and_without_report(self, call: Call) -> None:
        said = call("run", "mine.toml", "--quiet", "--no-report", "--out", "out")
        assert (said.code, said.err) == (0, "")
        assert not Path("out/report.html").exists()
        assert call("report", "out").out.strip() == "report: out/report.html"
        assert Path("out/report.html").exists()

    def test_options_change_the_experiment(self, call: Call) -> None:
        said = call(
            "run", "mine.toml", "-q", "--no-report", "--out", "out", "--seed", "5",
            "--replications", "3", "--set", "market.buyers=4", "--set", "rounds=3", "--jobs", "1",
        )  # fmt: skip
        assert said.code == 0
        config = load_experiment("out/experiment.toml")
        assert (config.seed, config.replications, config.rounds) == (5, 3, 3)
        assert config.market.buyers == 4
        assert len(pd.read_parquet("out/runs.parquet")) == 6

    def test_failed_runs(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        real = SIMULATION.simulate

        def fails(scenario: Any, replicate: int, **options: Any) -> Any:
            if scenario.name == "high" and replicate == 1:
                raise ValueError("the river rose")
            return real(scenario, replicate, **options)

        monkeypatch.setattr(SIMULATION, "simulate", fails)
        said = call("run", "mine.toml", "--out", "out")
        assert said.code == 1
        assert "1 of 4 runs failed" in said.err
        assert "arm 'high', replicate 1: ValueError: the river rose" in said.err
        assert Path("out/report.html").exists()

    def test_nothing_but_failures(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(SIMULATION, "simulate", lambda *a, **k: 1 / 0)
        said = call("run", "mine.toml", "--out", "out")
        assert (said.code, said.out) == (1, "")
        assert "4 of 4 runs failed" in said.err

    def test_one_arm(self, call: Call) -> None:
        text = CONFIG.replace('baseline = "low"\n', "").partition("[arms.low]")[0]
        Path("mine.toml").write_text(text, encoding="utf-8")
        assert call("run", "mine.toml", "--out", "out").code == 0


class TestRerun:
    def test_same_and_other(self, call: Call) -> None:
        call("run", "mine.toml", "--out", "out", "-q", "--no-report")
        runs = pd.read_parquet("out/runs.parquet")
        run_id = runs["run_id"][2]
        said = call("rerun", "out", run_id)
        assert said.code == 0
        assert (
            said.out == f"run {run_id} (arm 'low', replicate 0) comes out the same, bit for bit\n"
        )
        runs.loc[2, "total_cost"] += 1
        runs.to_parquet("out/runs.parquet", index=False)
        said = call("rerun", "out", run_id)
        assert (said.code, said.err) == (1, "")
        assert "comes out differently: runs.total_cost" in said.out
        refused(call("rerun", "out", run_id[:-1]), ["out: has no run", run_id])


class TestDescribe:
    def test_every_parameter_with_all_about_it(self, call: Call) -> None:
        said = call("describe", "mine.toml")
        assert said.code == 0
        for kind in (MARKETS, BUYERS, SUPPLIERS, INSTRUMENTS):
            for row in kind.rows.values():
                assert f" {row.name} = " in said.out
                assert row.text in said.out
        assert "  * buyers = 5  [buyers; 1 to 10000000; default 100]" in said.out
        assert "    contacts = 8  [suppliers; 1 to 32; default 8]" in said.out

    def test_changes_are_marked_where_they_are(self, call: Call) -> None:
        said = call(
            "describe", "mine.toml", "--set", "policies.buyers.high_trust.bidders=9",
            "--set", "arms.low.market.hold_up=0.125", "--set", "instruments.escrow.reach=0.5",
        )  # fmt: skip
        marked = [line.split(" = ")[0].strip() for line in said.out.splitlines()
                  if line.startswith("  * ")]  # fmt: skip
        assert set(marked) == {
            "* rounds", "* replications", "* buyers", "* suppliers", "* bidders", "* hold_up",
            "* reach",
        }  # fmt: skip

    def test_one_arm(self, call: Call) -> None:
        said = call("describe", "mine.toml", "--arm", "low")
        assert "arm low" in said.out
        assert "policy adversarial" in said.out
        assert "high_trust" not in said.out
        refused(call("describe", "mine.toml", "--arm", "lwo"), ["'lwo'", 'did you mean "low"'])

    def test_own_sources_are_shown(self, call: Call) -> None:
        text = CONFIG.replace("buyers = 5", 'buyers = { value = 5, source = "our books" }')
        Path("mine.toml").write_text(text, encoding="utf-8")
        assert "Source: our books." in call("describe", "mine.toml").out


class TestList:
    def test_all_that_is_built_in(self, call: Call) -> None:
        Path("configs/field").mkdir(parents=True)
        Path("configs/field/case.toml").write_text("")
        said = call("list")
        assert said.code == 0
        known = library()
        for names in (known.buyers, known.suppliers, known.instruments, known.markets):
            for name in names:
                assert f"  {name} " in said.out
        for kind in (BUYERS, SUPPLIERS):
            for row in kind.rows.values():
                assert all(choice in said.out for choice in row.choices)
        assert "configs/field/case.toml" in said.out


class TestNew:
    def test_files_run(self, call: Call, tmp_path: Path) -> None:
        said = call("new", "first-study")
        assert said.code == 0
        small = ("--set", "rounds=2", "--set", "market.buyers=4", "--replications", "2")
        assert call("run", "first-study.toml", *small, "--no-report").code == 0
        assert call("describe", "first-study.toml").code == 0

    def test_script_runs(self, call: Call, tmp_path: Path) -> None:
        call("new", "tiny")
        text = Path("tiny.toml").read_text()
        text = text.replace("rounds = 60", "rounds = 2").replace("buyers = 50", "buyers = 4")
        Path("tiny.toml").write_text(text.replace("replications = 20", "replications = 2"))
        done = subprocess.run(
            [sys.executable, "tiny.py"],
            env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "total_cost" in done.stdout

    def test_nothing_is_overwritten(self, call: Call, tmp_path: Path) -> None:
        Path("mine.py").write_text("precious")
        before = listing(tmp_path)
        refused(call("new", "mine"), ["mine.toml: exists already"])
        Path("mine.toml").unlink()
        refused(call("new", "mine"), ["mine.py: exists already"])
        before.pop("mine.toml")
        assert listing(tmp_path) == before

    @pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "1x", "ü", "a/b", ".x", "x" * 65])
    def test_odd_names(self, call: Call, tmp_path: Path, name: str) -> None:
        before = listing(tmp_path)
        refused(call("new", "--", name), ["allowed: up to 64 letters"])
        assert listing(tmp_path) == before


class TestProgress:
    def test_lines_are_few(self, capsys: pytest.CaptureFixture[str]) -> None:
        show = screen.Lines()
        for done in range(1001):
            show(Progress(done, 1000, 0, rate=10.0))
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 11
        assert lines[3] == "300 of 1000 runs, 10 per second, 1 min 10 s left"

    def test_words(self) -> None:
        assert screen.words(Progress(0, 10, 0)).startswith("0 of 10 runs, starting")
        assert screen.words(Progress(2, 8, 1, 0.001)) == (
            "2 of 8 runs, 1 failed, 0.001 per second, 1 h 23 min left"
        )

    def test_bar(self, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        with screen.progress(quiet=False) as show:
            assert show is not None
            show(Progress(5, 10, 0, 2.0))


def test_version_and_help(call: Call) -> None:
    assert re.fullmatch(r"trustsim \d+\.\d+\.\d+\n", call("--version").out)
    said = call("--help")
    for verb in ("run", "plan", "report", "rerun", "check", "describe", "list", "new"):
        assert re.search(rf"^  {verb} ", said.out, flags=re.M)
    assert call("runn", "x").code == 2
