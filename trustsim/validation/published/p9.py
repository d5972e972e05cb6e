"""Josang & Ismail 2002: trust and ratings of the market against the Beta mean, exactly."""

from __future__ import annotations

from collections.abc import Iterator

from trustsim.validation.known.memory import farthest_rating, farthest_trust
from trustsim.validation.published.file import Published
from trustsim.validation.published.row import Effort, Reproduced


def rows(source: Published, effort: Effort) -> Iterator[Reproduced]:
    """Look at all ties, or at all ratings, of a market full of cheats."""
    del effort
    look = {"trust": farthest_trust, "rating": farthest_rating}
    for figure in source.figure:
        farthest = look[figure.at["of"]](float(figure.at["forgetting"]))
        yield Reproduced.exact(figure.id, farthest)
