"""Distributions between two bounds, by which parameters of a design vary: those of SciPy, cut off.

Numbers come in, in the order of `DISTRIBUTIONS`; tails and their inverses go out.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from trustsim.schema.translation import allowing

FINITE = Field(strict=True, allow_inf_nan=False)
Finite = Annotated[float, FINITE, allowing("a finite number")]
Positive = Annotated[float, FINITE, Field(gt=0.0), allowing("a number above 0")]
DISTRIBUTIONS: dict[str, dict[str, Any]] = {
    "uniform": {},
    "triangular": {"mode": Finite},
    "normal": {"mean": Finite, "sd": Positive},
    "lognormal": {"median": Positive, "sigma": Positive},
    "beta": {"a": Positive, "b": Positive},
}
"""Distributions, with the numbers that each needs."""

SMALLEST_MASS = 1e-6
"""Share of a distribution that must lie between the bounds, or its inverse is mere rounding."""


def between(name: str, shape: tuple[float, ...], low: float, high: float) -> tuple[Any, ...]:
    """Give the inverse of a tail, and the tail at both bounds.

    It is the lower tail, or the upper one where only there small shares are exact. The inverse at
    numbers between the two is the inverse of the distribution that is cut off at the bounds.
    """
    from scipy import stats

    first, *others = shape
    whole: Any
    match name:
        case "triangular":
            whole = stats.triang((first - low) / (high - low), low, high - low)
        case "normal":
            whole = stats.norm(first, *others)
        case "lognormal":
            whole = stats.lognorm(*others, scale=first)
        case _:
            whole = stats.beta(first, *others, low, high - low)
    upper = whole.median() < low
    tail, inverse = (whole.sf, whole.isf) if upper else (whole.cdf, whole.ppf)
    return inverse, tail(low), tail(high)
