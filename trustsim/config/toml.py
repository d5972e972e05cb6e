"""Reading TOML: files as tables, and the changes of the command line as what they change.

A path or ``path=value`` comes in; plain tables and values go out, none of them checked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trustsim.errors import ConfigError


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except IsADirectoryError:
        reason = "is a folder; a TOML file is needed"
    except FileNotFoundError:
        reason = "there is no such file"
    except UnicodeDecodeError as error:
        reason = f"is not a text file in UTF-8 (byte {error.start})"
    except tomllib.TOMLDecodeError as error:
        reason = f"is not valid TOML: {error}"
    except RecursionError:
        reason = "is nested too deeply"
    except (OSError, ValueError) as error:
        reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    raise ConfigError(f"{path}: {reason}")


def read_change(change: str) -> tuple[list[str], Any]:
    """Read a change ``path=value``: the keys of a dotted path, and a value as TOML has it.

    A bare word is text.
    """
    path, equals, text = (part.strip() for part in change.partition("="))
    if not equals or not path:
        raise ConfigError(f"--set {change}: must be path=value, such as market.buyers=50")
    keys: list[str] = []
    table = _loaded(f"{path} = 0")
    while isinstance(table, dict) and table:
        key, table = next(iter(table.items()))
        keys.append(key)
    if not keys:
        said = f"'{path}' is no dotted path; an example is market.buyers"
        raise ConfigError(f"--set {change}: {said}")
    written = _loaded(f"value = {text}")
    if set(written) == {"value"}:
        return keys, written["value"]
    try:
        return keys, float(text)
    except ValueError:
        return keys, text


def put(tables: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    """Put a value into nested tables, under keys that lead to it."""
    for key in keys[:-1]:
        tables = tables.setdefault(key, {})
    tables[keys[-1]] = value


def holds(tables: Any, keys: Sequence[str]) -> bool:
    """Whether nested tables have something under keys that lead to it."""
    for key in keys:
        if not isinstance(tables, Mapping) or key not in tables:
            return False
        tables = tables[key]
    return True


def _loaded(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
