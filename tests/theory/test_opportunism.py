"""Closed forms of opportunism in relations that may go on."""

from __future__ import annotations

import numpy as np
import pytest

from trustsim.theory.opportunism import largest_saving, least_patience


@pytest.mark.parametrize(("t", "r", "p"), [(50.0, 40.0, 25.0), (50.0, 32.0, 25.0), (7.0, 6.0, 1.0)])
def test_two_grim_players_cooperate_if_they_are_patient_enough(
    t: float, r: float, p: float
) -> None:
    # the game played out: fair for ever, or once T and then P for ever
    threshold = least_patience(t, r, p)
    for delta in (threshold - 0.01, threshold + 0.01):
        weights = delta ** np.arange(5_000)
        fair = (r * weights).sum()
        cheating = t + p * weights[1:].sum()
        assert (cheating > fair) == (delta < threshold)


@pytest.mark.parametrize("discount", [0.3, 0.8])
def test_the_largest_saving_is_the_margin_of_all_later_rounds(discount: float) -> None:
    later = (0.2 * discount ** np.arange(1, 2_000)).sum()
    assert largest_saving(0.2, discount) == pytest.approx(later, rel=1e-9)
