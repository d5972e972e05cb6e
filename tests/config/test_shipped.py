"""Shipped experiments are found by their names, files come first, and odd names are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.places import ROOT

from trustsim import ConfigError, Experiment, Scenario
from trustsim.config.shipped import experiment_path, question_of, shipped, shipped_folder


def test_all_configs_are_shipped_by_name() -> None:
    files = set((ROOT / "configs").rglob("*.toml"))
    assert set(shipped().values()) == files
    names = list(shipped())
    assert names.index("A2") < names.index("A10")
    assert "dyer_chu" in names
    assert all(question_of(path) for path in files)


def test_a_name_stands_for_its_file_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    headline = ROOT / "configs" / "high_trust_vs_adversarial.toml"
    assert experiment_path("high_trust_vs_adversarial") == headline
    assert experiment_path("v5") == experiment_path("V5") == ROOT / "configs" / "cases" / "v5.toml"
    loaded = Experiment.load("high_trust_vs_adversarial", replications=2)
    assert loaded.config.arms == Experiment.load(headline).config.arms
    assert Scenario.load("v6", "trust_but_verify").rounds == 60


def test_a_file_that_is_there_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("V5").mkdir()
    assert experiment_path("V5") == Path("V5")
    assert experiment_path("none.toml") == Path("none.toml")
    assert experiment_path("./V6") == Path("V6")


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as refused:
        Experiment.load("where_trust_pay")
    assert 'did you mean "where_trust_pays"' in str(refused.value)
    assert "trustsim list" in str(refused.value)


def test_what_is_shipped_is_beside_the_package_or_in_the_checkout() -> None:
    for name in ("configs", "docs", "experiments"):
        assert shipped_folder(name) == ROOT / name
