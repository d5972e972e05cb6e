"""What a case shows: its effect with the mechanism at work, without it, and what is carried.

Tables of the case's results come in. The unit is the replicate: both sides of a difference, with
the mechanism and without it, meet the same luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from trustsim.analysis.pairs import Floats, mean_interval
from trustsim.analysis.verdicts import difference_p
from trustsim.cases.file import Case
from trustsim.config.case import AGE, ARMS, ENDS, TIME
from trustsim.experiment.storage.tables import AGES, ROUNDS, RUNS
from trustsim.schema.mechanisms import NOTHING, WITHOUT

Tables = Mapping[str, pd.DataFrame]
"""Tables of a case's results by name."""

PART = 4
"""Early and late are the first and the last of so many parts of the rounds."""

MOST_PLACES = 12
"""Places in time at most, of which a curve is made; what lies between is averaged."""

CONFIDENCE = 0.95


class Effect(NamedTuple):
    """A difference of high and low in pairs of runs.

    Attributes
    ----------
    low, high : float
        Means of the two sides.
    difference, half_width : float
        Mean paired difference, with the half-width of its 95 % interval (Student).
    error : float
        Its standard error.
    pairs : int
        Replicates.
    """

    low: float
    high: float
    difference: float
    half_width: float
    error: float
    pairs: int

    @property
    def p(self) -> float:
        """P value that there is no difference; 1 if there are too few pairs, or it is exactly 0."""
        if self.pairs < 2 or (self.difference == 0.0 and self.error == 0.0):
            return 1.0
        return float(difference_p(self.difference, self.error, self.pairs - 1))


class Effects(NamedTuple):
    """The effect with the mechanism, without it, and the difference of the two."""

    full: Effect
    without: Effect
    carried: Effect


def effects(case: Case, tables: Tables) -> Effects:
    """Give what a case shows.

    Parameters
    ----------
    case : Case
    tables : mapping of DataFrame
        Its table of runs; against time that of rounds, against age that of ages.

    Returns
    -------
    Effects
    """
    full, without = (sides(case, tables, off) for off in (NOTHING, case.off))
    both = full.index.intersection(without.index)
    gaps = pd.DataFrame(
        {
            "low": without.loc[both, "high"] - without.loc[both, "low"],
            "high": full.loc[both, "high"] - full.loc[both, "low"],
        }
    )
    return Effects(*map(effect_of, (full, without, gaps)))


def effect_of(pairs: pd.DataFrame) -> Effect:
    """Give the mean difference of the columns ``high`` and ``low``, a row per replicate."""
    low, high = pairs["low"].to_numpy(float), pairs["high"].to_numpy(float)
    gap: Floats = high - low
    seen = np.isfinite(gap)
    mean, half, count = mean_interval(gap, CONFIDENCE)
    error = float(np.std(gap[seen], ddof=1) / np.sqrt(count)) if count > 1 else np.nan
    if count and not gap[seen].any():  # the very same bits; rounding of a mean leaves a trace
        mean, half = 0.0, 0.0 if count > 1 else np.nan
    below, above = (float(side[seen].mean()) if count else np.nan for side in (low, high))
    return Effect(below, above, float(mean), float(half), error, int(count))


def sides(case: Case, tables: Tables, off: str) -> pd.DataFrame:
    """Give both sides of a case's difference in every replicate.

    Parameters
    ----------
    case : Case
    tables : mapping of DataFrame
    off : str
        What is switched off: the mechanism, or ``nothing``.

    Returns
    -------
    DataFrame
        Columns ``low`` and ``high``, a row per replicate.
    """
    baseline, *others = case.arms
    if case.difference == ARMS:
        low, high = (_whole(tables[RUNS], case, arm, off) for arm in (baseline, *others))
    else:
        low, high = _ends(case, tables, baseline, off)
        if case.difference != ENDS:
            other = _ends(case, tables, others[0], off)
            low, high = (theirs - mine for mine, theirs in zip((low, high), other, strict=True))
    return pd.DataFrame({"low": low, "high": high}).dropna()


