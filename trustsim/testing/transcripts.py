"""Transcripts: what a rule of conduct does, move by move, against a partner that plays a script.

Axelrod's tournaments (1984) are told like this: C is a fair move, D one of opportunism.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trustsim.engine.reach import plain
from trustsim.errors import ConfigError, at, known
from trustsim.market.conduct import conduct
from trustsim.market.records import Market, Order, View
from trustsim.schema import MARKET
from trustsim.schema.decisions import Rule
from trustsim.testing.contract import POLICIES, readable

FAIR, CHEATED = 1, 2


def transcript(
    policy: Mapping[str, Any] | Rule,
    partner: str,
    *,
    side: str = "supplier",
    gain: float = 1.0,
    loss: float = 0.0,
    seed: int = 1,
) -> str:
    """Play a rule of conduct against a scripted partner.

    Parameters
    ----------
    policy : mapping or callable
        Parameters of a policy, such as ``{"conduct": "reciprocal", "first_move": 0.0}``, or a
        rule of your own for the decision ``conduct``.
    partner : str
        The partner's moves: C fair, D cheats.
    side : {"buyer", "supplier"}
        Whose policy it is.
    gain, loss : float
        What giving in brings and costs, in money; the rule sees them in its view.
    seed : int
        Seed of the luck with which a chance becomes a move.

    Returns
    -------
    str
        The moves of the policy, one for each of the partner's.

    Raises
    ------
    ConfigError
        For another side, another letter, or a parameter that the policy does not have.

    Examples
    --------
    >>> transcript({"conduct": "reciprocal"}, "CDDC")
    'CCDD'
    """
    known(side, POLICIES, f"{at('', 'side', side, given=True)}there is no such side")
    if not isinstance(partner, str) or set(partner) - set("CD"):
        raise ConfigError(f"{at('', 'partner', partner, given=True)}allowed: a text of C and D")
    record, rule = _record(policy, side)
    world = readable(Market)
    for row in MARKET:
        world[row.name] = row.default
    rng, order, view = np.random.default_rng(seed), readable(Order), readable(View)
    order["lots"] = order["price"] = 1.0
    view["gain"], view["loss"] = gain, loss
    view["noise"], view["opportunism"] = 1e-4, 1.0
    view["good"] = view["bad"] = 1.0
    moves = ""
    for theirs in partner:
        view["trust"] = view["good"] / (view["good"] + view["bad"])
        asked = (order, view, record, world)
        if rule is None:
            chance = float(conduct(*asked))
        else:
            chance = float(rule(*asked[: rule.__code__.co_argcount]))
        moves += "D" if rng.random() < chance else "C"
        view["own_conduct"] = CHEATED if moves[-1] == "D" else FAIR
        view["partner_conduct"] = CHEATED if theirs == "D" else FAIR
        view["bad" if theirs == "D" else "good"] += 1.0
        view["orders"] += 1.0
        view["clean"] = view["clean"] + 1.0 if theirs == "C" else 0.0
    return moves


def _record(policy: Mapping[str, Any] | Rule, side: str) -> tuple[Any, Any]:
    """Give the record of a policy, and the rule as plain Python if it is one of the user's."""
    kind, rows = POLICIES[side]
    record, names = readable(kind), {row.name: row for row in rows}
    for row in rows:
        record[row.name] = row.choices.index(row.default) if row.choices else row.default
    if not isinstance(policy, Mapping):
        return record, plain(policy)
    for name, value in policy.items():
        row = names[known(name, names, f"{at('', name, value, given=True)}no such parameter")]
        if row.choices:
            known(value, row.choices, f"{at('', name, value, given=True)}no such choice")
            value = row.choices.index(value)
        record[name] = value
    return record, None
