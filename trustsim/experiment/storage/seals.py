"""Seals: hashes in the manifest of a folder, by which a change of a file is seen when it is read.

A manifest names the SHA-256 hash of every finished file and, before a file is replaced, the hash
that is to come, so that a process may be killed at any moment. Its last line is a hash of all its
other lines. A manifest of an earlier version has no hashes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from trustsim.errors import ConfigError, clear_errors, refuse_strange, shown

MANIFEST = "manifest.json"
FILES, NEXT, OWN = KEYS = ("files", "next", "manifest")
"""Keys of a manifest: hashes of files, of those that are being replaced, of the manifest itself."""

LATE_KEY = "sealed_late"
"""Key of a manifest that was written beside tables which no manifest had hashes of."""

ABSENT = ""
"""In place of the hash of a file that is not there."""


WHOLE, ABOVE = "a whole number from 0 to 2**63 - 1", "a whole number from 1 to 2**63 - 1"
SECONDS, TEXT, TEXTS = "a number, 0 or more", "text", "texts by name"
YES_OR_NO = "true or false"
KINDS = {
    **dict.fromkeys(("seed", "rounds", "runs_planned", "runs_done", "runs_failed"), WHOLE),
    **dict.fromkeys(("orders", "trials"), WHOLE),
    **dict.fromkeys(("replications", "points"), ABOVE),
    **dict.fromkeys(("name", "model_version", "digest", "experiment", "kind", OWN), TEXT),
    **dict.fromkeys(("scenarios", FILES, NEXT), TEXTS),
    "seconds": SECONDS,
    LATE_KEY: YES_OR_NO,
    "notices": "a list of texts",
}
"""What stands under the keys of a manifest that others rely on."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a folder; empty if there is none yet.

    Raises
    ------
    ConfigError
        If it cannot be read, or is not as it was written.
    """
    path = folder / MANIFEST
    remedy = "delete it and run the experiment again: it is written anew, and no run is lost"
    with clear_errors(path, "read"):
        try:
            refuse_strange(path)
            content = path.read_bytes()
        except FileNotFoundError:
            if not path.is_symlink():
                return {}
            raise
    try:
        manifest = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; {remedy}") from None
    if not isinstance(manifest, dict):
        raise ConfigError(f"{path}: is no manifest of an experiment; {remedy}")
    for key, kind in KINDS.items():
        if key in manifest and not _is(manifest[key], kind):
            raise ConfigError(f"{path}: {key} = {shown(manifest[key])}: allowed: {kind}; {remedy}")
    if is_sealed(manifest) and (FILES not in manifest or manifest.get(OWN) != own_hash(manifest)):
        raise ConfigError(f"{path}: is damaged, or was changed by hand; {remedy}")
    return manifest


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _is(value: Any, kind: str) -> bool:
    """Whether a value of a manifest is of a kind."""
    if kind in (WHOLE, ABOVE):
        return type(value) is int and (kind == ABOVE) <= value < 2**63
    if kind == SECONDS:
        return type(value) in (int, float) and 0 <= value < math.inf
    if kind == YES_OR_NO:
        return isinstance(value, bool)
    if kind == TEXT:
        return isinstance(value, str)
    if kind == TEXTS:
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def own_hash(manifest: Mapping[str, Any]) -> str:
    """Hash of a manifest's content, but for this hash itself."""
    content = {key: value for key, value in manifest.items() if key != OWN}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def sealed(
    manifest: Mapping[str, Any], files: Mapping[str, str], coming: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Give a manifest with the hashes of files, of files to come, and of itself."""
    content = {key: value for key, value in manifest.items() if key not in KEYS}
    content[FILES] = dict(sorted(files.items()))
    if coming:
        content[NEXT] = dict(coming)
    return {**content, OWN: own_hash(content)}


def is_sealed(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest has hashes."""
    return OWN in manifest or FILES in manifest


def hash_of(path: Path) -> str:
    """Hash of a file as it is on disk; `ABSENT` if there is none."""
    try:
        refuse_strange(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ABSENT


def hashes(folder: Path, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Hashes of the finished files of a folder; as they are now, if the manifest has none."""
    if not is_sealed(manifest):
        files = sorted([*folder.glob("*.toml"), *folder.glob("*.parquet")])
        return {path.name: hash_of(path) for path in files if path.is_file()}
    known = dict(manifest[FILES])
    for name, coming in manifest.get(NEXT, {}).items():
        if hash_of(folder / name) == coming:
            known[name] = coming
    return {name: each for name, each in known.items() if each != ABSENT}


def harm(folder: Path, name: str, manifest: Mapping[str, Any]) -> str:
    """Say how a file differs from what the manifest says of it; nothing if it does not."""
    if is_sealed(manifest):
        known = manifest[FILES].get(name, ABSENT)
        allowed = {known, manifest.get(NEXT, {}).get(name, known)}
    elif name == "experiment.toml" and "experiment" in manifest:
        allowed = {manifest["experiment"]}
    else:
        return ""
    try:
        there = hash_of(folder / name)
    except IsADirectoryError:
        return "is damaged (it is a folder)"
    if there in allowed:
        return ""
    if there == ABSENT:
        return "is missing, though the manifest says that it was written"
    if allowed == {ABSENT}:
        return "is not among the files that the manifest says were written"
    return "is damaged, or was changed: its SHA-256 hash is not the one in the manifest"


class Hashing:
    """A file that is written, and hashed on the way.

    Parameters
    ----------
    file : binary file
        Open for writing; only written to from its beginning to its end.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.closed = False

    def write(self, content: Any) -> int:
        """Write bytes, and count them in."""
        self._hash.update(content)
        return self._file.write(content)

    def tell(self) -> int:
        """Place in the file."""
        return self._file.tell()

    def flush(self) -> None:
        """Hand on what is written so far."""
        self._file.flush()

    def hexdigest(self) -> str:
        """Hash of all that was written."""
        return self._hash.hexdigest()
