"""Paths as people write them; every path that comes in passes through here once."""

from __future__ import annotations

import os
from pathlib import Path

from trustsim.errors import ConfigError, shown


def path_of(path: str | os.PathLike[str]) -> Path:
    """Give a path, with ``~`` and ``~name`` at its beginning replaced by that home folder.

    Raises
    ------
    ConfigError
        If there is no such home folder, or it can be no path at all.
    """
    if not isinstance(path, str | os.PathLike):
        raise ConfigError(f"{shown(path)}: is no path; give text or a pathlib.Path")
    if "\0" in os.fspath(path):
        raise ConfigError(f"{shown(str(path))}: is no path: it holds a character of code 0")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        advice = f"write ./{path} for a folder of this name"
        raise ConfigError(f"{path}: there is no such home folder; {advice}") from None
