"""Whiskers, bands and hatches in the figures of the analyses are what their tables say."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from analysis.test_ablation import planted as ablated
from report.sections.test_discovery import folder, planted
from support.calibration_problems import GOODS, SHARE, config_of, evaluated, text_of, told
from support.designed_runs import design_of, runs_of, shared_luck
from support.drawn import bands, hatched, student, whiskers

from trustsim.analysis.ablation import UNDECIDED, ablation
from trustsim.analysis.discovery.losses import Discovery
from trustsim.analysis.discovery.who_wins import who_wins
from trustsim.analysis.sensitivity.drivers import sensitivity
from trustsim.calibration.fit import Calibration, calibrate
from trustsim.report.figures.analyses.ablation import rows_drawn, what_carries
from trustsim.report.figures.analyses.calibration import calibration_check, calibration_profiles
from trustsim.report.figures.analyses.discovery import who_wins_map
from trustsim.report.figures.analyses.losing_boxes import losing_boxes
from trustsim.report.figures.analyses.precision import interval_by_replications
from trustsim.report.figures.analyses.sensitivity import (
    morris_plane,
    sensitivity_convergence,
    sobol_bars,
)
from trustsim.report.sections.discovery import analyses


@pytest.fixture(scope="module")
def found() -> Discovery:
    (each,) = analyses(folder(planted))
    return each


@pytest.mark.parametrize("confidence", [0.95, 0.6])
@pytest.mark.parametrize("threshold", [0.0, 0.02])
def test_the_map_hatches_where_the_sign_is_clear_and_where_it_is_not(
    found: Discovery, confidence: float, threshold: float
) -> None:
    fitted = who_wins(replace(found, confidence=confidence, threshold=threshold))
    shares = np.linspace(0, 1, 61)
    across, up = (each.ravel() for each in np.meshgrid(shares, shares))
    estimate, error = fitted.surface.at(np.column_stack([across, up]))
    half = NormalDist().inv_cdf((1 + confidence) / 2) * error
    x, y = fitted.x, fitted.y
    places = np.column_stack([x.values(across), y.values(up)])
    # What is drawn ends half-way between two places of the grid; those at the rim lie on it.
    inner = (np.minimum(across, up) > 0) & (np.maximum(across, up) < 1)
    (axis,) = who_wins_map(found, surface=fitted)
    loses, unclear = (hatched(axis, kind, places) for kind in ("////", "...."))
    above = estimate - threshold
    assert 50 < (np.abs(above) <= half).sum() < 3000
    np.testing.assert_array_equal(loses[inner], (above > half)[inner])
    np.testing.assert_array_equal(unclear[inner], (np.abs(above) <= half)[inner])


def test_the_whisker_of_a_limit_is_its_spread_over_the_halves(found: Discovery) -> None:
    axis = losing_boxes(found)[0]
    drawn = [sorted(line.get_xdata()) for line in axis.lines if line.get_marker() == "|"]
    known = []
    for limit in (each for box in found.boxes for each in box.restrictions):
        low, high = limit.dimension.low, limit.dimension.high
        scale = math.log if limit.dimension.scale == "log" else float
        known.append([(scale(v) - scale(low)) / (scale(high) - scale(low)) for v in limit.spread])
    assert len(drawn) == 2
    np.testing.assert_allclose(drawn, known, rtol=1e-9)


def test_what_mechanisms_carry() -> None:
    rows = ablation(ablated(), "high", "low").rows
    rows = rows.assign(label=rows["mechanism"])
    (axis,) = what_carries(rows)
    own, shared = rows_drawn(rows)
    assert not len(shared)
    known = [
        (row["carries"] - row["half_width"], row["carries"] + row["half_width"])
        for row in own.to_dict("records")
    ]
    assert [ends for _, *ends in whiskers(axis)] == pytest.approx(np.array(known))


def test_mechanisms_that_share_a_row_share_a_band_over_all_their_intervals() -> None:
    carries = np.linspace(-0.02, 0.03, 20)
    rows = pd.DataFrame(
        {"label": [f"m{i}" for i in range(20)], "carries": carries, "verdict": UNDECIDED,
         "half_width": np.linspace(0.04, 0.05, 20)}
    )  # fmt: skip
    (axis,) = what_carries(rows)
    own, shared = rows_drawn(rows)
    assert (len(own), len(shared)) == (8, 12)
    (band,) = axis.patches
    small = np.sort(np.argsort(np.abs(carries))[:12])
    low = (carries - rows["half_width"])[small].min()
    high = (carries + rows["half_width"])[small].max()
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((low, high))


def output(unit: np.ndarray) -> np.ndarray:
    return np.asarray(
        unit[:, :1] + 0.6 * unit[:, 1:2] + unit[:, 2:3] ** 2 + 0.1 * shared_luck(3) * unit[:, :1]
    )


def test_sobol_indices_and_their_convergence() -> None:
    design = design_of("sobol", 64, 3)
    found = sensitivity(runs_of(design, ("a", output)), design, "a", resamples=50)
    rows = found.indices.sort_values("ST", ascending=False)
    (axis,) = sobol_bars(found.indices)
    known = [
        ends
        for name in ("ST", "S1")
        for ends in rows[[f"{name}_low", f"{name}_high"]].to_numpy().tolist()
    ]
    assert (rows["ST_high"] - rows["ST_low"]).min() > 0
    assert [ends for _, *ends in whiskers(axis)] == pytest.approx(np.array(known))
    axes = sensitivity_convergence(found.convergence)
    for axis in axes:
        mine = found.convergence[found.convergence["label"] == axis.get_title(loc="left")]
        for band, name in zip(bands(axis), ("ST", "S1"), strict=True):
            rows = mine[mine["index"] == name]
            assert sorted(band) == sorted(rows["blocks"])
            for row in rows.to_dict("records"):
                assert band[row["blocks"]] == pytest.approx((row["low"], row["high"]))


def test_elementary_effects() -> None:
    design = design_of("morris", 24, 3)
    found = sensitivity(runs_of(design, ("a", output)), design, "a", resamples=50)
    (axis,) = morris_plane(found.indices)
    rows = found.indices.sort_values("mu_star", ascending=False, kind="stable")
    rows = rows[rows["verdict"].isin(["matters", "cannot be told"])]
    assert len(rows) == 3
    for along, name in (("x", "mu_star"), ("y", "sigma")):
        drawn = [ends for _, *ends in whiskers(axis, along)]
        # An end never stands beyond the value on the wrong side.
        low, value, high = (rows[f"{name}{end}"] for end in ("_low", "", "_high"))
        ends = np.column_stack([np.minimum(low, value), np.maximum(high, value)])
        assert drawn == pytest.approx(ends, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("interval", ["student", "sequence"])
def test_half_widths_by_replications(interval: str) -> None:
    paths = pd.DataFrame(
        {"arm": "a", "replications": [10, 20, 40], "student": [0.4, 0.2, 0.1],
         "sequence": [0.8, 0.5, 0.3], "ratio": [4.0, 2.25, 9.0]}
    )  # fmt: skip
    (axis,) = interval_by_replications(
        paths, baseline="b", interval=interval, targets={"a": 0.15}, looks=[20]
    )
    apart, paired, wanted, looked = (np.asarray(line.get_ydata()) for line in axis.lines)
    half = paths[interval].to_numpy()
    assert paired == pytest.approx(half)
    assert apart == pytest.approx(half * [2.0, 1.5, 3.0])
    assert set(wanted) == {0.15}
    assert looked.tolist() == [half[1]]
    (band,) = bands(axis)
    assert [band[n] for n in (10, 20, 40)] == pytest.approx(
        np.column_stack([half, half * [2.0, 1.5, 3.0]])
    )


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    folder: Path = tmp_path_factory.mktemp("calibration")
    config = config_of(folder, text_of(SHARE + GOODS.format(side="value"), trials=20))
    return calibrate(config, folder / "out", evaluate=evaluated(told))


@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_the_check_of_a_calibration(fitted: Calibration, confidence: float) -> None:
    (axis,) = calibration_check(fitted.fits(confidence), fitted.check)
    nine = [line.get_xdata() for line in axis.lines if line.get_linewidth() == 1.2]
    for place, target in enumerate(fitted.config.targets):
        values = fitted.check.loc[fitted.check["target"] == target.name, "value"].to_numpy()
        off = (values - target.value) / target.tolerance
        assert len(off) == 6
        row, *ends = whiskers(axis)[place]
        assert (row, *ends) == pytest.approx((place, *student(off, confidence)), rel=1e-9)
        # Of six in order, the twentieth part of the five steps between them
        ordered = np.sort(off)
        step = 0.25 * (ordered[1] - ordered[0]), 0.25 * (ordered[-1] - ordered[-2])
        assert nine[place] == pytest.approx([ordered[0] + step[0], ordered[-1] - step[1]])
        tolerance = axis.patches[place]
        assert (tolerance.get_x(), tolerance.get_width()) == (-1.0, 2.0)


def test_values_that_fit_as_well(fitted: Calibration) -> None:
    for axis, spread in zip(
        calibration_profiles(fitted.losses(), fitted.spreads), fitted.spreads, strict=True
    ):
        band = axis.patches[0]
        assert (band.get_x(), band.get_x() + band.get_width()) == (
            pytest.approx((spread.low, spread.high))
        )
        assert spread.low < spread.best < spread.high
