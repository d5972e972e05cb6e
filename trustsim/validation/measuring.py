"""Measuring signs: pairs of runs with the same luck, which differ in one thing.

Every market is run once for all rows that need it. What is kept of a run are the numbers that rows
read of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from trustsim.analysis.pairs import Floats, mean_interval
from trustsim.analysis.verdicts import adjusted, difference_p, equivalence_p
from trustsim.config.scenario import Scenario
from trustsim.engine.worker_pool import WorkerPool
from trustsim.experiment.run import cores_to_use
from trustsim.simulation.run import simulate
from trustsim.validation.reading import Observable
from trustsim.validation.signs import Sign, SignsFile, signs

REPLICATIONS = 16
"""Pairs of runs of a row, unless it asks for more."""

LEVEL = 0.05
"""Chance of any wrong verdict among all rows."""

SMALL = 0.05
"""Share of a measure's level below which an effect is none, unless the row says otherwise."""

Verdict = Literal["right", "wrong", "undecided", "explained"]


class Effect(NamedTuple):
    """The mean difference of high and low over pairs of runs.

    Attributes
    ----------
    low, high : float
        Means of the two sides.
    difference, half_width, error : float
        Mean difference with the half-width of its interval, and its standard error.
    pairs : int
        Pairs that could be measured.
    """

    low: float
    high: float
    difference: float
    half_width: float
    error: float
    pairs: int


@dataclass(frozen=True)
class Measured:
    """What came out of a row.

    Attributes
    ----------
    sign : Sign
    effect : Effect
    without : Effect or None
        The effect without the mechanisms through which it is said to go.
    verdict : str
    why : str
        What is wrong, in a few words.
    """

    sign: Sign
    effect: Effect
    without: Effect | None
    verdict: Verdict
    why: str = ""


Numbers = dict[tuple[str, Observable], Floats]
"""What was read of runs, by the text of their market."""


class _Side(NamedTuple):
    """One side of a row: the market that is read, and the one whose number is taken off."""

    market: Scenario
    against: Scenario | None


def measure_signs(
    jobs: int | None = None,
    *,
    file: SignsFile | None = None,
    replications: int = REPLICATIONS,
    most: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Measured]:
    """Measure all signs of a file.

    Parameters
    ----------
    jobs : int, optional
        Cores to use; all if not given.
    file : SignsFile, optional
        The built-in signs if not given.
    replications : int
        Pairs of runs of a row that does not ask for more.
    most : int, optional
        Pairs of runs of a row at most, whatever it asks for.
    progress : callable, optional
        Called with the runs done and all runs.

    Returns
    -------
    list of Measured
        In the order of the file.
    """
    file = signs() if file is None else file
    rows = {row.id: _sides(file, row) for row in file.sign}
    pairs = {row.id: row.replications or replications for row in file.sign}
    if most is not None:
        pairs = {name: min(count, most) for name, count in pairs.items()}
    markets: dict[str, Scenario] = {}
    asked: dict[str, dict[Observable, int]] = defaultdict(dict)
    for row in file.sign:
        for side in rows[row.id]:
            for market in side:
                if market is not None:
                    wanted = asked[market.canonical]
                    markets[market.canonical] = market
                    wanted[row.reading] = max(wanted.get(row.reading, 0), pairs[row.id])
    numbers = _read_all(markets, asked, cores_to_use(jobs), progress)
    effects = [
        [
            _effect(numbers, row.reading, low, high, pairs[row.id])
            for low, high in zip(rows[row.id][::2], rows[row.id][1::2], strict=True)
        ]
        for row in file.sign
    ]
    return judged(file.sign, effects)


def _sides(file: SignsFile, row: Sign) -> list[_Side]:
    """Give low and high of a row, and both once more without what the effect goes through."""
    return [
        _Side(
            file.scenario(row, row.base, side, without),
            file.scenario(row, row.against, side, without) if row.against else None,
        )
        for without in ([False, True] if row.through else [False])
        for side in (row.low, row.high)
    ]


