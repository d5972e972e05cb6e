"""Writes the report of a results folder: one page that opens anywhere, and the figures beside it.

The page holds everything it shows. It refers to nothing outside itself, names from configs are
escaped, and the same results give the same page.
"""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

from trustsim import __version__
from trustsim.analysis.compare import compare
from trustsim.analysis.pairs import arm_runs, mean_interval
from trustsim.errors import ConfigError
from trustsim.report.answer import ENOUGH, PRECISION, answer, replication_sentence
from trustsim.report.figures.style import COLUMN, WIDE, footer, save
from trustsim.report.gallery import Picture, pictures
from trustsim.report.labels import decimals, half_width_text, number, percent, plain, plain_arms
from trustsim.report.limits import limits
from trustsim.report.results import Results, read_results
from trustsim.report.sections import MakeSection, Section
from trustsim.report.tables import (
    conduct_tables,
    difference_tables,
    measures_table,
    parameter_tables,
    provenance_table,
)

TEMPLATE = Path(__file__).with_name("template.html")

SECTIONS: tuple[MakeSection, ...] = ()
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
        A folder with ``runs.parquet``; ``rounds.parquet``, ``ages.parquet``, ``manifest.json`` and
        ``experiment.toml`` add what they hold.
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
        If the folder or its table of runs is missing, empty or unreadable.
    """
    folder = Path(folder)
    results = read_results(folder)
    shown = _show_all(results, pictures(results, confidence), confidence)
    made = [section for make in SECTIONS if (section := make(results, confidence)) is not None]
    sections = [ShownSection(each, _show_all(results, each.pictures, confidence)) for each in made]
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    labels = plain_arms(results.arms)
    page = template.render(
        title=plain(results.name),
        question=results.question,
        arms=[labels[arm] for arm in results.arms],
        baseline=labels[results.baseline],
        level=percent(confidence),
        answers=_answers(results, confidence),
        precision=_precision(results, confidence),
        shown=shown,
        sections=sections,
        limits=[(labels[limit.arm], limit) for limit in limits(results, confidence)],
        conduct=conduct_tables(results, confidence),
        measures=measures_table(results, confidence),
        differences=difference_tables(results, confidence),
        parameters=parameter_tables(results.experiment),
        provenance=provenance_table(results),
        runs=number(len(results.runs), 0),
        failures=results.failures,
        points=int(results.runs["point"].nunique()) if "point" in results.runs else 1,
        target=percent(PRECISION),
        enough=ENOUGH,
        version=__version__,
    )
    path = folder / "report.html"
    unfinished = path.with_suffix(".html.part")
    unfinished.write_text(page, encoding="utf-8")
    os.replace(unfinished, path)
    return path


def figure_metadata(results: Results, title: str) -> dict[str, str]:
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


def _show_all(results: Results, listed: Iterable[Picture], confidence: float) -> tuple[Shown, ...]:
    return tuple(_show(results, picture, confidence) for picture in listed)


def _show(results: Results, picture: Picture, confidence: float) -> Shown:
    """Draw and save a figure at both widths."""
    stems = {
        WIDE: results.folder / "figures" / picture.name,
        COLUMN: results.folder / "figures" / f"{picture.name}_column",
    }
    stems[WIDE].parent.mkdir(exist_ok=True)
    embedded = {}
    for width, stem in stems.items():
        try:
            axes = picture.draw(width)
        except ConfigError as error:
            for old in stems.values():  # a figure of earlier results must not stay behind
                for ending in (".png", ".svg"):
                    old.with_suffix(ending).unlink(missing_ok=True)
            return Shown(picture, reason=str(error))
        footer(axes[0], _footer(results, confidence))
        png, _ = save(axes[0], stem, figure_metadata(results, picture.title))
        embedded[width] = _embed(png)
    return Shown(picture, embedded[WIDE], embedded[COLUMN])


def _embed(png: Path) -> Embedded:
    content = png.read_bytes()
    width, height = struct.unpack(">II", content[16:24])  # the header of every PNG
    return Embedded(base64.b64encode(content).decode("ascii"), width, height)


def _footer(results: Results, confidence: float) -> str:
    counts = sorted({results.runs_of(arm) for arm in results.arms})
    runs = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    noun = "run" if counts == [1] else "runs"
    manifest: Mapping[str, object] = results.manifest
    return (
        f"{plain(results.name, 48)} · {runs} {noun} per arm · intervals: {percent(confidence)}, "
        f"Student t over runs · trustsim {manifest.get('model_version', __version__)} · "
        f"seed {_seed(results)} · digest {str(manifest.get('digest', 'unknown'))[:12]}"
    )


def _seed(results: Results) -> str:
    return str(results.manifest.get("seed", results.experiment.get("seed", "unknown")))


def _answers(results: Results, confidence: float) -> list[str]:
    """The sentences at the top of the page; with one arm only, what it costs."""
    if "total_cost" not in results.runs:
        return ["The table of runs has no total_cost, so that nothing can be compared."]
    if results.challengers:
        return answer(
            results.runs, results.rounds, results.baseline, results.arms, confidence,
            results.rounds_per_year,
        )  # fmt: skip
    values = arm_runs(results.runs, results.baseline)["total_cost"].astype(float).to_numpy()
    mean, half, n = (float(v) for v in mean_interval(values, confidence))
    places = decimals(half, mean)
    return [
        f"There is one arm only, {plain(results.baseline)}, and nothing to compare it with. It "
        f"costs {number(mean, places)} per accepted lot (± {half_width_text(half, places)}, "
        f"{percent(confidence)} interval, {number(n, 0)} runs)."
    ]


def _precision(results: Results, confidence: float) -> list[str]:
    """The replication rule, applied to each comparison."""
    sentences = []
    for arm in results.challengers:
        try:
            rows = compare(
                results.runs, arm, results.baseline, ["total_cost"], confidence, unpaired="drop"
            )
        except ConfigError:  # the answer gives the reason
            continue
        sentences.append(replication_sentence(rows.iloc[0], arm, results.baseline))
    return sentences
