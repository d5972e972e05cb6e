"""How a scenario or an experiment shows itself: what differs from what is built in.

A frozen scenario comes in; out go the keywords that make it again, and rows for a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trustsim.config.drafts import INSTRUMENTS, SIDES, Draft
from trustsim.config.library import DEFAULT_MARKET
from trustsim.config.models import WORDS, Row, word
from trustsim.schema import MARKET, Parameter
from trustsim.schema.forms import value_text

USUAL = {"rounds": 120, "seed": 1}
"""Numbers of a run that need not be said."""

UNITS = {row.name: row for row in MARKET}


def keywords(draft: Draft, name: str, rounds: int, seed: int) -> dict[str, Any]:
    """Give the keywords of `Scenario` that make a draft again, but for its buyers' mix."""
    said = draft.market
    found: dict[str, Any] = {}
    mix = _mix(draft.whole.market, "buyer_mix")
    if name != (mix if isinstance(mix, str) else "mixed"):
        found["name"] = name
    if (base := word(draft.whole.market, "based_on")) != DEFAULT_MARKET:
        found["market"] = base
    found |= {key: now for key, now in (("rounds", rounds), ("seed", seed)) if now != USUAL[key]}
    if "supplier_mix" in said:
        found["supplier_mix"] = _mix(said, "supplier_mix")
    found |= {n: given.value for n, given in said.items() if n not in WORDS}
    own = {f"{side}s": _rows(draft.rows(kind)) for side, kind in SIDES.items()}
    if policies := {side: rows for side, rows in own.items() if rows}:
        found["policies"] = policies
    if instruments := _rows(draft.rows(INSTRUMENTS)):
        found["instruments"] = instruments
    elif "instruments" in said:
        found["instruments"] = said["instruments"].value
    if draft.without:
        found["without"] = list(draft.without)
    return found


def call(draft: Draft, name: str, rounds: int, seed: int) -> str:
    """Write the call of `Scenario` that makes a draft again."""
    said = keywords(draft, name, rounds, seed)
    parts = [f"{key}={_written(value)}" for key, value in said.items()]
    if mix := _mix(draft.market, "buyer_mix"):
        parts.insert(0, _written(mix))
    made = f"Scenario({', '.join(parts)})"
    used = draft.market.get("instruments")
    if used is not None and isinstance(said.get("instruments"), Mapping):
        made += f".replace(instruments={list(used.value)!r})"
    return made


def rows_of(draft: Draft, name: str, rounds: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Give what differs from the built-in market: key, value, unit."""
    yield "buyers follow", value_text(_mix(draft.whole.market, "buyer_mix")), ""
    for key, value in keywords(draft, name, rounds, seed).items():
        if key == "policies":
            for side, policies in value.items():
                for policy, row in policies.items():
                    yield f"{side} {policy}", value_text(row), ""
        elif key == "instruments" and isinstance(value, Mapping):
            for instrument, row in value.items():
                yield f"instrument {instrument}", value_text(row), ""
        else:
            row = UNITS.get(key)
            yield key, value_text(value), row.unit if isinstance(row, Parameter) else ""


def _rows(rows: Mapping[str, Row]) -> dict[str, dict[str, Any]]:
    return {name: {n: given.value for n, given in row.items()} for name, row in rows.items()}


def _mix(said: Row, side: str) -> Any:
    """A mix as it is written: the name alone of a policy that all follow."""
    if side not in said:
        return ""
    mix = said[side].value
    if isinstance(mix, Mapping) and len(mix) == 1:
        return next(iter(mix))
    return dict(mix) if isinstance(mix, Mapping) else mix


def _written(value: Any) -> str:
    """Write a value as Python reads it; a rule of the user's by its name."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name!r}: {_written(inner)}' for name, inner in value.items())}}}"
    return str(getattr(value, "__name__", value)) if callable(value) else repr(value)
