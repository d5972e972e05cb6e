"""Writes the report of a results folder: one page that opens anywhere, and the figures beside it.

The page holds everything it shows. It refers to nothing outside itself, names from configs are
escaped, and the same results give the same page.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from trustsim import __version__
from trustsim.errors import ConfigError, clear_errors
from trustsim.experiment.storage.files import written
from trustsim.report.figures.style import COLUMN, WIDE, footer, our_style, save
from trustsim.report.results import Reported, read_results
from trustsim.report.sections import (
    ablation,
    alone,
    comparison,
    discovery,
    precision,
    sensitivity,
    temptations,
)
from trustsim.report.sections.gallery import Picture, pictures
from trustsim.report.sections.section import MakeSection, Section
from trustsim.report.sections.tables import (
    conduct_tables,
    measures_table,
    parameter_tables,
    provenance_table,
)
from trustsim.report.words.answer import ENOUGH, PRECISION
from trustsim.report.words.answers import FULL_MARKET, answers, mean_sentence, precision_sentences
from trustsim.report.words.brief import brief
from trustsim.report.words.glossary import explained
from trustsim.report.words.labels import number, percent, plain, plain_arms
from trustsim.report.words.limits import limits

PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
"""Templates of pages, and what they share."""


UNITS = {"replicates": "runs", "points": "points", "both": "points and replicates"}

SECTIONS: tuple[MakeSection, ...] = (
    alone.section,
    comparison.section,
    ablation.section,
    precision.section,
    discovery.section,
    sensitivity.section,
    temptations.section,
)
"""Makers of the sections after the figures, in the order of the page."""


@dataclass(frozen=True)
class Embedded:
    """A PNG as the page embeds it: base64 text and its size in pixels."""

    data: str
    width: int
    height: int


@dataclass(frozen=True)
class Shown:
    """A figure in the page: drawn at both widths, or the reason why it could not be drawn."""

    picture: Picture
    wide: Embedded | None = None
    column: Embedded | None = None
    reason: str = ""


@dataclass(frozen=True)
class ShownSection:
    """A section in the page, with its figures."""

    section: Section
    shown: tuple[Shown, ...]


def write_report(folder: Path, confidence: float = 0.95) -> Path:
    """Write ``report.html`` and ``figures/`` into a results folder.

    Parameters
    ----------
    folder : Path
        A folder with ``runs.parquet``; the tables of policies, rounds, ages and temptations, the
        manifest and ``experiment.toml`` add what they hold.
    confidence : float
        Level of all intervals, between 0 and 1.

    Returns
    -------
    Path
        The page. Each figure is saved as ``figures/<name>`` for the width of a page and
        ``figures/<name>_column`` for a column or a phone, as PNG and as SVG.

    Raises
    ------
    ConfigError
        If the folder or its table of runs is missing, empty or unreadable, or if nothing can be
        written.
    """
    results = read_results(folder)
    folder = results.folder
    _ = (
        results.policies,
        results.rounds,
        results.ages,
        results.temptations,
    )  # what cannot be read is refused before anything is drawn
    student = f", Student t over {UNITS[results.reading['over']]}"
    shown = show_all(results, pictures(results, confidence), confidence, student)
    made = [section for make in SECTIONS if (section := make(results, confidence)) is not None]
    sections = [ShownSection(each, show_all(results, each.pictures, confidence)) for each in made]
    labels = plain_arms(results.arms)
    told = answers(results, confidence)
    captions = [each.picture.caption for each in shown]
    captions += [text for each in made for text in (*each.sentences, *each.notes)]
    full_market = "" if results.ablated is None else FULL_MARKET
    page = PAGES.get_template("template.html").render(
        title=plain(results.name),
        question=results.question,
        arms=[labels[arm] for arm in results.arms],
        baseline=labels[results.baseline],
        level=percent(confidence),
        brief=brief(results, confidence),
        words=explained(" ".join([*told, *captions])),
        answers=told,
        precision=precision_sentences(results, confidence),
        shown=shown,
        sections=sections,
        limits=[(labels[limit.arm], limit) for limit in limits(results, confidence)],
        conduct=conduct_tables(results, confidence),
        measures=measures_table(results, confidence),
        parameters=parameter_tables(results.experiment),
        provenance=provenance_table(results),
        runs=number(len(results.runs if results.ablated is None else results.ablated), 0),
        failures=results.failures,
        points=results.points,
        mean=mean_sentence(results) if results.points > 1 else full_market,
        target=percent(PRECISION),
        enough=ENOUGH,
        version=__version__,
    )
    path = folder / "report.html"
    with written(path) as file:
        file.write(page.encode("utf-8"))
    return path


def figure_metadata(results: Reported, title: str) -> dict[str, str]:
    """Provenance that goes into every figure's file, under Dublin Core names."""
    manifest = results.manifest
    version = str(manifest.get("model_version", __version__))
    return {
        "Title": f"{plain(results.name)}: {title}",
        "Creator": f"trustsim {version}",
        "Source": plain(results.name),
        "Identifier": f"digest {manifest.get('digest', 'unknown')}",
        "Description": f"config {plain(results.name)}; model version {version}; "
        f"seed {_seed(results)}; git {manifest.get('git', 'unknown')}",
    }


