"""What a user is told of harm that was done to a results folder, and nothing in vain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.small_experiment import Stops, reseal

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.errors import ConfigError
from trustsim.experiment.check import check
from trustsim.experiment.run import collect, notices_of, run_missing


def interrupted(config: ExperimentConfig, out: Path) -> Path:
    """Leave a folder as a killed process does; give its only chunk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trustsim.experiment.storage.store.Store.merge", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_missing(config, out, executor=Stops(5, KeyboardInterrupt()))
    (chunk,) = (out / "chunks").glob("*.arrow")
    return chunk


def test_a_folder_in_place_of_a_chunk_is_set_aside(
    small: ExperimentConfig, tmp_path: Path, finished: Path
) -> None:
    chunk = interrupted(small, tmp_path / "out")
    chunk.unlink()
    chunk.mkdir()
    told = collect(tmp_path / "out")
    assert "set aside" in told[0]
    manifest = run_missing(small, tmp_path / "out", jobs=1)
    assert manifest["digest"] == json.loads((finished / "manifest.json").read_text())["digest"]


def test_what_was_set_aside_is_told_until_it_is_removed(
    small: ExperimentConfig, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    chunk = interrupted(small, out)
    chunk.write_bytes(b"short")
    collect(out)  # as `trustsim compare` does
    for _ in range(2):
        *known, told = run_missing(small, out, jobs=1)["notices"]
        assert known == notices_of(small)
        assert f"damaged-{chunk.name}: was found damaged and set aside" in told
    (out / f"damaged-{chunk.name}").unlink()
    assert run_missing(small, out, jobs=1)["notices"] == notices_of(small)


def test_a_manifest_that_was_deleted_is_written_anew(
    folder: Path, small: ExperimentConfig, finished: Path
) -> None:
    (folder / "manifest.json").unlink()
    manifest = run_missing(small, folder, jobs=1)
    before = json.loads((finished / "manifest.json").read_text())
    assert manifest["notices"][:-1] == notices_of(small)
    assert "before their hashes" in manifest["notices"][-1]
    assert manifest["digest"] == before["digest"]
    assert check(folder, sample=0).sound


def test_a_changed_experiment_file_is_seen(folder: Path) -> None:
    path = folder / "experiment.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[policies")], encoding="utf-8")
    found = check(folder, sample=0)
    assert [each[: len(str(path)) + 12] for each in found.wrong] == [f"{path}: is damaged"]


def test_wrong_counts_in_the_manifest_are_seen(folder: Path) -> None:
    reseal(folder, runs_done=5)
    assert any("runs_done = 5" in each for each in check(folder, sample=0).wrong)


def test_a_file_is_no_folder(small: ExperimentConfig, tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    with pytest.raises(ConfigError, match=r"small\.toml: is a file, not a folder"):
        run_missing(small, path)


def test_messages_on_designs_name_the_file(small: ExperimentConfig, tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    text = path.read_text(encoding="utf-8")
    design = '[design]\nmethod = "grid"\n[design.parameters]\narms.lwo.market.lot_cost = [1.0]\n'
    path.write_text(text + design, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf'^{path}: .*no such arm \(did you mean "low"'):
        load_experiment(path)
