"""A study from end to end: an experiment, its results, scenarios that are compared at once.

Files and scenarios enter; results folders, frames and figures leave. It is what scripts, notebooks
and the command line use.
"""

from trustsim.study.comparison import Comparison, compare_scenarios
from trustsim.study.experiment import Experiment, default_folder
from trustsim.study.results import Results

__all__ = ["Comparison", "Experiment", "Results", "compare_scenarios", "default_folder"]
