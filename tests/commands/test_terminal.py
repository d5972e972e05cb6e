"""Every line that a command prints: numbers worked out from the tables, counts, and exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer
from conftest import SMALL
from report.words.test_said_values import near, spaced
from support.calibration_problems import evaluated, text_of, told
from support.command_line import CONFIG, Call
from support.drawn import student
from support.small_experiment import reseal

from trustsim import study
from trustsim.calibration import fit
from trustsim.commands.options import refuse_gaps
from trustsim.commands.progress import trial_lines
from trustsim.commands.running import _tell_failures
from trustsim.config.experiment import load_experiment
from trustsim.report import calibration_page, writing
from trustsim.report.calibration_page import sentences
from trustsim.study import Results


@pytest.fixture
def small(folder: Path) -> Path:
    """The folder of the small experiment, to be changed, with its file beside it."""
    Path(folder.parent, "small.toml").write_text(SMALL, encoding="utf-8")
    return folder


@pytest.fixture
def unwritten(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Pages that are asked for, which are not written."""
    asked: list[Path] = []

    def page(folder: Path, *rest: Any) -> Path:
        asked.append(folder)
        return folder / "report.html"

    monkeypatch.setattr(writing, "write_report", page)
    monkeypatch.setattr(calibration_page, "write_calibration", page)
    return asked


FEW_SUPPLIERS = (
    "note: small: arm 'high' (and in 2 more cases): of 4 suppliers 0 to 2 have the policy "
    "'cooperative' (share 0.2), 0 to 2 have the policy 'reciprocal' (share 0.2), 0 to 1 have the "
    "policy 'opportunist' (share 0.1), by the luck of a run; a run in which nobody has a policy "
    "says nothing of it, so give it a larger share, or the market more suppliers\n"
)


def side_by_side(folder: Path) -> str:
    """What is said of the two policies of the arm `low`."""
    rows = pd.read_parquet(folder / "policies.parquet")
    cost = rows[rows["arm"] == "low"].pivot(
        index="replicate", columns="policy", values="total_cost"
    )
    alone = rows[rows["arm"] == "high"].set_index("replicate")["total_cost"]
    share = rows.query("arm == 'low' and policy == 'adversarial'")["share_at_start"].mean()
    shown = []
    for gap in (cost["adversarial"] - cost["high_trust"], cost["high_trust"] - alone):
        low, high = student(gap, 0.95)
        if low <= 0 <= high:
            ends = f"{-low:.3f} less to {high:.3f} more"
            shown.append(f"neither more nor less that could be shown (95 % interval {ends})")
        else:
            near_end, far = sorted((abs(low), abs(high)))
            word = "less" if high < 0 else "more"
            shown.append(
                f"{abs(gap.mean()):.3f} {word} (95 % interval {near_end:.3f} to {far:.3f})"
            )
    return (
        f"Side by side in one market ({round(100 * share)} % of buyers have adversarial), "
        f"adversarial costs {shown[0]} per accepted lot than high trust; a buyer with high trust "
        f"pays {shown[1]} than where all have it."
    )


def differences(folder: Path, arm: str) -> pd.Series:
    cost = pd.read_parquet(folder / "runs.parquet").pivot(
        index="replicate", columns="arm", values="total_cost"
    )
    return cost[arm] - cost["low"]


def test_run_prints_the_answer_and_where_it_is(
    call: Call, small: Path, unwritten: list[Path]
) -> None:
    said = call("run", "small.toml", "--out", str(small), "-q")
    assert (said.code, said.err) == (0, FEW_SUPPLIERS)
    high, paid, beside, *rest = map(spaced, said.out.splitlines())
    assert beside == side_by_side(small)
    assert rest == [f"results: {small}", f"report: {small / 'report.html'}"]
    assert unwritten == [small]
    for line, arm in ((high, "high"), (paid, "paid_before")):
        gap = differences(small, arm)
        low, high_end = student(gap, 0.95)
        if low <= 0 <= high_end:
            assert line.startswith("No difference is shown")
            text = line.partition(": ")[2].partition(").")[0]
            assert near(text, abs(gap.mean()), 95, -low, high_end, 4)
            share = round(100 * (gap < 0).mean())
            assert line.endswith(f"is the cheaper in {share} % of the runs.")
        else:
            assert line.startswith(f"{arm.replace('_', ' ').capitalize()} costs ")
            ends = sorted((abs(low), abs(high_end)))
            text = line.partition("interval ")[2].partition(").")[0]
            assert near(text, *ends, 4)