def show(folder: Path, picture: Picture, line: str, metadata: Mapping[str, str]) -> Shown:
    """Draw a figure at both widths and save it in ``figures/``.

    Parameters
    ----------
    folder : Path
        Where ``figures/`` is, or will be.
    picture : Picture
        The figure.
    line : str
        Its foot: what it is from.
    metadata : mapping of str
        Provenance for its files, under Dublin Core names.

    Returns
    -------
    Shown
        The figure as the page embeds it, or why it cannot be drawn.
    """
    stems = {
        WIDE: folder / "figures" / picture.name,
        COLUMN: folder / "figures" / f"{picture.name}_column",
    }
    stems[WIDE].parent.mkdir(exist_ok=True)
    embedded = {}
    for width, stem in stems.items():
        with our_style():
            try:
                axes = picture.draw(width)
            except ConfigError as error:
                for old in stems.values():  # a figure of earlier results must not stay behind
                    for ending in (".png", ".svg"):
                        old.with_suffix(ending).unlink(missing_ok=True)
                return Shown(picture, reason=str(error))
            footer(axes[0], line)
            png, _ = save(axes[0], stem, metadata)
        embedded[width] = _embed(png)
    return Shown(picture, embedded[WIDE], embedded[COLUMN])


def show_all(
    results: Reported, listed: Iterable[Picture], confidence: float, intervals: str = ""
) -> tuple[Shown, ...]:
    """Save and show figures of a folder; `intervals` says in their foot how these were made."""
    line = _footer(results, confidence, intervals)
    with clear_errors(results.folder / "figures"):
        return tuple(
            show(results.folder, each, line, figure_metadata(results, each.title))
            for each in listed
        )


def _embed(png: Path) -> Embedded:
    content = png.read_bytes()
    width, height = struct.unpack(">II", content[16:24])  # the header of every PNG
    return Embedded(base64.b64encode(content).decode("ascii"), width, height)


def _footer(results: Reported, confidence: float, intervals: str) -> str:
    runs = _range([results.runs_of(arm) for arm in results.arms])
    what = f"{runs} {'run' if runs == '1' else 'runs'} per arm"
    if results.points > 1:
        what += f" at {results.points} points"
    manifest: Mapping[str, object] = results.manifest
    return (
        f"{plain(results.name, 48)} · {what} · intervals: {percent(confidence)}{intervals} · "
        f"trustsim {manifest.get('model_version', __version__)} · "
        f"seed {_seed(results)} · digest {str(manifest.get('digest', 'unknown'))[:12]}"
    )


def _range(counts: Sequence[int]) -> str:
    few, many = min(counts), max(counts)
    return str(few) if few == many else f"{few} to {many}"


def _seed(results: Reported) -> str:
    return str(results.manifest.get("seed", results.experiment.get("seed", "unknown")))
