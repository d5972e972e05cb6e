"""How the command line refuses what it cannot do, and leaves everything as it was."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from support.command_line import CONFIG, Call, listing, refused

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
        ("policies.suppliers.calculativ.worst=3", ["calculativ", "calculative"]),
        (
            "policies.suppliers.calculative.noise=3",
            ["buyer_noise and supplier_noise in"],
        ),
        ("policies.suppliers.calculative.wurst=3", ["wurst", "worst"]),
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
        (["--jobs", "0"], ["--jobs = 0", "from 1 to 32768"]),
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


@pytest.mark.parametrize("jobs", ["0", "99999999999999"])
@pytest.mark.parametrize("command", ["run", "plan", "ablate", "calibrate"])
def test_jobs_are_checked_where_they_come_in(call: Call, command: str, jobs: str) -> None:
    said = call(command, "mine.toml", "--jobs", jobs)
    refused(said, [f"--jobs = {jobs}: allowed: a whole number from 1 to "])
    assert not Path("results").exists()
