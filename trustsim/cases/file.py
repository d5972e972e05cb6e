"""Cases as they stand in files, each with the experiment that is run for it.

What an author writes is one arm with a parameter that varies, or two arms. The experiment that is
run has every point twice, with the mechanism of the claim and without it, under the same luck.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from trustsim.analysis.expressions import columns_of
from trustsim.config.case import AGE, ARMS, BOTH, ENDS, IDS, SHARE, TIME, CaseTable
from trustsim.config.design import read_design, used
from trustsim.config.experiment import ExperimentConfig, experiment_of
from trustsim.config.file import read_experiment
from trustsim.config.paths import path_of
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError, at, known, nearest, said_at, shown, suggestion
from trustsim.experiment.plan import Plan, Run, scenario_of
from trustsim.experiment.storage.tables import AGES, ORDERS, ROUNDS, RUNS
from trustsim.schema.mechanisms import MECHANISMS, NOTHING, WITHOUT
from trustsim.schema.tables import TABLES
from trustsim.schema.translation import plain

STAYS = "stays"
"""Column of orders that is worked out: whether the buyer's next order goes to the same supplier."""

FOLDER = Path("configs/cases")
"""Where the cases of the project are."""


@dataclass(frozen=True)
class Case:
    """A claim with the experiment that is run for it.

    Attributes
    ----------
    said : CaseTable
        The claim.
    config : ExperimentConfig
        The author's experiment, with every point once more without the mechanism.
    difference : str
        Which difference the effect is.
    """

    said: CaseTable
    config: ExperimentConfig
    difference: str

    @property
    def id(self) -> str:
        """Id of the claim."""
        return self.said.id

    @property
    def arms(self) -> list[str]:
        """The baseline, then the arm that is compared with it, if there is one."""
        baseline = self.config.baseline
        return [baseline, *(arm for arm in self.config.arms if arm != baseline)]

    @cached_property
    def values(self) -> tuple[Any, ...]:
        """Values of the parameter that varies, in the order of the file; none against time."""
        assert self.config.design is not None
        return next((d.values for d in self.config.design.parameters if d.path != WITHOUT), ())

    @property
    def off(self) -> str:
        """The mechanism that is off in the second pair."""
        return self.said.mechanism


def load_case(path: str | Path) -> Case:
    """Read a case and make its second pair of arms.

    Raises
    ------
    ConfigError
        If the file is no case, or one that cannot be asked: its market lacks the mechanism, say.
    """
    path = path_of(path)
    written = read_experiment(path)
    said, file = written.tables.case, str(path)
    if said is None:
        raise ConfigError(f"{file}: case: is missing; a case has a table [case] with its claim")
    config = experiment_of(written)
    _refuse_arms(config, file)
    doubled = _doubled(config, said, file)
    case = Case(said, doubled, said.difference or _usual(said, len(config.arms)))
    _refuse_difference(case, file)
    _refuse_what_does_nothing(case, file)
    return case


def find_cases(folder: Path = FOLDER, only: Iterable[str] = ()) -> list[Path]:
    """Give the files of cases in a folder, in the order of their ids.

    Parameters
    ----------
    folder : Path
    only : iterable of str
        Ids; all that have a file if none is given.

    Raises
    ------
    ConfigError
        If the folder holds no case, or none of an id that is asked for.
    """
    files = {path.stem.upper(): path for path in sorted(folder.glob("*.toml"))}
    if not files:
        raise ConfigError(f"{folder}: holds no case; give the folder of the cases with --cases")
    for name, path in files.items():
        known(name, IDS, at(str(path), "") + "the name of the file is no case's")
    asked = [name.strip().upper() for name in only]
    for name in asked:
        known(name, files, at("", "--only", name, given=True) + _lacking(name))
    return [files[name] for name in IDS if name in files and (not asked or name in asked)]


def _lacking(name: str) -> str:
    return "has no file yet" if name in IDS else "no such case"


def _usual(said: CaseTable, arms: int) -> str:
    if arms == 1:
        return ENDS
    return ARMS if said.against in (TIME, AGE) else BOTH


