"""The folder of a calibration: what was asked, the study that the search adds to, and the tables.

It is opened and locked like a folder of results, and like one it is valid at any moment: the study
takes whole trials, and everything else is written at once or not at all.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from trustsim import __version__
from trustsim.calibration.file import CalibrationConfig, load_written
from trustsim.calibration.targets import Trial
from trustsim.config.toml import read_toml
from trustsim.errors import ConfigError, clear_errors, shown
from trustsim.experiment.storage.files import (
    CALIBRATION,
    EXPERIMENT,
    check_folder,
    read_table,
    verify,
)
from trustsim.experiment.storage.seals import read_manifest
from trustsim.experiment.storage.store import Store, write_table

CALIBRATED = "calibrated.toml"
"""The experiment with the best values, ready to be run."""
STUDY = "study.db"
TRIALS, PROFILE, CHECK = "trials", "profile", "check"
FREE_TO_CHANGE = ("calibrate.trials", "calibrate.fresh", "name", "question")
"""Keys of a calibration that change no trial."""

Profile = tuple[tuple[str, Trial], ...]
"""What was simulated for the profiles: the parameter's path, and the trial."""


def is_calibration(folder: Path) -> bool:
    """Whether a folder holds a calibration, and no results of an experiment."""
    with clear_errors(folder, "read"):
        return (folder / CALIBRATION).is_file()


def begin(store: Store, config: CalibrationConfig) -> None:
    """Write what is asked into a folder.

    Raises
    ------
    ConfigError
        If the folder holds something else.
    """
    folder = store.folder
    if (folder / EXPERIMENT).exists():
        check_folder(folder, "calibration")
        difference = _difference(_complete(_asked(folder)), _complete(config))
        if difference:
            raise ConfigError(
                f"{folder}: holds another calibration: {difference}. Give another folder with "
                "--out, or move this one away; nothing was changed"
            )
    store.write_files({CALIBRATION: config.to_toml().encode()})
    store.write_experiment(config.experiment.to_toml())
    kept = {key: value for key, value in store.manifest().items() if key in ("digest", "seconds")}
    store.write_manifest({**_manifest(config), **kept})


def finish(
    store: Store,
    config: CalibrationConfig,
    trials: Sequence[Trial],
    *,
    profile: Profile,
    check: pd.DataFrame,
    calibrated: str,
    seconds: float,
) -> None:
    """Write the tables of a calibration, the experiment with the best values, and the manifest."""
    rows = [_row(config, trial) for trial in trials]
    tried = [{"parameter": path, **_row(config, trial)} for path, trial in profile]
    frames = {
        TRIALS: pd.DataFrame(rows).rename_axis("trial").reset_index(),
        PROFILE: pd.DataFrame(tried),
        CHECK: check,
    }
    files = {f"{name}.parquet": _as_table(frame) for name, frame in frames.items()}
    store.write_files({**files, CALIBRATED: calibrated.encode()})
    store.write_manifest(
        {**_manifest(config), "trials": len(trials), "digest": digest(trials), "seconds": seconds}
    )


def read_finished(
    folder: Path,
) -> tuple[CalibrationConfig, tuple[Trial, ...], Profile, pd.DataFrame, dict[str, Any]]:
    """Read a finished calibration: what was asked, trials, profiles, check, and the manifest.

    Raises
    ------
    ConfigError
        If it is no folder of a finished calibration of the installed version.
    """
    check_folder(folder, "calibration")
    manifest = read_manifest(folder)
    if "digest" not in manifest:
        raise ConfigError(f"{folder}: the calibration is not finished; run it again to go on")
    config = _asked(folder)
    tables = {name: read_table(folder, name).to_pandas() for name in (TRIALS, PROFILE, CHECK)}
    trials = tuple(_trial(config, row) for row in tables[TRIALS].to_dict("records"))
    profile = tuple(
        (str(row["parameter"]), _trial(config, row)) for row in tables[PROFILE].to_dict("records")
    )
    if digest(trials) != manifest["digest"]:
        raise ConfigError(
            f"{folder}: the trials in {TRIALS}.parquet do not have the digest that the manifest "
            "says; run the calibration again, which writes both anew"
        )
    return config, trials, profile, tables[CHECK], manifest


def digest(trials: Sequence[Trial]) -> str:
    """SHA-256 over the trials in their order, to the last bit."""
    rows = [[t.values, t.simulated, t.loss, t.failed] for t in trials]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _asked(folder: Path) -> CalibrationConfig:
    """Read what was asked of a folder."""
    verify(folder, CALIBRATION, EXPERIMENT)
    path = folder / CALIBRATION
    return load_written(folder / EXPERIMENT, read_toml(path), str(path))


def _complete(config: CalibrationConfig) -> dict[str, Any]:
    return {**tomllib.loads(config.experiment.to_toml()), **tomllib.loads(config.to_toml())}


def _difference(there: Mapping[str, Any], here: Mapping[str, Any], above: str = "") -> str:
    """Say in what two calibrations differ first."""
    for key in dict.fromkeys([*there, *here]):
        path = f"{above}{key}"
        if path in FREE_TO_CHANGE or there.get(key) == here.get(key):
            continue
        if isinstance(there.get(key), Mapping) and isinstance(here.get(key), Mapping):
            result = _difference(there[key], here[key], f"{path}.")
            if result:
                return result
            continue
        if key not in there or key not in here:
            return f"{path} is only {'there' if key in there else 'in the file'}"
        return f"{path} is {shown(there[key])} there and {shown(here[key])} in the file"
    return ""


def _manifest(config: CalibrationConfig) -> dict[str, Any]:
    return {
        "kind": "calibration",
        "name": config.experiment.name,
        "model_version": __version__,
        "seed": config.experiment.seed,
    }


def _row(config: CalibrationConfig, trial: Trial) -> dict[str, Any]:
    targets = config.targets
    return {
        **trial.values,
        **{f"simulated.{t.name}": trial.simulated[t.name] for t in targets},
        **{f"misfit.{t.name}": float(t.misfit(trial.simulated[t.name])) for t in targets},
        "loss": trial.loss,
        "failed": trial.failed,
        "error": trial.error,
    }


def _trial(config: CalibrationConfig, row: Mapping[Any, Any]) -> Trial:
    return Trial(
        {path: row[path] for path in config.paths},
        {target.name: row[f"simulated.{target.name}"] for target in config.targets},
        row["loss"],
        row["failed"],
        row["error"],
    )


def _as_table(frame: pd.DataFrame) -> bytes:
    """Content of a Parquet file."""
    buffer = pa.BufferOutputStream()
    write_table(pa.Table.from_pandas(frame, preserve_index=False), buffer)
    return bytes(buffer.getvalue())
