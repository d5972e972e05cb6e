"""The section on precision: how the interval of a difference shrank, and what pairing was worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from trustsim.analysis.precision import FEWEST_PAIRS, ROUND_NUMBERS, Known, Precise, how_precise
from trustsim.config.precision import Precision, read_precision
from trustsim.experiment.stopping import Look
from trustsim.report.figures.analyses.precision import interval_by_replications
from trustsim.report.results import Reported
from trustsim.report.sections.gallery import Picture
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table
from trustsim.report.words.labels import (
    SHARE_PREFIX,
    capital,
    clear_of_zero,
    decimals,
    half_width_text,
    measure_label,
    measure_unit,
    number,
    percent,
    plain,
    plain_arms,
)

AT_ANY_TIME = (
    "The interval at any time is a confidence sequence (Lai 1976; Wang & Ramdas 2025): it holds "
    "the true mean at all numbers of replications at once, so that one may look as often as one "
    "likes and stop for any reason. It is exact for normal differences and asymptotic for others. "
    "Student's is for a number of replications fixed beforehand."
)
UNIT = (
    "All are over luck: the unit is the replicate, with the mean over the design points if there "
    "are several, since these share the luck of a replicate."
)
APART = (
    "Independent seeds: the variances of the two arms added up, over that of the paired "
    "differences; interval by bootstrap over replicates."
)

GROWTH = 1.5
"""How many times its first replications a line of the figure must reach, to be one."""


def section(results: Reported, confidence: float = 0.95) -> Section | None:
    """Make the section; None if no arm has two pairs of runs with the baseline."""
    result = find(results, confidence)
    if result is None:
        return None
    drawn = _drawn(result)
    picture = Picture(
        "precision",
        "The interval against replications",
        _caption(result, confidence),
        _in_words(result),
        lambda width: _draw(result, drawn, results.arms, width),
    )
    bootstrapped = any(known.pairing.n >= FEWEST_PAIRS for known in result.challengers)
    level = _level(result, confidence)
    return Section(
        "precision",
        "Precision",
        tuple(sentences(result, finished=_finished(results), confidence=confidence)),
        (picture,) if drawn else (),
        tuple(_table(known, result, level) for known in result.challengers),
        (AT_ANY_TIME, UNIT, *([APART] if bootstrapped else [])),
    )


def find(results: Reported, confidence: float = 0.95) -> Precise | None:
    """Find out how well the differences of a folder are known; None if there are none."""
    rule = _rule(results)
    if (rule.measure if rule else "total_cost") not in results.runs:
        return None
    result = how_precise(results.runs, results.baseline, results.challengers, rule, confidence)
    return result if result.challengers else None


def sentences(result: Precise, *, finished: bool = True, confidence: float = 0.95) -> list[str]:
    """Say how precise the differences are, whether that was asked for, and what pairing saved.

    Parameters
    ----------
    result : Precise
        From `trustsim.analysis.precision.how_precise`.
    finished : bool
        Whether all runs that were planned have been tried.
    confidence : float
        Level of the intervals of an experiment without a rule, and of the pairing's.
    """
    lines = []
    if result.rule is not None:
        there = max(int(known.path["replications"].iloc[-1]) for known in result.challengers)
        lines.append(_stopped(result.looks, result.rule, there, finished))
    several = len(result.challengers) > 1
    for known in result.challengers:
        lines.append(_width_sentence(known, result, _level(result, confidence)))
        lines.append(_pairing_sentence(known, result.baseline, several))
    return lines


def _rule(results: Reported) -> Precision | None:
    table = results.experiment.get("precision")
    if table is None:
        return None
    shares = [str(c) for c in results.runs.columns if str(c).startswith(SHARE_PREFIX)]
    instruments = [name.removeprefix(SHARE_PREFIX) for name in shares]
    return read_precision(table, str(results.folder / "experiment.toml"), instruments)


def _finished(results: Reported) -> bool:
    counts = [results.manifest.get(f"runs_{what}", 0) for what in ("planned", "done", "failed")]
    planned, done, failed = (int(c) if isinstance(c, int) else 0 for c in counts)
    return planned <= done + failed


def _level(result: Precise, confidence: float) -> float:
    return result.rule.confidence if result.rule else confidence


def _stopped(looks: Sequence[Look], rule: Precision, there: int, finished: bool) -> str:
    if not looks:
        return f"Not finished: the first look is due after {number(rule.start, 0)} replications."
    last = looks[-1]
    so_far = f"{number(last.replications, 0)} replications"
    if not finished or not last.last:
        return f"Not finished: the last look was after {so_far}, of at most {number(rule.max, 0)}."
    if last.met:
        times = "at the first look" if len(looks) == 1 else f"at look {len(looks)}"
        more = f" The folder holds {number(there, 0)}." if there > last.replications else ""
        return (
            f"Stopped after {number(last.replications, 0)} of at most {number(rule.max, 0)} "
            f"replications, {times}: the precision that was asked for is reached.{more}"
        )
    return f"The precision that was asked for could not be reached in {so_far}, the maximum."


def _width_sentence(known: Known, result: Precise, confidence: float) -> str:
    pair = f"{plain(known.arm)} minus {plain(result.baseline)}"
    what, unit = measure_label(result.measure).lower(), measure_unit(result.measure)
    last, level = known.path.iloc[-1], percent(confidence)
    mean, pairs = float(last["mean"]), number(int(last["n"]), 0)
    if result.rule is None:
        first = known.path.iloc[0]
        half = float(last["student"])
        places = decimals(half, mean)
        before = ""
        if len(known.path) > 1:
            width = half_width_text(float(first["student"]), places)
            before = f"; after {number(int(first['n']), 0)} it was {width}"
        return (
            f"The half-width of the {level} interval of {pair} in {what} is "
            f"{half_width_text(half, places)}{f' ({unit})' if unit else ''} after {pairs} paired "
            f"replications{before}."
        )
    half = float(last["sequence"])
    places = decimals(min(half, known.target), mean)
    places = clear_of_zero(mean - half, mean + half, places)
    share = ""
    if result.rule.relative:
        percentage = f"{100 * result.rule.half_width:.4g}\N{NO-BREAK SPACE}%"
        share = f", {percentage} of the mean of {plain(result.baseline)}"
    asked = f"asked for: {half_width_text(known.target, places)}{share}"
    if not math.isfinite(half):
        return (
            f"{capital(pair)} in {what}: {pairs} paired replications are too few for an interval "
            f"that holds at any time ({asked})."
        )
    interval = f"{number(mean - half, places)} to {number(mean + half, places)}"
    more = ""
    if half > known.target and known.needed is not None:
        more = f" About {_rounded(known.needed)} replications would reach it."
    return (
        f"{capital(pair)} in {what}: the {level} interval is {interval}, its half-width "
        f"{half_width_text(half, places)} ({unit}{'; ' if unit else ''}{asked}; {pairs} paired "
        f"replications).{more}"
    )


def _pairing_sentence(known: Known, baseline: str, several: bool) -> str:
    gain = known.pairing
    who = f"{plain(known.arm)} and {plain(baseline)}" if several else "the two arms"
    if math.isnan(gain.ratio):
        return f"What it is worth that {who} share their luck cannot be told: nothing varies."
    if math.isinf(gain.ratio):
        return f"{capital(who)} share their luck, and all pairs of runs differ by the same."
    if gain.n < FEWEST_PAIRS:
        return (
            f"What it is worth that {who} share their luck cannot be told from "
            f"{number(gain.n, 0)} paired replications: {FEWEST_PAIRS} are the fewest."
        )
    interval = f"{percent(gain.confidence)} interval {_times(gain.low)} to {_times(gain.high)}"
    if gain.low <= 1 <= gain.high:
        return (
            f"Whether it helps that {who} share their luck is not clear: with independent seeds "
            f"the same precision would take {_times(gain.ratio)} times as many runs ({interval})."
        )
    against = f"about {_rounded(gain.n * gain.ratio)} replications instead of {number(gain.n, 0)}"
    text = (
        f"with independent seeds for {who}, the same precision would have taken "
        f"{_times(gain.ratio)} times as many runs ({interval}): {against}."
    )
    return f"Sharing luck does harm here: {text}" if gain.high < 1 else capital(text)


def _caption(result: Precise, confidence: float) -> str:
    level = percent(_level(result, confidence))
    kind = "Student's interval"
    if result.rule is not None:
        kind = "interval that holds at any time"
    text = (
        f"Half-width of the {level} {kind} of the difference to {plain(result.baseline)} in "
        f"{measure_label(result.measure).lower()}, over the first replications: as it was run, and "
        "as independent seeds would have left it (dashed). Both scales are logarithmic: the way to "
        "the right from one line to the other is what sharing luck saved."
    )
    if result.rule is not None:
        text += " Dotted: what was asked for; diamonds: looks."
    return text


def _in_words(result: Precise) -> str:
    kind = "sequence" if result.rule else "student"
    parts = []
    for known in result.challengers:
        path = known.path[known.path[kind] < math.inf]
        if path.empty:
            continue
        first, last = path.iloc[0], path.iloc[-1]
        places = decimals(float(last[kind]), float(last["mean"]))
        parts.append(
            f"{plain(known.arm)} from {half_width_text(float(first[kind]), places)} after "
            f"{number(int(first['replications']), 0)} to "
            f"{half_width_text(float(last[kind]), places)} after "
            f"{number(int(last['replications']), 0)}"
        )
    opening = "Half-width of the interval of each difference, falling with the replications"
    return f"{opening}: {', '.join(parts)}." if parts else f"{opening}."


def _drawn(result: Precise) -> list[Known]:
    """Challengers whose replications grew enough for a line to be seen."""
    kind = "sequence" if result.rule else "student"
    drawn = []
    for known in result.challengers:
        there = known.path.loc[known.path[kind] < math.inf, "replications"]
        if len(there) > 1 and there.iloc[-1] >= GROWTH * there.iloc[0]:
            drawn.append(known)
    return drawn


def _draw(result: Precise, drawn: Sequence[Known], arms: Sequence[str], width: float) -> list[Axes]:
    kind = "sequence" if result.rule else "student"
    return interval_by_replications(
        pd.concat([known.path.assign(arm=known.arm) for known in drawn], ignore_index=True),
        baseline=result.baseline,
        arms=arms,
        measure=result.measure,
        interval=kind,
        targets={known.arm: known.target for known in drawn},
        looks=[look.replications for look in result.looks],
        width=width,
    )


def _table(known: Known, result: Precise, confidence: float) -> Table:
    looked = [look.replications for look in result.looks]
    wanted = {*(looked or ROUND_NUMBERS), int(known.path["replications"].iloc[-1])}
    path = known.path[known.path["replications"].isin(wanted)]
    level = percent(confidence)
    labels = plain_arms([known.arm, result.baseline])
    rows = []
    for row in path.to_dict("records"):
        mean, narrow, wide = (float(row[key]) for key in ("mean", "student", "sequence"))
        places = decimals(narrow, mean)
        rows.append(
            (
                number(int(row["replications"]), 0),
                number(mean, places),
                _interval(mean, wide, places),
                _interval(mean, narrow, places),
                _times(float(row["ratio"])) if row["n"] >= FEWEST_PAIRS else "–",
            )
        )
    return Table(
        f"{labels[known.arm]} minus {labels[result.baseline]}, "
        f"{measure_label(result.measure).lower()}",
        (
            "replications",
            "difference",
            f"{level} interval at any time",
            f"{level} interval of Student",
            "times as many with independent seeds",
        ),
        tuple(rows),
        f"In {measure_unit(result.measure)}." if measure_unit(result.measure) else "",
    )


def _interval(mean: float, half: float, places: int) -> str:
    if not math.isfinite(half):
        return "–"
    return f"{number(mean - half, places)} to {number(mean + half, places)}"


def _times(ratio: float) -> str:
    """A ratio to two digits, or to one decimal from 10 on."""
    return number(ratio, 2 if ratio < 1 else 1 if ratio < 100 else 0)


def _rounded(count: float) -> str:
    """A count to two digits that matter."""
    digits = max(0, math.floor(math.log10(count)) - 1) if count >= 1 else 0
    return number(round(count, -digits), 0)
