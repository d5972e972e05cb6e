"""Those who walk one round together: threads that keep nobody waiting when the process ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any


class WorkerPool(Executor):
    """So many workers of a round: daemon threads, so that a rule that never ends ends with us."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        for _ in range(workers):
            Thread(target=self._work, daemon=True).start()

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Have something done by whoever is free."""
        future: Future[Any] = Future()
        self.tasks.put((future, partial(work, *given, **named)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end when all is done; nobody waits for them."""
        for _ in range(self.workers):
            self.tasks.put(None)

    def _work(self) -> None:
        while (task := self.tasks.get()) is not None:
            future, work = task
            try:
                future.set_result(work())
            except BaseException as error:  # whoever waits for the result must hear of it
                future.set_exception(error)
