"""What a Dask worker does: it keeps the experiment, and computes batches of its runs.

The experiment comes once, as a plugin of the worker; so a worker that joins later has it too. Only
`trustsim.experiment.execution.dask_executor` and the workers import this module: it needs Dask.
"""

from __future__ import annotations

import pickle
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numba
import numpy as np
from distributed import get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from trustsim import __version__
from trustsim.config.experiment import ExperimentConfig
from trustsim.engine.compiling import sources_digest
from trustsim.errors import ConfigError, shown
from trustsim.experiment.execution.executors import Attempt, Compute, compile_ahead, in_threads
from trustsim.experiment.plan import Run
from trustsim.schema.decisions import REGISTERED

State = dict[str, str]
"""What a process computes with: versions by name."""


def state() -> State:
    """Say with what this process computes; two that say the same give the same bits."""
    return {
        "trustsim": __version__,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "NumPy": np.__version__,
        "Numba": numba.__version__,
        "NUMBA_DISABLE_JIT": str(int(numba.config.DISABLE_JIT)),
        "sources of trustsim": sources_digest(),
    }


def refuse_another_state(here: State, there: State, worker: str) -> None:
    """Refuse a worker that might give other bits.

    Raises
    ------
    ConfigError
        If it computes with something else.
    """
    for name, value in here.items():
        if there.get(name) != value:
            raise ConfigError(
                f"the worker {worker} has {name} {there.get(name)}, here it is {value}; all must "
                "have the same, or results would not be the same: install the same environment "
                "there and start the workers again"
            )


@dataclass
class WorkerExperiment(WorkerPlugin):
    """An experiment on a worker.

    Attributes
    ----------
    name : str
        Name of the plugin.
    packed : bytes
        The experiment, pickled.
    state : State
        With what the main process computes.
    ids : dict of str
        Ids of the arms as the main process has them.
    """

    name: str
    packed: bytes
    state: State
    ids: dict[str, str]

    @cached_property
    def config(self) -> ExperimentConfig:
        """The experiment."""
        refuse_another_state(self.state, state(), get_worker().address)
        try:
            config: ExperimentConfig
            config, registered = pickle.loads(self.packed)
        except ImportError as error:
            raise ConfigError(
                f"the worker {get_worker().address} cannot load the experiment: {error}. Put all "
                "that a rule of your own uses into the module of the rule, or where workers can "
                "import it"
            ) from None
        REGISTERED.update(registered)
        for name, arm in config.arms.items():
            if arm.id() != self.ids[name]:
                raise ConfigError(
                    f"the worker {get_worker().address}: the arm {shown(name)} is another one "
                    "there, so a library that its rules use is another version; install the same "
                    "environment there and start the workers again"
                )
        if config.run_timeout is not None:
            compile_ahead(config)
        return config


def attempt_batch(name: str, packed: bytes) -> bytes:
    """Try a batch of runs on this worker.

    Parameters
    ----------
    name : str
        Name of the plugin that has the experiment.
    packed : bytes
        The runs, and values of parameters by design point if there is a design, pickled.

    Returns
    -------
    bytes
        The attempts, and the seconds that they took, pickled.
    """
    plugin = get_worker().plugins[name]
    assert isinstance(plugin, WorkerExperiment)
    config = plugin.config
    runs: Sequence[Run]
    values: Mapping[int, Mapping[str, Any]] | None
    runs, values = pickle.loads(packed)
    start = time.perf_counter()
    compute = Compute(config, values=values)
    attempts: list[Attempt] = (
        [compute(run) for run in runs]
        if config.run_timeout is None
        else list(in_threads(compute, runs, 1, config.run_timeout))
    )
    return pickle.dumps((attempts, time.perf_counter() - start))
