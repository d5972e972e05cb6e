"""What a parameter is: one row of a table, with everything a reader may ask of it."""

from __future__ import annotations

from dataclasses import dataclass

MAX_INSTRUMENTS = 16
"""Most payment instruments that one market can know."""

MAX_CONTACTS = 32
"""Most suppliers that one buyer can know at a time."""

Value = float | int | str

LOT = "share of a lot's cost"
PROBABILITY = "probability"
HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a market, a policy or an instrument.

    Attributes
    ----------
    name : str
        Name in configs and in the record that the rooms read.
    default : float, int or str
        Value if nothing is said. Its type is the parameter's type; a string is a rule's name.
    low, high : float
        Bounds, both allowed. Zero for rules.
    unit : str
        Unit, in words; shares and probabilities are numbers from 0 to 1.
    text : str
        What it means.
    source : str
        A citation, or the word ``assumption`` with the reasoning.
    room : str
        The room of the market (module of `trustsim.market`) that reads it.
    choices : tuple of str
        For a rule: the names allowed, in the order of their numbers. Empty for numbers.
    """

    name: str
    default: Value
    low: float
    high: float
    unit: str
    text: str
    source: str
    room: str = ""
    choices: tuple[str, ...] = ()

    @property
    def kind(self) -> type[float] | type[int] | type[str]:
        """Type of a value: ``float``, ``int`` or ``str`` (a rule)."""
        if self.choices:
            return str
        return int if isinstance(self.default, int) else float


def number(
    name: str,
    default: float | int,
    bounds: tuple[float, float],
    unit: str,
    text: str,
    source: str,
) -> Parameter:
    """Give a row for a number; see `Parameter` for the columns."""
    return Parameter(name, default, *bounds, unit, text, source)


def rule(name: str, default: str, choices: tuple[str, ...], text: str, source: str) -> Parameter:
    """Give a row for a decision rule chosen by name; see `Parameter` for the columns."""
    return Parameter(name, default, 0, 0, "rule", text, source, "", choices)


def in_room(room: str, *rows: Parameter) -> tuple[Parameter, ...]:
    """Put rows into a room."""
    return tuple(
        Parameter(r.name, r.default, r.low, r.high, r.unit, r.text, r.source, room, r.choices)
        for r in rows
    )
