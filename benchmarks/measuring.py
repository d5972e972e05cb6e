"""Rows of the table, and how a time is taken: alternately, and by medians."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter, process_time
from typing import Any


@dataclass(frozen=True)
class Row:
    """A measured figure.

    Attributes
    ----------
    section, name : str
    value : float or None
        None if it was left out.
    unit : str
    target : str
        What it should be; empty if nothing is asked.
    met : bool or None
        Whether it is.
    """

    section: str
    name: str
    value: float | None
    unit: str
    target: str = ""
    met: bool | None = None

    def record(self) -> dict[str, Any]:
        return asdict(self)


def at_least(section: str, name: str, value: float, unit: str, bound: float) -> Row:
    return Row(section, name, value, unit, f"at least {bound:g}", value >= bound)


def at_most(section: str, name: str, value: float, unit: str, bound: float) -> Row:
    return Row(section, name, value, unit, f"at most {bound:g}", value <= bound)


def seconds(work: Callable[[], Any]) -> float:
    """Time a piece of work once."""
    start = perf_counter()
    work()
    return perf_counter() - start


def alternating(repetitions: int, **work: Callable[[], Any]) -> dict[str, list[float]]:
    """Time several pieces of work in turn, so that all meet the same disturbances.

    Returns
    -------
    dict of list of float
        Seconds of every repetition, by name.
    """
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repetitions):
        for name, piece in work.items():
            times[name].append(seconds(piece))
    return times


def processor_seconds(work: Callable[[], Any]) -> float:
    """Time a piece of work by the processor: waiting for others does not count."""
    start = process_time()
    work()
    return process_time() - start


def median_ratio(above: list[float], below: list[float]) -> float:
    """Median of the ratios of times that were taken next to each other."""
    return median(a / b for a, b in zip(above, below, strict=True))
