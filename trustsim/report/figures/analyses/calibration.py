"""Calibration: how the fit stands against its targets, and which values fit as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from trustsim.calibration.identifiability import AS_WELL, Spread
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import in_figure, number, plain

WITHIN, GOOD = "#e4e4e4", "#cfe3f1"
HIGHEST = 6.0
"""Rise of the loss at which a profile is cut off."""
SHOWN = (0.05, 0.95)
"""Quantiles between which nine in ten of the runs lie."""


def calibration_check(
    fits: pd.DataFrame,
    check: pd.DataFrame,
    ax: Axes | None = None,
    *,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw what runs of fresh luck show of each target, on a common scale of tolerances.

    Parameters
    ----------
    fits : DataFrame
        See `trustsim.calibration.fit.Calibration.fits`.
    check : DataFrame
        Single runs: target, replicate, value.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    width : float
        Inches.
    """
    if fits.empty:
        raise ConfigError("there is no target to draw")
    ours = ax is None
    width = style.available_width(ax, width)
    narrow = width < style.NARROW
    axis = style.panels(ax, 1, 1, width, 0.75 + 0.42 * len(fits), 0.55 if narrow else 0.4)[0]
    rows = fits.to_dict("records")
    reach = 1.6
    for place, row in enumerate(rows):
        runs = check.loc[check["target"] == row["target"], "value"].dropna()
        off = (runs.to_numpy(float) - row["value"]) / row["tolerance"]
        mean, low, high = ((row[k] - row["value"]) / row["tolerance"] for k in _MEAN)
        if not len(off):
            continue
        ends = np.quantile(off, SHOWN)
        reach = max(reach, *np.abs(ends))
        _tolerance(axis, place, str(row["side"]))
        axis.plot(ends, [place, place], color=style.LESS, linewidth=1.2, zorder=3)
        axis.plot(off, np.full(len(off), place + 0.2), "|", color=style.FAINT, markersize=4)
        axis.errorbar(
            mean, place, xerr=[[mean - low], [high - mean]], color=style.INK, capsize=3,
            elinewidth=1.6, marker="o", markersize=5, zorder=5,
            markerfacecolor=style.INK if row["fitted"] else "white",
        )  # fmt: skip
    axis.axvline(0, color=style.INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2)
    names = [in_figure(plain(str(row["target"])), 16 if narrow else 26) for row in rows]
    axis.set_yticks(range(len(rows)), names)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(-1.15 * reach, 1.15 * reach)
    style.dress(axis, "", "simulated less target, in tolerances", grid="x")
    style.few_ticks(axis, "x", 7)
    handles, labels = _check_legend(predicts=not all(row["fitted"] for row in rows))
    style.legend([axis], ours, handles, labels, 2 if narrow else 5)
    return [axis]


_MEAN = ("mean", "low", "high")


