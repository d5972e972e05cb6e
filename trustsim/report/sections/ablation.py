"""What carries the difference, in words: the full market, and each mechanism off in turn.

For the report a section, for the command line sentences and a table, both from
`trustsim.analysis.ablation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trustsim.analysis.ablation import (
    EXACT,
    MOVES,
    NARROWS,
    TOO_FEW,
    UNDECIDED,
    WIDENS,
    Ablation,
    ablation,
    alone,
)
from trustsim.errors import ConfigError, nearest
from trustsim.report.figures.analyses.ablation import what_carries
from trustsim.report.results import Reported
from trustsim.report.sections.gallery import Picture
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table, text_lines
from trustsim.report.words.boxes import joined
from trustsim.report.words.labels import (
    capital,
    clear_of_zero,
    decimals,
    measure_label,
    measure_unit,
    number,
    percent,
    plain,
)
from trustsim.schema.mechanisms import MECHANISMS

MOST_NAMED = 3
"""Mechanisms that the first sentences name on either side; the table has all of them."""

SAYS = {
    WIDENS: "widens the difference",
    NARROWS: "narrows the difference",
    MOVES: "moves the difference",
    UNDECIDED: "not shown to matter",
    EXACT: "changes nothing, to the last bit",
    TOO_FEW: "too few runs to tell",
}


def analyses(
    results: Reported,
    confidence: float = 0.95,
    *,
    measure: str = "total_cost",
    arm: str | None = None,
    allow_missing: bool = False,
) -> list[Ablation]:
    """Take the difference of every challenger to the baseline apart, or that of one arm.

    Parameters
    ----------
    results : Reported
        A folder whose experiment has a design of the method ablation.
    confidence : float
        Level at which all intervals of a challenger hold together.
    measure : str
        Whose difference is taken apart.
    arm : str, optional
        This challenger only.
    allow_missing : bool
        Leave out runs whose partner is missing, instead of refusing.

    Raises
    ------
    ConfigError
        If it is no ablation, has one arm only or no such arm, and whatever `ablation` refuses.
    """
    if results.ablated is None:
        raise ConfigError(f"{results.folder}: holds no ablation; `trustsim ablate CONFIG` runs one")
    if not results.challengers:
        raise ConfigError("an ablation takes a difference apart, and needs a second arm")
    if arm is not None and arm not in results.challengers:
        raise ConfigError(
            f'no challenger "{arm}"{nearest(arm, results.challengers)}; there are: '
            f"{', '.join(results.challengers)}"
        )
    dimensions = results.design.dimensions if results.design is not None else ()
    planned = [str(value) for each in dimensions for value in each.values]
    return [
        ablation(
            results.ablated, name, results.baseline, measure, confidence,
            mechanisms=planned, unpaired="drop" if allow_missing else "refuse",
        )
        for name in ([arm] if arm is not None else results.challengers)
    ]  # fmt: skip


def section(results: Reported, confidence: float = 0.95) -> Section | None:
    """Section of the report; None unless the design is an ablation."""
    if results.ablated is None or not results.challengers:
        return None
    title = "What carries the difference"
    try:
        each = analyses(results, confidence, allow_missing=True)
    except ConfigError as error:
        return Section("ablation", title, (f"What carries it cannot be said: {error}.",))
    return Section(
        "ablation",
        title,
        tuple(sentences(each)),
        tuple(_picture(one, place, results.name) for place, one in enumerate(each)),
        tuple(carriers_table(one) for one in each),
        _notes(each[0]),
    )


def sentences(analysed: Sequence[Ablation]) -> list[str]:
    """Say what carries each difference, what turns its sign, and what moves nothing."""
    lines = []
    for one in analysed:
        lines += [_whole(one), *_leading(one), *_turning(one), *_rest(one)]
        if one.dropped:
            pairs = "1 pair" if one.dropped == 1 else f"{number(one.dropped, 0)} pairs"
            lines.append(f"Left out for missing runs: {pairs}.")
    return lines


def carriers_table(one: Ablation) -> Table:
    """What every mechanism carries, those that carry most first."""
    places = _places(one)
    rows = []
    for row in one.rows.to_dict("records"):
        share = row["share"]
        rows.append(
            (
                _name(row),
                _ends(row["without"], row["without_half_width"], places),
                number(row["carries"], places),
                _ends(row["carries"], row["half_width"], places, only=True),
                percent(share) if share == share else "",
                SAYS[row["verdict"]],
            )
        )
    level = percent(one.confidence)
    return Table(
        f"{capital(plain(one.arm))} against {plain(one.baseline)}: what each mechanism carries of "
        f"the difference in {measure_label(one.measure).lower()}, in {measure_unit(one.measure)}; "
        f"{level} intervals that hold together",
        ("mechanism", "difference without it", "carries", "interval", "share", "verdict"),
        tuple(rows),
    )


def text_table(one: Ablation) -> list[str]:
    """Give the table as lines of text, for the command line."""
    return text_lines(carriers_table(one))


def _places(one: Ablation) -> int:
    half = float(one.rows["half_width"].max())
    return decimals(half if half > 0 else one.half_width, one.difference)


def _ends(mean: float, half: float, places: int, only: bool = False) -> str:
    if half != half:
        return "–"
    places = clear_of_zero(mean - half, mean + half, places)
    ends = f"{number(mean - half, places)} to {number(mean + half, places)}"
    return ends if only else f"{number(mean, places)} ({ends})"


def _name(row: Mapping[Any, Any]) -> str:
    name = str(row["mechanism"])
    return MECHANISMS[name].label if name in MECHANISMS else plain(name)


def _whole(one: Ablation) -> str:
    ends = _ends(one.difference, one.half_width, _places(one), only=True)
    return (
        f"In the full market {plain(one.arm)} differs from {plain(one.baseline)} by "
        f"{number(one.difference, _places(one))} in {measure_label(one.measure).lower()} "
        f"({measure_unit(one.measure)}; {percent(one.confidence)} interval {ends}, "
        f"{number(one.replicates, 0)} paired runs); "
        + (
            "1 mechanism was switched off"
            if len(one.rows) == 1
            else f"{number(len(one.rows), 0)} mechanisms were switched off in turn"
        )
        + ", under the same luck."
    )


def _leading(one: Ablation) -> list[str]:
    lines = []
    for verdict, words in (
        (WIDENS, "Most of it hangs on"),
        (NARROWS, "It would be larger without"),
        (MOVES, "It is moved most by"),
    ):
        rows = one.rows[one.rows["verdict"] == verdict].head(MOST_NAMED).to_dict("records")
        named = [
            f"{_name(row)} ({number(row['carries'], _places(one))}, "
            f"{_ends(row['carries'], row['half_width'], _places(one), only=True)}"
            + (f"; {percent(abs(row['share']))} of it" if row["share"] == row["share"] else "")
            + ")"
            for row in rows
        ]
        if named:
            lines.append(f"{words} {', '.join(named)}.")
    return lines


def _turning(one: Ablation) -> list[str]:
    if not one.clear:
        return []
    if not one.turning:
        return ["No single mechanism turns its sign."]
    rows = one.rows[one.rows["mechanism"].isin(one.turning)].to_dict("records")
    places = _places(one)
    named = [
        f"{_name(row)} ({number(row['without'], places)}, "
        f"{_ends(row['without'], row['without_half_width'], places, only=True)})"
        for row in rows
    ]
    return [f"Its sign turns without {joined(named)}."]


def _rest(one: Ablation) -> list[str]:
    """Say how many of the others move nothing, and what the mechanisms carry added up."""
    counts = one.rows["verdict"].value_counts()
    words = []
    for verdict, singular, plural in (
        (UNDECIDED, "is not shown to matter", "are not shown to matter"),
        (EXACT, "changes nothing, to the last bit", "change nothing, to the last bit"),
        (TOO_FEW, "has too few runs to tell", "have too few runs to tell"),
    ):
        count = int(counts.get(verdict, 0))
        if count:
            words.append(f"{number(count, 0)} {singular if count == 1 else plural}")
    which = "the others" if one.rows["verdict"].isin([WIDENS, NARROWS, MOVES]).any() else "these"
    lines = [f"Of {which}, {joined(words)}."] if words else []
    roots = alone(list(one.rows["mechanism"]))
    carried = one.rows["carries"][one.rows["mechanism"].isin(roots)]
    if len(roots) > 1 and carried.notna().all():
        lines.append(
            "Mechanisms work through one another, so that what they carry does not add up to the "
            f"difference: the {number(len(roots), 0)} that stand on no other carry "
            f"{number(float(carried.sum()), _places(one))} together, one by one, of "
            f"{number(one.difference, _places(one))}."
        )
    return lines


def _picture(one: Ablation, place: int, config: str) -> Picture:
    rows = one.rows.assign(label=[_name(row) for row in one.rows.to_dict("records")])
    title = f"{capital(plain(one.arm))} against {plain(one.baseline)}"
    unit = measure_unit(one.measure)
    leading = rows[rows["verdict"].isin([WIDENS, NARROWS, MOVES])].head(MOST_NAMED)
    named = ", ".join(
        f"{row['label']} {number(row['carries'], _places(one))}"
        for row in leading.to_dict("records")
    )
    return Picture(
        "what_carries" if place == 0 else f"what_carries_{place + 1}",
        f"What carries the difference: {title[:1].lower()}{title[1:]}",
        f"Difference in {measure_label(one.measure).lower()} with a mechanism less that without "
        f"it, in {unit}; {percent(one.confidence)} intervals that hold together for all "
        f"{number(len(rows), 0)} mechanisms; {number(one.replicates, 0)} paired runs at each "
        f"point; experiment {config}. A grey band holds all intervals of several mechanisms that "
        "are not shown to carry anything.",
        f"Points with intervals, one per mechanism; the largest: {named or 'none clear of zero'}.",
        lambda width: what_carries(
            rows,
            title=f"{title}, {number(one.replicates, 0)} paired runs",
            unit=unit,
            difference=one.difference,
            width=width,
        ),
    )


def _notes(one: Ablation) -> tuple[str, ...]:
    return (
        "A mechanism is off when its parameters are at the values at which it is absent; what "
        "stands on it is off with it. Both arms meet the same luck with it and without it, so that "
        "only the mechanism makes the difference between the differences.",
        f"Intervals are Student's over {number(one.replicates, 0)} replicates, at the level at "
        f"which all {number(len(one.rows), 0)} hold together (Bonferroni); verdicts go by p values "
        "corrected for their number (Holm 1979).",
    )
