"""Temptations that cannot arise in a market, told before anything is run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trustsim.experiment.kinds import looked_at
from trustsim.experiment.plan import Plan

MOST_LOOKED_AT = 200
"""Points of a design that are looked at."""


def idle_temptations(plan: Plan) -> list[str]:
    """Say which temptations cannot arise, though there are agents that might give in.

    What is switched off by name is not told, since somebody has chosen that.

    Parameters
    ----------
    plan : Plan
        At most `MOST_LOOKED_AT` points of its design are looked at.

    Returns
    -------
    list of str
        At most a sentence a temptation, of the first market in which it is idle.
    """
    first: dict[str, str] = {}
    others: dict[str, int] = {}
    for where, scenario in looked_at(plan, MOST_LOOKED_AT):
        for text in _idle(scenario):
            others[text] = others.get(text, -1) + 1
            first.setdefault(text, where)
    return [
        f"{where}"
        + (f" (and in {n:,} more {'case' if n == 1 else 'cases'})" if (n := others[text]) else "")
        + f": {text}"
        for text, where in first.items()
    ]


def _idle(scenario: Any) -> Iterator[str]:
    """Give what cannot tempt anybody in a market."""
    market, terms = scenario.market, scenario.instruments.values()
    suppliers = _tempted(scenario.supplier_policies, scenario.supplier_mix)
    buyers = _tempted(scenario.buyer_policies, scenario.buyer_mix)
    if suppliers and market.shading_saving == 0.0:
        yield "with a shading_saving of 0 no supplier is tempted to shade"
    if suppliers and not any(each.advance > 0.0 and not each.held for each in terms):
        yield (
            "no instrument gives a supplier money before it delivers, so that none is tempted to "
            "keep it"
        )
    if not buyers:
        return
    owed = [each for each in terms if _leaves_a_debt(each, market)]
    if not owed:
        yield (
            "no instrument leaves anything to be paid after acceptance, so that no buyer is "
            "tempted to pay late or to deny a debt"
        )
    elif all(each.secured >= 1.0 for each in owed):
        yield "every instrument secures all of a debt, so that no buyer is tempted to deny one"


def _leaves_a_debt(instrument: Any, market: Any) -> bool:
    uncollected = instrument.on_delivery * instrument.collection_failure * market.remoteness
    return bool(uncollected > 0.0 or instrument.advance + instrument.on_delivery < 1.0)


def _tempted(policies: Any, mix: Any) -> bool:
    """Tell whether agents with a share above 0 might give in."""
    followed = [policies[name] for name, share in mix.items() if share > 0.0]
    return any(each.conduct != "never" or getattr(each, "lateness", 0.0) for each in followed)
