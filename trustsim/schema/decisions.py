"""The decisions that a rule takes, and the rules of the user's that are known by name for them.

A rule is ``f(order, view, policy)`` or ``f(order, view, policy, market)`` and returns a number. It
sees the order as far as both sides know it, the relation as its owner sees it, its own policy and
the public state of the market, and never the partner's hidden traits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from trustsim.errors import ConfigError, nearest
from trustsim.schema.policy import BUYER, SUPPLIER
from trustsim.schema.row import Parameter

Rule = Callable[..., float]


class Decision(NamedTuple):
    """A decision that a rule can take.

    Attributes
    ----------
    parameter : str
        Name of the policy's parameter.
    sides : tuple of str
        Who decides.
    returns : str
        What a rule returns, in words.
    low, high : float or None
        Least and greatest answer; None for a score, which is any finite number.
    whole : bool
        Whether an answer must be a whole number.
    """

    parameter: str
    sides: tuple[str, ...]
    returns: str
    low: float | None = 0.0
    high: float | None = 1.0
    whole: bool = False


DECISIONS = {
    "award": Decision(
        "award", ("buyer",), "score of a bidder; the highest gets the order", None, None
    ),
    "haggling": Decision("haggling", ("buyer",), "hours of haggling, 0 to 100", 0.0, 100.0),
    "terms": Decision(
        "terms", ("buyer",), "score of an instrument; the highest acceptable one", None, None
    ),
    "disclosure": Decision(
        "disclosure_rule", ("buyer", "supplier"), "probability of disclosing, 0 to 1"
    ),
    "conduct": Decision("conduct", ("buyer", "supplier"), "probability of opportunism, 0 to 1"),
    "inspection": Decision("inspection", ("buyer",), "probability of inspecting the lot, 0 to 1"),
    "escalation": Decision(
        "escalation",
        ("buyer", "supplier"),
        "0 joint problem solving, 1 platform, 2 court, 3 write off",
        0.0,
        3.0,
        whole=True,
    ),
}
"""The decisions that a user's rule can take, by name."""

DECISION_OF = {decision.parameter: name for name, decision in DECISIONS.items()}
"""Parameters that also take a rule of the user's, with the decision it must be registered for."""

REGISTERED: dict[str, tuple[Rule, str]] = {}
"""Rules of the user's by name, with the decision that each is for."""


def rule(decision: str) -> Callable[[Rule], Rule]:
    """Register a function by its name as a rule for a decision.

    Parameters
    ----------
    decision : str
        One of `DECISIONS`.

    Raises
    ------
    ConfigError
        If there is no such decision, or a built-in rule has the function's name.

    Examples
    --------
    >>> @rule("inspection")
    ... def inspect_until_five_clean(order, view, policy):
    ...     return 1.0 if view.clean < 5 else 0.1
    """
    if decision not in DECISIONS:
        raise ConfigError(
            f'rule: there is no decision "{decision}"{nearest(decision, DECISIONS)}; '
            f"decisions are {', '.join(DECISIONS)}"
        )

    parameter = DECISIONS[decision].parameter
    built_in = {c for row in BUYER + SUPPLIER if row.name == parameter for c in row.choices}

    def register(function: Rule) -> Rule:
        if function.__name__ in built_in:
            raise ConfigError(
                f"rule {function.__name__}: is the name of a built-in rule for {decision}; "
                "choose another one"
            )
        REGISTERED[function.__name__] = (function, decision)
        return function

    return register


def registered_rules(decision: str) -> list[str]:
    """Names of the user's rules for a decision that are registered so far."""
    return [name for name, (_, taken) in REGISTERED.items() if taken == decision]


def rule_names(row: Parameter) -> list[str]:
    """Names that a rule parameter takes: built-in ones and the user's."""
    own = registered_rules(DECISION_OF[row.name]) if row.name in DECISION_OF else []
    return [*row.choices, *own]


def rule_named(name: str) -> Any:
    """Function of a registered rule."""
    return REGISTERED[name][0]
