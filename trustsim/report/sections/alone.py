"""The section of the report on what a policy is worth to one and to all: figure and tables."""

from __future__ import annotations

import math
from typing import Any

from trustsim.analysis.alone import Shared
from trustsim.errors import ConfigError
from trustsim.report.figures.analyses.alone import cost_by_share
from trustsim.report.results import Reported
from trustsim.report.sections.gallery import Picture
from trustsim.report.sections.section import Section
from trustsim.report.sections.tables import Table
from trustsim.report.words.alone import Beside, find, sentences
from trustsim.report.words.labels import (
    PER_LOT,
    capital,
    decimals,
    half_width_text,
    number,
    percent,
    plain,
)

NOTES = (
    "Every difference is taken within a run, or between runs of the same replicate, which meet the "
    "same luck; intervals are Student's over these. Shares are those of buyers in the first round, "
    "which of them have which policy being the luck of a run.",
    "What a policy is worth to all is what it is worth to the first buyers, and what the others "
    "then do for whoever has it; the three have slightly different runs where a small share gives "
    "some of them no buyer.",
)
MOVING = (
    "Shares go where a change from the first round to the last is shown, each by itself. A point "
    "is stable if they go there from either side; between the shares that were tried it is "
    "somewhere in between."
)


def section(results: Reported, confidence: float = 0.95) -> Section | None:
    """Section of the report; None if no two policies share a market."""
    try:
        found = find(results, confidence)
    except ConfigError as error:
        return Section("alone", "Alone or all", (f"This cannot be told: {error}.",))
    if not found:
        return None
    pictures, tables = [], []
    for place, one in enumerate(found):
        if one.still is not None or one.moving is not None:
            pictures.append(_picture(one, place, confidence))
        tables += _tables(one, confidence)
    moving = (MOVING,) if any(one.moving is not None for one in found) else ()
    return Section(
        "alone", "Alone or all", tuple(sentences(found, confidence)), tuple(pictures),
        tuple(tables), NOTES + moving,
    )  # fmt: skip


def _picture(one: Beside, place: int, confidence: float) -> Picture:
    shared = one.still if one.still is not None else one.moving
    assert shared is not None
    a, b = plain(shared.a), plain(shared.b)
    alt = "; ".join(
        f"at {percent(row['share'])} {a} {number(row['cost_a'], 3)}, {b} {number(row['cost_b'], 3)}"
        for row in shared.mixed.to_dict("records")
    )
    imitation = (
        " At the foot: where imitation takes the share; right (or below): the share in the last "
        "round, on the dotted line if nothing changes."
        if one.moving is not None
        else ""
    )
    return Picture(
        "alone_or_all" + (f"_{place + 1}" if place else ""),
        f"What {a} and {b} cost side by side",
        f"Mean over runs of the cost of the buyers of each kind, with its {percent(confidence)} "
        f"interval, by the share of buyers that have {a}. Large open symbols at the ends: markets "
        f"in which all have the same.{imitation}",
        f"Lines of total cost per accepted lot: {alt}.",
        lambda width: cost_by_share(one.still, one.moving, width=width),
    )


def _tables(one: Beside, confidence: float) -> list[Table]:
    tables = []
    for shared in (one.still, one.moving):
        if shared is not None and not shared.moves and len(shared.steps):
            tables.append(_steps_table(shared, confidence))
        if shared is not None and not (shared.moves and one.still is not None):
            tables.append(_shares_table(shared, confidence))
    if one.moving is not None:
        tables.append(_imitation_table(one.moving, confidence))
    if one.rows is not None:
        rows = tuple(
            (plain(row["arm"]), *_interval(row["difference"], row["half_width"]), str(row["n"]))
            for row in one.rows.to_dict("records")
        )
        title = f"{capital(plain(one.a))} minus {plain(one.b)}, side by side"
        tables.append(Table(title, ("arm", *_measured(confidence)), rows))
    return tables


def _measured(confidence: float) -> tuple[str, str, str]:
    return f"difference, {PER_LOT}", f"{percent(confidence)} interval", "pairs"


def _steps_table(shared: Shared, confidence: float) -> Table:
    a, b = plain(shared.a), plain(shared.b)
    rare, common = percent(shared.mixed["share"].iloc[0]), percent(shared.mixed["share"].iloc[-1])
    says = {
        "one": f"{a} to the first that turn: {a} at {rare}, less {b} where all have {b}",
        "all": f"{a} to all: {a} where all have it, less {b} where all have {b}",
        "others_a": f"others' {a} to who has {a}: where all have it, less at {rare}",
        "others_b": f"others' {a} to who has {b}: {b} at {common}, less where all have {b}",
        "last": f"{a} to the last that turn: {a} where all have it, less {b} at {common}",
    }
    rows = tuple(
        (says[str(name)], *_interval(row["mean"], row["half"]), number(row["n"], 0))
        for name, row in shared.steps.iterrows()
    )
    note = f"Shares are those of {a} among buyers. Below zero: it costs less."
    return Table(
        "To one, to all, to others",
        ("what is worth how much to whom", *_measured(confidence)),
        rows,
        note,
    )


def _shares_table(shared: Shared, confidence: float) -> Table:
    a, b = plain(shared.a), plain(shared.b)
    rows = tuple(
        (
            percent(row["share"]), _with_half(row["cost_a"], row["half_a"]),
            _with_half(row["cost_b"], row["half_b"]), _with_half(row["difference"], row["half"]),
            number(row["n"], 0), _with_half(row["apart_a"], row["apart_a_half"]),
            _with_half(row["apart_b"], row["apart_b_half"]),
        )
        for row in shared.markets.to_dict("records")
    )  # fmt: skip
    header = (f"share of {a}", a, b, f"{a} minus {b}", "pairs", f"{a} against all {a}",
              f"{b} against all {b}")  # fmt: skip
    note = (
        f"{capital(PER_LOT)}: mean over runs ± half-width of its {percent(confidence)} interval; "
        "against: in the same market less in a market where all have the policy."
    )
    return Table("Side by side, by share", header, rows, note, folded="narrow")


def _imitation_table(shared: Shared, confidence: float) -> Table:
    a = plain(shared.a)
    rows = tuple(
        (
            percent(row["share"], 1), f"{percent(row['end'], 1)} ± {percent(row['end_half'], 1)}",
            f"{number(100 * row['change'], 1)} ± {number(100 * row['change_half'], 1)}",
            percent(row["gone"]), percent(row["taken"]), number(row["runs"], 0),
        )
        for row in shared.mixed.to_dict("records")
    )  # fmt: skip
    header = (f"share of {a} at the start", "in the last round", "change, percentage points",
              "runs in which nobody has it", "runs in which all have it", "runs")  # fmt: skip
    note = f"Mean over runs ± half-width of its {percent(confidence)} interval."
    return Table("Where imitation leads", header, rows, note)


def _interval(mean: Any, half: Any) -> tuple[str, str]:
    places = max(3, decimals(float(half), float(mean)) - 1)
    if not math.isfinite(half):
        return number(mean, places), "–"
    return number(mean, places), f"{number(mean - half, places)} to {number(mean + half, places)}"


def _with_half(mean: float, half: float) -> str:
    if not math.isfinite(mean):
        return "–"
    if half == 0:
        return number(mean, 3)
    return (
        f"{number(mean, 3)} ± {half_width_text(half, 3)}"
        if math.isfinite(half)
        else number(mean, 3)
    )
