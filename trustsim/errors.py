"""The one error for bad input, and the suggestion that goes with a mistyped name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConfigError(ValueError):
    """Input that cannot be used; ``str(error)`` is the whole message for the user."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Give ``' (did you mean "x"?)'`` for the allowed name nearest to `name`, or an empty text."""
    matches = difflib.get_close_matches(name, list(allowed), n=1)
    return f' (did you mean "{matches[0]}"?)' if matches else ""
