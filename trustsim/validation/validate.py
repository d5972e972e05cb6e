"""Validating the market: all known answers, all signs, or one of the two."""

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

PARTS = ("known", "signs")
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
    """

    known: tuple[Found, ...]
    signs: tuple[Measured, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong without an explanation."""
        return not any("wrong" in self.counts(part) for part in PARTS)

    @property
    def digest(self) -> str:
        """Stands for all that was found; equal findings have equal digests."""
        found = [(each.known.name, each.value) for each in self.known]
        measured = [(each.sign.id, each.effect, each.without) for each in self.signs]
        return hashlib.sha256(repr((found, measured)).encode()).hexdigest()[:16]

    def counts(self, part: str) -> dict[str, int]:
        """Count the verdicts of ``known`` or ``signs``."""
        verdicts = [each.verdict for each in getattr(self, part)]
        return {name: verdicts.count(name) for name in VERDICTS if name in verdicts}


def validate(
    only: str | None = None,
    jobs: int | None = None,
    *,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> Validation:
    """Look up the known answers and measure the signs.

    Parameters
    ----------
    only : {"known", "signs"}, optional
        One of the two; both if not given.
    jobs : int, optional
        Cores to use; all if not given.
    replications : int
        Pairs of runs of a sign that does not ask for more.
    progress : callable, optional

    Raises
    ------
    ConfigError
        If there is no such part.
    """
    if only is not None and only not in PARTS:
        raise ConfigError(f"--only = {shown(only)}: unknown{suggestion(only, PARTS)}")

    def tell(what: str) -> Callable[[int, int], None] | None:
        return None if progress is None else partial(progress, what)

    known = () if only == "signs" else _look_up(jobs, tell("known answers"))
    signs = (
        ()
        if only == "known"
        else tuple(measure_signs(jobs, replications=replications, progress=tell("runs of signs")))
    )
    return Validation(known, signs)


def _look_up(jobs: int | None, tell: Callable[[int, int], None] | None) -> tuple[Found, ...]:
    asked, found = known_answers(), []
    with WorkerPool(cores_to_use(jobs)) as pool:
        for part in [pool.submit(look_up, each) for each in asked]:
            found.append(part.result())
            if tell is not None:
                tell(len(found), len(asked))
    return tuple(found)
