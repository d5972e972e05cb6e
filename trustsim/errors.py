"""What is said to the author of a config or a call that cannot be used.

One exception for all bad input: its text is the whole message and names the file, the key, the
value, what is allowed and the nearest valid name. Anything else that goes wrong is a defect of the
program and keeps its traceback.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from unicodedata import category

LONGEST_VALUE = 80
LONGEST_LIST = 12
MOST_LISTED = 80

STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories of letters that are not seen but steer: controls, formats, line ends."""


class ConfigError(ValueError):
    """Bad input; ``str(error)`` is the whole message, whose lines hold nothing that steers."""

    def __init__(self, message: object = "") -> None:
        super().__init__("\n".join(map(escaped, str(message).split("\n"))))


def closest(name: object, names: Iterable[str]) -> str | None:
    """Return the valid name that looks most like a name, or None if none does."""
    known = {str(each).lower(): str(each) for each in names}
    close = get_close_matches(str(name).lower(), known, n=1, cutoff=0.5)
    return known[close[0]] if close else None


def nearest(name: object, names: Iterable[str]) -> str:
    """Say which valid name may have been meant; nothing if none looks like it."""
    close = closest(name, names)
    return f' (did you mean "{close}"?)' if close else ""


def suggestion(name: object, names: Iterable[str]) -> str:
    """Say which name may have been meant and, unless they are many, which names there are."""
    known = [str(each) for each in names]
    close = nearest(name, known)
    if close and len(known) > LONGEST_LIST:
        return close
    if len(known) > MOST_LISTED:
        return f"; none of the {len(known)} names that are allowed looks like it"
    return f"{close}; allowed: {', '.join(known) or 'none'}"


def known(name: object, names: Collection[str], said: str) -> str:
    """Give a name that is one of some names; say what it is not, and which may be meant."""
    if isinstance(name, str) and name in names:
        return name
    raise ConfigError(f"{said}{suggestion(name, names)}")


def escaped(text: str) -> str:
    r"""Write what would steer a screen, such as ESC, a line break or a turn of direction, as code.

    Examples
    --------
    >>> print(escaped("a\x1b[31mb"))
    a\x1b[31mb
    """
    return "".join(
        letter.encode("unicode_escape").decode() if category(letter) in STEERING else letter
        for letter in text
    )


def shown(value: object) -> str:
    """Write a value as its author did, shortened."""
    try:
        text = f"'{value}'" if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):  # thousands of digits, or of tables within tables
        text = f"a {type(value).__name__} that is too long to show"
    text = escaped(" ".join(text.split()))
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def at(file: str, key: str, value: object = None, *, given: bool = False) -> str:
    """Say where a problem is: ``file: key = value: ``.

    Parameters
    ----------
    file, key : str
        File and dotted path; either may be empty.
    value : object
        What stands there.
    given : bool
        Whether there is a value to show.
    """
    place = f"{key} = {shown(value)}" if given else key
    return "".join(f"{part}: " for part in (file, place) if part)


@contextmanager
def clear_errors(path: str | os.PathLike[str], done: str = "written") -> Iterator[None]:
    """Turn what the system says about a file or a folder into a `ConfigError`.

    Parameters
    ----------
    path : path
        The file or folder.
    done : {"written", "read"}
        What was to be done to it.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "; make room and run again: what is done so far is kept" if full else ""
        reason = error.strerror or " ".join(str(error).split())
        raise ConfigError(f"{path}: cannot be {done}: {reason}{advice}") from None


@contextmanager
def said_at(where: str) -> Iterator[None]:
    """Put the place, such as a file, before what is said of something in it."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where}{error}") from None


def refuse_strange(path: str | os.PathLike[str]) -> None:
    """Refuse to read what is no ordinary file: a pipe would wait until somebody writes into it.

    Raises
    ------
    OSError
        For a pipe, a socket or a device; folders are left to whoever opens them.
    """
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, no ordinary file", path)