def calibration_profiles(
    losses: pd.DataFrame,
    spreads: Sequence[Spread],
    ax: Axes | None = None,
    *,
    log: Sequence[str] = (),
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw the least loss over the values of each parameter, a panel per parameter.

    Parameters
    ----------
    losses : DataFrame
        See `trustsim.calibration.fit.Calibration.losses`.
    spreads : sequence of Spread
        The parameters and which of their values fit as well.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    log : sequence of str
        Paths of the parameters that were searched on a logarithmic scale.
    width : float
        Inches.
    """
    if not spreads:
        raise ConfigError("there is no parameter to draw")
    ours = ax is None
    width = style.available_width(ax, width)
    columns = 1 if width < style.NARROW else min(len(spreads), 3)
    axes = style.panels(ax, len(spreads), columns, width, 2.0, 0.45)
    least = float(losses.loc[losses["parameter"] == "", "loss"].min())
    lowest = min(-0.15, 1.1 * float(losses["loss"].min() - least))
    for axis, spread in zip(axes, spreads, strict=True):
        if spread.as_well:
            _choices(axis, losses, spread, least)
        else:
            _curve(axis, losses, spread, least, spread.path in log)
        first = axis is axes[0] or columns == 1
        title = in_figure(plain(spread.label), 30)
        style.dress(axis, title, in_figure(spread.unit, 34), "loss above the best" if first else "")
        axis.axhline(AS_WELL, color=style.INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=4)
        axis.set_ylim(lowest, HIGHEST)
    handles = [
        Line2D([], [], color=style.LESS, marker="o", markersize=4, linewidth=1.4),
        Line2D([], [], color=style.FAINT, marker="x", markersize=4, linestyle="none"),
        Patch(facecolor=GOOD),
        Line2D([], [], color=style.INK, marker="v", markersize=5, linestyle="none"),
    ]
    labels = ["others fitted to it", "trial of the search", "fit as well", "best trial"]
    style.legend(axes, ours, handles, labels, 2 if width < style.NARROW else 4)
    return axes


def calibration_search(
    losses: pd.DataFrame, ax: Axes | None = None, *, width: float = style.WIDE
) -> list[Axes]:
    """Draw the loss of each trial, and the least so far, on a logarithmic scale.

    Parameters
    ----------
    losses : DataFrame
        See `trustsim.calibration.fit.Calibration.losses`.
    ax : Axes, optional
        Where to draw; a new figure if not given.
    width : float
        Inches.
    """
    trials = losses[losses["parameter"] == ""]
    seen = trials[np.isfinite(trials["loss"].astype(float))]
    if seen.empty:
        raise ConfigError("in no trial could all targets be measured")
    ours = ax is None
    width = style.available_width(ax, width)
    axis = style.panels(ax, 1, 1, width, 1.9, 0.4)[0]
    numbers = seen["trial"].to_numpy(float) + 1
    loss = np.maximum(seen["loss"].to_numpy(float), 1e-6)
    axis.semilogy(numbers, loss, "x", color=style.FAINT, markersize=4)
    axis.step(numbers, np.minimum.accumulate(loss), where="post", color=style.LESS, linewidth=1.6)
    axis.axhline(AS_WELL, color=style.INK, linewidth=1.0, linestyle=(0, (4, 2)))
    style.dress(axis, "", "trial", "loss (squared tolerances)")
    handles = [
        Line2D([], [], color=style.FAINT, marker="x", markersize=4, linestyle="none"),
        Line2D([], [], color=style.LESS, linewidth=1.6),
        Line2D([], [], color=style.INK, linewidth=1.0, linestyle=(0, (4, 2))),
    ]
    labels = ["trial", "least so far", f"{number(AS_WELL, 0)}: one tolerance"]
    style.legend([axis], ours, handles, labels, 3)
    return [axis]


def _tolerance(axis: Axes, place: int, side: str) -> None:
    """Shade what counts as met; of a bound, one side is open."""
    far = 1e6
    low = -far if side == "at_most" else -1.0
    high = far if side == "at_least" else 1.0
    axis.barh(place, high - low, left=low, height=0.72, color=WITHIN, edgecolor="none", zorder=0.5)


def _check_legend(predicts: bool) -> tuple[list[Artist], list[str]]:
    mean: dict[str, Any] = {"color": style.INK, "marker": "o", "markersize": 5, "linestyle": "none"}
    handles: list[Artist] = [
        Patch(facecolor=WITHIN),
        Line2D([], [], color=style.FAINT, marker="|", markersize=5, linestyle="none"),
        Line2D([], [], color=style.LESS, linewidth=1.2),
        Line2D([], [], **mean),
    ]
    labels = ["within tolerance", "a run of fresh luck", "nine in ten of them", "their mean"]
    if predicts:
        handles.append(Line2D([], [], **mean, markerfacecolor="white"))
        labels.append("not fitted: a prediction")
    return handles, labels


def _curve(axis: Axes, losses: pd.DataFrame, spread: Spread, least: float, log: bool) -> None:
    if log:
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.xaxis.set_minor_formatter(NullFormatter())
    own = losses[losses["parameter"] == spread.path].sort_values(spread.path)
    trials = losses[losses["parameter"] == ""]
    axis.axvspan(spread.low, spread.high, color=GOOD, zorder=0.5)
    axis.plot(
        trials[spread.path], trials["loss"] - least, "x", color=style.FAINT, markersize=4, zorder=2
    )
    axis.plot(
        own[spread.path], own["loss"] - least, color=style.LESS, marker="o", markersize=4,
        linewidth=1.4, zorder=3,
    )  # fmt: skip
    axis.plot(spread.best, 0.0, "v", color=style.INK, markersize=6, zorder=5, clip_on=False)


def _choices(axis: Axes, losses: pd.DataFrame, spread: Spread, least: float) -> None:
    by_value = losses.groupby(spread.path, sort=False)["loss"].min() - least
    values = [str(value) for value in by_value.index]
    colors = [GOOD if value in spread.as_well else WITHIN for value in by_value.index]
    axis.bar(values, np.minimum(by_value, HIGHEST), color=colors, edgecolor=style.FAINT)
    axis.plot(values.index(str(spread.best)), 0.0, "v", color=style.INK, markersize=6, zorder=5)
