"""Short forms of what a prompt or a notebook shows: a line of text, a small table of HTML.

Names and values come in; text goes out that is no longer than a reader needs. What is not plain
text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

LONGEST = 72
"""Letters of a value that are shown; what is cut off ends in three dots."""


def value_text(value: Any) -> str:
    """Write a value: numbers in four digits, a function by its name, what is long cut off."""
    if isinstance(value, bool) or value is None:
        text = str(value)
    elif isinstance(value, float):
        text = f"{value:.4g}"
    elif isinstance(value, int):
        text = f"{value:,}"
    elif isinstance(value, Mapping):
        text = ", ".join(f"{name} {value_text(inner)}" for name, inner in value.items())
    elif callable(value):
        text = str(getattr(value, "__name__", value))
    elif isinstance(value, list | tuple):
        text = ", ".join(map(value_text, value))
    else:
        text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def html_table(title: str, rows: Iterable[Sequence[Any]], header: Sequence[str] = ()) -> str:
    """Write a small table for a notebook.

    Parameters
    ----------
    title : str
        What stands above it.
    rows : iterable of sequences
        Cells; numbers stand right.
    header : sequence of str, optional
        Heads of the columns.
    """
    head = "".join(f"<th>{escape(each)}</th>" for each in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f"<div><strong>{escape(title)}</strong><table>{top}<tbody>{body}</tbody></table></div>"


def _cell(value: Any) -> str:
    right = isinstance(value, int | float) and not isinstance(value, bool)
    style = ' style="text-align:right"' if right else ' style="text-align:left"'
    return f"<td{style}>{escape(value_text(value))}</td>"
