"""Mechanisms that are switched off: which, what that makes of records, and what it leaves idle.

Names of mechanisms come in, as an author lists them under ``without``; records in which these
mechanisms are absent go out. A parameter that is set though its mechanism is off is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator

from trustsim.errors import ConfigError, at, shown, suggestion
from trustsim.schema.mechanisms import (
    MECHANISMS,
    NOTHING,
    OWNERS,
    WITHOUT,
    Absent,
    off_without,
)
from trustsim.schema.row import Parameter
from trustsim.schema.translation import Refusal

SWITCH = Parameter(
    WITHOUT, NOTHING, 0, 0, "mechanism", "A mechanism that is switched off.",
    "assumption: what it adds is the difference that it makes", "", (NOTHING, *MECHANISMS),
)  # fmt: skip
"""The row of a design's dimension: nothing, or a mechanism that is off in addition."""

Record = TypeVar("Record", bound=Any)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Give names of mechanisms in the order of the schema, each once."""
    known = set(names)
    return tuple(name for name in MECHANISMS if name in known)


def _mechanisms(names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, list | tuple | set | frozenset):
        raise ValueError('must be a list of mechanisms, such as ["ransom"]')
    for name in names:
        if not isinstance(name, str) or name not in MECHANISMS:
            raise Refusal(f"unknown mechanism{suggestion(name, MECHANISMS)}", value=name)
    return in_order(names)


Mechanisms = Annotated[tuple[str, ...], BeforeValidator(_mechanisms)]


def switched_off(record: Record, off: tuple[str, ...]) -> Record:
    """Give a record in which mechanisms are absent; the same one if nothing changes.

    `off` is all that is off: see `trustsim.schema.mechanisms.off_without`.
    """
    changes = {}
    for parameter, absent in _absent(off):
        if hasattr(record, parameter):
            value = getattr(record, parameter)
            new = absent.get(value, value) if isinstance(absent, Mapping) else absent
            if new != value:
                changes[parameter] = new
    if not changes:
        return record
    copy: Record = record.model_copy(update=changes)
    return copy


def refuse_idle(values: Mapping[str, Any], names: Iterable[str], key: str, file: str = "") -> None:
    """Refuse parameters that are set though their mechanism is off; `names` are switched off."""
    for parameter, value in values.items() if names else ():
        owners = {n for n, m in MECHANISMS.items() if _is_choice(value, m.absent.get(parameter))}
        owners |= {OWNERS[parameter]} if parameter in OWNERS else set()
        for name in names:
            for owner in owners.intersection(off_without([name])):
                why = f" ({shown(owner)} is off because it needs {shown(name)})"
                raise ConfigError(
                    at(file, f"{key}.{parameter}", value, given=True)
                    + f"the mechanism {shown(owner)} is off{why if owner != name else ''}; take "
                    f"{parameter} out here, or {shown(name)} out of without"
                )


def _is_choice(value: Any, absent: Absent | None) -> bool:
    return isinstance(absent, Mapping) and not callable(value) and value in absent


@cache
def _absent(off: tuple[str, ...]) -> tuple[tuple[str, Absent], ...]:
    return tuple(pair for name in off for pair in MECHANISMS[name].absent.items())
