"""What does high-trust purchasing cost against adversarial purchasing, for whom, when, and why?

Names are loaded when they are first asked for, so that ``trustsim --help`` stays quick. This file
loads nothing, for until ``__main__`` is there nobody is ready for Ctrl-C.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trustsim.analysis.compare import compare
    from trustsim.analysis.crossover import crossover
    from trustsim.config.experiment import load_experiment
    from trustsim.config.scenario import Scenario
    from trustsim.errors import ConfigError
    from trustsim.schema.decisions import rule
    from trustsim.simulation.mesa_model import TrustModel
    from trustsim.simulation.outcome import Outcome
    from trustsim.simulation.run import simulate
    from trustsim.study import Comparison, Experiment, Results, compare_scenarios

_HOMES = {
    "Comparison": "study.comparison",
    "ConfigError": "errors",
    "Experiment": "study.experiment",
    "Outcome": "simulation.outcome",
    "Results": "study.results",
    "Scenario": "config.scenario",
    "TrustModel": "simulation.mesa_model",
    "compare": "analysis.compare",
    "compare_scenarios": "study.comparison",
    "crossover": "analysis.crossover",
    "load_experiment": "config.experiment",
    "rule": "schema.decisions",
    "simulate": "simulation.run",
}

__all__ = [
    "Comparison",
    "ConfigError",
    "Experiment",
    "Outcome",
    "Results",
    "Scenario",
    "TrustModel",
    "compare",
    "compare_scenarios",
    "crossover",
    "load_experiment",
    "rule",
    "simulate",
]


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'trustsim' has no attribute '{name}'")
    from importlib import import_module

    result = getattr(import_module(f"trustsim.{_HOMES[name]}"), name)
    globals()[name] = result
    return result


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
