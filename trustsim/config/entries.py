"""Named rows of a TOML file: a policy, an instrument or a market with its words and its values.

The built-in library and a user's config use the same form: a table per row, with ``description``
and ``source`` beside the parameters. A value may be bare or carry its own source, as in
``{ value = 1.0, source = "..." }``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trustsim.errors import ConfigError, at, shown
from trustsim.schema.checking import Kind, check

WORDS = ("description", "source", "based_on")
LONGEST_NAME = 80


@dataclass(frozen=True)
class Entry:
    """One row as it stands in a file.

    Attributes
    ----------
    values : dict
        Checked values of the parameters that are given.
    sources : dict of str
        Sources of single values, where given.
    description, source : str
        Words about the row as a whole.
    based_on : str
        The row that it changes; empty if none is named.
    """

    values: dict[str, Any]
    sources: dict[str, str] = field(default_factory=dict)
    description: str = ""
    source: str = ""
    based_on: str = ""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigError
        If there is no such file, or it is a folder, unreadable, no text or no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; a TOML file is needed") from None
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            reason = f"is not a text file in UTF-8 (byte {error.start})"
        else:
            reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigError(f"{path}: {reason}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply") from None


def check_name(name: object, what: str, key: str, file: str = "") -> str:
    """Check the name of a policy, an instrument or an arm.

    Raises
    ------
    ConfigError
        If it is empty, too long, or has characters that cannot be printed.
    """
    text = name if isinstance(name, str) else ""
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise ConfigError(
            at(file, key) + f"{shown(name)} cannot name {what}; allowed: 1 to {LONGEST_NAME} "
            "printable characters"
        )
    if text == "all":
        raise ConfigError(at(file, key) + f"'all' cannot name {what}: it stands for all of them")
    return text


def read_entry(
    kind: Kind, table: object, key: str, file: str = "", also: tuple[str, ...] = ()
) -> Entry:
    """Check a table of parameters with its words.

    Parameters
    ----------
    kind : Kind
        Which parameters may stand in it.
    table : object
        The table; anything else is refused.
    key, file : str
        Where it stands, for messages.
    also : tuple of str
        Further keys, taken out before, for the suggestion of a name.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(at(file, key, table, given=True) + "must be a table of parameters")
    words: dict[str, str] = {}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, value in table.items():
        if name in WORDS:
            words[name] = check_text(value, f"{key}.{name}", file)
        elif isinstance(value, Mapping) and "value" in value and set(value) <= {"value", "source"}:
            values[name] = value["value"]
            if "source" in value:
                sources[name] = check_text(value["source"], f"{key}.{name}.source", file)
        else:
            values[name] = value
    return Entry(check(kind, values, key, file, (*also, *WORDS)), sources, **words)


def check_text(value: object, key: str, file: str = "") -> str:
    """Check that a value is text."""
    if not isinstance(value, str):
        raise ConfigError(at(file, key, value, given=True) + "allowed: text in quotes")
    return value
