"""How orders are paid as relations grow older: shares of the payment instruments by age."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.figures.by_age import AGE, age_ticks, bucket_labels
from trustsim.report.words.labels import SHARE_PREFIX, in_figure, plain

MOST = 10
"""Instruments drawn singly; the rarest beyond it are shown together."""


def instruments_by_age(
    ages: pd.DataFrame,
    ax: Axes | None = None,
    *,
    arms: Sequence[str] | None = None,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw one panel per arm: shares of all orders of an age, over all runs, stacked to one.

    Returns the axes, one per arm.
    """
    labels = bucket_labels(ages)
    columns_there = [str(c) for c in ages if str(c).startswith(SHARE_PREFIX)]
    if not columns_there:
        raise ConfigError(f"the table of ages has no column {SHARE_PREFIX}<name>")
    shown, ours = style.arms_of(ages, arms), ax is None
    shares = {arm: _shares(ages[ages["arm"] == arm], columns_there, list(labels)) for arm in shown}
    used = [c for c in columns_there if any(s[c].max() > 0 for s in shares.values())]
    common = pd.concat(list(shares.values()))[used].mean().sort_values(ascending=False)
    ranked = [str(c) for c in common.index]
    alone = [c for c in used if c in ranked[:MOST]]
    rest = [c for c in used if c not in alone]

    width = style.available_width(ax, width)
    across = 1 if width < style.NARROW else min(3, len(shown))
    entries = [plain(c.removeprefix(SHARE_PREFIX), 32) for c in alone] + ["all others"] * bool(rest)
    longest = max((len(e) for e in entries), default=1)
    legend_columns = int(width / (0.062 * longest + 0.5)) or 1
    axes = style.panels(
        ax, len(shown), across, width, 1.9, 0.35 + 0.16 * -(-len(entries) // legend_columns)
    )
    names = style.arm_names(shown, 24)
    for i, (axis, arm) in enumerate(zip(axes, shown, strict=True)):
        stack = [shares[arm][c].to_numpy() for c in alone]
        stack += [shares[arm][rest].sum(axis=1).to_numpy()] if rest else []
        floor = np.zeros(len(labels))
        for part, share in enumerate(stack):
            axis.bar(
                range(len(labels)), share, bottom=floor, width=0.94, edgecolor="white",
                color=_look(part)[0], hatch=_look(part)[1], linewidth=0.3,
            )  # fmt: skip
            floor = floor + np.nan_to_num(share)
        edge = i % across == 0
        lowest = i >= len(shown) - across
        style.dress(axis, names[arm], AGE if lowest else "", "share of orders" if edge else "")
        axis.set_ylim(0, 1)
        age_ticks(axis, labels, width / across)
    handles = [
        Patch(facecolor=_look(i)[0], hatch=_look(i)[1], edgecolor="white", linewidth=0)
        for i in range(len(entries))
    ]
    style.legend(axes, ours, handles, [in_figure(e) for e in entries], legend_columns)
    return axes


def _look(part: int) -> tuple[str, str]:
    place = part % len(style.PART_COLORS)
    return style.PART_COLORS[place], style.PART_HATCHES[place]


def _shares(mine: pd.DataFrame, columns: list[str], buckets: list[float]) -> pd.DataFrame:
    """Share of each instrument in all orders of a bucket (runs weighted by their orders)."""
    values = mine[columns].astype(float)
    orders = mine["orders"].astype(float) if "orders" in mine else pd.Series(1.0, mine.index)
    orders = orders.where(values.notna().any(axis=1), 0.0).fillna(0.0)
    age = mine["age_from"].astype(float)
    total = orders.groupby(age).sum()
    shares = values.fillna(0.0).mul(orders, axis=0).groupby(age).sum()
    return shares.div(total.where(total > 0), axis=0).reindex(buckets)
