"""The gallery of cases: lines for the command line, a page, and the table of the docs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from trustsim import __version__
from trustsim.cases.effect import curve
from trustsim.cases.file import Case
from trustsim.cases.judging import LEVEL, STAYS, Judged
from trustsim.cases.run import folder_of, tables_of
from trustsim.config.case import IDS
from trustsim.config.paths import path_of
from trustsim.errors import clear_errors, known
from trustsim.experiment.storage.files import read_table, written
from trustsim.experiment.storage.seals import read_manifest
from trustsim.report.figures.case import case_figure
from trustsim.report.results import Reported, read_results
from trustsim.report.sections.gallery import Picture, pictures
from trustsim.report.sections.tables import Table
from trustsim.report.words.cases import (
    CHAPTERS,
    MARKS,
    along,
    chapter_of,
    chapter_sentences,
    count_sentence,
    drawn_label,
    label,
    missing,
    sentence,
    signed,
    unit,
)
from trustsim.report.words.labels import plain
from trustsim.report.writing import PAGES, show
from trustsim.schema.mechanisms import MECHANISMS, NOTHING, WITHOUT

PAGE = "index.html"
TITLE = "Cases from the field"

NOTE = (
    "Effects are mean paired differences between runs with the same luck, with 95 % intervals "
    "(Student t over replicates), each by itself. A verdict is made if an effect is shown, and "
    f"shown to be smaller without its mechanism, all {len(IDS)} claims together at {LEVEL:.0%} "
    "(Holm 1979; those that were not run count as if they showed nothing). An effect of which "
    f"{STAYS:.0%} or more stays without its mechanism is another mechanism's, and the claim stays "
    "undecided."
)
HEADER = ("id", "claim", "effect", "with the mechanism off", "mechanism", "verdict")


def lines(rows: Sequence[Judged]) -> Iterator[str]:
    """Give a table with a line for each case, and what they come to.

    The claim stands last, since it is long; after it why a case is undecided.
    """
    cells = [("id", "verdict", "effect", "with the mechanism off", "claim")]
    for row in rows:
        case, found = row.case, row.effects
        why = f" ({row.why})" if row.why else ""
        effect = f"{label(case)} {signed(found.full)}"
        off = f"without {plain(case.off)} {signed(found.without)}"
        cells.append((case.id, row.verdict, effect, off, f"{case.said.claim}{why}"))
    widths = [max(len(line[place]) for line in cells) for place in range(4)]
    for *columns, claim in cells:
        padded = (f"{cell:{width}}" for cell, width in zip(columns, widths, strict=True))
        yield f"{'  '.join(padded)}  {claim}"
    yield count_sentence(rows)


def table(rows: Sequence[Judged]) -> Table:
    """Give the table of cases."""
    cells = tuple(
        (
            row.case.id,
            row.case.said.claim,
            f"{label(row.case)} {signed(row.effects.full)}",
            signed(row.effects.without),
            plain(row.case.off),
            f"{row.verdict}{f': {row.why}' if row.why else ''}",
        )
        for row in rows
    )
    return Table("All cases", HEADER, cells, NOTE)


def write_gallery(out: str | Path, rows: Sequence[Judged], files: Sequence[str]) -> Path:
    """Write the gallery, and each case's figure into its folder.

    Parameters
    ----------
    out : path
        Folder of all cases, which holds their results.
    rows : sequence of Judged
        What came out.
    files : sequence of str
        Ids of all cases that have a file.

    Returns
    -------
    Path
        The page.
    """
    out = path_of(out)
    chapters = []
    for letter, title in CHAPTERS.items():
        mine = [row for row in rows if chapter_of(row.case.id) == letter]
        if mine:
            cards = [_card(row, out) for row in mine]
            found = chapter_sentences(mine)
            chapters.append({"letter": letter, "title": title, "found": found, "cards": cards})
    page = PAGES.get_template("cases.html").render(
        title=TITLE,
        chapters=chapters,
        count=count_sentence(rows),
        note=NOTE,
        table=table(rows),
        lacking=missing(files),
        version=__version__,
    )
    path = out / PAGE
    with written(path) as file:
        file.write(page.encode("utf-8"))
    return path


def _as_it_is(folder: Path) -> Reported:
    """Read the runs of a case in which nothing is switched off."""
    whole = read_results(folder)
    runs = whole.runs[whole.runs[WITHOUT] == NOTHING] if WITHOUT in whole.runs else whole.runs
    reported = replace(whole, runs=runs, ablated=None)
    for name in ("rounds", "ages"):
        if whole.keeps(name):
            rows = read_table(folder, name).to_pandas()
            vars(reported)[name] = rows[rows["run_id"].isin(runs["run_id"])]
    return reported


def _drawn(case: Case, folder: Path, width: float) -> list[Axes]:
    """Draw the figure that a case names, or the one of its kind: the measure along what it asks."""
    if case.said.figure:
        named = {each.name: each for each in pictures(_as_it_is(folder))}
        where = f"{case.id}: figure = '{case.said.figure}': not of this case"
        return named[known(case.said.figure, named, where)].draw(width)
    return case_figure(
        curve(case, tables_of(case, folder)),
        title=drawn_label(case),
        unit=unit(case),
        difference=len(case.arms) > 1,
        mechanism=case.off,
        along=along(case),
        width=width,
    )


def _card(row: Judged, out: Path) -> dict[str, Any]:
    case = row.case
    folder = folder_of(case, out)
    manifest = read_manifest(folder)
    digest = str(manifest.get("digest", "unknown"))
    picture = Picture(
        "case",
        case.said.claim,
        sentence(row),
        f"{label(case)} along {along(case)}; {sentence(row)}",
        lambda width: _drawn(case, folder, width),
    )
    line = (
        f"{case.id} · {row.effects.full.pairs} pairs of runs · intervals: 95 %, Student t · "
        f"trustsim {manifest.get('model_version', __version__)} · seed {case.config.seed} · "
        f"digest {digest[:12]}"
    )
    metadata = {
        "Title": f"{case.id}: {case.said.claim}",
        "Creator": f"trustsim {__version__}",
        "Source": case.id,
        "Identifier": f"digest {digest}",
        "Description": line,
    }
    with clear_errors(folder / "figures"):
        shown = show(folder, picture, line, metadata)
    return {
        "id": case.id,
        "claim": case.said.claim,
        "verdict": row.verdict,
        "mark": MARKS[row.verdict],
        "picture": shown.column,
        "alt": picture.alt,
        "sentence": sentence(row),
        "mechanism": f"{plain(case.off)}.",
        "text": MECHANISMS[case.off].text,
        "pairs": row.effects.full.pairs,
        "source": case.said.source,
    }


DOCS = f"""\
# Cases from the field

