"""An experiment from end to end: load it, run it, write the report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.paths import path_of
from trustsim.errors import ConfigError
from trustsim.experiment.execution.choice import executor_of
from trustsim.experiment.execution.executors import Executor
from trustsim.experiment.run import Watcher, cores_to_use, run_missing
from trustsim.experiment.watching import watcher
from trustsim.schema.forms import html_table
from trustsim.study.results import Results


class Experiment:
    """An experiment that can be run.

    Parameters
    ----------
    config : ExperimentConfig
        What to run; `Experiment.load` reads it from a file.
    """

    def __init__(self, config: ExperimentConfig) -> None:
        self.config = config

    def __repr__(self) -> str:
        return repr(self.config)

    def _repr_html_(self) -> str:
        config = self.config
        rows = [(name, repr(arm)) for name, arm in config.arms.items()]
        varied = [] if config.design is None else [("varies", ", ".join(config.design.paths))]
        return html_table(repr(config), [*rows, *varied], ("arm", "scenario"))

    @classmethod
    def load(cls, path: str | Path, overrides: Iterable[str] = (), **changes: Any) -> Experiment:
        """Read an experiment file.

        Parameters
        ----------
        path : path
            The TOML file, or the name of a shipped experiment.
        overrides : iterable of str
            Changes ``path=value``, as given to ``--set``.
        **changes
            Changes of keys at the top of the file, such as ``replications=20``.

        Raises
        ------
        ConfigError
            If anything in it cannot be used.
        """
        return cls(load_experiment(path, [*overrides, *changes.items()]))

    def run(
        self,
        out: str | Path | None = None,
        *,
        jobs: int | None = None,
        executor: Executor | str = "threads",
        address: str | None = None,
        replications: int | None = None,
        seed: int | None = None,
        report: bool = True,
        progress: Watcher | bool | None = None,
    ) -> Results:
        """Run what is missing, and give the results.

        Parameters
        ----------
        out : path, optional
            Results folder; ``results/<name>`` if not given. Run again, it computes only what it
            does not hold.
        jobs : int, optional
            Cores to use; all if not given.
        executor : {"threads", "dask"} or Executor
            Who computes the runs: threads of this process, or processes of a Dask cluster.
        address : str, optional
            Address of a Dask scheduler; processes on this machine if not given.
        replications, seed : int, optional
            Instead of those of the experiment.
        report : bool
            Whether to write ``report.html`` and the figures.
        progress : callable or bool, optional
            Called with a `Progress` after every run. True or False for words on the screen or
            none; if not given, work that takes long says how far it is at a terminal and in a
            notebook.

        Raises
        ------
        ConfigError
            If the folder cannot be used or holds another experiment.
        """
        config = self.config.replace(replications=replications, seed=seed)
        folder = default_folder(config) if out is None else path_of(out)
        mine: AbstractContextManager[Executor] = (
            executor_of(executor, address, cores_to_use(jobs))
            if isinstance(executor, str)
            else nullcontext(executor)
        )
        with mine as who:
            run_missing(config, folder, progress=watcher(progress), executor=who)
        results = Results(folder)
        if report and results.manifest["runs_done"]:
            results.report()
        return results


def default_folder(config: ExperimentConfig) -> Path:
    """Folder of the results if none is named."""
    name = re.sub(r"[^\w.-]+", "_", config.name).strip("._-")
    if not name:
        raise ConfigError(f"name = '{config.name}': names no folder; give one with --out")
    return Path("results") / name
