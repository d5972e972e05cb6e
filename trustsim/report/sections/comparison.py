"""What a comparison shows, in words and in a table: verdicts that hold for all measures together.

For the report a section, for the command line sentences and a table of plain text, both from the
same comparison.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from trustsim.analysis.compare import compare, measure_columns
from trustsim.analysis.means import OVER, Over
from trustsim.analysis.pairs import holes, refuse_holes, refuse_unknown
from trustsim.analysis.verdicts import CORRECTIONS, Correction, with_verdicts
from trustsim.errors import ConfigError, nearest
from trustsim.report.results import Reported
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table, text_lines
from trustsim.report.words.answer import same_market
from trustsim.report.words.answers import FULL_MARKET
from trustsim.report.words.labels import (
    capital,
    decimals,
    measure_label,
    measure_unit,
    number,
    percent,
    plain,
    plain_arms,
)
from trustsim.report.words.verdict import size, verdict_sentence

MAIN = "total_cost"
SMALLEST_P = 0.001

LOOKED = (
    "How many replications there are was decided by looking at them; an interval that is made for "
    "that is in the section on precision, and is somewhat wider than that of Student."
)

DIRECTION = {"less": "less", "more": "more", "equivalent": "as good as equal", "undecided": "open"}
"""Verdicts in words."""


@dataclass(frozen=True)
class Comparison:
    """Arms compared with one baseline, all measures together.

    Attributes
    ----------
    rows : DataFrame
        Rows of `trustsim.compare` with the arm in front, adjusted over all of them.
    baseline : str
        The arm that the others are compared with.
    confidence : float
        Level of intervals and verdicts.
    over : {"replicates", "points", "both"}
        What intervals are over.
    correction : {"holm", "benjamini_hochberg", "none"}
        How p values are adjusted.
    missing : int
        Planned runs that are not there and were left out.
    unpaired : tuple of str
        Why an arm could not be compared, in words.
    full_market : bool
        Whether these are the runs of an ablation in which nothing is off.
    same : mapping of str to str
        That an arm is the same market as the baseline, in words, by its name.
    """

    rows: pd.DataFrame
    baseline: str
    confidence: float
    over: Over
    correction: Correction
    missing: int = 0
    unpaired: tuple[str, ...] = ()
    full_market: bool = False
    same: Mapping[str, str] = field(default_factory=dict)

    @property
    def arms(self) -> list[str]:
        """Arms that could be compared."""
        return [str(arm) for arm in dict.fromkeys(self.rows["arm"])]


def comparison(
    results: Reported,
    arms: Sequence[str] | None = None,
    measures: Sequence[str] | None = None,
    confidence: float = 0.95,
    *,
    smallest: float | Mapping[str, float] | None = None,
    over: Over | None = None,
    correction: Correction = "holm",
    allow_missing: bool = False,
) -> Comparison:
    """Compare arms of a results folder, with verdicts that hold for all that is asked.

    Parameters
    ----------
    results : Reported
        The folder.
    arms : sequence of str, optional
        Arms to compare, the last of which is what the others are compared with; all arms with the
        experiment's baseline if not given.
    measures : sequence of str, optional
        Which measures; all that the table holds if not given.
    confidence : float
        Level of intervals and verdicts, between 0 and 1.
    smallest : float or mapping of str to float, optional
        Smallest difference of interest, above 0: of single measures, or a number, which is that of
        the one measure asked for or, among several, of the total cost. The experiment's
        ``smallest_difference`` in total cost if not given.
    over : {"replicates", "points", "both"}, optional
        What intervals are over (see `trustsim.analysis.means.means_over`). If not given, other
        points and other luck for a design whose points are drawn at random, and other luck for
        any other.
    correction : {"holm", "benjamini_hochberg", "none"}
        How p values are adjusted for the number of measures and arms.
    allow_missing : bool
        Whether to leave out what is missing of the plan instead of refusing it.

    Raises
    ------
    ConfigError
        For unknown arms and measures, numbers out of bounds, fewer than two arms that have runs,
        a baseline without any, and for a design with holes unless told to allow them.
    """
    *others, baseline = _arms(results, arms)
    names = list(dict.fromkeys(measures or measure_columns(results.runs)))
    refuse_unknown(names, results.runs)
    bounds = _smallest(results, smallest, names)
    plan = (results.runs, [*others, baseline], *results.planned[1:])
    if not allow_missing:
        refuse_holes(*plan)
    chosen: Over = results.reading["over"] if over is None else over
    tables, unpaired = [], {}
    _refuse_lost(results, baseline)
    for arm in others:
        try:
            _refuse_lost(results, arm)
            rows = compare(
                results.runs, arm, baseline, names, confidence,
                unpaired="drop" if allow_missing else "refuse", over=chosen,
                block=results.reading["block"], smallest=bounds, correction=correction,
            )  # fmt: skip
        except ConfigError as error:
            unpaired[arm] = str(error)
            continue
        rows.insert(0, "arm", arm)
        tables.append(rows)
    if not tables:
        raise ConfigError("; ".join(unpaired.values()))
    reasons = [f"{capital(plain(a))} cannot be compared: {why}." for a, why in unpaired.items()]
    family = with_verdicts(pd.concat(tables, ignore_index=True), confidence, correction)
    return Comparison(
        family, baseline, confidence, chosen, correction, len(holes(*plan)), tuple(reasons),
        results.ablated is not None,
        {arm: same_market(results.runs, arm, baseline) for arm in others if arm not in unpaired},
    )  # fmt: skip


def sentences(result: Comparison) -> list[str]:
    """Say for every arm what it shows on its main measure, and how much holds of the rest."""
    statements = []
    measures = list(dict.fromkeys(result.rows["measure"]))
    main = MAIN if MAIN in measures else measures[0]
    for arm in result.arms:
        mine = result.rows[result.rows["arm"] == arm]
        row = mine[mine["measure"] == main].iloc[0]
        same = result.same.get(arm, "") if row["difference"] == row["half_width"] == 0 else ""
        statements.append(verdict_sentence(row, result.baseline, result.confidence) + same)
    statements += [FULL_MARKET] if result.full_market else []
    statements += result.unpaired
    if result.missing:
        runs = "1 planned run is" if result.missing == 1 else f"{result.missing} planned runs are"
        statements.append(f"{runs} missing; they are left out, with the partners of their pairs.")
    tests = result.rows["p_value"].notna()
    if int(tests.sum()) > 1:
        statements.append(_family_sentence(result.rows[tests], result))
    return statements


def text_table(result: Comparison) -> list[str]:
    """Lines of a table in plain text, a block per arm."""
    lines = []
    for arm in result.arms:
        lines += ["", *text_lines(_table(result, arm))]
    return lines[1:]


def section(results: Reported, confidence: float = 0.95) -> Section | None:
    """Section of the report; None if there is one arm only."""
    if len(_planned(results)) < 2:
        return None
    try:
        result = comparison(results, None, None, confidence, allow_missing=True)
    except ConfigError as error:
        return Section("comparison", "Comparison", (f"Nothing can be compared: {error}.",))
    return Section(
        "comparison",
        "Comparison",
        tuple(sentences(result)),
        tables=tuple(_table(result, arm) for arm in result.arms),
        notes=_notes(result) + ((LOOKED,) if "precision" in results.experiment else ()),
    )


def _arms(results: Reported, arms: Sequence[str] | None) -> list[str]:
    planned = _planned(results)
    if not arms:
        baseline = results.experiment.get("baseline", results.baseline)
        arms = [*(arm for arm in planned if arm != baseline), baseline]
    for arm in arms:
        if arm not in planned:
            raise ConfigError(
                f'unknown arm "{arm}"{nearest(arm, planned)}; the runs have: {", ".join(planned)}'
            )
    chosen = list(dict.fromkeys(arms))
    if len(chosen) < 2:
        raise ConfigError("a comparison needs two arms")
    return chosen


def _planned(results: Reported) -> list[str]:
    return list(dict.fromkeys([*results.planned[0], *results.arms]))


def _refuse_lost(results: Reported, arm: str) -> None:
    if arm not in results.arms:
        why = " (failures.parquet has why)" if results.failures else ""
        raise ConfigError(f'arm "{arm}" has no finished run{why}')


def _smallest(
    results: Reported, smallest: float | Mapping[str, float] | None, names: Sequence[str]
) -> dict[str, float]:
    if isinstance(smallest, Mapping):
        return dict(smallest)
    if smallest is None:
        smallest = results.experiment.get("smallest_difference")
        if smallest is None or MAIN not in names:
            return {}
        return {MAIN: float(smallest)}
    if len(names) == 1:
        return {names[0]: smallest}
    if MAIN in names:
        return {MAIN: smallest}
    raise ConfigError(
        "a smallest difference of interest is that of one measure; name one, or give total_cost"
    )


def _family_sentence(tests: pd.DataFrame, result: Comparison) -> str:
    """How many differences stand by themselves, and how many together."""
    level = 1 - result.confidence
    alone = tests["p_value"] <= level
    stand = tests["p_adjusted"] <= level
    measures, arms = tests["measure"].nunique(), tests["arm"].nunique()
    each = f", {measures} measures of {arms} arms" if arms > 1 else ""
    text = (
        f"Of {len(tests)} comparisons{each}, {int(alone.sum())} differ from zero each by itself at "
        f"{percent(result.confidence)}"
    )
    if result.correction == "none":
        return f"{text}; about {max(1, round(level * len(tests)))} would by chance alone."
    lost = tests[alone & ~stand]
    text += f", and {int(stand.sum())} when all are judged together"
    if 0 < len(lost) <= 6:
        names = [_named(row, arms) for row in lost.to_dict("records")]
        text += f"; {', '.join(names)} {'does' if len(lost) == 1 else 'do'} not stand"
    return f"{text}."


def _named(row: Mapping[Any, Any], arms: int) -> str:
    label = measure_label(str(row["measure"])).lower()
    return f"{label} ({plain(str(row['arm']))})" if arms > 1 else label


def _table(result: Comparison, arm: str) -> Table:
    labels = plain_arms([*result.arms, result.baseline])
    rows = result.rows[result.rows["arm"] == arm].to_dict("records")
    design = max(row["points"] for row in rows) > 1
    header = ("measure", "difference", f"{percent(result.confidence)} interval", "relative",
              "effect size", "pairs", "p adjusted", "verdict")  # fmt: skip
    return Table(
        f"{labels[arm]} minus {labels[result.baseline]}"
        + (", mean over the points" if design else ""),
        header,
        tuple(_cells(row) for row in rows),
        units=tuple(measure_unit(str(row["measure"])) for row in rows),
        folded="always",
    )


def _cells(row: Mapping[Any, Any]) -> tuple[str, ...]:
    difference, half = float(row["difference"]), float(row["half_width"])
    places = decimals(half, difference)
    relative = float(row["relative"])
    return (
        measure_label(str(row["measure"])),
        number(difference, places),
        f"{number(row['low'], places)} to {number(row['high'], places)}"
        if math.isfinite(half)
        else "–",
        f"{number(100 * relative, 1)}\N{NO-BREAK SPACE}%" if math.isfinite(relative) else "–",
        number(float(row["effect_size"]), 2),
        number(int(row["n"]), 0),
        _p_text(float(row["p_adjusted"])),
        "the same" if difference == half == 0 else DIRECTION[str(row["verdict_adjusted"])],
    )


def _p_text(p: float) -> str:
    return f"< {SMALLEST_P}" if p < SMALLEST_P else number(p, 3)


def _notes(result: Comparison) -> tuple[str, ...]:
    level = percent(result.confidence)
    bounds = result.rows.drop_duplicates("measure").set_index("measure")["smallest_difference"]
    stated = [
        f"{size(float(bound), str(name))} in {measure_label(str(name)).lower()}"
        for name, bound in bounds.dropna().items()
    ]
    equal = (
        f"The smallest difference of interest is {'; '.join(stated)}. As good as equal: two "
        "one-sided tests show the difference to be smaller (Schuirmann 1987; Lakens 2017)."
        if stated
        else "No smallest difference of interest is stated (smallest_difference in the "
        "experiment), so that nothing can be shown to be equal: open says only that no difference "
        "is shown."
    )
    together = (
        f"p is that of the paired t test, adjusted for all {int(result.rows['p_value'].count())} "
        f"comparisons, and verdicts hold at {level} for {CORRECTIONS[result.correction]}; "
        "intervals are each by itself."
    )
    rest = (
        "Relative to the size of the baseline's mean; effect size: mean over standard deviation "
        "of the paired differences (Cohen's d_z)."
    )
    if int(result.rows["points"].max()) == 1:
        return together, equal, rest
    over = f"Means are over the points of the design; intervals are for {OVER[result.over]}."
    return together, equal, rest, over
