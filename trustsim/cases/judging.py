"""Verdicts on claims: supports, contradicts, undecided, all cases together.

An effect counts only if it is shown, and shown to be smaller without its mechanism, by half at
least: one that stays is another mechanism's. Both tests must reject, so that the p value of a case
is the larger of the two (Berger 1982), and the p values of all cases are corrected together (Holm
1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trustsim.analysis.verdicts import adjusted
from trustsim.cases.effect import Effects
from trustsim.cases.file import Case
from trustsim.config.case import IDS

LEVEL = 0.05
"""Chance of any wrong verdict among all cases."""

STAYS = 0.5
"""Share of an effect that is left without its mechanism, from which it is another mechanism's."""

Verdict = Literal["supports", "contradicts", "undecided"]


@dataclass(frozen=True)
class Judged:
    """A case with what it shows and what that says of the claim.

    Attributes
    ----------
    case : Case
    effects : Effects
    verdict : {"supports", "contradicts", "undecided"}
    why : str
        Why it is undecided, in a few words.
    p : float
        P value of the case, corrected for all cases.
    """

    case: Case
    effects: Effects
    verdict: Verdict
    why: str
    p: float


def judged(found: Sequence[tuple[Case, Effects]], cases: int = len(IDS)) -> list[Judged]:
    """Judge cases together.

    Parameters
    ----------
    found : sequence of (Case, Effects)
    cases : int
        How many claims there are; those that were not run count as if they showed nothing, so that
        a few are never judged more lightly than all.

    Returns
    -------
    list of Judged
        In the same order.
    """
    others = [1.0] * max(0, cases - len(found))
    shown = adjusted([*(each.full.p for _, each in found), *others])
    whole = adjusted([*(max(each.full.p, each.carried.p) for _, each in found), *others])
    return [
        Judged(case, each, *_verdict(case, each, float(effect), float(both)), float(both))
        for (case, each), effect, both in zip(found, shown, whole, strict=False)
    ]


def _verdict(case: Case, found: Effects, shown: float, both: float) -> tuple[Verdict, str]:
    full, name = found.full, case.off.replace("_", " ")
    if full.pairs < 2 or found.carried.pairs < 2:
        return "undecided", "too few runs"
    if full.difference == 0.0 and full.error == 0.0:
        return "undecided", "no run differs"
    if shown > LEVEL:
        return "undecided", "no effect is shown"
    if found.carried.difference == 0.0 and found.carried.error == 0.0:
        return "undecided", f"{name} changes nothing"
    if found.without.difference * np.sign(full.difference) >= STAYS * abs(full.difference):
        return "undecided", f"stays without {name}"
    if both > LEVEL:
        return "undecided", f"not shown to go without {name}"
    return ("supports" if np.sign(full.difference) == case.said.expect else "contradicts"), ""