def test_run_says_if_the_precision_is_reached(call: Call, unwritten: list[Path]) -> None:
    rule = "[precision]\nhalf_width = 9.0\nstart = 2\nmax = 12\n"
    text = CONFIG.replace("replications = 2\n", "") + rule
    Path("mine.toml").write_text(text, encoding="utf-8")
    said = call("run", "mine.toml", "-q", "--no-report")
    assert said.code == 0
    runs = pd.read_parquet("results/mine/runs.parquet")
    last = spaced(said.out.splitlines()[-2])
    count = runs["replicate"].nunique()
    assert last.startswith(f"Stopped after {count} of at most 12 replications, at look ")


def test_one_arm_has_no_answer(call: Call) -> None:
    text = CONFIG.replace('baseline = "low"\n', "").partition("[arms.low]")[0]
    Path("mine.toml").write_text(text, encoding="utf-8")
    said = call("run", "mine.toml", "--out", "out", "-q", "--no-report")
    assert said.out.splitlines() == ["results: out"]


def test_check(call: Call, small: Path) -> None:
    said = call("check", str(small), "--sample", "2")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[1] == "12 of 12 planned runs are in the tables, each once"
    assert lines[-2].startswith("2 runs, computed again by trustsim")
    assert lines[-1] == f"{small}: sound"
    runs = pd.read_parquet(small / "runs.parquet")
    runs.iloc[:-1].to_parquet(small / "runs.parquet", index=False)
    reseal(small)
    said = call("check", str(small), "--sample", "0")
    assert said.code == 1
    assert said.out.splitlines()[-1] == f"{small}: not sound"
    assert "the manifest says runs_done = 12, the tables have 11" in said.out


def test_plan(call: Call) -> None:
    design = (
        '[design]\nmethod = "grid"\n[design.parameters]\nmarket.rivals = { values = [1, 3, 5] }\n'
    )
    Path("mine.toml").write_text(CONFIG + design, encoding="utf-8")
    said = call("plan", "mine.toml", "--replications", "7", "--jobs", "1")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "experiment mine"
    assert lines[1].startswith("  world: 3 points (")
    assert "  policy: 2 arms: high, low; baseline low" in lines
    assert "  replications: 7 of every arm at every point" in lines
    assert "  runs: 42" in lines
    assert any(line.startswith("  orders: about ") for line in lines)
    assert any(" on 1 core;" in line for line in lines)
    few = design.replace('"grid"', '"sobol"\npoints = 6').replace(
        "values = [1, 3, 5]", "low = 1, high = 5"
    )
    Path("mine.toml").write_text(CONFIG + few, encoding="utf-8")
    told_ = call("plan", "mine.toml")
    assert told_.err.startswith("note: ")


def test_describe_says_how_an_experiment_is_run(call: Call, small: Path) -> None:
    more = (
        'keep = ["runs"]\n' + CONFIG + '[design]\nmethod = "grid"\n[design.parameters]\n'
        "market.rivals = { values = [1, 3] }\n"
    )
    Path("mine.toml").write_text(more, encoding="utf-8")
    lines = call("describe", "mine.toml").out.splitlines()
    assert any(line.startswith("    keep = ") and "runs" in line for line in lines)
    (place,) = [i for i, line in enumerate(lines) if line.startswith("design: grid (")]
    assert lines[place - 1] == ""
    assert lines[place + 1].startswith("    market.rivals: ")
    assert "1" in lines[place + 1]
    assert "3" in lines[place + 1]
    assert not any(line.startswith("    design") for line in lines)
    kept = call("describe", str(small))
    assert (kept.code, kept.err) == (0, "")
    assert "experiment small" in kept.out


def test_describe_says_who_is_in_an_arm(call: Call) -> None:
    mixed = "buyer_mix = { high_trust = 0.25, adversarial = 0.75 }"
    text = CONFIG.replace("buyer_mix = { high_trust = 1.0 }", mixed)
    Path("mine.toml").write_text(text, encoding="utf-8")
    arm = load_experiment("mine.toml").arms["high"]
    lines = call("describe", "mine.toml", "--arm", "high").out.splitlines()
    place = lines.index("arm high")
    suppliers = [f"{name} {share:g}" for name, share in arm.supplier_mix.items()]
    assert lines[place - 1 : place + 4] == [
        "",
        "arm high",
        "    buyer_mix = high_trust 0.25, adversarial 0.75",
        f"    supplier_mix = {', '.join(suppliers)}",
        f"    instruments = {', '.join(arm.instruments)}",
    ]


