"""Calibration: parameters are set so that simulated means come near published figures.

The method of simulated moments (McFadden 1989) with fixed luck: every trial meets the same chance
events, so that the loss is a function of the parameters and nothing else. What was found is then
held against luck that the search has not seen, and each parameter is asked which of its values fit
as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from trustsim.analysis.pairs import mean_interval, refuse_confidence
from trustsim.calibration import folder as calibration_folder
from trustsim.calibration.file import CalibrationConfig, load_calibration
from trustsim.calibration.folder import STUDY, Profile, digest
from trustsim.calibration.identifiability import Spread, profile_values, spreads, trade_offs
from trustsim.calibration.response import Response
from trustsim.calibration.search import Search, TrialStore, needed
from trustsim.calibration.targets import Trial, best_of, loss_of, mean_of
from trustsim.config.dimensions import Dimension
from trustsim.config.experiment import ExperimentConfig
from trustsim.config.paths import path_of
from trustsim.errors import ConfigError
from trustsim.experiment.execution.executors import ThreadExecutor
from trustsim.experiment.plan import Run
from trustsim.experiment.run import cores_to_use
from trustsim.experiment.storage.store import opened

Evaluate = Callable[[Mapping[str, Any], Sequence[int]], pd.DataFrame]
"""From values of the free parameters and numbers of replicates to a row per run: arm, replicate and
measures. A run that failed has no row, or one with its `error`."""
Watcher = Callable[[int, int, float], None]
"""Called with the trials done, those asked for, and the least loss so far."""


@dataclass(frozen=True)
class Calibration:
    """What a calibration has found.

    Attributes
    ----------
    config : CalibrationConfig
        What was asked.
    trials : tuple of Trial
        The finished trials of the search.
    profile : tuple of (str, Trial)
        What was simulated for the profile of each parameter.
    check : DataFrame
        What single runs of fresh luck show at the best values: target, replicate, value.
    digest : str
        SHA-256 over the trials.
    """

    config: CalibrationConfig
    trials: tuple[Trial, ...]
    profile: tuple[tuple[str, Trial], ...]
    check: pd.DataFrame
    digest: str

    @cached_property
    def best(self) -> Trial:
        """The trial of the least loss."""
        return best_of(self.trials)

    @cached_property
    def spreads(self) -> list[Spread]:
        """For each free parameter, the values that fit as well as the best."""
        return spreads(self.config.dimensions, self.trials, self.profile)

    @cached_property
    def trade_offs(self) -> list[tuple[Dimension, Dimension, float]]:
        """Pairs of parameters that make up for each other, with their correlation."""
        return trade_offs(
            Response.of(self.config.dimensions, self.config.targets, self._everything)
        )

    @property
    def _everything(self) -> list[Trial]:
        return [*self.trials, *(trial for _, trial in self.profile)]

    def fits(self, confidence: float = 0.95) -> pd.DataFrame:
        """Hold the targets against what fresh luck shows at the best values.

        Returns
        -------
        DataFrame
            One row per target: ``target, measure, unit, side, value, tolerance, fitted``, then
            ``simulated`` (mean of the runs that were fitted), ``mean, low, high, n`` (mean over
            fresh runs with its interval, Student t), ``misfit`` of that mean in tolerances, and
            ``met``: whether it is within the tolerance.
        """
        refuse_confidence(confidence)
        rows = []
        for target in self.config.targets:
            values = self.check.loc[self.check["target"] == target.name, "value"]
            mean, half, n = mean_interval(values.to_numpy(), confidence)
            misfit = float(target.misfit(mean))
            rows.append(
                {
                    "target": target.name,
                    "measure": target.measure,
                    "unit": target.unit,
                    "side": target.side,
                    "value": target.value,
                    "tolerance": target.tolerance,
                    "fitted": target.fitted,
                    "simulated": self.best.simulated[target.name],
                    "mean": float(mean),
                    "low": float(mean - half),
                    "high": float(mean + half),
                    "n": int(n),
                    "misfit": misfit,
                    "met": abs(misfit) <= 1.0,
                }
            )
        return pd.DataFrame(rows)

    def losses(self) -> pd.DataFrame:
        """Give the loss of every set of values that was simulated.

        Returns
        -------
        DataFrame
            ``trial`` (its number; missing for a profile), ``parameter`` (path of the profile; empty
            for a trial of the search), the free parameters by path, ``loss``.
        """
        rows: list[dict[str, Any]] = [
            {"trial": number, "parameter": "", **trial.values, "loss": trial.loss}
            for number, trial in enumerate(self.trials)
        ]
        rows += [
            {"trial": None, "parameter": path, **trial.values, "loss": trial.loss}
            for path, trial in self.profile
        ]
        return pd.DataFrame(rows)

    @property
    def fresh(self) -> int:
        """Replications of fresh luck that were run."""
        return int(self.check["replicate"].nunique())

    def experiment(self) -> ExperimentConfig:
        """The experiment with the best values."""
        return _with(self.config.experiment, self.best.values)


def calibrate(
    calibration: str | Path | CalibrationConfig,
    out: str | Path,
    *,
    trials: int | None = None,
    jobs: int | None = None,
    overrides: Iterable[str] = (),
    progress: Watcher | None = None,
    evaluate: Evaluate | None = None,
) -> Calibration:
    """Fit parameters to targets, and keep the search in a folder.

    An interrupt leaves a valid folder; the same call goes on from there and ends with what an
    undisturbed one ends with. Asked for more trials, it adds them.

    Parameters
    ----------
    calibration : path or CalibrationConfig
        A calibration file (TOML), or what was read from one.
    out : path
        Folder for the search; made if it is not there.
    trials : int, optional
        Instead of those of the file.
    jobs : int, optional
        Cores to use; all if not given.
    overrides : iterable of str
        Changes ``path=value`` to the file, as given to ``--set``.
    progress : callable, optional
        Called with trials done, trials asked for and the least loss, at the start and after each.
    evaluate : callable, optional
        Gives the runs at some values; the model itself if not given.

    Raises
    ------
    ConfigError
        If the file or the folder cannot be used, the folder holds another calibration, Optuna is
        not installed, or no trial could be measured.
    """
    needed()
    if not isinstance(calibration, CalibrationConfig):
        calibration = load_calibration(calibration, overrides)
    config, folder = calibration.with_trials(trials), path_of(out)
    cores = cores_to_use(jobs)
    started = time.monotonic()
    with opened(folder) as store:
        calibration_folder.begin(store, config)
        compute = evaluate or _Simulation(config.experiment, cores)
        trial_store = TrialStore(folder / STUDY, config.dimensions)
        try:
            done = _search(config, trial_store, compute, progress)
            result = _concluded(replace(config, trials=len(done)), done, folder, compute)
        finally:
            trial_store.close()
        seconds = float(store.manifest().get("seconds", 0.0)) + time.monotonic() - started
        calibration_folder.finish(
            store,
            result.config,
            result.trials,
            profile=result.profile,
            check=result.check,
            calibrated=result.experiment().to_toml(),
            seconds=seconds,
        )
    return result


def read_calibration(folder: str | Path) -> Calibration:
    """Read what a calibration has found from its folder.

    Raises
    ------
    ConfigError
        If it is no folder of a finished calibration of the installed version.
    """
    config, trials, profile, check, manifest = calibration_folder.read_finished(path_of(folder))
    return Calibration(config, trials, profile, check, str(manifest["digest"]))


class _Simulation:
    """Runs the model in threads of this process; see `ThreadExecutor`."""

    def __init__(self, experiment: ExperimentConfig, cores: int) -> None:
        self.experiment, self.executor = experiment, ThreadExecutor(cores)

    def __call__(self, values: Mapping[str, Any], replicates: Sequence[int]) -> pd.DataFrame:
        from trustsim.simulation.outcome import run_columns

        config = replace(_with(self.experiment, values), keep=("runs",))
        runs = [Run(arm, 0, r, config.arms[arm].id(r)) for r in replicates for arm in config.arms]
        rows = []
        for attempt in self.executor.attempts(runs, config):
            run, sums, failure = attempt.run, attempt.sums, attempt.failure
            row: dict[str, Any] = {"arm": run.arm, "replicate": run.replicate, "error": None}
            if failure is not None:
                row["error"] = f"arm '{run.arm}', replicate {run.replicate}: {failure.message}"
            if sums is not None:
                row |= {name: float(value[0]) for name, value in run_columns([sums]).items()}
            rows.append(row)
        return pd.DataFrame(rows).sort_values(["replicate", "arm"], ignore_index=True)


def _search(
    config: CalibrationConfig, trial_store: TrialStore, evaluate: Evaluate, progress: Watcher | None
) -> tuple[Trial, ...]:
    """Try what is missing; a study that holds more trials than are asked for keeps them."""
    search = Search(config.dimensions, config.targets, config.seed, config.start)
    done = trial_store.trials()
    while True:
        if progress is not None:
            planned = max(config.trials, len(done))
            progress(len(done), planned, best_of(done).loss if done else float("inf"))
        if len(done) >= config.trials:
            return tuple(done)
        trial = _tried(config, search.propose(done), evaluate)
        trial_store.add(trial)
        done.append(trial)


def _tried(config: CalibrationConfig, values: Mapping[str, Any], evaluate: Evaluate) -> Trial:
    """Simulate with the luck that all trials share."""
    runs, error = _done(evaluate(values, range(config.experiment.replications)))
    simulated = {target.name: mean_of(target.of(runs)) for target in config.targets}
    planned = config.experiment.replications * len(config.experiment.arms)
    loss = loss_of(config.targets, simulated)
    return Trial(dict(values), simulated, loss, planned - len(runs), error)


def _done(runs: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Give the runs that did not fail, and the error of the first that did."""
    if "error" not in runs:
        return runs, ""
    failed = runs["error"].notna()
    return runs[~failed], str(runs.loc[failed, "error"].iloc[0]) if failed.any() else ""


