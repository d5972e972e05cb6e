"""What a config may say about precision: how narrow the interval of a difference must become.

The table ``precision`` comes in, checked it goes out; when it is reached is judged in
`trustsim.experiment.stopping`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic.dataclasses import dataclass

from trustsim.config.dimensions import Positive
from trustsim.errors import known
from trustsim.schema.checking import EXPERIMENTS
from trustsim.schema.measures import MEASURES
from trustsim.schema.translation import HIDDEN, Refusal, Words, allowing, read, whole

LEVELS = "0.5 or more, below 1; 0.95 is 95 %"
MOST = int(EXPERIMENTS.rows["replications"].high)


def _measure(measure: Any, info: ValidationInfo) -> str:
    instruments = (info.context or {}).get("instruments")
    if instruments is None and str(measure).startswith("instrument_share_"):
        return str(measure)  # made in Python, where no instruments are known yet
    names = [*MEASURES, *(f"instrument_share_{name}" for name in instruments or ())]
    return known(measure, names, "unknown measure")


def _start(start: Any, info: ValidationInfo) -> Any:
    most = info.data.get("max", MOST)
    if isinstance(start, int) and start > most:
        raise ValueError(f"allowed: a whole number from 2 to {most}")
    return min(20, most) if start is HIDDEN else start


@dataclass(frozen=True, config={"extra": "forbid", "validate_default": True})
class Precision(Words):
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
        differences is known to about a sixth; fewer if `max` is below that.
    """

    EXAMPLE: ClassVar[str] = "precision = { half_width = 0.005, relative = true }"
    half_width: Positive
    measure: Annotated[Any, AfterValidator(_measure)] = "total_cost"
    relative: Annotated[bool, Field(strict=True), allowing("true or false")] = False
    confidence: Annotated[float, Field(strict=True, ge=0.5, lt=1.0), allowing(LEVELS)] = 0.95
    max: Annotated[int, whole(2, MOST)] = 2000
    start: Annotated[int, whole(2, MOST), BeforeValidator(_start)] = HIDDEN

    @model_validator(mode="after")
    def _refuse_more_than_all(self) -> Precision:
        if self.relative and self.half_width > 1:
            text = "allowed: above 0, at most 1; it is a share of the baseline's mean, .005 is .5 %"
            raise Refusal(text, "half_width", value=self.half_width)
        return self


def read_precision(table: object, file: str = "", instruments: Iterable[str] = ()) -> Precision:
    """Read the table ``precision`` of an experiment."""
    made: Precision = read(Precision, table, "precision", file, instruments=tuple(instruments))
    return made
