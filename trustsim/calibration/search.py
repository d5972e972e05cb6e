"""The search of a calibration: which values are tried next, and the study that keeps what was.

What is tried next depends on the finished trials, the number of the trial and the seed, and on
nothing else. A trial enters the study when it is finished, in one transaction. Hence a search that
was killed and goes on tries the same values as one that was never disturbed.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from trustsim.calibration.response import Response
from trustsim.calibration.targets import Target, Trial
from trustsim.config.dimensions import Dimension
from trustsim.errors import ConfigError

STUDY = "calibration"
SIMULATED = "simulated"
FAILED = "failed"
ERROR = "error"
HASH = "hash"
STARTUP_PER_PARAMETER = 4
"""Trials per free parameter that are spread over the whole space before the search narrows."""
CANDIDATES = 64
"""Points that the sampler draws and compares before it proposes one."""
MODEL_EVERY = 4
"""One proposal in so many is where a model of the responses has its least loss."""


class Search:
    """Proposes values, from all trials finished so far.

    Parameters
    ----------
    dimensions : sequence of Dimension
        The free parameters.
    targets : sequence of Target
        What is to be met.
    seed : int
        Seed of the search.
    start : mapping, optional
        Values of the first trial.
    """

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        targets: Sequence[Target],
        seed: int,
        start: Mapping[str, Any] | None = None,
    ) -> None:
        from scipy.stats import qmc

        self.dimensions, self.targets, self.seed = dimensions, targets, seed
        self.start = dict(start or {})
        power = math.ceil(math.log2(STARTUP_PER_PARAMETER * len(dimensions)))
        sobol = qmc.Sobol(len(dimensions), rng=np.random.default_rng(seed))
        self.startup = sobol.random_base2(power)

    def propose(self, trials: Sequence[Trial]) -> dict[str, Any]:
        """Give the values of the next trial.

        The first are the start, if there is one, and the points of a scrambled Sobol' sequence
        (Owen 1998). Then one in four is the point at which a quadratic model of the responses has
        its least loss; the others come from a tree-structured Parzen estimator (Bergstra et al.
        2011, multivariate as in Falkner et al. 2018).
        """
        number = len(trials)
        if number == 0 and self.start:
            return self.start
        place = number - bool(self.start)
        if place < len(self.startup):
            return {
                dimension.path: plain(dimension.of([unit])[0])
                for dimension, unit in zip(self.dimensions, self.startup[place], strict=True)
            }
        if place % MODEL_EVERY == 0:
            response = Response.of(self.dimensions, self.targets, trials)
            if response is not None:
                result = response.least()
                if all(result != trial.values for trial in trials):
                    return result
        return self._parzen(trials)

    def _parzen(self, trials: Sequence[Trial]) -> dict[str, Any]:
        optuna = needed()
        with quiet():
            sampler = optuna.samplers.TPESampler(
                n_startup_trials=0,
                n_ei_candidates=CANDIDATES,
                multivariate=True,
                constant_liar=False,
                seed=int(np.random.SeedSequence([self.seed, len(trials)]).generate_state(1)[0]),
            )
            trial_store = optuna.create_study(sampler=sampler)
            trial_store.add_trials([_frozen(trial, self.dimensions) for trial in trials])
            asked = trial_store.ask(_distributions(self.dimensions))
        return {dimension.path: asked.params[dimension.path] for dimension in self.dimensions}


class TrialStore:
    """The finished trials of a calibration, in an SQLite file that Optuna reads.

    Parameters
    ----------
    path : Path
        The file; made if it is not there.
    dimensions : sequence of Dimension
        The free parameters.
    """

    def __init__(self, path: Path, dimensions: Sequence[Dimension]) -> None:
        optuna = needed()
        self.path, self.dimensions = path, dimensions
        with quiet(), self._clear_errors():
            # The path goes past the address, in which some characters would mean something.
            connect = partial(sqlite3.connect, path.resolve(), check_same_thread=False)
            self.storage = optuna.storages.RDBStorage(
                "sqlite:///study.db", engine_kwargs={"creator": connect}
            )
            self.trial_store = optuna.create_study(
                storage=self.storage, study_name=STUDY, load_if_exists=True
            )

    def trials(self) -> list[Trial]:
        """All finished trials in their order."""
        with quiet(), self._clear_errors():
            return [self._trial(trial) for trial in self.trial_store.get_trials(deepcopy=False)]

    def add(self, trial: Trial) -> None:
        """Keep a finished trial."""
        with quiet(), self._clear_errors():
            self.trial_store.add_trial(_frozen(trial, self.dimensions))

    def close(self) -> None:
        """Let go of the file."""
        self.storage.remove_session()
        self.storage.engine.dispose()

    def _trial(self, kept: Any) -> Trial:
        simulated = kept.user_attrs[SIMULATED].items()
        trial = Trial(
            {dimension.path: kept.params[dimension.path] for dimension in self.dimensions},
            {name: math.nan if mean is None else mean for name, mean in simulated},
            kept.value,
            kept.user_attrs[FAILED],
            kept.user_attrs[ERROR],
        )
        if kept.user_attrs.get(HASH, hash_of(trial)) != hash_of(trial):
            raise ConfigError(
                f"{self.path}: trial {kept.number} has been changed since it was written; put the "
                "file back from a copy, or move it away: its trials are done again"
            )
        return trial

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        from optuna.exceptions import OptunaError
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (OptunaError, SQLAlchemyError, KeyError) as error:
            below = (error, error.__cause__, error.__context__)
            said = [cause for each in below if (cause := getattr(each, "orig", None))]
            reason = str(said[0] if said else error).split("\n")[0]
            advice = "if the file is damaged, move it away: its trials are done again"
            if "full" in reason:
                advice = "make room and run again: what is done so far is kept"
            raise ConfigError(
                f"{self.path}: cannot be used as the study of a calibration ({reason}); {advice}"
            ) from None


def needed() -> Any:
    """Give Optuna.

    Raises
    ------
    ConfigError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise ConfigError(
            "a calibration needs Optuna, which is not installed: pip install trustsim[calibrate]"
        ) from None
    return optuna


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna from telling what it does, but for what goes wrong."""
    logging = needed().logging
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def plain(value: Any) -> Any:
    """Turn a value of an array into one of Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _distributions(dimensions: Sequence[Dimension]) -> dict[str, Any]:
    kinds = needed().distributions
    result: dict[str, Any] = {}
    for dimension in dimensions:
        log = dimension.scale == "log"
        if dimension.values:
            result[dimension.path] = kinds.CategoricalDistribution(dimension.values)
        elif dimension.kind == "integer":
            result[dimension.path] = kinds.IntDistribution(
                int(dimension.low), int(dimension.high), log=log
            )
        else:
            result[dimension.path] = kinds.FloatDistribution(dimension.low, dimension.high, log=log)
    return result


def _frozen(trial: Trial, dimensions: Sequence[Dimension]) -> Any:
    """Write a trial as Optuna keeps it; a missing figure becomes none."""
    simulated = {k: v if math.isfinite(v) else None for k, v in trial.simulated.items()}
    return needed().trial.create_trial(
        params=trial.values,
        distributions=_distributions(dimensions),
        value=trial.loss,
        user_attrs={
            SIMULATED: simulated,
            FAILED: trial.failed,
            ERROR: trial.error,
            HASH: hash_of(trial),
        },
    )


def hash_of(trial: Trial) -> str:
    """SHA-256 of a trial, by which a change of it is noticed."""
    content = [trial.values, trial.simulated, trial.loss, trial.failed, trial.error]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
