"""What a mechanism is: a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trustsim.schema.row import Value

Absent = Value | Mapping[str, str]
"""The value at which a parameter is absent; a mapping replaces single choices by others."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism of the market.

    Attributes
    ----------
    name : str
        Name in ``without``.
    room : str
        Where it is at work: a module of `trustsim.market.rooms`, or ``population``.
    text : str
        What it is.
    absent : mapping
        Parameters of the market, of policies and of instruments, with the values at which the
        mechanism is absent.
    owns : tuple of str
        Its other parameters, which say nothing when it is absent.
    needs : tuple of str
        Mechanisms that it stands on: it is off when one of them is.
    luck : tuple of str
        Its chance events.
    measures : tuple of str
        Measures in which it shows first.
    """

    name: str
    room: str
    text: str
    absent: Mapping[str, Absent]
    owns: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    luck: tuple[str, ...] = ()
    measures: tuple[str, ...] = field(default=("total_cost",))

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters that belong to it."""
        return (*self.absent, *self.owns)

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name.replace("_", " ")
