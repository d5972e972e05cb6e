"""How to cite trustsim, and the results of one experiment: BibTeX and a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from trustsim import __version__
from trustsim.export.latex import escaped
from trustsim.report.words.labels import plain

TITLE = (
    "trustsim: high-trust against adversarial purchasing, an agent-based model of buyers and "
    "suppliers"
)
AUTHORS = "The trustsim authors"


def bibtex(manifest: Mapping[str, Any] | None = None) -> str:
    """Write an entry for a bibliography; with the manifest of results, one for these, too."""
    entries = [
        "@software{trustsim,\n"
        f"  author  = {{{{{AUTHORS}}}}},\n"
        f"  title   = {{{TITLE}}},\n"
        f"  version = {{{__version__}}}\n}}\n"
    ]
    if manifest is not None:
        key = re.sub(r"\W+", "_", str(manifest["name"])).strip("_") or "results"
        entries.append(
            f"@misc{{trustsim_{key},\n"
            f"  author = {{{{{AUTHORS}}}}},\n"
            f"  title  = {{Results of the experiment {escaped(plain(str(manifest['name'])))}}},\n"
            f"  note   = {{trustsim {escaped(str(manifest['model_version']))}, seed "
            f"{manifest['seed']}, {manifest['runs_done']} runs, digest {manifest['digest']}}}\n}}\n"
        )
    return "\n".join(entries)


def sentence(manifest: Mapping[str, Any] | None = None) -> str:
    """Write how to cite in a text."""
    said = f"{AUTHORS}. {TITLE}, version {__version__}."
    if manifest is None:
        return said
    return (
        f"{said} Experiment {plain(str(manifest['name']))}: seed {manifest['seed']}, "
        f"{manifest['runs_done']} runs, model version {manifest['model_version']}, digest "
        f"{manifest['digest']}."
    )
