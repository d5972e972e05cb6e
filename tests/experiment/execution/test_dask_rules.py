"""What a rule of the user's needs on another machine is sent with it, as it is now."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.scenario import Scenario
from trustsim.engine.fingerprint import text_of
from trustsim.errors import ConfigError
from trustsim.experiment.execution import dask_worker
from trustsim.experiment.execution.dask_executor import _packed
from trustsim.experiment.execution.dask_worker import WorkerExperiment, state
from trustsim.schema.decisions import rule

FILES = {
    "far_inner": "TABLE = (0.5, 0.25)\ndef half(x):\n    return TABLE[0] * x\n",
    "far_limits": "class Limits:\n    LOW = 0.125\n",
    "far_pairs": "from typing import NamedTuple\nclass Pair(NamedTuple):\n    low: float\n",
    "far_helper": "import far_inner\nLIMIT = 0.25\ndef share(x):\n    return far_inner.half(x)\n",
    "far_rules": "import far_helper\nfrom far_limits import Limits\n"
    "from far_pairs import Pair\nPAIR = Pair(0.0625)\n"
    "def mine(order, view, policy):\n"
    "    return far_helper.share(far_helper.LIMIT) + Limits.LOW + PAIR.low\n",
}
READ = """
import pickle, sys
config, _ = pickle.loads(sys.stdin.buffer.read())
print(config.arms["mine"].id())
"""


NAMED = """
name = "named"
baseline = "usual"
[arms.usual]
buyer_mix = { adversarial = 1.0 }
[design]
method = "grid"
[design.parameters]
policies.buyers.adversarial.inspection = { choices = ["all", "mine"] }
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of rules that needs others, which only this process can import."""
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.import_module("far_rules")


def study(function: Any) -> ExperimentConfig:
    usual = Scenario("adversarial", rounds=3, buyers=4, suppliers=3)
    own = {"buyers": {"mine": {"based_on": "adversarial", "inspection": function}}}
    return ExperimentConfig(
        "x", {"mine": usual.replace(buyer_mix="mine", policies=own), "usual": usual}, "usual"
    )


def test_helpers_and_constants_of_other_modules_are_sent_as_they_are_now(
    rules: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = study(rules.mine)
    before = config.arms["mine"].id()
    monkeypatch.setattr(vars(rules)["far_helper"], "LIMIT", 0.75)
    now = config.arms["mine"].id()
    assert now != before
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=_packed(config),
        capture_output=True,
        cwd=elsewhere,
        env={**os.environ},
    )
    assert done.stdout.decode().strip() == now, done.stderr.decode()[-500:]


def test_rules_that_a_design_names_are_sent(rules: ModuleType, tmp_path: Path) -> None:
    rule("inspection")(rules.mine)
    file = tmp_path / "named.toml"
    file.write_text(NAMED, encoding="utf-8")
    _, named = pickle.loads(_packed(load_experiment(file)))
    assert list(named) == ["mine"]
    assert text_of(named["mine"][0]) == text_of(rules.mine)


def test_a_worker_with_another_version_of_a_rule_is_refused(
    rules: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_worker, "get_worker", lambda: SimpleNamespace(address="tcp://there:1"))
    config = study(rules.mine)
    ids = {name: arm.id() for name, arm in config.arms.items()}
    loaded = WorkerExperiment("x", _packed(config), state(), ids).config
    assert {name: arm.id() for name, arm in loaded.arms.items()} == ids
    other = {**ids, "mine": "0" * 16}
    with pytest.raises(ConfigError, match=r"tcp://there:1: the arm 'mine' .* another"):
        _ = WorkerExperiment("x", _packed(config), state(), other).config


def test_a_rule_that_cannot_be_sent(rules: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = vars(rules)["far_helper"]
    monkeypatch.setattr(helper, "lock", threading.Lock(), raising=False)
    with pytest.raises(ConfigError, match="cannot be sent to other processes"):
        _packed(study(rules.mine))
