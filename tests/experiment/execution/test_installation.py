"""A fault of the installation ends an experiment in one sentence; no run is recorded as failed."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from numba.core.errors import LoweringError

from trustsim.config.experiment import ExperimentConfig
from trustsim.errors import ConfigError
from trustsim.experiment.run import run_missing

SIMULATION = import_module("trustsim.simulation.run")


@pytest.mark.parametrize(
    "fault", [LoweringError("no such type"), OSError(28, "No space left"), ImportError("llvmlite")]
)
def test_a_fault_of_the_installation_is_no_failed_run(
    small: ExperimentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def breaks(*_: Any, **__: Any) -> Any:
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(SIMULATION, "simulate", breaks)
        with pytest.raises(ConfigError, match="installed libraries cannot compute") as refusal:
            run_missing(small, tmp_path / "out", jobs=1)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out" / "failures.parquet").exists()
    manifest = run_missing(small, tmp_path / "out", jobs=1)
    assert (manifest["runs_done"], manifest["runs_failed"]) == (12, 0)