Made by `python -m trustsim.commands.cases_docs > docs/cases.md` from the files in
`configs/cases` and from their runs; `trustsim cases` shows the same, with a picture for each. A
test holds that the page and the folder list the same cases. What each claim leaves out, and why it
came out so, is told in the pages of the chapters.

{{summary}}

{NOTE}
"""

PAGES_OF_DOCS = {
    "V": "first_orders",
    "E": "principles",
    "R": "platforms",
    "A": "after_sale",
    "D": "details",
}
"""Pages of the docs by the letters of their chapters."""


def docs_page(rows: Sequence[Judged], files: Sequence[str]) -> str:
    """Page of the docs about cases, in Markdown."""
    parts = [DOCS.format(summary=count_sentence(rows))]
    for letter, title in CHAPTERS.items():
        mine = [row for row in rows if chapter_of(row.case.id) == letter]
        page = f"cases/{PAGES_OF_DOCS[letter]}.md"
        parts.append(f"## {letter} · {title}\n\nIn words: [{title}]({page}).\n")
        if mine:
            made = table(mine)
            cells = [made.header, ("---",) * len(made.header), *made.rows]
            bars = ([cell.replace("|", "\\|") for cell in row] for row in cells)
            parts.append("\n".join(f"| {' | '.join(row)} |" for row in bars) + "\n")
    lacking = missing(files)
    if lacking:
        parts.append(f"Claims that have no case yet: {', '.join(lacking)}.\n")
    return "\n".join(parts)
