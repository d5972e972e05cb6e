"""Executors by name, as the command line and an experiment in Python ask for them."""

from __future__ import annotations

from trustsim.errors import ConfigError, shown, suggestion
from trustsim.experiment.execution.dask_executor import DaskExecutor
from trustsim.experiment.execution.executors import ThreadExecutor

EXECUTORS = {
    "threads": "the cores of this machine",
    "dask": "worker processes: of this machine, or of a Dask scheduler at an address",
}
"""Names of the executors, and who computes."""


def executor_of(name: str, address: str | None, jobs: int) -> ThreadExecutor | DaskExecutor:
    """Make an executor by its name, to be used as a context.

    Parameters
    ----------
    name : str
        One of `EXECUTORS`.
    address : str or None
        Address of a running scheduler; only for ``dask``.
    jobs : int
        Cores to use, 1 or more; a scheduler at an address uses those of its workers.

    Raises
    ------
    ConfigError
        If there is no such executor, it has no address, the address cannot be one, or Dask is not
        installed.
    """
    if name not in EXECUTORS:
        raise ConfigError(f"--executor = {shown(name)}: unknown{suggestion(name, EXECUTORS)}")
    if name == "dask":
        return DaskExecutor(address, workers=jobs)
    if address is not None:
        raise ConfigError(
            f"--address = {shown(address)}: the executor 'threads' has no address; add "
            "--executor dask, or leave the address out"
        )
    return ThreadExecutor(jobs)
