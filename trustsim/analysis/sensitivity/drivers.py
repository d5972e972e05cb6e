"""What matters: which parameters of a design drive the difference between two arms, and how far.

The output analysed is, at each design point, the mean over replicates of the paired difference
between a challenger and the baseline (or of the measure of one arm). All points share the replicate
numbers, hence the luck: a parameter that cannot matter leaves every single run as it was, and its
indices are exactly zero. With luck of its own for every point it would not come out idle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

from trustsim.analysis.pairs import arm_runs, refuse_confidence, refuse_unknown
from trustsim.analysis.sensitivity.indices import Index, morris_indices, sobol_indices
from trustsim.analysis.sensitivity.replicate_noise import ReplicateNoise, replicate_noise
from trustsim.config.design import Design
from trustsim.errors import ConfigError, nearest, shown
from trustsim.experiment.plan import points_table, unit_sample

Method = Literal["sobol", "morris"]
Verdict = Literal["matters", "hardly matters", "idle", "cannot be told"]

NEGLIGIBLE = 0.05
"""Share of the variance (elementary effects: of the largest mu*) below which a parameter hardly
matters. An assumption: a twentieth; Sarrazin, Pianosi & Wagener (2016) discuss such thresholds."""

SETTLED = 0.05
"""Half-width, in the same shares, at which an index counts as settled. An assumption: five points
of a hundred; that widths of bootstrap intervals tell convergence is from the same paper."""

FEWEST_BLOCKS = 4
"""Fewest base points, or trajectories, that a bootstrap can draw from with any sense."""

LEADING: dict[str, str] = {"sobol": "ST", "morris": "mu_star"}
"""The index of each method by which parameters are ordered and judged."""

CONVERGENCE: dict[str, tuple[str, ...]] = {"sobol": ("S1", "ST"), "morris": ("mu_star", "sigma")}


@dataclass(frozen=True)
class Sensitivity:
    """What a sensitivity analysis has found.

    Attributes
    ----------
    method : {"sobol", "morris"}
        Sobol' indices, or elementary effects.
    challenger, baseline : str, str or None
        The arms; without a baseline the output is the challenger's measure itself.
    measure : str
        The measure.
    confidence : float
        Level of all intervals.
    indices : DataFrame
        A row per parameter, in the order of the design: ``path, label, unit``, the range
        ``low, high`` (NaN if values are listed), for every index (``S1, ST`` or
        ``mu_star, sigma, mu``) its value, ``<index>_low`` and ``<index>_high``,
        ``<index>_less_noise`` and ``<index>_half_points``
        (see `trustsim.analysis.sensitivity.indices.Index`), and ``verdict``.
    convergence : DataFrame
        The indices of the first eighth, quarter, half and all of the design's blocks:
        ``blocks, path, label, index, value, low, high``.
    noise : ReplicateNoise
        Variance components of points, replicates and their interaction: over the base points of a
        Sobol' design, which are independent, or all points of a Morris design.
    mean, lowest, highest : float
        Output at those points: mean, and the 5th and 95th percentile.
    share_below : float
        Share of those points at which the output is negative: there the challenger costs less.
    blocks, points : int
        Base points or trajectories, and all design points, that were used.
    replications : int
        Replicates of each point.
    dropped : int
        Blocks left out because runs are missing.
    widest : float
        Largest half-width of the leading index, as a share (elementary effects: of the largest).
    moved : float
        Largest change of the leading index from half of the blocks to all, as such a share.
    settled : bool
        Whether no index is wider than `SETTLED` and none moved by more than its interval at half of
        the blocks.
    """

    method: Method
    challenger: str
    baseline: str | None
    measure: str
    confidence: float
    indices: pd.DataFrame
    convergence: pd.DataFrame
    noise: ReplicateNoise
    mean: float
    lowest: float
    highest: float
    share_below: float
    blocks: int
    points: int
    replications: int
    dropped: int
    widest: float
    moved: float
    settled: bool


def sensitivity(
    runs: pd.DataFrame,
    design: Design,
    challenger: str,
    baseline: str | None = None,
    measure: str = "total_cost",
    confidence: float = 0.95,
    *,
    allow_missing: bool = False,
    resamples: int = 500,
    seed: int = 0,
) -> Sensitivity:
    """Find what drives the difference between two arms over the points of a design.

    Parameters
    ----------
    runs : DataFrame
        One row per run: arm, point, replicate, a column per parameter of the design, measures.
    design : Design
        The design that the runs were made by; its method must be ``sobol`` or ``morris``.
    challenger : str
        The arm.
    baseline : str, optional
        The arm that it is compared with by paired differences; without one, the output is the
        measure of `challenger`.
    measure : str
        The measure.
    confidence : float
        Level of the intervals, between 0 and 1.
    allow_missing : bool
        Leave out each base point with its hybrids, or each trajectory, that lacks a run; these
        methods cannot do with less than whole ones.
    resamples : int
        Bootstrap resamples.
    seed : int
        The experiment's seed, of the sample if the design has none; also of the bootstrap.

    Raises
    ------
    ConfigError
        If the design is of another method, the runs are not of this design, a run is missing, an
        arm or measure is unknown, or SALib is not installed.
    """
    refuse_confidence(confidence)
    if design.method not in LEADING:
        raise ConfigError(
            f"design.method = {shown(design.method)}: sensitivity needs the method sobol (shares "
            "of the variance) or morris (a screening with fewer runs)"
        )
    if resamples < 2:
        raise ConfigError(f"resamples is {resamples}; a bootstrap needs two or more")
    method = cast(Method, design.method)
    d = len(design.dimensions)
    width = d + 2 if method == "sobol" else d + 1
    table = points_table(design, seed)
    _refuse_other_design(runs, table)
    cells = _output(runs, challenger, baseline, measure).reindex(range(len(table)))
    values = cells.to_numpy(float).reshape(-1, width, cells.shape[1])
    whole = np.isfinite(values).all(axis=(1, 2))
    if not whole.all() and not allow_missing:
        raise _holes(runs, [challenger, *([baseline] if baseline else [])], cells, measure, whole)
    if whole.sum() < FEWEST_BLOCKS:
        raise ConfigError(
            f"a sensitivity analysis needs at least {FEWEST_BLOCKS} "
            f"{'base points' if method == 'sobol' else 'trajectories'} without missing runs; "
            f"there are {whole.sum()} of {len(whole)}"
        )
    values = values[whole]
    sample = np.empty((0, width, d))
    if method == "morris":
        sample = unit_sample(design, seed).reshape(-1, width, d)[whole]

    def indices_of(blocks: int) -> dict[str, Index]:
        if method == "sobol":
            return sobol_indices(values[:blocks], confidence, resamples, seed)
        return morris_indices(
            values[:blocks], sample[:blocks], design.levels, confidence, resamples, seed
        )

    sizes = sorted({len(values) // part for part in (8, 4, 2, 1)})
    by_size = {size: indices_of(size) for size in sizes if size >= FEWEST_BLOCKS}
    last = by_size[len(values)]
    before = by_size.get(len(values) // 2, last)
    lead = LEADING[method]
    scale = 1.0 if method == "sobol" else float(last[lead].value.max()) or 1.0
    moves = np.abs(last[lead].value - before[lead].value)
    reach = (before[lead].high - before[lead].low) / 2
    halves = (last[lead].high - last[lead].low) / 2
    ends = np.concatenate([values[:, 0], values[:, -1]]) if method == "sobol" else values
    ends = ends.reshape(-1, values.shape[2])
    means = ends.mean(axis=1)
    return Sensitivity(
        method=method,
        challenger=challenger,
        baseline=baseline,
        measure=measure,
        confidence=confidence,
        indices=_table(design, last, lead, scale),
        convergence=_convergence(design, by_size, CONVERGENCE[method]),
        noise=replicate_noise(ends),
        mean=float(means.mean()),
        lowest=float(np.quantile(means, 0.05)),
        highest=float(np.quantile(means, 0.95)),
        share_below=float((means < 0).mean()),
        blocks=len(values),
        points=len(values) * width,
        replications=values.shape[2],
        dropped=int((~whole).sum()),
        widest=float(halves.max()) / scale,
        moved=float(moves.max()) / scale,
        settled=bool((halves / scale <= SETTLED).all() and (moves <= reach).all()),
    )


def labels(design: Design) -> list[str]:
    """Label of every parameter that varies; parameters that would share one keep their paths."""
    short = [dimension.label for dimension in design.dimensions]
    both = zip(short, design.paths, strict=True)
    return [label if short.count(label) == 1 else path for label, path in both]


def verdict(low: float, high: float, scale: float = 1.0) -> Verdict:
    """Judge a parameter by the interval of its leading index.

    Parameters
    ----------
    low, high : float
        The interval.
    scale : float
        What it is a share of: 1 for total indices, the largest mu* for elementary effects.
    """
    if high <= NEGLIGIBLE * scale:
        return "idle" if low <= 0 else "hardly matters"
    return "cannot be told" if low <= 0 else "matters"


def _output(
    runs: pd.DataFrame, challenger: str, baseline: str | None, measure: str
) -> pd.DataFrame:
    """Output of every point (rows) with every replicate (columns), missing where a run is."""
    refuse_unknown([measure], runs)
    result = arm_runs(runs, challenger)[measure].astype(float)
    if baseline is not None:
        result = result - arm_runs(runs, baseline)[measure].astype(float)
    return result.unstack("replicate")


def _refuse_other_design(runs: pd.DataFrame, table: pd.DataFrame) -> None:
    """Refuse runs whose parameters are not those of the design's points."""
    columns = [str(column) for column in runs.columns]
    for path in ("point", *table.columns):
        if path not in columns:
            raise ConfigError(f'the runs have no column "{path}"{nearest(path, columns)}')
    if len(runs) and int(runs["point"].max()) >= len(table):
        raise ConfigError(
            f"the runs have a point {int(runs['point'].max())}, but the design has {len(table)} "
            "points only; are these the runs of this design?"
        )
    for path in table.columns:
        there = runs[path].to_numpy()
        asked = table[path].to_numpy()[runs["point"].to_numpy(int)]
        if not pd.api.types.is_numeric_dtype(table[path]):
            odd = there.astype(str) != asked.astype(str)
        else:
            odd = ~np.isclose(there.astype(float), asked.astype(float), rtol=1e-9, atol=0)
        if odd.any():
            place = int(odd.argmax())
            raise ConfigError(
                f"point {runs['point'].iloc[place]} of the runs has {path} = "
                f"{shown(there[place].item() if hasattr(there[place], 'item') else there[place])}, "
                f"the design says {shown(str(asked[place]))}; are these the runs of this design?"
            )


