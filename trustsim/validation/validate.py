"""Validating the model: known answers, signs, published results, or some of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from trustsim.engine.worker_pool import WorkerPool
from trustsim.errors import ConfigError, shown, suggestion
from trustsim.experiment.run import cores_to_use
from trustsim.validation.known import known_answers, look_up
from trustsim.validation.known.answer import Found
from trustsim.validation.measuring import REPLICATIONS, Measured, measure_signs
from trustsim.validation.published.row import Effort, Row
from trustsim.validation.published.run import RUNS, reproduce

PARTS = ("known", "signs", "published")
"""What can be validated."""

VERDICTS = ("right", "explained", "undecided", "wrong")
"""All verdicts, the good ones first."""

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class Validation:
    """What was found.

    Attributes
    ----------
    known : tuple of Found
        The known answers.
    signs : tuple of Measured
        The signs.
    published : tuple of Row
        The published results.
    """

    known: tuple[Found, ...] = ()
    signs: tuple[Measured, ...] = ()
    published: tuple[Row, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong without an explanation."""
        return not any("wrong" in self.counts(part) for part in PARTS)

    @property
    def digest(self) -> str:
        """Stands for all that was found; equal findings have equal digests."""
        found = [(each.known.name, each.value) for each in self.known]
        measured = [(each.sign.id, each.effect, each.without) for each in self.signs]
        again = [tuple(row.found) for row in self.published]
        parts = (found, measured, again) if again else (found, measured)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def counts(self, part: str) -> dict[str, int]:
        """Count the verdicts of one of `PARTS`."""
        verdicts = [each.verdict for each in getattr(self, part)]
        return {name: verdicts.count(name) for name in VERDICTS if name in verdicts}


def validate(
    only: str | None = None,
    jobs: int | None = None,
    *,
    full: bool = False,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> Validation:
    """Look up the known answers, measure the signs, and do published results again.

    Parameters
    ----------
    only : str, optional
        Some of `PARTS` and of the sources of published results ("P3"), with commas between them;
        all if not given.
    jobs : int, optional
        Cores to use; all if not given.
    full : bool
        Whether published results are done with many runs instead of few.
    replications : int
        Pairs of runs of a sign that does not ask for more.
    progress : callable, optional

    Raises
    ------
    ConfigError
        If there is no such part or source.
    """
    asked = PARTS if only is None else tuple(part.strip() for part in only.split(","))
    for part in asked:
        if part not in (*PARTS, *RUNS):
            said = suggestion(part, (*PARTS, *RUNS))
            raise ConfigError(f"--only = {shown(only)}: {_place(part, only)}unknown{said}")

    def tell(what: str) -> Callable[[int, int], None] | None:
        return None if progress is None else partial(progress, what)

    known = _look_up(jobs, tell("known answers")) if "known" in asked else ()
    signs: tuple[Measured, ...] = ()
    if "signs" in asked:
        told = tell("runs of signs")
        signs = tuple(measure_signs(jobs, replications=replications, progress=told))
    sources = [name for name in RUNS if "published" in asked or name in asked]
    rows = reproduce(sources, Effort(full, jobs), tell("published results"))
    return Validation(known, signs, rows)


def _place(part: str, only: str | None) -> str:
    return "" if part == only else f"{shown(part)} is "


def _look_up(jobs: int | None, tell: Callable[[int, int], None] | None) -> tuple[Found, ...]:
    asked, found = known_answers(), []
    with WorkerPool(cores_to_use(jobs)) as pool:
        for part in [pool.submit(look_up, each) for each in asked]:
            found.append(part.result())
            if tell is not None:
                tell(len(found), len(asked))
    return tuple(found)