def _whole(runs: pd.DataFrame, case: Case, arm: str, off: str) -> pd.Series:
    """Measure of whole runs of an arm, by replicate; the mean over all points."""
    mine = runs[(runs["arm"] == arm) & (runs[WITHOUT] == off)]
    return _by_replicate(mine, case.said.measure)


def _ends(case: Case, tables: Tables, arm: str, off: str) -> tuple[pd.Series, pd.Series]:
    """Measure of an arm at both ends of what it is against, by replicate."""
    rows = places(case, tables)
    if case.said.against == TIME:
        length = case.config.rounds
        part = max(1, length // PART)
        first, last = rows["place"] < part, rows["place"] >= length - part
    else:
        there = list(dict.fromkeys(rows["place"]))
        if case.said.against == AGE:
            there = reached(rows, case.said.measure)
        first, last = rows["place"] == there[0], rows["place"] == there[-1]
    mine = (rows["arm"] == arm) & (rows[WITHOUT] == off)
    low, high = (_by_replicate(rows[mine & end], case.said.measure) for end in (first, last))
    return low, high


def _by_replicate(rows: pd.DataFrame, measure: str) -> pd.Series:
    found: pd.Series = rows.groupby("replicate")[measure].mean()
    return found


def places(case: Case, tables: Tables) -> pd.DataFrame:
    """Rows of the table that a case is drawn from, with what it is against as ``place``.

    Against time or age, what was switched off is looked up at the point of the run; where buyers
    have several policies, the row of all of them counts.
    """
    runs, against = tables[RUNS], case.said.against
    if against not in (TIME, AGE):
        return runs.assign(place=runs[against])
    rows = tables[ROUNDS if against == TIME else AGES]
    if "policy" in rows and (rows["policy"] == "all").any():
        several = set(rows.loc[rows["policy"] == "all", "arm"])
        rows = rows[(rows["policy"] == "all") | ~rows["arm"].isin(several)]
    off = runs.drop_duplicates("point").set_index("point")[WITHOUT]
    column = "round" if against == TIME else "age_from"
    return rows.assign(**{WITHOUT: rows["point"].map(off), "place": rows[column]})


def reached(rows: pd.DataFrame, measure: str) -> list[float]:
    """Ages that at least half of the runs of every arm reach, with the mechanism and without it.

    The few runs that reach an age beyond are no sample of them all.
    """
    groups = ["arm", WITHOUT]
    runs = rows.groupby(groups)["replicate"].nunique()
    there = rows[rows[measure].notna()]
    counts = there.groupby([*groups, "place"])["replicate"].nunique().unstack("place").fillna(0)
    enough = (2 * counts).ge(runs, axis=0).all()
    return [float(place) for place in sorted(counts.columns[enough])]


def curve(case: Case, tables: Tables) -> pd.DataFrame:
    """Give the measure at every place, with the mechanism and without it.

    Of two arms it is the difference, taken within each replicate.

    Returns
    -------
    DataFrame
        ``without, place, mean, half_width``, in the order in which it is drawn.
    """
    rows, against = places(case, tables), case.said.against
    if against == TIME:
        width = max(1, -(-case.config.rounds // MOST_PLACES))
        rows = rows.assign(place=(rows["place"] // width) * width)
    if against == AGE:
        rows = rows[rows["place"].isin(reached(rows, case.said.measure))]
    there = list(dict.fromkeys(rows["place"]))
    drawn = []
    for off in (NOTHING, case.off):
        for place in sorted(there) if against in (TIME, AGE) else there:
            here = rows[(rows[WITHOUT] == off) & (rows["place"] == place)]
            values = [
                _by_replicate(here[here["arm"] == arm], case.said.measure) for arm in case.arms
            ]
            shown = values[0] if len(values) == 1 else values[1] - values[0]
            mean, half, _ = mean_interval(shown.to_numpy(), CONFIDENCE)
            drawn.append((off, place, float(mean), float(half)))
    return pd.DataFrame(drawn, columns=[WITHOUT, "place", "mean", "half_width"])
