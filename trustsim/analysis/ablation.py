"""What each mechanism carries of a difference between arms: the full market, and each one off.

Comes in: a table of runs in which the column ``without`` says what was switched off, with the same
luck at every point. Goes out: for each mechanism the difference without it, and what it carries:
the difference with it less the difference without it, in the same replicate.

What two mechanisms carry together need not be the sum of what each carries: one may work through
the other. So the rows do not add up to the difference.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from trustsim.analysis.pairs import (
    Unpaired,
    arm_runs,
    common_pairs,
    mean_interval,
    refuse_confidence,
    refuse_unknown,
)
from trustsim.analysis.verdicts import Correction, adjusted, difference_p
from trustsim.errors import ConfigError
from trustsim.schema.mechanisms import NOTHING, WITHOUT, off_without

EXACT = "changes nothing"
UNDECIDED = "not shown"
TOO_FEW = "too few runs"
WIDENS, NARROWS, MOVES = "widens", "narrows", "moves"
"""Verdicts: what a mechanism does to the difference between the arms. It *moves* a difference that
is itself not clear of zero, so that nobody can say what wider would be."""

FEWEST = 2
"""Fewest replicates of which an interval can be made."""


@dataclass(frozen=True)
class Ablation:
    """What mechanisms carry of the difference of an arm to the baseline.

    Attributes
    ----------
    arm, baseline, measure : str
        What was compared.
    confidence : float
        Level of the intervals; those of the rows hold together (Bonferroni).
    difference, half_width : float
        Mean paired difference in the full market, with the half-width of its interval.
    replicates : int
        Pairs of runs in the full market.
    rows : DataFrame
        A row per mechanism, those that carry most first: ``mechanism, without, without_half_width,
        carries, half_width, p, share, verdict, replicates``. ``without`` is the difference when the
        mechanism is off, ``carries`` what it adds to the difference (negative if it lowers it),
        ``p`` is corrected for the number of mechanisms, ``share`` is ``carries`` over the
        difference (missing if that is not clear of zero).
    dropped : int
        Pairs of runs that have no partner at another point, and are left out.
    """

    arm: str
    baseline: str
    measure: str
    confidence: float
    difference: float
    half_width: float
    replicates: int
    rows: pd.DataFrame
    dropped: int = 0

    @property
    def clear(self) -> bool:
        """Whether the interval of the difference in the full market excludes zero."""
        return abs(self.difference) > self.half_width

    @property
    def turning(self) -> list[str]:
        """Mechanisms without which the difference is surely of the other sign."""
        other_side = -np.sign(self.difference) * self.rows["without"]
        sure = other_side > self.rows["without_half_width"]
        return [str(name) for name in self.rows["mechanism"][sure]] if self.clear else []


def ablation(
    runs: pd.DataFrame,
    arm: str,
    baseline: str,
    measure: str = "total_cost",
    confidence: float = 0.95,
    *,
    mechanisms: Collection[str] = (),
    correction: Correction = "holm",
    unpaired: Unpaired = "refuse",
) -> Ablation:
    """Say what each mechanism carries of the difference between two arms.

    The unit is the replicate: at every point both arms meet the same luck, and so do all points.
    The difference of the arms with a mechanism, less that without it, is taken within a replicate;
    its mean has Student's interval, at the level at which all intervals hold together.

    Parameters
    ----------
    runs : DataFrame
        A row per run: ``arm, replicate, without, [point, status]`` and the measure. ``without`` is
        "nothing" in the full market, else the mechanism that is off.
    arm, baseline : str
        What is compared with what.
    measure : str
        Whose difference is taken apart.
    confidence : float
        Level of all intervals together, between 0 and 1.
    mechanisms : collection of str
        Mechanisms that were to be switched off, also those of which no run is there yet: intervals
        and p values allow for all of them. Those of the table are always among them.
    correction : {"holm", "benjamini_hochberg", "none"}
        How p values, and with them verdicts, allow for the number of mechanisms.
    unpaired : {"refuse", "drop"}
        What to do with runs whose partner is missing. Dropped, they take along what they are
        compared with and no more; a mechanism of which fewer than two replicates are left has the
        verdict "too few runs", and numbers that are missing.

    Returns
    -------
    Ablation

    Raises
    ------
    ConfigError
        If the table is none of an ablation, lacks an arm, the measure, or runs.
    """
    refuse_confidence(confidence)
    refuse_unknown([measure], runs)
    if WITHOUT not in runs:
        raise ConfigError(
            f'the runs have no column "{WITHOUT}"; an ablation has one, from [design] with '
            'method = "ablation"'
        )
    points = [str(name) for name in dict.fromkeys([*runs[WITHOUT], *mechanisms])]
    if NOTHING not in points or len(points) < 2:
        raise ConfigError(
            f"the runs are of the points {', '.join(points)}; an ablation needs the full market "
            f'("{NOTHING}") and a mechanism that is off'
        )
    found = {name: _differences(runs, name, arm, baseline, measure, unpaired) for name in points}
    full = found.pop(NOTHING)
    mean, half, count = mean_interval(full.to_numpy(), confidence)
    if count < FEWEST:
        raise ConfigError("the full market has fewer than two pairs of runs; intervals need two")
    together = 1 - (1 - confidence) / len(found)
    rows = [_row(name, full, off, together, unpaired) for name, off in found.items()]
    table = pd.DataFrame(rows)
    p = np.array(difference_p(table["carries"], table.pop("error"), table["replicates"] - 1))
    still = (table["carries"] == 0) & (table["half_width"] == 0)
    # One that has too few runs is still one of the many that were asked about.
    unknown = np.isnan(p) & ~still
    table["p"] = np.where(unknown, np.nan, adjusted(np.where(still | unknown, 1.0, p), correction))
    clear = bool(abs(mean) > half)
    table["share"] = table["carries"] / mean if clear else np.nan
    sign = float(np.sign(mean)) if clear else 0.0
    table["verdict"] = [
        EXACT if exact else _verdict(carries, p, sign, 1 - confidence)
        for carries, p, exact in zip(table["carries"], table["p"], still, strict=True)
    ]
    order = table["carries"].abs().sort_values(ascending=False, kind="stable").index
    dropped = sum(len(full.index.symmetric_difference(off.index)) for off in found.values())
    return Ablation(
        arm, baseline, measure, confidence, float(mean), float(half), int(count),
        table.loc[order].reset_index(drop=True), dropped,
    )  # fmt: skip


def alone(mechanisms: Collection[str]) -> list[str]:
    """Which of some mechanisms stand on no other of them.

    What stands on another is off with it, so that the other carries it too.
    """
    standing = {name for each in mechanisms for name in off_without([each]) if name != each}
    return [name for name in mechanisms if name not in standing]


def _differences(
    runs: pd.DataFrame, point: str, arm: str, baseline: str, measure: str, unpaired: Unpaired
) -> pd.Series:
    """Difference of the arms in every replicate of a point, by replicate."""
    there = runs[runs[WITHOUT] == point]
    if there.empty and unpaired == "refuse":
        raise ConfigError(
            f"without {point}: there is no run; run what is missing, or leave it out with "
            "--allow-missing"
        )
    if unpaired == "drop":
        done = there[there["status"] == "done"] if "status" in there else there
        if not {arm, baseline} <= set(done["arm"]):
            return pd.Series(dtype=float)
    a, b = (arm_runs(there, name) for name in (arm, baseline))
    pairs = common_pairs(a, b, arm, baseline, unpaired)
    gap = a.loc[pairs, measure].astype(float) - b.loc[pairs, measure].astype(float)
    differences: pd.Series = gap.droplevel("point").dropna()
    return differences


def _row(
    mechanism: str, full: pd.Series, off: pd.Series, confidence: float, unpaired: Unpaired
) -> dict[str, object]:
    shared = full.index.intersection(off.index)
    if unpaired == "refuse" and len(shared) < max(len(full), len(off)):
        odd = full.index.symmetric_difference(off.index)[0]
        raise ConfigError(
            f"without {mechanism}: replicate {odd} has no partner in the full market, or none "
            "without it; run what is missing again, or leave it out with --allow-missing"
        )
    if len(shared) < FEWEST:
        if unpaired == "refuse":
            raise ConfigError(f"without {mechanism}: fewer than two replicates to compare")
        numbers = ("without", "without_half_width", "carries", "half_width", "error")
        return {
            "mechanism": mechanism, **dict.fromkeys(numbers, np.nan), "replicates": len(shared),
        }  # fmt: skip
    carried = (full[shared] - off[shared]).to_numpy()
    mean, half, count = mean_interval(carried, confidence)
    without, without_half, _ = mean_interval(off[shared].to_numpy(), confidence)
    if not carried.any():  # the very same bits; rounding of a mean would leave a trace
        mean, half = 0.0, 0.0
    error = half / stats.t.ppf((1 + confidence) / 2, count - 1)
    return {
        "mechanism": mechanism,
        "without": float(without),
        "without_half_width": float(without_half),
        "carries": float(mean),
        "half_width": float(half),
        "error": float(error),
        "replicates": int(count),
    }


def _verdict(carries: float, p: float, sign: float, level: float) -> str:
    if np.isnan(p):
        return TOO_FEW
    if p >= level:
        return UNDECIDED
    if sign == 0.0:
        return MOVES
    return WIDENS if carries * sign > 0 else NARROWS
