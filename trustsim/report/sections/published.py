"""Published results in words: lines for the command line, a picture and a table for each source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isfinite

from trustsim.report.figures.published import published_figure
from trustsim.report.sections.gallery import Draw, Picture
from trustsim.report.sections.tables import Table
from trustsim.report.words.labels import decimals, number
from trustsim.validation.published.file import Figure, Published
from trustsim.validation.published.row import Row

HEADER = ("id", "what", "reported", "reproduced", "use", "status", "verdict", "explanation")
PUBLISHED_NOTE = (
    "Reproduced: mean with its 95 % interval (Student t). Right: within the band that is reported, "
    "or the whole interval has the sign. Undecided: outside, but the interval reaches it. "
    "Explained: missed, with the reason. Use: fitted, if numbers were chosen so that it comes out; "
    "predicted, if it follows from these or from defaults; reproduced, if nothing is free. "
    "Status: primary, seen in the source; secondary, quoted by another; computed from such."
)
FITTED_NOTE = "All free numbers of published results, and to what they were fitted."


SMALLEST = 1e-3
"""Below this a difference is rounding."""


def published_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Give a line for each figure."""
    if rows:
        cells = [
            (row.verdict, row.name, row.figure.what, reported(row.figure), reproduced(row))
            for row in rows
        ]
        names = max(len(cell[1]) for cell in cells)
        for row, (verdict, name, what, known, found) in zip(rows, cells, strict=True):
            said = f"  {row.figure.explanation}" if row.verdict == "explained" else ""
            yield (
                f"{verdict:9}  {name:{names}}  {what}  reported {known} ({row.figure.status})  "
                f"{row.figure.use} {found}{said}"
            )


def reported(figure: Figure) -> str:
    """Say what was reported: a figure and by how much it may be missed, a bound, or a sign."""
    if figure.sign is not None:
        return "more than 0" if figure.sign > 0 else "less than 0"
    if figure.reported is not None:
        if not figure.reported and figure.within is not None and figure.within < SMALLEST:
            return "0"
        return f"{figure.reported:g} ± {figure.within:g}"
    low, high = figure.band
    bounds = [f"at least {low:g}"] * isfinite(low) + [f"at most {high:g}"] * isfinite(high)
    return " and ".join(bounds)


def reproduced(row: Row) -> str:
    """Say what came out, with its interval."""
    _, value, low, high = row.found
    if not isfinite(value):
        return "could not be measured"
    half = high - value
    if not half:
        return f"{value:.2g}"
    places = decimals(half, value)
    return f"{number(value, places)} [{number(low, places)}, {number(high, places)}]"


def published_tables(rows: Sequence[Row]) -> list[Table]:
    """Give a table for each source, and one of all that was fitted."""
    if not rows:
        return []
    tables, fitted = [], []
    for _, group in groupby(rows, key=lambda row: row.source.id):
        mine = tuple(group)
        source = mine[0].source
        tables.append(
            Table(
                f"{source.id} · {source.title}",
                HEADER,
                tuple(map(_cells, mine)),
                f"{source.citation}. {source.setup} {source.note}".strip(),
            )
        )
        fitted += [(f"{source.id} {f.parameter}", f"{f.value:g}", f.to) for f in source.fitted]
    head = ("free number", "value", "fitted to")
    return [*tables, Table("What was fitted", head, tuple(fitted), FITTED_NOTE)]


def published_pictures(rows: Sequence[Row]) -> tuple[Picture, ...]:
    """Give a picture for each source."""
    made = []
    for name, group in groupby(rows, key=lambda row: row.source.id):
        mine = tuple(group)
        made.append(
            Picture(
                f"published_{name.lower()}",
                f"{name} · {mine[0].source.title}",
                _caption(mine[0].source, mine),
                "; ".join(f"{r.figure.what}: {reported(r.figure)}, {reproduced(r)}" for r in mine),
                _drawing(mine),
            )
        )
    return tuple(made)


def _drawing(rows: Sequence[Row]) -> Draw:
    return lambda width: published_figure(rows, width=width)


def _caption(source: Published, rows: Sequence[Row]) -> str:
    verdicts = [row.verdict for row in rows]
    counts = ", ".join(f"{verdicts.count(each)} {each}" for each in dict.fromkeys(verdicts))
    free = len(source.fitted)
    numbers = f"{free or 'no'} free number{'' if free == 1 else 's'}"
    return f"{source.citation}. {len(rows)} figures, {numbers}: {counts}."


def _cells(row: Row) -> tuple[str, ...]:
    figure = row.figure
    return (
        row.name,
        figure.what,
        reported(figure),
        reproduced(row),
        figure.use,
        figure.status,
        row.verdict,
        figure.explanation if row.verdict == "explained" else "",
    )