def _holes(
    runs: pd.DataFrame, arms: list[str], cells: pd.DataFrame, measure: str, whole: Sequence[bool]
) -> ConfigError:
    empty = cells.isna().to_numpy()
    point, place = (int(i) for i in np.argwhere(empty)[0])
    replicate = cells.columns[place]
    ran = all((point, replicate) in arm_runs(runs, arm).index for arm in arms)
    way_out = (
        "There was nothing to measure it on: choose another measure"
        if ran
        else "Run what is missing again"
    )
    return ConfigError(
        f"{int(empty.sum())} of {empty.size} values of {measure} are missing, the first at point "
        f"{point}, replicate {replicate}; these indices need every run of a block of points, and "
        f"{int(np.sum(~np.asarray(whole)))} of {len(whole)} blocks have holes. {way_out}, or leave "
        "these blocks out with --allow-missing"
    )


def _table(design: Design, result: dict[str, Index], lead: str, scale: float) -> pd.DataFrame:
    columns: dict[str, object] = {
        "path": design.paths,
        "label": labels(design),
        "unit": [dimension.unit for dimension in design.dimensions],
        "low": [dimension.low for dimension in design.dimensions],
        "high": [dimension.high for dimension in design.dimensions],
    }
    for name, index in result.items():
        columns[name] = index.value
        columns[f"{name}_low"], columns[f"{name}_high"] = index.low, index.high
        columns[f"{name}_less_noise"] = index.less_noise
        columns[f"{name}_half_points"] = index.half_points
    ends = zip(result[lead].low, result[lead].high, strict=True)
    columns["verdict"] = [verdict(float(low), float(high), scale) for low, high in ends]
    return pd.DataFrame(columns)


def _convergence(
    design: Design, by_size: dict[int, dict[str, Index]], names: tuple[str, ...]
) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame(
            {
                "blocks": size,
                "path": design.paths,
                "label": labels(design),
                "index": name,
                "value": result[name].value,
                "low": result[name].low,
                "high": result[name].high,
            }
        )
        for size, result in by_size.items()
        for name in names
    ).reset_index(drop=True)
