"""What a sensitivity analysis tells beside its indices, and every refusal of other runs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from support.designed_runs import design_of, runs_of

from trustsim.analysis.sensitivity.drivers import (
    FEWEST_BLOCKS,
    NEGLIGIBLE,
    SETTLED,
    sensitivity,
    verdict,
)
from trustsim.analysis.sensitivity.indices import morris_indices, sobol_indices
from trustsim.analysis.sensitivity.replicate_noise import replicate_noise
from trustsim.config.design import read_design
from trustsim.errors import ConfigError
from trustsim.experiment.plan import unit_sample


def noisy(unit: np.ndarray) -> np.ndarray:
    """Two replicates; below zero at some points, exactly zero at others."""
    luck = 0.1 * np.random.default_rng(len(unit)).normal(size=(len(unit), 2))
    values = unit[:, :1] ** 2 + 0.4 * unit[:, 1:2] - 0.5 + luck
    values[::7] = 0.0
    return values


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_everything_that_is_told_of_the_output(method: str) -> None:
    design = design_of(method, 32, 3)
    width = 5 if method == "sobol" else 4
    found = sensitivity(runs_of(design, ("a", noisy)), design, "a", resamples=60, seed=2)
    cells = noisy(unit_sample(design, 0)).reshape(32, width, 2)
    ends = np.concatenate([cells[:, 0], cells[:, -1]]) if method == "sobol" else cells
    ends = ends.reshape(-1, 2)
    means = ends.mean(axis=1)
    assert (found.method, found.challenger, found.baseline) == (method, "a", None)
    assert (found.measure, found.confidence) == ("total_cost", 0.95)
    assert found.mean == pytest.approx(means.mean())
    assert found.lowest == pytest.approx(np.quantile(means, 0.05))
    assert found.highest == pytest.approx(np.quantile(means, 0.95))
    assert found.share_below == pytest.approx((means < 0).mean())
    assert (means == 0).any()
    assert found.noise == replicate_noise(ends)
    assert (found.blocks, found.points) == (32, 32 * width)
    assert (found.replications, found.dropped) == (2, 0)


@pytest.mark.parametrize("method", ["sobol", "morris"])
def test_every_column_of_the_indices_and_of_convergence(method: str) -> None:
    design = design_of(method, 32, 3)
    width = 5 if method == "sobol" else 4
    found = sensitivity(runs_of(design, ("a", noisy)), design, "a", resamples=60, seed=2)
    cells = noisy(unit_sample(design, 0)).reshape(32, width, 2)
    unit = unit_sample(design, 0).reshape(32, width, 3)

    def indices(blocks: int) -> dict[str, Any]:
        if method == "sobol":
            return sobol_indices(cells[:blocks], 0.95, 60, 2)
        return morris_indices(cells[:blocks], unit[:blocks], design.levels, 0.95, 60, 2)

    known, names = indices(32), list(indices(32))
    each = [(n, f"{n}_low", f"{n}_high", f"{n}_less_noise", f"{n}_half_points") for n in names]
    assert list(found.indices.columns) == [
        "path", "label", "unit", "low", "high", *sum(each, ()), "verdict",
    ]  # fmt: skip
    for name in names:
        for column, part in (
            (name, known[name].value), (f"{name}_low", known[name].low),
            (f"{name}_high", known[name].high), (f"{name}_less_noise", known[name].less_noise),
            (f"{name}_half_points", known[name].half_points),
        ):  # fmt: skip
            np.testing.assert_array_equal(found.indices[column], part)
    assert found.indices["path"].tolist() == design.paths
    assert found.indices["low"].tolist() == [0.0] * 3
    assert found.indices["high"].tolist() == [1.0] * 3
    assert found.indices["unit"].tolist() == [d.unit for d in design.dimensions]
    shown = ("S1", "ST") if method == "sobol" else ("mu_star", "sigma")
    rows = found.convergence
    assert list(rows.columns) == ["blocks", "path", "label", "index", "value", "low", "high"]
    assert len(rows) == 4 * 2 * 3
    assert rows.index.tolist() == list(range(24))
    for blocks in (4, 8, 16, 32):
        part = indices(blocks)
        for name in shown:
            mine = rows[(rows["blocks"] == blocks) & (rows["index"] == name)]
            assert mine["path"].tolist() == design.paths
            for column in ("value", "low", "high"):
                np.testing.assert_array_equal(mine[column], getattr(part[name], column))
    lead = "ST" if method == "sobol" else "mu_star"
    scale = 1.0 if method == "sobol" else known[lead].value.max()
    half = indices(16)[lead]
    assert found.widest == pytest.approx((known[lead].high - known[lead].low).max() / 2 / scale)
    assert found.moved == pytest.approx(np.abs(known[lead].value - half.value).max() / scale)
    assert found.indices["verdict"].tolist() == [
        verdict(low, high, scale)
        for low, high in zip(known[lead].low, known[lead].high, strict=True)
    ]


def test_four_blocks_are_enough_and_three_are_not() -> None:
    assert (FEWEST_BLOCKS, NEGLIGIBLE, SETTLED) == (4, 0.05, 0.05)
    design = design_of("sobol", 4, 2)
    runs = runs_of(design, ("a", noisy))
    found = sensitivity(runs, design, "a", resamples=2)
    assert found.blocks == 4
    assert found.moved == 0.0  # there is no half to have moved from
    assert found.convergence["blocks"].unique().tolist() == [4]
    lacking = runs[runs["point"] != 5]  # of the second block of four
    told = (
        "a sensitivity analysis needs at least 4 base points without missing runs; there are 3 of 4"
    )
    with pytest.raises(ConfigError, match=told):
        sensitivity(lacking, design, "a", allow_missing=True)
    design = design_of("morris", 3, 2)
    told = "needs at least 4 trajectories without missing runs; there are 3 of 3"
    with pytest.raises(ConfigError, match=told):
        sensitivity(runs_of(design, ("a", noisy)), design, "a")


def test_blocks_with_holes_are_refused_or_left_out_whole() -> None:
    design = design_of("sobol", 8, 2)
    runs = runs_of(design, ("a", noisy), ("b", lambda u: u[:, :1] * np.zeros((1, 2))))
    hole = (runs["point"] == 6) & (runs["replicate"] == 1) & (runs["arm"] == "b")
    other = (runs["point"] == 13) & (runs["arm"] == "a")
    lacking = runs[~hole & ~other]
    told = (
        "3 of 64 values of total_cost are missing, the first at point 6, replicate 1; these "
        "indices need every run of a block of points, and 2 of 8 blocks have holes. Run what is "
        "missing again, or leave these blocks out with --allow-missing"
    )
    with pytest.raises(ConfigError, match=re.escape(told)):
        sensitivity(lacking, design, "a", "b")
    found = sensitivity(lacking, design, "a", "b", allow_missing=True, resamples=10)
    assert (found.blocks, found.points, found.dropped) == (6, 24, 2)
    rest = np.delete(noisy(unit_sample(design, 0)).reshape(8, 4, 2), [1, 3], axis=0)
    known = sobol_indices(rest, resamples=2)["ST"].value
    np.testing.assert_allclose(found.indices["ST"], known)
    unmeasured = runs.assign(total_cost=runs["total_cost"].where(runs["point"] != 9))
    with pytest.raises(ConfigError, match="nothing to measure it on: choose another measure, or"):
        sensitivity(unmeasured, design, "a", "b")
    with pytest.raises(ConfigError, match=r"the first at point 9, replicate 0.*another measure"):
        sensitivity(unmeasured, design, "a")
    left = sensitivity(unmeasured, design, "a", allow_missing=True, resamples=10)
    assert left.dropped == 1


def test_trajectories_that_are_left_keep_their_steps() -> None:
    design = design_of("morris", 8, 2)
    runs = runs_of(design, ("a", lambda u: u @ [3.0, -1.0]))
    found = sensitivity(runs[runs["point"] != 4], design, "a", allow_missing=True, resamples=10)
    assert found.dropped == 1
    np.testing.assert_allclose(found.indices["mu"], [3.0, -1.0])


def test_runs_of_another_design_are_refused() -> None:
    design = design_of("sobol", 8, 2)
    runs = runs_of(design, ("a", noisy))
    path = design.paths[1]
    grid = read_design(
        {"method": "grid", "parameters": {"market": {"late_gain": {"values": [0.1]}}}}
    )
    moved = runs.copy()
    moved.loc[7, path] += 1e-6
    closer = runs.assign(**{path: runs[path] * (1 + 1e-11)})
    sensitivity(closer, design, "a", resamples=2)
    last = runs.assign(point=runs["point"].where(runs["point"] != 31, 32))
    for table, words in (
        (runs.drop(columns="point"), 'no column "point"'),
        (runs.drop(columns=path), f'no column "{path}"'),
        (last, "the runs have a point 32, but the design has 32 points only"),
        (moved, f"point 7 of the runs has {path} = "),
    ):
        with pytest.raises(ConfigError, match=re.escape(words)):
            sensitivity(table, design, "a")
    with pytest.raises(ConfigError, match="needs the method sobol"):
        sensitivity(runs, grid, "a")
    with pytest.raises(ConfigError, match="resamples is 1; a bootstrap needs two or more"):
        sensitivity(runs, design, "a", resamples=1)
    with pytest.raises(ConfigError, match="unknown measure 'total_costs'"):
        sensitivity(runs, design, "a", measure="total_costs")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.0, 0.05, "idle"),
        (1e-9, 0.05, "hardly matters"),
        (0.0, 0.0500001, "cannot be told"),
        (1e-9, 0.0500001, "matters"),
    ],
)
def test_verdicts_at_their_edges(low: float, high: float, said: str) -> None:
    assert verdict(low, high) == said
    assert verdict(4 * low, 4 * high, 4.0) == said


def test_a_width_of_five_of_a_hundred_is_settled() -> None:
    # a step of 5/7 up or down over 64 trajectories: widths of the bootstrap follow the spread
    design = design_of("morris", 64, 2)
    spread = []
    for wobble in (0.0, 0.2, 0.6):

        def output(unit: np.ndarray, wobble: float = wobble) -> np.ndarray:
            return unit[:, 0] * (1 + wobble * (2 * unit[:, 1] - 1))

        found = sensitivity(runs_of(design, ("a", output)), design, "a", resamples=50)
        index = found.indices
        widths = (index["mu_star_high"] - index["mu_star_low"]) / 2 / index["mu_star"].max()
        assert found.widest == pytest.approx(widths.max())
        assert found.settled == (found.widest <= 0.05)
        spread.append(found.settled)
    assert spread == [True, True, False]
