"""Files, options and arguments that nobody means: what cannot be used is refused in a sentence.

Each kind is tried ``TRUSTSIM_ATTACK`` times, at places that are taken from the schema.
"""

from __future__ import annotations

import copy
import runpy
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from support import hostile as hostile_module
from support.command_line import Call
from support.hostile import ANYTHING, COUNTS, TEXTS, WRITTEN, hostile

from trustsim import ConfigError, Scenario, simulate
from trustsim.calibration.file import load_calibration
from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.schema.checking import BUYERS, EXPERIMENTS, INSTRUMENTS, MARKETS, SUPPLIERS

LONGEST = 1500
"""Characters of a refusal that people still read."""

SOUND: dict[str, Any] = {
    "name": "x",
    "rounds": 2,
    "replications": 2,
    "market": {"buyers": 4, "suppliers": 3},
    "arms": {"a": {"buyer_mix": "own"}, "b": {"buyer_mix": {"adversarial": 1.0}}},
    "policies": {"buyers": {"own": {"based_on": "high_trust"}}, "suppliers": {"other": {}}},
    "instruments": {"cheap": {"based_on": "escrow"}},
    "design": {"method": "grid", "parameters": {"market": {"hold_up": [0.1, 0.2]}}},
    "precision": {"half_width": 0.1},
}
RANGE = ("market", "lot_cost")
ROWS = {
    ("market",): MARKETS,
    ("arms", "a", "market"): MARKETS,
    ("policies", "buyers", "own"): BUYERS,
    ("policies", "suppliers", "other"): SUPPLIERS,
    ("instruments", "cheap"): INSTRUMENTS,
}
WORDS = [
    *((key,) for key in (*SOUND, *EXPERIMENTS.rows, "question", "include", "baseline", "keep")),
    *((key,) for key in ("run_timeout", "smallest_difference", "sources", "targets", "calibrate")),
    *(
        ("market", key)
        for key in ("based_on", "buyer_mix", "supplier_mix", "instruments", "without")
    ),
    *(("arms", "a", key) for key in ("buyer_mix", "supplier_mix", "without", "market")),
    *(("design", key) for key in ("method", "parameters", "points", "seed", "levels", "rows")),
    *(
        ("design", "parameters", *RANGE, key)
        for key in ("low", "high", "scale", "levels", "values")
    ),
    *(("design", "parameters", *RANGE, key) for key in ("distribution", "mean", "sd", "mode", "a")),
    *(("precision", key) for key in ("half_width", "measure", "relative", "confidence", "max")),
    *((*above, word) for above in ROWS for word in ("based_on", "description", "source")),
]
PLACES: st.SearchStrategy[Sequence[str]] = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from([(*above, name) for above, kind in ROWS.items() for name in kind.rows]),
    st.builds(lambda place, name: (*place[:-1], name), st.sampled_from(WORDS), TEXTS),
)


def changed(changes: Sequence[tuple[Sequence[str], Any]]) -> dict[str, Any]:
    """Put values into sound tables; what is in the way of a path goes."""
    tables = copy.deepcopy(SOUND)
    for keys, value in changes:
        table = tables
        for key in keys[:-1]:
            if not isinstance(table.get(key), dict):
                table[key] = {}
            table = table[key]
        table[keys[-1]] = value
    return tables


def refusal(call: Any, *arguments: Any, **keywords: Any) -> str:
    """Call something that may only refuse, and in a sentence; give it, or nothing."""
    COUNTS[f"calls of {getattr(call, '__name__', call)}"] += 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            call(*arguments, **keywords)
    except ConfigError as error:
        said = str(error)
        assert said.strip()
        assert len(said) < LONGEST * (1 + said.count("\n")), said
        return said
    return ""


def loaded(load: Any, path: Path) -> None:
    config = load(path)
    experiment = getattr(config, "experiment", config)
    for arm in experiment.arms.values():
        assert arm.id() == arm.id()
    again = path.with_name("again.toml")
    try:
        again.write_text(experiment.to_toml(), encoding="utf-8")
    except ConfigError:
        return
    ids = [arm.id() for arm in experiment.arms.values()]
    assert [arm.id() for arm in load_experiment(again).arms.values()] == ids


