"""A results folder as the report reads it: tables, manifest and experiment, whatever is there.

Only the table of runs is read at once; the tables per round and per age when they are needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from trustsim.analysis.means import Reading
from trustsim.analysis.within import refuse_absent, refuse_left_out, runs_by_policy
from trustsim.config.design import SAMPLED, Design, read_design
from trustsim.config.models import KEPT, TABLES
from trustsim.config.paths import path_of
from trustsim.config.toml import read_toml
from trustsim.errors import ConfigError, clear_errors, nearest, shown
from trustsim.experiment.storage.files import EXPERIMENT, read_table, verify
from trustsim.experiment.storage.seals import MANIFEST, read_manifest
from trustsim.schema.mechanisms import NOTHING, WITHOUT


@dataclass(frozen=True)
class Reported:
    """The content of a results folder.

    Attributes
    ----------
    folder : Path
        Where it was read from.
    runs : DataFrame
        Finished runs, one row each; never empty. Of an ablation those in the full market.
    ablated : DataFrame or None
        Of an ablation all finished runs, also those without a mechanism.
    failures : int
        Number of failed runs.
    experiment, manifest : mapping
        Content of ``experiment.toml`` and ``manifest.json``, empty if they are not there.
    missing : tuple of str
        Files that a complete folder has and this one has not. Tables that the experiment does not
        keep are not missed.
    """

    folder: Path
    runs: pd.DataFrame
    ablated: pd.DataFrame | None = None
    failures: int = 0
    experiment: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @cached_property
    def rounds(self) -> pd.DataFrame | None:
        """Table per round, with the design point of the run, read when it is first asked for.

        None if it is not there, and for several design points: their rows are of different
        markets, whose paths over time have no common meaning, and they may be many.
        """
        return self._detail("rounds")

    @cached_property
    def ages(self) -> pd.DataFrame | None:
        """Table per relationship age; None as `rounds` is."""
        return self._detail("ages")

    @cached_property
    def policies(self) -> pd.DataFrame | None:
        """Table per buyer policy of the finished runs, with their design points.

        None if it is not there.
        """
        return self._of_finished("policies")

    @cached_property
    def temptations(self) -> pd.DataFrame | None:
        """Table per temptation of the finished runs; None as `rounds` is."""
        return None if self.points > 1 else self._of_finished("temptations")

    @cached_property
    def points(self) -> int:
        """Number of design points that have finished runs."""
        return int(self.runs["point"].nunique()) if "point" in self.runs else 1

    @cached_property
    def design(self) -> Design | None:
        """The design of the experiment, if it has one."""
        table = self.experiment.get("design")
        return None if table is None else read_design(table, str(self.folder / "experiment.toml"))

    @cached_property
    def reading(self) -> Reading:
        """What intervals are over unless somebody asks for something else.

        Points that were drawn at random stand for all markets of the design, so that other points
        and other luck could have come out. Points that somebody has chosen stand for themselves.
        """
        design = self.design
        if design is None or design.method not in SAMPLED or self.points == 1:
            return {"over": "replicates", "block": 1}
        hanging_together = {"sobol": 2, "morris": 1}
        more = hanging_together.get(design.method)
        return {"over": "both", "block": 1 if more is None else len(design.dimensions) + more}

    @cached_property
    def planned(self) -> tuple[list[str], int, int]:
        """Arms, number of points and replications of the plan.

        A folder that does not say what was planned is taken for complete up to the last point and
        the last replicate that it has.
        """
        arms = [str(a) for a in _table(self.experiment, "arms")] or self.arms
        last = int(self.runs["replicate"].max()) + 1
        written = self.experiment.get("replications")
        least = max(last, written) if type(written) is int else last
        replications = self.manifest.get("replications", least)
        if self.ablated is not None:
            return arms, 1, replications
        points = int(self.runs["point"].max()) + 1 if "point" in self.runs else 1
        planned = int(self.manifest.get("runs_planned", 0))
        return arms, max(points, planned // (len(arms) * replications)), replications

    def keeps(self, table: str) -> bool:
        """Whether the experiment keeps a table: such as "runs", "rounds" or "orders"."""
        return table in self.experiment.get("keep", KEPT)

    @cached_property
    def arms(self) -> list[str]:
        """Arms that have finished runs, in the order of the experiment."""
        there = [str(a) for a in dict.fromkeys(self.runs["arm"])]
        named = [str(a) for a in _table(self.experiment, "arms")]
        return [a for a in named if a in there] + [a for a in there if a not in named]

    @property
    def lost(self) -> list[str]:
        """Arms of the experiment that have no finished run."""
        return [str(a) for a in _table(self.experiment, "arms") if a not in self.arms]

    @cached_property
    def baseline(self) -> str:
        """The arm that the others are compared with; the last arm if the experiment names none."""
        named = str(self.experiment.get("baseline", self.arms[-1]))
        return named if named in self.arms else self.arms[-1]

    def policy_of_baseline(self, names: Sequence[str]) -> str:
        """The policy that others in the same market are compared with.

        That of the baseline if all its buyers have the same and it is among the names, else the
        last of these.
        """
        mix = _table(_table(_table(self.experiment, "arms"), self.baseline), "buyer_mix")
        used = [str(name) for name, share in mix.items() if share]
        return used[0] if len(used) == 1 and used[0] in names else names[-1]

    def within(
        self, arm: str, policies: Sequence[str] = (), measures: Sequence[str] = ()
    ) -> Reported:
        """The same folder as if policies of buyers, side by side in an arm, were its arms.

        Parameters
        ----------
        arm : str
        policies : sequence of str
            Policies to compare, the last of which is the baseline; all that the arm has if empty.
        measures : sequence of str
            Measures that are to be compared, to refuse what tells nothing of a policy.

        Raises
        ------
        ConfigError
            If the folder keeps no table of policies, there is no such arm or policy, a policy has
            no buyers, or there are not two.
        """
        table = self.policies
        if table is None:
            raise ConfigError(
                f"{self.folder / 'policies.parquet'}: the experiment keeps no table of policies, "
                f'which a comparison within an arm needs; add "policies" to keep and run again'
            )
        refuse_left_out(measures)
        runs = runs_by_policy(table, arm)
        refuse_absent(table, arm, tuple(policies))
        ordered = table[(table["arm"] == arm) & (table["orders"] > 0)]
        names = list(dict.fromkeys(policies)) or [str(n) for n in dict.fromkeys(ordered["policy"])]
        if len(names) < 2:
            which = "is named" if policies else "has buyers that order"
            raise ConfigError(
                f"arm {shown(arm)}: only {shown(names[0] if names else 'nobody')} {which}; a "
                "comparison within an arm needs two policies"
            )
        last = names[-1] if policies else self.policy_of_baseline(names)
        arms = [*(name for name in names if name != last), last]
        planned = int(self.manifest.get("runs_planned", 0)) * len(arms) // len(self.planned[0])
        experiment = {**self.experiment, "arms": {name: {} for name in arms}, "baseline": last}
        return replace(
            self,
            runs=runs[runs["arm"].isin(arms)],
            ablated=None,
            experiment=experiment,
            manifest={**self.manifest, "runs_planned": planned},
        )

    @property
    def challengers(self) -> list[str]:
        """All arms but the baseline."""
        return [arm for arm in self.arms if arm != self.baseline]

    @property
    def name(self) -> str:
        """Name of the experiment; the folder's name if it has none."""
        return str(self.experiment.get("name") or self.manifest.get("name") or self.folder.name)

    @property
    def question(self) -> str:
        """The question that the experiment asks, as its author put it."""
        return str(self.experiment.get("question", "")).strip()

    @cached_property
    def rounds_per_year(self) -> int:
        """Rounds in a year of this market."""
        value = _table(self.experiment, "market").get("rounds_per_year", 12)
        return max(1, int(value)) if isinstance(value, int | float) else 12

    def runs_of(self, arm: str) -> int:
        """Finished runs of an arm."""
        return int((self.runs["arm"] == arm).sum())

    def _of_finished(self, name: str) -> pd.DataFrame | None:
        table = _with_points(_frame(self.folder, name), self.runs)
        if table is None or "run_id" not in table or "run_id" not in self.runs:
            return table
        return table[table["run_id"].isin(self.runs["run_id"])]

    def _detail(self, name: str) -> pd.DataFrame | None:
        return None if self.points > 1 else _with_points(_frame(self.folder, name), self.runs)


