"""What does high-trust purchasing cost against adversarial purchasing, for whom, when, and why?

Names are loaded when they are first asked for, so that ``trustsim --help`` stays quick.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from trustsim.analysis.compare import compare
    from trustsim.analysis.crossover import crossover
    from trustsim.errors import ConfigError
    from trustsim.model import TrustModel
    from trustsim.outcome import Outcome
    from trustsim.rules import rule
    from trustsim.scenario import Scenario, load_experiment
    from trustsim.simulate import simulate
    from trustsim.study import Experiment, Results

_HOMES = {
    "ConfigError": "errors",
    "Experiment": "study",
    "Outcome": "outcome",
    "Results": "study",
    "Scenario": "scenario",
    "TrustModel": "model",
    "compare": "analysis.compare",
    "crossover": "analysis.crossover",
    "load_experiment": "scenario",
    "rule": "rules",
    "simulate": "simulate",
}

__all__ = [
    "ConfigError",
    "Experiment",
    "Outcome",
    "Results",
    "Scenario",
    "TrustModel",
    "compare",
    "crossover",
    "load_experiment",
    "rule",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'trustsim' has no attribute '{name}'")
    found = getattr(import_module(f"trustsim.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package: its name ``simulate`` is the function, also once its module is loaded."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "simulate" and isinstance(value, ModuleType):
            value = value.simulate
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
