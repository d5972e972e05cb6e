"""Cases in words: what came out of a claim, and of a chapter of claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trustsim.cases.effect import Effect
from trustsim.cases.file import Case
from trustsim.cases.judging import Judged
from trustsim.config.case import AGE, ARMS, ENDS, IDS, TIME
from trustsim.report.words.labels import (
    capital,
    decimals,
    measure_label,
    measure_unit,
    number,
    plain,
)

CHAPTERS = {
    "V": "First orders between strangers",
    "E": "Trust with principles",
    "R": "Reputation on platforms",
    "A": "The relationship after the sale",
    "D": "Service in the details",
}
"""Titles of the chapters by their letters."""

MARKS = {"supports": "+", "contradicts": "−", "undecided": "?"}
"""A sign for each verdict, so that it can be told apart without colour."""


def chapter_of(name: str) -> str:
    """Letter of the chapter of a claim."""
    return name[0]


def signed(effect: Effect, places: int | None = None) -> str:
    """Write an effect with its interval: ``+0.12 [0.10, 0.14]``."""
    if effect.difference == effect.half_width == 0.0:
        return "exactly 0"
    if places is None:
        places = decimals(effect.half_width, effect.difference)
    value = number(effect.difference, places)
    sign = "+" if effect.difference > 0 and float(f"{effect.difference:.{places}f}") > 0 else ""
    low, high = (effect.difference + side * effect.half_width for side in (-1, 1))
    return f"{sign}{value} [{number(low, places)}, {number(high, places)}]"


def label(case: Case) -> str:
    """Label of what is measured."""
    return case.said.called or measure_label(case.said.measure)


def drawn_label(case: Case) -> str:
    """Label of what is drawn: of two arms, the difference."""
    if len(case.arms) == 1:
        return label(case)
    low, high = (plain(arm) for arm in case.arms)
    return f"{label(case)}: {high} less {low}"


def unit(case: Case) -> str:
    """Unit of what is measured."""
    return "share of orders" if case.said.among else measure_unit(case.said.measure)


def along(case: Case) -> str:
    """What an effect is against, in words."""
    if case.said.against == TIME:
        return "round"
    if case.said.against == AGE:
        return "earlier orders with the supplier"
    *_, name = case.said.against.split(".")
    return plain(name)


def compared(case: Case) -> str:
    """Which difference is taken, in words that go on after what is measured."""
    names = [plain(arm) for arm in case.arms]
    if case.difference == ARMS:
        return f", {names[1]} less {names[0]}"
    if case.said.against == TIME:
        ends = " in the last quarter of the rounds less that in the first"
    elif case.said.against == AGE:
        ends = " of the longest relations less that of first orders"
    else:
        low, high = case.values[0], case.values[-1]
        ends = f" at {along(case)} {_value(high)} less that at {_value(low)}"
    if case.difference == ENDS:
        return ends
    return f", {names[1]} less {names[0]},{ends}"


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else plain(str(value))


def sentence(found: Judged) -> str:
    """Say what came out of a claim."""
    case, effects = found.case, found.effects
    name = plain(case.off)
    places = decimals(effects.full.half_width, effects.full.difference)
    low, high = (number(side, places) for side in (effects.full.low, effects.full.high))
    what = f"{label(case)}{compared(case)}: {high} less {low}"
    text = f"{what}, {signed(effects.full)}{f' ({unit(case)})' if unit(case) else ''}"
    text += f"; without {name} {signed(effects.without)}"
    if effects.carried.difference != effects.full.difference:
        text += f", so that {name} carries {signed(effects.carried)}"
    return f"{capital(text)}. {conclusion(found)}"


def conclusion(found: Judged) -> str:
    """Say what that means for the claim."""
    if found.verdict == "undecided":
        return f"Undecided: {found.why}."
    return f"The model {found.verdict} the claim."


def chapter_sentences(rows: Sequence[Judged]) -> list[str]:
    """Say in a paragraph what was found of the claims of a chapter."""
    parts = []
    for verdict, lead in (
        ("supports", "The model supports that"),
        ("contradicts", "It contradicts that"),
        ("undecided", "It leaves open whether"),
    ):
        mine = [row for row in rows if row.verdict == verdict]
        if mine:
            claims = "; ".join(_named(row) for row in mine)
            parts.append(f"{lead} {claims}.")
    return parts


def _named(row: Judged) -> str:
    claim = row.case.said.claim.rstrip(".")
    claim = claim[:1].lower() + claim[1:]
    return f"{claim} ({row.case.id}{f': {row.why}' if row.why else ''})"


def count_sentence(rows: Sequence[Judged]) -> str:
    """Say how many claims came out how."""
    words = {"supports": "supported", "contradicts": "contradicted", "undecided": "undecided"}
    counts = {word: sum(row.verdict == each for row in rows) for each, word in words.items()}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{len(rows)} {'claim' if len(rows) == 1 else 'claims'}: {said}."


def missing(ids: Iterable[str]) -> list[str]:
    """Claims that have no case yet."""
    there = set(ids)
    return [name for name in IDS if name not in there]