def read_results(folder: Path) -> Reported:
    """Read a results folder.

    Raises
    ------
    ConfigError
        If there is no folder, no readable table of runs, or no finished run in it; or if a file
        that is there cannot be read.
    """
    folder = path_of(folder)
    with clear_errors(folder, "read"):
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder")
    manifest = read_manifest(folder)
    runs = _frame(folder, "runs")
    if runs is None:
        failed, planned = manifest.get("runs_failed", 0), manifest.get("runs_planned", 0)
        what = (
            f"no run is done, and {failed} of {planned} failed; failures.parquet says why"
            if failed
            else "no runs.parquet; is this a folder of results?"
        )
        raise ConfigError(f"{folder}: {what}")
    for column in ("arm", "replicate"):
        if column not in runs:
            hint = nearest(column, [str(c) for c in runs.columns])
            raise ConfigError(f'{folder / "runs.parquet"}: no column "{column}"{hint}')
    if "status" in runs:
        runs = runs[runs["status"] == "done"]
    if runs.empty:
        raise ConfigError(f"{folder / 'runs.parquet'}: no finished run")
    ablated = None
    failures = _frame(folder, "failures")
    verify(folder, EXPERIMENT)
    experiment = read_toml(folder / EXPERIMENT) if os.path.lexists(folder / EXPERIMENT) else None
    if _is_ablation(runs, experiment or {}):
        ablated, runs = runs, runs[runs[WITHOUT] == NOTHING]
        if runs.empty:
            raise ConfigError(
                f"{folder / 'runs.parquet'}: no finished run of the full market, which an ablation "
                "compares all others with"
            )
    result = Reported(
        folder=folder,
        runs=runs,
        ablated=ablated,
        failures=0 if failures is None else len(failures),
        experiment=experiment or {},
        manifest=manifest,
    )
    wanted = [f"{table}.parquet" for table in TABLES if result.keeps(table)]
    wanted += [EXPERIMENT, MANIFEST]
    missing = tuple(n for n in wanted if not (folder / n).is_file())
    verify(folder, *missing)
    return replace(result, missing=missing)


