"""Reading TOML: files as tables, and the changes of the command line as what they change.

A path or ``path=value`` comes in; plain tables and values go out, none of them checked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trustsim.errors import ConfigError, at, refuse_strange, shown
from trustsim.schema.translation import leaves

DEEPEST = 20
"""Tables within tables that can be told apart by their paths; more than any file needs."""

LARGEST = 2**64
"""Size of whole numbers from which on they are no whole numbers of TOML."""


REASONS: dict[type[Exception], str] = {
    IsADirectoryError: "is a folder; a TOML file is needed",
    FileNotFoundError: "there is no such file",
    UnicodeDecodeError: "is not a text file in UTF-8 (byte {0.start})",
    tomllib.TOMLDecodeError: "is not valid TOML: {0}",
    RecursionError: "is nested too deeply",
    ConfigError: "{0}",
}
"""Why a file cannot be read."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file."""
    try:
        refuse_strange(path)
        return dict(_sound(tomllib.loads(path.read_bytes().decode("utf-8-sig"))))
    except (OSError, ValueError, RecursionError) as error:
        reason = REASONS.get(type(error), "cannot be read: {1}")
        said = reason.format(error, getattr(error, "strerror", None) or error)
    raise ConfigError(f"{path}: {said}")


def read_change(change: str) -> tuple[list[str], Any]:
    """Read a change ``path=value``: the keys of a dotted path, and a value as TOML has it.

    A bare word is text.
    """
    path, equals, text = (part.strip() for part in change.partition("="))
    if not equals or not path:
        raise ConfigError("must be path=value, such as market.buyers=50")
    paths = [named for named, _ in leaves(_loaded(f"{path} = 0"))]
    if len(paths) != 1:
        raise ConfigError(f"'{path}' is no dotted path; an example is market.buyers")
    value: Any = text
    written = _loaded(f"value = {text}")
    with suppress(ValueError):
        value = float(text)
    return paths[0].split("."), written["value"] if set(written) == {"value"} else value


def put(tables: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    """Put a value into nested tables, under keys that lead to it."""
    for depth, key in enumerate(keys[:-1]):
        tables = tables.setdefault(key, {})
        if not isinstance(tables, dict):
            raise ConfigError(f"{'.'.join(keys[: depth + 1])} is {shown(tables)}, not a table")
    tables[keys[-1]] = value


def inside(tables: Any, keys: Sequence[str]) -> Any:
    """Give what nested tables have under keys that lead to it; None if they have nothing there."""
    for key in keys:
        tables = tables.get(key) if isinstance(tables, Mapping) else None
    return tables


def _loaded(text: str) -> dict[str, Any]:
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
    return dict(_sound(tables))


def _sound(value: Any, key: str = "", depth: int = 0) -> Any:
    """Give a value; refuse what TOML has no room for, and tables within tables without end."""
    if depth > DEEPEST:
        raise ConfigError(f"{shown(key)} is nested too deeply")
    if isinstance(value, int) and abs(value) >= LARGEST:
        raise ConfigError(f"{at('', key, value, given=True)}allowed: whole numbers of 64 bits")
    for name, inner in value.items() if isinstance(value, dict) else ():
        _sound(inner, f"{key}.{name}" if key else name, depth + 1)
    for each in value if isinstance(value, list) else ():
        _sound(each, key, depth + 1)
    return value
