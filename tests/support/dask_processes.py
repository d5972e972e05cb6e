"""Real Dask schedulers and workers for tests: processes on this machine's loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distributed import Client
from support.places import ROOT

PATIENCE = 120.0


class Cluster:
    """A scheduler, and workers of one thread without a nanny, which nobody starts again."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", self.file
        )
        self.workers = [self.add_worker() for _ in range(workers)]

    @property
    def address(self) -> str:
        """Address of the scheduler, once it has written it down."""
        until = time.monotonic() + PATIENCE
        while True:
            if self.file.exists() and (text := self.file.read_text(encoding="utf-8")):
                return str(json.loads(text)["address"])
            assert self.scheduler.poll() is None, "the scheduler ended"
            assert time.monotonic() < until, "the scheduler did not start"
            time.sleep(0.05)

    def wait_for(self, workers: int) -> Cluster:
        """Wait until so many workers have joined."""
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=PATIENCE)
        return self

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        return self._start(
            "dask_worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny"
        )

    def _start(self, program: str, *arguments: object) -> subprocess.Popen[bytes]:
        command: Sequence[Any] = [sys.executable, "-m", f"distributed.cli.{program}"]
        process = subprocess.Popen(
            [*command, *map(str, arguments), "--no-dashboard"],
            cwd=self.file.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        """End all processes that were started here."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
