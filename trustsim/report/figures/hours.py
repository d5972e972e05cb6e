"""Where the hours of purchasing go, beside what Dyer & Chu (2003) report for automakers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from trustsim.analysis.means import OTHER_LUCK, Reading, means_over
from trustsim.analysis.pairs import arm_runs
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import number

LEAST_TRUSTED, MOST_TRUSTED = 0.47, 0.235
"""Share of face-to-face time on contracts and blame: about 47 % at the least trusted automaker,
twice that of the most trusted (Dyer & Chu 2003, Organization Science 14(1):57-68)."""

GOODS_BOUND = 0.2
"""Goods per procurement employee of the least trusted automaker relative to the most trusted:
less than a fifth (ibid.)."""

DASHED = "(dashed: Dyer & Chu 2003)"

PRODUCTIVE, TRANSACTION = "#cfe3f1", "#D55E00"


def hours_split(
    runs: pd.DataFrame,
    ax: Axes | None = None,
    *,
    arms: Sequence[str] | None = None,
    confidence: float = 0.95,
    reading: Reading = OTHER_LUCK,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw the split of hours per arm and the goods per hour relative to the best arm.

    Published values are marked in both panels. A measure that the table lacks drops its panel.
    With several design points, `reading` says what intervals are over. Returns the axes.
    """
    drawers = {"transaction_time_share": _split, "goods_per_hour": _goods}
    there = [name for name in drawers if name in runs]
    if not there:
        raise ConfigError(f"the table has none of the columns {', '.join(drawers)}")
    shown, ours = style.arms_of(runs, arms), ax is None
    width = style.available_width(ax, width)
    narrow = width < style.NARROW
    columns = 1 if narrow else len(there)
    axes = style.panels(ax, len(there), columns, width, 1.15 + 0.36 * len(shown), 0.3)
    names = style.arm_names(shown, 14)
    for axis, measure in zip(axes, there, strict=True):
        drawers[measure](axis, runs, shown, confidence, reading)
        first = axis is axes[0] or columns == 1
        axis.set_yticks(range(len(shown)), [names[a] for a in shown] if first else [])
    if "transaction_time_share" in there:
        handles = [
            Patch(facecolor=TRANSACTION, hatch="////", edgecolor="white", linewidth=0),
            Patch(facecolor=PRODUCTIVE),
        ]
        style.legend(axes, ours, handles, ["transaction-oriented hours", "productive hours"], 2)
    return axes


def relative_goods(
    runs: pd.DataFrame,
    arms: Sequence[str],
    confidence: float = 0.95,
    reading: Reading = OTHER_LUCK,
) -> pd.DataFrame:
    """Goods per procurement hour relative to the best arm: ``mean, half_width`` per arm.

    Each run is divided by the best arm's run of the same point and replicate; the best arm is that
    of the highest mean.
    """
    goods = {arm: arm_runs(runs, arm)["goods_per_hour"].astype(float) for arm in arms}
    means = {arm: float(values.mean()) for arm, values in goods.items()}
    seen = [arm for arm in arms if np.isfinite(means[arm])]
    if not seen:
        raise ConfigError("goods_per_hour is missing in all runs")
    best = max(seen, key=lambda arm: means[arm])
    rows = []
    for arm in arms:
        ratio = (goods[arm] / goods[best]).to_frame()
        rows.append(means_over(ratio, confidence, **reading).iloc[0][["mean", "half_width"]])
    return pd.DataFrame(rows, index=pd.Index(arms, name="arm"))


def _split(
    axis: Axes, runs: pd.DataFrame, arms: Sequence[str], confidence: float, reading: Reading
) -> None:
    for row, arm in enumerate(arms):
        values = arm_runs(runs, arm)[["transaction_time_share"]].astype(float)
        mean, half = means_over(values, confidence, **reading).iloc[0][["mean", "half_width"]]
        if not np.isfinite(mean):
            continue
        axis.barh(row, 1 - mean, left=mean, height=0.6, color=PRODUCTIVE)
        axis.barh(
            row, mean, height=0.6, color=TRANSACTION, hatch="////", edgecolor="white", linewidth=0
        )
        _whisker(axis, row, float(mean), float(half), f"{number(100 * float(mean), 0)} %")
    for value, text in ((LEAST_TRUSTED, "least"), (MOST_TRUSTED, "most")):
        _published(axis, value, f"{text}\ntrusted")
    axis.set_xlim(0, 1)
    _finish(axis, len(arms), "Hours by kind of work", "share of hours spent with suppliers")


def _goods(
    axis: Axes, runs: pd.DataFrame, arms: Sequence[str], confidence: float, reading: Reading
) -> None:
    rows = relative_goods(runs, arms, confidence, reading)
    for row, arm in enumerate(arms):
        mean, half = float(rows.loc[arm, "mean"]), float(rows.loc[arm, "half_width"])  # type: ignore[arg-type]
        if not np.isfinite(mean):
            continue
        axis.barh(row, mean, height=0.6, color="#8fb9d6")
        _whisker(axis, row, mean, half, number(mean, 2))
    _published(axis, GOODS_BOUND, "least trusted:\nbelow this")
    axis.set_xlim(0, 1.2)
    _finish(axis, len(arms), "Goods per procurement hour", "relative to the best arm")


def _whisker(axis: Axes, row: int, mean: float, half: float, text: str) -> None:
    half = float(np.nan_to_num(half))
    axis.errorbar(mean, row, xerr=half, color=style.INK, capsize=3, elinewidth=1.2, zorder=5)
    axis.annotate(
        text, (mean + half, row), xytext=(5, 0), textcoords="offset points", va="center",
        fontsize=style.SMALL, color=style.INK, zorder=6,
        bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
    )  # fmt: skip


def _published(axis: Axes, value: float, text: str) -> None:
    axis.axvline(value, color=style.INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=4)
    axis.annotate(
        text, (value, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
        textcoords="offset points", ha="center", va="bottom", fontsize=6.5, color=style.INK,
    )  # fmt: skip


def _finish(axis: Axes, arms: int, title: str, xlabel: str) -> None:
    axis.set_ylim(arms - 0.5, -0.5)
    style.dress(axis, title, f"{xlabel}\n{DASHED}", grid="x")
    axis.set_title(title, fontsize=style.TEXT, fontweight="bold", loc="left", pad=22)