def _concluded(
    config: CalibrationConfig, trials: tuple[Trial, ...], folder: Path, evaluate: Evaluate
) -> Calibration:
    """Simulate the profiles and the check on fresh luck, unless the folder holds them."""
    best = best_of(trials)
    if best.loss == float("inf"):
        failed = sum(trial.failed for trial in trials)
        first = next((f"; the first, {trial.error}" for trial in trials if trial.error), "")
        raise ConfigError(
            f"{folder}: in none of the {len(trials)} trials could all targets be measured "
            f"({failed} runs failed{first}); try other ranges or targets"
        )
    total = digest(trials)
    try:
        there = read_calibration(folder)
        if there.digest == total and there.config.fresh == config.fresh == there.fresh:
            return there
    except ConfigError:
        pass  # not finished yet
    response = Response.of(config.dimensions, config.targets, trials)
    profile: Profile = tuple(
        (path, _tried(config, values, evaluate))
        for path, values in profile_values(config.dimensions, response, best)
    )
    fresh = range(config.experiment.replications, config.experiment.replications + config.fresh)
    runs, _ = _done(evaluate(best.values, fresh))
    check = pd.concat(
        [target.of(runs).rename("value").reset_index().assign(target=target.name)
         for target in config.targets],
        ignore_index=True,
    )[["target", "replicate", "value"]]  # fmt: skip
    return Calibration(config, trials, profile, check, total)


def _with(experiment: ExperimentConfig, values: Mapping[str, Any]) -> ExperimentConfig:
    """Set parameters in all arms and, if they are the market's, in the market of all arms."""
    market = {
        keys[1]: v for path, v in values.items() if (keys := path.split("."))[:-1] == ["market"]
    }
    source = f"fitted: calibration {experiment.name}"
    return replace(
        experiment,
        arms={name: experiment.at(name, values) for name in experiment.arms},
        market=experiment.market.model_copy(update=market),
        sources={**experiment.sources, **{tuple(path.split(".")): source for path in values}},
    )
