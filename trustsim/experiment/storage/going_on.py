"""Going on with the experiment that a folder holds, or saying why what was given is another one."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from typing import Any

from trustsim.config.experiment import ExperimentConfig
from trustsim.errors import ConfigError, shown
from trustsim.experiment.plan import Plan
from trustsim.experiment.storage.files import (
    EXPERIMENT,
    check_folder,
    experiment_in,
    refuse_version,
)
from trustsim.experiment.storage.manifest import scenarios_of
from trustsim.experiment.storage.merging import NOWHERE, Finder
from trustsim.experiment.storage.seals import harm
from trustsim.experiment.storage.store import Store

FREE_TO_CHANGE = (
    "name",
    "question",
    "baseline",
    "replications",
    "precision",
    "run_timeout",
    "smallest_difference",
)
"""Keys of an experiment that change no run."""


def going_on(store: Store, config: ExperimentConfig) -> ExperimentConfig:
    """Give the experiment as it goes on from what a folder holds.

    Replications, points and tables that are there are kept even if fewer are asked for.

    Raises
    ------
    ConfigError
        If the folder holds another experiment; nothing is changed then.
    """
    folder, manifest = store.folder, store.manifest()
    if not manifest and not (folder / EXPERIMENT).exists():
        return config
    wrong = harm(folder, EXPERIMENT, manifest)
    if wrong:
        return _healed(store, config, wrong)
    check_folder(folder)
    there = experiment_in(folder)
    known = manifest.get("scenarios") or scenarios_of(there)
    wider = _wider(there, config) if known == scenarios_of(config) else None
    if wider is not None:
        return wider
    tables = tomllib.loads(config.to_toml())
    difference = _difference(tomllib.loads(there.to_toml()), tables) or "a rule of its own differs"
    raise ConfigError(
        f"{store.folder}: holds the results of another experiment: {difference}. Give another "
        "folder with --out, or move this one away; nothing was changed"
    )


def _healed(store: Store, config: ExperimentConfig, wrong: str) -> ExperimentConfig:
    """Give the experiment as it goes on where the file of a folder is not as it was written.

    The manifest knows the arms, and the ids of the runs that are there tell the rest.
    """
    refuse_version(store.folder)
    path = store.folder / EXPERIMENT
    if store.manifest().get("scenarios") == scenarios_of(config):
        there = max(store.replicates(), config.replications)
        plan = Plan(dataclasses.replace(config, replications=there))
        if (Finder(plan)(store.done(config.keep)) != NOWHERE).all():
            store.notices.append(f"{path}: {wrong}; it was written anew")
            return config
    raise ConfigError(
        f"{path}: {wrong}, and the experiment that was given is not the one that the folder holds; "
        "put the file back from a copy, or give another folder with --out"
    )


def _wider(there: ExperimentConfig, config: ExperimentConfig) -> ExperimentConfig | None:
    """Give the experiment with all points and tables of both; None if these do not go together."""
    if not set(config.keep) <= set(there.keep):
        return None
    config = dataclasses.replace(config, keep=there.keep)
    if config.design is None or there.design is None:
        return config if config.design is there.design else None
    if config.design.method == there.design.method and config.design.points:
        config = dataclasses.replace(config, design=config.design.extending(there.design))
    mine, theirs = Plan(config), Plan(there)
    if mine.holds(theirs):
        return config
    return dataclasses.replace(config, design=there.design) if theirs.holds(mine) else None


def _difference(there: Mapping[str, Any], here: Mapping[str, Any], above: str = "") -> str:
    """Say in what two experiments differ first."""
    for key in dict.fromkeys([*there, *here]):
        path = f"{above}{key}"
        if path in FREE_TO_CHANGE or (key in there and key in here and there[key] == here[key]):
            continue
        if isinstance(there.get(key), Mapping) and isinstance(here.get(key), Mapping):
            return _difference(there[key], here[key], f"{path}.")
        if isinstance(there.get(key, {}), Mapping) and isinstance(here.get(key, {}), Mapping):
            return f"{path} is only {'there' if key in there else 'in the config'}"
        before, now = (shown(each[key]) if key in each else "not set" for each in (there, here))
        return f"{path} is {before} there and {now} in the config"
    return ""