@hostile
@given(changes=st.lists(st.tuples(PLACES, WRITTEN), min_size=1, max_size=3))
def test_files(tmp_path: Path, changes: list[tuple[Sequence[str], Any]]) -> None:
    path = tmp_path / "x.toml"
    try:
        path.write_text(tomli_w.dumps(changed(changes)), encoding="utf-8")
    except (UnicodeEncodeError, ValueError):  # what no file can hold
        return
    for load in (load_experiment, load_calibration):
        said = refusal(loaded, load, path)
        assert not said or said.startswith(str(tmp_path))


@hostile
@given(text=st.text(max_size=60), binary=st.binary(max_size=60), at=st.integers(0, 300))
def test_files_that_are_no_toml(tmp_path: Path, text: str, binary: bytes, at: int) -> None:
    path = tmp_path / "x.toml"
    sound = tomli_w.dumps(SOUND).encode()
    inside = text.encode("utf-8", "surrogatepass")
    for content in (binary, inside, sound[:at] + binary + sound[at:], sound[:at] + inside):
        path.write_bytes(content)
        refusal(load_experiment, path)


@hostile
@given(place=PLACES, value=WRITTEN, equals=st.sampled_from(["=", "==", " = ", ""]))
def test_changes_of_the_command_line(
    call: Call, place: Sequence[str], value: Any, equals: str
) -> None:
    change = f"{'.'.join(place)}{equals}{str(value)[:2000]}"
    if "\x00" in change or any("\ud800" <= letter <= "\udfff" for letter in change):
        return  # no shell passes these
    said = call("describe", "mine.toml", "--set", change)
    COUNTS["changes of the command line"] += 1
    assert said.code in (0, 2), said
    assert (said.code == 2) == bool(said.err.strip())
    assert "Traceback" not in said.err


@hostile
@given(
    market=st.dictionaries(st.sampled_from(sorted(MARKETS.rows)), ANYTHING, max_size=2),
    others=st.dictionaries(
        st.sampled_from(
            ["buyer_mix", "supplier_mix", "market", "rounds", "seed", "policies", "instruments",
             "without", "name", "buyrs", "description", "based_on"]
        ),
        ANYTHING,
        max_size=2,
    ),
)  # fmt: skip
def test_arguments_of_a_scenario(market: dict[str, Any], others: dict[str, Any]) -> None:
    refusal(Scenario, **{**market, **others})
    refusal(Scenario("high_trust").replace, **{**market, **others})


@hostile
@given(
    paths=st.dictionaries(PLACES.map(".".join), ANYTHING, max_size=2),
    parameters=st.dictionaries(st.sampled_from(sorted(BUYERS.rows)), ANYTHING, max_size=2),
)
def test_arguments_of_its_methods(paths: dict[str, Any], parameters: dict[str, Any]) -> None:
    scenario = Scenario("high_trust", buyers=2, rounds=1)
    refusal(scenario.at, paths)
    refusal(scenario.with_policy, "high_trust", **parameters)


@hostile
@given(value=ANYTHING, name=ANYTHING)
def test_arguments_of_runs_and_experiments(value: Any, name: Any) -> None:
    scenario = Scenario("high_trust", buyers=2, suppliers=2, rounds=1)
    refusal(simulate, scenario, value)
    refusal(scenario.id, value)
    refusal(ExperimentConfig, "x", {"a": scenario}, "a", value)
    refusal(ExperimentConfig, "x", {name: scenario} if isinstance(name, str) else {}, name)


@pytest.mark.parametrize("places", [1500])
def test_tables_within_tables_without_end(tmp_path: Path, places: int) -> None:
    deep = ".".join(["a"] * places)
    path = tmp_path / "x.toml"
    for line in (f"{deep} = 1", f"design.parameters.{deep} = [1]", f"sources.{deep} = 'x'"):
        path.write_text(line, encoding="utf-8")
        assert "nested too deeply" in refusal(load_experiment, path)
    path.write_text("x = " + "[" * places + "]" * places, encoding="utf-8")
    assert "nested too deeply" in refusal(load_experiment, path)
    path.write_text("[arms.a]\n", encoding="utf-8")
    assert "nested too deeply" in refusal(load_experiment, path, [f"{deep}=1"])


@pytest.mark.parametrize("asked", ["0", "-3", "1"])
def test_at_least_one_case_is_tried(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTSIM_ATTACK", asked)
    assert runpy.run_path(hostile_module.__file__)["hostile"].max_examples == 1
