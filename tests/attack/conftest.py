"""How many attacks were made, in the last lines that pytest prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.hostile import COUNTS


@pytest.fixture(autouse=True)
def _count(request: pytest.FixtureRequest) -> Iterator[None]:
    before = COUNTS.total()
    yield
    if COUNTS.total() == before:
        COUNTS[request.node.originalname.removeprefix("test_").replace("_", " ")] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of a worker over."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["attacks"] = dict(COUNTS)


def pytest_testnodedown(node: Any) -> None:
    """Add the counts of a worker."""
    COUNTS.update(getattr(node, "workeroutput", {}).get("attacks", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was tried."""
    terminalreporter.section("attacks")
    for kind, number in sorted(COUNTS.items()):
        terminalreporter.write_line(f"{number:>8,}  {kind}")
