"""The section of the report on temptations: what was expected of giving in, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from trustsim.analysis.temptations import WHAT, expected_and_happened
from trustsim.report.results import Reported
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table
from trustsim.report.words.labels import decimals, half_width_text, number, percent, plain_arms

ENOUGH = 100
"""Times from which a mean is told: one of so many chances of a half has a standard error of .05."""
WITHIN = 0.2
"""Expected and happened agree if they differ by no more than this part of the larger."""
NAMES = {
    "shade": "a supplier shades quality",
    "abscond": "a supplier keeps a prepayment",
    "pay_late": "a buyer pays late on purpose",
    "deny": "a buyer denies a debt",
    "wrong_a_buyer": "a buyer is wronged",
    "wrong_a_supplier": "a supplier is wronged",
}
WORDS = {
    "gain": "the gain", "found": "the chance to be found out", "loss": "the loss",
    "relation": "the worth of the relation that is lost",
}  # fmt: skip
LEAVES = ("wrong_a_buyer", "wrong_a_supplier")
"""Rows that tell how often a wronged partner leaves, and of nothing to gain or lose."""
NOTE = (
    "Means a time over all runs of the arm, in money; ± half of the {level} interval of what came "
    "less what was expected. Found: the chance that it comes out (who pays late is found out for "
    "sure); of who is wronged, that it leaves. Losses are money alone; relation: the worth of what "
    "is lost of the relation. A good conscience is weighed, too. What is still owed at the end has "
    "come to nothing yet: short runs show less than was expected."
)


def section(results: Reported, confidence: float = 0.95) -> Section | None:
    """Section of the report; None if the folder keeps no temptations, or nobody gave in to any."""
    table = results.temptations
    if table is None or not (table["times"] > 0).any():
        return None
    found = expected_and_happened(table, confidence)
    found = found[found["times"] > 0]
    labels = plain_arms(results.arms)
    rows = tuple(_cells(row, labels[str(row["arm"])]) for row in found.to_dict("records"))
    header = ("who gave in, and to what", "times a run", *HEADER)
    return Section(
        "temptations", "What temptations were expected to bring, and what they brought",
        _sentences(found, labels),
        tables=(Table("Expected and happened", header, rows, NOTE.format(level=percent(confidence)),
                      folded="narrow"),),
    )  # fmt: skip


HEADER = (
    "gain expected", "gain that came", "found expected", "found that came", "loss expected",
    "loss that came", "relation expected", "relation that went",
)  # fmt: skip


def _cells(row: dict[Hashable, Any], arm: str) -> tuple[str, ...]:
    kind = str(row["temptation"])
    cells = [f"{arm}: {NAMES.get(kind, kind)}", number(row["times"], 1)]
    for what in WHAT:
        if (kind in LEAVES and what != "found") or (kind == "pay_late" and what == "found"):
            cells += ["–", "–"]
            continue
        half = row[f"{what}_half_width"]
        places = decimals(half, row[f"{what}_happened"])
        told = f" ± {half_width_text(half, places)}" if math.isfinite(half) else ""
        cells.append(number(row[f"{what}_expected"], places))
        cells.append(number(row[f"{what}_happened"], places) + told)
    return tuple(cells)


def _sentences(found: pd.DataFrame, labels: dict[str, str]) -> tuple[str, ...]:
    """Say whether who gave in was right on average, where that can be told."""
    often = found[found["times"] * found["runs"] >= ENOUGH]
    if often.empty:
        return (f"Nobody gave in often enough to tell ({ENOUGH} times).",)
    wrong = []
    for row in often.to_dict("records"):
        for what in ("found",) if row["temptation"] in LEAVES else WHAT:
            expected, came = row[f"{what}_expected"], row[f"{what}_happened"]
            if abs(expected - came) > WITHIN * max(abs(expected), abs(came)):
                kind = str(row["temptation"])
                which = "how often it leaves" if kind in LEAVES else WORDS[what]
                wrong.append(f"{labels[str(row['arm'])]}, {NAMES.get(kind, kind)}: {which}")
    told = (
        f"Calculating agents that gave in met what they expected, to {percent(WITHIN)}, in all "
        f"{len(often)} cases that arose {ENOUGH} times or more."
    )
    if wrong:
        told = (
            f"Among what arose {ENOUGH} times or more ({len(often)} cases), what came differs from "
            f"what was expected by more than {percent(WITHIN)} in: {'; '.join(wrong)}."
        )
    return (told,)