def _doubled(config: ExperimentConfig, said: CaseTable, file: str) -> ExperimentConfig:
    """Give the experiment with every point once more without the mechanism."""
    design = config.design
    varied = {} if design is None else {d.path: d for d in design.parameters}
    against = {} if said.against in (TIME, AGE) else {said.against: None}
    where = at(file, "case.against", said.against, given=True)
    if set(varied) != set(against) or (design is not None and design.method != "grid"):
        names = ", ".join([TIME, AGE, *varied])
        text = "the design must be a grid over this parameter and no other"
        if not against:
            text = "the experiment must have no design"
        raise ConfigError(f"{where}{text}; with what the file has, allowed: {names}")
    parameters: dict[str, Any] = {
        path: {"values": [plain(value) for value in d.spread()]} for path, d in varied.items()
    }
    if any(len(ways["values"]) < 2 for ways in parameters.values()):
        raise ConfigError(f"{where}needs at least two values in [design]")
    parameters[WITHOUT] = {"values": [NOTHING, said.mechanism]}
    keep = {TIME: (RUNS, ROUNDS), AGE: (RUNS, AGES)}.get(said.against, (RUNS,))
    if said.among:
        keep = (RUNS, ORDERS)
        for key in ("measure", "among"):
            _refuse_columns(
                getattr(said, key), at(file, f"case.{key}", getattr(said, key), given=True)
            )
    made = read_design({"method": "grid", "parameters": parameters}, file)
    return dataclasses.replace(config, design=made, keep=keep)


def _refuse_arms(config: ExperimentConfig, file: str) -> None:
    if len(config.arms) > 2:
        text = f"a case has one arm, or two to compare; these are {', '.join(config.arms)}"
        raise ConfigError(f"{file}: arms: {text}")


def _refuse_columns(text: str, where: str) -> None:
    """Refuse an expression that names what is no column of orders."""
    table = TABLES[ORDERS]
    with said_at(where):
        for name in columns_of(text):
            if name != STAYS and table.column(name) is None:
                names = [STAYS, *(column.name for column in table.columns)]
                raise ConfigError(f"orders have no column {name}{nearest(name, names)}")


def _refuse_difference(case: Case, file: str) -> None:
    """Refuse a difference that the arms do not have, and the share of an unknown instrument."""
    if case.difference != ENDS and len(case.arms) < 2:
        where = at(file, "case.difference", case.difference, given=True)
        raise ConfigError(f'{where}needs two arms, and there is one; allowed: "{ENDS}"')
    if case.difference == ENDS and len(case.arms) > 1:
        where = at(file, "case.difference", case.difference, given=True)
        raise ConfigError(f'{where}is of one arm, and there are two; allowed: "{ARMS}", "{BOTH}"')
    measure = case.said.measure
    instruments = next(iter(case.config.arms.values())).instruments
    name = measure.removeprefix(SHARE)
    if name != measure:
        where = at(file, "case.measure", measure, given=True)
        known(name, instruments, f"{where}the market has no instrument {shown(name)}")


def _refuse_what_does_nothing(case: Case, file: str) -> None:
    """Refuse a mechanism that is at work nowhere, and instruments that no site can use."""
    pairs = list(_pairs(case))
    if all(used(on) == used(off) for on, off in pairs):
        on = pairs[-1][0]
        there = [name for name in MECHANISMS if used(on.at({WITHOUT: name})) != used(on)]
        where = at(file, "case.mechanism", case.off, given=True)
        text = "is absent from the market of the case, so that nothing can be switched off"
        raise ConfigError(f"{where}{text}{suggestion(case.off, there)}")
    usable = {name for on, _ in pairs for name in on.instruments if _reaches(on, name)}
    for name, row in pairs[0][0].instruments.items():
        if name not in usable:
            where = at(file, f"instruments.{name}.reach", row.reach, given=True)
            said = f"no site is as near, so that nobody can pay so{suggestion(name, usable)}"
            raise ConfigError(where + said)


def _pairs(case: Case) -> Iterator[tuple[Scenario, Scenario]]:
    """Yield what is run at every point, with the mechanism and without it."""
    plan = Plan(case.config)
    for arm in case.config.arms:
        for point in range(0, plan.points, 2):  # the switch is the last parameter of the grid
            on, off = (scenario_of(case.config, Run(arm, p, 0, "")) for p in (point, point + 1))
            yield on, off


def _reaches(scenario: Scenario, instrument: str) -> bool:
    """Whether the nearest site is within the reach of an instrument.

    Remoteness is uniform around its mean, as widely as it can be.
    """
    mean = scenario.market.remoteness
    nearest = mean - min(mean, 1.0 - mean)
    reach = scenario.instruments[instrument].reach
    return bool(reach > nearest or reach == nearest == mean)