def _table(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = mapping.get(key, {})
    return value if isinstance(value, Mapping) else {}


def _is_ablation(runs: pd.DataFrame, experiment: Mapping[str, Any]) -> bool:
    """Whether the points differ in nothing but the mechanism that is off."""
    if WITHOUT not in runs:
        return False
    design = _table(experiment, "design")
    if not design:
        return NOTHING in set(runs[WITHOUT]) and (
            "point" not in runs or bool((runs.groupby(WITHOUT)["point"].nunique() == 1).all())
        )
    varies = list(_table(design, "parameters"))
    return design.get("method") == "ablation" or (
        varies == [WITHOUT] and NOTHING in set(runs[WITHOUT])
    )


def _with_points(table: pd.DataFrame | None, runs: pd.DataFrame) -> pd.DataFrame | None:
    """Rows of the finished runs, with the design point that only the table of runs knows."""
    if table is None or table.empty:
        return None
    if "point" in table or not {"run_id", "point"} <= set(runs) or "run_id" not in table:
        return table
    return table.merge(runs[["run_id", "point"]], on="run_id", how="inner")


def _frame(folder: Path, name: str) -> pd.DataFrame | None:
    path = folder / f"{name}.parquet"
    if not os.path.lexists(path):
        verify(folder, path.name)
        return None
    frame: pd.DataFrame = read_table(folder, name).to_pandas()
    return frame
