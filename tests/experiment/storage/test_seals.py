"""Seals: what a manifest may say, its hash of itself, and how a file differs from it."""

from __future__ import annotations

import hashlib
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from trustsim.errors import ConfigError
from trustsim.experiment.storage.seals import (
    ABSENT,
    Hashing,
    _is,
    harm,
    hash_of,
    hashes,
    is_sealed,
    own_hash,
    read_manifest,
    sealed,
)

WHOLE, ABOVE = "a whole number from 0 to 2**63 - 1", "a whole number from 1 to 2**63 - 1"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (WHOLE, [0, 1, 2**63 - 1], [-1, 2**63, True, 1.0, "1", None]),
        (ABOVE, [1, 2**63 - 1], [0, -1, 2**63, True, 1.0]),
        ("a number, 0 or more", [0, 0.0, 1.5, 10**9], [-1e-9, math.inf, math.nan, True, "1"]),
        ("text", ["", "a"], [1, None, []]),
        ("texts by name", [{}, {"a": "b"}], [{"a": 1}, ["a"], "a"]),
        ("a list of texts", [[], ["a"]], [["a", 1], "a", {"a": "b"}]),
    ],
)
def test_kinds_of_values(kind: str, good: list[Any], bad: list[Any]) -> None:
    assert [_is(each, kind) for each in good] == [True] * len(good)
    assert [_is(each, kind) for each in bad] == [False] * len(bad)


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", -1), ("runs_done", 1.5), ("replications", 0), ("points", 0), ("seconds", -1.0),
     ("name", 3), ("files", {"a": 1}), ("notices", "a"), ("trials", True)],
)  # fmt: skip
def test_what_a_manifest_cannot_say_is_told(tmp_path: Path, key: str, value: Any) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({key: value}))
    with pytest.raises(ConfigError, match=f"{key} = .*: allowed: .*delete it and run"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[1]", "is no manifest of an experiment"), ("{", "cannot be read"),
     ('{"seconds": NaN}', "NaN is no number"), ("[" * 100_000, "cannot be read")],
)  # fmt: skip
def test_what_is_no_manifest_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_manifest(tmp_path)


def test_a_manifest_knows_whether_it_was_changed(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == {}
    whole = sealed(
        {"name": "x", "files": "old", "next": "old", "manifest": "old"}, {"b": "2", "a": "1"}
    )
    assert list(whole) == ["name", "files", "manifest"]
    assert list(whole["files"].items()) == [("a", "1"), ("b", "2")]
    content = {"name": "x", "files": {"a": "1", "b": "2"}}
    assert whole["manifest"] == own_hash(whole) == sha(json.dumps(content, sort_keys=True).encode())
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(whole))
    assert read_manifest(tmp_path) == whole
    for changed in (
        {**whole, "name": "y"},
        {key: value for key, value in whole.items() if key != "files"},
        {key: value for key, value in whole.items() if key != "manifest"},
    ):
        path.write_text(json.dumps(changed))
        with pytest.raises(ConfigError, match="is damaged, or was changed by hand"):
            read_manifest(tmp_path)
    coming = sealed({}, {}, {"a": "3"})
    assert coming["next"] == {"a": "3"}
    assert "next" not in sealed({}, {}, {})
    plain = [is_sealed({"name": "x"}), is_sealed({"files": {}}), is_sealed({"manifest": ""})]
    assert plain == [False, True, True]


def test_how_a_file_differs_from_what_the_manifest_says(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "d").mkdir()
    missing = "is missing, though the manifest says that it was written"
    damaged = "is damaged, or was changed: its SHA-256 hash is not the one in the manifest"
    strange = "is not among the files that the manifest says were written"

    def said(name: str, files: dict[str, str], coming: dict[str, str] | None = None) -> str:
        return harm(tmp_path, name, sealed({}, files, coming))

    assert said("a", {"a": sha(b"old")}) == ""
    assert said("a", {"a": sha(b"new")}) == damaged
    assert said("a", {"a": sha(b"new")}, {"a": sha(b"old")}) == ""
    assert said("a", {"a": sha(b"old")}, {"a": sha(b"new")}) == ""
    assert said("a", {}) == strange
    assert said("a", {}, {"a": sha(b"old")}) == ""
    assert said("b", {"b": sha(b"old")}) == missing
    assert said("b", {"b": sha(b"old")}, {"b": ABSENT}) == ""
    assert said("b", {}) == ""
    assert said("d", {"d": sha(b"old")}) == "is damaged (it is a folder)"
    # a manifest of before knows the hash of the experiment only
    (tmp_path / "experiment.toml").write_bytes(b"x")
    assert harm(tmp_path, "experiment.toml", {"experiment": sha(b"x")}) == ""
    assert harm(tmp_path, "experiment.toml", {"experiment": sha(b"y")}) == damaged
    assert harm(tmp_path, "experiment.toml", {}) == ""
    assert harm(tmp_path, "a", {"experiment": sha(b"y")}) == ""


def test_hashes_of_files_as_they_are_or_as_the_manifest_knows(tmp_path: Path) -> None:
    for name in ("b.parquet", "a.toml", "c.txt"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "d.parquet").mkdir()
    now = {name: sha(name.encode()) for name in ("a.toml", "b.parquet")}
    assert hashes(tmp_path, {}) == now
    assert hash_of(tmp_path / "c.txt") == sha(b"c.txt")
    assert hash_of(tmp_path / "nothing") == ABSENT == ""
    known = {"a.toml": "old", "b.parquet": "old", "gone": "old"}
    coming = {"a.toml": now["a.toml"], "b.parquet": "other", "gone": ABSENT, "new": "x"}
    assert hashes(tmp_path, sealed({}, known, coming)) == {
        "a.toml": now["a.toml"], "b.parquet": "old",
    }  # fmt: skip


def test_a_file_is_hashed_on_the_way() -> None:
    file = io.BytesIO()
    hashing = Hashing(file)
    assert not hashing.closed
    assert (hashing.write(b"abc"), hashing.write(b"de"), hashing.tell()) == (3, 2, 5)
    hashing.flush()
    assert file.getvalue() == b"abcde"
    assert hashing.hexdigest() == sha(b"abcde")
