"""What grows with time: price, trust both ways and know-how, a small panel each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from trustsim.analysis.crossover import market_rounds
from trustsim.analysis.pairs import mean_interval
from trustsim.errors import ConfigError
from trustsim.report.figures import style
from trustsim.report.words.labels import measure_label, measure_unit

PANELS = ("cost_price", "trust_in_suppliers", "trust_in_buyers", "knowhow")


def development(
    rounds: pd.DataFrame,
    ax: Axes | None = None,
    *,
    arms: Sequence[str] | None = None,
    rounds_per_year: int = 12,
    confidence: float = 0.95,
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw the mean over runs of each measure, round by round, with its interval as a band.

    Measures that the table lacks are left out. Returns the axes, one per measure.
    """
    there = [name for name in PANELS if name in rounds]
    if not there:
        raise ConfigError(f"the table has none of the columns {', '.join(PANELS)}")
    shown, ours = style.arms_of(rounds, arms), ax is None
    width = style.available_width(ax, width)
    columns = 1 if width < style.NARROW else 2
    room = 0.2 + style.arm_legend_height(shown, width)
    axes = style.panels(ax, len(there), columns, width, 1.75, room)
    looks = style.arm_styles(shown)
    whole = market_rounds(rounds)
    for axis, measure in zip(axes, there, strict=True):
        for arm in shown:
            mine = whole[whole["arm"] == arm]
            runs = mine["run_id"] if "run_id" in mine else mine["replicate"]
            paths = mine[measure].astype(float).groupby([runs, mine["round"]]).mean()
            table = paths.unstack("round")
            mean, half, _ = mean_interval(table.to_numpy(), confidence)
            years = (table.columns.to_numpy(float) + 1) / rounds_per_year
            style.band(axis, years, mean, half, looks[arm])
        style.dress(axis, measure_label(measure), "years", measure_unit(measure))
        axis.set_xlim(left=0)
    style.arm_legend(axes, ours, shown, width)
    return axes
