"""A validation in words: lines for the command line, a page, and the page of the docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trustsim import __version__
from trustsim.config.paths import path_of
from trustsim.errors import ConfigError, clear_errors
from trustsim.experiment.storage.seals import MANIFEST
from trustsim.report.page import write_page
from trustsim.report.sections.published import (
    PUBLISHED_NOTE,
    published_lines,
    published_pictures,
    published_tables,
)
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table
from trustsim.report.words.labels import decimals, number
from trustsim.validation.known.answer import Found
from trustsim.validation.measuring import LEVEL, REPLICATIONS, SMALL, Effect, Measured
from trustsim.validation.published.run import RUNS
from trustsim.validation.signs import signs
from trustsim.validation.validate import Validation

PAGE = "validate.html"
NAME = "validation"
QUESTION = (
    "Does the model give the answers that are known, the signs that theory gives, and what was "
    "published of people and markets?"
)
LINE = f"intervals: 95 % · trustsim {__version__}"
SIGN = {-1: "falls", 0: "no effect", 1: "rises"}
NAMES = {
    "known": ("known answer", "known answers"),
    "signs": ("sign", "signs"),
    "published": ("published figure", "published figures"),
}

SIGNS_NOTE = (
    f"Means on the low and the high side, mean paired difference with its 95 % interval (Student t "
    f"over pairs of runs with the same luck, {REPLICATIONS} unless the row asks for more). Right: "
    f"the sign is shown, all rows together at {LEVEL:.0%} (Holm 1979). Wrong: the opposite is "
    "shown, or nothing is seen of an effect and one that matters is excluded (the smallest that "
    f"the row names, or {SMALL:.0%} of the level), or it stays without the mechanism that it is "
    "said to go through. Explained: wrong, with a reason. Undecided: neither is shown."
)
KNOWN_NOTE = (
    "Looked up in the compiled market, set up as the limiting case. Right: within luck and "
    "rounding of the closed form."
)


def lines(found: Validation) -> Iterator[str]:
    """Give a line for each known answer and each sign, and what they come to."""
    if found.known:
        width = max(len(each.known.name) for each in found.known)
        for each in found.known:
            row = each.known
            yield (
                f"{each.verdict:9}  {row.name:{width}}  {row.what}  known {number(row.answer, 4)} "
                f"({row.source})  found {number(each.value, 4)}"
            )
    if found.signs:
        width = max(len(each.sign.id) for each in found.signs)
        for each_sign in found.signs:
            sign = each_sign.sign
            yield (
                f"{each_sign.verdict:9}  {sign.id:{width}}  {sign.what}  {SIGN[sign.expected]} "
                f"({sign.source})  {came_out(each_sign)}"
            )
    yield from published_lines(found.published)
    yield from sentences(found)


def sentences(found: Validation) -> list[str]:
    """Say what a validation comes to."""
    said = []
    for part, (one, many) in NAMES.items():
        counts = found.counts(part)
        if counts:
            total = sum(counts.values())
            listed = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
            said.append(f"{total} {one if total == 1 else many}: {listed}.")
    missed = [row.name for row in found.published if row.verdict == "explained"]
    if missed:
        said.append(f"Published figures that are missed, with the reason: {', '.join(missed)}.")
    wrong = [each.known.name for each in found.known if each.verdict == "wrong"]
    wrong += [each.sign.id for each in found.signs if each.verdict == "wrong"]
    wrong += [row.name for row in found.published if row.verdict == "wrong"]
    if wrong:
        said.append(f"Wrong without an explanation: {', '.join(wrong)}.")
    return said


def came_out(each: Measured) -> str:
    """Say what came out of a sign, in figures."""
    effect = each.effect
    if not effect.pairs:
        return "could not be measured"
    places = decimals(effect.half_width, effect.difference)
    text = (
        f"{number(effect.low, places)} -> {number(effect.high, places)}: "
        f"{_difference(effect, places)}"
    )
    if each.without is not None:
        names = " and ".join(name.replace("_", " ") for name in each.sign.through)
        text += f"; without {names} {_difference(each.without, places)}"
    return f"{text}; {each.why}" if each.why else text


def _difference(effect: Effect, places: int) -> str:
    low, high = (effect.difference + side * effect.half_width for side in (-1, 1))
    return (
        f"{'+' if effect.difference > 0 else ''}{number(effect.difference, places)} "
        f"[{number(low, places)}, {number(high, places)}]"
    )


def tables(found: Validation) -> tuple[Table, ...]:
    """Give the tables of the page."""
    made: list[Table] = published_tables(found.published)
    head: tuple[str, ...]
    if found.signs:
        head = ("sign", "what", "expected", "source", "came out", "verdict", "explanation")
        made.append(Table("Signs", head, tuple(map(_sign_cells, found.signs)), SIGNS_NOTE))
        none = tuple(signs().no_sign.items())
        made.append(Table("Parameters without a sign", ("parameter", "why"), none))
    if found.known:
        head = ("case", "what", "known", "source", "found", "verdict")
        rows = tuple(map(_known_cells, found.known))
        made.append(Table("Known answers", head, rows, KNOWN_NOTE))
    return tuple(made)


def _sign_cells(each: Measured) -> tuple[str, ...]:
    sign = each.sign
    return (
        sign.id,
        sign.what,
        SIGN[sign.expected],
        sign.source,
        came_out(each),
        each.verdict,
        sign.explanation,
    )


def _known_cells(each: Found) -> tuple[str, ...]:
    row = each.known
    return (
        row.name,
        row.what,
        number(row.answer, 4),
        row.source,
        number(each.value, 4),
        each.verdict,
    )


def refuse_results(folder: str | Path) -> Path:
    """Give a folder back, unless it holds results of another kind.

    Raises
    ------
    ConfigError
        If an experiment's results are in it.
    """
    folder = path_of(folder)
    if (folder / MANIFEST).exists():
        said = "holds the results of an experiment; a validation needs a folder of its own"
        raise ConfigError(f"{folder}: {said} (--out)")
    return folder


def write_validation(folder: str | Path, found: Validation) -> Path:
    """Write ``validate.html`` into a folder.

    Raises
    ------
    ConfigError
        If it cannot be written.
    """
    folder = path_of(folder)
    with clear_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    notes = (PUBLISHED_NOTE,) if found.published else ()
    section = Section(
        "validation",
        "What came out",
        tuple(sentences(found)),
        published_pictures(found.published),
        tables(found),
        notes,
    )
    provenance = {"model version": __version__, "digest": found.digest}
    return write_page(
        folder, NAME, QUESTION, section, line=LINE, provenance=provenance, page_name=PAGE
    )


DOCS = f"""\
# Signs

