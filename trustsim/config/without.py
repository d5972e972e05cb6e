"""Mechanisms that are switched off: which, what that makes of records, and what it leaves idle.

Names of mechanisms come in, as an author lists them under ``without``; records in which these
mechanisms are absent go out. A parameter that is set though its mechanism is off is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator

from trustsim.errors import ConfigError, shown, suggestion
from trustsim.schema.mechanisms import MECHANISMS, OWNERS, Absent, off_without
from trustsim.schema.translation import Refusal


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


def switched_off(record: Any, off: tuple[str, ...]) -> Any:
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
    return record.model_copy(update=changes) if changes else record


@cache
def _absent(off: tuple[str, ...]) -> tuple[tuple[str, Absent], ...]:
    return tuple(pair for name in off for pair in MECHANISMS[name].absent.items())


def refuse_idle(row: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse parameters that are given though their mechanism is off; `names` are switched off."""
    for parameter, given in row.items() if names else ():
        for name in names:
            for owner in off_without([name]):
                choices = MECHANISMS[owner].absent.get(parameter)
                if OWNERS.get(parameter) == owner or (
                    isinstance(choices, Mapping) and given.value in [*choices]
                ):
                    why = f" ({shown(owner)} is off because it needs {shown(name)})"
                    raise ConfigError(
                        given.at(parameter)
                        + f"the mechanism {shown(owner)} is off{why if owner != name else ''}; "
                        f"take {parameter} out here, or {shown(name)} out of without"
                    )
