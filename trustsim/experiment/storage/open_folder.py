"""A results folder that is open for this process alone: its manifest, and files as it has them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from trustsim.errors import ConfigError, clear_errors
from trustsim.experiment.storage import files
from trustsim.experiment.storage.chunks import ASIDE
from trustsim.experiment.storage.files import EXPERIMENT, written
from trustsim.experiment.storage.seals import (
    ABSENT,
    LATE_KEY,
    MANIFEST,
    Hashing,
    hash_of,
    hashes,
    is_sealed,
    read_manifest,
    sealed,
)

LOCK = ".lock"


class OpenFolder:
    """An open results folder; only one process can have it open.

    Parameters
    ----------
    folder : Path
    lock : stat_result
        The file of its lock, by which the folder is known again.

    Attributes
    ----------
    folder : Path
        The folder.
    notices : list of str
        What the user should be told: what was found damaged and set aside.
    """

    def __init__(self, folder: Path, lock: os.stat_result) -> None:
        self.folder = folder
        self.notices: list[str] = []
        self._lock = lock
        self._verified: set[str] = set()

    def set_aside(self) -> list[str]:
        """Say what was found damaged earlier and is still there."""
        return [
            f"{path}: was found damaged and set aside; its runs are computed again, and the file "
            "can be removed"
            for path in sorted(self.folder.glob(f"{ASIDE}*"))
        ]

    def manifest(self) -> dict[str, Any]:
        """Manifest of the folder; empty if there is none yet."""
        return read_manifest(self.folder)

    def write_manifest(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest with the hashes of all files, and give it."""
        late = {LATE_KEY: True} if self._sealed_late else {}
        return self._write_manifest(sealed({**manifest, **late}, self._hashes))

    def write_experiment(self, toml: str) -> None:
        """Write the resolved experiment."""
        self.write_files({EXPERIMENT: toml.encode()})

    def write_files(self, contents: Mapping[str, bytes]) -> None:
        """Write files, each as a whole or not at all; those that are there already stay."""
        for name, content in contents.items():
            new = hashlib.sha256(content).hexdigest()
            with clear_errors(self.folder / name, "read"):
                there = hash_of(self.folder / name)
            if there == new:
                self._hashes[name] = new
                continue
            with self.announced(name) as file:
                file.write(content)

    def parts(self, name: str, columns: list[str] | None = None) -> Iterator[Any]:
        """Read a table in parts."""
        self.verify(name)
        return files.parts_of(self.folder, name, columns, verified=True)

    def verify(self, name: str) -> None:
        """Verify a table once: nobody else writes it while the folder is open."""
        if name not in self._verified:
            files.verify(self.folder, f"{name}.parquet")
            self._verified.add(name)

    def unverified(self) -> list[str]:
        """Say that nobody can tell whether the tables are as they were written, if that is so."""
        return [f"{self.folder}: {files.LATE}"] if self._sealed_late else []

    @cached_property
    def _sealed_late(self) -> bool:
        """Whether there were tables when the folder was opened, and no hashes of them from then."""
        manifest, tables = self.manifest(), any(self.folder.glob("*.parquet"))
        return tables and bool(not is_sealed(manifest) or manifest.get(LATE_KEY))

    @cached_property
    def _hashes(self) -> dict[str, str]:
        """Hashes of the files of the folder by name."""
        with clear_errors(self.folder, "read"):
            return hashes(self.folder, self.manifest())

    @contextmanager
    def announced(self, name: str) -> Iterator[Hashing]:
        """Write a file as a whole or not at all; before it appears, the manifest has its hash."""
        with written(self.folder / name, partial(self._announce, name)) as file:
            yield file

    def _announce(self, name: str, coming: str) -> None:
        manifest, before = self.manifest(), self._hashes
        if manifest:
            late = {LATE_KEY: True} if self._sealed_late else {}
            self._write_manifest(sealed({**manifest, **late}, before, {name: coming}))
        self.refuse_another_place()
        self._hashes[name] = coming

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        if (self.folder / name).exists():
            self._announce(name, ABSENT)
            with clear_errors(self.folder / name):
                (self.folder / name).unlink()
        self._hashes.pop(name, None)

    def _write_manifest(self, manifest: dict[str, Any]) -> dict[str, Any]:
        self.refuse_another_place()
        with written(self.folder / MANIFEST) as file:
            file.write((json.dumps(manifest, indent=2) + "\n").encode())
        return manifest

    def refuse_another_place(self) -> None:
        """Refuse to write where the folder that was opened is no longer."""
        try:
            same = os.path.samestat((self.folder / LOCK).stat(), self._lock)
        except OSError:
            same = False
        if not same:
            raise ConfigError(
                f"{self.folder}: was moved or removed while it was written, so the results are "
                "not complete; put the folder back, if it is still somewhere, and run again: what "
                "it holds is kept"
            )