Made by `python -m trustsim.commands.signs > docs/signs.md` from `trustsim/library/signs.toml` and
from the runs themselves, which take some minutes; `trustsim validate` shows the same. A test holds
that the page and the file list the same rows. Full references stand in
[Calibration](calibration.md#sources).

{{summary}}

{SIGNS_NOTE}"""


def docs_page(found: Validation) -> str:
    """Page of the docs about signs, in Markdown."""
    made, *others = tables(found)
    parts = [DOCS.format(summary=" ".join(sentences(found))), _markdown(made)]
    parts += [f"## {table.title}\n\n{_markdown(table)}" for table in others if table.rows]
    return "\n\n".join(parts) + "\n"


REPLICATIONS_DOCS = """\
# Published results

Made by `python -m trustsim.commands.replications > docs/replications.md` from
`trustsim/library/published` and from the runs themselves (the full set); `trustsim validate --only
published --full` shows the same, with a picture for each source. A test holds that the page and
the files list the same figures. How each is done again, and what fails and why, is told in a page
of each source.

{summary}

{note}"""


def replications_page(found: Validation) -> str:
    """Page of the docs about published results, in Markdown."""
    parts = [REPLICATIONS_DOCS.format(summary=" ".join(sentences(found)), note=PUBLISHED_NOTE)]
    for table in published_tables(found.published):
        told = table.title.partition(" ")[0]
        link = f"In words: [{told}](replications/{told}.md).\n\n" if told in RUNS else ""
        parts.append(f"## {table.title}\n\n{table.note}\n\n{link}{_markdown(table)}")
    return "\n\n".join(parts) + "\n"


def _markdown(table: Table) -> str:
    rows = [table.header, ("---",) * len(table.header), *table.rows]
    cells = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
