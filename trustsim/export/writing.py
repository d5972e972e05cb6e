"""One way in for all that is exported: results, a kind, and what of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trustsim.errors import known
from trustsim.export.comparing import write_citation, write_comparisons
from trustsim.export.tables import WRITERS, write_tables
from trustsim.report.results import Reported

TEXTS = ("tex", "bib")
FIGURES = ("pdf", "eps", "tiff")
KINDS = (*WRITERS, *TEXTS, *FIGURES)
"""All that can be written."""


def write(
    results: Reported, out: Path, kind: str, names: Sequence[str] = (), **options: Any
) -> list[Path]:
    """Write tables, comparisons, a citation or figures; see `trustsim.study.Results.export`."""
    known(kind, KINDS, f"--format '{kind}': no such format")
    if kind in WRITERS:
        return write_tables(results.folder, out, kind, names)
    if kind == "bib":
        return [write_citation(results, out)]
    if kind == "tex":
        return write_comparisons(results, out, measures=names, **options)
    from trustsim.export.figures import write_figures

    return write_figures(results, out, kind, names=names, **options)
