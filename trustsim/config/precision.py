"""What a config may say about precision: how narrow the interval of a difference must become.

Read here, in the terms of the file; when it is reached is judged in `trustsim.experiment.stopping`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from trustsim.errors import ConfigError, at, nearest, suggestion
from trustsim.schema.checking import EXPERIMENTS
from trustsim.schema.measures import MEASURES

KEY = "precision"
MOST = int(EXPERIMENTS.rows["replications"].high or 0)
EXAMPLE = 'precision = { measure = "total_cost", half_width = 0.005, relative = true }'


@dataclass(frozen=True)
class Precision:
    """Go on with replications until the paired differences are known this well.

    Attributes
    ----------
    half_width : float
        Half of the width that the interval of the mean paired difference may have, above 0; in
        the measure's unit, or a share if `relative`.
    measure : str
        The measure whose difference from the baseline counts.
    relative : bool
        Whether the half-width is a share of the size of the baseline's mean: .005 is half a
        percent of what the baseline costs.
    confidence : float
        Level of the interval, at least .5 and below 1. Assumption: .95, the custom of the field.
    max : int
        Replications at most. Assumption: 2,000, some minutes of a market of ordinary size.
    start : int
        Replications before the first look, 2 to `max`. Assumption: 20, so that the spread of the
        differences is known to about a sixth.
    """

    half_width: float
    measure: str = "total_cost"
    relative: bool = False
    confidence: float = 0.95
    max: int = 2000
    start: int = 20


KEYS = tuple(field.name for field in fields(Precision))


def read_precision(table: object, file: str = "", instruments: Iterable[str] = ()) -> Precision:
    """Read the table ``precision`` of an experiment.

    Parameters
    ----------
    table : mapping
        As it stands in the file; see `Precision` for the keys.
    file : str
        Name of the file, for messages.
    instruments : iterable of str
        Names of payment instruments; the share of each is a measure too.

    Raises
    ------
    ConfigError
        For an unknown key or measure, a missing half-width, or a value out of bounds.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(at(file, KEY, table, given=True) + f"must be a table, such as {EXAMPLE}")
    for name, value in table.items():
        if name not in KEYS:
            raise ConfigError(
                at(file, f"{KEY}.{name}", value, given=True)
                + f"unknown key{nearest(name, KEYS)}; allowed: {', '.join(KEYS)}"
            )
    if "half_width" not in table:
        raise ConfigError(at(file, f"{KEY}.half_width") + f"is missing, as in {EXAMPLE}")
    relative = table.get("relative", False)
    if not isinstance(relative, bool):
        raise _refusal(file, "relative", relative, "true or false")
    measure = table.get("measure", "total_cost")
    measures = [*MEASURES, *(f"instrument_share_{name}" for name in instruments)]
    if measure not in measures:
        raise ConfigError(
            at(file, f"{KEY}.measure", measure, given=True)
            + f"unknown measure{suggestion(measure, measures)}"
        )
    most = _count(table.get("max", 2000), "max", 2, MOST, file)
    return Precision(
        half_width=_half_width(table["half_width"], relative, file),
        measure=measure,
        relative=relative,
        confidence=_confidence(table.get("confidence", 0.95), file),
        max=most,
        start=_count(table.get("start", min(20, most)), "start", 2, most, file),
    )


def _half_width(value: Any, relative: bool, file: str) -> float:
    number = _number(value)
    if relative and not 0 < number <= 1:
        share = "a number above 0, at most 1; it is a share of the baseline's mean, 0.005 is 0.5 %"
        raise _refusal(file, "half_width", value, share)
    if not 0 < number < math.inf:
        raise _refusal(file, "half_width", value, "a number above 0, in the unit of the measure")
    return number


def _confidence(value: Any, file: str) -> float:
    number = _number(value)
    if not 0.5 <= number < 1:
        raise _refusal(file, "confidence", value, "0.5 or more, below 1; 0.95 is 95 %")
    return number


def _count(value: Any, key: str, low: int, high: int, file: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _refusal(file, key, value, f"a whole number, {low} to {high:,}")
    return value


def _number(value: Any) -> float:
    """Give a number as float; what is no number as NaN, which lies within no bounds."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else math.nan


def _refusal(file: str, key: str, value: Any, allowed: str) -> ConfigError:
    return ConfigError(at(file, f"{KEY}.{key}", value, given=True) + f"allowed: {allowed}")
