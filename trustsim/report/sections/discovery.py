"""Where an arm loses, in words: the boxes, how far to believe them, and a map of who wins.

For the report a section, for the command line sentences and pictures, from
`trustsim.analysis.discovery.losses`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import pandas as pd

from trustsim.analysis.discovery.boxes import HeldOut, LosingBox
from trustsim.analysis.discovery.losses import FEWEST_POINTS, Discovery, discover
from trustsim.analysis.discovery.prim import BoxSearch
from trustsim.analysis.discovery.who_wins import WhoWins, asked_axes, who_wins
from trustsim.errors import ConfigError, nearest
from trustsim.report.figures.analyses.discovery import who_wins_map
from trustsim.report.figures.analyses.losing_boxes import losing_boxes
from trustsim.report.results import Reported
from trustsim.report.sections.gallery import Picture
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table
from trustsim.report.words.boxes import box_words, joined, limit_text, restriction_words
from trustsim.report.words.labels import (
    MINUS,
    capital,
    measure_label,
    measure_unit,
    number,
    percent,
    plain,
)

FILLING = ("latin_hypercube", "sobol_sequence", "grid", "list")
"""Designs whose points may fill a space; the report looks for boxes if there are enough of them."""


SURE = 0.8
"""Share of the halves from which a limit goes without saying. An assumption."""


def analyses(
    results: Reported,
    confidence: float = 0.95,
    *,
    measure: str = "total_cost",
    arm: str | None = None,
    threshold: float = 0.0,
    density: float = BoxSearch.density,
    allow_missing: bool = False,
) -> list[Discovery]:
    """Find where every challenger loses against the baseline, or where one arm does.

    Parameters
    ----------
    results : Reported
        A folder whose experiment has a design.
    confidence : float
        Level of the intervals of single points.
    measure : str
        The measure; losing means more of it.
    arm : str, optional
        This arm only. The baseline's name asks the other way round: where does the baseline lose
        against the (first) challenger, that is, where does the challenger win?
    threshold : float
        An arm loses where its difference exceeds this, in the unit of the measure.
    density : float
        Density that a box must reach, between 0 and 1.
    allow_missing : bool
        Leave out points and pairs whose runs are missing, instead of refusing.

    Raises
    ------
    ConfigError
        If there is no such arm, no design or no second arm, if runs are missing, and whatever
        `trustsim.analysis.discovery.losses.discover` refuses.
    """
    design = results.design
    if design is None:
        raise ConfigError(
            f"{results.folder}: the experiment has no [design]; discovery needs many points, such "
            'as method = "latin_hypercube" with points = 1024'
        )
    if results.ablated is not None:
        raise ConfigError(
            f"{results.folder}: an ablation fills no space; trustsim ablate says what each "
            "mechanism carries"
        )
    if design.method == "morris":
        raise ConfigError(
            f"{results.folder}: trajectories of morris change one parameter at a time and fill no "
            'space; discovery needs a design such as "latin_hypercube"'
        )
    if arm is not None and arm not in results.arms:
        raise ConfigError(
            f'unknown arm "{arm}"{nearest(arm, results.arms)}; the runs have: '
            f"{', '.join(results.arms)}"
        )
    if not results.challengers:
        raise ConfigError(f'there is no arm to compare with "{results.baseline}"')
    runs, planned, hybrids = results.runs, results.planned[1], 0
    if not allow_missing:
        _refuse_holes(results)
    if design.method == "sobol":
        width = len(design.dimensions) + 2
        drawn = 2 * planned // width
        runs, planned, hybrids = _independent(runs, width), drawn, planned - drawn
    pairs = [(name, results.baseline) for name in results.challengers if arm in (None, name)]
    pairs = pairs or [(results.baseline, results.challengers[0])]
    return [
        discover(
            runs, design.dimensions, challenger, baseline, measure, threshold,
            search=BoxSearch(density=density), confidence=confidence,
            unpaired="drop" if allow_missing else "refuse", planned=planned, hybrids=hybrids,
        )
        for challenger, baseline in pairs
    ]  # fmt: skip


def section(results: Reported, confidence: float = 0.95) -> Section | None:
    """Section of the report; None unless many points of a design fill its space."""
    try:
        design = results.design
    except ConfigError:
        return None
    enough = results.points >= FEWEST_POINTS and bool(results.challengers)
    if design is None or design.method not in FILLING or not enough:
        return None
    if "total_cost" not in results.runs:
        return None
    try:
        result = analyses(results, confidence)
    except ConfigError as error:
        return Section("discovery", "Where it loses", (f"Boxes cannot be found: {error}.",))
    return Section(
        "discovery",
        "Where it loses",
        tuple(sentences(result)),
        tuple(picture for place, each in enumerate(result) for picture in pictures(each, place)),
        tuple(boxes_table(each) for each in result if each.boxes),
        NOTES,
    )


def sentences(result: Sequence[Discovery]) -> list[str]:
    """Say where each challenger loses, and how far that can be believed."""
    lines = []
    for each in result:
        lines += [_share(each), *_boxes(each), _close(each)]
        if each.unmeasured:
            lines.append(
                f"Left out, without a measured pair of runs: {_markets(each.unmeasured)} of "
                f"{number(len(each.points) + each.unmeasured, 0)}."
            )
    return lines


def pictures(
    result: Discovery, place: int = 0, *, x: str | None = None, y: str | None = None
) -> list[Picture]:
    """The map of who wins, and the boxes if there are any.

    Parameters
    ----------
    result : Discovery
        What was found.
    place : int
        Number of the challenger, for the names of the files.
    x, y : str, optional
        Parameters of the map's axes, by path or by the last word of it; those that tell most if
        not given.

    Raises
    ------
    ConfigError
        If the design has no parameter of such a name, it is a choice, or both are the same.
    """
    asked_axes(result, x, y)
    suffix = f"_{place + 1}" if place else ""

    @cache
    def fitted() -> WhoWins:
        return who_wins(result, x, y)

    shown = [
        Picture(
            f"who_wins{suffix}",
            f"Who wins: {plain(result.challenger)} or {plain(result.baseline)}",
            _map_caption(result, fitted),
            _map_words(result, fitted),
            lambda width: who_wins_map(result, surface=fitted(), width=width),
        )
    ]
    if result.boxes:
        shown.append(
            Picture(
                f"losing_boxes{suffix}",
                f"The boxes in which {plain(result.challenger)} loses",
                "Bars: the part of each parameter's range that is within the box; whiskers: how "
                "far its limit moves between halves of the points (eight in ten). Coverage "
                "against density: every box that peeling went through; circle: the one chosen; "
                "cross: boxes found on half of the points, judged on the other half.",
                "; ".join(f"Box {i}: {box_words(b)}" for i, b in enumerate(result.boxes, 1)) + ".",
                lambda width: losing_boxes(result, width=width),
            )
        )
    return shown


def boxes_table(result: Discovery) -> Table:
    """Bounds of all boxes with unit, spread, stability and quasi-p-value."""
    rows, units = [], []
    for place, box in enumerate(result.boxes, start=1):
        for r in box.restrictions:
            spread = [limit_text(r.dimension, end) for end in r.spread if math.isfinite(end)]
            rows.append(
                (
                    plain(r.dimension.label),
                    f"{place}: {percent(box.coverage)}, {percent(box.density)}, {box.points}",
                    restriction_words(r).removeprefix(plain(r.dimension.label)).strip(),
                    " to ".join(spread) or "–",
                    percent(r.stability),
                    "< 0.0001" if r.chance < 1e-4 else number(r.chance, 4),
                )
            )
            units.append(r.dimension.unit)
    return Table(
        f"Where {plain(result.challenger)} loses against {plain(result.baseline)}",
        (
            "parameter", "box: coverage, density, points", "limit", "limit in halves",
            "halves that share it", "chance",
        ),
        tuple(rows),
        "Limit in halves: tenth to ninetieth percentile over halves of the points. Chance: "
        "quasi-p-value, the probability that points within the limit are as dense by luck.",
        tuple(units),
    )  # fmt: skip


NOTES = (
    "Boxes: patient rule induction (Friedman & Fisher 1999), as used in scenario discovery (Bryant "
    "& Lempert 2010). Coverage: share of all losing points in the box; density: share of the box's "
    "points that lose. Chosen is the box of greatest coverage among those dense enough. Held out: "
    "boxes found on one half of the points, judged on the other, over ten random splits.",
    "Map: local linear regression over the two parameters; bandwidths by cross-validation. All "
    "other parameters vary over the design, so that the map shows means, and a single market can "
    "differ from its surroundings.",
    "Shares are those of the design's points, spread as its author chose: they are no "
    "probabilities of markets. All points share the luck of the same replicates.",
)
"""Method and limits."""


def _independent(runs: pd.DataFrame, width: int) -> pd.DataFrame:
    """Runs of the two independent samples of a Saltelli design; the hybrids between repeat them."""
    place = runs["point"] % width
    return runs[(place == 0) | (place == width - 1)]


def _refuse_holes(results: Reported) -> None:
    _, points, _ = results.planned
    if results.points < points:
        raise ConfigError(
            f"{results.folder}: {number(points - results.points, 0)} of {number(points, 0)} design "
            "points have no finished run. Run what is missing again, or leave these points out: "
            "trustsim discover --allow-missing"
        )


def _markets(count: int) -> str:
    return f"{number(count, 0)} market{'' if count == 1 else 's'}"


def _costs_more(result: Discovery) -> str:
    """What losing is, as a verb with its object."""
    unit = measure_unit(result.measure)
    much = f"{result.threshold:g} {unit}".strip().replace("-", MINUS)
    much = f" by over {much}" if result.threshold else ""
    if result.measure == "total_cost":
        return f"costs more than {plain(result.baseline)}{much}"
    return f"has more {measure_label(result.measure).lower()} than {plain(result.baseline)}{much}"


def _share(result: Discovery) -> str:
    many = {"never loses": "none", "always loses": "all"}.get(result.verdict, percent(result.share))
    return capital(
        f"{plain(result.challenger)} {_costs_more(result)} in {many} of the "
        f"{number(len(result.points), 0)} markets{_drawn(result.hybrids)}."
    )


def _drawn(hybrids: int) -> str:
    if not hybrids:
        return ""
    return (
        f" that were drawn independently; the other {number(hybrids, 0)} points of the design are "
        "hybrids of them and are left out"
    )


def _close(result: Discovery) -> str:
    if result.points["half_width"].isna().all():
        return "With one replicate a market, nothing tells how many of them are too close to call."
    one = result.undecided == 1
    return (
        f"{_markets(result.undecided)} ({percent(result.undecided / len(result.points))}) "
        f"{'is' if one else 'are'} too close to call: {'its' if one else 'their'} own "
        f"{percent(result.confidence)} interval over replicates holds "
        f"{'zero' if result.threshold == 0 else 'the threshold'}."
    )


def _boxes(result: Discovery) -> list[str]:
    if result.verdict == "no box":
        words = "No box of a few limits tells where."
        held = result.held_out[0]
        if math.isfinite(held.density):
            words += (
                f" In the best boxes, on markets that they were not found on, it is "
                f"{percent(held.density)}: no surer than chance."
            )
        return [words]
    lines = [_box(result, place) for place in range(len(result.boxes))]
    if len(result.boxes) > 1:
        coverage = sum(box.coverage for box in result.boxes)
        lines.append(
            f"Together the {len(result.boxes)} boxes hold {percent(coverage)} of them "
            f"({_held_out(result.held_out[-1])})."
        )
    return lines


def _box(result: Discovery, place: int) -> str:
    box = result.boxes[place]
    share = percent(box.coverage)
    opening = f"{share} of these lie" if place == 0 else f"A further {share} lie"
    words = f"{opening} where {box_words(box)} ({_density(box, result.held_out[0], place)})."
    if not box.dense:
        words += (
            f" That is less than the {percent(result.asked)} asked for; no box of that density "
            "holds, and this is the one that tells losing markets from others best."
        )
    shaky = [r for r in box.restrictions if r.stability < SURE]
    if shaky:
        named = [f"{plain(r.dimension.label)} ({percent(r.stability)})" for r in shaky]
        words += f" Less sure, as not all halves of the markets ask for it: {joined(named)}."
    return words


def _density(box: LosingBox, held_out: HeldOut, place: int) -> str:
    held = f", {_held_out(held_out)}" if place == 0 else ""
    return f"density {percent(box.density)} of {_markets(box.points)}{held}"


def _held_out(held_out: HeldOut) -> str:
    return f"held out: density {percent(held_out.density)}, coverage {percent(held_out.coverage)}"


def _map_caption(result: Discovery, fitted: Callable[[], WhoWins]) -> str:
    try:
        surface = fitted()
    except ConfigError:
        return "Mean difference over two parameters."
    explained = max(0.0, surface.surface.explained)
    apart = (
        ", those of whole-number parameters are spread a little around their values"
        if surface.x.columns or surface.y.columns
        else ""
    )
    return (
        f"Mean paired difference over {number(len(result.points), 0)} points "
        f"({number(result.runs, 0)} runs), as a smooth surface of two parameters; thin lines: "
        "equal difference; thick line: none. Hatched orange: the challenger has more; dotted: the "
        f"{percent(result.confidence)} interval of the mean holds the threshold. Marks: single "
        f"points{apart}. The two parameters alone foretell {percent(explained)} of the variance "
        "between points (cross-validated); the rest is due to the others."
    )


def _map_words(result: Discovery, fitted: Callable[[], WhoWins]) -> str:
    try:
        surface = fitted()
    except ConfigError:
        return "Map of the mean difference over two parameters."
    wins, loses, unclear = surface.shares()
    x, y = (plain(axis.dimension.label) for axis in (surface.x, surface.y))
    return (
        f"Map of the mean difference over {x} (across) and {y} (up): {plain(result.challenger)} "
        f"has clearly less on {percent(wins)} of it, clearly more on {percent(loses)}, and on "
        f"{percent(unclear)} the sign is not clear."
    )
