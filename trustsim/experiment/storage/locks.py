"""The lock of a results folder, which one process at a time can have."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from trustsim.errors import ConfigError

TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
"""What a system says if another process has the lock; anything else is that it has no locks."""

WITHOUT_LOCK = "TRUSTSIM_NO_LOCK"
"""Environment variable: 1 to go on where the file system has no locks."""


def lock_file(path: Path) -> BinaryIO:
    """Open the file of a lock, which may be written: no link to another file, and no pipe."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    file = os.fdopen(os.open(path, flags, 0o666), "ab+", buffering=0)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise ConfigError(f"{path}: is no ordinary file; remove it and run again")
    return file


def lock(file: BinaryIO, folder: Path) -> None:
    """Take the lock of a folder; the system gives it back when the process ends.

    Raises
    ------
    ConfigError
        If another process has it; or if the file system has no locks, unless `WITHOUT_LOCK` is 1.
    """
    take = _windows_lock if sys.platform == "win32" else _posix_lock
    try:
        take(file)
    except OSError as error:
        if error.errno in TAKEN:
            file.seek(0)
            owner = file.read(20).strip().decode(errors="replace")
            raise ConfigError(
                f"{folder}: another process{f' (number {owner})' if owner else ''} is working in "
                "it; wait until it has finished, or give another folder with --out"
            ) from None
        if os.environ.get(WITHOUT_LOCK) != "1":
            raise ConfigError(
                f"{folder}: its file system has no locks ({error.strerror or error}), so nobody "
                "can tell whether another process is working in it; see to it that none is, and "
                f"set the environment variable {WITHOUT_LOCK}=1 to go on without a lock"
            ) from None
    with suppress(OSError):  # on a full disk: who holds the lock is told out of courtesy only
        file.truncate(0)
        file.write(str(os.getpid()).encode())


def _posix_lock(file: BinaryIO) -> None:
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _windows_lock(file: BinaryIO) -> None:
    import msvcrt

    # A byte far behind the text, so that another process can read who holds the lock.
    file.seek(1 << 20)
    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    file.seek(0)
