"""Checking a results folder: is it what was run, is it complete, and does it come out again?

Tables are read part by part, so that they may be larger than the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from trustsim import __version__
from trustsim.config.paths import path_of
from trustsim.errors import ConfigError, clear_errors
from trustsim.experiment.execution.executors import Compute
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import collect, cores_to_use
from trustsim.experiment.storage.files import (
    EXPERIMENT,
    FAILURES,
    check_folder,
    experiment_in,
    parts_of,
    read_table,
    rows_of,
    unverified,
)
from trustsim.experiment.storage.merging import NOWHERE, Finder, blocks
from trustsim.experiment.storage.seals import FILES, harm, read_manifest
from trustsim.experiment.storage.tables import (
    NAMES,
    POLICIES,
    ROUNDS,
    RUN_ID,
    RUNS,
    Digest,
    agreeing,
    differences,
    rows_as_planned,
)

SAMPLE = 5


@dataclass
class Checked:
    """What a check of a results folder has found.

    Attributes
    ----------
    folder : Path
    good, wrong : list of str
        Sentences: what is as it should be, and what is not.
    """

    folder: Path
    good: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    def sentences(self) -> list[str]:
        """Give all findings, what is wrong last, and a verdict."""
        if self.sound:
            return [*self.good, f"{self.folder}: sound"]
        return [*self.good, *(f"wrong: {each}" for each in self.wrong), f"{self.folder}: not sound"]

    def find(self, problem: str, good: str) -> None:
        """Note a problem or, if it is empty, what is good."""
        if problem:
            self.wrong.append(problem)
        elif good:
            self.good.append(good)


def check(folder: Path, sample: int = SAMPLE) -> Checked:
    """Check the digest, completeness and accounts of a results folder, and compute runs again.

    What a killed process has left is put into the tables first.

    Parameters
    ----------
    folder : Path
        A results folder.
    sample : int
        Runs to compute again and to compare bit for bit, 0 or more; they are spread evenly over
        arms and, within an arm, over points and replicates, always the same ones.

    Raises
    ------
    ConfigError
        If it is no results folder of the installed version, or another process works in it.
    """
    if isinstance(sample, bool) or not isinstance(sample, int) or sample < 0:
        raise ConfigError(f"sample = {sample!r}: allowed: a whole number, 0 or more")
    folder = path_of(folder)
    check_folder(folder)
    checked = Checked(folder)
    before = unverified(folder)
    checked.wrong.extend(collect(folder))
    checked.good.extend(before or unverified(folder))
    manifest = read_manifest(folder)
    changed = _changed(checked, manifest)
    if EXPERIMENT in changed:
        return checked
    plan = Plan(experiment_in(folder))
    if not (folder / f"{RUNS}.parquet").exists():
        checked.find(*_completeness(folder, plan, Finder(plan), np.zeros(len(plan), np.int64)))
        return checked
    try:
        done = _check_tables(checked, plan, manifest)
        if not changed:
            _check_sample(checked, plan, spread(plan, done, sample))
    except ConfigError as error:
        checked.wrong.append(str(error))
    return checked


def spread(plan: Plan, done: npt.NDArray[np.bool_], sample: int) -> list[int]:
    """Choose runs that are done, in turn from every arm, evenly over its points and replicates.

    Parameters
    ----------
    plan : Plan
    done : array of bool, shape (runs planned,)
    sample : int
        How many; fewer if fewer are done.

    Returns
    -------
    list of int
        Their places.
    """
    of_arm = [
        np.flatnonzero(part) + number * len(part)
        for number, part in enumerate(np.split(done, len(plan.arms)))
    ]
    shares = [0] * len(of_arm)
    while sum(shares) < min(sample, done.sum()):
        open_arms = [n for n, places in enumerate(of_arm) if shares[n] < len(places)]
        shares[min(open_arms, key=lambda n: shares[n])] += 1
    return [
        int(places[(2 * turn + 1) * len(places) // (2 * share)])
        for places, share in zip(of_arm, shares, strict=True)
        for turn in range(share)
    ]


def _changed(checked: Checked, manifest: Mapping[str, Any]) -> list[str]:
    """Look for files that are not as they were written; give their names."""
    folder = checked.folder
    tables = (FAILURES, *(f"{name}.parquet" for name in NAMES))
    names = {EXPERIMENT, *manifest.get(FILES, ()), *(t for t in tables if (folder / t).exists())}
    changed = []
    for name in sorted(names):
        with clear_errors(folder / name, "read"):
            wrong = harm(folder, name, manifest)
        if wrong:
            checked.wrong.append(f"{folder / name}: {wrong}")
            changed.append(name)
    if FILES in manifest and not changed:
        checked.good.append(f"as they were written, by their hashes: {', '.join(sorted(names))}")
    return changed


def _check_tables(
    checked: Checked, plan: Plan, manifest: Mapping[str, Any]
) -> npt.NDArray[np.bool_]:
    """Read all tables once; give which runs are done, shape (runs planned,)."""
    folder, finder, digest = checked.folder, Finder(plan), Digest()
    times = {name: np.zeros(len(plan), np.int64) for name in plan.config.keep}
    orders = {name: np.zeros(len(plan)) for name in (RUNS, POLICIES)}
    accounts = _Accounts()
    for name, count in times.items():
        strangers = contradictions = 0
        for part in parts_of(folder, name, verified=True):
            digest.add(name, part)
            ids, _, rows = blocks(part[RUN_ID])
            places = finder(ids)
            strangers += int((places == NOWHERE).sum())
            known = places != NOWHERE
            np.add.at(count, places[known], rows[known] if name == RUNS else 1)
            if known.all():
                same = agreeing(name, part, plan, np.repeat(places, rows))
                contradictions += int((~same).sum())
            if name in orders:
                which = np.repeat(known, rows)
                of_run = part["orders"].to_numpy()[which]
                np.add.at(orders[name], np.repeat(places, rows)[which], of_run)
            if name == ROUNDS:
                accounts.add(part)
        path = folder / f"{name}.parquet"
        checked.find(f"{path}: holds {strangers} runs that are not planned" * bool(strangers), "")
        checked.find(
            f"{path}: says of {contradictions} rows something else than the plan about arm, "
            "point, replicate or parameters" * bool(contradictions),
            "",
        )
    checked.find(*_completeness(folder, plan, finder, times[RUNS]))
    for name, count in times.items():
        lacking = int(((times[RUNS] > 0) & (count == 0)).sum())
        path = folder / f"{name}.parquet"
        checked.find(f"{path}: has no row of {lacking} runs that are done" * bool(lacking), "")
    checked.find(*_as_in_manifest(manifest, "digest", digest.hexdigest()))
    checked.find(*_as_in_manifest(manifest, "orders", int(orders[RUNS].sum())))
    checked.find(*_as_in_manifest(manifest, "runs_done", int((times[RUNS] > 0).sum())))
    if POLICIES in times:
        wrong = int(((orders[RUNS] != orders[POLICIES]) & (times[POLICIES] > 0)).sum())
        where = folder / f"{POLICIES}.parquet"
        said = f"{where}: the orders of {wrong:,} runs do not add up to those of {RUNS}.parquet"
        checked.find(said * bool(wrong), "orders of policies add up to those of runs")
    if ROUNDS in times:
        checked.find(*accounts.finding(folder))
    done: npt.NDArray[np.bool_] = times[RUNS] > 0
    return done


class _Accounts:
    """Adds up accounts row by row."""

    def __init__(self) -> None:
        self.rows = self.wrong = 0
        self.first = ""

    def add(self, part: Any) -> None:
        names = [name for name in part.column_names if name.startswith("balance_")]
        total = sum((part[name].to_numpy() for name in names), np.zeros(part.num_rows, np.int64))
        wrong = np.flatnonzero(total)
        if len(wrong) and not self.wrong:
            self.first = part[RUN_ID][int(wrong[0])].as_py()
        self.rows += part.num_rows
        self.wrong += len(wrong)

    def finding(self, folder: Path) -> tuple[str, str]:
        problem = (
            f"{folder / f'{ROUNDS}.parquet'}: the accounts of {self.wrong:,} rows do not add up to "
            f"zero; the first is of run {self.first}"
        )
        good = f"the accounts add up to zero in each of {self.rows:,} rows of rounds"
        return problem * bool(self.wrong), good


def _completeness(
    folder: Path, plan: Plan, finder: Finder, times: npt.NDArray[np.int64]
) -> tuple[str, str]:
    """Whether every planned run stands in the table of runs once, or failed."""
    failed = np.zeros(len(plan), bool)
    if (folder / FAILURES).exists():
        table = read_table(folder, Path(FAILURES).stem, [RUN_ID])
        places = finder(blocks(table[RUN_ID])[0])
        failed[places[places != NOWHERE]] = True
    done, twice = int((times == 1).sum()), int((times > 1).sum())
    both = int((failed & (times > 0)).sum())
    missing = int((~failed & (times == 0)).sum())
    failures = f", {failed.sum():,} failed ({FAILURES})" if failed.any() else ""
    problems = [
        f"{twice:,} runs stand in {RUNS}.parquet more than once" * bool(twice),
        f"{both:,} runs stand in {RUNS}.parquet and in {FAILURES}" * bool(both),
        f"{missing:,} of {len(plan):,} planned runs are missing; run the experiment again, which "
        "computes no more than these" * bool(missing),
    ]
    said = f"{done:,} of {len(plan):,} planned runs are in the tables, each once{failures}"
    return "; ".join(problem for problem in problems if problem), said


def _as_in_manifest(manifest: Mapping[str, Any], key: str, there: Any) -> tuple[str, str]:
    said = manifest.get(key)
    problem = f"the manifest says {key} = {said}, the tables have {there}"
    return problem * (said != there), f"{key} as in the manifest: {there}"


def _check_sample(checked: Checked, plan: Plan, places: list[int]) -> None:
    """Compute runs again and compare them with what the folder holds."""
    keep = plan.config.keep
    compute = Compute(plan.config, threads=cores_to_use(None))
    runs = [plan.run(place) for place in places]
    ids = [run.run_id for run in runs]
    stored = {name: rows_of(checked.folder, name, ids) for name in keep}
    differing = 0
    for run in runs:
        which = f"run {run.run_id} (arm '{run.arm}', point {run.point}, replicate {run.replicate})"
        attempt = compute(run)
        if attempt.failure is not None:
            failure = attempt.failure
            differs = [f"it fails now: {failure.error}: {failure.message}"]
        else:
            differs = [
                f"{name}.{column}"
                for name, computed in rows_as_planned(attempt, plan, keep).items()
                for column in differences(
                    stored[name].filter(pc.equal(stored[name][RUN_ID], run.run_id)), computed
                )
            ]
        differing += bool(differs)
        problem = f"{which}, computed again, comes out differently: {', '.join(differs)}"
        checked.find(problem * bool(differs), "")
    if runs and not differing:
        checked.good.append(
            f"{len(runs)} runs, computed again by trustsim {__version__}, come out the same, bit "
            f"for bit: {', '.join(ids)}"
        )
