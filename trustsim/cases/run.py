"""Running cases, each in a folder of its own, and reading what they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from trustsim.cases.effect import Effects, Tables, effects
from trustsim.cases.file import Case
from trustsim.cases.orders import RUN, mean_by, orders_of
from trustsim.config.case import AGE, TIME
from trustsim.errors import ConfigError, said_at
from trustsim.experiment.run import Watcher, run_missing
from trustsim.experiment.storage.files import read_table
from trustsim.experiment.storage.tables import AGES, ROUNDS, RUNS

Found = tuple[Case, Effects]


def run_cases(
    cases: Sequence[Case],
    out: Path,
    *,
    jobs: int | None = None,
    progress: Callable[[Case], Watcher | None] | None = None,
) -> list[Found]:
    """Run what is missing of cases, and give what they show.

    Parameters
    ----------
    cases : sequence of Case
    out : Path
        Each case has a folder in it, named by its id in small letters.
    jobs : int, optional
        Cores to use; all if not given.
    progress : callable, optional
        Called with a case before it is run; gives who watches its runs.

    Raises
    ------
    ConfigError
        If a folder cannot be used, or no run of a case could be done.
    """
    found = []
    for case in cases:
        folder = folder_of(case, out)
        watcher = None if progress is None else progress(case)
        manifest = run_missing(case.config, folder, jobs=jobs, progress=watcher)
        if not manifest["runs_done"]:
            raise ConfigError(f"{folder}: no run of the case {case.id} could be done")
        with said_at(f"{folder}: "):
            found.append((case, effects(case, tables_of(case, folder))))
    return found


def folder_of(case: Case, out: Path) -> Path:
    """Folder of a case's results."""
    return out / case.id.lower()


def tables_of(case: Case, folder: Path) -> Tables:
    """Read the tables that a case's effect and figure are made from, finished runs only."""
    against, measure = case.said.against, case.said.measure
    own = [] if against in (TIME, AGE) else [against]
    runs = ["arm", "point", "replicate", "without", *own]
    more = {TIME: (ROUNDS, "round", "policy"), AGE: (AGES, "age_from", "age_to")}
    if case.said.among:
        table: pd.DataFrame = read_table(folder, RUNS, runs).to_pandas()
        orders = orders_of(case, folder)
        found = {RUNS: table.merge(mean_by(orders, measure), how="left", on=RUN)}
        if against in more:
            name, column, _ = more[against]
            found[name] = mean_by(orders, measure, column)
        return found
    runs.append(measure)
    tables: dict[str, pd.DataFrame] = {RUNS: read_table(folder, RUNS, runs).to_pandas()}
    if against in more:
        name, *columns = more[against]
        wanted = ["arm", "point", "replicate", *columns, measure]
        tables[name] = read_table(folder, name, wanted).to_pandas()
    return tables
