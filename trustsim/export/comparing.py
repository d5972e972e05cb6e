"""Comparisons of a results folder in LaTeX, and its citation, as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trustsim.analysis.compare import compare
from trustsim.errors import ConfigError, clear_errors
from trustsim.experiment.storage.files import written
from trustsim.export.citing import bibtex, sentence
from trustsim.export.latex import COLUMNS, comparison_table
from trustsim.report.results import Reported


def write_comparisons(
    results: Reported,
    out: Path,
    arms: Sequence[str] = (),
    measures: Sequence[str] = (),
    columns: Sequence[str] = (),
    confidence: float = 0.95,
) -> list[Path]:
    """Write a LaTeX table for each comparison; of all challengers with the baseline unless told.

    Raises
    ------
    ConfigError
        If there is nothing to compare, or an arm, a measure or a column is unknown.
    """
    if arms and len(arms) != 2:
        raise ConfigError(f"--arms '{','.join(arms)}': must be two arms, A,B")
    pairs = [tuple(arms)] if arms else [(each, results.baseline) for each in results.challengers]
    if not pairs:
        raise ConfigError(f"{results.folder}: has one arm, and nothing to compare it with")
    paths = []
    with clear_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        for arm_a, arm_b in pairs:
            rows = compare(
                results.runs, arm_a, arm_b, list(measures) or None, confidence, **results.reading
            )
            if not measures:  # what happens in neither arm says nothing
                rows = rows[(rows["mean_a"] != 0.0) | (rows["mean_b"] != 0.0)]
            text = comparison_table(
                rows, arm_a, arm_b, columns=columns or COLUMNS, confidence=confidence,
                note=sentence(results.manifest),
            )  # fmt: skip
            name = "".join(c if c.isalnum() else "_" for c in f"{arm_a}_vs_{arm_b}")
            paths.append(out / f"{name}.tex")
            with written(paths[-1]) as file:
                file.write(text.encode("utf-8"))
    return paths


def write_citation(results: Reported, out: Path) -> Path:
    """Write how to cite trustsim and the results, for a bibliography."""
    with clear_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        path = out / "trustsim.bib"
        with written(path) as file:
            file.write(bibtex(results.manifest).encode("utf-8"))
    return path
