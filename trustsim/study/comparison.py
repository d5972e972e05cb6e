"""Scenarios that are compared at once: the same luck for all of them, nothing written to disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from trustsim.analysis.compare import compare
from trustsim.config.experiment import ExperimentConfig
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError, at, known, shown
from trustsim.experiment.execution.executors import ThreadExecutor
from trustsim.experiment.plan import Plan
from trustsim.experiment.run import Progress, Watcher, cores_to_use
from trustsim.experiment.watching import watcher
from trustsim.report.results import Reported
from trustsim.report.words.answers import answers
from trustsim.schema.forms import html_table
from trustsim.simulation.outcome import Sums
from trustsim.study.drawing import FIRST, draw, frames_of, in_memory

if TYPE_CHECKING:
    from trustsim.report.figures.style import Panels

SHOWN = ("total_cost", "cost_price", "transaction_cost", "supplier_profit", "joint_surplus")
"""Measures that a notebook shows of a comparison."""


class Comparison:
    """Runs of several scenarios under the same luck, and what differs between them.

    Attributes
    ----------
    scenarios : dict of Scenario
        By the names of the arms.
    baseline : str
        The arm that the others are compared with.
    runs, rounds, ages : DataFrame
        Tables as those of a results folder: a row per run, per round, per age of relations, with
        ``arm``, ``point`` and ``replicate``.
    """

    def __init__(
        self, scenarios: Mapping[str, Scenario], baseline: str, tried: Mapping[str, Any]
    ) -> None:
        self.scenarios = dict(scenarios)
        self.baseline = baseline
        frames = frames_of(tried)
        self.runs, self.rounds, self.ages = (frames[each] for each in ("runs", "rounds", "ages"))

    @property
    def challengers(self) -> list[str]:
        """All arms but the baseline."""
        return [name for name in self.scenarios if name != self.baseline]

    def compare(
        self, arm_a: str, arm_b: str, measures: Sequence[str] | None = None, **options: Any
    ) -> pd.DataFrame:
        """Compare two arms by paired differences; see `trustsim.compare`."""
        return compare(self.runs, arm_a, arm_b, measures, **options)

    def table(
        self, measures: Sequence[str] | None = None, confidence: float = 0.95
    ) -> pd.DataFrame:
        """Compare every arm with the baseline: a row per arm and measure.

        Columns are those of `trustsim.compare`, with the arm before them. Verdicts are corrected
        for the measures of an arm.
        """
        parts = {a: self.compare(a, self.baseline, measures, confidence=confidence)
                 for a in self.challengers}  # fmt: skip
        return pd.concat(parts, names=["arm", None]).reset_index("arm").reset_index(drop=True)

    def answer(self, confidence: float = 0.95) -> list[str]:
        """Sentences that say what each arm costs against the baseline."""
        return answers(self._reported, confidence)

    def plot(self, figure: str = FIRST, width: float | None = None) -> Panels:
        """Draw a figure of the report, by the name of its files; a notebook shows it."""
        return draw(self._reported, figure, width)

    @cached_property
    def _reported(self) -> Reported:
        market = self.scenarios[self.baseline].market
        frames = {"runs": self.runs, "rounds": self.rounds, "ages": self.ages}
        return in_memory(frames, " and ".join(self.scenarios), self.baseline, market)

    def __repr__(self) -> str:
        runs = self.runs.groupby("arm").size().max()
        head = f"Comparison({len(self.scenarios)} scenarios, {runs} runs each, same luck)"
        return "\n".join([head, *self.answer()])

    def _repr_html_(self) -> str:
        rows = []
        for each in self.table(SHOWN).to_dict("records"):
            interval = f"{each['low']:+.4f} to {each['high']:+.4f}"
            means = float(each["mean_a"]), float(each["mean_b"])
            rows.append(
                (each["arm"], each["measure"], *means, f"{each['difference']:+.4f}", interval)
            )
        heads = ("arm", "measure", "mean", f"mean of {self.baseline}", "difference", "95 %")
        return html_table(" ".join(self.answer()), rows, heads)


def compare_scenarios(
    scenarios: Mapping[str, Scenario] | Sequence[Scenario],
    replications: int = 40,
    *,
    baseline: str | None = None,
    jobs: int | None = None,
    progress: Watcher | bool | None = None,
) -> Comparison:
    """Run scenarios with the same luck, and compare them.

    Parameters
    ----------
    scenarios : mapping of str to Scenario, or sequence of Scenario
        At least two, of the same length and seed; a sequence goes by the names of the scenarios.
    replications : int
        Runs of each; 40 show a difference of a third of its spread between pairs.
    baseline : str, optional
        What the others are compared with; the last one if not given.
    jobs : int, optional
        Cores to use; all if not given.
    progress : callable or bool, optional
        As that of `trustsim.Experiment.run`.

    Raises
    ------
    ConfigError
        If there are fewer than two, they share a name, or cannot share their luck.

    Examples
    --------
    >>> calm = Scenario("high_trust", rounds=12, buyers=20)
    >>> found = compare_scenarios({"calm": calm, "rough": calm.replace(transit_loss=0.1)}, 5)
    >>> float(found.table(["cost_delay"])["difference"].iloc[0]) < 0.0
    True
    """
    arms = _named(scenarios)
    last = list(arms)[-1]
    chosen = last if baseline is None else baseline
    known(chosen, arms, f"{at('', 'baseline', chosen, given=True)}no such scenario")
    for name, scenario in arms.items():
        for what in ("rounds", "seed"):
            own, others = getattr(scenario, what), getattr(arms[last], what)
            if own != others:
                text = f"has {what} = {own}, and {shown(last)} has {others}; they share their luck"
                raise ConfigError(f"scenarios: {shown(name)} {text} only if they are alike in it")
    config = ExperimentConfig("comparison", arms, chosen, replications)
    tried: dict[str, list[tuple[int, Sums]]] = {name: [] for name in arms}
    told, done = watcher(progress), 0
    plan = Plan(config)
    runs = plan.runs(plan.order(0, plan.replications))
    for attempt in ThreadExecutor(cores_to_use(jobs)).attempts(runs, config):
        if attempt.sums is None:
            failure = attempt.failure
            said = "" if failure is None else f"{failure.error}: {failure.message}"
            raise ConfigError(f"{shown(attempt.run.arm)}, run {attempt.run.replicate}: {said}")
        tried[attempt.run.arm].append((attempt.run.replicate, attempt.sums))
        done += 1
        if told is not None:
            told(Progress(done, replications * len(arms), 0))
    return Comparison(arms, chosen, {name: sorted(own, key=_number) for name, own in tried.items()})


def _number(run: tuple[int, Sums]) -> int:
    return run[0]


def _named(scenarios: Any) -> dict[str, Scenario]:
    """Give the scenarios by name; refuse what cannot be compared."""
    example = "{'calm': Scenario(...), 'rough': Scenario(...)}"
    pairs: list[tuple[str, Any]]
    if isinstance(scenarios, Mapping):
        pairs = list(scenarios.items())
    elif isinstance(scenarios, Sequence) and not isinstance(scenarios, str):
        pairs = [(getattr(each, "name", ""), each) for each in scenarios]
    else:
        pairs = []
    if len(pairs) < 2 or not all(isinstance(each, Scenario) for _, each in pairs):
        raise ConfigError(f"scenarios: must be two scenarios at least, such as {example}")
    if len(dict(pairs)) < len(pairs):
        raise ConfigError(f"scenarios: two of them have the same name; name them, as in {example}")
    return dict(pairs)