def _read_all(
    markets: dict[str, Scenario],
    asked: dict[str, dict[Observable, int]],
    cores: int,
    progress: Callable[[int, int], None] | None,
) -> Numbers:
    runs = [
        (text, replicate)
        for text, wanted in asked.items()
        for replicate in range(max(wanted.values()))
    ]
    numbers: Numbers = {
        (text, reading): np.full(count, np.nan)
        for text, wanted in asked.items()
        for reading, count in wanted.items()
    }

    def read_run(text: str, replicate: int) -> None:
        wanted = [reading for reading, count in asked[text].items() if replicate < count]
        outcome = simulate(markets[text], replicate, orders=any(each.among for each in wanted))
        for reading in wanted:
            numbers[text, reading][replicate] = reading.of(outcome)

    with WorkerPool(cores) as pool:
        for done, part in enumerate([pool.submit(read_run, *run) for run in runs], start=1):
            part.result()
            if progress is not None:
                progress(done, len(runs))
    return numbers


def _effect(numbers: Numbers, reading: Observable, low: _Side, high: _Side, pairs: int) -> Effect:
    def values(side: _Side) -> Floats:
        found = numbers[side.market.canonical, reading][:pairs]
        if side.against is None:
            return found
        return found - numbers[side.against.canonical, reading][:pairs]

    below, above = values(low), values(high)
    difference, half, count = mean_interval(above - below)
    both = np.isfinite(above - below)
    error = float(np.std((above - below)[both], ddof=1) / np.sqrt(count)) if count > 1 else np.nan
    means = [float(side[both].mean()) if count else np.nan for side in (below, above)]
    return Effect(means[0], means[1], float(difference), float(half), error, int(count))


def judged(rows: Sequence[Sign], effects: Sequence[Sequence[Effect]]) -> list[Measured]:
    """Say of each row whether it came out as expected, all rows together.

    Parameters
    ----------
    rows : sequence of Sign
    effects : sequence of sequence of Effect
        Of each row: the effect, and the effect without what it goes through if it names that.

    Returns
    -------
    list of Measured
        A sign is right if it is shown; wrong if the opposite is shown, or if nothing is seen of an
        effect and one of a size that matters is excluded, or if the effect stays without what it is
        to go through, half of it or what matters; undecided otherwise. No effect is right if it is
        shown to be none.
    """
    flat = [(row, effect) for row, mine in zip(rows, effects, strict=True) for effect in mine]
    shown = iter(adjusted([_p(effect) for _, effect in flat]) <= LEVEL)
    absent = iter(adjusted([_p_none(*each) for each in flat]) <= LEVEL)
    found = []
    for row, (effect, *others) in zip(rows, effects, strict=True):
        verdict, why = _verdict(row, effect, bool(next(shown)), bool(next(absent)))
        for other in others:
            _, stays = next(absent), bool(next(shown))
            small = abs(other.difference) <= min(_smallest(row, other), abs(effect.difference) / 2)
            if verdict != "wrong" and stays and not small:
                verdict, why = "wrong", f"stays without {' and '.join(row.through)}"
        if verdict == "wrong" and row.explanation:
            verdict = "explained"
        found.append(Measured(row, effect, next(iter(others), None), verdict, why))
    return found


def _verdict(row: Sign, effect: Effect, shown: bool, absent: bool) -> tuple[Verdict, str]:
    if row.expected == 0:
        if absent:
            return "right", ""
        return ("wrong", "there is an effect") if shown else ("undecided", "")
    if shown:
        turned = np.sign(effect.difference) != row.expected
        return ("wrong", "the opposite sign") if turned else ("right", "")
    return ("wrong", "no effect") if absent and _p(effect) > LEVEL else ("undecided", "")


def _p(effect: Effect) -> float:
    return float(difference_p(effect.difference, effect.error, effect.pairs - 1))


def _p_none(row: Sign, effect: Effect) -> float:
    smallest = _smallest(row, effect)
    return float(equivalence_p(effect.difference, effect.error, effect.pairs - 1, smallest))


def _smallest(row: Sign, effect: Effect) -> float:
    if row.smallest is not None:
        return row.smallest
    return SMALL * max(abs(effect.low), abs(effect.high), 1e-9)
