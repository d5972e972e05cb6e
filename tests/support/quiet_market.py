"""The quiet market of validation, and its orders; tests of limiting cases start here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trustsim.simulation.run import simulate
from trustsim.validation.quiet_market import needs_of, quiet

__all__ = ["ROUNDS", "needs_of", "orders_of", "quiet"]

ROUNDS = np.arange(12)
"""The rounds of a quiet market unless told otherwise."""


def orders_of(*policies: dict[str, Any], **market: Any) -> pd.DataFrame:
    """Run a quiet market and give its orders; those of the only pair unless told otherwise."""
    return needs_of(simulate(quiet(*policies, **market), orders=True))
