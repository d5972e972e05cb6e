"""Closed forms of sourcing: shares of two sellers in the mean field."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from trustsim.theory.published import THRESHOLD
from trustsim.theory.sourcing import logit_shares
from trustsim.validation.known.trade import PROFIT


@pytest.mark.parametrize("intensity", THRESHOLD)
def test_mean_field_shares(intensity: float) -> None:
    memory = 0.01  # the answer does not depend on it
    share = logit_shares(intensity * 2.0 * memory / PROFIT, memory, PROFIT)
    if intensity != 1.0:  # at the threshold itself the way to 1/2 is endless
        assert share**2 + (1.0 - share) ** 2 == pytest.approx(THRESHOLD[intensity], abs=0.0006)
    if intensity > 1.0:
        # Delta = (pi/gamma) tanh(beta Delta/2), in units of pi/gamma
        delta = brentq(lambda d: np.tanh(intensity * d) - d, 1e-6, 1.0)
        assert 2.0 * share - 1.0 == pytest.approx(delta, abs=1e-6)
