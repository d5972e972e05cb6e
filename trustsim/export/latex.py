"""A comparison as a LaTeX table for a paper: booktabs, escaped, chosen columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from trustsim.errors import ConfigError, known
from trustsim.report.words.labels import decimals, measure_label, number, percent, plain

ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "−": "$-$", "–": "--", "∞": r"$\infty$", "\N{NARROW NO-BREAK SPACE}": r"\,",
    "\N{NO-BREAK SPACE}": "~", "±": r"$\pm$", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
"""Letters that mean something else in LaTeX, or nothing."""

COLUMNS = ("mean_a", "mean_b", "difference", "interval")
HEADS = {
    "mean_a": "{a}",
    "mean_b": "{b}",
    "difference": "difference",
    "interval": "{level} interval",
    "relative": "relative",
    "effect_size": "$d_z$",
    "p_value": "$p$",
    "p_adjusted": "$p$ (adjusted)",
    "n": "pairs",
    "verdict": "verdict",
}
"""Columns that there are, and their heads."""


def escaped(text: str) -> str:
    """Write text so that LaTeX shows it as it stands."""
    return "".join(ESCAPED.get(letter, letter) for letter in text)


def comparison_table(
    rows: pd.DataFrame,
    arm_a: str,
    arm_b: str,
    *,
    columns: Sequence[str] = COLUMNS,
    confidence: float = 0.95,
    note: str = "",
) -> str:
    """Write a comparison as a ``tabular`` of booktabs.

    Parameters
    ----------
    rows : DataFrame
        What `trustsim.compare` gives.
    arm_a, arm_b : str
        The arms that were compared.
    columns : sequence of str
        Some of `HEADS`, in the order in which they are to stand.
    confidence : float
        Level of the intervals.
    note : str
        A comment at the top: where the figures are from.

    Raises
    ------
    ConfigError
        If there is no such column, or none at all.
    """
    if not columns:
        raise ConfigError(f"--columns: name at least one of {', '.join(HEADS)}")
    for name in columns:
        known(name, HEADS, f"--columns '{name}': no such column of a comparison")
    names = {"a": escaped(plain(arm_a)), "b": escaped(plain(arm_b))}
    heads = [HEADS[c].format(**names, level=escaped(percent(confidence))) for c in columns]
    lines = [f"% {' '.join(note.split())}"] if note else []
    lines += [rf"\begin{{tabular}}{{l{'r' * len(columns)}}}", r"\toprule"]
    lines += [rf"measure & {' & '.join(heads)} \\", r"\midrule"]
    for row in rows.to_dict("records"):
        cells = [escaped(_cell(row, column)) for column in columns]
        lines.append(rf"{escaped(measure_label(row['measure']))} & {' & '.join(cells)} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _cell(row: dict[Any, Any], column: str) -> str:
    """Write a value, rounded by the interval of its difference."""
    places = decimals(float(row["half_width"]), float(row["difference"]))
    if column == "interval":
        return f"{number(float(row['low']), places)} to {number(float(row['high']), places)}"
    value = row[column]
    if column == "verdict":
        return str(value)
    if column == "n":
        return number(float(value), 0)
    if column == "relative":
        return percent(float(value), 1)
    if column in ("p_value", "p_adjusted"):
        return "< 0.001" if value < 0.001 else number(float(value), 3)
    return number(float(value), 2 if column == "effect_size" else places)
