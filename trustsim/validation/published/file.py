"""What was published: files of ``trustsim/library/published``, checked.

A file holds a source: its figures, what of them was fitted and with how many free numbers, and why
something does not come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import inf
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from trustsim.config.toml import read_toml
from trustsim.schema.translation import Refusal, Table, Text, allowing, read

FOLDER = Path(__file__).parents[2] / "library" / "published"

Use = Literal["fitted", "predicted", "reproduced"]
Status = Literal["primary", "secondary", "computed"]
Number = Annotated[float, Field(strict=False), allowing("a number")]


class Fitted(Table):
    """A number that was chosen so that figures come out."""

    NOUN: ClassVar[str] = "key of a fitted number"
    parameter: Text
    value: Number
    to: Text


class Figure(Table):
    """A published figure, and when it counts as reproduced.

    Attributes
    ----------
    id : str
        Its name within the source.
    what, unit : str
        What it is of, in words, and its unit; figures of one unit are drawn together.
    use : {"fitted", "predicted", "reproduced"}
        Whether numbers were fitted to it, or it comes out of numbers that others were fitted to,
        or of a set-up in which nothing is free.
    status : {"primary", "secondary", "computed"}
        Seen in the source itself, quoted by another, or computed from what was seen.
    reported, within : float, optional
        The figure, and by how much it may be missed.
    at_least, at_most : float, optional
        Bounds, of a figure that was reported as a bound.
    sign : {-1, 1}, optional
        The sign, of a figure that was reported as a direction.
    at : mapping
        The setting in which it was found, as the source's module reads it.
    explanation : str
        Why it does not come out.
    """

    NOUN: ClassVar[str] = "key of a published figure"
    id: Text
    what: Text
    unit: Text
    use: Annotated[Use, allowing('"fitted", "predicted" or "reproduced"')]
    status: Annotated[Status, allowing('"primary", "secondary" or "computed"')]
    reported: Number | None = None
    within: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    sign: Annotated[Literal[-1, 1], allowing("-1 or 1")] | None = None
    at: dict[str, Any] = Field(default_factory=dict)
    explanation: Text = ""

    @model_validator(mode="after")
    def _refuse_what_cannot_be_judged(self) -> Figure:
        point = self.reported is not None and self.within is not None
        bound = self.at_least is not None or self.at_most is not None
        if (self.sign is not None) + point + bound != 1:
            said = "needs reported and within, or at_least or at_most, or sign"
            raise Refusal(said, "figure", value=self.id)
        return self

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest value that count as reproduced."""
        if self.sign is not None:
            return (0.0, inf) if self.sign > 0 else (-inf, 0.0)
        if self.reported is not None and self.within is not None:
            return self.reported - self.within, self.reported + self.within
        low, high = self.at_least, self.at_most
        return -inf if low is None else low, inf if high is None else high


class Published(Table):
    """A source with its figures.

    Attributes
    ----------
    id, title, citation, setup : str
        Its number, what it is about, where it was published, and how it is done again here.
    note : str
        What fails and why, and what cannot be tried.
    fitted : tuple of Fitted
        All free numbers.
    figure : tuple of Figure
    """

    NOUN: ClassVar[str] = "key of a published result"
    id: Text
    title: Text
    citation: Text
    setup: Text
    note: Text = ""
    fitted: tuple[Fitted, ...] = ()
    figure: tuple[Figure, ...]

    @model_validator(mode="after")
    def _refuse_what_is_twice(self) -> Published:
        names = [each.id for each in self.figure]
        for name in names:
            if names.count(name) > 1:
                raise Refusal("is the name of two figures", "figure", value=name)
        return self


def read_published(path: Path) -> Published:
    """Read and check the file of a source.

    Raises
    ------
    ConfigError
        If something in it is wrong.
    """
    found: Published = read(Published, read_toml(path), "", str(path))
    return found


@cache
def published() -> Mapping[str, Published]:
    """Read all sources, by their numbers."""
    files = sorted(FOLDER.glob("*.toml"), key=lambda path: int(path.stem[1:]))
    return {path.stem: read_published(path) for path in files}
