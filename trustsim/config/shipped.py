"""Experiments that are shipped: found by name, wherever trustsim is installed.

A wheel holds them beside the package; a checkout has them in its folder ``configs``, which is the
one source of both.
"""

from __future__ import annotations

import os
import re
import tomllib
from functools import cache
from pathlib import Path

from trustsim.config.paths import path_of
from trustsim.errors import ConfigError, nearest, shown

PACKAGE = Path(__file__).parents[1]
PLACES = ("", "cases", "calibration", "replications")
"""Folders of experiments in ``configs``."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def shipped_folder(name: str) -> Path:
    """Give the folder of what is shipped: ``configs``, ``docs`` or ``experiments``."""
    beside = PACKAGE / "shipped" / name
    return beside if beside.is_dir() else PACKAGE.parent / name


@cache
def shipped() -> dict[str, Path]:
    """Give the shipped experiments, cases and calibrations by name; cases by their ids."""
    home = shipped_folder("configs")
    files = [path for place in PLACES for path in (home / place).glob("*.toml")]
    found = {_id(path): path for path in files}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].parent.name, *_order(pair[0]))))


def question_of(path: Path) -> str:
    """Give the question of an experiment file, or its name."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return str(tables.get("question") or tables.get("name") or path.stem)


def experiment_path(path: str | os.PathLike[str]) -> Path:
    """Give the path of an experiment file, or of the shipped experiment of a name.

    A file or folder that is there comes first; what ends in ``.toml`` or has a slash is a path.

    Raises
    ------
    ConfigError
        If no file is there and no shipped experiment has the name.
    """
    found = path_of(path)
    text = os.fspath(path)
    if not isinstance(path, str | Path) or found.exists() or not NAME.fullmatch(text):
        return found
    names = shipped()
    by_any_case = {name.lower(): name for name in names}
    if text.lower() not in by_any_case:
        close = nearest(text, names)
        advice = "trustsim list has those that are shipped"
        raise ConfigError(
            f"{shown(text)}: there is no such file, and no shipped experiment of this name{close}; "
            f"{advice}"
        )
    return names[by_any_case[text.lower()]]


def _id(path: Path) -> str:
    return path.stem.upper() if path.parent.name == "cases" else path.stem


def _order(name: str) -> tuple[str, int]:
    """Order of ids: A2 before A10."""
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or 0)
