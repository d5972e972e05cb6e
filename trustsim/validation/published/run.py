"""Doing published results again: which there are, and one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from trustsim.validation.published import p1, p3, p4, p8, p9
from trustsim.validation.published.file import Published, published
from trustsim.validation.published.row import Effort, Reproduced, Row

RUNS: dict[str, Callable[[Published, Effort], Iterable[Reproduced]]] = {
    "P1": p1.rows,
    "P3": p3.rows,
    "P4": p4.rows,
    "P8": p8.rows,
    "P9": p9.rows,
}
"""How each source is done again."""


def reproduce(
    ids: Sequence[str], effort: Effort, progress: Callable[[int, int], None] | None = None
) -> tuple[Row, ...]:
    """Do sources again.

    Parameters
    ----------
    ids : sequence of str
        Keys of `RUNS`.
    effort : Effort
    progress : callable, optional
        Called with the sources done and all sources.
    """
    rows: list[Row] = []
    for done, name in enumerate(ids, 1):
        rows += _rows(published()[name], effort)
        if progress is not None:
            progress(done, len(ids))
    return tuple(rows)


def _rows(source: Published, effort: Effort) -> Iterator[Row]:
    found = {each.figure: each for each in RUNS[source.id](source, effort)}
    return (Row(source, figure, found[figure.id]) for figure in source.figure)
