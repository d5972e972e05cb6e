"""Where compiled code is kept, so that only the first run waits for the compiler.

What is kept is loaded into the process and run. So it is read from folders and files only that
this user, or the administrator, owns and nobody else may write to; and with a checksum, so that
what a full disk or a crash has left is compiled again. No fault of the cache is a fault of a run:
it is said once, and one goes on without.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from trustsim.errors import escaped

NAME = "trustsim"
MINE, OTHERS_WRITE = 0o700, 0o022
"""Mode of a folder that only its owner may use; bits that let others write."""

CHECKSUM = hashlib.sha256().digest_size
REMEDY = "NUMBA_CACHE_DIR chooses another folder"

log = logging.getLogger(__name__)


class Untrusted(OSError):
    """A file or folder that somebody else could have made or changed."""


@cache
def say_once(fault: str) -> None:
    """Say what is wrong with the cache; a process says each thing once."""
    log.warning("note: compiled code: %s", escaped(fault))


@cache
def folder_of(state: str) -> Path | None:
    """Give the folder for the code of one state of the sources.

    Parameters
    ----------
    state : str
        Digest of the sources.

    Returns
    -------
    Path or None
        The folder, made if it was not there; None if there is none that nobody else can change.
    """
    faults = []
    for home in _homes():
        try:
            for folder in (home, home / state):
                folder.mkdir(MINE, parents=True, exist_ok=True)
                _own(folder)
            return home / state
        except Untrusted as error:
            say_once(f"{error}; it is not used; remove it, or {REMEDY}")
        except OSError as error:
            faults.append(f"{home}: {error.strerror or error}")
            if numba.config.CACHE_DIR and len(faults) == 1:
                say_once(f"{faults[0]}; it is not used; {REMEDY}")
    say_once(f"is kept nowhere, so every start compiles ({'; '.join(faults)}); {REMEDY}")
    return None


def _homes() -> Iterator[Path]:
    """Give the places for the cache, best first: chosen, the user's own, the temporary folder."""
    if numba.config.CACHE_DIR:
        yield Path(numba.config.CACHE_DIR).absolute() / NAME
    else:
        chosen = os.environ.get("XDG_CACHE_HOME", "")
        home = Path(chosen if os.path.isabs(chosen) else os.path.expanduser("~/.cache"))
        if home.is_absolute():
            yield home / NAME
    if sys.platform != "win32":  # there everybody has a temporary folder of his own, in his home
        yield Path(tempfile.gettempdir()) / f"{NAME}-{os.geteuid()}"


def _own(folder: Path) -> None:
    """See to it that a folder is no link, and that nobody else may write to it."""
    if sys.platform == "win32":
        return
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise Untrusted(f"{folder} is no folder of its own")
    if found.st_uid == os.geteuid() and found.st_mode & OTHERS_WRITE:
        # What others have put there is theirs, and files of others are not read either.
        folder.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS_WRITE)
        found = folder.lstat()
    _refuse_others(folder, found)


def _refuse_others(path: Path, found: os.stat_result) -> None:
    """Refuse what somebody else could have written."""
    if sys.platform == "win32":
        return
    if found.st_uid not in (os.geteuid(), 0):
        raise Untrusted(f"{path} belongs to another user")
    if found.st_mode & OTHERS_WRITE:
        raise Untrusted(f"{path} can be written by other users")


def _read(path: Path) -> bytes:
    """Read a file that nobody else could have written."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise Untrusted(f"{path} is no file")
        _refuse_others(path, found)
        return file.read()


class KeptCode:
    """The compiled forms of one function, as Numba's dispatcher asks for them.

    Parameters
    ----------
    function : callable
        The function.
    state : str
        Digest of all sources that are compiled.
    """

    def __init__(self, function: Callable[..., Any], state: str) -> None:
        source = Path(function.__code__.co_filename)
        self.name = f"{source.stem}.{function.__qualname__}".replace("<", "").replace(">", "")
        self.state = state
        self.source = hashlib.sha256(source.read_bytes()).hexdigest()

    @property
    def cache_path(self) -> str | None:
        """Folder of the files."""
        folder = folder_of(self.state)
        return None if folder is None else str(folder)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Give what was compiled for a signature and this processor; None if that is not kept."""
        target.refresh()
        key = self._key(signature, target.codegen())
        path = self._path(key)
        if path is None:
            return None
        try:
            content = _read(path)
        except FileNotFoundError:
            return None
        except Untrusted:
            say_once(
                f"{path.parent}: holds files that other users could have written; they are "
                f"not used, and compiled again; {REMEDY}"
            )
            return None
        except OSError as error:
            say_once(f"{path.parent}: cannot be read: {error.strerror or error}; {REMEDY}")
            return None
        try:
            if hashlib.sha256(content[CHECKSUM:]).digest() != content[:CHECKSUM]:
                raise ValueError("the checksum differs")
            there, payload = pickle.loads(content[CHECKSUM:])
            if there != key:
                raise ValueError("it is that of another function")
            return CompileResult._rebuild(target, *payload)
        except Exception:
            say_once(f"{path.parent}: what is damaged there is set aside, and compiled again")
            with suppress(OSError):
                path.replace(path.with_name(f"damaged-{path.name}"))
            return None

    def save_overload(self, signature: Any, made: Any) -> None:
        """Keep what was compiled, if there is room and it can be kept."""
        key = self._key(signature, made.codegen)
        path = self._path(key)
        if path is None or made.lifted or made.library.has_dynamic_globals:
            return
        content = dumps((key, made._reduce()))
        try:
            with _replacing(path) as file:
                file.write(hashlib.sha256(content).digest() + content)
        except OSError as error:
            say_once(f"{path.parent}: cannot be written: {error.strerror or error}; {REMEDY}")

    def flush(self) -> None:
        """Nothing is held back."""

    def enable(self) -> None:
        """It is always at work."""

    def disable(self) -> None:
        """Let nothing be kept, nor what is kept be found."""
        self.state = ""

    def _key(self, signature: Any, code: Any) -> tuple[Any, ...]:
        """Say for what code was compiled: source, types, processor and its abilities."""
        return (self.name, self.source, signature, code.magic_tuple())

    def _path(self, key: tuple[Any, ...]) -> Path | None:
        folder = folder_of(self.state) if self.state else None
        if folder is None:
            return None
        return folder / f"{self.name}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"


@contextmanager
def _replacing(path: Path) -> Iterator[Any]:
    """Open a file for writing that takes the place of another as a whole, or not at all."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # for its owner only
    try:
        with open(number, "wb") as file:
            yield file
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