@pytest.mark.parametrize(
    ("counts", "missing"),
    [((12, 12, 0), 0), ((12, 10, 2), 0), ((12, 10, 1), 1), ((1200, 0, 0), 1200), ((12, 13, 0), 0)],
)
def test_gaps(
    capsys: pytest.CaptureFixture[str], counts: tuple[int, int, int], missing: int
) -> None:
    keys = ("runs_planned", "runs_done", "runs_failed")
    manifest = dict(zip(keys, counts, strict=True))
    if missing:
        with pytest.raises(typer.Exit) as ended:
            refuse_gaps(Path("out"), manifest)
        assert ended.value.exit_code == 1
        told_ = capsys.readouterr().err
        assert told_.startswith(f"out: {missing:,} of {counts[0]:,} planned runs are missing, and")
    else:
        refuse_gaps(Path("out"), manifest)
        refuse_gaps(Path("out"), {})
        assert capsys.readouterr().err == ""


def test_a_report_of_less_than_was_planned_says_so(
    call: Call, small: Path, unwritten: list[Path]
) -> None:
    said = call("report", str(small))
    beside, where = map(spaced, said.out.splitlines())
    assert (said.code, where) == (0, f"report: {small / 'report.html'}")
    assert beside == side_by_side(small)
    manifest = json.loads((small / "manifest.json").read_text(encoding="utf-8"))
    manifest["runs_planned"] = 15
    (small / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    reseal(small)
    said = call("report", str(small))
    assert said.code == 1
    assert "3 of 15 planned runs are missing" in said.err
    assert unwritten == [small, small]


def test_what_failed_is_counted(capsys: pytest.CaptureFixture[str], finished: Path) -> None:
    results = Results(finished)
    results.__dict__["failures"] = pd.DataFrame(
        {"arm": ["a", "b"], "replicate": [3, 4], "error": ["E", "F"], "message": ["m", "n"]}
    )
    _tell_failures(results, {"runs_failed": 2, "runs_planned": 9})
    first, where = capsys.readouterr().err.splitlines()
    assert first == "2 of 9 runs failed; the first, arm 'a', replicate 3: E: m"
    assert where == f"all of them: {finished / 'failures.parquet'}"


def test_an_interrupted_run_says_what_it_keeps(
    call: Call, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(study.Experiment, "run", stop)
    said = call("run", "small.toml", "--out", str(small), "-q")
    assert said.code == 130
    assert said.err == (
        f"{FEW_SUPPLIERS}"
        f"stopped: 12 of 12 runs are kept in {small}; the same command goes on from there\n"
    )


class TestCalibrate:
    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        home = tmp_path_factory.mktemp("fit")
        (home / "problem.toml").write_text(text_of(trials=20), encoding="utf-8")
        return home

    def test_answers_and_goes_on(
        self, call: Call, fitted: Path, unwritten: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, found = fit.calibrate, []

        def known(asked: Any, folder: Path, **options: Any) -> Any:
            found.append(real(asked, folder, evaluate=evaluated(told), **options))
            return found[-1]

        monkeypatch.setattr(fit, "calibrate", known)
        shutil.copy(fitted / "problem.toml", "problem.toml")
        said = call("calibrate", "problem.toml", "--out", "out", "--trials", "12")
        assert said.code == 0
        assert said.out.splitlines() == [
            *sentences(found[0]), "results: out", f"report: {Path('out') / 'report.html'}",
        ]  # fmt: skip
        assert len(found[0].trials) == 12
        lines = said.err.splitlines()
        assert [line.split(" trials")[0] for line in lines] == [f"{i} of 12" for i in range(13)]
        best = min(trial.loss for trial in found[0].trials)
        assert lines[-1] == f"12 of 12 trials, least loss {best:.3g}"
        said = call("report", "out")
        assert (said.code, said.out) == (0, f"report: {Path('out') / 'report.html'}\n")
        assert len(unwritten) == 2

    def test_an_interrupt(self, call: Call, fitted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(*_: Any, **options: Any) -> None:
            assert options["progress"] is None
            raise KeyboardInterrupt

        monkeypatch.setattr(fit, "calibrate", stop)
        said = call("calibrate", str(fitted / "problem.toml"), "--quiet")
        assert said.code == 130
        assert said.err == "stopped: the same command goes on from results/problem\n"

    @pytest.mark.parametrize(
        ("asked", "told_at"),
        [(7, range(1, 8)), (50, range(5, 51, 5)), (25, [*range(2, 25, 2), 25])],
    )
    def test_lines_are_few(
        self, capsys: pytest.CaptureFixture[str], asked: int, told_at: Any
    ) -> None:
        for done in range(1, asked + 1):
            trial_lines(done, asked, float("inf") if done == 1 else 0.12345)
        lines = capsys.readouterr().err.splitlines()
        assert [int(line.split()[0]) for line in lines] == list(told_at)
        assert lines[-1] == f"{asked} of {asked} trials, least loss 0.123"
        assert ("least" in lines[0]) == (asked != 7)
