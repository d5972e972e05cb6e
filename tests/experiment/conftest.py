"""A small experiment with any design, as loaded from its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.small_designs import HEAD, Make

from trustsim.config.experiment import ExperimentConfig, load_experiment


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def written(design: str, top: str = "") -> ExperimentConfig:
        path = tmp_path / "small.toml"
        path.write_text(HEAD.replace("keep =", f"{top}\nkeep =") + design, encoding="utf-8")
        return load_experiment(path)

    return written
