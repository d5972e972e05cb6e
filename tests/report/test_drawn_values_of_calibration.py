"""Points, bars, lines, legends and ticks in the figures of a calibration are what it has found."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from report.test_drawn_intervals_of_analyses import fitted
from support.drawn import bars, is_vertical, legend_of, look

from trustsim.calibration.fit import Calibration
from trustsim.calibration.identifiability import Spread
from trustsim.report.figures.analyses.calibration import (
    calibration_check,
    calibration_profiles,
    calibration_search,
)

__all__ = ["fitted"]
INF = math.inf


class TestCalibration:
    def test_means_and_tolerances_of_the_check(self, fitted: Calibration) -> None:
        fits = fitted.fits().assign(side=["at_most", "at_least"], fitted=[True, False])
        (axis,) = calibration_check(fits, fitted.check)
        assert [round(bar[0], 9) for bar in bars(axis)] == [0, 1]
        (_, low, length, *_), (_, start, width, *_) = bars(axis)
        assert (low + length, start) == (1, -1)
        assert low < axis.get_xlim()[0]
        assert start + width > axis.get_xlim()[1]
        legend = legend_of(axis)
        means = [each.lines[0] for each in axis.containers if hasattr(each, "has_xerr")]
        for row, mean, text in zip(
            (0, 1), means, ("their mean", "not fitted: a prediction"), strict=True
        ):
            target = fitted.config.targets[row]
            values = fitted.check.loc[fitted.check["target"] == target.name, "value"]
            assert mean.get_xdata()[0] == pytest.approx(
                (values.mean() - target.value) / target.tolerance
            )
            assert mean.get_ydata()[0] == row
            assert look(mean)[2:] == look(legend[text])[2:]
        runs = [line for line in axis.lines if len(line.get_xdata()) == 6]
        assert {look(run)[::2] for run in runs} == {look(legend["a run of fresh luck"])[::2]}
        assert bars(axis)[0][3:] == look(legend["within tolerance"])
        (zero,) = [line for line in axis.lines if is_vertical(line)]
        assert zero.get_xdata()[0] == 0
        without = legend_of(calibration_check(fitted.fits(), fitted.check)[0])
        assert list(without) == [
            "within tolerance", "a run of fresh luck", "nine in ten of them", "their mean",
        ]  # fmt: skip

    def test_trials_in_the_profiles(self, fitted: Calibration) -> None:
        axes = calibration_profiles(fitted.losses(), fitted.spreads)
        least = min(trial.loss for trial in fitted.trials)
        legend = legend_of(axes[0])
        for place, (axis, spread) in enumerate(zip(axes, fitted.spreads, strict=True)):
            crosses, curve, best, bound = axis.lines
            known = [(trial.values[spread.path], trial.loss - least) for trial in fitted.trials]
            assert np.column_stack(crosses.get_data()) == pytest.approx(np.array(known))
            assert best.get_data() == ([spread.best], [0.0])
            assert set(bound.get_ydata()) == {1.0}
            for line, text in (
                (crosses, "trial of the search"), (curve, "others fitted to it"),
                (best, "best trial"),
            ):  # fmt: skip
                assert look(line)[0] == look(legend[text])[0]
                assert look(line)[2] == look(legend[text])[2]
            assert look(axis.patches[0]) == look(legend["fit as well"])
            assert axis.get_ylim()[0] < 0
            assert axis.get_ylim()[1] == 6
            assert bool(axis.get_ylabel()) == (place == 0)

    def test_what_lies_below_the_best_trial_is_in_the_profiles(self, fitted: Calibration) -> None:
        losses = fitted.losses()
        least = losses.loc[losses["parameter"] == "", "loss"].min()
        path = fitted.spreads[0].path
        below = losses.index[losses["parameter"] == path][0]
        losses.loc[below, "loss"] = least - 2.0
        axes = calibration_profiles(losses, fitted.spreads)
        assert [axis.get_ylim()[0] for axis in axes] == pytest.approx([-2.2] * len(axes))

    def test_choices(self) -> None:
        losses = pd.DataFrame(
            {"trial": [0, 1, 2, 3], "parameter": "", "how": ["a", "b", "a", "c"],
             "loss": [5.0, 2.0, 2.5, 30.0]}
        )  # fmt: skip
        spread = Spread("how", "how it is done", "choice", "b", math.nan, math.nan, 2 / 3,
                        as_well=("a", "b"))  # fmt: skip
        (axis,) = calibration_profiles(losses, [spread])
        drawn = [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in axis.patches]
        assert drawn == [(0, 0.5), (1, 0.0), (2, 6.0)]
        good, same, other = (look(bar)[0] for bar in axis.patches)
        assert good == same == look(legend_of(axis)["fit as well"])[0] != other
        assert [label.get_text() for label in axis.get_xticklabels()] == ["a", "b", "c"]
        assert axis.lines[0].get_data() == ([1], [0.0])

    def test_the_search(self, fitted: Calibration) -> None:
        losses = fitted.losses()
        losses.loc[3, "loss"] = INF
        (axis,) = calibration_search(losses)
        crosses, step, bound = axis.lines
        seen = [(i + 1, trial.loss) for i, trial in enumerate(fitted.trials) if i != 3]
        assert np.column_stack(crosses.get_data()) == pytest.approx(np.array(seen))
        known = np.minimum.accumulate([loss for _, loss in seen])
        assert step.get_ydata() == pytest.approx(known)
        assert step.get_xdata().tolist() == [number for number, _ in seen]
        assert step.get_drawstyle() == "steps-post"
        assert set(bound.get_ydata()) == {1.0}
        legend = legend_of(axis)
        assert list(legend) == ["trial", "least so far", "1: one tolerance"]
        for line, handle in zip(axis.lines, legend.values(), strict=True):
            assert look(line)[:3] == look(handle)[:3]
