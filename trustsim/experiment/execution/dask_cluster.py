"""How a Dask cluster is reached: one at an address is joined, one of this machine is started.

Whoever gets a client from here can rely on it that somebody answers, and that the workers that are
there compute with the same versions.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker
from types import ModuleType
from typing import Any

from trustsim.config.paths import path_of
from trustsim.errors import ConfigError, at, refuse_strange

ADDRESS = re.compile(
    r"(?:(?:tcp|tls|ws|wss|ucx)://)?(?:\[[0-9a-fA-F:]+\]|[\w.-]+):(?P<port>\d{1,5})"
)
CONNECT_WITHIN = 6.0
"""Seconds that a scheduler may take to answer."""

DEATHS = 2
"""Workers of this machine that a batch may cost before its runs are tried one by one."""

DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What worker processes run first: Ctrl-C is for the main process, which ends them in order."""


@contextmanager
def connected(address: str | None, workers: int | None) -> Iterator[Any]:
    """Connect to a scheduler, or to one that is started here and ended in the end."""
    distributed = dask_distributed()
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        if address is None:
            target = stack.enter_context(_local_cluster(distributed, workers))
        else:
            target = _scheduler_at(address)
        try:
            if address is not None:
                _ask(distributed, target)
            client = distributed.Client(target, timeout=CONNECT_WITHIN, set_as_default=False)
        except Exception as error:
            raise ConfigError(
                at("", "--address", address, given=True)
                + f"no Dask scheduler answers there ({short(error)}); start one with "
                "'dask scheduler', and look at the address that it prints"
            ) from None
        stack.callback(_close, client)
        _refuse_other_versions(client, address)
        yield client


def _ask(distributed: ModuleType, address: str) -> None:
    """Ask a scheduler who it is; Dask's client would wait for ever for somebody who says nothing.

    Raises
    ------
    Exception
        Any, if no scheduler answers in time.
    """

    async def ask() -> None:
        secrets = distributed.Security().get_connection_args("client")
        scheduler = distributed.rpc(address, timeout=CONNECT_WITHIN, connection_args=secrets)
        async with scheduler:
            await asyncio.wait_for(scheduler.identity(), CONNECT_WITHIN)

    # In a thread of its own, for there may be a loop of events already, as in a notebook.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, ask()).result()


@contextmanager
def _local_cluster(distributed: ModuleType, workers: int | None) -> Iterator[Any]:
    with ExitStack() as stack:
        with _interrupts_held_back():
            try:
                cluster = distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    worker_dashboard_address="127.0.0.1:0",
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                    preload=[DEAF],
                    scheduler_kwargs={"allowed_failures": DEATHS - 1},
                )
            except Exception as error:
                raise ConfigError(
                    f"dask: worker processes cannot be started ({short(error)}). In a script of "
                    "your own runs must start below: if __name__ == '__main__':"
                ) from None
            stack.callback(_end, cluster)
        yield cluster


def _end(cluster: Any) -> None:
    with suppress(Exception):
        cluster.close(timeout=CONNECT_WITHIN)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Hear of Ctrl-C only afterwards, and let processes that are started meanwhile never do.

    Half a cluster could not be ended in order, and a process that is starting would answer Ctrl-C
    with a traceback before it is deaf.
    """
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return
    held: list[Any] = []
    resource_tracker.ensure_running()  # who starts it later lets interrupts through again
    before = signal.signal(signal.SIGINT, lambda *given: held.append(given))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # children inherit it
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
        if held and callable(before):
            before(*held[0])


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Dask logs about workers that come and go from the screen."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _close(client: Any) -> None:
    with suppress(Exception):  # the scheduler may be gone
        client.close(timeout=CONNECT_WITHIN)


def _refuse_other_versions(client: Any, address: str | None) -> None:
    """Refuse workers that would give other bits, before anything is computed."""
    from trustsim.experiment.execution.dask_worker import refuse_another_state, state

    here = state()
    for worker, there in client.run(state, on_error="return").items():
        if isinstance(there, BaseException):
            raise ConfigError(
                f"{address or 'dask'}: the worker {worker} cannot load trustsim "
                f"{here['trustsim']} ({short(there)}); install the same environment there"
            )
        refuse_another_state(here, there, worker)


def check_address(address: str) -> None:
    """Refuse what cannot be an address, before anybody is asked."""
    found = ADDRESS.fullmatch(address)
    if address.endswith(".json") or (found is not None and 0 < int(found["port"]) < 2**16):
        return
    raise ConfigError(
        at("", "--address", address, given=True)
        + "is no address; allowed: one such as tcp://10.0.0.1:8786 or node7:8786, or the .json "
        "file that 'dask scheduler --scheduler-file' writes"
    )


def _scheduler_at(address: str) -> str:
    """Give an address, read from its file if it is one."""
    if not address.endswith(".json"):
        return address
    until = time.monotonic() + CONNECT_WITHIN
    while True:
        try:
            path = path_of(address)
            refuse_strange(path)
            found = json.loads(path.read_text(encoding="utf-8"))["address"]
            check_address(found)
        except FileNotFoundError as error:
            why = error.strerror
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = short(error)
        else:
            return str(found)
        if time.monotonic() > until:
            raise ConfigError(
                at("", "--address", address, given=True)
                + f"no address of a scheduler can be read there ({why}); start one with "
                f"'dask scheduler --scheduler-file {address}'"
            )
        time.sleep(0.1)


def short(error: BaseException) -> str:
    """Say what went wrong in a line."""
    if isinstance(error, MemoryError):  # an answer that is none of Dask's, taken for a length
        return "what answers there does not speak Dask's language"
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) < 200 else text[:197] + "..."


def dask_distributed() -> ModuleType:
    """Give Dask's library of clusters, or say how to install it."""
    try:
        import distributed
    except ImportError:
        raise ConfigError(
            "the executor 'dask' needs Dask, which is not installed: pip install trustsim[cluster]"
        ) from None
    return distributed
