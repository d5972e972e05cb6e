"""A section of the report: what one analysis found, in sentences, pictures and tables.

Every analysis has a module of its own in this package with a function ``section(results,
confidence)``, which gives a `Section`, or None if the folder holds nothing for it. The page shows
all of them alike; which there are, and in what order, is listed in `trustsim.report.writing`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trustsim.report.results import Reported
from trustsim.report.sections.gallery import Picture
from trustsim.report.sections.tables import Table


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes
    ----------
    anchor : str
        Its name in links: small letters and hyphens, no other section's.
    title : str
        Heading and entry of the navigation.
    sentences : tuple of str
        What was found, in plain words; stands first.
    pictures : tuple of Picture
        Its figures; each is saved at both widths beside those of the report.
    tables : tuple of Table
        The numbers behind the sentences.
    notes : tuple of str
        Method and limits, in small type at the end.
    """

    anchor: str
    title: str
    sentences: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


MakeSection = Callable[[Reported, float], Section | None]
